// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "image/names.h"

#include <stdlib.h>
#include <string.h>

const char *image_kind_name(enum image_block_kind kind)
{
    switch (kind) {
    case IMAGE_BUSY:
        return "busy";
    case IMAGE_FREE:
        return "free";
    case IMAGE_CACHED:
        return "cached";
    case IMAGE_UNCOMMITTED:
        return "uncommitted";
    case IMAGE_DEBUG_FREED:
        return "freed";
    }
    return "unknown";
}

const char *image_type_name(const struct image *image, const struct image_block *block)
{
    // As crtdbg.h numbers them.
    static const char *const NAMES[] = {"freed", "normal", "crt", "ignored", "client"};
    if ((block->flags & IMAGE_BLOCK_IS_DEBUG) == 0) {
        return "";
    }
    uint16_t type = image_detail(image, block)->type;
    bool is_known = type < sizeof(NAMES) / sizeof(NAMES[0]);
    return is_known ? NAMES[type] : "damaged";
}

const char *image_place_name(const struct image_block *block)
{
    if ((block->flags & IMAGE_BLOCK_IN_SPAN) != 0) {
        return "span";
    }
    if ((block->flags & IMAGE_BLOCK_IN_MIXED) != 0) {
        return "mixed";
    }
    return (block->flags & IMAGE_BLOCK_LARGE) != 0 ? "large" : "";
}

uint64_t image_overhead(const struct image *image, const struct image_block *block)
{
    return (uint64_t)image_detail(image, block)->gap + block->slack;
}

bool image_age(const struct image *image, const struct image_block *block, uint64_t *age_ns)
{
    if (block->time_ns == 0 || image->time_ns < block->time_ns) {
        return false;
    }
    *age_ns = image->time_ns - block->time_ns;
    return true;
}

const char *image_thread_name(const struct image *image, uint32_t thread_id)
{
    for (size_t i = 0; i < image->thread_count; i++) {
        if (image->threads[i].id == thread_id) {
            return image_string(image, image->threads[i].name);
        }
    }
    return "";
}

double image_fragmentation(uint64_t live_size, uint64_t committed_size)
{
    if (committed_size == 0 || live_size >= committed_size) {
        return 0;
    }
    return 1.0 - (double)live_size / (double)committed_size;
}

size_t image_find_heap(const struct image *image, const char *name)
{
    char *end;
    uint64_t handle = strtoull(name, &end, 0);
    bool is_number = *name != '\0' && *end == '\0';
    for (size_t i = 0; i < image->heap_count; i++) {
        const char *own = image_string(image, image->heaps[i].name);
        if (is_number ? image->heaps[i].handle == handle : *own != '\0' && strcmp(own, name) == 0) {
            return i;
        }
    }
    return image->heap_count;
}
