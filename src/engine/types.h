// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The engine's data, and who may touch it.
 *
 * MEMORY.  One reservation holds the *pool*, cut into slices of 64 KiB, and after it, behind guard
 * gaps, everything the engine knows: a 64-byte descriptor per slice, the heaps, the thread records,
 * the state maps.  Nothing of the engine lies between or inside user blocks.  An address is proved
 * by its slice descriptor (a subtraction and a shift) before anything else is believed.
 *
 * STATE.  A block has one state in its span's map, out of band: 0 = free; STATE_CACHED_* = free,
 * and in a magazine; otherwise busy, and the value is the slack (block size - user size) + 1, plus
 * a flag for "has user info".  One store on allocation, one on free, so a walk is exact.
 *
 * MAGAZINES.  For each size class a cache has a small stack of free blocks, each with the address
 * of its state.  The fast paths do nothing but pop and push.  An empty magazine is filled from the
 * class's spans, 64 states at a time; half of a full one goes back to them.
 *
 * SYNCHRONISATION.  A heap has a *gate* word that an operation reads after storing the heap's
 * handle into its thread record's `in`:
 *
 *     thread record address   biased: only that thread may enter, using the cache inside the heap
 *     GATE_SHARED             every thread may enter, using its own cache
 *     GATE_CLOSED             nobody may; take the heap's mutex
 *
 * A thread that has passed a gate notes the heap and its cache in its record as an *opening*.  The
 * fast paths ask nothing but that: store `in`, find the handle in the opening, and the thread is
 * inside.  Who stops the heap closes the gate and takes the openings away.
 *
 * Inside, a thread touches its own cache and the spans that cache owns; in a biased heap also
 * everything else of the heap.  The *central* parts (regions, free slices, mixed span, large
 * blocks, the list of caches, user info) otherwise need the mutex.  To stop a heap: hold the mutex,
 * close the gate, clear the openings that name it, make the other processors fence (membarrier),
 * wait until no thread record's `in` names the heap; again, as long as an opening appears that a
 * thread on its way in has made meanwhile.  Pairs: the release store of `in` = 0 with the stopper's
 * acquire load; the release store that opens the gate with the acquire load on entry.  Where the
 * system lacks membarrier, and while a heap is stopped again and again, the gate values carry
 * GATE_FENCED: the entry executes a fence, and nobody makes openings.
 *
 * A thread record outlives its thread, with its caches and biases, and is given to the next new
 * thread. Caches whose record is idle are emptied, while the heap is stopped, by a thread that
 * needs spans.
 *
 * A thread never waits for a heap's mutex while it is inside a heap.  Lock ranks, outer first:
 * registry, heap mutex, pool, metadata.
 */
#ifndef ENGINE_TYPES_H
#define ENGINE_TYPES_H

#include <halde/heap.h>

#include "engine/size_class.h"
#include "os/os.h"

struct heap;
struct cache;
struct thread;

enum {
    SLICE_SHIFT = 16,
    SLICE_SIZE = 1 << SLICE_SHIFT,
    SPAN_LARGE_SLICES = 4, ///< slices of a span whose blocks exceed CLASS_ONE_SLICE_MAX

    STATE_INFO_BYTE = 0x80,   ///< flag in a byte state: the block has user info
    STATE_INFO_WORD = 0x8000, ///< the same in a 16-bit state
    STATE_CACHED_BYTE = 0x80, ///< free, in a magazine: the flag without a slack
    STATE_CACHED_WORD = 0x8000,
    STATE_CONTINUATION = 0x7f, ///< mixed map: a granule of the block before
    STATE_UNUSABLE = 0xff,     ///< padding behind the last state of a map: never free
    STATE_GROUP_SIZE = 64,     ///< states examined at once

    GATE_CLOSED = 0,
    GATE_SHARED = 1,
    GATE_FENCED = 2, ///< bit: the entry must fence
    GATE_BITS = 63,  ///< thread records are aligned, so these bits are free

    FRONT_END_THRESHOLD =
        17, ///< live blocks of a class in the mixed span; the next gets the class spans
    MIXED_USES_MAX =
        4096, ///< requests served from the mixed span; after them every class gets spans

    LARGE_ALONE_SIZE =
        0x100000 - 0x2000,     ///< a request of this size or more gets slices outside of regions
    LARGE_ALONE_OFFSET = 64,   ///< its first byte in its first slice
    REGION_HEADER_SIZE = 0x80, ///< bytes before the first block of a growable heap
    REGION_HEADER_SIZE_FIXED = 0x800, ///< the same in a fixed-size heap, whose overhead lies inside
    MIXED_OVERHEAD = 8,               ///< least slack of a block in the mixed span

