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
 *     | padding | pointer | gap 0xED | inner data, `inner_size`| 0xFD         |
 *     +---------+---------+----------+-------------------------+--------------+
 *     user      user + inner - 16    user + inner                      user + size
 */
#ifndef CRTDBG_RECORD_H
#define CRTDBG_RECORD_H

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
    uint64_t number;   ///< request number; 0 for an ignored block
    const char *file;  ///< as the program gave it; perhaps of a module that is gone by now
    size_t size;       ///< user bytes, of an aligned block with its inner header
    size_t inner_size; ///< aligned block: bytes asked for
    int32_t line;
    int32_t use;               ///< type in the low half, subtype in the high half
    uint32_t file_name;        ///< number of a copy of `file` in file_names.c; 0: none
    uint32_t front;            ///< bytes of the front gap
    uint32_t inner;            ///< aligned block: what the program holds - user pointer; else 0
    uint32_t thread_id;        ///< of who made the block
    uint32_t stack;            ///< where it was made: number of a call stack; 0: unknown
    _Atomic(uint8_t) state;    ///< enum record_state
    uint8_t family;            ///< enum allocator_family
    uint8_t has_been_reported; ///< damage, by the incremental check; under section_stop()
    uint8_t reserved;
};
static_assert(sizeof(struct record) == 64, "a side record holds a record");

#endif
