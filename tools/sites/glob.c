// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "sites/glob.h"

#include <string.h>

/// Matches from the beginning of both. `end` is where the pattern ends; with `is_open` the text may
/// go on behind it.
static bool match(
    const char *pattern, const char *end, const char *text, bool has_question_mark, bool is_open)
{
    const char *star = NULL; // the newest '*', which may take more
    const char *resume = NULL;
    for (;;) {
        if (pattern == end && (is_open || *text == 0)) {
            return true;
        }
        if (pattern < end && *pattern == '*') {
            star = pattern++;
            resume = text;
            continue;
        }
        bool is_same = pattern < end && *text != 0 &&
                       (*pattern == *text || (has_question_mark && *pattern == '?'));
        if (is_same) {
            pattern++;
            text++;
        } else if (star != NULL && *resume != 0) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
}

bool glob_matches(const char *pattern, const char *text)
{
    return match(pattern, pattern + strlen(pattern), text, true, false);
}

bool glob_finds(const char *pattern, const char *text)
{
    bool is_bound = *pattern == '^';
    pattern += is_bound ? 1 : 0;
    // What follows a '$' says nothing any more.
    const char *end = pattern + strcspn(pattern, "$");
    bool is_open = *end != '$';
    if (is_bound) {
        return match(pattern, end, text, false, is_open);
    }
    for (;; text++) {
        if (match(pattern, end, text, false, is_open)) {
            return true;
        }
        if (*text == 0) {
            return false;
        }
    }
}
