// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/mixed.h"

#include <string.h>

AT_START void mixed_init(struct heap *heap, size_t limit_size, size_t header_size)
{
    struct mixed *mixed = &heap->mixed;
    uint32_t first = (uint32_t)(header_size >> GRANULE_SHIFT);
    *mixed = (struct mixed){
        .map = heap->first_map,
        .map_count = FIRST_MAP_SIZE,
        .limit = (uint32_t)(limit_size >> GRANULE_SHIFT),
        .first = first,
        .top = first,
        .high = first,
        .low = first,
    };
    memset(heap->first_map, 0, sizeof(heap->first_map));
}

void mixed_release(struct heap *heap)
{
    if (heap->mixed.map != heap->first_map) {
        metadata_free(heap->mixed.map, heap->mixed.map_count);
    }
}

static bool ensure_map(struct heap *heap, uint32_t granules)
{
    struct mixed *mixed = &heap->mixed;
    if (LIKELY(granules <= mixed->map_count)) {
        return true;
    }
    uint32_t size = mixed->limit; // a map for all of the span: it is touched only as used
    uint8_t *map = metadata_alloc(size);
    if (map == NULL) {
        return false;
    }
    memcpy(map, mixed->map, mixed->top); // above, the map means nothing
    mixed_release(heap);
    mixed->map = map;
    mixed->map_count = size;
    RELAXED_STORE(slice_of((void *)heap->handle)->map, map);
    return true;
}

uint32_t mixed_skip(const struct mixed *mixed, uint32_t granule, uint32_t end, uint8_t value)
{
    const uint8_t *map = mixed->map;
    uint64_t pattern = value * 0x0101010101010101u;
    while (granule + 8 <= end) {
        uint64_t eight;
        memcpy(&eight, map + granule, sizeof(eight));
        if (eight != pattern) {
            break;
        }
        granule += 8;
    }
    while (granule < end && map[granule] == value) {
        granule++;
    }
    return granule;
}

uint32_t mixed_block_granules(const struct mixed *mixed, uint32_t granule)
{
    return mixed_skip(mixed, granule + 1, mixed->top, STATE_CONTINUATION) - granule;
}

// The first free granule of [granule, top); top when there is none.
static uint32_t next_free(const struct mixed *mixed, uint32_t granule)
{
    const uint8_t *found =
        granule < mixed->top ? memchr(mixed->map + granule, 0, mixed->top - granule) : NULL;
    return found == NULL ? mixed->top : (uint32_t)(found - mixed->map);
}

// First fit in [granule, limit); 0 when nothing fits.
static uint32_t search_from(
    const struct mixed *mixed, uint32_t granule, uint32_t limit, uint32_t count)
{
    granule = next_free(mixed, granule);
    while (granule < limit) {
        uint32_t end = mixed_skip(mixed, granule, mixed->top, 0);
        if (end - granule >= count) {
            return granule;
        }
        granule = next_free(mixed, end);
    }
    return 0;
}

// First fit in a small span, next fit in a large one, where starting from the bottom each time
// would make a full heap slow. 0 when nothing fits.
static uint32_t search(struct mixed *mixed, uint32_t count)
{
    mixed->low = next_free(mixed, mixed->low);
    bool is_large = mixed->limit > SLICE_SIZE >> GRANULE_SHIFT;
    // Above top, where frees may have left the rover, the map means nothing.
    bool has_rover = is_large && mixed->rover > mixed->low && mixed->rover < mixed->top;
    uint32_t start = has_rover ? mixed->rover : mixed->low;
    uint32_t granule = search_from(mixed, start, mixed->top, count);
    if (granule == 0 && start > mixed->low) {
        granule = search_from(mixed, mixed->low, start, count);
    }
    if (granule == 0) {
        mixed->failed_size = count;
    }
    mixed->rover = granule;
    return granule;
}

static void mark(struct mixed *mixed, uint32_t granule, uint32_t count, uint8_t state)
{
    mixed->map[granule] = state;
    memset(mixed->map + granule + 1, STATE_CONTINUATION, count - 1);
}

static uint8_t state_for(uint32_t count, size_t size)
{
    return (uint8_t)(((size_t)count << GRANULE_SHIFT) - size + 1);
}

