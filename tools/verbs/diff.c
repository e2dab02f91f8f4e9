// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde diff: what grew and what shrank between two images, or over several.

#include "capture/subject.h"
#include "cli/cli.h"
#include "overview/comparison.h"
#include "target/open.h"

enum {
    USUAL_TOP = 20,
    SIDES_MAX = 1000,
};

static const struct cli_option OPTIONS[] = {
    {"by", 'b', "stack|type|heap|class|thread|module|age", "what to group by (default stack)"},
    {"threshold", 0, "SIZE", "a finding is only what grew by more than this (default: any change)"},
    {"top", 't', "N", "show the N largest changes (default 20)"},
    {"all", 'a', NULL, "show all changes"},
    SYMBOLS_OPTION_NONE,
    SYMBOLS_OPTION_DEBUGINFOD,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde diff before.halde after.halde", "which call stacks hold more, which less"},
    {"halde diff before.halde 4711 --by class", "a snapshot against the process as it is now"},
    {"halde diff monday.halde tuesday.halde wednesday.halde",
        "what grows all the time: the trend over several"},
    {"halde diff a.halde b.halde --threshold 1M --json", "for a script: exit code 1 from 1 MiB on"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Compares busy blocks. Each line tells how many bytes and blocks a group has more (+) or less "
    "(-) "
    "than before, then how many it has now and had. What changed most comes first.\n"
    "\n"
    "Of more than two, oldest first, each line tells the growth from the first to the last, at how "
    "many steps the group grew, how fast if that is known, and what it had in each. What grew at "
    "every step comes first: a leak does, a cache mostly does not.\n"
    "\n"
    "Groups by stack are matched by the names of functions and modules, so snapshots of two runs "
    "and "
    "mostly of two builds can be compared; the hash is the one that leaks and suppress use. By "
    "class "
    "means the allocator's size classes. By age counts from when each image was taken.\n"
    "\n"
    "Where blocks were sampled, groups by stack, thread, module and age are estimated from the "
    "samples; the rest, and the sums, are exact.";

static const char EXIT_CODES[] = "0: nothing changed, or nothing grew by more than --threshold; 1: "
                                 "something did, and of more than two at every step; 2: one of "
                                 "them could not be read.";

// ---- Command line ----

static bool read_options(const struct cli *cli, struct comparison *comparison)
{
    const char *by = cli_value(cli, "by");
    const char *threshold = cli_value(cli, "threshold");
    const char *top = cli_value(cli, "top");
    comparison->top = cli_has(cli, "all") ? UINT64_MAX : USUAL_TOP;
    if (by && !group_key_parse(by, &comparison->by)) {
        cli_bad_value(cli, "by", "stack, type, heap, class, thread, module or age");
        return false;
    }
    if (threshold && !cli_parse_size(threshold, &comparison->threshold)) {
        cli_bad_value(cli, "threshold", "a size like 64K or 1.5M");
        return false;
    }
    if (top && !cli_parse_count(top, &comparison->top)) {
        cli_bad_value(cli, "top", "a number");
        return false;
    }
    comparison->has_threshold = threshold != NULL;
    return true;
}

// One image after the other, so that only one is in memory.
static bool add_side(const struct cli *cli, struct comparison *comparison, size_t number)
{
    struct subject subject;
    const char *name = cli->arguments[number];
    if (!subject_open(cli, name, 0, &subject)) {
        return false;
    }
    if (!subject_has_blocks(cli, name, &subject)) {
        subject_close(&subject);
        return false;
    }
    struct symbols *symbols = symbols_open(cli, subject.image);
    comparison_add(comparison, number, &subject, symbols, name);
    symbols_destroy(symbols);
    subject_close(&subject);
    return true;
}

static int compare(const struct cli *cli, struct comparison *comparison)
{
    for (size_t number = 0; number < comparison->side_count; number++) {
        if (!add_side(cli, comparison, number)) {
            return EXIT_TROUBLE;
        }
    }
    comparison_finish(comparison);
    bool is_printed =
        cli->is_json ? comparison_print_json(comparison) : comparison_print_text(comparison, cli);
    return !is_printed ? EXIT_TROUBLE : comparison->has_finding ? EXIT_FINDING : EXIT_CLEAN;
}

static int run(const struct cli *cli)
{
    struct comparison comparison = {0};
    if (!cli_expect_arguments(cli, 2, SIDES_MAX) || !read_options(cli, &comparison)) {
        return EXIT_TROUBLE;
    }
    comparison_init(&comparison, (size_t)cli->argument_count);
    int code = compare(cli, &comparison);
    comparison_release(&comparison);
    return code;
}

const struct verb verb_diff = {
    .name = "diff",
    .arguments = "BEFORE [BETWEEN]... AFTER",
    .summary = "compare snapshots, processes or core files",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
