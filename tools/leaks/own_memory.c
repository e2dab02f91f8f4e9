// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What the library holds for itself, as it says so in its layout (base/layout.h).

#include "base/layout.h"
#include "cli/memory.h"
#include "leaks/roots.h"
#include "view/view.h"

#include <stdlib.h>
#include <string.h>

enum {
    EXTENSIONS_MAX = 16, // more are not believed
};

bool read_word(const struct image *image, uint64_t address, uint64_t *word)
{
    return image_read(image, address, word, sizeof(*word)) == sizeof(*word);
}

static bool read_all(void *context, uint64_t address, void *buffer, size_t size)
{
    const struct image *image = context;
    return image_read(image, address, buffer, size) == size;
}

struct own {
    const struct image *image;
    struct reach_range *ranges;
    size_t count;
    size_t capacity;
    struct movable *movables;
    size_t movable_count;
    size_t movable_capacity;
    bool has_all; // thread-local variables and handles are wanted, too
};

static void add(struct own *own, struct reach_range range)
{
    if (range.start < range.end) {
        own->ranges = must_grow(own->ranges, own->count, &own->capacity, sizeof(*own->ranges));
        own->ranges[own->count++] = range;
    }
}

// ---- Where the layout may lie -----------------------------------------------------------------

static bool may_have_layout(const struct image_mapping *mapping)
{
    return mapping->path != 0 && mapping->is_readable && !mapping->is_executable &&
           !mapping->is_shared;
}

enum {
    PLACES = 3,
};

// The library's own data, other data, and what cannot be written any more: which is the code of
// large programs, too, and not read where the layout was found before.
static int place_of(const struct image *image, const struct image_mapping *mapping)
{
    if (!mapping->is_writable) {
        return 2;
    }
    return strstr(image_string(image, mapping->path), "/libhalde") != NULL ? 0 : 1;
}

static struct view_range *gather_ranges(const struct image *image, size_t *count)
{
    struct view_range *ranges = must_allocate(image->mapping_count + 1, sizeof(*ranges));
    for (int place = 0; place < PLACES; place++) {
        for (size_t i = 0; i < image->mapping_count; i++) {
            const struct image_mapping *mapping = &image->mappings[i];
            if (may_have_layout(mapping) && place_of(image, mapping) == place) {
                ranges[(*count)++] = (struct view_range){mapping->start, mapping->end};
            }
        }
    }
    return ranges;
}

// ---- Stack depot ------------------------------------------------------------------------------

static bool is_named(const struct layout_extension *extension, const char *name)
{
    return strncmp(extension->name, name, sizeof(extension->name)) == 0;
}

// The depot's addresses, from its header: magic, version and size of the header, limit.
static bool read_depot(const struct image *image, uint64_t word_address, struct reach_range *range)
{
    uint64_t start;
    uint64_t limit;
    const uint64_t limit_offset = 16;
    if (!read_word(image, word_address, &start) || start == 0 ||
        !read_word(image, start + limit_offset, &limit) || limit > UINT64_MAX - start) {
        return false;
    }
    *range = (struct reach_range){start, start + limit};
    return true;
}

static bool find_depot(const struct image *image, uint64_t layout, struct reach_range *range)
{
    uint64_t next;
    if (!read_word(image, layout + offsetof(struct layout, extensions), &next)) {
        return false;
    }
    for (unsigned i = 0; next != 0 && i < EXTENSIONS_MAX; i++) {
        struct layout_stacks stacks;
        if (image_read(image, next, &stacks.extension, sizeof(stacks.extension)) !=
            sizeof(stacks.extension)) {
            return false;
        }
        if (is_named(&stacks.extension, LAYOUT_STACKS)) {
            return image_read(image, next, &stacks, sizeof(stacks)) == sizeof(stacks) &&
                   read_depot(image, stacks.depot, range);
        }
        next = (uint64_t)(uintptr_t)stacks.extension.next;
    }
    return false;
}

// ---- All of it --------------------------------------------------------------------------------

