// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/stacks.h"

#include "base/bits.h"
#include "unwind/stack_depot.h"
#include "unwind/unwind.h"

enum {
    FRAMES_MAX = 64
};

static size_t frames_kept; // constant after stacks_init()

void stacks_init(size_t frame_count, size_t memory_size)
{
    if (memory_size != 0) {
        stack_depot_init(memory_size);
    }
    frames_kept = size_min(frame_count, FRAMES_MAX);
}

// Where nothing says how to find callers (a static program whose section headers were removed) the
// caller is all there is.
static size_t capture(uintptr_t *frames, const void *caller)
{
    size_t count = frames_kept == 0 ? 0 : unwind_capture(frames, frames_kept, caller);
    if (count == 0 && caller != NULL) {
        frames[count++] = (uintptr_t)caller;
    }
    return count;
}

uint32_t stacks_capture(const void *caller)
{
    if (LIKELY(frames_kept == 0)) {
        return 0;
    }
    return unwind_number(unwind_thread_memo(), frames_kept, caller);
}

static void report_frame(uintptr_t address, enum report_type type)
{
    struct unwind_place place;
    int answer = unwind_describe(address, &place)
                     ? report(type, "    at %hs+0x%Ix\n", place.path, place.offset)
                     : report(type, "    at 0x%p\n", (void *)address);
    if (answer == 1) {
        debug_break();
    }
}

void stacks_report_caller(const void *caller, enum report_type type)
{
    uintptr_t frames[FRAMES_MAX];
    size_t count = capture(frames, caller);
    for (size_t i = 0; i < count; i++) {
        report_frame(frames[i], type);
    }
}

void stacks_report_address(const void *address, enum report_type type)
{
    report_frame((uintptr_t)address, type);
}

void stacks_report(uint32_t stack, enum report_type type)
{
    uintptr_t frames[FRAMES_MAX];
    size_t count = stack == 0 ? 0 : stack_depot_get(stack, frames, FRAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        report_frame(frames[i], type);
    }
}
