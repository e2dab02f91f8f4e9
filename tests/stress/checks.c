// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Heaps with checks: an overrun behind a block and a write into a freed one are found, named to the
 * byte, and forgotten when the byte is repaired.  Nothing sound is ever reported.
 */
#include "check.h"
#include "churn.h"
#include "process.h"
#include "seed.h"

#include <string.h>

enum {
    TAIL_SIZE = 16,
    TAIL_BYTE = 0xab,
    KEPT_BYTES = 16, // of a freed block that are not filled
};

static const size_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 24, 31, 32, 40, 63, 64, 65, 100, 128, 200,
    500, 512, 1000, 1024, 2000, 4000, 4096, 5000, 10000, 30000, 60000, 65536, 100000, 300000};
enum {
    SIZES = sizeof sizes / sizeof sizes[0],
};

static halde_heap *create(uint32_t checks)
{
    const struct halde_heap_options options = {.checks = checks};
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(&options, &heap));
    return heap;
}

static void expect_damage(const struct halde_damage *damage, const unsigned char *block,
    size_t block_size, const unsigned char *address, uint8_t expected)
{
    EXPECT_STATUS(damage->status, HALDE_BLOCK_DAMAGED);
    EXPECT_POINTER(damage->block, block);
    EXPECT_SIZE(damage->block_size, block_size);
    EXPECT_POINTER(damage->address, address);
    EXPECT_SIZE(damage->expected, expected);
    EXPECT_SIZE(damage->found, *address);
}

// ---- Tails ----

static void damage_one_tail_byte(halde_heap *heap, unsigned char *block, size_t size, size_t offset)
{
    unsigned char *byte = block + size + offset;
    struct halde_damage damage = {0};
    *byte ^= 0x40;
    EXPECT_STATUS(halde_heap_validate(heap, block, &damage), HALDE_BLOCK_DAMAGED);
    expect_damage(&damage, block, size, byte, TAIL_BYTE);
    damage = (struct halde_damage){0};
    EXPECT_STATUS(halde_heap_validate(heap, NULL, &damage), HALDE_BLOCK_DAMAGED);
    expect_damage(&damage, block, size, byte, TAIL_BYTE);
    EXPECT_STATUS(halde_heap_free(heap, block, 0), HALDE_BLOCK_DAMAGED); // and nothing has changed
    size_t seen = SIZE_MAX;
    EXPECT_OK(halde_heap_size(heap, block, &seen));
    EXPECT_SIZE(seen, size);
    *byte ^= 0x40;
    EXPECT_VALID(heap, block);
    EXPECT_VALID(heap, NULL);
}

static bool has_tail(const unsigned char *block, size_t size)
{
    for (size_t i = 0; i < TAIL_SIZE; i++) {
        if (block[size + i] != TAIL_BYTE) {
            test_fail(CHECK_HERE, "byte %zu behind the %zu bytes at %p is 0x%02x", i, size,
                (const void *)block, block[size + i]);
            return false;
        }
    }
    return true;
}

static void tails(uint32_t checks)
{
    halde_heap *heap = create(checks);
    for (size_t i = 0; i < SIZES; i++) {
        size_t size = sizes[i];
        unsigned char *before = halde_heap_alloc(heap, size, 0);
        unsigned char *block = halde_heap_alloc(heap, size, HALDE_ZERO);
        unsigned char *after = halde_heap_alloc(heap, size, 0);
        ASSERT_TRUE(before && block && after);
        memset(before, 1, size); // up to the brim: no neighbour may mind
        memset(after, 1, size);
        if (!has_tail(block, size)) {
            continue;
        }
        for (size_t offset = 0; offset < TAIL_SIZE; offset++) {
            damage_one_tail_byte(heap, block, size, offset);
        }
        EXPECT_OK(halde_heap_free(heap, before, 0));
        EXPECT_OK(halde_heap_free(heap, block, 0));
        EXPECT_OK(halde_heap_free(heap, after, 0));
    }
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_destroy(heap));
}

