// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// mode=exact: every block has who asked for it in its side record.  A record without a stack is one
// that nobody noted: those from before the start.

#include "engine/block.h"
#include "engine/fast.h"
#include "engine/heap.h"
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

// The note of a busy block of a heap, or (NULL) of any; NULL for what is no block of an observed
// heap. `*size`: its user size.
static NOINLINE struct note *find_note_slow(const struct heap *heap, const void *data, size_t *size)
{
    struct block block;
    *size = 0;
    if (!record_find_block(heap, data, &block)) {
        return NULL;
    }
    *size = block.user_size;
    return side_record_of(&block);
}

// The same, for the usual block of an observed heap without a call: of a span of one slice, with
// byte states. Others: in `otherwise`, or (NULL) in any heap.
ALWAYS_INLINE struct note *find_note_in(
    const struct heap *heap, const struct heap *otherwise, const void *data, size_t *size)
{
    struct slice *span = slice_of(data);
    if (UNLIKELY(CONFIG_UNGUARDED || span == NULL || slice_kind(span) != SLICE_SPAN_BYTES ||
                 slice_heap(span) != heap)) {
        return find_note_slow(otherwise, data, size);
    }
    // As in fast_free_in().
    uint32_t reciprocal = span->reciprocal;
    uint64_t product = (uint64_t)(uint16_t)((uintptr_t)data - span->first_offset) * reciprocal;
    uint32_t index = (uint32_t)(product >> 32);
    const uint8_t *state = RELAXED_LOAD(span->map) + index;
    uint8_t *notes = RELAXED_LOAD(pool.remotes[slice_number(span)].records);
    if (UNLIKELY((uint32_t)product >= reciprocal || !fast_is_plain_busy(state, false) ||
                 notes == NULL)) {
        return find_note_slow(otherwise, data, size);
    }
    *size = RELAXED_LOAD(span->block_size) - (__atomic_load_n(state, __ATOMIC_RELAXED) - 1U);
    return (struct note *)(void *)notes + index;
}

// A block that the malloc family was given, or gives.
ALWAYS_INLINE struct note *find_note(const void *data, size_t *size)
{
    return find_note_in(recorder.home, NULL, data, size);
}

static void write_note(struct note *note, const struct note *value)
{
    RELAXED_STORE(note->thread_id, value->thread_id);
    RELAXED_STORE(note->time_ns, value->time_ns);
    RELAXED_STORE(note->stack, value->stack);
}

ALWAYS_INLINE void note_allocation(
    struct note *note, const void *data, size_t size, const void *caller)
{
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
ALWAYS_INLINE struct note take_note(struct note *note)
{
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

// ---- The malloc family --------------------------------------------------------------------------

static void *allocate(
    size_t size, size_t alignment, uint32_t flags, enum allocator_family family, const void *caller)
{
    (void)family;
    struct thread *thread = thread_current;
    void *block = LIKELY((alignment | flags) == 0)
                      ? fast_alloc_in(thread, &thread->open_home, recorder.heap, size)
                      : NULL;
    if (UNLIKELY(block == NULL)) {
        block = malloc_plain_allocate(size, alignment, flags);
    }
    if (LIKELY(block != NULL)) {
        size_t user_size;
        struct note *note = find_note(block, &user_size);
        note_allocation(note, block, user_size, caller);
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
    struct note note = take_note(find_note(block, &size));
    tell_freed(&note, block, size, false);
    struct thread *thread = thread_current;
    if (UNLIKELY(!fast_free_in(thread, &thread->open_home, recorder.heap, block))) {
        malloc_plain_release(block);
    }
}

// A block's note has been taken off, but the block stays as it was.
static void put_back(const struct note *note, const struct heap *heap, const void *block)
{
    size_t size;
    struct note *place = note->stack == 0 ? NULL : find_note_slow(heap, block, &size);
    if (place != NULL) {
        write_note(place, note);
    }
}

static void *reallocate(void *block, size_t size, const void *caller)
{
    size_t old_size;
    struct note note = take_note(find_note(block, &old_size));
    void *resized = malloc_plain_reallocate(block, size);
    if (UNLIKELY(resized == NULL)) {
        put_back(&note, NULL, block);
        return NULL;
    }
    tell_freed(&note, block, old_size, true);
    size_t user_size;
    struct note *place = find_note(resized, &user_size);
    note_allocation(place, resized, user_size, caller);
    return resized;
}

const struct allocator_redirect record_exact = {
    .allocate = allocate,
    .reallocate = reallocate,
    .release = release,
    .size = malloc_plain_size,
};

// ---- Heaps --------------------------------------------------------------------------------------
// What is no block of that very heap keeps its note: the functions refuse it.

static void *allocate_in(
    halde_heap *handle, size_t size, size_t alignment, uint32_t flags, const void *caller)
{
    struct thread *thread = thread_current;
    void *block = LIKELY((alignment | flags) == 0)
                      ? fast_alloc_in(thread, &thread->observed, handle, size)
                      : NULL;
    if (UNLIKELY(block == NULL)) {
        block = heap_alloc_plain(handle, size, alignment, flags);
    }
    const struct heap *heap = record_observed_heap(handle);
    if (LIKELY(block != NULL && heap != NULL)) {
        size_t user_size;
        struct note *note = find_note_in(heap, heap, block, &user_size);
        note_allocation(note, block, user_size, caller);
    }
    return block;
}

static void *reallocate_in(halde_heap *handle, void *block, size_t size, uint32_t flags,
    enum halde_status *status, const void *caller)
{
    size_t old_size = 0;
    const struct heap *heap = record_observed_heap(handle);
    if (UNLIKELY(heap == NULL)) {
        return heap_realloc_plain(handle, block, size, flags, status);
    }
    struct note note = take_note(find_note_in(heap, heap, block, &old_size));
    void *resized = heap_realloc_plain(handle, block, size, flags, status);
    if (UNLIKELY(resized == NULL)) {
        put_back(&note, heap, block);
        return NULL;
    }
    tell_freed(&note, block, old_size, true);
    size_t user_size;
    struct note *place = find_note_in(heap, heap, resized, &user_size);
    note_allocation(place, resized, user_size, caller);
    return resized;
}

static enum halde_status release_in(halde_heap *handle, void *block, uint32_t flags)
{
    size_t size = 0;
    const struct heap *heap = record_observed_heap(handle);
    if (UNLIKELY(heap == NULL || block == NULL)) {
        return heap_free_plain(handle, block, flags);
    }
    struct note note = take_note(find_note_in(heap, heap, block, &size));
    struct thread *thread = thread_current;
    enum halde_status status = LIKELY(fast_free_in(thread, &thread->observed, handle, block))
                                   ? HALDE_OK
                                   : heap_free_plain(handle, block, flags);
    if (UNLIKELY(status != HALDE_OK)) {
        put_back(&note, heap, block);
    } else {
        tell_freed(&note, block, size, false);
    }
    return status;
}

static bool tell_all_freed(const struct halde_block *blocks, size_t count, void *context)
{
    for (size_t i = 0; i < count; i++) {
        size_t size;
        struct note note = take_note(find_note_slow(context, blocks[i].data, &size));
        tell_freed(&note, blocks[i].data, size, false);
    }
    return true;
}

static void destroy(halde_heap *handle)
{
    record_walk_observed(handle, tell_all_freed);
}

const struct heap_observer record_exact_observer = {
    .record_size = sizeof(struct note),
    .allocate = allocate_in,
    .reallocate = reallocate_in,
    .release = release_in,
    .destroy = destroy,
};
