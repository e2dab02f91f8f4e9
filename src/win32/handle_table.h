// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Handles of movable Global and Local objects.
 *
 * A handle is the address of the second word of a table entry, which old programs read as the data
 * pointer.  Entries are aligned to their size, so a handle's low nibble is 8 and no block's ever
 * is:
 *
 *     entry at 16 * n:   [ flags ][ data ]
 *                                 ^ handle
 *
 *     in use   flags bit 0 set: IN_USE | MOVABLE | ... | lock count << 16;  data NULL when
 * discarded freed    flags = address of the next freed entry (bit 0 clear, never 0), data NULL
 *     fresh    both 0: never used, or beyond the part of the table in use
 *
 * The table is outside every heap, in the library's zero pages, which cost memory only once
 * touched. Entries change under the process heap's lock.  They are atomic because walks and stale
 * handles read them without it; relaxed order is enough, as each word stands for itself.
 */
#ifndef WIN32_HANDLE_TABLE_H
#define WIN32_HANDLE_TABLE_H

#include "base/compiler.h"
#include "engine/engine.h"
#include "halde-win32/windows.h"

enum {
    HANDLE_TABLE_CAPACITY = 65536,

    HANDLE_IN_USE = 0x1,
    HANDLE_MOVABLE = 0x2,
    HANDLE_DISCARDABLE = 0x4,
    HANDLE_DISCARDED = 0x8,
    HANDLE_SHARED = 0x8000, ///< GMEM_DDESHARE
    HANDLE_LOCK_SHIFT = 16,
    HANDLE_LOCK_MAX = 255, ///< further locks are not counted
};

struct handle_entry {
    _Atomic(uintptr_t) flags;
    _Atomic(void *) data;
};
static_assert(sizeof(struct handle_entry) == 2 * sizeof(void *),
    "a handle's low bits tell it from a pointer");

/// Whether a value has the low bits of a handle. Any value may be asked.
bool handle_is_tagged(const void *value);
/// The entry of a live handle, or NULL. Any value may be asked.
struct handle_entry *handle_table_find(const void *handle);

/// Takes an entry with these flags and no data; NULL when all are in use. Process heap locked.
struct handle_entry *handle_table_take_locked(uintptr_t flags);
/// Gives an entry back; its handle is stale from now on. Process heap locked.
void handle_table_give_locked(struct handle_entry *entry);

HANDLE handle_of_entry(struct handle_entry *entry);

/// The live handle whose data starts at `data`, judging by the block's user info, or NULL.
HANDLE handle_table_handle_of(const void *data, const struct halde_user_info *info);
/// Whether a live handle was allocated with GMEM_DDESHARE.
bool handle_table_is_shared(HANDLE handle);

ALWAYS_INLINE uintptr_t handle_flags(const struct handle_entry *entry)
{
    return atomic_load_explicit(&entry->flags, memory_order_relaxed);
}

ALWAYS_INLINE void handle_set_flags(struct handle_entry *entry, uintptr_t flags)
{
    atomic_store_explicit(&entry->flags, flags, memory_order_relaxed);
}

ALWAYS_INLINE void *handle_data(const struct handle_entry *entry)
{
    return atomic_load_explicit(&entry->data, memory_order_relaxed);
}

ALWAYS_INLINE void handle_set_data(struct handle_entry *entry, void *data)
{
    atomic_store_explicit(&entry->data, data, memory_order_relaxed);
}

ALWAYS_INLINE unsigned handle_lock_count(const struct handle_entry *entry)
{
    return (unsigned)(handle_flags(entry) >> HANDLE_LOCK_SHIFT) & HANDLE_LOCK_MAX;
}

#endif
