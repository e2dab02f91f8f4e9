// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The current folder and absolute paths.  Every function works on bytes in a buffer of its own and
// hands the result over in the width and to the place that the caller asked for.

#include "crtdbg/api.h"
#include "crtdbg/invalid_parameter.h"
#include "crtdbg/program_memory.h"
#include "halde-win32/direct.h"
#include "print/codec.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define BAD_DRIVE "(\"Invalid Drive Index\", 0)"

enum {
    SCRATCH_SIZE = 2 * PATH_MAX, // a folder and a path behind it
    DRIVE_CURRENT = 0,
    DRIVE_C = 3
};

/// Where a path goes: exactly one pointer type is used, by `is_wide`.
struct target {
    bool is_wide;
    char *narrow;  ///< NULL: allocated
    wchar_t *wide; ///< NULL: allocated
    size_t size;   ///< characters; of an allocated block the least
};

static bool is_allocated(const struct target *target)
{
    return target->is_wide ? target->wide == NULL : target->narrow == NULL;
}

// ---- Handing over -----------------------------------------------------------------------------

static char *put_narrow(struct origin origin, const struct target *target, const char *path)
{
    const size_t count = strlen(path) + 1;
    char *buffer = target->narrow;
    if (buffer == NULL) {
        buffer = program_allocate(origin, count > target->size ? count : target->size, 1);
    }
    return buffer != NULL ? memcpy(buffer, path, count) : NULL;
}

static wchar_t *put_wide(
    struct origin origin, const struct target *target, const char *path, size_t count)
{
    wchar_t *buffer = target->wide;
    if (buffer == NULL) {
        buffer =
            program_allocate(origin, count > target->size ? count : target->size, sizeof(wchar_t));
    }
    if (buffer != NULL) {
        halde_codec_widen(path, buffer, count);
    }
    return buffer;
}

static void *put(struct origin origin, const struct target *target, const char *path)
{
    const size_t count = (target->is_wide ? halde_codec_widen(path, NULL, 0) : strlen(path)) + 1;
    if (!is_allocated(target) && count > target->size) {
        errno = ERANGE;
        return NULL;
    }
    return target->is_wide ? (void *)put_wide(origin, target, path, count)
                           : put_narrow(origin, target, path);
}

// ---- Current folder ---------------------------------------------------------------------------

static void *current_folder(struct origin origin, const struct target *target)
{
    char path[PATH_MAX];
    if (getcwd(path, sizeof(path)) == NULL) {
        return NULL;
    }
    return put(origin, target, path);
}

static void *current_folder_entry(struct origin origin, int drive, struct target *target, int size)
{
    if (size < 0) {
        INVALID_PARAMETER("maximum_count >= 0", EINVAL);
        return NULL;
    }
    if (size == 0 && !is_allocated(target)) {
        INVALID_PARAMETER("maximum_count > 0", EINVAL);
        return NULL;
    }
    if (drive != DRIVE_CURRENT && drive != DRIVE_C) {
        INVALID_PARAMETER(BAD_DRIVE, EACCES);
        return NULL;
    }
    target->size = (size_t)size;
    return current_folder(origin, target);
}

static char *narrow_folder(struct origin origin, int drive, char *buffer, int size)
{
    struct target target = {.narrow = buffer};
    return current_folder_entry(origin, drive, &target, size);
}

static wchar_t *wide_folder(struct origin origin, int drive, wchar_t *buffer, int size)
{
    struct target target = {.is_wide = true, .wide = buffer};
    return current_folder_entry(origin, drive, &target, size);
}

char *__cdecl _getcwd(char *buffer, int size)
{
    return narrow_folder(PLAIN_ORIGIN, DRIVE_CURRENT, buffer, size);
}

char *__cdecl _getcwd_dbg(char *buffer, int size, int block_use, const char *file, int line)
{
    return narrow_folder(DEBUG_ORIGIN(block_use, file, line), DRIVE_CURRENT, buffer, size);
}

wchar_t *__cdecl _wgetcwd(wchar_t *buffer, int size)
{
    return wide_folder(PLAIN_ORIGIN, DRIVE_CURRENT, buffer, size);
}

wchar_t *__cdecl _wgetcwd_dbg(wchar_t *buffer, int size, int block_use, const char *file, int line)
{
    return wide_folder(DEBUG_ORIGIN(block_use, file, line), DRIVE_CURRENT, buffer, size);
}

char *__cdecl _getdcwd(int drive, char *buffer, int size)
{
    return narrow_folder(PLAIN_ORIGIN, drive, buffer, size);
}

