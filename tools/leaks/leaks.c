// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "leaks/leaks.h"

#include "cli/memory.h"
#include "leaks/roots.h"
#include "view/view.h"

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

// As it is without --free and movable objects: the image's blocks are the input, and nothing is
// copied.
static bool take_all_blocks(
    struct leaks_search *search, const struct image *image, const struct roots *roots)
{
    static_assert(offsetof(struct image_block, address) == offsetof(struct reach_block, start) &&
                      offsetof(struct image_block, size) == offsetof(struct reach_block, size),
        "an image's block begins with a block of the input");
    if (roots->movable_count > 0 || !are_all_searched(image)) {
        return false;
    }
    search->input.blocks = (const struct reach_block *)(const void *)image->blocks;
    search->input.block_count = image->block_count;
    search->input.block_stride = sizeof(struct image_block);
    return true;
}

// Blocks as they are gathered, by address.
struct gathered {
    struct reach_block *blocks;
    uint32_t *block_of;
    size_t count;
    uint64_t end; // of the last one
};

static void gather(struct gathered *gathered, struct reach_block block, uint32_t number)
{
    gathered->end = block.start + block.size;
    gathered->block_of[gathered->count] = number;
    gathered->blocks[gathered->count++] = block;
}

// The handles below an address. What a damaged process says may overlap: then it is none.
static size_t gather_handles(
    struct gathered *gathered, const struct roots *roots, size_t first, uint64_t end)
{
    size_t i = first;
    for (; i < roots->movable_count && roots->movables[i].handle < end; i++) {
        const uint64_t handle = roots->movables[i].handle;
        if (handle >= gathered->end && end - handle >= sizeof(uint64_t)) {
            gather(gathered, (struct reach_block){handle, sizeof(uint64_t)}, LEAKS_HANDLE);
        }
    }
    return i;
}

static void gather_blocks(
    struct leaks_search *search, const struct image *image, const struct roots *roots)
{
    const size_t capacity = image->block_count + roots->movable_count + 1;
    struct gathered gathered = {
        .blocks = must_allocate(capacity, sizeof(*gathered.blocks)),
        .block_of = must_allocate(capacity, sizeof(*gathered.block_of)),
    };
    size_t handle = 0;
    for (size_t i = 0; i < image->block_count; i++) {
        const struct image_block *block = &image->blocks[i];
        handle = gather_handles(&gathered, roots, handle, block->address);
        if (is_searched(block, gathered.end)) {
            gather(&gathered, (struct reach_block){block->address, block->size}, (uint32_t)i);
        }
    }
    gather_handles(&gathered, roots, handle, UINT64_MAX);
    search->block_of = gathered.block_of;
    search->input.blocks = gathered.blocks;
    search->input.block_count = gathered.count;
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

// Takes the arrays of roots over; what each root is, becomes one array.
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
        return "contents of memory are not at hand, so nobody can say what is still reachable "
               "(halde snap keeps them with --contents, or what was found with --leaks)";
    }
    if (image->mapping_count == 0) {
        return "the process's mappings are not known, so there is nothing to begin the search with";
    }
    if (image->thread_count == 0 || image->threads[0].register_count == 0) {
        return "the threads' registers are not known, so blocks in use would count as lost";
    }
    if (image->block_count > (size_t)REACH_BLOCKS_MAX - VIEW_HANDLES_MAX) {
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
    struct roots roots;
    roots_gather(&roots, image);
    if (!take_all_blocks(search, image, &roots)) {
        gather_blocks(search, image, &roots);
    }
    gather_constants(search, image);
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

// For a lost handle stands the memory that it leads to, which no other lost block has.
static void find_heirs(const struct leaks_search *search, struct reach *reach)
{
    uint64_t data;
    for (uint32_t i = 0; i < search->input.block_count; i++) {
        if (leaks_block_of(search, i) != LEAKS_HANDLE || reach->classes[i] != REACH_DEFINITE ||
            !read_word(search->input.context, reach_block_of(&search->input, i).start, &data)) {
            continue;
        }
        const uint32_t memory = reach_block_at(&search->input, data);
        if (memory != REACH_NO_BLOCK && reach->leaders[memory] == i) {
            reach->leaders[i] = memory;
        }
    }
}

static void replace_handles(const struct leaks_search *search, struct reach *reach)
{
    for (uint32_t i = 0; i < search->input.block_count; i++) {
        const uint32_t leader = reach->leaders[i];
        if (leaks_block_of(search, leader) == LEAKS_HANDLE) {
            reach->leaders[i] = reach->leaders[leader];
        }
        if (reach->leaders[i] == i && reach->classes[i] == REACH_INDIRECT) {
            reach->classes[i] = REACH_DEFINITE;
        }
    }
}

bool leaks_search_run(const struct leaks_search *search, struct reach *reach)
{
    if (!reach_search(&search->input, reach)) {
        return false;
    }
    if (search->block_of != NULL) { // else there are no handles
        find_heirs(search, reach);
        replace_handles(search, reach);
    }
    return true;
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
        const uint32_t leader = leaks_block_of(search, reach->leaders[i]);
        if (block != LEAKS_HANDLE) {
            image->blocks[block].class_ = reach->classes[i];
            image->leaders[block] = leader != LEAKS_HANDLE ? leader : block;
        }
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
    bool is_done = leaks_search_run(&search, &reach);
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
