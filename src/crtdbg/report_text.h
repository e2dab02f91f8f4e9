// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The text of a report: composed in the width of its caller, converted to the other one.
 *
 * Conversion is UTF-8 whatever the locale is, and loses nothing: bytes that are no UTF-8 come back
 * as they were.
 */
#ifndef CRTDBG_REPORT_TEXT_H
#define CRTDBG_REPORT_TEXT_H

#include <stdarg.h>
#include <wchar.h>

#include "base/compiler.h"
#include "crtdbg/report_buffer.h"
#include "print/sink.h"

/// A string of either width: at most one pointer is not NULL; both NULL is no string.
struct words {
    const char *narrow;
    const wchar_t *wide;
};

ALWAYS_INLINE bool words_are_given(struct words words)
{
    return words.narrow != NULL || words.wide != NULL;
}

/// What a caller reports, besides the arguments of the format.
struct report_request {
    int type;
    bool is_wide; ///< the width of the report
    struct words file;
    int line;
    struct words module;
    struct words format;
};

/// A sink of bytes or of characters, with UTF-8 between them.
void report_sink_narrow(struct sink *sink, char *array, size_t capacity);
void report_sink_wide(struct sink *sink, wchar_t *array, size_t capacity);
void report_put(struct sink *sink, const char *ascii);
void report_put_words(struct sink *sink, struct words words);
void report_put_decimal(struct sink *sink, int value);

/// Fills the buffer: the message, and the whole report in both widths.
/// @param ends_with_cr  an assertion ends with CR LF
void report_text_compose(struct report_buffer *buffer, const struct report_request *request,
    bool ends_with_cr, va_list args);

/// The message of the buffer in the request's width.
struct words report_text_message(
    const struct report_buffer *buffer, const struct report_request *request);

/// Makes one width from the other.
void report_text_widen(struct report_buffer *buffer);
void report_text_narrow(struct report_buffer *buffer);
/// Tells whether a hook has changed the text; ends it where a hook has removed the null.
uint64_t report_text_hash_narrow(struct report_buffer *buffer);
uint64_t report_text_hash_wide(struct report_buffer *buffer);

#endif
