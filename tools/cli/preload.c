// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/preload.h"

#include "cli/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// A regular file that can be read: its absolute path, or NULL.
static char *usable_path(const char *path)
{
    struct stat status;
    char *absolute = realpath(path, NULL);
    if (absolute &&
        (stat(absolute, &status) != 0 || !S_ISREG(status.st_mode) || access(absolute, R_OK) != 0)) {
        free(absolute);
        absolute = NULL;
    }
    return absolute;
}

static void note_tried(char **tried, const char *path)
{
    if (tried) {
        char *longer = must_format("%s%s\n", *tried, path);
        free(*tried);
        *tried = longer;
    }
}

/// The folder of the tool itself, without a slash at its end.
static char *own_folder(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0) {
        return NULL;
    }
    path[length] = 0;
    char *slash = strrchr(path, '/');
    if (!slash) {
        return NULL;
    }
    *slash = 0;
    return must_copy_text(path);
}

static char *find(const char *name, const char *variable, char **tried)
{
    // A build folder; below a prefix; Debian's place for libraries of one architecture.
    static const char *const places[] = {
        "",
        "/../lib",
        "/../lib/x86_64-linux-gnu",
        "/../lib/aarch64-linux-gnu",
        "/../lib64",
    };
    const char *given = getenv(variable);
    if (given && *given) {
        note_tried(tried, given);
        return usable_path(given);
    }
    char *folder = own_folder();
    char *found = NULL;
    for (size_t i = 0; folder && !found && i < sizeof(places) / sizeof(places[0]); i++) {
        char *path = must_format("%s%s/%s", folder, places[i], name);
        note_tried(tried, path);
        found = usable_path(path);
        free(path);
    }
    free(folder);
    return found;
}

char *preload_find(char **tried)
{
    if (tried) {
        *tried = must_copy_text("");
    }
    return find(PRELOAD_NAME, PRELOAD_VARIABLE, tried);
}

char *preload_find_checked(void)
{
    return find(CHECKED_NAME, CHECKED_VARIABLE, NULL);
}
