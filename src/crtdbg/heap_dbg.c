// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/heap_dbg.h"

#include "crtdbg/damage.h"
#include "crtdbg/invalid_parameter.h"
#include "crtdbg/new_handler.h"
#include "crtdbg/quarantine.h"
#include "crtdbg/report.h"
#include "crtdbg/stacks.h"

#include <errno.h>
#include <string.h>

// Microsoft's largest user size: its header and gap fit beside it into _HEAP_MAXREQ.
#define MAX_USER_SIZE (_HEAP_MAXREQ - 4 - 48)

#define IS_VALID_POINTER "_CrtIsValidHeapPointer(block)"
#define IS_VALID_TYPE "is_block_type_valid(header->_block_use)"
#define TYPES_MATCH                                                                                \
    "header->_block_use == block_use || header->_block_use == _CRT_BLOCK && block_use == "         \
    "_NORMAL_BLOCK"

#define REPORT_AND_BREAK(...)                                                                      \
    do {                                                                                           \
        if (report(__VA_ARGS__) == 1) {                                                            \
            debug_break();                                                                         \
        }                                                                                          \
    } while (0)

halde_heap *debug_plain_heap_of(const void *pointer)
{
    halde_heap *heap = halde_heap_of_block(pointer);
    return heap == debug_heap() ? NULL : heap;
}

// ---- Scopes in which a thread's blocks are ignored ---------------------------------------------

static THREAD_LOCAL uint32_t ignore_depth;

void halde_ignore_blocks_begin(void)
{
    ignore_depth++;
}

void halde_ignore_blocks_end(void)
{
    if (ignore_depth > 0) {
        ignore_depth--;
    }
}

// ---- Allocate ---------------------------------------------------------------------------------

static COLD void report_refusal(const char *what, const char *file, int line)
{
    if (file != NULL) {
        REPORT_AND_BREAK(
            REPORT_WARN, "Client hook %s failure at file %hs line %d.\n", what, file, line);
    } else {
        REPORT_AND_BREAK(REPORT_WARN, "Client hook %s failure.\n", what);
    }
}

// Whether the break number and the hook let an allocation (`pointer` NULL) or a resize go on.
static bool is_allowed(int kind, void *pointer, const struct debug_request *request)
{
    uint64_t number = debug_next_number();
    debug_break_at(number);
    if (LIKELY(!debug_has_hook())) {
        return true;
    }
    struct debug_operation operation = {
        .kind = kind,
        .block = pointer,
        .size = request->size,
        .use = request->use,
        .number = number,
        .file = request->file,
        .line = request->line,
    };
    if (LIKELY(debug_hook_allows(&operation))) {
        return true;
    }
    report_refusal(
        kind == _HOOK_ALLOC ? "allocation" : "re-allocation", request->file, request->line);
    return false;
}

static bool is_ignored(int use)
{
    return _BLOCK_TYPE(use) == _IGNORE_BLOCK ||
           (_BLOCK_TYPE(use) != _CRT_BLOCK &&
               (!debug_has_flag(_CRTDBG_ALLOC_MEM_DF) || ignore_depth != 0));
}

// The next attempt is to have the type that was asked for.
static COLD void *make_ignored(const struct debug_request *request)
{
    struct debug_request ignored = *request;
    ignored.use = _IGNORE_BLOCK;
    return debug_block_make(&ignored);
}

void *debug_allocate_once(struct debug_request *request)
{
    debug_check_periodically();
    if (!is_allowed(_HOOK_ALLOC, NULL, request)) {
        return NULL;
    }
    if (request->size > MAX_USER_SIZE || !debug_turn_on()) {
        return NULL;
    }
    if (!debug_type_is_valid(request->use)) {
        REPORT_AND_BREAK(REPORT_ERROR, "Error: memory allocation: bad memory block type.\n");
    }
    request->stack = stacks_capture(request->caller);
    request->is_ignored = is_ignored(request->use);
    return LIKELY(!request->is_ignored) ? debug_block_make(request) : make_ignored(request);
}

