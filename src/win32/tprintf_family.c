// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The exported printf family, declared and described in include/halde-win32/halde_stdio.h.
 *
 * Every function ends in print_to_stream() or in format_to_array(); what differs is where the null
 * goes and which result a text that is too long gives.
 */
#include "halde-win32/halde_stdio.h"

#include <errno.h>
#include <limits.h>

#include "print/format.h"

/// What a call returns: the count, or -1 with the sink's error in errno; success keeps errno.
static int result_of(const struct sink *sink, int saved_errno)
{
    errno = sink->error != 0 ? sink->error : saved_errno;
    return sink->error != 0 ? -1 : (int)sink->count;
}

static int reject(void)
{
    errno = EINVAL;
    return -1;
}

static bool is_null(struct format format)
{
    return format.narrow == NULL && format.wide == NULL;
}

static struct format narrow_format(const char *format)
{
    return (struct format){.narrow = format};
}

static struct format wide_format(const wchar_t *format)
{
    return (struct format){.wide = format};
}

static int print_to_stream(FILE *stream, struct format format, bool is_checked, va_list args)
{
    if (stream == NULL || is_null(format)) {
        return reject();
    }
    const int saved_errno = errno;
    struct sink sink;
    halde_sink_init_stream(&sink, stream, format.wide != NULL);
    halde_tprintf_format(&sink, format, is_checked, args);
    halde_sink_finish(&sink);
    return result_of(&sink, saved_errno);
}

/// An array of the caller's: exactly one pointer is used, by the format's width.
struct array {
    char *narrow;
    wchar_t *wide;
    size_t capacity; ///< characters, the null included
};

static struct array narrow_array(char *narrow, size_t capacity)
{
    return (struct array){.narrow = narrow, .capacity = capacity};
}

static struct array wide_array(wchar_t *wide, size_t capacity)
{
    return (struct array){.wide = wide, .capacity = capacity};
}

static bool is_absent(struct array array)
{
    return array.narrow == NULL && array.wide == NULL;
}

static void put_null(struct array array, size_t position)
{
    if (array.narrow != NULL) {
        array.narrow[position] = '\0';
    } else {
        array.wide[position] = L'\0';
    }
}

/// Formats without a null. Returns the length of the whole text, or -1 with errno; `*stored` is
/// what the array holds of it.
static int format_to_array(
    struct array array, struct format format, bool is_checked, va_list args, size_t *stored)
{
    const int saved_errno = errno;
    struct sink sink;
    if (format.wide != NULL) {
        halde_sink_init_wide(&sink, array.wide, array.capacity);
    } else {
        halde_sink_init_narrow(&sink, array.narrow, array.capacity);
    }
    halde_tprintf_format(&sink, format, is_checked, args);
    *stored = sink.count < array.capacity ? sink.count : array.capacity;
    return result_of(&sink, saved_errno);
}

/// sprintf and the old swprintf: no limit. `array.capacity` is not used.
static int print_unlimited(struct array array, struct format format, va_list args)
{
    if (is_absent(array) || is_null(format)) {
        return reject();
    }
    array.capacity = SIZE_MAX;
    size_t stored;
    const int length = format_to_array(array, format, false, args, &stored);
    put_null(array, stored);
    return length;
}

/// C's snprintf: always a null, unless the capacity is 0.
static int print_truncated(struct array array, struct format format, va_list args)
{
    if (is_null(format) || (is_absent(array) && array.capacity > 0)) {
        return reject();
    }
    struct array text = array;
    text.capacity = array.capacity > 0 ? array.capacity - 1 : 0;
    size_t stored;
    const int length = format_to_array(text, format, false, args, &stored);
    if (array.capacity > 0) {
        put_null(array, stored);
    }
    return length;
}

/// Microsoft's _snprintf: a null only where there is room.
static int print_open(struct array array, struct format format, va_list args)
{
    if (is_null(format) || (is_absent(array) && array.capacity > 0)) {
        return reject();
    }
    size_t stored;
    const int length = format_to_array(array, format, false, args, &stored);
    if (stored < array.capacity) {
        put_null(array, stored);
    }
    const bool is_count_only = is_absent(array);
    return is_count_only || length <= 0 || (size_t)length <= array.capacity ? length : -1;
}

