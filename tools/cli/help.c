// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Help for people.

#include "cli/help.h"

#include "cli/dispatch.h"
#include "cli/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDEST = 100, ///< longer lines are hard to read
    INDENT = 2,
};

static size_t help_width(void)
{
    size_t width = cli_width();
    return width < WIDEST ? width : WIDEST;
}

/// Words of many authors: a quote is a quote.
static void put_word(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        putchar(word[i] == '`' ? '"' : word[i]);
    }
}

/// Prints words from `*column` on, wrapped, each further line behind `indent` blanks.
static void put_wrapped(const char *text, size_t size, size_t indent, size_t column)
{
    size_t width = help_width();
    const char *end = text + size;
    bool is_first = true;
    while (text < end) {
        text += strspn(text, " \n");
        size_t length = strcspn(text, " \n");
        if (text >= end || length == 0) {
            break;
        }
        if (!is_first && column + 1 + length > width) {
            printf("\n%*s", (int)indent, "");
            column = indent;
            is_first = true;
        }
        fputs(is_first ? "" : " ", stdout);
        put_word(text, length);
        column += length + (is_first ? 0 : 1);
        is_first = false;
        text += length;
    }
    putchar('\n');
}

/// A line of a table, with a capital.
static void put_line(const char *text, size_t column)
{
    char *line = must_copy_text(text);
    line[0] = (char)toupper((unsigned char)line[0]);
    put_wrapped(line, strlen(line), column, column);
    free(line);
}

/// One paragraph, or one block of lines that stay as they are.
static void put_paragraph(const char *text, size_t size)
{
    if (text[0] == ' ') {
        printf("%.*s\n", (int)size, text);
        return;
    }
    printf("%*s", INDENT, "");
    put_wrapped(text, size, INDENT, INDENT);
}

static void put_paragraphs(const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t size = end ? (size_t)(end - text) : strlen(text);
        put_paragraph(text, size);
        text += size;
        text += strspn(text, "\n");
        if (*text) {
            putchar('\n');
        }
    }
}

static void put_title(const struct cli *cli, const char *title)
{
    printf("\n%s%s%s\n", cli_style(cli, STYLE_STRONG), title, cli_style(cli, STYLE_END));
}

// ---- Options ------------------------------------------------------------------------------------

/// "-o, --output=FILE"
static char *option_text(const struct cli_option *option)
{
    char letter[] = {'-', option->letter, ',', ' ', 0};
    return must_format("%s--%s%s%s", option->letter ? letter : "    ", option->name,
        option->argument ? "=" : "", option->argument ? option->argument : "");
}

static size_t widest_option(const struct cli_option *options)
{
    size_t widest = 0;
    for (; options && options->name; options++) {
        char *text = option_text(options);
        size_t length = strlen(text);
        widest = length > widest ? length : widest;
        free(text);
    }
    return widest;
}

static void put_option(const struct cli *cli, const struct cli_option *option, size_t width)
{
    char *text = option_text(option);
    size_t length = strlen(text);
    printf("%*s%s%s%s", INDENT, "", cli_style(cli, STYLE_NAME), text, cli_style(cli, STYLE_END));
    free(text);
    size_t column = INDENT + width + 2;
    if (length > width) {
        printf("\n%*s", (int)column, "");
    } else {
        printf("%*s", (int)(width - length + 2), "");
    }
    put_line(option->help, column);
}

static void put_options(const struct cli *cli, const struct verb *verb)
{
    const struct cli_option *common[CLI_COMMON_COUNT];
    size_t count = cli_common_options(verb, common);
    size_t width = widest_option(verb->options);
    for (size_t i = 0; i < count; i++) {
        char *text = option_text(common[i]);
        size_t length = strlen(text);
        width = length > width ? length : width;
        free(text);
    }
    // A few long ones do not push all the help to the right.
    size_t limit = help_width() / 2 - INDENT - 2;
    limit = limit > 30 ? 30 : limit;
    width = width > limit ? limit : width;
    put_title(cli, "Options");
    for (const struct cli_option *option = verb->options; option && option->name; option++) {
        put_option(cli, option, width);
    }
    for (size_t i = 0; i < count; i++) {
        put_option(cli, common[i], width);
    }
}

