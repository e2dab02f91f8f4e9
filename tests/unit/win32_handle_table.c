// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Movable objects: the handle table filled to the last entry, stale handles, data freed behind a
// handle, and many threads at once.

#include "check.h"

#include "process.h"
#include "win32/handle_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <winternl.h>

enum {
    THREADS = 4
};

static HGLOBAL handles[HANDLE_TABLE_CAPACITY];

static int compare_handles(const void *left, const void *right)
{
    uintptr_t a = *(const uintptr_t *)left;
    uintptr_t b = *(const uintptr_t *)right;
    return (a > b) - (a < b);
}

static void expect_all_distinct(void)
{
    qsort(handles, HANDLE_TABLE_CAPACITY, sizeof(handles[0]), compare_handles);
    for (size_t i = 0; i < HANDLE_TABLE_CAPACITY; i++) {
        ASSERT_TRUE(handle_is_tagged(handles[i]));
        ASSERT_TRUE(i == 0 || handles[i] != handles[i - 1]);
    }
}

// 6.2: 65536 objects, Global and Local together.
static void fill_table(void)
{
    for (size_t i = 0; i < HANDLE_TABLE_CAPACITY; i++) {
        handles[i] = i % 2 == 0 ? GlobalAlloc(GMEM_MOVEABLE, 0) : LocalAlloc(LMEM_MOVEABLE, 0);
        ASSERT_NOT_NULL(handles[i]);
    }
}

static void test_exhaustion(void)
{
    fill_table();
    expect_all_distinct();
    SetLastError(0);
    EXPECT_POINTER(GlobalAlloc(GMEM_MOVEABLE, 10), NULL);
    EXPECT_SIZE(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    SetLastError(0);
    EXPECT_POINTER(LocalAlloc(LMEM_MOVEABLE, 0), NULL);
    EXPECT_SIZE(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    HGLOBAL fixed = GlobalAlloc(GMEM_FIXED, 10);
    EXPECT_NOT_NULL(fixed);
    // No entry is left to convert it; it stays what it was.
    EXPECT_POINTER(GlobalReAlloc(fixed, 0, GMEM_MODIFY | GMEM_MOVEABLE), NULL);
    EXPECT_SIZE(GlobalSize(fixed), 10);
    EXPECT_POINTER(GlobalFree(fixed), NULL);
    EXPECT_POINTER(GlobalFree(handles[1234]), NULL);
    handles[1234] = GlobalAlloc(GMEM_MOVEABLE, 10);
    EXPECT_NOT_NULL(handles[1234]);
    EXPECT_POINTER(GlobalAlloc(GMEM_MOVEABLE, 10), NULL);
}

// Entries are used again; handles stay distinct, and none is lost.
static void test_emptying(void)
{
    for (size_t i = 0; i < HANDLE_TABLE_CAPACITY; i++) {
        ASSERT_POINTER(GlobalFree(handles[i]), NULL);
    }
    SetLastError(0);
    EXPECT_POINTER(GlobalFree(handles[0]), handles[0]);
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
    fill_table();
    expect_all_distinct();
    for (size_t i = 0; i < HANDLE_TABLE_CAPACITY; i++) {
        ASSERT_POINTER(LocalFree(handles[i]), NULL);
    }
}

// Values near the table, and in it, that are no live handle.
static void test_wrong_handles(void)
{
    char *handle = GlobalAlloc(GMEM_MOVEABLE, 10);
    char *first = handle;
    while (handle_table_find(first - 16) != NULL) {
        first -= 16;
    }
    char *const wrong[] = {
        handle + 16, handle + HANDLE_TABLE_CAPACITY * 16, first - 16, handle + 32};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        SetLastError(0);
        EXPECT_POINTER(GlobalLock(wrong[i]), NULL);
        EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
        EXPECT_POINTER(GlobalFree(wrong[i]), wrong[i]);
        EXPECT_POINTER(GlobalReAlloc(wrong[i], 10, GMEM_MOVEABLE), NULL);
        EXPECT_SIZE(GlobalFlags(wrong[i]), GMEM_INVALID_HANDLE);
        EXPECT_SIZE(GlobalSize(wrong[i]), 0);
        EXPECT_POINTER(GlobalHandle(wrong[i]), NULL);
    }
    EXPECT_FALSE(HeapValidate(GetProcessHeap(), 0, handle));
    EXPECT_POINTER(GlobalFree(handle), NULL);
}

// 6.2: the words of an entry, which old programs read.
static void test_entry_words(void)
{
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE | GMEM_DISCARDABLE | GMEM_DDESHARE, 0);
    const uintptr_t *words = (const uintptr_t *)handle - 1;
    EXPECT_SIZE(words[0], 0x800F);
    EXPECT_SIZE(words[1], 0);
    EXPECT_POINTER(GlobalReAlloc(handle, 20, GMEM_MOVEABLE), handle);
    EXPECT_SIZE(words[0], 0x8007);
    EXPECT_POINTER((void *)words[1], GlobalLock(handle));
    EXPECT_SIZE(words[0], 0x18007);
    for (int i = 0; i < 300; i++) {
        GlobalLock(handle);
    }
    EXPECT_SIZE(words[0], 0xFF8007);
    EXPECT_POINTER(GlobalFree(handle), NULL);
    EXPECT_TRUE(words[0] != 0);
    EXPECT_SIZE(words[0] & 1, 0);
    EXPECT_SIZE(words[1], 0);
}

