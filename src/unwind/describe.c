// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/modules.h"
#include "unwind/unwind.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

// The loader has no name for the program itself.
static void copy_program_path(char *path)
{
    int saved_errno = errno;
    ssize_t size = readlink("/proc/self/exe", path, UNWIND_PATH_SIZE - 1);
    errno = saved_errno;
    path[size > 0 ? size : 0] = '\0';
}

bool unwind_describe(uintptr_t pc, struct unwind_place *place)
{
    struct module module;
    bool is_noted;
    if (!modules_find(pc, &module, &is_noted)) {
        return false;
    }
    place->bias = module.bias;
    place->offset = pc - module.bias;
    if (module.name == NULL || module.name[0] == '\0') {
        copy_program_path(place->path);
        return true;
    }
    size_t size = strnlen(module.name, UNWIND_PATH_SIZE - 1);
    memcpy(place->path, module.name, size);
    place->path[size] = '\0';
    return true;
}

bool unwind_function(uintptr_t pc, uintptr_t *start, uintptr_t *end)
{
    struct module module;
    bool is_noted;
    return modules_find(pc, &module, &is_noted) && cfi_function(&module.image, pc, start, end);
}
