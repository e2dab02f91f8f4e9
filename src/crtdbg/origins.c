// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/origins.h"

#include "base/bits.h"
#include "crtdbg/file_names.h"
#include "os/os.h"

#include <string.h>

enum {
    BUCKET_BITS = 16,
    ORIGINS_MIN = 4096, // that there are addresses for, or there is no table
    STEP = 64 * 1024,   // bytes by which it grows
    FIXED_COUNT = 1 + ORIGIN_FIXED_TYPES * ORIGIN_FAMILIES,
    IGNORE_TYPE = ORIGIN_FIXED_TYPES, // the last of them
};

// Before there is a table.
static struct origin nowhere;
struct origin *origins_entries = &nowhere;

static struct {
    struct os_mutex mutex;                       // for adding
    uint32_t count;                              // GUARDED_BY(mutex), with the one that is none
    uint32_t limit;                              // constant: as many have addresses
    size_t committed;                            // GUARDED_BY(mutex): bytes of the table
    _Atomic(uint32_t) buckets[1 << BUCKET_BITS]; // newest origin of a hash.  Written last (release)
} origins;

static uint32_t bucket_of(const struct origin *wanted)
{
    const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t key = (uintptr_t)wanted->file * factor + (uint32_t)wanted->line;
    key = key * factor + (uint32_t)wanted->use;
    key = (key ^ key >> 32) * factor + wanted->inner_offset;
    return (uint32_t)(key * factor >> (64 - BUCKET_BITS));
}

// Another module may have its own name where that of an unloaded one was.
static bool is_origin(const struct origin *origin, const struct origin *wanted)
{
    return origin->file == wanted->file && origin->line == wanted->line &&
           origin->use == wanted->use && origin->family == wanted->family &&
           origin->alignment_shift == wanted->alignment_shift &&
           origin->is_inner == wanted->is_inner && origin->inner_offset == wanted->inner_offset &&
           (origin->copy == NULL || wanted->file == NULL ||
               strcmp(origin->copy, wanted->file) == 0);
}

static uint32_t find_in(const struct origin *wanted, uint32_t bucket)
{
    // Pairs with the release store in add_locked().
    uint32_t number = atomic_load_explicit(&origins.buckets[bucket], memory_order_acquire);
    while (number != ORIGIN_NONE && !is_origin(&origins_entries[number], wanted)) {
        number = origins_entries[number].next;
    }
    return number;
}

bool origin_is_same_place(const struct origin *a, const struct origin *b)
{
    return a->file == b->file && a->copy == b->copy && a->line == b->line;
}

// ---- Start ------------------------------------------------------------------------------------

// Takes the addresses: fewer of them where there is a limit.
static struct origin *reserve(void)
{
    for (uint32_t limit = ORIGINS_MAX; limit >= ORIGINS_MIN; limit /= 2) {
        void *entries = os_reserve(bits_round_up(limit * sizeof(struct origin), STEP));
        if (entries != NULL) {
            origins.limit = limit;
            return entries;
        }
    }
    return NULL;
}

static void write_fixed(struct origin *entries)
{
    for (int32_t use = 1; use <= ORIGIN_FIXED_TYPES; use++) {
        for (uint32_t family = 0; family < ORIGIN_FAMILIES; family++) {
            entries[origin_fixed_number(use, family)] = (struct origin){
                .line = use == IGNORE_TYPE ? ORIGIN_LINE_OF_IGNORED : 0,
                .use = use,
                .family = (uint8_t)family,
                .alignment_shift = FRONT_GAP_SHIFT,
            };
        }
    }
}

bool origins_init(void)
{
    struct origin *entries = reserve();
    if (entries == NULL) {
        return false;
    }
    if (os_commit(entries, STEP, false) != 0) {
        os_unreserve(entries, bits_round_up(origins.limit * sizeof(struct origin), STEP));
        return false;
    }
    write_fixed(entries);
    origins.committed = STEP;
    origins.count = FIXED_COUNT;
    origins_entries = entries;
    return true;
}

// ---- Add --------------------------------------------------------------------------------------

// Makes sure that there is an entry `origins.count`.  The last quarter of the table is for origins
// without a file.
static bool make_room_locked(bool has_file)
{
    if (origins.count >= (has_file ? origins.limit / 4 * 3 : origins.limit)) {
        return false;
    }
    const size_t needed = (origins.count + 1) * sizeof(struct origin);
    if (needed > origins.committed) {
        char *entries = (char *)origins_entries;
        if (os_commit(entries + origins.committed, STEP, false) != 0) {
            return false;
        }
        origins.committed += STEP;
    }
    return true;
}

static uint32_t add_locked(const struct origin *wanted, uint32_t bucket)
{
    uint32_t number = find_in(wanted, bucket);
    if (number != ORIGIN_NONE || !make_room_locked(wanted->file != NULL)) {
        return number;
    }
    number = origins.count++;
    origins_entries[number] = *wanted;
    origins_entries[number].copy = file_name_copy(wanted->file);
    origins_entries[number].next =
        atomic_load_explicit(&origins.buckets[bucket], memory_order_relaxed);
    atomic_store_explicit(&origins.buckets[bucket], number, memory_order_release);
    return number;
}

static COLD uint32_t add(const struct origin *wanted, uint32_t bucket)
{
    os_mutex_lock(&origins.mutex);
    uint32_t number = add_locked(wanted, bucket);
    os_mutex_unlock(&origins.mutex);
    if (number == ORIGIN_NONE && (wanted->file != NULL || wanted->line != 0)) {
        struct origin placeless = *wanted;
        placeless.file = NULL;
        placeless.line = 0;
        return origin_find(&placeless);
    }
    return number;
}

// -----------------------------------------------------------------------------------------------

static bool is_fixed(const struct origin *wanted)
{
    const int32_t line = wanted->use == IGNORE_TYPE ? ORIGIN_LINE_OF_IGNORED : 0;
    return wanted->file == NULL && wanted->line == line && !origin_is_shaped(wanted) &&
           wanted->use >= 1 && wanted->use <= ORIGIN_FIXED_TYPES;
}

uint32_t origin_find(const struct origin *wanted)
{
    if (is_fixed(wanted)) {
        return origin_fixed_number(wanted->use, wanted->family);
    }
    const uint32_t bucket = bucket_of(wanted);
    const uint32_t number = find_in(wanted, bucket);
    return LIKELY(number != ORIGIN_NONE) ? number : add(wanted, bucket);
}

const void *origins_place(void)
{
    return &origins_entries;
}
