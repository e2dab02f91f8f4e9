// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/leak_groups.h"

#include "base/bits.h"
#include "os/os.h"

enum {
    CAPACITY_MIN = 256
};

// A hash table with open addressing, made one array at last: groups with a count of 0 are no
// groups.
struct table {
    struct leak_group *groups;
    size_t capacity; // a power of two, more than `count`
    size_t count;
    size_t memory_size;
};

struct grouping {
    struct leak_result *result;
    const struct leak_classes *classes;
    struct table table;
    struct leak_group *last; // the group of the block before, or NULL
    size_t lost;             // index of the first lost block that may come
    bool has_memory;
};

// ---- Table --------------------------------------------------------------------------------------

static bool table_init(struct table *table, size_t capacity)
{
    *table = (struct table){.capacity = capacity};
    table->memory_size = bits_round_up(capacity * sizeof(*table->groups), os_page_size());
    void *memory = os_reserve(table->memory_size);
    if (memory != NULL && os_commit(memory, table->memory_size, false) != 0) {
        os_unreserve(memory, table->memory_size);
        memory = NULL;
    }
    table->groups = memory;
    return memory != NULL;
}

static bool is_empty(const struct leak_group *group)
{
    return group->sum.count + group->below.count == 0;
}

static uint64_t hash_of(uint32_t stack, const struct origin *origin, enum reach_class class)
{
    uint64_t key = stack;
    if (key == 0) {
        key = (uintptr_t)origin->copy + (uint64_t)(uint32_t)origin->line;
    }
    key = (key * REACH_CLASS_COUNT + class) * UINT64_C(0x9E3779B97F4A7C15);
    return key ^ key >> 32;
}

static bool is_group_of(
    const struct leak_group *group, const struct record *record, enum reach_class class)
{
    if (group->class != class || group->stack != record->stack) {
        return false;
    }
    return record->stack != 0 ||
           origin_is_same_place(group->origin, origin_of_number(record_origin(record)));
}

// Twice the room. False: no memory, and nothing has changed.
static bool grow(struct table *table)
{
    struct table larger;
    if (!table_init(&larger, table->capacity * 2)) {
        return false;
    }
    larger.count = table->count;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct leak_group *group = &table->groups[i];
        if (!is_empty(group)) {
            size_t place =
                hash_of(group->stack, group->origin, group->class) & (larger.capacity - 1);
            while (!is_empty(&larger.groups[place])) {
                place = (place + 1) & (larger.capacity - 1);
            }
            larger.groups[place] = *group;
        }
    }
    os_unreserve(table->groups, table->memory_size);
    *table = larger;
    return true;
}

// NULL: no memory.
static struct leak_group *find_group(
    struct table *table, const struct record *record, enum reach_class class)
{
    if (2 * table->count >= table->capacity && !grow(table)) {
        return NULL;
    }
    const struct origin *origin = origin_of_number(record_origin(record));
    size_t place = hash_of(record->stack, origin, class) & (table->capacity - 1);
    while (!is_empty(&table->groups[place]) && !is_group_of(&table->groups[place], record, class)) {
        place = (place + 1) & (table->capacity - 1);
    }
    struct leak_group *group = &table->groups[place];
    if (is_empty(group)) {
        table->count++;
        *group = (struct leak_group){
            .class = class,
            .stack = record->stack,
            .origin = origin,
            .number = UINT64_MAX,
        };
    }
    return group;
}

// Neighbours are often of one group.
static struct leak_group *group_of(
    struct grouping *grouping, const struct record *record, enum reach_class class)
{
    if (grouping->last == NULL || !is_group_of(grouping->last, record, class)) {
        grouping->last = find_group(&grouping->table, record, class);
    }
    grouping->has_memory &= grouping->last != NULL;
    return grouping->last;
}

// ---- Blocks -------------------------------------------------------------------------------------

static void add(struct leak_sum *sum, size_t size)
{
    sum->count++;
    sum->size += size;
}

