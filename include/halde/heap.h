// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file heap.h
 * Halde's native heap API: private heaps that are fast, bounded, exactly walkable and destroyed in
 * one call.
 *
 * A `halde_heap *` is an opaque handle: the address of the first byte of the heap's first region, a
 * multiple of 64 KiB.  It is never dereferenced before it is proved to name a live heap, so every
 * function here may be given any value and answers HALDE_BAD_HEAP.  The same holds for block
 * addresses.
 *
 * Words: a *block* is what a caller gets; its *user size* is what was asked for, its *block size*
 * what was given.  A *region* is a contiguous range of addresses that one heap reserved.  See
 * ARCHITECTURE.md.
 *
 * Threads: any thread may use any heap and free any block, unless the heap was created with
 * HALDE_HEAP_NO_SERIALIZE.  No function here changes `errno`.  None is async-signal-safe.  A block
 * that is freed twice is refused the second time, unless it has been given out again; where two
 * threads free it at the same moment, it may be given out to two callers, but the heap stays sound.
 */
#ifndef HALDE_HEAP_H
#define HALDE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef HALDE_API
#define HALDE_API __attribute__((visibility("default")))
#endif

typedef struct halde_heap halde_heap;

/** What a function found. 0 is success. */
enum halde_status {
    HALDE_OK = 0,
    HALDE_NO_MEMORY,      ///< the system is out of memory, or the heap's maximum size is reached
    HALDE_BAD_HEAP,       ///< the handle names no live heap
    HALDE_BAD_ARGUMENT,   ///< a size, flag, alignment or position that is never valid
    HALDE_BLOCK_UNKNOWN,  ///< the address lies in no heap of this process
    HALDE_BLOCK_INTERIOR, ///< the address lies in this heap but is not the start of a block
    HALDE_BLOCK_FREED, ///< the start of a block of this heap that is free (double free, use after
                       ///< free)
    HALDE_BLOCK_OTHER_HEAP, ///< the address belongs to another heap
    HALDE_BLOCK_DAMAGED,    ///< checked bytes behind a busy block, or inside a freed one, were
                            ///< overwritten
    HALDE_HEAP_DAMAGED,     ///< the engine's own data is inconsistent
    HALDE_NOT_OWNER,        ///< unlock by a thread that does not hold the heap's lock
    HALDE_NO_MORE_ENTRIES,  ///< the end of a walk
    HALDE_ACCESS_DENIED,    ///< the system refused executable memory
    HALDE_NOT_FOUND,        ///< the block carries no user info
};

/** A fixed English text for a status, without a final period. Never NULL. */
HALDE_API const char *halde_status_text(enum halde_status status);

// ---- Creation ---------------------------------------------------------------------------------

/** Heap flags for halde_heap_options.flags. */
enum {
    HALDE_HEAP_NO_SERIALIZE =
        1u << 0, ///< the caller promises one thread at a time; locking does nothing
    HALDE_HEAP_EXECUTABLE = 1u << 1, ///< blocks are executable
    HALDE_HEAP_ZERO = 1u << 2, ///< every allocation as with HALDE_ZERO; operations take a mutex
};

/** Checks for halde_heap_options.checks. A heap with any check is slower: its operations take a
 * mutex. */
enum {
    HALDE_CHECK_TAIL =
        1u << 0, ///< 16 bytes 0xAB behind every block's user size, checked on free and validation
    HALDE_CHECK_FREE = 1u << 1,   ///< freed blocks filled with 0xFEEEFEEE, checked on validation
    HALDE_CHECK_ALWAYS = 1u << 2, ///< the whole heap validated at every allocation, resize and free
};

struct halde_heap_options {
    uint32_t flags;  ///< HALDE_HEAP_*
    uint32_t checks; ///< HALDE_CHECK_*
    size_t
        initial_size; ///< bytes reported as committed from the start; 0 for the default (2 pages)
    size_t reserve_size; ///< growable only: bytes of the first region at least; 0 for the default
    size_t maximum_size; ///< bytes; 0: growable.  Otherwise rounded up to a page; the heap never
                         ///< exceeds it
};

/**
 * Creates a heap.
 *
 * @param options  NULL for a growable, serialised heap
 * @param heap     receives the handle; unchanged on failure
 * @return HALDE_OK, HALDE_NO_MEMORY, HALDE_BAD_ARGUMENT (unknown flag or check),
 * HALDE_ACCESS_DENIED (executable memory refused)
 */
