// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// ToolHelp: heaps and blocks of the own process and, by remote_heaps.c, of others.
//
// A snapshot is a list of heaps in a slot of a fixed table.  Its handle is a number made of the
// slot and of how often the slot was used, so that a closed handle is recognised and nothing is
// dereferenced.  Blocks need no snapshot: the entry itself says where the next one is.

#include "base/compiler.h"
#include "engine/engine.h"
#include "halde-win32/tlhelp32.h"
#include "halde-win32/windows.h"
#include "os/process.h"
#include "win32/heap_list.h"
#include "win32/last_error.h"
#include "win32/remote_heaps.h"
#include "win32/walk.h"

enum {
    SNAPSHOT_COUNT = 1024,
    SLOT_SHIFT = 2, // handles are multiples of four
    USE_SHIFT = 16,
    USE_MASK = 0x7FFF, // keeps a handle positive as a 32-bit number
};

// Guarded by the process heap's lock, so that fork() finds it at rest.
static struct snapshot {
    struct heap_list list;
    DWORD process_id;   // whose heaps they are
    size_t position;    // of the next heap to report
    uint32_t use_count; // of this slot, so far
    bool is_open;
} snapshots[SNAPSHOT_COUNT];

static BOOL fail(DWORD error)
{
    last_error_set(error);
    return FALSE;
}

static void lock_snapshots(void)
{
    halde_heap_lock(halde_process_heap());
}

static void unlock_snapshots(void)
{
    halde_heap_unlock(halde_process_heap());
}

// ---- Handles ----------------------------------------------------------------------------------

static HANDLE handle_of_slot(uint32_t slot)
{
    uint32_t use = snapshots[slot].use_count & USE_MASK;
    return (HANDLE)(uintptr_t)(use << USE_SHIFT | (slot + 1) << SLOT_SHIFT);
}

static struct snapshot *find_snapshot_locked(HANDLE handle)
{
    uintptr_t slot = (((uintptr_t)handle & ((1u << USE_SHIFT) - 1)) >> SLOT_SHIFT) - 1;
    if (slot >= SNAPSHOT_COUNT || !snapshots[slot].is_open ||
        handle_of_slot((uint32_t)slot) != handle) {
        return NULL;
    }
    return &snapshots[slot];
}

static HANDLE open_slot_locked(const struct heap_list *list, DWORD process_id)
{
    for (uint32_t slot = 0; slot < SNAPSHOT_COUNT; slot++) {
        struct snapshot *snapshot = &snapshots[slot];
        if (!snapshot->is_open) {
            snapshot->list = *list;
            snapshot->process_id = process_id;
            snapshot->position = 0;
            snapshot->use_count++;
            snapshot->is_open = true;
            return handle_of_slot(slot);
        }
    }
    return INVALID_HANDLE_VALUE;
}

BOOL WINAPI CloseHandle(HANDLE hObject)
{
    // The pseudo handle of the process: nothing to close.
    if (hObject == INVALID_HANDLE_VALUE) {
        return TRUE;
    }
    struct heap_list list = {0};
    lock_snapshots();
    struct snapshot *snapshot = find_snapshot_locked(hObject);
    if (snapshot != NULL) {
        list = snapshot->list;
        snapshot->list = (struct heap_list){0};
        snapshot->is_open = false;
    }
    unlock_snapshots();
    if (snapshot == NULL) {
        return fail(ERROR_INVALID_HANDLE);
    }
    heap_list_release(&list);
    return TRUE;
}

// ---- Snapshots --------------------------------------------------------------------------------

static bool is_own_process(DWORD process_id)
{
    return process_id == 0 || process_id == os_process_id();
}

static DWORD read_heaps(DWORD process_id, struct heap_list *list)
{
    if (!is_own_process(process_id)) {
        return remote_heaps_list(process_id, list);
    }
    return heap_list_read(list) == HALDE_OK ? NO_ERROR : ERROR_NOT_ENOUGH_MEMORY;
}

HANDLE WINAPI CreateToolhelp32Snapshot(DWORD dwFlags, DWORD th32ProcessID)
{
    struct heap_list list = {0};
    DWORD process_id = is_own_process(th32ProcessID) ? os_process_id() : th32ProcessID;
    DWORD error =
        (dwFlags & TH32CS_SNAPHEAPLIST) != 0 ? read_heaps(th32ProcessID, &list) : NO_ERROR;
    if (error != NO_ERROR) {
        last_error_set(error);
        return INVALID_HANDLE_VALUE;
    }
    lock_snapshots();
    HANDLE handle = open_slot_locked(&list, process_id);
    unlock_snapshots();
    if (handle == INVALID_HANDLE_VALUE) {
        heap_list_release(&list);
        last_error_set(ERROR_NOT_ENOUGH_MEMORY);
    }
    return handle;
}

// ---- Heaps ------------------------------------------------------------------------------------

static BOOL report_heap_locked(struct snapshot *snapshot, HEAPLIST32 *result)
{
    if (snapshot->position >= snapshot->list.count) {
        return fail(ERROR_NO_MORE_FILES);
    }
    size_t position = snapshot->position++;
    halde_heap *heap = snapshot->list.heaps[position];
    *result = (HEAPLIST32){
        .dwSize = sizeof(*result),
        .th32ProcessID = snapshot->process_id,
        .th32HeapID = (ULONG_PTR)heap,
        .dwFlags = position == 0 ? HF32_DEFAULT : 0, // the process heap comes first
    };
    return TRUE;
}

