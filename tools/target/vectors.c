// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/vectors.h"

#include <stdbool.h>
#include <string.h>

static bool has_word(const uint64_t *words, size_t count, uint64_t word)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i] == word) {
            return true;
        }
    }
    return false;
}

size_t vectors_choose(
    const void *registers, size_t size, uint64_t start, uint64_t end, uint64_t words[VECTORS_MAX])
{
    const unsigned char *bytes = registers;
    size_t count = 0;
    for (size_t at = 0; at + sizeof(uint64_t) <= size && count < VECTORS_MAX;
         at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof(word));
        if (word >= start && word < end && !has_word(words, count, word)) {
            words[count++] = word;
        }
    }
    return count;
}
