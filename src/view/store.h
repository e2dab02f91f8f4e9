// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What was read of a process: a copy of its pages, so that nothing is read twice and most of it in
 * large pieces.
 *
 * Kept in lines of 64 KiB, found by a hash table of line numbers.  A line is read as a whole; where
 * that fails, page by page, because the engine's areas end anywhere.  A frugal store reads single
 * pages and starts over when it is full.
 *
 * Memory: one reservation, of which as much is made accessible as is used.
 */
#ifndef VIEW_STORE_H
#define VIEW_STORE_H

#include "view/view.h"

enum {
    STORE_LINE_SHIFT = 16,
    STORE_LINE_SIZE = 1 << STORE_LINE_SHIFT,
    STORE_PAGE_SHIFT = 12,
    STORE_PAGES = 1 << (STORE_LINE_SHIFT - STORE_PAGE_SHIFT), ///< in a line
};

struct store_line {
    uint64_t number; ///< address >> STORE_LINE_SHIFT
    uint16_t valid;  ///< pages that are here
    uint16_t missed; ///< pages that could not be read
};

struct store {
    view_reader read;
    void *context;
    uint64_t read_size; ///< bytes read so far
    bool reads_pages;   ///< rather than lines
    bool starts_over;   ///< when it is full; otherwise reading fails then

    char *memory; ///< all of it: index, lines' descriptions, lines
    size_t memory_size;
    uint32_t *index;      ///< hash table: line + 1; 0: empty
    uint32_t index_count; ///< in use: a power of two
    struct store_line *lines;
    char *bytes; ///< of the lines
    uint32_t line_count, line_capacity;
    uint32_t committed; ///< lines whose bytes are accessible
    uint32_t last;      ///< line that was used last

    uint64_t *remembered; ///< numbers of lines, ascending: store_remember()
    uint32_t remembered_count;
    struct view_piece *pieces; ///< room for one for each of them
    size_t remembered_size;    ///< bytes of both arrays
};

/// Takes addresses for up to `line_capacity` lines, fewer where the system does not give so many.
/// False: there are none.
bool store_init(struct store *store, view_reader read, void *context, uint32_t line_capacity);
void store_release(struct store *store);
/// Forgets everything.
void store_clear(struct store *store);

/// Copies bytes. False: not all of them can be read.
bool store_read(struct store *store, uint64_t address, void *buffer, size_t size);
/// Keeps in mind which lines are here now.  Without memory it keeps none.
void store_remember(struct store *store);
/// Reads those lines at once into the empty store, as far as that is possible.
void store_recall(struct store *store, view_bulk_reader read_many);
/// Reads as much of a range as can be read. False: the store is full or out of memory.
bool store_touch(struct store *store, uint64_t address, uint64_t size);

#endif
