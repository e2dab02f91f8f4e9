// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "base/text.h"

#include <string.h>

void text_init(struct text *text, char *data, size_t capacity)
{
    *text = (struct text){.data = data, .capacity = capacity, .length = 0};
    data[0] = '\0';
}

void text_put_bytes(struct text *text, const char *bytes, size_t size)
{
    size_t room = text->capacity - 1 - text->length;
    size_t count = size < room ? size : room;
    memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void text_put(struct text *text, const char *string)
{
    text_put_bytes(text, string, strlen(string));
}

static void put_number(struct text *text, uint64_t value, unsigned base, unsigned digits)
{
    char buffer[24];
    size_t start = sizeof(buffer);
    do {
        buffer[--start] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0 || (start > 0 && sizeof(buffer) - start < digits));
    text_put_bytes(text, buffer + start, sizeof(buffer) - start);
}

void text_put_decimal(struct text *text, uint64_t value)
{
    put_number(text, value, 10, 1);
}

void text_put_hex(struct text *text, uint64_t value, unsigned digits)
{
    text_put(text, "0x");
    put_number(text, value, 16, digits < 16 ? digits : 16);
}

void text_put_address(struct text *text, const void *address)
{
    text_put_hex(text, (uint64_t)(uintptr_t)address, 1);
}
