// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Questions asked while other threads change everything: walks without the lock, sizes and
 * validations of blocks that may be gone meanwhile, handles of heaps that come and go.  The answer
 * may be out of date when it arrives, but it is one of the documented ones, and nothing crashes.
 */
#include "check.h"
#include "churn.h"
#include "process.h"
#include "seed.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    HEAPS = 3,
    REMEMBERED = 256,
    PUBLISHED = 64,
};

#define BLOCK_STATUSES                                                                             \
    (STATUS_BIT(HALDE_OK) | STATUS_BIT(HALDE_BLOCK_UNKNOWN) | STATUS_BIT(HALDE_BLOCK_INTERIOR) |   \
        STATUS_BIT(HALDE_BLOCK_FREED) | STATUS_BIT(HALDE_BLOCK_OTHER_HEAP))

// ---- Blocks that may be gone ----

struct asker {
    halde_heap *heaps[HEAPS];
    struct random random;
    const void *remembered[REMEMBERED]; // addresses from earlier walks
    _Atomic bool *stops;
    uint64_t steps;
    uint64_t broken_off; // walks whose position was gone
};

static bool is_over(const struct asker *asker)
{
    return atomic_load_explicit(asker->stops, memory_order_relaxed);
}

static void ask_about(struct asker *asker, const void *address)
{
    halde_heap *heap = asker->heaps[random_below(&asker->random, HEAPS)];
    size_t size = 0;
    EXPECT_STATUS_IN(halde_heap_size(heap, address, &size), BLOCK_STATUSES);
    EXPECT_AT_MOST(size, 4 << 20);
    EXPECT_STATUS_IN(halde_heap_validate(heap, address, NULL), BLOCK_STATUSES);
    struct halde_user_info info;
    EXPECT_STATUS_IN(halde_heap_get_user_info(heap, address, &info),
        BLOCK_STATUSES | STATUS_BIT(HALDE_NOT_FOUND));
    halde_heap *owner = halde_heap_of_block(address);
    EXPECT_TRUE(
        !owner || owner == asker->heaps[0] || owner == asker->heaps[1] || owner == asker->heaps[2]);
}

// No lock: every step may find its position gone. Then the walk starts again.
static void walk_without_lock(struct asker *asker)
{
    halde_heap *heap = asker->heaps[random_below(&asker->random, HEAPS)];
    struct halde_entry entry;
    const void *position = NULL;
    bool is_busy = false;
    for (size_t i = 0; i < 20000 && !is_over(asker); i++) {
        enum halde_status status = halde_heap_walk_next(heap, position, is_busy, &entry);
        if (status != HALDE_OK) {
            EXPECT_STATUS_IN(
                status, STATUS_BIT(HALDE_NO_MORE_ENTRIES) | STATUS_BIT(HALDE_BAD_ARGUMENT));
            asker->broken_off += status == HALDE_BAD_ARGUMENT;
            return;
        }
        asker->remembered[random_below(&asker->random, REMEMBERED)] = entry.data;
        position = entry.data;
        is_busy = entry.kind == HALDE_ENTRY_BUSY;
        asker->steps++;
    }
}

static void *ask(void *context)
{
    struct asker *asker = context;
    while (!is_over(asker) && test_failures() == 0) {
        walk_without_lock(asker);
        for (size_t i = 0; i < 50; i++) {
            uintptr_t address =
                (uintptr_t)asker->remembered[random_below(&asker->random, REMEMBERED)];
            if (address != 0) {
                ask_about(asker, (void *)(address + random_below(&asker->random, 3) * 8));
            }
        }
    }
    return NULL;
}

