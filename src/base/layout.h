// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What a process says about its heaps to a reader outside of it: where the engine's data is, and
 * how its structures look.  With this a heap is understood without symbols and without running code
 * in the process: in a live one, in a core file, in a snapshot of either.
 *
 * `struct layout` lies in the library's initialised data, at a multiple of LAYOUT_ALIGNMENT.  A
 * reader looks for the magic in the private writable mappings of files and believes it where `self`
 * is the address at which it was found.  Before the engine has started `self` is 0.
 *
 * Everything is described by lists: a variable by its address, a field by its offset and size, a
 * constant by its value.  Lists only ever grow at their ends; an item keeps its place and meaning,
 * or `version` changes.  A reader takes the counts from the process: items beyond them do not exist
 * there.
 *
 * Written once, before the first heap is made; constant afterwards but for `extensions`.
 */
#ifndef BASE_LAYOUT_H
#define BASE_LAYOUT_H

#include "base/compiler.h"

#define LAYOUT_MAGIC "HaldeHeapLayout" ///< with its final 0: 16 bytes

enum {
    LAYOUT_VERSION = 1,
    LAYOUT_ALIGNMENT = 64,
};

/// Addresses of the process. A mutex is a word of 32 bits: 0 while nobody holds it.
#define LAYOUT_VARIABLES(X)                                                                        \
    X(POOL_BASE)         /* word: address of slice 0 */                                            \
    X(POOL_COMMITTED)    /* word: bytes from there on that may be accessible */                    \
    X(POOL_SLICES)       /* word: address of the slices' descriptors, one for each slice */        \
    X(POOL_REMOTES)      /* word: address of the second descriptors, one for each slice */         \
    X(POOL_MUTEX)        /* mutex: slices that belong to no heap */                                \
    X(AREA_MUTEX)        /* mutex: sizes of the engine's areas */                                  \
    X(METADATA_MUTEX)    /* mutex: the engine's own memory */                                      \
    X(REGISTRY_MUTEX)    /* mutex: list of heaps */                                                \
    X(FIRST_HEAP)        /* word: address of the first struct heap of the list, or 0 */            \
    X(PROCESS_HEAP)      /* word: handle of the process heap, or 0 */                              \
    X(THREADS)           /* word: address of the first thread record */                            \
    X(THREAD_COUNT)      /* 32 bits: records there are */                                          \
    X(RESERVATION_START) /* word: first address of the engine's one reservation */                 \
    X(RESERVATION_END)   /* word: first address past it */

/// Numbers.
#define LAYOUT_CONSTANTS(X)                                                                        \
    X(SLICE_SHIFT)          /* log2 of the bytes of a slice */                                     \
    X(SLICE_SIZE_OF)        /* bytes of struct slice */                                            \
    X(REMOTE_SIZE_OF)       /* bytes of struct remote */                                           \
    X(THREAD_SIZE_OF)       /* bytes of struct thread */                                           \
    X(HEAP_SIZE_OF)         /* bytes of struct heap */                                             \
    X(REGION_SIZE_OF)       /* bytes of struct region */                                           \
    X(CLASS_RECORD_SIZE_OF) /* bytes of struct class_record */                                     \
    X(INFO_ENTRY_SIZE_OF)   /* bytes of struct info_entry */                                       \
    X(CLASS_COUNT)          /* size classes */                                                     \
    X(GRANULE_SHIFT)        /* log2 of the bytes of a granule of a mixed span */                   \
    X(SLICE_NONE)           /* kinds of slices: types.h says what each is */                       \
    X(SLICE_SPAN_BYTES)                                                                            \
    X(SLICE_SPAN_WORDS)                                                                            \
    X(SLICE_INSIDE)                                                                                \
    X(SLICE_MIXED)                                                                                 \
    X(SLICE_LARGE)                                                                                 \
    X(SLICE_ALONE)                                                                                 \
    X(SLICE_FREE)                                                                                  \
    X(SLICE_FREE_END)                                                                              \
    X(SLICE_FLAG_USER_INFO)                                                                        \
    X(STATE_INFO_BYTE) /* states: types.h says what each is */                                     \
    X(STATE_INFO_WORD)                                                                             \
    X(STATE_CACHED_BYTE)                                                                           \
    X(STATE_CACHED_WORD)                                                                           \
    X(STATE_CONTINUATION)                                                                          \
    X(STATE_UNUSABLE)                                                                              \
    X(LARGE_ALONE_OFFSET) /* bytes before the block in a SLICE_ALONE */                            \
    X(CHECK_TAIL)         /* bits of heap.checks: HALDE_CHECK_* */                                 \
    X(CHECK_FREE)                                                                                  \
    X(THREAD_TLS_OFFSET)   /* the thread pointer plus this, as 64 signed bits: a word, the address \
                              of the thread's record, or of one that is no thread's */             \
    X(CLASS_ONE_SLICE_MAX) /* largest block size whose span is one slice */                        \
    X(SPAN_LARGE_SLICES)   /* slices of the spans of larger blocks */                              \
    X(FREE_LINK_SIZE)      /* how walks count free elements: element.h says what each is */        \
    X(FREE_OVERHEAD)                                                                               \
    X(LAST_FREE_RESERVE)                                                                           \
    X(LARGE_ALONE_SIZE) /* user size from which on a block has no tail to check */                 \
    X(TAIL_SIZE)        /* bytes behind a block in heaps with CHECK_TAIL */                        \
    X(TAIL_BYTE)        /* their value */

