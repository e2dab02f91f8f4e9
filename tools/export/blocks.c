// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The blocks of an image, one a line: comma-separated values, or JSON.

#include "export/profile.h"

#include "image/names.h"
#include "reach/reach.h"
#include "sites/sites.h"

#include <inttypes.h>
#include <string.h>

static const char *const CLASSES[REACH_CLASS_COUNT] = {
    [REACH_NOT_SEARCHED] = "",
    [REACH_REACHABLE] = "reachable",
    [REACH_POSSIBLE] = "possible",
    [REACH_INDIRECT] = "indirect",
    [REACH_DEFINITE] = "definite",
};

static const char *class_of(const struct image_block *block)
{
    return block->class_ < REACH_CLASS_COUNT ? CLASSES[block->class_] : "";
}

static const char *heap_name(const struct image *image, const struct image_block *block)
{
    return block->heap < image->heap_count ? image_string(image, image->heaps[block->heap].name)
                                           : "";
}

static uint64_t heap_handle(const struct image *image, const struct image_block *block)
{
    return block->heap < image->heap_count ? image->heaps[block->heap].handle : 0;
}

// The frame that tells most of who allocated the block; NULL: not known.
static const struct symbol_frame *site_of(
    struct symbols *symbols, const struct image_block *block, char hash[SITE_HASH_SIZE])
{
    hash[0] = 0;
    if (block->stack == 0) {
        return NULL;
    }
    uint64_t number = symbols_stack(symbols, block->stack)->hash;
    site_format_hash(number, 2 * sizeof(number), hash);
    return symbols_site(symbols, block->stack);
}

// ---- Comma-separated values ----

static void put_quoted(FILE *stream, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"') {
            fputc('"', stream);
        }
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void put_csv_block(
    const struct image *image, struct symbols *symbols, const struct image_block *block, FILE *out)
{
    char hash[SITE_HASH_SIZE];
    char name[1024];
    char place[1024];
    const struct symbol_frame *site = site_of(symbols, block, hash);
    const struct image_detail *detail = image_detail(image, block);
    fprintf(out, "0x%" PRIx64 ",%" PRIu64 ",%" PRIu64 ",%s,0x%" PRIx64 ",", block->address,
        block->size, image_overhead(image, block), image_kind_name(block->kind),
        heap_handle(image, block));
    put_quoted(out, heap_name(image, block));
    fprintf(out, ",%" PRIu64 ",%" PRIu32 ",%" PRIu64 ",%" PRIu32 ",%s,", block->time_ns,
        block->thread_id, detail->number, detail->weight, class_of(block));
    fprintf(out, "%s,", image_type_name(image, block));
    put_quoted(out, image_string(image, detail->file));
    fprintf(out, ",%" PRId32 ",%s,", detail->line, hash);
    put_quoted(out, site ? symbols_name(site, name, sizeof(name)) : "");
    fputc(',', out);
    put_quoted(out, site ? symbols_place(site, true, place, sizeof(place)) : "");
    fputs("\r\n", out);
}

bool blocks_write_csv(const struct image *image, struct symbols *symbols, FILE *stream)
{
    fputs("address,size,overhead_bytes,kind,heap,heap_name,time_ns,thread,number,estimated_bytes,"
          "leak_kind,type,file,line,hash,function,source\r\n",
        stream);
    for (size_t index = 0; index < image->block_count; index++) {
        put_csv_block(image, symbols, &image->blocks[index], stream);
    }
    return fflush(stream) == 0 && !ferror(stream);
}

// ---- JSON lines ----

static void put_json_site(
    struct json *json, struct symbols *symbols, const struct image_block *block)
{
    char hash[SITE_HASH_SIZE];
    char name[1024];
    char place[1024];
    const struct symbol_frame *site = site_of(symbols, block, hash);
    if (hash[0]) {
        json_put_text(json, "hash", hash);
    }
    if (site) {
        json_put_text(json, "function", symbols_name(site, name, sizeof(name)));
        json_put_text(json, "source", symbols_place(site, true, place, sizeof(place)));
    }
}

static void put_json_block(struct json *json, const struct image *image, struct symbols *symbols,
    const struct image_block *block)
{
    const struct image_detail *detail = image_detail(image, block);
    json_open_object(json);
    json_put_address(json, "address", block->address);
    json_put_number(json, "size", block->size);
    json_put_number(json, "overhead_bytes", image_overhead(image, block));
    json_put_text(json, "kind", image_kind_name(block->kind));
    json_put_address(json, "heap", heap_handle(image, block));
    json_put_text(json, "heap_name", heap_name(image, block));
    if (block->time_ns) {
        json_put_number(json, "time_ns", block->time_ns);
    }
    if (block->thread_id) {
        json_put_number(json, "thread", block->thread_id);
    }
    if (detail->weight) {
        json_put_number(json, "estimated_bytes", detail->weight);
    }
    if (block->class_) {
        json_put_text(json, "leak_kind", class_of(block));
    }
    if (block->flags & IMAGE_BLOCK_IS_DEBUG) {
        json_put_number(json, "number", detail->number);
        json_put_text(json, "type", image_type_name(image, block));
        json_put_number(json, "subtype", detail->subtype);
    }
    if (detail->file) {
        json_put_text(json, "file", image_string(image, detail->file));
        json_put_signed(json, "line", detail->line);
    }
    put_json_site(json, symbols, block);
    json_close_object(json);
    json_end_line(json);
}

bool blocks_write_jsonl(const struct image *image, struct symbols *symbols, FILE *stream)
{
    struct json *json = json_begin_lines(stream);
    for (size_t index = 0; index < image->block_count; index++) {
        put_json_block(json, image, symbols, &image->blocks[index]);
    }
    return json_end(json);
}
