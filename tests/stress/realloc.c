// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Every pair of an old and a new size, with and without zeroing, in place and moving, in every kind
 * of heap: the contents up to the smaller size, zeros from the old user size on, exact sizes,
 * nothing lost on refusal.
 */
#include "check.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <string.h>

enum {
    KIB = 1 << 10,
    MIB = 1 << 20,
};

static const size_t sizes[] = {0, 1, 2, 8, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 100, 127,
    128, 200, 255, 256, 500, 512, 513, 1000, KIB, KIB + 1, 2000, 3000, 4095, 4096, 4097, 5000,
    8 * KIB, 10000, 16 * KIB, 30000, 60000, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 100 * KIB,
    128 * KIB, 300 * KIB, MIB - 12289, MIB - 4096, MIB, MIB + 1, 3 * MIB / 2, 2 * MIB};
enum {
    SIZES = sizeof sizes / sizeof sizes[0],
};

struct kind {
    const char *name;
    struct halde_heap_options options;
};

static const struct kind kinds[] = {
    {"growable", {0}},
    {"fixed", {.maximum_size = 24 * MIB}},
    {"tail check", {.checks = HALDE_CHECK_TAIL}},
    {"tail and free check", {.checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE}},
    {"no serialisation", {.flags = HALDE_HEAP_NO_SERIALIZE}},
};

// Dirty memory first: a block that is zero by luck would hide a missing memset.
static void *allocate_dirty(halde_heap *heap, size_t size)
{
    char *dirty = halde_heap_alloc(heap, size + size / 3 + 40, 0);
    if (dirty) {
        memset(dirty, 0xd1, size + size / 3 + 40);
        EXPECT_OK(halde_heap_free(heap, dirty, 0));
    }
    char *block = halde_heap_alloc(heap, size, 0);
    return block;
}

static void expect_size(halde_heap *heap, const void *block, size_t expected)
{
    size_t size = SIZE_MAX;
    EXPECT_OK(halde_heap_size(heap, block, &size));
    EXPECT_SIZE(size, expected);
}

// A growable heap refuses only what must stay in place.
static bool resize_once(
    halde_heap *heap, size_t old_size, size_t new_size, uint32_t flags, bool is_growable)
{
    void *block = allocate_dirty(heap, old_size);
    if (!block) {
        return EXPECT_TRUE(!is_growable); // a fixed-size heap has no room for the largest
    }
    uint64_t key = old_size * 31 + new_size;
    pattern_fill(block, old_size, key);
    enum halde_status status = HALDE_NOT_FOUND;
    void *moved = halde_heap_realloc(heap, block, new_size, flags, &status);
    bool is_good;
    size_t size = new_size;
    if (moved) {
        is_good = !(flags & HALDE_IN_PLACE) || EXPECT_POINTER(moved, block);
        is_good &= pattern_expect(
            moved, old_size, old_size < new_size ? old_size : new_size, key, "realloc");
        if (flags & HALDE_ZERO) {
            is_good &= pattern_expect_zero(moved, old_size, new_size, "zeroed realloc");
        }
        pattern_fill(moved, new_size, key + 1); // all of it is ours
    } else {
        is_good = EXPECT_STATUS(status, HALDE_NO_MEMORY);
        is_good &= EXPECT_TRUE((flags & HALDE_IN_PLACE) || !is_growable);
        is_good &= pattern_expect(block, old_size, old_size, key, "refused realloc");
        moved = block;
        size = old_size;
    }
    EXPECT_SIZE((uintptr_t)moved % 16, 0);
    expect_size(heap, moved, size);
    EXPECT_VALID(heap, moved);
    EXPECT_OK(halde_heap_free(heap, moved, 0));
    return is_good;
}

static void every_pair(const struct kind *kind, size_t limit)
{
    static const uint32_t flag_sets[] = {
        0, HALDE_ZERO, HALDE_IN_PLACE, HALDE_IN_PLACE | HALDE_ZERO};
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(&kind->options, &heap));
    bool is_growable = kind->options.maximum_size == 0;
    size_t step = process_slowness() > 10 ? 5 : 1;
    for (size_t i = 0; i < SIZES; i += step) {
        for (size_t j = 0; j < SIZES; j++) {
            if (sizes[i] > limit || sizes[j] > limit) {
                continue;
            }
            for (size_t f = 0; f < sizeof flag_sets / sizeof flag_sets[0]; f++) {
                if (!resize_once(heap, sizes[i], sizes[j], flag_sets[f], is_growable)) {
                    test_note("  %s heap, %zu to %zu bytes, flags %u", kind->name, sizes[i],
                        sizes[j], flag_sets[f]);
                }
            }
        }
    }
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
    EXPECT_OK(halde_heap_destroy(heap));
}

