// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What the debug heap knows of a block.  It lies in the block's side record: out of band, where no
 * overrun reaches it.
 *
 *     engine block, `capacity` bytes
 *     +----------------+---------------------------+------------------------+
 *     | front gap 0xFD | user data, `size` bytes   | tail gap and slack 0xFD|
 *     +----------------+---------------------------+------------------------+
 *     base             base + front                                  base + capacity
 *                      ^ user pointer: what programs hold, and what dumps and hooks show
 *
 * The front gap has 16 bytes, more only where POSIX functions ask for a larger alignment.  A block
 * of the _aligned_ functions has an inner layout, which the numbers of dumps and hooks show: user
 * data begins with padding and an inner header, and the program holds `inner` more than the user
 * pointer:
 *
 *     +---------+---------+----------+-------------------------+--------------+
 *     | padding | pointer | gap 0xED | inner data, inner size  | 0xFD         |
 *     +---------+---------+----------+-------------------------+--------------+
 *     user      user + inner - 16    user + inner                      user + size
 *
 * There is a record for each block, and most blocks are small: so it has 32 bytes, two to a cache
 * line, and what can be derived is.  Sizes and request numbers have 48 bits, more than a process
 * has addresses; file and line are one number (origins.h); the size of inner data follows from its
 * alignment.  Fields of more than one value are read and written by the functions below.
 */
#ifndef CRTDBG_RECORD_H
#define CRTDBG_RECORD_H

#include "base/bits.h"
#include "base/compiler.h"

enum record_state {
    RECORD_NONE,        ///< no debug block: a place that is free, or not ready yet
    RECORD_LIVE,        ///< in the program's hands
    RECORD_IGNORED,     ///< the same, made while tracking was off: nothing counts or lists it
    RECORD_DELAYED,     ///< freed under _CRTDBG_DELAY_FREE_MEM_DF: stays for ever, type _FREE_BLOCK
    RECORD_QUARANTINED, ///< freed, kept for a while so that late writes are found
};

/// Written in a section by whoever makes, resizes or ends the block; `state` also by a
/// compare-and-swap, so that of two threads that free a block one wins.
struct record {
    uint64_t size_and_number;  ///< user bytes, 48 bits; above, 16 bits of the request number
    uint32_t number_high;      ///< the other 32 bits of it
    uint32_t stack;            ///< where it was made: number of a call stack; 0: unknown
    uint32_t inner;            ///< aligned block: what the program holds - user pointer; else 0
    int32_t use;               ///< type in the low half, subtype in the high half
    uint32_t thread_and_shape; ///< of who made the block, 24 bits; above, RECORD_SHAPE_* bits
    uint16_t origin_low;       ///< number of file and line as the program gave them; 0: none
    uint8_t origin_high;       ///< 8 more bits of it
    _Atomic(uint8_t) state;    ///< enum record_state
};
static_assert(sizeof(struct record) == 32, "a side record holds a record");
static_assert(offsetof(struct record, state) == 31, "the state is a byte of its own");

enum {
    RECORD_SIZE_BITS = 48,
    RECORD_NUMBER_OFFSET = RECORD_SIZE_BITS / 8, ///< bytes: where the number begins
    RECORD_NUMBER_SIZE = 6,                      ///< bytes of it
    RECORD_THREAD_BITS = 24,                     ///< the system has threads up to 4,194,304
    RECORD_ORIGIN_BITS = 24,

    // The byte above the thread.
    RECORD_SHIFT_BITS = 5,   ///< log2 of the alignment: of the inner data, or of the user data
    RECORD_SHIFT_MAX = 31,   ///< so much
    RECORD_FAMILY_SHIFT = 5, ///< enum allocator_family, 2 bits
    RECORD_FAMILY_MASK = 3,
    RECORD_REPORTED = 1 << 7, ///< damage, by the incremental check; under section_stop()

    FRONT_GAP_SHIFT = 4,
    FRONT_GAP_SIZE = 1 << FRONT_GAP_SHIFT, ///< keeps user data at the engine's alignment
};
#define RECORD_SIZE_MAX (((uint64_t)1 << RECORD_SIZE_BITS) - 1)