static void ask_about_blocks(uint64_t seed, double seconds)
{
    enum {
        ASKERS = 2,
    };
    static struct asker askers[ASKERS];
    _Atomic bool stops = false;
    halde_heap *heaps[HEAPS];
    ASSERT_OK(halde_heap_create(NULL, &heaps[0]));
    ASSERT_OK(halde_heap_create(&(struct halde_heap_options){.maximum_size = 2 << 20}, &heaps[1]));
    ASSERT_OK(
        halde_heap_create(&(struct halde_heap_options){.checks = HALDE_CHECK_TAIL}, &heaps[2]));
    const struct churn_options options = {
        .seed = seed,
        .seat_count = 3,
        .slots_per_seat = 100,
        .heaps = heaps,
        .heap_count = HEAPS,
        .operations_per_thread = 3000,
    };
    struct churn *churn = churn_start(&options);
    pthread_t threads[ASKERS];
    for (size_t i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.random = random_make(seed, 50 + i), .stops = &stops};
        for (size_t h = 0; h < HEAPS; h++) {
            askers[i].heaps[h] = heaps[h];
        }
        ASSERT_TRUE(pthread_create(&threads[i], NULL, ask, &askers[i]) == 0);
    }
    uint64_t deadline = deadline_after(seconds);
    while (!deadline_is_over(deadline) && test_failures() == 0) {
        EXPECT_VALID(heaps[0], NULL);
    }
    atomic_store_explicit(&stops, true, memory_order_relaxed);
    for (size_t i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    churn_stop(churn);
    test_note("%" PRIu64 " steps without the lock, %" PRIu64 " walks broken off",
        askers[0].steps + askers[1].steps, askers[0].broken_off + askers[1].broken_off);
    churn_release(churn);
    for (size_t h = 0; h < HEAPS; h++) {
        EXPECT_VALID(heaps[h], NULL);
        EXPECT_OK(halde_heap_destroy(heaps[h]));
    }
}

// ---- Blocks that are freed twice at once ----

struct quarrel {
    halde_heap *heap;
    _Atomic uintptr_t blocks[PUBLISHED];
    _Atomic bool stops;
    _Atomic uint64_t freed;
    _Atomic uint64_t refused;
};

// Whoever comes second may free what was given out again meanwhile: a mistake, but nobody's crash.
static void *free_whatever(void *context)
{
    struct quarrel *quarrel = context;
    while (!atomic_load_explicit(&quarrel->stops, memory_order_relaxed)) {
        for (size_t i = 0; i < PUBLISHED; i++) {
            void *block = (void *)atomic_load(&quarrel->blocks[i]);
            enum halde_status status = halde_heap_free(quarrel->heap, block, 0);
            EXPECT_STATUS_IN(status, BLOCK_STATUSES & ~STATUS_BIT(HALDE_BLOCK_OTHER_HEAP));
            atomic_fetch_add(status == HALDE_OK ? &quarrel->freed : &quarrel->refused, 1);
        }
    }
    return NULL;
}

static bool see_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    struct halde_block *last = context;
    *last = blocks[count - 1];
    return true;
}

// What is left is exact: as many blocks as the walk shows can be freed, once each.
static void free_the_rest(halde_heap *heap)
{
    struct halde_heap_summary summary;
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    for (size_t i = 0; i < summary.busy_count; i++) {
        struct halde_block last = {0};
        EXPECT_OK(halde_heap_walk_blocks(heap, see_blocks, &last));
        if (!EXPECT_OK(halde_heap_free(heap, last.data, 0))) {
            return;
        }
    }
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
    EXPECT_VALID(heap, NULL);
}

static void free_twice_at_once(uint64_t seed, double seconds)
{
    enum {
        THREADS = 2,
    };
    static struct quarrel quarrel;
    quarrel = (struct quarrel){0};
    struct random random = random_make(seed, 9);
    ASSERT_OK(halde_heap_create(NULL, &quarrel.heap));
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, free_whatever, &quarrel) == 0);
    }
    uint64_t deadline = deadline_after(seconds);
    size_t round = 0;
    do {
        // Sizes that take turns with the same slices: spans of both kinds, runs, blocks outside.
        static const size_t sizes[] = {3000, 200000, 100, 40000, 2 << 20};
        size_t size = sizes[round++ % 5] + random_below(&random, 500);
        for (size_t i = 0; i < PUBLISHED; i++) {
            void *block = halde_heap_alloc(quarrel.heap, size, 0);
            ASSERT_NOT_NULL(block);
            atomic_store(&quarrel.blocks[i], (uintptr_t)block);
        }
        for (size_t i = 0; i < PUBLISHED; i++) { // ours, too
            halde_heap_free(quarrel.heap, (void *)atomic_load(&quarrel.blocks[i]), 0);
        }
        halde_heap_compact(quarrel.heap);
    } while (!deadline_is_over(deadline) && test_failures() == 0);
    atomic_store_explicit(&quarrel.stops, true, memory_order_relaxed);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    test_note("%zu rounds, %" PRIu64 " frees, %" PRIu64 " refused", round,
        atomic_load(&quarrel.freed), atomic_load(&quarrel.refused));
    free_the_rest(quarrel.heap);
    EXPECT_OK(halde_heap_destroy(quarrel.heap));
}

