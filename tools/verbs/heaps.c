// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde heaps: the heaps of a process, one line each.

#include "cli/cli.h"
#include "image/image.h"
#include "image/names.h"
#include "target/open.h"

#include <halde/heap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option OPTIONS[] = {
    {"regions", 'r', NULL, "the regions of each heap, too"},
    OPEN_OPTION_MAX_PAUSE,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde heaps 4711", "what each heap of process 4711 holds"},
    {"halde heaps core.4711", "the same of a core file"},
    {"halde heaps 4711 --json | jq '.heaps[] | select(.fragmentation > 0.5)'",
        "heaps of which more than half is unused"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Counts every heap of a process exactly: all of its threads are stopped for that, mostly for a "
    "few milliseconds.\n"
    "\n"
    "  BLOCKS   blocks in the program's hands\n"
    "  LIVE     bytes that it asked for\n"
    "  COMMIT   bytes of the heap that are accessible\n"
    "  RSS      of them in memory, where the system tells\n"
    "  FREE     committed bytes that are free, those in the threads' magazines included\n"
    "  LARGEST  the largest free range\n"
    "  FRAG     the part of the committed bytes that no live block uses\n"
    "\n"
    "Freed blocks that the debug heap keeps for a while count as neither live nor free.";

static const char EXIT_CODES[] = "0: the heaps were read. 2: that was not possible.";

// ---- Sums -------------------------------------------------------------------------------------

static struct image_heap sum_of(const struct image *image)
{
    struct image_heap sum = {0};
    for (size_t i = 0; i < image->heap_count; i++) {
        const struct image_heap *heap = &image->heaps[i];
        sum.reserved_size += heap->reserved_size;
        sum.committed_size += heap->committed_size;
        sum.busy_count += heap->busy_count;
        sum.busy_size += heap->busy_size;
        sum.slack_size += heap->slack_size;
        sum.free_size += heap->free_size;
        sum.cached_size += heap->cached_size;
        sum.large_count += heap->large_count;
        sum.large_size += heap->large_size;
        sum.largest_free_size = heap->largest_free_size > sum.largest_free_size
                                    ? heap->largest_free_size
                                    : sum.largest_free_size;
        bool is_known = heap->resident_size != UINT64_MAX && sum.resident_size != UINT64_MAX;
        sum.resident_size = is_known ? sum.resident_size + heap->resident_size : UINT64_MAX;
    }
    return sum;
}

// ---- Words ------------------------------------------------------------------------------------

struct words {
    char text[200];
    size_t length;
};

static void add_word(struct words *words, const char *word)
{
    int length = snprintf(words->text + words->length, sizeof(words->text) - words->length, "%s%s",
        words->length > 0 ? "," : "", word);
    if (length > 0 && (size_t)length < sizeof(words->text) - words->length) {
        words->length += (size_t)length;
    }
}

// What a heap is like; `visit` gets one word after the other.
static void for_flags(
    const struct image_heap *heap, void (*visit)(void *context, const char *word), void *context)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } FLAGS[] =
        {
            {HALDE_HEAP_NO_SERIALIZE, "no-serialize"},
            {HALDE_HEAP_EXECUTABLE, "executable"},
            {HALDE_HEAP_ZERO, "zeroed"},
        },
      CHECKS[] = {
          {HALDE_CHECK_TAIL, "tail-check"},
          {HALDE_CHECK_FREE, "free-check"},
          {HALDE_CHECK_ALWAYS, "always-check"},
      };
    visit(context, heap->maximum_size == 0 ? "growable" : "fixed");
    for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++) {
        if ((heap->flags & FLAGS[i].flag) != 0) {
            visit(context, FLAGS[i].word);
        }
    }
    for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
        if ((heap->checks & CHECKS[i].flag) != 0) {
            visit(context, CHECKS[i].word);
        }
    }
    if (heap->is_recorded) {
        visit(context, "stacks");
    }
    if (!heap->is_exact) {
        visit(context, "inexact");
    }
}

static void visit_words(void *context, const char *word)
{
    add_word(context, word);
}

static void visit_json(void *context, const char *word)
{
    json_text(context, word);
}

