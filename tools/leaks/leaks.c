// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "leaks/leaks.h"

#include "cli/memory.h"
#include "leaks/roots.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *trouble = "";

const char *leaks_trouble(void)
{
    return trouble;
}

// ---- Input ------------------------------------------------------------------------------------

// Whether a block is searched, of which the one before it ends at `end`: busy blocks are, none of
// which reaches into the next.
static bool is_searched(const struct image_block *block, uint64_t end)
{
    return block->kind == IMAGE_BUSY && block->address >= end &&
           block->size <= UINT64_MAX - block->address;
}

static bool are_all_searched(const struct image *image)
{
    uint64_t end = 0;
    for (size_t i = 0; i < image->block_count; i++) {
        if (!is_searched(&image->blocks[i], end)) {
            return false;
        }
        end = image->blocks[i].address + image->blocks[i].size;
    }
    return true;
}

// As it is without --free: the image's blocks are the input, and nothing is copied.
static bool take_all_blocks(struct leaks_search *search, const struct image *image)
{
    static_assert(offsetof(struct image_block, address) == offsetof(struct reach_block, start) &&
                      offsetof(struct image_block, size) == offsetof(struct reach_block, size),
        "an image's block begins with a block of the input");
    if (!are_all_searched(image)) {
        return false;
    }
    search->input.blocks = (const struct reach_block *)(const void *)image->blocks;
    search->input.block_count = image->block_count;
    search->input.block_stride = sizeof(struct image_block);
    return true;
}

static void gather_blocks(struct leaks_search *search, const struct image *image)
{
    struct reach_block *blocks = must_allocate(image->block_count + 1, sizeof(*blocks));
    search->block_of = must_allocate(image->block_count + 1, sizeof(*search->block_of));
    size_t count = 0;
    uint64_t end = 0;
    for (size_t i = 0; i < image->block_count; i++) {
        const struct image_block *block = &image->blocks[i];
        if (!is_searched(block, end)) {
            continue;
        }
        end = block->address + block->size;
        search->block_of[count] = (uint32_t)i;
        blocks[count++] = (struct reach_block){block->address, block->size};
    }
    search->input.blocks = blocks;
    search->input.block_count = count;
}

// Constant data of modules, by address as the mappings are.
static void gather_constants(struct leaks_search *search, const struct image *image)
{
    struct reach_range *constants = must_allocate(image->mapping_count + 1, sizeof(*constants));
    size_t count = 0;
    for (size_t i = 0; i < image->mapping_count; i++) {
        const struct image_mapping *mapping = &image->mappings[i];
        if (mapping->path != 0 && mapping->is_readable && !mapping->is_writable &&
            !mapping->is_shared) {
            constants[count++] = (struct reach_range){mapping->start, mapping->end};
        }
    }
    search->input.constants = constants;
    search->input.constant_count = count;
}

// Takes the arrays over; what each root is, becomes one array.
static void take_roots(struct leaks_search *search, struct roots *roots)
{
    const size_t count = roots->count + roots->word_count;
    search->roots = must_allocate(count + 1, sizeof(*search->roots));
    for (size_t i = 0; i < count; i++) {
        search->roots[i] =
            i < roots->count ? roots->range_roots[i] : roots->word_roots[i - roots->count];
    }
    search->input.roots = roots->ranges;
    search->input.root_count = roots->count;
    search->input.words = roots->words;
    search->input.word_count = roots->word_count;
    roots->ranges = NULL;
    roots->words = NULL;
    roots_release(roots);
}

static size_t read_image(void *context, uint64_t address, void *buffer, size_t size)
{
    return image_read(context, address, buffer, size);
}

static const void *hold_image(void *context, uint64_t address, size_t *size)
{
    const struct image *image = context;
    return image->hold(image->reader, address, size);
}

// A quarter of the machine's memory: then each page is read once in all but giant processes.
static size_t memory_limit(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_size = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_size > 0 ? (size_t)pages / 4 * (size_t)page_size : 0;
}

