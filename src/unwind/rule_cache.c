// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/rule_cache.h"

struct rule_set rule_cache[RULE_SET_COUNT];

static struct rule_entry *choose_entry(struct rule_set *set)
{
    static _Atomic(uint32_t) turn;
    for (unsigned way = 0; way < RULE_WAYS; way++) {
        if (atomic_load_explicit(&set->entries[way].rule, memory_order_relaxed) == 0) {
            return &set->entries[way];
        }
    }
    uint32_t next = atomic_load_explicit(&turn, memory_order_relaxed);
    atomic_store_explicit(&turn, next + 1, memory_order_relaxed);
    return &set->entries[next % RULE_WAYS];
}

void rule_cache_store(uint64_t key, uint64_t rule)
{
    struct rule_entry *entry = choose_entry(rule_cache_set(key));
    atomic_store_explicit(&entry->rule, rule, memory_order_relaxed);
    atomic_store_explicit(&entry->check, rule ^ key, memory_order_relaxed);
}
