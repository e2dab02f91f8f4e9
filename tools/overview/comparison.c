// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "overview/comparison.h"

#include "cli/memory.h"
#include "overview/overview.h"

#include <stdlib.h>

void comparison_init(struct comparison *comparison, size_t side_count)
{
    comparison->side_count = side_count;
    comparison->sides = must_allocate(side_count, sizeof(*comparison->sides));
    comparison->groups.image_count = side_count;
}

void comparison_release(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->side_count; i++) {
        free(comparison->sides[i].sparse_site);
    }
    free(comparison->sides);
    groups_release(&comparison->groups);
}

static void find_sparse(
    const struct subject *subject, struct symbols *symbols, struct comparison_side *side)
{
    struct overview *overview = overview_create(subject, symbols);
    side->sparse_pages = overview->sparse_pages;
    side->sparse_site_pages = overview->sparse_site_pages;
    if (overview->sparse_site) {
        side->sparse_site = stack_label(symbols, overview->sparse_site->stack);
    }
    overview_destroy(overview);
}

static struct site_sum sum_of_busy(const struct image *image)
{
    struct site_sum sum = {0};
    for (size_t index = 0; index < image->block_count; index++) {
        if (image->blocks[index].kind == IMAGE_BUSY) {
            sum.count++;
            sum.bytes += image->blocks[index].size;
        }
    }
    return sum;
}

void comparison_add(struct comparison *comparison, size_t number, const struct subject *subject,
    struct symbols *symbols, const char *name)
{
    const struct image *image = subject->image;
    struct comparison_side *side = &comparison->sides[number];
    uint64_t unused;
    committed_memory(image, &side->committed_size, &unused);
    side->subject = name;
    side->process_id = image->process_id;
    side->taken_at = image->taken_at;
    side->sum = sum_of_busy(image);
    side->fragmentation = side->committed_size ? (double)unused / (double)side->committed_size : 0;
    groups_add(&comparison->groups, comparison->by, image, symbols, number);
    if (comparison->by == GROUP_BY_STACK) {
        find_sparse(subject, symbols, side);
    }
}

/// Of two images any change, of more steady growth; with a threshold only growth beyond it.
static bool is_finding(const struct comparison *comparison, const struct group *group)
{
    if (comparison->side_count > 2 && !group_is_steady(group)) {
        return false;
    }
    if (!comparison->has_threshold) {
        return group_has_changed(group);
    }
    return group_growth(group) > 0 && (uint64_t)group_growth(group) > comparison->threshold;
}

void comparison_finish(struct comparison *comparison)
{
    groups_sort(&comparison->groups);
    groups_tell_apart(&comparison->groups);
    for (size_t index = 0; index < comparison->groups.count; index++) {
        const struct group *group = &comparison->groups.items[index];
        comparison->changed_count += group_has_changed(group);
        comparison->has_finding |= is_finding(comparison, group);
    }
}
