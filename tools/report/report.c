// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "report/report.h"

#include "cli/memory.h"
#include "report/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/// What is not told, of each block.
enum mark {
    MARK_NONE,
    MARK_OUT, ///< too young, or of no interest
    MARK_SUPPRESSED,
};

/// While a report is made.
struct making {
    struct leak_report *report;
    uint8_t *marks;  ///< by block
    uint32_t class_; ///< that is looked at
};

enum {
    CRT_BLOCK = 2, ///< types of the debug heap, as in crtdbg.h
    IGNORE_BLOCK = 3,
};

static void add(struct site_sum *sum, uint64_t count, uint64_t bytes)
{
    sum->count += count;
    sum->bytes += bytes;
}

static uint32_t class_of(const struct image_block *block)
{
    return block->class_ <= REACH_DEFINITE ? block->class_ : REACH_NOT_SEARCHED;
}

// ---- Which blocks count -------------------------------------------------------------------------

static bool is_young(const struct leak_report *report, const struct image_block *block)
{
    return report->options.least_age != 0 && block->time_ns != 0 &&
           report_age(report, block->time_ns) < report->options.least_age;
}

static void mark_block(struct making *making, size_t index)
{
    struct leak_report *report = making->report;
    const struct image_block *block = &report->image->blocks[index];
    bool is_debug = (block->flags & IMAGE_BLOCK_IS_DEBUG) != 0;
    uint16_t type = image_detail(report->image, block)->type;
    if (block->kind != IMAGE_BUSY) {
        making->marks[index] = MARK_OUT;
        return;
    }
    report->is_searched |= class_of(block) != REACH_NOT_SEARCHED;
    if ((block->flags & IMAGE_BLOCK_IS_IGNORED) != 0 || (is_debug && type == IGNORE_BLOCK)) {
        making->marks[index] = MARK_OUT;
    } else if (is_debug && type == CRT_BLOCK) {
        // The libraries' own, as the debug heap itself sees it.
        making->marks[index] = MARK_SUPPRESSED;
        add(&report->totals.suppressed, 1, block->size);
        add(&report->totals.suppressed_builtin, 1, block->size);
    } else if (is_young(report, block)) {
        making->marks[index] = MARK_OUT;
        add(&report->totals.young, 1, block->size);
    }
}

/// What hangs on a suppressed leak is suppressed with it.
static void mark_followers(struct making *making)
{
    struct leak_report *report = making->report;
    const struct image *image = report->image;
    for (size_t i = 0; image->leaders != NULL && i < image->block_count; i++) {
        const struct image_block *block = &image->blocks[i];
        uint32_t leader = image->leaders[i];
        if (making->marks[i] == MARK_NONE && block->class_ == REACH_INDIRECT && leader != i &&
            leader < image->block_count && making->marks[leader] == MARK_SUPPRESSED) {
            making->marks[i] = MARK_SUPPRESSED;
            add(&report->totals.suppressed, 1, block->size);
        }
    }
}

static bool is_wanted(void *context, const struct image *image, size_t block)
{
    const struct making *making = context;
    return making->marks[block] == MARK_NONE && class_of(&image->blocks[block]) == making->class_;
}

// ---- Suppressions -------------------------------------------------------------------------------

static bool has_builtin_number(const struct suppressions *suppressions, size_t number)
{
    struct suppression_info info;
    return suppressions_info(suppressions, number, &info) && info.is_builtin;
}

/// Whether a site is suppressed; it is counted then.
static bool suppress(struct making *making, const struct sites *sites, const struct site *site)
{
    struct leak_report *report = making->report;
    struct suppressions *suppressions = report->options.suppressions;
    if (suppressions == NULL) {
        return false;
    }
    char hash[SITE_HASH_SIZE];
    const struct image_block *block = &report->image->blocks[site->representative];
    const struct image_detail *detail = image_detail(report->image, block);
    struct suppression_subject subject = {.stack = symbols_stack(report->symbols, site->stack),
        .hash = site_format_hash(site->full_hash, SITE_HASH_SIZE - 1, hash),
        .file = image_string(report->image, site->file),
        .line = site->line,
        .class_ = making->class_,
        .has_type = (block->flags & IMAGE_BLOCK_IS_DEBUG) != 0,
        .type = detail->type,
        .subtype = detail->subtype};
    size_t number = suppressions_match(suppressions, &subject);
    if (number == 0) {
        return false;
    }
    suppressions_count(suppressions, number, site->sum.count, site->sum.bytes);
    add(&report->totals.suppressed, site->sum.count, site->sum.bytes);
    if (has_builtin_number(suppressions, number)) {
        add(&report->totals.suppressed_builtin, site->sum.count, site->sum.bytes);
    }
    for (size_t i = 0; i < site->sum.count; i++) {
        making->marks[sites->blocks[site->first_block + i]] = MARK_SUPPRESSED;
    }
    return true;
}

// ---- Sites --------------------------------------------------------------------------------------

