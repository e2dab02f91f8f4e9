// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde check: validates the heaps of a process from outside.

#include "cli/cli.h"
#include "filter/elements.h"
#include "filter/origin.h"
#include "image/image.h"
#include "target/open.h"

#include <stdio.h>
#include <stdlib.h>

static const struct cli_option OPTIONS[] = {
    {"limit", 'l', "N", "tell the first N findings (default 50)"},
    {"depth", 'd', "N", "frames to show of each stack (default 8)"},
    SYMBOLS_OPTION_NONE,
    SYMBOLS_OPTION_DEBUGINFOD,
    OPEN_OPTION_MAX_PAUSE,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde check 4711", "is anything of the heaps of process 4711 damaged?"},
    {"halde check core.4711 || halde leaks core.4711", "first things first, with a core file"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Looks at everything that the library knows of its heaps: the lists, the regions, the "
    "description of every 64 KiB, the states of all blocks, the counters; and at the bytes that "
    "are there to be checked: the gaps around blocks of the debug heap and the filled data of its "
    "freed blocks, and the tails and freed memory of heaps with such checks. The process is "
    "stopped meanwhile; none of its code runs.\n"
    "\n"
    "Plain heaps have no bytes between blocks, so what a program writes over there cannot be seen; "
    "start it with HALDE_OPTIONS=mode=crt, or `halde run --mode crt`, to find overruns.";

static const char EXIT_CODES[] =
    "0: all heaps were looked at, and nothing is damaged. 1: something is damaged. 2: it could not "
    "be found out, or not for all heaps.";

enum {
    LIMIT_DEFAULT = 50,
    DEPTH_DEFAULT = 8,
    DESCRIPTION_SIZE = 200,
};

struct checking {
    const struct cli *cli;
    struct image *image;
    struct symbols *symbols;
    size_t limit, depth;
};

static size_t inexact_count(const struct image *image)
{
    size_t count = 0;
    for (size_t i = 0; i < image->heap_count; i++) {
        count += !image->heaps[i].is_exact;
    }
    return count;
}

// The block that a finding is about; NULL: none in particular, or the image does not have it.
static const struct image_block *block_of(
    const struct image *image, const struct image_damage *damage)
{
    const struct image_block *block = damage->block == 0 ? NULL : element_at(image, damage->block);
    return block != NULL && block->address == damage->block ? block : NULL;
}

// ---- For people -------------------------------------------------------------------------------

static void print_neighbour(
    const struct checking *checking, const char *where, const struct image_block *neighbour)
{
    char text[DESCRIPTION_SIZE];
    if (neighbour == NULL) {
        return;
    }
    printf("    %s: %s\n", where, element_describe(checking->image, neighbour, text, sizeof(text)));
    origin_print(checking->image, checking->symbols, neighbour, "        ", 0);
}

// `address`: what the finding is about, or 0.
static void print_block(
    const struct checking *checking, const struct image_block *block, uint64_t address)
{
    char text[DESCRIPTION_SIZE];
    if (address != 0) {
        element_describe_place(block, address, text, sizeof(text));
        printf("%s ", text[0] != '\0' ? text : "the start of");
    }
    printf("%s", element_describe(checking->image, block, text, sizeof(text)));
    uint64_t number = image_detail(checking->image, block)->number;
    if (number != 0) {
        printf(", number %llu", (unsigned long long)number);
    }
    printf("\n");
    origin_print(checking->image, checking->symbols, block, "    ", checking->depth);
    // Who wrote there may be a neighbour.
    if (address == 0 || address < block->address) {
        print_neighbour(checking, "before it", element_before(checking->image, block));
    }
    if (address == 0 || address >= block->address + block->size) {
        print_neighbour(checking, "behind it", element_behind(checking->image, block));
    }
}

static void print_damage(const struct checking *checking, const struct image_damage *damage)
{
    const struct image *image = checking->image;
    const struct image_block *block = block_of(image, damage);
    printf("%s", cli_style(checking->cli, STYLE_BAD));
    if (damage->heap != 0) {
        printf("heap 0x%llx: ", (unsigned long long)damage->heap);
    }
    cli_put_text(stdout, image_string(image, damage->text));
    printf("%s\n", cli_style(checking->cli, STYLE_END));
    if (damage->address != 0 || block != NULL) {
        printf("    ");
    }
    if (damage->address != 0) {
        printf("at 0x%llx%s", (unsigned long long)damage->address, block != NULL ? ", " : "\n");
    }
    if (block != NULL) {
        print_block(checking, block, damage->address);
    }
}

static void print_summary(const struct checking *checking)
{
    const struct image *image = checking->image;
    size_t inexact = inexact_count(image);
    uint64_t blocks = 0;
    for (size_t i = 0; i < image->heap_count; i++) {
        blocks += image->heaps[i].busy_count;
    }
    if (inexact > 0) {
        cli_note(checking->cli,
            "%zu of %zu heaps were at work whenever the process was stopped, and were not "
            "validated: try again",
            inexact, image->heap_count);
    }
    if (image->damage_count > 0) {
        printf("%zu finding%s", image->damage_count, image->damage_count == 1 ? "" : "s");
    } else {
        printf("no damage");
    }
    printf(" in %zu heap%s, %llu blocks\n", image->heap_count, image->heap_count == 1 ? "" : "s",
        (unsigned long long)blocks);
}

static void print_findings(const struct checking *checking)
{
    const struct image *image = checking->image;
    for (size_t i = 0; i < image->damage_count && i < checking->limit; i++) {
        print_damage(checking, &image->damages[i]);
    }
    if (image->damage_count > checking->limit) {
        printf("and %zu more: --limit %zu shows all\n", image->damage_count - checking->limit,
            image->damage_count);
    }
    print_summary(checking);
}

// ---- For programs -----------------------------------------------------------------------------

static void put_damage(
    const struct checking *checking, struct json *json, const struct image_damage *damage)
{
    const struct image_block *block = block_of(checking->image, damage);
    json_open_object(json);
    json_put_address(json, "heap", damage->heap);
    json_put_text(json, "text", image_string(checking->image, damage->text));
    if (damage->address != 0) {
        json_put_address(json, "address", damage->address);
    }
    if (damage->block != 0) {
        json_put_address(json, "block_address", damage->block);
    }
    if (block != NULL) {
        json_put_number(json, "size", block->size);
        origin_put(json, checking->image, checking->symbols, block, checking->depth);
    }
    json_close_object(json);
}

static bool put_findings(const struct checking *checking)
{
    const struct image *image = checking->image;
    struct json *json = json_begin(stdout);
    json_open_object(json);
    json_put_text(json, "schema", "halde.check/1");
    json_put_number(json, "pid", image->process_id);
    json_put_number(json, "pause_ns", image->pause_ns);
    json_put_number(json, "heaps", image->heap_count);
    json_put_number(json, "heaps_not_validated", inexact_count(image));
    json_put_number(json, "damage_count", image->damage_count);
    json_key(json, "damages");
    json_open_array(json);
    for (size_t i = 0; i < image->damage_count && i < checking->limit; i++) {
        put_damage(checking, json, &image->damages[i]);
    }
    json_close_array(json);
    json_close_object(json);
    return json_end(json);
}

// ---- The verb ---------------------------------------------------------------------------------

static bool read_number(const struct cli *cli, const char *name, size_t *number)
{
    uint64_t count;
    const char *value = cli_value(cli, name);
    if (value == NULL) {
        return true;
    }
    if (!cli_parse_count(value, &count) || count > SIZE_MAX) {
        cli_bad_value(cli, name, "a number");
        return false;
    }
    *number = (size_t)count;
    return true;
}

static int check_image(struct checking *checking)
{
    const struct cli *cli = checking->cli;
    checking->image = open_image(
        cli, cli->arguments[0], cli_value(cli, "executable"), OPEN_CHECK | OPEN_FREE_BLOCKS);
    if (checking->image == NULL) {
        return EXIT_TROUBLE;
    }
    open_say_pause(cli, checking->image);
    checking->symbols = symbols_open(cli, checking->image);
    bool is_printed = true;
    if (cli->is_json) {
        is_printed = put_findings(checking);
    } else {
        print_findings(checking);
    }
    int code = !is_printed                          ? EXIT_TROUBLE
               : checking->image->damage_count > 0  ? EXIT_FINDING
               : inexact_count(checking->image) > 0 ? EXIT_TROUBLE
                                                    : EXIT_CLEAN;
    symbols_destroy(checking->symbols);
    image_destroy(checking->image);
    return code;
}

static int run(const struct cli *cli)
{
    struct checking checking = {.cli = cli, .limit = LIMIT_DEFAULT, .depth = DEPTH_DEFAULT};
    if (!cli_expect_arguments(cli, 1, 1) || !read_number(cli, "limit", &checking.limit) ||
        !read_number(cli, "depth", &checking.depth)) {
        return EXIT_TROUBLE;
    }
    return check_image(&checking);
}

extern const struct verb verb_check;
const struct verb verb_check = {
    .name = "check",
    .arguments = "PID|CORE",
    .summary = "Validate the heaps of a process: structures, gaps, fill patterns",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
