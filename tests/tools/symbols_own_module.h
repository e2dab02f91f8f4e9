// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// The modules of the test itself, for images of its own stacks.
#ifndef TESTS_TOOLS_SYMBOLS_OWN_MODULE_H
#define TESTS_TOOLS_SYMBOLS_OWN_MODULE_H

#include "image/image.h"

#include <link.h>

/// For dl_iterate_phdr(): adds a module to the image that is its context.
static int add_own_module(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct image *image = context;
    struct image_module module = {.start = UINT64_MAX, .bias = info->dlpi_addr};
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD) {
            uint64_t start = info->dlpi_addr + header->p_vaddr;
            module.start = start < module.start ? start : module.start;
            module.end =
                start + header->p_memsz > module.end ? start + header->p_memsz : module.end;
        }
    }
    module.path =
        image_add_string(image, info->dlpi_name[0] != 0 ? info->dlpi_name : "/proc/self/exe");
    image_add_module(image, &module);
    return 0;
}

#endif
