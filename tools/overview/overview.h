// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * All that a report tells of a snapshot or capture, as numbers: sums, the course over time, sites,
 * sizes, fragmentation, leaks.
 */
#ifndef OVERVIEW_OVERVIEW_H
#define OVERVIEW_OVERVIEW_H

#include "capture/subject.h"
#include "sites/sites.h"

enum {
    OVERVIEW_PARTS = 6,  ///< equal pieces of the run behind its first quarter
    OVERVIEW_SIZES = 40, ///< rows of the histogram: up to 1, 2, 4 ... bytes
};

/// Everything about the blocks of one site, by the hash of its stack.
struct overview_site {
    uint64_t full_hash;
    char hash[SITE_HASH_SIZE];
    uint32_t stack; ///< one of them
    struct site_sum live;
    struct site_sum allocated;
    uint64_t temporary_count;
    uint64_t freed_count;
    uint64_t lifetime_ns;           ///< of the freed, together
    uint64_t peak_size;             ///< live bytes in the interval of the greatest peak, at its end
    int64_t running_size;           ///< while the course is gone through
    uint64_t parts[OVERVIEW_PARTS]; ///< live bytes at the end of each part
    unsigned grown_parts;           ///< parts in which it grew
};

struct overview_size {
    uint64_t size_max;
    struct site_sum live;
    uint64_t allocated_count;
};

struct overview {
    const struct image *image;
    const struct capture *capture; ///< NULL: there is no course
    bool has_course;
    bool is_sampled; ///< numbers of sites, and the course, are estimates
    bool has_blocks; ///< of the end: else slack and committed memory are not known

    uint64_t duration_ns;
    struct site_sum allocated;
    struct site_sum freed;
    uint64_t temporary_count;
    struct site_sum live;
    uint64_t slack_size;
    uint64_t peak_size;
    uint64_t peak_ns;
    uint64_t peak_resident;

    uint64_t part_minimums[OVERVIEW_PARTS]; ///< least live bytes in each part
    bool is_growing;          ///< each part's least is more than that of the one before
    uint64_t growth_a_minute; ///< bytes

    struct overview_site *sites; ///< in any order
    size_t site_count;
    struct overview_size sizes[OVERVIEW_SIZES];

    uint64_t committed_size;
    uint64_t unused_size;
    uint64_t sparse_pages;             ///< pages of 4 KiB that one small block alone keeps
    struct overview_site *sparse_site; ///< whose blocks keep most of them; NULL: none
    uint64_t sparse_site_pages;

    bool has_classes; ///< leaks were searched
    struct site_sum by_class[SITE_CLASS_COUNT];
};

struct overview *overview_create(const struct subject *subject, struct symbols *symbols);
void overview_destroy(struct overview *overview);

enum overview_order {
    OVERVIEW_BY_LIVE,
    OVERVIEW_BY_ALLOCATED,
    OVERVIEW_BY_TEMPORARY,
    OVERVIEW_BY_PEAK,
    OVERVIEW_BY_GROWTH,
    OVERVIEW_ORDER_COUNT,
};
/// What an order compares; sites with 0 do not belong to its list.
uint64_t overview_value(const struct overview_site *site, enum overview_order order);
void overview_sort(struct overview *overview, enum overview_order order);

/// Live bytes (or resident ones) over the whole run, in `count` equal steps: the highest of each.
void overview_series(
    const struct overview *overview, bool is_resident, uint64_t *values, size_t count);

struct overview_options {
    size_t top; ///< sites of each list
    bool has_explanations;
    const char *subject;
};

void overview_print(struct overview *overview, struct symbols *symbols, const struct cli *cli,
    const struct overview_options *options);
/// False: it could not be written.
bool overview_print_json(
    struct overview *overview, struct symbols *symbols, const struct overview_options *options);

/// Sentences that say what matters, best first; each to be freed, NULL at the end.
enum {
    VERDICTS_MAX = 12
};
void overview_verdicts(
    struct overview *overview, struct symbols *symbols, char *verdicts[VERDICTS_MAX + 1]);

#endif
