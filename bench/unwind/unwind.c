// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What a stack costs: unwind_capture() and the stack depot, both at once with a memo, and libc's
// backtrace() beside it.
//
//   unwind [--quick]
//
// Stacks of several depths through code without frame pointers, and through qsort(). Each row is
// the median of interleaved rounds. "cold" is a first visit: the rules have been forgotten before.

#include "unwind/unwind.h"
#include "unwind/stack_depot.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FRAMES_MAX = 128,
    ROUND_COUNT = 9,
};

typedef size_t take_function(uintptr_t *frames);

struct measurement {
    const char *name;
    take_function *take;
    size_t repetitions;
    double ns[ROUND_COUNT]; // per stack
    size_t depth;
};

static size_t divisor = 1; // of repetitions
static volatile size_t sink;

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static size_t take_ours(uintptr_t *frames)
{
    return unwind_capture(frames, FRAMES_MAX, NULL);
}

static size_t take_cold(uintptr_t *frames)
{
    unwind_modules_changed();
    return unwind_capture(frames, FRAMES_MAX, NULL);
}

static size_t take_and_put(uintptr_t *frames)
{
    size_t count = unwind_capture(frames, FRAMES_MAX, NULL);
    sink += stack_depot_put(frames, count);
    return count;
}

// As the recorder does it.
static size_t take_number(uintptr_t *frames)
{
    const void *caller = __builtin_extract_return_addr(__builtin_return_address(0));
    uint32_t number = unwind_number(unwind_thread_memo(), FRAMES_MAX, caller);
    static uint32_t last;
    static size_t depth;
    if (number != last) {
        last = number;
        depth = stack_depot_get(number, frames, FRAMES_MAX);
    }
    return depth;
}

static size_t take_libc(uintptr_t *frames)
{
    return (size_t)backtrace((void **)frames, FRAMES_MAX);
}

static struct measurement measurements[] = {
    {.name = "unwind_capture", .take = take_ours, .repetitions = 20000},
    {.name = "  and stack_depot_put", .take = take_and_put, .repetitions = 20000},
    {.name = "unwind_number", .take = take_number, .repetitions = 20000},
    {.name = "unwind_capture, cold", .take = take_cold, .repetitions = 200},
    {.name = "backtrace", .take = take_libc, .repetitions = 2000},
};
enum {
    MEASUREMENT_COUNT = sizeof(measurements) / sizeof(measurements[0])
};

static void measure(struct measurement *measurement, size_t round)
{
    uintptr_t frames[FRAMES_MAX];
    size_t repetitions = measurement->repetitions / divisor + 1;
    measurement->depth = measurement->take(frames);
    double start = now_ns();
    for (size_t i = 0; i < repetitions; i++) {
        sink += measurement->take(frames);
    }
    measurement->ns[round] = (now_ns() - start) / (double)repetitions;
}

static void measure_all(void)
{
    for (size_t round = 0; round < ROUND_COUNT; round++) {
        for (size_t i = 0; i < MEASUREMENT_COUNT; i++) {
            measure(&measurements[i], round);
        }
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print_all(const char *title)
{
    printf("%s\n", title);
    for (size_t i = 0; i < MEASUREMENT_COUNT; i++) {
        struct measurement *row = &measurements[i];
        qsort(row->ns, ROUND_COUNT, sizeof(row->ns[0]), compare_doubles);
        double median = row->ns[ROUND_COUNT / 2];
        printf("  %-24s %4zu frames %10.1f ns a stack %8.2f ns a frame\n", row->name, row->depth,
            median, median / (double)row->depth);
    }
}

__attribute__((noinline)) static size_t descend(size_t depth)
{
    if (depth == 0) {
        measure_all();
        return 1;
    }
    size_t result = descend(depth - 1) + depth;
    sink = result; // no tail call
    return result;
}

static bool is_measured;

static int compare_and_measure(const void *a, const void *b)
{
    if (!is_measured) {
        is_measured = true;
        measure_all();
    }
    return *(const int *)a - *(const int *)b;
}

static void measure_callback(void)
{
    int numbers[200];
    for (int i = 0; i < 200; i++) {
        numbers[i] = -i;
    }
    qsort(numbers, 200, sizeof(numbers[0]), compare_and_measure);
}

static void measure_new_stacks(void)
{
    enum {
        COUNT = 100000,
        DEPTH = 16
    };
    uintptr_t frames[DEPTH] = {0};
    size_t count = COUNT / divisor;
    double start = now_ns();
    for (size_t i = 0; i < count; i++) {
        frames[i % DEPTH] = i + 1;
        sink += stack_depot_put(frames, DEPTH);
    }
    double ns = (now_ns() - start) / (double)count;
    struct stack_depot_usage usage;
    stack_depot_usage_read(&usage);
    printf("stack_depot_put of new stacks of %d frames: %.1f ns; the depot has %zu stacks in %zu "
           "KiB\n",
        DEPTH, ns, usage.stack_count, usage.size / 1024);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--quick") == 0) {
        divisor = 100;
    }
    static const size_t DEPTHS[] = {4, 12, 28, 60};
    for (size_t i = 0; i < sizeof(DEPTHS) / sizeof(DEPTHS[0]); i++) {
        char title[64];
        descend(DEPTHS[i]);
        snprintf(title, sizeof(title), "recursion, %zu deep", DEPTHS[i]);
        print_all(title);
    }
    measure_callback();
    print_all("callback of qsort");
    measure_new_stacks();
    return 0;
}
