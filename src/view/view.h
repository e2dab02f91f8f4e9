// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The view: reads the heaps of a process from outside, by what the process says about them
 * (base/layout.h), through a function that reads its memory.
 *
 * A view is opened on the address ranges in which the layout may lie.  From then on it knows where
 * everything is; what it reads it keeps, so that nothing is read twice:
 *
 *     view_open()      finds the layout and proves it; the process may run
 *     view_prepare()   reads all that a walk needs for the first time: what comes, and where to
 *     view_is_quiet()  with all threads stopped: is somebody inside the engine?
 *     view_fetch()     reads, in large pieces, all that a walk needs; then the process may go on
 *     view_heap_...()  heaps;  view_walk_...()  their elements
 *
 * A walk gives the same elements in the same order as the walk inside of the process, but tells
 * free blocks in a thread's magazine from others.
 *
 * Depends on libc only and never calls malloc(): the library uses it (ToolHelp on another process)
 * as well as the tool.  Trusts nothing: every number that it reads may be anything; every loop has
 * a bound that does not come from there, or uses up memory of the process that was really read.
 *
 * Threads: a view belongs to one thread.
 */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "base/layout.h"

/// Reads `size` bytes at `address`; returns whether all of them could be read.
typedef bool (*view_reader)(void *context, uint64_t address, void *buffer, size_t size);

/// A piece of memory to be read with others.
struct view_piece {
    uint64_t address;
    uint64_t size;
    char *to;
    bool is_read; ///< out: all of it
};
/// Reads many pieces at once.
typedef void (*view_bulk_reader)(void *context, struct view_piece *pieces, size_t count);

enum view_status {
    VIEW_OK,
    VIEW_NO_LAYOUT,     ///< nothing in these ranges says that there are heaps
    VIEW_NOT_STARTED,   ///< the library is there, but has not made a heap yet
    VIEW_OTHER_VERSION, ///< a layout that this program does not know
    VIEW_BAD_LAYOUT,    ///< a layout that contradicts itself
    VIEW_NO_MEMORY,
};
/// As the end of a sentence that begins with the process. Never NULL.
const char *view_status_text(enum view_status status);

struct view_range {
    uint64_t start;
    uint64_t end; ///< first address past it
};

struct view_source {
    view_reader read;
    view_bulk_reader read_many; ///< NULL: there is none
    void *context;
    const struct view_range *ranges; ///< where the layout may be: private writable file mappings
    size_t range_count;
    uint64_t layout_address; ///< where it was the last time, or 0: looked at first
    bool is_frugal; ///< keeps little: for a look at a few elements; view_fetch() is not for it
};

struct view;
/// Opens a view. `*view` is set on VIEW_OK only.
enum view_status view_open(struct view **view, const struct view_source *source);
/// NULL is allowed.
void view_close(struct view *view);
/// Forgets all that was read but the layout.
void view_forget(struct view *view);

uint64_t view_layout_address(const struct view *view);
const char *view_library_version(const struct view *view);
/// Bytes that were read of the process.
uint64_t view_read_size(const struct view *view);
/// The addresses of the engine's one reservation: heaps, and everything it knows.
struct view_range view_reservation(const struct view *view);
/// The part of it in which the blocks lie; behind it is what the engine knows of them.
struct view_range view_pool(struct view *view);
/// The value of a variable of the layout; 0 when it cannot be read.
uint64_t view_variable(struct view *view, enum layout_variable variable);
/// What the layout says of a constant; 0 when it does not.
int64_t view_constant(const struct view *view, enum layout_constant constant);

/**
 * Whether nobody is inside the engine: no thread works on a heap, nobody holds one of its mutexes.
 * Then everything that is read is exact.  That a thread holds a heap's lock (HeapLock) is no
 * obstacle.  Reads anew; the process must not run meanwhile.
 */
bool view_is_quiet(struct view *view);
/**
 * While the process still runs: reads what view_fetch() is going to read, to know what that is and
 * to have memory for it.  View_fetch() then reads it at once, in half the time.  What it has read
 * may be torn, and is good for estimates only.
 */
void view_prepare(struct view *view);
/// Forgets what was read and reads all that walks need. False: out of memory, or nothing could be
/// read.
bool view_fetch(struct view *view);

// ---- Heaps --------------------------------------------------------------------------------------

struct view_heap {
    uint64_t address; ///< of the engine's structure
    uint64_t handle;
    uint32_t index;  ///< 0, 1, ... in order of creation
    uint32_t flags;  ///< HALDE_HEAP_*
    uint32_t checks; ///< HALDE_CHECK_*
    uint64_t initial_size;
    uint64_t maximum_size; ///< 0: growable
    uint64_t lock_owner;   ///< thread record that holds the heap's lock, or 0
    bool is_process_heap;
    bool is_debug_heap;
    bool is_observed; ///< the recorder sees its blocks, if there is one
    bool is_serial;
    bool is_mutex_held;
    uint32_t record_size; ///< bytes of a side record, 0: none
    uint32_t region_count;
    uint32_t large_first, large_last; ///< slice numbers, 0: none
    uint32_t slice_count, alone_slices, peak_slices;
    uint64_t regions; ///< address of the array
    uint64_t info;    ///< address of the user info table, or 0
    struct {
        uint64_t map;
        uint32_t map_count, limit, first, top, committed, high, free_count;
    } mixed;
};

