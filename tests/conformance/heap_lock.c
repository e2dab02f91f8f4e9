// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapLock and HeapUnlock: win32-heap.md 0.3, 2.3, 3.11.

#include "conformance.h"

struct attempt {
    HANDLE heap;
    void (*act)(struct attempt *);
    void *block;
    DWORD flags;
    BOOL result;
    DWORD error;
    atomic_int is_started;
    atomic_int is_done;
};

static void attempt_run(void *argument)
{
    struct attempt *attempt = argument;
    atomic_store(&attempt->is_started, 1);
    attempt->act(attempt);
    atomic_store(&attempt->is_done, 1);
}

static void act_lock(struct attempt *attempt)
{
    attempt->result = HeapLock(attempt->heap);
    if (attempt->result) {
        HeapUnlock(attempt->heap);
    }
}

static void act_unlock(struct attempt *attempt)
{
    SetLastError(SENTINEL);
    attempt->result = HeapUnlock(attempt->heap);
    attempt->error = GetLastError();
}

static void act_alloc(struct attempt *attempt)
{
    attempt->block = HeapAlloc(attempt->heap, attempt->flags, 777);
    attempt->result = attempt->block != NULL;
}

static void act_alloc_zero(struct attempt *attempt)
{
    attempt->block = HeapAlloc(attempt->heap, HEAP_ZERO_MEMORY, 50000);
    attempt->result = attempt->block != NULL;
}

static void act_alloc_large(struct attempt *attempt)
{
    attempt->block = HeapAlloc(attempt->heap, 0, 0x200000);
    attempt->result = attempt->block != NULL;
}

static void act_free(struct attempt *attempt)
{
    attempt->result = HeapFree(attempt->heap, attempt->flags, attempt->block);
}

static void act_realloc(struct attempt *attempt)
{
    attempt->block = HeapReAlloc(attempt->heap, attempt->flags, attempt->block, 5000);
    attempt->result = attempt->block != NULL;
}

static void act_size(struct attempt *attempt)
{
    attempt->result = HeapSize(attempt->heap, attempt->flags, attempt->block) == 1500;
}

static void act_validate(struct attempt *attempt)
{
    attempt->result = HeapValidate(attempt->heap, attempt->flags, NULL);
}

static void act_compact(struct attempt *attempt)
{
    attempt->result = HeapCompact(attempt->heap, attempt->flags) != 0;
}

static void act_walk(struct attempt *attempt)
{
    PROCESS_HEAP_ENTRY entry = {0};
    attempt->result = HeapWalk(attempt->heap, &entry);
}

/** Runs an action in another thread while this one holds the lock `depth` times. */
static void expect_blocked(
    const char *section, HANDLE heap, void (*act)(struct attempt *), void *block, const char *name)
{
    struct attempt attempt = {.heap = heap, .act = act, .block = block};
    struct worker worker;
    HeapLock(heap);
    worker_start(&worker, attempt_run, &attempt);
    is_set_in_time(&attempt.is_started);
    EXPECT(section, is_clear_for_a_while(&attempt.is_done), "%s in another thread waits", name);
    HeapUnlock(heap);
    EXPECT(section, is_set_in_time(&attempt.is_done), "%s goes on after the unlock", name);
    worker_join(&worker);
    EXPECT(section, attempt.result, "%s succeeds", name);
}

static void test_owner(HANDLE heap)
{
    case_begin("3.11", "the owner");
    SetLastError(SENTINEL);
    EXPECT("3.11", HeapLock(heap) != FALSE, "HeapLock");
    EXPECT("3.11", HeapLock(heap) != FALSE, "HeapLock again");
    EXPECT("3.11", HeapLock(heap) != FALSE, "HeapLock a third time");
    EXPECT_ERROR("1.6", SENTINEL, "the last error is left alone");
    void *block = HeapAlloc(heap, 0, 100);
    EXPECT("3.11", block != NULL, "the owner may allocate");
    block = HeapReAlloc(heap, 0, block, 5000);
    EXPECT("3.11", block != NULL, "reallocate");
    EXPECT_EQUAL("3.11", 5000, HeapSize(heap, 0, block), "ask for a size");
    EXPECT("3.11", HeapValidate(heap, 0, NULL) != FALSE, "validate");
    EXPECT("3.11", HeapCompact(heap, 0) != 0, "compact");
    PROCESS_HEAP_ENTRY entry = {0};
    EXPECT("3.11", HeapWalk(heap, &entry) != FALSE, "walk");
    EXPECT("3.11", HeapFree(heap, 0, block) != FALSE, "free");
    SetLastError(SENTINEL);
    EXPECT("3.11", HeapUnlock(heap) && HeapUnlock(heap) && HeapUnlock(heap),
        "three locks need three unlocks");
    EXPECT_ERROR("1.6", SENTINEL, "unlocking leaves the last error alone");
}

