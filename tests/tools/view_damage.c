// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

// Images of a process whose heaps are damaged in hundreds of ways: whatever the engine's data
// says, an image is made, its blocks are in order and apart, and checking it ends.

#include "check.h"

#include "seed.h"

#include "image/heaps.h"
#include "image/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <halde/heap.h>

enum {
    ROUNDS = 400,
    TARGETS_MAX = 4096,
    DAMAGES_MAX = 16,
    BLOCKS = 300,
};

struct target {
    uint64_t start, size;
};
static struct target targets[TARGETS_MAX];
static size_t target_count;

static struct {
    uint64_t address, value;
    size_t size;
} damages[DAMAGES_MAX];
static size_t damage_count;

static size_t read_damaged(void *context, uint64_t address, void *buffer, size_t size)
{
    (void)context;
    struct iovec local = {.iov_base = buffer, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    for (size_t i = 0; got > 0 && i < damage_count; i++) {
        for (size_t j = 0; j < damages[i].size; j++) {
            uint64_t offset = damages[i].address + j - address;
            if (offset < (uint64_t)got) {
                ((char *)buffer)[offset] = (char)(damages[i].value >> (8 * j));
            }
        }
    }
    return got > 0 ? (size_t)got : 0;
}

// Our own process as an image without heaps. Its mappings are read once.
static struct image *make_image(void)
{
    struct image *image = image_create();
    ASSERT_NOT_NULL(image);
    image->source = IMAGE_CORE; // no question to /proc
    image->read = read_damaged;
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[4096];
    while (fgets(line, sizeof(line), maps) != NULL) {
        char *rest;
        struct image_mapping mapping = {.start = strtoull(line, &rest, 16)};
        mapping.end = strtoull(rest + 1, &rest, 16);
        bool is_data = strlen(rest) > 5 && rest[2] == 'w' && rest[4] == 'p';
        char *path = strchr(rest, '/');
        if (is_data && path != NULL) {
            mapping.is_readable = mapping.is_writable = 1;
            mapping.path = image_add_string(image, path);
            image_add_mapping(image, &mapping);
        }
    }
    fclose(maps);
    return image;
}

static void add_target(uint64_t start, uint64_t size)
{
    if (start != 0 && size > 0 && target_count < TARGETS_MAX) {
        targets[target_count++] = (struct target){start, size};
    }
}

static void add_heap(struct view *view, const struct view_heap *heap)
{
    struct view_walk walk;
    struct view_element element;
    struct view_slice slice;
    uint32_t last = 0;
    uint64_t descriptors = view_variable(view, LAYOUT_VARIABLE_POOL_SLICES);
    uint64_t size = (uint64_t)view_constant(view, LAYOUT_CONSTANT_SLICE_SIZE_OF);
    for (int i = 0; i < 4; i++) { // more often than the rest
        add_target(heap->address, (uint64_t)view_constant(view, LAYOUT_CONSTANT_HEAP_SIZE_OF));
        add_target(heap->regions, heap->region_count * 40);
    }
    add_target(heap->mixed.map, heap->mixed.top);
    for (view_walk_begin(&walk, heap); view_walk_next(view, &walk, &element);) {
        if (element.slice != 0 && element.slice != last &&
            view_slice(view, element.slice, &slice)) {
            last = element.slice;
            add_target(descriptors + last * size, 2 * size);
            add_target(slice.map, slice.block_count);
            add_target(element.record, 64);
        }
    }
}

static void find_targets(void)
{
    enum view_status status;
    struct image *image = make_image();
    struct heaps *heaps = heaps_open(image, &status);
    ASSERT_NOT_NULL(heaps);
    struct view *view = (struct view *)(uintptr_t)heaps_view(heaps);
    struct view_heap heap;
    bool is_heap = view_heap_first(view, &heap);
    while (is_heap) {
        struct view_heap current = heap;
        is_heap = view_heap_next(view, &heap);
        add_heap(view, &current);
    }
    heaps_close(heaps);
    image_destroy(image);
    ASSERT_TRUE(target_count > 100);
}

static void make_damages(struct random *random)
{
    damage_count = 1 + random_below(random, DAMAGES_MAX);
    for (size_t i = 0; i < damage_count; i++) {
        const struct target *target = &targets[random_below(random, target_count)];
        const struct target *other = &targets[random_below(random, target_count)];
        const uint64_t values[] = {0, UINT64_MAX, random_below(random, 300), other->start,
            random_next(random), UINT64_MAX >> random_below(random, 64)};
        damages[i].size = (size_t)1 << random_below(random, 4);
        damages[i].address = target->start + random_below(random, (size_t)target->size);
        damages[i].address -= damages[i].address % damages[i].size;
        damages[i].value = values[random_below(random, sizeof(values) / sizeof(values[0]))];
    }
}

static void check_image(const struct image *image)
{
    for (size_t i = 1; i < image->block_count; i++) {
        ASSERT_TRUE(image->blocks[i - 1].address <= image->blocks[i].address);
    }
    for (size_t i = 0; i < image->block_count; i += 37) {
        const struct image_block *block = &image->blocks[i];
        ASSERT_TRUE(block->heap < image->heap_count);
        if (block->kind == IMAGE_BUSY) {
            image_block_at(image, block->address);
        }
    }
    for (size_t i = 0; i < image->damage_count; i++) {
        ASSERT_TRUE(*image_string(image, image->damages[i].text) != '\0');
    }
}

static void fill(halde_heap *heap, struct random *random)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        void *block = halde_heap_alloc(heap, random_request(random), 0);
        if (random_once_in(random, 3)) {
            halde_heap_free(heap, block, 0);
        }
    }
}

int main(void)
{
    static const struct halde_heap_options KINDS[] = {
        {0}, {.maximum_size = 1 << 20}, {.checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE}};
    uint64_t seed = seed_start("view_damage");
    struct random random = random_make(seed, 0);
    fill(halde_process_heap(), &random);
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        halde_heap *heap = NULL;
        ASSERT_OK(halde_heap_create(&KINDS[i], &heap));
        fill(heap, &random);
    }
    find_targets();
    size_t with_findings = 0;
    size_t read = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct random own = random_make(seed, round + 1);
        struct image *image = make_image();
        damage_count = 0;
        if (round > 0) {
            make_damages(&own);
        }
        bool is_read = heaps_read(image, HEAPS_FREE_BLOCKS | HEAPS_CHECK) == VIEW_OK;
        read += is_read;
        with_findings += image->damage_count > 0;
        if (round == 0) {
            ASSERT_TRUE(is_read && image->damage_count == 0 && image->block_count > BLOCKS);
        }
        check_image(image);
        image_destroy(image);
    }
    test_note("%zu of %d images were read, %zu with findings", read, ROUNDS, with_findings);
    EXPECT_AT_LEAST(read, ROUNDS / 2);
    EXPECT_AT_LEAST(with_findings, ROUNDS / 4);
    return test_result();
}
