// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Microsoft's additions to <malloc.h>, on the process heap.

#include "engine/engine.h"
#include "halde-win32/malloc.h"
#include "win32/front_end.h"

#include <errno.h>

size_t __cdecl _msize(void *block)
{
    size_t size;
    if (halde_heap_size(halde_process_heap(), block, &size) != HALDE_OK) {
        errno = EINVAL;
        return (size_t)-1;
    }
    return size;
}

void *__cdecl _expand(void *block, size_t size)
{
    halde_heap *heap = halde_process_heap();
    size_t old_size;
    if (halde_heap_size(heap, block, &old_size) != HALDE_OK) {
        errno = EINVAL;
        return NULL;
    }
    if (front_end_serves(heap, block)) {
        // Such a block never changes its size in place; one that is to shrink is big enough as it
        // is.
        if (size <= old_size) {
            return block;
        }
    } else if (size <= _HEAP_MAXREQ &&
               halde_heap_realloc(heap, block, size, HALDE_IN_PLACE, NULL) != NULL) {
        return block;
    }
    errno = ENOMEM;
    return NULL;
}

int __cdecl _heapwalk(_HEAPINFO *entry)
{
    halde_heap *heap = halde_process_heap();
    if (entry == NULL) {
        errno = EINVAL;
        return _HEAPBADPTR;
    }
    if (halde_heap_validate(heap, NULL, NULL) != HALDE_OK) {
        return _HEAPBADBEGIN;
    }
    const void *position = entry->_pentry;
    bool is_busy = position != NULL && entry->_useflag == _USEDENTRY;
    if (is_busy && halde_heap_validate(heap, position, NULL) != HALDE_OK) {
        return _HEAPBADNODE;
    }
    struct halde_entry found;
    do {
        enum halde_status status = halde_heap_walk_next(heap, position, is_busy, &found);
        if (status != HALDE_OK) {
            return status == HALDE_NO_MORE_ENTRIES ? _HEAPEND : _HEAPBADPTR;
        }
        position = found.data;
        is_busy = found.kind == HALDE_ENTRY_BUSY;
    } while (!is_busy);
    *entry = (_HEAPINFO){._pentry = found.data, ._size = found.size, ._useflag = _USEDENTRY};
    return _HEAPOK;
}

int __cdecl _heapchk(void)
{
    bool is_sound = halde_heap_validate(halde_process_heap(), NULL, NULL) == HALDE_OK;
    return is_sound ? _HEAPOK : _HEAPBADNODE;
}

int __cdecl _heapmin(void)
{
    if (halde_heap_compact(halde_process_heap()) == 0) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

intptr_t __cdecl _get_heap_handle(void)
{
    return (intptr_t)halde_process_heap();
}
