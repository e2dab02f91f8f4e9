// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Debug blocks: made, found, checked, resized and ended, on a heap of their own with side records.
 *
 * Nothing here calls a hook, reports, or asks about types and flags: that is heap_dbg.c's.  Every
 * function that changes a block runs in a section of its own (section.h).
 */
#ifndef CRTDBG_DEBUG_BLOCK_H
#define CRTDBG_DEBUG_BLOCK_H

#include "crtdbg/origins.h"
#include "crtdbg/record.h"
#include "engine/redirect.h"

enum {
    FILL_NEW = 0xCD,     ///< user data of a new block
    FILL_FREED = 0xDD,   ///< everything of a freed block
    FILL_GAP = 0xFD,     ///< before and after user data
    FILL_ALIGNED = 0xED, ///< below the inner data of an aligned block

    /// At least, as Microsoft's; the engine block's slack comes on top. One byte more would cost
    /// every fourth block a granule of 16.
    TAIL_GAP_SIZE = 4,
    /// Of a large block's slack, which may have 64 KiB, so much is filled and checked, gap
    /// included.
    TAIL_CHECKED_MAX = 1032,
};

struct section_slot;

/// The heap of the debug blocks; NULL before debug_block_init().
halde_heap *debug_heap(void);
/// Makes the heap. False when out of memory. Called once.
bool debug_block_init(void);

/// The number that the next block will get, if nobody else comes first.
uint64_t debug_next_number(void);

/// What a block is to be.
struct debug_request {
    size_t size;         ///< user bytes
    size_t alignment;    ///< 0: the usual; otherwise a power of two
    size_t inner_mask;   ///< alignment of the inner data - 1; 0: not an aligned block
    size_t inner_offset; ///< inner data + this is aligned
    int32_t use;
    int32_t line;
    const char *file;
    bool is_zeroed;     ///< user data 0 in place of FILL_NEW
    bool is_ignored;    ///< not counted, no number
    uint8_t family;     ///< enum allocator_family
    uint32_t stack;     ///< where the program asks for it; 0: unknown
    const void *caller; ///< what its call returns to; NULL: unknown
};

/// A block that was found.
struct debug_block {
    uint8_t *base;         ///< of the engine block
    size_t capacity;       ///< bytes of it
    uint8_t *user;         ///< user data
    size_t size;           ///< bytes of it, of an aligned block with its inner header
    struct record *record; ///< its record: others may end the block at any moment
};

/// What there is to say about a block: it may be kept when the block is gone.
struct debug_facts {
    uint8_t *user; ///< user data
    size_t size;   ///< bytes of it
    size_t front;  ///< bytes of the gap before it
    uint64_t number;
    const struct origin *origin; ///< never NULL
    int32_t use;
    uint32_t stack;
    uint32_t thread_id;
    const void *freed_by; ///< what its free returned to; NULL: it lives, or nobody knows
};

/// Makes a block: returns its user data, of an aligned block its inner data. NULL when out of
/// memory.
void *debug_block_make(const struct debug_request *request);

/// Finds the block whose user data starts at `pointer`. Any value may be asked.
bool debug_block_find(const void *pointer, struct debug_block *block);
/// Finds the aligned block whose inner data starts at `pointer`. Any value may be asked.
bool debug_block_find_aligned(const void *pointer, struct debug_block *block);
/// Finds the block that `pointer` lies in, gaps included. Any value may be asked.
bool debug_block_find_around(const void *pointer, struct debug_block *block);

/// The block of an engine block's first byte, while the sections are stopped.
bool debug_block_of_base(void *base, struct debug_block *block);

enum record_state debug_block_state(const struct debug_block *block);

/// What its origin says. Of a block that others may end: something, never out of bounds.
ALWAYS_INLINE const struct origin *debug_block_origin(const struct debug_block *block)
{
    return origin_of_number(record_origin(block->record));
}
/// Type in the low half, subtype in the high half.
int32_t debug_block_use(const struct debug_block *block);
/// Not in a section. Others may end the block meanwhile.
void debug_block_facts(const struct debug_block *block, struct debug_facts *facts);

/// What the program holds of a block: user data, or of an aligned block its inner data.
uint8_t *debug_block_data(const struct debug_block *block, size_t *size);
/// Of a block in the program's hands that is an aligned one: where the inner data starts, from user
/// data on. Otherwise 0.
size_t debug_block_inner(const struct debug_block *block);
/// In the program's hands, or kept for ever by delayed free.
bool debug_block_is_valid(const struct debug_block *block);

/// Ends a live or ignored block. False when another thread ended it first.
bool debug_block_release(const struct debug_block *block);
/// Turns a live block into one of type _FREE_BLOCK that stays and is filled as freed. False as
/// above.
bool debug_block_delay(const struct debug_block *block);

/// Ends a live block, in a section, and keeps it in that state, filled as freed. False as above.
bool debug_block_keep(
    struct section_slot *slot, const struct debug_block *block, enum record_state kept_as);
/// Fills the gaps of a kept block anew: what was wrong with them has been said. In a section.
void debug_block_fill_gaps(const struct debug_block *block);
/// Gives a block back that was kept by quarantine, in a section, if nobody wrote to it. The caller
/// is the only one who can.  False: it is damaged, and still there.
bool debug_block_leave(struct section_slot *slot, const struct debug_block *block);
/// Gives a kept block back at last, damaged or not. The caller is the only one who can.
bool debug_block_release_kept(const struct debug_block *block);

/// Changes the type of a live block. _IGNORE_BLOCK: nothing counts or lists it from now on.
void debug_block_set_type(const struct debug_block *block, int32_t use, bool is_ignored);

/// Resizes a live or ignored block; type and subtype stay, file, line and number become the
/// request's unless it is ignored.  NULL, and nothing has changed: out of memory, or
/// `is_in_place` and no room.
void *debug_block_resize(
    const struct debug_block *block, const struct debug_request *request, bool is_in_place);

// ---- Checking ---------------------------------------------------------------------------------

enum {
    DAMAGE_BEFORE = 1u << 0, ///< front gap
    DAMAGE_AFTER = 1u << 1,  ///< tail gap, or what lies behind an aligned block's inner data
    DAMAGE_FREED = 1u << 2,  ///< user data of a block that was freed
};

/// Whether the gaps are as they were filled. Calls no function that could be a checked one.
bool debug_block_is_sound(const struct debug_block *block);

/// Looks at the gaps, and at all data of a freed block that was kept. DAMAGE_*
uint32_t debug_block_damage(const struct debug_block *block);

/// The first byte of [bytes, bytes+size) that is not `fill`, or NULL.
const uint8_t *debug_first_wrong(const uint8_t *bytes, size_t size, uint8_t fill);

/// The bytes that are checked behind the user data, or behind the inner data.
const uint8_t *debug_block_tail(const struct debug_block *block, size_t *size);

// ---- Aligned blocks ---------------------------------------------------------------------------

/// Bytes of user data that padding and inner header take, as many as Microsoft's: an alignment less
/// one, two words, and what an offset lacks to a word, so that they are aligned to words.
ALWAYS_INLINE size_t debug_block_overhead(size_t mask, size_t offset)
{
    return ((0 - offset) & (sizeof(void *) - 1)) + mask + 2 * sizeof(void *);
}

/// Bytes of the gap below inner data, and of the pointer below that.
enum {
    ALIGNED_GAP_SIZE = sizeof(void *)
};
/// Where the 0xED gap of an aligned block lies.
uint8_t *debug_block_aligned_gap(const struct debug_block *block);

#endif