// ---- Verbs --------------------------------------------------------------------------------------

void help_usage(FILE *stream, const struct verb *verb)
{
    bool has_arguments = verb->arguments && *verb->arguments;
    fprintf(stream, "Usage: halde %s [OPTION]...%s%s\n", verb->name, has_arguments ? " " : "",
        has_arguments ? verb->arguments : "");
}

/// What a command does stands beside it if there is room, else above it.
static void put_examples(const struct cli *cli, const struct verb *verb)
{
    if (!verb->examples || !verb->examples->command) {
        return;
    }
    put_title(cli, "Examples");
    for (const struct cli_example *example = verb->examples; example->command; example++) {
        printf("%*s%s# %s%s\n", INDENT, "", cli_style(cli, STYLE_FAINT), example->says,
            cli_style(cli, STYLE_END));
        printf("%*s%s\n", INDENT, "", example->command);
    }
}

char *help_lower_first(const char *text)
{
    char *copy = must_copy_text(text);
    if (isupper((unsigned char)copy[0]) && !isupper((unsigned char)copy[1])) {
        copy[0] = (char)tolower((unsigned char)copy[0]);
    }
    return copy;
}

static void put_head(const struct verb *verb)
{
    char *does = help_lower_first(verb->summary);
    int column = printf("halde %s - ", verb->name);
    put_wrapped(does, strlen(does), INDENT, (size_t)column);
    putchar('\n');
    free(does);
    help_usage(stdout, verb);
}

void help_short(const struct cli *cli, const struct verb *verb)
{
    put_head(verb);
    put_examples(cli, verb);
    put_options(cli, verb);
    printf("\n\"halde help %s\" says more.\n", verb->name);
}

void help_long(const struct cli *cli, const struct verb *verb)
{
    put_head(verb);
    if (verb->description) {
        put_title(cli, "Description");
        put_paragraphs(verb->description);
    }
    put_options(cli, verb);
    put_examples(cli, verb);
    if (verb->exit_codes) {
        put_title(cli, "Exit codes");
        put_paragraphs(verb->exit_codes);
    }
}

static void put_group(const struct cli *cli, enum verb_group group)
{
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        if (listed->group == group) {
            printf("%*s%s%-10s%s", INDENT, "", cli_style(cli, STYLE_NAME), listed->verb->name,
                cli_style(cli, STYLE_END));
            put_line(listed->verb->summary, INDENT + 10);
        }
    }
}

void help_overview(const struct cli *cli)
{
    static const char what[] = "Finds leaks of programs, and looks into the heaps of processes, "
                               "core files and snapshots.";
    puts("Usage: halde VERB [OPTION]... [ARGUMENT]...\n");
    put_wrapped(what, sizeof(what) - 1, 0, 0);
    for (int group = 0; group < GROUP_COUNT; group++) {
        put_title(cli, cli_group_titles[group]);
        put_group(cli, (enum verb_group)group);
    }
    static const char more[] = "\"halde VERB --help\" shows examples and options, \"halde help "
                               "VERB\" everything, \"halde --version\" the version.";
    putchar('\n');
    put_wrapped(more, sizeof(more) - 1, 0, 0);
}

/// Only what is there: a recipe whose verb is missing would be a lie.
void help_recipes(void)
{
    static const struct {
        const char *verb;
        const char *says;
        const char *command;
    } recipes[] = {
        {"run", "Find the leaks of a program", "halde run -- ./program arguments"},
        {"ps", "Which processes can be looked into", "halde ps"},
        {"heaps", "What a process has on its heaps", "halde heaps PID"},
        {"leaks", "Leaks of a process that runs", "halde leaks PID"},
        {"diff", "What has grown in ten minutes",
            "halde snap PID -o before.halde; sleep 600; halde diff before.halde PID"},
        {"help", "All verbs", "halde help"},
    };
    puts("Halde: heaps you can see into.\n");
    for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++) {
        if (cli_find_verb(recipes[i].verb)) {
            printf("%s\n    %s\n", recipes[i].says, recipes[i].command);
        }
    }
}
