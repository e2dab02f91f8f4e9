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
    const char *pointer; // as the program gave it; NULL: free
    const char *copy;
};

static struct {
    uint32_t used;    // entries
    size_t text_used; // bytes
    char *text;       // NULL before the first copy
    struct entry entries[ENTRY_COUNT];
} names;

static uint32_t slot_of(const char *name)
{
    uint64_t hash = (uint64_t)(uintptr_t)name * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(hash >> 32) & (ENTRY_COUNT - 1);
}

// The entry of this pointer whose copy still says what the pointer says, or the first free one:
// there always is one.
static struct entry *find(const char *name)
{
    uint32_t slot = slot_of(name);
    struct entry *entry = &names.entries[slot];
    // Another module may have its own name where that of an unloaded one was.
    while (entry->pointer != NULL && (entry->pointer != name || strcmp(entry->copy, name) != 0)) {
        slot = (slot + 1) & (ENTRY_COUNT - 1);
        entry = &names.entries[slot];
    }
    return entry;
}

static const char *copy_of(const char *name, size_t size)
{
    if (names.text == NULL) {
        char *text = os_reserve(TEXT_SIZE);
        if (text == NULL) {
            return NULL;
        }
        if (os_commit(text, TEXT_SIZE, false) != 0) {
            os_unreserve(text, TEXT_SIZE);
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

const char *file_name_copy(const char *name)
{
    const size_t size = name == NULL ? 0 : size_of(name);
    if (size == 0) {
        return NULL;
    }
    struct entry *entry = find(name);
    if (entry->pointer == NULL) {
        const char *copy = names.used < ENTRY_COUNT / 2 ? copy_of(name, size) : NULL;
        if (copy == NULL) {
            return NULL;
        }
        names.used++;
        *entry = (struct entry){.pointer = name, .copy = copy};
    }
    return entry->copy;
}
