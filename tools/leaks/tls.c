// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// How much thread-local storage lies below a thread pointer: the modules' program headers say it.

#include "leaks/roots.h"

#include <elf.h>

enum {
    HEADERS_MAX = 64, // of a module; more are not read
};

// The header of the segment. False: none.
static bool find_segment(
    const struct image *image, const struct image_module *module, Elf64_Phdr *segment)
{
    Elf64_Ehdr header;
    Elf64_Phdr segments[HEADERS_MAX];
    if (image_read(image, module->start, &header, sizeof(header)) != sizeof(header) ||
        header.e_phentsize != sizeof(segments[0])) {
        return false;
    }
    const size_t count = header.e_phnum < HEADERS_MAX ? header.e_phnum : HEADERS_MAX;
    const size_t size = count * sizeof(segments[0]);
    if (image_read(image, module->start + header.e_phoff, segments, size) != size) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (segments[i].p_type == PT_TLS) {
            *segment = segments[i];
            return true;
        }
    }
    return false;
}

uint64_t module_tls_size(const struct image *image, const struct image_module *module)
{
    Elf64_Phdr segment;
    return find_segment(image, module, &segment) ? segment.p_memsz : 0;
}

uint64_t static_tls_size(const struct image *image)
{
    enum {
        SIZE_MAX_BELIEVED = 1 << 20
    };
    uint64_t size = 0;
    for (size_t i = 0; i < image->module_count; i++) {
        Elf64_Phdr segment;
        if (find_segment(image, &image->modules[i], &segment) &&
            segment.p_memsz < SIZE_MAX_BELIEVED && segment.p_align < SIZE_MAX_BELIEVED) {
            size += segment.p_memsz + segment.p_align;
        }
    }
    return size < SIZE_MAX_BELIEVED ? size : SIZE_MAX_BELIEVED;
}
