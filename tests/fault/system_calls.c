// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * The n-th mmap, mprotect, madvise, membarrier or futex call fails, for every n: alone, and with
 * all that follow it.
 *
 * Each trial is a child process, so that the first call of the process is among those that fail.
 * It runs a mixed scenario: heaps of all kinds, blocks of all sizes, threads that share heaps,
 * locks, compaction.  What it may see is success or the documented refusal.  Then the faults end:
 * every block that was handed out is intact and can be freed, every heap is sound and equal to the
 * ledger, and everything works again.
 */
#include "check.h"
#include "child.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include "os/fault.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

enum {
    HEAPS = 6,
    BLOCKS = 160, // of each heap
    THREADS = 3,
    STEPS = 250, // of each thread
    KIB = 1 << 10,
    MIB = 1 << 20,
    TRIAL_SECONDS = 20,
};

static const char *const call_names[OS_CALL_COUNT] = {
    "mmap", "mprotect", "madvise", "membarrier", "futex"};

struct trial {
    enum os_call call;
    uint64_t nth;
    bool and_all_later;
    _Atomic bool *was_reached; // shared with the parent
};

struct block {
    void *data;
    size_t size;
};

struct heap {
    halde_heap *handle;
    bool is_growable;
    // Thread t owns those whose index is t modulo (THREADS + 1); the main thread is the last.
    struct block blocks[BLOCKS];
};

struct scenario {
    struct heap heaps[HEAPS];
    _Atomic uint64_t refusals;
};

static const struct halde_heap_options heap_options[HEAPS] = {
    {0}, {.maximum_size = 3 * MIB}, {.checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE},
    {.initial_size = 4 * MIB}, {.flags = HALDE_HEAP_EXECUTABLE}, {0}, // the process heap
};

// ---- Operations that may be refused ----

static void refuse(struct scenario *scenario)
{
    atomic_fetch_add_explicit(&scenario->refusals, 1, memory_order_relaxed);
}

static void create_heap(struct scenario *scenario, size_t index)
{
    struct heap *heap = &scenario->heaps[index];
    heap->is_growable = heap_options[index].maximum_size == 0;
    if (index == HEAPS - 1) {
        heap->handle = halde_process_heap();
        return;
    }
    enum halde_status status = halde_heap_create(&heap_options[index], &heap->handle);
    if (status == HALDE_OK) {
        return;
    }
    refuse(scenario);
    bool is_executable = heap_options[index].flags & HALDE_HEAP_EXECUTABLE;
    EXPECT_STATUS_IN(status,
        STATUS_BIT(HALDE_NO_MEMORY) | (is_executable ? STATUS_BIT(HALDE_ACCESS_DENIED) : 0));
    EXPECT_POINTER(heap->handle, NULL);
}

static void fill_block(
    struct scenario *scenario, struct heap *heap, struct block *block, size_t size, uint32_t flags)
{
    size_t index = (size_t)(block - heap->blocks);
    block->size = size;
    block->data = halde_heap_alloc(heap->handle, size, flags);
    if (!block->data) {
        refuse(scenario);
        return;
    }
    if (flags & HALDE_ZERO) {
        pattern_expect_zero(block->data, 0, size, "under faults");
    }
    pattern_fill(block->data, size, index);
}

static void resize_block(
    struct scenario *scenario, struct heap *heap, struct block *block, size_t size, uint32_t flags)
{
    size_t index = (size_t)(block - heap->blocks);
    enum halde_status status = HALDE_OK;
    void *moved = halde_heap_realloc(heap->handle, block->data, size, flags, &status);
    if (!moved) {
        refuse(scenario);
        EXPECT_STATUS(status, HALDE_NO_MEMORY);
        pattern_expect(block->data, block->size, block->size, index, "after a refused realloc");
        return;
    }
    size_t kept = block->size < size ? block->size : size;
    pattern_expect(moved, block->size, kept, index, "realloc under faults");
    if (flags & HALDE_ZERO) {
        pattern_expect_zero(moved, block->size, size, "realloc under faults");
    }
    pattern_fill(moved, size, index);
    *block = (struct block){moved, size};
}

// A free never fails for lack of anything.
static void free_block(struct heap *heap, struct block *block)
{
    size_t index = (size_t)(block - heap->blocks);
    pattern_expect(block->data, block->size, block->size, index, "before free");
    EXPECT_OK(halde_heap_free(heap->handle, block->data, 0));
    block->data = NULL;
}

static void set_info(struct scenario *scenario, struct heap *heap, struct block *block)
{
    const struct halde_user_info info = {block, 0x200};
    enum halde_status status = halde_heap_set_user_info(heap->handle, block->data, &info);
    EXPECT_STATUS_IN(status, STATUS_BIT(HALDE_OK) | STATUS_BIT(HALDE_NO_MEMORY));
    if (status != HALDE_OK) {
        refuse(scenario);
    }
}

