// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/leak_groups.h"

#include "base/bits.h"
#include "os/os.h"

// A hash table with open addressing, made one array at last: groups with a count of 0 are no
// groups.
struct table {
    struct leak_group *groups;
    size_t capacity; // a power of two, twice the number of blocks that are told or more
};

static uint64_t hash_of(const struct record *record, enum reach_class class)
{
    uint64_t key = record->stack;
    if (key == 0) {
        key = record_origin(record);
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
    return record->stack != 0 || group->origin == record_origin(record);
}

static struct leak_group *group_of(
    const struct table *table, const struct record *record, enum reach_class class)
{
    size_t place = hash_of(record, class) & (table->capacity - 1);
    while (table->groups[place].sum.count + table->groups[place].below.count != 0 &&
           !is_group_of(&table->groups[place], record, class)) {
        place = (place + 1) & (table->capacity - 1);
    }
    struct leak_group *group = &table->groups[place];
    if (group->sum.count + group->below.count == 0) {
        *group = (struct leak_group){
            .class = class,
            .stack = record->stack,
            .origin = record_origin(record),
            .number = UINT64_MAX,
        };
    }
    return group;
}

static void add(struct leak_sum *sum, size_t size)
{
    sum->count++;
    sum->size += size;
}

static void add_block(struct leak_result *result, const struct table *table,
    const struct leak_nodes *nodes, const struct reach *reach, size_t block)
{
    const struct record *record = nodes->records[block];
    const struct record *leader = nodes->records[reach->leaders[block]];
    const enum reach_class class = (enum reach_class)reach->classes[block];
    const size_t size = nodes->blocks[block].size;
    add(&result->sums[class], size);
    if (class == REACH_INDIRECT && leader != NULL) {
        add(&group_of(table, leader, REACH_DEFINITE)->below, size);
        return;
    }
    struct leak_group *group = group_of(table, record, class);
    add(&group->sum, size);
    group->number = record_number(record) < group->number ? record_number(record) : group->number;
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
        if (groups[i].sum.count + groups[i].below.count != 0) {
            groups[count++] = groups[i];
        }
    }
    return count;
}

// -----------------------------------------------------------------------------------------------

static bool take_memory(struct leak_result *result, size_t size)
{
    result->memory_size = bits_round_up(size, os_page_size());
    result->memory = os_reserve(result->memory_size);
    if (result->memory != NULL && os_commit(result->memory, result->memory_size, false) != 0) {
        os_unreserve(result->memory, result->memory_size);
        result->memory = NULL;
    }
    return result->memory != NULL;
}

static size_t count_told(const struct leak_nodes *nodes)
{
    size_t count = 0;
    for (size_t i = 0; i < nodes->count; i++) {
        count += nodes->records[i] != NULL;
    }
    return count;
}

bool leak_groups_make(
    struct leak_result *result, const struct leak_nodes *nodes, const struct reach *reach)
{
    struct table table = {.capacity = 16};
    // An indirect block has a group at its leader.
    while (table.capacity < 2 * count_told(nodes)) {
        table.capacity *= 2;
    }
    if (!take_memory(result, table.capacity * sizeof(*table.groups))) {
        return false;
    }
    table.groups = result->memory;
    for (size_t i = 0; i < nodes->count; i++) {
        if (nodes->records[i] != NULL) {
            add_block(result, &table, nodes, reach, i);
        }
    }
    result->groups = table.groups;
    result->group_count = compact(table.groups, table.capacity);
    sort(result->groups, result->group_count);
    return true;
}