HALDE_API enum halde_status halde_heap_create(
    const struct halde_heap_options *options, halde_heap **heap);

/**
 * Releases every region and block of a heap at once.  The caller makes sure that no other thread
 * uses it.
 * @return HALDE_OK, HALDE_BAD_HEAP, or HALDE_BAD_ARGUMENT for the process heap, which cannot be
 * destroyed
 */
HALDE_API enum halde_status halde_heap_destroy(halde_heap *heap);

/** The heap that exists from the start. NULL only when the system gave no memory at all. */
HALDE_API halde_heap *halde_process_heap(void);

/** Stores up to `capacity` live heaps, process heap first, then in creation order. Returns how many
 * there are. */
HALDE_API size_t halde_heap_list(halde_heap **heaps, size_t capacity);

/** Whether `heap` names a live heap. Any value may be asked. */
HALDE_API bool halde_heap_is_valid(const halde_heap *heap);

// ---- Blocks -----------------------------------------------------------------------------------

/** Operation flags. */
enum {
    HALDE_ZERO = 1u << 0,     ///< new bytes are zero (realloc: from the old user size on)
    HALDE_IN_PLACE = 1u << 1, ///< realloc never moves the block
    HALDE_UNLOCKED =
        1u << 2, ///< do not wait for a thread that holds the heap's lock (Win32 HEAP_NO_SERIALIZE)
};

/**
 * Allocates `size` bytes (0 is allowed and gives a block of its own), 16-byte aligned.
 * @return the block, or NULL: out of memory, or `heap` is not a live heap (halde_heap_is_valid()
 * tells)
 */
HALDE_API void *halde_heap_alloc(halde_heap *heap, size_t size, uint32_t flags);

/** The same with an alignment: a power of two. NULL also for other alignments. */
HALDE_API void *halde_heap_alloc_aligned(
    halde_heap *heap, size_t size, size_t alignment, uint32_t flags);

/**
 * Resizes a block, keeping its contents up to the smaller user size.  A size of 0 keeps a block of
 * size 0.
 *
 * @param status  receives the reason of a failure (HALDE_NO_MEMORY also when HALDE_IN_PLACE cannot
 * be met); may be NULL
 * @return the block, which may have moved, or NULL: then the old block is untouched and still the
 * caller's
 */
HALDE_API void *halde_heap_realloc(
    halde_heap *heap, void *block, size_t size, uint32_t flags, enum halde_status *status);

/** Frees a block. NULL is HALDE_OK. On any other status nothing has changed. */
HALDE_API enum halde_status halde_heap_free(halde_heap *heap, void *block, uint32_t flags);

/** Stores the user size of a busy block: exactly what was asked for. */
HALDE_API enum halde_status halde_heap_size(
    const halde_heap *heap, const void *block, size_t *size);

/** The heap that a busy block belongs to, or NULL. Any value may be asked. */
HALDE_API halde_heap *halde_heap_of_block(const void *block);

// ---- Lock, walk, validate ---------------------------------------------------------------------

/**
 * Stops a heap: other threads that use it wait until halde_heap_unlock().  Recursive; the owner may
 * go on using the heap.  Does nothing for a HALDE_HEAP_NO_SERIALIZE heap.
 * @return HALDE_OK or HALDE_BAD_HEAP.  Never times out
 */
HALDE_API enum halde_status halde_heap_lock(halde_heap *heap);

/** Releases one level of the lock. HALDE_NOT_OWNER when the caller does not hold it. */
HALDE_API enum halde_status halde_heap_unlock(halde_heap *heap);

enum halde_entry_kind {
    HALDE_ENTRY_REGION = 1,  ///< a region; its elements follow
    HALDE_ENTRY_BUSY,        ///< a block in the user's hands
    HALDE_ENTRY_FREE,        ///< committed and free
    HALDE_ENTRY_UNCOMMITTED, ///< reserved, not committed
};

/** What RtlSetUserValueHeap and its kin attach to a block. */
struct halde_user_info {
    void *value;
    uint32_t flags;
};

