// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "allocator.h"

// ---- Output -----------------------------------------------------------------------------------

static void write_all(int file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, text, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            _exit(1);
        }
        text += written;
        length -= (size_t)written;
    }
}

void bench_fail(const char *text)
{
    char line[256];
    int length = snprintf(line, sizeof(line), "bench: %s\n", text);
    write_all(STDERR_FILENO, line, (size_t)length);
    _exit(1);
}

void bench_emit(const char *metric, const char *unit, double value)
{
    char line[256];
    int length = snprintf(line, sizeof(line), "%s %s %.6g\n", metric, unit, value);
    write_all(STDOUT_FILENO, line, (size_t)length);
}

/** The number behind `key` in a file of /proc whose lines read "key:  number kB". */
static uint64_t read_proc_kib(const char *path, const char *key)
{
    static char text[16384];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        bench_fail("cannot open a file of /proc");
    }
    size_t length = 0;
    ssize_t got;
    while ((got = read(file, text + length, sizeof(text) - 1 - length)) > 0) {
        length += (size_t)got;
    }
    close(file);
    text[length] = '\0';
    const char *line = strstr(text, key);
    if (line == NULL) {
        bench_fail("a file of /proc lacks a line");
    }
    return strtoull(line + strlen(key), NULL, 10);
}

void bench_emit_peak(void)
{
    bench_emit("peak", "KiB", (double)read_proc_kib("/proc/self/status", "VmHWM:"));
}

uint64_t bench_resident_size(void)
{
    return read_proc_kib("/proc/self/smaps_rollup", "Rss:") * 1024;
}

// ---- Options ----------------------------------------------------------------------------------

static _Noreturn void usage(const char *argument)
{
    char text[200];
    snprintf(text, sizeof(text),
        "argument '%.60s' is none of --heap= --order= --threads= --busy= --ms= --count= --blocks= "
        "--sizes=",
        argument);
    char line[256];
    int length = snprintf(line, sizeof(line), "bench: %s\n", text);
    write_all(STDERR_FILENO, line, (size_t)length);
    _exit(2);
}

/** The value of `argument` if it reads "<key>=<value>", else NULL. */
static const char *value_of(const char *argument, const char *key)
{
    size_t length = strlen(key);
    if (strncmp(argument, key, length) != 0 || argument[length] != '=') {
        return NULL;
    }
    return argument + length + 1;
}

static bool parse_number(const char *argument, const char *key, uint32_t *number)
{
    const char *value = value_of(argument, key);
    if (value == NULL) {
        return false;
    }
    char *end;
    unsigned long parsed = strtoul(value, &end, 10);
    if (end == value || *end != '\0' || parsed > UINT32_MAX) {
        usage(argument);
    }
    *number = (uint32_t)parsed;
    return true;
}

static bool parse_text(const char *argument, const char *key, const char **text)
{
    const char *value = value_of(argument, key);
    if (value == NULL) {
        return false;
    }
    *text = value;
    return true;
}

static bool parse_sizes(const char *argument, struct bench_options *options)
{
    const char *value = value_of(argument, "--sizes");
    if (value == NULL) {
        return false;
    }
    if (sscanf(value, "%u-%u", &options->min_size, &options->max_size) != 2 ||
        options->min_size == 0 || options->min_size > options->max_size) {
        usage(argument);
    }
    return true;
}

void bench_parse(int argc, char **argv, struct bench_options *options)
{
    for (int i = 1; i < argc; ++i) {
        const char *argument = argv[i];
        bool is_known = parse_text(argument, "--heap", &options->heap) ||
                        parse_text(argument, "--order", &options->order) ||
                        parse_number(argument, "--threads", &options->thread_count) ||
                        parse_number(argument, "--busy", &options->busy_count) ||
                        parse_number(argument, "--ms", &options->time_ms) ||
                        parse_number(argument, "--count", &options->count) ||
                        parse_number(argument, "--blocks", &options->block_count) ||
                        parse_sizes(argument, options);
        if (!is_known) {
            usage(argument);
        }
    }
    if (options->thread_count == 0) {
        usage("--threads=0");
    }
}

// ---- Clock, memory, random --------------------------------------------------------------------

static uint64_t read_clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t bench_now_ns(void)
{
    return read_clock_ns(CLOCK_MONOTONIC);
}

void *bench_map(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
        bench_fail("no memory for the benchmark's own tables");
    }
    return memory;
}

void bench_shuffle(struct bench_random *random, void **pointers, size_t count)
{
    for (size_t i = count; i > 1; --i) {
        size_t other = bench_random_below(random, (uint32_t)i);
        void *pointer = pointers[i - 1];
        pointers[i - 1] = pointers[other];
        pointers[other] = pointer;
    }
}

// ---- Measuring --------------------------------------------------------------------------------

static _Atomic(bool) is_over; // the main thread sets it (relaxed), workers read it (relaxed)

bool bench_is_over(void)
{
    return atomic_load_explicit(&is_over, memory_order_relaxed);
}

