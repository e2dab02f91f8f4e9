// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// The form of the CRT debug heap: each block in two lines, newest first.  Editors that jump to
/// "file(line) :" understand it.
#include "cli/memory.h"
#include "report/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int compare_blocks(const void *left_item, const void *right_item, void *context)
{
    const struct image *image = context;
    const struct image_block *left = *(const struct image_block *const *)left_item;
    const struct image_block *right = *(const struct image_block *const *)right_item;
    uint64_t number = image_detail(image, left)->number;
    uint64_t other_number = image_detail(image, right)->number;
    if (number != other_number) {
        return number > other_number ? -1 : 1;
    }
    if (left->time_ns != right->time_ns) {
        return left->time_ns > right->time_ns ? -1 : 1;
    }
    return left->address < right->address ? -1 : left->address > right->address;
}

static const struct image_block **collect(
    const struct leak_report *report, size_t top, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < top; i++) {
        *count += (size_t)report->leaks[i].site.sum.count;
    }
    const struct image_block **blocks = must_allocate(*count + 1, sizeof(*blocks));
    size_t next = 0;
    for (size_t i = 0; i < top; i++) {
        const struct leak *leak = &report->leaks[i];
        for (size_t j = 0; j < leak->site.sum.count; j++) {
            size_t block = report->sites.blocks[leak->site.first_block + j];
            blocks[next++] = &report->image->blocks[block];
        }
    }
    qsort_r(blocks, *count, sizeof(const struct image_block *), compare_blocks,
        (void *)(uintptr_t)report->image);
    return blocks;
}

static void print_data(
    const struct leak_report *report, const struct image_block *block, FILE *stream)
{
    unsigned char bytes[PREVIEW_SIZE];
    size_t size = report_preview(report, block, bytes);
    fputs(" Data: <", stream);
    for (size_t i = 0; i < size; i++) {
        fputc(bytes[i] >= ' ' && bytes[i] < 0x7F ? bytes[i] : ' ', stream);
    }
    fputs("> ", stream);
    for (size_t i = 0; i < size; i++) {
        fprintf(stream, "%02X ", bytes[i]);
    }
    fputc('\n', stream);
}

static void print_block(
    const struct leak_report *report, const struct image_block *block, FILE *stream)
{
    const char *file = NULL;
    int line = 0;
    report_block_source(report, block, &file, &line);
    if (file[0] != 0) {
        cli_put_text(stream, file);
        fprintf(stream, "(%d) : ", line);
    }
    const char *type = report_type(report->image, block);
    const struct image_detail *detail = image_detail(report->image, block);
    fprintf(stream, "{%" PRIu64 "} %s block at 0x%016" PRIX64 ", ", detail->number, type,
        block->address);
    if (strcmp(type, "client") == 0 || strcmp(type, "crt") == 0) {
        fprintf(stream, "subtype %x, ", detail->subtype);
    }
    fprintf(stream, "%" PRIu64 " bytes long.\n", block->size);
    print_data(report, block, stream);
}

bool report_print_msvc(const struct leak_report *report, FILE *stream)
{
    size_t count = 0;
    const struct image_block **blocks = collect(report, report_top(report, false), &count);
    if (count > 0) {
        fputs("Detected memory leaks!\nDumping objects ->\n", stream);
        for (size_t i = 0; i < count; i++) {
            print_block(report, blocks[i], stream);
        }
        fputs("Object dump complete.\n", stream);
    }
    free(blocks);
    return !ferror(stream);
}