    RUN_SIZE_COUNT = 23,
    FIRST_MAP_SIZE = 256, ///< granules of the first page, mapped inside the heap
    USED_WORD_COUNT = (CLASS_COUNT + 63) / 64,
};

enum slice_kind {
    SLICE_NONE,       ///< not the first slice of anything
    SLICE_SPAN_BYTES, ///< first slice of a span with one state byte a block
    SLICE_SPAN_WORDS, ///< first slice of a span with 16-bit states
    SLICE_INSIDE,     ///< later slice of a span or mixed span; `distance` leads to the first
    SLICE_MIXED,      ///< first slice of a heap's mixed span
    SLICE_LARGE,      ///< first slice of a large block inside a region
    SLICE_ALONE,      ///< first slice of a large block outside of regions
    SLICE_FREE,       ///< first slice of a free run
    SLICE_FREE_END,   ///< last slice of a free run of two or more; `slice_count` leads to the first
};

enum {
    SLICE_FLAG_REGION_START = 1 << 0, ///< free runs do not merge across
    SLICE_FLAG_GIVEN_UP =
        1 << 1,                 ///< span: on its record's list of spans without enough free blocks
    SLICE_FLAG_LISTED = 1 << 2, ///< span: on its record's list of spans with free blocks
    SLICE_FLAG_USER_INFO = 1 << 3, ///< large block: has user info
    SLICE_FLAG_FRESH = 1 << 4,     ///< free run: never used since its region was made
};

/// What the engine knows of 64 KiB. Written by the span's owner, or under the lock of the free
/// run's owner.
struct slice {
    _Atomic(struct heap *)
        heap; ///< owner; NULL: the pool's; changes under the pool's lock; relaxed
    uint8_t
        *map; ///< spans, mixed: state of block 0; afterwards stale, but always the engine's memory
    _Atomic(uintptr_t) owner; ///< spans: the cache that sweeps it, plus OWNER_NOT_FAST; else 0;
                              ///< changes under the heap's mutex; relaxed
    union {
        struct class_record
            *record;          ///< spans: the owner's record of this class; for the owner only
        uint64_t slice_count; ///< large blocks, free runs
    };
    union {
        struct {
            uint32_t reciprocal; ///< block index = (offset * reciprocal) >> 32
            uint32_t block_size; ///< bytes
        };
        uint64_t user_size; ///< large blocks: bytes asked for
    };
    uint16_t first_offset; ///< of the first block in the first slice, bytes
    uint16_t block_count;
    uint16_t freed;       ///< owner's frees since the last evaluation
    uint16_t freed_limit; ///< evaluate when `freed` reaches it
    uint8_t kind;         ///< enum slice_kind
    uint8_t size_class;
    uint8_t distance; ///< SLICE_INSIDE: slices back to the first
    uint8_t flags;    ///< SLICE_FLAG_*
    uint32_t next;    ///< lists of spans, large blocks, free runs: slice numbers, 0 ends
    uint32_t previous;
    uint32_t freed_at; ///< free runs: os_clock_ms() when freed, low bits
};
static_assert(sizeof(struct slice) == 64, "a slice descriptor is one cache line");

enum remote_wanted {
    REMOTE_NOT_WANTED, ///< the owner sweeps or lists the span
    REMOTE_WANTED, ///< given up; owner sets, the freer that reaches the threshold makes it PUSHED
    REMOTE_PUSHED, ///< on, or on its way to, cache.remote; only the owner, taking it off, ends this
};

enum {
    OWNER_NOT_FAST =
        1, ///< in slice.owner: not one slice with byte states, so not for the fast path
};

/// What threads other than the owner write about a span; apart, so that the descriptor's line stays
/// shared.  Also what is known of a slice's pages, which only its span's owner reads and writes,
/// and where the side records are.
struct remote {
    _Atomic(uint16_t)
        freed; ///< remote frees since the span was given up; plain increments, may lose some
    _Atomic(uint8_t) wanted; ///< enum remote_wanted
    _Atomic(uint32_t) next;  ///< link on cache.remote
    uint16_t idle_pages;     ///< held no block at the last look, nor since then
    uint16_t purged_pages;   ///< given back to the system, and not used since then
    uint32_t purged_at;      ///< os_clock_ms() of the last time that pages were given back
    uint8_t
        *records; ///< of the span's blocks, or the large block; constant while it lasts; relaxed
};