static void raise_top(struct mixed *mixed, uint32_t top)
{
    mixed->top = top;
    mixed->high = top > mixed->high ? top : mixed->high;
}

// A place above top; what alignment skips becomes free. 0 when there is no room.
static uint32_t bump(struct heap *heap, uint32_t count, size_t alignment)
{
    struct mixed *mixed = &heap->mixed;
    uintptr_t address = heap->handle + ((uintptr_t)mixed->top << GRANULE_SHIFT);
    size_t skipped = (bits_round_up(address, alignment) - address) >> GRANULE_SHIFT;
    if (skipped + count > mixed->limit - mixed->top ||
        !ensure_map(heap, mixed->top + (uint32_t)skipped + count)) {
        return 0;
    }
    uint32_t granule = mixed->top + (uint32_t)skipped;
    memset(mixed->map + mixed->top, 0, skipped);
    mixed->free_count += (uint32_t)skipped;
    mixed->failed_size = skipped > 0 ? 0 : mixed->failed_size;
    raise_top(mixed, granule + count);
    return granule;
}

// A free place of `count` granules, or 0.
static uint32_t find_place(struct heap *heap, uint32_t count, size_t alignment)
{
    struct mixed *mixed = &heap->mixed;
    bool may_fit_below = mixed->free_count >= count && alignment <= GRANULE_SIZE &&
                         (mixed->failed_size == 0 || count < mixed->failed_size);
    uint32_t granule = may_fit_below ? search(mixed, count) : 0;
    if (granule != 0) {
        mixed->free_count -= count;
        return granule;
    }
    return bump(heap, count, alignment);
}

void *mixed_alloc(struct heap *heap, size_t size, size_t user_size, size_t alignment)
{
    struct mixed *mixed = &heap->mixed;
    size_t span_size = (size_t)mixed->limit << GRANULE_SHIFT;
    if (size >= span_size || alignment >= span_size) {
        return NULL;
    }
    uint32_t count = (uint32_t)(mixed_block_size(size) >> GRANULE_SHIFT);
    uint32_t granule = find_place(heap, count, alignment);
    if (granule == 0) {
        return NULL;
    }
    mark(mixed, granule, count, state_for(count, user_size));
    return (void *)(heap->handle + ((uintptr_t)granule << GRANULE_SHIFT));
}

// Makes [granule, granule + count) free; a free tail moves top down, so that a heap whose blocks
// are all freed looks as it did when it was new.
static void release(struct mixed *mixed, uint32_t granule, uint32_t count)
{
    memset(mixed->map + granule, 0, count);
    mixed->failed_size = 0;
    mixed->low = granule < mixed->low ? granule : mixed->low;
    if (granule + count < mixed->top) {
        mixed->free_count += count;
        return;
    }
    mixed->top = granule;
    while (mixed->top > mixed->first && mixed->map[mixed->top - 1] == 0) {
        mixed->top--;
        mixed->free_count--;
    }
    mixed->low = mixed->low < mixed->top ? mixed->low : mixed->top;
}

void mixed_free(struct heap *heap, uint32_t granule)
{
    release(&heap->mixed, granule, mixed_block_granules(&heap->mixed, granule));
}

bool mixed_resize(struct heap *heap, uint32_t granule, size_t size, size_t user_size)
{
    struct mixed *mixed = &heap->mixed;
    if (size >= (size_t)mixed->limit << GRANULE_SHIFT) {
        return false;
    }
    uint32_t old_count = mixed_block_granules(mixed, granule);
    uint32_t count = (uint32_t)(mixed_block_size(size) >> GRANULE_SHIFT);
    uint32_t end = granule + old_count;
    if (count > old_count && end < mixed->top) {
        if (mixed_skip(mixed, end, mixed->top, 0) - end < count - old_count) {
            return false;
        }
        mixed->free_count -= count - old_count;
    } else if (count > old_count) {
        if (count - old_count > mixed->limit - mixed->top || !ensure_map(heap, granule + count)) {
            return false;
        }
        raise_top(mixed, granule + count);
    }
    uint8_t info_flag = mixed->map[granule] & STATE_INFO_BYTE;
    mark(mixed, granule, count, state_for(count, user_size) | info_flag);
    if (count < old_count) {
        release(mixed, granule + count, old_count - count);
    }
    return true;
}
