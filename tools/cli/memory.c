// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/memory.h"

#include "cli/dispatch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void out_of_memory(void)
{
    fputs("halde: out of memory\n", stderr);
    exit(cli_trouble_code());
}

void *must_allocate(size_t count, size_t size)
{
    void *block = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
    if (!block) {
        out_of_memory();
    }
    return block;
}

void *must_resize(void *block, size_t count, size_t size)
{
    void *resized = reallocarray(block, count > 0 ? count : 1, size > 0 ? size : 1);
    if (!resized) {
        out_of_memory();
    }
    return resized;
}

char *must_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = must_allocate(size, 1);
    memcpy(copy, text, size);
    return copy;
}

char *must_format_list(const char *format, va_list arguments)
{
    char *text;
    if (vasprintf(&text, format, arguments) < 0) {
        out_of_memory();
    }
    return text;
}

char *must_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = must_format_list(format, arguments);
    va_end(arguments);
    return text;
}

void *must_grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return array;
    }
    *capacity = *capacity > 0 ? *capacity * 2 : 16;
    return must_resize(array, *capacity, size);
}
