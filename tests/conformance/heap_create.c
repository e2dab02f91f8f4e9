// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapCreate: win32-heap.md 2.1, 2.2, 3.3.

#include "walk.h"

static struct walk walk;

static void test_growable(void)
{
    case_begin("3.3", "a growable heap");
    SetLastError(SENTINEL);
    HANDLE heap = HeapCreate(0, 0, 0);
    EXPECT_ERROR("1.6", SENTINEL, "success leaves the last error alone");
    EXPECT("3.3", heap != NULL, "HeapCreate(0, 0, 0) gives a handle");
    EXPECT_EQUAL("2.2", 0, (uintptr_t)heap % 0x10000, "the handle is a multiple of 64 KiB");
    walk_take(&walk, heap);
    EXPECT("2.2", walk.count > 0 && walk.entries[0].lpData == heap,
        "the first region starts at the handle");
    void *block = HeapAlloc(heap, 0, 0x200000);
    EXPECT("3.3", block != NULL, "a growable heap serves 2 MiB");
    EXPECT("3.3", HeapDestroy(heap) != FALSE, "it can be destroyed");
}

static DWORD committed_size(HANDLE heap)
{
    walk_take(&walk, heap);
    return walk.count > 0 && entry_is_region(&walk.entries[0])
               ? walk.entries[0].Region.dwCommittedSize
               : 0;
}

static void test_initial_size(void)
{
    case_begin("3.3", "the initial size is committed");
    static const struct {
        SIZE_T initial;
        const char *text;
    } cases[] = {
        {1, "1 byte"},
        {0x1000, "0x1000"},
        {0x8001, "0x8001"},
        {0x30000, "0x30000"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        HANDLE heap = HeapCreate(0, cases[i].initial, 0);
        EXPECT("3.3", heap != NULL, "growable heap with an initial size of %s", cases[i].text);
        const DWORD committed = committed_size(heap);
        EXPECT("3.3", committed >= cases[i].initial, "at least %s is committed", cases[i].text);
        EXPECT_EQUAL(
            "3.3", 0, committed % 0x1000, "%s: the committed size is whole pages", cases[i].text);
        HeapDestroy(heap);
    }
    HANDLE heap = HeapCreate(0, 0, 0);
    OBSERVE("0.3 default commit", "0x%x", (unsigned)committed_size(heap));
    HeapDestroy(heap);
}

static void test_initial_against_maximum(void)
{
    case_begin("0.3", "initial size equal to or above the maximum");
    HANDLE heap = HeapCreate(0, 0x20000, 0x20000);
    EXPECT("0.3", heap != NULL, "equal sizes succeed");
    EXPECT("3.3", HeapAlloc(heap, 0, 1000) != NULL, "a heap of equal sizes serves a block");
    HeapDestroy(heap);

    heap = HeapCreate(0, 0x40000, 0x20000);
    EXPECT("0.3", heap != NULL, "a larger initial size is clamped");
    if (heap != NULL) {
        SetLastError(SENTINEL);
        void *block = HeapAlloc(heap, 0, 0x20000);
        EXPECT("0.3", block == NULL, "the maximum size still holds");
        EXPECT_ERROR("3.5", ERROR_NOT_ENOUGH_MEMORY, "and says 8");
        HeapDestroy(heap);
    }
}

static void test_impossible(void)
{
    case_begin("3.3", "sizes that no system can give");
    const SIZE_T huge = (SIZE_T)1 << 60;
    SetLastError(SENTINEL);
    HANDLE heap = HeapCreate(0, 0, huge);
    EXPECT("3.3", heap == NULL, "maximum size of 2^60: NULL");
    EXPECT_ERROR("3.3", ERROR_NOT_ENOUGH_MEMORY, "maximum size of 2^60: 8");
    SetLastError(SENTINEL);
    heap = HeapCreate(0, huge, 0);
    EXPECT("3.3", heap == NULL, "initial size of 2^60: NULL");
    EXPECT_ERROR("3.3", ERROR_NOT_ENOUGH_MEMORY, "initial size of 2^60: 8");
    SetLastError(SENTINEL);
    heap = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, huge);
    EXPECT("2.5", heap == NULL, "HeapCreate returns NULL, it does not raise");
    EXPECT_ERROR("3.3", ERROR_NOT_ENOUGH_MEMORY, "and says 8");
}

