// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Options: the verbs' tables, given to getopt_long.

#include "cli/dispatch.h"
#include "cli/help.h"
#include "cli/memory.h"
#include "cli/nearest.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option common_options[CLI_COMMON_COUNT] = {
    {"json", 0, NULL, "Answer as a JSON document"},
    {"color", 0, "always|never|auto", "Colours; auto, the default: on a terminal"},
    {"no-pager", 0, NULL, "Do not pass long text on a terminal to a pager"},
    {"quiet", 'q', NULL, "No progress and no warnings"},
    {"help", 'h', NULL, "Show this help"},
};

static const struct cli_option *own_option(const struct verb *verb, const char *name)
{
    for (const struct cli_option *option = verb->options; option && option->name; option++) {
        if (strcmp(option->name, name) == 0) {
            return option;
        }
    }
    return NULL;
}

static bool has_own_letter(const struct verb *verb, char letter)
{
    for (const struct cli_option *option = verb->options; option && option->name; option++) {
        if (option->letter == letter) {
            return true;
        }
    }
    return false;
}

size_t cli_common_options(
    const struct verb *verb, const struct cli_option *common[CLI_COMMON_COUNT])
{
    size_t count = 0;
    for (size_t i = 0; i < CLI_COMMON_COUNT; i++) {
        const struct cli_option *option = &common_options[i];
        bool is_json = strcmp(option->name, "json") == 0;
        bool is_pager = strcmp(option->name, "no-pager") == 0;
        if (!own_option(verb, option->name) && (!is_json || verb->has_json) &&
            (!is_pager || !verb->takes_program)) {
            common[count++] = option;
        }
    }
    return count;
}

// ---- Tables for getopt_long ---------------------------------------------------------------------

/// A verb's options, its own and those that all have, in one array.
struct option_list {
    const struct cli_option **options;
    size_t count;
    struct option *names;
    char *letters;
};

static void list_options(struct option_list *list, const struct verb *verb)
{
    const struct cli_option *common[CLI_COMMON_COUNT];
    size_t common_count = cli_common_options(verb, common);
    size_t own_count = 0;
    while (verb->options && verb->options[own_count].name) {
        own_count++;
    }
    list->count = own_count + common_count;
    list->options = must_allocate(list->count, sizeof(*list->options));
    for (size_t i = 0; i < own_count; i++) {
        list->options[i] = &verb->options[i];
    }
    for (size_t i = 0; i < common_count; i++) {
        list->options[own_count + i] = common[i];
    }
}

/// "+:" as needed, then each letter, with a ':' if it has a value.
static void make_getopt_tables(struct option_list *list, const struct verb *verb)
{
    list->names = must_allocate(list->count + 1, sizeof(*list->names));
    list->letters = must_allocate(2 * list->count + 3, 1);
    char *letter = list->letters;
    if (verb->takes_program) {
        *letter++ = '+';
    }
    *letter++ = ':';
    for (size_t i = 0; i < list->count; i++) {
        const struct cli_option *option = list->options[i];
        bool is_own = own_option(verb, option->name) == option;
        // Values above all letters.
        list->names[i] = (struct option){.name = option->name,
            .has_arg = option->argument ? required_argument : no_argument,
            .val = 256 + (int)i};
        if (option->letter && (is_own || !has_own_letter(verb, option->letter))) {
            *letter++ = option->letter;
            if (option->argument) {
                *letter++ = ':';
            }
        }
    }
}

static void release_list(struct option_list *list)
{
    free(list->options);
    free(list->names);
    free(list->letters);
}

static const struct cli_option *option_of_value(const struct option_list *list, int value)
{
    if (value >= 256) {
        return list->options[value - 256];
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->options[i]->letter == value) {
            return list->options[i];
        }
    }
    return NULL;
}

// ---- What is wrong ------------------------------------------------------------------------------

static void say_unknown(struct cli *cli, const struct option_list *list, const char *word)
{
    size_t length = strcspn(word, "=");
    char *name = must_format("%.*s", (int)length, word);
    struct nearest nearest = nearest_begin(name + strspn(name, "-"));
    const char *meant = NULL;
    for (size_t i = 0; i < list->count && strncmp(name, "--", 2) == 0; i++) {
        if (nearest_try(&nearest, list->options[i]->name)) {
            meant = list->options[i]->name;
        }
    }
    if (meant) {
        cli_error(cli, "there is no option %s; did you mean --%s?", name, meant);
    } else if (cli->verb->takes_program) {
        cli_error(cli,
            "there is no option %s; options of the program belong behind its name: \"halde %s -- "
            "PROGRAM %s\"",
            name, cli->verb->name, name);
    } else {
        cli_error(
            cli, "there is no option %s; \"halde %s --help\" lists them", name, cli->verb->name);
    }
    free(name);
}

/// What getopt_long does not like about a word: '?' or ':', with optopt set by it.
static void say_what_is_wrong(
    struct cli *cli, const struct option_list *list, int answer, const char *word)
{
    const struct cli_option *option = optopt ? option_of_value(list, optopt) : NULL;
    if (answer == ':' && option) {
        cli_error(cli, "--%s needs a value: --%s=%s", option->name, option->name, option->argument);
    } else if (option && strchr(word, '=')) {
        cli_error(cli, "--%s takes no value, but got \"%s\"", option->name, strchr(word, '=') + 1);
    } else if (optopt && optopt < 256) {
        char letter[3] = {'-', (char)optopt, 0};
        say_unknown(cli, list, letter);
    } else {
        say_unknown(cli, list, word);
    }
}