/// The first heap of the list. False: there is none.
bool view_heap_first(struct view *view, struct view_heap *heap);
/// The one after it. False at the end, and where the list is damaged: view_heap_list_is_sound().
bool view_heap_next(struct view *view, struct view_heap *heap);
/// Whether the last walk through the list came to its end.
bool view_heap_list_is_sound(const struct view *view);
/// The heap with this handle.
bool view_heap_find(struct view *view, uint64_t handle, struct view_heap *heap);
/// Whether a thread works on this heap, or somebody holds its mutex.
bool view_heap_is_busy(struct view *view, const struct view_heap *heap);
/// The thread record of the thread with this thread pointer; 0: it has none.
uint64_t view_thread_record(struct view *view, uint64_t thread_pointer);

struct view_region {
    uint32_t index;
    uint64_t start;
    uint64_t end;
    uint64_t committed_end;
    uint64_t first_block;
};
/// False: there is none, or its descriptor makes no sense.
bool view_region(
    struct view *view, const struct view_heap *heap, uint32_t index, struct view_region *region);

/// What is known of 64 KiB.
struct view_slice {
    uint32_t number;
    uint64_t heap; ///< address of the owner's structure; 0: nobody's
    uint64_t map;
    uint64_t owner;
    uint64_t slice_count;
    uint64_t user_size;
    uint32_t block_size, reciprocal;
    uint16_t first_offset, block_count;
    uint8_t kind, size_class, distance, flags;
    uint32_t next, previous;
};
/// The descriptor of a slice. False: it cannot be read.
bool view_slice(struct view *view, uint32_t number, struct view_slice *slice);
/// The number of the slice that an address lies in; 0: not in the pool.
uint32_t view_slice_number(struct view *view, uint64_t address);
uint64_t view_slice_address(const struct view *view, uint32_t number);

// ---- Elements -----------------------------------------------------------------------------------

enum view_kind {
    VIEW_REGION, ///< its elements follow
    VIEW_BUSY,
    VIEW_FREE,
    VIEW_CACHED, ///< free, in a thread's magazine; for the walk inside of the process free
    VIEW_UNCOMMITTED,
};

enum view_place {
    VIEW_NOWHERE,
    VIEW_IN_SPAN,
    VIEW_IN_MIXED,
    VIEW_LARGE_INSIDE, ///< a large block inside a region
    VIEW_LARGE_ALONE,  ///< a large block outside of regions
};
#define VIEW_NO_REGION UINT32_MAX

struct view_element {
    enum view_kind kind;
    enum view_place place;
    uint32_t region; ///< index, or VIEW_NO_REGION
    uint32_t slice;  ///< first slice of what it lies in; 0: none
    uint32_t index;  ///< block of the span, granule of the mixed span
    uint64_t start;
    uint64_t end;        ///< first address past it
    uint64_t user_size;  ///< busy: bytes asked for; region: bytes before its first block
    uint64_t record;     ///< busy only: address of its side record, or 0
    uint32_t block_size; ///< of a span
    bool is_last_free;   ///< free range that ends where an uncommitted range begins
    bool has_info;       ///< its state says that it has user info, or a sample's note
};

/// What is wrong where a walk could not go on, or with an element.
enum view_fault {
    VIEW_NO_FAULT,
    VIEW_BAD_REGION,     ///< a region's descriptor
    VIEW_BAD_SLICE,      ///< a slice's descriptor contradicts itself, or belongs to another heap
    VIEW_BAD_MAP,        ///< a state map cannot be read or does not lie in the engine's memory
    VIEW_BAD_STATE,      ///< a state that no allocation stores
    VIEW_BAD_LARGE_LIST, ///< the list of large blocks
};

struct view_walk {
    struct view_heap heap;
    struct view_region region;
    uint32_t next_region;
    uint32_t large; ///< next large block outside of regions
    uint32_t large_before;
    uint64_t address; ///< next element of `region`
    bool is_in_region, is_in_large;
    // What the walk met so far; the caller may set it back to VIEW_NO_FAULT.
    enum view_fault fault; ///< the first one
    uint64_t fault_address;
    uint32_t fault_count;
};

/// Begins at the region at the handle.
void view_walk_begin(struct view_walk *walk, const struct view_heap *heap);
/// The next element. False at the end.
bool view_walk_next(struct view *view, struct view_walk *walk, struct view_element *element);
/**
 * Puts a walk behind the element that a walk inside of the process showed at `position`.
 * @param was_busy  whether it was a busy block
 * @return false: there is no such element
 */
