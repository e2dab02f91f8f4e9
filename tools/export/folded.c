// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Folded stacks: "main;parse;read 4096", a line for each different stack, as flame graphs are made
// of.

#include "export/profile.h"

#include "cli/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct line {
    char *text;
    uint64_t value;
};

// Adds a name; what would end it or the line becomes something else.
static void put_name(FILE *stream, const struct symbol_frame *frame)
{
    char buffer[1024];
    for (const char *next = symbols_name(frame, buffer, sizeof(buffer)); *next; next++) {
        bool is_control = (unsigned char)*next < ' ';
        fputc(*next == ';' ? ':' : is_control ? '?' : *next, stream);
    }
}

// The names of a stack, outermost first: to be freed.
static char *fold(const struct profile *profile, uint32_t stack)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) {
        out_of_memory();
    }
    size_t count;
    const uint64_t *addresses = profile_frames(profile, stack, &count);
    if (count == 0) {
        fputs("[unknown]", stream);
    }
    for (size_t index = count; index-- > 0;) {
        const struct symbol_frame *frames;
        for (size_t frame = symbols_find(profile->symbols, addresses[index], true, &frames);
             frame-- > 0;) {
            put_name(stream, &frames[frame]);
            if (index != 0 || frame != 0) {
                fputc(';', stream);
            }
        }
    }
    if (fclose(stream) != 0) {
        out_of_memory();
    }
    return text;
}

static int compare_lines(const void *left, const void *right)
{
    return strcmp(((const struct line *)left)->text, ((const struct line *)right)->text);
}

// Stacks that differ in addresses only have the same line.
static size_t join_lines(struct line *lines, size_t count)
{
    size_t kept = 0;
    for (size_t index = 0; index < count; index++) {
        if (kept != 0 && strcmp(lines[kept - 1].text, lines[index].text) == 0) {
            lines[kept - 1].value += lines[index].value;
            free(lines[index].text);
        } else {
            lines[kept++] = lines[index];
        }
    }
    return kept;
}

bool profile_write_folded(const struct profile *profile, enum profile_value value, FILE *stream)
{
    struct line *lines = must_allocate(profile->count + 1, sizeof(*lines));
    size_t count = 0;
    for (size_t row = 0; row < profile->count; row++) {
        if (profile->rows[row].values[value] != 0) {
            lines[count].text = fold(profile, profile->rows[row].stack);
            lines[count++].value = profile->rows[row].values[value];
        }
    }
    qsort(lines, count, sizeof(*lines), compare_lines);
    count = join_lines(lines, count);
    for (size_t index = 0; index < count; index++) {
        fprintf(stream, "%s %" PRIu64 "\n", lines[index].text, lines[index].value);
        free(lines[index].text);
    }
    free(lines);
    return fflush(stream) == 0 && !ferror(stream);
}