/** One element of a heap, as the Win32 walk presents it. */
struct halde_entry {
    enum halde_entry_kind kind;
    uint32_t region_index; ///< 0, 1, ... in address order; HALDE_REGION_LARGE for a large block
    void *data;  ///< region base, block start, start of the free bytes or of the uncommitted range
    size_t size; ///< region: its header's bytes; busy: user size; else bytes
    size_t overhead;    ///< bytes of this element that are nobody's data
    bool is_span_block; ///< served from a span of one size class (Win32: the front end)
    bool has_user_info; ///< busy only; then `user_info` is valid
    struct halde_user_info user_info;
    size_t committed_size;   ///< region only, bytes
    size_t uncommitted_size; ///< region only, bytes
    void *first_block;       ///< region only
    void *last_block;        ///< region only: first address past the region
};
#define HALDE_REGION_LARGE UINT32_MAX

/**
 * One step of a walk.  Order: the region at the handle, then the others by address, each followed
 * by its blocks by address and then its uncommitted range; large blocks last, in order of
 * allocation.  No state is kept between steps. Without the heap's lock other threads may invalidate
 * the position; that never crashes.
 *
 * @param position  NULL to start, else `entry.data` of the element before
 * @param is_busy   whether that element was HALDE_ENTRY_BUSY
 * @return HALDE_OK; HALDE_NO_MORE_ENTRIES; HALDE_BAD_ARGUMENT when `position` is no element of the
 * heap; HALDE_BAD_HEAP.  `*entry` changes on HALDE_OK only
 */
HALDE_API enum halde_status halde_heap_walk_next(
    const halde_heap *heap, const void *position, bool is_busy, struct halde_entry *entry);

/** Called for one element; returns whether to go on. Must not allocate from the heap that is
 * walked. */
typedef bool (*halde_entry_visitor)(const struct halde_entry *entry, void *context);

/** Locks the heap, visits every element in the order of halde_heap_walk_next(), unlocks it. */
HALDE_API enum halde_status halde_heap_walk(
    halde_heap *heap, halde_entry_visitor visit, void *context);

/** A busy block in the bulk walk. */
struct halde_block {
    void *data;
    size_t size; ///< user size
};

/** Called for a run of busy blocks; returns whether to go on. Must not allocate from the heap that
 * is walked. */
typedef bool (*halde_block_visitor)(const struct halde_block *blocks, size_t count, void *context);

/** Locks the heap, hands out every busy block in batches (by span, not in one address order),
 * unlocks it. */
HALDE_API enum halde_status halde_heap_walk_blocks(
    halde_heap *heap, halde_block_visitor visit, void *context);

/** Where and why a validation failed; enough for one sentence. */
struct halde_damage {
    enum halde_status status; ///< HALDE_BLOCK_DAMAGED, HALDE_HEAP_DAMAGED or a block status
    const void *block;        ///< the block concerned, or NULL
    size_t block_size;        ///< user size of a busy block, else block size; 0 when unknown
    const void *address;      ///< first wrong byte, or NULL
    uint8_t expected, found;  ///< its values, when `address` is not NULL
};

/**
 * Checks one busy block, or with NULL the whole heap.  Never crashes on any address.
 * @param damage  receives the first finding on failure; may be NULL
 * @return HALDE_OK or what is wrong
 */
HALDE_API enum halde_status halde_heap_validate(
    halde_heap *heap, const void *block, struct halde_damage *damage);

/**
 * Gives free memory back to the system now: empty spans, and single pages without a busy block.
 * @return bytes of the largest committed free block, 0 when nothing is free or `heap` is not a live
 * heap
 */
HALDE_API size_t halde_heap_compact(halde_heap *heap);

struct halde_heap_summary {
    size_t busy_count;       ///< busy blocks
    size_t busy_size;        ///< their user sizes
    size_t committed_size;   ///< bytes of regions and large blocks that are committed
    size_t reserved_size;    ///< bytes of regions and large blocks
    size_t max_reserve_size; ///< maximum_size of a fixed-size heap, else SIZE_MAX
};

/** Counts a heap exactly, under its lock. */
HALDE_API enum halde_status halde_heap_summarize(
    halde_heap *heap, struct halde_heap_summary *summary);

// ---- User info --------------------------------------------------------------------------------

/** Attaches or replaces a block's user info; it follows the block through realloc and ends with it.
 */
HALDE_API enum halde_status halde_heap_set_user_info(
    halde_heap *heap, void *block, const struct halde_user_info *info);

/** Reads a block's user info. HALDE_NOT_FOUND when it has none. */
HALDE_API enum halde_status halde_heap_get_user_info(
    const halde_heap *heap, const void *block, struct halde_user_info *info);

#ifdef __cplusplus
}
#endif

#endif
