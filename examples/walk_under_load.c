// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Walks heaps that four threads are using.
//
// Each thread allocates, resizes and frees on two shared heaps and on a private one, and passes
// blocks to the others, who free them.  Meanwhile the main thread locks each heap, walks it,
// validates it, and prints what it saw.  At the end the threads stop, and what they say they hold
// is compared with what the walks find: to the block and the byte.  The exit status is 0 only if
// everything agreed.
//
// Usage: walk_under_load [rounds], 5 by default.

#include <windows.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <tchar.h>
#include <time.h>

enum {
    THREAD_COUNT = 4,
    SHARED_COUNT = 2,
    HEAP_COUNT = SHARED_COUNT + THREAD_COUNT,
    SLOT_COUNT = 1500,  // blocks that one thread holds in one heap
    MAILBOX_COUNT = 64, // blocks of one shared heap on their way between threads
    DEFAULT_ROUNDS = 5,
    ROUND_PAUSE_MS = 200,
};

// What a thread holds in one heap. Owner thread only, until it has been joined.
struct ledger {
    void *blocks[SLOT_COUNT];
    SIZE_T sizes[SLOT_COUNT];
};

struct worker {
    pthread_t thread;
    ULONGLONG random;                        // state of the generator
    unsigned failures;                       // calls that failed; must stay 0
    ULONGLONG operations;                    // done so far
    struct ledger ledgers[SHARED_COUNT + 1]; // the shared heaps, then its own
};

static struct {
    HANDLE heaps[HEAP_COUNT]; // shared ones first; constant while threads run
    _Atomic(void *) mailbox[SHARED_COUNT][MAILBOX_COUNT]; // any thread puts and takes, by exchange
    atomic_bool isStopping;
    struct worker workers[THREAD_COUNT];
} demo;

// ---- The threads ------------------------------------------------------------------------------

