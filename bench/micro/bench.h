// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What the micro benchmarks share: options, clock, random numbers, threads, memory figures, output.
 *
 * Each benchmark is one small program that measures one thing once, prints lines of "metric unit
 * value" and ends; bench/run.py starts it for every allocator in turn and repeats.  A process of
 * its own for each measurement keeps the allocators apart and makes the peak of resident memory
 * meaningful.
 *
 * Every program is compiled twice, see allocator.h: against malloc, where peers are preloaded as
 * their users do it, and against Halde's Win32 API.
 *
 * Nothing here allocates from the allocator under test: tables come from bench_map(), output is
 * written without stdio.  A measurement with one thread starts no thread at all, since some
 * allocators are faster as long as a process has only one.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- Options ----------------------------------------------------------------------------------

struct bench_options {
    const char *heap;      // which heap a Halde program uses: process, own, shared, unserialized
    const char *order;     // in which order blocks are freed: fifo or random
    uint32_t thread_count; // threads that measure
    uint32_t busy_count;   // lock only: threads that use the heap meanwhile
    uint32_t time_ms;      // length of one measurement
    uint32_t count;        // blocks, heaps or slots, as the program says; 0: its default
    uint32_t block_count;  // blocks of each heap
    uint32_t min_size;     // bytes of a block: uniform from here ...
    uint32_t max_size;     // ... to here, inclusive
};

/** Overrides `*options`, which hold the program's defaults. Ends the program with 2 on a wrong
 * argument. */
void bench_parse(int argc, char **argv, struct bench_options *options);

/** Writes "bench: <text>" to stderr and ends the program with 1. */
_Noreturn void bench_fail(const char *text);

// ---- Output -----------------------------------------------------------------------------------

/** Prints one figure. */
void bench_emit(const char *metric, const char *unit, double value);

/** Prints the peak of resident memory; every program ends with it. */
void bench_emit_peak(void);

// ---- Clock, memory ----------------------------------------------------------------------------

/** Nanoseconds of a steady clock. */
uint64_t bench_now_ns(void);

/** Bytes resident now, counted page by page by the kernel, not from its approximate counters. */
uint64_t bench_resident_size(void);

/** Zeroed, resident memory straight from the system. Never NULL. */
void *bench_map(size_t size);

/** Makes the compiler believe that `address` is used. */
static inline void bench_keep(const void *address)
{
    __asm__ volatile("" : : "r"(address) : "memory");
}

/** Writes a block's first byte, as every program does that asks for memory. */
static inline void bench_touch(void *block)
{
    *(volatile char *)block = 1;
}

// ---- Random numbers ---------------------------------------------------------------------------

struct bench_random {
    uint64_t state; // never 0
};

static inline struct bench_random bench_random_make(uint64_t seed)
{
    return (struct bench_random){.state = seed * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u};
}

/** 32 random bits: one xorshift step and a multiplication, about a nanosecond. */
static inline uint32_t bench_random_next(struct bench_random *random)
{
    uint64_t x = random->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return (uint32_t)((x * 0x2545F4914F6CDD1Du) >> 32);
}

/** Uniform in [0, limit). */
static inline uint32_t bench_random_below(struct bench_random *random, uint32_t limit)
{
    return (uint32_t)(((uint64_t)bench_random_next(random) * limit) >> 32);
}

/** Uniform in [options->min_size, options->max_size]. */
static inline size_t bench_random_size(
    struct bench_random *random, const struct bench_options *options)
{
    return options->min_size +
           bench_random_below(random, options->max_size - options->min_size + 1);
}

/** Puts `count` pointers into random order. */
void bench_shuffle(struct bench_random *random, void **pointers, size_t count);

// ---- Measuring --------------------------------------------------------------------------------

struct bench_worker {
    const struct bench_options *options;
    void *heap;                 // what allocator.h hands its blocks from; NULL for malloc
    void *state;                // the workload's own
    struct bench_random random; // differs from worker to worker, is the same in every run
    uint64_t excluded_ns; // time that a step spent on something else; counts with one thread only
    uint32_t index;       // 0 .. thread_count - 1
};

struct bench_workload {
    void (*prepare)(struct bench_worker *worker);  // before the clock starts; may be NULL
    uint64_t (*step)(struct bench_worker *worker); // does some work, returns operations done
    void (*finish)(struct bench_worker *worker);   // after all workers have stopped; may be NULL
    bool is_without_warm_up;                       // steps wait for other workers
};

/**
 * Runs the workload in options->thread_count threads for options->time_ms and prints two figures:
 * `metric`, elapsed nanoseconds divided by the operations of all threads together, and the same of
 * processor time as "cpu_<metric>".
 */
void bench_measure(
    const struct bench_options *options, const struct bench_workload *workload, const char *metric);

/** Whether the measurement is over: for steps that wait for another worker. */
bool bench_is_over(void);

/** Runs `function` in a thread of its own and waits for its end. */
void bench_run_elsewhere(void *(*function)(void *), void *argument);

#endif
