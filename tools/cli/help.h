// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Help for people: recipes, a verb's short and its long text.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

/// What `halde` says without arguments.
void help_recipes(void);
/// All verbs: `halde --help`, `halde help`.
void help_overview(const struct cli *cli);
/// `halde VERB --help`.
void help_short(const struct cli *cli, const struct verb *verb);
/// `halde help VERB`.
void help_long(const struct cli *cli, const struct verb *verb);
/// One line, with a newline: "Usage: halde VERB [OPTION]... ARGUMENTS".
void help_usage(FILE *stream, const struct verb *verb);
/// "Explain a verb" behind the name; "JSON ..." stays. To be freed.
char *help_lower_first(const char *text);
/// What --version says.
void help_version(void);
/// The commit that the tool was built from, with a "+" if files differed; "" where that is not
/// known.
const char *cli_commit(void);

#endif
