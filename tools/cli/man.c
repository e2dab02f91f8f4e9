// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Manual pages in mdoc.

#include "cli/man.h"

#include "cli/dispatch.h"
#include "cli/help.h"
#include "cli/man_overview.h"
#include "cli/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE = 78, ///< bytes of a line of the source
};

// ---- Text ---------------------------------------------------------------------------------------

/// One word of text: nothing in it is taken for markup.
static size_t put_word(FILE *stream, const char *word, size_t size, bool is_first)
{
    size_t length = size;
    if (is_first && (word[0] == '.' || word[0] == '\'')) {
        fputs("\\&", stream);
        length += 2;
    }
    for (size_t i = 0; i < size; i++) {
        // A minus that can be copied; a dash within a word is none.
        if (word[i] == '-' &&
            (i == 0 || word[i - 1] == '-' || !isalnum((unsigned char)word[i - 1]))) {
            fputs("\\-", stream);
            length++;
        } else if (word[i] == '\\') {
            fputs("\\e", stream);
            length++;
        } else {
            fputc(word[i] == '`' ? '"' : word[i], stream);
        }
    }
    return length;
}

/// mdoc wants each sentence on a line of its own.
static bool ends_sentence(const char *word, size_t size)
{
    while (size > 1 && strchr("\")", word[size - 1])) {
        size--;
    }
    return size > 1 && strchr(".!?", word[size - 1]) != NULL;
}

static void put_text(FILE *stream, const char *text, size_t size)
{
    const char *end = text + size;
    size_t column = 0;
    for (;;) {
        text += strspn(text, " \n");
        size_t length = strcspn(text, " \n");
        if (text >= end || length == 0) {
            break;
        }
        if (column > 0 && column + 1 + length > LINE) {
            fputc('\n', stream);
            column = 0;
        } else if (column > 0) {
            fputc(' ', stream);
            column++;
        }
        column += put_word(stream, text, length, column == 0);
        if (ends_sentence(text, length)) {
            fputc('\n', stream);
            column = 0;
        }
        text += length;
    }
    if (column > 0) {
        fputc('\n', stream);
    }
}

/// Lines as they are, but for the indent.
static void put_literal(FILE *stream, const char *text, size_t size)
{
    fputs(".Bd -literal -offset indent\n", stream);
    const char *end = text + size;
    while (text < end) {
        size_t length = strcspn(text, "\n");
        size_t indent = strspn(text, " ");
        indent = indent > 2 ? 2 : indent;
        put_word(stream, text + indent, length - indent, true);
        fputc('\n', stream);
        text += length + 1;
    }
    fputs(".Ed\n", stream);
}

static void put_paragraphs(FILE *stream, const char *text)
{
    bool needs_break = false;
    while (*text) {
        const char *next = strstr(text, "\n\n");
        size_t size = next ? (size_t)(next - text) : strlen(text);
        if (text[0] == ' ') {
            put_literal(stream, text, size);
            needs_break = true;
        } else {
            fputs(needs_break ? ".Pp\n" : "", stream);
            put_text(stream, text, size);
            needs_break = true;
        }
        text += size;
        text += strspn(text, "\n");
    }
}

/// Arguments of a macro: no word may be taken for a macro's name.
static void put_arguments(FILE *stream, const char *text)
{
    while (*text) {
        text += strspn(text, " ");
        size_t length = strcspn(text, " ");
        if (length == 0) {
            break;
        }
        bool is_like_macro = length <= 3 && isupper((unsigned char)text[0]);
        fputs(is_like_macro ? " \\&" : " ", stream);
        put_word(stream, text, length, true);
        text += length;
    }
}

/// What tables say without a full stop.
static void put_sentence(FILE *stream, const char *text)
{
    char *sentence = must_format("%c%s.", toupper((unsigned char)text[0]), text + 1);
    put_text(stream, sentence, strlen(sentence));
    free(sentence);
}

// ---- A verb's page ------------------------------------------------------------------------------

static void put_option(FILE *stream, const struct verb *verb, const struct cli_option *option)
{
    (void)verb;
    fputs(".It", stream);
    if (option->letter) {
        fprintf(stream, " Fl %c ,", option->letter);
    }
    fprintf(stream, " Fl Fl %s", option->name);
    if (option->argument) {
        fputs(" Ns = Ns Ar", stream);
        put_arguments(stream, option->argument);
    }
    fputc('\n', stream);
    put_sentence(stream, option->help);
}

