// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde run: the words of the command line; tools/run does it.

#include "run/run.h"

#include "cli/memory.h"
#include "run/names.h"

#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_MAX = 64,
    CRT_FRAMES = 16,
    DEFAULT_INTERVAL = 512 << 10,
};

static const struct cli_option options[] = {
    {"mode", 'm', "exact|sample|crt|off",
        "What is recorded: every allocation (the default), some, for the debug heap, or nothing"},
    {"interval", 0, "SIZE", "With --mode=sample: one allocation for so many bytes (512K)"},
    {"depth", 0, "N", "Frames kept of each stack, at most 64 (64; 16 with --mode=crt)"},
    {"follow", 'f', NULL, "Record what the program starts, too, each process for itself"},
    {"output", 'o', "FILE",
        "Where the capture goes (%e.%p.halde): %p process id, %e program, %h host, %t time, %n "
        "number"},
    {"no-capture", 0, NULL, "Write no capture"},
    {"format", 0, "text|msvc|gnu|json|sarif", "Form of the leak report (text)"},
    {"report", 'r', "FILE", "Where the leak report goes (standard error)"},
    {"no-report", 0, NULL, "No leak report"},
    {"kinds", 0, "KINDS",
        "Which blocks are told: definite, indirect, possible, reachable, leaks or all"},
    {"top", 0, "N", "Sites that are told (20)"},
    {"all", 0, NULL, "Tell all sites"},
    SYMBOLS_OPTION_DEBUGINFOD,
    {"suppressions", 0, "FILE",
        "Leaks that are known: a file of LeakSanitizer's, valgrind's or our form"},
    {"fail-on", 0, "CONDITION",
        "End with --fail-code if it holds: leak, definite, definite>0, bytes>64K, blocks>=5, ..."},
    {"fail-code", 0, "N", "Exit code for that, and for the two below (23)"},
    {"max-live", 0, "SIZE", "Fail if ever more bytes are in use at once"},
    {"max-blocks", 0, "N", "Fail if ever more blocks are in use at once"},
    {NULL, 0, NULL, NULL},
};

static const struct cli_example examples[] = {
    {"halde run -- ./server --port 8080",
        "run it; at its end, what it has not freed, by call stack"},
    {"halde run --fail-on=definite -- make check", "exit code 23 if something was lost for good"},
    {"halde run --mode=sample -- ./server", "at hardly any cost, for production"},
    {"halde run --mode=crt -- ./test",
        "and overruns, late writes, double frees, with what they hit"},
    {"halde run --follow -o '%e.%p.halde' -- ./build.sh", "what it starts, too"},
    {"halde run --format=sarif --report=leaks.sarif -- ./test", "for code scanning"},
    {NULL, NULL},
};

// A number within bounds; false after a message.
static bool number_option(
    const struct cli *cli, const char *name, uint64_t maximum, uint64_t *number)
{
    const char *value = cli_value(cli, name);
    if (value == NULL) {
        return true;
    }
    uint64_t given;
    if (!cli_parse_count(value, &given) || given == 0 || given > maximum) {
        char *wanted = must_format("a number from 1 to %llu", (unsigned long long)maximum);
        cli_bad_value(cli, name, wanted);
        free(wanted);
        return false;
    }
    *number = given;
    return true;
}

static bool size_option(const struct cli *cli, const char *name, uint64_t maximum, uint64_t *size)
{
    const char *value = cli_value(cli, name);
    if (value != NULL && (!cli_parse_size(value, size) || *size == 0 || *size > maximum)) {
        cli_bad_value(cli, name, "a size like 64K, 10M or 1G");
        return false;
    }
    return true;
}

static bool read_mode(const struct cli *cli, struct run_options *run)
{
    const char *value = cli_value(cli, "mode");
    run->mode = RUN_EXACT;
    for (enum run_mode mode = RUN_OFF; value != NULL && mode <= RUN_CRT; mode++) {
        if (strcmp(value, run_mode_name(mode)) == 0) {
            run->mode = mode;
            return true;
        }
    }
    if (value != NULL) {
        cli_bad_value(cli, "mode", "exact, sample, crt or off");
    }
    return value == NULL;
}

static bool read_recording(const struct cli *cli, struct run_options *run)
{
    run->interval = DEFAULT_INTERVAL;
    run->is_following = cli_has(cli, "follow");
    run->output = cli_value(cli, "output");
    run->has_capture = !cli_has(cli, "no-capture");
    char bad;
    if (run->output != NULL && !capture_pattern_is_valid(run->output, &bad)) {
        cli_bad_value(cli, "output", "a name in which a % is followed by p, e, h, t, n or %");
        return false;
    }
    if (!read_mode(cli, run)) {
        return false;
    }
    run->frames = run->mode == RUN_CRT ? CRT_FRAMES : FRAMES_MAX;
    return size_option(cli, "interval", UINT32_MAX, &run->interval) &&
           number_option(cli, "depth", FRAMES_MAX, &run->frames);
}

static bool read_suppressions(const struct cli *cli, struct run_options *run)
{
    run->leaks.suppressions = suppressions_create();
    if (run->leaks.suppressions == NULL) {
        out_of_memory();
    }
    for (size_t i = 0; i < cli->value_count; i++) {
        char *error = NULL;
        if (strcmp(cli->values[i].option->name, "suppressions") == 0 &&
            !suppressions_read(run->leaks.suppressions, cli->values[i].value, &error)) {
            cli_error(cli, "%s", error);
            free(error);
            return false;
        }
    }
    return true;
}

