// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=crt_suppress=known_*.c,other.c(77)
// TIMEOUT: 120

// Leaks by reachability, asked for within the program: every class, aligned and ignored blocks,
// other heaps, threads that run, suppression by file and line, and the text of the report.

#include "capture.h"

#include <halde/heap.h>
#include <halde_leaks.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    HIDDEN_MAX = 64,
};

// What is planted is found again by these, which are no pointers.
static uintptr_t hidden[HIDDEN_MAX];
static size_t hidden_count;

void *volatile root;
static _Thread_local void *volatile own;
static struct halde_leaks before;

static void *hide(void *block)
{
    hidden[hidden_count++] = ~(uintptr_t)block;
    return block;
}

// Frees everything that was planted.
static void clean_up(void)
{
    root = NULL;
    while (hidden_count > 0) {
        free((void *)~hidden[--hidden_count]);
    }
}

static void *plain(size_t size, int line)
{
    void **block = _malloc_dbg(size, _NORMAL_BLOCK, "plant.c", line);
    memset(block, 0, size);
    return hide(block);
}

// Old pointers stay on the stack of a thread that has ended.
static void plant(void *(*function)(void *))
{
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, function, NULL) == 0);
    ASSERT_TRUE(pthread_join(thread, NULL) == 0);
}

static struct halde_leaks find(int is_reported)
{
    struct halde_leaks leaks;
    ASSERT_TRUE(halde_find_leaks(is_reported, &leaks) == 1);
    return leaks;
}

static void expect_sum(struct test_place place, const struct halde_leak_sum *sum,
    const struct halde_leak_sum *old, size_t count, size_t size, const char *word)
{
    if (sum->count - old->count != count || sum->size - old->size != size) {
        test_fail(place, "%s: %zu blocks, %zu bytes; expected %zu, %zu", word,
            sum->count - old->count, sum->size - old->size, count, size);
    }
}
#define EXPECT_SUM(leaks, class, count, size)                                                      \
    expect_sum(CHECK_HERE, &(leaks).class, &before.class, count, size, #class)

// ---- Classes ------------------------------------------------------------------------------------

static void *plant_classes(void *unused)
{
    (void)unused;
    void **first = plain(100, 1);
    root = first;
    first[0] = plain(101, 2);
    first[1] = (char *)plain(102, 3) + 50; // its inside
    plain(103, 4);
    void **lost = plain(104, 5);
    lost[3] = plain(105, 6);
    void **cycle = plain(106, 7);
    cycle[0] = plain(107, 8);
    *(void **)cycle[0] = cycle;
    return NULL;
}

static void test_classes(void)
{
    plant(plant_classes);
    const struct halde_leaks leaks = find(0);
    EXPECT_SUM(leaks, reachable, 2, 201);
    EXPECT_SUM(leaks, possible, 1, 102);
    EXPECT_SUM(leaks, definite, 3, 103 + 104 + 106);
    EXPECT_SUM(leaks, indirect, 2, 105 + 107);
    EXPECT_TRUE(leaks.is_exact);
    clean_up();
    EXPECT_SILENCE();
}

static void test_report(void)
{
    plant(plant_classes);
    const long number = number_of((void *)~hidden[0], 100);
    capture_clear();
    find(1);
    EXPECT_REPORTS("W Leaks by reachability ->\n"
                   "W plant.c(7) : W {%ld} definitely lost: 106 bytes in 1 blockW , and 107 bytes "
                   "in 1 block that only they lead toW .\n"
                   "W plant.c(5) : W {%ld} definitely lost: 104 bytes in 1 blockW , and 105 bytes "
                   "in 1 block that only they lead toW .\n"
                   "W plant.c(4) : W {%ld} definitely lost: 103 bytes in 1 blockW .\n"
                   "W plant.c(3) : W {%ld} possibly lost: 102 bytes in 1 blockW .\n"
                   "W plant.c(2) : W {%ld} still reachable: 101 bytes in 1 blockW .\n"
                   "W plant.c(1) : W {%ld} still reachable: 100 bytes in 1 blockW .\n"
                   "W 313 bytes in 3 blocks definitely lost.\n"
                   "W 212 bytes in 2 blocks indirectly lost.\n"
                   "W 102 bytes in 1 block possibly lost.\n"
                   "W 201 bytes in 2 blocks still reachable.\n",
        number + 6, number + 4, number + 3, number + 2, number + 1, number);
    clean_up();
}

static long first_number;

static void *plant_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        plain(10, 1);
    }
    for (int i = 0; i < 3; i++) {
        plain(20, 2);
    }
    first_number = number_of((void *)~hidden[0], 10);
    return NULL;
}

static void test_groups(void)
{
    plant(plant_many);
    capture_clear();
    find(1);
    EXPECT_REPORTS("W Leaks by reachability ->\n"
                   "W plant.c(1) : W {%ld} definitely lost: 200 bytes in 20 blocksW .\n"
                   "W plant.c(2) : W {%ld} definitely lost: 60 bytes in 3 blocksW .\n"
                   "W 260 bytes in 23 blocks definitely lost.\n"
                   "W 0 bytes in 0 blocks indirectly lost.\n"
                   "W 0 bytes in 0 blocks possibly lost.\n"
                   "W 0 bytes in 0 blocks still reachable.\n",
        first_number, first_number + 20);
    clean_up();
}

// ---- Blocks of other kinds
// ------------------------------------------------------------------------

static void *aligned[2];

