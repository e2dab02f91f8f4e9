// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// IsBadReadPtr and its kin: win32-heap.md 7.

#include "conformance.h"

#define SENTINEL_POINTER ((void *)(uintptr_t)0xdeadbeefu)

typedef BOOL (*pointer_test)(void *address, UINT_PTR size);

static BOOL ask_read(void *address, UINT_PTR size)
{
    return IsBadReadPtr(address, size);
}

static BOOL ask_write(void *address, UINT_PTR size)
{
    return IsBadWritePtr(address, size);
}

static BOOL ask_huge_read(void *address, UINT_PTR size)
{
    return IsBadHugeReadPtr(address, size);
}

static BOOL ask_huge_write(void *address, UINT_PTR size)
{
    return IsBadHugeWritePtr(address, size);
}

static const char read_only_text[] = "read only";

static void test_ranges(pointer_test is_bad, bool is_write, const char *name)
{
    char local[300] = {0};
    EXPECT_EQUAL("7", FALSE, is_bad(NULL, 0), "%s: NULL, 0", name);
    EXPECT("7", is_bad(NULL, 1), "%s: NULL, 1", name);
    EXPECT_EQUAL("7", FALSE, is_bad(SENTINEL_POINTER, 0), "%s: 0xdeadbeef, 0", name);
    EXPECT("7", is_bad(SENTINEL_POINTER, 1), "%s: 0xdeadbeef, 1", name);
    EXPECT_EQUAL("7", FALSE, is_bad(local, sizeof(local)), "%s: a stack variable", name);
    EXPECT_EQUAL("7", FALSE, is_bad(local, 1), "%s: a byte of the stack", name);
    EXPECT("7", is_bad((void *)(uintptr_t)-1, 1), "%s: the last address", name);
    EXPECT("7", is_bad((void *)(uintptr_t)-16, 100), "%s: a range that wraps", name);
    EXPECT("7", is_bad(local, ~(UINT_PTR)0), "%s: a size of ~0", name);
    EXPECT("7", is_bad((void *)((uintptr_t)1 << 62), 1), "%s: 2^62, no address at all", name);

    char *pages = pages_map(4 * PAGES_UNIT, PAGES_WRITE);
    EXPECT_EQUAL("7", FALSE, is_bad(pages, 4 * PAGES_UNIT), "%s: four writable pages", name);
    pages_protect(pages + 2 * PAGES_UNIT, PAGES_UNIT, PAGES_NONE);
    EXPECT_EQUAL(
        "7", FALSE, is_bad(pages, 2 * PAGES_UNIT), "%s: up to a page without access", name);
    EXPECT("7", is_bad(pages, 2 * PAGES_UNIT + 1), "%s: one byte of a page without access", name);
    EXPECT("7", is_bad(pages + 2 * PAGES_UNIT - 1, 2), "%s: two bytes across the border", name);
    EXPECT("7", is_bad(pages, 4 * PAGES_UNIT), "%s: a page without access in the middle", name);
    EXPECT_EQUAL(
        "7", FALSE, is_bad(pages + 3 * PAGES_UNIT, PAGES_UNIT), "%s: the page behind it", name);
    pages_protect(pages, PAGES_UNIT, PAGES_READ);
    EXPECT_EQUAL("7", is_write, is_bad(pages, 1) != FALSE, "%s: a read-only page", name);
    EXPECT_EQUAL("7", is_write, is_bad(pages, PAGES_UNIT + 1) != FALSE,
        "%s: a read-only and a writable page", name);
    EXPECT_EQUAL("7", FALSE, is_bad(pages, 0), "%s: a read-only page, 0 bytes", name);
    pages_unmap(pages, 4 * PAGES_UNIT);
    EXPECT("7", is_bad(pages, 1), "%s: an unmapped page", name);
    EXPECT_EQUAL("7", is_write, is_bad((void *)(uintptr_t)read_only_text, 5) != FALSE,
        "%s: a constant", name);

    HANDLE heap = HeapCreate(0, 0, 0);
    EXPECT_EQUAL("7", FALSE, is_bad(HeapAlloc(heap, 0, 0x200000), 0x200000),
        "%s: a heap block of 2 MiB", name);
    HeapDestroy(heap);
}

