// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Executables and libraries of a target, out of its mappings and the ELF headers in its memory.
 */
#ifndef TARGET_MODULES_H
#define TARGET_MODULES_H

#include "target/identity.h"
#include "target/target.h"

struct target_module {
    uint64_t start;
    uint64_t end;
    uint64_t bias;
    char *path;
    uint8_t build_id[IDENTITY_BUILD_ID_MAX];
    uint8_t build_id_size;
};

/// Finds them. An array by address, to be given to modules_destroy().
struct target_module *modules_find(struct target *target, size_t *count);
void modules_destroy(struct target_module *modules, size_t count);

/// The path without what the kernel adds to that of a file that is no more; to be freed.
char *modules_plain_path(const char *path);

#endif
