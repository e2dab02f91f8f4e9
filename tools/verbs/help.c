// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde help: what the tables say, for people, for shells, for man and for programs.

#include "cli/help.h"
#include "cli/cli.h"
#include "cli/completion.h"
#include "cli/dispatch.h"
#include "cli/man.h"

#include <string.h>

static const struct cli_option options[] = {
    {"man", 0, NULL, "Print the manual page of VERB, in mdoc; without a verb, that of halde(1)"},
    {"completion", 0, "bash|zsh|fish", "Print what a shell needs to complete halde's words"},
    {"list", 0, NULL, "Print the names of all verbs, one a line"},
    {NULL, 0, NULL, NULL},
};

static const struct cli_example examples[] = {
    {"halde help", "all verbs"},
    {"halde help leaks", "all about one of them"},
    {"eval \"$(halde help --completion=bash)\"", "completions in this shell only"},
    {"halde help --man leaks | man -l -", "the manual page, also where none is installed"},
    {NULL, NULL},
};

// ---- JSON ---------------------------------------------------------------------------------------

static void put_option(struct json *json, const struct cli_option *option)
{
    char letter[] = {option->letter, 0};
    json_open_object(json);
    json_put_text(json, "name", option->name);
    if (option->letter) {
        json_put_text(json, "letter", letter);
    }
    if (option->argument) {
        json_put_text(json, "argument", option->argument);
    }
    json_put_text(json, "help", option->help);
    json_close_object(json);
}

static void put_verb(struct json *json, const struct verb *verb)
{
    json_open_object(json);
    json_put_text(json, "name", verb->name);
    json_put_text(json, "arguments", verb->arguments ? verb->arguments : "");
    json_put_text(json, "summary", verb->summary);
    json_put_flag(json, "has_json", verb->has_json);
    json_put_flag(json, "takes_program", verb->takes_program);
    json_key(json, "options");
    json_open_array(json);
    for (const struct cli_option *option = verb->options; option && option->name; option++) {
        put_option(json, option);
    }
    const struct cli_option *common[CLI_COMMON_COUNT];
    size_t count = cli_common_options(verb, common);
    for (size_t i = 0; i < count; i++) {
        put_option(json, common[i]);
    }
    json_close_array(json);
    json_key(json, "examples");
    json_open_array(json);
    for (const struct cli_example *example = verb->examples; example && example->command;
         example++) {
        json_open_object(json);
        json_put_text(json, "command", example->command);
        json_put_text(json, "says", example->says);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static int print_json(const struct verb *only)
{
    struct json *json = json_begin(stdout);
    json_open_object(json);
    json_put_text(json, "schema", "halde.help/1");
    json_put_text(json, "version", HALDE_VERSION);
    json_put_text(json, "commit", cli_commit());
    json_key(json, "verbs");
    json_open_array(json);
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        if (!only || only == listed->verb) {
            put_verb(json, listed->verb);
        }
    }
    json_close_array(json);
    json_close_object(json);
    return json_end(json) ? EXIT_CLEAN : EXIT_TROUBLE;
}

// ---- The verb -----------------------------------------------------------------------------------

static const struct verb *wanted_verb(const struct cli *cli)
{
    const char *name = cli->arguments[0];
    const struct verb *verb = cli_find_verb(name);
    const struct verb *nearest = verb ? NULL : cli_nearest_verb(name);
    if (nearest) {
        cli_error(
            cli, "there is no verb \"%s\"; did you mean \"halde help %s\"?", name, nearest->name);
    } else if (!verb) {
        cli_error(cli, "there is no verb \"%s\"; \"halde help\" lists them", name);
    }
    return verb;
}

static void print_names(void)
{
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        puts(listed->verb->name);
    }
}

static int run(const struct cli *cli)
{
    if (!cli_expect_arguments(cli, 0, 1)) {
        return EXIT_TROUBLE;
    }
    const struct verb *verb = NULL;
    if (cli->argument_count == 1) {
        verb = wanted_verb(cli);
        if (!verb) {
            return EXIT_TROUBLE;
        }
    }
    const char *shell = cli_value(cli, "completion");
    if (shell) {
        completion_print(stdout, shell);
    } else if (cli_has(cli, "list")) {
        print_names();
    } else if (cli_has(cli, "man")) {
        man_print(stdout, verb);
    } else if (cli->is_json) {
        return print_json(verb);
    } else if (verb) {
        help_long(cli, verb);
    } else {
        help_overview(cli);
    }
    return EXIT_CLEAN;
}

const struct verb verb_help = {
    .name = "help",
    .arguments = "[VERB]",
    .summary = "Explain a verb, or list all",
    .description =
        "Without an argument, all verbs with a line about each.  With the name of a verb, "
        "everything about it: what it does and prints, its options, examples, exit codes.\n\n"
        "The same tables make the manual pages, the completions of shells, and with --json a "
        "document for programs.",
    .options = options,
    .examples = examples,
    .exit_codes = "0, or 2 if there is no such verb.",
    .has_json = true,
    .run = run,
};