/// How often memory has been given back, and missed: see purge.h.
struct purge {
    uint64_t due;       ///< os_clock_ms() from which on memory may be given back again
    uint32_t backoff;   ///< doublings of the waiting time
    uint32_t given;     ///< pages or slices given back since the last decision
    uint32_t regretted; ///< of them, or of earlier ones, used again
};

/// A free block in a magazine.
struct free_block {
    void *address; ///< NULL: below the first block of the magazine
    uint8_t *state;
};

/// A size class in a cache. Touched by the cache's user only.
struct class_record {
    struct free_block *top;   ///< the block that is given out next; below the first: the end mark
    struct free_block *limit; ///< the magazine's last place: it is full when `top` is there
    uint32_t full_state;      ///< state of a block of which the user has asked for 0 bytes
    uint32_t block_size;      ///< bytes; 0: class not in use
    struct slice *span;       ///< span being swept, or NULL
    uint16_t next_group;      ///< next group of `span` to examine
    uint16_t fill_count;      ///< blocks to take at the next filling; grows
    uint32_t listed;          ///< spans with free blocks, newest first (slice number)
    uint32_t given_up; ///< the others, oldest first; a ring: `previous` of the first is the last
    uint16_t capacity; ///< places of `magazine`
    uint8_t turns;     ///< times that it was filled twice in a row, and then full, since it grew
    uint8_t fillings;  ///< in a row, since it was full
    struct free_block *magazine; ///< its end mark, or NULL
    struct class_record *unused; ///< link, while the array is in nobody's hands
};
static_assert(sizeof(struct class_record) == 64, "a class record is one cache line");

/// The free blocks of one thread in one heap; the first one lies inside the heap.
struct cache {
    struct class_record *records; ///< CLASS_COUNT of them; constant except from unused to used
    struct heap *heap;            ///< constant
    struct thread *thread; ///< user: whoever holds that record; constant once the heap is shared
    struct cache *next;    ///< heap->caches, GUARDED_BY(heap->mutex)
    uint64_t used[USED_WORD_COUNT]; ///< classes whose record is in use
    // Behind the line of a heap's gate: other threads write it.
    _Atomic(uint32_t) remote; ///< given-up spans with remote frees: any thread pushes (release),
                              ///< user takes all (acquire)
    // The user's, or a stopper's, like the records.
    uint32_t slice_count; ///< of the cache's spans
    size_t returned_size; ///< bytes of blocks that left magazines since the last purge
    struct purge purge;
};

/// A heap that a thread may enter without asking its gate.
struct opening {
    _Atomic(uintptr_t) handle;    ///< owner sets it, stoppers clear it
    struct class_record *records; ///< of the cache; owner only
    struct cache *cache;          ///< owner only
};

/// One per thread, outside of TLS, so that a stopper or an outside reader sees them all.
struct thread {
    _Alignas(128) _Atomic(uintptr_t)
        in;                   ///< handle of the heap being worked on; owner stores, stoppers load
    struct opening open;      ///< the heap of the last operation that had to ask
    struct opening open_home; ///< the process heap, for the malloc family and who stands in for it
    struct cache_slot *table; ///< heap index -> cache; owner only
    uint32_t table_count;     ///< slots in it
    uint32_t next_unused;     ///< registry: list of unused records, GUARDED_BY(registry)
    _Atomic(bool) is_alive;   ///< a thread uses the record; registry's lock to change
    uint32_t fenced_entries;  ///< owner only
    _Atomic(uint32_t)
        idle_since; ///< os_clock_ms() when its last thread ended, low bits; relaxed, a hint
    struct opening observed; ///< in place of `open` for observed heaps: their observer's
};
static_assert(sizeof(struct thread) == 128, "thread records do not share cache lines");

struct cache_slot {
    uint64_t id; ///< heap.id; ids are never used again, so a stale slot is recognised
    struct cache *cache;
};

/// Free runs of slices, by size. Guarded by its owner's lock.
struct runs {
    struct heap *owner;             ///< NULL: the pool
    uint8_t flag;                   ///< SLICE_FLAG_FRESH or 0: only runs with the same flag merge
    uint32_t sizes;                 ///< bit i: heads[i] is not empty
    uint32_t heads[RUN_SIZE_COUNT]; ///< runs of 2^i .. 2^(i+1)-1 slices
    uint32_t slice_count;           ///< slices in all runs
    uint32_t dirty_count;           ///< of them, those that may hold memory
};

struct region {
    uint32_t first_slice;
    uint32_t slice_count;
    uintptr_t end; ///< first address past the region; a fixed-size heap may end inside a slice
    uintptr_t committed_end; ///< reported as committed up to here; page multiple
    uintptr_t first_block;   ///< first address a block may have
};

