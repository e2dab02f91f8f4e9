// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The stack depot: keeps each different stack once, under a number of 32 bits.
 *
 * Stacks are never removed.  All of it lies in one range of addresses that is taken at the first
 * use; its memory becomes accessible piece by piece, up to a limit.
 *
 *     +--------+-------------------+--------------------------------------------------------------+
 *     | header | buckets           | entries                                                      |
 *     |        | 4 bytes each      | { next, hash, frame_count, self; frames[frame_count] } ...   |
 *     +--------+-------------------+--------------------------------------------------------------+
 *     0        buckets_offset      entries_offset                                   used  <= limit
 *
 * The number of a stack is the offset of its entry, divided by 8; 0 is none.  A bucket holds the
 * number of the newest entry whose hash ends in the bucket's index, `next` that of the one before.
 * The header says where things are, so that another process or a core file's reader needs no
 * symbols.
 *
 * Threads: any, in signal handlers, too.  There is no lock: an entry is written before a bucket
 * shows it, and nothing that is shown changes any more.
 */
#ifndef UNWIND_STACK_DEPOT_H
#define UNWIND_STACK_DEPOT_H

#include "base/compiler.h"

enum {
    STACK_DEPOT_VERSION = 1,
    STACK_DEPOT_FRAMES_MAX = 4096, ///< of a stack; what is longer is cut at the outer end
    STACK_DEPOT_LIMIT = 256 << 20, ///< bytes, unless stack_depot_init() says otherwise
    STACK_DEPOT_LIMIT_MIN = 1 << 20,
};

#define STACK_DEPOT_MAGIC "HaldeStk"

/// At the beginning of the depot. Offsets count from here; all in bytes unless a name says
/// otherwise.
struct stack_depot_header {
    char magic[8];
    uint32_t version;
    uint32_t header_size;
    uint64_t limit;          ///< of the whole depot
    uint64_t buckets_offset; ///< bucket_count words of 32 bits
    uint64_t bucket_count;   ///< a power of two
    uint64_t entries_offset;
    uint32_t entry_header_size; ///< struct stack_depot_entry without its frames
    uint32_t frame_size;
    uint32_t number_shift;         ///< offset of an entry = number << number_shift
    uint32_t is_full;              ///< any thread, relaxed: a stack did not find room
    _Atomic(uint64_t) used;        ///< any thread, relaxed; offset behind the last entry
    _Atomic(uint64_t) stack_count; ///< any thread, relaxed; a statistic
};

struct stack_depot_entry {
    uint32_t next; ///< number of an older entry of the bucket, or 0; constant once it is shown
    uint32_t hash;
    uint32_t frame_count;
    _Atomic(uint32_t) self; ///< the entry's number; stored last (release) by who wrote the entry
    uintptr_t frames[];     ///< innermost first
};

/**
 * Sets the limit; to be called before the first stack is put, without effect afterwards.
 *
 * @param limit  bytes of memory, STACK_DEPOT_LIMIT_MIN to 32 GiB; others are moved there
 */
void stack_depot_init(size_t limit);

/**
 * Puts the depot into memory that the caller gives for ever, which another process may share.  It
 * is all accessible, and zero, or holds a copy of this process's depot from before a fork.  To be
 * called before the first stack is put, or in a forked child, whose stacks keep their numbers.
 *
 * @return false: the depot is elsewhere already, or `size` is too small or too large
 */
bool stack_depot_adopt(void *memory, size_t size);

/// Where the address of the depot's header stands, 0 before the first stack: for readers outside of
/// the process (struct layout_stacks).
const void *stack_depot_place(void);

/**
 * Keeps a stack. Equal stacks get equal numbers.
 *
 * @param frames  `count` addresses, innermost first; copied
 * @return its number, or 0: no frames, the limit is reached, or there is no memory
 */
uint32_t stack_depot_put(const uintptr_t *frames, size_t count);

/// The same for a caller that has the sum of the frames: that of none is 0, and a frame in front of
/// others makes stack_depot_add() of theirs.
uint32_t stack_depot_put_summed(const uintptr_t *frames, size_t count, uint64_t sum);

#define STACK_DEPOT_FACTOR UINT64_C(0xd1342543de82ef95)

/// What a frame adds to a sum.
ALWAYS_INLINE uint64_t stack_depot_mix(uintptr_t frame)
{
    uint64_t mixed = (uint64_t)frame * UINT64_C(0x9e3779b97f4a7c15);
    return mixed ^ mixed >> 32;
}

ALWAYS_INLINE uint64_t stack_depot_add(uint64_t sum, uintptr_t frame)
{
    return sum * STACK_DEPOT_FACTOR + stack_depot_mix(frame);
}

/// By what so many frames in front multiply a sum.
uint64_t stack_depot_power(size_t count);

/**
 * Copies a stack.
 *
 * @param id  a number that stack_depot_put() gave; others are recognised
 * @return how many frames were stored, at most `capacity`; 0 when there is no such stack
 */
size_t stack_depot_get(uint32_t id, uintptr_t *frames, size_t capacity);

/// What the depot holds.
struct stack_depot_usage {
    const struct stack_depot_header *header; ///< NULL: nothing yet
    size_t stack_count;
    size_t size; ///< bytes in use
    bool is_full;
};
void stack_depot_usage_read(struct stack_depot_usage *usage);

#endif