static const char *find_trouble(const struct image *image)
{
    if (image->read == NULL) {
        return "contents of memory are not at hand, so nobody can say what is still reachable";
    }
    if (image->mapping_count == 0) {
        return "the process's mappings are not known, so there is nothing to begin the search with";
    }
    if (image->thread_count == 0 || image->threads[0].register_count == 0) {
        return "the threads' registers are not known, so blocks in use would count as lost";
    }
    if (image->block_count > REACH_BLOCKS_MAX) {
        return "there are too many blocks for one search";
    }
    return NULL;
}

bool leaks_search_init(struct leaks_search *search, const struct image *image)
{
    *search = (struct leaks_search){0};
    const char *found = find_trouble(image);
    if (found != NULL) {
        trouble = found;
        return false;
    }
    search->input = (struct reach_input){
        .read = read_image,
        .hold = image->hold != NULL ? hold_image : NULL,
        .context = (void *)(uintptr_t)image,
        .heuristics = REACH_USUAL,
        .memory_limit = memory_limit(),
    };
    if (!take_all_blocks(search, image)) {
        gather_blocks(search, image);
    }
    gather_constants(search, image);
    struct roots roots;
    roots_gather(&roots, image);
    take_roots(search, &roots);
    return true;
}

void leaks_search_release(struct leaks_search *search)
{
    if (search->block_of != NULL) { // else they are the image's
        free((void *)(uintptr_t)search->input.blocks);
    }
    free((void *)(uintptr_t)search->input.constants);
    free((void *)(uintptr_t)search->input.roots);
    free((void *)(uintptr_t)search->input.words);
    free(search->roots);
    free(search->block_of);
    *search = (struct leaks_search){0};
}

// ---- Classes ----------------------------------------------------------------------------------

static void clear_classes(struct image *image)
{
    for (size_t i = 0; i < image->block_count; i++) {
        image->blocks[i].class_ = REACH_NOT_SEARCHED;
    }
}

static void take_results(
    struct image *image, const struct leaks_search *search, const struct reach *reach)
{
    free(image->leaders);
    image->leaders = must_allocate(image->block_count + 1, sizeof(*image->leaders));
    for (size_t i = 0; i < image->block_count; i++) {
        image->leaders[i] = (uint32_t)i;
    }
    for (uint32_t i = 0; i < search->input.block_count; i++) {
        const uint32_t block = leaks_block_of(search, i);
        image->blocks[block].class_ = reach->classes[i];
        image->leaders[block] = leaks_block_of(search, reach->leaders[i]);
    }
}

bool leaks_parse_heuristics(const char *names, uint32_t *heuristics)
{
    static const struct {
        const char *name;
        uint32_t value;
    } KNOWN[] = {
        {"none", 0},
        {"usual", REACH_USUAL},
        {"string", REACH_STRING},
        {"length", REACH_LENGTH},
        {"array", REACH_ARRAY},
        {"bases", REACH_BASES},
        {"sds", REACH_SDS},
        {"interior", REACH_INTERIOR},
    };
    const size_t count = sizeof(KNOWN) / sizeof(KNOWN[0]);
    for (*heuristics = 0;; names++) {
        const size_t length = strcspn(names, ",");
        size_t i = 0;
        while (i < count &&
               (strncmp(KNOWN[i].name, names, length) != 0 || KNOWN[i].name[length] != '\0')) {
            i++;
        }
        if (i == count) {
            return false;
        }
        *heuristics |= KNOWN[i].value;
        names += length;
        if (*names == '\0') {
            return true;
        }
    }
}

bool leaks_classify(struct image *image)
{
    return leaks_classify_by(image, REACH_USUAL);
}

bool leaks_classify_by(struct image *image, uint32_t heuristics)
{
    struct leaks_search search;
    struct reach reach;
    clear_classes(image);
    if (!leaks_search_init(&search, image)) {
        return false;
    }
    search.input.heuristics = heuristics;
    bool is_done = reach_search(&search.input, &reach);
    if (!is_done) {
        trouble = "there is not enough memory for the search";
    } else if (reach.is_cut) {
        trouble = "gigabytes of memory that should be there cannot be read";
        is_done = false;
        reach_release(&reach);
    } else {
        take_results(image, &search, &reach);
        reach_release(&reach);
    }
    leaks_search_release(&search);
    return is_done;
}