// A tail follows the block's size through realloc; a damaged one stops it.
static void tails_and_realloc(void)
{
    halde_heap *heap = create(HALDE_CHECK_TAIL);
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t j = 0; j < SIZES; j += 3) {
            unsigned char *block = halde_heap_alloc(heap, sizes[i], 0);
            ASSERT_NOT_NULL(block);
            enum halde_status status = HALDE_OK;
            block[sizes[i]] = 0;
            EXPECT_POINTER(halde_heap_realloc(heap, block, sizes[j], 0, &status), NULL);
            EXPECT_STATUS(status, HALDE_BLOCK_DAMAGED);
            block[sizes[i]] = TAIL_BYTE;
            unsigned char *moved = halde_heap_realloc(heap, block, sizes[j], HALDE_ZERO, NULL);
            ASSERT_NOT_NULL(moved);
            has_tail(moved, sizes[j]);
            EXPECT_OK(halde_heap_free(heap, moved, 0));
        }
    }
    EXPECT_OK(halde_heap_destroy(heap));
}

// ---- Freed blocks ----

static size_t count_filled(const unsigned char *block, size_t most)
{
    static const unsigned char fill[] = {0xee, 0xfe, 0xee, 0xfe};
    size_t i = KEPT_BYTES;
    while (i < most && block[i] == fill[i % 4]) {
        i++;
    }
    return i;
}

// The filled part may reach to the block's end, beyond its user size; within the user size it must.
static void damage_freed(halde_heap *heap, unsigned char *block, size_t size)
{
    struct halde_damage damage = {0};
    EXPECT_SIZE(count_filled(block, size), size > KEPT_BYTES ? size : KEPT_BYTES);
    EXPECT_VALID(heap, NULL);
    for (size_t offset = KEPT_BYTES; offset < size; offset += offset < 100 ? 7 : size / 3) {
        uint8_t expected = block[offset];
        block[offset] ^= 0x01;
        EXPECT_STATUS(halde_heap_validate(heap, NULL, &damage), HALDE_BLOCK_DAMAGED);
        EXPECT_STATUS(damage.status, HALDE_BLOCK_DAMAGED);
        EXPECT_POINTER(damage.address, block + offset);
        EXPECT_SIZE(damage.expected, expected);
        EXPECT_SIZE(damage.found, block[offset]);
        EXPECT_TRUE((const unsigned char *)damage.block <= block);
        block[offset] ^= 0x01;
        EXPECT_VALID(heap, NULL);
    }
}

static void freed_blocks(uint32_t checks)
{
    for (size_t i = 0; i < SIZES && sizes[i] <= 30000; i++) {
        size_t size = sizes[i];
        halde_heap *heap = create(checks);
        unsigned char *blocks[5];
        for (size_t b = 0; b < 5; b++) {
            blocks[b] = halde_heap_alloc(heap, size, 0);
            ASSERT_NOT_NULL(blocks[b]);
            memset(blocks[b], 0x33, size);
        }
        EXPECT_OK(halde_heap_free(heap, blocks[1], 0));
        EXPECT_OK(halde_heap_free(heap, blocks[3], 0));
        damage_freed(heap, blocks[1], size);
        damage_freed(heap, blocks[3], size);
        EXPECT_STATUS(halde_heap_free(heap, blocks[1], 0), HALDE_BLOCK_FREED);
        EXPECT_STATUS(halde_heap_validate(heap, blocks[3], NULL), HALDE_BLOCK_FREED);
        for (size_t b = 0; b < 5; b += 2) {
            EXPECT_TRUE(size == 0 || (blocks[b][0] == 0x33 && blocks[b][size - 1] == 0x33));
            EXPECT_OK(halde_heap_free(heap, blocks[b], 0));
        }
        EXPECT_VALID(heap, NULL);
        EXPECT_OK(halde_heap_destroy(heap));
    }
}

