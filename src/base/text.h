// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Text formatting that never allocates and takes no lock: for messages written while a heap is
 * stopped, damaged or out of memory.  Output beyond the capacity is dropped; the text is always
 * terminated.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/compiler.h"

struct text {
    char *data;      ///< caller's buffer
    size_t capacity; ///< bytes of it, at least 1
    size_t length;   ///< bytes used, below capacity
};

void text_init(struct text *text, char *data, size_t capacity);
void text_put(struct text *text, const char *string);
void text_put_bytes(struct text *text, const char *bytes, size_t size);
void text_put_decimal(struct text *text, uint64_t value);
/// 0x and at least `digits` lower-case digits
void text_put_hex(struct text *text, uint64_t value, unsigned digits);
void text_put_address(struct text *text, const void *address);

#endif
