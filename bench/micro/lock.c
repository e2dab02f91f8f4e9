// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * HeapLock() and HeapUnlock(). Halde only: no peer can be stopped.
 *
 * --busy=0: pairs in a tight loop, nobody else uses the heap; --heap= says whether it ever was
 * anybody else's.  --busy=n: n threads replace blocks on the heap as fast as they can, while one
 * more stops it every
 * --count microseconds (0: at once again) and measures how long HeapLock() takes.  A program that
 * inspects a heap sleeps in between, so a pause is the ordinary case.
 *
 * In the end every busy thread must come forward once more after the last unlock: `asleep` counts
 * those that do not within ten seconds, and has to be 0.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "allocator.h"

enum {
    PAIRS_PER_STEP = 1024,
    WINDOW = 64,
    MAX_SAMPLES = 1 << 20,
    PATIENCE_MS = 10000
};

// ---- Nobody else ------------------------------------------------------------------------------

static uint64_t step(struct bench_worker *worker)
{
    for (int i = 0; i < PAIRS_PER_STEP; ++i) {
        if (!HeapLock(worker->heap) || !HeapUnlock(worker->heap)) {
            bench_fail("HeapLock or HeapUnlock failed");
        }
    }
    return PAIRS_PER_STEP;
}

// ---- Busy threads -----------------------------------------------------------------------------

struct busy {
    // Its thread stores (relaxed), the main thread loads (relaxed).
    _Alignas(128) _Atomic(uint64_t) operation_count;
    const struct bench_options *options;
    void *heap;
    pthread_t thread;
    uint64_t seen_count; // main thread only: what operation_count was when it last looked
    uint32_t seed;
};

static _Atomic(bool) must_end; // main stores, busy threads load (relaxed)

static void *busy_main(void *argument)
{
    struct busy *busy = argument;
    struct bench_random random = bench_random_make(busy->seed);
    void *blocks[WINDOW];
    for (int i = 0; i < WINDOW; ++i) {
        blocks[i] = bench_take(busy->heap, bench_random_size(&random, busy->options));
    }
    for (uint64_t count = 1; !atomic_load_explicit(&must_end, memory_order_relaxed); ++count) {
        void **block = &blocks[bench_random_below(&random, WINDOW)];
        bench_free(busy->heap, *block);
        *block = bench_take(busy->heap, bench_random_size(&random, busy->options));
        atomic_store_explicit(&busy->operation_count, count, memory_order_relaxed);
    }
    for (int i = 0; i < WINDOW; ++i) {
        bench_free(busy->heap, blocks[i]);
    }
    return NULL;
}

static void sleep_us(uint32_t us)
{
    const struct timespec pause = {.tv_nsec = (long)us * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static uint64_t operations_of(struct busy *busy)
{
    return atomic_load_explicit(&busy->operation_count, memory_order_relaxed);
}

/** How many of the threads do nothing from now on until patience is over. */
static uint32_t count_asleep(struct busy *busy, uint32_t busy_count)
{
    for (uint32_t i = 0; i < busy_count; ++i) {
        busy[i].seen_count = operations_of(&busy[i]);
    }
    uint64_t deadline = bench_now_ns() + (uint64_t)PATIENCE_MS * 1000000u;
    uint32_t asleep;
    do {
        sleep_us(1000);
        asleep = 0;
        for (uint32_t i = 0; i < busy_count; ++i) {
            asleep += operations_of(&busy[i]) == busy[i].seen_count ? 1 : 0;
        }
    } while (asleep > 0 && bench_now_ns() < deadline);
    return asleep;
}

static void start_busy(struct busy *busy, const struct bench_options *options, void *heap)
{
    for (uint32_t i = 0; i < options->busy_count; ++i) {
        busy[i].options = options;
        busy[i].heap = heap;
        busy[i].seed = i + 1;
        if (pthread_create(&busy[i].thread, NULL, busy_main, &busy[i]) != 0) {
            bench_fail("cannot start a thread");
        }
    }
    if (count_asleep(busy, options->busy_count) != 0) {
        bench_fail("a busy thread does not start");
    }
}

static uint32_t take_samples(const struct bench_options *options, void *heap, uint32_t *samples)
{
    uint64_t end = bench_now_ns() + (uint64_t)options->time_ms * 1000000u;
    uint32_t count = 0;
    uint64_t before;
    do {
        before = bench_now_ns();
        BOOL is_locked = HeapLock(heap);
        uint64_t after = bench_now_ns();
        if (!is_locked || !HeapUnlock(heap)) {
            bench_fail("HeapLock or HeapUnlock failed");
        }
        uint64_t ns = after - before;
        samples[count++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
        if (options->count > 0) {
            sleep_us(options->count);
        }
    } while (before < end && count < MAX_SAMPLES);
    return count;
}

static int compare_samples(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static double percentile_us(const uint32_t *samples, uint32_t count, double percent)
{
    return samples[(uint32_t)((count - 1) * percent / 100)] / 1000.0;
}

static void emit_distribution(uint32_t *samples, uint32_t count)
{
    qsort(samples, count, sizeof(*samples), compare_samples);
    bench_emit("samples", "count", count);
    bench_emit("p50", "us", percentile_us(samples, count, 50));
    bench_emit("p90", "us", percentile_us(samples, count, 90));
    bench_emit("p99", "us", percentile_us(samples, count, 99));
    bench_emit("max", "us", percentile_us(samples, count, 100));
}

static void measure_latency(const struct bench_options *options)
{
    uint32_t *samples = bench_map(MAX_SAMPLES * sizeof(*samples));
    struct busy *busy = bench_map(options->busy_count * sizeof(*busy));
    void *heap = bench_heap_open(options, NULL);
    start_busy(busy, options, heap);
    uint32_t count = take_samples(options, heap, samples);
    uint32_t asleep = count_asleep(busy, options->busy_count);
    emit_distribution(samples, count);
    bench_emit("asleep", "threads", asleep);
    bench_emit_peak();
    if (asleep > 0) {
        bench_fail("a thread was left asleep");
    }
    atomic_store_explicit(&must_end, true, memory_order_relaxed);
    for (uint32_t i = 0; i < options->busy_count; ++i) {
        pthread_join(busy[i].thread, NULL);
    }
    bench_heap_close(options, heap);
}

int main(int argc, char **argv)
{
    struct bench_options options = {.heap = "shared",
        .thread_count = 1,
        .time_ms = 100,
        .count = 200,
        .min_size = 16,
        .max_size = 1000};
    bench_parse(argc, argv, &options);
    if (options.busy_count > 0) {
        measure_latency(&options);
        return 0;
    }
    const struct bench_workload workload = {.step = step};
    bench_measure(&options, &workload, "pair");
    bench_emit_peak();
    return 0;
}
