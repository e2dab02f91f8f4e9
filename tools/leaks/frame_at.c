// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "leaks/frame_at.h"

enum {
    CALL_SIZE_MAX = 7,             // bytes of a call through a pointer
    SEARCHED_WORDS = 64 * 1024 / 8 // below the place
};

static bool is_code(const struct image *image, uint64_t address)
{
    size_t first = 0;
    size_t end = image->mapping_count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (image->mappings[middle].end <= address) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first < image->mapping_count && image->mappings[first].start <= address &&
           image->mappings[first].is_executable;
}

// The instructions of x86-64: E8 and four bytes, or FF with 2 as its second operation code.
static bool is_behind_call(const struct image *image, uint64_t address)
{
    uint8_t bytes[CALL_SIZE_MAX];
    if (image_read(image, address - sizeof(bytes), bytes, sizeof(bytes)) != sizeof(bytes)) {
        return false;
    }
    if (bytes[CALL_SIZE_MAX - 5] == 0xE8) {
        return true;
    }
    for (size_t size = 2; size <= CALL_SIZE_MAX; size++) {
        const uint8_t *call = &bytes[CALL_SIZE_MAX - size];
        if (call[0] == 0xFF && (call[1] >> 3 & 7) == 2) {
            return true;
        }
    }
    return false;
}

uint64_t frame_at(const struct image *image, const struct image_thread *thread, uint64_t address)
{
    uint64_t at = address & ~(uint64_t)7;
    for (size_t i = 0; i < SEARCHED_WORDS && at > thread->stack_pointer; i++) {
        uint64_t word;
        at -= sizeof(word);
        if (image_read(image, at, &word, sizeof(word)) != sizeof(word)) {
            return 0;
        }
        if (word > CALL_SIZE_MAX && is_code(image, word) && is_behind_call(image, word)) {
            return word;
        }
    }
    return 0;
}
