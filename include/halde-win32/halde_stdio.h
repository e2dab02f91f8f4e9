// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file halde_stdio.h
 * Formatted output with Microsoft's meaning, and the wide stream functions that go with it.
 *
 * <tchar.h> includes this header and maps `_tprintf` and its kin to the functions below.
 *
 * **Conversions.**  As the Universal C Runtime reads them, which is not how glibc does:
 *  - `%p` is 16 capital hexadecimal digits without prefix; `%#p` puts `0X` before them unless the
 *    pointer is NULL, as the older run-time libraries and Microsoft's heap sample do (the current
 *    library ignores the `#`).
 *  - `%I64d`, `%I32d`, `%Iu`: 64, 32 and pointer-width bits.  `%ll`, `%h`, `%hh`, `%j`, `%z`, `%t`
 *    as in C.
 *  - `%ld`, `%lu`, `%lx` read **32 bits**, because `long` has 32 on Windows: right for DWORD, ULONG
 *    and LONG.  A Linux `long` loses its upper half; print it with `%lld` or `%zd`.
 *  - `%s`, `%c` take the function's own width, `%S`, `%C` the other; `h` forces narrow, `l` and `w`
 *    wide.  A NULL string prints `(null)`.  Width and precision count the string's own characters.
 *  - The flag `0` pads strings and characters with zeros, too.
 *  - `%a` without precision prints 13 digits.  Infinities and NaNs are `inf`, `nan`, `nan(ind)`,
 *    `nan(snan)`.  `%Lf` reads the compiler's `long double` and prints it as a double, which it is
 *    on Windows.
 *  - `%n` is disabled: the call fails with EINVAL.
 *  - An unknown conversion prints its character and drops the rest of the specification.  The
 *    functions ending in `_s` fail with EINVAL instead.
 *
 * **Encoding.**  Text is converted between wide and narrow in the encoding of the program's locale;
 * while that is "C" (no setlocale() yet), in UTF-8.  A byte that is not valid becomes
 * U+DC80..U+DCFF and becomes that byte again on the way out, so nothing is lost between argv,
 * strings and file names.  A UTF-16 surrogate pair in a wide string is one character.  What the
 * locale cannot express is printed as `?`.
 *
 * **Streams.**  Output is always written as bytes: the wide functions never give a stream wide
 * orientation, so they mix with printf, puts and each other in any order.  A stream that the
 * program has already made wide (by calling libc's wprintf) is written as wide.  One call is atomic
 * among threads.
 *
 * **Results.**  The characters written (of the function's own width), or -1 with `errno` set:
 * EINVAL for a NULL format, stream or buffer and for a bad format; EOVERFLOW beyond INT_MAX
 * characters; ERANGE for a buffer too small; what the stream reported.  No invalid-parameter
 * handler is called.  Success keeps `errno`.
 *
 * **Plain printf.**  `printf` itself is left alone by default: most programs print with it what
 * both systems print alike.  Define HALDE_MSVC_PRINTF to 1 before this header, <tchar.h> or
 * <windows.h> (best on the compiler's command line) to redirect printf, fprintf, sprintf, snprintf,
 * their v forms, the wide ones and the wide character functions of <wchar.h> to the functions
 * below.  Calls are redirected, the addresses of the functions are not.
 *
 * The scanf family is left out on purpose: `%lu` into a DWORD would overwrite four bytes beside it.
 *
 * Threads: any function from any thread, as far as setlocale() allows.  Nothing here uses a heap.
 */
#ifndef HALDE_WIN32_STDIO_H
#define HALDE_WIN32_STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <wchar.h>
#ifdef __cplusplus
// Their #undef lines must come before the macros below.
#include <cstdio>
#include <cwchar>
#endif

#ifndef HALDE_API
#define HALDE_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef int errno_t;

/** As a count for the `_snprintf_s` and `strncpy_s` families: store what fits. */
#ifndef _TRUNCATE
#define _TRUNCATE ((size_t)-1)
#endif
/** What the `strncpy_s` family returns when it truncated. */
#ifndef STRUNCATE
#define STRUNCATE 80
#endif

// ---- Formatted output, narrow -----------------------------------------------------------------

/** printf, fprintf and their `v` forms. */
HALDE_API int halde_printf(const char *format, ...);
HALDE_API int halde_vprintf(const char *format, va_list args);
HALDE_API int halde_fprintf(FILE *stream, const char *format, ...);
HALDE_API int halde_vfprintf(FILE *stream, const char *format, va_list args);

/** printf_s and fprintf_s: the same; a bad format fails. */
HALDE_API int halde_printf_s(const char *format, ...);
HALDE_API int halde_vprintf_s(const char *format, va_list args);
HALDE_API int halde_fprintf_s(FILE *stream, const char *format, ...);
HALDE_API int halde_vfprintf_s(FILE *stream, const char *format, va_list args);

/** sprintf: `buffer` must be large enough. */
HALDE_API int halde_sprintf(char *buffer, const char *format, ...);
HALDE_API int halde_vsprintf(char *buffer, const char *format, va_list args);

/** snprintf as in C: stores at most `count` - 1 characters and a null; returns the whole length. */
HALDE_API int halde_snprintf(char *buffer, size_t count, const char *format, ...);
HALDE_API int halde_vsnprintf(char *buffer, size_t count, const char *format, va_list args);

/**
 * Microsoft's _snprintf: stores at most `count` characters; adds a null only if there is room.
 * @return the length if it is <= `count` (or buffer and count are 0), else -1 and `errno` is kept
 */
HALDE_API int halde_msvc_snprintf(char *buffer, size_t count, const char *format, ...);
HALDE_API int halde_msvc_vsnprintf(char *buffer, size_t count, const char *format, va_list args);

/**
 * sprintf_s: `size` counts characters and includes the null.
 * @return the length; or -1 and an empty string, with errno ERANGE (too small) or EINVAL
 */
HALDE_API int halde_sprintf_s(char *buffer, size_t size, const char *format, ...);
HALDE_API int halde_vsprintf_s(char *buffer, size_t size, const char *format, va_list args);

/**
 * Microsoft's _snprintf_s: stores at most `count` characters and always a null.
 * @param size   characters that the buffer holds, null included
 * @param count  at most so many are stored; _TRUNCATE: as many as fit
 * @return the length; -1 when the text was cut at `count` or by _TRUNCATE (errno is kept); -1 with
 *         ERANGE and an empty string when not even `count` characters fit into `size`
 */
HALDE_API int halde_snprintf_s(char *buffer, size_t size, size_t count, const char *format, ...);
HALDE_API int halde_vsnprintf_s(
    char *buffer, size_t size, size_t count, const char *format, va_list args);

/** Microsoft's _scprintf: the length that the text would have. */
HALDE_API int halde_scprintf(const char *format, ...);
HALDE_API int halde_vscprintf(const char *format, va_list args);

// ---- Formatted output, wide -------------------------------------------------------------------

HALDE_API int halde_wprintf(const wchar_t *format, ...);
HALDE_API int halde_vwprintf(const wchar_t *format, va_list args);
HALDE_API int halde_fwprintf(FILE *stream, const wchar_t *format, ...);
HALDE_API int halde_vfwprintf(FILE *stream, const wchar_t *format, va_list args);
HALDE_API int halde_wprintf_s(const wchar_t *format, ...);
HALDE_API int halde_vwprintf_s(const wchar_t *format, va_list args);
HALDE_API int halde_fwprintf_s(FILE *stream, const wchar_t *format, ...);
HALDE_API int halde_vfwprintf_s(FILE *stream, const wchar_t *format, va_list args);

/** Microsoft's _swprintf, without a count: what `_stprintf` is in a _UNICODE build. */
HALDE_API int halde_msvc_swprintf(wchar_t *buffer, const wchar_t *format, ...);
HALDE_API int halde_msvc_vswprintf(wchar_t *buffer, const wchar_t *format, va_list args);

/** swprintf as in C: -1 and a null-terminated beginning when `count` characters do not suffice. */
HALDE_API int halde_swprintf(wchar_t *buffer, size_t count, const wchar_t *format, ...);
HALDE_API int halde_vswprintf(wchar_t *buffer, size_t count, const wchar_t *format, va_list args);

HALDE_API int halde_msvc_snwprintf(wchar_t *buffer, size_t count, const wchar_t *format, ...);
HALDE_API int halde_msvc_vsnwprintf(
    wchar_t *buffer, size_t count, const wchar_t *format, va_list args);
HALDE_API int halde_swprintf_s(wchar_t *buffer, size_t size, const wchar_t *format, ...);
HALDE_API int halde_vswprintf_s(wchar_t *buffer, size_t size, const wchar_t *format, va_list args);
HALDE_API int halde_snwprintf_s(
    wchar_t *buffer, size_t size, size_t count, const wchar_t *format, ...);
HALDE_API int halde_vsnwprintf_s(
    wchar_t *buffer, size_t size, size_t count, const wchar_t *format, va_list args);
HALDE_API int halde_scwprintf(const wchar_t *format, ...);
HALDE_API int halde_vscwprintf(const wchar_t *format, va_list args);

// ---- Wide text on byte streams ----------------------------------------------------------------

/** fputws and _putws (which adds a line feed): 0, or EOF with errno set. */
HALDE_API int halde_fputws(const wchar_t *string, FILE *stream);
HALDE_API int halde_putws(const wchar_t *string);

/** fputwc: the character, or WEOF with errno set. */
HALDE_API wint_t halde_fputwc(wchar_t character, FILE *stream);

/** fgetwc: the next character, or WEOF. */
HALDE_API wint_t halde_fgetwc(FILE *stream);

/** ungetwc: the character, or WEOF. One is guaranteed to fit. */
HALDE_API wint_t halde_ungetwc(wint_t character, FILE *stream);

/**
 * fgetws: reads up to and including a line feed, at most `count` - 1 characters.
 * @return `buffer`, or NULL at the end or on error
 */
HALDE_API wchar_t *halde_fgetws(wchar_t *buffer, int count, FILE *stream);

/**
 * gets_s and _getws_s: a line of stdin without its line feed.
 * @return `buffer`, or NULL and an empty string: at the end, on error, or, with ERANGE, when the
 * line does not fit; then it is skipped
 */
HALDE_API char *halde_gets_s(char *buffer, size_t size);
HALDE_API wchar_t *halde_getws_s(wchar_t *buffer, size_t size);

#ifdef __cplusplus
}
#endif

// ---- Names that only Microsoft's <stdio.h> and <wchar.h> have ----------------------------------

#define _snprintf halde_msvc_snprintf
#define _vsnprintf halde_msvc_vsnprintf
#define _snprintf_s halde_snprintf_s
#define _vsnprintf_s halde_vsnprintf_s
#define vsnprintf_s halde_vsnprintf_s
#define _scprintf halde_scprintf
#define _vscprintf halde_vscprintf
#define printf_s halde_printf_s
#define vprintf_s halde_vprintf_s
#define fprintf_s halde_fprintf_s
#define vfprintf_s halde_vfprintf_s
#define sprintf_s halde_sprintf_s
#define vsprintf_s halde_vsprintf_s
#define _snwprintf halde_msvc_snwprintf
#define _vsnwprintf halde_msvc_vsnwprintf
#define _snwprintf_s halde_snwprintf_s
#define _vsnwprintf_s halde_vsnwprintf_s
#define _scwprintf halde_scwprintf
#define _vscwprintf halde_vscwprintf
#define _swprintf halde_msvc_swprintf
#define _vswprintf halde_msvc_vswprintf
#define wprintf_s halde_wprintf_s
#define vwprintf_s halde_vwprintf_s
#define fwprintf_s halde_fwprintf_s
#define vfwprintf_s halde_vfwprintf_s
#define swprintf_s halde_swprintf_s
#define vswprintf_s halde_vswprintf_s
#define _putws halde_putws
#define gets_s halde_gets_s
#define _getws_s halde_getws_s

// C++: the `_s` functions take the size of an array by themselves.
#ifdef __cplusplus
extern "C++" {
template <size_t size> inline int halde_sprintf_s(char (&buffer)[size], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vsprintf_s(buffer, size, format, args);
    va_end(args);
    return count;
}

template <size_t size>
inline int halde_swprintf_s(wchar_t (&buffer)[size], const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vswprintf_s(buffer, size, format, args);
    va_end(args);
    return count;
}

template <size_t size>
inline int halde_snprintf_s(char (&buffer)[size], size_t limit, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vsnprintf_s(buffer, size, limit, format, args);
    va_end(args);
    return count;
}

template <size_t size>
inline int halde_snwprintf_s(wchar_t (&buffer)[size], size_t limit, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = halde_vsnwprintf_s(buffer, size, limit, format, args);
    va_end(args);
    return count;
}
}
#endif

// ---- printf itself, on request ----------------------------------------------------------------

#ifndef HALDE_MSVC_PRINTF
#define HALDE_MSVC_PRINTF 0
#endif

#if HALDE_MSVC_PRINTF
// Function-like, so that attributes such as format(printf, 1, 2) and addresses stay what they were.
#undef printf
#undef fprintf
#undef sprintf
#undef snprintf
#undef vprintf
#undef vfprintf
#undef vsprintf
#undef vsnprintf
#undef wprintf
#undef fwprintf
#undef swprintf
#undef vwprintf
#undef vfwprintf
#undef vswprintf
#undef fputws
#undef fputwc
#undef putwc
#undef putwchar
#undef fgetws
#undef fgetwc
#undef getwc
#undef getwchar
#undef ungetwc
#define printf(...) halde_printf(__VA_ARGS__)
#define fprintf(...) halde_fprintf(__VA_ARGS__)
#define sprintf(...) halde_sprintf(__VA_ARGS__)
#define snprintf(...) halde_snprintf(__VA_ARGS__)
#define vprintf(...) halde_vprintf(__VA_ARGS__)
#define vfprintf(...) halde_vfprintf(__VA_ARGS__)
#define vsprintf(...) halde_vsprintf(__VA_ARGS__)
#define vsnprintf(...) halde_vsnprintf(__VA_ARGS__)
#define wprintf(...) halde_wprintf(__VA_ARGS__)
#define fwprintf(...) halde_fwprintf(__VA_ARGS__)
#define swprintf(...) halde_swprintf(__VA_ARGS__)
#define vwprintf(...) halde_vwprintf(__VA_ARGS__)
#define vfwprintf(...) halde_vfwprintf(__VA_ARGS__)
#define vswprintf(...) halde_vswprintf(__VA_ARGS__)
#define fputws(string, stream) halde_fputws(string, stream)
#define fputwc(character, stream) halde_fputwc(character, stream)
#define putwc(character, stream) halde_fputwc(character, stream)
#define putwchar(character) halde_fputwc(character, stdout)
#define fgetws(buffer, count, stream) halde_fgetws(buffer, count, stream)
#define fgetwc(stream) halde_fgetwc(stream)
#define getwc(stream) halde_fgetwc(stream)
#define getwchar() halde_fgetwc(stdin)
#define ungetwc(character, stream) halde_ungetwc(character, stream)
#ifdef __cplusplus
namespace std
{
using ::halde_fgetwc;
using ::halde_fgetws;
using ::halde_fprintf;
using ::halde_fputwc;
using ::halde_fputws;
using ::halde_fwprintf;
using ::halde_printf;
using ::halde_snprintf;
using ::halde_sprintf;
using ::halde_swprintf;
using ::halde_ungetwc;
using ::halde_vfprintf;
using ::halde_vfwprintf;
using ::halde_vprintf;
using ::halde_vsnprintf;
using ::halde_vsprintf;
using ::halde_vswprintf;
using ::halde_vwprintf;
using ::halde_wprintf;
} // namespace std
#endif
#endif

#endif
