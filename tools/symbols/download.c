// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/download.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>

// What we use of libdebuginfod.
struct client;
static struct client *(*begin)(void);
static int (*find)(struct client *client, const unsigned char *build_id, int size, char **path);

static void load_library(void)
{
    void *library = dlopen("libdebuginfod.so.1", RTLD_NOW);
    if (library != NULL) {
        *(void **)&begin = dlsym(library, "debuginfod_begin");
        *(void **)&find = dlsym(library, "debuginfod_find_debuginfo");
    }
}

int download_debug_file(const unsigned char *build_id, size_t size)
{
    static struct client *client; // it remembers which servers did not answer
    static bool is_tried;
    if (!is_tried) {
        is_tried = true;
        load_library();
        client = begin != NULL && find != NULL ? begin() : NULL;
    }
    if (client == NULL || size == 0 || size > INT_MAX) {
        return -1;
    }
    int fd = find(client, build_id, (int)size, NULL);
    return fd >= 0 ? fd : -1;
}
