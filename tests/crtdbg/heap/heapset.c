// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// _heapset() fills what is free and nothing else.

#include "capture.h"

#include <malloc.h>
#include <stdlib.h>

enum {
    COUNT = 100,
    SIZE = 200,
};

int main(void)
{
    unsigned char *blocks[COUNT];
    capture_start();
    for (unsigned i = 0; i < COUNT; i++) {
        blocks[i] = malloc(SIZE);
        memset(blocks[i], (int)i, SIZE);
    }
    for (unsigned i = 0; i < COUNT; i += 2) {
        free(blocks[i]);
    }
    EXPECT_TRUE(_heapset('Z') == _HEAPOK);
    unsigned filled = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        const volatile unsigned char *bytes = blocks[i];
        if (i % 2 == 0) {
            filled += bytes[SIZE / 2] == 'Z';
        } else {
            EXPECT_TRUE(bytes[0] == i && bytes[SIZE / 2] == i && bytes[SIZE - 1] == i);
        }
    }
    EXPECT_TRUE(filled == COUNT / 2);
    EXPECT_TRUE(_CrtCheckMemory() == 1);
    unsigned char *zeroes = calloc(COUNT, SIZE);
    for (unsigned i = 0; i < COUNT * SIZE; i++) {
        EXPECT_TRUE(zeroes[i] == 0);
    }
    free(zeroes);
    unsigned char *block = malloc(SIZE);
    EXPECT_TRUE(block[SIZE / 2] == 0xCD);
    free(block);
    for (unsigned i = 1; i < COUNT; i += 2) {
        free(blocks[i]);
    }
    EXPECT_SILENCE();
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 0);
    return test_result();
}
