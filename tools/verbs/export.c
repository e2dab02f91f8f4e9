// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde export: the heaps, or what was recorded, in other tools' formats.

#include "cli/cli.h"
#include "export/profile.h"
#include "target/open.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum format {
    FORMAT_PPROF,
    FORMAT_FOLDED,
    FORMAT_SPEEDSCOPE,
    FORMAT_CSV,
    FORMAT_JSONL,
    FORMAT_COUNT,
};

static const char *const FORMAT_NAMES[FORMAT_COUNT] = {
    "pprof", "folded", "speedscope", "csv", "jsonl"};

static const char *const VALUE_NAMES[PROFILE_VALUE_COUNT] = {
    [PROFILE_ALLOCATED_COUNT] = "allocated-blocks",
    [PROFILE_ALLOCATED_SIZE] = "allocated-bytes",
    [PROFILE_LIVE_COUNT] = "blocks",
    [PROFILE_LIVE_SIZE] = "bytes",
};

static const struct cli_option OPTIONS[] = {
    {"to", 't', "pprof|folded|speedscope|csv|jsonl", "the format"},
    {"output", 'o', "FILE", "where to write (default: the standard output)"},
    {"value", 0, "bytes|blocks|allocated-bytes|allocated-blocks",
        "what folded stacks count (default bytes)"},
    {"free", 0, NULL, "free blocks, too (csv and jsonl)"},
    SYMBOLS_OPTION_NONE,
    SYMBOLS_OPTION_DEBUGINFOD,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde export --to pprof 4711 -o heap.pb.gz", "for go tool pprof and all that read its files"},
    {"halde export --to folded run.halde | flamegraph.pl > live.svg", "a flame graph"},
    {"halde export --to folded --value allocated-bytes run.halde",
        "of all that was ever allocated"},
    {"halde export --to speedscope run.halde -o run.speedscope.json", "for www.speedscope.app"},
    {"halde export --to csv 4711 -o blocks.csv", "every busy block, for a spreadsheet"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Stacks (pprof, folded, speedscope) show what is live, and, of a capture made by halde run, "
    "also "
    "what was allocated in all. In pprof these are inuse_objects, inuse_space, alloc_objects and "
    "alloc_space; functions, lines and inlined calls are in the file, as are build-ids. The "
    "allocator's own frames are left out.\n"
    "\n"
    "Blocks (csv, jsonl) come one a line, by address, with the stack's hash and the function and "
    "place that allocated it.\n"
    "\n"
    "Where blocks were sampled, stacks have the bytes and blocks that the samples stand for.";

static const char EXIT_CODES[] = "0: written; 2: it could not be.";

// The number of a name in a list; `count`: it is none.
static unsigned find_name(const char *const *names, unsigned count, const char *name)
{
    unsigned index = 0;
    while (index < count && strcmp(names[index], name) != 0) {
        index++;
    }
    return index;
}

struct request {
    enum format format;
    enum profile_value value;
};

static bool read_request(const struct cli *cli, struct request *request)
{
    const char *format = cli_value(cli, "to");
    const char *value = cli_value(cli, "value");
    if (!format) {
        cli_error(cli, "into which format? Give --to pprof, folded, speedscope, csv or jsonl");
        return false;
    }
    request->format = find_name(FORMAT_NAMES, FORMAT_COUNT, format);
    if (request->format == FORMAT_COUNT) {
        cli_bad_value(cli, "to", "pprof, folded, speedscope, csv or jsonl");
        return false;
    }
    request->value = find_name(VALUE_NAMES, PROFILE_VALUE_COUNT, value ? value : "bytes");
    if (request->value == PROFILE_VALUE_COUNT) {
        cli_bad_value(cli, "value", "bytes, blocks, allocated-bytes or allocated-blocks");
        return false;
    }
    if (!cli_has_output(cli) && request->format == FORMAT_PPROF && isatty(STDOUT_FILENO)) {
        cli_error(cli, "a pprof file is nothing for a terminal: give -o FILE, or a pipe");
        return false;
    }
    return true;
}

static bool write_stacks(const struct request *request, const struct subject *subject,
    struct symbols *symbols, FILE *stream)
{
    struct profile *profile = profile_create(subject, symbols);
    bool is_written = false;
    switch (request->format) {
    case FORMAT_PPROF:
        is_written = profile_write_pprof(profile, stream);
        break;
    case FORMAT_FOLDED:
        is_written = profile_write_folded(profile, request->value, stream);
        break;
    default:
        is_written = profile_write_speedscope(profile, stream);
    }
    profile_destroy(profile);
    return is_written;
}

static bool write_to(const struct request *request, const struct subject *subject,
    struct symbols *symbols, FILE *stream)
{
    switch (request->format) {
    case FORMAT_CSV:
        return blocks_write_csv(subject->image, symbols, stream);
    case FORMAT_JSONL:
        return blocks_write_jsonl(subject->image, symbols, stream);
    default:
        return write_stacks(request, subject, symbols, stream);
    }
}

static int write_file(const struct cli *cli, const struct request *request,
    const struct subject *subject, struct symbols *symbols)
{
    FILE *stream = cli_open_output(cli);
    if (!stream) {
        return EXIT_TROUBLE;
    }
    bool is_written = write_to(request, subject, symbols, stream);
    return cli_close_output(cli, stream, is_written) ? EXIT_CLEAN : EXIT_TROUBLE;
}

// Whether the subject has what is asked for.
static bool check_subject(
    const struct cli *cli, const struct request *request, const struct subject *subject)
{
    bool wants_allocated =
        request->format == FORMAT_FOLDED &&
        (request->value == PROFILE_ALLOCATED_COUNT || request->value == PROFILE_ALLOCATED_SIZE);
    if (wants_allocated && (!subject->capture || !subject->capture->interval_count)) {
        cli_error(cli,
            "what was allocated in all is only in the captures of halde run; \"%s\" has "
            "what is live: --value bytes or blocks",
            cli->arguments[0]);
        return false;
    }
    bool lists_blocks = request->format == FORMAT_CSV || request->format == FORMAT_JSONL;
    if (lists_blocks && !subject_has_blocks(cli, cli->arguments[0], subject)) {
        return false;
    }
    if (subject->image->stack_count <= 1) {
        cli_note(cli,
            "no block of \"%s\" has a call stack: run the program under halde run, or with "
            "HALDE_OPTIONS=mode=sample",
            cli->arguments[0]);
    }
    return true;
}

static int run(const struct cli *cli)
{
    struct request request;
    struct subject subject;
    if (!cli_expect_arguments(cli, 1, 1) || !read_request(cli, &request) ||
        !subject_open(
            cli, cli->arguments[0], cli_has(cli, "free") ? OPEN_FREE_BLOCKS : 0, &subject)) {
        return EXIT_TROUBLE;
    }
    int code = EXIT_TROUBLE;
    if (check_subject(cli, &request, &subject)) {
        struct symbols *symbols = symbols_open(cli, subject.image);
        code = write_file(cli, &request, &subject, symbols);
        symbols_destroy(symbols);
    }
    subject_close(&subject);
    return code;
}

const struct verb verb_export = {
    .name = "export",
    .arguments = "PID|CORE|SNAPSHOT",
    .summary = "write stacks or blocks in other tools' formats",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .run = run,
};
