// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapAlloc: win32-heap.md 2.4, 2.6, 3.5.

#include "walk.h"

static struct walk walk;

static void test_success(HANDLE heap)
{
    case_begin("3.5", "a block");
    SetLastError(SENTINEL);
    void *block = HeapAlloc(heap, 0, 100);
    EXPECT("3.5", block != NULL, "100 bytes");
    EXPECT_ERROR("3.5", SENTINEL, "success leaves the last error alone");
    EXPECT_EQUAL("2.4", 100, HeapSize(heap, 0, block), "its size is what was asked for");
    pattern_write(block, 100, 1);
    EXPECT("3.5", pattern_matches(block, 100, 1), "it holds 100 bytes");
    HeapFree(heap, 0, block);
}

static void test_exact_sizes(HANDLE heap)
{
    case_begin("2.4", "sizes and alignment");
    bool all_exact = true;
    bool all_aligned = true;
    bool all_hold = true;
    static void *blocks[2050];
    for (SIZE_T size = 0; size < 2050; size++) {
        blocks[size] = HeapAlloc(heap, 0, size);
        all_exact = all_exact && blocks[size] != NULL && HeapSize(heap, 0, blocks[size]) == size;
        all_aligned = all_aligned && (uintptr_t)blocks[size] % MEMORY_ALLOCATION_ALIGNMENT == 0;
        pattern_write(blocks[size], size, (unsigned)size);
    }
    for (SIZE_T size = 0; size < 2050; size++) {
        all_hold = all_hold && pattern_matches(blocks[size], size, (unsigned)size);
        all_hold = HeapFree(heap, 0, blocks[size]) && all_hold;
    }
    EXPECT("2.4", all_exact, "HeapSize of every size from 0 to 2049");
    EXPECT("2.4", all_aligned, "every pointer is 16-byte aligned");
    EXPECT("3.5", all_hold, "2050 live blocks keep their contents");

    all_exact = all_aligned = all_hold = true;
    for (SIZE_T size = 2050; size < 0x280000; size += size / 23 + 7) {
        unsigned char *block = HeapAlloc(heap, 0, size);
        all_exact = all_exact && block != NULL && HeapSize(heap, 0, block) == size;
        all_aligned = all_aligned && (uintptr_t)block % 16 == 0;
        block[0] = 0x11;
        block[size - 1] = 0x22;
        all_hold = all_hold && block[0] == 0x11 && HeapFree(heap, 0, block);
    }
    EXPECT("2.4", all_exact, "HeapSize of sizes up to 2.5 MiB");
    EXPECT("2.4", all_aligned, "every pointer is 16-byte aligned, up to 2.5 MiB");
    EXPECT("3.5", all_hold, "first and last byte are the caller's");
    EXPECT_EQUAL("2.4", 16, MEMORY_ALLOCATION_ALIGNMENT, "MEMORY_ALLOCATION_ALIGNMENT");
}

static void test_alignment_is_not_more(void)
{
    case_begin("2.4", "the alignment is not more than promised");
    HANDLE heap = HeapCreate(0, 0, 0);
    int odd = 0;
    for (int i = 0; i < 128; i++) {
        odd += (uintptr_t)HeapAlloc(heap, 0, 0x40000) % 32 != 0 ? 1 : 0;
    }
    EXPECT("2.4", odd > 0, "of 128 blocks of 256 KiB at least one is not a multiple of 32");
    HeapDestroy(heap);
}

