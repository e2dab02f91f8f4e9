// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "overview/overview.h"

#include "cli/memory.h"
#include "overview/groups.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE_SHIFT = 12,
    INTERVALS_FOR_GROWTH = 12, ///< fewer tell nothing of a trend
};

// ---- Sites ----

/// From stacks of the image to sites.
struct site_map {
    struct overview *overview;
    struct symbols *symbols;
    size_t *sites; ///< by stack: index + 1; 0: not asked for yet
    size_t capacity;
    uint32_t *places; ///< by hash, open addressing: index + 1
    size_t place_count;
};

static size_t place_of(const struct site_map *map, uint64_t hash)
{
    size_t place = hash & (map->place_count - 1);
    while (map->places[place] && map->overview->sites[map->places[place] - 1].full_hash != hash) {
        place = (place + 1) & (map->place_count - 1);
    }
    return place;
}

static void make_places(struct site_map *map)
{
    if (map->overview->site_count * 2 < map->place_count) {
        return;
    }
    free(map->places);
    map->place_count = map->place_count ? map->place_count * 2 : 256;
    map->places = must_allocate(map->place_count, sizeof(*map->places));
    for (size_t index = 0; index < map->overview->site_count; index++) {
        map->places[place_of(map, map->overview->sites[index].full_hash)] = (uint32_t)(index + 1);
    }
}

static size_t add_site(struct site_map *map, uint64_t hash, uint32_t stack)
{
    struct overview *overview = map->overview;
    make_places(map);
    size_t place = place_of(map, hash);
    if (!map->places[place]) {
        overview->sites = must_grow(
            overview->sites, overview->site_count, &map->capacity, sizeof(*overview->sites));
        struct overview_site *site = &overview->sites[overview->site_count++];
        *site = (struct overview_site){.full_hash = hash, .stack = stack};
        site_format_hash(hash, SITE_HASH_DIGITS, site->hash);
        map->places[place] = (uint32_t)overview->site_count;
    }
    return map->places[place];
}

static struct overview_site *site_of(struct site_map *map, uint32_t stack)
{
    stack = stack < map->overview->image->stack_count ? stack : 0;
    if (!map->sites[stack]) {
        uint64_t hash = stack ? symbols_stack(map->symbols, stack)->hash : 0;
        map->sites[stack] = add_site(map, hash, stack);
    }
    return &map->overview->sites[map->sites[stack] - 1];
}

// ---- Blocks ----

static struct overview_size *size_row(struct overview *overview, uint64_t size)
{
    unsigned row = 0;
    while (row + 1 < OVERVIEW_SIZES && overview->sizes[row].size_max < size) {
        row++;
    }
    return &overview->sizes[row];
}

static void add_sum(struct site_sum *sum, uint64_t count, uint64_t bytes)
{
    sum->count += count;
    sum->bytes += bytes;
}

static void add_block(struct site_map *map, const struct image_block *block)
{
    struct overview *overview = map->overview;
    struct site_sum estimate = site_estimate(overview->image, block);
    add_sum(&overview->live, 1, block->size);
    add_sum(&site_of(map, block->stack)->live, estimate.count, estimate.bytes);
    add_sum(&size_row(overview, block->size)->live, 1, block->size);
    add_sum(&overview->by_class[block->class_ % SITE_CLASS_COUNT], 1, block->size);
    overview->has_classes |= block->class_ != REACH_NOT_SEARCHED;
    overview->slack_size += block->slack;
}

static void add_blocks(struct site_map *map)
{
    const struct image *image = map->overview->image;
    for (size_t index = 0; index < image->block_count; index++) {
        if (image->blocks[index].kind == IMAGE_BUSY) {
            add_block(map, &image->blocks[index]);
        }
    }
}

// ---- Sparse pages ----

static uint64_t last_page(const struct image_block *block)
{
    uint64_t end = block->address + block->size;
    return (end > block->address ? end - 1 : block->address) >> PAGE_SHIFT;
}

// The next busy block from `index` on; the number of blocks: there is none.
static size_t next_busy(const struct image *image, size_t index)
{
    while (index < image->block_count && image->blocks[index].kind != IMAGE_BUSY) {
        index++;
    }
    return index;
}

