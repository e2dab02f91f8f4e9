// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// mode=sample: each byte that is asked for is picked with the same chance, once in `interval`
// bytes, and with it its block.  The distances between picks are exponentially distributed, so what
// comes next does not depend on what was.  A block of s bytes is picked with the chance p = 1 -
// exp(-s / interval), and stands for s / p bytes: its weight.
//
// What was noted lies in the block's user info.  Such a block does not pass the fast path of a
// free, so all others are freed as if nobody sampled.

#include "base/bits.h"
#include "engine/block.h"
#include "engine/fast.h"
#include "engine/heap.h"
#include "engine/user_info.h"
#include "malloc/family.h"
#include "os/channel.h"
#include "record/record.h"

// ---- Chance -------------------------------------------------------------------------------------

// exp(-x) for x >= 0: eight squarings of a short series for x / 256.
static double exp_minus(double x)
{
    if (x > 40) {
        return 0;
    }
    double small = x / 256;
    double value = 1 - small * (1 - small / 2 * (1 - small / 3 * (1 - small / 4)));
    for (int i = 0; i < 8; i++) {
        value *= value;
    }
    return value;
}

// -log(x) for x in (0, 1].
static double log_minus(double x)
{
    const double log_of_2 = 0.693147180559945309417;
    double result = 0;
    while (x < 0.5) { // at most 53 times
        x *= 2;
        result += log_of_2;
    }
    double t = (1 - x) / (1 + x); // at most 1/3
    double square = t * t;
    double series = 1 + square * (1.0 / 3 + square * (1.0 / 5 + square * (1.0 / 7 + square / 9)));
    return result + 2 * t * series;
}

static uint32_t weight_of(size_t size)
{
    double interval = (double)recorder.interval;
    double x = (double)size / interval;
    double weight = x < 1e-6 ? interval : (double)size / (1 - exp_minus(x));
    return weight < (double)UINT32_MAX ? (uint32_t)weight : UINT32_MAX;
}

static uint64_t next_random(struct record_thread *self)
{
    uint64_t value = self->random;
    if (value == 0) {
        value =
            (os_clock_ns() ^ (uint64_t)(uintptr_t)self << 20) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    }
    value ^= value << 13;
    value ^= value >> 7;
    value ^= value << 17;
    self->random = value;
    return value * UINT64_C(0x2545f4914f6cdd1d);
}

static int64_t next_distance(struct record_thread *self)
{
    double chance = (double)((next_random(self) >> 11) + 1) * 0x1p-53; // in (0, 1]
    return (int64_t)(log_minus(chance) * (double)recorder.interval) + 1;
}

// Whether a block of so many bytes is picked: the slow part.
static COLD bool draw(struct record_thread *self)
{
    bool is_seeded = self->random != 0;
    int64_t distance = next_distance(self);
    // A thread's first block has not been drawn for yet.
    if (!is_seeded && self->countdown + distance >= 0) {
        self->countdown += distance;
        return false;
    }
    self->countdown = is_seeded ? distance : next_distance(self);
    return true;
}

// Takes a block's bytes off the countdown. False: it is over.
ALWAYS_INLINE bool count_down(size_t size)
{
    record_thread.countdown -= (int64_t)size;
    return LIKELY(record_thread.countdown >= 0);
}

// ---- Samples ------------------------------------------------------------------------------------

struct sample {
    uint32_t stack; // 0: none
    size_t size;
};

static COLD void note_sample(void *block, size_t size, const void *caller)
{
    if (!record_is_noting()) {
        return;
    }
    uint32_t stack = record_stack(NULL, caller);
    const struct halde_user_info info = {
        .value = (void *)(uintptr_t)(stack | (uint64_t)record_thread_id() << 32),
        .flags = weight_of(size),
    };
    if (halde_heap_set_user_info(recorder.heap, block, &info) == HALDE_OK) {
        record_thread.last = ~(uintptr_t)block;
        record_thread.picked_at = record_thread.countdown;
        record_tell_allocated(stack, size);
    }
}

static COLD struct sample read_sample(const struct block *block, const void *data)
{
    struct halde_user_info info;
    if (halde_heap_get_user_info(recorder.heap, data, &info) != HALDE_OK || info.flags == 0) {
        return (struct sample){0};
    }
    return (struct sample){.stack = (uint32_t)(uintptr_t)info.value, .size = block->user_size};
}

static struct sample find_sample(const void *data)
{
    struct block block;
    if (block_find(recorder.home, data, &block) != HALDE_OK || !block.has_info) {
        return (struct sample){0};
    }
    return read_sample(&block, data);
}

// Whether the thread has allocated nothing since it got this block: its countdown stands still.
static bool is_temporary(const void *data)
{
    return record_thread.last == ~(uintptr_t)data &&
           record_thread.picked_at == record_thread.countdown;
}

// How old the block became is not known.
static void tell_freed(const struct sample *sample, bool was_temporary)
{
    if (sample->stack != 0 && record_is_noting()) {
        record_tell_freed(sample->stack, sample->size, 0, was_temporary);
    }
}

// A block that was resized is another one, and has not been picked.
static COLD void forget_sample(void *data)
{
    struct heap *heap = heap_of(recorder.heap);
    struct session session;
    struct block block;
    session_begin_central(&session, heap, 0);
    if (block_find(heap, data, &block) == HALDE_OK && block.has_info) {
        user_info_remove(heap, data);
        block_set_info_flag(&block, false);
    }
    session_end(&session);
}

// ---- The redirect -------------------------------------------------------------------------------

// The countdown is over. Returns the block.
static COLD void *draw_for(void *block, size_t size, const void *caller)
{
    if (draw(&record_thread)) {
        note_sample(block, size, caller);
    }
    return block;
}

static NOINLINE void *allocate_rest(
    size_t size, size_t alignment, uint32_t flags, const void *caller)
{
    void *block = malloc_plain_allocate(size, alignment, flags);
    return block == NULL || count_down(size) ? block : draw_for(block, size, caller);
}

// Calls come last, so that the usual way needs no frame.
static void *allocate(
    size_t size, size_t alignment, uint32_t flags, enum allocator_family family, const void *caller)
{
    (void)family;
    if (UNLIKELY((alignment | flags) != 0)) {
        return allocate_rest(size, alignment, flags, caller);
    }
    struct thread *thread = thread_current;
    void *block = fast_alloc_in(thread, &thread->open_home, recorder.heap, size);
    if (UNLIKELY(block == NULL)) {
        return allocate_rest(size, alignment, flags, caller);
    }
    return count_down(size) ? block : draw_for(block, size, caller);
}

static void release(void *block, enum allocator_family family, const void *caller)
{
    (void)family;
    (void)caller;
    if (block != NULL) {
        struct sample sample = find_sample(block);
        tell_freed(&sample, is_temporary(block));
        malloc_plain_release(block);
    }
}

static void *reallocate(void *block, size_t size, const void *caller)
{
    struct sample old = find_sample(block);
    void *resized = malloc_plain_reallocate(block, size);
    if (UNLIKELY(resized == NULL)) {
        return NULL;
    }
    tell_freed(&old, false);
    if (UNLIKELY(!count_down(size)) && draw(&record_thread)) {
        note_sample(resized, size, caller);
    } else if (old.stack != 0) {
        forget_sample(resized);
    }
    return resized;
}

const struct allocator_redirect record_sample = {
    .allocate = allocate,
    .reallocate = reallocate,
    .release = release,
    .size = malloc_plain_size,
    .lets_frees_pass = true,
};