/// Whether a word is an option of ours, as getopt_long would read it.
static bool is_our_option(const struct option_list *list, const char *word)
{
    if (word[0] != '-' || word[1] == 0) {
        return false;
    }
    if (word[1] != '-') {
        return option_of_value(list, word[1]) != NULL;
    }
    size_t length = strcspn(word + 2, "=");
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->options[i]->name;
        if (strlen(name) == length && strncmp(name, word + 2, length) == 0) {
            return true;
        }
    }
    return false;
}

/// `halde run ./server --quiet`: whose option is that?  Nobody has to guess.
static bool is_program_clear(const struct cli *cli, const struct option_list *list)
{
    for (char **word = cli->rest + 1; *word && strcmp(*word, "--") != 0; word++) {
        if (is_our_option(list, *word)) {
            cli_error(cli,
                "%s stands behind the program: write \"halde %s -- %s ... %s\" if it is the "
                "program's option, \"halde %s %s -- %s\" if it is halde's",
                *word, cli->verb->name, cli->rest[0], *word, cli->verb->name, *word, cli->rest[0]);
            return false;
        }
    }
    return true;
}

// ---- Reading ------------------------------------------------------------------------------------

/// Values of "a|b|c" can be checked for every verb.
static bool is_choice(const char *argument)
{
    return argument && strchr(argument, '|') && !isupper((unsigned char)argument[0]);
}

static bool is_among(const char *choices, const char *value)
{
    size_t length = strlen(value);
    while (*choices) {
        size_t size = strcspn(choices, "|");
        if (size == length && strncmp(choices, value, size) == 0) {
            return true;
        }
        choices += size + (choices[size] == '|');
    }
    return false;
}

static bool add_value(struct cli *cli, const struct cli_option *option, const char *value)
{
    if (value && is_choice(option->argument) && !is_among(option->argument, value)) {
        cli_error(
            cli, "--%s=%s is not possible; there are: %s", option->name, value, option->argument);
        return false;
    }
    cli->values[cli->value_count++] = (struct cli_value){option, value ? value : ""};
    return true;
}

static bool read_options(
    struct cli *cli, const struct option_list *list, int word_count, char **words)
{
    opterr = 0;
    optind = 0; // begins anew, also in tests that parse several lines
    for (;;) {
        int answer = getopt_long(word_count, words, list->letters, list->names, NULL);
        if (answer < 0) {
            return true;
        }
        if (answer == '?' || answer == ':') {
            say_what_is_wrong(cli, list, answer, words[optind - 1]);
            return false;
        }
        const struct cli_option *option = option_of_value(list, answer);
        if (option && !add_value(cli, option, optarg)) {
            return false;
        }
    }
}

/// What is left behind the options.
static bool take_rest(struct cli *cli, const struct option_list *list, int word_count, char **words)
{
    if (!cli->verb->takes_program) {
        cli->arguments = words + optind;
        cli->argument_count = word_count - optind;
        return true;
    }
    cli->arguments = words + word_count;
    if (optind == word_count) {
        return true;
    }
    cli->rest = words + optind;
    cli->rest_count = word_count - optind;
    bool is_separated = optind > 1 && strcmp(words[optind - 1], "--") == 0;
    return is_separated || is_program_clear(cli, list);
}

bool cli_parse(struct cli *cli, const struct verb *verb, int word_count, char **words)
{
    *cli = (struct cli){.verb = verb};
    // A word gives at most as many options as it has letters.
    size_t limit = 1;
    for (int i = 1; i < word_count; i++) {
        limit += strlen(words[i]);
    }
    cli->values = must_allocate(limit, sizeof(*cli->values));
    struct option_list list;
    list_options(&list, verb);
    make_getopt_tables(&list, verb);
    bool is_good = read_options(cli, &list, word_count, words) &&
                   (cli_has(cli, "help") || take_rest(cli, &list, word_count, words));
    release_list(&list);
    cli->is_json = cli_has(cli, "json");
    cli->is_quiet = cli_has(cli, "quiet");
    cli->has_color = !cli->is_json && cli_wants_color(cli_value(cli, "color"));
    return is_good;
}

void cli_release(struct cli *cli)
{
    free(cli->values);
    cli->values = NULL;
    cli->value_count = 0;
}

const char *cli_value(const struct cli *cli, const char *name)
{
    for (size_t i = cli->value_count; i-- > 0;) {
        if (strcmp(cli->values[i].option->name, name) == 0) {
            return cli->values[i].value;
        }
    }
    return NULL;
}

bool cli_has(const struct cli *cli, const char *name)
{
    return cli_value(cli, name) != NULL;
}

bool cli_expect_arguments(const struct cli *cli, int minimum, int maximum)
{
    if (cli->argument_count < minimum) {
        cli_error(cli, "something is missing: halde %s %s", cli->verb->name, cli->verb->arguments);
        return false;
    }
    if (maximum >= 0 && cli->argument_count > maximum) {
        cli_error(cli, "\"%s\" is too much: halde %s %s", cli->arguments[maximum], cli->verb->name,
            cli->verb->arguments);
        return false;
    }
    return true;
}

void cli_bad_value(const struct cli *cli, const char *option, const char *wanted)
{
    const char *value = cli_value(cli, option);
    cli_error(cli, "--%s=%s cannot be used; give %s", option, value ? value : "", wanted);
}

bool cli_read_count(const struct cli *cli, const char *option, size_t *count)
{
    const char *value = cli_value(cli, option);
    uint64_t number;
    if (value == NULL) {
        return true;
    }
    if (!cli_parse_count(value, &number) || number == 0 || number > SIZE_MAX) {
        cli_bad_value(cli, option, "a number from 1 on");
        return false;
    }
    *count = (size_t)number;
    return true;
}
