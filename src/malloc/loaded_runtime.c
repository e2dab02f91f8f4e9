// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The C++ runtime of a process that has one only for some: python with an extension written in C++,
// whose runtime was loaded with RTLD_LOCAL.

#include "malloc/family.h"

#include <dlfcn.h>

void *loaded_runtime_symbol(const char *name)
{
    static const char *const LIBRARIES[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
    for (size_t i = 0; i < sizeof(LIBRARIES) / sizeof(LIBRARIES[0]); i++) {
        // The handle is kept: that runtime is about to be used.
        void *library = dlopen(LIBRARIES[i], RTLD_LAZY | RTLD_NOLOAD);
        void *symbol = library == NULL ? NULL : dlsym(library, name);
        if (symbol != NULL) {
            return symbol;
        }
    }
    return NULL;
}
