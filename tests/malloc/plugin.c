// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive shared both preload

/**
 * A plug-in with RTLD_LOCAL, loaded and unloaded many times: its blocks are the host's to resize
 * and free and the other way round, its constructors, threads and thread-local objects allocate.
 * With RTLD_DEEPBIND a plug-in may get libc's allocator instead of ours; its blocks in the host's
 * hands do no harm then, either.
 */
#include "check.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

struct plugin {
    void *library;
    void *(*alloc)(size_t size);
    void (*release)(void *block);
    void *(*resize)(void *block, size_t size);
    int (*run_thread)(size_t count);
};

static void load(struct plugin *plugin, int flags)
{
    plugin->library = dlopen(MALLOC_PLUGIN, RTLD_NOW | flags);
    if (plugin->library == NULL) {
        test_fail(CHECK_HERE, "%s", dlerror());
        exit(test_result());
    }
    *(void **)&plugin->alloc = dlsym(plugin->library, "plugin_alloc");
    *(void **)&plugin->release = dlsym(plugin->library, "plugin_free");
    *(void **)&plugin->resize = dlsym(plugin->library, "plugin_resize");
    *(void **)&plugin->run_thread = dlsym(plugin->library, "plugin_run_thread");
    ASSERT_TRUE(plugin->alloc != NULL && plugin->release != NULL && plugin->resize != NULL &&
                plugin->run_thread != NULL);
}

// Volatile: the compiler and the analyser know nothing of what plug-ins write.
static unsigned char last_byte(const void *block, size_t size)
{
    return ((const volatile unsigned char *)block)[size - 1];
}

static void test_local(size_t size)
{
    struct plugin plugin = {.library = NULL};
    load(&plugin, RTLD_LOCAL);
    char *theirs = plugin.alloc(size);
    ASSERT_NOT_NULL(theirs);
    EXPECT_SIZE(malloc_usable_size(theirs), size); // it is ours, in truth
    char *mine = malloc(size);
    ASSERT_NOT_NULL(mine);
    memset(mine, 'm', size);
    mine = plugin.resize(mine, size * 2);
    ASSERT_NOT_NULL(mine);
    EXPECT_SIZE(last_byte(mine, size), 'm');
    EXPECT_SIZE((size_t)plugin.run_thread(1000), 0);
    plugin.release(mine);
    char *kept = plugin.alloc(size);
    ASSERT_NOT_NULL(kept);
    EXPECT_SIZE((size_t)dlclose(plugin.library), 0);
    theirs = realloc(theirs, size * 3);
    ASSERT_NOT_NULL(theirs);
    EXPECT_SIZE(last_byte(theirs, size), 'p');
    free(theirs);
    EXPECT_SIZE(last_byte(kept, size), 'p'); // the plug-in is gone, its block is not
    free(kept);
}

static void test_deep(size_t size)
{
    struct plugin plugin = {.library = NULL};
    load(&plugin, RTLD_LOCAL | RTLD_DEEPBIND);
    char *theirs = plugin.alloc(size);
    ASSERT_NOT_NULL(theirs);
    free(theirs);
    theirs = plugin.alloc(size);
    ASSERT_NOT_NULL(theirs);
    theirs = realloc(theirs, size * 3);
    ASSERT_NOT_NULL(theirs);
    EXPECT_SIZE(last_byte(theirs, size), 'p');
    free(theirs);
    EXPECT_SIZE((size_t)plugin.run_thread(1000), 0);
    EXPECT_SIZE((size_t)dlclose(plugin.library), 0);
}

int main(void)
{
    for (size_t size = 1; size < 3000000; size = size * 4 + 3) {
        test_local(size);
        test_deep(size);
    }
    return test_result();
}
