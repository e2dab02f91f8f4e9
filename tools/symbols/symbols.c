// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/symbols.h"

#include "cli/memory.h"
#include "symbols/internal.h"
#include "symbols/paths.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIRST_CAPACITY = 1024,
    NAME_LIMIT = 4000,
};

struct symbols *symbols_create(const struct image *image, const struct symbols_options *options)
{
    static const struct symbols_options defaults = {0};
    struct symbols *symbols = must_allocate(1, sizeof(*symbols));
    symbols->image = image;
    symbols->options = options != NULL ? *options : defaults;
    if (symbols->options.name_limit == 0) {
        symbols->options.name_limit = NAME_LIMIT;
    }
    module_places_init(&symbols->places, image, &symbols->options);
    symbols->directory = get_current_dir_name();
    symbols->file_count = image->module_count;
    symbols->files = must_allocate(symbols->file_count + 1, sizeof(*symbols->files));
    symbols->lookup_capacity = FIRST_CAPACITY;
    symbols->lookups = must_allocate(symbols->lookup_capacity, sizeof(*symbols->lookups));
    return symbols;
}

void symbols_destroy(struct symbols *symbols)
{
    if (symbols == NULL) {
        return;
    }
    for (size_t i = 0; i < symbols->file_count; i++) {
        module_file_release(&symbols->files[i]);
    }
    free(symbols->files);
    free(symbols->lookups);
    free(symbols->stacks);
    free(symbols->directory);
    module_places_release(&symbols->places);
    text_pool_release(&symbols->pool);
    free(symbols);
}

// ---- Addresses that were looked up --------------------------------------------------------------

static uint64_t make_key(uint64_t address, bool is_return)
{
    return (address << 1 | address >> 63) ^ (is_return ? 1 : 0);
}

static size_t find_slot(const struct symbols *symbols, uint64_t key)
{
    size_t mask = symbols->lookup_capacity - 1;
    size_t slot = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 20) & mask;
    while (symbols->lookups[slot].count != 0 && symbols->lookups[slot].key != key) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void enlarge(struct symbols *symbols)
{
    struct symbol_lookup *old = symbols->lookups;
    size_t old_capacity = symbols->lookup_capacity;
    symbols->lookup_capacity *= 2;
    symbols->lookups = must_allocate(symbols->lookup_capacity, sizeof(*symbols->lookups));
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].count != 0) {
            symbols->lookups[find_slot(symbols, old[i].key)] = old[i];
        }
    }
    free(old);
}

size_t symbols_find(
    struct symbols *symbols, uint64_t address, bool is_return, const struct symbol_frame **frames)
{
    uint64_t key = make_key(address, is_return);
    size_t slot = find_slot(symbols, key);
    if (symbols->lookups[slot].count == 0) {
        const struct symbol_frame *found = NULL;
        size_t count = symbols_look_up(symbols, address, is_return, &found);
        if (symbols->lookup_count >= symbols->lookup_capacity / 2) {
            enlarge(symbols);
            slot = find_slot(symbols, key);
        }
        symbols->lookups[slot] =
            (struct symbol_lookup){.key = key, .count = (uint32_t)count, .frames = found};
        symbols->lookup_count++;
    }
    *frames = symbols->lookups[slot].frames;
    return symbols->lookups[slot].count;
}

// ---- As words -----------------------------------------------------------------------------------

char *symbols_name(const struct symbol_frame *frame, char *buffer, size_t size)
{
    if (frame->function[0] != 0) {
        snprintf(buffer, size, "%s", frame->function);
    } else if (frame->module_name[0] != 0) {
        snprintf(buffer, size, "%s+0x%" PRIx64, frame->module_name, frame->offset);
    } else {
        snprintf(buffer, size, "0x%" PRIx64, frame->address);
    }
    return buffer;
}

char *symbols_place(const struct symbol_frame *frame, bool is_full, char *buffer, size_t size)
{
    if (frame->file[0] == 0 && frame->module_name[0] != 0) {
        snprintf(buffer, size, "%s+0x%" PRIx64, is_full ? frame->module : frame->module_name,
            frame->offset);
    } else if (frame->file[0] == 0) {
        snprintf(buffer, size, "0x%" PRIx64, frame->address);
    } else {
        snprintf(buffer, size, "%s:%d", is_full ? frame->file : frame->short_file, frame->line);
    }
    return buffer;
}
