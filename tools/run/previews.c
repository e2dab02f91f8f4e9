// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/previews.h"

#include "cli/memory.h"
#include "view/view.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEPT_SIZE = 16,
    PIECE_SIZE_MAX = 4096, // blocks that lie so near to each other are read as one
    PIECES = 256,          // read at once
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

// Previews that are to be read.
struct batch {
    const struct image *image;
    struct previews *previews;
    struct view_piece pieces[PIECES];
    size_t firsts[PIECES]; // index of the first preview of each piece
    size_t count;
    char *bytes; // PIECES * PIECE_SIZE_MAX
};

static void read_pieces(struct batch *batch)
{
    char *to = batch->bytes;
    for (size_t i = 0; i < batch->count; i++) {
        batch->pieces[i].to = to;
        to += batch->pieces[i].size;
    }
    const struct image *image = batch->image;
    if (image->read_many != NULL) {
        image->read_many(image->reader, batch->pieces, batch->count);
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        struct view_piece *piece = &batch->pieces[i];
        piece->is_read =
            image_read(image, piece->address, piece->to, (size_t)piece->size) == piece->size;
    }
}

// What a piece that could not be read has, it has in parts.
static void take_preview(const struct batch *batch, const struct view_piece *piece, size_t index)
{
    struct preview *preview = &batch->previews->items[index];
    if (piece->is_read) {
        memcpy(preview->bytes, piece->to + (preview->address - piece->address), preview->size);
    } else {
        preview->size =
            (uint8_t)image_read(batch->image, preview->address, preview->bytes, preview->size);
    }
}

static void flush(struct batch *batch)
{
    read_pieces(batch);
    for (size_t i = 0; i < batch->count; i++) {
        size_t end = i + 1 < batch->count ? batch->firsts[i + 1] : batch->previews->count;
        for (size_t j = batch->firsts[i]; j < end; j++) {
            take_preview(batch, &batch->pieces[i], j);
        }
    }
    batch->count = 0;
}

// Blocks come by address.
static void keep(struct batch *batch, const struct image_block *block)
{
    const uint64_t address = block->address;
    const uint64_t size = block->size < KEPT_SIZE ? block->size : KEPT_SIZE;
    struct view_piece *last = batch->count == 0 ? NULL : &batch->pieces[batch->count - 1];
    if (last != NULL && address >= last->address &&
        address - last->address <= PIECE_SIZE_MAX - KEPT_SIZE) {
        last->size = address - last->address + size;
    } else {
        if (batch->count == PIECES) {
            flush(batch);
        }
        batch->firsts[batch->count] = batch->previews->count;
        batch->pieces[batch->count++] = (struct view_piece){.address = address, .size = size};
    }
    struct previews *previews = batch->previews;
    previews->items = must_grow(
        previews->items, previews->count, &previews->capacity, sizeof(previews->items[0]));
    previews->items[previews->count++] =
        (struct preview){.address = address, .size = (uint8_t)size};
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
    struct batch batch = {
        .image = image,
        .previews = previews,
        .bytes = must_allocate(PIECES, PIECE_SIZE_MAX),
    };
    for (size_t i = 0; i < image->block_count; i++) { // by address: image_sort()
        const struct image_block *block = &image->blocks[i];
        if (block->kind == IMAGE_BUSY && (kinds >> block->class_ & 1) != 0) {
            keep(&batch, block);
        }
    }
    flush(&batch);
    free(batch.bytes);
    if (image->release_reader != NULL) {
        image->release_reader(image->reader);
    }
    image->read = read_kept;
    image->read_many = NULL;
    image->find_filled = NULL;
    image->hold = NULL;
    image->reader = previews;
    image->release_reader = release;
}
