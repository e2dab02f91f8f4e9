// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Suppressions: which leaks are known and not to be told.
 *
 * A file may hold entries of three forms, mixed.  Lines that begin with '#' are comments.
 *
 * LeakSanitizer's: a line `leak:PATTERN`.  PATTERN is looked for in the functions, source files and
 * modules of all frames; '*' stands for anything, '^' and '$' bind it to the beginning and the end.
 * What such a file says to other sanitizers is passed over.
 *
 * Valgrind's: `{`, a line with a name, `Memcheck:Leak`, perhaps `match-leak-kinds: definite,...`,
 * then from the innermost frame on `fun:NAME`, `obj:FILE`, `src:FILE[:LINE]`, or `...` for any
 * number of frames, and `}`; '*' and '?' are wildcards.  A leading function that allocates (malloc,
 * _Znwm) is the allocator's own frame, which recorded stacks leave out.  Entries of other kinds are
 * passed over.
 *
 * Our own: one line, `suppress` and then one or more of
 *
 *     kind=definite,indirect,possible,reachable   or all, which is the default
 *     module=GLOB        the module (path, or its last part) of the innermost frame
 *     stack="GLOB <- GLOB <- ..."   functions from the innermost frame on.  An element "..." stands
 *                        for any number of frames, a last element "$" for main() or the thread's
 *                        first function having been reached; without it what lies further out does
 *                        not matter.  A function without a name is MODULE+0x1234.
 *     file=GLOB[:LINE]   the source file of the innermost frame, or the one that the block recorded
 *     type=normal|client|crt|ignore|free[:SUBTYPE]   type of a block of the debug heap
 *     hash=HEX           a site's hash, or the beginning of one
 *     until=YYYY-MM-DD   the last day on which the entry counts
 *     reason="TEXT"      why; shown in lists
 *
 * Values that contain blanks stand in "", where \" and \\ are one character.
 *
 * Every matching step is bounded by the product of the lengths, so that no file takes for ever.
 */
#ifndef SITES_SUPPRESSIONS_H
#define SITES_SUPPRESSIONS_H

#include "sites/sites.h"

#include <stdio.h>

enum suppression_form {
    SUPPRESSION_OWN,
    SUPPRESSION_LSAN,
    SUPPRESSION_VALGRIND,
};

/// An entry, as lists show it.
struct suppression_info {
    const char *origin; ///< the file it came from, or "built-in"
    size_t line;
    const char *name; ///< pattern, valgrind's name, or own entry without its reason
    const char *reason;
    enum suppression_form form;
    bool is_builtin;
    bool is_expired;
    uint64_t count; ///< blocks that it has suppressed
    uint64_t bytes;
};

/// What is known of a block, or of all blocks of a site, that may be suppressed.
struct suppression_subject {
    const struct symbol_stack *stack; ///< NULL: none
    const char *hash;                 ///< NULL: none
    const char *file;                 ///< recorded with the block; "": none
    int line;
    uint32_t class_; ///< enum reach_class
    bool has_type;   ///< the next two are known
    uint16_t type;
    uint16_t subtype;
};

struct suppressions;

/// With the built-in entries, for what the C and C++ run-time libraries keep until the end.
struct suppressions *suppressions_create(void);
/// NULL is allowed.
void suppressions_destroy(struct suppressions *suppressions);

/// Reads a file. False: nothing was added, and `*error` (for free()) names the file, the line and
/// the reason.
bool suppressions_read(struct suppressions *suppressions, const char *path, char **error);
/// The same with text; `origin` is what errors call it.
bool suppressions_parse(struct suppressions *suppressions, const char *origin, const char *text,
    size_t size, char **error);

/// The day on which entries are judged, as 20260131; today unless this is called.
void suppressions_set_day(struct suppressions *suppressions, int day);

/**
 * The number of the first entry that suppresses a subject; 0: none does.  Entries of the user's
 * are asked before the built-in ones.
 */
size_t suppressions_match(
    const struct suppressions *suppressions, const struct suppression_subject *subject);
/// Counts blocks for an entry.
void suppressions_count(
    struct suppressions *suppressions, size_t number, uint64_t count, uint64_t bytes);

/// How many entries there are; they are numbered from 1.
size_t suppressions_size(const struct suppressions *suppressions);
/// False: no such number.
bool suppressions_info(
    const struct suppressions *suppressions, size_t number, struct suppression_info *info);

/**
 * Writes an entry that suppresses what has a stack like this.
 *
 * @param reason  NULL: a text that asks for one
 * @return false: the form cannot say it (there is no stack), nothing was written
 */
bool suppression_write(FILE *stream, enum suppression_form form,
    const struct suppression_subject *subject, const char *reason);

#endif