static ULONGLONG NextRandom(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

// Mostly small, some of a page or more, few large.
static SIZE_T RandomSize(struct worker *worker)
{
    ULONGLONG random = NextRandom(worker);
    if (random % 4096 == 0) {
        return 0x100000 + (SIZE_T)(random >> 32) % 0x40000;
    }
    if (random % 64 == 0) {
        return 4096 + (SIZE_T)(random >> 32) % 16384;
    }
    return (SIZE_T)(random >> 32) % 512;
}

static void CountFailure(struct worker *worker, BOOL isSuccess)
{
    worker->failures += !isSuccess;
}

static void Allocate(struct worker *worker, HANDLE heap, struct ledger *ledger, SIZE_T slot)
{
    SIZE_T size = RandomSize(worker);
    void *block = HeapAlloc(heap, 0, size);
    CountFailure(worker, block != NULL);
    ledger->blocks[slot] = block;
    ledger->sizes[slot] = block != NULL ? size : 0;
}

static void Resize(struct worker *worker, HANDLE heap, struct ledger *ledger, SIZE_T slot)
{
    SIZE_T size = RandomSize(worker);
    void *block = HeapReAlloc(heap, 0, ledger->blocks[slot], size);
    CountFailure(worker, block != NULL);
    if (block != NULL) {
        ledger->blocks[slot] = block;
        ledger->sizes[slot] = size;
    }
}

static void Free(struct worker *worker, HANDLE heap, struct ledger *ledger, SIZE_T slot)
{
    CountFailure(worker, HeapFree(heap, 0, ledger->blocks[slot]));
    ledger->blocks[slot] = NULL;
}

// Puts a block into a mailbox and frees the one that was there: mostly another thread's.
static void PassOn(struct worker *worker, int heap, struct ledger *ledger, SIZE_T slot)
{
    SIZE_T box = (SIZE_T)NextRandom(worker) % MAILBOX_COUNT;
    void *other = atomic_exchange(&demo.mailbox[heap][box], ledger->blocks[slot]);
    ledger->blocks[slot] = NULL;
    CountFailure(worker, HeapFree(demo.heaps[heap], 0, other));
}

static void Step(struct worker *worker, int index)
{
    int which = (int)(NextRandom(worker) % (SHARED_COUNT + 1));
    struct ledger *ledger = &worker->ledgers[which];
    int heap = which < SHARED_COUNT ? which : SHARED_COUNT + index;
    SIZE_T slot = (SIZE_T)NextRandom(worker) % SLOT_COUNT;
    if (ledger->blocks[slot] == NULL) {
        Allocate(worker, demo.heaps[heap], ledger, slot);
        return;
    }
    switch (NextRandom(worker) % 4) {
    case 0:
        Resize(worker, demo.heaps[heap], ledger, slot);
        break;
    case 1:
        if (heap < SHARED_COUNT) {
            PassOn(worker, heap, ledger, slot);
            break;
        }
        // fall through
    default:
        Free(worker, demo.heaps[heap], ledger, slot);
    }
}

static void *RunWorker(void *argument)
{
    struct worker *worker = (struct worker *)argument;
    int index = (int)(worker - demo.workers);
    while (!atomic_load_explicit(&demo.isStopping, memory_order_relaxed)) {
        Step(worker, index);
        worker->operations++;
    }
    return NULL;
}

// ---- The walk ---------------------------------------------------------------------------------

struct summary {
    SIZE_T regions, busyBlocks, busyBytes, freeBytes, largestFree;
    double milliseconds; // that the walk took, with the heap locked
    BOOL isValid;
};

static double Milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void AddEntry(struct summary *summary, const PROCESS_HEAP_ENTRY *entry)
{
    if ((entry->wFlags & PROCESS_HEAP_REGION) != 0) {
        summary->regions++;
    } else if ((entry->wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0) {
        summary->busyBlocks++;
        summary->busyBytes += entry->cbData;
    } else if ((entry->wFlags & PROCESS_HEAP_UNCOMMITTED_RANGE) == 0) {
        summary->freeBytes += entry->cbData;
        summary->largestFree = max(summary->largestFree, entry->cbData);
    }
}

// Locks, walks, validates, unlocks: what it counts is the heap at one moment.
static struct summary WalkHeap(HANDLE heap)
{
    struct summary summary = {.isValid = FALSE};
    if (!HeapLock(heap)) {
        return summary;
    }
    double start = Milliseconds();
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    while (HeapWalk(heap, &entry)) {
        AddEntry(&summary, &entry);
    }
    BOOL isComplete = GetLastError() == ERROR_NO_MORE_ITEMS;
    summary.milliseconds = Milliseconds() - start;
    summary.isValid = isComplete && HeapValidate(heap, 0, NULL);
    return HeapUnlock(heap) ? summary : (struct summary){.isValid = FALSE};
}

static const TCHAR *HeapName(int heap)
{
    static const TCHAR *const names[HEAP_COUNT] = {TEXT("shared 1"), TEXT("shared 2"),
        TEXT("private 1"), TEXT("private 2"), TEXT("private 3"), TEXT("private 4")};
    return names[heap];
}

static void PrintTitle(void)
{
    _tprintf(TEXT("%-10s %18s %8s %8s %10s %10s %10s %9s  %s\n"), TEXT("heap"), TEXT("handle"),
        TEXT("regions"), TEXT("busy"), TEXT("bytes"), TEXT("free"), TEXT("largest"),
        TEXT("walk ms"), TEXT("valid"));
}

static void PrintSummary(int heap, const struct summary *summary)
{
    _tprintf(TEXT("%-10s %#p %8Iu %8Iu %10Iu %10Iu %10Iu %9.3f  %s\n"), HeapName(heap),
        demo.heaps[heap], summary->regions, summary->busyBlocks, summary->busyBytes,
        summary->freeBytes, summary->largestFree, summary->milliseconds,
        summary->isValid ? TEXT("yes") : TEXT("NO"));
}

static BOOL WalkAll(void)
{
    BOOL isValid = TRUE;
    PrintTitle();
    for (int heap = 0; heap < HEAP_COUNT; heap++) {
        struct summary summary = WalkHeap(demo.heaps[heap]);
        PrintSummary(heap, &summary);
        isValid = isValid && summary.isValid;
    }
    _tprintf(TEXT("\n"));
    return isValid;
}

// ---- The end ----------------------------------------------------------------------------------

struct holding {
    SIZE_T blocks, bytes;
};

static void AddLedger(struct holding *holding, const struct ledger *ledger)
{
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        if (ledger->blocks[slot] != NULL) {
            holding->blocks++;
            holding->bytes += ledger->sizes[slot];
        }
    }
}

static void AddMailbox(struct holding *holding, int heap)
{
    for (int box = 0; box < MAILBOX_COUNT; box++) {
        void *block = atomic_load(&demo.mailbox[heap][box]);
        if (block != NULL) {
            holding->blocks++;
            holding->bytes += HeapSize(demo.heaps[heap], 0, block);
        }
    }
}

// What the threads, joined by now, hold in a heap.
static struct holding CountHolding(int heap)
{
    struct holding holding = {0, 0};
    if (heap >= SHARED_COUNT) {
        AddLedger(&holding, &demo.workers[heap - SHARED_COUNT].ledgers[SHARED_COUNT]);
        return holding;
    }
    for (int i = 0; i < THREAD_COUNT; i++) {
        AddLedger(&holding, &demo.workers[i].ledgers[heap]);
    }
    AddMailbox(&holding, heap);
    return holding;
}

static BOOL CompareAll(void)
{
    BOOL isEqual = TRUE;
    for (int heap = 0; heap < HEAP_COUNT; heap++) {
        struct holding held = CountHolding(heap);
        struct summary seen = WalkHeap(demo.heaps[heap]);
        BOOL agrees =
            seen.isValid && seen.busyBlocks == held.blocks && seen.busyBytes == held.bytes;
        _tprintf(TEXT("%-10s held %Iu blocks of %Iu bytes, walked %Iu of %Iu: %s\n"),
            HeapName(heap), held.blocks, held.bytes, seen.busyBlocks, seen.busyBytes,
            agrees ? TEXT("equal") : TEXT("DIFFERENT"));
        isEqual = isEqual && agrees;
    }
    return isEqual;
}

// ---- Main -------------------------------------------------------------------------------------

static BOOL CreateHeaps(void)
{
    for (int heap = 0; heap < HEAP_COUNT; heap++) {
        demo.heaps[heap] = HeapCreate(0, 0, 0);
        if (demo.heaps[heap] == NULL) {
            _tprintf(TEXT("HeapCreate failed: %lu\n"), GetLastError());
            return FALSE;
        }
    }
    return TRUE;
}

static BOOL DestroyHeaps(void)
{
    BOOL isDestroyed = TRUE;
    for (int heap = 0; heap < HEAP_COUNT; heap++) {
        isDestroyed = HeapDestroy(demo.heaps[heap]) && isDestroyed;
    }
    return isDestroyed;
}

static BOOL StartWorkers(void)
{
    for (int i = 0; i < THREAD_COUNT; i++) {
        demo.workers[i].random = 0x9E3779B97F4A7C15u * (ULONGLONG)(i + 1);
        if (pthread_create(&demo.workers[i].thread, NULL, RunWorker, &demo.workers[i]) != 0) {
            _tprintf(TEXT("a thread could not be started\n"));
            return FALSE;
        }
    }
    return TRUE;
}

// Whether no call of any thread failed.
static BOOL StopWorkers(void)
{
    ULONGLONG operations = 0;
    unsigned failures = 0;
    atomic_store(&demo.isStopping, 1);
    for (int i = 0; i < THREAD_COUNT; i++) {
        pthread_join(demo.workers[i].thread, NULL);
        operations += demo.workers[i].operations;
        failures += demo.workers[i].failures;
    }
    _tprintf(TEXT("%I64u operations by %d threads, %u failures\n\n"), operations, THREAD_COUNT,
        failures);
    return failures == 0;
}

static void Pause(void)
{
    struct timespec pause = {.tv_sec = 0, .tv_nsec = ROUND_PAUSE_MS * 1000000L};
    nanosleep(&pause, NULL);
}

int __cdecl _tmain(int argc, _TCHAR *argv[])
{
    long rounds = argc > 1 ? _tcstol(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    if (!CreateHeaps() || !StartWorkers()) {
        return 1;
    }
    BOOL isValid = TRUE;
    for (long round = 1; round <= rounds; round++) {
        Pause();
        _tprintf(TEXT("Round %d of %d, while %d threads use the heaps\n"), (int)round, (int)rounds,
            THREAD_COUNT);
        isValid = WalkAll() && isValid;
    }
    isValid = StopWorkers() && isValid;
    isValid = CompareAll() && isValid;
    isValid = DestroyHeaps() && isValid;
    _tprintf(isValid ? TEXT("\nAll heaps were valid, and at the end every walk was exact.\n")
                     : TEXT("\nSOMETHING WAS WRONG, see above.\n"));
    return isValid ? 0 : 1;
}
