// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * User info: a value and flags that a caller attaches to a block; and a note of the recorder's.
 *
 * Few blocks have any, so it lives in a hash table per heap, by address; a flag in the block's
 * state says that there is an entry.  An entry may have either or both: the program does not see
 * the note, which does not follow a block that is moved.  All central.
 */
#ifndef ENGINE_USER_INFO_H
#define ENGINE_USER_INFO_H

#include "engine/types.h"

/// What a layer above keeps with some blocks.
struct info_note {
    uint64_t value;
    uint32_t weight; ///< 0: there is none
};

struct info_entry {
    const void *block; ///< NULL: empty
    struct halde_user_info info;
    struct info_note note;
    bool has_info; ///< `info` is somebody's
};

/// Open addressing with linear probing; removal closes the gap. At most half full.
struct info_table {
    struct info_entry *entries;
    uint32_t capacity; ///< power of two
    uint32_t count;
};

/// Stores or replaces. Returns false when out of memory.
bool user_info_set(struct heap *heap, const void *block, const struct halde_user_info *info);
/// Reads. Returns false when the block has none.
bool user_info_get(const struct heap *heap, const void *block, struct halde_user_info *info);
/// With the note.
void user_info_remove(struct heap *heap, const void *block);
/// The same for the note. `weight` is not 0.
bool user_info_set_note(struct heap *heap, const void *block, const struct info_note *note);
bool user_info_get_note(const struct heap *heap, const void *block, struct info_note *note);
/// Takes the note away. Returns whether the entry still is: it has user info.
bool user_info_remove_note(struct heap *heap, const void *block);
/// Gives the table back when the heap is destroyed.
void user_info_release(struct heap *heap);

#endif
