// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "sites/sites.h"

#include "cli/memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)SITE_CLASS_COUNT >= (int)REACH_CLASS_COUNT, "every class has its sum");

/// What makes blocks belong together, and the hash that a user sees.
struct site_key {
    uint64_t group;
    uint64_t hash;
};

/// While blocks are sorted into sites.
struct grouping {
    const struct image *image;
    struct symbols *symbols;
    const struct sites_options *options;
    struct sites *sites;
    size_t capacity;
    size_t *slots; ///< hash table: index of the site + 1; a power of two of them
    size_t slot_count;
    uint64_t *groups; ///< of each site
    size_t group_capacity;
    struct site_key *stack_keys; ///< by stack; hash 0: not made yet
    uint32_t *site_of;           ///< index of the site of each chosen block
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + UINT64_C(0x9E3779B97F4A7C15) + (hash << 6) + (hash >> 2);
    hash *= UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 32;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != 0; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    }
    return mix(hash, 1);
}

// ---- Keys ---------------------------------------------------------------------------------------

/// Over the frames that are shown, with the very calls: modules and offsets.
static uint64_t exact_group(const struct symbol_stack *stack, size_t depth)
{
    uint64_t hash = stack->hash;
    size_t count = 0;
    for (size_t i = stack->first; i < stack->end; i++, count++) {
        if (depth != 0 && count == depth) {
            break;
        }
        hash = mix(hash, stack->frames[i]->hash);
        hash = mix(hash, stack->frames[i]->offset);
    }
    return hash;
}

static uint64_t shallow_hash(const struct symbol_stack *stack, size_t depth)
{
    uint64_t hash = 1;
    for (size_t i = stack->first; i < stack->end && i - stack->first < depth; i++) {
        hash = mix(hash, stack->frames[i]->hash);
    }
    return hash | 1;
}

static struct site_key stack_key(const struct grouping *grouping, uint32_t number)
{
    const struct symbol_stack *stack = symbols_stack(grouping->symbols, number);
    size_t depth = grouping->options->depth;
    struct site_key key = {.hash = stack->hash};
    if (depth != 0 && depth < SYMBOLS_HASH_FRAMES) {
        key.hash = shallow_hash(stack, depth);
    }
    key.group = grouping->options->grouping == SITES_BY_HASH ? key.hash : exact_group(stack, depth);
    return key;
}

/// Of a block whose stack nobody knows: the place in the source, or the heap.
static struct site_key plain_key(const struct image *image, const struct image_block *block)
{
    struct site_key key = {.hash = 3};
    const struct image_detail *detail = image_detail(image, block);
    if (detail->file != 0) {
        key.hash =
            mix(hash_text(key.hash, image_string(image, detail->file)), (uint64_t)detail->line);
        key.group = key.hash;
        return key;
    }
    const char *name =
        block->heap < image->heap_count ? image_string(image, image->heaps[block->heap].name) : "";
    key.hash = hash_text(key.hash, name);
    key.group = mix(key.hash, block->heap);
    return key;
}

static struct site_key key_of(struct grouping *grouping, const struct image_block *block)
{
    if (block->stack == 0 || block->stack >= grouping->image->stack_count) {
        return plain_key(grouping->image, block);
    }
    struct site_key *key = &grouping->stack_keys[block->stack];
    if (key->hash == 0) {
        *key = stack_key(grouping, block->stack);
        // A stack without frames has no hash.
        if (key->hash == 0) {
            *key = (struct site_key){1, 1};
        }
    }
    return *key;
}

// ---- Sites --------------------------------------------------------------------------------------

