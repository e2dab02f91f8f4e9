// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "filter/origin.h"

#include "image/names.h"
#include "sites/sites.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_SIZE = 512,
    PLACE_SIZE = 512,
};

bool origin_is_known(const struct image *image, const struct image_block *block)
{
    return block->stack != 0 || block->thread_id != 0 || block->time_ns != 0 ||
           image_detail(image, block)->file != 0;
}

char *origin_site(const struct image *image, struct symbols *symbols,
    const struct image_block *block, char *buffer, size_t size)
{
    const struct image_detail *detail = image_detail(image, block);
    buffer[0] = '\0';
    const struct symbol_frame *frame =
        block->stack == 0 || symbols == NULL ? NULL : symbols_site(symbols, block->stack);
    if (frame != NULL) {
        char name[NAME_SIZE];
        char place[PLACE_SIZE];
        symbols_name(frame, name, sizeof(name));
        symbols_place(frame, false, place, sizeof(place));
        bool has_place = strcmp(name, place) != 0;
        snprintf(buffer, size, has_place ? "%s (%s)" : "%s", name, place);
    } else if (detail->file != 0) {
        snprintf(buffer, size, "%s:%d", image_string(image, detail->file), detail->line);
    }
    return buffer;
}

// ---- For people -------------------------------------------------------------------------------

static void print_frames(const struct symbol_stack *stack, const char *indent, size_t depth)
{
    char name[NAME_SIZE];
    char place[PLACE_SIZE];
    size_t end = stack->end > stack->first ? stack->end : stack->count;
    for (size_t i = stack->first; i < end && depth > 0; i++, depth--) {
        const struct symbol_frame *frame = stack->frames[i];
        symbols_place(frame, false, place, sizeof(place));
        symbols_name(frame, name, sizeof(name));
        printf("%s    ", indent);
        cli_put_text(stdout, place);
        if (strcmp(name, place) != 0) {
            printf("  ");
            cli_put_text(stdout, name);
        }
        printf("%s\n", frame->is_inlined ? "  [inlined]" : "");
    }
}

static void print_thread(const struct image *image, const struct image_block *block)
{
    const char *name = image_thread_name(image, block->thread_id);
    printf(", thread %u", block->thread_id);
    if (*name != '\0') {
        printf(" \"");
        cli_put_text(stdout, name);
        printf("\"");
    }
}

// Whether the stack's place is the file and line that were given at the allocation.
static bool says_place(
    const struct image *image, struct symbols *symbols, const struct image_block *block)
{
    const struct image_detail *detail = image_detail(image, block);
    const struct symbol_frame *frame = symbols == NULL ? NULL : symbols_site(symbols, block->stack);
    const char *file = image_string(image, detail->file);
    const char *name = strrchr(file, '/') == NULL ? file : strrchr(file, '/') + 1;
    const char *own = frame == NULL ? "" : frame->file;
    const char *own_name = strrchr(own, '/') == NULL ? own : strrchr(own, '/') + 1;
    return frame != NULL && frame->line == detail->line && strcmp(name, own_name) == 0;
}

void origin_print(const struct image *image, struct symbols *symbols,
    const struct image_block *block, const char *indent, size_t depth)
{
    char site[NAME_SIZE + PLACE_SIZE];
    const struct image_detail *detail = image_detail(image, block);
    char duration[24];
    uint64_t age;
    if (!origin_is_known(image, block)) {
        return;
    }
    origin_site(image, symbols, block, site, sizeof(site));
    printf("%sallocated", indent);
    if (site[0] != '\0') {
        printf(block->stack != 0 ? " by " : " at ");
        cli_put_text(stdout, site);
    }
    if (block->stack != 0 && detail->file != 0 && !says_place(image, symbols, block)) {
        printf(" for ");
        cli_put_text(stdout, image_string(image, detail->file));
        printf(":%d", detail->line);
    }
    if (block->thread_id != 0) {
        print_thread(image, block);
    }
    if (image_age(image, block, &age)) {
        printf(", %s ago", cli_format_duration(age, duration));
    }
    printf("\n");
    if (depth > 0 && block->stack != 0 && symbols != NULL) {
        print_frames(symbols_stack(symbols, block->stack), indent, depth);
    }
}

// ---- For programs -----------------------------------------------------------------------------

static void put_stack(
    struct json *json, struct symbols *symbols, const struct image_block *block, size_t depth)
{
    const struct symbol_stack *stack = symbols_stack(symbols, block->stack);
    char hash[SITE_HASH_SIZE];
    json_put_text(json, "hash", site_format_hash(stack->hash, SITE_HASH_SIZE - 1, hash));
    symbols_put_stack(json, stack, stack->first,
        stack->count - stack->first < depth ? stack->count : stack->first + depth);
}

void origin_put(struct json *json, const struct image *image, struct symbols *symbols,
    const struct image_block *block, size_t depth)
{
    const struct image_detail *detail = image_detail(image, block);
    uint64_t age;
    if ((block->flags & IMAGE_BLOCK_IS_DEBUG) != 0) {
        json_put_number(json, "number", detail->number);
        json_put_text(json, "type", image_type_name(image, block));
        json_put_number(json, "subtype", detail->subtype);
    }
    if (detail->file != 0) {
        json_put_text(json, "file", image_string(image, detail->file));
        json_put_signed(json, "line", detail->line);
    }
    if (block->thread_id != 0) {
        json_put_number(json, "thread", block->thread_id);
    }
    if (image_age(image, block, &age)) {
        json_put_number(json, "age_ns", age);
    }
    if (block->stack != 0 && symbols != NULL && depth > 0) {
        put_stack(json, symbols, block, depth);
    }
}
