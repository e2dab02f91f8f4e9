// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Copies of environment variables.

#include "crtdbg/api.h"
#include "crtdbg/invalid_parameter.h"
#include "crtdbg/program_memory.h"
#include "print/codec.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define BAD_VALUE "buffer_pointer != nullptr"
#define BAD_NAME "name != nullptr"

static bool is_same_exactly(const char *left, const char *right, size_t size)
{
    return strncmp(left, right, size) == 0;
}

static unsigned char fold(char letter)
{
    return (unsigned char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

// As on Windows, for ASCII letters.
static bool is_same_folded(const char *left, const char *right, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (fold(left[i]) != fold(right[i]) || left[i] == '\0') {
            return left[i] == right[i];
        }
    }
    return true;
}

static const char *find(
    const char *name, bool (*is_same)(const char *left, const char *right, size_t size))
{
    const size_t size = strlen(name);
    for (char *const *item = environ; item != NULL && *item != NULL; item++) {
        if (is_same(*item, name, size) && (*item)[size] == '=') {
            return *item + size + 1;
        }
    }
    return NULL;
}

// Names that differ in case only are two variables here: the exact one goes first.
static const char *find_variable(const char *name)
{
    const char *value = find(name, is_same_exactly);
    return value != NULL ? value : find(name, is_same_folded);
}

static void set_size(size_t *size, size_t value)
{
    if (size != NULL) {
        *size = value;
    }
}

static errno_t copy(struct origin origin, char **value, size_t *size, const char *name)
{
    const char *found = find_variable(name);
    if (found == NULL) {
        return 0;
    }
    const size_t count = strlen(found) + 1;
    *value = program_allocate_zeroed(origin, count, sizeof(char));
    if (*value == NULL) {
        errno = ENOMEM;
        return ENOMEM;
    }
    memcpy(*value, found, count);
    set_size(size, count);
    return 0;
}

static errno_t copy_wide(struct origin origin, wchar_t **value, size_t *size, const wchar_t *name)
{
    char narrow_name[PATH_MAX];
    if (halde_codec_narrow(name, narrow_name, sizeof(narrow_name)) == SIZE_MAX) {
        return 0; // no variable has such a name
    }
    const char *found = find_variable(narrow_name);
    if (found == NULL) {
        return 0;
    }
    const size_t count = halde_codec_widen(found, NULL, 0) + 1;
    *value = program_allocate_zeroed(origin, count, sizeof(wchar_t));
    if (*value == NULL) {
        errno = ENOMEM;
        return ENOMEM;
    }
    halde_codec_widen(found, *value, count);
    set_size(size, count);
    return 0;
}

static errno_t narrow_entry(struct origin origin, char **value, size_t *size, const char *name)
{
    if (value == NULL) {
        INVALID_PARAMETER(BAD_VALUE, EINVAL);
        return EINVAL;
    }
    *value = NULL;
    set_size(size, 0);
    if (name == NULL) {
        INVALID_PARAMETER(BAD_NAME, EINVAL);
        return EINVAL;
    }
    return copy(origin, value, size, name);
}

static errno_t wide_entry(struct origin origin, wchar_t **value, size_t *size, const wchar_t *name)
{
    if (value == NULL) {
        INVALID_PARAMETER(BAD_VALUE, EINVAL);
        return EINVAL;
    }
    *value = NULL;
    set_size(size, 0);
    if (name == NULL) {
        INVALID_PARAMETER(BAD_NAME, EINVAL);
        return EINVAL;
    }
    return copy_wide(origin, value, size, name);
}

errno_t __cdecl _dupenv_s(char **value, size_t *size, const char *name)
{
    return narrow_entry(PLAIN_ORIGIN, value, size, name);
}

errno_t __cdecl _dupenv_s_dbg(
    char **value, size_t *size, const char *name, int block_use, const char *file, int line)
{
    return narrow_entry(DEBUG_ORIGIN(block_use, file, line), value, size, name);
}

errno_t __cdecl _wdupenv_s(wchar_t **value, size_t *size, const wchar_t *name)
{
    return wide_entry(PLAIN_ORIGIN, value, size, name);
}

errno_t __cdecl _wdupenv_s_dbg(
    wchar_t **value, size_t *size, const wchar_t *name, int block_use, const char *file, int line)
{
    return wide_entry(DEBUG_ORIGIN(block_use, file, line), value, size, name);
}
