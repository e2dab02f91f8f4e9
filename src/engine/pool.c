// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/pool.h"

#include "base/check.h"
#include "base/layout.h"
#include "engine/engine.h"
#include "engine/purge.h"

#include <errno.h>
#include <string.h>

enum {
    COMMIT_STEP = 1 << 20, // least growth of an area, bytes
    COMMIT_STEP_MAX = 64 << 20,
    GAP_SIZE = 1 << 16, // never accessible
};
static const size_t RESERVE_MAX = (size_t)256 << 30;
static const size_t RESERVE_MAX_SANITIZED = (size_t)4 << 30;
static const size_t RESERVE_MIN = (size_t)1 << 20;

HIDDEN struct pool pool;

struct area {
    uintptr_t base;
    size_t size;
    size_t committed; // GUARDED_BY(state.area_mutex)
};

static struct {
    struct os_mutex mutex;       // rank pool: runs, top, purged_at, purge
    struct os_mutex area_mutex;  // innermost: committed sizes
    uintptr_t reservation_start; // of everything
    uintptr_t reservation_end;
    size_t size;  // bytes of the pool
    uint32_t top; // first slice never taken
    struct runs runs;
    uint64_t purged_at;
    struct purge purge;
    struct area areas[AREA_COUNT];
} state;

// ---- Reservation ------------------------------------------------------------------------------

// Bytes of an area for a pool of `size` bytes: proportional, with a minimum for small address
// spaces.
AT_START static size_t area_size_for(enum area_kind kind, size_t size)
{
    size_t slices = size >> SLICE_SHIFT;
    switch (kind) {
    case AREA_SLICES:
        return slices * sizeof(struct slice);
    case AREA_REMOTES:
        return slices * sizeof(struct remote);
    case AREA_DIRTY:
        return slices / 8;
    case AREA_HEAPS:
        return size_max(size / 128, 1 << 20);
    case AREA_THREADS:
        return size_max(size / 4096, 1 << 19);
    default:
        return size_max(size / 8, 4 << 20); // 16-byte blocks need 1/16 for their states
    }
}

static size_t total_size_for(size_t size)
{
    size_t total = size + GAP_SIZE;
    for (unsigned i = 0; i < AREA_COUNT; i++) {
        total += bits_round_up(area_size_for((enum area_kind)i, size), GAP_SIZE) + GAP_SIZE;
    }
    return total + SLICE_SIZE; // for alignment
}

// Bytes of the pool that an address-space limit allows: more than half of it, the rest is for the
// areas and for the program.
static size_t pool_size_for(size_t limit)
{
    if (limit == SIZE_MAX) {
        return CONFIG_TSAN || CONFIG_ASAN ? RESERVE_MAX_SANITIZED : RESERVE_MAX;
    }
    const size_t least_needed = (size_t)10 << 20; // the smallest areas, the C library
    size_t share = limit > least_needed ? (limit - least_needed) / 8 * 5 : 0;
    return size_min(size_max(bits_round_down(share, SLICE_SIZE), RESERVE_MIN), RESERVE_MAX);
}

// Small heaps would pay 2 MiB each for huge pages, so they are used where the option asks for them:
// for blocks, never for what the engine knows.
static void choose_page_size(void *reservation, size_t reserved_size, uintptr_t base)
{
    if (os_option_is("huge_pages", "system")) {
        return;
    }
    os_refuse_huge_pages(reservation, reserved_size);
    if (os_option_is("huge_pages", "1")) {
        os_want_huge_pages((void *)base, state.size);
    }
}

