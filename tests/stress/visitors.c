// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What a visitor of a walk may do: ask about the heap that is walked, walk it again, use other
 * heaps, stop early, leave by a child process.  The walk holds the heap's lock, so other threads
 * wait.
 */
#include "check.h"
#include "child.h"
#include "seed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
    BLOCKS = 300,
};

struct scene {
    halde_heap *heap;
    halde_heap *other;
    void *blocks[BLOCKS];
    size_t visits;
    size_t busy_count;
    _Atomic uint64_t progress; // of the thread that uses the heap
    _Atomic bool stops;
};

static size_t size_of(size_t i)
{
    static const size_t sizes[] = {0, 10, 64, 200, 3000, 20000, 90000, 1500000};
    return i % 40 == 39 ? sizes[7] : sizes[i % 7];
}

static void fill(struct scene *scene)
{
    ASSERT_OK(halde_heap_create(NULL, &scene->heap));
    ASSERT_OK(halde_heap_create(NULL, &scene->other));
    for (size_t i = 0; i < BLOCKS; i++) {
        scene->blocks[i] = halde_heap_alloc(scene->heap, size_of(i), 0);
        ASSERT_NOT_NULL(scene->blocks[i]);
    }
    for (size_t i = 0; i < BLOCKS; i += 3) {
        EXPECT_OK(halde_heap_free(scene->heap, scene->blocks[i], 0));
        scene->blocks[i] = NULL;
    }
}

static bool count_busy(const struct halde_entry *entry, void *context)
{
    *(size_t *)context += entry->kind == HALDE_ENTRY_BUSY;
    return true;
}

static bool count_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    (void)blocks;
    *(size_t *)context += count;
    return true;
}

// Questions about the heap that is being walked.
static void ask(const struct scene *scene, void *block, size_t expected)
{
    size_t size = 0;
    struct halde_user_info info;
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_size(scene->heap, block, &size));
    EXPECT_SIZE(size, expected);
    EXPECT_POINTER(halde_heap_of_block(block), scene->heap);
    EXPECT_VALID(scene->heap, block);
    EXPECT_STATUS(halde_heap_get_user_info(scene->heap, block, &info), HALDE_NOT_FOUND);
    EXPECT_OK(halde_heap_summarize(scene->heap, &summary));
    EXPECT_SIZE(summary.busy_count, BLOCKS - BLOCKS / 3);
    EXPECT_OK(halde_heap_lock(scene->heap));
    EXPECT_OK(halde_heap_unlock(scene->heap));
}

static void walk_again(const struct scene *scene)
{
    size_t count = 0;
    EXPECT_OK(halde_heap_walk(scene->heap, count_busy, &count));
    EXPECT_SIZE(count, BLOCKS - BLOCKS / 3);
    count = 0;
    EXPECT_OK(halde_heap_walk_blocks(scene->heap, count_blocks, &count));
    EXPECT_SIZE(count, BLOCKS - BLOCKS / 3);
    EXPECT_VALID(scene->heap, NULL);
}

// Every other heap is free to use, the process heap among them, and heaps may be created.
static void use_others(const struct scene *scene)
{
    halde_heap *heaps[3] = {scene->other, halde_process_heap(), NULL};
    ASSERT_OK(halde_heap_create(NULL, &heaps[2]));
    for (size_t i = 0; i < 3; i++) {
        void *block = halde_heap_alloc(heaps[i], 100 + i, 0);
        ASSERT_NOT_NULL(block);
        block = halde_heap_realloc(heaps[i], block, 5000, 0, NULL);
        ASSERT_NOT_NULL(block);
        EXPECT_OK(halde_heap_free(heaps[i], block, 0));
    }
    EXPECT_OK(halde_heap_destroy(heaps[2]));
}