// ---- Heaps that come and go ----

struct shop {
    _Atomic uintptr_t handles[PUBLISHED]; // of heaps that live or lived
    _Atomic uintptr_t blocks[PUBLISHED];
    _Atomic bool stops;
    _Atomic uint64_t created;
    uint64_t seed;
};

static void *create_and_destroy(void *context)
{
    struct shop *shop = context;
    struct random random = random_make(shop->seed, (uint64_t)(uintptr_t)&random);
    while (!atomic_load_explicit(&shop->stops, memory_order_relaxed)) {
        halde_heap *heap;
        struct halde_heap_options options = {
            .maximum_size = random_once_in(&random, 3) ? 300000 : 0};
        ASSERT_OK(halde_heap_create(&options, &heap));
        EXPECT_TRUE(halde_heap_is_valid(heap));
        size_t place = random_below(&random, PUBLISHED);
        atomic_store(&shop->handles[place], (uintptr_t)heap);
        for (size_t i = random_below(&random, 40); i > 0; i--) {
            void *block = halde_heap_alloc(heap, random_log(&random, 1, 3000), 0);
            EXPECT_TRUE(!block || halde_heap_of_block(block) == heap);
            atomic_store(&shop->blocks[place], (uintptr_t)block);
        }
        EXPECT_OK(halde_heap_destroy(heap));
        atomic_fetch_add_explicit(&shop->created, 1, memory_order_relaxed);
    }
    return NULL;
}

static void ask_once(struct shop *shop, struct random *random)
{
    halde_heap *list[64];
    size_t count = halde_heap_list(list, 64);
    EXPECT_AT_LEAST(count, 1);
    EXPECT_AT_MOST(count, 64);
    EXPECT_POINTER(list[0], halde_process_heap());
    for (size_t i = 0; i < count; i++) {
        EXPECT_SIZE((uintptr_t)list[i] % 65536, 0);
    }
    size_t place = random_below(random, PUBLISHED);
    uintptr_t handle = atomic_load(&shop->handles[place]);
    halde_heap_is_valid((halde_heap *)handle); // either answer
    EXPECT_FALSE(halde_heap_is_valid((halde_heap *)(handle + 64)));
    halde_heap *owner = halde_heap_of_block((void *)atomic_load(&shop->blocks[place]));
    EXPECT_SIZE((uintptr_t)owner % 65536, 0);
    size_t size = 0;
    EXPECT_STATUS_IN(
        halde_heap_size(halde_process_heap(), (void *)atomic_load(&shop->blocks[place]), &size),
        STATUS_BIT(HALDE_BLOCK_OTHER_HEAP) | STATUS_BIT(HALDE_BLOCK_UNKNOWN));
}

static void ask_about_heaps(uint64_t seed, double seconds)
{
    enum {
        THREADS = 3,
    };
    static struct shop shop;
    shop.seed = seed;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, create_and_destroy, &shop) == 0);
    }
    struct random random = random_make(seed, 3);
    uint64_t deadline = deadline_after(seconds);
    uint64_t count = 0;
    while (!deadline_is_over(deadline) && test_failures() == 0) {
        ask_once(&shop, &random);
        count++;
    }
    atomic_store_explicit(&shop.stops, true, memory_order_relaxed);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    test_note("%" PRIu64 " questions about %" PRIu64 " heaps", count, atomic_load(&shop.created));
    EXPECT_SIZE(halde_heap_list(NULL, 0), 1);
}

int main(void)
{
    uint64_t seed = seed_start("questions");
    double seconds = stress_seconds(3);
    ask_about_heaps(seed, seconds / 3);
    ask_about_blocks(seed, seconds / 3);
    free_twice_at_once(seed, seconds / 3);
    return test_result();
}
