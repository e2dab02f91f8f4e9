// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What all shells need to know of the tables.

#include "cli/completion.h"

#include "cli/dispatch.h"

#include <ctype.h>
#include <string.h>

void completion_print(FILE *stream, const char *shell)
{
    if (strcmp(shell, "zsh") == 0) {
        completion_print_zsh(stream);
    } else if (strcmp(shell, "fish") == 0) {
        completion_print_fish(stream);
    } else {
        completion_print_bash(stream);
    }
}

enum completion_kind completion_kind_of(const struct cli_option *option)
{
    const char *argument = option->argument;
    if (!argument) {
        return COMPLETION_NONE;
    }
    if (strchr(argument, '|') && !isupper((unsigned char)argument[0])) {
        return COMPLETION_CHOICES;
    }
    bool is_file = strstr(argument, "FILE") || strstr(argument, "DIR") || strstr(argument, "PATH");
    return is_file ? COMPLETION_FILE : COMPLETION_OTHER;
}

void completion_put_choices(FILE *stream, const struct cli_option *option)
{
    for (const char *c = option->argument ? option->argument : ""; *c; c++) {
        fputc(*c == '|' ? ' ' : *c, stream);
    }
}

struct completion_arguments completion_arguments_of(const struct verb *verb)
{
    const char *arguments = verb->arguments ? verb->arguments : "";
    bool is_compared = strstr(arguments, "BEFORE") != NULL; // whatever can be looked into
    return (struct completion_arguments){
        .has_processes = is_compared || strstr(arguments, "PID"),
        .has_files = is_compared || strstr(arguments, "CORE") || strstr(arguments, "SNAPSHOT") ||
                     strstr(arguments, "FILE"),
        .has_verbs = strstr(arguments, "VERB") != NULL,
        .has_programs = !verb->takes_program && strstr(arguments, "PROGRAM"),
    };
}

void completion_each_option(const struct verb *verb,
    void (*visit)(FILE *stream, const struct verb *verb, const struct cli_option *option),
    FILE *stream)
{
    for (const struct cli_option *option = verb->options; option && option->name; option++) {
        visit(stream, verb, option);
    }
    const struct cli_option *common[CLI_COMMON_COUNT];
    size_t count = cli_common_options(verb, common);
    for (size_t i = 0; i < count; i++) {
        visit(stream, verb, common[i]);
    }
}