bool view_walk_seek(struct view *view, struct view_walk *walk, const struct view_heap *heap,
    uint64_t position, bool was_busy);

/// The element of a large block, whose first slice this is: as a walk has it, but for the region.
/// False: it is no large block of this heap, or damaged.
bool view_large_element(struct view *view, const struct view_heap *heap,
    const struct view_slice *slice, struct view_element *element);

/// An element's numbers as walks inside of the process give them (struct halde_entry).
struct view_entry {
    uint64_t data;
    uint64_t size;
    uint64_t overhead;
};
void view_entry_of(struct view *view, const struct view_element *element, struct view_entry *entry);

// ---- What layers above know of a block ----------------------------------------------------------

struct view_user_info {
    uint64_t value;
    uint32_t flags;
};
/// False: the block has none.
bool view_user_info(struct view *view, const struct view_heap *heap,
    const struct view_element *element, struct view_user_info *info);

/// Entries of a heap's user info table, of notes too, as it counts them itself. False: it has no
/// table.
bool view_user_info_count(struct view *view, const struct view_heap *heap, uint32_t *count);

enum view_debug_state {
    VIEW_DEBUG_LIVE,
    VIEW_DEBUG_IGNORED,
    VIEW_DEBUG_DELAYED, ///< freed, kept for ever
    VIEW_DEBUG_QUARANTINED,
};
/// A block of the debug heap, as the program knows it.
struct view_debug_block {
    enum view_debug_state state;
    uint64_t address; ///< what the program holds
    uint64_t size;    ///< bytes it asked for
    uint64_t outer;   ///< of an aligned block: where dumps and hooks see it; else `address`
    uint64_t outer_size;
    uint64_t number;    ///< request number; 0: ignored
    uint64_t file;      ///< address of the file's name, or 0
    uint64_t file_copy; ///< address of a copy of it, or 0
    uint32_t front;     ///< bytes of the gap before `outer`
    uint32_t inner;     ///< bytes from `outer` to `address`
    int32_t line;
    uint16_t type, subtype;
    uint32_t thread_id;
    uint32_t stack;
};
/// False: the element is no block of the debug heap, or one that is only just being made.
bool view_debug_block(struct view *view, const struct view_heap *heap,
    const struct view_element *element, struct view_debug_block *block);

/// What the recorder noted about a block of an observed heap.
struct view_record {
    uint32_t stack;
    uint32_t thread_id;
    uint64_t time_ns; ///< since view_recorder().started_ns; 0: unknown
    uint32_t weight;  ///< sampled: bytes that it stands for; else 0
};
/// False: nothing was noted.
bool view_record(struct view *view, const struct view_heap *heap,
    const struct view_element *element, struct view_record *record);

struct view_recorder {
    enum layout_record_mode mode;
    uint64_t sample_interval; ///< bytes
    uint64_t started_ns;      ///< CLOCK_MONOTONIC of the process
};
/// What the process records; `mode` is LAYOUT_RECORD_OFF when nothing.
void view_recorder(const struct view *view, struct view_recorder *recorder);
enum {
    VIEW_HANDLES_MAX = 1 << 20
};
/// The table of movable Global and Local objects.
struct view_handle_table {
    uint64_t start; ///< address of entry 0
    uint32_t count; ///< entries up to the last that was ever used
    uint32_t entry_size;
};
/// False: the process has no such objects.
bool view_handle_table(struct view *view, struct view_handle_table *table);
/// What entry `number` of the table holds. False: no object that has memory.
/// @param handle  receives the address of the word that holds `*data`: the program's handle
/// @param data    receives where the object's memory is
bool view_handle(struct view *view, const struct view_handle_table *table, uint32_t number,
    uint64_t *handle, uint64_t *data);
/// The debug heap's handle; 0: it is off.
uint64_t view_debug_heap(struct view *view);

enum {
    VIEW_FRAMES_MAX = 4096
};
/// A call stack. Returns how many frames were stored; 0 when there is no such stack.
size_t view_stack(struct view *view, uint32_t number, uint64_t *frames, size_t capacity);

/// How the debug heap fills bytes.
struct view_debug_fills {
    uint8_t freed, gap, aligned;
    uint32_t tail_checked_max; ///< bytes behind user data
};
/// False: there is no debug heap.
bool view_debug_fills(const struct view *view, struct view_debug_fills *fills);

/// Reads bytes of what the engine knows: from what was fetched, as far as possible.
bool view_read_known(struct view *view, uint64_t address, void *buffer, size_t size);
/// Reads bytes that the view does not keep, through a small cache for those who read on and on.
/// False: not all of them could be read.
bool view_read_contents(struct view *view, uint64_t address, void *buffer, size_t size);

#endif
