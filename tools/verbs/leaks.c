// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde leaks: which blocks nobody can reach any more, by who allocated them.

#include "leaks/leaks.h"
#include "cli/cli.h"
#include "cli/memory.h"
#include "report/report.h"
#include "target/open.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option OPTIONS[] = {
    {"format", 'f', "text|msvc|gnu|json|sarif", "form of the report"},
    {"kinds", 'k', "KINDS",
        "what to tell, separated by commas: definite, indirect, possible, reachable; or leaks (the "
        "first three, the default) or all"},
    {"heuristics", 0, "NAMES",
        "which pointers to the inside count as pointers to the start, separated by commas: string, "
        "length, array, bases, sds, interior, none, usual (default)"},
    {"top", 't', "N", "tell the worst N sites only (default 20)"},
    {"all", 'a', NULL, "tell everything: all kinds and all sites"},
    {"older", 0, "DURATION", "only blocks that are at least that old: 30s, 10m, 2h"},
    {"suppressions", 's', "FILE",
        "leaks that are known: LeakSanitizer's form, Valgrind's, or ours; may be repeated"},
    {"no-suppressions", 0, NULL, "without the built-in list for the C and C++ libraries, too"},
    {"output", 'o', "FILE", "where to write (default: the standard output)"},
    {"depth", 'd', "N", "frames to show of each stack (default 20)"},
    {"full-paths", 0, NULL, "source files with their whole path"},
    {"all-frames", 0, NULL, "the allocator's frames, too"},
    SYMBOLS_OPTION_NONE,
    SYMBOLS_OPTION_DEBUGINFOD,
    OPEN_OPTION_MAX_PAUSE,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde leaks 4711", "what process 4711 has lost by now"},
    {"halde leaks core.4711 --top 5", "the five worst sites of a core file"},
    {"halde leaks 4711 --kinds all --older 10m", "what is older than ten minutes, lost or not"},
    {"halde leaks 4711 --suppressions known.supp --format sarif", "for code scanning"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Stops the process for a moment, or takes a core file or a snapshot with contents, and follows "
    "every pointer from the roots on: writable data of the program and its libraries, stacks, "
    "registers and thread-local variables of all threads, and other memory that is no heap. What "
    "cannot be reached is lost.\n"
    "\n"
    "The kinds are those of Valgrind's memcheck:\n"
    "\n"
    "  definite   no pointer leads to the block: it can never be freed\n"
    "  indirect   only lost blocks lead to it: it goes when they go\n"
    "  possible   only pointers to the inside of a block lead to it\n"
    "  reachable  it is in use, or could still be freed\n"
    "\n"
    "Pointers to the inside that C++ or a library makes by itself count as pointers to the start. "
    "--heuristics says which:\n"
    "\n"
    "  string    to the characters of an old std::string, behind length, capacity and count\n"
    "  length    8 bytes behind the start, where the size of the rest stands\n"
    "  array     8 bytes behind the start of a new[] of objects with destructors: their count\n"
    "  bases     to a base class with virtual functions\n"
    "  sds       to the characters of a string of Redis, behind 1 to 17 bytes that fit the block\n"
    "  interior  any, as LeakSanitizer has it; not among the usual ones\n"
    "\n"
    "Movable Global and Local memory is kept by its handle: what nobody holds the handle of, nor "
    "the "
    "address, is lost.\n"
    "\n"
    "A live process stands still while what may hold pointers is copied: all of its own memory but "
    "pages of zeros, at the speed of memory, 4 to 8 GB a second.\n"
    "\n"
    "Stacks are there if the program runs with HALDE_OPTIONS=mode=exact, mode=sample or "
    "crt_stacks=N, or under `halde run`.\n"
    "\n"
    "A snapshot without contents cannot be searched; its blocks are listed as they are, and "
    "--older tells the old ones, which may be leaks, from the rest.";

static const char EXIT_CODES[] =
    "0: nothing is lost for certain, or nothing of what --kinds asks for was found; 1: there are "
    "definite leaks, or blocks of the kinds that were asked for; 2: it could not be found out.";

/// What the command line says.
struct request {
    struct leak_report_options report;
    enum leak_form form;
    uint32_t heuristics; // enum reach_heuristics
    bool has_heuristics;
};

// ---- Command line -----------------------------------------------------------------------------

static bool read_form(const struct cli *cli, struct request *request)
{
    const char *form = cli_value(cli, "format");
    request->form = cli->is_json ? LEAK_JSON : LEAK_TEXT;
    if (form != NULL && !leak_form_parse(form, &request->form)) {
        cli_bad_value(cli, "format", "text, msvc, gnu, json or sarif");
        return false;
    }
    return true;
}

static bool read_kinds(const struct cli *cli, struct request *request)
{
    const char *kinds = cli_value(cli, "kinds");
    request->report.kinds = cli_has(cli, "all") ? LEAK_KINDS_ALL : LEAK_KINDS_LEAKS;
    if (kinds != NULL && !leak_kinds_parse(kinds, &request->report.kinds)) {
        cli_bad_value(cli, "kinds",
            "definite, indirect, possible and reachable, separated by commas, or leaks, or all");
        return false;
    }
    return true;
}

static bool read_heuristics(const struct cli *cli, struct request *request)
{
    const char *names = cli_value(cli, "heuristics");
    request->heuristics = REACH_USUAL;
    request->has_heuristics = names != NULL;
    if (names != NULL && !leaks_parse_heuristics(names, &request->heuristics)) {
        cli_bad_value(cli, "heuristics",
            "string, length, array, bases, sds and interior, separated by commas, or usual, or "
            "none");
        return false;
    }
    return true;
}

static bool read_age(const struct cli *cli, struct request *request)
{
    const char *age = cli_value(cli, "older");
    if (age != NULL && !cli_parse_duration(age, &request->report.least_age)) {
        cli_bad_value(cli, "older", "a duration like 30s, 10m or 2h");
        return false;
    }
    return true;
}

static bool read_suppressions(const struct cli *cli, struct request *request)
{
    if (!cli_has(cli, "no-suppressions")) {
        request->report.suppressions = suppressions_create();
    }
    for (size_t i = 0; i < cli->value_count; i++) {
        if (strcmp(cli->values[i].option->name, "suppressions") != 0) {
            continue;
        }
        char *error = NULL;
        if (request->report.suppressions == NULL) {
            cli_error(cli, "--suppressions and --no-suppressions contradict each other");
            return false;
        }
        if (!suppressions_read(request->report.suppressions, cli->values[i].value, &error)) {
            cli_error(cli, "%s", error);
            free(error);
            return false;
        }
    }
    return true;
}

static bool read_request(const struct cli *cli, struct request *request)
{
    *request = (struct request){
        .report =
            {
                .has_full_paths = cli_has(cli, "full-paths"),
                .has_all_frames = cli_has(cli, "all-frames"),
                .has_color = cli->has_color && !cli_has_output(cli),
                .is_ascii = !cli_is_utf8(),
                .subject = cli->arguments[0],
            },
    };
    if (cli_has(cli, "all")) {
        request->report.top = SIZE_MAX;
    }
    return read_form(cli, request) && read_kinds(cli, request) && read_age(cli, request) &&
           read_heuristics(cli, request) && cli_read_count(cli, "top", &request->report.top) &&
           cli_read_count(cli, "depth", &request->report.depth) && read_suppressions(cli, request);
}

// ---- Search -----------------------------------------------------------------------------------

static bool has_classes(const struct image *image)
{
    for (size_t i = 0; i < image->block_count; i++) {
        if (image->blocks[i].class_ != REACH_NOT_SEARCHED) {
            return true;
        }
    }
    return false;
}

// Whether the blocks have classes. A snapshot may have brought them along.
static bool find_classes(const struct cli *cli, const struct request *request, struct image *image)
{
    if (image->read == NULL && has_classes(image)) {
        if (request->has_heuristics) {
            cli_note(cli,
                "%s has no contents: what was found when it was made stands, without "
                "--heuristics",
                cli->arguments[0]);
        }
        return true;
    }
    if (leaks_classify_by(image, request->heuristics)) {
        return true;
    }
    cli_note(cli, "%s; all blocks are listed%s", leaks_trouble(),
        cli_has(cli, "older") ? ", and old ones may be leaks" : ": --older tells the old ones");
    return false;
}

// ---- Report -----------------------------------------------------------------------------------

static uint64_t count_of_kinds(const struct leak_totals *totals, unsigned kinds)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < SITE_CLASS_COUNT; i++) {
        count += (kinds & 1u << i) != 0 ? totals->by_class[i].count : 0;
    }
    return count;
}