// ---- Size and request number ------------------------------------------------------------------

/// User bytes, of an aligned block with its inner header.
ALWAYS_INLINE size_t record_size(const struct record *record)
{
    return (size_t)(record->size_and_number & RECORD_SIZE_MAX);
}

/// Request number; 0 for an ignored block.
ALWAYS_INLINE uint64_t record_number(const struct record *record)
{
    return record->size_and_number >> RECORD_SIZE_BITS | (uint64_t)record->number_high
                                                             << (64 - RECORD_SIZE_BITS);
}

/// `size` is at most RECORD_SIZE_MAX.
ALWAYS_INLINE void record_set_size_and_number(struct record *record, size_t size, uint64_t number)
{
    record->size_and_number = size | number << RECORD_SIZE_BITS;
    record->number_high = (uint32_t)(number >> (64 - RECORD_SIZE_BITS));
}

// ---- Origin -----------------------------------------------------------------------------------

ALWAYS_INLINE uint32_t record_origin(const struct record *record)
{
    return (uint32_t)record->origin_low | (uint32_t)record->origin_high << 16;
}

ALWAYS_INLINE void record_set_origin(struct record *record, uint32_t origin)
{
    record->origin_low = (uint16_t)origin;
    record->origin_high = (uint8_t)(origin >> 16);
}

// ---- Thread and shape -------------------------------------------------------------------------

/// `alignment_shift` is at most RECORD_SHIFT_MAX.
ALWAYS_INLINE uint32_t record_thread_and_shape(
    uint32_t thread_id, uint32_t alignment_shift, uint32_t family)
{
    const uint32_t shape = alignment_shift | family << RECORD_FAMILY_SHIFT;
    return (thread_id & ((1u << RECORD_THREAD_BITS) - 1)) | shape << RECORD_THREAD_BITS;
}

/// Of who made the block.
ALWAYS_INLINE uint32_t record_thread(const struct record *record)
{
    return record->thread_and_shape & ((1u << RECORD_THREAD_BITS) - 1);
}

ALWAYS_INLINE uint32_t record_shape(const struct record *record)
{
    return record->thread_and_shape >> RECORD_THREAD_BITS;
}

/// enum allocator_family
ALWAYS_INLINE uint32_t record_family(const struct record *record)
{
    return record_shape(record) >> RECORD_FAMILY_SHIFT & RECORD_FAMILY_MASK;
}

ALWAYS_INLINE uint32_t record_alignment_shift(const struct record *record)
{
    return record_shape(record) & ((1u << RECORD_SHIFT_BITS) - 1);
}

/// Bytes of the front gap.
ALWAYS_INLINE size_t record_front(const struct record *record)
{
    return record->inner != 0 ? FRONT_GAP_SIZE : (size_t)1 << record_alignment_shift(record);
}

/// Whether the front gap has FRONT_GAP_SIZE bytes, as most have.
ALWAYS_INLINE bool record_has_usual_front(const struct record *record)
{
    return LIKELY(record_alignment_shift(record) == FRONT_GAP_SHIFT) || record->inner != 0;
}

/// Makes an aligned block a plain one.
ALWAYS_INLINE void record_forget_inner(struct record *record)
{
    if (UNLIKELY(record->inner != 0)) {
        const uint32_t shift_mask = (1u << RECORD_SHIFT_BITS) - 1;
        record->inner = 0;
        record->thread_and_shape =
            (record->thread_and_shape & ~(shift_mask << RECORD_THREAD_BITS)) |
            (uint32_t)FRONT_GAP_SHIFT << RECORD_THREAD_BITS;
    }
}

/// Of an aligned block: the bytes that were asked for.  Padding and inner header take what
/// Microsoft's do (lay_out() in aligned.c): an alignment less one, two words, and what an offset is
/// above a word, which the inner data is, too.
ALWAYS_INLINE size_t record_inner_size(const struct record *record)
{
    const size_t above = record->inner & (sizeof(void *) - 1);
    const size_t mask = ((size_t)1 << record_alignment_shift(record)) - 1;
    return record_size(record) - (above + mask + 2 * sizeof(void *));
}

#endif