static bool read_form(const struct cli *cli, struct run_options *run)
{
    const char *form = cli_value(cli, "format");
    const char *kinds = cli_value(cli, "kinds");
    run->form = cli->is_json ? LEAK_JSON : LEAK_TEXT;
    if (form != NULL && !leak_form_parse(form, &run->form)) {
        cli_bad_value(cli, "format", "text, msvc, gnu, json or sarif");
        return false;
    }
    if (kinds != NULL && !leak_kinds_parse(kinds, &run->leaks.kinds)) {
        cli_bad_value(cli, "kinds", "definite, indirect, possible, reachable, leaks or all");
        return false;
    }
    return true;
}

static bool read_report(const struct cli *cli, struct run_options *run)
{
    uint64_t top = 0;
    run->report = cli_value(cli, "report");
    run->has_report = !cli_has(cli, "no-report");
    if (!read_form(cli, run) || !number_option(cli, "top", SIZE_MAX, &top)) {
        return false;
    }
    run->leaks.top = cli_has(cli, "all") ? SIZE_MAX : (size_t)top;
    run->leaks.is_ascii = !cli_is_utf8();
    return read_suppressions(cli, run);
}

// Conditions on what this mode does not record: they would hold whatever the program does.
static bool can_judge(const struct cli *cli, enum run_mode mode)
{
    static const char *const CONDITIONS[] = {"max-live", "max-blocks", "fail-on"};
    size_t count = mode == RUN_OFF ? 3 : mode == RUN_CRT ? 2 : 0;
    for (size_t i = 0; i < count; i++) {
        if (cli_has(cli, CONDITIONS[i])) {
            cli_error(cli, "--mode=%s does not know whether --%s applies; use --mode=exact%s",
                run_mode_name(mode), CONDITIONS[i], i < 2 ? "" : ", sample or crt");
            return false;
        }
    }
    return true;
}

static bool read_conditions(const struct cli *cli, struct run_options *run)
{
    uint64_t code = EXIT_FAIL_ON;
    bool is_valid = true;
    run->fail_on = cli_value(cli, "fail-on");
    run->max_live = UINT64_MAX;
    run->max_blocks = UINT64_MAX;
    if (run->fail_on != NULL) {
        leak_condition(run->fail_on, NULL, &is_valid);
    }
    if (!is_valid) {
        cli_bad_value(
            cli, "fail-on", "leak, definite, indirect>=10, bytes>64K, blocks>5 or the like");
        return false;
    }
    if (!can_judge(cli, run->mode) || !number_option(cli, "fail-code", 255, &code)) {
        return false;
    }
    run->fail_code = (int)code;
    return size_option(cli, "max-live", UINT64_MAX, &run->max_live) &&
           number_option(cli, "max-blocks", UINT64_MAX, &run->max_blocks);
}

static int run(const struct cli *cli)
{
    struct run_options run = {.cli = cli, .words = cli->rest, .is_quiet = cli->is_quiet};
    int code = EXIT_OWN_FAILURE;
    if (cli->rest_count == 0) {
        cli_error(cli, "which program? Say \"halde run -- PROGRAM ARGUMENTS\"");
    } else if (read_recording(cli, &run) && read_report(cli, &run) && read_conditions(cli, &run)) {
        code = run_program(&run);
    }
    suppressions_destroy(run.leaks.suppressions);
    return code;
}

const struct verb verb_run = {
    .name = "run",
    .arguments = "-- PROGRAM [ARGUMENT...]",
    .summary = "Run a program and tell what it has not freed",
    .description =
        "Runs a program with Halde as its allocator and notes who asks for memory. At its end each "
        "block that was not freed is classed: definite (nothing points to it), indirect (only lost "
        "blocks do), possible (only pointers to its inside), reachable. The program needs no other "
        "build; with debug information (-g) the report has files and lines. In programs that use "
        "Halde's Win32 functions, blocks of HeapAlloc on every heap, of GlobalAlloc and LocalAlloc "
        "are seen like those of malloc; a heap that is destroyed leaks nothing.\n"
        "\n"
        "What it does is written to a capture while it runs, which survives its end by any signal: "
        "\"halde report\" tells about it. \"halde leaks\", \"halde walk\" and the other verbs can "
        "look "
        "at the process meanwhile.\n"
        "\n"
        "The program has our standard input, output and error; signals are handed on. Its "
        "environment "
        "is the one it would have without us, and so are its children, unless --follow is given.\n"
        "\n"
        "A CONDITION of --fail-on begins with what is counted: definite, indirect, possible or "
        "reachable blocks, leak (definite and indirect ones), blocks or bytes (of all leaks, "
        "possible ones, too). Then > or >= and a number or size; without these it means: more than "
        "none. Of several, separated by commas, one is enough. Suppressed blocks do not count.\n"
        "\n"
        "With --mode=crt the program runs on the debug heap (crtdbg.h), with fences around each "
        "block, "
        "freed blocks kept for a while and, if libhalde-checked.so is installed, checks of what "
        "memory "
        "and string functions are given. Mistakes are told on its standard error when they are "
        "made. "
        "What it starts runs without.\n"
        "\n"
        "A process that ends by a signal, becomes another program (exec), or ends by a system call "
        "that libc knows nothing of, cannot be looked at any more: then it is told what it had in "
        "use, by stack.",
    .options = options,
    .examples = examples,
    .exit_codes =
        "That of the program; 128 + N if signal N has ended it; 23 (or --fail-code) if --fail-on, "
        "--max-live or --max-blocks applies; 125 if halde itself failed, or could not find out "
        "whether --fail-on applies where the program ended well; 126 if the program may not be "
        "executed, 127 if there is none.",
    .has_json = true,
    .takes_program = true,
    .run = run,
};
