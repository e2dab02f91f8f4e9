// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapSize: win32-heap.md 2.4, 3.8.

#include "conformance.h"

static void test_requested_size(HANDLE heap)
{
    case_begin("2.4", "the requested size, exactly");
    static const SIZE_T sizes[] = {0, 1, 7, 8, 15, 16, 17, 23, 24, 25, 31, 32, 33, 100, 511, 513,
        1000, 1023, 2047, 2049, 4095, 4097, 10001, 16383, 16385, 65535, 65537, 262145, 524287,
        0xFD000, 0xFF001, 0x100000, 0x100001, 0x234567};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *block = HeapAlloc(heap, 0, sizes[i]);
        SetLastError(SENTINEL);
        EXPECT_EQUAL("2.4", sizes[i], HeapSize(heap, 0, block), "%u bytes", (unsigned)sizes[i]);
        EXPECT_ERROR("3.8", SENTINEL, "%u bytes: the last error is left alone", (unsigned)sizes[i]);
        EXPECT_EQUAL("3.8", sizes[i], HeapSize(heap, HEAP_NO_SERIALIZE, block),
            "%u bytes with NO_SERIALIZE", (unsigned)sizes[i]);
        HeapFree(heap, 0, block);
    }
}

static void test_many_of_one_size(HANDLE heap)
{
    case_begin("2.4", "sizes that share a size class");
    enum {
        BLOCKS = 400
    };
    static void *blocks[BLOCKS];
    bool all_exact = true;
    for (SIZE_T i = 0; i < BLOCKS; i++) {
        blocks[i] = HeapAlloc(heap, 0, 97 + i % 16);
    }
    for (SIZE_T i = 0; i < BLOCKS; i++) {
        all_exact = all_exact && HeapSize(heap, 0, blocks[i]) == 97 + i % 16;
        HeapFree(heap, 0, blocks[i]);
    }
    EXPECT("2.4", all_exact, "400 blocks of 97 to 112 bytes");

    all_exact = true;
    for (SIZE_T i = 0; i < BLOCKS; i++) {
        blocks[i] = HeapAlloc(heap, 0, 3001 + i);
    }
    for (SIZE_T i = 0; i < BLOCKS; i++) {
        all_exact = all_exact && HeapSize(heap, 0, blocks[i]) == 3001 + i;
        HeapFree(heap, 0, blocks[i]);
    }
    EXPECT("2.4", all_exact, "400 blocks of 3001 to 3400 bytes");
}

static void test_failures(HANDLE heap)
{
    case_begin("3.8", "failure is (SIZE_T)-1, not 0");
    char *block = HeapAlloc(heap, 0, 100);
    SetLastError(SENTINEL);
    EXPECT_EQUAL("3.8", ~(SIZE_T)0, HeapSize(heap, 0, block + 32), "block + 32");
    OBSERVE("3.8 last error of a failed HeapSize", "%u", (unsigned)GetLastError());
    HeapFree(heap, 0, block);
    EXPECT_EQUAL("3.8", ~(SIZE_T)0, HeapSize(heap, 0, block), "a freed block");
    if (!may_ask_wild()) {
        SKIP("3.8", "wild pointers: undefined on Windows");
        return;
    }
    HANDLE other = HeapCreate(0, 0, 0);
    void *foreign = HeapAlloc(other, 0, 100);
    char *large = HeapAlloc(heap, 0, 0x200000);
    void *libc_block = malloc(10);
    void *const wrong[] = {NULL, foreign, large + 65536, heap, &heap, libc_block,
        unmapped_address(), (void *)(uintptr_t)3, (void *)(uintptr_t)-16};
    static const char *const names[] = {"NULL", "a block of another heap", "large block + 65536",
        "the heap's handle", "a local variable", "a block of malloc", "an unmapped address", "3",
        "-16"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!may_try_block(wrong[i])) {
            continue;
        }
        SetLastError(SENTINEL);
        EXPECT_EQUAL("3.8", ~(SIZE_T)0, HeapSize(heap, 0, wrong[i]), "%s", names[i]);
    }
    EXPECT_EQUAL("3.8", ~(SIZE_T)0, HeapSize(NULL, 0, large), "heap NULL");
    EXPECT_EQUAL("3.8", 0x200000, HeapSize(heap, 0, large), "the block itself, afterwards");
    free(libc_block);
    HeapDestroy(other);
}

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    test_requested_size(heap);
    test_many_of_one_size(heap);
    test_failures(heap);
    HeapDestroy(heap);
    return conformance_finish();
}
