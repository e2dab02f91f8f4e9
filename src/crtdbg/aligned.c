// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The _aligned_ functions: in debug mode normal debug blocks with an inner layout, see record.h;
// otherwise aligned blocks of the process heap.

#include "base/bits.h"
#include "crtdbg/heap_dbg.h"
#include "crtdbg/invalid_parameter.h"
#include "crtdbg/report.h"

#include <errno.h>
#include <string.h>

#define REPORT_AND_BREAK(...)                                                                      \
    do {                                                                                           \
        if (report(__VA_ARGS__) == 1) {                                                            \
            debug_break();                                                                         \
        }                                                                                          \
    } while (0)

// What a caller wants, and says where.
struct aligned_request {
    size_t size;
    size_t alignment;
    size_t offset;
    const char *file;
    int line;
};

// ---- Common -----------------------------------------------------------------------------------

static bool is_valid(const struct aligned_request *request)
{
    if (!bits_is_power_of_two(request->alignment)) {
        INVALID_PARAMETER("IS_2_POW_N(alignment)", EINVAL);
        return false;
    }
    if (request->offset != 0 && request->offset >= request->size) {
        INVALID_PARAMETER("offset == 0 || offset < size", EINVAL);
        return false;
    }
    return true;
}

// False with errno ENOMEM when the product is more than any heap has.
static bool multiply(size_t count, size_t size, size_t *total)
{
    if (__builtin_mul_overflow(count, size, total) || *total > _HEAP_MAXREQ) {
        errno = ENOMEM;
        return false;
    }
    return true;
}

// ---- Blocks of the process heap
// -----------------------------------------------------------------------

// An aligned block of the process heap, which starts below the pointer when there is an offset.

static bool find_plain(const void *pointer, struct engine_block *block)
{
    return engine_block_around(halde_process_heap(), pointer, block);
}

static size_t plain_size(const struct engine_block *block, const void *pointer)
{
    return block->size - (size_t)((const uint8_t *)pointer - (const uint8_t *)block->data);
}

// 0 for anything that is no block.
static size_t plain_size_of(const void *pointer)
{
    struct engine_block block;
    return pointer != NULL && find_plain(pointer, &block) ? plain_size(&block, pointer) : 0;
}

static bool free_plain(const void *pointer)
{
    struct engine_block block;
    return find_plain(pointer, &block) &&
           halde_heap_free(halde_process_heap(), block.data, 0) == HALDE_OK;
}

