// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// mode=sample: each byte that is asked for is picked with the same chance, once in `interval`
// bytes, and with it its block.  The distances between picks are exponentially distributed, so what
// comes next does not depend on what was.  A block of s bytes is picked with the chance p = 1 -
// exp(-s / interval), and stands for s / p bytes: its weight.
//
// What was noted lies beside the block's user info.  Such a block does not pass the fast path of a
// free, nor the quick way of a resize, so all others are freed and resized as if nobody sampled.

#include "base/bits.h"
#include "engine/block.h"
#include "engine/fast.h"
#include "engine/heap.h"
#include "engine/user_info.h"
#include "malloc/family.h"
#include "os/channel.h"
#include "record/record.h"

#include <string.h>

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

static bool attach(void *data, const struct info_note *note)
{
    struct block block;
    if (!record_find_block(NULL, data, &block)) {
        return false;
    }
    struct session session;
    session_begin_central(&session, block.heap, HALDE_UNLOCKED);
    bool is_attached = block_find(block.heap, data, &block) == HALDE_OK &&
                       user_info_set_note(block.heap, data, note);
    if (is_attached) {
        block_set_info_flag(&block, true);
    }
    session_end(&session);
    return is_attached;
}

static COLD void note_sample(void *block, size_t size, const void *caller)
{
    if (!record_is_noting()) {
        return;
    }
    uint32_t stack = record_stack(NULL, caller);
    const struct info_note note = {
        .value = stack | (uint64_t)record_thread_id() << 32,
        .weight = weight_of(size),
    };
    if (attach(block, &note)) {
        record_thread.last = ~(uintptr_t)block;
        record_thread.picked_at = record_thread.countdown;
        record_tell_allocated(stack, size);
    }
}

static COLD struct sample read_sample(const struct block *block, const void *data)
{
    struct info_note note = {0};
    struct session session;
    session_begin_central(&session, block->heap, HALDE_UNLOCKED);
    user_info_get_note(block->heap, data, &note);
    session_end(&session);
    return (struct sample){.stack = (uint32_t)note.value, .size = block->user_size};
}