// Pages on which one small block lies and no other: what could be given back but for it.
static void count_sparse_pages(struct site_map *map)
{
    struct overview *overview = map->overview;
    const struct image *image = overview->image;
    uint64_t *pages = must_allocate(overview->site_count + 1, sizeof(*pages));
    uint64_t before = 0; // last page of the block before
    for (size_t index = next_busy(image, 0); index < image->block_count;) {
        const struct image_block *block = &image->blocks[index];
        size_t next = next_busy(image, index + 1);
        uint64_t page = block->address >> PAGE_SHIFT;
        bool is_alone =
            page == last_page(block) && page != before &&
            (next == image->block_count || image->blocks[next].address >> PAGE_SHIFT != page);
        if (is_alone && block->size < (1 << PAGE_SHIFT) / 2) {
            overview->sparse_pages++;
            pages[site_of(map, block->stack) - overview->sites]++;
        }
        before = last_page(block);
        index = next;
    }
    for (size_t site = 0; site < overview->site_count; site++) {
        if (pages[site] > overview->sparse_site_pages) {
            overview->sparse_site_pages = pages[site];
            overview->sparse_site = &overview->sites[site];
        }
    }
    free(pages);
}

// ---- The course ----

static void add_interval(struct overview *overview, const struct capture_interval *interval)
{
    add_sum(&overview->allocated, interval->allocated_count, interval->allocated_size);
    add_sum(&overview->freed, interval->freed_count, interval->freed_size);
    overview->temporary_count += interval->temporary_count;
    if (interval->peak_size > overview->peak_size) {
        overview->peak_size = interval->peak_size;
        overview->peak_ns = interval->peak_ns;
    }
    if (interval->resident_size > overview->peak_resident) {
        overview->peak_resident = interval->resident_size;
    }
}

// The part of the run that a time lies in; OVERVIEW_PARTS: in the first quarter.
static unsigned part_of(const struct overview *overview, uint64_t time_ns)
{
    uint64_t start = overview->duration_ns / 4;
    uint64_t length = (overview->duration_ns - start) / OVERVIEW_PARTS + 1;
    return time_ns < start ? OVERVIEW_PARTS : (unsigned)((time_ns - start) / length);
}

static void find_growth(struct overview *overview)
{
    const struct capture *capture = overview->capture;
    uint64_t *minimums = overview->part_minimums;
    memset(minimums, 0xff, sizeof(overview->part_minimums));
    for (size_t index = 0; index < capture->interval_count; index++) {
        const struct capture_interval *interval = &capture->intervals[index];
        unsigned part = part_of(overview, interval->end_ns);
        if (part < OVERVIEW_PARTS && interval->live_size < minimums[part]) {
            minimums[part] = interval->live_size;
        }
    }
    overview->is_growing = capture->interval_count >= INTERVALS_FOR_GROWTH;
    for (unsigned part = 0; part < OVERVIEW_PARTS; part++) {
        overview->is_growing &= minimums[part] != UINT64_MAX;
        overview->is_growing &= part == 0 || minimums[part] > minimums[part - 1];
    }
    if (overview->is_growing) {
        double growth = (double)(minimums[OVERVIEW_PARTS - 1] - minimums[0]);
        double minutes =
            (double)overview->duration_ns * 0.75 * (OVERVIEW_PARTS - 1) / OVERVIEW_PARTS / 60e9;
        overview->growth_a_minute = (uint64_t)(growth / minutes);
    }
}

static void note_part(struct overview *overview, unsigned part)
{
    for (size_t site = 0; site < overview->site_count; site++) {
        struct overview_site *found = &overview->sites[site];
        found->parts[part] = found->running_size > 0 ? (uint64_t)found->running_size : 0;
    }
}

static void note_peak(struct overview *overview)
{
    for (size_t site = 0; site < overview->site_count; site++) {
        struct overview_site *found = &overview->sites[site];
        found->peak_size = found->running_size > 0 ? (uint64_t)found->running_size : 0;
    }
}

static void add_change(struct site_map *map, const struct capture_change *change)
{
    struct overview_site *site = site_of(map, change->stack);
    add_sum(&site->allocated, change->allocated_count, change->allocated_size);
    site->freed_count += change->freed_count;
    site->temporary_count += change->temporary_count;
    site->lifetime_ns += change->lifetime_ns;
    site->running_size += (int64_t)(change->allocated_size - change->freed_size);
    if (!map->overview->capture->has_image) {
        site->live.count += change->allocated_count - change->freed_count;
        site->live.bytes += change->allocated_size - change->freed_size;
    }
}

// Goes through all changes in order of time and notes what sites hold at the peak and at the end of
// each part.
static void add_changes(struct site_map *map)
{
    struct overview *overview = map->overview;
    const struct capture *capture = overview->capture;
    size_t change = 0;
    for (size_t index = 0; index < capture->interval_count; index++) {
        const struct capture_interval *interval = &capture->intervals[index];
        for (; change < capture->change_count && capture->changes[change].interval == index;
             change++) {
            add_change(map, &capture->changes[change]);
        }
        if (interval->peak_size == overview->peak_size && interval->peak_ns == overview->peak_ns) {
            note_peak(overview);
        }
        unsigned part = part_of(overview, interval->end_ns);
        bool is_last =
            index + 1 == capture->interval_count || part_of(overview, interval[1].end_ns) != part;
        if (part < OVERVIEW_PARTS && is_last) {
            note_part(overview, part);
        }
    }
    for (size_t site = 0; site < overview->site_count; site++) {
        struct overview_site *found = &overview->sites[site];
        for (unsigned part = 1; part < OVERVIEW_PARTS; part++) {
            found->grown_parts += found->parts[part] > found->parts[part - 1];
        }
    }
}

