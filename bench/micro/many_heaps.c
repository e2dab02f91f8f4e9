// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Many private heaps at once: --count heaps of --blocks blocks each are alive; what each costs to
 * make and keeps resident, then allocate-and-free pairs that go round robin over all of them.
 * Several threads all use all heaps, each beginning somewhere else.
 */
#include "private_heap.h"

enum {
    PAIRS_PER_STEP = 2048,
    PAIR_SIZE = 64
};

static void **heaps;
static uint32_t heap_count;

struct position {
    uint32_t next;
};

static void make_heaps(const struct bench_options *options)
{
    struct bench_random random = bench_random_make(1);
    heap_count = options->count;
    heaps = bench_map(heap_count * sizeof(void *));
    uint64_t before = bench_resident_size();
    uint64_t start = bench_now_ns();
    for (uint32_t i = 0; i < heap_count; ++i) {
        heaps[i] = private_heap_create();
        if (heaps[i] == NULL) {
            bench_fail("no heap");
        }
        for (uint32_t block = 0; block < options->block_count; ++block) {
            private_heap_take(heaps[i], bench_random_size(&random, options));
        }
    }
    bench_emit("make", "ns", (double)(bench_now_ns() - start) / heap_count);
    double resident_size = (double)(bench_resident_size() - before);
    bench_emit("resident_per_heap", "KiB", resident_size / 1024 / heap_count);
}

static void prepare(struct bench_worker *worker)
{
    struct position *position = bench_map(sizeof(*position));
    position->next =
        (uint32_t)((uint64_t)heap_count * worker->index / worker->options->thread_count);
    worker->state = position;
}

static uint64_t step(struct bench_worker *worker)
{
    struct position *position = worker->state;
    uint32_t next = position->next;
    for (int i = 0; i < PAIRS_PER_STEP; ++i) {
        void *heap = heaps[next];
        private_heap_free(heap, private_heap_take(heap, PAIR_SIZE));
        next = next + 1 == heap_count ? 0 : next + 1;
    }
    position->next = next;
    return PAIRS_PER_STEP;
}

int main(int argc, char **argv)
{
    struct bench_options options = {.heap = "process",
        .thread_count = 1,
        .time_ms = 100,
        .count = 1000,
        .block_count = 10,
        .min_size = 16,
        .max_size = 255};
    bench_parse(argc, argv, &options);
    private_heap_init();
    make_heaps(&options);
    const struct bench_workload workload = {.prepare = prepare, .step = step};
    bench_measure(&options, &workload, "pair");
    bench_emit_peak();
    return 0;
}