static bool visit_entry(const struct halde_entry *entry, void *context)
{
    struct scene *scene = context;
    scene->visits++;
    if (entry->kind == HALDE_ENTRY_BUSY) {
        scene->busy_count++;
        ask(scene, entry->data, entry->size);
    }
    if (scene->visits % 50 == 1) {
        walk_again(scene);
        use_others(scene);
    }
    return true;
}

static bool visit_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    struct scene *scene = context;
    scene->visits++;
    for (size_t i = 0; i < count; i++) {
        scene->busy_count++;
        ask(scene, blocks[i].data, blocks[i].size);
    }
    walk_again(scene);
    use_others(scene);
    return true;
}

static bool stop_after_five(const struct halde_entry *entry, void *context)
{
    (void)entry;
    return ++*(size_t *)context < 5;
}

static bool stop_at_first(const struct halde_block *blocks, size_t count, void *context)
{
    (void)blocks;
    (void)count;
    ++*(size_t *)context;
    return false;
}

static void stop_early(const struct scene *scene)
{
    size_t visits = 0;
    EXPECT_OK(halde_heap_walk(scene->heap, stop_after_five, &visits));
    EXPECT_SIZE(visits, 5);
    visits = 0;
    EXPECT_OK(halde_heap_walk_blocks(scene->heap, stop_at_first, &visits));
    EXPECT_SIZE(visits, 1);
    EXPECT_STATUS(halde_heap_unlock(scene->heap), HALDE_NOT_OWNER); // the walk took its lock along
}

static void work_in_child(void *context)
{
    const struct scene *scene = context;
    walk_again(scene);
    use_others(scene);
}

static bool fork_once(const struct halde_entry *entry, void *context)
{
    (void)entry;
    EXPECT_CHILD_PASSES("a fork by a visitor", work_in_child, context, 20);
    return false;
}

// ---- Another thread waits while a visitor takes its time ----

static void *use_heap(void *context)
{
    struct scene *scene = context;
    while (!atomic_load_explicit(&scene->stops, memory_order_relaxed)) {
        void *block = halde_heap_alloc(scene->heap, 50, 0);
        ASSERT_NOT_NULL(block);
        EXPECT_OK(halde_heap_free(scene->heap, block, 0));
        atomic_fetch_add(&scene->progress, 1);
    }
    return NULL;
}

static bool dawdle(const struct halde_entry *entry, void *context)
{
    (void)entry;
    struct scene *scene = context;
    const struct timespec pause = {.tv_nsec = 5000000};
    uint64_t before = atomic_load(&scene->progress);
    nanosleep(&pause, NULL);
    EXPECT_AT_MOST(atomic_load(&scene->progress), before + 1); // what was done, but not yet noted
    return ++scene->visits < 5;
}

static void keep_others_out(struct scene *scene)
{
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, use_heap, scene) == 0);
    for (int i = 0; i < 5; i++) {
        uint64_t before = atomic_load(&scene->progress);
        while (atomic_load(&scene->progress) < before + 3) {
            nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
        }
        scene->visits = 0;
        EXPECT_OK(halde_heap_walk(scene->heap, dawdle, scene));
        EXPECT_SIZE(scene->visits, 5);
    }
    atomic_store(&scene->stops, true);
    pthread_join(thread, NULL);
}

int main(void)
{
    static struct scene scene;
    fill(&scene);
    EXPECT_OK(halde_heap_walk(scene.heap, visit_entry, &scene));
    EXPECT_SIZE(scene.busy_count, BLOCKS - BLOCKS / 3);
    scene.busy_count = 0;
    EXPECT_OK(halde_heap_walk_blocks(scene.heap, visit_blocks, &scene));
    EXPECT_SIZE(scene.busy_count, BLOCKS - BLOCKS / 3);
    stop_early(&scene);
    EXPECT_OK(halde_heap_walk(scene.heap, fork_once, &scene));
    keep_others_out(&scene);
    EXPECT_OK(halde_heap_destroy(scene.heap));
    EXPECT_OK(halde_heap_destroy(scene.other));
    return test_result();
}
