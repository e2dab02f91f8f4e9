// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "image/numbers.h"

#include <stdlib.h>

enum {
    CAPACITY_MIN = 256
};

void numbers_release(struct numbers *numbers)
{
    free(numbers->entries);
    *numbers = (struct numbers){0};
}

// The entry of a key, or the empty one where it would be.
static struct numbers_entry *entry_of(const struct numbers *numbers, uint64_t key)
{
    size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20);
    for (;; i++) {
        struct numbers_entry *entry = &numbers->entries[i & (numbers->capacity - 1)];
        if (entry->key == 0 || entry->key == key) {
            return entry;
        }
    }
}

bool numbers_find(const struct numbers *numbers, uint64_t key, uint32_t *value)
{
    if (numbers->count == 0) {
        return false;
    }
    const struct numbers_entry *entry = entry_of(numbers, key);
    *value = entry->value;
    return entry->key != 0;
}

static bool grow(struct numbers *numbers)
{
    struct numbers larger = {
        .capacity = numbers->capacity == 0 ? CAPACITY_MIN : numbers->capacity * 2,
        .count = numbers->count,
    };
    larger.entries = calloc(larger.capacity, sizeof(larger.entries[0]));
    if (larger.entries == NULL) {
        return false;
    }
    for (size_t i = 0; i < numbers->capacity; i++) {
        if (numbers->entries[i].key != 0) {
            *entry_of(&larger, numbers->entries[i].key) = numbers->entries[i];
        }
    }
    free(numbers->entries);
    *numbers = larger;
    return true;
}

bool numbers_add(struct numbers *numbers, uint64_t key, uint32_t value)
{
    if ((numbers->count + 1) * 2 > numbers->capacity && !grow(numbers)) {
        return false;
    }
    *entry_of(numbers, key) = (struct numbers_entry){.key = key, .value = value};
    numbers->count++;
    return true;
}
