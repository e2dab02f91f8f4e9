// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/size_class.h"

// Entry i serves requests of up to 16 * i bytes; a request of 0 takes the smallest class.
#define STEP_16(i) ((i) == 0 ? 0 : (i)-1)
#define STEP_32(i) (CLASS_STEP_16_COUNT + ((i)-17) / 2)
#define STEP_64(i) (CLASS_STEP_16_COUNT + CLASS_STEP_32_COUNT + ((i)-33) / 4)
#define ENTRY(i) (uint8_t)((i) <= 16 ? STEP_16(i) : (i) <= 32 ? STEP_32(i) : STEP_64(i))
#define ENTRY_4(i) ENTRY(i), ENTRY((i) + 1), ENTRY((i) + 2), ENTRY((i) + 3)
#define ENTRY_16(i) ENTRY_4(i), ENTRY_4((i) + 4), ENTRY_4((i) + 8), ENTRY_4((i) + 12)
#define ENTRY_64(i) ENTRY_16(i), ENTRY_16((i) + 16), ENTRY_16((i) + 32), ENTRY_16((i) + 48)

const uint8_t size_class_table[CLASS_BYTE_MAX / GRANULE_SIZE + 1] = {
    ENTRY_64(0), ENTRY_64(64), ENTRY(128)};

uint32_t size_class_block_size(uint32_t size_class)
{
    if (size_class < CLASS_STEP_16_COUNT) {
        return (size_class + 1) * GRANULE_SIZE;
    }
    const uint32_t step_64_first = CLASS_STEP_16_COUNT + CLASS_STEP_32_COUNT;
    if (size_class < step_64_first) {
        return 256 + (size_class - CLASS_STEP_16_COUNT + 1) * 32;
    }
    if (size_class < CLASS_BYTE_COUNT) {
        return 512 + (size_class - step_64_first + 1) * 64;
    }
    uint32_t above = size_class - CLASS_BYTE_COUNT;
    uint32_t doubling = 11 + (above >> CLASSES_PER_DOUBLING_SHIFT);
    uint32_t step = (above & ((1u << CLASSES_PER_DOUBLING_SHIFT) - 1)) + 1;
    return (1u << doubling) + (step << (doubling - CLASSES_PER_DOUBLING_SHIFT));
}