static INT_PTR WINAPI some_function(void)
{
    return 7;
}

static void test_code(void)
{
    case_begin("7", "IsBadCodePtr");
    union {
        FARPROC function;
        void *address;
    } pointer = {.function = some_function};
    EXPECT("7", IsBadCodePtr(NULL), "NULL");
    EXPECT_EQUAL("7", FALSE, IsBadCodePtr(pointer.function), "a function");
    int local = 0;
    pointer.address = &local;
    EXPECT_EQUAL(
        "7", FALSE, IsBadCodePtr(pointer.function), "a stack address: only reading is tested");
    pointer.address = unmapped_address();
    EXPECT("7", IsBadCodePtr(pointer.function), "an unmapped address");
    EXPECT_EQUAL("7", 7, some_function(), "the function itself");
}

static void test_strings(void)
{
    case_begin("7", "IsBadStringPtrA and IsBadStringPtrW");
    EXPECT("7", IsBadStringPtrA(NULL, 0), "A: NULL, 0");
    EXPECT("7", IsBadStringPtrA(NULL, 10), "A: NULL, 10");
    EXPECT("7", IsBadStringPtrW(NULL, 0), "W: NULL, 0");
    EXPECT("7", IsBadStringPtrW(NULL, 10), "W: NULL, 10");
    EXPECT_EQUAL("7", FALSE, IsBadStringPtrA("text", ~(UINT_PTR)0), "A: a literal");
    EXPECT_EQUAL("7", FALSE, IsBadStringPtrW(L"text", ~(UINT_PTR)0), "W: a literal");
    EXPECT("7", IsBadStringPtrA(unmapped_address(), 1), "A: an unmapped address");
    EXPECT("7", IsBadStringPtrW(unmapped_address(), 1), "W: an unmapped address");

    char *pages = pages_map(2 * PAGES_UNIT, PAGES_WRITE);
    memset(pages, 'x', PAGES_UNIT);
    pages_protect(pages + PAGES_UNIT, PAGES_UNIT, PAGES_NONE);
    const char *narrow = pages + PAGES_UNIT - 5;
    EXPECT("7", IsBadStringPtrA(narrow, 100), "A: no NUL before the end of the page");
    EXPECT("7", IsBadStringPtrA(narrow, 6), "A: one character too many");
    EXPECT_EQUAL(
        "7", FALSE, IsBadStringPtrA(narrow, 5), "A: the maximum ends before the page does");
    pages[PAGES_UNIT - 1] = 0;
    EXPECT_EQUAL("7", FALSE, IsBadStringPtrA(narrow, 100), "A: a NUL in the last byte of the page");
    WCHAR *wide = (WCHAR *)(void *)(pages + PAGES_UNIT) - 5;
    for (int i = 0; i < 5; i++) {
        wide[i] = L'x';
    }
    EXPECT("7", IsBadStringPtrW(wide, 100), "W: no NUL before the end of the page");
    EXPECT_EQUAL("7", FALSE, IsBadStringPtrW(wide, 5), "W: the maximum ends before the page does");
    wide[4] = 0;
    EXPECT_EQUAL(
        "7", FALSE, IsBadStringPtrW(wide, 100), "W: a NUL in the last character of the page");
    pages_unmap(pages, 2 * PAGES_UNIT);
}

int main(void)
{
    case_begin("7", "IsBadReadPtr");
    test_ranges(ask_read, false, "IsBadReadPtr");
    case_begin("7", "IsBadHugeReadPtr");
    test_ranges(ask_huge_read, false, "IsBadHugeReadPtr");
    case_begin("7", "IsBadWritePtr");
    test_ranges(ask_write, true, "IsBadWritePtr");
    case_begin("7", "IsBadHugeWritePtr");
    test_ranges(ask_huge_write, true, "IsBadHugeWritePtr");
    test_code();
    test_strings();
    return conformance_finish();
}