char *__cdecl _getdcwd_dbg(
    int drive, char *buffer, int size, int block_use, const char *file, int line)
{
    return narrow_folder(DEBUG_ORIGIN(block_use, file, line), drive, buffer, size);
}

wchar_t *__cdecl _wgetdcwd(int drive, wchar_t *buffer, int size)
{
    return wide_folder(PLAIN_ORIGIN, drive, buffer, size);
}

wchar_t *__cdecl _wgetdcwd_dbg(
    int drive, wchar_t *buffer, int size, int block_use, const char *file, int line)
{
    return wide_folder(DEBUG_ORIGIN(block_use, file, line), drive, buffer, size);
}

// ---- Absolute path ----------------------------------------------------------------------------

// Takes the last part off a path that has no slash at its end; the root stays.
static size_t drop_last_part(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] != '/') {
        length--;
    }
    return length > 0 ? length - 1 : 0;
}

// Adds one part of a path, by its meaning.
static size_t add_part(char *path, size_t length, const char *part, size_t size)
{
    if (size == 0 || (size == 1 && part[0] == '.')) {
        return length;
    }
    if (size == 2 && part[0] == '.' && part[1] == '.') {
        return drop_last_part(path, length);
    }
    path[length] = '/';
    memmove(path + length + 1, part, size); // the part may stand in the same buffer, further on
    return length + 1 + size;
}

// Resolves `.`, `..` and doubled slashes in place. One slash at the end stays.
static void normalise(char *path)
{
    const size_t old_length = strlen(path);
    const bool ends_with_slash = old_length > 0 && path[old_length - 1] == '/';
    size_t length = 0;
    for (const char *rest = path; *rest != '\0';) {
        const size_t size = strcspn(rest, "/");
        length = add_part(path, length, rest, size);
        rest += size;
        rest += *rest == '/';
    }
    if (length == 0 || ends_with_slash) {
        path[length++] = '/';
    }
    path[length] = '\0';
}

// Writes folder and path one behind the other. Returns whether they fit.
static bool make_absolute(char scratch[SCRATCH_SIZE], const char *path)
{
    size_t length = 0;
    scratch[0] = '\0';
    if (path[0] != '/') {
        if (getcwd(scratch, PATH_MAX) == NULL) {
            return false;
        }
        length = strlen(scratch);
        scratch[length++] = '/';
    }
    const size_t size = strlen(path) + 1;
    if (size > SCRATCH_SIZE - length) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(scratch + length, path, size);
    normalise(scratch);
    return true;
}

static void *full_path(struct origin origin, const struct target *target, const char *path)
{
    char scratch[SCRATCH_SIZE];
    struct target result = *target;
    if (is_allocated(target)) {
        result.size = 0;
    }
    return make_absolute(scratch, path) ? put(origin, &result, scratch) : NULL;
}

// Without a path: the current folder, from a call that knows no file and line.
static int int_size(size_t size)
{
    return size <= INT_MAX ? (int)size : INT_MAX;
}

static char *narrow_full_path(struct origin origin, char *buffer, const char *path, size_t size)
{
    if (path == NULL || path[0] == '\0') {
        return _getcwd(buffer, int_size(size));
    }
    const struct target target = {.narrow = buffer, .size = size};
    return full_path(origin, &target, path);
}

static wchar_t *wide_full_path(
    struct origin origin, wchar_t *buffer, const wchar_t *path, size_t size)
{
    if (path == NULL || path[0] == L'\0') {
        return _wgetcwd(buffer, int_size(size));
    }
    char narrow_path[PATH_MAX];
    if (halde_codec_narrow(path, narrow_path, sizeof(narrow_path)) == SIZE_MAX) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    const struct target target = {.is_wide = true, .wide = buffer, .size = size};
    return full_path(origin, &target, narrow_path);
}

char *__cdecl _fullpath(char *buffer, const char *path, size_t size)
{
    return narrow_full_path(PLAIN_ORIGIN, buffer, path, size);
}

char *__cdecl _fullpath_dbg(
    char *buffer, const char *path, size_t size, int block_use, const char *file, int line)
{
    return narrow_full_path(DEBUG_ORIGIN(block_use, file, line), buffer, path, size);
}

wchar_t *__cdecl _wfullpath(wchar_t *buffer, const wchar_t *path, size_t size)
{
    return wide_full_path(PLAIN_ORIGIN, buffer, path, size);
}

wchar_t *__cdecl _wfullpath_dbg(
    wchar_t *buffer, const wchar_t *path, size_t size, int block_use, const char *file, int line)
{
    return wide_full_path(DEBUG_ORIGIN(block_use, file, line), buffer, path, size);
}
