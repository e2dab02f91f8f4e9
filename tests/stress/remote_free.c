// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Blocks freed by other threads than their allocators: they must come back for reuse, so that a
 * heap whose producers only allocate and whose consumers only free stays as small as what is in
 * flight.
 */
#include "check.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    QUEUE = 1024, // in flight between a producer and its consumer
    MIB = 1 << 20,
};

struct item {
    void *block;
    size_t size;
    uint64_t key;
};

// One producer, one consumer.
struct queue {
    struct item items[QUEUE];
    // The producer stores (release), the consumer loads (acquire); tail: the other way round.
    _Atomic size_t head __attribute__((aligned(64)));
    _Atomic size_t tail __attribute__((aligned(64)));
};

struct line {
    const struct shape *shape;
    halde_heap *heap;
    struct queue *queue;
    uint64_t seed;
    _Atomic bool *stops;
    uint64_t count;
};

struct shape {
    const char *name;
    size_t smallest;
    size_t largest;
    size_t pairs;
    size_t burst; // produced at a time: bursts leave whole spans behind, single blocks do not
    // The producer keeps one block in fifty to itself for a while: spans never become empty.
    bool keeps_some;
    size_t limit_in_use; // expected bound for committed bytes
    uint32_t checks;
};

// Only when the queue is not full.
static void push(struct queue *queue, struct item item)
{
    size_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    queue->items[head % QUEUE] = item;
    atomic_store_explicit(&queue->head, head + 1, memory_order_release);
}

static bool pop(struct queue *queue, struct item *item)
{
    size_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    if (tail == atomic_load_explicit(&queue->head, memory_order_acquire)) {
        return false;
    }
    *item = queue->items[tail % QUEUE];
    atomic_store_explicit(&queue->tail, tail + 1, memory_order_release);
    return true;
}

static bool queue_is_full(const struct queue *queue)
{
    return atomic_load_explicit(&queue->head, memory_order_relaxed) -
               atomic_load_explicit(&queue->tail, memory_order_acquire) ==
           QUEUE;
}

static struct item make_item(const struct line *line, struct random *random)
{
    struct item item = {.size = random_log(random, line->shape->smallest, line->shape->largest)};
    item.key = random_next(random);
    item.block = halde_heap_alloc(line->heap, item.size, 0);
    ASSERT_NOT_NULL(item.block);
    pattern_fill(item.block, item.size, item.key);
    return item;
}

static void free_item(halde_heap *heap, const struct item *item)
{
    pattern_expect(item->block, item->size, item->size, item->key, "from another thread");
    EXPECT_OK(halde_heap_free(heap, item->block, 0));
}

static bool stops(const struct line *line)
{
    return atomic_load_explicit(line->stops, memory_order_relaxed);
}

static void produce_burst(struct line *line, struct random *random)
{
    for (size_t i = 0; i < line->shape->burst; i++) {
        while (queue_is_full(line->queue)) {
            if (stops(line)) {
                return;
            }
            sched_yield();
        }
        push(line->queue, make_item(line, random));
        line->count++;
    }
}

static void free_kept(const struct line *line, struct item *item)
{
    if (item->block) {
        free_item(line->heap, item);
        item->block = NULL;
    }
}

static void *produce(void *context)
{
    enum {
        KEPT = 64,
    };
    struct line *line = context;
    struct random random = random_make(line->seed, 1);
    struct item kept[KEPT] = {{0}};
    while (!stops(line)) {
        produce_burst(line, &random);
        if (line->shape->keeps_some && random_once_in(&random, 50)) {
            struct item *place = &kept[random_below(&random, KEPT)];
            free_kept(line, place);
            *place = make_item(line, &random);
        }
    }
    for (size_t i = 0; i < KEPT; i++) {
        free_kept(line, &kept[i]);
    }
    return NULL;
}

static void *consume(void *context)
{
    struct line *line = context;
    struct item item;
    for (;;) {
        if (pop(line->queue, &item)) {
            free_item(line->heap, &item);
        } else if (stops(line)) {
            return NULL;
        } else {
            sched_yield();
        }
    }
}

struct measure {
    size_t committed;
    size_t resident;
};

static struct measure measure_heap(halde_heap *heap)
{
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    return (struct measure){summary.committed_size, process_resident_size()};
}

static void nap(double seconds)
{
    uint64_t end = deadline_after(seconds);
    while (!deadline_is_over(end)) {
        const struct timespec pause = {.tv_nsec = 5000000};
        nanosleep(&pause, NULL);
    }
}

// The heap must not be larger later than early on, however long this runs.
static void watch(const struct shape *shape, halde_heap *heap, double seconds)
{
    nap(seconds / 4);
    struct measure early = measure_heap(heap);
    nap(seconds * 3 / 4);
    struct measure late = measure_heap(heap);
    test_note("%s: committed %zu -> %zu KiB, resident %zu -> %zu KiB", shape->name,
        early.committed >> 10, late.committed >> 10, early.resident >> 10, late.resident >> 10);
    EXPECT_AT_MOST(late.committed, shape->limit_in_use);
    // The queues may have been emptier early on: what they can hold is no growth.
    size_t in_flight = QUEUE * shape->largest * shape->pairs / 2 * 3;
    size_t bound = 3 * early.committed + 16 * MIB;
    EXPECT_AT_MOST(late.committed, bound > in_flight ? bound : in_flight);
    if (process_memory_is_plain()) {
        EXPECT_AT_MOST(late.resident, early.resident + shape->limit_in_use);
    }
}