struct thread {
    struct bench_worker worker;
    const struct bench_workload *workload;
    pthread_barrier_t *barrier; // main thread and all workers
    pthread_t handle;
    uint64_t operation_count; // written by the thread, read after its end
    uint64_t start_ns;        // likewise
    uint64_t end_ns;          // likewise
};

static void worker_prepare(struct bench_worker *worker, const struct bench_workload *workload)
{
    if (workload->prepare != NULL) {
        workload->prepare(worker);
    }
    if (workload->is_without_warm_up) {
        return;
    }
    uint64_t end = bench_now_ns() + (uint64_t)worker->options->time_ms * 100000u; // a tenth
    do {
        workload->step(worker);
    } while (bench_now_ns() < end);
    worker->excluded_ns = 0;
}

static void worker_finish(struct bench_worker *worker, const struct bench_workload *workload)
{
    if (workload->finish != NULL) {
        workload->finish(worker);
    }
}

static void emit_rate(
    const char *metric, uint64_t elapsed_ns, uint64_t cpu_ns, uint64_t operation_count)
{
    char name[64];
    snprintf(name, sizeof(name), "cpu_%s", metric);
    bench_emit(metric, "ns", (double)elapsed_ns / (double)operation_count);
    bench_emit(name, "ns", (double)cpu_ns / (double)operation_count);
}

static void measure_here(
    const struct bench_options *options, const struct bench_workload *workload, const char *metric)
{
    struct bench_worker worker = {.options = options, .random = bench_random_make(1)};
    worker.heap = bench_heap_open(options, NULL);
    worker_prepare(&worker, workload);
    uint64_t operation_count = 0;
    uint64_t cpu_start = read_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t start = bench_now_ns();
    uint64_t now;
    do {
        operation_count += workload->step(&worker);
        now = bench_now_ns();
    } while (now - start < (uint64_t)options->time_ms * 1000000u);
    uint64_t cpu = read_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
    emit_rate(metric, now - start - worker.excluded_ns, cpu - worker.excluded_ns, operation_count);
    worker_finish(&worker, workload);
    bench_heap_close(options, worker.heap);
}

static void *thread_main(void *argument)
{
    struct thread *thread = argument;
    struct bench_worker *worker = &thread->worker;
    worker->heap = bench_heap_open(worker->options, worker->heap);
    worker_prepare(worker, thread->workload);
    pthread_barrier_wait(thread->barrier); // all are ready; the main thread reads its clocks
    pthread_barrier_wait(thread->barrier); // go
    thread->start_ns = bench_now_ns();
    while (!bench_is_over()) {
        thread->operation_count += thread->workload->step(worker);
    }
    thread->end_ns = bench_now_ns();
    pthread_barrier_wait(thread->barrier);
    worker_finish(worker, thread->workload);
    pthread_barrier_wait(thread->barrier);
    if (bench_heap_is_own(worker->options)) {
        bench_heap_close(worker->options, worker->heap);
    }
    return NULL;
}

static void sleep_ms(uint32_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &time) == EINTR) {
    }
}

static void measure_threads(
    const struct bench_options *options, const struct bench_workload *workload, const char *metric)
{
    struct thread *threads = bench_map(options->thread_count * sizeof(struct thread));
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, options->thread_count + 1);
    void *shared_heap = bench_heap_is_own(options) ? NULL : bench_heap_open(options, NULL);
    for (uint32_t i = 0; i < options->thread_count; ++i) {
        threads[i] = (struct thread){
            .worker = {.options = options, .heap = shared_heap, .index = i},
            .workload = workload,
            .barrier = &barrier,
        };
        threads[i].worker.random = bench_random_make(i + 1);
        if (pthread_create(&threads[i].handle, NULL, thread_main, &threads[i]) != 0) {
            bench_fail("cannot start a thread");
        }
    }
    pthread_barrier_wait(&barrier);
    uint64_t cpu_start = read_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    pthread_barrier_wait(&barrier);
    sleep_ms(options->time_ms);
    atomic_store_explicit(&is_over, true, memory_order_relaxed);
    pthread_barrier_wait(&barrier);
    uint64_t cpu = read_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
    pthread_barrier_wait(&barrier);
    uint64_t operation_count = 0;
    uint64_t start =
        UINT64_MAX;   // of the first; workers begin before this thread gets a processor again
    uint64_t end = 0; // of the last
    for (uint32_t i = 0; i < options->thread_count; ++i) {
        pthread_join(threads[i].handle, NULL);
        operation_count += threads[i].operation_count;
        start = threads[i].start_ns < start ? threads[i].start_ns : start;
        end = threads[i].end_ns > end ? threads[i].end_ns : end;
    }
    emit_rate(metric, end - start, cpu, operation_count);
    if (!bench_heap_is_own(options)) {
        bench_heap_close(options, shared_heap);
    }
    pthread_barrier_destroy(&barrier);
}

void bench_measure(
    const struct bench_options *options, const struct bench_workload *workload, const char *metric)
{
    if (options->thread_count == 1) {
        measure_here(options, workload, metric);
    } else {
        measure_threads(options, workload, metric);
    }
}

void bench_run_elsewhere(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, argument) != 0) {
        bench_fail("cannot start a thread");
    }
    pthread_join(thread, NULL);
}