static void test_others_wait(HANDLE heap)
{
    case_begin("3.11", "another thread");
    expect_blocked("3.11", heap, act_lock, NULL, "HeapLock");
    expect_blocked("3.11", heap, act_alloc, NULL, "HeapAlloc");
    expect_blocked("3.11", heap, act_alloc_zero, NULL, "HeapAlloc of 50000 zero bytes");
    expect_blocked("3.11", heap, act_alloc_large, NULL, "HeapAlloc of 2 MiB");
    expect_blocked("3.11", heap, act_free, HeapAlloc(heap, 0, 1500), "HeapFree");
    expect_blocked("3.11", heap, act_free, HeapAlloc(heap, 0, 0x200000), "HeapFree of 2 MiB");
    expect_blocked("3.11", heap, act_realloc, HeapAlloc(heap, 0, 1500), "HeapReAlloc");
    expect_blocked("3.11", heap, act_validate, NULL, "HeapValidate");
    expect_blocked("3.11", heap, act_compact, NULL, "HeapCompact");
    expect_blocked("3.11", heap, act_walk, NULL, "HeapWalk");
}

static void test_size_waits(HANDLE heap)
{
    case_begin("2.3", "HeapSize and the lock");
    struct attempt attempt = {.heap = heap, .act = act_size, .block = HeapAlloc(heap, 0, 1500)};
    struct worker worker;
    HeapLock(heap);
    worker_start(&worker, attempt_run, &attempt);
    is_set_in_time(&attempt.is_started);
    KNOWN_GAP("2.3", is_clear_for_a_while(&attempt.is_done),
        "it reads what only the block's owner can change, and never waits",
        "HeapSize in another thread waits");
    HeapUnlock(heap);
    EXPECT("2.3", is_set_in_time(&attempt.is_done), "HeapSize has ended after the unlock");
    worker_join(&worker);
    EXPECT("2.3", attempt.result, "HeapSize gives the size");
    HeapFree(heap, 0, attempt.block);
}

static void test_depth(HANDLE heap)
{
    case_begin("3.11", "the count must return to 0");
    struct attempt attempt = {.heap = heap, .act = act_alloc};
    struct worker worker;
    HeapLock(heap);
    HeapLock(heap);
    worker_start(&worker, attempt_run, &attempt);
    is_set_in_time(&attempt.is_started);
    HeapUnlock(heap);
    EXPECT("3.11", is_clear_for_a_while(&attempt.is_done),
        "locked twice, unlocked once: another thread waits");
    HeapUnlock(heap);
    EXPECT("3.11", is_set_in_time(&attempt.is_done), "unlocked twice: it goes on");
    worker_join(&worker);
    HeapFree(heap, 0, attempt.block);
}

/** Runs an action in another thread while this one holds the lock; whether it ends without the
 * unlock. */
static bool passes_through(HANDLE heap, void (*act)(struct attempt *), DWORD flags, void **block)
{
    struct attempt attempt = {.heap = heap, .act = act, .flags = flags, .block = *block};
    struct worker worker;
    HeapLock(heap);
    worker_start(&worker, attempt_run, &attempt);
    const bool is_through = is_set_in_time(&attempt.is_done);
    HeapUnlock(heap);
    worker_join(&worker);
    *block = attempt.block;
    return is_through && attempt.result;
}

static void test_no_serialize_call(HANDLE heap)
{
    case_begin("2.3", "NO_SERIALIZE on the call");
    void *block = NULL;
    EXPECT("2.3", passes_through(heap, act_alloc, HEAP_NO_SERIALIZE, &block),
        "HeapAlloc is not blocked");
    EXPECT("2.3", passes_through(heap, act_realloc, HEAP_NO_SERIALIZE, &block),
        "HeapReAlloc is not blocked");
    EXPECT("2.3", passes_through(heap, act_free, HEAP_NO_SERIALIZE, &block),
        "HeapFree is not blocked");
    block = HeapAlloc(heap, 0, 1500);
    EXPECT("2.3", passes_through(heap, act_size, HEAP_NO_SERIALIZE, &block),
        "HeapSize is not blocked");
    EXPECT("2.3", passes_through(heap, act_validate, HEAP_NO_SERIALIZE, &block),
        "HeapValidate is not blocked");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    HeapFree(heap, 0, block);
}

static void test_no_serialize_heap(void)
{
    case_begin("0.3", "NO_SERIALIZE heap");
    HANDLE heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    EXPECT("0.3", HeapLock(heap) != FALSE, "HeapLock: TRUE");
    EXPECT("0.3", HeapUnlock(heap) != FALSE, "HeapUnlock: TRUE");
    EXPECT("0.3", HeapUnlock(heap) != FALSE, "HeapUnlock without a lock: TRUE");
    void *block = NULL;
    EXPECT("0.3", passes_through(heap, act_lock, 0, &block),
        "a second HeapLock in another thread passes");
    EXPECT("0.3", passes_through(heap, act_alloc, 0, &block), "HeapAlloc passes");
    EXPECT("0.3", passes_through(heap, act_free, 0, &block), "HeapFree passes");
    HeapDestroy(heap);
}

