// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Catches reports by a hook, for comparison to the byte: each becomes "W ", "E " or "A " and its
 * text.  The place in front of one of the library's own assertions is left out, because its line
 * changes.
 */
#ifndef CRTDBG_CAPTURE_H
#define CRTDBG_CAPTURE_H

#include "check.h"

#include <crtdbg.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
    char text[16384];
    size_t length;
    unsigned count; ///< reports
} capture;

static inline void capture_put(const char *text)
{
    size_t size = strlen(text);
    if (size < sizeof(capture.text) - capture.length) {
        memcpy(capture.text + capture.length, text, size + 1);
        capture.length += size;
    }
}

static inline int __cdecl capture_hook(int type, char *message, int *result)
{
    static const char *const MARKS[] = {"W ", "E ", "A "};
    const char *assertion = strstr(message, " : Assertion failed");
    capture_put(MARKS[type]);
    capture_put(assertion == NULL ? message : assertion + 3);
    capture.count++;
    *result = 0;
    return 1;
}

/// Catches from now on.
static inline void capture_start(void)
{
    _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, capture_hook);
}

/// Forgets what was caught.
static inline void capture_clear(void)
{
    capture.length = 0;
    capture.count = 0;
    capture.text[0] = '\0';
}

/// Compares everything that was caught since the last comparison, by a format.
__attribute__((format(printf, 2, 3))) static inline void capture_compare(
    struct test_place place, const char *format, ...)
{
    char expected[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof(expected), format, args);
    va_end(args);
    if (strcmp(capture.text, expected) != 0) {
        test_fail(place, "reports differ\n--- expected\n%s\n--- found\n%s", expected, capture.text);
    }
    capture_clear();
}
#define EXPECT_REPORTS(...) capture_compare(CHECK_HERE, __VA_ARGS__)
#define EXPECT_SILENCE() capture_compare(CHECK_HERE, "%s", "")

/// An assertion, as a report in a mode without file has it.
#define ASSERTION(expression) "A Assertion failed: " expression "\n"
/// An address as reports write it.
#define ADDRESS "0x%016lX"
#define ADDRESS_OF(pointer) ((unsigned long)(uintptr_t)(pointer))

#define VALID_POINTER ASSERTION("_CrtIsValidHeapPointer(block)")
#define VALID_TYPE ASSERTION("is_block_type_valid(header->_block_use)")
#define SAME_TYPE                                                                                  \
    ASSERTION("header->_block_use == block_use || header->_block_use == _CRT_BLOCK && block_use "  \
              "== _NORMAL_BLOCK")
#define BEFORE(word)                                                                               \
    "HEAP CORRUPTION DETECTED: before " word " block (#%ld) at " ADDRESS ".\n"                     \
    "CRT detected that the application wrote to memory before start of heap buffer.\n"
#define AFTER(word)                                                                                \
    "HEAP CORRUPTION DETECTED: after " word " block (#%ld) at " ADDRESS ".\n"                      \
    "CRT detected that the application wrote to memory after end of heap buffer.\n"
#define ON_TOP                                                                                     \
    "HEAP CORRUPTION DETECTED: on top of Free block at " ADDRESS ".\n"                             \
    "CRT detected that the application wrote to a heap buffer that was freed.\n"
#define ALLOCATED_AT "\nMemory allocated at %s(%d).\n"

/// The request number of a live block.
static inline long number_of(const void *block, unsigned size)
{
    long number = -1;
    return _CrtIsMemoryBlock(block, size, &number, NULL, NULL) ? number : -1;
}

#endif