/// sprintf_s: all of the text, or an empty string and ERANGE.
static int print_whole(struct array array, struct format format, va_list args)
{
    if (is_absent(array) || array.capacity == 0) {
        return reject();
    }
    put_null(array, 0);
    if (is_null(format)) {
        return reject();
    }
    struct array text = array;
    text.capacity--;
    size_t stored;
    const int length = format_to_array(text, format, true, args, &stored);
    if (length < 0) {
        put_null(array, 0);
        return -1;
    }
    if ((size_t)length > text.capacity) {
        put_null(array, 0);
        errno = ERANGE;
        return -1;
    }
    put_null(array, stored);
    return length;
}

/// _snprintf_s: at most `count` characters of the text.
static int print_counted(struct array array, size_t count, struct format format, va_list args)
{
    if (!is_null(format) && is_absent(array) && array.capacity == 0 && count == 0) {
        return 0; // asks nothing, as documented for the Universal C Runtime
    }
    if (is_absent(array) || array.capacity == 0) {
        return reject();
    }
    put_null(array, 0);
    if (is_null(format)) {
        return reject();
    }
    struct array text = array;
    text.capacity--;
    const bool may_cut = count == _TRUNCATE || count <= text.capacity;
    if (count < text.capacity) {
        text.capacity = count;
    }
    size_t stored;
    const int length = format_to_array(text, format, true, args, &stored);
    if (length < 0) {
        put_null(array, 0);
        return -1;
    }
    const bool is_cut = (size_t)length > text.capacity;
    if (is_cut && !may_cut) {
        put_null(array, 0);
        errno = ERANGE;
        return -1;
    }
    put_null(array, stored);
    return is_cut ? -1 : length;
}

static int count_only(struct format format, va_list args)
{
    if (is_null(format)) {
        return reject();
    }
    size_t stored;
    return format_to_array((struct array){0}, format, false, args, &stored);
}

// ---- Narrow -----------------------------------------------------------------------------------

int halde_vprintf(const char *format, va_list args)
{
    return print_to_stream(stdout, narrow_format(format), false, args);
}

int halde_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vprintf(format, args);
    va_end(args);
    return count;
}

int halde_vfprintf(FILE *stream, const char *format, va_list args)
{
    return print_to_stream(stream, narrow_format(format), false, args);
}

int halde_fprintf(FILE *stream, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vfprintf(stream, format, args);
    va_end(args);
    return count;
}

int halde_vprintf_s(const char *format, va_list args)
{
    return print_to_stream(stdout, narrow_format(format), true, args);
}

int halde_printf_s(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vprintf_s(format, args);
    va_end(args);
    return count;
}

int halde_vfprintf_s(FILE *stream, const char *format, va_list args)
{
    return print_to_stream(stream, narrow_format(format), true, args);
}

int halde_fprintf_s(FILE *stream, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vfprintf_s(stream, format, args);
    va_end(args);
    return count;
}

int halde_vsprintf(char *buffer, const char *format, va_list args)
{
    return print_unlimited(narrow_array(buffer, 0), narrow_format(format), args);
}

int halde_sprintf(char *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vsprintf(buffer, format, args);
    va_end(args);
    return count;
}

int halde_vsnprintf(char *buffer, size_t count, const char *format, va_list args)
{
    return print_truncated(narrow_array(buffer, count), narrow_format(format), args);
}

int halde_snprintf(char *buffer, size_t count, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_vsnprintf(buffer, count, format, args);
    va_end(args);
    return length;
}

int halde_msvc_vsnprintf(char *buffer, size_t count, const char *format, va_list args)
{
    return print_open(narrow_array(buffer, count), narrow_format(format), args);
}

int halde_msvc_snprintf(char *buffer, size_t count, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_msvc_vsnprintf(buffer, count, format, args);
    va_end(args);
    return length;
}