void *debug_allocate(struct debug_request *request)
{
    bool has_new_mode = new_mode_is_on();
    for (;;) {
        int saved_errno = errno;
        void *pointer = debug_allocate_once(request);
        if (LIKELY(pointer != NULL)) {
            errno = saved_errno;
            return pointer;
        }
        if (!has_new_mode || !new_handler_call(request->size)) {
            errno = ENOMEM;
            return NULL;
        }
    }
}

// ---- Resize -----------------------------------------------------------------------------------

static bool is_type_for_resize(int use)
{
    int type = _BLOCK_TYPE(use);
    return use == _NORMAL_BLOCK || type == _CLIENT_BLOCK || type == _CRT_BLOCK;
}

static COLD void report_bad_type(const struct debug_request *request)
{
    if (request->file != NULL) {
        REPORT_AND_BREAK(REPORT_ERROR,
            "Error: memory allocation: bad memory block type.\n"
            "\nMemory allocated at %hs(%d).\n",
            request->file, request->line);
    } else {
        REPORT_AND_BREAK(REPORT_ERROR, "Error: memory allocation: bad memory block type.\n");
    }
}

// False when the call is to fail at once. `is_found`: `pointer` is a block's user data.
static bool check_resize(void *pointer, const struct debug_request *request, bool is_found)
{
    if (UNLIKELY(!is_type_for_resize(request->use))) {
        report_bad_type(request);
        return true;
    }
    struct debug_block aligned;
    if (!is_found && debug_block_find_aligned(pointer, &aligned)) {
        REPORT_AND_BREAK(REPORT_ERROR,
            "The Block at 0x%p was allocated by aligned routines, use _aligned_realloc()", pointer);
        errno = EINVAL;
        return false;
    }
    return true;
}

static void *resize_with_handler(
    const struct debug_block *block, const struct debug_request *request, bool is_in_place)
{
    for (;;) {
        void *resized = debug_block_resize(block, request, is_in_place);
        // Microsoft's heap tells the handler the size with header and gap.
        if (resized != NULL || is_in_place || !new_mode_is_on() ||
            !new_handler_call(request->size + 48 + 4)) {
            return resized;
        }
    }
}

static void *resize_plain(
    halde_heap *heap, void *pointer, const struct debug_request *request, bool is_in_place)
{
    uint32_t flags = is_in_place ? HALDE_IN_PLACE : ENGINE_HEADROOM;
    return halde_heap_realloc(heap, pointer, request->size, flags, NULL);
}

// NULL, after reports, for a pointer that is no block's.
static halde_heap *plain_heap_of_any(const void *pointer, const void *caller)
{
    halde_heap *plain = debug_plain_heap_of(pointer);
    REPORT_ASSERT_TEXT(plain != NULL, IS_VALID_POINTER);
    if (plain == NULL) {
        damage_report_pointer(pointer, caller);
    }
    return plain;
}

void *debug_reallocate(void *pointer, const struct debug_request *request, bool is_in_place)
{
    int saved_errno = errno;
    debug_check_periodically();
    if (!is_allowed(_HOOK_REALLOC, pointer, request)) {
        return NULL;
    }
    struct debug_block block;
    halde_heap *plain = NULL;
    bool is_found = debug_block_find(pointer, &block) && debug_block_is_valid(&block);
    if (!check_resize(pointer, request, is_found)) {
        return NULL;
    }
    if (!is_found) {
        plain = plain_heap_of_any(pointer, request->caller);
    }
    if (request->size > MAX_USER_SIZE || (!is_found && plain == NULL)) {
        errno = request->size > MAX_USER_SIZE ? ENOMEM : EINVAL;
        return NULL;
    }
    if (plain == NULL && UNLIKELY(!debug_block_is_sound(&block)) &&
        !debug_has_flag(_CRTDBG_CHECK_ALWAYS_DF)) {
        damage_report_gaps(&block, REPORT_ERROR);
    }
    if (plain == NULL) {
        families_check(
            &block, &(struct release){
                        .family = FAMILY_MALLOC, .caller = request->caller, .is_resize = true});
    }
    struct debug_request wish = *request;
    wish.stack = stacks_capture(wish.caller);
    void *resized = plain != NULL ? resize_plain(plain, pointer, request, is_in_place)
                                  : resize_with_handler(&block, &wish, is_in_place);
    errno = resized != NULL ? saved_errno : ENOMEM;
    return resized;
}

