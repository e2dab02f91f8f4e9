// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Validating heaps from outside: what the engine's validation, the heap's checks and the debug heap
// look at inside of the process.

#include "image/heaps_internal.h"

#include <stdio.h>
#include <string.h>

enum {
    FINDINGS_MAX = 200, // of one heap: then a summary
    PIECE_SIZE = 4096,
    FOUND_SHOWN = 8, // bytes
    STATE_GROUP = 64,
    WORD_SIZE = 8,
};

#define CONSTANT(name) ((uint64_t)view_constant(check->heaps->view, LAYOUT_CONSTANT_##name))

// A finding, unless there were too many of this heap already.
#define FINDING(check, block, address, ...)                                                        \
    do {                                                                                           \
        if ((check)->finding_count++ < FINDINGS_MAX) {                                             \
            heaps_add_damage((check)->heaps, (check)->heap.handle, block, address, __VA_ARGS__);   \
        }                                                                                          \
    } while (0)

// ---- Contents ---------------------------------------------------------------------------------

// What bytes should be: a value, or a pattern of four by address.
struct expected {
    uint8_t bytes[4];
};

static struct expected expected_value(uint8_t value)
{
    return (struct expected){.bytes = {value, value, value, value}};
}

static const struct expected FREED_PATTERN = {.bytes = {0xee, 0xfe, 0xee, 0xfe}};

struct change {
    uint64_t address; // of the first wrong byte
    uint64_t count;
    uint8_t found[FOUND_SHOWN];
    uint32_t found_count;
    uint8_t expected;
};

static void note_change(struct change *change, uint64_t address, uint8_t found, uint8_t expected)
{
    if (change->count == 0) {
        change->address = address;
        change->expected = expected;
    }
    if (address - change->address < FOUND_SHOWN) {
        // Bytes in between that are as they should be are shown, too.
        while (change->found_count < address - change->address) {
            change->found[change->found_count++] = change->expected;
        }
        change->found[change->found_count++] = found;
    }
    change->count++;
}

// Whether bytes are as expected. Those that cannot be read are not judged.
static bool is_as_expected(struct check *check, uint64_t start, uint64_t end,
    struct expected expected, struct change *change)
{
    uint8_t piece[PIECE_SIZE];
    *change = (struct change){0};
    for (uint64_t address = start; address < end;) {
        uint64_t size = PIECE_SIZE - address % PIECE_SIZE;
        size = size < end - address ? size : end - address;
        if (!view_read_contents(check->heaps->view, address, piece, (size_t)size)) {
            return change->count == 0;
        }
        for (size_t i = 0; i < size; i++) {
            uint8_t wanted = expected.bytes[(address + i) % sizeof(expected.bytes)];
            if (piece[i] != wanted) {
                note_change(change, address + i, piece[i], wanted);
            }
        }
        address += size;
    }
    return change->count == 0;
}

// "3 bytes changed, the first at 0x...: FD expected, found 41 42 43"
static void report_change(
    struct check *check, uint64_t block, const char *what, const struct change *change)
{
    char found[FOUND_SHOWN * 3 + 1] = "";
    for (uint32_t i = 0; i < change->found_count; i++) {
        snprintf(found + (size_t)i * 3, 4, " %02X", change->found[i]);
    }
    FINDING(check, block, change->address, "%s: %llu byte%s changed: %02X expected, found%s", what,
        (unsigned long long)change->count, change->count == 1 ? "" : "s", change->expected, found);
}

static void check_bytes(struct check *check, uint64_t block, const char *what, uint64_t start,
    uint64_t end, struct expected expected)
{
    struct change change;
    if (!is_as_expected(check, start, end, expected, &change)) {
        report_change(check, block, what, &change);
    }
}

// The bytes behind a block, and freed memory, of heaps that were created with such checks.
static void check_patterns(struct check *check, const struct view_element *element)
{
    uint64_t checks = check->heap.checks;
    if (element->kind == VIEW_BUSY) {
        uint64_t tail = element->start + element->user_size;
        uint64_t end = tail + CONSTANT(TAIL_SIZE);
        if ((checks & CONSTANT(CHECK_TAIL)) != 0 &&
            element->user_size < CONSTANT(LARGE_ALONE_SIZE) && end <= element->end) {
            check_bytes(check, element->start, "written behind the block", tail, end,
                expected_value((uint8_t)CONSTANT(TAIL_BYTE)));
        }
        return;
    }
    if ((checks & CONSTANT(CHECK_FREE)) == 0) {
        return;
    }
    uint64_t end = element->end;
    if (element->place == VIEW_IN_MIXED) {
        uint64_t used =
            check->heap.handle + ((uint64_t)check->heap.mixed.high << CONSTANT(GRANULE_SHIFT));
        end = end < used ? end : used; // above, nothing was ever freed
    } else if (element->place != VIEW_IN_SPAN) {
        return;
    }
    check_bytes(
        check, element->start, "freed memory was written to", element->start, end, FREED_PATTERN);
}

