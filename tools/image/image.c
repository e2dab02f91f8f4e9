// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "image/image.h"

#include "image/by_address.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// ---- Arrays -----------------------------------------------------------------------------------

// Makes room for one more item. Arrays without a capacity of their own are full at powers of two.
static bool make_room(void **items, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0) {
        return true;
    }
    size_t capacity = count == 0 ? 1 : count * 2;
    if (capacity > SIZE_MAX / 2 / size) {
        return false;
    }
    void *larger = realloc(*items, capacity * size);
    if (larger == NULL) {
        return false;
    }
    *items = larger;
    return true;
}

#define ADD(image, items, count, item)                                                             \
    add_item((void **)(void *)&(image)->items, &(image)->count, item, sizeof(*(item)))

static bool add_item(void **items, size_t *count, const void *item, size_t size)
{
    if (!make_room(items, *count, size)) {
        return false;
    }
    memcpy((char *)*items + *count * size, item, size);
    (*count)++;
    return true;
}

// ---- Life -------------------------------------------------------------------------------------

struct image *image_create(void)
{
    struct image *image = calloc(1, sizeof(*image));
    const struct image_stack unknown = {0};
    if (image == NULL) {
        return NULL;
    }
    image->strings = calloc(1, 1);
    image->string_size = 1;
    image->string_capacity = 1;
    if (image->strings == NULL || !ADD(image, stacks, stack_count, &unknown)) {
        image_destroy(image);
        return NULL;
    }
    return image;
}

void image_destroy(struct image *image)
{
    if (image == NULL) {
        return;
    }
    if (image->release_reader != NULL) {
        image->release_reader(image->reader);
    }
    for (size_t i = 0; i < image->heap_count; i++) {
        free(image->heaps[i].regions);
    }
    free(image->heaps);
    free(image->blocks);
    free(image->details);
    free(image->leaders);
    free(image->damages);
    free(image->modules);
    free(image->mappings);
    free(image->threads);
    free(image->words);
    free(image->stacks);
    free(image->frames);
    free(image->strings);
    free(image);
}

// ---- Strings ----------------------------------------------------------------------------------

// The string that was added last; 0: none was.
static uint32_t last_string(const struct image *image)
{
    size_t start = image->string_size - 1;
    while (start > 0 && image->strings[start - 1] != '\0') {
        start--;
    }
    return start <= UINT32_MAX ? (uint32_t)start : 0;
}

static bool reserve_string(struct image *image, size_t size)
{
    size_t needed = image->string_size + size;
    if (needed <= image->string_capacity) {
        return true;
    }
    size_t capacity = image->string_capacity * 2;
    capacity = capacity < needed ? needed : capacity;
    char *strings = needed > UINT32_MAX ? NULL : realloc(image->strings, capacity);
    if (strings == NULL) {
        return false;
    }
    image->strings = strings;
    image->string_capacity = capacity;
    return true;
}

uint32_t image_add_string(struct image *image, const char *text)
{
    if (text == NULL || *text == '\0') {
        return 0;
    }
    // Often the same is added again and again: the mappings of one file.
    uint32_t last = last_string(image);
    if (last != 0 && strcmp(image->strings + last, text) == 0) {
        return last;
    }
    size_t size = strlen(text) + 1;
    if (!reserve_string(image, size)) {
        return 0;
    }
    uint32_t number = (uint32_t)image->string_size;
    memcpy(image->strings + number, text, size);
    image->string_size += size;
    return number;
}

const char *image_string(const struct image *image, uint32_t number)
{
    return number < image->string_size ? image->strings + number : "";
}

// ---- Items ------------------------------------------------------------------------------------

bool image_add_heap(struct image *image, const struct image_heap *heap)
{
    struct image_heap copy = *heap;
    copy.regions = NULL;
    if (heap->region_count > 0) {
        copy.regions = malloc(heap->region_count * sizeof(copy.regions[0]));
        if (copy.regions == NULL) {
            return false;
        }
        memcpy(copy.regions, heap->regions, heap->region_count * sizeof(copy.regions[0]));
    }
    if (!ADD(image, heaps, heap_count, &copy)) {
        free(copy.regions);
        return false;
    }
    return true;
}

// Makes room for one more item of an array that grows by halves.
static bool make_half_more(void **items, size_t count, size_t *capacity, size_t size)
{
    enum {
        CAPACITY_MIN = 1024
    };
    if (count < *capacity) {
        return true;
    }
    size_t larger_capacity = count + count / 2 + CAPACITY_MIN;
    if (count >= UINT32_MAX || larger_capacity > SIZE_MAX / 2 / size) {
        return false; // numbers of blocks have 32 bits
    }
    void *larger = realloc(*items, larger_capacity * size);
    if (larger == NULL) {
        return false;
    }
    *items = larger;
    *capacity = larger_capacity;
    return true;
}

