// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Incremental checks: every operation pays for a few blocks; damage anywhere in the heap is found
// within a round, reported once, and again when the block is freed.

#include "capture.h"

#include <stdlib.h>

enum {
    BLOCKS = 3000,
    PER_OPERATION = 4,
};

static char *blocks[BLOCKS];

static void make_blocks(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = _malloc_dbg((size_t)(i % 300) + 1, _NORMAL_BLOCK, "demo.c", i);
    }
}

// How many operations pass until something is reported.
static unsigned operations_until_report(unsigned limit)
{
    unsigned count = 0;
    while (capture.count == 0 && count < limit) {
        free(malloc(5));
        count += 2;
    }
    return count;
}

static void damage_is_found(int index)
{
    size_t size = (size_t)(index % 300) + 1;
    char *block = blocks[index];
    long number = number_of(block, (unsigned)size);
    block[size] = 1;
    // A round is all blocks, and what the start-up code allocated.
    unsigned limit = 2 * (BLOCKS + 200) / PER_OPERATION;
    EXPECT_TRUE(operations_until_report(10 * limit) <= limit);
    EXPECT_REPORTS("W " AFTER("Normal") ALLOCATED_AT
        "W Normal located at " ADDRESS
        " is %zu bytes long.\n" ALLOCATED_AT ASSERTION("_CrtCheckMemory()"),
        number, ADDRESS_OF(block), "demo.c", index, ADDRESS_OF(block), size, "demo.c", index);
    // It is not reported again in the next rounds.
    EXPECT_TRUE(operations_until_report(3 * limit) >= 3 * limit);
    free(block);
    EXPECT_REPORTS("E " AFTER("Normal") ALLOCATED_AT, number, ADDRESS_OF(block), "demo.c", index);
    blocks[index] = NULL;
}

// The period of the flag does not count meanwhile, and again afterwards.
static void period_gives_way(void)
{
    char *block = malloc(10);
    block[10] = 1;
    int flag = _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_CHECK_EVERY_16_DF);
    for (unsigned i = 0; i < 8; i++) {
        free(malloc(5));
    }
    EXPECT_SILENCE();
    EXPECT_TRUE(halde_set_incremental_check(0) == PER_OPERATION);
    for (unsigned i = 0; i < 16 && capture.count == 0; i++) {
        free(malloc(5));
    }
    EXPECT_TRUE(capture.count != 0);
    _CrtSetDbgFlag(flag);
    free(block);
    capture_clear();
    EXPECT_TRUE(halde_set_incremental_check(100000) == 0);
    EXPECT_TRUE(halde_set_incremental_check(0) == 4096);
}

int main(void)
{
    capture_start();
    make_blocks();
    EXPECT_TRUE(halde_set_incremental_check(PER_OPERATION) == 0);
    damage_is_found(0);
    damage_is_found(BLOCKS / 2);
    damage_is_found(BLOCKS - 1);
    period_gives_way();
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    EXPECT_SILENCE();
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 0);
    return test_result();
}