/// The first slices of a heap: blocks of all sizes, a map of one byte per 16-byte granule.
struct mixed {
    uint8_t *map;         ///< 0 free, STATE_CONTINUATION, else state of the block that starts here
    uint32_t map_count;   ///< granules the map covers
    uint32_t limit;       ///< granules there are
    uint32_t first;       ///< first granule after the region header
    uint32_t top;         ///< all granules from here on are free; the map says nothing about them
    uint32_t committed;   ///< granules that are reported as committed
    uint32_t high;        ///< highest `top` so far: granules above were never used
    uint32_t free_count;  ///< free granules below top
    uint32_t low;         ///< no free granule between `first` and here
    uint32_t rover;       ///< where the last search of a large span succeeded
    uint32_t failed_size; ///< a search for this many granules found none since the last free; 0:
                          ///< none failed
};

struct heap {
    // First line: read by every operation, written rarely.
    _Alignas(64) _Atomic(uintptr_t) gate; ///< see SYNCHRONISATION
    uintptr_t handle;                     ///< address of region 0; 0: not alive
    uint64_t id;                          ///< never used again
    struct cache cache;                   ///< the biased user's; first field is in the first line

    struct os_mutex mutex;             ///< rank heap
    struct thread *lock_owner;         ///< HeapLock's, or NULL; GUARDED_BY(mutex)
    uint32_t lock_depth;               ///< GUARDED_BY(mutex)
    _Atomic(uint32_t) lock_waiters;    ///< threads asleep on lock_generation
    _Atomic(uint32_t) lock_generation; ///< counts releases of the lock
    bool is_shared;       ///< threads use caches of their own; changes once, while stopped
    bool is_serial;       ///< constant: every operation of a second thread takes the mutex
    bool can_use_spans;   ///< constant: false in a small fixed-size heap
    bool has_spans;       ///< some class has had a span
    bool zeroes_freed;    ///< constant: freed bytes become zero; then there are no openings
    bool is_fenced;       ///< entries fence from the next opening of the gate on; GUARDED_BY(mutex)
    uint8_t record_size;  ///< constant: bytes of a block's side record, or 0
    bool uses_mixed;      ///< constant: false where the mixed span lacks side records
    bool is_observed;     ///< see observer.h; the process heap's is set later, relaxed
    uint32_t quick_stops; ///< stops in a row that came soon; GUARDED_BY(mutex)
    uint64_t stopped_at;  ///< os_clock_us() of the last stop; GUARDED_BY(mutex)
    uint32_t flags;       ///< HALDE_HEAP_*, constant
    uint32_t checks;      ///< HALDE_CHECK_*, constant
    size_t initial_size;  ///< constant, as given
    size_t maximum_size;  ///< constant, rounded; 0: growable
    _Atomic(uint64_t) word;       ///< engine_heap_word()
    uint32_t index;               ///< of this struct in the heap area; constant
    uintptr_t gate_before_fork;   ///< while a fork is under way; GUARDED_BY(registry)
    uint64_t idle_checked_at;     ///< os_clock_ms() of the last look for idle caches; central
    struct heap *next, *previous; ///< registry list, creation order; GUARDED_BY(registry)

    // Central.
    struct runs runs;       ///< free slices of the regions that were used before
    struct runs fresh;      ///< the others: taken last, so that touched memory is used first
    struct region *regions; ///< the one at the handle, then the others by address
    uint32_t region_count, region_capacity;
    uint32_t first_region_slices;     ///< slices of the region at the handle; constant
    struct region first_region;       ///< where `regions` points while there is one
    uint32_t large_first, large_last; ///< SLICE_ALONE blocks in order of allocation
    uint32_t slice_count;             ///< in all regions
    uint32_t alone_slices;            ///< of SLICE_ALONE blocks
    uint32_t peak_slices;             ///< most slices in use when slices were taken
    uint64_t purged_at;               ///< os_clock_ms() of the last purge for age
    struct purge purge;               ///< of free slices
    struct cache *caches;             ///< all but the embedded one; they live as long as the heap
    struct info_table *info;          ///< user info, or NULL
    struct mixed mixed;
    uint32_t mixed_uses;               ///< requests served from the mixed span
    uint8_t class_live[CLASS_COUNT];   ///< blocks in the mixed span, roughly where realloc changed
                                       ///< classes
    uint8_t first_map[FIRST_MAP_SIZE]; ///< mixed.map until the heap outgrows its first page
};

static_assert(
    offsetof(struct heap, cache.remote) >= 64, "remote frees do not touch the gate's line");

#endif