// The program freed the data as if it were a plain block.  The handle must not free or resize what
// is there now.
static void test_data_freed_behind_handle(void)
{
    HANDLE heap = GetProcessHeap();
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 64);
    EXPECT_TRUE(HeapFree(heap, 0, *(void **)handle));
    void *others[256];
    for (size_t i = 0; i < 256; i++) {
        others[i] = HeapAlloc(heap, 0, 64);
    }
    SetLastError(0);
    EXPECT_POINTER(GlobalReAlloc(handle, 128, GMEM_MOVEABLE), NULL);
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
    EXPECT_POINTER(GlobalFree(handle), handle);
    for (size_t i = 0; i < 256; i++) {
        EXPECT_SIZE(HeapSize(heap, 0, others[i]), 64);
        EXPECT_TRUE(HeapFree(heap, 0, others[i]));
    }
    SetLastError(0);
    EXPECT_POINTER(GlobalLock(handle), NULL);
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
}

static void *use_objects(void *argument)
{
    unsigned seed = *(unsigned *)argument;
    const size_t rounds = process_scaled(20000);
    for (size_t i = 0; i < rounds; i++) {
        size_t size = 1 + (seed + i * 37) % 600;
        HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, size);
        ASSERT_NOT_NULL(handle);
        char *data = GlobalLock(handle);
        ASSERT_NOT_NULL(data);
        memset(data, (int)i, size);
        EXPECT_POINTER(GlobalHandle(data), handle);
        EXPECT_FALSE(GlobalUnlock(handle));
        EXPECT_POINTER(GlobalReAlloc(handle, size * 2, GMEM_MOVEABLE), handle);
        EXPECT_SIZE(GlobalSize(handle), size * 2);
        EXPECT_SIZE((uint8_t) * (char *)GlobalLock(handle), (uint8_t)i);
        EXPECT_POINTER(GlobalFree(handle), NULL);
    }
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i * 111;
        ASSERT_SIZE((uint64_t)pthread_create(&threads[i], NULL, use_objects, &seeds[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT_TRUE(HeapValidate(GetProcessHeap(), 0, NULL));
}

int main(void)
{
    test_entry_words();
    test_wrong_handles();
    test_data_freed_behind_handle();
    test_exhaustion();
    test_emptying();
    test_threads();
    return test_result();
}
