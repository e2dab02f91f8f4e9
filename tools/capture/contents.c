// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "capture/contents.h"

#include "cli/memory.h"
#include "image/by_address.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t KEPT_SIZE = (uint64_t)1 << 30; ///< bytes of decompressed pieces

/// A section. Where it begins and ends is known once it was read; that is kept when its bytes are
/// forgotten.
struct piece {
    struct placed_section section;
    uint64_t start;
    uint64_t end;
    bool is_known;
    bool is_damaged;
    size_t sound; ///< of a damaged one: 1 + index of the nearest before it that is not; 0: none is
    uint8_t *payload; ///< NULL: not in memory
    struct content_row *rows;
    uint64_t *offsets;    ///< of each row's bytes, in `bytes`
    const uint8_t *bytes; ///< in the payload
};

struct contents {
    struct section_source source;
    struct piece *pieces; ///< by address
    size_t count;
    uint64_t kept_size;
    size_t next_to_forget;
};

static uint64_t memory_of(const struct piece *piece)
{
    const struct snapshot_section *section = &piece->section.section;
    return section->raw_size + section->count * (sizeof(*piece->rows) + sizeof(*piece->offsets));
}

static void forget(struct contents *contents, struct piece *piece)
{
    if (piece->payload) {
        contents->kept_size -= memory_of(piece);
    }
    free(piece->payload);
    free(piece->rows);
    free(piece->offsets);
    piece->payload = NULL;
    piece->rows = NULL;
    piece->offsets = NULL;
}

// Makes room by forgetting pieces in turn.
static void make_room(struct contents *contents, uint64_t size)
{
    for (size_t tries = 0; tries < contents->count && contents->kept_size + size > KEPT_SIZE;
         tries++) {
        forget(contents, &contents->pieces[contents->next_to_forget]);
        contents->next_to_forget = (contents->next_to_forget + 1) % contents->count;
    }
}

static bool find_bytes(struct piece *piece, uint64_t *size)
{
    struct snapshot_cursor cursor;
    struct snapshot_column column;
    snapshot_cursor_init(&cursor, piece->payload, piece->section.section.raw_size);
    piece->bytes = piece->payload;
    *size = 0;
    while (snapshot_cursor_next(&cursor, &column) > 0) {
        if (column.number == CONTENTS_BYTES) {
            piece->bytes = column.bytes;
            *size = column.size;
            return column.encoding == SNAPSHOT_BYTES;
        }
    }
    return true;
}

// Whether rows are in order, do not overlap, and have their bytes.
static bool set_offsets(struct piece *piece, uint64_t size)
{
    uint64_t used = 0;
    uint64_t end = 0;
    for (uint64_t index = 0; index < piece->section.section.count; index++) {
        const struct content_row *row = &piece->rows[index];
        if (row->address < end || row->size == 0 || row->size > UINT64_MAX - row->address) {
            return false;
        }
        end = row->address + row->size;
        piece->offsets[index] = used;
        if (row->kind == CONTENTS_STORED) {
            if (row->size > size - used) {
                return false;
            }
            used += row->size;
        }
    }
    piece->start = piece->rows[0].address;
    piece->end = end;
    return true;
}

static bool decode(struct piece *piece)
{
    const struct snapshot_section *section = &piece->section.section;
    struct snapshot_rows rows = {content_fields, piece->rows, sizeof(*piece->rows), section->count};
    uint64_t size;
    return section->count != 0 &&
           snapshot_columns_decode(&rows, NULL, piece->payload, section->raw_size) &&
           find_bytes(piece, &size) && set_offsets(piece, size);
}

// Gets a piece into memory. False: it is damaged.
static bool load(struct contents *contents, struct piece *piece)
{
    if (piece->payload || piece->is_damaged) {
        return !piece->is_damaged;
    }
    const struct snapshot_section *section = &piece->section.section;
    make_room(contents, memory_of(piece));
    contents->kept_size += memory_of(piece);
    piece->payload = must_allocate(section->raw_size + 1, 1);
    piece->rows = must_allocate(section->count + 1, sizeof(*piece->rows));
    piece->offsets = must_allocate(section->count + 1, sizeof(*piece->offsets));
    piece->is_known = true;
    if (section_source_read(&contents->source, &piece->section, piece->payload) && decode(piece)) {
        return true;
    }
    forget(contents, piece);
    piece->is_damaged = true;
    return false;
}

// The nearest piece that is not damaged, from number `count` (1 is the first) downwards; 0: none
// is.
static size_t sound_piece(struct contents *contents, size_t count)
{
    size_t sound = count;
    while (sound > 0) {
        struct piece *piece = &contents->pieces[sound - 1];
        if (!piece->is_known) {
            piece->is_damaged = !load(contents, piece);
            piece->sound = sound - 1;
        }
        if (!piece->is_damaged) {
            break;
        }
        sound = piece->sound;
    }
    if (count > 0 && sound != count) {
        contents->pieces[count - 1].sound = sound;
    }
    return sound;
}

// The piece that an address lies in, in memory; NULL: none.
static struct piece *piece_of(struct contents *contents, uint64_t address)
{
    size_t low = 0;
    size_t high = contents->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        size_t sound = sound_piece(contents, middle + 1);
        if (sound == 0 || contents->pieces[sound - 1].start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low = sound_piece(contents, low);
    struct piece *piece = low ? &contents->pieces[low - 1] : NULL;
    bool is_there = piece && piece->start <= address && address < piece->end;
    return is_there && load(contents, piece) ? piece : NULL;
}

// The row that an address lies in; NULL: none.
static const struct content_row *row_of(const struct piece *piece, uint64_t address)
{
    const size_t until =
        count_until(piece->rows, piece->section.section.count, sizeof(*piece->rows), address);
    const struct content_row *row = until ? &piece->rows[until - 1] : NULL;
    return row && address - row->address < row->size ? row : NULL;
}

// Copies what one row has of the range. Returns how many bytes; 0: nothing is known there.
static size_t read_row(struct contents *contents, uint64_t address, uint8_t *buffer, size_t size)
{
    struct piece *piece = piece_of(contents, address);
    const struct content_row *row = piece ? row_of(piece, address) : NULL;
    if (!row) {
        return 0;
    }
    uint64_t offset = address - row->address;
    uint64_t left = row->size - offset;
    size_t copied = left < size ? (size_t)left : size;
    if (row->kind == CONTENTS_ZERO) {
        memset(buffer, 0, copied);
    } else {
        memcpy(buffer, piece->bytes + piece->offsets[row - piece->rows] + offset, copied);
    }
    return copied;
}

size_t contents_read(void *context, uint64_t address, void *buffer, size_t size)
{
    struct contents *contents = context;
    size_t done = 0;
    while (done < size) {
        size_t copied = read_row(contents, address + done, (uint8_t *)buffer + done, size - done);
        if (copied == 0) {
            break;
        }
        done += copied;
    }
    return done;
}

struct contents *contents_create(
    struct section_source source, const struct placed_section *sections, size_t count)
{
    struct contents *contents = must_allocate(1, sizeof(*contents));
    contents->source = source;
    contents->pieces = must_allocate(count + 1, sizeof(*contents->pieces));
    contents->count = count;
    for (size_t index = 0; index < count; index++) {
        contents->pieces[index].section = sections[index];
    }
    return contents;
}

void contents_destroy(void *context)
{
    struct contents *contents = context;
    if (!contents) {
        return;
    }
    for (size_t index = 0; index < contents->count; index++) {
        forget(contents, &contents->pieces[index]);
    }
    section_source_release(&contents->source);
    free(contents->pieces);
    free(contents);
}
