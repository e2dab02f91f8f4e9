// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/handle_table.h"

#include "base/layout.h"
#include "halde-win32/winternl.h"

enum {
    ENTRY_SIZE = sizeof(struct handle_entry),
    TAG = offsetof(struct handle_entry, data),
};

static struct {
    // Freed entries, newest first; ends with the address of `end`, because a link is never 0.
    uintptr_t freed; // process heap locked; 0 before the first use
    size_t fresh;    // index of the first entry that was never used; process heap locked
    _Alignas(ENTRY_SIZE) struct handle_entry entries[HANDLE_TABLE_CAPACITY];
    struct handle_entry end; // its address is the end of the list; never used
} table;

// What readers outside are told of it.
static struct layout_handles described = {
    .extension = {.name = LAYOUT_HANDLES, .version = 1, .size = sizeof(struct layout_handles)},
    .entry_count = HANDLE_TABLE_CAPACITY,
    .entry_size = ENTRY_SIZE,
    .flags = {offsetof(struct handle_entry, flags), sizeof(uintptr_t)},
    .data = {offsetof(struct handle_entry, data), sizeof(void *)},
    .flag_in_use = HANDLE_IN_USE,
};

static COLD void describe_locked(void)
{
    described.entries = (uintptr_t)table.entries;
    described.fresh = (uintptr_t)&table.fresh;
    engine_extend_layout(&described.extension);
}

bool handle_is_tagged(const void *value)
{
    return ((uintptr_t)value & (ENTRY_SIZE - 1)) == TAG;
}

HANDLE handle_of_entry(struct handle_entry *entry)
{
    return (HANDLE)(uintptr_t)&entry->data;
}

struct handle_entry *handle_table_find(const void *handle)
{
    uintptr_t offset = (uintptr_t)handle - (uintptr_t)table.entries;
    if (!handle_is_tagged(handle) || offset >= sizeof(table.entries)) {
        return NULL;
    }
    struct handle_entry *entry = &table.entries[offset / ENTRY_SIZE];
    return (handle_flags(entry) & HANDLE_IN_USE) != 0 ? entry : NULL;
}

struct handle_entry *handle_table_take_locked(uintptr_t flags)
{
    struct handle_entry *entry;
    if (table.freed != 0 && table.freed != (uintptr_t)&table.end) {
        entry = (struct handle_entry *)table.freed;
        table.freed = handle_flags(entry);
    } else if (table.fresh < HANDLE_TABLE_CAPACITY) {
        if (table.fresh == 0) {
            describe_locked();
        }
        entry = &table.entries[table.fresh++];
    } else {
        return NULL;
    }
    handle_set_data(entry, NULL);
    handle_set_flags(entry, flags | HANDLE_IN_USE);
    return entry;
}

void handle_table_give_locked(struct handle_entry *entry)
{
    uintptr_t next = table.freed != 0 ? table.freed : (uintptr_t)&table.end;
    handle_set_data(entry, NULL);
    handle_set_flags(entry, next);
    table.freed = (uintptr_t)entry;
}

HANDLE handle_table_handle_of(const void *data, const struct halde_user_info *info)
{
    // A program may set the same flag on a block of its own; the entry must agree.
    if ((info->flags & HEAP_SETTABLE_USER_FLAG1) == 0) {
        return NULL;
    }
    struct handle_entry *entry = handle_table_find(info->value);
    return entry != NULL && handle_data(entry) == data ? info->value : NULL;
}

bool handle_table_is_shared(HANDLE handle)
{
    struct handle_entry *entry = handle_table_find(handle);
    return entry != NULL && (handle_flags(entry) & HANDLE_SHARED) != 0;
}