// Returns its number; 0: out of memory.
static uint32_t add_detail(struct image *image, const struct image_detail *detail)
{
    if (!make_half_more((void **)(void *)&image->details, image->detail_count,
            &image->detail_capacity, sizeof(*detail))) {
        return 0;
    }
    if (image->detail_count == 0) {
        image->details[image->detail_count++] = (struct image_detail){0};
    }
    image->details[image->detail_count] = *detail;
    return (uint32_t)image->detail_count++;
}

static bool has_detail(const struct image_detail *detail)
{
    return detail != NULL &&
           (detail->number != 0 || detail->gap != 0 || detail->file != 0 || detail->line != 0 ||
               detail->weight != 0 || detail->type != 0 || detail->subtype != 0);
}

bool image_add_block(
    struct image *image, const struct image_block *block, const struct image_detail *detail)
{
    if (!make_half_more((void **)(void *)&image->blocks, image->block_count, &image->block_capacity,
            sizeof(*block))) {
        return false;
    }
    struct image_block copy = *block;
    copy.detail = 0;
    if (has_detail(detail)) {
        copy.detail = add_detail(image, detail);
        if (copy.detail == 0) {
            return false;
        }
    }
    image->blocks[image->block_count++] = copy;
    return true;
}

void image_drop_block(struct image *image)
{
    image->block_count--;
    // Its detail was added last, too.
    image->detail_count -= image->blocks[image->block_count].detail != 0;
}

const struct image_detail *image_detail(const struct image *image, const struct image_block *block)
{
    static const struct image_detail none = {0};
    bool has = block->detail != 0 && block->detail < image->detail_count;
    return has ? &image->details[block->detail] : &none;
}

bool image_add_module(struct image *image, const struct image_module *module)
{
    return ADD(image, modules, module_count, module);
}

bool image_add_mapping(struct image *image, const struct image_mapping *mapping)
{
    return ADD(image, mappings, mapping_count, mapping);
}

bool image_add_thread(struct image *image, const struct image_thread *thread)
{
    return ADD(image, threads, thread_count, thread);
}

bool image_add_word(struct image *image, const struct image_word *word)
{
    struct image_thread *thread = &image->threads[word->thread];
    if (thread->register_count < sizeof(thread->registers) / sizeof(thread->registers[0])) {
        thread->registers[thread->register_count++] = word->word;
        return true;
    }
    return ADD(image, words, word_count, word);
}

bool image_add_damage(struct image *image, const struct image_damage *damage)
{
    return ADD(image, damages, damage_count, damage);
}

uint32_t image_add_stack(struct image *image, const uint64_t *frames, size_t count)
{
    const struct image_stack stack = {
        .first = (uint32_t)image->frame_count, .count = (uint32_t)count};
    if (count == 0 || count > UINT32_MAX - image->frame_count || image->stack_count >= UINT32_MAX) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (!ADD(image, frames, frame_count, &frames[i])) {
            image->frame_count = stack.first;
            return 0;
        }
    }
    if (!ADD(image, stacks, stack_count, &stack)) {
        image->frame_count = stack.first;
        return 0;
    }
    return (uint32_t)(image->stack_count - 1);
}

const uint64_t *image_frames(const struct image *image, uint32_t stack, size_t *count)
{
    *count = 0;
    if (stack == 0 || stack >= image->stack_count) {
        return NULL;
    }
    const struct image_stack *found = &image->stacks[stack];
    if (found->first > image->frame_count || found->count > image->frame_count - found->first ||
        found->count == 0) {
        return NULL;
    }
    *count = found->count;
    return image->frames + found->first;
}

// ---- Order ------------------------------------------------------------------------------------

// Blocks come in runs that are in order: the runs are put in order, not the blocks.  A run ends at
// every hole that another heap's region may lie in.
struct run {
    uint64_t first_address;
    size_t first;
    size_t count;
};

