// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// src/view against the truth: what it reads of this process from outside is, element by element,
// what halde_heap_walk() says.  Heaps of all kinds, filled in all ways, and by threads.

#include "view_self.h"

#include "churn.h"
#include "seed.h"

#include "engine/engine.h"
#include "engine/heap.h"
#include "engine/thread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ENTRIES_MAX = 1 << 20,
    BLOCKS_MAX = 20000,
};

static struct halde_entry *entries; // outside of every heap
static size_t entry_count;
static size_t compared_count; // in all

static bool keep(const struct halde_entry *entry, void *context)
{
    (void)context;
    ASSERT_TRUE(entry_count < ENTRIES_MAX);
    entries[entry_count++] = *entry;
    return true;
}

static enum halde_entry_kind kind_inside(enum view_kind kind)
{
    switch (kind) {
    case VIEW_REGION:
        return HALDE_ENTRY_REGION;
    case VIEW_BUSY:
        return HALDE_ENTRY_BUSY;
    case VIEW_FREE:
    case VIEW_CACHED:
        return HALDE_ENTRY_FREE;
    case VIEW_UNCOMMITTED:
        return HALDE_ENTRY_UNCOMMITTED;
    }
    return HALDE_ENTRY_FREE;
}

static bool expect_element(struct view *view, const struct view_walk *walk,
    const struct view_element *element, const struct halde_entry *entry)
{
    struct view_entry outside;
    view_entry_of(view, element, &outside);
    bool is_same = EXPECT_SIZE(kind_inside(element->kind), entry->kind);
    is_same &= EXPECT_SIZE(element->region, entry->region_index);
    is_same &= EXPECT_SIZE(outside.data, (uintptr_t)entry->data);
    is_same &= EXPECT_SIZE(outside.size, entry->size);
    is_same &= EXPECT_SIZE(outside.overhead, entry->overhead);
    is_same &= EXPECT_SIZE(element->place == VIEW_IN_SPAN, entry->is_span_block);
    if (element->kind == VIEW_REGION) {
        const struct view_region *region = &walk->region;
        is_same &= EXPECT_SIZE(region->committed_end - region->start, entry->committed_size);
        is_same &= EXPECT_SIZE(region->end - region->committed_end, entry->uncommitted_size);
        is_same &= EXPECT_SIZE(region->first_block, (uintptr_t)entry->first_block);
        is_same &= EXPECT_SIZE(region->end, (uintptr_t)entry->last_block);
    }
    struct view_user_info info = {0};
    bool has_info = view_user_info(view, &walk->heap, element, &info);
    is_same &= EXPECT_SIZE(has_info, entry->has_user_info);
    if (has_info && entry->has_user_info) {
        is_same &= EXPECT_SIZE(info.value, (uintptr_t)entry->user_info.value);
        is_same &= EXPECT_SIZE(info.flags, entry->user_info.flags);
    }
    return is_same;
}

// Goes on from an element in the middle, as ToolHelp does.
static void expect_seek(struct view *view, const struct view_heap *heap, size_t from)
{
    struct view_walk walk;
    struct view_element element;
    const struct halde_entry *entry = &entries[from];
    bool is_found =
        view_walk_seek(view, &walk, heap, (uintptr_t)entry->data, entry->kind == HALDE_ENTRY_BUSY);
    ASSERT_TRUE(is_found);
    bool is_there = view_walk_next(view, &walk, &element);
    ASSERT_SIZE(is_there, from + 1 < entry_count);
    if (is_there) {
        ASSERT_TRUE(expect_element(view, &walk, &element, &entries[from + 1]));
    }
}

static void compare(struct view *view, halde_heap *handle, bool is_sought)
{
    entry_count = 0;
    ASSERT_OK(halde_heap_walk(handle, keep, NULL));
    struct view_heap heap;
    ASSERT_TRUE(view_heap_find(view, (uintptr_t)handle, &heap));
    struct view_walk walk;
    struct view_element element;
    size_t count = 0;
    view_walk_begin(&walk, &heap);
    for (; view_walk_next(view, &walk, &element); count++) {
        ASSERT_TRUE(count < entry_count);
        if (!expect_element(view, &walk, &element, &entries[count])) {
            test_fail(CHECK_HERE, "element %zu of %zu", count, entry_count);
            test_stop();
        }
    }
    EXPECT_SIZE(count, entry_count);
    compared_count += count;
    EXPECT_SIZE(walk.fault, VIEW_NO_FAULT);
    size_t step = entry_count / 1000 + 1;
    for (size_t i = 0; is_sought && i < entry_count; i += step) {
        expect_seek(view, &heap, i);
    }
}