static void describe_flags(const struct image_heap *heap, struct words *words)
{
    *words = (struct words){.length = 0};
    for_flags(heap, visit_words, words);
    if (heap->maximum_size != 0) {
        char size[16];
        char word[40];
        snprintf(word, sizeof(word), "max %s", cli_format_size(heap->maximum_size, size));
        add_word(words, word);
    }
    if (heap->locked_by != 0) {
        char word[40];
        snprintf(word, sizeof(word), "locked by thread %u", heap->locked_by);
        add_word(words, word);
    }
}

// ---- Table ------------------------------------------------------------------------------------

static void add_numbers(struct table *table, const struct image_heap *heap)
{
    char size[16];
    table_add_cell(table, "%llu", (unsigned long long)heap->busy_count);
    table_add_cell(table, "%s", cli_format_size(heap->busy_size, size));
    table_add_cell(table, "%s", cli_format_size(heap->committed_size, size));
    table_add_cell(table, "%s",
        heap->resident_size == UINT64_MAX ? "?" : cli_format_size(heap->resident_size, size));
    table_add_cell(table, "%s", cli_format_size(heap->free_size, size));
    table_add_cell(table, "%s", cli_format_size(heap->largest_free_size, size));
    table_add_cell(
        table, "%.0f%%", 100.0 * image_fragmentation(heap->busy_size, heap->committed_size));
}

static void add_heap(struct table *table, const struct image *image, const struct image_heap *heap)
{
    struct words words;
    describe_flags(heap, &words);
    table_add_cell(table, "0x%llx", (unsigned long long)heap->handle);
    table_add_cell(table, "%s", image_string(image, heap->name));
    add_numbers(table, heap);
    table_add_cell(table, "%s", words.text);
}

static void print_table(const struct cli *cli, const struct image *image)
{
    static const struct {
        const char *title;
        enum table_align align;
    } COLUMNS[] = {{"HEAP", TABLE_LEFT}, {"NAME", TABLE_LEFT}, {"BLOCKS", TABLE_RIGHT},
        {"LIVE", TABLE_RIGHT}, {"COMMIT", TABLE_RIGHT}, {"RSS", TABLE_RIGHT}, {"FREE", TABLE_RIGHT},
        {"LARGEST", TABLE_RIGHT}, {"FRAG", TABLE_RIGHT}, {"FLAGS", TABLE_LEFT}};
    struct table *table = table_create();
    for (size_t i = 0; i < sizeof(COLUMNS) / sizeof(COLUMNS[0]); i++) {
        table_add_column(table, COLUMNS[i].title, COLUMNS[i].align);
    }
    for (size_t i = 0; i < image->heap_count; i++) {
        add_heap(table, image, &image->heaps[i]);
    }
    if (image->heap_count > 1) {
        struct image_heap sum = sum_of(image);
        table_add_cell(table, "%zu heaps", image->heap_count);
        table_add_cell(table, "%s", "");
        add_numbers(table, &sum);
        table_add_cell(table, "%s", "");
    }
    table_print(table, cli, stdout);
}

static void print_regions(const struct cli *cli, const struct image *image)
{
    struct table *table = table_create();
    table_add_column(table, "HEAP", TABLE_LEFT);
    table_add_column(table, "REGION", TABLE_RIGHT);
    table_add_column(table, "START", TABLE_LEFT);
    table_add_column(table, "END", TABLE_LEFT);
    table_add_column(table, "COMMIT", TABLE_RIGHT);
    table_add_column(table, "RESERVED", TABLE_RIGHT);
    for (size_t i = 0; i < image->heap_count; i++) {
        const struct image_heap *heap = &image->heaps[i];
        for (uint32_t j = 0; j < heap->region_count; j++) {
            const struct image_region *region = &heap->regions[j];
            char size[16];
            table_add_cell(table, "0x%llx", (unsigned long long)heap->handle);
            table_add_cell(table, "%u", j);
            table_add_cell(table, "0x%llx", (unsigned long long)region->start);
            table_add_cell(table, "0x%llx", (unsigned long long)region->end);
            table_add_cell(
                table, "%s", cli_format_size(region->committed_end - region->start, size));
            table_add_cell(table, "%s", cli_format_size(region->end - region->start, size));
        }
    }
    printf("\n");
    table_print(table, cli, stdout);
}

static void print_footer(const struct cli *cli, const struct image *image)
{
    char size[16];
    if (cli->is_quiet || image->source == IMAGE_SNAPSHOT) {
        return;
    }
    if (image->pause_ns != 0) {
        printf("paused %.1f ms (%zu thread%s), ", (double)image->pause_ns / 1e6,
            image->thread_count, image->thread_count == 1 ? "" : "s");
    }
    printf("%s read\n", cli_format_size(image->read_size, size));
}

