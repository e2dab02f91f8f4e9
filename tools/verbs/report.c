// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde report: what a snapshot or capture says, on a page.

#include "capture/subject.h"
#include "cli/cli.h"
#include "overview/overview.h"
#include "target/open.h"

#include <stdlib.h>

enum {
    USUAL_TOP = 10
};

static const struct cli_option OPTIONS[] = {
    {"top", 't', "N", "sites in each list (default 10)"},
    {"explain", 'x', NULL, "say what each number means and what to do about it"},
    SYMBOLS_OPTION_NONE,
    SYMBOLS_OPTION_DEBUGINFOD,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde report server.4711.halde", "what a recorded run did"},
    {"halde report server.4711.halde --explain", "the same, with what each number means"},
    {"halde report 4711 --top 3", "a running process, without the course over time"},
    {"halde report run.halde --json | jq .peak", "one number, for a script"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Sums up a capture of halde run or a snapshot; a process or core file will do, too. First come "
    "sentences that say what stands out: leaks, memory that grows all the time, temporary "
    "allocations, fragmentation. Then the numbers, the course of live and resident memory over "
    "time, "
    "the sites that hold most, hold most at the peak, allocate most, and allocate for a moment "
    "only, "
    "the sizes, the heaps, and leaks by kind if they were searched (halde run, halde snap "
    "--leaks).\n"
    "\n"
    "What a capture alone can tell (the course, allocations in all) is left out for others.";

static const char EXIT_CODES[] = "0: told; 2: the file or process could not be read.";

static bool read_top(const struct cli *cli, struct overview_options *options)
{
    const char *text = cli_value(cli, "top");
    uint64_t top = USUAL_TOP;
    if (text && !cli_parse_count(text, &top)) {
        cli_bad_value(cli, "top", "a number");
        return false;
    }
    options->top = (size_t)top;
    return true;
}

static bool print(
    const struct cli *cli, const struct subject *subject, const struct overview_options *options)
{
    struct symbols *symbols = symbols_open(cli, subject->image);
    struct overview *overview = overview_create(subject, symbols);
    bool is_printed = false;
    if (cli->is_json) {
        is_printed = overview_print_json(overview, symbols, options);
    } else {
        overview_print(overview, symbols, cli, options);
        is_printed = fflush(stdout) == 0 && !ferror(stdout);
    }
    overview_destroy(overview);
    symbols_destroy(symbols);
    return is_printed;
}

static int run(const struct cli *cli)
{
    struct overview_options options = {.has_explanations = cli_has(cli, "explain")};
    struct subject subject;
    if (!cli_expect_arguments(cli, 1, 1) || !read_top(cli, &options) ||
        !subject_open(cli, cli->arguments[0], 0, &subject)) {
        return EXIT_TROUBLE;
    }
    options.subject = cli->arguments[0];
    bool is_printed = print(cli, &subject, &options);
    subject_close(&subject);
    return is_printed ? EXIT_CLEAN : EXIT_TROUBLE;
}

const struct verb verb_report = {
    .name = "report",
    .arguments = "CAPTURE|SNAPSHOT|PID|CORE",
    .summary = "sum up a recorded run or a snapshot",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
