// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Files, environment and locale under wide names, declared in include/halde-win32/tchar.h.
 *
 * Names are converted in arrays on the stack.  Strings that are handed out (an environment value,
 * the name of a locale) are kept forever, one copy of each: a program may hold them as long as it
 * likes, as on Windows.
 */
#include "halde-win32/tchar.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/compiler.h"
#include "print/codec.h"

#define MODE_SIZE 64 ///< fopen's mode, null included

/// Converts a string for a system call. Returns whether it fits; otherwise errno is set.
static bool narrow_argument(const wchar_t *wide, char *bytes, size_t capacity, int error_if_long)
{
    if (wide == NULL) {
        errno = EINVAL;
        return false;
    }
    if (halde_codec_narrow(wide, bytes, capacity) == SIZE_MAX) {
        errno = error_if_long;
        return false;
    }
    return true;
}

// ---- Files ------------------------------------------------------------------------------------

FILE *halde_wfopen(const wchar_t *path, const wchar_t *mode)
{
    char narrow_path[PATH_MAX];
    char narrow_mode[MODE_SIZE];
    if (!narrow_argument(path, narrow_path, sizeof(narrow_path), ENAMETOOLONG) ||
        !narrow_argument(mode, narrow_mode, sizeof(narrow_mode), EINVAL)) {
        return NULL;
    }
    return fopen(narrow_path, narrow_mode);
}

FILE *halde_wfreopen(const wchar_t *path, const wchar_t *mode, FILE *stream)
{
    char narrow_path[PATH_MAX];
    char narrow_mode[MODE_SIZE];
    if (!narrow_argument(path, narrow_path, sizeof(narrow_path), ENAMETOOLONG) ||
        !narrow_argument(mode, narrow_mode, sizeof(narrow_mode), EINVAL)) {
        return NULL;
    }
    return freopen(narrow_path, narrow_mode, stream);
}

/// The result of the fopen_s functions; success keeps errno.
static errno_t finish_open(FILE **stream, FILE *opened, int saved_errno)
{
    *stream = opened;
    if (opened == NULL) {
        return errno;
    }
    errno = saved_errno;
    return 0;
}

errno_t halde_fopen_s(FILE **stream, const char *path, const char *mode)
{
    if (stream == NULL) {
        return EINVAL;
    }
    *stream = NULL;
    if (path == NULL || mode == NULL) {
        return EINVAL;
    }
    const int saved_errno = errno;
    return finish_open(stream, fopen(path, mode), saved_errno);
}

errno_t halde_wfopen_s(FILE **stream, const wchar_t *path, const wchar_t *mode)
{
    if (stream == NULL) {
        return EINVAL;
    }
    const int saved_errno = errno;
    return finish_open(stream, halde_wfopen(path, mode), saved_errno);
}

int halde_wremove(const wchar_t *path)
{
    char narrow_path[PATH_MAX];
    if (!narrow_argument(path, narrow_path, sizeof(narrow_path), ENAMETOOLONG)) {
        return -1;
    }
    return remove(narrow_path);
}

int halde_wrename(const wchar_t *from, const wchar_t *to)
{
    char narrow_from[PATH_MAX];
    char narrow_to[PATH_MAX];
    if (!narrow_argument(from, narrow_from, sizeof(narrow_from), ENAMETOOLONG) ||
        !narrow_argument(to, narrow_to, sizeof(narrow_to), ENAMETOOLONG)) {
        return -1;
    }
    return rename(narrow_from, narrow_to);
}

void halde_wperror(const wchar_t *message)
{
    const int error = errno;
    if (message == NULL || *message == L'\0') {
        halde_fprintf(stderr, "%s\n", strerror(error));
    } else {
        halde_fprintf(stderr, "%ls: %s\n", message, strerror(error));
    }
    errno = error;
}