static void test_options(void)
{
    case_begin("2.1", "creation flags");
    static const struct {
        DWORD flags;
        const char *name;
    } options[] = {
        {HEAP_NO_SERIALIZE, "NO_SERIALIZE"},
        {HEAP_GROWABLE, "GROWABLE"},
        {HEAP_GENERATE_EXCEPTIONS, "GENERATE_EXCEPTIONS"},
        {HEAP_ZERO_MEMORY, "ZERO_MEMORY"},
        {HEAP_REALLOC_IN_PLACE_ONLY, "REALLOC_IN_PLACE_ONLY"},
        {HEAP_TAIL_CHECKING_ENABLED, "TAIL_CHECKING"},
        {HEAP_FREE_CHECKING_ENABLED, "FREE_CHECKING"},
        {HEAP_DISABLE_COALESCE_ON_FREE, "DISABLE_COALESCE_ON_FREE"},
        {0x00000200, "CREATE_HARDENED"},
        {HEAP_CREATE_ALIGN_16, "CREATE_ALIGN_16"},
        {HEAP_CREATE_ENABLE_TRACING, "CREATE_ENABLE_TRACING"},
        {0x00001000, "CLASS_1"},
        {0x00008000, "CLASS_8"},
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        SetLastError(SENTINEL);
        HANDLE heap = HeapCreate(options[i].flags, 0, 0);
        EXPECT("2.1", heap != NULL, "%s is accepted", options[i].name);
        void *block = HeapAlloc(heap, 0, 100);
        EXPECT("2.1", block != NULL && HeapSize(heap, 0, block) == 100, "%s: a block of 100 bytes",
            options[i].name);
        EXPECT(
            "2.1", HeapValidate(heap, 0, NULL) != FALSE, "%s: the heap is valid", options[i].name);
        EXPECT("2.1", HeapFree(heap, 0, block) != FALSE, "%s: the block is freed", options[i].name);
        EXPECT("2.1", HeapDestroy(heap) != FALSE, "%s: the heap is destroyed", options[i].name);
    }
}

static BYTE overhead_in(HANDLE heap)
{
    void *block = HeapAlloc(heap, 0, 40);
    walk_take(&walk, heap);
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, block);
    return entry != NULL ? entry->cbOverhead : 0;
}

static void test_checking_flags_are_dropped(void)
{
    case_begin("2.1", "TAIL_CHECKING and FREE_CHECKING from the caller are dropped");
    HANDLE plain = HeapCreate(0, 0, 0);
    HANDLE checked = HeapCreate(HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED, 0, 0);
    EXPECT_EQUAL("2.1", overhead_in(plain), overhead_in(checked),
        "a block has the same overhead as in a plain heap");
    unsigned char *block = HeapAlloc(checked, HEAP_ZERO_MEMORY, 64);
    EXPECT("2.1", block != NULL, "a block of 64 bytes");
    block = HeapReAlloc(checked, HEAP_REALLOC_IN_PLACE_ONLY, block, 32);
    EXPECT("2.1", block != NULL && !is_filled(block + 32, 0xAB, 8), "no tail pattern is written");
    HeapDestroy(plain);
    HeapDestroy(checked);
}

static void test_executable(void)
{
    case_begin("2.1", "HEAP_CREATE_ENABLE_EXECUTE");
    SetLastError(SENTINEL);
    HANDLE heap = HeapCreate(HEAP_CREATE_ENABLE_EXECUTE, 0, 0);
    if (heap == NULL && GetLastError() == ERROR_ACCESS_DENIED) {
        SKIP("2.1", "this system refuses executable memory");
        return;
    }
    EXPECT("2.1", heap != NULL, "an executable heap");
#if defined(__x86_64__)
    static const unsigned char code[] = {0xB8, 0x2A, 0x00, 0x00, 0x00, 0xC3}; // mov eax, 42; ret
    static const SIZE_T sizes[] = {sizeof(code), 5000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *block = HeapAlloc(heap, 0, sizes[i]);
        memcpy(block, code, sizeof(code));
        int (*function)(void);
        memcpy(&function, &block, sizeof(function));
        EXPECT_EQUAL("2.1", 42, function(), "code in a block of %u bytes runs", (unsigned)sizes[i]);
    }
#else
    SKIP("2.1", "running code in a block: another processor");
#endif
    EXPECT("2.1", HeapDestroy(heap) != FALSE, "the executable heap is destroyed");
}

static void test_handles_differ(void)
{
    case_begin("2.2", "many heaps");
    enum {
        HEAPS = 60
    };
    static HANDLE heaps[HEAPS];
    bool all_made = true;
    bool all_aligned = true;
    bool all_serve = true;
    for (int i = 0; i < HEAPS; i++) {
        heaps[i] = HeapCreate(i % 2 ? HEAP_NO_SERIALIZE : 0, 0, i % 3 ? 0 : 0x10000);
        all_made = all_made && heaps[i] != NULL;
        all_aligned = all_aligned && (uintptr_t)heaps[i] % 0x10000 == 0;
        all_serve = all_serve && HeapAlloc(heaps[i], 0, 100) != NULL;
    }
    bool all_differ = true;
    for (int i = 0; i < HEAPS; i++) {
        for (int j = i + 1; j < HEAPS; j++) {
            all_differ = all_differ && heaps[i] != heaps[j];
        }
    }
    EXPECT("3.3", all_made, "60 heaps alive at once");
    EXPECT("2.2", all_aligned, "each handle is a multiple of 64 KiB");
    EXPECT("2.2", all_differ, "no two handles are the same");
    EXPECT("3.3", all_serve, "each serves a block");
    bool all_destroyed = true;
    for (int i = 0; i < HEAPS; i++) {
        all_destroyed = HeapDestroy(heaps[i]) && all_destroyed;
    }
    EXPECT("3.4", all_destroyed, "all are destroyed");
}

int main(void)
{
    test_growable();
    test_initial_size();
    test_initial_against_maximum();
    test_impossible();
    test_options();
    test_checking_flags_are_dropped();
    test_executable();
    test_handles_differ();
    return conformance_finish();
}
