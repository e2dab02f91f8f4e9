// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Completions for bash: one function, without the package bash-completion.

#include "cli/completion.h"
#include "cli/dispatch.h"

static const char head[] =
    "# bash completion for halde, made by \"halde help --completion=bash\".\n"
    "\n"
    "_halde_files() {\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- \"$1\")\n"
    "}\n"
    "\n"
    "_halde_words() {\n"
    "    mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W \"$2\" -- \"$1\")\n"
    "}\n"
    "\n"
    "# Processes that have mapped the library.\n"
    "_halde_processes() {\n"
    "    _halde_words \"$1\" \"$(grep -ls libhalde /proc/[0-9]*/maps 2>/dev/null |\n"
    "        sed -E 's|/proc/([0-9]+)/maps|\\1|')\"\n"
    "}\n"
    "\n"
    "# What is behind `halde run`: the program's own completion, if there is one.\n"
    "_halde_program() {\n"
    "    if declare -F _command_offset >/dev/null; then\n"
    "        _command_offset \"$1\"\n"
    "    elif [ \"$1\" -eq \"$COMP_CWORD\" ]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -c -- \"$2\"; compgen -f -- \"$2\")\n"
    "    else\n"
    "        _halde_files \"$2\"\n"
    "    fi\n"
    "}\n"
    "\n"
    "_halde() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} i\n"
    "    local verb=${COMP_WORDS[1]}\n"
    "    COMPREPLY=()\n"
    "    # The shell takes --name=value for three words.\n"
    "    if [ \"$current\" = = ]; then\n"
    "        current=\n"
    "    elif [ \"$option\" = = ]; then\n"
    "        option=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n";

static void put_verb_names(FILE *stream)
{
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        fprintf(stream, "%s%s", listed == cli_verbs ? "" : " ", listed->verb->name);
    }
}

static void put_value_pattern(
    FILE *stream, const struct verb *verb, const struct cli_option *option)
{
    if (option->letter) {
        fprintf(
            stream, "    %s:-%c | %s:--%s) ", verb->name, option->letter, verb->name, option->name);
    } else {
        fprintf(stream, "    %s:--%s) ", verb->name, option->name);
    }
}

/// What an option's value may be.
static void put_value_case(FILE *stream, const struct verb *verb, const struct cli_option *option)
{
    switch (completion_kind_of(option)) {
    case COMPLETION_NONE:
        return;
    case COMPLETION_OTHER:
        put_value_pattern(stream, verb, option);
        fputs("return ;;\n", stream);
        return;
    case COMPLETION_FILE:
        put_value_pattern(stream, verb, option);
        fputs("_halde_files \"$current\" && return ;;\n", stream);
        return;
    case COMPLETION_CHOICES:
        put_value_pattern(stream, verb, option);
        fputs("_halde_words \"$current\" '", stream);
        completion_put_choices(stream, option);
        fputs("' && return ;;\n", stream);
        return;
    }
}

static void put_option_name(FILE *stream, const struct verb *verb, const struct cli_option *option)
{
    (void)verb;
    fprintf(stream, " --%s", option->name);
}

/// Patterns of the options whose value is the next word.
static void put_next_word_pattern(
    FILE *stream, const struct verb *verb, const struct cli_option *option)
{
    (void)verb;
    if (option->argument && option->letter) {
        fprintf(stream, " | -%c", option->letter);
    }
    if (option->argument) {
        fprintf(stream, " | --%s", option->name);
    }
}

/// Where the program begins.  A word "=" and what follows belong to the option before.
static void put_program_search(FILE *stream, const struct verb *verb)
{
    fprintf(stream,
        "    if [ \"$verb\" = %s ]; then\n"
        "        for ((i = 2; i <= COMP_CWORD; i++)); do\n"
        "            case ${COMP_WORDS[i]} in\n"
        "            --)\n"
        "                [ \"$i\" -eq \"$COMP_CWORD\" ] && break\n"
        "                _halde_program \"$((i + 1))\" \"$current\"\n"
        "                return\n"
        "                ;;\n"
        "            =) ((i++)) ;;\n"
        "            ''",
        verb->name);
    completion_each_option(verb, put_next_word_pattern, stream);
    fputs(") [ \"${COMP_WORDS[i + 1]-}\" = = ] || ((i++)) ;;\n"
          "            -*) ;;\n"
          "            *)\n"
          "                _halde_program \"$i\" \"$current\"\n"
          "                return\n"
          "                ;;\n"
          "            esac\n"
          "        done\n"
          "    fi\n",
        stream);
}

static void put_arguments_case(FILE *stream, const struct verb *verb)
{
    struct completion_arguments arguments = completion_arguments_of(verb);
    fprintf(stream, "    %s)\n", verb->name);
    if (verb->takes_program || arguments.has_programs) {
        fputs("        _halde_program \"$COMP_CWORD\" \"$current\"\n", stream);
    }
    if (arguments.has_processes) {
        fputs("        _halde_processes \"$current\"\n", stream);
    }
    if (arguments.has_verbs) {
        fputs("        _halde_words \"$current\" \"$verbs\"\n", stream);
    }
    if (arguments.has_files) {
        fputs("        _halde_files \"$current\"\n", stream);
    }
    fputs("        ;;\n", stream);
}

static void put_option_names(FILE *stream)
{
    fputs("    if [[ $current == -* ]]; then\n        case $verb in\n", stream);
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        fprintf(stream, "        %s) _halde_words \"$current\" '", listed->verb->name);
        completion_each_option(listed->verb, put_option_name, stream);
        fputs("' ;;\n", stream);
    }
    fputs("        esac\n        return\n    fi\n", stream);
}

void completion_print_bash(FILE *stream)
{
    fputs(head, stream);
    fputs("    local verbs='", stream);
    put_verb_names(stream);
    fputs("'\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        _halde_words \"$current\" \"$verbs --help --version\"\n"
          "        return\n"
          "    fi\n",
        stream);
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        if (listed->verb->takes_program) {
            put_program_search(stream, listed->verb);
        }
    }
    fputs("    case $verb:$option in\n", stream);
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        completion_each_option(listed->verb, put_value_case, stream);
    }
    fputs("    esac\n", stream);
    put_option_names(stream);
    fputs("    case $verb in\n", stream);
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        put_arguments_case(stream, listed->verb);
    }
    fputs("    esac\n}\n\ncomplete -F _halde halde\n", stream);
}