// In place or not at all: either way the block is what it says.
static void step_in_place(halde_heap *heap, char *block, size_t from, size_t to, bool must_work)
{
    enum halde_status status = HALDE_OK;
    void *same = halde_heap_realloc(heap, block, to, HALDE_IN_PLACE | HALDE_ZERO, &status);
    if (!same) {
        EXPECT_FALSE(must_work);
        EXPECT_STATUS(status, HALDE_NO_MEMORY);
        expect_size(heap, block, from);
        return;
    }
    EXPECT_POINTER(same, block);
    expect_size(heap, block, to);
    pattern_expect_zero(block, from, to, "grown in place");
}

// A block with slices of its own shrinks and grows back where it is; so does one outside of regions
// shrink, whose tail is then gone, as on Windows.
static void shrink_in_place(const struct kind *kind)
{
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(&kind->options, &heap));
    for (size_t i = 0; i < SIZES; i++) {
        size_t size = sizes[i];
        char *block = halde_heap_alloc(heap, size, 0);
        if (!block) {
            continue;
        }
        memset(block, 0x77, size);
        size_t less = size > 8 ? size - size / 16 - 1 : size;
        bool is_in_region = size < MIB - 4096;
        step_in_place(heap, block, size, less, less == size || size >= 100 * KIB);
        size_t now = 0;
        EXPECT_OK(halde_heap_size(heap, block, &now));
        step_in_place(heap, block, now, size, now == size || (size >= 100 * KIB && is_in_region));
        EXPECT_OK(halde_heap_free(heap, block, 0));
    }
    EXPECT_OK(halde_heap_destroy(heap));
}

// A block that grows and shrinks byte by byte through many classes.
static void byte_by_byte(const struct kind *kind)
{
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(&kind->options, &heap));
    unsigned char *block = halde_heap_alloc(heap, 0, 0);
    ASSERT_NOT_NULL(block);
    size_t end = process_scaled(6000);
    for (size_t size = 1; size <= end; size++) {
        block = halde_heap_realloc(heap, block, size, 0, NULL);
        ASSERT_NOT_NULL(block);
        block[size - 1] = (unsigned char)(size * 7);
    }
    for (size_t i = 0; i < end; i++) {
        if (block[i] != (unsigned char)((i + 1) * 7)) {
            test_fail(CHECK_HERE, "%s heap: byte %zu was lost on the way", kind->name, i);
            break;
        }
    }
    for (size_t size = end; size-- > 0;) {
        block = halde_heap_realloc(heap, block, size, HALDE_ZERO, NULL);
        ASSERT_NOT_NULL(block);
        if (size > 0 && block[size - 1] != (unsigned char)(size * 7)) {
            test_fail(
                CHECK_HERE, "%s heap: byte %zu was lost on the way down", kind->name, size - 1);
            break;
        }
    }
    EXPECT_OK(halde_heap_free(heap, block, 0));
    EXPECT_OK(halde_heap_destroy(heap));
}

// Refusals of every kind leave the block alone.
static void refusals(void)
{
    const struct halde_heap_options fixed = {.maximum_size = 256 * KIB};
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(&fixed, &heap));
    for (size_t i = 0; sizes[i] <= 60000; i++) {
        void *block = halde_heap_alloc(heap, sizes[i], 0);
        ASSERT_NOT_NULL(block);
        pattern_fill(block, sizes[i], i);
        static const size_t too_much[] = {
            256 * KIB, 300 * KIB, 4 * MIB, SIZE_MAX / 2, SIZE_MAX - 15, SIZE_MAX};
        for (size_t j = 0; j < sizeof too_much / sizeof too_much[0]; j++) {
            enum halde_status status = HALDE_OK;
            EXPECT_POINTER(halde_heap_realloc(heap, block, too_much[j], HALDE_ZERO, &status), NULL);
            EXPECT_STATUS(status, HALDE_NO_MEMORY);
            EXPECT_POINTER(
                halde_heap_realloc(heap, block, too_much[j], HALDE_IN_PLACE, NULL), NULL);
            expect_size(heap, block, sizes[i]);
        }
        pattern_expect(block, sizes[i], sizes[i], i, "after refusals");
        EXPECT_OK(halde_heap_free(heap, block, 0));
    }
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_destroy(heap));
}

int main(void)
{
    seed_start("realloc");
    refusals();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        every_pair(&kinds[i], i == 0 ? SIZE_MAX : 64 * KIB);
        byte_by_byte(&kinds[i]);
        shrink_in_place(&kinds[i]);
    }
    return test_result();
}