static void *plant_aligned(void *unused)
{
    (void)unused;
    void *block = _aligned_malloc_dbg(200, 256, "plant.c", 1);
    memset(block, 0, 200);
    root = block; // the inside of what the engine gave, but what the program holds
    *(void **)block = plain(50, 2);
    aligned[0] = (void *)~(uintptr_t)block;
    block = _aligned_malloc_dbg(300, 64, "plant.c", 3);
    memset(block, 0, 300);
    aligned[1] = (void *)~(uintptr_t)block;
    return NULL;
}

static void test_aligned(void)
{
    plant(plant_aligned);
    const struct halde_leaks leaks = find(0);
    EXPECT_SUM(leaks, reachable, 2, 250);
    EXPECT_SUM(leaks, definite, 1, 300);
    EXPECT_SUM(leaks, possible, 0, 0);
    _aligned_free((void *)~(uintptr_t)aligned[0]);
    _aligned_free((void *)~(uintptr_t)aligned[1]);
    clean_up();
}

static void *plant_ignored(void *unused)
{
    (void)unused;
    void **block = plain(100, 1);
    _CrtSetDbgBlockType(block, _IGNORE_BLOCK);
    block[0] = plain(50, 2); // in use as long as the ignored one is
    return NULL;
}

static void test_ignored(void)
{
    plant(plant_ignored);
    const struct halde_leaks leaks = find(0);
    EXPECT_SUM(leaks, reachable, 1, 50);
    EXPECT_SUM(leaks, definite, 0, 0);
    clean_up();
}

static halde_heap *heap;

static void *plant_in_heap(void *unused)
{
    (void)unused;
    void **block = halde_heap_alloc(heap, 80, HALDE_ZERO);
    root = block;
    block[1] = plain(60, 1);
    block = halde_heap_alloc(heap, 81, HALDE_ZERO);
    block[1] = plain(70, 2); // only a lost block of another heap leads there
    return NULL;
}

static void test_other_heap(void)
{
    ASSERT_TRUE(halde_heap_create(NULL, &heap) == HALDE_OK);
    plant(plant_in_heap);
    const struct halde_leaks leaks = find(0);
    EXPECT_SUM(leaks, reachable, 1, 60);
    EXPECT_SUM(leaks, indirect, 1, 70);
    EXPECT_SUM(leaks, definite, 0, 0);
    halde_heap_destroy(heap);
    clean_up();
}

// ---- Threads
// --------------------------------------------------------------------------------------

enum {
    THREADS = 6
};
static pthread_barrier_t is_ready;
static _Atomic(bool) is_over;

// Holds one block on its stack, one in thread-local storage, and makes others all the time.
static void *work(void *unused)
{
    (void)unused;
    void *volatile here = _malloc_dbg(1000, _NORMAL_BLOCK, "plant.c", 1);
    own = _malloc_dbg(2000, _NORMAL_BLOCK, "plant.c", 2);
    pthread_barrier_wait(&is_ready);
    while (!atomic_load(&is_over)) {
        for (int i = 0; i < 100; i++) {
            free(malloc(16));
        }
        usleep(100);
    }
    free(here);
    free(own);
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[THREADS];
    pthread_barrier_init(&is_ready, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, work, NULL) == 0);
    }
    pthread_barrier_wait(&is_ready);
    bool is_exact = true;
    for (int i = 0; i < 50; i++) {
        const struct halde_leaks leaks = find(0);
        EXPECT_SUM(leaks, definite, 0, 0);
        EXPECT_AT_LEAST(leaks.reachable.size - before.reachable.size, THREADS * (size_t)3000);
        is_exact = is_exact && leaks.is_exact;
    }
    if (!is_exact) {
        test_note("threads cannot be stopped here: ptrace is refused");
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

// ---- Suppression
// ------------------------------------------------------------------------------------

static void *plant_known(void *unused)
{
    (void)unused;
    hide(_malloc_dbg(10, _NORMAL_BLOCK, "known_leaks.c", 5));
    hide(_malloc_dbg(11, _NORMAL_BLOCK, "/some/where/known_too.c", 6));
    hide(_malloc_dbg(12, _NORMAL_BLOCK, "src/other.c", 77));
    return NULL;
}

static void *plant_unknown(void *unused)
{
    (void)unused;
    hide(_malloc_dbg(13, _NORMAL_BLOCK, "other.c", 78));
    hide(_malloc_dbg(14, _NORMAL_BLOCK, "unknown_leaks.c", 5));
    return NULL;
}

static void test_suppression(void)
{
    plant(plant_known);
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 0);
    EXPECT_SILENCE();
    plant(plant_unknown);
    const struct halde_leaks leaks = find(0);
    EXPECT_SUM(leaks, definite, 2, 27);
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 1);
    EXPECT_TRUE(strstr(capture.text, "known_too.c") == NULL);
    EXPECT_TRUE(strstr(capture.text, "unknown_leaks.c(5) : ") != NULL);
    EXPECT_TRUE(strstr(capture.text, "other.c(78) : ") != NULL);
    EXPECT_TRUE(strstr(capture.text, "12 bytes long") == NULL);
    capture_clear();
    clean_up();
}

int main(void)
{
    capture_start();
    plant(plant_classes); // whatever libc keeps for threads is there
    clean_up();
    before = find(0);
    EXPECT_SIZE(before.definite.count, 0);
    EXPECT_SIZE(before.possible.count, 0);
    test_classes();
    test_report();
    test_groups();
    test_aligned();
    test_ignored();
    test_other_heap();
    test_threads();
    test_suppression();
    return test_result();
}
