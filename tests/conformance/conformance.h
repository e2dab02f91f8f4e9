// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What the conformance programs share.
 *
 * Each program is plain C against <windows.h>.  It compiles against Halde's drop-in headers and,
 * unchanged, with a Windows compiler, so that another implementation of the same functions can be
 * asked the same questions.  tests/wine/run.sh does that and compares the two outputs line by line.
 *
 * Sections are those of win32-heap.md, the behavioural reference.  Every output line but the last
 * is one of
 *
 *     # win32-heap.md <section>: <title>           a case begins
 *     ok <section> <text>                          an expectation holds
 *     FAIL <section> <text> | <values> (file:line)
 *     known <section> <text> | <reason>            a known gap: expected, and not (yet) met
 *     skip <section> <text>                        could not be asked here
 *     observe <key> = <value>                      behaviour with weak evidence, recorded and not
 * judged
 *
 * or begins with a blank and explains the line before or after it.
 *
 * <text> is what the comparison goes by: it holds no address and no measured value.
 *
 * The helpers keep the last error, so a test reads it whenever it likes.  One thread reports;
 * workers do not.
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef _WIN32
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#endif

#include <windows.h>

#define SENTINEL 0xDEADBEEFu // a last error that no function sets

static struct {
    unsigned passed, failed, known, skipped;
} conformance;

static inline void conformance_line(
    const char *kind, const char *section, const char *format, va_list arguments)
{
    printf("%s %s ", kind, section);
    vprintf(format, arguments);
}

static inline void conformance_flush(DWORD error)
{
    printf("\n");
    fflush(stdout);
    SetLastError(error);
}

static inline void case_begin(const char *section, const char *title)
{
    const DWORD error = GetLastError();
    printf("# win32-heap.md %s: %s", section, title);
    conformance_flush(error);
}

#ifdef __GNUC__
#define CONFORMANCE_PRINTF(position, first) __attribute__((__format__(__printf__, position, first)))
#else
#define CONFORMANCE_PRINTF(position, first)
#endif

CONFORMANCE_PRINTF(5, 6)
static inline void conformance_expect(
    bool is_met, const char *section, const char *file, int line, const char *format, ...)
{
    const DWORD error = GetLastError();
    va_list arguments;
    va_start(arguments, format);
    conformance_line(is_met ? "ok" : "FAIL", section, format, arguments);
    va_end(arguments);
    if (is_met) {
        conformance.passed++;
    } else {
        conformance.failed++;
        printf(" | (%s:%d)", file, line);
    }
    conformance_flush(error);
}

CONFORMANCE_PRINTF(6, 7)
static inline void conformance_expect_equal(uint64_t expected, uint64_t actual, const char *section,
    const char *file, int line, const char *format, ...)
{
    const DWORD error = GetLastError();
    const bool is_met = expected == actual;
    va_list arguments;
    va_start(arguments, format);
    conformance_line(is_met ? "ok" : "FAIL", section, format, arguments);
    va_end(arguments);
    if (is_met) {
        conformance.passed++;
    } else {
        conformance.failed++;
        printf(" | expected 0x%x%08x, got 0x%x%08x (%s:%d)", (unsigned)(expected >> 32),
            (unsigned)(expected & 0xFFFFFFFFu), (unsigned)(actual >> 32),
            (unsigned)(actual & 0xFFFFFFFFu), file, line);
    }
    conformance_flush(error);
}

CONFORMANCE_PRINTF(5, 6)
static inline void conformance_known_gap(
    bool is_met, const char *section, const char *reason, int line, const char *format, ...)
{
    const DWORD error = GetLastError();
    va_list arguments;
    va_start(arguments, format);
    conformance_line(is_met ? "FAIL" : "known", section, format, arguments);
    va_end(arguments);
    if (is_met) {
        conformance.failed++;
        printf(" | no longer a gap: make it an expectation (line %d)", line);
    } else {
        conformance.known++;
        printf(" | %s", reason);
    }
    conformance_flush(error);
}