static void check_debug(
    struct check *check, const struct view_element *element, const struct view_debug_block *debug)
{
    struct view_debug_fills fills;
    if (!view_debug_fills(check->heaps->view, &fills)) {
        return;
    }
    struct expected gap = expected_value(fills.gap);
    uint64_t user_end = debug->outer + debug->outer_size;
    uint64_t tail = debug->inner == 0 ? user_end : debug->address + debug->size;
    uint64_t rest = element->end - user_end;
    rest = rest < fills.tail_checked_max ? rest : fills.tail_checked_max;
    check_bytes(
        check, debug->address, "written before the block", element->start, debug->outer, gap);
    check_bytes(check, debug->address, "written behind the block", tail, user_end + rest, gap);
    if (debug->inner != 0) {
        uint64_t start = (debug->address & ~(uint64_t)(WORD_SIZE - 1)) - WORD_SIZE;
        check_bytes(check, debug->address, "written before the aligned block", start,
            start + WORD_SIZE, expected_value(fills.aligned));
    }
    if (debug->state == VIEW_DEBUG_DELAYED || debug->state == VIEW_DEBUG_QUARANTINED) {
        check_bytes(check, debug->address, "the freed block was written to", debug->outer, user_end,
            expected_value(fills.freed));
    }
}

// ---- Spans ------------------------------------------------------------------------------------

// The states behind the last block's, up to the end of their group, never count as free.
static void check_padding(struct check *check, const struct view_slice *span)
{
    uint8_t padding[STATE_GROUP * 2];
    size_t width = span->kind == CONSTANT(SLICE_SPAN_WORDS) ? 2 : 1;
    size_t used = (size_t)span->block_count * width;
    size_t group = STATE_GROUP * width;
    size_t size = (group - used % group) % group;
    if (!view_read_known(check->heaps->view, span->map + used, padding, size)) {
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (padding[i] != (uint8_t)CONSTANT(STATE_UNUSABLE)) {
            FINDING(check, 0, span->map + used + i,
                "the states of a span were written over: %02X in place of %02X behind the last one",
                padding[i], (unsigned)CONSTANT(STATE_UNUSABLE));
            return;
        }
    }
}

static void check_inside(struct check *check, const struct view_slice *span, uint32_t slice_count)
{
    for (uint32_t i = 1; i < slice_count; i++) {
        struct view_slice slice;
        if (!view_slice(check->heaps->view, span->number + i, &slice) ||
            slice.kind != CONSTANT(SLICE_INSIDE) || slice.distance != i ||
            slice.heap != check->heap.address) {
            FINDING(check, 0, view_slice_address(check->heaps->view, span->number + i),
                "the description of 64 KiB inside a span does not lead to the span's start");
        }
    }
}

static void check_span(struct check *check, uint32_t number)
{
    struct view_slice span;
    if (!view_slice(check->heaps->view, number, &span)) {
        return;
    }
    uint64_t start = view_slice_address(check->heaps->view, number);
    uint64_t size = span.block_size;
    uint32_t slice_count =
        size > CONSTANT(CLASS_ONE_SLICE_MAX) ? (uint32_t)CONSTANT(SPAN_LARGE_SLICES) : 1;
    uint64_t span_size = (uint64_t)slice_count << CONSTANT(SLICE_SHIFT);
    if (span.size_class >= CONSTANT(CLASS_COUNT)) {
        FINDING(check, 0, start, "a span has size class %u, but there are only %u", span.size_class,
            (unsigned)CONSTANT(CLASS_COUNT));
    }
    if (span.reciprocal != (((uint64_t)1 << 32) + size - 1) / size) {
        FINDING(check, 0, start, "a span of %llu-byte blocks has the factor of another size",
            (unsigned long long)size);
    }
    if (span.block_count != (span_size - span.first_offset) / size) {
        FINDING(check, 0, start, "a span has %u blocks of %llu bytes, but room for %llu",
            span.block_count, (unsigned long long)size,
            (unsigned long long)((span_size - span.first_offset) / size));
    }
    if (span.owner == 0) {
        FINDING(check, 0, start, "a span belongs to no thread's cache");
    }
    check_padding(check, &span);
    check_inside(check, &span, slice_count);
}

// ---- Other elements ---------------------------------------------------------------------------

// The ends of a free run lead to each other.
static void check_free_run(struct check *check, uint32_t number)
{
    struct view *view = check->heaps->view;
    struct view_slice first;
    struct view_slice last;
    if (!view_slice(view, number, &first) || first.kind != CONSTANT(SLICE_FREE) ||
        first.slice_count < 2 || first.slice_count > UINT32_MAX - number) {
        return;
    }
    uint32_t end = number + (uint32_t)first.slice_count - 1;
    if (!view_slice(view, end, &last) || last.kind != CONSTANT(SLICE_FREE_END) ||
        last.slice_count != first.slice_count) {
        FINDING(check, 0, view_slice_address(view, number),
            "the end of a free run of %llu times 64 KiB does not lead back to its start",
            (unsigned long long)first.slice_count);
    }
}

