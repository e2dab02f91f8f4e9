// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/file_names.h"

#include "os/os.h"
#include "os/process.h"

#include <string.h>

enum {
    ENTRY_COUNT = 4096, // a power of two; half of them are used at most
    LONGEST_NAME = 4096,
    TEXT_SIZE = 1024 * 1024, // for all copies
};

struct entry {
    const char *_Atomic pointer; // as the program gave it; NULL: free.  Written last (release)
    const char *copy;            // constant from then on
};

static struct {
    struct os_mutex mutex;  // for adding
    _Atomic(uint32_t) used; // entries; written under `mutex`
    size_t text_used;       // GUARDED_BY(mutex)
    char *text;             // GUARDED_BY(mutex)
    struct entry entries[ENTRY_COUNT];
} names;

static uint32_t slot_of(const char *name)
{
    uint64_t hash = (uint64_t)(uintptr_t)name * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(hash >> 32) & (ENTRY_COUNT - 1);
}

// The entry of this pointer whose copy still says what the pointer says, or the first free one.
// `*number` is 0 when it is free.
static struct entry *find(const char *name, uint32_t *number)
{
    for (uint32_t i = 0; i < ENTRY_COUNT; i++) {
        uint32_t slot = (slot_of(name) + i) & (ENTRY_COUNT - 1);
        struct entry *entry = &names.entries[slot];
        // Pairs with the release store in add().
        const char *pointer = atomic_load_explicit(&entry->pointer, memory_order_acquire);
        if (pointer == NULL) {
            *number = 0;
            return entry;
        }
        // Another module may have its own name where that of an unloaded one was.
        if (pointer == name && strcmp(entry->copy, name) == 0) {
            *number = slot + 1;
            return entry;
        }
    }
    *number = 0;
    return NULL;
}

static const char *copy_of(const char *name, size_t size)
{
    if (names.text == NULL) {
        char *text = os_reserve(TEXT_SIZE);
        if (text == NULL || os_commit(text, TEXT_SIZE, false) != 0) {
            return NULL;
        }
        names.text = text;
    }
    if (size > TEXT_SIZE - names.text_used) {
        return NULL;
    }
    char *copy = names.text + names.text_used;
    names.text_used += size;
    return memcpy(copy, name, size);
}

// The size with the 0 at the end; 0 when the name is too long or cannot be read.
static size_t size_of(const char *name)
{
    char text[LONGEST_NAME];
    size_t readable = os_copy_memory(text, name, sizeof(text));
    const char *end = memchr(text, '\0', readable);
    return end == NULL ? 0 : (size_t)(end - text) + 1;
}

static COLD uint32_t add(const char *name)
{
    size_t size = size_of(name);
    if (size == 0) {
        return 0;
    }
    uint32_t number = 0;
    os_mutex_lock(&names.mutex);
    struct entry *entry = find(name, &number);
    if (number == 0 && entry != NULL) {
        const char *copy = copy_of(name, size);
        if (copy != NULL) {
            entry->copy = copy;
            atomic_store_explicit(&entry->pointer, name, memory_order_release);
            atomic_fetch_add_explicit(&names.used, 1, memory_order_relaxed);
            number = (uint32_t)(entry - names.entries) + 1;
        }
    }
    os_mutex_unlock(&names.mutex);
    return number;
}

uint32_t file_name_number(const char *name)
{
    if (name == NULL) {
        return 0;
    }
    uint32_t number;
    find(name, &number);
    bool is_full = atomic_load_explicit(&names.used, memory_order_relaxed) >= ENTRY_COUNT / 2;
    return number != 0 || is_full ? number : add(name);
}

const char *file_name_of_number(uint32_t number)
{
    return number == 0 || number > ENTRY_COUNT ? NULL : names.entries[number - 1].copy;
}

void file_names_describe(struct file_name_table *table)
{
    *table = (struct file_name_table){
        .entries = names.entries,
        .count = ENTRY_COUNT,
        .entry_size = sizeof(struct entry),
        .copy_offset = offsetof(struct entry, copy),
    };
}
