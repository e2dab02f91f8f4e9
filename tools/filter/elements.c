// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "filter/elements.h"

#include "image/names.h"

#include <stdio.h>

uint64_t element_start(const struct image *image, const struct image_block *element)
{
    return element->address - image_detail(image, element)->gap;
}

uint64_t element_end(const struct image_block *element)
{
    return element->address + element->size + element->slack;
}

// How many elements start at or before an address.
static size_t count_up_to(const struct image *image, uint64_t address)
{
    size_t low = 0;
    size_t high = image->block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (element_start(image, &image->blocks[middle]) <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct image_block *element_at(const struct image *image, uint64_t address)
{
    size_t count = count_up_to(image, address);
    if (count == 0 || address >= element_end(&image->blocks[count - 1])) {
        return NULL;
    }
    return &image->blocks[count - 1];
}

// Something may be missing between them: the edges of spans, and what the image does not have.
static bool is_next(
    const struct image *image, const struct image_block *element, const struct image_block *next)
{
    enum {
        GAP_MAX = 4096
    };
    return element->heap == next->heap && element_start(image, next) >= element_end(element) &&
           element_start(image, next) - element_end(element) <= GAP_MAX;
}

const struct image_block *element_before(
    const struct image *image, const struct image_block *element)
{
    return element > image->blocks && is_next(image, element - 1, element) ? element - 1 : NULL;
}

const struct image_block *element_behind(
    const struct image *image, const struct image_block *element)
{
    const struct image_block *end = image->blocks + image->block_count;
    return element + 1 < end && is_next(image, element, element + 1) ? element + 1 : NULL;
}

char *element_describe(
    const struct image *image, const struct image_block *element, char *buffer, size_t size)
{
    unsigned long long address = element->address;
    unsigned long long bytes = element->size;
    switch (element->kind) {
    case IMAGE_BUSY: {
        const char *type = image_type_name(image, element);
        snprintf(buffer, size, "a busy %s%sblock of %llu bytes at 0x%llx", type,
            *type != '\0' ? " " : "", bytes, address);
        break;
    }
    case IMAGE_DEBUG_FREED:
        snprintf(buffer, size, "a freed block of %llu bytes, kept by the debug heap, at 0x%llx",
            bytes, address);
        break;
    case IMAGE_CACHED:
        snprintf(buffer, size, "a free block of %llu bytes, in a thread's magazine, at 0x%llx",
            bytes, address);
        break;
    case IMAGE_UNCOMMITTED:
        snprintf(buffer, size, "%llu bytes that are reserved only, at 0x%llx", bytes, address);
        break;
    default:
        snprintf(buffer, size, "%llu free bytes at 0x%llx", bytes, address);
        break;
    }
    return buffer;
}

char *element_describe_place(
    const struct image_block *element, uint64_t address, char *buffer, size_t size)
{
    uint64_t end = element->address + element->size;
    bool is_before = address < element->address;
    uint64_t distance = is_before        ? element->address - address
                        : address >= end ? address - end
                                         : address - element->address;
    const char *plural = distance == 1 ? "" : "s";
    if (is_before) {
        snprintf(
            buffer, size, "%llu byte%s before the start of", (unsigned long long)distance, plural);
    } else if (address == end && element->size > 0) {
        snprintf(buffer, size, "right behind the end of");
    } else if (address >= end && distance > 0) {
        snprintf(
            buffer, size, "%llu byte%s behind the end of", (unsigned long long)distance, plural);
    } else if (distance == 0) {
        buffer[0] = '\0';
    } else {
        snprintf(buffer, size, "at offset %llu of", (unsigned long long)distance);
    }
    return buffer;
}