// ---- Free -------------------------------------------------------------------------------------

static COLD void refuse_aligned(const void *pointer)
{
    REPORT_AND_BREAK(REPORT_ERROR,
        "The Block at 0x%p was allocated by aligned routines, use _aligned_free()", pointer);
    errno = EINVAL;
}

static bool may_free(void *pointer, int use)
{
    if (LIKELY(!debug_has_hook())) {
        return true;
    }
    struct debug_operation operation = {.kind = _HOOK_FREE, .block = pointer, .use = use};
    if (LIKELY(debug_hook_allows(&operation))) {
        return true;
    }
    REPORT_AND_BREAK(REPORT_WARN, "Client hook free failure.\n");
    return false;
}

static void check_type(const struct debug_block *block, int use)
{
    int own = debug_block_use(block);
    bool is_right = own == use || (own == _CRT_BLOCK && use == _NORMAL_BLOCK);
    REPORT_ASSERT_TEXT(is_right, TYPES_MATCH);
}

// Damaged blocks that leave the quarantine are told of, and given back.
static COLD void end_damaged(const struct quarantine_damaged *damaged)
{
    for (size_t i = 0; i < damaged->count; i++) {
        damage_report_gaps(&damaged->blocks[i], REPORT_ERROR);
        debug_block_release_kept(&damaged->blocks[i]);
    }
}

static bool end_block(
    const struct debug_block *block, bool has_sound_gaps, const struct release *release)
{
    if (UNLIKELY(debug_has_flag(_CRTDBG_DELAY_FREE_MEM_DF))) {
        return debug_block_delay(block);
    }
    if (!quarantine_is_on()) {
        return debug_block_release(block);
    }
    struct quarantine_damaged damaged;
    bool is_ended = quarantine_put(block, has_sound_gaps, release->caller, &damaged);
    if (UNLIKELY(damaged.count != 0)) {
        end_damaged(&damaged);
    }
    return is_ended;
}

static void free_found(const struct debug_block *block, int use, const struct release *release)
{
    REPORT_ASSERT_TEXT(debug_type_is_valid(debug_block_use(block)), IS_VALID_TYPE);
    bool has_sound_gaps = debug_block_is_sound(block);
    if (UNLIKELY(!has_sound_gaps) && !debug_has_flag(_CRTDBG_CHECK_ALWAYS_DF) &&
        debug_block_state(block) != RECORD_DELAYED) {
        damage_report_gaps(block, REPORT_ERROR);
    }
    if (debug_block_state(block) == RECORD_IGNORED) {
        debug_block_release(block);
        return;
    }
    check_type(block, use);
    families_check(block, release);
    bool is_ended = end_block(block, has_sound_gaps, release);
    // Of two threads that free it at once one comes too late; a delayed block stays as it is.
    REPORT_ASSERT_TEXT(is_ended || debug_block_state(block) == RECORD_DELAYED, IS_VALID_POINTER);
}

static void free_other(void *pointer, const void *caller)
{
    halde_heap *plain = debug_plain_heap_of(pointer);
    bool is_freed = plain != NULL && halde_heap_free(plain, pointer, 0) == HALDE_OK;
    REPORT_ASSERT_TEXT(is_freed, IS_VALID_POINTER);
    if (!is_freed) {
        damage_report_pointer(pointer, caller);
    }
}

