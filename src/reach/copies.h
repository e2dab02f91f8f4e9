// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Copies of the memory that blocks lie in, made line by line when one is needed.
 *
 * To ask for each block alone would cost a system call a block.  A line has its one place, by its
 * address; there are places for the whole range of the blocks, up to a limit of memory.  Nothing
 * is copied of what is here anyway; a search of its own process has one stretch of memory of which
 * not even that is asked.  Bytes that cannot be read are zero: no pointers.
 */
#ifndef REACH_COPIES_H
#define REACH_COPIES_H

#include "reach/reach.h"

enum {
    COPY_LINE_SHIFT = 14,
    COPY_LINE_SIZE = 1 << COPY_LINE_SHIFT,
};

/// What is at a place.
struct copy_line {
    uint64_t tag;         ///< number of the line, plus 1; 0: none
    const uint8_t *bytes; ///< of the line: a copy, or where they are anyway
};

struct copies {
    reach_reader read;
    reach_holder hold;
    void *context;
    struct reach_range direct; ///< what is read where it is
    struct copy_line *lines;   ///< for each place
    uint8_t *bytes;            ///< room for a copy for each place
    size_t place_count;        ///< a power of two
    size_t memory_size;
    uint64_t read_size; ///< bytes that were read
    uint64_t hole_size; ///< bytes that could not be read
};

enum {
    /// So many pages that cannot be read, and nothing is read any more: what a damaged or hostile
    /// file says of sizes must not keep us busy for days.
    COPY_HOLES_MAX = 1 << 20,
};

/// Whether to give up reading.
ALWAYS_INLINE bool copies_are_exhausted(const struct copies *copies)
{
    return UNLIKELY(copies->hole_size >> 12 >= COPY_HOLES_MAX);
}

struct copies_source {
    reach_reader read;
    reach_holder hold; ///< NULL: nothing is here yet
    void *context;
    struct reach_range direct; ///< memory of this process, readable; empty: none
    uint64_t range_size;       ///< bytes from the first block to the end of the last
    bool is_dense;             ///< most of them will be asked for
    size_t limit;              ///< bytes of all lines
};
/// False: no memory.
bool copies_init(struct copies *copies, const struct copies_source *source);
void copies_release(struct copies *copies);

/// Reads all that can be read of [address, address + size); the rest becomes 0. Returns how many
/// bytes could be read.
size_t copies_read_through(struct copies *copies, uint64_t address, void *buffer, size_t size);

COLD void copies_fill(struct copies *copies, uint64_t line, size_t place);

/// Whether the byte at an address is read where it is.
ALWAYS_INLINE bool copies_are_needless(const struct copies *copies, uint64_t address)
{
    return address - copies->direct.start < copies->direct.end - copies->direct.start;
}

/// The bytes at an address: up to the end of a line, and until other bytes are asked for.
ALWAYS_INLINE const uint8_t *copies_at(struct copies *copies, uint64_t address, size_t *size)
{
    if (copies_are_needless(copies, address)) {
        *size = copies->direct.end - address;
        return (const uint8_t *)(uintptr_t)address;
    }
    const uint64_t line = address >> COPY_LINE_SHIFT;
    const size_t place = line & (copies->place_count - 1);
    const size_t offset = address & (COPY_LINE_SIZE - 1);
    if (UNLIKELY(copies->lines[place].tag != line + 1)) {
        copies_fill(copies, line, place);
    }
    *size = COPY_LINE_SIZE - offset;
    return copies->lines[place].bytes + offset;
}

/// Tells the processor that the bytes at an address will be asked for, if they are there.
ALWAYS_INLINE void copies_prefetch(const struct copies *copies, uint64_t address)
{
    if (copies_are_needless(copies, address)) {
        __builtin_prefetch((const void *)(uintptr_t)address);
        return;
    }
    const size_t place = (address >> COPY_LINE_SHIFT) & (copies->place_count - 1);
    const uintptr_t bytes = (uintptr_t)copies->lines[place].bytes;
    __builtin_prefetch((const void *)(bytes + (address & (COPY_LINE_SIZE - 1))));
}

/// Copies a few bytes without disturbing the line of `kept`, an address. Unreadable ones are 0.
void copies_peek(struct copies *copies, uint64_t kept, uint64_t address, void *buffer, size_t size);

#endif
