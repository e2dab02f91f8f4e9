// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "leaks/roots.h"

#include "cli/memory.h"

#include <stdlib.h>
#include <string.h>

// ---- Adding -----------------------------------------------------------------------------------

static struct leaks_root describe(const struct roots *roots, struct reach_root root)
{
    struct leaks_root described = {root.kind, root.thread, UINT32_MAX};
    if (root.kind == REACH_ROOT_MODULE) {
        const uint64_t start = roots->image->mappings[root.mapping].start;
        const struct image_module *module = image_module_at(roots->image, start);
        described.module = (uint32_t)(module - roots->image->modules);
    }
    return described;
}

static void add_piece(struct roots *roots, struct reach_range range, struct leaks_root root)
{
    roots->ranges =
        must_grow(roots->ranges, roots->count, &roots->capacity, sizeof(*roots->ranges));
    roots->range_roots = must_grow(
        roots->range_roots, roots->count, &roots->root_capacity, sizeof(*roots->range_roots));
    roots->ranges[roots->count] = range;
    roots->range_roots[roots->count++] = root;
}

// Of large mappings that are mostly empty, as sanitizers have them by the terabyte, only what holds
// something is a root.
static void add_filled(struct roots *roots, struct reach_range range, struct leaks_root root)
{
    enum {
        HOLE_MIN = 256 << 10 // smaller ones are read as zeros
    };
    const struct image *image = roots->image;
    struct reach_range piece = {range.start, range.start};
    for (uint64_t at = range.start; at < range.end;) {
        uint64_t first, last;
        image->find_filled(image->reader, at, range.end, &first, &last);
        if (first - piece.end >= HOLE_MIN) {
            if (piece.start < piece.end) {
                add_piece(roots, piece, root);
            }
            piece.start = first;
        }
        piece.end = first < range.end ? last : piece.end;
        at = first < range.end && last > at ? last : range.end;
    }
    if (piece.start < piece.end) {
        add_piece(roots, piece, root);
    }
}

static void add_range(void *context, struct reach_range range, struct reach_root root)
{
    enum {
        SPARSE_MIN = 1 << 20 // smaller ones are not worth the question
    };
    struct roots *roots = context;
    const struct leaks_root described = describe(roots, root);
    const struct image *image = roots->image;
    bool has_file = root.mapping == REACH_NOBODY ||
                    image_string(image, image->mappings[root.mapping].path)[0] == '/';
    if (image->find_filled != NULL && !has_file && range.end - range.start >= SPARSE_MIN) {
        add_filled(roots, range, described);
    } else {
        add_piece(roots, range, described);
    }
}

static void add_word(void *context, uint64_t word, struct reach_root root)
{
    struct roots *roots = context;
    roots->words =
        must_grow(roots->words, roots->word_count, &roots->word_capacity, sizeof(*roots->words));
    roots->word_roots = must_grow(roots->word_roots, roots->word_count, &roots->word_root_capacity,
        sizeof(*roots->word_roots));
    roots->words[roots->word_count] = word;
    roots->word_roots[roots->word_count++] = describe(roots, root);
}

// ---- What the image knows of the process ------------------------------------------------------

static bool is_shared_anonymous(const struct image *image, const struct image_mapping *mapping)
{
    return strcmp(image_string(image, mapping->path), "/dev/zero (deleted)") == 0;
}

static struct reach_mapping *gather_mappings(const struct image *image)
{
    struct reach_mapping *mappings = must_allocate(image->mapping_count + 1, sizeof(*mappings));
    for (size_t i = 0; i < image->mapping_count; i++) {
        const struct image_mapping *mapping = &image->mappings[i];
        mappings[i] = (struct reach_mapping){
            .start = mapping->start,
            .end = mapping->end,
            .is_root = mapping->is_readable && mapping->is_writable &&
                       (!mapping->is_shared || is_shared_anonymous(image, mapping)),
            .is_module = image_module_at(image, mapping->start) != NULL,
            .is_file = mapping->path != 0,
            .is_constant = mapping->is_readable && !mapping->is_writable &&
                           !mapping->is_executable && !mapping->is_shared,
        };
    }
    return mappings;
}

