// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Sentences about wrong pointers and damage. Written without allocating.

#include "base/text.h"
#include "engine/block.h"
#include "engine/element.h"
#include "engine/engine.h"
#include "engine/heap.h"
#include "engine/large.h"

#include <string.h>

const char *halde_status_text(enum halde_status status)
{
    switch (status) {
    case HALDE_OK:
        return "no error";
    case HALDE_NO_MEMORY:
        return "out of memory, or the heap's maximum size is reached";
    case HALDE_BAD_HEAP:
        return "not a live heap";
    case HALDE_BAD_ARGUMENT:
        return "an argument has a value that is never valid";
    case HALDE_BLOCK_UNKNOWN:
        return "belongs to no heap of this process";
    case HALDE_BLOCK_INTERIOR:
        return "is not the start of a block";
    case HALDE_BLOCK_FREED:
        return "is already free (double free, or use after free)";
    case HALDE_BLOCK_OTHER_HEAP:
        return "belongs to another heap";
    case HALDE_BLOCK_DAMAGED:
        return "is damaged";
    case HALDE_HEAP_DAMAGED:
        return "lies where the heap's own data is inconsistent";
    case HALDE_NOT_OWNER:
        return "the calling thread does not hold the heap's lock";
    case HALDE_NO_MORE_ENTRIES:
        return "no more entries";
    case HALDE_ACCESS_DENIED:
        return "the system refused executable memory";
    case HALDE_NOT_FOUND:
        return "the block has no user info";
    }
    return "unknown status";
}

// The busy block around an address, if there is one.
static void put_surrounding_block(struct text *text, struct heap *heap, const void *address)
{
    struct session session;
    session_begin_central(&session, heap, HALDE_UNLOCKED);
    const struct region *region = heap_region_of(heap, (uintptr_t)address);
    struct element element;
    bool is_inside = region != NULL &&
                     element_at(heap, region, (uintptr_t)address & ~(uintptr_t)15, &element) &&
                     element.kind == HALDE_ENTRY_BUSY && element.start < (uintptr_t)address;
    session_end(&session);
    if (is_inside) {
        text_put(text, "; it lies ");
        text_put_decimal(text, (uintptr_t)address - element.start);
        text_put(text, " bytes into the busy block ");
        text_put_address(text, (void *)element.start);
        text_put(text, " of ");
        text_put_decimal(text, element.user_size);
        text_put(text, " bytes");
    }
}

static void put_owner(struct text *text, const void *address)
{
    const struct slice *slice = slice_of(address);
    const struct heap *owner = slice == NULL ? NULL : slice_heap(slice);
    if (owner != NULL) {
        text_put(text, ": heap ");
        text_put_address(text, (void *)RELAXED_LOAD(owner->handle));
    }
}

static void put_byte_difference(struct text *text, const struct halde_damage *damage)
{
    text_put(text, ": the byte at ");
    text_put_address(text, damage->address);
    text_put(text, " (offset ");
    text_put_decimal(text, (uintptr_t)damage->address - (uintptr_t)damage->block);
    text_put(text, ") is ");
    text_put_hex(text, damage->found, 2);
    text_put(text, ", expected ");
    text_put_hex(text, damage->expected, 2);
    text_put(text,
        damage->expected == 0xab ? "; written behind its end" : "; written after it was freed");
}

size_t engine_describe(
    const halde_heap *handle, const struct halde_damage *damage, char *buffer, size_t capacity)
{
    struct text text;
    text_init(&text, buffer, capacity);
    struct heap *heap = heap_of(handle);
    text_put(&text, "heap ");
    text_put_address(&text, handle);
    if (heap == NULL || damage->status == HALDE_BAD_HEAP) {
        text_put(&text, " is ");
        text_put(&text, halde_status_text(HALDE_BAD_HEAP));
        return text.length;
    }
    text_put(&text, damage->block == NULL ? ": " : ": block ");
    if (damage->block != NULL) {
        text_put_address(&text, damage->block);
        if (damage->block_size != 0) {
            text_put(&text, " of ");
            text_put_decimal(&text, damage->block_size);
            text_put(&text, " bytes");
        }
        text_put(&text, " ");
    }
    text_put(&text, halde_status_text(damage->status));
    if (damage->status == HALDE_BLOCK_INTERIOR) {
        put_surrounding_block(&text, heap, damage->block);
    } else if (damage->status == HALDE_BLOCK_OTHER_HEAP) {
        put_owner(&text, damage->block);
    } else if (damage->status == HALDE_BLOCK_DAMAGED && damage->address != NULL) {
        put_byte_difference(&text, damage);
    }
    return text.length;
}

void engine_message(const char *message)
{
    char buffer[1024];
    struct text text;
    text_init(&text, buffer, sizeof(buffer) - 1);
    text_put(&text, "halde: ");
    text_put(&text, message);
    buffer[text.length] = '\n';
    os_write_stderr(buffer, text.length + 1);
}
