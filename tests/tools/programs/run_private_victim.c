// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/*
 * A Windows program, as run_private.py has it recorded: heaps of its own, the process heap, Global
 * and Local memory.  What it loses is definite (`inner`: indirect); what it keeps is reachable.
 *
 *     run_private_victim [ many | kill ]
 */
#include <windows.h>
#include <winternl.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    THREAD_COUNT = 4,
    ROUNDS = 200,
};

static HANDLE private_heap;
static void *volatile kept; // so that nothing is optimised away
static void *volatile kept_object;
static void *volatile kept_memory;

static void must(int condition, const char *what)
{
    if (!condition) {
        printf("FAILED: %s\n", what);
        exit(3);
    }
}

// Overwrites what earlier calls have left on the stack.
static __attribute__((noinline)) void wipe_stack(void)
{
    volatile char bytes[16384];
    memset((char *)bytes, 0, sizeof(bytes));
}

// ---- Leaks: each of a size of its own -----------------------------------------------------------

static __attribute__((noinline)) void lose_private(void)
{
    kept = HeapAlloc(private_heap, 0, 101); // line: private
    kept = NULL;
}

static __attribute__((noinline)) void lose_zeroed(void)
{
    kept = HeapAlloc(private_heap, HEAP_ZERO_MEMORY, 9001); // line: zeroed
    kept = NULL;
}

static __attribute__((noinline)) void lose_large(void)
{
    kept = HeapAlloc(private_heap, 0, 300001); // line: large
    kept = NULL;
}

static __attribute__((noinline)) void lose_rtl(void)
{
    kept = RtlAllocateHeap(private_heap, 0, 103); // line: rtl
    kept = NULL;
}

static __attribute__((noinline)) void lose_process(void)
{
    kept = HeapAlloc(GetProcessHeap(), 0, 107); // line: process
    kept = NULL;
}

static __attribute__((noinline)) void lose_global(void)
{
    kept = GlobalAlloc(GMEM_FIXED, 109); // line: global
    kept = NULL;
}

static __attribute__((noinline)) void lose_local(void)
{
    kept = LocalAlloc(LMEM_FIXED, 113); // line: local
    kept = NULL;
}

static __attribute__((noinline)) void lose_grown(void)
{
    void *block = HeapAlloc(private_heap, 0, 16);
    for (SIZE_T size = 32; size <= 4096; size *= 2) {
        block = HeapReAlloc(private_heap, 0, block, size);
    }
    kept = HeapReAlloc(private_heap, 0, block, 5003); // line: grown
    kept = NULL;
}

static __attribute__((noinline)) void lose_moved_global(void)
{
    void *block = GlobalAlloc(GMEM_FIXED, 24);
    kept = GlobalReAlloc(block, 7001, GMEM_MOVEABLE); // line: regrown
    kept = NULL;
}

static __attribute__((noinline)) void lose_in_fixed_heap(void)
{
    HANDLE heap = HeapCreate(0, 0, 1 << 20);
    must(heap != NULL, "HeapCreate with a maximum");
    kept = HeapAlloc(heap, 0, 127); // line: fixed
    kept = NULL;
}

static __attribute__((noinline)) void lose_in_unserialised_heap(void)
{
    HANDLE heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    must(heap != NULL, "HeapCreate with HEAP_NO_SERIALIZE");
    kept = HeapAlloc(heap, 0, 131); // line: unserialised
    kept = NULL;
}

static __attribute__((noinline)) void lose_movable(void)
{
    HGLOBAL object = GlobalAlloc(GMEM_MOVEABLE | GMEM_ZEROINIT, 139); // line: movable
    must(object != NULL && GlobalLock(object) != NULL, "GlobalAlloc of a movable object");
    must(!GlobalUnlock(object), "GlobalUnlock");
}

// A movable object that holds the only handle of another one: the second is lost with it.
static __attribute__((noinline)) void lose_movables(void)
{
    HLOCAL outer = LocalAlloc(LMEM_MOVEABLE, 151); // line: outer
    void **first = LocalLock(outer);
    must(first != NULL, "LocalLock");
    *first = LocalAlloc(LMEM_MOVEABLE, 157); // line: inner
    must(!LocalUnlock(outer), "LocalUnlock");
}

// The handle is all that leads to its memory.
static __attribute__((noinline)) void keep_movable(void)
{
    kept_object = GlobalAlloc(GMEM_MOVEABLE, 137); // line: kept
    must(kept_object != NULL, "GlobalAlloc of a movable object");
}

// Only the address is held, as programs do that lock an object for good.
static __attribute__((noinline)) void keep_locked(void)
{
    kept_memory = GlobalLock(GlobalAlloc(GMEM_MOVEABLE, 163)); // line: locked
    must(kept_memory != NULL, "GlobalLock");
}

// ---- What is no leak ----------------------------------------------------------------------------

static void destroy_with_blocks(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    for (int i = 0; i < 1000; i++) {
        must(HeapAlloc(heap, 0, 139) != NULL, "HeapAlloc in a heap that is destroyed");
    }
    must(HeapAlloc(heap, 0, 200000) != NULL, "HeapAlloc of a large block");
    must(HeapAlloc(heap, 0, 2000000) != NULL, "HeapAlloc of a block outside of regions");
    must(HeapDestroy(heap), "HeapDestroy");
}