static void use_block(
    struct scenario *scenario, struct heap *heap, struct block *block, struct random *random)
{
    size_t limit = random_once_in(random, 60) ? 3 * MIB : 20 * KIB;
    size_t size = random_log(random, 1, limit);
    uint32_t flags = random_once_in(random, 3) ? HALDE_ZERO : 0;
    if (!block->data) {
        fill_block(scenario, heap, block, size, flags);
        return;
    }
    switch (random_below(random, 4)) {
    case 0:
        resize_block(scenario, heap, block, size, flags);
        break;
    case 1:
        set_info(scenario, heap, block);
        break;
    default:
        free_block(heap, block);
        break;
    }
}

// ---- The scenario ----

struct thread {
    struct scenario *scenario;
    size_t index;
    size_t steps;
};

static void *use_heaps(void *context)
{
    struct thread *thread = context;
    struct scenario *scenario = thread->scenario;
    struct random random = random_make(42, thread->index);
    for (size_t i = 0; i < thread->steps; i++) {
        struct heap *heap = &scenario->heaps[random_below(&random, HEAPS)];
        size_t place =
            random_below(&random, BLOCKS / (THREADS + 1)) * (THREADS + 1) + thread->index;
        if (!heap->handle) {
            continue;
        }
        bool locks = random_once_in(&random, 30);
        if (locks) {
            EXPECT_OK(halde_heap_lock(heap->handle));
        }
        use_block(scenario, heap, &heap->blocks[place], &random);
        if (locks) {
            EXPECT_OK(halde_heap_unlock(heap->handle));
        }
    }
    return NULL;
}

// Many blocks of one size: spans, their maps, regions that must grow.
static void fill_spans(struct scenario *scenario)
{
    static const size_t sizes[] = {24, 200, 3000, 40000};
    for (size_t h = 0; h < HEAPS; h++) {
        struct heap *heap = &scenario->heaps[h];
        for (size_t i = THREADS; heap->handle && i < BLOCKS; i += THREADS + 1) {
            size_t size = sizes[i / (THREADS + 1) % 4];
            void *others[12];
            for (size_t k = 0; k < 12; k++) {
                others[k] = halde_heap_alloc(heap->handle, size, 0);
            }
            if (!heap->blocks[i].data) {
                fill_block(scenario, heap, &heap->blocks[i], size, HALDE_ZERO);
            }
            for (size_t k = 0; k < 12; k++) {
                EXPECT_OK(halde_heap_free(heap->handle, others[k], 0));
            }
        }
    }
}

static void lock_and_compact(struct scenario *scenario)
{
    for (size_t round = 0; round < 6; round++) {
        for (size_t h = 0; h < HEAPS; h++) {
            halde_heap *heap = scenario->heaps[h].handle;
            if (!heap) {
                continue;
            }
            EXPECT_OK(halde_heap_lock(heap));
            EXPECT_VALID(heap, NULL);
            const struct timespec pause = {.tv_nsec = 200000};
            nanosleep(&pause, NULL); // others run into the lock
            EXPECT_OK(halde_heap_unlock(heap));
            halde_heap_compact(heap);
        }
    }
}

static void create_and_destroy(struct scenario *scenario)
{
    for (size_t i = 0; i < 12; i++) {
        const struct halde_heap_options options = {.maximum_size = i % 3 == 2 ? 2 * MIB : 0};
        halde_heap *heap = NULL;
        if (halde_heap_create(&options, &heap) != HALDE_OK) {
            refuse(scenario);
            continue;
        }
        for (size_t k = 0; k < 40; k++) {
            halde_heap_alloc(heap, k * 100, HALDE_ZERO);
        }
        halde_heap_alloc(heap, (1 + i % 2) * MIB + i * 4096, HALDE_ZERO);
        EXPECT_OK(halde_heap_destroy(heap));
    }
}

static void run_scenario(struct scenario *scenario)
{
    for (size_t h = 0; h < HEAPS; h++) {
        create_heap(scenario, h);
    }
    struct thread alone = {scenario, THREADS, 150};
    use_heaps(&alone); // while no other thread has touched the heaps
    fill_spans(scenario);
    pthread_t threads[THREADS];
    struct thread contexts[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        contexts[i] = (struct thread){scenario, i, STEPS};
        ASSERT_TRUE(pthread_create(&threads[i], NULL, use_heaps, &contexts[i]) == 0);
    }
    lock_and_compact(scenario);
    create_and_destroy(scenario);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    lock_and_compact(scenario);
}

// ---- Afterwards ----

struct seen {
    const struct heap *heap;
    size_t count;
};

