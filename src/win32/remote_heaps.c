// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/remote_heaps.h"

#include "halde-win32/winternl.h"
#include "os/os.h"
#include "os/remote.h"
#include "view/view.h"
#include "win32/handle_table.h"
#include "win32/walk.h"

#include <errno.h>
#include <string.h>

enum {
    RANGES_MAX = 512
};

// ---- The other process ------------------------------------------------------------------------

// Where the layout of the process was that was looked at last: every step of a walk asks anew. Only
// a hint, proved each time, so the two may come from different processes.
static struct {
    _Atomic(uint32_t) process_id;
    _Atomic(uint64_t) layout;
} last;

static bool read_remote(void *context, uint64_t address, void *buffer, size_t size)
{
    return os_remote_read(*(const uint32_t *)context, address, buffer, size) == 0;
}

static DWORD error_of(int error)
{
    switch (error) {
    case 0:
        return NO_ERROR;
    case ESRCH:
        return ERROR_INVALID_PARAMETER;
    case EPERM:
        return ERROR_ACCESS_DENIED;
    case ENOMEM:
        return ERROR_NOT_ENOUGH_MEMORY;
    case EFAULT:
        return ERROR_PARTIAL_COPY;
    default:
        return ERROR_ACCESS_DENIED;
    }
}

static enum view_status open_at(uint32_t *process_id, uint64_t layout,
    const struct view_range *ranges, size_t count, struct view **view)
{
    const struct view_source source = {
        .read = read_remote,
        .context = process_id,
        .ranges = ranges,
        .range_count = count,
        .layout_address = layout,
        .is_frugal = true,
    };
    return view_open(view, &source);
}

// Looks through the data of all modules. `*view` stays NULL when there is no heap.
static DWORD search(uint32_t *process_id, struct view **view)
{
    static_assert(
        sizeof(struct view_range) == sizeof(struct os_remote_range), "both are two addresses");
    struct os_remote_range found[RANGES_MAX];
    struct view_range ranges[RANGES_MAX];
    size_t count;
    int error = os_remote_data(*process_id, found, RANGES_MAX, &count);
    // Whether memory may be read is another question, which has to be asked at some address.
    char byte;
    if (error == 0 && count > 0) {
        error = os_remote_read(*process_id, found[0].start, &byte, 1);
    }
    if (error != 0) {
        return error_of(error);
    }
    for (size_t i = 0; i < count; i++) {
        ranges[i] = (struct view_range){.start = found[i].start, .end = found[i].end};
    }
    enum view_status status = open_at(process_id, 0, ranges, count, view);
    return status == VIEW_NO_MEMORY ? ERROR_NOT_ENOUGH_MEMORY : NO_ERROR;
}

static DWORD open_process(uint32_t *process_id, struct view **view)
{
    *view = NULL;
    uint64_t layout = atomic_load_explicit(&last.layout, memory_order_relaxed);
    if (atomic_load_explicit(&last.process_id, memory_order_relaxed) == *process_id &&
        open_at(process_id, layout, NULL, 0, view) == VIEW_OK) {
        return NO_ERROR;
    }
    DWORD error = search(process_id, view);
    if (*view != NULL) {
        atomic_store_explicit(&last.layout, view_layout_address(*view), memory_order_relaxed);
        atomic_store_explicit(&last.process_id, *process_id, memory_order_relaxed);
    }
    return error;
}

// ---- Heaps ------------------------------------------------------------------------------------

DWORD remote_heaps_list(DWORD process_id, struct heap_list *list)
{
    struct view *view;
    *list = (struct heap_list){0};
    uint32_t id = process_id;
    DWORD error = open_process(&id, &view);
    if (error != NO_ERROR || view == NULL) {
        return error;
    }
    struct view_heap heap;
    bool is_heap = view_heap_first(view, &heap);
    for (; is_heap && error == NO_ERROR; is_heap = view_heap_next(view, &heap)) {
        if (!heap_list_add(list, (halde_heap *)(uintptr_t)heap.handle)) {
            error = ERROR_NOT_ENOUGH_MEMORY;
        }
    }
    if (error != NO_ERROR) {
        heap_list_release(list);
    }
    view_close(view);
    return error;
}

// ---- Elements ---------------------------------------------------------------------------------

// The handle of a movable object whose data is this block: the entry of the other process's table
// must agree with the block's user info.
static uint64_t movable_handle(
    struct view *view, const struct view_heap *heap, const struct view_element *element)
{
    struct view_user_info info;
    uintptr_t entry[2]; // struct handle_entry: flags, data
    bool is_marked = heap->is_process_heap && view_user_info(view, heap, element, &info) &&
                     (info.flags & HEAP_SETTABLE_USER_FLAG1) != 0 &&
                     handle_is_tagged((const void *)(uintptr_t)info.value);
    if (!is_marked || !view_read_contents(view, info.value - offsetof(struct handle_entry, data),
                          entry, sizeof(entry))) {
        return 0;
    }
    return (entry[0] & HANDLE_IN_USE) != 0 && entry[1] == element->start ? info.value : 0;
}

static void put_element(struct view *view, const struct view_walk *walk,
    const struct view_element *element, DWORD process_id, HEAPENTRY32 *result)
{
    struct view_entry entry;
    view_entry_of(view, element, &entry);
    bool is_busy = element->kind == VIEW_BUSY;
    uint64_t movable = is_busy ? movable_handle(view, &walk->heap, element) : 0;
    *result = (HEAPENTRY32){
        .dwSize = sizeof(*result),
        .hHandle = (HANDLE)(uintptr_t)(movable != 0 ? movable : entry.data),
        .dwAddress = entry.data,
        .dwBlockSize = entry.size + walk_overhead(entry.overhead),
        .dwFlags = !is_busy       ? LF32_FREE
                   : movable != 0 ? LF32_MOVEABLE
                                  : LF32_FIXED,
        .dwResvd = is_busy ? CURSOR_BUSY : CURSOR_NOT_BUSY,
        .th32ProcessID = process_id,
        .th32HeapID = walk->heap.handle,
    };
}