// `heap` NULL: of any.
static struct sample find_sample(const struct heap *heap, const void *data)
{
    struct block block;
    if (!record_find_block(heap, data, &block) || !block.has_info) {
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
    struct block block;
    if (!record_find_block(NULL, data, &block) || !block.has_info) {
        return;
    }
    struct session session;
    session_begin_central(&session, block.heap, HALDE_UNLOCKED);
    if (block_find(block.heap, data, &block) == HALDE_OK && block.has_info) {
        block_set_info_flag(&block, user_info_remove_note(block.heap, data));
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

ALWAYS_INLINE void *count_block(void *block, size_t size, const void *caller)
{
    return count_down(size) ? block : draw_for(block, size, caller);
}

// Out of the caller's magazines, in the heap of an opening of its thread record; or NULL.
ALWAYS_INLINE void *take_block(
    struct thread *thread, struct opening *opening, const halde_heap *handle, size_t size)
{
    if (LIKELY(size <= CLASS_BYTE_MAX)) {
        return fast_alloc_bytes_in(thread, opening, handle, size);
    }
    return size <= CLASS_MAX ? fast_alloc_words_in(thread, opening, handle, size) : NULL;
}

ALWAYS_INLINE void *zero_if_asked(void *block, size_t size, uint32_t flags)
{
    return (flags & HALDE_ZERO) != 0 ? memset(block, 0, size) : block;
}

static NOINLINE void *allocate_rest(
    size_t size, size_t alignment, uint32_t flags, const void *caller)
{
    void *block = malloc_plain_allocate(size, alignment, flags);
    return block == NULL ? NULL : count_block(block, size, caller);
}

static void *allocate(
    size_t size, size_t alignment, uint32_t flags, enum allocator_family family, const void *caller)
{
    (void)family;
    struct thread *thread = thread_current;
    void *block = LIKELY(alignment <= GRANULE_SIZE)
                      ? take_block(thread, &thread->open_home, recorder.heap, size)
                      : NULL;
    if (UNLIKELY(block == NULL)) {
        return allocate_rest(size, alignment, flags, caller);
    }
    return count_block(zero_if_asked(block, size, flags), size, caller);
}

// Calls come last, so that the usual way needs no frame.
void *record_sample_malloc(size_t size, const void *caller)
{
    struct thread *thread = thread_current;
    void *block = take_block(thread, &thread->open_home, recorder.heap, size);
    return LIKELY(block != NULL) ? count_block(block, size, caller) : malloc_rest(size, caller);
}

static void release(void *block, enum allocator_family family, const void *caller)
{
    (void)family;
    (void)caller;
    if (block == NULL) {
        return;
    }
    if (fast_size(block) == SIZE_MAX) { // it may have been picked
        struct sample sample = find_sample(NULL, block);
        tell_freed(&sample, is_temporary(block));
    }
    malloc_plain_release(block);
}

// A block was resized.
static void replace_sample(const struct sample *old, void *resized, size_t size, const void *caller)
{
    tell_freed(old, false);
    if (UNLIKELY(!count_down(size)) && draw(&record_thread)) {
        note_sample(resized, size, caller);
    } else if (old->stack != 0) {
        forget_sample(resized);
    }
}

// A block that may have been picked, or that has to go where this takes more.
static NOINLINE void *reallocate_rest(void *block, size_t size, const void *caller)
{
    struct sample old = find_sample(NULL, block);
    void *resized = malloc_plain_reallocate(block, size);
    if (UNLIKELY(resized == NULL)) {
        return NULL;
    }
    replace_sample(&old, resized, size, caller);
    return resized;
}

static void *reallocate(void *block, size_t size, const void *caller)
{
    void *resized = heap_resize_quick(block, size, ENGINE_HEADROOM);
    return LIKELY(resized != NULL) ? count_block(resized, size, caller)
                                   : reallocate_rest(block, size, caller);
}

const struct allocator_redirect record_sample = {
    .allocate = allocate,
    .reallocate = reallocate,
    .release = release,
    .size = malloc_plain_size,
    .lets_frees_pass = true,
};

// ---- The observer -------------------------------------------------------------------------------

static void *allocate_in(
    halde_heap *handle, size_t size, size_t alignment, uint32_t flags, const void *caller)
{
    struct thread *thread = thread_current;
    void *block = LIKELY(alignment <= GRANULE_SIZE)
                      ? take_block(thread, &thread->observed, handle, size)
                      : NULL;
    if (UNLIKELY(block == NULL)) {
        block = heap_alloc_plain(handle, size, alignment, flags);
        if (block == NULL || record_observed_heap(handle) == NULL) {
            return block;
        }
    } else {
        zero_if_asked(block, size, flags);
    }
    return count_block(block, size, caller);
}

static void *reallocate_in(halde_heap *handle, void *block, size_t size, uint32_t flags,
    enum halde_status *status, const void *caller)
{
    const struct heap *heap = record_observed_heap(handle);
    struct sample old = {0};
    if (heap != NULL) {
        old = find_sample(heap, block);
    }
    void *resized = heap_realloc_plain(handle, block, size, flags, status);
    if (resized != NULL && heap != NULL) {
        replace_sample(&old, resized, size, caller);
    }
    return resized;
}

static enum halde_status release_in(halde_heap *handle, void *block, uint32_t flags)
{
    struct thread *thread = thread_current;
    if (LIKELY(fast_free_in(thread, &thread->observed, handle, block))) {
        return HALDE_OK; // one that was picked is not freed there
    }
    struct sample sample = {0};
    bool was_temporary = false;
    const struct heap *heap = record_observed_heap(handle);
    if (block != NULL && heap != NULL) {
        sample = find_sample(heap, block);
        was_temporary = is_temporary(block);
    }
    enum halde_status status = heap_free_plain(handle, block, flags);
    if (status == HALDE_OK) {
        tell_freed(&sample, was_temporary);
    }
    return status;
}

static bool tell_all_freed(const struct halde_block *blocks, size_t count, void *context)
{
    for (size_t i = 0; i < count; i++) {
        struct sample sample = find_sample(context, blocks[i].data);
        tell_freed(&sample, false);
    }
    return true;
}

static void destroy(halde_heap *handle)
{
    record_walk_observed(handle, tell_all_freed);
}

const struct heap_observer record_sample_observer = {
    .allocate = allocate_in,
    .reallocate = reallocate_in,
    .release = release_in,
    .destroy = destroy,
};
