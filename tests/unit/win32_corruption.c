// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Wrong pointers: one sentence each, the documented failure, and the end of the process when asked
// for.

#include "check.h"
#include "child.h"

#include "fault_page.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

struct mistake {
    const char *name;
    void (*make)(void);
};

static void free_twice(void)
{
    void *block = HeapAlloc(GetProcessHeap(), 0, 100);
    HeapFree(GetProcessHeap(), 0, block);
    SetLastError(0);
    EXPECT_FALSE(HeapFree(GetProcessHeap(), 0, block));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
}

static void free_interior(void)
{
    char *block = HeapAlloc(GetProcessHeap(), 0, 100);
    EXPECT_FALSE(HeapFree(GetProcessHeap(), 0, block + 16));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
}

static void free_stack(void)
{
    int local[8];
    EXPECT_FALSE(HeapFree(GetProcessHeap(), HEAP_NO_SERIALIZE, local));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
}

static void free_unmapped(void)
{
    EXPECT_FALSE(HeapFree(GetProcessHeap(), 0, unmapped_page()));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
}

static void free_from_other_heap(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);
    EXPECT_FALSE(HeapFree(GetProcessHeap(), 0, block));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_TRUE(HeapFree(heap, 0, block));
}

static void free_from_no_heap(void)
{
    void *block = HeapAlloc(GetProcessHeap(), 0, 100);
    EXPECT_FALSE(HeapFree((HANDLE)0x10000, 0, block));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
}

static void resize_freed(void)
{
    void *block = HeapAlloc(GetProcessHeap(), 0, 100);
    HeapFree(GetProcessHeap(), 0, block);
    EXPECT_POINTER(HeapReAlloc(GetProcessHeap(), 0, block, 200), NULL);
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
}

static void global_free_twice(void)
{
    void *block = GlobalAlloc(GMEM_FIXED, 100);
    EXPECT_POINTER(GlobalFree(block), NULL);
    SetLastError(0);
    EXPECT_POINTER(GlobalFree(block), block);
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
}

static void free_data_and_handle(void)
{
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    HeapFree(GetProcessHeap(), 0, *(void **)handle);
    EXPECT_POINTER(GlobalFree(handle), handle);
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
}

static const struct mistake MISTAKES[] = {
    {"free twice", free_twice},
    {"free an interior pointer", free_interior},
    {"free a stack address", free_stack},
    {"free an unmapped address", free_unmapped},
    {"free to the wrong heap", free_from_other_heap},
    {"free to no heap", free_from_no_heap},
    {"resize a freed block", resize_freed},
    {"GlobalFree twice", global_free_twice},
    {"free data, then its handle", free_data_and_handle},
};

// Probes: wrong pointers are answers, and nothing is printed.
static void probe(void)
{
    char *block = HeapAlloc(GetProcessHeap(), 0, 100);
    HGLOBAL stale = GlobalAlloc(GMEM_MOVEABLE, 100);
    GlobalFree(stale);
    void *unmapped = unmapped_page();
    const void *const wrong[] = {block + 16, &block, unmapped, stale, NULL};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_SIZE(HeapSize(GetProcessHeap(), 0, wrong[i]), SIZE_MAX);
        EXPECT_TRUE(wrong[i] == NULL || !HeapValidate(GetProcessHeap(), 0, wrong[i]));
        EXPECT_SIZE(GlobalSize((HGLOBAL)(uintptr_t)wrong[i]), 0);
        EXPECT_SIZE(GlobalFlags((HGLOBAL)(uintptr_t)wrong[i]), GMEM_INVALID_HANDLE);
    }
    EXPECT_POINTER(GlobalFree(stale), stale);
    EXPECT_POINTER(GlobalFree(unmapped), unmapped);
    EXPECT_TRUE(HeapFree(GetProcessHeap(), 0, block));
    EXPECT_TRUE(HeapFree(NULL, 0, NULL));
}

static void run_probe(void *context)
{
    (void)context;
    probe();
}

static void run_mistake(void *context)
{
    ((const struct mistake *)context)->make();
}

static void run_with_termination(void *context)
{
    SetLastError(0);
    EXPECT_TRUE(HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0));
    EXPECT_SIZE(GetLastError(), 0);
    run_mistake(context);
}

static bool is_one_sentence(const char *text)
{
    const char *newline = strchr(text, '\n');
    return strncmp(text, "halde: ", 7) == 0 && newline != NULL && newline[1] == '\0';
}

static void test_mistake(const struct mistake *mistake)
{
    struct child child;
    child_run(&child, run_mistake, (void *)(uintptr_t)mistake, true, 20);
    if (!child_expect_passed(CHECK_HERE, mistake->name, &child) || !is_one_sentence(child.text)) {
        test_fail(CHECK_HERE, "%s: stderr was: %s", mistake->name, child.text);
    }
    child_run(&child, run_with_termination, (void *)(uintptr_t)mistake, true, 20);
    bool is_aborted = child.end == CHILD_SIGNALLED && child.code == SIGABRT;
    if (!is_aborted || !is_one_sentence(child.text)) {
        test_fail(CHECK_HERE, "%s, with termination: end %d, code %d, stderr: %s", mistake->name,
            child.end, child.code, child.text);
    }
}

int main(void)
{
    // This test checks what is said without debug flags.
    struct child child;
    if (getenv("HALDE_OPTIONS") == NULL || strstr(getenv("HALDE_OPTIONS"), "heap_flags") == NULL) {
        child_run(&child, run_probe, NULL, true, 20);
        child_expect_passed(CHECK_HERE, "probes", &child);
        EXPECT_SIZE(child.text_length, 0);
    }
    for (size_t i = 0; i < sizeof(MISTAKES) / sizeof(MISTAKES[0]); i++) {
        test_mistake(&MISTAKES[i]);
    }
    return test_result();
}
