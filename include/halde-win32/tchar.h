// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file tchar.h
 * Drop-in <tchar.h>: the generic-text names, narrow by default, wide when _UNICODE is defined.
 *
 * _UNICODE is independent of UNICODE, which <windows.h> looks at; a program normally defines both.
 * _MBCS is taken as narrow: the names then mean bytes.
 *
 * What differs from Windows: wchar_t has 32 bits here, so wide data in files or on the wire is not
 * compatible; wide text reaches streams, file names and the environment as described in
 * halde_stdio.h (nothing here changes a stream's orientation); `_tcstol`, `_ttol` and `_tcstoul`
 * give the 64-bit `long` of Linux; case is compared and changed by the program's locale; file names
 * are used as they are, backslashes and all; the functions ending in `_s` report a bad argument by
 * their result and call no handler.
 *
 * `_tmain` is `main` or `wmain`.  libhalde-wmain.a, which `pkg-config --libs halde-win32` names,
 * has a `main` for programs that define wmain.  `_tWinMain` is a name only: nothing calls it.  The
 * scanf and conio families have no names here.
 */
#ifndef HALDE_WIN32_TCHAR_H
#define HALDE_WIN32_TCHAR_H

#include <ctype.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wctype.h>

#include "halde_crt_strings.h"
#include "halde_stdio.h"

// Words of the compiler on Windows, with or without <windows.h>.
#ifndef __cdecl
#define __cdecl
#endif
#ifndef _cdecl
#define _cdecl
#endif
#ifndef __int64
#define __int64 long long
#endif

#ifndef _countof
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#endif

#ifdef __cplusplus
extern "C" {
#endif

// ---- What libc lacks, narrow and wide ---------------------------------------------------------

/**
 * strcpy_s, strcat_s, strncpy_s, strncat_s and the wide ones.
 * @param size   characters that the target holds, null included
 * @param count  characters of `source` to take at most; _TRUNCATE: as many as fit
 * @return 0; EINVAL (a NULL pointer, size 0, target not terminated); ERANGE (too small), then the
 *         target is an empty string; STRUNCATE when _TRUNCATE cut something off
 */
HALDE_API errno_t halde_strcpy_s(char *target, size_t size, const char *source);
HALDE_API errno_t halde_strcat_s(char *target, size_t size, const char *source);
HALDE_API errno_t halde_strncpy_s(char *target, size_t size, const char *source, size_t count);
HALDE_API errno_t halde_strncat_s(char *target, size_t size, const char *source, size_t count);
HALDE_API errno_t halde_wcscpy_s(wchar_t *target, size_t size, const wchar_t *source);
HALDE_API errno_t halde_wcscat_s(wchar_t *target, size_t size, const wchar_t *source);
HALDE_API errno_t halde_wcsncpy_s(
    wchar_t *target, size_t size, const wchar_t *source, size_t count);
HALDE_API errno_t halde_wcsncat_s(
    wchar_t *target, size_t size, const wchar_t *source, size_t count);

/** _stricmp and _strnicmp: <0, 0 or >0, without regard to case. */
HALDE_API int halde_stricmp(const char *left, const char *right);
HALDE_API int halde_strnicmp(const char *left, const char *right, size_t count);
HALDE_API int halde_wcsicmp(const wchar_t *left, const wchar_t *right);
HALDE_API int halde_wcsnicmp(const wchar_t *left, const wchar_t *right, size_t count);

/** _strdup: a copy for free(); NULL for NULL or without memory. */
HALDE_API char *halde_strdup(const char *string);
HALDE_API wchar_t *halde_wcsdup(const wchar_t *string);

/** _strlwr, _strupr, _strrev: change the string in place and return it. */
HALDE_API char *halde_strlwr(char *string);
HALDE_API char *halde_strupr(char *string);
HALDE_API char *halde_strrev(char *string);
HALDE_API wchar_t *halde_wcslwr(wchar_t *string);
HALDE_API wchar_t *halde_wcsupr(wchar_t *string);
HALDE_API wchar_t *halde_wcsrev(wchar_t *string);

/** The length, at most `size`. */
HALDE_API size_t halde_strnlen(const char *string, size_t size);
HALDE_API size_t halde_wcsnlen(const wchar_t *string, size_t size);

/** strtok_s: the next token of `string`, or, if NULL, of what `context` remembers; NULL at the end.
 */
HALDE_API char *halde_strtok_s(char *string, const char *delimiters, char **context);
HALDE_API wchar_t *halde_wcstok_s(wchar_t *string, const wchar_t *delimiters, wchar_t **context);

/** strtok and the old wcstok with two parameters: each thread has its own place. */
HALDE_API char *halde_strtok(char *string, const char *delimiters);
HALDE_API wchar_t *halde_wcstok(wchar_t *string, const wchar_t *delimiters);

/**
 * _itoa and its kin: a number in radix 2 to 36; only in radix 10 with a minus sign.  The buffer
 * must be large enough: up to 33 characters for 32 bits, 65 for 64.  _ltoa is _itoa, because `long`
 * has 32 bits on Windows. A bad radix gives an empty string.
 */
HALDE_API char *halde_itoa(int32_t value, char *buffer, int radix);
HALDE_API char *halde_ultoa(uint32_t value, char *buffer, int radix);
HALDE_API char *halde_i64toa(int64_t value, char *buffer, int radix);
HALDE_API char *halde_ui64toa(uint64_t value, char *buffer, int radix);
HALDE_API wchar_t *halde_itow(int32_t value, wchar_t *buffer, int radix);
HALDE_API wchar_t *halde_ultow(uint32_t value, wchar_t *buffer, int radix);
HALDE_API wchar_t *halde_i64tow(int64_t value, wchar_t *buffer, int radix);
HALDE_API wchar_t *halde_ui64tow(uint64_t value, wchar_t *buffer, int radix);

/** _itoa_s and its kin: 0; or EINVAL (NULL, size 0, bad radix) or ERANGE, and an empty string. */
HALDE_API errno_t halde_itoa_s(int32_t value, char *buffer, size_t size, int radix);
HALDE_API errno_t halde_ultoa_s(uint32_t value, char *buffer, size_t size, int radix);
HALDE_API errno_t halde_i64toa_s(int64_t value, char *buffer, size_t size, int radix);
HALDE_API errno_t halde_ui64toa_s(uint64_t value, char *buffer, size_t size, int radix);
HALDE_API errno_t halde_itow_s(int32_t value, wchar_t *buffer, size_t size, int radix);
HALDE_API errno_t halde_ultow_s(uint32_t value, wchar_t *buffer, size_t size, int radix);
HALDE_API errno_t halde_i64tow_s(int64_t value, wchar_t *buffer, size_t size, int radix);
HALDE_API errno_t halde_ui64tow_s(uint64_t value, wchar_t *buffer, size_t size, int radix);

// ---- The system with wide names ---------------------------------------------------------------

/** fopen, freopen, remove, rename, perror, system. A name beyond PATH_MAX: ENAMETOOLONG. */
HALDE_API FILE *halde_wfopen(const wchar_t *path, const wchar_t *mode);
HALDE_API FILE *halde_wfreopen(const wchar_t *path, const wchar_t *mode, FILE *stream);
HALDE_API int halde_wremove(const wchar_t *path);
HALDE_API int halde_wrename(const wchar_t *from, const wchar_t *to);
HALDE_API void halde_wperror(const wchar_t *message);
HALDE_API int halde_wsystem(const wchar_t *command);

/** fopen_s: 0 and the stream, or an errno value and NULL. */
HALDE_API errno_t halde_fopen_s(FILE **stream, const char *path, const char *mode);
HALDE_API errno_t halde_wfopen_s(FILE **stream, const wchar_t *path, const wchar_t *mode);

/** getenv and setlocale: the strings stay valid and unchanged until the process ends. */
HALDE_API wchar_t *halde_wgetenv(const wchar_t *name);
HALDE_API wchar_t *halde_wsetlocale(int category, const wchar_t *name);

/** The environment as it was at the first call, which is before wmain; NULL without memory. */
HALDE_API wchar_t **halde_wenviron(void);

/**
 * Converts a list of strings that ends with NULL, such as argv.
 * @param strings  NULL counts as an empty list
 * @return a list of the same form in one block for free(), or NULL without memory
 */
HALDE_API wchar_t **halde_wide_strings(char *const *strings);

/** The environment for `_tenviron` in narrow builds. */
HALDE_API char **halde_environ(void);

#ifdef __cplusplus
}
#endif

// ---- Types and literals -----------------------------------------------------------------------

#ifdef _UNICODE
#define __T(text) L##text
typedef wchar_t _TCHAR;
typedef wchar_t _TSCHAR;
typedef wchar_t _TUCHAR;
typedef wchar_t _TXCHAR;
typedef wint_t _TINT;
#define _TEOF WEOF
#else
#define __T(text) text
typedef char _TCHAR;
typedef signed char _TSCHAR;
typedef unsigned char _TUCHAR;
typedef char _TXCHAR;
typedef int _TINT;
#define _TEOF EOF
#endif

// Two levels, so that a macro as argument is expanded before it gets its L.
#define _T(text) __T(text)
#define _TEXT(text) __T(text)

// The SDK's headers define TCHAR by UNICODE; whoever comes first defines it, under this mark.
#ifndef _TCHAR_DEFINED
#define _TCHAR_DEFINED
typedef _TCHAR TCHAR;
typedef _TCHAR *PTCHAR;
typedef _TUCHAR TBYTE;
typedef _TUCHAR *PTBYTE;
#endif

// ---- Names that differ by width ---------------------------------------------------------------

#ifdef _UNICODE

#define _tmain wmain
#define _tWinMain wWinMain
#define _tenviron halde_wenviron()

#define _tprintf halde_wprintf
#define _tprintf_s halde_wprintf_s
#define _ftprintf halde_fwprintf
#define _ftprintf_s halde_fwprintf_s
#define _stprintf halde_msvc_swprintf
#define _stprintf_s halde_swprintf_s
#define _sntprintf halde_msvc_snwprintf
#define _sntprintf_s halde_snwprintf_s
#define _sctprintf halde_scwprintf
#define _vtprintf halde_vwprintf
#define _vtprintf_s halde_vwprintf_s
#define _vftprintf halde_vfwprintf
#define _vftprintf_s halde_vfwprintf_s
#define _vstprintf halde_msvc_vswprintf
#define _vstprintf_s halde_vswprintf_s
#define _vsntprintf halde_msvc_vsnwprintf
#define _vsntprintf_s halde_vsnwprintf_s
#define _vsctprintf halde_vscwprintf

#define _putts halde_putws
#define _fputts halde_fputws
#define _fgetts halde_fgetws
#define _getts_s halde_getws_s
#define _puttc halde_fputwc
#define _fputtc halde_fputwc
#define _puttchar(character) halde_fputwc((character), stdout)
#define _fputtchar(character) halde_fputwc((character), stdout)
#define _gettc halde_fgetwc
#define _fgettc halde_fgetwc
#define _gettchar() halde_fgetwc(stdin)
#define _fgettchar() halde_fgetwc(stdin)
#define _ungettc halde_ungetwc

#define _tcslen wcslen
#define _tcsclen wcslen
#define _tcsnlen halde_wcsnlen
#define _tcscnlen halde_wcsnlen
#define _tcscpy wcscpy
#define _tcsncpy wcsncpy
#define _tcsnccpy wcsncpy
#define _tcscat wcscat
#define _tcsncat wcsncat
#define _tcsnccat wcsncat
#define _tcscmp wcscmp
#define _tcsncmp wcsncmp
#define _tcsnccmp wcsncmp
#define _tcscoll wcscoll
#define _tcsxfrm wcsxfrm
#define _tcschr wcschr
#define _tcsrchr wcsrchr
#define _tcsstr wcsstr
#define _tcspbrk wcspbrk
#define _tcsspn wcsspn
#define _tcscspn wcscspn
#define _tcstok halde_wcstok
#define _tcstok_s halde_wcstok_s
#define _tcsdup _wcsdup
#define _tcsicmp halde_wcsicmp
#define _tcsnicmp halde_wcsnicmp
#define _tcsncicmp halde_wcsnicmp
#define _tcslwr halde_wcslwr
#define _tcsupr halde_wcsupr
#define _tcsrev halde_wcsrev
#define _tcscpy_s halde_wcscpy_s
#define _tcsncpy_s halde_wcsncpy_s
#define _tcscat_s halde_wcscat_s
#define _tcsncat_s halde_wcsncat_s

#define _tcstol wcstol
#define _tcstoul wcstoul
#define _tcstoll wcstoll
#define _tcstoull wcstoull
#define _tcstoi64 wcstoll
#define _tcstoui64 wcstoull
#define _tcstod wcstod
#define _tcsftime wcsftime
#define _ttoi(string) ((int)wcstol((string), NULL, 10))
#define _ttol(string) wcstol((string), NULL, 10)
#define _ttoi64(string) wcstoll((string), NULL, 10)
#define _ttof(string) wcstod((string), NULL)
#define _itot halde_itow
#define _ltot halde_itow
#define _ultot halde_ultow
#define _i64tot halde_i64tow
#define _ui64tot halde_ui64tow
#define _itot_s halde_itow_s
#define _ltot_s halde_itow_s
#define _ultot_s halde_ultow_s
#define _i64tot_s halde_i64tow_s
#define _ui64tot_s halde_ui64tow_s

#define _istalnum(character) iswalnum((wint_t)(character))
#define _istalpha(character) iswalpha((wint_t)(character))
#define _istcntrl(character) iswcntrl((wint_t)(character))
#define _istdigit(character) iswdigit((wint_t)(character))
#define _istgraph(character) iswgraph((wint_t)(character))
#define _istlower(character) iswlower((wint_t)(character))
#define _istprint(character) iswprint((wint_t)(character))
#define _istpunct(character) iswpunct((wint_t)(character))
#define _istspace(character) iswspace((wint_t)(character))
#define _istupper(character) iswupper((wint_t)(character))
#define _istxdigit(character) iswxdigit((wint_t)(character))
#define _totlower(character) ((wchar_t)towlower((wint_t)(character)))
#define _totupper(character) ((wchar_t)towupper((wint_t)(character)))

#define _tfopen halde_wfopen
#define _tfopen_s halde_wfopen_s
#define _tfreopen halde_wfreopen
#define _tremove halde_wremove
#define _trename halde_wrename
#define _tperror halde_wperror
#define _tsystem halde_wsystem
#define _tgetenv halde_wgetenv
#define _tsetlocale halde_wsetlocale
#define _ttempnam _wtempnam
#define _tfullpath _wfullpath
#define _tgetcwd _wgetcwd
#define _tgetdcwd _wgetdcwd
#define _tdupenv_s _wdupenv_s
#define _tcsdup_dbg _wcsdup_dbg
#define _ttempnam_dbg _wtempnam_dbg
#define _tfullpath_dbg _wfullpath_dbg
#define _tgetcwd_dbg _wgetcwd_dbg
#define _tgetdcwd_dbg _wgetdcwd_dbg
#define _tdupenv_s_dbg _wdupenv_s_dbg

#else

#define _tmain main
#define _tWinMain WinMain
#define _tenviron halde_environ()

#define _tprintf halde_printf
#define _tprintf_s halde_printf_s
#define _ftprintf halde_fprintf
#define _ftprintf_s halde_fprintf_s
#define _stprintf halde_sprintf
#define _stprintf_s halde_sprintf_s
#define _sntprintf halde_msvc_snprintf
#define _sntprintf_s halde_snprintf_s
#define _sctprintf halde_scprintf
#define _vtprintf halde_vprintf
#define _vtprintf_s halde_vprintf_s
#define _vftprintf halde_vfprintf
#define _vftprintf_s halde_vfprintf_s
#define _vstprintf halde_vsprintf
#define _vstprintf_s halde_vsprintf_s
#define _vsntprintf halde_msvc_vsnprintf
#define _vsntprintf_s halde_vsnprintf_s
#define _vsctprintf halde_vscprintf

#define _putts puts
#define _fputts fputs
#define _fgetts fgets
#define _getts_s halde_gets_s
#define _puttc putc
#define _fputtc fputc
#define _puttchar putchar
#define _fputtchar putchar
#define _gettc getc
#define _fgettc fgetc
#define _gettchar getchar
#define _fgettchar getchar
#define _ungettc ungetc

#define _tcslen strlen
#define _tcsclen strlen
#define _tcsnlen halde_strnlen
#define _tcscnlen halde_strnlen
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcsnccpy strncpy
#define _tcscat strcat
#define _tcsncat strncat
#define _tcsnccat strncat
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcsnccmp strncmp
#define _tcscoll strcoll
#define _tcsxfrm strxfrm
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcspbrk strpbrk
#define _tcsspn strspn
#define _tcscspn strcspn
#define _tcstok halde_strtok
#define _tcstok_s halde_strtok_s
#define _tcsdup _strdup
#define _tcsicmp halde_stricmp
#define _tcsnicmp halde_strnicmp
#define _tcsncicmp halde_strnicmp
#define _tcslwr halde_strlwr
#define _tcsupr halde_strupr
#define _tcsrev halde_strrev
#define _tcscpy_s halde_strcpy_s
#define _tcsncpy_s halde_strncpy_s
#define _tcscat_s halde_strcat_s
#define _tcsncat_s halde_strncat_s

#define _tcstol strtol
#define _tcstoul strtoul
#define _tcstoll strtoll
#define _tcstoull strtoull
#define _tcstoi64 strtoll
#define _tcstoui64 strtoull
#define _tcstod strtod
#define _tcsftime strftime
#define _ttoi atoi
#define _ttol atol
#define _ttoi64 atoll
#define _ttof atof
#define _itot halde_itoa
#define _ltot halde_itoa
#define _ultot halde_ultoa
#define _i64tot halde_i64toa
#define _ui64tot halde_ui64toa
#define _itot_s halde_itoa_s
#define _ltot_s halde_itoa_s
#define _ultot_s halde_ultoa_s
#define _i64tot_s halde_i64toa_s
#define _ui64tot_s halde_ui64toa_s

// A char may be negative, which the functions of <ctype.h> must not be given.
#define _istalnum(character) isalnum((unsigned char)(character))
#define _istalpha(character) isalpha((unsigned char)(character))
#define _istcntrl(character) iscntrl((unsigned char)(character))
#define _istdigit(character) isdigit((unsigned char)(character))
#define _istgraph(character) isgraph((unsigned char)(character))
#define _istlower(character) islower((unsigned char)(character))
#define _istprint(character) isprint((unsigned char)(character))
#define _istpunct(character) ispunct((unsigned char)(character))
#define _istspace(character) isspace((unsigned char)(character))
#define _istupper(character) isupper((unsigned char)(character))
#define _istxdigit(character) isxdigit((unsigned char)(character))
#define _totlower(character) tolower((unsigned char)(character))
#define _totupper(character) toupper((unsigned char)(character))

#define _tfopen fopen
#define _tfopen_s halde_fopen_s
#define _tfreopen freopen
#define _tremove remove
#define _trename rename
#define _tperror perror
#define _tsystem system
#define _tgetenv getenv
#define _tsetlocale setlocale
#define _ttempnam _tempnam
#define _tfullpath _fullpath
#define _tgetcwd _getcwd
#define _tgetdcwd _getdcwd
#define _tdupenv_s _dupenv_s
#define _tcsdup_dbg _strdup_dbg
#define _ttempnam_dbg _tempnam_dbg
#define _tfullpath_dbg _fullpath_dbg
#define _tgetcwd_dbg _getcwd_dbg
#define _tgetdcwd_dbg _getdcwd_dbg
#define _tdupenv_s_dbg _dupenv_s_dbg

#endif

#define _tstoi _ttoi
#define _tstol _ttol
#define _tstoi64 _ttoi64
#define _tstof _ttof

// One character is one unit in both builds.
#define _tclen(pointer) ((size_t)1)
#define _tccpy(target, source) ((void)(*(target) = *(source)))
#define _tccmp(left, right) (*(left) - *(right))
#define _tcsinc(pointer) ((pointer) + 1)
#define _tcsdec(start, pointer) ((pointer) > (start) ? (pointer)-1 : NULL)
#define _tcsnextc(pointer) ((_TINT)(_TUCHAR)(pointer)[0])
#define _istleadbyte(character) (0)
#define _istlead(character) (0)
#define _istlegal(character) (1)

// ---- The same functions under the names of one width -------------------------------------------

#define strcpy_s halde_strcpy_s
#define strcat_s halde_strcat_s
#define strncpy_s halde_strncpy_s
#define strncat_s halde_strncat_s
#define strtok_s halde_strtok_s
#define wcscpy_s halde_wcscpy_s
#define wcscat_s halde_wcscat_s
#define wcsncpy_s halde_wcsncpy_s
#define wcsncat_s halde_wcsncat_s
#define wcstok_s halde_wcstok_s
#define fopen_s halde_fopen_s
#define _stricmp halde_stricmp
#define _strnicmp halde_strnicmp
#ifndef _strdup // <crtdbg.h> may have a macro of this name
#define _strdup halde_strdup
#endif
#define _strlwr halde_strlwr
#define _strupr halde_strupr
#define _strrev halde_strrev
#define _wcsicmp halde_wcsicmp
#define _wcsnicmp halde_wcsnicmp
#ifndef _wcsdup
#define _wcsdup halde_wcsdup
#endif
#define _wcslwr halde_wcslwr
#define _wcsupr halde_wcsupr
#define _wcsrev halde_wcsrev
#define _itoa halde_itoa
#define _ltoa halde_itoa
#define _ultoa halde_ultoa
#define _i64toa halde_i64toa
#define _ui64toa halde_ui64toa
#define _itow halde_itow
#define _ltow halde_itow
#define _ultow halde_ultow
#define _i64tow halde_i64tow
#define _ui64tow halde_ui64tow
#define _itoa_s halde_itoa_s
#define _ltoa_s halde_itoa_s
#define _ultoa_s halde_ultoa_s
#define _i64toa_s halde_i64toa_s
#define _ui64toa_s halde_ui64toa_s
#define _itow_s halde_itow_s
#define _ltow_s halde_itow_s
#define _ultow_s halde_ultow_s
#define _i64tow_s halde_i64tow_s
#define _ui64tow_s halde_ui64tow_s
#define _wtoi(string) ((int)wcstol((string), NULL, 10))
#define _wtol(string) wcstol((string), NULL, 10)
#define _wtoi64(string) wcstoll((string), NULL, 10)
#define _wtof(string) wcstod((string), NULL)
#define _wfopen halde_wfopen
#define _wfopen_s halde_wfopen_s
#define _wfreopen halde_wfreopen
#define _wremove halde_wremove
#define _wrename halde_wrename
#define _wperror halde_wperror
#define _wsystem halde_wsystem
#define _wgetenv halde_wgetenv
#define _wsetlocale halde_wsetlocale
#define _wenviron halde_wenviron()

// C++: the `_s` functions take the size of an array by themselves.
#ifdef __cplusplus
extern "C++" {
template <size_t size> inline errno_t halde_strcpy_s(char (&target)[size], const char *source)
{
    return halde_strcpy_s(target, size, source);
}

template <size_t size> inline errno_t halde_strcat_s(char (&target)[size], const char *source)
{
    return halde_strcat_s(target, size, source);
}

template <size_t size>
inline errno_t halde_strncpy_s(char (&target)[size], const char *source, size_t count)
{
    return halde_strncpy_s(target, size, source, count);
}

template <size_t size> inline errno_t halde_wcscpy_s(wchar_t (&target)[size], const wchar_t *source)
{
    return halde_wcscpy_s(target, size, source);
}

template <size_t size> inline errno_t halde_wcscat_s(wchar_t (&target)[size], const wchar_t *source)
{
    return halde_wcscat_s(target, size, source);
}

template <size_t size>
inline errno_t halde_wcsncpy_s(wchar_t (&target)[size], const wchar_t *source, size_t count)
{
    return halde_wcsncpy_s(target, size, source, count);
}
}
#endif

#endif
