// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A plug-in that allocates: at its load and unload, for its host, and in threads of its own.

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void *plugin_alloc(size_t size);
void plugin_free(void *block);
void *plugin_resize(void *block, size_t size);
int plugin_run_thread(size_t count);

static char *kept;
static _Thread_local char *of_thread;

__attribute__((constructor)) static void load(void)
{
    kept = calloc(1, 100);
    if (kept != NULL) {
        memset(kept, 'k', 99);
    }
}

__attribute__((destructor)) static void unload(void)
{
    free(kept);
}

void *plugin_alloc(size_t size)
{
    char *block = malloc(size);
    if (block != NULL) {
        memset(block, 'p', size);
    }
    return block;
}

void plugin_free(void *block)
{
    free(block);
}

void *plugin_resize(void *block, size_t size)
{
    return realloc(block, size);
}

static void *work(void *context)
{
    size_t count = *(const size_t *)context;
    for (size_t i = 0; i < count; i++) {
        char *block = realloc(of_thread, 1 + i % 3000);
        if (block == NULL) {
            return NULL;
        }
        block[i % 3000] = (char)i;
        of_thread = block;
    }
    free(of_thread);
    of_thread = NULL;
    return context;
}

int plugin_run_thread(size_t count)
{
    pthread_t thread;
    void *result = NULL;
    if (pthread_create(&thread, NULL, work, &count) != 0 || pthread_join(thread, &result) != 0) {
        return -1;
    }
    return result == &count && kept != NULL && kept[98] == 'k' ? 0 : -1;
}