static size_t find_slot(const struct grouping *grouping, uint64_t group)
{
    size_t mask = grouping->slot_count - 1;
    size_t slot = (size_t)mix(7, group) & mask;
    while (grouping->slots[slot] != 0 && grouping->groups[grouping->slots[slot] - 1] != group) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void enlarge(struct grouping *grouping)
{
    free(grouping->slots);
    grouping->slot_count *= 2;
    grouping->slots = must_allocate(grouping->slot_count, sizeof(*grouping->slots));
    for (size_t i = 0; i < grouping->sites->count; i++) {
        grouping->slots[find_slot(grouping, grouping->groups[i])] = i + 1;
    }
}

static size_t site_for(struct grouping *grouping, const struct site_key *key)
{
    size_t slot = find_slot(grouping, key->group);
    if (grouping->slots[slot] != 0) {
        return grouping->slots[slot] - 1;
    }
    struct sites *sites = grouping->sites;
    if (sites->count >= grouping->slot_count / 2) {
        enlarge(grouping);
        slot = find_slot(grouping, key->group);
    }
    sites->items =
        must_grow(sites->items, sites->count, &grouping->capacity, sizeof(*sites->items));
    grouping->groups = must_grow(
        grouping->groups, sites->count, &grouping->group_capacity, sizeof(*grouping->groups));
    sites->items[sites->count] = (struct site){.full_hash = key->hash, .representative = SIZE_MAX};
    grouping->groups[sites->count] = key->group;
    grouping->slots[slot] = ++sites->count;
    return sites->count - 1;
}

static void add_sum(struct site_sum *sum, uint64_t bytes)
{
    sum->count++;
    sum->bytes += bytes;
}

/// Whether a block shows better than another what a site is about.
static bool is_better(
    const struct image *image, const struct image_block *block, const struct image_block *other)
{
    if (block->class_ != other->class_) {
        return block->class_ > other->class_;
    }
    uint64_t time = block->time_ns != 0 ? block->time_ns : UINT64_MAX;
    uint64_t other_time = other->time_ns != 0 ? other->time_ns : UINT64_MAX;
    if (time != other_time) {
        return time < other_time;
    }
    // 0, which is none, becomes the largest.
    return image_detail(image, block)->number - 1 < image_detail(image, other)->number - 1;
}

static void note_time(struct site *site, uint64_t time)
{
    if (time == 0) {
        return;
    }
    if (site->oldest_ns == 0 || time < site->oldest_ns) {
        site->oldest_ns = time;
    }
    if (time > site->newest_ns) {
        site->newest_ns = time;
    }
}

static void note_thread(struct site *site, uint32_t thread)
{
    if (site->sum.count == 1) {
        site->thread_id = thread;
        site->thread_count = thread != 0 ? 1 : 0;
    } else if (thread != site->thread_id) {
        site->thread_id = 0;
        site->thread_count = 2;
    }
}

static void add_block(
    struct sites *sites, struct site *site, const struct image *image, size_t index)
{
    const struct image_block *block = &image->blocks[index];
    uint32_t class_ = block->class_ < SITE_CLASS_COUNT ? block->class_ : REACH_NOT_SEARCHED;
    add_sum(&site->sum, block->size);
    add_sum(&site->by_class[class_], block->size);
    add_sum(&sites->sum, block->size);
    add_sum(&sites->by_class[class_], block->size);
    struct site_sum estimate = site_estimate(image, block);
    site->estimate.count += estimate.count;
    site->estimate.bytes += estimate.bytes;
    site->largest = block->size > site->largest ? block->size : site->largest;
    site->worst_class = class_ > site->worst_class ? class_ : site->worst_class;
    note_time(site, block->time_ns);
    note_thread(site, block->thread_id);
    if (site->representative == SIZE_MAX ||
        is_better(image, block, &image->blocks[site->representative])) {
        site->representative = index;
        site->stack = block->stack;
        site->file = image_detail(image, block)->file;
        site->line = image_detail(image, block)->line;
    }
}

/// Puts the chosen blocks' indexes in the order of their sites.
static void gather_blocks(struct grouping *grouping, const uint32_t *chosen, size_t count)
{
    struct sites *sites = grouping->sites;
    size_t *next = must_allocate(sites->count + 1, sizeof(*next));
    size_t position = 0;
    for (size_t i = 0; i < sites->count; i++) {
        sites->items[i].first_block = position;
        next[i] = position;
        position += (size_t)sites->items[i].sum.count;
    }
    sites->blocks = must_allocate(count + 1, sizeof(*sites->blocks));
    sites->block_count = count;
    for (size_t i = 0; i < count; i++) {
        sites->blocks[next[grouping->site_of[i]]++] = chosen[i];
    }
    free(next);
}

static bool is_wanted(const struct grouping *grouping, size_t index)
{
    const struct sites_options *options = grouping->options;
    return options->is_wanted != NULL ? options->is_wanted(options->context, grouping->image, index)
                                      : grouping->image->blocks[index].kind == IMAGE_BUSY;
}

static void group_blocks(struct grouping *grouping)
{
    const struct image *image = grouping->image;
    uint32_t *chosen = NULL;
    size_t chosen_capacity = 0;
    size_t site_capacity = 0;
    size_t count = 0;
    for (size_t i = 0; i < image->block_count; i++) {
        if (!is_wanted(grouping, i)) {
            continue;
        }
        struct site_key key = key_of(grouping, &image->blocks[i]);
        size_t site = site_for(grouping, &key);
        add_block(grouping->sites, &grouping->sites->items[site], image, i);
        chosen = must_grow(chosen, count, &chosen_capacity, sizeof(*chosen));
        grouping->site_of =
            must_grow(grouping->site_of, count, &site_capacity, sizeof(*grouping->site_of));
        chosen[count] = (uint32_t)i;
        grouping->site_of[count++] = (uint32_t)site;
    }
    gather_blocks(grouping, chosen, count);
    free(chosen);
}

// ---- Hashes as text -----------------------------------------------------------------------------

char *site_format_hash(uint64_t hash, size_t digits, char buffer[SITE_HASH_SIZE])
{
    snprintf(buffer, SITE_HASH_SIZE, "%016" PRIx64, hash);
    buffer[digits < SITE_HASH_SIZE - 1 ? digits : SITE_HASH_SIZE - 1] = 0;
    return buffer;
}

static int compare_hashes(const void *left_item, const void *right_item)
{
    uint64_t left = *(const uint64_t *)left_item;
    uint64_t right = *(const uint64_t *)right_item;
    return left < right ? -1 : left > right;
}

/// Digits by which all different hashes can be told apart.
static size_t needed_digits(const struct sites *sites)
{
    uint64_t *hashes = must_allocate(sites->count + 1, sizeof(*hashes));
    for (size_t i = 0; i < sites->count; i++) {
        hashes[i] = sites->items[i].full_hash;
    }
    qsort(hashes, sites->count, sizeof(*hashes), compare_hashes);
    size_t digits = SITE_HASH_DIGITS;
    for (size_t i = 1; i < sites->count; i++) {
        uint64_t difference = hashes[i] ^ hashes[i - 1];
        while (difference != 0 && digits < SITE_HASH_SIZE - 1 &&
               difference >> (64 - 4 * digits) == 0) {
            digits++;
        }
    }
    free(hashes);
    return digits;
}

void sites_set_hashes(struct sites *sites)
{
    size_t digits = needed_digits(sites);
    for (size_t i = 0; i < sites->count; i++) {
        site_format_hash(sites->items[i].full_hash, digits, sites->items[i].hash);
    }
}

bool site_has_hash(const struct site *site, const char *hash)
{
    char full[SITE_HASH_SIZE];
    site_format_hash(site->full_hash, SITE_HASH_SIZE - 1, full);
    hash += hash[0] == '#' ? 1 : 0;
    size_t length = strlen(hash);
    return length > 0 && strncasecmp(full, hash, length) == 0;
}

// ---- All of it ----------------------------------------------------------------------------------

struct sites *sites_create(
    const struct image *image, struct symbols *symbols, const struct sites_options *options)
{
    static const struct sites_options defaults = {0};
    struct sites *sites = must_allocate(1, sizeof(*sites));
    struct grouping grouping = {.image = image,
        .symbols = symbols,
        .options = options != NULL ? options : &defaults,
        .sites = sites,
        .slot_count = 256,
        .group_capacity = 128};
    grouping.slots = must_allocate(grouping.slot_count, sizeof(*grouping.slots));
    grouping.groups = must_allocate(grouping.group_capacity, sizeof(*grouping.groups));
    grouping.stack_keys = must_allocate(image->stack_count + 1, sizeof(*grouping.stack_keys));
    group_blocks(&grouping);
    sites_set_hashes(sites);
    free(grouping.slots);
    free(grouping.groups);
    free(grouping.stack_keys);
    free(grouping.site_of);
    sites_sort(sites, SITES_BY_BYTES);
    return sites;
}

void sites_destroy(struct sites *sites)
{
    if (sites != NULL) {
        free(sites->items);
        free(sites->blocks);
        free(sites);
    }
}

// ---- Orders -------------------------------------------------------------------------------------

static int more_first(uint64_t left, uint64_t right)
{
    return left > right ? -1 : left < right;
}

static int compare_ties(const struct site *left, const struct site *right)
{
    int result = more_first(left->sum.bytes, right->sum.bytes);
    if (result == 0) {
        result = more_first(left->sum.count, right->sum.count);
    }
    if (result == 0) {
        result = -more_first(left->full_hash, right->full_hash);
    }
    return result != 0 ? result : -more_first(left->representative, right->representative);
}

static int compare_bytes(const void *left, const void *right)
{
    return compare_ties(left, right);
}

static int compare_count(const void *left_item, const void *right_item)
{
    const struct site *left = left_item;
    const struct site *right = right_item;
    int result = more_first(left->sum.count, right->sum.count);
    return result != 0 ? result : compare_ties(left, right);
}

static int compare_estimate(const void *left_item, const void *right_item)
{
    const struct site *left = left_item;
    const struct site *right = right_item;
    int result = more_first(left->estimate.bytes, right->estimate.bytes);
    return result != 0 ? result : compare_ties(left, right);
}

static int compare_class(const void *left_item, const void *right_item)
{
    const struct site *left = left_item;
    const struct site *right = right_item;
    int result = more_first(left->worst_class, right->worst_class);
    if (result == 0) {
        result = more_first(
            left->by_class[left->worst_class].bytes, right->by_class[right->worst_class].bytes);
    }
    return result != 0 ? result : compare_ties(left, right);
}

static int compare_age(const void *left_item, const void *right_item)
{
    const struct site *left = left_item;
    const struct site *right = right_item;
    // Unknown times come last.
    int result = -more_first(left->oldest_ns - 1, right->oldest_ns - 1);
    return result != 0 ? result : compare_ties(left, right);
}

void sites_sort(struct sites *sites, enum site_order order)
{
    static int (*const compare[])(const void *, const void *) = {
        [SITES_BY_BYTES] = compare_bytes,
        [SITES_BY_COUNT] = compare_count,
        [SITES_BY_ESTIMATE] = compare_estimate,
        [SITES_BY_CLASS] = compare_class,
        [SITES_BY_AGE] = compare_age,
    };
    if (sites->count > 1) {
        qsort(sites->items, sites->count, sizeof(*sites->items), compare[order]);
    }
}