AT_START int pool_init(void)
{
    void *reservation = NULL;
    size_t size = pool_size_for(os_address_space_limit());
    for (; reservation == NULL && size >= RESERVE_MIN; size >>= 1) {
        reservation = os_reserve(total_size_for(size));
        if (reservation != NULL) {
            break;
        }
    }
    if (reservation == NULL) {
        return ENOMEM;
    }
    uintptr_t base = bits_round_up((uintptr_t)reservation, SLICE_SIZE);
    state.size = bits_round_down(size, SLICE_SIZE);
    state.reservation_start = (uintptr_t)reservation;
    state.reservation_end = (uintptr_t)reservation + total_size_for(size);
    choose_page_size(reservation, total_size_for(size), base);
    uintptr_t next = base + state.size + GAP_SIZE;
    for (unsigned i = 0; i < AREA_COUNT; i++) {
        size_t area_size = bits_round_up(area_size_for((enum area_kind)i, size), GAP_SIZE);
        state.areas[i] = (struct area){.base = next, .size = area_size, .committed = 0};
        next += area_size + GAP_SIZE;
    }
    state.top = 1;
    pool.slices = area_base(AREA_SLICES);
    pool.remotes = area_base(AREA_REMOTES);
    atomic_store_explicit(&pool.committed, 0, memory_order_relaxed);
    pool.base = base;
    return 0;
}

AT_START void *area_base(enum area_kind kind)
{
    return (void *)state.areas[kind].base;
}

// Grows an area geometrically; when the system refuses the step, asks for just what is needed.
static bool area_commit_locked(struct area *area, size_t size)
{
    if (size <= area->committed) {
        return true;
    }
    if (size > area->size) {
        return false;
    }
    size_t step = size_min(size_max(area->committed / 2, COMMIT_STEP), COMMIT_STEP_MAX);
    size_t wanted =
        size_min(bits_round_up(size_max(size, area->committed + step), GAP_SIZE), area->size);
    size_t least = bits_round_up(size, GAP_SIZE);
    char *start = (char *)area->base + area->committed;
    if (os_commit(start, wanted - area->committed, false) != 0) {
        wanted = least;
        if (os_commit(start, wanted - area->committed, false) != 0) {
            return false;
        }
    }
    area->committed = wanted;
    return true;
}

AT_START bool area_commit(enum area_kind kind, size_t size)
{
    os_mutex_lock(&state.area_mutex);
    bool is_committed = area_commit_locked(&state.areas[kind], size);
    os_mutex_unlock(&state.area_mutex);
    return is_committed;
}

// ---- The pool ---------------------------------------------------------------------------------

// Gives back what an area, or the pool, will not need any more. Returns its new size.
static size_t shrink(uintptr_t base, size_t committed, size_t size, size_t wanted)
{
    size_t kept = size_max(bits_round_up(committed, GAP_SIZE), bits_round_up(wanted, GAP_SIZE));
    if (kept >= size) {
        return size;
    }
    os_unreserve((char *)base + kept, size - kept);
    return kept;
}

// The program may lower its address-space limit after the reservation was made: then it would have
// no addresses left for anything else.  Noticed when the pool grows.
static void obey_limit_locked(size_t committed)
{
    size_t wanted = pool_size_for(os_address_space_limit());
    if (wanted >= state.size) {
        return;
    }
    os_mutex_lock(&state.area_mutex);
    state.size = shrink(pool.base, committed, state.size, wanted);
    for (unsigned i = 0; i < AREA_COUNT; i++) {
        struct area *area = &state.areas[i];
        size_t area_size = area_size_for((enum area_kind)i, state.size);
        area->size = shrink(area->base, area->committed, area->size, area_size);
    }
    os_mutex_unlock(&state.area_mutex);
}

