// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// What the forms of a report share.
#include "report/internal.h"
#include "symbols/demangle.h"

#include <inttypes.h>
#include <string.h>

size_t report_top(const struct leak_report *report, bool is_for_people)
{
    size_t top = report->options.top;
    if (top == 0) {
        top = is_for_people ? TOP_DEFAULT : SIZE_MAX;
    }
    return top < report->leak_count ? top : report->leak_count;
}

const struct image_block *report_block(const struct leak_report *report, const struct leak *leak)
{
    return &report->image->blocks[leak->site.representative];
}

uint64_t report_age(const struct leak_report *report, uint64_t time_ns)
{
    uint64_t now = report->image->time_ns;
    return time_ns != 0 && now > time_ns ? now - time_ns : 0;
}

const struct image_thread *report_thread(const struct leak_report *report, uint32_t id)
{
    const struct image *image = report->image;
    for (size_t i = 0; id != 0 && i < image->thread_count; i++) {
        if (image->threads[i].id == id) {
            return &image->threads[i];
        }
    }
    return NULL;
}

/// Where the program says that it was, else where the stack says so.
static void find_source(const struct leak_report *report, uint32_t recorded_file,
    int32_t recorded_line, uint32_t stack, const char **file, int *line)
{
    *file = image_string(report->image, recorded_file);
    *line = recorded_line;
    const struct symbol_frame *frame = symbols_site(report->symbols, stack);
    if ((*file)[0] == 0 && frame != NULL) {
        *file = report->options.has_full_paths ? frame->file : frame->short_file;
        *line = frame->line;
    }
}

void report_source(
    const struct leak_report *report, const struct leak *leak, const char **file, int *line)
{
    const struct site *site = &leak->site;
    find_source(report, site->file, site->line, site->stack, file, line);
}

void report_place_source(
    const struct leak_report *report, const struct leak_place *place, const char **file, int *line)
{
    find_source(report, place->file, place->line, place->stack, file, line);
}

void report_block_source(
    const struct leak_report *report, const struct image_block *block, const char **file, int *line)
{
    const struct image_detail *detail = image_detail(report->image, block);
    find_source(report, detail->file, detail->line, block->stack, file, line);
}

static bool is_in_line(
    const struct leak_report *report, const struct leak_place *place, const struct leak_line *line)
{
    const char *file = NULL;
    int number = 0;
    report_place_source(report, place, &file, &number);
    return number == line->line && strcmp(file, line->file) == 0;
}

/// Whether a line is told already: that of the leak itself, or of a place before `place`.
static bool is_told_before(const struct leak_report *report, const struct leak *leak,
    const struct leak_place *place, const struct leak_line *line)
{
    const char *file = NULL;
    int number = 0;
    report_source(report, leak, &file, &number);
    if (line->file[0] == 0 || (number == line->line && strcmp(file, line->file) == 0)) {
        return true;
    }
    const struct leak_place *other = &report->places[leak->first_place];
    while (other < place && !is_in_line(report, other, line)) {
        other++;
    }
    return other < place;
}

bool report_other_line(
    const struct leak_report *report, const struct leak *leak, size_t *next, struct leak_line *line)
{
    while (*next < leak->place_count && *next < PLACES_COMPARED) {
        const struct leak_place *place = &report->places[leak->first_place + (*next)++];
        *line = (struct leak_line){0};
        report_place_source(report, place, &line->file, &line->line);
        if (is_told_before(report, leak, place, line)) {
            continue;
        }
        const struct leak_place *end = &report->places[leak->first_place + leak->place_count];
        for (; place < end; place++) {
            line->blocks += is_in_line(report, place, line) ? place->sum.count : 0;
        }
        return true;
    }
    return false;
}

uint64_t report_amount(const struct leak *leak)
{
    // Without a sample among them they are what others stand for, and can only tell themselves.
    const struct site *site = &leak->site;
    return site->estimate.count > 0 ? site->estimate.bytes : site->sum.bytes;
}

void report_frames(
    const struct leak_report *report, const struct symbol_stack *stack, size_t *first, size_t *end)
{
    bool has_all = report->options.has_all_frames;
    size_t depth = report->options.depth != 0 ? report->options.depth : DEPTH_DEFAULT;
    *first = has_all ? 0 : stack->first;
    *end = has_all ? stack->count : stack->end;
    if (*end - *first > depth) {
        *end = *first + depth;
    }
}

char *report_function(const struct symbol_frame *frame, char *buffer, size_t size)
{
    symbols_name(frame, buffer, size);
    demangle_shorten_strings(buffer);
    if (strlen(buffer) > NAME_COMFORTABLE) {
        demangle_shorten_templates(buffer);
        demangle_limit(buffer, NAME_LIMIT);
    }
    return buffer;
}

size_t report_preview(const struct leak_report *report, const struct image_block *block,
    unsigned char bytes[PREVIEW_SIZE])
{
    size_t size = block->size < PREVIEW_SIZE ? (size_t)block->size : PREVIEW_SIZE;
    return size > 0 ? image_read(report->image, block->address, bytes, size) : 0;
}

char *report_bytes(uint64_t size, char buffer[24])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (size < 1024) {
        snprintf(buffer, 24, "%" PRIu64 " byte%s", size, size == 1 ? "" : "s");
        return buffer;
    }
    double number = (double)size / 1024;
    size_t unit = 0;
    while (number >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        number /= 1024;
        unit++;
    }
    snprintf(buffer, 24, "%.1f %s", number, units[unit]);
    return buffer;
}

const char *report_type(const struct image *image, const struct image_block *block)
{
    static const char *const names[] = {"free", "normal", "crt", "ignore", "client"};
    bool is_debug = (block->flags & IMAGE_BLOCK_IS_DEBUG) != 0;
    uint16_t type = image_detail(image, block)->type;
    return is_debug && type < sizeof(names) / sizeof(names[0]) ? names[type] : "normal";
}
