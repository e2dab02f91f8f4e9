// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/origins.h"

#include "base/bits.h"
#include "crtdbg/file_names.h"
#include "os/os.h"

#include <string.h>

enum {
    BUCKET_COUNT = 8192, // a power of two
    ORIGINS_MIN = 4096,  // that there are addresses for, or there is no table
    STEP = 64 * 1024,    // bytes by which it grows
    LINE_OF_IGNORED = (int)0xFEDCBABC,
};

static const struct origin NOWHERE;
static const struct origin IGNORED = {.line = LINE_OF_IGNORED};

static struct {
    struct os_mutex mutex;                   // for adding
    _Atomic(struct origin *) entries;        // by number; written once, under `mutex`
    uint32_t count;                          // GUARDED_BY(mutex), with the two that have no origin
    uint32_t limit;                          // GUARDED_BY(mutex): as many have addresses
    size_t committed;                        // GUARDED_BY(mutex): bytes of `entries`
    _Atomic(uint32_t) buckets[BUCKET_COUNT]; // newest origin of a hash.  Written last (release)
} origins;

static struct origin *entry_at(uint32_t number)
{
    return atomic_load_explicit(&origins.entries, memory_order_relaxed) + number;
}

static uint32_t bucket_of(const char *file, int32_t line)
{
    uint64_t key = (uint64_t)(uintptr_t)file + ((uint64_t)(uint32_t)line << 40);
    return (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (BUCKET_COUNT - 1);
}

// Another module may have its own name where that of an unloaded one was.
static bool is_origin(const struct origin *origin, const char *file, int32_t line)
{
    return origin->file == file && origin->line == line &&
           (origin->copy == NULL || strcmp(origin->copy, file) == 0);
}

static uint32_t find_in(const char *file, int32_t line, uint32_t bucket)
{
    // Pairs with the release store in add().
    uint32_t number = atomic_load_explicit(&origins.buckets[bucket], memory_order_acquire);
    while (number != ORIGIN_NONE && !is_origin(entry_at(number), file, line)) {
        number = entry_at(number)->next;
    }
    return number;
}

// ---- Add --------------------------------------------------------------------------------------

// Takes the addresses: fewer of them where there is a limit.
static bool reserve_locked(void)
{
    for (uint32_t limit = ORIGINS_MAX; limit >= ORIGINS_MIN; limit /= 2) {
        void *entries = os_reserve(bits_round_up(limit * sizeof(struct origin), STEP));
        if (entries != NULL) {
            origins.limit = limit;
            origins.count = ORIGIN_IGNORED + 1;
            atomic_store_explicit(&origins.entries, entries, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

// Makes sure that there is an entry `origins.count`.
static bool make_room_locked(void)
{
    if (entry_at(0) == NULL && !reserve_locked()) {
        return false;
    }
    if (origins.count == origins.limit) {
        return false;
    }
    const size_t needed = (origins.count + 1) * sizeof(struct origin);
    if (needed > origins.committed) {
        char *entries = (char *)entry_at(0);
        if (os_commit(entries + origins.committed, STEP, false) != 0) {
            return false;
        }
        if (origins.committed == 0) {
            *entry_at(ORIGIN_IGNORED) = IGNORED;
        }
        origins.committed += STEP;
    }
    return true;
}

static uint32_t add_locked(const char *file, int32_t line, uint32_t bucket)
{
    uint32_t number = find_in(file, line, bucket);
    if (number != ORIGIN_NONE || !make_room_locked()) {
        return number;
    }
    number = origins.count++;
    *entry_at(number) = (struct origin){
        .file = file,
        .copy = file_name_copy(file),
        .line = line,
        .next = atomic_load_explicit(&origins.buckets[bucket], memory_order_relaxed),
    };
    atomic_store_explicit(&origins.buckets[bucket], number, memory_order_release);
    return number;
}

static COLD uint32_t add(const char *file, int32_t line, uint32_t bucket)
{
    os_mutex_lock(&origins.mutex);
    uint32_t number = add_locked(file, line, bucket);
    os_mutex_unlock(&origins.mutex);
    return number;
}

// -----------------------------------------------------------------------------------------------

uint32_t origin_find(const char *file, int32_t line)
{
    const uint32_t bucket = bucket_of(file, line);
    const uint32_t number = find_in(file, line, bucket);
    return LIKELY(number != ORIGIN_NONE) ? number : add(file, line, bucket);
}

const struct origin *origin_of_number(uint32_t number)
{
    if (number <= ORIGIN_IGNORED) {
        return number == ORIGIN_NONE ? &NOWHERE : &IGNORED;
    }
    return entry_at(number);
}

const void *origins_place(void)
{
    return &origins.entries;
}