static void cross_over(void)
{
    free(HeapAlloc(GetProcessHeap(), 0, 149));
    must(HeapFree(GetProcessHeap(), 0, malloc(151)), "HeapFree of a malloc() block");
    free(HeapAlloc(private_heap, 0, 157));
    void *block = realloc(HeapAlloc(private_heap, 0, 163), 3000);
    must(HeapFree(private_heap, 0, block), "HeapFree of a realloc() block");
    must(GlobalFree(malloc(167)) == NULL, "GlobalFree of a malloc() block");
    free(LocalAlloc(LMEM_FIXED, 173));
}

static void refuse(void)
{
    void *block = HeapAlloc(private_heap, 0, 179);
    HANDLE other = HeapCreate(0, 0, 0);
    must(!HeapFree(other, 0, block), "HeapFree of another heap's block");
    must(HeapReAlloc(private_heap, HEAP_REALLOC_IN_PLACE_ONLY, block, 1 << 20) == NULL,
        "HeapReAlloc in place");
    must(HeapSize(private_heap, 0, block) == 179, "HeapSize after refusals");
    must(HeapFree(private_heap, 0, block), "HeapFree after refusals");
    must(!HeapFree(private_heap, 0, block), "HeapFree a second time");
    must(HeapDestroy(other), "HeapDestroy");
}

// In the block's place, as without a recorder: the heap is new.
static void stay_in_place(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);
    must(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, 60) == block, "to shrink in place");
    must(HeapSize(heap, 0, block) == 60, "HeapSize after shrinking");
    must(HeapDestroy(heap), "HeapDestroy");
}

static void keep_user_values(void)
{
    void *block = RtlAllocateHeap(private_heap, HEAP_SETTABLE_USER_VALUE, 181);
    void *value = NULL;
    ULONG flags = 0;
    must(RtlSetUserValueHeap(private_heap, 0, block, &private_heap), "RtlSetUserValueHeap");
    block = RtlReAllocateHeap(private_heap, 0, block, 20000);
    must(RtlGetUserInfoHeap(private_heap, 0, block, &value, &flags) &&
             value == (void *)&private_heap,
        "RtlGetUserInfoHeap");
    must(RtlFreeHeap(private_heap, 0, block), "RtlFreeHeap");
    block = HeapAlloc(private_heap, 0, 191);
    must(RtlGetUserInfoHeap(private_heap, 0, block, &value, &flags) && flags == 0,
        "no user info of others");
    must(HeapFree(private_heap, 0, block), "HeapFree");
}

// ---- Threads ------------------------------------------------------------------------------------

static void *passed[THREAD_COUNT];

static void *work(void *argument)
{
    size_t number = (size_t)(uintptr_t)argument;
    for (int i = 0; i < ROUNDS; i++) {
        void *block = HeapAlloc(private_heap, 0, 64 + (SIZE_T)i);
        void *other = HeapAlloc(GetProcessHeap(), 0, 64 + (SIZE_T)i);
        must(block != NULL && other != NULL, "HeapAlloc in a thread");
        void *from_another =
            __atomic_exchange_n(&passed[(number + 1) % THREAD_COUNT], block, __ATOMIC_ACQ_REL);
        must(from_another == NULL || HeapFree(private_heap, 0, from_another), "HeapFree");
        must(HeapFree(GetProcessHeap(), 0, other), "HeapFree in a thread");
    }
    kept = HeapAlloc(private_heap, 0, 193); // line: thread
    kept = NULL;
    wipe_stack();
    return NULL;
}

static void run_threads(void)
{
    pthread_t threads[THREAD_COUNT];
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        must(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) == 0, "pthread_create");
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        must(HeapFree(private_heap, 0, passed[i]), "HeapFree of what was passed on");
        passed[i] = NULL;
    }
}

// ---- Plans --------------------------------------------------------------------------------------

static void walk(HANDLE heap)
{
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    unsigned count = 0;
    size_t size = 0;
    must(HeapLock(heap), "HeapLock");
    while (HeapWalk(heap, &entry)) {
        if ((entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0) {
            count++;
            size += entry.cbData;
        }
    }
    must(GetLastError() == ERROR_NO_MORE_ITEMS, "the end of a walk");
    must(HeapUnlock(heap), "HeapUnlock");
    must(HeapValidate(heap, 0, NULL), "HeapValidate");
    printf("%u blocks, %zu bytes\n", count, size);
}

static void lose_all(void)
{
    lose_private();
    lose_zeroed();
    lose_large();
    lose_rtl();
    lose_process();
    lose_global();
    lose_local();
    lose_grown();
    lose_moved_global();
    lose_in_fixed_heap();
    lose_in_unserialised_heap();
    lose_movable();
    lose_movables();
    keep_movable();
    keep_locked();
}

// Many blocks of one size, half of which are lost: what sampling has to estimate.
static __attribute__((noinline)) void lose_many(void)
{
    for (int i = 0; i < 20000; i++) {
        void *block = HeapAlloc(private_heap, 0, 500); // line: many
        if (i % 2 == 0) {
            must(HeapFree(private_heap, 0, block), "HeapFree");
        }
    }
}

int main(int argc, char **argv)
{
    const char *plan = argc > 1 ? argv[1] : "";
    private_heap = HeapCreate(0, 0, 0);
    must(private_heap != NULL, "HeapCreate");
    if (strcmp(plan, "many") == 0) {
        lose_many();
    } else {
        lose_all();
        destroy_with_blocks();
        cross_over();
        refuse();
        stay_in_place();
        keep_user_values();
        run_threads();
    }
    wipe_stack();
    walk(private_heap);
    fflush(stdout);
    if (strcmp(plan, "kill") == 0) {
        raise(SIGKILL);
    }
    return 5;
}
