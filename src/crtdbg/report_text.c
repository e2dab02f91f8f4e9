// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/report_text.h"

#include "base/bits.h"
#include "base/text.h"
#include "crtdbg/report.h"
#include "print/format.h"

#include <string.h>

#define TOO_LONG "_CrtDbgReport: String too long or IO Error"
#define NOT_CONVERTED "_CrtDbgReport: String too long or Invalid characters in String"

// ---- Sinks ------------------------------------------------------------------------------------

void report_sink_narrow(struct sink *sink, char *array, size_t capacity)
{
    halde_sink_init_narrow(sink, array, capacity);
    sink->codec = (struct codec){.is_utf8 = true};
}

void report_sink_wide(struct sink *sink, wchar_t *array, size_t capacity)
{
    halde_sink_init_wide(sink, array, capacity);
    sink->codec = (struct codec){.is_utf8 = true};
}

void report_put(struct sink *sink, const char *ascii)
{
    halde_sink_put_narrow(sink, ascii, strlen(ascii));
}

void report_put_words(struct sink *sink, struct words words)
{
    if (words.narrow != NULL) {
        report_put(sink, words.narrow);
    } else if (words.wide != NULL) {
        halde_sink_put_wide(sink, words.wide, wcslen(words.wide));
    }
}

void report_put_decimal(struct sink *sink, int value)
{
    char digits[16];
    struct text text;
    text_init(&text, digits, sizeof(digits));
    if (value < 0) {
        text_put(&text, "-");
    }
    const int64_t wide_value = value;
    text_put_decimal(&text, (uint64_t)(wide_value < 0 ? -wide_value : wide_value));
    report_put(sink, digits);
}

// Ends what the sink has stored; false when it was more than `max` units, or when a format failed.
static bool finish(struct sink *sink, size_t max)
{
    const bool is_complete = sink->error == 0 && sink->count <= max;
    const size_t length = size_min(sink->count, max);
    if (sink->is_wide) {
        sink->wide[length] = L'\0';
    } else {
        sink->narrow[length] = '\0';
    }
    return is_complete;
}

static void replace(struct sink *sink, const char *sentence)
{
    sink->count = 0;
    sink->error = 0;
    report_put(sink, sentence);
    finish(sink, REPORT_CAPACITY - 1);
}

// ---- Message and report -----------------------------------------------------------------------

static void compose_message(
    struct report_buffer *buffer, const struct report_request *request, va_list args)
{
    struct sink sink;
    if (request->is_wide) {
        report_sink_wide(&sink, buffer->message.wide, REPORT_CAPACITY);
    } else {
        report_sink_narrow(&sink, buffer->message.narrow, REPORT_CAPACITY);
    }
    if (words_are_given(request->format)) {
        const struct format format = {request->format.narrow, request->format.wide};
        halde_tprintf_format(&sink, format, true, args);
    }
    if (!finish(&sink, REPORT_MESSAGE_MAX)) {
        replace(&sink, TOO_LONG);
    }
}

struct words report_text_message(
    const struct report_buffer *buffer, const struct report_request *request)
{
    struct words words = {NULL, NULL};
    if (request->is_wide) {
        words.wide = buffer->message.wide;
    } else {
        words.narrow = buffer->message.narrow;
    }
    return words;
}

static void put_message(
    struct sink *sink, const struct report_buffer *buffer, const struct report_request *request)
{
    if (request->is_wide) {
        halde_sink_put_wide(sink, buffer->message.wide, wcslen(buffer->message.wide));
    } else {
        report_put(sink, buffer->message.narrow);
    }
}

static void compose_report(struct report_buffer *buffer, const struct report_request *request,
    bool ends_with_cr, struct sink *sink)
{
    if (words_are_given(request->file)) {
        report_put_words(sink, request->file);
        report_put(sink, "(");
        report_put_decimal(sink, request->line);
        report_put(sink, ") : ");
    }
    const bool is_assertion = request->type == REPORT_ASSERT;
    if (is_assertion) {
        report_put(
            sink, words_are_given(request->format) ? "Assertion failed: " : "Assertion failed!");
    }
    put_message(sink, buffer, request);
    if (is_assertion) {
        report_put(sink, ends_with_cr ? "\r\n" : "\n");
    }
    if (!finish(sink, REPORT_CAPACITY - 1)) {
        replace(sink, TOO_LONG);
    }
}

void report_text_compose(struct report_buffer *buffer, const struct report_request *request,
    bool ends_with_cr, va_list args)
{
    compose_message(buffer, request, args);
    struct sink sink;
    if (request->is_wide) {
        report_sink_wide(&sink, buffer->wide, REPORT_CAPACITY);
        compose_report(buffer, request, ends_with_cr, &sink);
        report_text_narrow(buffer);
    } else {
        report_sink_narrow(&sink, buffer->narrow, REPORT_CAPACITY);
        compose_report(buffer, request, ends_with_cr, &sink);
        report_text_widen(buffer);
    }
}

// ---- Conversion -------------------------------------------------------------------------------

void report_text_widen(struct report_buffer *buffer)
{
    struct sink sink;
    report_sink_wide(&sink, buffer->wide, REPORT_CAPACITY);
    report_put(&sink, buffer->narrow);
    if (!finish(&sink, REPORT_CAPACITY - 1)) {
        replace(&sink, NOT_CONVERTED);
    }
}

void report_text_narrow(struct report_buffer *buffer)
{
    struct sink sink;
    report_sink_narrow(&sink, buffer->narrow, REPORT_NARROW_SIZE);
    halde_sink_put_wide(&sink, buffer->wide, wcslen(buffer->wide));
    if (!finish(&sink, REPORT_NARROW_SIZE - 1)) {
        replace(&sink, NOT_CONVERTED);
    }
}

#define HASH_START 0xcbf29ce484222325u
#define HASH_FACTOR 0x100000001b3u

// Far more than enough to see that a text was edited, and cheap beside the write that follows.
static uint64_t hash_add(uint64_t hash, uint32_t unit)
{
    return (hash ^ unit) * HASH_FACTOR;
}

uint64_t report_text_hash_narrow(struct report_buffer *buffer)
{
    buffer->narrow[REPORT_NARROW_SIZE - 1] = '\0';
    uint64_t hash = HASH_START;
    for (const char *unit = buffer->narrow; *unit != '\0'; unit++) {
        hash = hash_add(hash, (unsigned char)*unit);
    }
    return hash;
}

uint64_t report_text_hash_wide(struct report_buffer *buffer)
{
    buffer->wide[REPORT_CAPACITY - 1] = L'\0';
    uint64_t hash = HASH_START;
    for (const wchar_t *unit = buffer->wide; *unit != L'\0'; unit++) {
        hash = hash_add(hash, (uint32_t)*unit);
    }
    return hash;
}