static void put_options(FILE *stream, const struct verb *verb)
{
    fputs(".Sh OPTIONS\n.Bl -tag -width Ds\n", stream);
    for (const struct cli_option *option = verb->options; option && option->name; option++) {
        put_option(stream, verb, option);
    }
    const struct cli_option *common[CLI_COMMON_COUNT];
    size_t count = cli_common_options(verb, common);
    for (size_t i = 0; i < count; i++) {
        put_option(stream, verb, common[i]);
    }
    fputs(".El\n", stream);
}

static void put_examples(FILE *stream, const struct verb *verb)
{
    if (!verb->examples || !verb->examples->command) {
        return;
    }
    fputs(".Sh EXAMPLES\n", stream);
    for (const struct cli_example *example = verb->examples; example->command; example++) {
        fputs(example == verb->examples ? "" : ".Pp\n", stream);
        char *says =
            must_format("%c%s:", toupper((unsigned char)example->says[0]), example->says + 1);
        put_text(stream, says, strlen(says));
        free(says);
        char *command = must_format("  %s", example->command);
        put_literal(stream, command, strlen(command));
        free(command);
    }
}

static void put_page_head(FILE *stream, const char *upper, const char *name, const char *says)
{
    char *does = help_lower_first(says);
    fprintf(stream,
        ".\\\" SPDX-FileCopyrightText: 2026 The Halde authors\n"
        ".\\\" SPDX-License-Identifier: MIT\n"
        ".Dd November 22, 2026\n"
        ".ds doc-volume-operating-system Halde\n"
        ".Dt %s 1\n"
        ".Os Halde " HALDE_VERSION "\n"
        ".Sh NAME\n"
        ".Nm %s\n"
        ".Nd",
        upper, name);
    put_arguments(stream, does);
    fputc('\n', stream);
    free(does);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t sorted_names(const char **names, size_t limit)
{
    size_t count = 0;
    for (const struct listed_verb *listed = cli_verbs; listed->verb && count < limit; listed++) {
        names[count++] = listed->verb->name;
    }
    qsort(names, count, sizeof(*names), compare_names);
    return count;
}

/// By section and name.
static void put_see_also(FILE *stream, const struct verb *verb)
{
    fputs(".Sh SEE ALSO\n", stream);
    fputs(verb ? ".Xr halde 1 ,\n" : "", stream);
    const char *names[64];
    size_t count = sorted_names(names, sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < count; i++) {
        if (!verb || strcmp(names[i], verb->name) != 0) {
            fprintf(stream, ".Xr halde-%s 1 ,\n", names[i]);
        }
    }
    fputs(verb ? "" : ".Xr halde 3 ,\n", stream);
    fputs(".Xr halde-options 7 ,\n.Xr halde-suppressions 7\n", stream);
}

static void print_verb(FILE *stream, const struct verb *verb)
{
    char *name = must_format("halde-%s", verb->name);
    char *upper = must_copy_text(name);
    for (char *c = upper; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    put_page_head(stream, upper, name, verb->summary);
    free(name);
    free(upper);
    fprintf(stream, ".Sh SYNOPSIS\n.Nm halde %s\n.Op Ar option ...\n", verb->name);
    if (verb->arguments && *verb->arguments) {
        fputs(".Ar", stream);
        put_arguments(stream, verb->arguments);
        fputc('\n', stream);
    }
    fputs(".Sh DESCRIPTION\n", stream);
    put_paragraphs(stream, verb->description ? verb->description : verb->summary);
    put_options(stream, verb);
    if (verb->exit_codes) {
        fputs(".Sh EXIT STATUS\n", stream);
        put_paragraphs(stream, verb->exit_codes);
    }
    put_examples(stream, verb);
    put_see_also(stream, verb);
}

// ---- halde(1) -----------------------------------------------------------------------------------

static void put_group(FILE *stream, enum verb_group group)
{
    fprintf(stream, ".Ss %s\n.Bl -tag -width suppress\n", cli_group_titles[group]);
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        if (listed->group == group) {
            fprintf(stream, ".It Cm %s\n", listed->verb->name);
            put_sentence(stream, listed->verb->summary);
        }
    }
    fputs(".El\n", stream);
}

static void put_verbs(FILE *stream)
{
    for (int group = 0; group < GROUP_COUNT; group++) {
        put_group(stream, (enum verb_group)group);
    }
}

static void print_overview(FILE *stream)
{
    put_page_head(stream, "HALDE", "halde", "find leaks, and look into heaps");
    fputs(man_overview_head, stream);
    put_verbs(stream);
    fputs(man_overview_tail, stream);
    put_see_also(stream, NULL);
}

void man_print(FILE *stream, const struct verb *verb)
{
    if (verb) {
        print_verb(stream, verb);
    } else {
        print_overview(stream);
    }
}