int halde_vsprintf_s(char *buffer, size_t size, const char *format, va_list args)
{
    return print_whole(narrow_array(buffer, size), narrow_format(format), args);
}

int halde_sprintf_s(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_vsprintf_s(buffer, size, format, args);
    va_end(args);
    return length;
}

int halde_vsnprintf_s(char *buffer, size_t size, size_t count, const char *format, va_list args)
{
    return print_counted(narrow_array(buffer, size), count, narrow_format(format), args);
}

int halde_snprintf_s(char *buffer, size_t size, size_t count, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_vsnprintf_s(buffer, size, count, format, args);
    va_end(args);
    return length;
}

int halde_vscprintf(const char *format, va_list args)
{
    return count_only(narrow_format(format), args);
}

int halde_scprintf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_vscprintf(format, args);
    va_end(args);
    return length;
}

// ---- Wide -------------------------------------------------------------------------------------

int halde_vwprintf(const wchar_t *format, va_list args)
{
    return print_to_stream(stdout, wide_format(format), false, args);
}

int halde_wprintf(const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vwprintf(format, args);
    va_end(args);
    return count;
}

int halde_vfwprintf(FILE *stream, const wchar_t *format, va_list args)
{
    return print_to_stream(stream, wide_format(format), false, args);
}

int halde_fwprintf(FILE *stream, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vfwprintf(stream, format, args);
    va_end(args);
    return count;
}

int halde_vwprintf_s(const wchar_t *format, va_list args)
{
    return print_to_stream(stdout, wide_format(format), true, args);
}

int halde_wprintf_s(const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vwprintf_s(format, args);
    va_end(args);
    return count;
}

int halde_vfwprintf_s(FILE *stream, const wchar_t *format, va_list args)
{
    return print_to_stream(stream, wide_format(format), true, args);
}

int halde_fwprintf_s(FILE *stream, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vfwprintf_s(stream, format, args);
    va_end(args);
    return count;
}

int halde_msvc_vswprintf(wchar_t *buffer, const wchar_t *format, va_list args)
{
    return print_unlimited(wide_array(buffer, 0), wide_format(format), args);
}

int halde_msvc_swprintf(wchar_t *buffer, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_msvc_vswprintf(buffer, format, args);
    va_end(args);
    return count;
}

int halde_vswprintf(wchar_t *buffer, size_t count, const wchar_t *format, va_list args)
{
    const int length = print_truncated(wide_array(buffer, count), wide_format(format), args);
    return length >= 0 && (size_t)length >= count ? -1 : length;
}

int halde_swprintf(wchar_t *buffer, size_t count, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_vswprintf(buffer, count, format, args);
    va_end(args);
    return length;
}

int halde_msvc_vsnwprintf(wchar_t *buffer, size_t count, const wchar_t *format, va_list args)
{
    return print_open(wide_array(buffer, count), wide_format(format), args);
}

int halde_msvc_snwprintf(wchar_t *buffer, size_t count, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_msvc_vsnwprintf(buffer, count, format, args);
    va_end(args);
    return length;
}

int halde_vswprintf_s(wchar_t *buffer, size_t size, const wchar_t *format, va_list args)
{
    return print_whole(wide_array(buffer, size), wide_format(format), args);
}

int halde_swprintf_s(wchar_t *buffer, size_t size, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_vswprintf_s(buffer, size, format, args);
    va_end(args);
    return length;
}

int halde_vsnwprintf_s(
    wchar_t *buffer, size_t size, size_t count, const wchar_t *format, va_list args)
{
    return print_counted(wide_array(buffer, size), count, wide_format(format), args);
}

int halde_snwprintf_s(wchar_t *buffer, size_t size, size_t count, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_vsnwprintf_s(buffer, size, count, format, args);
    va_end(args);
    return length;
}

int halde_vscwprintf(const wchar_t *format, va_list args)
{
    return count_only(wide_format(format), args);
}

int halde_scwprintf(const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = halde_vscwprintf(format, args);
    va_end(args);
    return length;
}
