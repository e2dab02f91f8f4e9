// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// What a suppression is inside, for the files that read, match and write them.
#ifndef SITES_SUPPRESSION_H
#define SITES_SUPPRESSION_H

#include "sites/suppressions.h"

enum {
    SUPPRESSION_KINDS_ALL = 1 << REACH_NOT_SEARCHED | 1 << REACH_REACHABLE | 1 << REACH_POSSIBLE |
                            1 << REACH_INDIRECT | 1 << REACH_DEFINITE,
    SUPPRESSION_FRAMES_MAX = 512,
    SUPPRESSION_LINE_MAX = 64 << 10,
    SUPPRESSION_FILE_MAX = 16 << 20,
    SUPPRESSIONS_MAX = 200000,
};

enum pattern_kind {
    PATTERN_FUNCTION,
    PATTERN_MODULE,
    PATTERN_SOURCE,
    PATTERN_ANY, ///< any number of frames
    PATTERN_END, ///< no frame is left
};

struct pattern {
    enum pattern_kind kind;
    char *glob;
    int line; ///< PATTERN_SOURCE: 0: any
};

struct suppression {
    enum suppression_form form;
    const char *origin;
    size_t line;
    char *name;
    char *reason;           ///< or NULL
    unsigned kinds;         ///< bits 1 << enum reach_class
    char *text;             ///< LeakSanitizer's pattern; else NULL
    struct pattern *frames; ///< from the innermost on
    size_t frame_count;
    size_t frame_capacity;
    char *module; ///< own form; NULL: any
    char *file;   ///< own form; NULL: any
    int file_line;
    char *hash; ///< own form; NULL: any
    int until;  ///< own form: 20261231; 0: for ever
    int type;   ///< own form; -1: any
    int subtype;
    bool is_builtin;
    bool is_expired;
    uint64_t count;
    uint64_t bytes;
};

struct suppressions {
    struct suppression *items; ///< built-in ones first
    size_t count;
    size_t capacity;
    size_t builtin_count;
    char **origins; ///< names of files
    size_t origin_count;
    size_t origin_capacity;
    int day;
};

void suppression_release(struct suppression *suppression);

/// Reads one line of our own form, behind the word "suppress". False: `*error` says why.
bool suppression_parse_own(struct suppression *suppression, const char *line, char **error);
/// "definite,possible" as bits. False: there is another word in it.
bool suppression_parse_kinds(const char *text, unsigned *kinds);
void suppression_add_frame(
    struct suppression *suppression, enum pattern_kind kind, const char *glob, int line);

/// Whether it applies; the day does not matter.
bool suppression_applies(
    const struct suppression *suppression, const struct suppression_subject *subject);

/// Built-in entries, in our own form.
extern const char suppressions_builtin[];

#endif