/// Fields: structure, name.
#define LAYOUT_FIELDS(X)                                                                           \
    X(slice, heap)                                                                                 \
    X(slice, map)                                                                                  \
    X(slice, owner)                                                                                \
    X(slice, slice_count)                                                                          \
    X(slice, reciprocal)                                                                           \
    X(slice, block_size)                                                                           \
    X(slice, user_size)                                                                            \
    X(slice, first_offset)                                                                         \
    X(slice, block_count)                                                                          \
    X(slice, kind)                                                                                 \
    X(slice, size_class)                                                                           \
    X(slice, distance)                                                                             \
    X(slice, flags)                                                                                \
    X(slice, next)                                                                                 \
    X(slice, previous)                                                                             \
    X(remote, records)                                                                             \
    X(thread, in)                                                                                  \
    X(thread, is_alive)                                                                            \
    X(region, first_slice)                                                                         \
    X(region, slice_count)                                                                         \
    X(region, end)                                                                                 \
    X(region, committed_end)                                                                       \
    X(region, first_block)                                                                         \
    X(heap, gate)                                                                                  \
    X(heap, handle)                                                                                \
    X(heap, id)                                                                                    \
    X(heap, mutex)                                                                                 \
    X(heap, lock_owner)                                                                            \
    X(heap, lock_depth)                                                                            \
    X(heap, is_shared)                                                                             \
    X(heap, is_serial)                                                                             \
    X(heap, record_size)                                                                           \
    X(heap, flags)                                                                                 \
    X(heap, checks)                                                                                \
    X(heap, initial_size)                                                                          \
    X(heap, maximum_size)                                                                          \
    X(heap, word)                                                                                  \
    X(heap, next)                                                                                  \
    X(heap, regions)                                                                               \
    X(heap, region_count)                                                                          \
    X(heap, large_first)                                                                           \
    X(heap, large_last)                                                                            \
    X(heap, slice_count)                                                                           \
    X(heap, alone_slices)                                                                          \
    X(heap, peak_slices)                                                                           \
    X(heap, info)                                                                                  \
    X(heap, mixed)                                                                                 \
    X(mixed, map)                                                                                  \
    X(mixed, map_count)                                                                            \
    X(mixed, limit)                                                                                \
    X(mixed, first)                                                                                \
    X(mixed, top)                                                                                  \
    X(mixed, committed)                                                                            \
    X(info_table, entries)                                                                         \
    X(info_table, capacity)                                                                        \
    X(info_table, count)                                                                           \
    X(info_entry, block)                                                                           \
    X(info_entry, info)                                                                            \
    X(mixed, free_count)                                                                           \
    X(mixed, high)                                                                                 \
    X(heap, is_observed)                                                                           \
    X(info_entry, note)                                                                            \
    X(info_entry, has_info)

#define LAYOUT_VARIABLE_NAME(name) LAYOUT_VARIABLE_##name,
#define LAYOUT_CONSTANT_NAME(name) LAYOUT_CONSTANT_##name,
#define LAYOUT_FIELD_NAME(structure, name) LAYOUT_FIELD_##structure##_##name,
enum layout_variable {
    LAYOUT_VARIABLES(LAYOUT_VARIABLE_NAME) LAYOUT_VARIABLE_COUNT
};
enum layout_constant {
    LAYOUT_CONSTANTS(LAYOUT_CONSTANT_NAME) LAYOUT_CONSTANT_COUNT
};
enum layout_field_number {
    LAYOUT_FIELDS(LAYOUT_FIELD_NAME) LAYOUT_FIELD_COUNT
};
#undef LAYOUT_VARIABLE_NAME
#undef LAYOUT_CONSTANT_NAME
#undef LAYOUT_FIELD_NAME

struct layout_field {
    uint16_t offset; ///< bytes from the start of its structure
    uint16_t size;   ///< bytes
};

/// What a layer above the engine has to say. Its own structure begins with this.
struct layout_extension {
    char name[8];                  ///< filled up with 0; says what follows
    uint32_t version;              ///< of what follows
    uint32_t size;                 ///< bytes of all of it
    struct layout_extension *next; ///< one that came earlier, or NULL; constant once it is shown
};

