// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/layout.h"

#include "engine/checks.h"
#include "engine/element.h"
#include "engine/engine.h"
#include "engine/heap.h"
#include "engine/thread.h"
#include "engine/user_info.h"

#include <string.h>

// Initialised data, so that it lies in a mapping of the library's file, where readers look.
static struct layout layout = {.magic = LAYOUT_MAGIC};

static const int64_t CONSTANTS[LAYOUT_CONSTANT_COUNT] = {
    [LAYOUT_CONSTANT_SLICE_SHIFT] = SLICE_SHIFT,
    [LAYOUT_CONSTANT_SLICE_SIZE_OF] = sizeof(struct slice),
    [LAYOUT_CONSTANT_REMOTE_SIZE_OF] = sizeof(struct remote),
    [LAYOUT_CONSTANT_THREAD_SIZE_OF] = sizeof(struct thread),
    [LAYOUT_CONSTANT_HEAP_SIZE_OF] = sizeof(struct heap),
    [LAYOUT_CONSTANT_REGION_SIZE_OF] = sizeof(struct region),
    [LAYOUT_CONSTANT_CLASS_RECORD_SIZE_OF] = sizeof(struct class_record),
    [LAYOUT_CONSTANT_INFO_ENTRY_SIZE_OF] = sizeof(struct info_entry),
    [LAYOUT_CONSTANT_CLASS_COUNT] = CLASS_COUNT,
    [LAYOUT_CONSTANT_GRANULE_SHIFT] = GRANULE_SHIFT,
    [LAYOUT_CONSTANT_SLICE_NONE] = SLICE_NONE,
    [LAYOUT_CONSTANT_SLICE_SPAN_BYTES] = SLICE_SPAN_BYTES,
    [LAYOUT_CONSTANT_SLICE_SPAN_WORDS] = SLICE_SPAN_WORDS,
    [LAYOUT_CONSTANT_SLICE_INSIDE] = SLICE_INSIDE,
    [LAYOUT_CONSTANT_SLICE_MIXED] = SLICE_MIXED,
    [LAYOUT_CONSTANT_SLICE_LARGE] = SLICE_LARGE,
    [LAYOUT_CONSTANT_SLICE_ALONE] = SLICE_ALONE,
    [LAYOUT_CONSTANT_SLICE_FREE] = SLICE_FREE,
    [LAYOUT_CONSTANT_SLICE_FREE_END] = SLICE_FREE_END,
    [LAYOUT_CONSTANT_SLICE_FLAG_USER_INFO] = SLICE_FLAG_USER_INFO,
    [LAYOUT_CONSTANT_STATE_INFO_BYTE] = STATE_INFO_BYTE,
    [LAYOUT_CONSTANT_STATE_INFO_WORD] = STATE_INFO_WORD,
    [LAYOUT_CONSTANT_STATE_CACHED_BYTE] = STATE_CACHED_BYTE,
    [LAYOUT_CONSTANT_STATE_CACHED_WORD] = STATE_CACHED_WORD,
    [LAYOUT_CONSTANT_STATE_CONTINUATION] = STATE_CONTINUATION,
    [LAYOUT_CONSTANT_STATE_UNUSABLE] = STATE_UNUSABLE,
    [LAYOUT_CONSTANT_LARGE_ALONE_OFFSET] = LARGE_ALONE_OFFSET,
    [LAYOUT_CONSTANT_CHECK_TAIL] = HALDE_CHECK_TAIL,
    [LAYOUT_CONSTANT_CHECK_FREE] = HALDE_CHECK_FREE,
    [LAYOUT_CONSTANT_CLASS_ONE_SLICE_MAX] = CLASS_ONE_SLICE_MAX,
    [LAYOUT_CONSTANT_SPAN_LARGE_SLICES] = SPAN_LARGE_SLICES,
    [LAYOUT_CONSTANT_FREE_LINK_SIZE] = FREE_LINK_SIZE,
    [LAYOUT_CONSTANT_FREE_OVERHEAD] = FREE_OVERHEAD,
    [LAYOUT_CONSTANT_LAST_FREE_RESERVE] = LAST_FREE_RESERVE,
    [LAYOUT_CONSTANT_LARGE_ALONE_SIZE] = LARGE_ALONE_SIZE,
    [LAYOUT_CONSTANT_TAIL_SIZE] = TAIL_SIZE,
    [LAYOUT_CONSTANT_TAIL_BYTE] = TAIL_BYTE,
};

#define FIELD(structure, name)                                                                     \
    [LAYOUT_FIELD_##structure##_##name] = {                                                        \
        .offset = offsetof(struct structure, name),                                                \
        .size = sizeof(((struct structure *)NULL)->name),                                          \
    },
static const struct layout_field FIELDS[LAYOUT_FIELD_COUNT] = {LAYOUT_FIELDS(FIELD)};

AT_START void layout_init(void)
{
    layout.version = LAYOUT_VERSION;
    layout.size = sizeof(layout);
    strncpy(layout.library_version, HALDE_VERSION, sizeof(layout.library_version) - 1);
    layout.variable_count = LAYOUT_VARIABLE_COUNT;
    layout.variables_offset = offsetof(struct layout, variables);
    layout.constant_count = LAYOUT_CONSTANT_COUNT;
    layout.constants_offset = offsetof(struct layout, constants);
    layout.field_count = LAYOUT_FIELD_COUNT;
    layout.fields_offset = offsetof(struct layout, fields);
    memcpy(layout.constants, CONSTANTS, sizeof(layout.constants));
    memcpy(layout.fields, FIELDS, sizeof(layout.fields));
    pool_describe(&layout);
    thread_describe(&layout);
    heap_describe(&layout);
    __atomic_store_n(&layout.self, (uintptr_t)&layout, __ATOMIC_RELEASE);
}

void engine_extend_layout(struct layout_extension *extension)
{
    struct layout_extension *first = atomic_load_explicit(&layout.extensions, memory_order_relaxed);
    do {
        extension->next = first;
    } while (!atomic_compare_exchange_weak_explicit(
        &layout.extensions, &first, extension, memory_order_release, memory_order_relaxed));
}
