// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde who: which words of the process point at a block, and how it is reached from a root.

#include "cli/cli.h"
#include "cli/memory.h"
#include "leaks/frame_at.h"
#include "leaks/referrers.h"
#include "report/report.h"
#include "target/open.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option OPTIONS[] = {
    {"depth", 'd', "N", "look N steps back: who points at those that point here (default 1)"},
    {"top", 't', "N", "show N of those that point at one block (default 20)"},
    {"all", 'a', NULL, "show all of them"},
    {"no-path", 0, NULL, "without the way from a root"},
    SYMBOLS_OPTION_NONE,
    SYMBOLS_OPTION_DEBUGINFOD,
    OPEN_OPTION_MAX_PAUSE,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde who 4711 0x7f3c10a40340", "who points at the block at this address"},
    {"halde who core.4711 0x7f3c10a40340 --depth 3", "and who points at those, three steps back"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Searches all memory of a process for pointers to a block, to its first byte or to its inside, "
    "and shows where each of them stands: in another block, in a variable of a module, in a "
    "thread's stack, thread-local storage or registers, or in other memory.  Then it shows the "
    "shortest way from a root to the block, which tells why the block still counts as in use.\n"
    "\n"
    "ADDR may lie anywhere in a block, or be the handle of movable Global or Local memory. If it "
    "is "
    "neither, words are searched that are exactly this address.\n"
    "\n"
    "The function named beside a place on a stack is the one whose return address lies next to it, "
    "which may be one that has returned already.";

static const char EXIT_CODES[] =
    "0: something points there; 1: nothing does; 2: it could not be found out.";

struct who {
    const struct cli *cli;
    struct image *image;
    struct symbols *symbols;
    struct leaks_search search;
    uint64_t address;
    uint32_t block; // of the search; REACH_NO_BLOCK: the address lies in none
    struct referrers referrers;
    struct reach reach;
    bool has_path;
    uint64_t depth;
    uint64_t top;
};

static bool is_handle(const struct who *who, uint32_t block)
{
    return leaks_block_of(&who->search, block) == LEAKS_HANDLE;
}

// Of anything but a handle.
static const struct image_block *image_block_of(const struct who *who, uint32_t block)
{
    return &who->image->blocks[leaks_block_of(&who->search, block)];
}

// Bytes from the start of what is pointed at.
static uint64_t offset_in(const struct who *who, uint32_t target, uint64_t value)
{
    return target == REACH_NO_BLOCK ? 0 : value - reach_block_of(&who->search.input, target).start;
}

// ---- Command line -----------------------------------------------------------------------------

static bool read_request(struct who *who)
{
    const struct cli *cli = who->cli;
    const char *depth = cli_value(cli, "depth");
    const char *top = cli_value(cli, "top");
    who->depth = 1;
    who->top = cli_has(cli, "all") ? UINT64_MAX : 20;
    if (!cli_parse_address(cli->arguments[1], &who->address)) {
        cli_error(
            cli, "'%s' is no address; give one as 0x7f... or in decimal digits", cli->arguments[1]);
        return false;
    }
    if (depth != NULL && (!cli_parse_count(depth, &who->depth) || who->depth == 0 ||
                             who->depth > REFERRERS_DEPTH_MAX)) {
        cli_bad_value(cli, "depth", "1 to 32");
        return false;
    }
    if (top != NULL && (!cli_parse_count(top, &who->top) || who->top == 0)) {
        cli_bad_value(cli, "top", "a number from 1 on");
        return false;
    }
    return true;
}

// ---- What is known of a place -----------------------------------------------------------------

// Where a word stands, for both forms of output.
struct place {
    const struct leaks_root *root; // NULL: in a block, or a handle
    uint32_t block;                // of the search
    bool is_handle;                // of movable memory
    uint64_t address;              // of the word; 0: a register
    const struct image_thread *thread;
    const struct image_module *module;
    const char *variable; // of a module; NULL: unknown
    uint64_t variable_offset;
    const struct symbol_frame *frame; // of a stack; NULL: unknown
};

static const struct symbol_frame *frame_of(
    const struct who *who, const struct image_thread *thread, uint64_t address)
{
    const uint64_t return_address = frame_at(who->image, thread, address);
    const struct symbol_frame *frames;
    if (return_address == 0) {
        return NULL;
    }
    symbols_find(who->symbols, return_address, true, &frames);
    return &frames[0];
}

static struct place place_of(const struct who *who, uint32_t block, uint32_t root, uint64_t address)
{
    struct place place = {
        .root = root_of_pointer(&who->search, block, root, address),
        .block = block,
        .address = address,
    };
    if (place.root == NULL) {
        place.is_handle = is_handle(who, block);
        return place;
    }
    if (root == who->search.input.root_count) {
        place.address = 0;
    }
    if (place.root->thread != UINT32_MAX) {
        place.thread = &who->image->threads[place.root->thread];
    }
    if (place.root->module != UINT32_MAX) {
        place.module = &who->image->modules[place.root->module];
        place.variable = symbols_variable(who->symbols, address, &place.variable_offset);
    }
    if (place.root->kind == REACH_ROOT_STACK && place.address != 0) {
        place.frame = frame_of(who, place.thread, address);
    }
    return place;
}

static const char *kind_of(const struct place *place)
{
    static const char *const NAMES[] = {
        [REACH_ROOT_REGISTER] = "register",
        [REACH_ROOT_STACK] = "stack",
        [REACH_ROOT_TLS] = "tls",
        [REACH_ROOT_MODULE] = "module",
        [REACH_ROOT_OTHER] = "mapping",
        [REACH_ROOT_IGNORED] = "ignored",
    };
    if (place->root == NULL) {
        return place->is_handle ? "handle" : "block";
    }
    return NAMES[place->root->kind];
}

// ---- Text -------------------------------------------------------------------------------------

static void put_frame(const struct symbol_frame *frame)
{
    char name[256];
    char place[512];
    cli_put_text(stdout, symbols_name(frame, name, sizeof(name)));
    if (frame->function[0] != '\0' && frame->function_offset != 0) {
        printf("+0x%" PRIx64, frame->function_offset);
    }
    if (frame->line > 0) {
        printf(" (");
        cli_put_text(stdout, symbols_place(frame, false, place, sizeof(place)));
        printf(")");
    }
}

// Who allocated a block.
static void put_site(const struct who *who, const struct image_block *block)
{
    char name[256];
    char place[512];
    const struct symbol_frame *frame = symbols_site(who->symbols, block->stack);
    const struct image_detail *detail = image_detail(who->image, block);
    if (frame != NULL) {
        printf(", ");
        cli_put_text(stdout, symbols_name(frame, name, sizeof(name)));
        symbols_place(frame, false, place, sizeof(place));
        if (strcmp(name, place) != 0) { // what has no name is called by its place
            printf(" ");
            cli_put_text(stdout, place);
        }
    } else if (detail->file != 0) {
        printf(", ");
        cli_put_text(stdout, image_string(who->image, detail->file));
        printf(":%d", detail->line);
    }
}

static void put_block(const struct who *who, uint32_t number)
{
    if (is_handle(who, number)) {
        printf("handle of movable memory");
        return;
    }
    const struct image_block *block = image_block_of(who, number);
    printf("%" PRIu64 " bytes", block->size);
    put_site(who, block);
}

static void put_thread(const struct who *who, const struct image_thread *thread)
{
    printf("thread");
    if (thread == NULL) {
        printf(" that has ended,");
        return;
    }
    printf(" %" PRIu32, thread->id);
    if (thread->name != 0) {
        printf(" \"");
        cli_put_text(stdout, image_string(who->image, thread->name));
        printf("\"");
    }
}

static void put_variable(const struct who *who, const struct place *place)
{
    const uint32_t name = place->module == NULL ? 0 : place->module->path;
    const char *path = image_string(who->image, name);
    for (const char *c = path; *c != '\0'; c++) {
        path = *c == '/' ? c + 1 : path;
    }
    cli_put_text(stdout, path);
    if (place->variable == NULL) {
        printf("+0x%" PRIx64, place->address - (place->module == NULL ? 0 : place->module->bias));
        return;
    }
    printf(" ");
    cli_put_text(stdout, place->variable);
    if (place->variable_offset != 0) {
        printf("+%" PRIu64, place->variable_offset);
    }
}

static void put_root(const struct who *who, const struct place *place)
{
    switch (place->root->kind) {
    case REACH_ROOT_REGISTER:
        put_thread(who, place->thread);
        printf(" register");
        break;
    case REACH_ROOT_STACK:
        put_thread(who, place->thread);
        printf(" stack");
        if (place->frame != NULL) {
            printf("  ");
            put_frame(place->frame);
        }
        break;
    case REACH_ROOT_TLS:
        put_thread(who, place->thread);
        printf(" thread-local storage");
        break;
    case REACH_ROOT_MODULE:
        put_variable(who, place);
        break;
    case REACH_ROOT_OTHER:
        printf("memory outside of heaps");
        break;
    case REACH_ROOT_IGNORED:
        printf("ignored by the debug heap's _IGNORE_BLOCK");
        break;
    }
}

// "0x7f.. +16" or "0x7f.. (root)": a line for one referrer.
static void put_referrer(const struct who *who, const struct referrer *referrer, unsigned level)
{
    const struct reach_pointer *pointer = &referrer->pointer;
    const struct place place = place_of(who, pointer->block, pointer->root, pointer->address);
    printf("%*s", (int)(2 + 4 * level), "");
    if (place.root == NULL) {
        const uint64_t start = reach_block_of(&who->search.input, place.block).start;
        printf("0x%" PRIx64 " +%" PRIu64 "  (", start, place.address - start);
        put_block(who, place.block);
        printf(")");
    } else {
        if (place.address != 0) {
            printf("0x%" PRIx64 "  ", place.address);
        }
        put_root(who, &place);
    }
    printf("  -> +%" PRIu64 "\n", offset_in(who, referrer->target, pointer->value));
}

// One list of referrers that is being printed.
struct list {
    const struct referrer *items;
    size_t count;
    size_t next;
};

static struct list list_of(const struct who *who, uint32_t target)
{
    struct list list = {0};
    list.items = referrers_of(&who->referrers, target, &list.count);
    return list;
}

// A tree, as deep as was asked for; a block's own referrers are shown where it is met first.
static void put_tree(const struct who *who)
{
    struct list lists[REFERRERS_DEPTH_MAX + 1];
    uint8_t *is_shown = must_allocate(who->search.input.block_count + 1, 1);
    unsigned level = 0;
    lists[0] = list_of(who, who->block);
    for (;;) {
        struct list *list = &lists[level];
        if (list->next == list->count || list->next == who->top) {
            if (list->next < list->count) {
                printf("%*s... and %zu more\n", (int)(2 + 4 * level), "", list->count - list->next);
            }
            if (level-- == 0) {
                break;
            }
            continue;
        }
        const struct referrer *referrer = &list->items[list->next++];
        put_referrer(who, referrer, level);
        const uint32_t block = referrer->pointer.block;
        if (block != REACH_NO_BLOCK && level + 1 < who->depth && !is_shown[block]) {
            is_shown[block] = 1;
            lists[++level] = list_of(who, block);
        }
    }
    free(is_shown);
}

// ---- The way from a root ------------------------------------------------------------------------

// Blocks from the one that was asked for up to the one that a root points at.
static uint32_t *gather_path(const struct who *who, size_t *count)
{
    uint32_t *path = NULL;
    size_t capacity = 0;
    *count = 0;
    // A way has no block twice.
    for (uint32_t block = who->block;
         block != REACH_NO_BLOCK && *count < who->search.input.block_count;
         block = who->reach.referrers[block].block) {
        path = must_grow(path, *count, &capacity, sizeof(*path));
        path[(*count)++] = block;
    }
    return path;
}

static uint64_t path_offset(const struct who *who, uint32_t block)
{
    const struct reach_referrer *referrer = &who->reach.referrers[block];
    uint64_t word = reach_block_of(&who->search.input, block).start;
    if (referrer->block == REACH_NO_BLOCK && referrer->root == who->search.input.root_count) {
        word = who->search.input.words[referrer->address];
    } else {
        image_read(who->image, referrer->address, &word, sizeof(word));
    }
    return offset_in(who, block, word);
}

static bool is_reached(const struct who *who)
{
    const uint8_t class = who->reach.classes[who->block];
    return class == REACH_REACHABLE || class == REACH_POSSIBLE;
}

static void put_path(const struct who *who)
{
    enum {
        STEPS_SHOWN = 40
    };
    size_t count;
    uint32_t *path = gather_path(who, &count);
    const struct reach_referrer *first = &who->reach.referrers[path[count - 1]];
    const struct place root = place_of(who, first->block, first->root, first->address);
    printf("%sthe shortest way from a root%s, %zu step%s:\n", cli_style(who->cli, STYLE_STRONG),
        cli_style(who->cli, STYLE_END), count, count == 1 ? "" : "s");
    printf("  root  ");
    put_root(who, &root);
    printf("\n");
    for (size_t i = count; i-- > 0;) {
        if (count - i > STEPS_SHOWN && i >= STEPS_SHOWN) {
            continue;
        }
        if (count > 2 * STEPS_SHOWN && i == STEPS_SHOWN - 1) {
            printf("    ... %zu steps ...\n", count - 2 * STEPS_SHOWN);
        }
        printf("    -> 0x%" PRIx64 " +%" PRIu64 "  (",
            reach_block_of(&who->search.input, path[i]).start, path_offset(who, path[i]));
        put_block(who, path[i]);
        printf(")\n");
    }
    free(path);
}

static void put_subject(const struct who *who)
{
    const char *strong = cli_style(who->cli, STYLE_STRONG);
    const char *end = cli_style(who->cli, STYLE_END);
    if (who->block == REACH_NO_BLOCK) {
        printf("%s0x%" PRIx64 "%s  in no busy block\n", strong, who->address, end);
        return;
    }
    const uint64_t start = reach_block_of(&who->search.input, who->block).start;
    printf("%s0x%" PRIx64 "%s  ", strong, start, end);
    put_block(who, who->block);
    if (who->has_path) {
        printf(", %s", leak_kind_name(who->reach.classes[who->block]));
    }
    printf("\n");
}

static void put_text(const struct who *who)
{
    const size_t count = who->referrers.direct_count;
    put_subject(who);
    if (count == 0) {
        printf("nothing points here\n");
    } else {
        printf("%s%zu pointer%s here%s:\n", cli_style(who->cli, STYLE_STRONG), count,
            count == 1 ? "" : "s", cli_style(who->cli, STYLE_END));
        put_tree(who);
    }
    if (who->referrers.is_cut) {
        printf("  (only the first %d are shown)\n", (int)REFERRERS_MAX);
    }
    if (!who->has_path) {
        return;
    }
    if (is_reached(who)) {
        put_path(who);
    } else if (count > 0) {
        printf("no way leads here from a root\n");
    }
}

// ---- JSON -------------------------------------------------------------------------------------

static void json_site(const struct who *who, struct json *json, const struct image_block *block)
{
    const struct symbol_frame *frame = symbols_site(who->symbols, block->stack);
    const struct image_detail *detail = image_detail(who->image, block);
    if (frame != NULL) {
        json_put_text(json, "function", frame->function);
        json_put_text(json, "file", frame->file);
        json_put_signed(json, "line", frame->line);
        json_put_text(json, "module", frame->module);
        json_put_address(json, "module_offset", frame->offset);
    } else if (detail->file != 0) {
        json_put_text(json, "file", image_string(who->image, detail->file));
        json_put_signed(json, "line", detail->line);
    }
}

static void json_block(const struct who *who, struct json *json, uint32_t number)
{
    const struct reach_block block = reach_block_of(&who->search.input, number);
    json_open_object(json);
    json_put_address(json, "address", block.start);
    json_put_number(json, "size", block.size);
    if (is_handle(who, number)) {
        json_put_flag(json, "is_handle", true);
    }
    if (who->has_path) {
        json_put_text(json, "leak_kind", leak_kind_name(who->reach.classes[number]));
    }
    if (!is_handle(who, number)) {
        json_site(who, json, image_block_of(who, number));
    }
    json_close_object(json);
}

static void json_place(const struct who *who, struct json *json, const struct place *place)
{
    json_put_text(json, "where", kind_of(place));
    if (place->address != 0) {
        json_put_address(json, "address", place->address);
    }
    if (place->root == NULL) {
        const uint64_t start = reach_block_of(&who->search.input, place->block).start;
        json_put_number(json, "block_offset", place->address - start);
        json_key(json, "block");
        json_block(who, json, place->block);
    }
    if (place->thread != NULL) {
        json_put_number(json, "thread", place->thread->id);
    }
    if (place->module != NULL) {
        json_put_text(json, "module", image_string(who->image, place->module->path));
    }
    if (place->variable != NULL) {
        json_put_text(json, "variable", place->variable);
        json_put_number(json, "variable_offset", place->variable_offset);
    }
    if (place->frame != NULL) {
        json_put_text(json, "function", place->frame->function);
        json_put_text(json, "file", place->frame->file);
        json_put_signed(json, "line", place->frame->line);
    }
}

static void json_referrers(const struct who *who, struct json *json)
{
    json_key(json, "pointers");
    json_open_array(json);
    for (size_t i = 0; i < who->referrers.count; i++) {
        const struct referrer *referrer = &who->referrers.items[i];
        const struct reach_pointer *pointer = &referrer->pointer;
        const struct place place = place_of(who, pointer->block, pointer->root, pointer->address);
        json_open_object(json);
        json_put_number(json, "level", referrer->level);
        json_put_address(json, "value", pointer->value);
        json_put_number(json, "offset", offset_in(who, referrer->target, pointer->value));
        json_place(who, json, &place);
        json_close_object(json);
    }
    json_close_array(json);
}

static void json_path(const struct who *who, struct json *json)
{
    size_t count;
    uint32_t *path = gather_path(who, &count);
    const struct reach_referrer *first = &who->reach.referrers[path[count - 1]];
    const struct place root = place_of(who, first->block, first->root, first->address);
    json_key(json, "root");
    json_open_object(json);
    json_place(who, json, &root);
    json_close_object(json);
    json_key(json, "path");
    json_open_array(json);
    for (size_t i = count; i-- > 0;) {
        json_open_object(json);
        json_put_number(json, "offset", path_offset(who, path[i]));
        json_key(json, "block");
        json_block(who, json, path[i]);
        json_close_object(json);
    }
    json_close_array(json);
    free(path);
}

static bool put_json(const struct who *who)
{
    struct json *json = json_begin(stdout);
    json_open_object(json);
    json_put_text(json, "schema", "halde.who/1");
    json_put_number(json, "pid", who->image->process_id);
    json_put_number(json, "pause_ns", who->image->pause_ns);
    json_put_address(json, "address", who->address);
    if (who->block != REACH_NO_BLOCK) {
        json_key(json, "block");
        json_block(who, json, who->block);
    }
    json_put_number(json, "pointer_count", who->referrers.direct_count);
    json_put_flag(json, "is_complete", !who->referrers.is_cut);
    json_referrers(who, json);
    if (who->has_path && is_reached(who)) {
        json_path(who, json);
    }
    json_close_object(json);
    return json_end(json);
}

// -----------------------------------------------------------------------------------------------

static uint32_t find_block(const struct who *who)
{
    const struct image_block *block = image_block_at(who->image, who->address);
    const uint64_t address = block != NULL ? block->address : who->address;
    return reach_block_at(&who->search.input, address); // or a handle
}

static int print_all(struct who *who)
{
    who->symbols = symbols_open(who->cli, who->image);
    bool is_written = true;
    if (who->cli->is_json) {
        is_written = put_json(who);
    } else {
        put_text(who);
    }
    symbols_destroy(who->symbols);
    if (!is_written) {
        return EXIT_TROUBLE; // dispatch.c says so
    }
    return who->referrers.direct_count > 0 ? EXIT_CLEAN : EXIT_FINDING;
}

static int search_and_print(struct who *who)
{
    if (!leaks_search_init(&who->search, who->image)) {
        cli_error(who->cli, "%s", leaks_trouble());
        return EXIT_TROUBLE;
    }
    int code = EXIT_TROUBLE;
    who->block = find_block(who);
    if (!referrers_find(
            &who->referrers, &who->search, who->block, who->address, (uint32_t)who->depth)) {
        cli_error(who->cli, "there is not enough memory for the search");
    } else {
        who->search.input.has_referrers = true;
        who->has_path = who->block != REACH_NO_BLOCK && !cli_has(who->cli, "no-path") &&
                        leaks_search_run(&who->search, &who->reach);
        code = print_all(who);
        referrers_release(&who->referrers);
        reach_release(&who->reach);
    }
    leaks_search_release(&who->search);
    return code;
}

static int run(const struct cli *cli)
{
    struct who who = {.cli = cli};
    if (!cli_expect_arguments(cli, 2, 2) || !read_request(&who)) {
        return EXIT_TROUBLE;
    }
    who.image = open_image(cli, cli->arguments[0], cli_value(cli, "executable"), OPEN_CONTENTS);
    if (who.image == NULL) {
        return EXIT_TROUBLE;
    }
    open_say_pause(cli, who.image);
    const int code = search_and_print(&who);
    image_destroy(who.image);
    return code;
}

const struct verb verb_who = {
    .name = "who",
    .arguments = "PID|CORE|SNAPSHOT ADDR",
    .summary = "who points at a block, and the way to it from a root",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
