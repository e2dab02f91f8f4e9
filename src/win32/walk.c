// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/walk.h"

#include "base/bits.h"
#include "halde-win32/winternl.h"
#include "win32/handle_table.h"
#include "win32/last_error.h"
#include "win32/status.h"

#include <string.h>

DWORD walk_size(size_t size)
{
    return (DWORD)size_min(size, MAXDWORD);
}

BYTE walk_overhead(size_t overhead)
{
    return (BYTE)size_min(overhead, MAXBYTE);
}

BYTE walk_region(uint32_t region_index)
{
    if (region_index == HALDE_REGION_LARGE) {
        return WALK_LARGE_REGION;
    }
    return (BYTE)size_min(region_index, WALK_LAST_REGION);
}

HANDLE walk_movable_handle(HANDLE heap, const struct halde_entry *entry)
{
    if (entry->kind != HALDE_ENTRY_BUSY || !entry->has_user_info || heap != halde_process_heap()) {
        return NULL;
    }
    return handle_table_handle_of(entry->data, &entry->user_info);
}

static WORD walk_flags(enum halde_entry_kind kind)
{
    switch (kind) {
    case HALDE_ENTRY_REGION:
        return PROCESS_HEAP_REGION;
    case HALDE_ENTRY_BUSY:
        return PROCESS_HEAP_ENTRY_BUSY;
    case HALDE_ENTRY_UNCOMMITTED:
        return PROCESS_HEAP_UNCOMMITTED_RANGE;
    case HALDE_ENTRY_FREE:
        break;
    }
    return 0;
}

static void put_movable(HANDLE handle, PROCESS_HEAP_ENTRY *result)
{
    result->wFlags |= PROCESS_HEAP_ENTRY_MOVEABLE;
    if (handle_table_is_shared(handle)) {
        result->wFlags |= PROCESS_HEAP_ENTRY_DDESHARE;
    }
    result->Block.hMem = handle;
}

// Every member is written, the unused ones as zero: two walks of an unchanged heap give the same
// bytes.
static void put_entry(HANDLE heap, const struct halde_entry *entry, PROCESS_HEAP_ENTRY *result)
{
    memset(result, 0, sizeof(*result));
    result->lpData = entry->data;
    result->cbData = walk_size(entry->size);
    result->cbOverhead = walk_overhead(entry->overhead);
    result->iRegionIndex = walk_region(entry->region_index);
    result->wFlags = walk_flags(entry->kind);
    if (entry->kind == HALDE_ENTRY_REGION) {
        result->Region.dwCommittedSize = walk_size(entry->committed_size);
        result->Region.dwUnCommittedSize = walk_size(entry->uncommitted_size);
        result->Region.lpFirstBlock = entry->first_block;
        result->Region.lpLastBlock = entry->last_block;
        return;
    }
    HANDLE movable = walk_movable_handle(heap, entry);
    if (movable != NULL) {
        put_movable(movable, result);
    }
}

BOOL WINAPI HeapWalk(HANDLE hHeap, LPPROCESS_HEAP_ENTRY lpEntry)
{
    if (lpEntry == NULL) {
        last_error_set(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    bool was_busy = (lpEntry->wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0;
    struct halde_entry entry;
    enum halde_status status = halde_heap_walk_next(hHeap, lpEntry->lpData, was_busy, &entry);
    if (status != HALDE_OK) {
        last_error_set(status_error_from_engine(status));
        return FALSE;
    }
    put_entry(hHeap, &entry, lpEntry);
    return TRUE;
}

static WORD native_flags(const struct halde_entry *entry)
{
    switch (entry->kind) {
    case HALDE_ENTRY_REGION:
        return RTL_HEAP_ENTRY_REGION;
    case HALDE_ENTRY_BUSY:
        return entry->is_span_block
                   ? RTL_HEAP_ENTRY_LFH | RTL_HEAP_ENTRY_BUSY
                   : RTL_HEAP_ENTRY_COMMITTED | RTL_HEAP_ENTRY_BLOCK | RTL_HEAP_ENTRY_BUSY;
    case HALDE_ENTRY_UNCOMMITTED:
        return RTL_HEAP_ENTRY_UNCOMMITTED;
    case HALDE_ENTRY_FREE:
        break;
    }
    return 0;
}

static void put_native_entry(const struct halde_entry *entry, RTL_HEAP_WALK_ENTRY *result)
{
    memset(result, 0, sizeof(*result));
    result->DataAddress = entry->data;
    result->DataSize = entry->size;
    result->OverheadBytes = walk_overhead(entry->overhead);
    result->SegmentIndex = walk_region(entry->region_index);
    result->Flags = native_flags(entry);
    if (entry->kind == HALDE_ENTRY_REGION) {
        result->Segment.CommittedSize = walk_size(entry->committed_size);
        result->Segment.UnCommittedSize = walk_size(entry->uncommitted_size);
        result->Segment.FirstEntry = entry->first_block;
        result->Segment.LastEntry = entry->last_block;
    } else if (entry->kind == HALDE_ENTRY_BUSY && entry->has_user_info) {
        result->Block.Settable = (SIZE_T)entry->user_info.value;
    }
}

NTSTATUS NTAPI RtlWalkHeap(PVOID HeapHandle, PRTL_HEAP_WALK_ENTRY Entry)
{
    if (Entry == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    bool was_busy = (Entry->Flags & RTL_HEAP_ENTRY_BUSY) != 0;
    struct halde_entry entry;
    enum halde_status status =
        halde_heap_walk_next(HeapHandle, Entry->DataAddress, was_busy, &entry);
    if (status == HALDE_OK) {
        put_native_entry(&entry, Entry);
    }
    return status_from_engine(status);
}