static void tell_site(
    struct leak_report *report, const struct sites *sites, const struct site *site)
{
    report->leaks = must_grow(
        report->leaks, report->leak_count, &report->leak_capacity, sizeof(*report->leaks));
    struct leak *leak = &report->leaks[report->leak_count++];
    *leak = (struct leak){.site = *site};
    struct sites *all = &report->sites;
    leak->site.first_block = all->block_count;
    all->blocks =
        must_resize(all->blocks, all->block_count + (size_t)site->sum.count, sizeof(*all->blocks));
    memcpy(all->blocks + all->block_count, sites->blocks + site->first_block,
        (size_t)site->sum.count * sizeof(*all->blocks));
    all->block_count += (size_t)site->sum.count;
}

static bool is_told(const struct leak_report *report, uint32_t class_)
{
    unsigned kinds = report->options.kinds;
    // Without a search there is nothing but what is in use.
    return (kinds >> class_ & 1) != 0 || (class_ == REACH_NOT_SEARCHED && !report->is_searched);
}

static void note_place(struct leak_report *report, const struct site *site)
{
    report->places = must_grow(
        report->places, report->place_count, &report->place_capacity, sizeof(*report->places));
    report->places[report->place_count++] = (struct leak_place){.full_hash = site->full_hash,
        .stack = site->stack,
        .file = site->file,
        .line = site->line,
        .sum = site->sum};
}

static int compare_places(const void *left_item, const void *right_item)
{
    const struct leak_place *left = left_item;
    const struct leak_place *right = right_item;
    if (left->full_hash != right->full_hash) {
        return left->full_hash < right->full_hash ? -1 : 1;
    }
    if (left->sum.bytes != right->sum.bytes) {
        return left->sum.bytes > right->sum.bytes ? -1 : 1;
    }
    return left->stack < right->stack ? -1 : left->stack > right->stack;
}

/// Suppressions may look deeper into a stack than a hash does, so they are asked for each call.
/// What is told is put into report.places, from `first` on.
static void suppress_class(struct making *making, const struct sites_options *options)
{
    struct leak_report *report = making->report;
    const size_t first = report->place_count;
    struct sites *sites = sites_create(report->image, report->symbols, options);
    for (size_t i = 0; i < sites->count; i++) {
        if (!suppress(making, sites, &sites->items[i])) {
            note_place(report, &sites->items[i]);
        }
    }
    sites_destroy(sites);
    if (report->place_count > first) {
        qsort(report->places + first, report->place_count - first, sizeof(*report->places),
            compare_places);
    }
}

/// Finds the places of a leak among those from `first` on.
static void find_places(const struct leak_report *report, size_t first, struct leak *leak)
{
    size_t end = report->place_count;
    size_t low = first;
    while (low < end) {
        size_t middle = low + (end - low) / 2;
        if (report->places[middle].full_hash < leak->site.full_hash) {
            low = middle + 1;
        } else {
            end = middle;
        }
    }
    leak->first_place = low;
    while (low < report->place_count && report->places[low].full_hash == leak->site.full_hash) {
        low++;
    }
    leak->place_count = leak->site.stack != 0 ? low - leak->first_place : 0;
}

static void collect_class(struct making *making, uint32_t class_)
{
    struct leak_report *report = making->report;
    making->class_ = class_;
    struct sites_options options = {.is_wanted = is_wanted, .context = making};
    const size_t first_place = report->place_count;
    suppress_class(making, &options);
    options.grouping = SITES_BY_HASH;
    struct sites *sites = sites_create(report->image, report->symbols, &options);
    for (size_t i = 0; i < sites->count; i++) {
        const struct site *site = &sites->items[i];
        add(&report->totals.by_class[class_], site->sum.count, site->sum.bytes);
        if (is_told(report, class_)) {
            tell_site(report, sites, site);
            find_places(report, first_place, &report->leaks[report->leak_count - 1]);
        }
    }
    sites_destroy(sites);
}

// ---- What hangs on a leak -----------------------------------------------------------------------

/// For each definite block that is told: index of its leak + 1.
static uint32_t *leaks_of_blocks(const struct leak_report *report)
{
    uint32_t *leak_of = must_allocate(report->image->block_count + 1, sizeof(*leak_of));
    for (size_t i = 0; i < report->leak_count; i++) {
        const struct site *site = &report->leaks[i].site;
        for (size_t j = 0; site->worst_class == REACH_DEFINITE && j < site->sum.count; j++) {
            leak_of[report->sites.blocks[site->first_block + j]] = (uint32_t)i + 1;
        }
    }
    return leak_of;
}

/// The leak + 1 that a block hangs on; 0: none.
static uint32_t leak_above(const struct making *making, const uint32_t *leak_of, size_t block)
{
    const struct image *image = making->report->image;
    if (making->marks[block] != MARK_NONE || image->blocks[block].class_ != REACH_INDIRECT ||
        image->leaders[block] >= image->block_count) {
        return 0;
    }
    return leak_of[image->leaders[block]];
}

