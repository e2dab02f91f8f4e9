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
 * There is a record for each block, and most blocks are small: so it has 16 bytes, four to a cache
 * line, and holds only what nobody else knows.  The engine knows how many bytes were asked for;
 * what all blocks of a place share is told once, by the origin (origins.h): file, line, type,
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
    uint32_t number_low;        ///< 32 bits of the request number
    uint32_t stack;             ///< where it was made: number of a call stack; 0: unknown
    uint32_t thread_and_number; ///< of who made the block, 22 bits; above, 10 bits of the number
    union {
        uint32_t origin_word; ///< number of the origin, 20 bits; above, RECORD_* bits and `state`
        struct {
            uint8_t origin_bytes[3];
            _Atomic(uint8_t) state; ///< enum record_state
        };
    };
};
static_assert(sizeof(struct record) == 16, "a side record holds a record");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the state is the word's highest byte");

enum {
    RECORD_THREAD_BITS = 22, ///< the system has threads up to 4,194,304
    RECORD_NUMBER_LOW_BITS = 32,
    RECORD_NUMBER_BITS = RECORD_NUMBER_LOW_BITS + 32 - RECORD_THREAD_BITS, ///< 4 * 10^12
    RECORD_ORIGIN_BITS = 20,

    // Bits of `origin_word`.
    RECORD_REPORTED = 1 << 22, ///< damage, by the incremental check; under section_stop()
    RECORD_SHAPED = 1 << 23,   ///< an aligned block, or one with another front gap than the usual

    FRONT_GAP_SHIFT = 4,
    FRONT_GAP_SIZE = 1 << FRONT_GAP_SHIFT, ///< keeps user data at the engine's alignment
};
#define RECORD_NUMBER_MASK (((uint64_t)1 << RECORD_NUMBER_BITS) - 1)

/// Request number; 0 for an ignored block.
ALWAYS_INLINE uint64_t record_number(const struct record *record)
{
    return record->number_low | (uint64_t)(record->thread_and_number >> RECORD_THREAD_BITS)
                                    << RECORD_NUMBER_LOW_BITS;
}

/// Of who made the block.
ALWAYS_INLINE uint32_t record_thread(const struct record *record)
{
    return record->thread_and_number & ((1u << RECORD_THREAD_BITS) - 1);
}

ALWAYS_INLINE void record_set_number_and_thread(
    struct record *record, uint64_t number, uint32_t thread_id)
{
    const uint32_t high = (uint32_t)(number >> RECORD_NUMBER_LOW_BITS);
    record->number_low = (uint32_t)number;
    record->thread_and_number =
        (thread_id & ((1u << RECORD_THREAD_BITS) - 1)) | high << RECORD_THREAD_BITS;
}

// The origin is read and written in one, so that who looks at a block that another thread makes
// finds no number that was never one.

ALWAYS_INLINE uint32_t record_origin(const struct record *record)
{
    return RELAXED_LOAD(record->origin_word) & ((1u << RECORD_ORIGIN_BITS) - 1);
}

/// Whether the origin has to be asked where the block's parts lie.
ALWAYS_INLINE bool record_is_shaped(const struct record *record)
{
    return (RELAXED_LOAD(record->origin_word) & RECORD_SHAPED) != 0;
}

ALWAYS_INLINE bool record_is_reported(const struct record *record)
{
    return (RELAXED_LOAD(record->origin_word) & RECORD_REPORTED) != 0;
}

/// While the sections are stopped.
ALWAYS_INLINE void record_set_reported(struct record *record)
{
    __atomic_fetch_or(&record->origin_word, (uint32_t)RECORD_REPORTED, __ATOMIC_RELAXED);
}

/// Of a block whose state is RECORD_NONE.
ALWAYS_INLINE void record_set_origin(struct record *record, uint32_t origin, bool is_shaped)
{
    const uint32_t word = origin | (is_shaped ? (uint32_t)RECORD_SHAPED : 0);
    __atomic_store_n(&record->origin_word, word, __ATOMIC_RELAXED);
}

#endif
