// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Two or more images beside each other: what each has in all, and how groups of blocks changed.
 *
 * Images are added in order and may go when they have been: numbers stay.
 */
#ifndef OVERVIEW_COMPARISON_H
#define OVERVIEW_COMPARISON_H

#include "capture/subject.h"
#include "overview/groups.h"

/// One image.
struct comparison_side {
    const char *subject; ///< as the user named it
    uint32_t process_id;
    uint64_t taken_at;   ///< seconds since 1970
    struct site_sum sum; ///< exact, also where groups are estimated
    uint64_t committed_size;
    double fragmentation;
    uint64_t sparse_pages; ///< pages that one small block alone keeps; by stack only
    uint64_t sparse_site_pages;
    char *sparse_site; ///< whose blocks keep so many of them; NULL: nobody's
};

struct comparison {
    enum group_key by;
    uint64_t threshold; ///< bytes
    bool has_threshold;
    uint64_t top; ///< changes that are shown
    struct comparison_side *sides;
    size_t side_count;
    struct groups groups;
    size_t changed_count; ///< groups that changed
    bool has_finding;
};

/// Room for so many images, at least 2.
void comparison_init(struct comparison *comparison, size_t side_count);
/// Takes in the image with that number, from 0 on.
void comparison_add(struct comparison *comparison, size_t number, const struct subject *subject,
    struct symbols *symbols, const char *name);
/// After the last one: puts groups in order, and decides whether there is a finding.
void comparison_finish(struct comparison *comparison);
void comparison_release(struct comparison *comparison);

/// False: it could not be written.
bool comparison_print_text(const struct comparison *comparison, const struct cli *cli);
bool comparison_print_json(const struct comparison *comparison);

#endif
