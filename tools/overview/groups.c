// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "overview/groups.h"

#include "capture/subject.h"
#include "cli/memory.h"
#include "image/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const KEY_NAMES[GROUP_KEY_COUNT] = {
    [GROUP_BY_STACK] = "stack",
    [GROUP_BY_TYPE] = "type",
    [GROUP_BY_HEAP] = "heap",
    [GROUP_BY_CLASS] = "class",
    [GROUP_BY_THREAD] = "thread",
    [GROUP_BY_MODULE] = "module",
    [GROUP_BY_AGE] = "age",
};

bool group_key_parse(const char *text, enum group_key *key)
{
    for (unsigned index = 0; index < GROUP_KEY_COUNT; index++) {
        if (strcmp(KEY_NAMES[index], text) == 0) {
            *key = index;
            return true;
        }
    }
    return false;
}

const char *group_key_name(enum group_key key)
{
    return KEY_NAMES[key];
}

// ---- The table ----

static size_t place_of(const struct groups *groups, const char *key)
{
    uint64_t hash = 14695981039346656037u;
    for (const char *next = key; *next; next++) {
        hash = (hash ^ (uint8_t)*next) * 1099511628211u;
    }
    size_t place = (hash ^ hash >> 32) & (groups->place_count - 1);
    while (
        groups->places[place] && strcmp(groups->items[groups->places[place] - 1].key, key) != 0) {
        place = (place + 1) & (groups->place_count - 1);
    }
    return place;
}

static void make_places(struct groups *groups)
{
    if (groups->count * 2 < groups->place_count) {
        return;
    }
    free(groups->places);
    groups->place_count = groups->place_count ? groups->place_count * 2 : 256;
    groups->places = must_allocate(groups->place_count, sizeof(*groups->places));
    for (size_t index = 0; index < groups->count; index++) {
        groups->places[place_of(groups, groups->items[index].key)] = (uint32_t)(index + 1);
    }
}

static struct group *group_of(struct groups *groups, const char *key, const char *label)
{
    make_places(groups);
    size_t place = place_of(groups, key);
    if (!groups->places[place]) {
        groups->items =
            must_grow(groups->items, groups->count, &groups->capacity, sizeof(*groups->items));
        groups->items[groups->count++] = (struct group){.key = must_copy_text(key),
            .label = must_copy_text(label),
            .sums = must_allocate(groups->image_count, sizeof(struct site_sum)),
            .sum_count = groups->image_count};
        groups->places[place] = (uint32_t)groups->count;
    }
    return &groups->items[groups->places[place] - 1];
}

static void add(struct group *group, size_t number, struct site_sum sum)
{
    group->sums[number].count += sum.count;
    group->sums[number].bytes += sum.bytes;
}

void groups_release(struct groups *groups)
{
    for (size_t index = 0; index < groups->count; index++) {
        free(groups->items[index].key);
        free(groups->items[index].label);
        free(groups->items[index].callers);
        free(groups->items[index].sums);
    }
    free(groups->items);
    free(groups->places);
    *groups = (struct groups){0};
}

// ---- Keys of blocks ----

enum {
    KEY_SIZE = 1024
};

static void type_key(const struct image *image, const struct image_block *block, char *key)
{
    const char *type = image_type_name(image, block);
    uint16_t subtype = image_detail(image, block)->subtype;
    if (*type && subtype) {
        snprintf(key, KEY_SIZE, "%s, subtype 0x%x", type, subtype);
    } else {
        snprintf(key, KEY_SIZE, "%s", *type ? type : "not of the debug heap");
    }
}

// Heaps without a name are told by their handle: the same in two snapshots of one process.
static void heap_key(const struct image *image, const struct image_block *block, char *key)
{
    const struct image_heap *heap =
        block->heap < image->heap_count ? &image->heaps[block->heap] : NULL;
    const char *name = heap ? image_string(image, heap->name) : "";
    if (*name) {
        snprintf(key, KEY_SIZE, "%s", name);
    } else {
        snprintf(key, KEY_SIZE, "0x%" PRIx64, heap ? heap->handle : 0);
    }
}

