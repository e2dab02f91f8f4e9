// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Size classes: block sizes that are served from the same spans.
 *
 * Steps of 16 bytes up to 256, of 32 up to 512, of 64 up to 2 KiB, then 8 classes per doubling up
 * to 64 KiB: what finer steps save in blocks they lose in spans that are not full, one for each
 * class and thread.  In most programs a third or more of all requests are multiples of 16, so no
 * class gives away a byte for metadata.  All sizes are multiples of 16.
 */
#ifndef ENGINE_SIZE_CLASS_H
#define ENGINE_SIZE_CLASS_H

#include "base/bits.h"

enum {
    GRANULE_SHIFT = 4,
    GRANULE_SIZE = 1 << GRANULE_SHIFT, ///< alignment of every block, bytes

    CLASS_COUNT = 88,
    CLASS_STEP_16_COUNT = 16, ///< 16 .. 256
    CLASS_STEP_32_COUNT = 8,  ///< 288 .. 512
    CLASS_STEP_64_COUNT = 24, ///< 576 .. 2048
    CLASS_BYTE_MAX = 2048,    ///< largest block size with one state byte
    CLASS_BYTE_COUNT = CLASS_STEP_16_COUNT + CLASS_STEP_32_COUNT + CLASS_STEP_64_COUNT,
    CLASS_ONE_SLICE_MAX = 8 * 1024, ///< largest block size whose span is one slice
    CLASS_MAX = 64 * 1024,          ///< largest block size of a class; beyond is large
    CLASSES_PER_DOUBLING_SHIFT = 3,
};

/// Class of a request of at most CLASS_BYTE_MAX bytes, by (size + 15) / 16.
extern const uint8_t size_class_table[CLASS_BYTE_MAX / GRANULE_SIZE + 1];

/// Class of a request of at most CLASS_MAX bytes.
ALWAYS_INLINE uint32_t size_class_of(size_t size)
{
    if (LIKELY(size <= CLASS_BYTE_MAX)) {
        return size_class_table[(size + GRANULE_SIZE - 1) >> GRANULE_SHIFT];
    }
    uint32_t doubling = bits_highest(size - 1); // 11: 2049..4096
    uint32_t step_shift = doubling - CLASSES_PER_DOUBLING_SHIFT;
    uint32_t step = (uint32_t)((size - 1) >> step_shift) - (1u << CLASSES_PER_DOUBLING_SHIFT);
    return CLASS_BYTE_COUNT + ((doubling - 11) << CLASSES_PER_DOUBLING_SHIFT) + step;
}

/// Block size of a class in bytes.
uint32_t size_class_block_size(uint32_t size_class);

#endif
