// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Completions for zsh: _arguments does the work.

#include "cli/completion.h"
#include "cli/dispatch.h"

#include <string.h>

/// Text within '...[...]' of a specification.
static void put_quoted(FILE *stream, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs("'\\''", stream);
        } else if (strchr("[]:\\", *text)) {
            fprintf(stream, "\\%c", *text);
        } else {
            fputc(*text, stream);
        }
    }
}

static void put_value(FILE *stream, const struct cli_option *option)
{
    switch (completion_kind_of(option)) {
    case COMPLETION_NONE:
        return;
    case COMPLETION_OTHER:
        fputc(':', stream);
        put_quoted(stream, option->argument);
        fputs(": ", stream);
        return;
    case COMPLETION_FILE:
        fputc(':', stream);
        put_quoted(stream, option->argument);
        fputs(":_files", stream);
        return;
    case COMPLETION_CHOICES:
        fprintf(stream, ":%s:(", option->name);
        completion_put_choices(stream, option);
        fputc(')', stream);
        return;
    }
}

/// An option may be given again: the last counts, or all do.
static void put_option(FILE *stream, const struct verb *verb, const struct cli_option *option)
{
    (void)verb;
    fprintf(stream, " \\\n            '*--%s%s[", option->name, option->argument ? "=" : "");
    put_quoted(stream, option->help);
    fputc(']', stream);
    put_value(stream, option);
    fputc('\'', stream);
    if (option->letter) {
        fprintf(stream, " \\\n            '*-%c%s[", option->letter, option->argument ? "+" : "");
        put_quoted(stream, option->help);
        fputc(']', stream);
        put_value(stream, option);
        fputc('\'', stream);
    }
}

static void put_verb(FILE *stream, const struct verb *verb)
{
    struct completion_arguments arguments = completion_arguments_of(verb);
    fprintf(stream, "    %s)\n        _arguments -s", verb->name);
    completion_each_option(verb, put_option, stream);
    if (verb->takes_program) {
        fputs(" \\\n            '(-):program: _command_names -e'"
              " \\\n            '*::arguments: _normal'",
            stream);
    } else if (arguments.has_processes) {
        fputs(" \\\n            '*:what:_halde_what'", stream);
    } else if (arguments.has_programs) {
        fputs(" \\\n            '*:program:_halde_programs'", stream);
    } else if (arguments.has_files) {
        fputs(" \\\n            '*:file:_files'", stream);
    } else if (arguments.has_verbs) {
        fputs(" \\\n            '*:verb:_halde_verbs'", stream);
    }
    fputs("\n        ;;\n", stream);
}

static void put_verb_list(FILE *stream)
{
    fputs("_halde_verbs() {\n    local -a verbs\n    verbs=(\n", stream);
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        fprintf(stream, "        '%s:", listed->verb->name);
        put_quoted(stream, listed->verb->summary);
        fputs("'\n", stream);
    }
    fputs("    )\n    _describe -t verbs verb verbs\n}\n\n", stream);
}

void completion_print_zsh(FILE *stream)
{
    fputs("#compdef halde\n"
          "# zsh completion for halde, made by \"halde help --completion=zsh\".\n\n",
        stream);
    put_verb_list(stream);
    fputs(
        "# A process that has mapped the library, a core file or a snapshot.\n"
        "_halde_what() {\n"
        "    local -a processes\n"
        "    processes=(${${(f)\"$(grep -ls libhalde /proc/[0-9]*/maps 2>/dev/null)\"}//[^0-9]/})\n"
        "    _alternative 'processes:process:compadd -a processes' 'files:file:_files'\n"
        "}\n\n"
        "_halde() {\n"
        "    local curcontext=$curcontext\n"
        "    if ((CURRENT == 2)); then\n"
        "        _halde_verbs\n"
        "        return\n"
        "    fi\n"
        "    shift words\n"
        "    ((CURRENT--))\n"
        "    case $words[1] in\n",
        stream);
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        put_verb(stream, listed->verb);
    }
    // Loaded as a function of fpath the file's text is the function's body; sourced, it is not.
    fputs("    esac\n}\n\n"
          "if [ \"${funcstack[1]-}\" = _halde ]; then\n"
          "    _halde \"$@\"\n"
          "else\n"
          "    compdef _halde halde\n"
          "fi\n",
        stream);
}