static BOOL report_heap(HANDLE handle, HEAPLIST32 *result, bool is_first)
{
    if (result == NULL) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    if (result->dwSize < sizeof(*result)) {
        return fail(ERROR_BAD_LENGTH);
    }
    lock_snapshots();
    struct snapshot *snapshot = find_snapshot_locked(handle);
    if (snapshot != NULL && is_first) {
        snapshot->position = 0;
    }
    BOOL is_reported =
        snapshot != NULL ? report_heap_locked(snapshot, result) : fail(ERROR_INVALID_HANDLE);
    unlock_snapshots();
    return is_reported;
}

BOOL WINAPI Heap32ListFirst(HANDLE hSnapshot, LPHEAPLIST32 lphl)
{
    return report_heap(hSnapshot, lphl, true);
}

BOOL WINAPI Heap32ListNext(HANDLE hSnapshot, LPHEAPLIST32 lphl)
{
    return report_heap(hSnapshot, lphl, false);
}

// ---- Blocks -----------------------------------------------------------------------------------

static DWORD entry_flags(const struct halde_entry *entry, HANDLE movable)
{
    if (entry->kind != HALDE_ENTRY_BUSY) {
        return LF32_FREE;
    }
    return movable != NULL ? LF32_MOVEABLE : LF32_FIXED;
}

// The next element after `position` that is no region.
static BOOL report_entry(HEAPENTRY32 *result, halde_heap *heap, const void *position, bool is_busy)
{
    struct halde_entry entry;
    do {
        if (halde_heap_walk_next(heap, position, is_busy, &entry) != HALDE_OK) {
            return fail(ERROR_NO_MORE_FILES);
        }
        position = entry.data;
        is_busy = entry.kind == HALDE_ENTRY_BUSY;
    } while (entry.kind == HALDE_ENTRY_REGION);
    HANDLE movable = walk_movable_handle(heap, &entry);
    *result = (HEAPENTRY32){
        .dwSize = sizeof(*result),
        .hHandle = movable != NULL ? movable : entry.data,
        .dwAddress = (ULONG_PTR)entry.data,
        // As HeapWalk has it, whose overhead stops at 255: the documented programs print the same.
        .dwBlockSize = entry.size + walk_overhead(entry.overhead),
        .dwFlags = entry_flags(&entry, movable),
        .dwLockCount = 0,
        .dwResvd = is_busy ? CURSOR_BUSY : CURSOR_NOT_BUSY,
        .th32ProcessID = os_process_id(),
        .th32HeapID = (ULONG_PTR)heap,
    };
    return TRUE;
}

// The same of another process.
static BOOL report_remote(
    HEAPENTRY32 *result, DWORD process_id, const struct remote_position *position)
{
    DWORD error = remote_heaps_entry(process_id, position, result);
    return error == NO_ERROR ? TRUE : fail(error);
}

BOOL WINAPI Heap32First(LPHEAPENTRY32 lphe, DWORD th32ProcessID, ULONG_PTR th32HeapID)
{
    if (lphe == NULL) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    if (lphe->dwSize < sizeof(*lphe)) {
        return fail(ERROR_BAD_LENGTH);
    }
    if (!is_own_process(th32ProcessID)) {
        const struct remote_position start = {.heap = th32HeapID, .is_first = true};
        return report_remote(lphe, th32ProcessID, &start);
    }
    return report_entry(lphe, (halde_heap *)th32HeapID, NULL, false);
}

BOOL WINAPI Heap32Next(LPHEAPENTRY32 lphe)
{
    if (lphe == NULL) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    if (lphe->dwSize < sizeof(*lphe)) {
        return fail(ERROR_BAD_LENGTH);
    }
    // An address of 0 would start over: no element is there.
    if (lphe->dwAddress == 0) {
        return fail(ERROR_NO_MORE_FILES);
    }
    if (!is_own_process(lphe->th32ProcessID)) {
        const struct remote_position position = {.heap = lphe->th32HeapID,
            .address = lphe->dwAddress,
            .was_busy = lphe->dwResvd == CURSOR_BUSY};
        return report_remote(lphe, lphe->th32ProcessID, &position);
    }
    return report_entry(lphe, (halde_heap *)lphe->th32HeapID, (const void *)lphe->dwAddress,
        lphe->dwResvd == CURSOR_BUSY);
}

// ---- Memory -----------------------------------------------------------------------------------

BOOL WINAPI Toolhelp32ReadProcessMemory(DWORD th32ProcessID, LPCVOID lpBaseAddress, LPVOID lpBuffer,
    SIZE_T cbRead, SIZE_T *lpNumberOfBytesRead)
{
    SIZE_T copied = 0;
    DWORD error = NO_ERROR;
    if (!is_own_process(th32ProcessID)) {
        error = remote_heaps_read(th32ProcessID, lpBaseAddress, lpBuffer, cbRead);
        copied = error == NO_ERROR ? cbRead : 0;
    } else if (os_copy_memory(lpBuffer, lpBaseAddress, cbRead) == cbRead) {
        copied = cbRead;
    } else {
        error = ERROR_PARTIAL_COPY;
    }
    if (lpNumberOfBytesRead != NULL) {
        *lpNumberOfBytesRead = copied;
    }
    return error == NO_ERROR || fail(error);
}
