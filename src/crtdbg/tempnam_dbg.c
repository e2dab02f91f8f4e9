// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Names for temporary files.

#include "crtdbg/api.h"
#include "crtdbg/program_memory.h"
#include "print/codec.h"

#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NUMBER_SIZE = 12 // a slash, ten digits, the null
};

static _Atomic(uint32_t) last_number = 1; // of the process; any thread, relaxed

static bool is_there(const char *path)
{
    const int saved_errno = errno;
    const bool is_found = access(path, F_OK) == 0;
    errno = saved_errno;
    return is_found;
}

// The value of TMP without the quotation marks around its parts; false if it is too long.
static bool strip_quotes(const char *value, char stripped[PATH_MAX])
{
    size_t length = 0;
    for (; *value != '\0'; value++) {
        if (*value != '"') {
            if (length == PATH_MAX - 1) {
                return false;
            }
            stripped[length++] = *value;
        }
    }
    stripped[length] = '\0';
    return true;
}

// The folder that the environment names, or NULL. `stripped` is its memory, if it needs some.
static const char *environment_folder(char stripped[PATH_MAX])
{
    const char *value = getenv("TMP");
    if (value == NULL || is_there(value)) {
        return value;
    }
    return strip_quotes(value, stripped) && is_there(stripped) ? stripped : NULL;
}

static const char *choose_folder(const char *folder, char stripped[PATH_MAX])
{
    const char *chosen = environment_folder(stripped);
    if (chosen != NULL) {
        return chosen;
    }
    if (folder != NULL && is_there(folder)) {
        return folder;
    }
    return is_there(P_tmpdir) ? P_tmpdir : ".";
}

// Writes numbers behind the name until it is new. False when there is no number left.
static bool complete(char *name, size_t capacity)
{
    const size_t length = strlen(name);
    for (uint32_t tries = 0; tries < INT_MAX; tries++) {
        struct text text;
        text_init(&text, name + length, capacity - length);
        text_put_decimal(
            &text, atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1u);
        if (!is_there(name)) {
            return true;
        }
    }
    return false;
}

// Folder, slash and prefix; as long as what was measured for the block.
static void put_stem(char *name, size_t capacity, const char *folder, const char *prefix)
{
    struct text text;
    text_init(&text, name, capacity);
    text_put(&text, folder);
    if (text.length > 0 && name[text.length - 1] != '/') {
        text_put(&text, "/");
    }
    text_put(&text, prefix);
}

static char *narrow_name(struct origin origin, const char *folder, const char *prefix)
{
    char stripped[PATH_MAX];
    const char *chosen = choose_folder(folder, stripped);
    prefix = prefix != NULL ? prefix : "";
    const size_t size = strlen(chosen) + strlen(prefix) + NUMBER_SIZE;
    char *name = program_allocate_zeroed(origin, size, sizeof(char));
    if (name == NULL) {
        return NULL;
    }
    put_stem(name, size, chosen, prefix);
    if (!complete(name, size)) {
        program_free(origin, name);
        return NULL;
    }
    return name;
}

// The wide name's block has the size that its own characters ask for.
static wchar_t *wide_name(struct origin origin, const wchar_t *folder, const wchar_t *prefix)
{
    char narrow_folder[PATH_MAX];
    char narrow_prefix[PATH_MAX];
    char stripped[PATH_MAX];
    char name[2 * PATH_MAX + NUMBER_SIZE];
    if (folder == NULL || halde_codec_narrow(folder, narrow_folder, PATH_MAX) == SIZE_MAX) {
        narrow_folder[0] = '\0'; // such a folder cannot be there
    }
    if (halde_codec_narrow(prefix != NULL ? prefix : L"", narrow_prefix, PATH_MAX) == SIZE_MAX) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    const char *chosen = choose_folder(narrow_folder, stripped);
    const size_t size = halde_codec_widen(chosen, NULL, 0) +
                        halde_codec_widen(narrow_prefix, NULL, 0) + NUMBER_SIZE;
    wchar_t *wide = program_allocate_zeroed(origin, size, sizeof(wchar_t));
    if (wide == NULL) {
        return NULL;
    }
    put_stem(name, sizeof(name), chosen, narrow_prefix);
    if (!complete(name, sizeof(name))) {
        program_free(origin, wide);
        return NULL;
    }
    halde_codec_widen(name, wide, size);
    return wide;
}

char *__cdecl _tempnam(const char *folder, const char *prefix)
{
    return narrow_name(PLAIN_ORIGIN, folder, prefix);
}

char *__cdecl _tempnam_dbg(
    const char *folder, const char *prefix, int block_use, const char *file, int line)
{
    return narrow_name(DEBUG_ORIGIN(block_use, file, line), folder, prefix);
}

wchar_t *__cdecl _wtempnam(const wchar_t *folder, const wchar_t *prefix)
{
    return wide_name(PLAIN_ORIGIN, folder, prefix);
}

wchar_t *__cdecl _wtempnam_dbg(
    const wchar_t *folder, const wchar_t *prefix, int block_use, const char *file, int line)
{
    return wide_name(DEBUG_ORIGIN(block_use, file, line), folder, prefix);
}