// Makes the first `size` bytes of the pool accessible, with their descriptors. Caller holds
// state.mutex.
static bool pool_commit_locked(size_t size)
{
    size_t committed = atomic_load_explicit(&pool.committed, memory_order_relaxed);
    if (size <= committed) {
        return true;
    }
    obey_limit_locked(committed);
    if (size > state.size) {
        return false;
    }
    size_t step = size_min(size_max(committed / 2, 4 * COMMIT_STEP), COMMIT_STEP_MAX);
    size_t wanted =
        size_min(bits_round_up(size_max(size, committed + step), SLICE_SIZE), state.size);
    for (unsigned attempt = 0; attempt < 2; attempt++, wanted = size) {
        size_t slices = wanted >> SLICE_SHIFT;
        bool is_described = area_commit(AREA_SLICES, slices * sizeof(struct slice)) &&
                            area_commit(AREA_REMOTES, slices * sizeof(struct remote)) &&
                            area_commit(AREA_DIRTY, slices / 8 + 8);
        if (is_described &&
            os_commit((char *)pool.base + committed, wanted - committed, false) == 0) {
            atomic_store_explicit(&pool.committed, wanted, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

AT_START static struct slice *pool_take_new_locked(size_t count)
{
    if (count > state.size >> SLICE_SHIFT ||
        !pool_commit_locked((state.top + count) << SLICE_SHIFT)) {
        return NULL;
    }
    struct slice *first = slice_at(state.top);
    state.top += (uint32_t)count;
    return first;
}

static size_t used_count_locked(void)
{
    return state.top - state.runs.slice_count;
}

static void pool_purge_locked(uint64_t age_ms)
{
    state.purged_at = os_clock_ms();
    purge_count(&state.purge, runs_purge(&state.runs, age_ms));
}

// Takes new slices up to and including the aligned run; what is skipped becomes a free run.
static struct slice *pool_take_new_aligned_locked(size_t count, size_t alignment)
{
    uintptr_t address = pool.base + ((uintptr_t)state.top << SLICE_SHIFT);
    size_t skipped = (bits_round_up(address, alignment) - address) >> SLICE_SHIFT;
    struct slice *first = pool_take_new_locked(skipped + count);
    if (first != NULL && skipped > 0) {
        runs_insert(&state.runs, first, skipped);
    }
    return first == NULL ? NULL : first + skipped;
}

// Slices of free runs first; new ones only when what is free and resident is not much.
static struct slice *pool_take_locked(size_t count, size_t alignment)
{
    struct slice *first = runs_take_aligned(&state.runs, count, alignment);
    if (first != NULL) {
        purge_regret(&state.purge, count - pool_dirty_count(first, count));
        return first;
    }
    if (purge_before_growth(&state.runs, used_count_locked())) {
        pool_purge_locked(0);
    }
    return pool_take_new_aligned_locked(count, alignment);
}

// Names the owner of the outer slices while the neighbours' owner, the pool, cannot look.
AT_START static void set_owner_locked(struct slice *first, size_t count, struct heap *heap)
{
    slice_set_heap(first, heap);
    slice_set_heap(first + count - 1, heap);
}

// The inner slices concern nobody else.
static void set_inner_owner(struct slice *first, size_t count, struct heap *heap)
{
    for (size_t i = 1; i + 1 < count; i++) {
        slice_set_heap(first + i, heap);
    }
}

AT_START struct slice *pool_take(struct heap *heap, size_t count, size_t alignment)
{
    os_mutex_lock(&state.mutex);
    struct slice *first = pool_take_locked(count, alignment);
    if (first != NULL) {
        set_owner_locked(first, count, heap);
    }
    os_mutex_unlock(&state.mutex);
    if (first != NULL) {
        set_inner_owner(first, count, heap);
    }
    return first;
}

void pool_give(struct slice *first, size_t count)
{
    first->flags = 0;
    set_inner_owner(first, count, NULL);
    os_mutex_lock(&state.mutex);
    set_owner_locked(first, count, NULL);
    runs_insert(&state.runs, first, count);
    bool is_due = state.runs.slice_count > purge_policy.keep_slices &&
                  os_clock_ms() - state.purged_at >= purge_policy.pool_age_ms;
    if (is_due) {
        pool_purge_locked(purge_policy.pool_age_ms);
    }
    if (purge_after_shrinking(&state.runs, used_count_locked()) && purge_is_due(&state.purge)) {
        pool_purge_locked(0);
    }
    os_mutex_unlock(&state.mutex);
}

bool pool_take_at(struct heap *heap, struct slice *first, size_t count)
{
    os_mutex_lock(&state.mutex);
    bool is_taken = slice_number(first) < state.top && runs_take_at(&state.runs, first, count);
    if (!is_taken && slice_number(first) == state.top) {
        is_taken = pool_take_new_locked(count) != NULL;
    }
    if (is_taken) {
        set_owner_locked(first, count, heap);
    }
    os_mutex_unlock(&state.mutex);
    if (is_taken) {
        set_inner_owner(first, count, heap);
    }
    return is_taken;
}

void pool_purge(uint64_t age_ms)
{
    os_mutex_lock(&state.mutex);
    pool_purge_locked(age_ms);
    os_mutex_unlock(&state.mutex);
}

// ---- Dirty slices -----------------------------------------------------------------------------
// One bit a slice: 1 = may hold bytes other than zero. Neighbours may belong to different owners,
// so the words are changed atomically.

static _Atomic(uint64_t) *dirty_word(uint32_t number)
{
    return (_Atomic(uint64_t) *)area_base(AREA_DIRTY) + number / 64;
}

// Calls for each word that [number, number + count) touches; returns the mask of its bits in range.
static uint64_t dirty_mask(uint32_t number, size_t count, size_t *covered)
{
    uint32_t bit = number % 64;
    *covered = size_min(count, 64 - bit);
    uint64_t mask = *covered == 64 ? UINT64_MAX : ((uint64_t)1 << *covered) - 1;
    return mask << bit;
}

AT_START bool pool_mark_dirty(const struct slice *first, size_t count)
{
    uint64_t was_dirty = 0;
    size_t covered;
    for (uint32_t number = slice_number(first); count > 0;
         number += (uint32_t)covered, count -= covered) {
        uint64_t mask = dirty_mask(number, count, &covered);
        was_dirty |=
            atomic_fetch_or_explicit(dirty_word(number), mask, memory_order_relaxed) & mask;
    }
    return was_dirty == 0;
}

static bool is_slice_dirty(uint32_t number)
{
    return (atomic_load_explicit(dirty_word(number), memory_order_relaxed) >> (number % 64)) & 1;
}

static void mark_clean(uint32_t number, size_t count)
{
    size_t covered;
    for (; count > 0; number += (uint32_t)covered, count -= covered) {
        uint64_t mask = dirty_mask(number, count, &covered);
        atomic_fetch_and_explicit(dirty_word(number), ~mask, memory_order_relaxed);
    }
}

uint32_t pool_dirty_count(const struct slice *first, size_t count)
{
    uint32_t dirty_count = 0;
    size_t covered;
    for (uint32_t number = slice_number(first); count > 0;
         number += (uint32_t)covered, count -= covered) {
        uint64_t mask = dirty_mask(number, count, &covered);
        uint64_t word = atomic_load_explicit(dirty_word(number), memory_order_relaxed);
        dirty_count += (uint32_t)__builtin_popcountll(word & mask);
    }
    return dirty_count;
}

uint32_t pool_purge_slices(const struct slice *first, size_t count)
{
    uint32_t purged_count = 0;
    uint32_t number = slice_number(first);
    uint32_t end = number + (uint32_t)count;
    while (number < end) {
        uint32_t start = number;
        while (number < end && is_slice_dirty(number)) {
            number++;
        }
        if (number > start) {
            size_t size = (size_t)(number - start) << SLICE_SHIFT;
            if (os_purge((void *)slice_address(slice_at(start)), size) == 0) {
                mark_clean(start, number - start);
                purged_count += number - start;
            }
        } else {
            number++;
        }
    }
    return purged_count;
}

// ---- Metadata ---------------------------------------------------------------------------------

enum {
    UNIT = 64,
    EXACT_UNITS = 160,
    POWER_COUNT = 40
};

// Freed pieces wait in a list of their size: exact up to EXACT_UNITS units of 64 bytes, then powers
// of two.
struct free_piece {
    struct free_piece *next;
};

static struct {
    struct os_mutex mutex; // rank metadata
    size_t top;            // bytes handed out from the area so far
    struct free_piece *exact[EXACT_UNITS + 1];
    struct free_piece *powers[POWER_COUNT];
    struct free_piece *maps[EXACT_UNITS + 1]; // linked at their ends
} metadata;

static size_t piece_size(size_t size, struct free_piece ***list)
{
    size_t units = (size + UNIT - 1) / UNIT;
    if (units <= EXACT_UNITS) {
        *list = &metadata.exact[units];
        return units * UNIT;
    }
    uint32_t shift = bits_highest(units - 1) + 1;
    *list = &metadata.powers[shift];
    return (size_t)UNIT << shift;
}

static void *alloc_new_locked(size_t size)
{
    if (!area_commit(AREA_METADATA, metadata.top + size)) {
        return NULL;
    }
    void *result = (char *)area_base(AREA_METADATA) + metadata.top;
    metadata.top += size;
    return result;
}

void *metadata_alloc_new(size_t size)
{
    os_mutex_lock(&metadata.mutex);
    void *result = alloc_new_locked(bits_round_up(size, UNIT));
    os_mutex_unlock(&metadata.mutex);
    return result;
}

void *metadata_alloc(size_t size)
{
    if (size == 0 || size > (size_t)1 << 40) {
        return NULL;
    }
    os_mutex_lock(&metadata.mutex);
    struct free_piece **list;
    size_t rounded = piece_size(size, &list);
    void *result = *list;
    if (result != NULL) {
        *list = (*list)->next;
    } else {
        result = alloc_new_locked(rounded);
    }
    os_mutex_unlock(&metadata.mutex);
    return result;
}

void metadata_free(void *data, size_t size)
{
    if (data == NULL) {
        return;
    }
    os_mutex_lock(&metadata.mutex);
    struct free_piece **list;
    piece_size(size, &list);
    struct free_piece *piece = data;
    piece->next = *list;
    *list = piece;
    os_mutex_unlock(&metadata.mutex);
}

// A map's link is in its last bytes, which no state is in: a thread that is late with a store finds
// nothing else there than states.
static struct free_piece *map_link(void *map, size_t size)
{
    return (struct free_piece *)(void *)((char *)map + size - sizeof(struct free_piece));
}

void *metadata_alloc_map(size_t size)
{
    ASSERT_OP(size, <=, EXACT_UNITS * UNIT);
    os_mutex_lock(&metadata.mutex);
    struct free_piece **list = &metadata.maps[size / UNIT];
    void *result = NULL;
    if (*list != NULL) {
        result = (char *)(*list + 1) - size;
        *list = (*list)->next;
    } else {
        result = alloc_new_locked(size);
    }
    os_mutex_unlock(&metadata.mutex);
    return result;
}

void metadata_free_map(void *map, size_t size)
{
    os_mutex_lock(&metadata.mutex);
    struct free_piece *link = map_link(map, size);
    link->next = metadata.maps[size / UNIT];
    metadata.maps[size / UNIT] = link;
    os_mutex_unlock(&metadata.mutex);
}

void pool_lock_all(void)
{
    os_mutex_lock(&state.mutex);
    os_mutex_lock(&metadata.mutex);
    os_mutex_lock(&state.area_mutex);
}

void pool_unlock_all(void)
{
    os_mutex_unlock(&state.area_mutex);
    os_mutex_unlock(&metadata.mutex);
    os_mutex_unlock(&state.mutex);
}

// ---- Layout ------------------------------------------------------------------------------------

void engine_reservation(uintptr_t *start, uintptr_t *end)
{
    *start = state.reservation_start;
    *end = state.reservation_end;
}

AT_START void pool_describe(struct layout *layout)
{
    uint64_t *variables = layout->variables;
    variables[LAYOUT_VARIABLE_POOL_BASE] = (uintptr_t)&pool.base;
    variables[LAYOUT_VARIABLE_POOL_COMMITTED] = (uintptr_t)&pool.committed;
    variables[LAYOUT_VARIABLE_POOL_SLICES] = (uintptr_t)&pool.slices;
    variables[LAYOUT_VARIABLE_POOL_REMOTES] = (uintptr_t)&pool.remotes;
    variables[LAYOUT_VARIABLE_POOL_MUTEX] = (uintptr_t)&state.mutex;
    variables[LAYOUT_VARIABLE_AREA_MUTEX] = (uintptr_t)&state.area_mutex;
    variables[LAYOUT_VARIABLE_METADATA_MUTEX] = (uintptr_t)&metadata.mutex;
    variables[LAYOUT_VARIABLE_RESERVATION_START] = (uintptr_t)&state.reservation_start;
    variables[LAYOUT_VARIABLE_RESERVATION_END] = (uintptr_t)&state.reservation_end;
}
