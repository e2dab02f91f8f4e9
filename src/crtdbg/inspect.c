// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Questions about single blocks, the type of a block, and the visit of client blocks.

#include "crtdbg/heap_dbg.h"
#include "crtdbg/invalid_parameter.h"
#include "crtdbg/listing.h"
#include "crtdbg/origins.h"
#include "crtdbg/report.h"

#include <errno.h>

static bool find_valid(const void *pointer, struct debug_block *block)
{
    return debug_block_find(pointer, block) && debug_block_is_valid(block);
}

int _CrtIsValidPointer(const void *pointer, unsigned size, int is_writable)
{
    (void)size;
    (void)is_writable;
    return pointer != NULL;
}

int _CrtIsValidHeapPointer(const void *pointer)
{
    struct debug_block block;
    if (pointer == NULL || !debug_turn_on()) {
        return 0;
    }
    // A block from before the debug heap was on is as good as any.
    return find_valid(pointer, &block) || debug_plain_heap_of(pointer) == halde_process_heap();
}

static void store_place(
    uint64_t number, const struct origin *origin, long *request, char **file, int *line)
{
    if (request != NULL) {
        *request = (long)number;
    }
    if (file != NULL) {
        *file = (char *)(uintptr_t)origin->file;
    }
    if (line != NULL) {
        *line = origin->line;
    }
}

int _CrtIsMemoryBlock(const void *pointer, unsigned size, long *request, char **file, int *line)
{
    struct debug_block block;
    store_place(0, origin_of_number(ORIGIN_NONE), request, file, line);
    if (pointer == NULL || !debug_turn_on() || !find_valid(pointer, &block)) {
        return 0;
    }
    if (!debug_type_is_valid(debug_block_use(&block)) || block.size != size) {
        return 0;
    }
    store_place(record_number(block.record), debug_block_origin(&block), request, file, line);
    return 1;
}

int _CrtReportBlockType(const void *pointer)
{
    struct debug_block block;
    if (pointer == NULL || !debug_turn_on() || !find_valid(pointer, &block)) {
        return -1;
    }
    return debug_block_state(&block) == RECORD_IGNORED ? _IGNORE_BLOCK : debug_block_use(&block);
}

void _CrtSetDbgBlockType(void *pointer, int block_use)
{
    struct debug_block block;
    if (pointer == NULL || !debug_turn_on() || !find_valid(pointer, &block)) {
        return;
    }
    REPORT_ASSERT_TEXT(
        debug_type_is_valid(debug_block_use(&block)), "is_block_type_valid(header->_block_use)");
    debug_block_set_type(&block, block_use, _BLOCK_TYPE(block_use) == _IGNORE_BLOCK);
}

// ---- Client blocks ----------------------------------------------------------------------------

struct client_visit {
    _CrtDoForAllClientObjectsCallback callback;
    void *context;
};

static bool is_client(const struct debug_block *block, void *context)
{
    (void)context;
    return debug_block_state(block) == RECORD_LIVE &&
           _BLOCK_TYPE(debug_block_use(block)) == _CLIENT_BLOCK;
}

static void visit_client(const struct listed *listed, void *context)
{
    const struct client_visit *visit = context;
    // An earlier callback, or another thread, may have freed it.
    if (listed_is_still_there(listed)) {
        visit->callback(listed->facts.user, visit->context);
    }
}

void _CrtDoForAllClientObjects(_CrtDoForAllClientObjectsCallback callback, void *context)
{
    if (callback == NULL) {
        INVALID_PARAMETER("callback != nullptr", EINVAL);
        return;
    }
    if (!debug_turn_on() || !debug_has_flag(_CRTDBG_ALLOC_MEM_DF)) {
        return;
    }
    struct client_visit visit = {.callback = callback, .context = context};
    listing_run(&(struct listing){.is_wanted = is_client, .show = visit_client, .context = &visit});
}
