// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Threads come and go by the ten thousand: what they leave behind stays usable by others,
 * destructors of thread-specific data may use heaps, and neither resident memory nor reserved
 * addresses grow.
 */
#include "check.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
    THREADS = 20000,
    TOGETHER = 8, // threads alive at a time
    BLOCKS = 24,  // each thread leaves so many, and frees as many of its forerunners'
    SHARED = TOGETHER * BLOCKS * 4,
    MIB = 1 << 20,
};

struct legacy {
    void *block;
    size_t size;
    uint64_t key;
};

// What threads leave for others: a pool from which each takes some and to which it adds its own.
struct pool {
    halde_heap *heap;
    pthread_mutex_t lock;
    struct legacy legacies[SHARED]; // under lock
    size_t count;                   // under lock
    pthread_key_t destructor_key;
    uint64_t seed;
    _Atomic uint64_t thread_count;
    _Atomic uint64_t destructor_count;
};

static bool put_legacy(struct pool *pool, struct legacy legacy)
{
    pthread_mutex_lock(&pool->lock);
    bool has_room = pool->count < SHARED;
    if (has_room) {
        pool->legacies[pool->count++] = legacy;
    }
    pthread_mutex_unlock(&pool->lock);
    return has_room;
}

static bool take_legacy(struct pool *pool, struct random *random, struct legacy *legacy)
{
    pthread_mutex_lock(&pool->lock);
    bool has_one = pool->count > 0;
    if (has_one) {
        size_t i = random_below(random, pool->count);
        *legacy = pool->legacies[i];
        pool->legacies[i] = pool->legacies[--pool->count];
    }
    pthread_mutex_unlock(&pool->lock);
    return has_one;
}

static void free_legacy(struct pool *pool, const struct legacy *legacy)
{
    pattern_expect(
        legacy->block, legacy->size, legacy->size, legacy->key, "left by another thread");
    EXPECT_OK(halde_heap_free(pool->heap, legacy->block, 0));
}

static struct legacy make_legacy(struct pool *pool, struct random *random, size_t largest)
{
    struct legacy legacy = {.size = random_log(random, 1, largest), .key = random_next(random)};
    legacy.block = halde_heap_alloc(pool->heap, legacy.size, 0);
    ASSERT_NOT_NULL(legacy.block);
    pattern_fill(legacy.block, legacy.size, legacy.key);
    return legacy;
}

static void leave_some(struct pool *pool, struct random *random, size_t count, size_t largest)
{
    for (size_t i = 0; i < count; i++) {
        struct legacy legacy = make_legacy(pool, random, largest);
        if (!put_legacy(pool, legacy)) {
            free_legacy(pool, &legacy);
        }
    }
}

static void inherit_some(struct pool *pool, struct random *random, size_t count)
{
    struct legacy legacy;
    for (size_t i = 0; i < count && take_legacy(pool, random, &legacy); i++) {
        free_legacy(pool, &legacy);
    }
}

struct last_words {
    struct pool *pool;
    int rounds_left; // a destructor that sets its key again is called again
    struct legacy own;
};

// Runs in the order that the C library chooses, before or after the engine's own destructor.
static void speak_last_words(void *value)
{
    struct last_words *words = value;
    struct pool *pool = words->pool;
    struct random random = random_make(words->own.key, 9);
    leave_some(pool, &random, 3, 5000);
    inherit_some(pool, &random, 3);
    atomic_fetch_add_explicit(&pool->destructor_count, 1, memory_order_relaxed);
    if (--words->rounds_left > 0) {
        pthread_setspecific(pool->destructor_key, words);
        return;
    }
    struct legacy own = words->own;
    EXPECT_OK(halde_heap_free(pool->heap, words, 0));
    free_legacy(pool, &own);
}

static void prepare_last_words(struct pool *pool, struct random *random)
{
    struct last_words *words = halde_heap_alloc(pool->heap, sizeof *words, 0);
    ASSERT_NOT_NULL(words);
    words->pool = pool;
    // ThreadSanitizer ends a thread's state in the last round of destructors: ours must be over by
    // then.
    size_t most_rounds = process_has_thread_sanitizer() ? 2 : 4;
    words->rounds_left = 1 + (int)random_below(random, most_rounds);
    words->own = make_legacy(pool, random, 3000);
    pthread_setspecific(pool->destructor_key, words);
}