int halde_wsystem(const wchar_t *command)
{
    if (command == NULL) {
        return system(NULL); // NOLINT(cert-env33-c): this function is system()
    }
    // Each wide character makes at most CODEC_MAX_BYTES bytes.
    const size_t capacity = wcslen(command) * CODEC_MAX_BYTES + 1;
    char *narrow = malloc(capacity);
    if (narrow == NULL) {
        return -1;
    }
    halde_codec_narrow(command, narrow, capacity);
    const int status = system(narrow); // NOLINT(cert-env33-c)
    free(narrow);
    return status;
}

// ---- Strings that are handed out --------------------------------------------------------------

struct kept_string {
    struct kept_string *next; ///< constant after it was published
    wchar_t text[];           ///< constant after it was published
};

/// Newest first. Any thread adds one at the head (release) and reads the list (acquire); none is
/// taken out.
static _Atomic(struct kept_string *) kept_strings;

/// Searches from `first` up to, not including, `end`.
static wchar_t *find_kept(
    struct kept_string *first, const struct kept_string *end, const wchar_t *text)
{
    for (struct kept_string *kept = first; kept != end; kept = kept->next) {
        if (wcscmp(kept->text, text) == 0) {
            return kept->text;
        }
    }
    return NULL;
}

/// The wide form of a string, the same one for equal strings. NULL without memory.
static wchar_t *keep_wide(const char *string)
{
    const size_t length = halde_codec_widen(string, NULL, 0);
    struct kept_string *fresh = malloc(sizeof(*fresh) + (length + 1) * sizeof(wchar_t));
    if (fresh == NULL) {
        return NULL;
    }
    halde_codec_widen(string, fresh->text, length + 1);
    const struct kept_string *searched = NULL;
    fresh->next = atomic_load_explicit(&kept_strings, memory_order_acquire);
    do {
        // Only what others have added since the last attempt is new.
        wchar_t *kept = find_kept(fresh->next, searched, fresh->text);
        if (kept != NULL) {
            free(fresh);
            return kept;
        }
        searched = fresh->next;
    } while (!atomic_compare_exchange_weak_explicit(
        &kept_strings, &fresh->next, fresh, memory_order_acq_rel, memory_order_acquire));
    return fresh->text;
}

wchar_t *halde_wgetenv(const wchar_t *name)
{
    char narrow[PATH_MAX];
    if (!narrow_argument(name, narrow, sizeof(narrow), EINVAL)) {
        return NULL;
    }
    const char *value = getenv(narrow);
    return value != NULL ? keep_wide(value) : NULL;
}

wchar_t *halde_wsetlocale(int category, const wchar_t *name)
{
    char narrow[PATH_MAX];
    if (name != NULL && !narrow_argument(name, narrow, sizeof(narrow), EINVAL)) {
        return NULL;
    }
    const char *result = setlocale(category, name != NULL ? narrow : NULL);
    return result != NULL ? keep_wide(result) : NULL;
}

// ---- Lists of strings -------------------------------------------------------------------------

wchar_t **halde_wide_strings(char *const *strings)
{
    size_t count = 0;
    size_t characters = 0;
    while (strings != NULL && strings[count] != NULL) {
        characters += halde_codec_widen(strings[count], NULL, 0) + 1;
        count++;
    }
    wchar_t **list = malloc((count + 1) * sizeof(wchar_t *) + characters * sizeof(wchar_t));
    if (list == NULL) {
        return NULL;
    }
    wchar_t *text = (wchar_t *)(list + count + 1);
    for (size_t i = 0; i < count; i++) {
        list[i] = text;
        text += halde_codec_widen(strings[i], text, SIZE_MAX) + 1;
    }
    list[count] = NULL;
    return list;
}

char **halde_environ(void)
{
    return environ;
}

wchar_t **halde_wenviron(void)
{
    // Published once (release) with everything it points to; readers acquire.
    static _Atomic(wchar_t **) published;
    wchar_t **list = atomic_load_explicit(&published, memory_order_acquire);
    if (list != NULL) {
        return list;
    }
    wchar_t **fresh = halde_wide_strings(environ);
    if (fresh == NULL) {
        return NULL;
    }
    if (!atomic_compare_exchange_strong_explicit(
            &published, &list, fresh, memory_order_acq_rel, memory_order_acquire)) {
        free(fresh);
        return list;
    }
    return fresh;
}