static void check_large(struct check *check, const struct view_element *element)
{
    struct view *view = check->heaps->view;
    struct view_slice slice;
    if (!view_slice(view, element->slice, &slice)) {
        return;
    }
    uint64_t count = slice.slice_count;
    if (element->place == VIEW_LARGE_ALONE) {
        check->alone_slices += count;
        check->last_large = element->slice;
    }
    for (uint64_t i = 1; i < count; i++) {
        struct view_slice inside;
        if (!view_slice(view, element->slice + (uint32_t)i, &inside) ||
            inside.heap != check->heap.address || inside.kind != CONSTANT(SLICE_NONE)) {
            FINDING(check, element->start, view_slice_address(view, element->slice + (uint32_t)i),
                "64 KiB of a large block are described as something else");
            return;
        }
    }
}

static void count_mixed(struct check *check, const struct view_element *element)
{
    uint64_t shift = CONSTANT(GRANULE_SHIFT);
    uint64_t top = check->heap.handle + ((uint64_t)check->heap.mixed.top << shift);
    uint64_t end = element->end < top ? element->end : top;
    if (element->kind == VIEW_FREE && element->start < end) {
        check->mixed_free_granules += (end - element->start) >> shift;
    }
}

static void check_user_info(struct check *check, const struct view_element *element)
{
    struct view_user_info info;
    struct view_record record;
    check->flagged_count++;
    if (!view_user_info(check->heaps->view, &check->heap, element, &info) &&
        !view_record(check->heaps->view, &check->heap, element, &record)) {
        FINDING(check, element->start, 0,
            "the block's state says that it has user info, but there is none");
    }
}

// ---- A heap -----------------------------------------------------------------------------------

void check_begin(struct check *check, struct heaps *heaps, const struct view_heap *heap)
{
    *check = (struct check){
        .heaps = heaps,
        .heap = *heap,
        .has_contents = heaps->image->read != NULL,
    };
    if (heap->mixed.first > heap->mixed.top || heap->mixed.top > heap->mixed.limit ||
        heap->mixed.top > heap->mixed.map_count || heap->mixed.high < heap->mixed.top) {
        FINDING(check, 0, heap->handle,
            "the numbers of the mixed span contradict each other: first %u, top %u, highest %u, "
            "limit %u, map %u",
            heap->mixed.first, heap->mixed.top, heap->mixed.high, heap->mixed.limit,
            heap->mixed.map_count);
    }
}

void check_element(
    struct check *check, const struct view_element *element, const struct view_debug_block *debug)
{
    if (element->place == VIEW_IN_SPAN && element->slice != check->span) {
        check->span = element->slice;
        check_span(check, element->slice);
    } else if (element->place == VIEW_IN_MIXED) {
        count_mixed(check, element);
    } else if (element->place == VIEW_LARGE_INSIDE || element->place == VIEW_LARGE_ALONE) {
        check_large(check, element);
    } else if (element->kind == VIEW_FREE) {
        check_free_run(check, element->slice);
    }
    if (element->kind == VIEW_BUSY && element->has_info) {
        check_user_info(check, element);
    }
    if (!check->has_contents || element->kind == VIEW_UNCOMMITTED) {
        return;
    }
    if (debug != NULL) {
        check_debug(check, element, debug);
    } else if (check->heap.checks != 0) {
        check_patterns(check, element);
    }
}

static void check_sum(struct check *check, const char *what, uint64_t counted, uint64_t noted)
{
    if (counted != noted) {
        FINDING(check, 0, check->heap.address, "the heap counts %llu %s, but there are %llu",
            (unsigned long long)noted, what, (unsigned long long)counted);
    }
}

static uint64_t count_region_slices(const struct check *check)
{
    struct view_region region;
    uint64_t count = 0;
    uint64_t size = (uint64_t)1 << CONSTANT(SLICE_SHIFT);
    for (uint32_t i = 0; view_region(check->heaps->view, &check->heap, i, &region); i++) {
        count += (region.end - region.start + size - 1) / size;
    }
    return count;
}

void check_end(struct check *check, const struct view_walk *walk)
{
    uint32_t info_count = 0;
    if (walk->fault == VIEW_NO_FAULT) { // otherwise something is missing from the sums
        check_sum(check, "free granules in the mixed span", check->mixed_free_granules,
            check->heap.mixed.free_count);
        check_sum(
            check, "times 64 KiB in regions", count_region_slices(check), check->heap.slice_count);
        check_sum(
            check, "times 64 KiB of large blocks", check->alone_slices, check->heap.alone_slices);
        if (check->last_large != check->heap.large_last) {
            FINDING(check, 0, check->heap.address,
                "the list of large blocks does not end where the heap says");
        }
        view_user_info_count(check->heaps->view, &check->heap, &info_count);
        check_sum(check, "blocks with user info", check->flagged_count, info_count);
    }
    if (check->finding_count > FINDINGS_MAX) {
        heaps_add_damage(check->heaps, check->heap.handle, 0, 0,
            "%u more findings in this heap are not listed", check->finding_count - FINDINGS_MAX);
    }
}
