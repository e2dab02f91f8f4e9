// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Completions for fish.

#include "cli/completion.h"
#include "cli/dispatch.h"

static void put_quoted(FILE *stream, const char *text)
{
    fputc('\'', stream);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') {
            fputc('\\', stream);
        }
        fputc(*text, stream);
    }
    fputc('\'', stream);
}

static void put_option(FILE *stream, const struct verb *verb, const struct cli_option *option)
{
    fprintf(stream, "complete -c halde -n '__halde_verb %s' -l %s", verb->name, option->name);
    if (option->letter) {
        fprintf(stream, " -s %c", option->letter);
    }
    switch (completion_kind_of(option)) {
    case COMPLETION_NONE:
        break;
    case COMPLETION_OTHER:
        fputs(" -x", stream);
        break;
    case COMPLETION_FILE:
        fputs(" -r -F", stream);
        break;
    case COMPLETION_CHOICES:
        fputs(" -x -a '", stream);
        completion_put_choices(stream, option);
        fputc('\'', stream);
        break;
    }
    fputs(" -d ", stream);
    put_quoted(stream, option->help);
    fputc('\n', stream);
}

/// Names of options whose value is the next word.
static void put_value_option(FILE *stream, const struct verb *verb, const struct cli_option *option)
{
    (void)verb;
    if (option->argument && option->letter) {
        fprintf(stream, " -%c", option->letter);
    }
    if (option->argument) {
        fprintf(stream, " --%s", option->name);
    }
}

/// What stands behind the options is completed as if it stood alone.
static void put_program_function(FILE *stream, const struct verb *verb)
{
    fprintf(stream,
        "function __halde_%s_program\n"
        "    set -l words (commandline -opc)\n"
        "    set -l i 3\n"
        "    while test $i -le (count $words)\n"
        "        switch $words[$i]\n"
        "            case --\n"
        "                set i (math $i + 1)\n"
        "                break\n"
        "            case",
        verb->name);
    completion_each_option(verb, put_value_option, stream);
    fputs("\n"
          "                set i (math $i + 2)\n"
          "            case '-*'\n"
          "                set i (math $i + 1)\n"
          "            case '*'\n"
          "                break\n"
          "        end\n"
          "    end\n"
          "    set -l line\n"
          "    if test $i -le (count $words)\n"
          "        set line (string escape -- $words[$i..-1])\n"
          "    end\n"
          "    set line $line (commandline -ct)\n"
          "    test -n \"$line\"; and complete --do-complete=\"$line\"\n"
          "end\n"
          "\n",
        stream);
}

static void put_verb_names(FILE *stream, const char *condition)
{
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        fprintf(stream, "complete -c halde -n %s -a %s -d ", condition, listed->verb->name);
        put_quoted(stream, listed->verb->summary);
        fputc('\n', stream);
    }
}

static void put_verb(FILE *stream, const struct verb *verb)
{
    struct completion_arguments arguments = completion_arguments_of(verb);
    fputc('\n', stream);
    completion_each_option(verb, put_option, stream);
    if (verb->takes_program) {
        fprintf(stream, "complete -c halde -n '__halde_verb %s' -x -a '(__halde_%s_program)'\n",
            verb->name, verb->name);
    }
    if (arguments.has_processes) {
        fprintf(stream, "complete -c halde -n '__halde_verb %s' -a '(__halde_processes)'\n",
            verb->name);
    }
    if (arguments.has_programs) {
        fprintf(stream,
            "complete -c halde -n '__halde_verb %s' -F -a '(__fish_complete_command)'\n",
            verb->name);
    }
    if (arguments.has_files) {
        fprintf(stream, "complete -c halde -n '__halde_verb %s' -F\n", verb->name);
    }
    if (arguments.has_verbs) {
        char condition[64];
        snprintf(condition, sizeof(condition), "'__halde_verb %s'", verb->name);
        put_verb_names(stream, condition);
    }
}

void completion_print_fish(FILE *stream)
{
    fputs("# fish completion for halde, made by \"halde help --completion=fish\".\n"
          "\n"
          "function __halde_no_verb\n"
          "    test (count (commandline -opc)) -eq 1\n"
          "end\n"
          "\n"
          "# Whether the verb is this, and no program stands behind it.\n"
          "function __halde_verb\n"
          "    set -l words (commandline -opc)\n"
          "    test (count $words) -ge 2; and test $words[2] = $argv[1]\n"
          "end\n"
          "\n"
          "# Processes that have mapped the library.\n"
          "function __halde_processes\n"
          "    grep -ls libhalde /proc/*/maps 2>/dev/null | string match -r '[0-9]+'\n"
          "end\n"
          "\n",
        stream);
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        if (listed->verb->takes_program) {
            put_program_function(stream, listed->verb);
        }
    }
    fputs("complete -c halde -f\n"
          "complete -c halde -n __halde_no_verb -l help -s h -d 'Show help'\n"
          "complete -c halde -n __halde_no_verb -l version -s V -d 'Show the version'\n",
        stream);
    put_verb_names(stream, "__halde_no_verb");
    for (const struct listed_verb *listed = cli_verbs; listed->verb; listed++) {
        put_verb(stream, listed->verb);
    }
}
