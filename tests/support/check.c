// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// A broken engine fails the same check in a loop; nobody reads the ten-thousandth line.
enum {
    MAX_FAILURES = 40
};

static _Atomic unsigned failure_count; // any thread, relaxed

static void write_line(char *line, size_t length, size_t capacity)
{
    if (length >= capacity) {
        length = capacity - 1;
    }
    line[length] = '\n';
    // One write: lines of several threads stay whole.
    ssize_t written = write(STDERR_FILENO, line, length + 1);
    (void)written;
}

__attribute__((format(printf, 3, 0))) static size_t format_text(
    char *line, size_t capacity, const char *format, va_list arguments)
{
    int length = vsnprintf(line, capacity, format, arguments);
    return length < 0 ? 0 : (size_t)length;
}

void test_fail(struct test_place place, const char *format, ...)
{
    char line[640];
    int prefix = snprintf(line, sizeof line, "%s:%d: ", place.file, place.line);
    size_t length = prefix < 0 ? 0 : (size_t)prefix;
    va_list arguments;
    va_start(arguments, format);
    if (length < sizeof line) {
        length += format_text(line + length, sizeof line - length, format, arguments);
    }
    va_end(arguments);
    write_line(line, length, sizeof line);
    if (atomic_fetch_add_explicit(&failure_count, 1, memory_order_relaxed) + 1 >= MAX_FAILURES) {
        test_note("stopped after %d failures", MAX_FAILURES);
        _exit(EXIT_FAILURE);
    }
}

void test_note(const char *format, ...)
{
    char line[640];
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_text(line, sizeof line, format, arguments);
    va_end(arguments);
    write_line(line, length, sizeof line);
}

unsigned test_failures(void)
{
    return atomic_load_explicit(&failure_count, memory_order_relaxed);
}

void test_reset(void)
{
    atomic_store_explicit(&failure_count, 0, memory_order_relaxed);
}

int test_result(void)
{
    unsigned count = test_failures();
    if (count == 0) {
        return EXIT_SUCCESS;
    }
    test_note("%u check%s failed", count, count == 1 ? "" : "s");
    return EXIT_FAILURE;
}

void test_skip(const char *reason)
{
    test_note("skipped: %s", reason);
    _exit(CHECK_SKIPPED);
}

void test_stop(void)
{
    test_note("stopped: the rest makes no sense after this");
    abort(); // leaves the place in a debugger or core
}

bool test_true(struct test_place place, bool is_met, const char *text)
{
    if (!is_met) {
        test_fail(place, "not met: %s", text);
    }
    return is_met;
}

bool test_size(struct test_place place, uint64_t actual, uint64_t expected, const char *text)
{
    if (actual != expected) {
        test_fail(place, "%s is %" PRIu64 " (0x%" PRIx64 "), expected %" PRIu64 " (0x%" PRIx64 ")",
            text, actual, actual, expected, expected);
    }
    return actual == expected;
}

bool test_at_most(struct test_place place, uint64_t actual, uint64_t limit, const char *text)
{
    if (actual > limit) {
        test_fail(place, "%s is %" PRIu64 ", expected at most %" PRIu64, text, actual, limit);
    }
    return actual <= limit;
}

bool test_at_least(struct test_place place, uint64_t actual, uint64_t limit, const char *text)
{
    if (actual < limit) {
        test_fail(place, "%s is %" PRIu64 ", expected at least %" PRIu64, text, actual, limit);
    }
    return actual >= limit;
}

bool test_pointer(
    struct test_place place, const void *actual, const void *expected, const char *text)
{
    if (actual != expected) {
        test_fail(place, "%s is %p, expected %p", text, actual, expected);
    }
    return actual == expected;
}

bool test_status(
    struct test_place place, enum halde_status actual, enum halde_status expected, const char *text)
{
    if (actual != expected) {
        test_fail(place, "%s is %d (%s), expected %d (%s)", text, (int)actual,
            halde_status_text(actual), (int)expected, halde_status_text(expected));
    }
    return actual == expected;
}

bool test_status_in(
    struct test_place place, enum halde_status actual, uint32_t allowed, const char *text)
{
    bool is_allowed = (unsigned)actual < 32 && (STATUS_BIT(actual) & allowed) != 0;
    if (!is_allowed) {
        test_fail(place, "%s is %d (%s), expected one of the set 0x%" PRIx32, text, (int)actual,
            halde_status_text(actual), allowed);
    }
    return is_allowed;
}

bool test_valid(struct test_place place, halde_heap *heap, const void *block)
{
    struct halde_damage damage = {0};
    enum halde_status status = halde_heap_validate(heap, block, &damage);
    if (status != HALDE_OK) {
        test_fail(place,
            "heap %p: validation finds status %d (%s), block %p of %zu bytes, at %p 0x%02x, not "
            "0x%02x",
            (void *)heap, (int)damage.status, halde_status_text(damage.status), damage.block,
            damage.block_size, damage.address, damage.found, damage.expected);
    }
    return status == HALDE_OK;
}
