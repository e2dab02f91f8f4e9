// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Names of addresses.  Alone, the program looks up its own functions.  With arguments it is what
 * symbols_files.py asks: lines on the standard input describe a process, and say what to look up.
 *
 *     module START END BIAS BUILD-ID|- PATH      in hexadecimal
 *     mapping START END PATH
 *     live PID                                   files are looked for as that process sees them
 *     stack ADDRESS...                           return addresses
 *     address ADDRESS                            of code
 *     variable ADDRESS
 *
 * Each answer is a line for each frame, in columns that tabs separate, and an empty line.
 * Arguments: off, short, debug=DIRECTORY.
 */
#include "cli/memory.h"
#include "symbols/symbols.h"

#include "symbols_own_module.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say_note(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "note: %s\n", text);
}

static void show_frame(const struct symbol_frame *frame, const char *role)
{
    char place[1024];
    printf("%s\t%s\t%s\t%d\t%s\t%s\t%" PRIx64 "\t%s\t%s\t%s\n", frame->function, frame->file,
        frame->short_file, frame->line, frame->is_inlined ? "inlined" : "", frame->module_name,
        frame->offset, role, frame->linkage, symbols_place(frame, false, place, sizeof(place)));
}

static void show_stack(struct symbols *symbols, const struct symbol_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        const char *role = i < stack->first ? "allocator" : i >= stack->end ? "start" : "";
        show_frame(stack->frames[i], i == stack->site ? "site" : role);
    }
    printf("hash %016" PRIx64 "\n\n", stack->hash);
    (void)symbols;
}

static void add_module(struct image *image, char *rest)
{
    struct image_module module = {0};
    module.start = strtoull(rest, &rest, 16);
    module.end = strtoull(rest, &rest, 16);
    module.bias = strtoull(rest, &rest, 16);
    rest += strspn(rest, " ");
    for (; *rest != ' ' && *rest != '-' && *rest != 0; rest += 2) {
        char digits[3] = {rest[0], rest[1], 0};
        module.build_id[module.build_id_size++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    rest += strcspn(rest, " ");
    module.path = image_add_string(image, rest + strspn(rest, " "));
    image_add_module(image, &module);
}

static void add_mapping(struct image *image, char *rest)
{
    struct image_mapping mapping = {0};
    mapping.start = strtoull(rest, &rest, 16);
    mapping.end = strtoull(rest, &rest, 16);
    mapping.path = image_add_string(image, rest + strspn(rest, " "));
    image_add_mapping(image, &mapping);
}

static uint32_t add_stack(struct image *image, char *rest)
{
    uint64_t frames[256];
    size_t count = 0;
    while (*rest != 0 && count < 256) {
        frames[count++] = strtoull(rest, &rest, 16);
        rest += strspn(rest, " ");
    }
    return image_add_stack(image, frames, count);
}

static void look_up(struct symbols *symbols, const char *what, char *rest)
{
    uint64_t address = strtoull(rest, NULL, 16);
    if (strcmp(what, "address") == 0) {
        const struct symbol_frame *frames = NULL;
        size_t count = symbols_find(symbols, address, false, &frames);
        for (size_t i = 0; i < count; i++) {
            show_frame(&frames[i], "");
        }
    } else {
        uint64_t offset = 0;
        const char *name = symbols_variable(symbols, address, &offset);
        printf("%s\t%" PRIu64 "\n", name != NULL ? name : "", offset);
    }
    printf("\n");
}

static int answer(const struct symbols_options *options)
{
    struct image *image = image_create();
    struct symbols *symbols = NULL;
    char line[8192];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        size_t length = strcspn(line, " ");
        char *rest = line[length] != 0 ? line + length + 1 : line + length;
        line[length] = 0;
        if (strcmp(line, "module") == 0) {
            add_module(image, rest);
            continue;
        }
        if (strcmp(line, "mapping") == 0) {
            add_mapping(image, rest);
            continue;
        }
        if (strcmp(line, "live") == 0) {
            image->source = IMAGE_LIVE;
            image->process_id = (uint32_t)strtoul(rest, NULL, 10);
            continue;
        }
        if (symbols == NULL) {
            image_sort(image);
            symbols = symbols_create(image, options);
        }
        if (strcmp(line, "stack") == 0) {
            show_stack(symbols, symbols_stack(symbols, add_stack(image, rest)));
        } else {
            look_up(symbols, line, rest);
        }
    }
    symbols_destroy(symbols);
    image_destroy(image);
    return 0;
}

// ---- This program -------------------------------------------------------------------------------

int own_variable[16] = {1};

static int check_itself(void)
{
    struct image *image = image_create();
    dl_iterate_phdr(add_own_module, image);
    image_sort(image);
    struct symbols_options options = {.note = say_note};
    struct symbols *symbols = symbols_create(image, &options);
    const struct symbol_frame *frames = NULL;
    size_t count = symbols_find(symbols, (uint64_t)(uintptr_t)&add_own_module, false, &frames);
    uint64_t offset = 0;
    const char *variable =
        symbols_variable(symbols, (uint64_t)(uintptr_t)&own_variable[3], &offset);
    bool is_right = count == 1 && strcmp(frames[0].function, "add_own_module") == 0 &&
                    frames[0].function_offset == 0 && variable != NULL &&
                    strcmp(variable, "own_variable") == 0 && offset == 12;
    if (!is_right) {
        printf("%zu frames: '%s', variable '%s' + %" PRIu64 "\n", count, frames[0].function,
            variable != NULL ? variable : "?", offset);
    }
    // What lies nowhere, twice: the second answer is the kept one.
    for (int i = 0; i < 2; i++) {
        count = symbols_find(symbols, 8, true, &frames);
        is_right &= count == 1 && frames[0].function[0] == 0 && frames[0].address == 8;
    }
    is_right &= symbols_stack(symbols, 0)->count == 0 && symbols_site(symbols, 77) == NULL;
    symbols_destroy(symbols);
    image_destroy(image);
    return is_right ? 0 : 1;
}

int main(int count, char **arguments)
{
    if (count == 1) {
        return check_itself();
    }
    struct symbols_options options = {.note = say_note};
    for (int i = 1; i < count; i++) {
        options.is_off |= strcmp(arguments[i], "off") == 0;
        options.has_short_templates |= strcmp(arguments[i], "short") == 0;
        if (strncmp(arguments[i], "debug=", 6) == 0) {
            options.debug_directory = arguments[i] + 6;
        }
    }
    return answer(&options);
}