static void class_key(const struct image *image, const struct image_block *block, char *key)
{
    char size[16];
    uint64_t whole = block->size + image_overhead(image, block);
    if (block->flags & IMAGE_BLOCK_IN_SPAN) {
        snprintf(key, KEY_SIZE, "%" PRIu64 " bytes", whole);
        return;
    }
    uint64_t limit = 16;
    while (limit < whole && limit < UINT64_MAX / 2) {
        limit *= 2;
    }
    snprintf(key, KEY_SIZE, "%s, up to %s",
        block->flags & IMAGE_BLOCK_LARGE      ? "large"
        : block->flags & IMAGE_BLOCK_IN_MIXED ? "mixed"
                                              : "other",
        cli_format_size(limit, size));
}

static void thread_key(const struct image *image, const struct image_block *block, char *key)
{
    if (block->thread_id == 0) {
        snprintf(key, KEY_SIZE, "thread not known");
        return;
    }
    const char *name = image_thread_name(image, block->thread_id);
    int size = snprintf(key, KEY_SIZE, "%" PRIu32, block->thread_id);
    if (*name) {
        snprintf(key + size, (size_t)(KEY_SIZE - size), " \"%s\"", name);
    }
}

static void module_key(struct symbols *symbols, const struct image_block *block, char *key)
{
    const struct symbol_frame *site = block->stack ? symbols_site(symbols, block->stack) : NULL;
    snprintf(
        key, KEY_SIZE, "%s", site && *site->module_name ? site->module_name : "module not known");
}

static void age_key(const struct image *image, const struct image_block *block, char *key)
{
    static const struct {
        uint64_t seconds;
        const char *text;
    } ages[] = {
        {1, "below 1 s"},
        {10, "1 s to 10 s"},
        {60, "10 s to 1 min"},
        {600, "1 min to 10 min"},
        {3600, "10 min to 1 h"},
        {86400, "1 h to 1 day"},
    };
    const char *text = "1 day and more";
    uint64_t age = 0;
    bool is_known = image_age(image, block, &age);
    for (size_t index = sizeof(ages) / sizeof(ages[0]); index-- > 0;) {
        text = age < ages[index].seconds * 1000000000 ? ages[index].text : text;
    }
    snprintf(key, KEY_SIZE, "%s", is_known ? text : "age not known");
}

static void block_key(enum group_key by, const struct image *image, struct symbols *symbols,
    const struct image_block *block, char *key)
{
    switch (by) {
    case GROUP_BY_TYPE:
        type_key(image, block, key);
        break;
    case GROUP_BY_HEAP:
        heap_key(image, block, key);
        break;
    case GROUP_BY_CLASS:
        class_key(image, block, key);
        break;
    case GROUP_BY_THREAD:
        thread_key(image, block, key);
        break;
    case GROUP_BY_MODULE:
        module_key(symbols, block, key);
        break;
    default:
        age_key(image, block, key);
    }
}

// Heaps, types and sizes are known of every block; the rest of samples only.
static struct site_sum sum_of(
    enum group_key by, const struct image *image, const struct image_block *block)
{
    if (by == GROUP_BY_HEAP || by == GROUP_BY_TYPE || by == GROUP_BY_CLASS) {
        return (struct site_sum){1, block->size};
    }
    return site_estimate(image, block);
}

static void add_blocks(struct groups *groups, enum group_key by, const struct image *image,
    struct symbols *symbols, size_t number)
{
    char key[KEY_SIZE];
    for (size_t index = 0; index < image->block_count; index++) {
        const struct image_block *block = &image->blocks[index];
        if (block->kind == IMAGE_BUSY) {
            block_key(by, image, symbols, block, key);
            add(group_of(groups, key, key), number, sum_of(by, image, block));
        }
    }
}

// ---- Stacks ----

