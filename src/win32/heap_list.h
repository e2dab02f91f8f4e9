// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A list of all heaps at one moment, in memory outside every heap: reading it does not change what
 * it shows.  A heap on it may be gone when it is used; the engine then answers HALDE_BAD_HEAP.
 */
#ifndef WIN32_HEAP_LIST_H
#define WIN32_HEAP_LIST_H

#include "engine/engine.h"

struct heap_list {
    halde_heap **heaps; ///< process heap first, then in order of creation
    size_t count;
    size_t capacity; ///< items that the memory holds
};

/// HALDE_OK or HALDE_NO_MEMORY; then the list is empty and needs no release.
enum halde_status heap_list_read(struct heap_list *list);
/// Adds a heap to a list that starts as all zeroes. False: out of memory; the list stays as it was.
bool heap_list_add(struct heap_list *list, halde_heap *heap);
/// Gives the memory back; the list is empty afterwards.
void heap_list_release(struct heap_list *list);

#endif
