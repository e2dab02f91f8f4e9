// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A library to preload into real programs: of every n-th call of malloc it takes the stack with
// unwind_capture() and with backtrace(), compares the two, and counts.
//
//   AGREEMENT_REPORT   the file that gets a line a process, appended; without it nothing is counted
//   AGREEMENT_EVERY    n; 64 unless set
//   AGREEMENT_SHOW     how many stacks that differ are written out
//
// A line: program, samples, equal, ours longer (backtrace() ended earlier, all it has is the same),
// ours shorter (same with the sides changed), different, frames, and nanoseconds a frame of either.

#include "unwind/stack_depot.h"
#include "unwind/unwind.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAMES_MAX = 128
};

#define EXPORTED __attribute__((visibility("default")))
EXPORTED extern void *__libc_malloc(size_t size);

static struct {
    const char *report;
    unsigned every;
    _Atomic(int) shows_left;
    _Atomic(unsigned) calls;
    _Atomic(uint64_t) samples, equal, longer, shorter, different;
    _Atomic(uint64_t) frames, peer_frames, time_ns, peer_time_ns;
} agreement;

static _Thread_local bool is_sampling;

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void print_frame(int file, uintptr_t address)
{
    struct unwind_place place;
    if (address == 0) {
        dprintf(file, "%-60s", "-");
    } else if (unwind_describe(address, &place)) {
        const char *name = strrchr(place.path, '/');
        char text[UNWIND_PATH_SIZE + 32];
        snprintf(text, sizeof(text), "%s+0x%lx", name != NULL ? name + 1 : place.path,
            (unsigned long)place.offset);
        dprintf(file, "%-60s", text);
    } else {
        dprintf(file, "0x%-58lx", (unsigned long)address);
    }
}

static void show(const uintptr_t *ours, size_t count, void *const *peers, size_t peer_count)
{
    int file = open(agreement.report, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    for (size_t i = 0; i < count || i < peer_count; i++) {
        uintptr_t our = i < count ? ours[i] : 0;
        uintptr_t peer = i < peer_count ? (uintptr_t)peers[i] : 0;
        dprintf(file, "#  %c ", our == peer ? ' ' : '*');
        print_frame(file, our);
        print_frame(file, peer);
        dprintf(file, "\n");
    }
    dprintf(file, "#\n");
    close(file);
}

static void compare(const uintptr_t *ours, size_t count, void *const *peers, size_t peer_count)
{
    size_t same = 0;
    while (same < count && same < peer_count && ours[same] == (uintptr_t)peers[same]) {
        same++;
    }
    agreement.samples++;
    agreement.frames += count;
    agreement.peer_frames += peer_count;
    if (same == count && same == peer_count) {
        agreement.equal++;
        return;
    }
    if (same == peer_count) {
        agreement.longer++;
    } else if (same == count) {
        agreement.shorter++;
    } else {
        agreement.different++;
    }
    if (agreement.shows_left-- > 0) {
        show(ours, count, peers, peer_count);
    }
}

// Drops what lies inside of this library: both stacks begin with the caller of malloc.
static size_t drop_until(void **frames, size_t count, const void *caller)
{
    for (size_t i = 0; i < count && i < 8; i++) {
        if (frames[i] == caller) {
            memmove(frames, frames + i, (count - i) * sizeof(frames[0]));
            return count - i;
        }
    }
    return count;
}

// With a memo the stack must be the same, to the last frame.
static __attribute__((noinline)) bool agrees_with_memo(
    const uintptr_t *ours, size_t count, const void *caller)
{
    static _Thread_local _Alignas(64) unsigned char memo[64 << 10];
    uintptr_t remembered[FRAMES_MAX];
    if (unwind_memo_size() > sizeof(memo)) {
        return false;
    }
    uint32_t number = unwind_number((struct unwind_memo *)(void *)memo, FRAMES_MAX, caller);
    size_t again = stack_depot_get(number, remembered, FRAMES_MAX);
    return again == count && memcmp(remembered, ours, count * sizeof(ours[0])) == 0;
}

static __attribute__((noinline)) void sample(const void *caller)
{
    uintptr_t ours[FRAMES_MAX];
    void *peers[FRAMES_MAX + 8];
    int saved_errno = errno;
    uint64_t start = clock_ns();
    size_t count = unwind_capture(ours, FRAMES_MAX, caller);
    uint64_t middle = clock_ns();
    int peer_count = backtrace(peers, FRAMES_MAX + 8);
    agreement.peer_time_ns += clock_ns() - middle;
    agreement.time_ns += middle - start;
    size_t kept = drop_until(peers, (size_t)peer_count, caller);
    if (!agrees_with_memo(ours, count, caller)) {
        memset(ours, 0, sizeof(ours)); // differs from everything
    }
    compare(ours, count, peers, kept < FRAMES_MAX ? kept : FRAMES_MAX);
    errno = saved_errno;
}

EXPORTED void *malloc(size_t size)
{
    if (agreement.every != 0 && !is_sampling && agreement.calls++ % agreement.every == 0) {
        is_sampling = true;
        sample(__builtin_return_address(0));
        is_sampling = false;
    }
    return __libc_malloc(size);
}

static __attribute__((constructor)) void begin(void)
{
    agreement.report = getenv("AGREEMENT_REPORT");
    if (agreement.report == NULL) {
        return;
    }
    void *frames[4];
    is_sampling = true;
    backtrace(frames, 4); // loads libgcc
    is_sampling = false;
    const char *shows = getenv("AGREEMENT_SHOW");
    agreement.shows_left = shows != NULL ? (int)strtol(shows, NULL, 10) : 0;
    const char *every = getenv("AGREEMENT_EVERY");
    agreement.every = every != NULL ? (unsigned)strtoul(every, NULL, 10) : 64;
}

static __attribute__((destructor)) void end(void)
{
    uint64_t samples = agreement.samples;
    if (agreement.every == 0 || samples == 0) {
        return;
    }
    agreement.every = 0;
    char line[512];
    int length = snprintf(line, sizeof(line),
        "%-12s samples %-6lu equal %-6lu longer %-4lu shorter %-4lu different %-4lu frames %-7lu "
        "ns/frame %.1f backtrace %.1f\n",
        program_invocation_short_name, samples, agreement.equal, agreement.longer,
        agreement.shorter, agreement.different, agreement.frames,
        (double)agreement.time_ns / (double)agreement.frames,
        (double)agreement.peer_time_ns / (double)agreement.peer_frames);
    int file = open(agreement.report, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file >= 0) {
        if (write(file, line, (size_t)length) != length) {
            perror(agreement.report);
        }
        close(file);
    }
}