static void test_front_end_size(void)
{
    case_begin("2.3", "a size that the front end serves");
    HANDLE heap = HeapCreate(0, 0, 0);
    enum {
        BLOCKS = 64
    };
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = HeapAlloc(heap, 0, 777);
    }
    for (int i = 0; i < BLOCKS; i++) {
        HeapFree(heap, 0, blocks[i]);
    }
    struct attempt attempt = {.heap = heap, .act = act_alloc};
    struct worker worker;
    HeapLock(heap);
    worker_start(&worker, attempt_run, &attempt);
    is_set_in_time(&attempt.is_started);
    // Windows lets it pass; a heap that blocks it is safe too (section 14, no. 12).
    OBSERVE("2.3 HeapAlloc of a front-end size waits for the lock", "%d",
        is_clear_for_a_while(&attempt.is_done));
    HeapUnlock(heap);
    EXPECT("2.3", is_set_in_time(&attempt.is_done), "it ends at the latest after the unlock");
    worker_join(&worker);
    expect_blocked("2.3", heap, act_lock, NULL, "a second HeapLock");
    HeapDestroy(heap);
}

static void test_not_owner(HANDLE heap)
{
    case_begin("3.11", "unlock without owning the lock");
    if (!may_ask_wild()) {
        SKIP("3.11", "unlock without owning the lock: damages a critical section on Windows");
        return;
    }
    SetLastError(SENTINEL);
    EXPECT_EQUAL("3.11", FALSE, HeapUnlock(heap), "nobody has locked it: FALSE");
    EXPECT_ERROR("3.11", 288, "nobody has locked it: 288");
    struct attempt stranger = {.heap = heap, .act = act_unlock};
    struct worker worker;
    HeapLock(heap);
    worker_start(&worker, attempt_run, &stranger);
    EXPECT(
        "3.11", is_set_in_time(&stranger.is_done), "another thread's HeapUnlock returns at once");
    worker_join(&worker);
    EXPECT_EQUAL("3.11", FALSE, stranger.result, "and gives FALSE");
    EXPECT_EQUAL("3.11", 288, stranger.error, "and 288");
    struct attempt attempt = {.heap = heap, .act = act_lock};
    worker_start(&worker, attempt_run, &attempt);
    is_set_in_time(&attempt.is_started);
    EXPECT("3.11", is_clear_for_a_while(&attempt.is_done), "afterwards the heap is still locked");
    EXPECT("3.11", HeapUnlock(heap) != FALSE, "until the owner unlocks it");
    EXPECT("3.11", is_set_in_time(&attempt.is_done), "then another thread can lock it");
    worker_join(&worker);
    SetLastError(SENTINEL);
    EXPECT_EQUAL("3.11", FALSE, HeapLock(NULL), "HeapLock(NULL): FALSE");
    EXPECT_ERROR("3.11", ERROR_INVALID_HANDLE, "HeapLock(NULL): 6");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("3.11", FALSE, HeapUnlock(&heap), "HeapUnlock of a local variable: FALSE");
    EXPECT_ERROR("3.11", ERROR_INVALID_HANDLE, "HeapUnlock of a local variable: 6");
}

static void test_process_heap(void)
{
    case_begin("3.11", "the process heap");
    EXPECT("3.11", HeapLock(GetProcessHeap()) != FALSE, "HeapLock");
    void *block = HeapAlloc(GetProcessHeap(), 0, 100);
    EXPECT("3.11", block != NULL && HeapFree(GetProcessHeap(), 0, block),
        "alloc and free while locked");
    EXPECT("3.11", HeapUnlock(GetProcessHeap()) != FALSE, "HeapUnlock");
}

static void act_global_alloc(struct attempt *attempt)
{
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    attempt->result = handle != NULL && GlobalFree(handle) == NULL;
}

static void test_global_waits(void)
{
    case_begin("6.2", "Global memory and the lock of the process heap");
    expect_blocked("6.2", GetProcessHeap(), act_global_alloc, NULL, "GlobalAlloc");
}

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    test_owner(heap);
    test_others_wait(heap);
    test_size_waits(heap);
    test_depth(heap);
    test_no_serialize_call(heap);
    test_no_serialize_heap();
    test_front_end_size();
    test_not_owner(heap);
    test_process_heap();
    test_global_waits();
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid at the end");
    HeapDestroy(heap);
    return conformance_finish();
}