static void test_zero_bytes(HANDLE heap)
{
    case_begin("2.4", "zero bytes");
    void *blocks[20];
    bool all_made = true;
    bool all_empty = true;
    bool all_differ = true;
    for (int i = 0; i < 20; i++) {
        blocks[i] = HeapAlloc(heap, i % 2 ? HEAP_ZERO_MEMORY : 0, 0);
        all_made = all_made && blocks[i] != NULL;
        all_empty =
            all_empty && HeapSize(heap, 0, blocks[i]) == 0 && HeapValidate(heap, 0, blocks[i]);
        for (int j = 0; j < i; j++) {
            all_differ = all_differ && blocks[i] != blocks[j];
        }
    }
    EXPECT("2.4", all_made, "a zero-byte request gives a pointer");
    EXPECT("2.4", all_empty, "its size is 0 and it is a valid block");
    EXPECT("2.4", all_differ, "each request gives a pointer of its own");
    bool all_freed = true;
    for (int i = 0; i < 20; i++) {
        all_freed = HeapFree(heap, 0, blocks[i]) && all_freed;
    }
    EXPECT("2.4", all_freed, "each is freed");
}

static void test_overflow(HANDLE heap)
{
    case_begin("2.4", "requests whose rounding wraps");
    void *keeper = HeapAlloc(heap, 0, 100);
    pattern_write(keeper, 100, 3);
    static const struct {
        SIZE_T below; // the request is 2^64 less this
        const char *text;
    } cases[] = {{1, "~0"}, {8, "~0 - 7"}, {16, "~0 - 15"}, {0x20, "~0 - 31"},
        {0x1000, "~0 - 0xFFF"}, {0x10000, "~0 - 0xFFFF"}, {0x100000, "~0 - 0xFFFFF"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SetLastError(SENTINEL);
        void *block = HeapAlloc(heap, 0, (SIZE_T)0 - cases[i].below);
        EXPECT("2.4", block == NULL, "HeapAlloc of %s: NULL", cases[i].text);
        EXPECT_ERROR("3.5", ERROR_NOT_ENOUGH_MEMORY, "HeapAlloc of %s: 8", cases[i].text);
    }
    SetLastError(SENTINEL);
    EXPECT("3.5", HeapAlloc(heap, HEAP_ZERO_MEMORY, (SIZE_T)1 << 62) == NULL,
        "HeapAlloc of 2^62: NULL");
    EXPECT_ERROR("3.5", ERROR_NOT_ENOUGH_MEMORY, "HeapAlloc of 2^62: 8");
    SetLastError(SENTINEL);
    EXPECT("3.5", HeapAlloc(heap, 0, (SIZE_T)1 << 47) == NULL,
        "HeapAlloc of 2^47, the whole address space: NULL");
    EXPECT_ERROR("3.5", ERROR_NOT_ENOUGH_MEMORY, "HeapAlloc of 2^47: 8");
    EXPECT("2.4", HeapValidate(heap, 0, NULL) && pattern_matches(keeper, 100, 3),
        "the heap is intact afterwards");
    HeapFree(heap, 0, keeper);
}

static void test_zero_memory(HANDLE heap)
{
    case_begin("2.6", "HEAP_ZERO_MEMORY");
    static const SIZE_T sizes[] = {
        1, 15, 16, 17, 24, 40, 100, 512, 1000, 5000, 20000, 70000, 300000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bool all_zero = true;
        // Each round leaves its memory dirty for the next.
        for (int round = 0; round < 30; round++) {
            void *dirty = HeapAlloc(heap, 0, sizes[i]);
            memset(dirty, 0xEE, sizes[i]);
            HeapFree(heap, 0, dirty);
            void *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, sizes[i]);
            all_zero = all_zero && block != NULL && is_filled(block, 0, sizes[i]);
            memset(block, 0xEE, sizes[i]);
            HeapFree(heap, 0, block);
        }
        EXPECT("2.6", all_zero, "%u bytes are zero, again and again", (unsigned)sizes[i]);
    }
    HANDLE zeroing = HeapCreate(HEAP_ZERO_MEMORY, 0, 0);
    bool all_zero = true;
    for (int round = 0; round < 50; round++) {
        void *block = HeapAlloc(zeroing, 0, 200);
        all_zero = all_zero && is_filled(block, 0, 200);
        memset(block, 0xEE, 200);
        HeapFree(zeroing, 0, block);
    }
    OBSERVE("2.1 ZERO_MEMORY at creation covers every call", "%d", all_zero);
    HeapDestroy(zeroing);
}

