// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/previews.h"

#include "cli/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEPT_SIZE = 16,
    WINDOW_SIZE = 4096, // read at once
};

struct preview {
    uint64_t address;
    uint8_t size;
    unsigned char bytes[KEPT_SIZE];
};

struct previews {
    struct preview *items; // by address
    size_t count, capacity;
};

// What has been read last of the process.
struct window {
    const struct image *image;
    uint64_t start;
    size_t size; // that could be read
    unsigned char bytes[WINDOW_SIZE];
};

static bool has_range(const struct window *window, uint64_t address, size_t size)
{
    return address >= window->start && address - window->start <= window->size &&
           window->size - (address - window->start) >= size;
}

// How many bytes could be read.
static size_t read_window(struct window *window, uint64_t address, void *buffer, size_t size)
{
    if (!has_range(window, address, size)) {
        // Up to the end of a page: behind it there may be nothing.
        size_t left = WINDOW_SIZE - (size_t)(address % WINDOW_SIZE);
        if (left < size) {
            return image_read(window->image, address, buffer, size);
        }
        window->start = address;
        window->size = image_read(window->image, address, window->bytes, left);
    }
    uint64_t offset = address - window->start;
    size_t got = window->size - offset < size ? (size_t)(window->size - offset) : size;
    memcpy(buffer, window->bytes + offset, got);
    return got;
}

static void keep(struct previews *previews, struct window *window, const struct image_block *block)
{
    previews->items = must_grow(
        previews->items, previews->count, &previews->capacity, sizeof(previews->items[0]));
    struct preview *preview = &previews->items[previews->count++];
    size_t size = block->size < KEPT_SIZE ? (size_t)block->size : KEPT_SIZE;
    preview->address = block->address;
    preview->size = (uint8_t)read_window(window, block->address, preview->bytes, size);
}

// As an image_reader.
static size_t read_kept(void *context, uint64_t address, void *buffer, size_t size)
{
    const struct previews *previews = context;
    size_t low = 0;
    size_t high = previews->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (previews->items[middle].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == previews->count || previews->items[low].address != address) {
        return 0;
    }
    const struct preview *preview = &previews->items[low];
    size = preview->size < size ? preview->size : size;
    memcpy(buffer, preview->bytes, size);
    return size;
}

static void release(void *context)
{
    struct previews *previews = context;
    free(previews->items);
    free(previews);
}

void previews_keep(struct image *image, unsigned kinds)
{
    struct previews *previews = must_allocate(1, sizeof(*previews));
    struct window window = {.image = image};
    for (size_t i = 0; i < image->block_count; i++) { // by address: image_sort()
        const struct image_block *block = &image->blocks[i];
        if (block->kind == IMAGE_BUSY && (kinds >> block->class_ & 1) != 0) {
            keep(previews, &window, block);
        }
    }
    if (image->release_reader != NULL) {
        image->release_reader(image->reader);
    }
    image->read = read_kept;
    image->hold = NULL;
    image->reader = previews;
    image->release_reader = release;
}