#define LAYOUT_STACKS "Stacks"
/// Call stacks that side records name: a stack depot (unwind/stack_depot.h tells its format).
struct layout_stacks {
    struct layout_extension extension;
    uint64_t depot; ///< address of a word: the address of the depot's header, or 0
};

#define LAYOUT_DEBUG_HEAP "DebugHp"
enum {
    LAYOUT_DEBUG_HEAP_VERSION = 3, ///< 1, 2: longer records
};
/// The debug heap: its blocks have side records (crtdbg/record.h) and gaps around the user's data.
struct layout_debug_heap {
    struct layout_extension extension;
    uint64_t heap; ///< address of a word: the debug heap's handle, or 0
    // Of the side record.  The low `thread_bits` of `thread_and_number` are the thread; what is
    // above belongs above `number_low`.  The low `origin_bits` of `origin_word` are the origin.
    struct layout_field number_low, stack, thread_and_number, origin_word, state;
    uint32_t thread_bits, origin_bits;
    uint32_t state_live, state_ignored, state_delayed, state_quarantined;
    // User data has what the engine was asked for, less both gaps.
    uint32_t front_gap_size; ///< bytes before user data, where no alignment asks for more
    uint32_t tail_gap_size;  ///< bytes after it, at least
    // Origins: what blocks of one place have in common.  The origin is the index of an entry; 0:
    // unknown.  Where `origin_is_inner` is 0, user data is aligned to 1 << origin_shift, and as
    // many bytes the front gap has.  Otherwise the front gap has `front_gap_size` bytes, and inner
    // data is what is aligned (crtdbg/record.h), `origin_offset` bytes behind its start.
    uint64_t origins;                ///< address of a word: the address of the entries, or 0
    uint32_t origin_count;           ///< entries that there may be
    uint32_t origin_size;            ///< bytes of an entry
    struct layout_field origin_file; ///< within it: the address of the file's name, or 0
    struct layout_field origin_copy; ///< the address of a copy, for modules that are gone, or 0
    struct layout_field origin_line, origin_use, origin_shift, origin_offset, origin_is_inner;
    uint32_t fill_new, fill_freed, fill_gap, fill_aligned; ///< byte values
    uint32_t tail_checked_max; ///< bytes behind user data that are filled and checked at most
};

#define LAYOUT_RECORDER "Recordr"
/// The recorder: blocks of the process heap and of all heaps with `is_observed` have side records
/// of who asked for them, or (sampling) those that were picked have a note beside their user info.
struct layout_recorder {
    struct layout_extension extension;
    uint32_t mode;            ///< enum layout_record_mode
    uint64_t sample_interval; ///< bytes
    uint64_t started_ns;      ///< CLOCK_MONOTONIC when time 0 of the records was
    struct layout_field stack, thread_id, time_ns; ///< of the side record; stack 0: not recorded
};
enum layout_record_mode {
    LAYOUT_RECORD_OFF,
    LAYOUT_RECORD_SAMPLE, ///< info_entry.note: a word, stack | thread << 32; 32 bits, weight in
                          ///< bytes
    LAYOUT_RECORD_EXACT,
};

#define LAYOUT_HANDLES "Handles"
/// Movable Global and Local objects: a table of entries outside of all heaps.  A handle is the
/// address of the word in an entry where the address of the object's memory stands.
struct layout_handles {
    struct layout_extension extension;
    uint64_t entries; ///< address of entry 0
    uint64_t fresh;   ///< address of a word: number of the first entry that was never used
    uint32_t entry_count;
    uint32_t entry_size;             ///< bytes
    struct layout_field flags, data; ///< words of an entry; data 0: the object has no memory
    uint64_t flag_in_use;            ///< bit of `flags`: the entry belongs to an object
};

struct layout {
    _Alignas(LAYOUT_ALIGNMENT) char magic[16];
    uint64_t self; ///< the address of this structure; 0: the engine has not started
    uint32_t version;
    uint32_t size;             ///< bytes of this structure
    char library_version[16];  ///< as text
    uint32_t variable_count;   ///< LAYOUT_VARIABLE_COUNT of the library
    uint32_t variables_offset; ///< bytes from the start of this structure
    uint32_t constant_count;
    uint32_t constants_offset;
    uint32_t field_count;
    uint32_t fields_offset;
    _Atomic(struct layout_extension *) extensions; ///< newest first; any thread pushes (release)
    uint64_t variables[LAYOUT_VARIABLE_COUNT];
    int64_t constants[LAYOUT_CONSTANT_COUNT];
    struct layout_field fields[LAYOUT_FIELD_COUNT];
};

#endif
