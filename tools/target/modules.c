// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/modules.h"

#include "cli/memory.h"
#include "image/by_address.h"

#include <stdlib.h>
#include <string.h>

enum {
    MODULES_MAX = 4096,
};

char *modules_plain_path(const char *path)
{
    static const char DELETED[] = " (deleted)";
    size_t size = strlen(path), deleted_size = sizeof(DELETED) - 1;
    char *plain = must_copy_text(path);
    if (size > deleted_size && strcmp(path + size - deleted_size, DELETED) == 0) {
        plain[size - deleted_size] = 0;
    }
    return plain;
}

static const struct target_mapping *mapping_at(
    const struct target_mapping *mappings, size_t count, uint64_t address)
{
    const size_t until = count_until(mappings, count, sizeof(*mappings), address);
    return until > 0 && address < mappings[until - 1].end ? &mappings[until - 1] : NULL;
}

// A file may also be mapped as data, by whoever reads it: then its code is not where it belongs.
static bool is_loaded(
    const struct identity *identity, const struct target_mapping *mappings, size_t count)
{
    if (identity->code == 0) {
        return true;
    }
    const struct target_mapping *code = mapping_at(mappings, count, identity->code);
    // Mappings without a segment in a core file are not known to be executable.
    return code != NULL && (code->is_executable || (code->is_file && !code->is_writable));
}

struct target_module *modules_find(struct target *target, size_t *count)
{
    struct target_module *modules = NULL;
    size_t capacity = 0, mapping_count;
    const struct target_mapping *mappings = target_mappings(target, &mapping_count);
    *count = 0;
    for (size_t i = 0; i < mapping_count && *count < MODULES_MAX; i++) {
        const struct target_mapping *mapping = &mappings[i];
        struct identity identity;
        bool is_candidate =
            (mapping->is_file && mapping->offset == 0) || strcmp(mapping->path, "[vdso]") == 0;
        if (!is_candidate || !mapping->is_readable ||
            (*count > 0 && mapping->start < modules[*count - 1].end) ||
            !identity_of_memory(&identity, target_read_all, target, mapping->start) ||
            !is_loaded(&identity, mappings, mapping_count)) {
            continue;
        }
        modules = must_grow(modules, *count, &capacity, sizeof(*modules));
        struct target_module *module = &modules[(*count)++];
        *module = (struct target_module){
            .start = identity.start,
            .end = identity.end,
            .bias = identity.bias,
            .path = modules_plain_path(mapping->path),
            .build_id_size = identity.build_id_size,
        };
        memcpy(module->build_id, identity.build_id, sizeof(module->build_id));
    }
    return modules;
}

void modules_destroy(struct target_module *modules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(modules[i].path);
    }
    free(modules);
}