static void drain(struct line *line)
{
    struct item item;
    while (pop(line->queue, &item)) {
        free_item(line->heap, &item);
    }
}

static void run_shape(const struct shape *shape, uint64_t seed, double seconds)
{
    enum {
        MAX_PAIRS = 4,
    };
    const struct halde_heap_options options = {.checks = shape->checks};
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(&options, &heap));
    _Atomic bool is_over = false;
    struct line lines[MAX_PAIRS];
    pthread_t producers[MAX_PAIRS];
    pthread_t consumers[MAX_PAIRS];
    uint64_t count = 0;
    for (size_t i = 0; i < shape->pairs; i++) {
        struct queue *queue = aligned_alloc(64, sizeof *queue);
        ASSERT_NOT_NULL(queue);
        atomic_init(&queue->head, 0);
        atomic_init(&queue->tail, 0);
        lines[i] = (struct line){shape, heap, queue, seed + i, &is_over, 0};
        ASSERT_TRUE(pthread_create(&producers[i], NULL, produce, &lines[i]) == 0);
        ASSERT_TRUE(pthread_create(&consumers[i], NULL, consume, &lines[i]) == 0);
    }
    watch(shape, heap, seconds);
    atomic_store_explicit(&is_over, true, memory_order_relaxed);
    for (size_t i = 0; i < shape->pairs; i++) {
        pthread_join(producers[i], NULL);
        pthread_join(consumers[i], NULL);
        drain(&lines[i]);
        free(lines[i].queue);
        count += lines[i].count;
    }
    struct halde_heap_summary summary;
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
    EXPECT_AT_LEAST(count, 1);
    EXPECT_OK(halde_heap_destroy(heap));
}

// ---- Two threads free the same spans while their owner allocates and frees in them ----

struct exchange {
    halde_heap *heap;
    _Atomic uintptr_t *places; // each holds a block or 0; taken and put with exchange
    size_t place_count;
    uint64_t seed;
    _Atomic uint64_t steps;
    uint64_t limit;
};

static void *trade(void *context)
{
    struct exchange *exchange = context;
    uint64_t index = atomic_fetch_add(&exchange->steps, 1);
    struct random random = random_make(exchange->seed, index);
    for (uint64_t i = 0; i < exchange->limit; i++) {
        size_t *block = halde_heap_alloc(exchange->heap, 8 + random_below(&random, 200), 0);
        ASSERT_NOT_NULL(block);
        *block = (size_t)block;
        size_t place = random_below(&random, exchange->place_count);
        size_t *old = (size_t *)atomic_exchange(&exchange->places[place], (uintptr_t)block);
        if (old) {
            EXPECT_SIZE(*old, (size_t)old);
            EXPECT_OK(halde_heap_free(exchange->heap, old, 0));
        }
    }
    return NULL;
}

static void trade_blocks(uint64_t seed)
{
    enum {
        THREADS = 4,
        PLACES = 5000,
    };
    static _Atomic uintptr_t places[PLACES];
    struct exchange exchange = {
        .places = places,
        .place_count = PLACES,
        .seed = seed,
        .limit = process_scaled(200000),
    };
    ASSERT_OK(halde_heap_create(NULL, &exchange.heap));
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, trade, &exchange) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    size_t live = 0;
    for (size_t i = 0; i < PLACES; i++) {
        live += places[i] != 0;
    }
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(exchange.heap, &summary));
    EXPECT_SIZE(summary.busy_count, live);
    EXPECT_AT_MOST(summary.committed_size, 16 * MIB); // 5,000 blocks of 108 bytes on average
    test_note("trade: %zu blocks live, %zu KiB committed", live, summary.committed_size >> 10);
    for (size_t i = 0; i < PLACES; i++) {
        EXPECT_OK(halde_heap_free(exchange.heap, (void *)places[i], 0));
        places[i] = 0;
    }
    EXPECT_OK(halde_heap_summarize(exchange.heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
    EXPECT_OK(halde_heap_destroy(exchange.heap));
}

int main(void)
{
    uint64_t seed = seed_start("remote_free");
    static const struct shape shapes[] = {
        {"small, one pair", 8, 256, 1, 1, false, 24 * MIB, 0},
        {"small bursts, two pairs", 16, 512, 2, 400, true, 32 * MIB, 0},
        {"one size, kept blocks", 64, 64, 2, 100, true, 24 * MIB, 0},
        {"medium, four pairs", 1000, 9000, 4, 10, true, 256 * MIB, 0},
        {"big", 60000, 400000, 1, 1, true, 1024u * MIB, 0},
        {"with checks", 8, 2000, 2, 20, true, 64 * MIB, HALDE_CHECK_TAIL | HALDE_CHECK_FREE},
    };
    size_t count = sizeof shapes / sizeof shapes[0];
    for (size_t i = 0; i < count; i++) {
        run_shape(&shapes[i], seed + i * 100, stress_seconds(3) / (double)count);
    }
    trade_blocks(seed);
    return test_result();
}
