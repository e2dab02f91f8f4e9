// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde walk: the blocks of a process, one by one.

#include "cli/cli.h"
#include "cli/memory.h"
#include "filter/filter.h"
#include "filter/origin.h"
#include "image/image.h"
#include "image/names.h"
#include "sites/sites.h"
#include "target/open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option OPTIONS[] = {
    {"heap", 'H', "HEAP", "only blocks of this heap: its address, or process, or debug"},
    {"where", 'w', "EXPRESSION", "only blocks for which this holds: 'size >= 64K && age > 10m'"},
    {"free", 'f', NULL, "free, cached and uncommitted elements, too"},
    {"sort", 's', "FIELD", "order by a field; FIELD:desc for the largest first (default: address)"},
    {"top", 't', "N", "the largest N, unless --sort says otherwise"},
    {"limit", 'l', "N", "no more than N"},
    {"count", 'c', NULL, "only how many they are, and their bytes"},
    {"jsonl", 0, NULL, "JSON, one line a block"},
    {"stacks", 0, "N", "JSON: up to N frames of each block's stack"},
    SYMBOLS_OPTION_NONE,
    SYMBOLS_OPTION_DEBUGINFOD,
    OPEN_OPTION_MAX_PAUSE,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde walk 4711", "every block of process 4711, by address"},
    {"halde walk 4711 --where 'busy && size >= 64K && age > 10m' --top 5",
        "the largest of the old ones"},
    {"halde walk 4711 --heap process --free", "the process heap without holes, as HeapWalk has it"},
    {"halde walk core.4711 --where 'stack == 9c41e7' --count", "how many blocks a site has"},
    {"halde walk 4711 --sort age:desc --limit 20", "the oldest 20"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Lists blocks by address: where one is, how many bytes were asked for, how many more it takes "
    "(OVERHEAD), and what is known of it: age, type and request number of debug blocks, thread, "
    "and "
    "who allocated it. A core file does not say when it was written: there ages count back from "
    "the "
    "newest block. With --free the list has no holes: free ranges, blocks that wait in a "
    "thread's magazine (cached), freed blocks that the debug heap keeps, and what is reserved "
    "only.\n"
    "\n"
    "Expressions combine with && || ! and parentheses:\n"
    "\n"
    "  busy free cached uncommitted freed      what it is\n"
    "  span mixed large                        where it lies\n"
    "  debug ignored sampled info              debug heap; sampled; has user info\n"
    "  size overhead weight                    bytes: 64K, 1.5M\n"
    "  age time                                durations: 200ms, 10m, 1.5h\n"
    "  number subtype thread line              numbers\n"
    "  address                                 0x7f3c10042040\n"
    "  kind type place heap file stack         texts: == != ~ (contains) !~\n"
    "\n"
    "Fields are compared by == != < <= > >=. A block without the field (no age, no thread) fulfils "
    "only != and !~. The field stack is the site's hash, as `halde leaks` shows it; its beginning "
    "is enough.";

static const char EXIT_CODES[] = "0: the blocks were read, even if none was chosen. 2: that was "
                                 "not possible, or an option makes no sense.";

struct request {
    struct filter *filter;
    const char *heap_name; // NULL: all
    bool is_count;         // only their sums are asked for
    enum filter_field sort;
    bool is_sorted, is_descending;
    size_t limit;
    size_t stack_depth;
    bool wants_free;
};

struct listing {
    const struct cli *cli;
    struct image *image;
    struct symbols *symbols;
    struct request request;
    uint32_t *chosen; // indexes of blocks
    uint32_t heap;    // that is_wanted_heap() was asked about last
    bool is_heap;     // its answer
    size_t count;
    uint64_t size, overhead;
    uint64_t weight; // bytes that sampled ones stand for
    bool has_age, has_type, has_thread, has_site;
    char hash[SITE_HASH_SIZE];
};

// ---- Options ----------------------------------------------------------------------------------

static bool read_sort(const struct cli *cli, struct request *request)
{
    const char *value = cli_value(cli, "sort");
    if (value == NULL) {
        return true;
    }
    char name[32];
    const char *colon = strchr(value, ':');
    size_t length = colon == NULL ? strlen(value) : (size_t)(colon - value);
    bool is_order = colon == NULL || strcmp(colon, ":desc") == 0 || strcmp(colon, ":asc") == 0;
    snprintf(name, sizeof(name), "%.*s", (int)length, value);
    if (!is_order || length >= sizeof(name) || !filter_find_field(name, &request->sort)) {
        char *wanted = must_format("one of %s, perhaps followed by :desc", filter_field_names());
        cli_bad_value(cli, "sort", wanted);
        free(wanted);
        return false;
    }
    request->is_sorted = true;
    request->is_descending = colon != NULL && strcmp(colon, ":desc") == 0;
    return true;
}

static bool read_filter(const struct cli *cli, struct request *request)
{
    const char *where = cli_value(cli, "where");
    char *error = NULL;
    if (where == NULL) {
        return true;
    }
    request->filter = filter_parse(where, &error);
    if (request->filter == NULL) {
        cli_error(cli, "--where: %s", error);
        free(error);
    }
    return request->filter != NULL;
}

static bool read_request(const struct cli *cli, struct request *request)
{
    *request = (struct request){
        .heap_name = cli_value(cli, "heap"),
        .is_count = cli_has(cli, "count") && !cli_has(cli, "jsonl"),
        .limit = SIZE_MAX,
    };
    request->wants_free = cli_has(cli, "free");
    if (!read_sort(cli, request) || !cli_read_count(cli, "limit", &request->limit) ||
        !cli_read_count(cli, "top", &request->limit) ||
        !cli_read_count(cli, "stacks", &request->stack_depth)) {
        return false;
    }
    if (cli_has(cli, "top") && !request->is_sorted) {
        request->is_sorted = true;
        request->is_descending = true;
        request->sort = FILTER_SIZE;
    }
    if (!read_filter(cli, request)) {
        return false;
    }
    request->wants_free |= request->filter != NULL && filter_wants_free(request->filter);
    return true;
}

static bool find_heap(const struct cli *cli, const struct image *image, const char *name)
{
    if (name != NULL && image_find_heap(image, name) == image->heap_count) {
        cli_error(cli, "there is no heap '%s': `halde heaps %s` lists them by address and name",
            name, cli->arguments[0]);
        return false;
    }
    return true;
}

// ---- Choosing ---------------------------------------------------------------------------------

static const char *hash_of(void *context, uint32_t stack)
{
    struct listing *listing = context;
    if (stack == 0) {
        return "";
    }
    uint64_t hash = symbols_stack(listing->symbols, stack)->hash;
    return site_format_hash(hash, SITE_HASH_SIZE - 1, listing->hash);
}

// Blocks of one heap mostly follow one another.
static bool is_wanted_heap(
    struct listing *listing, const struct image *image, const struct image_block *block)
{
    if (listing->request.heap_name == NULL) {
        return true;
    }
    if (block->heap != listing->heap) {
        listing->heap = block->heap;
        listing->is_heap = image_find_heap(image, listing->request.heap_name) == block->heap;
    }
    return listing->is_heap;
}

static bool is_chosen(
    struct listing *listing, const struct image *image, const struct image_block *block)
{
    const struct request *request = &listing->request;
    const struct filter_stacks stacks = {.hash = hash_of, .context = listing};
    bool is_element = block->kind == IMAGE_BUSY || request->wants_free;
    return is_element && is_wanted_heap(listing, image, block) &&
           (request->filter == NULL || filter_matches(request->filter, image, block, &stacks));
}

static void note_block(
    struct listing *listing, const struct image *image, const struct image_block *block)
{
    const struct image_detail *detail = image_detail(image, block);
    listing->count++;
    listing->size += block->size;
    listing->overhead += image_overhead(image, block);
    listing->weight += detail->weight;
    listing->has_age |= block->time_ns != 0;
    listing->has_type |= (block->flags & IMAGE_BLOCK_IS_DEBUG) != 0;
    listing->has_thread |= block->thread_id != 0;
    listing->has_site |= block->stack != 0 || detail->file != 0;
}

static int compare(const void *a, const void *b, void *context)
{
    const struct listing *listing = context;
    uint32_t one = *(const uint32_t *)a;
    uint32_t other = *(const uint32_t *)b;
    int order = filter_compare(listing->request.sort, listing->request.is_descending,
        listing->image, &listing->image->blocks[one], &listing->image->blocks[other]);
    return order != 0 ? order : (one > other) - (one < other);
}

// As an image_choice: what is not listed need not be kept, and what is only counted neither.
static bool keep(void *context, const struct image *image, const struct image_block *block)
{
    struct listing *listing = context;
    if (!is_chosen(listing, image, block)) {
        return false;
    }
    if (listing->request.is_count) {
        note_block(listing, image, block);
    }
    return !listing->request.is_count;
}

static void choose(struct listing *listing)
{
    const struct image *image = listing->image;
    listing->chosen = must_allocate(image->block_count + 1, sizeof(listing->chosen[0]));
    for (size_t i = 0; i < image->block_count; i++) {
        if (is_chosen(listing, image, &image->blocks[i])) {
            listing->chosen[listing->count] = (uint32_t)i;
            note_block(listing, image, &image->blocks[i]);
        }
    }
    if (listing->request.is_sorted && !listing->request.is_count) {
        qsort_r(listing->chosen, listing->count, sizeof(listing->chosen[0]), compare, listing);
    }
}

static size_t shown_count(const struct listing *listing)
{
    return listing->count < listing->request.limit ? listing->count : listing->request.limit;
}

// ---- For people -------------------------------------------------------------------------------

// "process", "debug" or the handle.
static const char *heap_name(const struct listing *listing, uint32_t index, char buffer[24])
{
    if (index >= listing->image->heap_count) {
        return "?";
    }
    const struct image_heap *heap = &listing->image->heaps[index];
    const char *name = image_string(listing->image, heap->name);
    if (*name != '\0') {
        return name;
    }
    snprintf(buffer, 24, "0x%llx", (unsigned long long)heap->handle);
    return buffer;
}

static void print_titles(const struct listing *listing)
{
    const struct cli *cli = listing->cli;
    printf("%s%-16s %-11s %12s %8s  %-14s", cli_style(cli, STYLE_STRONG), "ADDRESS", "KIND", "SIZE",
        "OVERHEAD", "HEAP");
    if (listing->has_age) {
        printf(" %11s", "AGE");
    }
    if (listing->has_type) {
        printf("  %-7s %8s", "TYPE", "NUMBER");
    }
    if (listing->has_thread) {
        printf(" %8s", "THREAD");
    }
    printf("%s%s\n", listing->has_site ? "  SITE" : "", cli_style(cli, STYLE_END));
}

static void print_age(const struct listing *listing, const struct image_block *block)
{
    char duration[24];
    uint64_t age;
    bool is_known = image_age(listing->image, block, &age);
    printf(" %11s", is_known ? cli_format_duration(age, duration) : "");
}

static void print_optional_number(int width, uint64_t number)
{
    if (number == 0) {
        printf(" %*s", width, "");
    } else {
        printf(" %*llu", width, (unsigned long long)number);
    }
}

static void print_block(struct listing *listing, const struct image_block *block)
{
    char heap[24];
    char site[1024];
    printf("0x%-14llx %-11s %12llu %8llu  %-14s", (unsigned long long)block->address,
        image_kind_name(block->kind), (unsigned long long)block->size,
        (unsigned long long)image_overhead(listing->image, block),
        heap_name(listing, block->heap, heap));
    if (listing->has_age) {
        print_age(listing, block);
    }
    if (listing->has_type) {
        printf("  %-7s", image_type_name(listing->image, block));
        print_optional_number(8, image_detail(listing->image, block)->number);
    }
    if (listing->has_thread) {
        print_optional_number(8, block->thread_id);
    }
    if (listing->has_site) {
        printf("  ");
        cli_put_text(
            stdout, origin_site(listing->image, listing->symbols, block, site, sizeof(site)));
    }
    printf("\n");
}

static void print_sum(const struct listing *listing)
{
    char size[16];
    char overhead[16];
    printf("%zu block%s, %s, overhead %s", listing->count, listing->count == 1 ? "" : "s",
        cli_format_size(listing->size, size), cli_format_size(listing->overhead, overhead));
    if (listing->weight != 0) {
        printf("; the sampled ones stand for %s", cli_format_size(listing->weight, size));
    }
    printf("\n");
}

static void print_list(struct listing *listing)
{
    size_t count = shown_count(listing);
    if (count > 0) {
        print_titles(listing);
    }
    for (size_t i = 0; i < count; i++) {
        print_block(listing, &listing->image->blocks[listing->chosen[i]]);
    }
    if (!listing->cli->is_quiet) {
        if (count < listing->count) {
            printf("%zu of ", count);
        }
        print_sum(listing);
    }
}

// ---- For programs -----------------------------------------------------------------------------

static void put_block(struct listing *listing, struct json *json, const struct image_block *block)
{
    char site[1024];
    json_open_object(json);
    json_put_address(json, "address", block->address);
    json_put_text(json, "kind", image_kind_name(block->kind));
    json_put_number(json, "size", block->size);
    json_put_number(json, "overhead_bytes", image_overhead(listing->image, block));
    json_key(json, "heap");
    if (block->heap < listing->image->heap_count) {
        json_address(json, listing->image->heaps[block->heap].handle);
    } else {
        json_null(json);
    }
    json_put_text(json, "place", image_place_name(block));
    uint32_t weight = image_detail(listing->image, block)->weight;
    if (weight != 0) {
        json_put_number(json, "estimated_bytes", weight);
    }
    if (origin_is_known(listing->image, block)) {
        json_put_text(
            json, "site", origin_site(listing->image, listing->symbols, block, site, sizeof(site)));
    }
    origin_put(json, listing->image, listing->symbols, block, listing->request.stack_depth);
    json_close_object(json);
}

static bool put_lines(struct listing *listing)
{
    struct json *json = json_begin_lines(stdout);
    size_t count = shown_count(listing);
    for (size_t i = 0; i < count; i++) {
        put_block(listing, json, &listing->image->blocks[listing->chosen[i]]);
        json_end_line(json);
    }
    return json_end(json);
}

static bool put_document(struct listing *listing)
{
    const struct image *image = listing->image;
    struct json *json = json_begin(stdout);
    size_t count = listing->request.is_count ? 0 : shown_count(listing);
    json_open_object(json);
    json_put_text(json, "schema", "halde.walk/1");
    json_put_number(json, "pid", image->process_id);
    json_put_number(json, "pause_ns", image->pause_ns);
    json_put_number(json, "block_count", listing->count);
    json_put_number(json, "bytes", listing->size);
    json_put_number(json, "overhead_bytes", listing->overhead);
    json_key(json, "blocks");
    json_open_array(json);
    for (size_t i = 0; i < count; i++) {
        put_block(listing, json, &image->blocks[listing->chosen[i]]);
    }
    json_close_array(json);
    json_close_object(json);
    return json_end(json);
}

// ---- The verb ---------------------------------------------------------------------------------

static bool list(struct listing *listing)
{
    const struct cli *cli = listing->cli;
    choose(listing);
    if (cli_has(cli, "jsonl")) {
        return put_lines(listing);
    }
    if (cli->is_json) {
        return put_document(listing);
    }
    if (listing->request.is_count) {
        print_sum(listing);
    } else {
        print_list(listing);
    }
    return fflush(stdout) == 0;
}

static int walk_image(const struct cli *cli, struct listing *listing)
{
    bool wants_free = listing->request.wants_free;
    const struct filter *filter = listing->request.filter;
    const struct image_choice choice = {.is_wanted = keep, .context = listing};
    // Stacks have no names before all of them are there.
    bool can_choose = filter == NULL || !filter_wants_stacks(filter);
    listing->image = open_chosen_image(cli, cli->arguments[0], cli_value(cli, "executable"),
        wants_free ? OPEN_FREE_BLOCKS : 0, can_choose ? &choice : NULL);
    if (listing->image == NULL) {
        return EXIT_TROUBLE;
    }
    open_say_pause(cli, listing->image);
    bool is_listed = find_heap(cli, listing->image, listing->request.heap_name);
    if (is_listed) {
        if (wants_free && !listing->image->has_free_blocks) {
            cli_note(cli, "%s has busy blocks only: it was made without --free", cli->arguments[0]);
        }
        listing->symbols = symbols_open(cli, listing->image);
        is_listed = list(listing);
        symbols_destroy(listing->symbols);
        free(listing->chosen);
    }
    image_destroy(listing->image);
    return is_listed ? EXIT_CLEAN : EXIT_TROUBLE;
}

static int run(const struct cli *cli)
{
    struct listing listing = {.cli = cli, .heap = UINT32_MAX};
    if (!cli_expect_arguments(cli, 1, 1) || !read_request(cli, &listing.request)) {
        return EXIT_TROUBLE;
    }
    int code = walk_image(cli, &listing);
    filter_destroy(listing.request.filter);
    return code;
}

extern const struct verb verb_walk;
const struct verb verb_walk = {
    .name = "walk",
    .arguments = "PID|CORE|SNAPSHOT",
    .summary = "List blocks: all of them, or those that an expression chooses",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