CONFORMANCE_PRINTF(2, 3)
static inline void conformance_skip(const char *section, const char *format, ...)
{
    const DWORD error = GetLastError();
    va_list arguments;
    va_start(arguments, format);
    conformance_line("skip", section, format, arguments);
    va_end(arguments);
    conformance.skipped++;
    conformance_flush(error);
}

CONFORMANCE_PRINTF(2, 3)
static inline void conformance_observe(const char *key, const char *format, ...)
{
    const DWORD error = GetLastError();
    printf("observe %s = ", key);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    conformance_flush(error);
}

/** Judges a condition. The text says what is expected and is the same in every run. */
#define EXPECT(section, condition, ...)                                                            \
    conformance_expect((condition) ? true : false, section, __FILE__, __LINE__, __VA_ARGS__)

/** Judges two integers or pointers, and prints both when they differ. */
#define EXPECT_EQUAL(section, expected, actual, ...)                                               \
    conformance_expect_equal((uint64_t)(uintptr_t)(expected), (uint64_t)(uintptr_t)(actual),       \
        section, __FILE__, __LINE__, __VA_ARGS__)

/** Judges the last error. */
#define EXPECT_ERROR(section, expected, ...)                                                       \
    conformance_expect_equal((expected), GetLastError(), section, __FILE__, __LINE__, __VA_ARGS__)

/**
 * What the reference demands and Halde is known not to do.  Fails once the condition holds, so that
 * no gap outlives its repair.  For other implementations it is an expectation like any other.
 */
#ifdef _WIN32
#define KNOWN_GAP(section, condition, reason, ...) EXPECT(section, condition, __VA_ARGS__)
#else
#define KNOWN_GAP(section, condition, reason, ...)                                                 \
    conformance_known_gap((condition) ? true : false, section, reason, __LINE__, __VA_ARGS__)
#endif

#define SKIP(section, ...) conformance_skip(section, __VA_ARGS__)
#define OBSERVE(key, ...) conformance_observe(key, __VA_ARGS__)

/** What main() returns. */
static inline int conformance_finish(void)
{
    printf("%u passed, %u failed, %u known gaps, %u skipped\n", conformance.passed,
        conformance.failed, conformance.known, conformance.skipped);
    fflush(stdout);
    return conformance.failed != 0;
}

// ---- Where am I -------------------------------------------------------------------------------

#ifdef _WIN32
#define IS_WINDOWS true
#else
#define IS_WINDOWS false
#endif

/** Whether an optional function of kernel32 or ntdll exists. Halde has what its headers declare. */
static inline bool has_function(const char *name)
{
#ifdef _WIN32
    return GetProcAddress(GetModuleHandleA("kernel32.dll"), name) != NULL ||
           GetProcAddress(GetModuleHandleA("ntdll.dll"), name) != NULL;
#else
    (void)name;
    return true;
#endif
}

/** Wine is a Windows that can be asked what real Windows answers by ending the process. */
static inline bool is_wine(void)
{
    return IS_WINDOWS && has_function("wine_get_version");
}

/** Whether wrong handles and pointers may be tried. */
static inline bool may_ask_wild(void)
{
    return !IS_WINDOWS || is_wine();
}

// ---- Small things -----------------------------------------------------------------------------

/** A sum of a pointer and an offset, for addresses that need not be valid. */
static inline void *address_plus(const void *base, intptr_t offset)
{
    return (void *)((uintptr_t)base + (uintptr_t)offset);
}

static inline bool is_filled(const void *bytes, unsigned char value, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        if (byte[i] != value) {
            return false;
        }
    }
    return true;
}

/** A pattern that differs from byte to byte and from seed to seed. */
static inline void pattern_write(void *bytes, size_t size, unsigned seed)
{
    unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        byte[i] = (unsigned char)(i * 131u + (i >> 8) * 29u + seed * 71u + 1u);
    }
}

static inline bool pattern_matches(const void *bytes, size_t size, unsigned seed)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        if (byte[i] != (unsigned char)(i * 131u + (i >> 8) * 29u + seed * 71u + 1u)) {
            return false;
        }
    }
    return true;
}

static inline void pause_ms(unsigned ms)
{
#ifdef _WIN32
    Sleep(ms);
#else
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
    nanosleep(&time, NULL);
#endif
}