static void *allocate_plain(const struct aligned_request *request)
{
    // Below an offset of 0 nothing is left free; otherwise what reaches the next multiple.
    size_t lead = (0 - request->offset) & (request->alignment - 1);
    size_t total;
    if (__builtin_add_overflow(request->size, lead, &total) || total > PTRDIFF_MAX) {
        errno = ENOMEM;
        return NULL;
    }
    uint8_t *base =
        halde_heap_alloc_aligned(halde_process_heap(), total, size_max(request->alignment, 16), 0);
    if (base == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    return base + lead;
}

static void *reallocate_plain(void *pointer, const struct aligned_request *request)
{
    struct engine_block block;
    if (!find_plain(pointer, &block)) {
        errno = EINVAL;
        return NULL;
    }
    void *resized = is_valid(request) ? allocate_plain(request) : NULL;
    if (resized != NULL) {
        memcpy(resized, pointer, size_min(plain_size(&block, pointer), request->size));
        halde_heap_free(halde_process_heap(), block.data, 0);
    }
    return resized;
}

// ---- Debug ------------------------------------------------------------------------------------

// Microsoft's layout, whose sizes dumps and hooks show: pointer and gap below the inner data, which
// starts at or behind the first place that has room for them.
struct aligned_layout {
    size_t outer_size;
    uintptr_t mask;
};

static bool lay_out(const struct aligned_request *request, struct aligned_layout *layout)
{
    layout->mask = size_max(request->alignment, sizeof(void *)) - 1;
    const size_t overhead = debug_block_overhead(layout->mask, request->offset);
    return overhead <= UINT32_MAX &&
           !__builtin_add_overflow(request->size, overhead, &layout->outer_size);
}

static void *allocate_debug(const struct aligned_request *request)
{
    struct aligned_layout layout;
    if (!lay_out(request, &layout)) {
        errno = ENOMEM;
        return NULL;
    }
    struct debug_request outer = {
        .size = layout.outer_size,
        .inner_mask = layout.mask,
        .inner_offset = request->offset,
        .use = _NORMAL_BLOCK,
        .file = request->file,
        .line = request->line,
    };
    return debug_allocate(&outer);
}

enum kind {
    KIND_ALIGNED,
    KIND_PLAIN,   // a debug block of malloc() and its kin
    KIND_EARLIER, // a block of the process heap, from before the debug heap was on
    KIND_UNKNOWN, // no block at all
};

static enum kind kind_of(const void *pointer, struct debug_block *block)
{
    if (debug_block_find_aligned(pointer, block) && debug_block_is_valid(block)) {
        return KIND_ALIGNED;
    }
    if (debug_block_find(pointer, block) && debug_block_is_valid(block)) {
        return KIND_PLAIN;
    }
    struct engine_block earlier;
    return find_plain(pointer, &earlier) ? KIND_EARLIER : KIND_UNKNOWN;
}

static void check_gap(const struct debug_block *block, const void *pointer)
{
    const uint8_t *gap = debug_block_aligned_gap(block);
    if (debug_first_wrong(gap, ALIGNED_GAP_SIZE, FILL_ALIGNED) != NULL) {
        REPORT_AND_BREAK(
            REPORT_ERROR, "Damage before 0x%p which was allocated by aligned routine\n", pointer);
    }
}

void _aligned_free_dbg(void *pointer)
{
    debug_turn_on();
    if (pointer == NULL) {
        return;
    }
    struct debug_block block;
    switch (kind_of(pointer, &block)) {
    case KIND_ALIGNED:
        check_gap(&block, pointer);
        debug_free(block.user, _NORMAL_BLOCK);
        return;
    case KIND_PLAIN:
        REPORT_AND_BREAK(REPORT_ERROR,
            "The block at 0x%p was not allocated by _aligned routines, use free()", pointer);
        return;
    case KIND_EARLIER:
        free_plain(pointer);
        return;
    case KIND_UNKNOWN:
        debug_free(pointer, _NORMAL_BLOCK);
        return;
    }
}

void *_aligned_offset_malloc_dbg(
    size_t size, size_t alignment, size_t offset, const char *file, int line)
{
    struct aligned_request request = {size, alignment, offset, file, line};
    debug_turn_on();
    return is_valid(&request) ? allocate_debug(&request) : NULL;
}

static void *reallocate_debug(void *pointer, const struct aligned_request *request)
{
    struct debug_block block;
    enum kind kind = kind_of(pointer, &block);
    if (kind == KIND_PLAIN) {
        REPORT_AND_BREAK(REPORT_ERROR,
            "The block at 0x%p was not allocated by _aligned routines, use realloc()", pointer);
        errno = EINVAL;
        return NULL;
    }
    if (kind == KIND_EARLIER) {
        return reallocate_plain(pointer, request);
    }
    REPORT_ASSERT_TEXT(kind == KIND_ALIGNED, "_CrtIsValidHeapPointer(block)");
    if (kind == KIND_UNKNOWN) {
        errno = EINVAL;
        return NULL;
    }
    check_gap(&block, pointer);
    debug_check_periodically(); // Microsoft's asks for the old size
    size_t old_size;
    debug_block_data(&block, &old_size);
    void *resized = is_valid(request) ? allocate_debug(request) : NULL;
    if (resized != NULL) {
        memcpy(resized, pointer, size_min(old_size, request->size));
        debug_free(block.user, _NORMAL_BLOCK);
    }
    return resized;
}

void *_aligned_offset_realloc_dbg(
    void *block, size_t size, size_t alignment, size_t offset, const char *file, int line)
{
    if (block == NULL) {
        return _aligned_offset_malloc_dbg(size, alignment, offset, file, line);
    }
    if (size == 0) {
        _aligned_free_dbg(block);
        return NULL;
    }
    struct aligned_request request = {size, alignment, offset, file, line};
    debug_turn_on();
    return reallocate_debug(block, &request);
}

size_t _aligned_msize_dbg(void *pointer, size_t alignment, size_t offset)
{
    (void)alignment; // the record knows
    (void)offset;
    debug_turn_on();
    if (pointer == NULL) {
        INVALID_PARAMETER("block != nullptr", EINVAL);
        return (size_t)-1;
    }
    debug_check_periodically();
    struct debug_block block;
    enum kind kind = kind_of(pointer, &block);
    if (kind == KIND_EARLIER) {
        return plain_size_of(pointer);
    }
    if (kind != KIND_ALIGNED) {
        REPORT_ASSERT_TEXT(false, "_CrtIsValidHeapPointer(block)");
        errno = EINVAL;
        return (size_t)-1;
    }
    size_t size;
    debug_block_data(&block, &size);
    return size;
}

static size_t inner_size_of(const void *pointer)
{
    struct debug_block block;
    enum kind kind = pointer == NULL ? KIND_UNKNOWN : kind_of(pointer, &block);
    if (kind == KIND_EARLIER) {
        return plain_size_of(pointer);
    }
    size_t size = 0;
    if (kind == KIND_ALIGNED) {
        debug_block_data(&block, &size);
    }
    return size;
}

void *_aligned_offset_recalloc_dbg(void *block, size_t count, size_t size, size_t alignment,
    size_t offset, const char *file, int line)
{
    size_t total;
    if (!multiply(count, size, &total)) {
        return NULL;
    }
    size_t old_size = inner_size_of(block);
    void *resized = _aligned_offset_realloc_dbg(block, total, alignment, offset, file, line);
    if (resized != NULL && old_size < total) {
        memset((uint8_t *)resized + old_size, 0, total - old_size);
    }
    return resized;
}

void *_aligned_malloc_dbg(size_t size, size_t alignment, const char *file, int line)
{
    return _aligned_offset_malloc_dbg(size, alignment, 0, file, line);
}

void *_aligned_realloc_dbg(void *block, size_t size, size_t alignment, const char *file, int line)
{
    return _aligned_offset_realloc_dbg(block, size, alignment, 0, file, line);
}

void *_aligned_recalloc_dbg(
    void *block, size_t count, size_t size, size_t alignment, const char *file, int line)
{
    return _aligned_offset_recalloc_dbg(block, count, size, alignment, 0, file, line);
}

// ---- <malloc.h> -------------------------------------------------------------------------------

void *_aligned_offset_malloc(size_t size, size_t alignment, size_t offset)
{
    if (debug_is_on()) {
        return _aligned_offset_malloc_dbg(size, alignment, offset, NULL, 0);
    }
    struct aligned_request request = {size, alignment, offset, NULL, 0};
    return is_valid(&request) ? allocate_plain(&request) : NULL;
}

void _aligned_free(void *pointer)
{
    if (pointer != NULL && (debug_is_on() || !free_plain(pointer))) {
        _aligned_free_dbg(pointer);
    }
}

void *_aligned_offset_realloc(void *block, size_t size, size_t alignment, size_t offset)
{
    if (debug_is_on()) {
        return _aligned_offset_realloc_dbg(block, size, alignment, offset, NULL, 0);
    }
    if (block == NULL) {
        return _aligned_offset_malloc(size, alignment, offset);
    }
    if (size == 0) {
        _aligned_free(block);
        return NULL;
    }
    struct aligned_request request = {size, alignment, offset, NULL, 0};
    return reallocate_plain(block, &request);
}

size_t _aligned_msize(void *pointer, size_t alignment, size_t offset)
{
    if (debug_is_on()) {
        return _aligned_msize_dbg(pointer, alignment, offset);
    }
    struct engine_block block;
    if (pointer == NULL) {
        INVALID_PARAMETER("block != nullptr", EINVAL);
        return (size_t)-1;
    }
    if (!find_plain(pointer, &block)) {
        errno = EINVAL;
        return (size_t)-1;
    }
    return plain_size(&block, pointer);
}

void *_aligned_offset_recalloc(
    void *pointer, size_t count, size_t size, size_t alignment, size_t offset)
{
    if (debug_is_on()) {
        return _aligned_offset_recalloc_dbg(pointer, count, size, alignment, offset, NULL, 0);
    }
    size_t total;
    if (!multiply(count, size, &total)) {
        return NULL;
    }
    size_t old_size = plain_size_of(pointer);
    void *resized = _aligned_offset_realloc(pointer, total, alignment, offset);
    if (resized != NULL && old_size < total) {
        memset((uint8_t *)resized + old_size, 0, total - old_size);
    }
    return resized;
}

void *_aligned_malloc(size_t size, size_t alignment)
{
    return _aligned_offset_malloc(size, alignment, 0);
}

void *_aligned_realloc(void *block, size_t size, size_t alignment)
{
    return _aligned_offset_realloc(block, size, alignment, 0);
}

void *_aligned_recalloc(void *block, size_t count, size_t size, size_t alignment)
{
    return _aligned_offset_recalloc(block, count, size, alignment, 0);
}