enum {
    LABEL_DEPTH = 2,  ///< functions in a label
    CALLERS_MAX = 12, ///< in a label that reads like another one otherwise
};
static const size_t NO_FRAME = SIZE_MAX;

static bool is_same_function(const struct symbol_frame *a, const struct symbol_frame *b)
{
    return *a->function && strcmp(a->function, b->function) == 0;
}

// The frame that called `callee`: the program's own if there is one, and another function, as
// compilers split functions and programs recurse.  NO_FRAME: there is none.
static size_t caller_of(const struct symbol_stack *stack, size_t callee)
{
    size_t any = NO_FRAME;
    for (size_t index = callee + 1; index < stack->end; index++) {
        const struct symbol_frame *frame = stack->frames[index];
        if (is_same_function(frame, stack->frames[callee])) {
            continue;
        }
        if (!frame->is_system) {
            return index;
        }
        any = any != NO_FRAME ? any : index;
    }
    return any;
}

// The innermost of the program's own functions of a stack and who called it, a line each, innermost
// first; at most `depth` of them.  To be freed.
static char *list_callers(const struct symbol_stack *stack, size_t depth)
{
    char *text = must_copy_text("");
    char name[512];
    size_t frame = stack->site < stack->count ? stack->site : 0;
    for (size_t i = 0; i < depth && frame != NO_FRAME; i++) {
        symbols_name(stack->frames[frame], name, sizeof(name));
        char *longer = must_format("%s%s%s", text, i ? "\n" : "", name);
        free(text);
        text = longer;
        frame = caller_of(stack, frame);
    }
    return text;
}

// The first `depth` lines as one: "conn_new <- on_accept". To be freed.
static char *join_callers(const char *callers, size_t depth)
{
    char *text = must_copy_text("");
    for (size_t i = 0; i < depth && *callers; i++) {
        size_t size = strcspn(callers, "\n");
        char *longer = must_format("%s%s%.*s", text, i ? " <- " : "", (int)size, callers);
        free(text);
        text = longer;
        callers += size + (callers[size] == '\n');
    }
    return text;
}

char *stack_label(struct symbols *symbols, uint32_t number)
{
    const struct symbol_stack *stack = symbols_stack(symbols, number);
    if (stack->count == 0) {
        return must_copy_text("(no call stack)");
    }
    char *callers = list_callers(stack, LABEL_DEPTH);
    char *label = join_callers(callers, LABEL_DEPTH);
    free(callers);
    return label;
}

// What is recorded of blocks without a stack: file and line, or nothing.
static char *site_label(const struct image *image, struct symbols *symbols, const struct site *site)
{
    if (site->stack || !site->file) {
        return stack_label(symbols, site->stack);
    }
    return must_format("%s:%d", image_string(image, site->file), site->line);
}

// The key of a site is its hash: functions and modules are the same although addresses are not.
static void add_sites(
    struct groups *groups, const struct image *image, struct symbols *symbols, size_t number)
{
    struct sites_options options = {.grouping = SITES_BY_HASH};
    struct sites *sites = sites_create(image, symbols, &options);
    for (size_t index = 0; index < sites->count; index++) {
        const struct site *site = &sites->items[index];
        char *label = site_label(image, symbols, site);
        char key[SITE_HASH_SIZE];
        site_format_hash(site->full_hash, SITE_HASH_SIZE - 1, key);
        struct group *group = group_of(groups, key, label);
        site_format_hash(site->full_hash, SITE_HASH_DIGITS, group->hash);
        if (!group->callers && site->stack) {
            group->callers = list_callers(symbols_stack(symbols, site->stack), CALLERS_MAX);
        }
        add(group, number, site->estimate);
        free(label);
    }
    sites_destroy(sites);
}

void groups_add(struct groups *groups, enum group_key key, const struct image *image,
    struct symbols *symbols, size_t number)
{
    if (key == GROUP_BY_STACK) {
        add_sites(groups, image, symbols, number);
    } else {
        add_blocks(groups, key, image, symbols, number);
    }
}