static bool see(const struct halde_block *blocks, size_t count, void *context)
{
    struct seen *seen = context;
    for (size_t i = 0; i < count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < BLOCKS && !is_known; k++) {
            const struct block *block = &seen->heap->blocks[k];
            is_known = block->data == blocks[i].data && block->size == blocks[i].size;
        }
        if (!is_known) {
            test_fail(CHECK_HERE, "heap %p shows a block %p of %zu bytes that nobody has",
                (void *)seen->heap->handle, blocks[i].data, blocks[i].size);
            return false;
        }
        seen->count++;
    }
    return true;
}

static void expect_exact(const struct heap *heap)
{
    struct seen seen = {.heap = heap};
    size_t count = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        count += heap->blocks[i].data != NULL;
    }
    EXPECT_OK(halde_heap_walk_blocks(heap->handle, see, &seen));
    EXPECT_SIZE(seen.count, count);
    EXPECT_VALID(heap->handle, NULL);
}

static void expect_usable(const struct heap *heap)
{
    static const size_t sizes[] = {1, 100, 5000, 100 * KIB, 2 * MIB};
    void *blocks[5];
    for (size_t i = 0; i < 5; i++) {
        blocks[i] = halde_heap_alloc(heap->handle, sizes[i], HALDE_ZERO);
        EXPECT_TRUE(blocks[i] || !heap->is_growable);
        if (blocks[i]) {
            pattern_expect_zero(blocks[i], 0, sizes[i], "after the faults");
        }
    }
    for (size_t i = 0; i < 5; i++) {
        EXPECT_OK(halde_heap_free(heap->handle, blocks[i], 0));
    }
}

static void finish_without_faults(struct scenario *scenario)
{
    for (size_t h = 0; h < HEAPS; h++) {
        struct heap *heap = &scenario->heaps[h];
        if (!heap->handle) {
            create_heap(scenario, h); // refused before; now it must work
            if (!EXPECT_NOT_NULL(heap->handle)) {
                continue;
            }
        }
        expect_exact(heap);
        expect_usable(heap);
        for (size_t i = 0; i < BLOCKS; i++) {
            if (heap->blocks[i].data) {
                free_block(heap, &heap->blocks[i]);
            }
        }
        expect_exact(heap);
        halde_heap_compact(heap->handle);
        expect_usable(heap);
        if (heap->handle != halde_process_heap()) {
            EXPECT_OK(halde_heap_destroy(heap->handle));
        }
    }
}

static void run_trial(void *context)
{
    struct trial *trial = context;
    static struct scenario scenario;
    os_fault_reset();
    os_fault_fail_nth(trial->call, trial->nth, trial->and_all_later ? UINT64_MAX : 1);
    run_scenario(&scenario);
    if (os_fault_calls(trial->call) >= trial->nth) {
        atomic_store(trial->was_reached, true);
    }
    os_fault_fail_nth(trial->call, 0, 0);
    finish_without_faults(&scenario);
    if (test_failures() != 0) {
        test_note("  when %s call %" PRIu64 " failed%s (%" PRIu64 " refusals)",
            call_names[trial->call], trial->nth, trial->and_all_later ? " and all later ones" : "",
            atomic_load(&scenario.refusals));
    }
}

// Threads make the number of calls vary: the end is reached when some n in a row were not.
static void fail_every_call(
    enum os_call call, bool and_all_later, _Atomic bool *was_reached, double seconds)
{
    uint64_t missed = 0;
    uint64_t n = 1;
    uint64_t step = 1;
    uint64_t deadline = deadline_after(seconds);
    for (; missed < 3; n += step) {
        struct trial trial = {call, n, and_all_later, was_reached};
        struct child child;
        atomic_store(was_reached, false);
        child_run(&child, run_trial, &trial, false, TRIAL_SECONDS);
        if (!child_expect_passed(CHECK_HERE, call_names[call], &child)) {
            test_note(
                "  when call %" PRIu64 " failed%s", n, and_all_later ? " and all later ones" : "");
        }
        missed = atomic_load(was_reached) ? 0 : missed + 1;
        if (deadline_is_over(deadline)) {
            step = step * 3 / 2 + 1; // short runs sample the rest
        }
    }
    test_note("%s%s: up to call %" PRIu64 "%s", call_names[call],
        and_all_later ? " and all later ones" : "", n, step > 1 ? ", the later ones sampled" : "");
}

int main(void)
{
#if !CONFIG_FAULT_INJECTION
    test_skip("the library was built without fault injection");
#endif
    _Atomic bool *was_reached =
        mmap(NULL, sizeof *was_reached, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(was_reached != MAP_FAILED);
    double seconds = stress_seconds(4) / (2 * OS_CALL_COUNT);
    for (int call = 0; call < OS_CALL_COUNT; call++) {
        fail_every_call((enum os_call)call, false, was_reached, seconds);
        fail_every_call((enum os_call)call, true, was_reached, seconds);
    }
    return test_result();
}