// By a view that keeps everything, and by one that keeps next to nothing.
static void compare_both(halde_heap *handle)
{
    struct view *view = self_open(false);
    ASSERT_TRUE(view_is_quiet(view));
    ASSERT_TRUE(view_fetch(view));
    compare(view, handle, true);
    view_close(view);
    view = self_open(true);
    compare(view, handle, false);
    view_close(view);
}

static halde_heap *create(const struct halde_heap_options *options)
{
    halde_heap *heap = NULL;
    ASSERT_OK(halde_heap_create(options, &heap));
    return heap;
}

// ---- Ways to fill a heap ----------------------------------------------------------------------

static void *blocks[BLOCKS_MAX];

static void fill_classes(halde_heap *heap)
{
    for (size_t size = 0; size <= 80000; size = size + 1 + size / 9) {
        for (int i = 0; i < 60; i++) {
            blocks[i] = halde_heap_alloc(heap, size, 0);
        }
        for (int i = 0; i < 60; i += 3) {
            halde_heap_free(heap, blocks[i], 0);
        }
    }
}

static void fill_at_random(halde_heap *heap, struct random *random, size_t largest)
{
    memset(blocks, 0, sizeof(blocks));
    for (size_t i = 0; i < (size_t)4 * BLOCKS_MAX; i++) {
        void **block = &blocks[random_below(random, BLOCKS_MAX)];
        size_t size = random_request(random);
        size = size > largest ? largest : size;
        if (*block == NULL) {
            *block = random_once_in(random, 8) ? halde_heap_alloc_aligned(heap, size,
                                                     (size_t)16 << random_below(random, 10), 0)
                                               : halde_heap_alloc(heap, size, 0);
        } else if (random_once_in(random, 4)) {
            void *moved = halde_heap_realloc(heap, *block, size, 0, NULL);
            *block = moved == NULL ? *block : moved;
        } else {
            ASSERT_OK(halde_heap_free(heap, *block, 0));
            *block = NULL;
        }
    }
}

static void attach_info(halde_heap *heap)
{
    for (size_t i = 0; i < BLOCKS_MAX; i += 7) {
        const struct halde_user_info info = {.value = &blocks[i], .flags = (uint32_t)i};
        if (blocks[i] != NULL) {
            ASSERT_OK(halde_heap_set_user_info(heap, blocks[i], &info));
        }
    }
}

// ---- Cases ------------------------------------------------------------------------------------

static void test_fresh(void)
{
    compare_both(halde_process_heap());
    halde_heap *heap = create(NULL);
    compare_both(heap);
    void *block = halde_heap_alloc(heap, 100, 0);
    compare_both(heap);
    halde_heap_free(heap, block, 0);
    compare_both(heap);
    halde_heap_destroy(heap);
    struct view *view = self_open(false);
    struct view_heap found;
    EXPECT_FALSE(view_heap_find(view, (uintptr_t)heap, &found));
    EXPECT_TRUE(view_heap_list_is_sound(view));
    view_close(view);
}

static void test_kind(const struct halde_heap_options *options, uint64_t seed, size_t largest)
{
    struct random random = random_make(seed, largest);
    halde_heap *heap = create(options);
    fill_classes(heap);
    compare_both(heap);
    fill_at_random(heap, &random, largest);
    compare_both(heap);
    attach_info(heap);
    compare_both(heap);
    halde_heap_compact(heap);
    compare_both(heap);
    for (size_t i = 0; i < BLOCKS_MAX; i++) {
        if (blocks[i] != NULL) {
            halde_heap_free(heap, blocks[i], 0);
        }
    }
    compare_both(heap);
    halde_heap_destroy(heap);
}

static void test_large(void)
{
    halde_heap *heap = create(NULL);
    void *large[40];
    for (size_t i = 0; i < 40; i++) {
        large[i] = halde_heap_alloc(heap, (size_t)60000 + i * 61234, 0);
    }
    compare_both(heap);
    for (size_t i = 0; i < 40; i += 2) {
        halde_heap_free(heap, large[i], 0);
    }
    compare_both(heap);
    halde_heap_destroy(heap);
}