static int compare_labels(const void *left, const void *right)
{
    const struct group *const *a = left;
    const struct group *const *b = right;
    return strcmp((*a)->label, (*b)->label);
}

// Gives labels so many functions.
static void lengthen(struct group **groups, size_t count, size_t depth)
{
    for (size_t i = 0; i < count; i++) {
        if (groups[i]->callers) {
            free(groups[i]->label);
            groups[i]->label = join_callers(groups[i]->callers, depth);
        }
    }
    qsort(groups, count, sizeof(struct group *), compare_labels);
}

void groups_tell_apart(struct groups *groups)
{
    struct group **order = must_allocate(groups->count + 1, sizeof(*order));
    size_t alike = groups->count; // the first so many of `order` may have a namesake
    for (size_t i = 0; i < groups->count; i++) {
        order[i] = &groups->items[i];
    }
    for (size_t depth = LABEL_DEPTH; depth <= CALLERS_MAX && alike > 1; depth++) {
        lengthen(order, alike, depth);
        size_t kept = 0;
        for (size_t i = 0, end; i < alike; i = end) {
            end = i + 1;
            while (end < alike && strcmp(order[i]->label, order[end]->label) == 0) {
                end++;
            }
            for (size_t j = i; j < end && end - i > 1; j++) {
                order[kept++] = order[j];
            }
        }
        alike = kept;
    }
    lengthen(order, alike, LABEL_DEPTH); // no callers tell these apart: their hashes do
    free(order);
}

// ---- Order ----

int64_t group_growth(const struct group *group)
{
    return (int64_t)(group->sums[group->sum_count - 1].bytes - group->sums[0].bytes);
}

int64_t group_block_growth(const struct group *group)
{
    return (int64_t)(group->sums[group->sum_count - 1].count - group->sums[0].count);
}

bool group_has_changed(const struct group *group)
{
    const struct site_sum *sums = group->sums;
    for (size_t i = 1; i < group->sum_count; i++) {
        if (sums[i].bytes != sums[0].bytes || sums[i].count != sums[0].count) {
            return true;
        }
    }
    return false;
}

size_t group_grown_steps(const struct group *group)
{
    size_t grown = 0;
    for (size_t i = 1; i < group->sum_count; i++) {
        grown += group->sums[i].bytes > group->sums[i - 1].bytes;
    }
    return grown;
}

bool group_is_steady(const struct group *group)
{
    return group->sum_count > 2 && group_grown_steps(group) == group->sum_count - 1;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static int compare_groups(const void *left, const void *right)
{
    const struct group *a = left;
    const struct group *b = right;
    if (group_is_steady(a) != group_is_steady(b)) {
        return group_is_steady(a) ? -1 : 1;
    }
    uint64_t growth_a = magnitude(group_growth(a));
    uint64_t growth_b = magnitude(group_growth(b));
    if (growth_a != growth_b) {
        return growth_a < growth_b ? 1 : -1;
    }
    uint64_t last_a = a->sums[a->sum_count - 1].bytes;
    uint64_t last_b = b->sums[b->sum_count - 1].bytes;
    if (last_a != last_b) {
        return last_a < last_b ? 1 : -1;
    }
    return strcmp(a->key, b->key);
}

void groups_sort(struct groups *groups)
{
    if (groups->count) {
        qsort(groups->items, groups->count, sizeof(*groups->items), compare_groups);
        groups->place_count = 0; // the table is made anew when something is added
    }
}

void committed_memory(const struct image *image, uint64_t *committed, uint64_t *unused)
{
    *committed = 0;
    *unused = 0;
    for (size_t index = 0; index < image->heap_count; index++) {
        const struct image_heap *heap = &image->heaps[index];
        *committed += heap->committed_size;
        *unused +=
            heap->committed_size > heap->busy_size ? heap->committed_size - heap->busy_size : 0;
    }
}
