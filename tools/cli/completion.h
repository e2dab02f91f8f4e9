// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Completions for shells, made of the verbs' tables.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "cli/cli.h"

/// @param shell  "bash", "zsh" or "fish"
void completion_print(FILE *stream, const char *shell);

/// What the value of an option is, for those who offer some.
enum completion_kind {
    COMPLETION_NONE,    ///< a switch
    COMPLETION_OTHER,   ///< nothing to offer
    COMPLETION_FILE,    ///< a file or a folder
    COMPLETION_CHOICES, ///< one of the words in `argument`, between bars
};
enum completion_kind completion_kind_of(const struct cli_option *option);

/// The words of COMPLETION_CHOICES, with blanks between them.
void completion_put_choices(FILE *stream, const struct cli_option *option);

/// What the arguments of a verb can be.
struct completion_arguments {
    bool has_processes;
    bool has_files;
    bool has_verbs;
    bool has_programs; ///< names of programs, or files of them
};
struct completion_arguments completion_arguments_of(const struct verb *verb);

/// Calls for all options of a verb, its own and those that all have.
void completion_each_option(const struct verb *verb,
    void (*visit)(FILE *stream, const struct verb *verb, const struct cli_option *option),
    FILE *stream);

void completion_print_bash(FILE *stream);
void completion_print_zsh(FILE *stream);
void completion_print_fish(FILE *stream);

#endif
