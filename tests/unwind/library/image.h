// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Builds call frame information by hand: an index with one entry, a CIE, an FDE.  The code that it
 * describes are the IMAGE_CODE_SIZE addresses at image->code, which nobody executes.
 */
#ifndef UNWIND_IMAGE_H
#define UNWIND_IMAGE_H

#include "unwind/cfi.h"

#include <string.h>

enum {
    IMAGE_SIZE = 1024,
    IMAGE_CODE = 0x10000, // from the beginning of the image
    IMAGE_CODE_SIZE = 0x100,
};

struct image {
    uint8_t bytes[IMAGE_SIZE];
    size_t size;
    uintptr_t code;
    size_t common;      ///< offset of the CIE
    size_t description; ///< offset of the FDE
};

static inline void image_put(struct image *image, const void *bytes, size_t size)
{
    if (size > 0) {
        memcpy(image->bytes + image->size, bytes, size);
    }
    image->size += size;
}

static inline void image_put_u32(struct image *image, uint32_t value)
{
    image_put(image, &value, sizeof(value));
}

static inline uint32_t image_distance(const struct image *image, uintptr_t to, size_t from)
{
    return (uint32_t)(to - (uintptr_t)(image->bytes + from));
}

static inline void image_end_record(struct image *image, size_t record)
{
    uint32_t length = (uint32_t)(image->size - record - 4);
    memcpy(image->bytes + record, &length, sizeof(length));
}

/// An image with these programs; the CIE's augmentation is "zR", or "zRS" for a signal frame.
static inline void image_build(struct image *image, const uint8_t *common, size_t common_size,
    const uint8_t *program, size_t program_size, bool is_signal)
{
    static const uint8_t HEADER[] = {1, 0x1b, 0x03, 0x3b};
    static const uint8_t FACTORS[] = {1, 0x78, 16, 1, 0x1b}; // 1, -8, return address, augmentation
    memset(image, 0, sizeof(*image));
    image->code = (uintptr_t)image->bytes + IMAGE_CODE;
    image_put(image, HEADER, sizeof(HEADER));
    image_put_u32(image, 16); // .eh_frame, from here
    image_put_u32(image, 1);
    image_put_u32(image, IMAGE_CODE);
    size_t place = image->size;
    image_put_u32(image, 0);

    image->common = image->size;
    image_put_u32(image, 0);
    image_put_u32(image, 0);
    image_put(image, is_signal ? "\1zRS" : "\1zR", is_signal ? 5 : 4);
    image_put(image, FACTORS, sizeof(FACTORS));
    image_put(image, common, common_size);
    image_end_record(image, image->common);

    image->description = image->size;
    uint32_t offset = (uint32_t)image->description;
    memcpy(image->bytes + place, &offset, sizeof(offset));
    image_put_u32(image, 0);
    image_put_u32(image, (uint32_t)(image->size - image->common));
    image_put_u32(image, image_distance(image, image->code, image->size));
    image_put_u32(image, IMAGE_CODE_SIZE);
    image_put(image, "", 1);
    image_put(image, program, program_size);
    image_end_record(image, image->description);
}

static inline enum cfi_status image_find(
    const struct image *image, size_t offset, struct cfi_row *row)
{
    uintptr_t start = (uintptr_t)image->bytes;
    struct cfi_image cfi = {.header = start, .window = start, .window_end = start + image->size};
    return cfi_find(&cfi, image->code + offset, row);
}

#endif