static void *short_life(void *context)
{
    struct pool *pool = context;
    uint64_t number = atomic_fetch_add_explicit(&pool->thread_count, 1, memory_order_relaxed);
    struct random random = random_make(pool->seed, number);
    if (random_once_in(&random, 4)) {
        prepare_last_words(pool, &random); // before this thread's first use of some size classes
    }
    leave_some(pool, &random, BLOCKS, 2000);
    inherit_some(pool, &random, BLOCKS);
    if (random_once_in(&random, 16)) {
        leave_some(pool, &random, 1, 200000);
    }
    return NULL;
}

struct figures {
    size_t resident;
    struct halde_heap_summary summary;
};

static struct figures measure(const struct pool *pool)
{
    struct figures figures = {.resident = process_resident_size()};
    EXPECT_OK(halde_heap_summarize(pool->heap, &figures.summary));
    return figures;
}

static void run_threads(struct pool *pool, size_t count)
{
    for (size_t done = 0; done < count; done += TOGETHER) {
        pthread_t threads[TOGETHER];
        for (size_t i = 0; i < TOGETHER; i++) {
            ASSERT_TRUE(pthread_create(&threads[i], NULL, short_life, pool) == 0);
        }
        for (size_t i = 0; i < TOGETHER; i++) {
            pthread_join(threads[i], NULL);
        }
        if (done % 512 == 0) {
            EXPECT_VALID(pool->heap, NULL);
        }
    }
}

