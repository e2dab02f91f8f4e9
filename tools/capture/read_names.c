// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What the rest of a file refers to by number: strings, modules, frames, stacks.

#include "capture/reader.h"

#include "cli/memory.h"

#include <stdlib.h>
#include <string.h>

// Turns the number of an interval into its index.
static bool find_interval(const struct reader *reader, uint64_t *value)
{
    size_t low = 0;
    size_t high = reader->capture->interval_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (reader->intervals[middle] < *value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_there = low < reader->capture->interval_count && reader->intervals[low] == *value;
    *value = low;
    return is_there;
}

static bool from_file(void *context, unsigned reference, uint64_t *value)
{
    struct reader *reader = context;
    switch (reference) {
    case SNAPSHOT_STRING:
        if (*value > reader->string_count) {
            return false;
        }
        *value = reader->strings[*value - 1];
        return true;
    case SNAPSHOT_STACK:
        if (*value > reader->stack_count) {
            return false;
        }
        *value = reader->stacks[*value - 1];
        return true;
    case SNAPSHOT_HEAP:
        return *value < reader->image->heap_count;
    case SNAPSHOT_INTERVAL:
        return find_interval(reader, value);
    default:
        return true;
    }
}

struct snapshot_translator reader_translator(struct reader *reader)
{
    return (struct snapshot_translator){from_file, reader};
}

// Makes an array of numbered things as long as needed for a section whose first row has the number
// `first`. What was lost before it is zero. Returns the array; NULL: that cannot be.
static void *extend(struct reader *reader, void *array, uint32_t *count, size_t item_size,
    uint32_t first, uint64_t rows)
{
    uint64_t end = first + rows - 1;
    if (first == 0 || first <= *count || end > UINT32_MAX) {
        return NULL;
    }
    if (!reader_charge(reader, end - *count, item_size)) {
        return NULL;
    }
    uint8_t *bytes = must_resize(array, end + 1, item_size);
    memset(bytes + *count * item_size, 0, (end + 1 - *count) * item_size);
    *count = (uint32_t)end;
    return bytes;
}

// ---- Strings ----

// The column of texts of the section that is in the payload; NULL: there is none.
static const char *find_texts(const struct reader *reader, uint64_t size, uint64_t *text_size)
{
    struct snapshot_cursor cursor;
    struct snapshot_column column;
    snapshot_cursor_init(&cursor, reader->payload, size);
    while (snapshot_cursor_next(&cursor, &column) > 0) {
        if (column.number == STRINGS_TEXT && column.encoding == SNAPSHOT_BYTES) {
            *text_size = column.size;
            return (const char *)column.bytes;
        }
    }
    return NULL;
}

// Whether the lengths are those of the texts, and no text has a 0.
static bool are_texts_sound(
    const struct string_row *rows, uint64_t count, const char *texts, uint64_t size)
{
    uint64_t sum = 0;
    for (uint64_t row = 0; row < count; row++) {
        sum += rows[row].length;
    }
    return texts && sum == size && memchr(texts, 0, size) == NULL;
}

static void add_strings(struct reader *reader, uint32_t number, const struct string_row *rows,
    uint64_t count, const char *texts)
{
    for (uint64_t row = 0; row < count; row++) {
        char *text = must_allocate(rows[row].length + 1, 1);
        memcpy(text, texts, rows[row].length);
        texts += rows[row].length;
        reader->strings[number - 1 + row] = image_add_string(reader->image, text);
        free(text);
    }
}

static void read_strings(struct reader *reader, const struct placed_section *section)
{
    uint64_t count = section->section.count;
    struct string_row *rows = reader_load_rows(reader, section, string_fields, sizeof(*rows));
    if (!rows || count == 0) {
        free(rows);
        return;
    }
    uint64_t size = 0;
    const char *texts = find_texts(reader, section->section.raw_size, &size);
    bool is_sound = are_texts_sound(rows, count, texts, size);
    // Twice: the image's table of strings grows ahead.
    if (is_sound && reader_charge(reader, size + count, 2)) {
        void *strings = extend(reader, reader->strings, &reader->string_count,
            sizeof(*reader->strings), rows[0].first, count);
        is_sound = strings != NULL;
        if (is_sound) {
            reader->strings = strings;
            add_strings(reader, rows[0].first, rows, count, texts);
        }
    }
    if (!is_sound) {
        reader_note_damage(reader, section);
    }
    free(rows);
}

// ---- Modules ----

static void read_modules(struct reader *reader, const struct placed_section *section)
{
    uint64_t count = section->section.count;
    struct module_row *rows = reader_load_rows(reader, section, module_fields, sizeof(*rows));
    if (!rows || count == 0) {
        free(rows);
        return;
    }
    struct image_module *modules = extend(reader, reader->modules, &reader->module_count,
        sizeof(*reader->modules), rows[0].first, count);
    if (modules) {
        reader->modules = modules;
        for (uint64_t row = 0; row < count; row++) {
            modules[rows[0].first - 1 + row] = rows[row].module;
        }
    } else {
        reader_note_damage(reader, section);
    }
    free(rows);
}

// ---- Frames and stacks ----

// Fills in a frame. False: it cannot be. One whose parent is lost is lost, too.
static bool set_frame(struct reader *reader, uint32_t number, const struct frame_row *row)
{
    if (row->parent >= number || row->module > reader->module_count) {
        return false;
    }
    struct read_frame *frame = &reader->frames[number - 1];
    uint32_t depth = row->parent ? reader->frames[row->parent - 1].depth : 0;
    bool is_lost =
        (row->parent && depth == 0) || (row->module && reader->modules[row->module - 1].end == 0);
    if (depth >= SNAPSHOT_FRAMES_MAX) {
        return false;
    }
    frame->address = row->address + (row->module ? reader->modules[row->module - 1].start : 0);
    frame->parent = row->parent;
    frame->depth = is_lost ? 0 : depth + 1;
    return true;
}

static void read_frames(struct reader *reader, const struct placed_section *section)
{
    uint64_t count = section->section.count;
    struct frame_row *rows = reader_load_rows(reader, section, frame_fields, sizeof(*rows));
    if (!rows || count == 0) {
        free(rows);
        return;
    }
    struct read_frame *frames = extend(reader, reader->frames, &reader->frame_count,
        sizeof(*reader->frames), rows[0].first, count);
    bool is_sound = frames != NULL;
    if (is_sound) {
        reader->frames = frames;
    }
    for (uint64_t row = 0; is_sound && row < count; row++) {
        is_sound = set_frame(reader, rows[0].first + (uint32_t)row, &rows[row]);
    }
    if (!is_sound) {
        reader_note_damage(reader, section);
    }
    free(rows);
}

// The image's number of the stack that ends in a frame; 0: it is lost.
static uint32_t add_stack(struct reader *reader, uint32_t leaf)
{
    uint64_t frames[SNAPSHOT_FRAMES_MAX];
    uint32_t count = reader->frames[leaf - 1].depth;
    if (count == 0 || !reader_charge(reader, count + 2, sizeof(*frames))) {
        return 0;
    }
    uint32_t number = leaf;
    for (uint32_t index = 0; index < count; index++) {
        frames[index] = reader->frames[number - 1].address;
        number = reader->frames[number - 1].parent;
    }
    return image_add_stack(reader->image, frames, count);
}

static void read_stacks(struct reader *reader, const struct placed_section *section)
{
    uint64_t count = section->section.count;
    struct stack_row *rows = reader_load_rows(reader, section, stack_fields, sizeof(*rows));
    if (!rows || count == 0) {
        free(rows);
        return;
    }
    uint32_t *stacks = extend(reader, reader->stacks, &reader->stack_count, sizeof(*reader->stacks),
        rows[0].first, count);
    bool is_sound = stacks != NULL;
    if (is_sound) {
        reader->stacks = stacks;
    }
    for (uint64_t row = 0; is_sound && row < count && !reader->is_out_of_memory; row++) {
        is_sound = rows[row].frame != 0 && rows[row].frame <= reader->frame_count;
        if (is_sound) {
            stacks[rows[0].first - 1 + row] = add_stack(reader, rows[row].frame);
        }
    }
    if (!is_sound) {
        reader_note_damage(reader, section);
    }
    free(rows);
}

void reader_read_names(struct reader *reader)
{
    for (size_t index = 0; index < reader->section_count && !reader->is_out_of_memory; index++) {
        const struct placed_section *section = &reader->sections[index];
        switch (section->section.type) {
        case SNAPSHOT_STRINGS:
            read_strings(reader, section);
            break;
        case SNAPSHOT_MODULES:
            read_modules(reader, section);
            break;
        case SNAPSHOT_FRAMES:
            read_frames(reader, section);
            break;
        case SNAPSHOT_STACKS:
            read_stacks(reader, section);
            break;
        default:
            break;
        }
    }
}
