// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The program that is to be run: where it is, and whether a preload object can do anything in it.
 * That is found out before it starts, because afterwards nobody could tell why nothing was
 * recorded.
 */
#ifndef RUN_PROGRAM_H
#define RUN_PROGRAM_H

#include <stdbool.h>

struct program {
    char *path;     ///< file to execute
    char **words;   ///< its arguments; ends with NULL
    char *trouble;  ///< what is wrong, and what to do; NULL: nothing
    int code;       ///< exit code for that
    bool is_static; ///< nothing can be loaded into it: it has a recorder of its own, or trouble
};

/**
 * Finds a program as execvp() does, and looks at its file.  A script whose first line asks env(1)
 * for its interpreter is run by that interpreter at once: env would replace itself by it.
 *
 * @param words         name and arguments, end with NULL; must outlive the program
 * @param needs_preload  what the preload object cannot be loaded into is trouble
 */
void program_find(struct program *program, char **words, bool needs_preload);
void program_release(struct program *program);

#endif
