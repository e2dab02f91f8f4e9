// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/front_end.h"

#include "engine/engine.h"

enum {
    LARGEST_SIZE = 0x4000 // of a request that the front end of Windows serves
};

bool front_end_is_possible(HANDLE heap)
{
    struct halde_heap_options options;
    return engine_heap_options(heap, &options) && options.maximum_size == 0 &&
           options.checks == 0 && (options.flags & HALDE_HEAP_NO_SERIALIZE) == 0;
}

bool front_end_serves(HANDLE heap, const void *block)
{
    size_t size;
    return halde_heap_size(heap, block, &size) == HALDE_OK && size <= LARGEST_SIZE &&
           engine_block_is_in_span(block) && front_end_is_possible(heap);
}
