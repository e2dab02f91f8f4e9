// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file statistics.h
 * What a heap holds, in figures: as a struct, as text, as JSON.
 *
 * A heap is stopped while it is counted, so all figures of one call belong together and are exact.
 * Only `peak_size` is kept while the heap works: it counts slices of 64 KiB, because nothing is
 * counted block by block on the way.
 *
 * Threads: any.  No function here changes `errno` or allocates from a heap.
 */
#ifndef HALDE_STATISTICS_H
#define HALDE_STATISTICS_H

#include <halde/heap.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The blocks of one size class that lie in spans of their own. */
struct halde_class_statistics {
    size_t block_size;   ///< bytes that each block has
    size_t span_count;   ///< spans, at least 1
    size_t span_size;    ///< bytes of the spans, with what they give away at their ends
    size_t busy_count;   ///< blocks in the user's hands
    size_t busy_size;    ///< their user sizes
    size_t cached_count; ///< free blocks that wait in a thread's magazine
    size_t free_count;   ///< the other free blocks
};

/** A heap. All sizes are bytes. */
struct halde_heap_statistics {
    size_t live_count;     ///< busy blocks
    size_t live_size;      ///< their user sizes
    size_t used_size;      ///< memory in use: spans, mixed span and large blocks, in whole slices
    size_t peak_size;      ///< the most that `used_size` has been since the heap was made
    size_t committed_size; ///< as halde_heap_summarize() reports it
    size_t reserved_size;  ///< as halde_heap_summarize() reports it
    size_t resident_size;  ///< of the committed memory, what is in physical memory now
    size_t free_size;      ///< free slices that were used before; parts may have been given back

    size_t mixed_count;      ///< busy blocks in the mixed span, where a heap starts
    size_t mixed_size;       ///< their user sizes
    size_t mixed_span_size;  ///< the span itself
    size_t large_count;      ///< busy blocks with slices of their own
    size_t large_size;       ///< their user sizes
    size_t large_slice_size; ///< their slices
    size_t span_size;        ///< spans of one size class
    size_t span_cached_size; ///< blocks in them that are free and wait in a thread's magazine
    size_t span_free_size;   ///< the other free blocks in them

    size_t class_count; ///< size classes that have a span
};

/** The size classes there are: so many class statistics suffice for every heap. */
#define HALDE_CLASS_COUNT_MAX 88

/**
 * Counts a heap under its lock.
 *
 * @param statistics  receives the figures; not NULL
 * @param classes     receives the first `capacity` size classes that have a span, smallest first;
 *                    NULL when `capacity` is 0
 * @return HALDE_OK, HALDE_BAD_HEAP or HALDE_BAD_ARGUMENT
 */
HALDE_API enum halde_status halde_heap_get_statistics(halde_heap *heap,
    struct halde_heap_statistics *statistics, struct halde_class_statistics *classes,
    size_t capacity);

enum halde_statistics_format {
    HALDE_STATISTICS_TEXT = 1, ///< lines that begin with "halde: heap", one and more for each heap
    HALDE_STATISTICS_JSON,     ///< one line; its keys are described in halde-options(7)
};

/**
 * Counts heaps and writes what they hold to a descriptor.
 *
 * @param heap  the heap, or NULL for all there are, the process heap first
 * @param descriptor  open for writing
 * @return HALDE_OK, also when the descriptor did not take all of it; HALDE_BAD_HEAP;
 * HALDE_BAD_ARGUMENT for another format, or when the descriptor is not open; HALDE_NO_MEMORY when
 * the system has no page for the list of all heaps
 */
HALDE_API enum halde_status halde_heap_print_statistics(
    halde_heap *heap, enum halde_statistics_format format, int descriptor);

#ifdef __cplusplus
}
#endif

#endif
