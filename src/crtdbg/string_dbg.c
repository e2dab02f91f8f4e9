// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Copies of strings.

#include "crtdbg/api.h"
#include "crtdbg/program_memory.h"

#include <string.h>
#include <wchar.h>

static char *copy(struct origin origin, const char *string)
{
    if (string == NULL) {
        return NULL;
    }
    const size_t size = strlen(string) + 1;
    char *block = program_allocate(origin, size, 1);
    return block != NULL ? memcpy(block, string, size) : NULL;
}

static wchar_t *copy_wide(struct origin origin, const wchar_t *string)
{
    if (string == NULL) {
        return NULL;
    }
    const size_t size = wcslen(string) + 1;
    wchar_t *block = program_allocate(origin, size, sizeof(wchar_t));
    return block != NULL ? wmemcpy(block, string, size) : NULL;
}

char *__cdecl _strdup(const char *string)
{
    return copy(PLAIN_ORIGIN, string);
}

char *__cdecl _strdup_dbg(const char *string, int block_use, const char *file, int line)
{
    return copy(DEBUG_ORIGIN(block_use, file, line), string);
}

unsigned char *__cdecl _mbsdup(const unsigned char *string)
{
    return (unsigned char *)copy(PLAIN_ORIGIN, (const char *)string);
}

wchar_t *__cdecl _wcsdup(const wchar_t *string)
{
    return copy_wide(PLAIN_ORIGIN, string);
}

wchar_t *__cdecl _wcsdup_dbg(const wchar_t *string, int block_use, const char *file, int line)
{
    return copy_wide(DEBUG_ORIGIN(block_use, file, line), string);
}