static void collect_below(struct making *making)
{
    struct leak_report *report = making->report;
    const struct image *image = report->image;
    if (image->leaders == NULL) {
        return;
    }
    uint32_t *leak_of = leaks_of_blocks(report);
    for (size_t i = 0; i < image->block_count; i++) {
        uint32_t leak = leak_above(making, leak_of, i);
        if (leak != 0) {
            add(&report->leaks[leak - 1].below, 1, image->blocks[i].size);
            report->below_count++;
        }
    }
    report->below = must_allocate(report->below_count + 1, sizeof(*report->below));
    size_t position = 0;
    for (size_t i = 0; i < report->leak_count; i++) {
        report->leaks[i].first_below = position;
        position += (size_t)report->leaks[i].below.count;
    }
    size_t *next = must_allocate(report->leak_count + 1, sizeof(*next));
    for (size_t i = 0; i < image->block_count; i++) {
        uint32_t leak = leak_above(making, leak_of, i);
        if (leak != 0) {
            report->below[report->leaks[leak - 1].first_below + next[leak - 1]++] = (uint32_t)i;
        }
    }
    free(next);
    free(leak_of);
}

// ---- Order --------------------------------------------------------------------------------------

static int compare_leaks(const void *left_item, const void *right_item)
{
    const struct leak *left = left_item;
    const struct leak *right = right_item;
    if (left->site.worst_class != right->site.worst_class) {
        return left->site.worst_class > right->site.worst_class ? -1 : 1;
    }
    uint64_t left_bytes = left->site.estimate.bytes + left->below.bytes;
    uint64_t right_bytes = right->site.estimate.bytes + right->below.bytes;
    if (left_bytes != right_bytes) {
        return left_bytes > right_bytes ? -1 : 1;
    }
    if (left->site.sum.count != right->site.sum.count) {
        return left->site.sum.count > right->site.sum.count ? -1 : 1;
    }
    if (left->site.full_hash != right->site.full_hash) {
        return left->site.full_hash < right->site.full_hash ? -1 : 1;
    }
    return left->site.representative < right->site.representative ? -1 : 1;
}

static void order_leaks(struct leak_report *report)
{
    struct sites *sites = &report->sites;
    if (report->leak_count > 1) {
        qsort(report->leaks, report->leak_count, sizeof(*report->leaks), compare_leaks);
    }
    sites->count = report->leak_count;
    sites->items = must_allocate(sites->count + 1, sizeof(*sites->items));
    for (size_t i = 0; i < sites->count; i++) {
        sites->items[i] = report->leaks[i].site;
        add(&sites->sum, sites->items[i].sum.count, sites->items[i].sum.bytes);
        for (size_t j = 0; j < SITE_CLASS_COUNT; j++) {
            const struct site_sum *sum = &sites->items[i].by_class[j];
            add(&sites->by_class[j], sum->count, sum->bytes);
        }
    }
    sites_set_hashes(sites);
    for (size_t i = 0; i < sites->count; i++) {
        memcpy(report->leaks[i].site.hash, sites->items[i].hash, SITE_HASH_SIZE);
    }
}

// ---- All of it ----------------------------------------------------------------------------------

struct leak_report *leak_report_create(
    const struct image *image, struct symbols *symbols, const struct leak_report_options *options)
{
    // Definite ones come first: what hangs on a suppressed one is suppressed, too.
    static const uint32_t order[] = {
        REACH_DEFINITE, REACH_INDIRECT, REACH_POSSIBLE, REACH_REACHABLE, REACH_NOT_SEARCHED};
    struct leak_report *report = must_allocate(1, sizeof(*report));
    report->image = image;
    report->symbols = symbols;
    if (options != NULL) {
        report->options = *options;
    }
    if (report->options.kinds == 0) {
        report->options.kinds = LEAK_KINDS_LEAKS;
    }
    struct making making = {
        .report = report, .marks = must_allocate(image->block_count + 1, sizeof(*making.marks))};
    for (size_t i = 0; i < image->block_count; i++) {
        mark_block(&making, i);
    }
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (order[i] == REACH_INDIRECT) {
            mark_followers(&making);
        }
        collect_class(&making, order[i]);
    }
    collect_below(&making);
    order_leaks(report);
    free(making.marks);
    return report;
}

void leak_report_destroy(struct leak_report *report)
{
    if (report != NULL) {
        free(report->leaks);
        free(report->sites.items);
        free(report->sites.blocks);
        free(report->below);
        free(report->places);
        free(report);
    }
}

const struct leak_totals *leak_report_totals(const struct leak_report *report)
{
    return &report->totals;
}

const struct sites *leak_report_sites(const struct leak_report *report)
{
    return &report->sites;
}

bool leak_report_print(const struct leak_report *report, enum leak_form form, FILE *stream)
{
    static bool (*const print[])(const struct leak_report *, FILE *) = {
        [LEAK_TEXT] = report_print_text,
        [LEAK_MSVC] = report_print_msvc,
        [LEAK_GNU] = report_print_gnu,
        [LEAK_JSON] = report_print_json,
        [LEAK_SARIF] = report_print_sarif,
    };
    errno = 0;
    bool is_written = print[form](report, stream);
    return is_written && fflush(stream) == 0 && !ferror(stream);
}