// Finds a walk's place again. `*walk` may be there already.
static bool seek(struct view *view, struct view_walk *walk, const struct remote_position *position)
{
    struct view_heap heap;
    if (!view_heap_find(view, position->heap, &heap)) {
        return false;
    }
    if (position->is_first) {
        view_walk_begin(walk, &heap);
        return true;
    }
    return view_walk_seek(view, walk, &heap, position->address, position->was_busy);
}

static DWORD next_entry(
    struct view *view, struct view_walk *walk, DWORD process_id, HEAPENTRY32 *result)
{
    struct view_element element;
    do {
        if (!view_walk_next(view, walk, &element)) {
            return ERROR_NO_MORE_FILES;
        }
    } while (element.kind == VIEW_REGION);
    put_element(view, walk, &element, process_id, result);
    return NO_ERROR;
}

static DWORD find_entry(struct view *view, const struct remote_position *position, DWORD process_id,
    HEAPENTRY32 *result)
{
    struct view_walk walk;
    return seek(view, &walk, position) ? next_entry(view, &walk, process_id, result)
                                       : ERROR_NO_MORE_FILES;
}

// ---- The view of the walk that was here last --------------------------------------------------
// Opening one costs fifty times what a step does, so it is kept until the walk ends or another
// process is asked for.  What was read of it is used for a moment only: the process runs.  Walks of
// several threads at the same time: one has it, the others open views of their own.

enum {
    FRESH_MS = 10
};

static struct {
    _Atomic(bool) is_taken; // taken with acquire, given back with release
    // Whoever has taken it:
    bool has_walk;       // `walk` stands behind the element at `address`
    uint32_t process_id; // the view's
    struct view *view;   // NULL: none
    uint64_t read_ms;    // when it began to keep what it has read
    struct view_walk walk;
    uint64_t address;
    bool was_busy;
} kept;

static void drop_kept(void)
{
    view_close(kept.view);
    kept.view = NULL;
    kept.has_walk = false;
}

// Whether the process is still there, and its heaps where they were.
static bool is_kept_alive(void)
{
    const uint64_t layout = view_layout_address(kept.view);
    struct {
        char magic[16];
        uint64_t self;
    } head;
    static_assert(sizeof(head) == offsetof(struct layout, version), "it begins with these");
    return os_remote_read(kept.process_id, layout, &head, sizeof(head)) == 0 &&
           memcmp(head.magic, LAYOUT_MAGIC, sizeof(head.magic)) == 0 && head.self == layout;
}

// Makes it a view of this process. It stays NULL when there is no heap.
static DWORD renew_kept(uint32_t process_id)
{
    if (kept.view != NULL && (kept.process_id != process_id || !is_kept_alive())) {
        drop_kept();
    }
    if (kept.view == NULL) {
        kept.process_id = process_id;
        kept.read_ms = os_clock_ms();
        return open_process(&kept.process_id, &kept.view);
    }
    if (os_clock_ms() - kept.read_ms >= FRESH_MS) {
        view_forget(kept.view);
        kept.has_walk = false;
        kept.read_ms = os_clock_ms();
    }
    return NO_ERROR;
}

static bool is_kept_place(const struct remote_position *position)
{
    return kept.has_walk && !position->is_first && kept.walk.heap.handle == position->heap &&
           kept.address == position->address && kept.was_busy == position->was_busy;
}

static DWORD entry_of_kept(
    DWORD process_id, const struct remote_position *position, HEAPENTRY32 *result)
{
    DWORD error = renew_kept(process_id);
    if (error != NO_ERROR || kept.view == NULL) {
        return error != NO_ERROR ? error : ERROR_NO_MORE_FILES;
    }
    if (position->is_first) {
        view_forget(kept.view);
    }
    kept.has_walk = is_kept_place(position) || seek(kept.view, &kept.walk, position);
    error =
        kept.has_walk ? next_entry(kept.view, &kept.walk, process_id, result) : ERROR_NO_MORE_FILES;
    if (error != NO_ERROR) {
        drop_kept();
    } else {
        kept.address = result->dwAddress;
        kept.was_busy = result->dwResvd == CURSOR_BUSY;
    }
    return error;
}

DWORD remote_heaps_entry(
    DWORD process_id, const struct remote_position *position, HEAPENTRY32 *result)
{
    if (!atomic_exchange_explicit(&kept.is_taken, true, memory_order_acquire)) {
        DWORD error = entry_of_kept(process_id, position, result);
        atomic_store_explicit(&kept.is_taken, false, memory_order_release);
        return error;
    }
    struct view *view;
    uint32_t id = process_id;
    DWORD error = open_process(&id, &view);
    if (error != NO_ERROR || view == NULL) {
        return error != NO_ERROR ? error : ERROR_NO_MORE_FILES;
    }
    error = find_entry(view, position, process_id, result);
    view_close(view);
    return error;
}

DWORD remote_heaps_read(DWORD process_id, const void *address, void *buffer, size_t size)
{
    return size == 0 ? NO_ERROR
                     : error_of(os_remote_read(process_id, (uintptr_t)address, buffer, size));
}
