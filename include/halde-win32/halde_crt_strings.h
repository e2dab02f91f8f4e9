/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file halde_crt_strings.h
 * Functions of Microsoft's run-time library that return memory for free(): copies of strings, names
 * of files and folders, values of the environment.  <stdlib.h>, <string.h>, <direct.h> and
 * <crtdbg.h> declare them.
 *
 * Wide text is converted as halde_stdio.h describes.  Threads: any, as far as getenv() allows.
 */
#ifndef HALDE_WIN32_CRT_STRINGS_H
#define HALDE_WIN32_CRT_STRINGS_H

#include "halde_crt.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

HALDE_EXTERN_C_BEGIN

/** A copy; NULL for NULL or without memory. Source: _strdup, _wcsdup, _mbsdup. */
HALDE_CRTAPI char *__cdecl _strdup(const char *string);
HALDE_CRTAPI wchar_t *__cdecl _wcsdup(const wchar_t *string);
HALDE_CRTAPI unsigned char *__cdecl _mbsdup(const unsigned char *string);

/**
 * A name for a temporary file that did not exist at that moment: in the folder that TMP names, else
 * in `folder`, else in P_tmpdir, else in the current one.
 * @return NULL without memory or when no name is left.  Source: _tempnam.
 */
HALDE_CRTAPI char *__cdecl _tempnam(const char *folder, const char *prefix);
HALDE_CRTAPI wchar_t *__cdecl _wtempnam(const wchar_t *folder, const wchar_t *prefix);

/**
 * The absolute path without `.`, `..` and doubled separators; symbolic links are not followed.
 * @param buffer  receives it; NULL: it is allocated, and `size` is ignored
 * @param path    NULL or empty: the current folder
 * @param size    characters that the buffer holds
 * @return the path; NULL with errno ERANGE (too small) or ENOMEM.  Source: _fullpath.
 */
HALDE_CRTAPI char *__cdecl _fullpath(char *buffer, const char *path, size_t size);
HALDE_CRTAPI wchar_t *__cdecl _wfullpath(wchar_t *buffer, const wchar_t *path, size_t size);

/**
 * The current folder.
 * @param buffer  receives it; NULL: a block of at least `size` characters is allocated
 * @param size    characters; 0 with a buffer, or below 0, is an invalid parameter
 * @param drive   0 or 3 (C): the one file system there is; others: an invalid parameter, EACCES
 * @return the path; NULL with errno ERANGE (too small) or ENOMEM.  Source: _getcwd, _getdcwd.
 */
HALDE_CRTAPI char *__cdecl _getcwd(char *buffer, int size);
HALDE_CRTAPI wchar_t *__cdecl _wgetcwd(wchar_t *buffer, int size);
HALDE_CRTAPI char *__cdecl _getdcwd(int drive, char *buffer, int size);
HALDE_CRTAPI wchar_t *__cdecl _wgetdcwd(int drive, wchar_t *buffer, int size);

/**
 * A copy of an environment variable's value. The name is compared without regard to the case of
 * ASCII letters, after an exact match has been looked for.
 * @param value  receives the copy, or NULL when there is no such variable
 * @param size   receives its characters with the null, or 0; may be NULL
 * @return 0, ENOMEM, or EINVAL for a NULL value or name, an invalid parameter.  Source: _dupenv_s.
 */
HALDE_CRTAPI errno_t __cdecl _dupenv_s(char **value, size_t *size, const char *name);
HALDE_CRTAPI errno_t __cdecl _wdupenv_s(wchar_t **value, size_t *size, const wchar_t *name);

/** The descriptor of a stream, -1 if it has none. Source: _fileno. */
HALDE_CRTAPI int __cdecl _fileno(FILE *stream);

/** What _CrtSetReportFile() takes for a file descriptor; -1 and errno EBADF if it is not open.
 * Source: _get_osfhandle. */
HALDE_CRTAPI intptr_t __cdecl _get_osfhandle(int descriptor);

HALDE_EXTERN_C_END

#endif