static void widen(struct reach_range *range, uint64_t start, uint64_t end)
{
    range->start = start < range->start ? start : range->start;
    range->end = end > range->end ? end : range->end;
}

// From the first to the last byte of what the image says to be of heaps.
static bool hull_of_heaps(const struct image *image, struct reach_range *hull)
{
    *hull = (struct reach_range){UINT64_MAX, 0};
    for (size_t i = 0; i < image->heap_count; i++) {
        const struct image_heap *heap = &image->heaps[i];
        for (uint32_t j = 0; j < heap->region_count; j++) {
            widen(hull, heap->regions[j].start, heap->regions[j].end);
        }
    }
    for (size_t i = 0; i < image->block_count; i++) {
        const struct image_block *block = &image->blocks[i];
        widen(hull, block->address, block->address + block->size);
    }
    return hull->start < hull->end;
}

// The thread-local variables of the library, of each thread: if the library is a module of its own.
static void add_tls(struct own *own, struct view *view)
{
    const struct image_module *module = image_module_at(own->image, view_layout_address(view));
    if (module == NULL || strstr(image_string(own->image, module->path), "/libhalde") == NULL) {
        return;
    }
    // The engine's word comes first.
    const uint64_t offset = (uint64_t)view_constant(view, LAYOUT_CONSTANT_THREAD_TLS_OFFSET);
    const uint64_t size = module_tls_size(own->image, module);
    for (size_t i = 0; i < own->image->thread_count; i++) {
        const uint64_t start = own->image->threads[i].thread_pointer + offset;
        add(own, (struct reach_range){start, start + size});
    }
}

static void add_handles(struct own *own, struct view *view)
{
    struct view_handle_table table;
    struct movable movable;
    if (!view_handle_table(view, &table)) {
        return;
    }
    const uint64_t size = (uint64_t)table.count * table.entry_size;
    add(own, (struct reach_range){table.start, table.start + size});
    for (uint32_t i = 0; i < table.count; i++) {
        if (view_handle(view, &table, i, &movable.handle, &movable.data)) {
            own->movables = must_grow(
                own->movables, own->movable_count, &own->movable_capacity, sizeof(*own->movables));
            own->movables[own->movable_count++] = movable;
        }
    }
}

static void find_by_layout(struct own *own)
{
    size_t range_count = 0;
    struct view_range *ranges = gather_ranges(own->image, &range_count);
    const struct view_source source = {
        .read = read_all,
        .context = (void *)(uintptr_t)own->image,
        .ranges = ranges,
        .range_count = range_count,
        .is_frugal = true,
    };
    struct view *view;
    struct reach_range depot;
    if (view_open(&view, &source) == VIEW_OK) {
        const struct view_range reservation = view_reservation(view);
        add(own, (struct reach_range){reservation.start, reservation.end});
        if (find_depot(own->image, view_layout_address(view), &depot)) {
            add(own, depot);
        }
        if (own->has_all) {
            add_tls(own, view);
            add_handles(own, view);
        }
        view_close(view);
    }
    free(ranges);
}

static int compare(const void *a, const void *b)
{
    const struct reach_range *left = a;
    const struct reach_range *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

static void find_sorted(struct own *own)
{
    struct reach_range hull;
    find_by_layout(own);
    if (own->count == 0 && hull_of_heaps(own->image, &hull)) {
        add(own, hull);
    }
    if (own->count > 0) {
        qsort(own->ranges, own->count, sizeof(*own->ranges), compare);
    }
}

void own_memory_find_all(const struct image *image, struct own_memory *own)
{
    struct own found = {.image = image, .has_all = true};
    find_sorted(&found);
    *own = (struct own_memory){
        .ranges = found.ranges,
        .count = found.count,
        .movables = found.movables,
        .movable_count = found.movable_count,
    };
}

size_t own_memory_find(const struct image *image, struct reach_range own[OWN_RANGES_MAX])
{
    struct own found = {.image = image};
    find_sorted(&found);
    for (size_t i = 0; i < found.count; i++) {
        own[i] = found.ranges[i];
    }
    free(found.ranges);
    return found.count;
}