static void test_flags(HANDLE heap)
{
    case_begin("2.1", "per-call flags");
    static const struct {
        DWORD flags;
        const char *name;
    } flags[] = {
        {HEAP_NO_SERIALIZE, "NO_SERIALIZE"},
        {HEAP_GENERATE_EXCEPTIONS, "GENERATE_EXCEPTIONS"},
        {HEAP_TAIL_CHECKING_ENABLED, "TAIL_CHECKING"},
        {HEAP_FREE_CHECKING_ENABLED, "FREE_CHECKING"},
        {0x000A0000, "bits 17 and 19"},
        {0x00040000, "a tag"},
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        SetLastError(SENTINEL);
        void *block = HeapAlloc(heap, flags[i].flags, 123);
        EXPECT("2.1", block != NULL && HeapSize(heap, 0, block) == 123, "HeapAlloc with %s",
            flags[i].name);
        EXPECT("2.1", HeapFree(heap, flags[i].flags, block) != FALSE, "HeapFree with %s",
            flags[i].name);
        EXPECT_ERROR("1.6", SENTINEL, "%s: the last error is left alone", flags[i].name);
    }
}

static void test_stride(void)
{
    case_begin("2.4", "cost of a block: round16(max(n, 16) + 8)");
    static const SIZE_T sizes[] = {0, 1, 16, 24, 25, 40, 41, 56, 57, 100, 200, 1000, 3000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        HANDLE heap = HeapCreate(0, 0, 0);
        const void *first = HeapAlloc(heap, 0, sizes[i]);
        const void *second = HeapAlloc(heap, 0, sizes[i]);
        const SIZE_T rounded = ((sizes[i] > 16 ? sizes[i] : 16) + 8 + 15) / 16 * 16;
        EXPECT_EQUAL("2.4", rounded, (uintptr_t)second - (uintptr_t)first,
            "two blocks of %u bytes are %u bytes apart", (unsigned)sizes[i], (unsigned)rounded);
        HeapDestroy(heap);
    }
}

static void test_wrong_heap(void)
{
    case_begin("3.5", "invalid heap handles");
    if (!may_ask_wild()) {
        SKIP("3.5", "invalid heap handles: undefined on Windows");
        return;
    }
    HANDLE dead = HeapCreate(0, 0, 0);
    HeapDestroy(dead);
    const HANDLE wrong[] = {NULL, dead, &dead, unmapped_address(), INVALID_HANDLE_VALUE};
    static const char *const names[] = {
        "NULL", "a destroyed heap", "a local variable", "an unmapped address", "-1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!may_try_heap(wrong[i])) {
            continue;
        }
        SetLastError(SENTINEL);
        EXPECT("3.5", HeapAlloc(wrong[i], 0, 10) == NULL, "%s: NULL", names[i]);
        EXPECT_ERROR("3.5", ERROR_INVALID_HANDLE, "%s: 6", names[i]);
    }
}

static void test_serves_after_failure(HANDLE heap)
{
    case_begin("3.5", "a failed call changes nothing");
    walk_take(&walk, heap);
    const size_t before = walk.count;
    for (int i = 0; i < 100; i++) {
        HeapAlloc(heap, 0, ~(SIZE_T)0 - (SIZE_T)i);
    }
    walk_take(&walk, heap);
    EXPECT_EQUAL(
        "3.5", before, walk.count, "the walk shows as many elements as before 100 failures");
}

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    test_success(heap);
    test_exact_sizes(heap);
    test_alignment_is_not_more();
    test_zero_bytes(heap);
    test_overflow(heap);
    test_zero_memory(heap);
    test_flags(heap);
    test_stride();
    test_wrong_heap();
    test_serves_after_failure(heap);
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid at the end");
    HeapDestroy(heap);
    return conformance_finish();
}
