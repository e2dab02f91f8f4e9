// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The process, and the course of its allocations over time.

#include "capture/reader.h"

#include "cli/memory.h"

#include <stdlib.h>

static void read_process(struct reader *reader, const struct placed_section *section)
{
    struct capture_process *row = reader_load_rows(reader, section, process_fields, sizeof(*row));
    if (row && section->section.count != 0) {
        reader->capture->process = *row;
        reader->capture->has_process = true;
    }
    free(row);
}

// Adds an interval with its number in the file. False: it is not behind the one before.
static bool add_interval(
    struct reader *reader, const struct capture_interval *interval, uint32_t number)
{
    struct capture *capture = reader->capture;
    size_t count = capture->interval_count;
    if (number == 0 || interval->end_ns < interval->start_ns ||
        (count != 0 && (number <= reader->intervals[count - 1] ||
                           interval->start_ns < capture->intervals[count - 1].end_ns))) {
        return false;
    }
    size_t capacity = reader->interval_capacity;
    reader->intervals =
        must_grow(reader->intervals, count, &reader->interval_capacity, sizeof(*reader->intervals));
    capture->intervals =
        must_grow(capture->intervals, count, &capacity, sizeof(*capture->intervals));
    reader->intervals[count] = number;
    capture->intervals[count] = *interval;
    capture->interval_count++;
    return true;
}

static void read_intervals(struct reader *reader, const struct placed_section *section)
{
    struct interval_row *rows = reader_load_rows(reader, section, interval_fields, sizeof(*rows));
    uint64_t count = rows ? section->section.count : 0;
    if (!reader_charge(reader, count, sizeof(rows->interval) + sizeof(*reader->intervals))) {
        count = 0;
    }
    for (uint64_t row = 0; row < count; row++) {
        uint64_t number = (uint64_t)rows[0].first + row;
        if (number > UINT32_MAX || !add_interval(reader, &rows[row].interval, (uint32_t)number)) {
            reader_note_damage(reader, section);
            break;
        }
    }
    free(rows);
}

static void read_changes(struct reader *reader, const struct placed_section *section)
{
    struct capture *capture = reader->capture;
    struct capture_change *rows = reader_load_rows(reader, section, change_fields, sizeof(*rows));
    uint64_t count = rows ? section->section.count : 0;
    if (!reader_charge(reader, count, sizeof(*rows))) {
        count = 0;
    }
    for (uint64_t row = 0; row < count; row++) {
        if (capture->change_count != 0 &&
            rows[row].interval < capture->changes[capture->change_count - 1].interval) {
            reader_note_damage(reader, section);
            break;
        }
        capture->changes = must_grow(capture->changes, capture->change_count,
            &reader->change_capacity, sizeof(*capture->changes));
        capture->changes[capture->change_count++] = rows[row];
    }
    free(rows);
}

static void read_sizes(struct reader *reader, const struct placed_section *section)
{
    struct capture_size *rows = reader_load_rows(reader, section, size_fields, sizeof(*rows));
    if (rows && reader_charge(reader, section->section.count, sizeof(*rows))) {
        free(reader->capture->sizes);
        reader->capture->sizes = rows;
        reader->capture->size_count = section->section.count;
        return;
    }
    free(rows);
}

void reader_read_course(struct reader *reader)
{
    for (size_t index = 0; index < reader->section_count && !reader->is_out_of_memory; index++) {
        const struct placed_section *section = &reader->sections[index];
        switch (section->section.type) {
        case SNAPSHOT_PROCESS:
            read_process(reader, section);
            break;
        case SNAPSHOT_INTERVALS:
            read_intervals(reader, section);
            break;
        case SNAPSHOT_CHANGES:
            read_changes(reader, section);
            break;
        case SNAPSHOT_SIZES:
            read_sizes(reader, section);
            break;
        default:
            break;
        }
    }
}
