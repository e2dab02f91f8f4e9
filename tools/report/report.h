// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The leak report of an image whose blocks have been classed.
 *
 * What hangs on a definite leak is told with it, as far as image->leaders knows, and is suppressed
 * with it.
 *
 * Made in two steps: leak_report_create() decides what there is to tell (and so the exit code),
 * leak_report_print() tells it in one of several forms:
 *
 *     text    for people: sites, worst first, each with its stack
 *     msvc    one block each, as the CRT debug heap's _CrtDumpMemoryLeaks() writes it
 *     gnu     one line a site, as compilers write messages: "file:line: ..."
 *     json    schema halde.leaks/1
 *     sarif   2.1.0, for code scanning; fingerprints are the sites' hashes
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "sites/sites.h"
#include "sites/suppressions.h"

#include <stdio.h>

enum leak_form {
    LEAK_TEXT,
    LEAK_MSVC,
    LEAK_GNU,
    LEAK_JSON,
    LEAK_SARIF,
};

/// A set of classes: bit 1 << enum reach_class.
enum {
    LEAK_KINDS_LEAKS = 1 << REACH_DEFINITE | 1 << REACH_INDIRECT | 1 << REACH_POSSIBLE,
    LEAK_KINDS_ALL = LEAK_KINDS_LEAKS | 1 << REACH_REACHABLE | 1 << REACH_NOT_SEARCHED,
};

struct leak_report_options {
    unsigned kinds;     ///< which are told; 0: LEAK_KINDS_LEAKS. All are counted
    size_t top;         ///< sites that are told; 0: 20 in text, all in the other forms
    size_t depth;       ///< frames shown of a stack; 0: 20
    uint64_t least_age; ///< ns: younger blocks do not count
    bool has_full_paths;
    bool has_all_frames; ///< the allocator's and those before main(), too
    bool has_color;
    bool is_ascii;                     ///< no character beyond ASCII
    struct suppressions *suppressions; ///< NULL: none, not even the built-in ones
    const char *subject; ///< what the closing hints name: a pid or file; NULL: no hints
    const char *title;   ///< begins the summary; NULL: "halde"
    bool is_at_exit;     ///< the program has ended: "not freed"; else "in use"
};

struct leak_totals {
    struct site_sum by_class[SITE_CLASS_COUNT]; ///< not suppressed, old enough
    struct site_sum suppressed;
    struct site_sum suppressed_builtin; ///< of `suppressed`
    struct site_sum young;              ///< below least_age
};

struct leak_report;
struct sarif_log;

/**
 * @param image    classed; must outlive the report
 * @param symbols  must outlive the report
 * @param options  NULL: defaults; copied, but what it points to must outlive the report
 */
struct leak_report *leak_report_create(
    const struct image *image, struct symbols *symbols, const struct leak_report_options *options);
/// NULL is allowed.
void leak_report_destroy(struct leak_report *report);
const struct leak_totals *leak_report_totals(const struct leak_report *report);
/// The sites that are told, worst first, grouped by hash. They belong to the report.
const struct sites *leak_report_sites(const struct leak_report *report);
/// False: it could not be written; errno says why.
bool leak_report_print(const struct leak_report *report, enum leak_form form, FILE *stream);

/// A SARIF log about several processes, in the order of the calls.
struct sarif_log *sarif_log_begin(FILE *stream);
void sarif_log_add(struct sarif_log *log, const struct leak_report *report);
/// A sentence about a process that could not be looked at: the log says that it is not whole.
void sarif_log_note(struct sarif_log *log, const char *text);
/// Ends and destroys it. False: it could not be written.
bool sarif_log_end(struct sarif_log *log);

/// "text", "msvc", "gnu", "json", "sarif". False: none of these.
bool leak_form_parse(const char *text, enum leak_form *form);
/// "definite,possible", "leaks", "all". False: none of these.
bool leak_kinds_parse(const char *text, unsigned *kinds);
/// "definite", "indirect", "possible", "reachable"; "not searched".
const char *leak_kind_name(uint32_t class_);
/// Whether totals fulfil "leak", "definite", "definite>0", "indirect>=10", "bytes>64K", "blocks>5"
/// (all leaks), perhaps several, separated by ','. `*is_valid` gets whether the text was
/// understood; NULL totals: only that is asked.
bool leak_condition(const char *text, const struct leak_totals *totals, bool *is_valid);

#endif
