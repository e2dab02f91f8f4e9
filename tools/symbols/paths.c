// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/paths.h"

#include <stdbool.h>
#include <string.h>

enum {
    LEAST_COMMON_PARTS = 2, ///< "/usr" alone is no place in common
};

/// Where the part before `end` begins; NULL: there is none, or it is ".." itself.
static char *previous_part(char *start, char *end)
{
    if (end == start) {
        return NULL;
    }
    char *at = end - 1; // the '/' that ended the part
    while (at > start && at[-1] != '/') {
        at--;
    }
    size_t length = (size_t)(end - 1 - at);
    return length == 2 && memcmp(at, "..", 2) == 0 ? NULL : at;
}

void path_simplify(char *path)
{
    char *start = path[0] == '/' ? path + 1 : path;
    char *out = start;
    const char *in = start;
    while (*in != 0) {
        size_t length = strcspn(in, "/");
        bool is_last = in[length] == 0;
        bool is_up = length == 2 && memcmp(in, "..", 2) == 0;
        char *back = is_up ? previous_part(start, out) : NULL;
        if (length == 0 || (length == 1 && in[0] == '.')) {
            // Says nothing.
        } else if (back != NULL) {
            out = back;
        } else if (!is_up || path[0] != '/') {
            memmove(out, in, length);
            out += length;
            if (!is_last) {
                *out++ = '/';
            }
        }
        in += length + (is_last ? 0 : 1);
    }
    *out = 0;
}

const char *path_shorten(const char *path, const char *directory)
{
    if (path[0] != '/' || directory == NULL || directory[0] != '/') {
        return path;
    }
    size_t common = 0; // bytes that agree, up to behind a '/'
    size_t parts = 0;
    size_t at = 1;
    for (; path[at] != 0 && path[at] == directory[at]; at++) {
        if (path[at] == '/') {
            common = at + 1;
            parts++;
        }
    }
    // The directory itself ends without a '/'.
    bool is_inside = directory[at] == 0 && path[at] == '/';
    if (is_inside) {
        return path + at + 1;
    }
    return parts >= LEAST_COMMON_PARTS ? path + common : path;
}

const char *path_below(const char *path, const char *directory)
{
    size_t length = directory != NULL ? strlen(directory) : 0;
    bool is_below = length > 1 && strncmp(path, directory, length) == 0 && path[length] == '/';
    return is_below ? path + length + 1 : NULL;
}

const char *path_last(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}
