// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/large.h"

#include "engine/heap.h"
#include "engine/side_record.h"

#include <string.h>

enum {
    COLOUR_COUNT = 16,
    COLOUR_STEP =
        32, // offsets are odd multiples of 16: no two blocks promise more alignment than all
    PURGE_TO_ZERO_MIN = 256 * 1024, // below, writing zeroes is as fast as getting new pages
    MOVE_PAGES_MIN = 1 << 20,       // below, copying is as fast as changing page tables
};
static const size_t ALIGNMENT_MAX = (size_t)1 << 38;

static size_t offset_for(size_t alignment, size_t colour, bool is_alone)
{
    if (alignment > GRANULE_SIZE) {
        return alignment < SLICE_SIZE ? alignment : 0;
    }
    return is_alone ? LARGE_ALONE_OFFSET : GRANULE_SIZE + (colour % COLOUR_COUNT) * COLOUR_STEP;
}

static size_t slices_for(size_t size)
{
    return size_max((size + SLICE_SIZE - 1) >> SLICE_SHIFT, 1);
}

static void append(struct heap *heap, struct slice *slice)
{
    slice->next = 0;
    slice->previous = heap->large_last;
    if (heap->large_last != 0) {
        slice_at(heap->large_last)->next = slice_number(slice);
    } else {
        heap->large_first = slice_number(slice);
    }
    heap->large_last = slice_number(slice);
}

static void remove_from_list(struct heap *heap, struct slice *slice)
{
    *(slice->previous != 0 ? &slice_at(slice->previous)->next : &heap->large_first) = slice->next;
    *(slice->next != 0 ? &slice_at(slice->next)->previous : &heap->large_last) = slice->previous;
}

static struct slice *take_alone(struct heap *heap, size_t count, size_t alignment)
{
    struct slice *first = heap->maximum_size == 0 ? pool_take(heap, count, alignment) : NULL;
    if (first != NULL && heap_protect(heap, first, count) != 0) {
        pool_give(first, count);
        return NULL;
    }
    if (first != NULL) {
        heap->alone_slices += (uint32_t)count;
        heap_note_peak(heap);
    }
    return first;
}

// For zero_on_free.
static void zero_slices(struct slice *first, size_t count)
{
    size_t size = count << SLICE_SHIFT;
    if (size >= PURGE_TO_ZERO_MIN) {
        pool_purge_slices(first, count);
    }
    if (pool_dirty_count(first, count) != 0) {
        memset((void *)slice_address(first), 0, size);
    }
}

static void give(struct heap *heap, bool is_alone, struct slice *first, size_t count)
{
    if (heap_zeroes_freed(heap)) {
        zero_slices(first, count);
    }
    if (!is_alone) {
        heap_give_slices(heap, first, count);
        return;
    }
    if ((heap->flags & HALDE_HEAP_EXECUTABLE) != 0) {
        os_uncommit_exec((void *)slice_address(first), count << SLICE_SHIFT);
    }
    heap->alone_slices -= (uint32_t)count;
    pool_give(first, count);
}

void *large_alloc(
    struct heap *heap, size_t size, size_t user_size, size_t alignment, bool *is_clean)
{
    if (size > SIZE_MAX / 2 || alignment > ALIGNMENT_MAX) {
        return NULL;
    }
    bool is_alone = user_size >= LARGE_ALONE_SIZE;
    size_t slice_alignment = size_max(alignment, SLICE_SIZE);
    static _Atomic(uint32_t) colour;
    size_t shade = atomic_fetch_add_explicit(&colour, 1, memory_order_relaxed);
    size_t offset = offset_for(alignment, shade, is_alone);
    size_t count = slices_for(size + offset);
    struct slice *first = is_alone ? take_alone(heap, count, slice_alignment)
                                   : heap_take_slices(heap, count, slice_alignment);
    if (first == NULL) {
        return NULL;
    }
    if (!side_records_make(first, heap, 1)) {
        give(heap, is_alone, first, count);
        return NULL;
    }
    *is_clean = pool_mark_dirty(first, count);
    first->slice_count = count;
    RELAXED_STORE(first->user_size, user_size);
    RELAXED_STORE(first->first_offset, (uint16_t)offset);
    RELAXED_STORE(first->distance, 0);
    first->flags &= SLICE_FLAG_REGION_START;
    slice_set_kind(first, is_alone ? SLICE_ALONE : SLICE_LARGE);
    if (is_alone) {
        append(heap, first);
    }
    return large_block(first);
}

void large_free(struct heap *heap, struct slice *slice)
{
    bool is_alone = slice_kind(slice) == SLICE_ALONE;
    if (is_alone) {
        remove_from_list(heap, slice);
    }
    side_records_release(slice, heap, 1);
    slice_set_kind(slice, SLICE_NONE);
    give(heap, is_alone, slice, slice->slice_count);
}

static bool extend(struct heap *heap, struct slice *slice, size_t count)
{
    struct slice *next = slice + slice->slice_count;
    size_t more = count - slice->slice_count;
    bool is_alone = slice_kind(slice) == SLICE_ALONE;
    bool is_taken =
        is_alone ? pool_take_at(heap, next, more) : heap_take_slices_at(heap, next, more);
    if (!is_taken) {
        return false;
    }
    if (is_alone && heap_protect(heap, next, more) != 0) {
        pool_give(next, more);
        return false;
    }
    if (is_alone) {
        heap->alone_slices += (uint32_t)more;
        heap_note_peak(heap);
    }
    pool_mark_dirty(next, more);
    return true;
}

bool large_resize(
    struct heap *heap, struct slice *slice, size_t size, size_t user_size, bool may_extend)
{
    if (size > SIZE_MAX / 2 ||
        (slice_kind(slice) == SLICE_LARGE && user_size >= LARGE_ALONE_SIZE)) {
        return false;
    }
    size_t count = slices_for(size + slice->first_offset);
    if (count > slice->slice_count && !(may_extend && extend(heap, slice, count))) {
        return false;
    }
    size_t old_count = slice->slice_count;
    bool shrinks = user_size < slice->user_size; // otherwise what it has beyond is headroom
    count = shrinks ? count : size_max(count, old_count);
    slice->slice_count = count;
    RELAXED_STORE(slice->user_size, user_size);
    if (count < old_count) {
        slice[count].flags = 0;
        give(heap, slice_kind(slice) == SLICE_ALONE, slice + count, old_count - count);
    }
    return true;
}

bool large_zero(struct slice *slice)
{
    size_t count = slice->slice_count;
    if (slice->user_size < PURGE_TO_ZERO_MIN) {
        return false;
    }
    pool_purge_slices(slice, count);
    return pool_mark_dirty(slice, count);
}

void large_release_all(struct heap *heap)
{
    while (heap->large_first != 0) {
        large_free(heap, slice_at(heap->large_first));
    }
}

void large_copy(const struct slice *from, const struct slice *to, size_t size)
{
    bool can_move = size >= MOVE_PAGES_MIN && from->first_offset == to->first_offset;
    if (can_move) {
        size_t bytes = bits_round_up(size + from->first_offset, os_page_size());
        if (os_move_pages((void *)slice_address(from), (void *)slice_address(to), bytes) == 0) {
            return;
        }
    }
    memcpy(large_block(to), large_block(from), size);
}
