// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * From main() to a verb and back: which verbs there are, what the words of the command line mean,
 * and with which status the tool ends.
 */
#ifndef CLI_DISPATCH_H
#define CLI_DISPATCH_H

#include "cli/cli.h"

enum verb_group {
    GROUP_RUN,
    GROUP_LOOK,
    GROUP_COMPARE,
    GROUP_HELP,
    GROUP_COUNT,
};

struct listed_verb {
    const struct verb *verb;
    enum verb_group group;
};

/// In the order of the help text; ends with a NULL verb.
extern const struct listed_verb cli_verbs[];
extern const char *const cli_group_titles[GROUP_COUNT];

const struct verb *cli_find_verb(const char *name);
/// The verb that was probably meant; NULL: none is near.
const struct verb *cli_nearest_verb(const char *name);

/// Options that every verb has; left out are --json where a verb does not understand it, --no-pager
/// where it runs a program, and those that the verb's own table has.  They follow its own in help.
/// @return how many there are, at most CLI_COMMON_COUNT
enum {
    CLI_COMMON_COUNT = 5,
};
size_t cli_common_options(
    const struct verb *verb, const struct cli_option *common[CLI_COMMON_COUNT]);

/// Understands the words behind the verb.  Says what is wrong with them.
/// @param words  ends with NULL; words[0] is not looked at
bool cli_parse(struct cli *cli, const struct verb *verb, int word_count, char **words);
void cli_release(struct cli *cli);

/// Status for what went wrong before a verb could run, or when memory ended.
int cli_trouble_code(void);

/// Whether standard output is to be coloured. `when`: value of --color, or NULL.
bool cli_wants_color(const char *when);

/// All that main() does.
int cli_main(int word_count, char **words);

#endif