/** Waits until a worker has set a flag; gives up after ten seconds. */
static inline bool is_set_in_time(const atomic_int *flag)
{
    for (int i = 0; i < 1000 && !atomic_load(flag); i++) {
        pause_ms(10);
    }
    return atomic_load(flag) != 0;
}

/** Whether a flag stays clear for a while: the worker that would set it is blocked. */
static inline bool is_clear_for_a_while(const atomic_int *flag)
{
    for (int i = 0; i < 15 && !atomic_load(flag); i++) {
        pause_ms(10);
    }
    return atomic_load(flag) == 0;
}

// Wine reads in front of a block and inside a heap before it has proved them: there both must be
// mapped.

/** Whether a wrong pointer may be tried as a block. */
static inline bool may_try_block(const void *address)
{
    return !IS_WINDOWS || !IsBadReadPtr(address_plus(address, -64), 128);
}

/** Whether a wrong handle may be tried as a heap. */
static inline bool may_try_heap(HANDLE heap)
{
    return !IS_WINDOWS || heap == NULL || !IsBadReadPtr(heap, 512);
}

// ---- Pages ------------------------------------------------------------------------------------

enum page_access {
    PAGES_NONE,
    PAGES_READ,
    PAGES_WRITE
};

#define PAGES_UNIT 4096u // small enough for every system the programs run on

/** Maps fresh zero pages with one kind of access; NULL on failure. */
static inline void *pages_map(size_t size, enum page_access access)
{
#ifdef _WIN32
    static const DWORD protections[] = {PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE};
    return VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, protections[access]);
#else
    static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
    void *base = mmap(NULL, size, protections[access], MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return base == MAP_FAILED ? NULL : base;
#endif
}

static inline void pages_unmap(void *base, size_t size)
{
#ifdef _WIN32
    (void)size;
    VirtualFree(base, 0, MEM_RELEASE);
#else
    munmap(base, size);
#endif
}

/** Changes the access of mapped pages. */
static inline bool pages_protect(void *base, size_t size, enum page_access access)
{
#ifdef _WIN32
    static const DWORD protections[] = {PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE};
    DWORD old;
    return VirtualProtect(base, size, protections[access], &old) != 0;
#else
    static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
    return mprotect(base, size, protections[access]) == 0;
#endif
}

/** An address of which no byte is mapped: a range that was mapped a moment ago. */
static inline void *unmapped_address(void)
{
    void *base = pages_map(16 * 65536, PAGES_NONE);
    pages_unmap(base, 16 * 65536);
    return address_plus(base, 8 * 65536);
}

// ---- Threads ----------------------------------------------------------------------------------

struct worker {
    void (*run)(void *argument);
    void *argument;
#ifdef _WIN32
    HANDLE thread;
#else
    pthread_t thread;
#endif
};

#ifdef _WIN32
static inline DWORD WINAPI worker_enter(void *argument)
{
    struct worker *worker = argument;
    worker->run(worker->argument);
    return 0;
}
#else
static inline void *worker_enter(void *argument)
{
    struct worker *worker = argument;
    worker->run(worker->argument);
    return NULL;
}
#endif

/** Starts a thread; ends the program when the system has none left. `worker` lives until
 * worker_join(). */
static inline void worker_start(struct worker *worker, void (*run)(void *), void *argument)
{
    worker->run = run;
    worker->argument = argument;
#ifdef _WIN32
    worker->thread = CreateThread(NULL, 0, worker_enter, worker, 0, NULL);
    const bool is_running = worker->thread != NULL;
#else
    const bool is_running = pthread_create(&worker->thread, NULL, worker_enter, worker) == 0;
#endif
    if (!is_running) {
        printf("cannot start a thread\n");
        exit(2);
    }
}

static inline void worker_join(struct worker *worker)
{
    const DWORD error = GetLastError();
#ifdef _WIN32
    WaitForSingleObject(worker->thread, INFINITE);
    CloseHandle(worker->thread);
#else
    pthread_join(worker->thread, NULL);
#endif
    SetLastError(error);
}

#endif