static void test_records(void)
{
    halde_heap *handle = engine_heap_create(16);
    ASSERT_NOT_NULL(handle);
    uint64_t *chosen[3] = {halde_heap_alloc(handle, 40, 0), halde_heap_alloc(handle, 100000, 0),
        halde_heap_alloc(handle, (size_t)3 << 20, 0)};
    for (uint64_t i = 0; i < 3; i++) {
        struct engine_block block;
        ASSERT_TRUE(engine_block_at(handle, chosen[i], &block));
        memcpy(block.record, &(uint64_t){0x1234560 + i}, sizeof(uint64_t));
    }
    compare_both(handle);
    struct view *view = self_open(false);
    struct view_heap heap;
    struct view_walk walk;
    struct view_element element;
    ASSERT_TRUE(view_heap_find(view, (uintptr_t)handle, &heap));
    EXPECT_SIZE(heap.record_size, 16);
    size_t found = 0;
    for (view_walk_begin(&walk, &heap); view_walk_next(view, &walk, &element);) {
        for (uint64_t i = 0; i < 3; i++) {
            uint64_t value = 0;
            if (element.kind == VIEW_BUSY && element.start == (uintptr_t)chosen[i]) {
                ASSERT_TRUE(view_read_known(view, element.record, &value, sizeof(value)));
                EXPECT_SIZE(value, 0x1234560 + i);
                found++;
            }
        }
    }
    EXPECT_SIZE(found, 3);
    view_close(view);
    halde_heap_destroy(handle);
}

// With caches of several threads, whose blocks count as free.
static void test_threads(uint64_t seed)
{
    halde_heap *heaps[3] = {halde_process_heap(), create(NULL), create(NULL)};
    const struct churn_options options = {
        .seed = seed,
        .seat_count = 4,
        .slots_per_seat = 3000,
        .heaps = heaps,
        .heap_count = 3,
        .operations_per_thread = 20000,
    };
    struct churn *churn = churn_start(&options);
    for (int i = 0; i < 6; i++) {
        usleep(50000);
        churn_pause(churn);
        for (int j = 0; j < 3; j++) {
            compare_both(heaps[j]);
        }
        churn_resume(churn);
    }
    churn_stop(churn);
    churn_release(churn);
    compare_both(heaps[0]);
    halde_heap_destroy(heaps[1]);
    halde_heap_destroy(heaps[2]);
}

static void test_quiet(void)
{
    halde_heap *handle = create(NULL);
    struct heap *heap = heap_of(handle);
    halde_heap_free(handle, halde_heap_alloc(handle, 1, 0), 0);
    struct view *view = self_open(false);
    struct view_heap found;
    EXPECT_TRUE(view_is_quiet(view));
    os_mutex_lock(&heap->mutex);
    EXPECT_FALSE(view_is_quiet(view));
    ASSERT_TRUE(view_heap_find(view, (uintptr_t)handle, &found));
    EXPECT_TRUE(view_heap_is_busy(view, &found));
    os_mutex_unlock(&heap->mutex);
    EXPECT_TRUE(view_is_quiet(view));
    struct thread *thread = thread_self();
    atomic_store(&thread->in, (uintptr_t)handle);
    EXPECT_FALSE(view_is_quiet(view));
    ASSERT_TRUE(view_heap_find(view, (uintptr_t)handle, &found));
    EXPECT_TRUE(view_heap_is_busy(view, &found));
    EXPECT_SIZE(view_thread_record(view, os_thread_pointer()), (uintptr_t)thread);
    atomic_store(&thread->in, 0);
    // A heap that its user has locked is at rest.
    ASSERT_OK(halde_heap_lock(handle));
    EXPECT_TRUE(view_is_quiet(view));
    ASSERT_TRUE(view_heap_find(view, (uintptr_t)handle, &found));
    EXPECT_SIZE(found.lock_owner, (uintptr_t)thread);
    EXPECT_FALSE(view_heap_is_busy(view, &found));
    halde_heap_unlock(handle);
    view_close(view);
    halde_heap_destroy(handle);
}

int main(void)
{
    uint64_t seed = seed_start("view_walk");
    const size_t size = ENTRIES_MAX * sizeof(*entries);
    entries = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(entries != MAP_FAILED);
    test_fresh();
    test_kind(NULL, seed, SIZE_MAX);
    test_kind(&(struct halde_heap_options){.flags = HALDE_HEAP_NO_SERIALIZE}, seed, 5000);
    test_kind(
        &(struct halde_heap_options){.checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE}, seed, 200000);
    test_kind(&(struct halde_heap_options){.maximum_size = 9000000}, seed, 200000);
    test_kind(
        &(struct halde_heap_options){.maximum_size = 40000 + ((size_t)64 << 20)}, seed, 300000);
    test_kind(&(struct halde_heap_options){.maximum_size = 5000}, seed, 1000);
    test_kind(&(struct halde_heap_options){.initial_size = 3000000, .reserve_size = 7000000}, seed,
        SIZE_MAX);
    test_large();
    test_records();
    test_threads(seed);
    test_quiet();
    test_note("%zu elements compared", compared_count);
    EXPECT_AT_LEAST(compared_count, 500000);
    return test_result();
}
