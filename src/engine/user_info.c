// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/user_info.h"

#include "engine/pool.h"

#include <string.h>

enum {
    FIRST_COUNT = 64
};

static uint32_t home_of(const struct info_table *table, const void *block)
{
    uint64_t hash = ((uint64_t)(uintptr_t)block >> GRANULE_SHIFT) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32) & (table->capacity - 1);
}

// Where the block is, or the empty place where it would be.
static struct info_entry *find(const struct info_table *table, const void *block)
{
    uint32_t i = home_of(table, block);
    while (table->entries[i].block != NULL && table->entries[i].block != block) {
        i = (i + 1) & (table->capacity - 1);
    }
    return &table->entries[i];
}

static struct info_entry *new_entries(uint32_t capacity)
{
    struct info_entry *entries = metadata_alloc(capacity * sizeof(*entries));
    if (entries != NULL) {
        memset(entries, 0, capacity * sizeof(*entries));
    }
    return entries;
}

static struct info_table *new_table(void)
{
    struct info_table *table = metadata_alloc(sizeof(*table));
    struct info_entry *entries = table == NULL ? NULL : new_entries(FIRST_COUNT);
    if (entries == NULL) {
        metadata_free(table, sizeof(*table));
        return NULL;
    }
    *table = (struct info_table){.entries = entries, .capacity = FIRST_COUNT};
    return table;
}

static bool grow(struct info_table *table)
{
    struct info_table larger = {.capacity = table->capacity * 2, .count = table->count};
    larger.entries = new_entries(larger.capacity);
    if (larger.entries == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < table->capacity; i++) {
        if (table->entries[i].block != NULL) {
            *find(&larger, table->entries[i].block) = table->entries[i];
        }
    }
    metadata_free(table->entries, table->capacity * sizeof(struct info_entry));
    *table = larger;
    return true;
}

// The block's entry, which is made when there is none. NULL: out of memory.
static struct info_entry *need_entry(struct heap *heap, const void *block)
{
    if (heap->info == NULL) {
        heap->info = new_table();
        if (heap->info == NULL) {
            return NULL;
        }
    }
    struct info_table *table = heap->info;
    struct info_entry *entry = find(table, block);
    if (entry->block == NULL) {
        if (table->count + 1 > table->capacity / 2) {
            if (!grow(table)) {
                return NULL;
            }
            entry = find(table, block);
        }
        table->count++;
        *entry = (struct info_entry){.block = block};
    }
    return entry;
}

static struct info_entry *find_entry(const struct heap *heap, const void *block)
{
    struct info_entry *entry = heap->info == NULL ? NULL : find(heap->info, block);
    return entry == NULL || entry->block == NULL ? NULL : entry;
}

bool user_info_set(struct heap *heap, const void *block, const struct halde_user_info *info)
{
    struct info_entry *entry = need_entry(heap, block);
    if (entry == NULL) {
        return false;
    }
    entry->info = *info;
    entry->has_info = true;
    return true;
}

bool user_info_get(const struct heap *heap, const void *block, struct halde_user_info *info)
{
    const struct info_entry *entry = find_entry(heap, block);
    if (entry == NULL || !entry->has_info) {
        return false;
    }
    *info = entry->info;
    return true;
}

bool user_info_set_note(struct heap *heap, const void *block, const struct info_note *note)
{
    struct info_entry *entry = need_entry(heap, block);
    if (entry == NULL) {
        return false;
    }
    entry->note = *note;
    return true;
}

bool user_info_get_note(const struct heap *heap, const void *block, struct info_note *note)
{
    const struct info_entry *entry = find_entry(heap, block);
    if (entry == NULL || entry->note.weight == 0) {
        return false;
    }
    *note = entry->note;
    return true;
}

bool user_info_remove_note(struct heap *heap, const void *block)
{
    struct info_entry *entry = find_entry(heap, block);
    if (entry == NULL) {
        return false;
    }
    entry->note = (struct info_note){0};
    if (!entry->has_info) {
        user_info_remove(heap, block);
        return false;
    }
    return true;
}

void user_info_remove(struct heap *heap, const void *block)
{
    struct info_table *table = heap->info;
    struct info_entry *gap = table == NULL ? NULL : find(table, block);
    if (gap == NULL || gap->block == NULL) {
        return;
    }
    table->count--;
    uint32_t mask = table->capacity - 1;
    uint32_t hole = (uint32_t)(gap - table->entries);
    for (uint32_t i = (hole + 1) & mask; table->entries[i].block != NULL; i = (i + 1) & mask) {
        uint32_t home = home_of(table, table->entries[i].block);
        // An entry may move to the hole when its home is not between the hole and itself.
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->entries[hole] = table->entries[i];
            hole = i;
        }
    }
    table->entries[hole].block = NULL;
}

void user_info_release(struct heap *heap)
{
    if (heap->info != NULL) {
        metadata_free(heap->info->entries, heap->info->capacity * sizeof(struct info_entry));
        metadata_free(heap->info, sizeof(*heap->info));
        heap->info = NULL;
    }
}