static void add_course(struct site_map *map)
{
    struct overview *overview = map->overview;
    const struct capture *capture = overview->capture;
    overview->has_course = true;
    overview->duration_ns = capture->intervals[capture->interval_count - 1].end_ns;
    for (size_t index = 0; index < capture->interval_count; index++) {
        add_interval(overview, &capture->intervals[index]);
    }
    find_growth(overview);
    add_changes(map);
    if (!capture->has_image) {
        const struct capture_interval *last = &capture->intervals[capture->interval_count - 1];
        overview->live = (struct site_sum){last->live_count, last->live_size};
    }
    for (size_t index = 0; index < capture->size_count; index++) {
        const struct capture_size *size = &capture->sizes[index];
        size_row(overview, size->size_min)->allocated_count += size->allocated_count;
    }
}

// ---- All ----

struct overview *overview_create(const struct subject *subject, struct symbols *symbols)
{
    struct overview *overview = must_allocate(1, sizeof(*overview));
    overview->image = subject->image;
    overview->capture = subject->capture;
    overview->is_sampled = site_is_sampled(subject->image);
    overview->has_blocks = !subject->capture || subject->capture->has_image;
    for (unsigned row = 0; row < OVERVIEW_SIZES; row++) {
        overview->sizes[row].size_max = row + 1 == OVERVIEW_SIZES ? UINT64_MAX : 1ull << row;
    }
    struct site_map map = {
        .overview = overview,
        .symbols = symbols,
        .sites = must_allocate(subject->image->stack_count + 1, sizeof(*map.sites)),
    };
    add_blocks(&map);
    if (overview->capture && overview->capture->interval_count) {
        add_course(&map);
    }
    count_sparse_pages(&map);
    committed_memory(overview->image, &overview->committed_size, &overview->unused_size);
    free(map.sites);
    free(map.places);
    return overview;
}

void overview_destroy(struct overview *overview)
{
    if (overview) {
        free(overview->sites);
        free(overview);
    }
}

uint64_t overview_value(const struct overview_site *site, enum overview_order order)
{
    switch (order) {
    case OVERVIEW_BY_ALLOCATED:
        return site->allocated.count;
    case OVERVIEW_BY_TEMPORARY:
        return site->temporary_count;
    case OVERVIEW_BY_PEAK:
        return site->peak_size;
    case OVERVIEW_BY_GROWTH:
        return site->grown_parts + 1 == OVERVIEW_PARTS
                   ? site->parts[OVERVIEW_PARTS - 1] - site->parts[0]
                   : 0;
    default:
        return site->live.bytes;
    }
}

static int compare_sites(const void *left, const void *right, void *context)
{
    const struct overview_site *a = left;
    const struct overview_site *b = right;
    enum overview_order order = *(enum overview_order *)context;
    uint64_t value_a = overview_value(a, order);
    uint64_t value_b = overview_value(b, order);
    if (value_a != value_b) {
        return value_a < value_b ? 1 : -1;
    }
    return (a->full_hash > b->full_hash) - (a->full_hash < b->full_hash);
}

void overview_sort(struct overview *overview, enum overview_order order)
{
    uint64_t sparse = overview->sparse_site ? overview->sparse_site->full_hash : 0;
    if (overview->site_count == 0) {
        return;
    }
    qsort_r(overview->sites, overview->site_count, sizeof(*overview->sites), compare_sites, &order);
    for (size_t site = 0; overview->sparse_site && site < overview->site_count; site++) {
        if (overview->sites[site].full_hash == sparse) {
            overview->sparse_site = &overview->sites[site];
            break;
        }
    }
}

void overview_series(
    const struct overview *overview, bool is_resident, uint64_t *values, size_t count)
{
    const struct capture *capture = overview->capture;
    uint64_t length = overview->duration_ns / count + 1;
    size_t next = 0;
    memset(values, 0, count * sizeof(*values));
    for (size_t index = 0; index < capture->interval_count; index++) {
        const struct capture_interval *interval = &capture->intervals[index];
        uint64_t value = is_resident ? interval->resident_size : interval->peak_size;
        size_t step = (size_t)(interval->end_ns / length);
        step = step < count ? step : count - 1;
        // A long interval covers several steps.
        for (; next < step; next++) {
            values[next] = values[next] ? values[next] : value;
        }
        values[step] = value > values[step] ? value : values[step];
        next = step;
    }
}
