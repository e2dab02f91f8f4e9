// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A walk kept as an array, and questions about it.
 *
 * The array is static, so taking a walk allocates from no heap.
 */
#ifndef CONFORMANCE_WALK_H
#define CONFORMANCE_WALK_H

#include "conformance.h"

#define WALK_CAPACITY 20000
#define POINTER_SIZE ((intptr_t)sizeof(void *)) // P of the reference
#define LARGE_REGION_INDEX 64u

struct walk {
    size_t count;
    bool is_complete; // the walk ended with FALSE before the array was full
    DWORD end_error;  // the last error after the end
    PROCESS_HEAP_ENTRY entries[WALK_CAPACITY];
};

/** Takes a whole walk. Members that the protocol leaves to the caller hold `garbage` at the start.
 */
static inline void walk_take_from(struct walk *walk, HANDLE heap, unsigned char garbage)
{
    PROCESS_HEAP_ENTRY entry;
    memset(&entry, garbage, sizeof(entry));
    entry.lpData = NULL;
    walk->count = 0;
    walk->is_complete = false;
    SetLastError(SENTINEL);
    while (walk->count < WALK_CAPACITY) {
        if (!HeapWalk(heap, &entry)) {
            walk->is_complete = true;
            break;
        }
        walk->entries[walk->count++] = entry;
    }
    walk->end_error = GetLastError();
}

static inline void walk_take(struct walk *walk, HANDLE heap)
{
    walk_take_from(walk, heap, 0xCD);
}

static inline bool entry_is_region(const PROCESS_HEAP_ENTRY *entry)
{
    return (entry->wFlags & PROCESS_HEAP_REGION) != 0;
}

static inline bool entry_is_uncommitted(const PROCESS_HEAP_ENTRY *entry)
{
    return (entry->wFlags & PROCESS_HEAP_UNCOMMITTED_RANGE) != 0;
}

static inline bool entry_is_busy(const PROCESS_HEAP_ENTRY *entry)
{
    return (entry->wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0;
}

static inline bool entry_is_free(const PROCESS_HEAP_ENTRY *entry)
{
    const WORD kinds =
        PROCESS_HEAP_REGION | PROCESS_HEAP_UNCOMMITTED_RANGE | PROCESS_HEAP_ENTRY_BUSY;
    return (entry->wFlags & kinds) == 0;
}

static inline bool entry_is_large(const PROCESS_HEAP_ENTRY *entry)
{
    return entry_is_busy(entry) && entry->iRegionIndex == LARGE_REGION_INDEX;
}

/** The first byte after the data of an entry. */
static inline void *entry_end(const PROCESS_HEAP_ENTRY *entry)
{
    return address_plus(entry->lpData, (intptr_t)entry->cbData);
}

/** The busy entry whose lpData is `block`, or NULL. */
static inline const PROCESS_HEAP_ENTRY *walk_find_busy(const struct walk *walk, const void *block)
{
    for (size_t i = 0; i < walk->count; i++) {
        if (entry_is_busy(&walk->entries[i]) && walk->entries[i].lpData == block) {
            return &walk->entries[i];
        }
    }
    return NULL;
}

static inline size_t walk_count_if(
    const struct walk *walk, bool (*is_wanted)(const PROCESS_HEAP_ENTRY *))
{
    size_t count = 0;
    for (size_t i = 0; i < walk->count; i++) {
        count += is_wanted(&walk->entries[i]) ? 1 : 0;
    }
    return count;
}

/** Whether two walks of an unchanged heap agree in every member that has a meaning. */
static inline bool walk_entries_agree(
    const PROCESS_HEAP_ENTRY *left, const PROCESS_HEAP_ENTRY *right)
{
    if (left->lpData != right->lpData || left->cbData != right->cbData ||
        left->cbOverhead != right->cbOverhead || left->iRegionIndex != right->iRegionIndex ||
        left->wFlags != right->wFlags) {
        return false;
    }
    if (!entry_is_region(left)) {
        return true;
    }
    return left->Region.dwCommittedSize == right->Region.dwCommittedSize &&
           left->Region.dwUnCommittedSize == right->Region.dwUnCommittedSize &&
           left->Region.lpFirstBlock == right->Region.lpFirstBlock &&
           left->Region.lpLastBlock == right->Region.lpLastBlock;
}

static inline bool walks_agree(const struct walk *left, const struct walk *right)
{
    if (left->count != right->count) {
        return false;
    }
    for (size_t i = 0; i < left->count; i++) {
        if (!walk_entries_agree(&left->entries[i], &right->entries[i])) {
            return false;
        }
    }
    return true;
}

/** Exactly one of region, uncommitted, busy and free describes each entry. */
static inline bool walk_kinds_are_exclusive(const struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++) {
        const PROCESS_HEAP_ENTRY *entry = &walk->entries[i];
        const int kinds =
            entry_is_region(entry) + entry_is_uncommitted(entry) + entry_is_busy(entry);
        if (kinds > 1) {
            return false;
        }
        if ((entry->wFlags & (PROCESS_HEAP_ENTRY_MOVEABLE | PROCESS_HEAP_ENTRY_DDESHARE)) &&
            !entry_is_busy(entry)) {
            return false;
        }
    }
    return true;
}

#endif