// A block allocated with HALDE_ZERO is zero although the freed one before it was filled.
static void zeros_after_fill(uint32_t checks)
{
    halde_heap *heap = create(checks);
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < SIZES; i++) {
            unsigned char *block = halde_heap_alloc(heap, sizes[i], HALDE_ZERO);
            ASSERT_NOT_NULL(block);
            for (size_t b = 0; b < sizes[i]; b++) {
                if (block[b] != 0) {
                    test_fail(CHECK_HERE, "byte %zu of %zu is 0x%02x", b, sizes[i], block[b]);
                    break;
                }
            }
            memset(block, 0x44, sizes[i]);
            EXPECT_OK(halde_heap_free(heap, block, 0));
        }
    }
    EXPECT_OK(halde_heap_destroy(heap));
}

// ---- Validation at every call ----

// Damage anywhere is noticed by a call that has nothing to do with it, and does no harm.
static void always_validate(void)
{
    halde_heap *heap = create(HALDE_CHECK_ALWAYS | HALDE_CHECK_TAIL | HALDE_CHECK_FREE);
    unsigned char *victim = halde_heap_alloc(heap, 40, 0);
    unsigned char *other = halde_heap_alloc(heap, 50, 0);
    ASSERT_TRUE(victim && other);
    victim[40] = 0;
    enum halde_status status = halde_heap_free(heap, other, 0);
    EXPECT_TRUE(
        status == HALDE_OK || status == HALDE_BLOCK_DAMAGED || status == HALDE_HEAP_DAMAGED);
    if (status == HALDE_OK) {
        test_fail(CHECK_HERE, "a free validated nothing");
    }
    victim[40] = TAIL_BYTE;
    EXPECT_OK(halde_heap_free(heap, other, 0));
    EXPECT_OK(halde_heap_free(heap, victim, 0));
    EXPECT_OK(halde_heap_destroy(heap));
}

// ---- Sound programs ----

// Threads that make no mistake are never accused.
static void no_false_alarm(uint64_t seed, uint32_t checks, double seconds)
{
    halde_heap *heap = create(checks);
    const struct churn_options options = {
        .seed = seed,
        .seat_count = 3,
        .slots_per_seat = 60,
        .heaps = &heap,
        .heap_count = 1,
        .operations_per_thread = 2000,
        .max_request = checks & HALDE_CHECK_ALWAYS ? 2000 : 100000,
    };
    struct churn *churn = churn_start(&options);
    uint64_t deadline = deadline_after(seconds);
    while (!deadline_is_over(deadline) && test_failures() == 0) {
        EXPECT_VALID(heap, NULL);
    }
    churn_stop(churn);
    churn_release(churn);
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_destroy(heap));
}

// Without checks nothing is written behind a block's size or into a freed block.
static void nothing_without_checks(void)
{
    halde_heap *heap = create(0);
    unsigned char *block = halde_heap_alloc(heap, 40, 0);
    unsigned char *keeper = halde_heap_alloc(heap, 40, 0);
    ASSERT_TRUE(block && keeper);
    memset(block, 0x21, 40);
    EXPECT_OK(halde_heap_free(heap, block, 0));
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_free(heap, keeper, 0));
    EXPECT_OK(halde_heap_destroy(heap));
}

int main(void)
{
    uint64_t seed = seed_start("checks");
    tails(HALDE_CHECK_TAIL);
    tails(HALDE_CHECK_TAIL | HALDE_CHECK_FREE);
    tails_and_realloc();
    freed_blocks(HALDE_CHECK_FREE);
    freed_blocks(HALDE_CHECK_FREE | HALDE_CHECK_TAIL);
    zeros_after_fill(HALDE_CHECK_FREE | HALDE_CHECK_TAIL);
    always_validate();
    nothing_without_checks();
    double seconds = stress_seconds(2) / 4;
    no_false_alarm(seed, HALDE_CHECK_TAIL, seconds);
    no_false_alarm(seed, HALDE_CHECK_TAIL | HALDE_CHECK_FREE, seconds);
    no_false_alarm(seed, HALDE_CHECK_ALWAYS | HALDE_CHECK_TAIL | HALDE_CHECK_FREE, seconds);
    return test_result();
}
