// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The rules of addresses that have been met, for all threads.
 *
 * Sets of four entries in one cache line each.  An entry is two words that are written one after
 * the other, without a lock: the rule, and the rule combined with its key.  A reader that gets
 * words of two different writes finds a key that is not its own, and takes the entry for another
 * one's.  The key holds the generation of the modules, so that counting that up empties the cache.
 */
#ifndef UNWIND_RULE_CACHE_H
#define UNWIND_RULE_CACHE_H

#include "base/compiler.h"

enum {
    RULE_SET_SHIFT = 12,
    RULE_SET_COUNT = 1 << RULE_SET_SHIFT, // 256 KiB of zero pages until they are used
    RULE_WAYS = 4,
};

struct rule_entry {
    _Atomic(uint64_t) rule;  ///< any thread; relaxed: see above
    _Atomic(uint64_t) check; ///< rule ^ key
};

struct rule_set {
    _Alignas(64) struct rule_entry entries[RULE_WAYS];
};
static_assert(sizeof(struct rule_set) == 64, "a set is a cache line");

extern HIDDEN struct rule_set rule_cache[RULE_SET_COUNT];

ALWAYS_INLINE uint64_t rule_cache_key(uintptr_t pc, uint32_t generation)
{
    return (uint64_t)pc ^ (uint64_t)generation << 48;
}

ALWAYS_INLINE struct rule_set *rule_cache_set(uint64_t key)
{
    return &rule_cache[key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - RULE_SET_SHIFT)];
}

/// The rule, or 0.
ALWAYS_INLINE uint64_t rule_cache_find(uint64_t key)
{
    struct rule_set *set = rule_cache_set(key);
    for (unsigned way = 0; way < RULE_WAYS; way++) {
        uint64_t rule = atomic_load_explicit(&set->entries[way].rule, memory_order_relaxed);
        uint64_t check = atomic_load_explicit(&set->entries[way].check, memory_order_relaxed);
        if (LIKELY((rule ^ check) == key)) {
            return rule;
        }
    }
    return 0;
}

/// Takes an empty entry of the set, else one in turn.
void rule_cache_store(uint64_t key, uint64_t rule);

#endif