static void add_own(
    struct grouping *grouping, const struct record *record, enum reach_class class, size_t size)
{
    struct leak_group *group = group_of(grouping, record, class);
    if (group != NULL) {
        add(&group->sum, size);
        const uint64_t number = record_number(record);
        group->number = number < group->number ? number : group->number;
    }
}

// An indirect block is told of at the definite one that leads to it, if that one is told.
static void add_indirect(
    struct grouping *grouping, const struct record *record, size_t leader, size_t size)
{
    const struct leak_classes *classes = grouping->classes;
    struct debug_block block;
    if (!leak_node_at(classes->reach->lost[leader].start, &block) ||
        !classes->is_told(&block, classes->context)) {
        add_own(grouping, record, REACH_INDIRECT, size);
        return;
    }
    struct leak_group *group = group_of(grouping, block.record, REACH_DEFINITE);
    if (group != NULL) {
        add(&group->below, size);
    }
}

// Blocks and lost ones come in order of addresses. The index of a lost one.
static size_t lost_index(struct grouping *grouping, uint64_t start)
{
    const struct reach *reach = grouping->classes->reach;
    while (grouping->lost < reach->lost_count && reach->lost[grouping->lost].start < start) {
        grouping->lost++;
    }
    return grouping->lost;
}

static void add_block(const halde_heap *heap, const struct engine_block *found, void *context)
{
    struct grouping *grouping = context;
    const struct leak_classes *classes = grouping->classes;
    struct debug_block block;
    struct reach_block node;
    (void)heap;
    if (!leak_node_of(found, &block, &node) || !classes->is_told(&block, classes->context)) {
        return;
    }
    enum reach_class class = reach_class_in_map(classes->map, node.start);
    size_t lost = 0;
    if (class == REACH_NOT_SEARCHED) {
        lost = lost_index(grouping, node.start);
        class = lost < classes->reach->lost_count ? classes->reach->classes[lost] : class;
    }
    add(&grouping->result->sums[class], node.size);
    if (class == REACH_INDIRECT) {
        add_indirect(grouping, block.record, classes->reach->leaders[lost], node.size);
    } else if (class != REACH_NOT_SEARCHED) {
        add_own(grouping, block.record, class, node.size);
    }
}

// ---- Order ------------------------------------------------------------------------------------

static bool comes_before(const struct leak_group *a, const struct leak_group *b)
{
    if (a->class != b->class) {
        return a->class > b->class;
    }
    const size_t a_size = a->sum.size + a->below.size;
    const size_t b_size = b->sum.size + b->below.size;
    return a_size != b_size ? a_size > b_size : a->number < b->number;
}

static void sift_down(struct leak_group *groups, size_t count, size_t i)
{
    for (;;) {
        size_t last = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++) {
            if (comes_before(&groups[last], &groups[child])) {
                last = child;
            }
        }
        if (last == i) {
            return;
        }
        const struct leak_group kept = groups[i];
        groups[i] = groups[last];
        groups[last] = kept;
        i = last;
    }
}

static void sort(struct leak_group *groups, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) {
        sift_down(groups, count, i);
    }
    while (count > 1) {
        count--;
        const struct leak_group kept = groups[0];
        groups[0] = groups[count];
        groups[count] = kept;
        sift_down(groups, count, 0);
    }
}

static size_t compact(struct leak_group *groups, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < capacity; i++) {
        if (!is_empty(&groups[i])) {
            groups[count++] = groups[i];
        }
    }
    return count;
}

// -----------------------------------------------------------------------------------------------

bool leak_groups_make(struct leak_result *result, const struct leak_classes *classes)
{
    struct grouping grouping = {.result = result, .classes = classes, .has_memory = true};
    if (!table_init(&grouping.table, CAPACITY_MIN)) {
        return false;
    }
    engine_scan(debug_heap(), add_block, &grouping);
    result->memory = grouping.table.groups;
    result->memory_size = grouping.table.memory_size;
    result->groups = grouping.table.groups;
    result->group_count = compact(result->groups, grouping.table.capacity);
    sort(result->groups, result->group_count);
    return grouping.has_memory;
}
