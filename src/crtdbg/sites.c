// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/sites.h"

enum {
    SITES_MAX = 2048, // a power of two
    TOPIC_SHIFT = 56, // no address of a program has bits there
    PROBES_MAX = 64,
};

static _Atomic(uintptr_t) sites[SITES_MAX]; // 0: free; written once, by compare-and-swap

bool site_is_new(const void *caller, enum site_topic topic)
{
    if (caller == NULL) {
        return true;
    }
    uintptr_t key = (uintptr_t)caller ^ ((uintptr_t)topic << TOPIC_SHIFT);
    size_t slot = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
    for (size_t i = 0; i < PROBES_MAX; i++) {
        _Atomic(uintptr_t) *site = &sites[(slot + i) & (SITES_MAX - 1)];
        uintptr_t found = 0;
        if (atomic_compare_exchange_strong_explicit(
                site, &found, key, memory_order_relaxed, memory_order_relaxed)) {
            return true;
        }
        if (found == key) {
            return false;
        }
    }
    return false;
}
