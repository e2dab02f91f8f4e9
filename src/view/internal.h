// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What the files of the view share: the opened layout, and reading by it. */
#ifndef VIEW_INTERNAL_H
#define VIEW_INTERNAL_H

#include "base/layout.h"
#include "view/store.h"
#include "view/view.h"

enum {
    STRUCTURE_SIZE_MAX = 64 << 10, ///< of any structure of the engine
    SPAN_STATES_SIZE = 16 << 10,   ///< bytes of the states of a span at most
    MAP_WINDOW_SIZE = 4 << 10,
    ITEM_COUNT_MAX = 4096,      ///< of any list of the layout
    SMALL_STRUCTURE_MAX = 1024, ///< bytes of any but struct heap
};

/// The span whose blocks were looked at last.
struct span_in_hand {
    uint32_t number; ///< of its first slice; 0: none
    uint64_t heap;
    struct view_slice slice;
    uint64_t records; ///< address of its side records, or 0
    uint32_t slice_count;
    bool has_words;
    uint8_t states[SPAN_STATES_SIZE];
};

/// A piece of a mixed span's map.
struct map_window {
    uint64_t address;
    uint32_t size; ///< 0: none
    uint8_t bytes[MAP_WINDOW_SIZE];
};

/// How the list of heaps is watched for loops: its present heap is compared with one that is moved
/// up after 1, 2, 4, 8 ... steps.
struct list_watch {
    uint64_t mark;
    uint64_t next; ///< address of the heap behind the present one
    uint32_t steps, limit;
    bool is_sound;
};

struct depot {
    uint64_t address; ///< 0: none
    uint64_t entries_offset, used;
    uint32_t entry_header_size, number_shift;
    bool is_read;
};

struct view {
    struct store store;         ///< what the engine knows
    struct store contents;      ///< everything else
    view_bulk_reader read_many; ///< NULL: there is none
    size_t memory_size;         ///< of this structure

    uint64_t layout_address;
    char library_version[16];
    uint64_t variables[LAYOUT_VARIABLE_COUNT];
    int64_t constants[LAYOUT_CONSTANT_COUNT];
    struct layout_field fields[LAYOUT_FIELD_COUNT];

    // Constants that are used all the time.
    uint64_t pool_base;
    uint64_t slices; ///< address of the descriptor of slice 0
    uint64_t remotes;
    struct view_range reservation;
    uint32_t slice_shift, granule_shift;
    uint32_t slice_size_of; ///< bytes of a descriptor

    uint32_t pool_slices; ///< slices that may be accessible; read anew after view_forget()
    bool has_pool_slices;

    struct layout_stacks stacks; ///< size 0: none; likewise the next three
    struct layout_debug_heap debug;
    struct layout_recorder recorder;
    struct layout_handles handles;
    uint64_t debug_handle;
    bool has_debug_handle;
    struct depot depot;

    struct list_watch list;
    struct span_in_hand span;
    struct map_window window;
    uint8_t scratch[STRUCTURE_SIZE_MAX];
};

/// A number of up to 8 bytes within the bytes of a structure.
uint64_t view_number(const uint8_t *bytes, struct layout_field field);

ALWAYS_INLINE uint64_t view_field(
    const struct view *view, const uint8_t *bytes, enum layout_field_number field)
{
    return view_number(bytes, view->fields[field]);
}

/// Whether a range lies where the engine keeps what it knows.
bool view_is_metadata(struct view *view, uint64_t address, uint64_t size);
/// Slices from 0 on that there may be.
uint32_t view_pool_slices(struct view *view);

/// Reads the extensions' list. Called by view_open().
void view_read_extensions(struct view *view, uint64_t first);
/// Fetches what the extensions' functions need; part of view_fetch().
bool view_fetch_user_info(struct view *view, const struct view_heap *heap);

/// Forgets the span in hand and the window.
void view_forget_walk(struct view *view);
/// Fetches what walks need of a slice's span or large block; part of view_fetch().
bool view_fetch_slice(
    struct view *view, const struct view_heap *heap, const struct view_slice *slice);

#endif