static void release_pool(struct pool *pool)
{
    struct random random = random_make(pool->seed, 1);
    inherit_some(pool, &random, SHARED);
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(pool->heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
    EXPECT_SIZE(summary.busy_size, 0);
}

// The bounds are generous; a leak of one span or one cache a thread exceeds them many times over.
static void expect_bounded(const struct figures *early, const struct figures *late)
{
    test_note("resident %zu -> %zu KiB, reserved %zu -> %zu KiB, committed %zu -> %zu KiB",
        early->resident >> 10, late->resident >> 10, early->summary.reserved_size >> 10,
        late->summary.reserved_size >> 10, early->summary.committed_size >> 10,
        late->summary.committed_size >> 10);
    EXPECT_AT_MOST(late->summary.reserved_size, 3 * early->summary.reserved_size + 24 * MIB);
    EXPECT_AT_MOST(late->summary.committed_size, 3 * early->summary.committed_size + 16 * MIB);
    if (process_memory_is_plain()) {
        EXPECT_AT_MOST(late->resident, early->resident + 48 * MIB);
    }
}

static void run_on(halde_heap *heap, uint64_t seed, size_t count)
{
    static struct pool pool;
    pool = (struct pool){.heap = heap, .seed = seed};
    pthread_mutex_init(&pool.lock, NULL);
    ASSERT_TRUE(pthread_key_create(&pool.destructor_key, speak_last_words) == 0);
    run_threads(&pool, count / 10);
    struct figures early = measure(&pool);
    run_threads(&pool, count - count / 10);
    struct figures late = measure(&pool);
    expect_bounded(&early, &late);
    test_note("%" PRIu64 " threads, %" PRIu64 " destructors used the heap",
        atomic_load(&pool.thread_count), atomic_load(&pool.destructor_count));
    EXPECT_AT_LEAST(atomic_load(&pool.destructor_count), count / 8);
    if (heap != halde_process_heap()) {
        release_pool(&pool);
    } else {
        struct random random = random_make(seed, 1);
        inherit_some(&pool, &random, SHARED);
    }
    pthread_key_delete(pool.destructor_key);
}

// One thread uses many heaps, ends, and the heaps go on or are destroyed: a thread's caches of dead
// heaps.
static void *use_many_heaps(void *context)
{
    halde_heap **heaps = context;
    for (size_t i = 0; i < 50; i++) {
        void *block = halde_heap_alloc(heaps[i], 10 + i, 0);
        ASSERT_NOT_NULL(block);
        if (i % 2) {
            EXPECT_OK(halde_heap_free(heaps[i], block, 0));
        }
    }
    return NULL;
}

static void destroy_between_threads(void)
{
    halde_heap *heaps[50];
    for (int round = 0; round < 30; round++) {
        for (size_t i = 0; i < 50; i++) {
            ASSERT_OK(halde_heap_create(NULL, &heaps[i]));
        }
        pthread_t threads[3];
        for (size_t i = 0; i < 3; i++) {
            ASSERT_TRUE(pthread_create(&threads[i], NULL, use_many_heaps, heaps) == 0);
        }
        for (size_t i = 0; i < 3; i++) {
            pthread_join(threads[i], NULL);
        }
        for (size_t i = 0; i < 50; i++) {
            struct halde_heap_summary summary;
            EXPECT_OK(halde_heap_summarize(heaps[i], &summary));
            EXPECT_SIZE(summary.busy_count, i % 2 ? 0 : 3);
            EXPECT_OK(halde_heap_destroy(heaps[i]));
        }
    }
}

// ---- What dead threads leave is found ----

enum {
    FAMILY = 24, // alive at the same time
    ESTATE = 3000,
    ESTATE_SIZE = 200,
};

struct family {
    halde_heap *heap;
    pthread_barrier_t all_filled;
    void *blocks[FAMILY][ESTATE];
};

struct member {
    struct family *family;
    size_t index;
};

static void *fill_estate(void *context)
{
    struct member *member = context;
    struct family *family = member->family;
    for (size_t i = 0; i < ESTATE; i++) {
        family->blocks[member->index][i] = halde_heap_alloc(family->heap, ESTATE_SIZE, 0);
        ASSERT_NOT_NULL(family->blocks[member->index][i]);
    }
    pthread_barrier_wait(&family->all_filled);
    return NULL;
}

static void free_estates(struct family *family)
{
    for (size_t t = 0; t < FAMILY; t++) {
        for (size_t i = 0; i < ESTATE; i++) {
            EXPECT_OK(halde_heap_free(family->heap, family->blocks[t][i], 0));
        }
    }
}

// Many threads fill the heap and end, one other frees all and wants as much again: it gets the same
// memory.
static void inherit_everything(void)
{
    static struct family family;
    ASSERT_OK(halde_heap_create(NULL, &family.heap));
    pthread_barrier_init(&family.all_filled, NULL, FAMILY);
    pthread_t threads[FAMILY];
    struct member members[FAMILY];
    for (size_t i = 0; i < FAMILY; i++) {
        members[i] = (struct member){&family, i};
        ASSERT_TRUE(pthread_create(&threads[i], NULL, fill_estate, &members[i]) == 0);
    }
    for (size_t i = 0; i < FAMILY; i++) {
        pthread_join(threads[i], NULL);
    }
    struct halde_heap_summary before;
    struct halde_heap_summary after;
    EXPECT_OK(halde_heap_summarize(family.heap, &before));
    EXPECT_SIZE(before.busy_count, (size_t)FAMILY * ESTATE);
    free_estates(&family);
    // For a while a successor of a dead thread may take what it left.
    const struct timespec pause = {.tv_nsec = 300000000};
    nanosleep(&pause, NULL);
    for (size_t t = 0; t < FAMILY; t++) {
        for (size_t i = 0; i < ESTATE; i++) {
            family.blocks[t][i] = halde_heap_alloc(family.heap, ESTATE_SIZE, 0);
            ASSERT_NOT_NULL(family.blocks[t][i]);
        }
    }
    EXPECT_OK(halde_heap_summarize(family.heap, &after));
    test_note("inherited: committed %zu -> %zu KiB", before.committed_size >> 10,
        after.committed_size >> 10);
    EXPECT_SIZE(after.busy_count, (size_t)FAMILY * ESTATE);
    EXPECT_AT_MOST(after.committed_size, before.committed_size + before.committed_size / 4);
    free_estates(&family);
    EXPECT_OK(halde_heap_destroy(family.heap));
}

int main(void)
{
    uint64_t seed = seed_start("thread_exit");
    size_t count = (size_t)((double)process_scaled(THREADS) * stress_seconds(3) / 3);
    count = count < 80 ? 80 : count;
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    run_on(heap, seed, count);
    EXPECT_OK(halde_heap_destroy(heap));
    run_on(halde_process_heap(), seed + 1, count / 4);
    destroy_between_threads();
    inherit_everything();
    return test_result();
}