static int exit_code(
    const struct cli *cli, const struct request *request, const struct leak_totals *totals)
{
    const bool is_chosen = cli_has(cli, "kinds");
    const unsigned kinds = is_chosen ? request->report.kinds : 1u << REACH_DEFINITE;
    return count_of_kinds(totals, kinds) > 0 ? EXIT_FINDING : EXIT_CLEAN;
}

static int print_report(const struct cli *cli, const struct request *request,
    const struct image *image, bool is_searched)
{
    struct leak_report_options options = request->report;
    if (!is_searched) {
        options.kinds |= 1u << REACH_NOT_SEARCHED;
    }
    struct symbols *symbols = symbols_open(cli, image);
    struct leak_report *report = leak_report_create(image, symbols, &options);
    const struct leak_totals *totals = leak_report_totals(report);
    int code = exit_code(cli, request, totals);
    if (!is_searched) {
        const bool has_old = totals->by_class[REACH_NOT_SEARCHED].count > 0;
        code = options.least_age == 0 ? EXIT_TROUBLE : has_old ? EXIT_FINDING : EXIT_CLEAN;
    }
    FILE *stream = cli_open_output(cli);
    if (stream == NULL ||
        !cli_close_output(cli, stream, leak_report_print(report, request->form, stream))) {
        code = EXIT_TROUBLE;
    }
    leak_report_destroy(report);
    symbols_destroy(symbols);
    return code;
}

static int search_and_print(const struct cli *cli, const struct request *request)
{
    struct image *image =
        open_image(cli, cli->arguments[0], cli_value(cli, "executable"), OPEN_CONTENTS);
    if (image == NULL) {
        return EXIT_TROUBLE;
    }
    const bool is_searched = find_classes(cli, request, image);
    open_say_pause(cli, image);
    const int code = print_report(cli, request, image, is_searched);
    image_destroy(image);
    return code;
}

static int run(const struct cli *cli)
{
    struct request request;
    if (!cli_expect_arguments(cli, 1, 1)) {
        return EXIT_TROUBLE;
    }
    const int code = read_request(cli, &request) ? search_and_print(cli, &request) : EXIT_TROUBLE;
    suppressions_destroy(request.report.suppressions);
    return code;
}

const struct verb verb_leaks = {
    .name = "leaks",
    .arguments = "PID|CORE|SNAPSHOT",
    .summary = "find blocks that nothing leads to any more",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