// ---- JSON -------------------------------------------------------------------------------------

static void put_numbers(struct json *json, const struct image_heap *heap)
{
    json_put_number(json, "live_blocks", heap->busy_count);
    json_put_number(json, "live_bytes", heap->busy_size);
    json_put_number(json, "overhead_bytes", heap->slack_size);
    json_put_number(json, "large_blocks", heap->large_count);
    json_put_number(json, "large_bytes", heap->large_size);
    json_put_number(json, "reserved_bytes", heap->reserved_size);
    json_put_number(json, "committed_bytes", heap->committed_size);
    json_key(json, "resident_bytes");
    if (heap->resident_size == UINT64_MAX) {
        json_null(json);
    } else {
        json_number(json, heap->resident_size);
    }
    json_put_number(json, "free_bytes", heap->free_size);
    json_put_number(json, "cached_bytes", heap->cached_size);
    json_put_number(json, "largest_free_bytes", heap->largest_free_size);
    json_put_real(
        json, "fragmentation", image_fragmentation(heap->busy_size, heap->committed_size));
}

static void put_regions(struct json *json, const struct image_heap *heap)
{
    json_key(json, "regions");
    json_open_array(json);
    for (uint32_t i = 0; i < heap->region_count; i++) {
        json_open_object(json);
        json_put_address(json, "start", heap->regions[i].start);
        json_put_address(json, "end", heap->regions[i].end);
        json_put_address(json, "committed_end", heap->regions[i].committed_end);
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_heap(struct json *json, const struct image *image, const struct image_heap *heap)
{
    json_open_object(json);
    json_put_address(json, "handle", heap->handle);
    json_put_text(json, "name", image_string(image, heap->name));
    put_numbers(json, heap);
    json_key(json, "flags");
    json_open_array(json);
    for_flags(heap, visit_json, json);
    json_close_array(json);
    json_put_number(json, "maximum_bytes", heap->maximum_size);
    json_put_flag(json, "is_exact", heap->is_exact);
    json_put_number(json, "locked_by", heap->locked_by);
    put_regions(json, heap);
    json_close_object(json);
}

static bool print_json(const struct image *image)
{
    struct json *json = json_begin(stdout);
    struct image_heap sum = sum_of(image);
    json_open_object(json);
    json_put_text(json, "schema", "halde.heaps/1");
    json_put_number(json, "pid", image->process_id);
    json_put_text(json, "name", image_string(image, image->name));
    json_put_text(json, "version", image_string(image, image->library_version));
    json_put_text(json, "mode", image_string(image, image->mode));
    json_put_number(json, "pause_ns", image->pause_ns);
    json_put_number(json, "threads", image->thread_count);
    json_put_number(json, "read_bytes", image->read_size);
    json_put_number(json, "process_resident_bytes", image->resident_size);
    json_key(json, "heaps");
    json_open_array(json);
    for (size_t i = 0; i < image->heap_count; i++) {
        put_heap(json, image, &image->heaps[i]);
    }
    json_close_array(json);
    json_key(json, "total");
    json_open_object(json);
    put_numbers(json, &sum);
    json_close_object(json);
    json_close_object(json);
    return json_end(json);
}

// ---- The verb ---------------------------------------------------------------------------------

static int run(const struct cli *cli)
{
    if (!cli_expect_arguments(cli, 1, 1)) {
        return EXIT_TROUBLE;
    }
    struct image *image =
        open_image(cli, cli->arguments[0], cli_value(cli, "executable"), OPEN_SUMS);
    if (image == NULL) {
        return EXIT_TROUBLE;
    }
    bool is_printed = true;
    if (cli->is_json) {
        is_printed = print_json(image);
    } else {
        print_table(cli, image);
        if (cli_has(cli, "regions")) {
            print_regions(cli, image);
        }
        print_footer(cli, image);
    }
    image_destroy(image);
    return is_printed ? EXIT_CLEAN : EXIT_TROUBLE;
}

extern const struct verb verb_heaps;
const struct verb verb_heaps = {
    .name = "heaps",
    .arguments = "PID|CORE|SNAPSHOT",
    .summary = "Show the heaps of a process, what they hold and what they waste",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
