// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Microsoft's additions to <malloc.h>: on the debug heap while it is on, otherwise on the process
// heap; and the entries that always mean the process heap.

#include "crtdbg/bounds.h"
#include "crtdbg/heap_dbg.h"
#include "crtdbg/invalid_parameter.h"
#include "halde-win32/malloc.h"

#include <errno.h>
#include <string.h>

// ---- Plain entries ----------------------------------------------------------------------------

static void *or_no_memory(void *block)
{
    if (block == NULL) {
        errno = ENOMEM;
    }
    return block;
}

void *_malloc_base(size_t size)
{
    return or_no_memory(halde_heap_alloc(halde_process_heap(), size, 0));
}

void *_calloc_base(size_t count, size_t size)
{
    size_t total;
    bool is_possible = !__builtin_mul_overflow(count, size, &total);
    return or_no_memory(
        is_possible ? halde_heap_alloc(halde_process_heap(), total, HALDE_ZERO) : NULL);
}

void _free_base(void *block)
{
    int saved_errno = errno;
    halde_heap *heap = halde_heap_of_block(block);
    if (block != NULL && (heap == NULL || halde_heap_free(heap, block, 0) != HALDE_OK)) {
        saved_errno = EINVAL;
    }
    errno = saved_errno;
}

static void *resize_base(void *block, size_t size, uint32_t flags)
{
    halde_heap *heap = halde_heap_of_block(block);
    if (heap == NULL) {
        errno = EINVAL;
        return NULL;
    }
    return or_no_memory(halde_heap_realloc(heap, block, size, flags, NULL));
}

void *_realloc_base(void *block, size_t size)
{
    if (block == NULL) {
        return _malloc_base(size);
    }
    if (size == 0) {
        _free_base(block);
        return NULL;
    }
    return resize_base(block, size, ENGINE_HEADROOM);
}

size_t _msize_base(void *block)
{
    size_t size;
    if (block == NULL) {
        INVALID_PARAMETER("block != nullptr", EINVAL);
        return (size_t)-1;
    }
    halde_heap *heap = halde_heap_of_block(block);
    if (heap == NULL || halde_heap_size(heap, block, &size) != HALDE_OK) {
        errno = EINVAL;
        return (size_t)-1;
    }
    return size;
}

void *_recalloc_base(void *block, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    size_t old_size = block == NULL ? 0 : _msize_base(block);
    void *resized = _realloc_base(block, total);
    if (resized != NULL && old_size < total) {
        memset((uint8_t *)resized + old_size, 0, total - old_size);
    }
    return resized;
}

// As on Windows: a block of a size class never changes its size in place; one that is to shrink is
// big enough as it is.
void *_expand_base(void *block, size_t size)
{
    enum {
        LARGEST_SIZE = 0x4000 // of a request that the front end of Windows serves
    };
    size_t old_size = _msize_base(block);
    if (old_size == (size_t)-1) {
        return NULL;
    }
    if (old_size > LARGEST_SIZE || !engine_block_is_in_span(block)) {
        return resize_base(block, size, HALDE_IN_PLACE);
    }
    return size <= old_size ? block : or_no_memory(NULL);
}

// ---- Undecorated ------------------------------------------------------------------------------

size_t _msize(void *block)
{
    return debug_is_on() ? _msize_dbg(block, _NORMAL_BLOCK) : _msize_base(block);
}

void *_expand(void *block, size_t size)
{
    return debug_is_on() ? _expand_dbg(block, size, _NORMAL_BLOCK, NULL, 0)
                         : _expand_base(block, size);
}

void *_recalloc(void *block, size_t count, size_t size)
{
    return debug_is_on() ? _recalloc_dbg(block, count, size, _NORMAL_BLOCK, NULL, 0)
                         : _recalloc_base(block, count, size);
}

// ---- The heap as a whole ----------------------------------------------------------------------

// What holds the program's blocks.
static halde_heap *current_heap(void)
{
    return debug_is_on() ? debug_heap() : halde_process_heap();
}

int _heapwalk(_HEAPINFO *entry)
{
    halde_heap *heap = current_heap();
    if (entry == NULL) {
        INVALID_PARAMETER("entry_info != nullptr", EINVAL);
        return _HEAPBADPTR;
    }
    const void *position = entry->_pentry;
    bool is_busy = position != NULL && entry->_useflag == _USEDENTRY;
    if (position == NULL && halde_heap_validate(heap, NULL, NULL) != HALDE_OK) {
        return _HEAPBADBEGIN;
    }
    if (is_busy && halde_heap_validate(heap, position, NULL) != HALDE_OK) {
        return _HEAPBADNODE;
    }
    struct halde_entry found;
    do {
        enum halde_status status = halde_heap_walk_next(heap, position, is_busy, &found);
        if (status != HALDE_OK) {
            return status == HALDE_NO_MORE_ENTRIES ? _HEAPEND : _HEAPBADNODE;
        }
        position = found.data;
        is_busy = found.kind == HALDE_ENTRY_BUSY;
    } while (!is_busy);
    *entry = (_HEAPINFO){._pentry = found.data, ._size = found.size, ._useflag = _USEDENTRY};
    return _HEAPOK;
}

int _heapchk(void)
{
    bool is_sound = halde_heap_validate(halde_process_heap(), NULL, NULL) == HALDE_OK &&
                    (!debug_is_on() || halde_heap_validate(debug_heap(), NULL, NULL) == HALDE_OK);
    return is_sound ? _HEAPOK : _HEAPBADNODE;
}

int _heapmin(void)
{
    if (debug_is_on()) {
        halde_heap_compact(debug_heap());
    }
    if (halde_heap_compact(halde_process_heap()) == 0 && !debug_is_on()) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

intptr_t _get_heap_handle(void)
{
    return (intptr_t)halde_process_heap();
}

int _heapadd(void *block, size_t size)
{
    (void)block;
    (void)size;
    errno = ENOSYS;
    return -1;
}

// A free block of a size class.  Free slices are left alone: they may have been given back to the
// system, and large blocks rely on their zeroes.
static bool fill_if_free(const struct halde_entry *entry, void *context)
{
    const unsigned *fill = context;
    if (entry->kind == HALDE_ENTRY_FREE && entry->is_span_block) {
        memset(entry->data, (int)(*fill & 0xFF), entry->size);
    }
    return true;
}

static void fill_free_blocks(halde_heap *heap, unsigned fill)
{
    struct halde_heap_options options;
    // With a free check the free bytes have a pattern that is looked at.
    bool has_pattern =
        !engine_heap_options(heap, &options) || (options.checks & HALDE_CHECK_FREE) != 0;
    if (!has_pattern) {
        bounds_pause();
        halde_heap_walk(heap, fill_if_free, &fill);
        bounds_resume();
    }
}

int _heapset(unsigned fill)
{
    int status = _heapchk();
    if (status == _HEAPOK) {
        fill_free_blocks(current_heap(), fill);
    }
    return status;
}
