// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// mode=exact: every block of the malloc family has who asked for it in its side record.  A record
// without a stack is one that nobody noted: blocks of HeapAlloc(), and those from before the start.

#include "engine/block.h"
#include "engine/fast.h"
#include "engine/side_record.h"
#include "malloc/family.h"
#include "record/record.h"

struct note {
    uint32_t stack; ///< 0: not noted. Whoever has the block, and readers outside; relaxed
    uint32_t thread_id;
    uint64_t time_ns;
};
static_assert(sizeof(struct note) == ENGINE_PROCESS_RECORD_SIZE, "the engine makes room for it");

void record_describe_notes(struct layout_recorder *layout)
{
    layout->stack = (struct layout_field){offsetof(struct note, stack), sizeof(uint32_t)};
    layout->thread_id = (struct layout_field){offsetof(struct note, thread_id), sizeof(uint32_t)};
    layout->time_ns = (struct layout_field){offsetof(struct note, time_ns), sizeof(uint64_t)};
}

// The note of a busy block; NULL for what is no block of the process heap. `*size`: its user size.
static NOINLINE struct note *find_note_slow(const void *data, size_t *size)
{
    struct block block;
    *size = 0;
    if (block_find(recorder.home, data, &block) != HALDE_OK) {
        return NULL;
    }
    *size = block.user_size;
    return side_record_of(&block);
}

// The same, for the usual block without a call: of a span of one slice, with byte states.
ALWAYS_INLINE struct note *find_note(const void *data, size_t *size)
{
    struct slice *span = slice_of(data);
    if (UNLIKELY(CONFIG_UNGUARDED || span == NULL || slice_kind(span) != SLICE_SPAN_BYTES ||
                 slice_heap(span) != recorder.home)) {
        return find_note_slow(data, size);
    }
    // As in fast_free_in().
    uint32_t reciprocal = span->reciprocal;
    uint64_t product = (uint64_t)(uint16_t)((uintptr_t)data - span->first_offset) * reciprocal;
    uint32_t index = (uint32_t)(product >> 32);
    const uint8_t *state = RELAXED_LOAD(span->map) + index;
    uint8_t *notes = RELAXED_LOAD(pool.remotes[slice_number(span)].records);
    if (UNLIKELY((uint32_t)product >= reciprocal || !fast_is_plain_busy(state, false) ||
                 notes == NULL)) {
        return find_note_slow(data, size);
    }
    *size = RELAXED_LOAD(span->block_size) - (__atomic_load_n(state, __ATOMIC_RELAXED) - 1U);
    return (struct note *)(void *)notes + index;
}

static void write_note(struct note *note, const struct note *value)
{
    RELAXED_STORE(note->thread_id, value->thread_id);
    RELAXED_STORE(note->time_ns, value->time_ns);
    RELAXED_STORE(note->stack, value->stack);
}

ALWAYS_INLINE void note_allocation(const void *data, const void *caller)
{
    size_t size;
    struct note *note = find_note(data, &size);
    if (UNLIKELY(note == NULL)) {
        return;
    }
    if (UNLIKELY(!record_is_noting())) {
        RELAXED_STORE(note->stack, 0);
        return;
    }
    struct unwind_memo *memo = record_thread.memo;
    if (UNLIKELY(memo == NULL)) {
        memo = record_make_memo();
    }
    uint32_t stack = record_stack(memo, caller);
    write_note(note,
        &(struct note){.stack = stack, .thread_id = record_thread_id(), .time_ns = record_time()});
    record_thread.last = ~(uintptr_t)data;
    record_tell_allocated(stack, size);
}

// Takes the note off a block that is about to go.
ALWAYS_INLINE struct note take_note(const void *data, size_t *size)
{
    struct note *note = find_note(data, size);
    if (note == NULL) {
        return (struct note){0};
    }
    struct note taken = *note;
    RELAXED_STORE(note->stack, 0);
    return taken;
}

ALWAYS_INLINE void tell_freed(
    const struct note *note, const void *data, size_t size, bool is_resized)
{
    if (note->stack == 0 || !record_is_noting()) {
        return;
    }
    uint64_t now = record_time();
    uint64_t age = now > note->time_ns ? now - note->time_ns : 0;
    record_tell_freed(
        note->stack, size, age, !is_resized && record_thread.last == ~(uintptr_t)data);
}

static void *allocate(
    size_t size, size_t alignment, uint32_t flags, enum allocator_family family, const void *caller)
{
    (void)family;
    void *block = LIKELY((alignment | flags) == 0) ? fast_alloc(recorder.heap, size) : NULL;
    if (UNLIKELY(block == NULL)) {
        block = malloc_plain_allocate(size, alignment, flags);
    }
    if (LIKELY(block != NULL)) {
        note_allocation(block, caller);
    }
    return block;
}

static void release(void *block, enum allocator_family family, const void *caller)
{
    (void)family;
    (void)caller;
    if (UNLIKELY(block == NULL)) {
        return;
    }
    size_t size;
    struct note note = take_note(block, &size);
    tell_freed(&note, block, size, false);
    if (UNLIKELY(!fast_free(recorder.heap, block))) {
        malloc_plain_release(block);
    }
}

static void *reallocate(void *block, size_t size, const void *caller)
{
    size_t old_size;
    struct note note = take_note(block, &old_size);
    void *resized = malloc_plain_reallocate(block, size);
    if (UNLIKELY(resized == NULL)) {
        struct note *place = find_note(block, &old_size);
        if (place != NULL) {
            write_note(place, &note);
        }
        return NULL;
    }
    tell_freed(&note, block, old_size, true);
    note_allocation(resized, caller);
    return resized;
}

const struct allocator_redirect record_exact = {
    .allocate = allocate,
    .reallocate = reallocate,
    .release = release,
    .size = malloc_plain_size,
};
