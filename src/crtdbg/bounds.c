// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/bounds.h"

#include "base/access.h"
#include "crtdbg/damage.h"
#include "crtdbg/section.h"
#include "crtdbg/sites.h"
#include "crtdbg/stacks.h"
#include "engine/engine.h"
#include "engine/fast.h"

#include <string.h>

extern struct access_link halde_access_link __attribute__((weak));

static THREAD_LOCAL uint32_t pause_depth;

void bounds_pause(void)
{
    pause_depth++;
}

void bounds_resume(void)
{
    pause_depth--;
}

// ---- Where a block ends -----------------------------------------------------------------------

enum place {
    PLACE_ELSEWHERE, // not the debug heap's, or the library's own business
    PLACE_FREE,      // in the debug heap, where no block is
    PLACE_KEPT,      // in a block that was freed and kept
    PLACE_LIVE,      // in a block, or in its gaps
};

static bool is_in_debug_heap(const void *address)
{
    const struct slice *slice = slice_of(address);
    const struct heap *heap = slice == NULL ? NULL : slice_heap(slice);
    return heap != NULL && (const halde_heap *)RELAXED_LOAD(heap->handle) == debug_heap();
}

static enum place find_place(const void *address, struct debug_block *block)
{
    if (!is_in_debug_heap(address) || pause_depth != 0 || section_is_entered()) {
        return PLACE_ELSEWHERE;
    }
    struct engine_block found;
    if (!engine_block_around(debug_heap(), address, &found)) {
        return PLACE_FREE;
    }
    if (!debug_block_of_base(found.data, block)) {
        return PLACE_ELSEWHERE; // not made by the debug heap, or just now by another thread
    }
    return debug_block_state(block) >= RECORD_DELAYED ? PLACE_KEPT : PLACE_LIVE;
}

static size_t room(const void *address)
{
    struct debug_block block;
    enum place place = find_place(address, &block);
    if (place != PLACE_LIVE) {
        return place == PLACE_ELSEWHERE ? ACCESS_ROOM_UNKNOWN : 0;
    }
    size_t size;
    const uint8_t *data = debug_block_data(&block, &size);
    size_t offset = (size_t)((const uint8_t *)address - data);
    return offset <= size ? size - offset : 0; // below the data the offset is huge
}

// ---- Report -----------------------------------------------------------------------------------

#define HEADING "HEAP BOUNDS: %hs %hs "

#define REPORT_AND_BREAK(...)                                                                      \
    do {                                                                                           \
        if (report(REPORT_WARN, __VA_ARGS__) == 1) {                                               \
            debug_break();                                                                         \
        }                                                                                          \
    } while (0)

static const char *verb_of(const struct access *access)
{
    return access->is_write ? "writes" : "reads";
}

// A string without end was followed as far as the block goes, and one further.
static void say_block(const struct access *access, const struct debug_block *block, bool is_freed)
{
    size_t size;
    const uint8_t *data = debug_block_data(block, &size);
    const struct origin *origin = debug_block_origin(block);
    ptrdiff_t offset = (const uint8_t *)access->address - data;
    const char *where = is_freed ? "a freed" : offset < 0 ? "before" : "after";
    REPORT_AND_BREAK(HEADING "%hs%hs block (#%d) at 0x%p.\n", access->function, verb_of(access),
        where, is_freed ? "" : (offset < 0 ? " the start of" : " the end of"),
        (int)record_number(block->record), data);
    REPORT_AND_BREAK("%Iu bytes from offset %Id on; the block is %hs and %Iu bytes long.\n",
        access->size, offset, debug_type_word(debug_block_use(block)), size);
    const char *file = debug_file_of(origin);
    if (file != NULL) {
        REPORT_AND_BREAK("\nMemory allocated at %hs(%d).\n", file, origin->line);
    }
}

static void say(const struct access *access, const struct debug_block *block, enum place place)
{
    if (place == PLACE_FREE) {
        REPORT_AND_BREAK(HEADING "freed memory at 0x%p, %Iu bytes.\n", access->function,
            verb_of(access), access->address, access->size);
    } else {
        say_block(access, block, place == PLACE_KEPT);
    }
    stacks_report_caller(access->caller, REPORT_WARN);
    if (place != PLACE_FREE && block->record->stack != 0) {
        REPORT_AND_BREAK("Allocated by\n");
        stacks_report(block->record->stack, REPORT_WARN);
    }
}

static void report_access(const struct access *access)
{
    struct debug_block block;
    enum place place = find_place(access->address, &block);
    if (place == PLACE_ELSEWHERE || !site_is_new(access->caller, SITE_BOUNDS)) {
        return;
    }
    bounds_pause(); // hooks and reports are not to be reported on
    say(access, &block, place);
    bounds_resume();
}

void bounds_init(void)
{
    if (&halde_access_link == NULL) {
        return;
    }
    halde_access_link.start = pool.base;
    halde_access_link.room = room;
    halde_access_link.report = report_access;
    // Pairs with the acquire load in the checked functions.  Behind the blocks lie the descriptors.
    atomic_store_explicit(
        &halde_access_link.size, (uintptr_t)pool.slices - pool.base, memory_order_release);
}