void debug_free_from(void *pointer, int use, const struct release *release)
{
    debug_check_periodically();
    if (pointer == NULL) {
        return;
    }
    struct debug_block block;
    bool is_found = debug_block_find(pointer, &block) && debug_block_is_valid(&block);
    if (!is_found && use == _NORMAL_BLOCK && debug_block_find_aligned(pointer, &block)) {
        refuse_aligned(pointer);
        return;
    }
    if (use == _UNKNOWN_BLOCK && is_found) {
        use = debug_block_use(&block);
    }
    int saved_errno = errno;
    if (may_free(pointer, use)) {
        // The hook may have freed it.
        is_found = is_found && debug_block_is_valid(&block);
        if (is_found) {
            free_found(&block, use, release);
        } else {
            free_other(pointer, release->caller);
        }
    }
    errno = saved_errno;
}

void debug_free(void *pointer, int use)
{
    debug_free_from(pointer, use, &(struct release){.family = FAMILY_MALLOC});
}

// What the function it stands in returns to.
#define CALLER __builtin_return_address(0)

// ---- <crtdbg.h> -------------------------------------------------------------------------------

void *_malloc_dbg(size_t size, int block_use, const char *file, int line)
{
    struct debug_request request = {
        .size = size, .use = block_use, .file = file, .line = line, .caller = CALLER};
    return debug_allocate(&request);
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

void *_calloc_dbg(size_t count, size_t size, int block_use, const char *file, int line)
{
    size_t total;
    if (!multiply(count, size, &total)) {
        return NULL;
    }
    struct debug_request request = {.size = total,
        .use = block_use,
        .file = file,
        .line = line,
        .is_zeroed = true,
        .caller = CALLER};
    return debug_allocate(&request);
}

void *_realloc_dbg(void *block, size_t size, int block_use, const char *file, int line)
{
    debug_turn_on();
    if (block == NULL) {
        return _malloc_dbg(size, block_use, file, line);
    }
    if (size == 0) {
        debug_free(block, block_use);
        return NULL;
    }
    struct debug_request request = {
        .size = size, .use = block_use, .file = file, .line = line, .caller = CALLER};
    return debug_reallocate(block, &request, false);
}

void *_recalloc_dbg(
    void *block, size_t count, size_t size, int block_use, const char *file, int line)
{
    size_t total;
    if (!multiply(count, size, &total)) {
        return NULL;
    }
    size_t old_size = block == NULL ? 0 : _msize_dbg(block, block_use);
    void *resized = _realloc_dbg(block, total, block_use, file, line);
    if (resized != NULL && old_size < total) {
        memset((uint8_t *)resized + old_size, 0, total - old_size);
    }
    return resized;
}

void *_expand_dbg(void *block, size_t size, int block_use, const char *file, int line)
{
    debug_turn_on();
    if (block == NULL) {
        INVALID_PARAMETER("block != nullptr", EINVAL);
        return NULL;
    }
    if (size > MAX_USER_SIZE) {
        errno = ENOMEM;
        return NULL;
    }
    struct debug_request request = {
        .size = size, .use = block_use, .file = file, .line = line, .caller = CALLER};
    return debug_reallocate(block, &request, true);
}

void _free_dbg(void *block, int block_use)
{
    debug_turn_on();
    debug_free_from(block, block_use, &(struct release){.family = FAMILY_MALLOC, .caller = CALLER});
}

size_t _msize_dbg(void *block, int block_use)
{
    (void)block_use;
    debug_turn_on();
    if (block == NULL) {
        INVALID_PARAMETER("block != nullptr", EINVAL);
        return (size_t)-1;
    }
    debug_check_periodically();
    struct debug_block found;
    if (debug_block_find(block, &found) && debug_block_is_valid(&found)) {
        REPORT_ASSERT_TEXT(debug_type_is_valid(debug_block_use(&found)), IS_VALID_TYPE);
        return found.size;
    }
    size_t size;
    halde_heap *plain = debug_plain_heap_of(block);
    if (plain != NULL && halde_heap_size(plain, block, &size) == HALDE_OK) {
        return size;
    }
    REPORT_ASSERT_TEXT(false, IS_VALID_POINTER);
    errno = EINVAL;
    return (size_t)-1;
}
