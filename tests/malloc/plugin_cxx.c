// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: shared both preload

/**
 * A host in C loads a plug-in in C++ with RTLD_LOCAL: operator new is ours, the C++ runtime is seen
 * by the plug-in alone, and std::bad_alloc is thrown and caught all the same.
 */
#include "check.h"

#include <dlfcn.h>
#include <stdlib.h>

int main(void)
{
    EXPECT_POINTER(dlsym(RTLD_DEFAULT, "__cxa_throw"), NULL); // otherwise this would test nothing
    void *library = dlopen(MALLOC_PLUGIN_CXX, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        test_fail(CHECK_HERE, "%s", dlerror());
        return test_result();
    }
    int (*run)(void);
    *(void **)&run = dlsym(library, "plugin_cxx_run");
    ASSERT_TRUE(run != NULL);
    EXPECT_SIZE((size_t)run(), 0);
    return test_result();
}