static int compare_addresses(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_runs(const void *a, const void *b)
{
    const struct run *one = a;
    const struct run *other = b;
    return compare_addresses(one->first_address, other->first_address);
}

static int compare_blocks(const void *a, const void *b)
{
    const struct image_block *one = a;
    const struct image_block *other = b;
    int order = compare_addresses(one->address, other->address);
    return order != 0 ? order : compare_addresses(one->size, other->size);
}

static int compare_modules(const void *a, const void *b)
{
    const struct image_module *one = a;
    const struct image_module *other = b;
    return compare_addresses(one->start, other->start);
}

static int compare_mappings(const void *a, const void *b)
{
    const struct image_mapping *one = a;
    const struct image_mapping *other = b;
    return compare_addresses(one->start, other->start);
}

// Whether a block belongs to the run of the one before it.
static bool follows(const struct image_block *block, const struct image_block *before)
{
    enum {
        HOLE_MAX = (64 << 10) - 1 // smaller than any region
    };
    return block->address >= before->address &&
           block->address - before->address <= before->size + HOLE_MAX;
}

static struct run *find_runs(const struct image *image, size_t *count)
{
    struct run *runs = NULL;
    *count = 0;
    for (size_t i = 0; i < image->block_count; i++) {
        uint64_t address = image->blocks[i].address;
        if (i > 0 && follows(&image->blocks[i], &image->blocks[i - 1])) {
            runs[*count - 1].count++;
            continue;
        }
        const struct run run = {.first_address = address, .first = i, .count = 1};
        if (!add_item((void **)(void *)&runs, count, &run, sizeof(run))) {
            free(runs);
            return NULL;
        }
    }
    return runs;
}

static bool runs_are_in_order(const struct run *runs, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (runs[i - 1].first > runs[i].first) {
            return false;
        }
    }
    return true;
}

static bool runs_are_apart(const struct image *image, const struct run *runs, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t last = runs[i - 1].first + runs[i - 1].count - 1;
        if (image->blocks[last].address > runs[i].first_address) {
            return false;
        }
    }
    return true;
}

// Moves blocks, a piece at a time, and gives the memory back from which they come: what is moved
// and what it becomes are never there together. Returns where the next ones go.
static struct image_block *move_blocks(
    struct image_block *to, const struct image_block *from, size_t count)
{
    enum {
        PIECE = 64 << 10 // blocks
    };
    const uintptr_t page_mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
    while (count > 0) {
        size_t piece = count < PIECE ? count : PIECE;
        uintptr_t start = ((uintptr_t)from + page_mask) & ~page_mask;
        uintptr_t end = (uintptr_t)(from + piece) & ~page_mask;
        memcpy(to, from, piece * sizeof(*to));
        if (start < end) {
            madvise((void *)start, end - start, MADV_DONTNEED);
        }
        to += piece;
        from += piece;
        count -= piece;
    }
    return to;
}

// Copies the runs in their new order.
static bool reorder(struct image *image, const struct run *runs, size_t count)
{
    struct image_block *blocks = malloc(image->block_count * sizeof(*blocks));
    if (blocks == NULL) {
        return false;
    }
    struct image_block *next = blocks;
    for (size_t i = 0; i < count; i++) {
        next = move_blocks(next, image->blocks + runs[i].first, runs[i].count);
    }
    free(image->blocks);
    image->blocks = blocks;
    image->block_capacity = image->block_count;
    return true;
}

static void sort_blocks(struct image *image)
{
    size_t count;
    struct run *runs = find_runs(image, &count);
    bool is_sorted = false;
    if (runs != NULL) {
        qsort(runs, count, sizeof(*runs), compare_runs);
        is_sorted = runs_are_apart(image, runs, count) &&
                    (runs_are_in_order(runs, count) || reorder(image, runs, count));
    }
    free(runs);
    if (!is_sorted) {
        qsort(image->blocks, image->block_count, sizeof(image->blocks[0]), compare_blocks);
    }
}

void image_sort(struct image *image)
{
    if (image->block_count > 0) {
        sort_blocks(image);
    }
    if (image->module_count > 0) {
        qsort(image->modules, image->module_count, sizeof(image->modules[0]), compare_modules);
    }
    if (image->mapping_count > 0) {
        qsort(image->mappings, image->mapping_count, sizeof(image->mappings[0]), compare_mappings);
    }
}

// ---- Finding ----------------------------------------------------------------------------------

const struct image_block *image_block_at(const struct image *image, uint64_t address)
{
    size_t low = 0;
    size_t high = image->block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct image_block *block = &image->blocks[middle];
        if (block->address - image_detail(image, block)->gap <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return NULL;
    }
    const struct image_block *block = &image->blocks[low - 1];
    uint32_t gap = image_detail(image, block)->gap;
    uint64_t offset = address - (block->address - gap);
    bool is_inside = offset < gap + block->size + block->slack;
    return is_inside && block->kind == IMAGE_BUSY ? block : NULL;
}

const struct image_module *image_module_at(const struct image *image, uint64_t address)
{
    const size_t until =
        count_until(image->modules, image->module_count, sizeof(*image->modules), address);
    return until > 0 && address < image->modules[until - 1].end ? &image->modules[until - 1] : NULL;
}

size_t image_read(const struct image *image, uint64_t address, void *buffer, size_t size)
{
    return image->read == NULL ? 0 : image->read(image->reader, address, buffer, size);
}