static struct reach_thread *gather_threads(const struct image *image)
{
    struct reach_thread *threads = must_allocate(image->thread_count + 1, sizeof(*threads));
    for (size_t i = 0; i < image->thread_count; i++) {
        threads[i] = (struct reach_thread){
            .stack_pointer = image->threads[i].stack_pointer,
            .thread_pointer = image->threads[i].thread_pointer,
        };
    }
    return threads;
}

static size_t read_image(void *context, uint64_t address, void *buffer, size_t size)
{
    return image_read(context, address, buffer, size);
}

static void gather_memory(struct roots *roots)
{
    const struct image *image = roots->image;
    struct own_memory own;
    own_memory_find_all(image, &own);
    roots->movables = own.movables;
    roots->movable_count = own.movable_count;
    const struct reach_process process = {
        .mappings = gather_mappings(image),
        .mapping_count = image->mapping_count,
        .threads = gather_threads(image),
        .thread_count = image->thread_count,
        .has_all_threads = true,
        .own = own.ranges,
        .own_count = own.count,
        .tls_size = static_tls_size(image),
        .read = read_image,
        .context = (void *)(uintptr_t)image,
    };
    reach_find_roots(&process, &(struct reach_root_sink){add_range, add_word, roots});
    free((void *)(uintptr_t)process.mappings);
    free((void *)(uintptr_t)process.threads);
    free(own.ranges);
}

// ---- Single words -----------------------------------------------------------------------------

// A thread's stack may be a block of a heap.
static void add_stack_in_block(struct roots *roots, uint32_t thread)
{
    const uint64_t pointer = roots->image->threads[thread].stack_pointer;
    const struct image_block *block = image_block_at(roots->image, pointer);
    if (block == NULL || block->kind != IMAGE_BUSY) {
        return;
    }
    const uint64_t end = block->address + block->size;
    const struct reach_root root = {REACH_ROOT_STACK, REACH_NOBODY, thread};
    add_word(roots, block->address, root);
    if (pointer < end) {
        add_range(roots, (struct reach_range){pointer, end}, root);
    }
}

static void add_threads(struct roots *roots)
{
    const struct image *image = roots->image;
    for (uint32_t i = 0; i < image->thread_count; i++) {
        add_stack_in_block(roots, i);
        const struct reach_root root = {REACH_ROOT_REGISTER, REACH_NOBODY, i};
        for (uint32_t j = 0; j < image->threads[i].register_count; j++) {
            add_word(roots, image->threads[i].registers[j], root);
        }
    }
    for (size_t i = 0; i < image->word_count; i++) {
        const struct reach_root root = {REACH_ROOT_REGISTER, REACH_NOBODY, image->words[i].thread};
        add_word(roots, image->words[i].word, root);
    }
}

// What the program told the debug heap to ignore is as good as reached.
static void add_ignored(struct roots *roots)
{
    const struct image *image = roots->image;
    const struct reach_root root = {REACH_ROOT_IGNORED, REACH_NOBODY, REACH_NOBODY};
    for (size_t i = 0; i < image->block_count; i++) {
        const struct image_block *block = &image->blocks[i];
        if (block->kind == IMAGE_BUSY && (block->flags & IMAGE_BLOCK_IS_IGNORED) != 0) {
            add_word(roots, block->address, root);
        }
    }
}

void roots_gather(struct roots *roots, const struct image *image)
{
    *roots = (struct roots){.image = image};
    gather_memory(roots);
    add_threads(roots);
    add_ignored(roots);
}

void roots_release(struct roots *roots)
{
    free(roots->ranges);
    free(roots->range_roots);
    free(roots->words);
    free(roots->word_roots);
    free(roots->movables);
    *roots = (struct roots){0};
}
