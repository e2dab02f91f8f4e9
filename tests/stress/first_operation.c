// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Each function as the very first call of a process, of a thread in a process that has used no
 * heap, and of a new thread in a process that has: nothing may depend on another call having come
 * before.
 */
#include "check.h"
#include "child.h"

#include <pthread.h>
#include <string.h>

struct operation {
    const char *name;
    void (*run)(void);
};

// A value that names no heap, as long as none was created.
static halde_heap *no_heap(void)
{
    static char byte;
    return (halde_heap *)&byte;
}

static void run_create(void)
{
    halde_heap *heap = NULL;
    EXPECT_OK(halde_heap_create(NULL, &heap));
    EXPECT_TRUE(halde_heap_is_valid(heap));
    EXPECT_OK(halde_heap_destroy(heap));
}

static void run_create_fixed(void)
{
    const struct halde_heap_options options = {.maximum_size = 1 << 20};
    halde_heap *heap = NULL;
    EXPECT_OK(halde_heap_create(&options, &heap));
    EXPECT_NOT_NULL(halde_heap_alloc(heap, 100, 0));
    EXPECT_OK(halde_heap_destroy(heap));
}

static void run_create_wrong(void)
{
    const struct halde_heap_options options = {.flags = 1u << 31};
    halde_heap *heap = no_heap();
    EXPECT_STATUS(halde_heap_create(&options, &heap), HALDE_BAD_ARGUMENT);
    EXPECT_POINTER(heap, no_heap());
}

static void run_destroy(void)
{
    EXPECT_STATUS(halde_heap_destroy(no_heap()), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_destroy(NULL), HALDE_BAD_HEAP);
}

static void run_process_heap(void)
{
    halde_heap *heap = halde_process_heap();
    EXPECT_TRUE(halde_heap_is_valid(heap));
    EXPECT_POINTER(halde_process_heap(), heap);
    void *block = halde_heap_alloc(heap, 40, HALDE_ZERO);
    EXPECT_NOT_NULL(block);
    EXPECT_OK(halde_heap_free(heap, block, 0));
    EXPECT_STATUS(halde_heap_destroy(heap), HALDE_BAD_ARGUMENT);
}

static void run_list(void)
{
    halde_heap *heaps[8] = {0};
    size_t count = halde_heap_list(heaps, 8);
    EXPECT_AT_LEAST(count, 1);
    EXPECT_POINTER(heaps[0], halde_process_heap());
}

static void run_list_nothing(void)
{
    EXPECT_AT_LEAST(halde_heap_list(NULL, 0), 1);
}

static void run_is_valid(void)
{
    EXPECT_FALSE(halde_heap_is_valid(no_heap()));
    EXPECT_FALSE(halde_heap_is_valid(NULL));
}

static void run_alloc(void)
{
    EXPECT_POINTER(halde_heap_alloc(no_heap(), 16, 0), NULL);
}

static void run_alloc_aligned(void)
{
    EXPECT_POINTER(halde_heap_alloc_aligned(no_heap(), 16, 64, 0), NULL);
}

static void run_realloc(void)
{
    int local = 0;
    enum halde_status status = HALDE_OK;
    EXPECT_POINTER(halde_heap_realloc(no_heap(), &local, 16, 0, &status), NULL);
    EXPECT_STATUS(status, HALDE_BAD_HEAP);
    EXPECT_POINTER(halde_heap_realloc(no_heap(), &local, 16, 0, NULL), NULL);
}

static void run_free(void)
{
    int local = 0;
    EXPECT_STATUS(halde_heap_free(no_heap(), &local, 0), HALDE_BAD_HEAP);
}

static void run_size(void)
{
    int local = 0;
    size_t size = 77;
    EXPECT_STATUS(halde_heap_size(no_heap(), &local, &size), HALDE_BAD_HEAP);
    EXPECT_SIZE(size, 77);
}

static void run_of_block(void)
{
    int local = 0;
    EXPECT_POINTER(halde_heap_of_block(&local), NULL);
    EXPECT_POINTER(halde_heap_of_block(NULL), NULL);
}

static void run_lock(void)
{
    EXPECT_STATUS(halde_heap_lock(no_heap()), HALDE_BAD_HEAP);
}

static void run_unlock(void)
{
    EXPECT_STATUS(halde_heap_unlock(no_heap()), HALDE_BAD_HEAP);
}

static void run_walk_next(void)
{
    struct halde_entry entry = {.size = 5};
    EXPECT_STATUS(halde_heap_walk_next(no_heap(), NULL, false, &entry), HALDE_BAD_HEAP);
    EXPECT_SIZE(entry.size, 5);
}

static bool visit_no_entry(const struct halde_entry *entry, void *context)
{
    (void)context;
    test_fail(CHECK_HERE, "visited %p", entry->data);
    return true;
}

static bool visit_no_block(const struct halde_block *blocks, size_t count, void *context)
{
    (void)blocks;
    (void)context;
    test_fail(CHECK_HERE, "visited %zu blocks", count);
    return true;
}

static void run_walk(void)
{
    EXPECT_STATUS(halde_heap_walk(no_heap(), visit_no_entry, NULL), HALDE_BAD_HEAP);
}

static void run_walk_blocks(void)
{
    EXPECT_STATUS(halde_heap_walk_blocks(no_heap(), visit_no_block, NULL), HALDE_BAD_HEAP);
}

static void run_validate(void)
{
    struct halde_damage damage;
    EXPECT_STATUS(halde_heap_validate(no_heap(), NULL, &damage), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_validate(no_heap(), &damage, NULL), HALDE_BAD_HEAP);
}

static void run_compact(void)
{
    EXPECT_SIZE(halde_heap_compact(no_heap()), 0);
}

static void run_summarize(void)
{
    struct halde_heap_summary summary;
    EXPECT_STATUS(halde_heap_summarize(no_heap(), &summary), HALDE_BAD_HEAP);
}

static void run_user_info(void)
{
    int local = 0;
    struct halde_user_info info = {&local, 1};
    EXPECT_STATUS(halde_heap_set_user_info(no_heap(), &local, &info), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_get_user_info(no_heap(), &local, &info), HALDE_BAD_HEAP);
}

static void run_status_text(void)
{
    EXPECT_TRUE(strlen(halde_status_text(HALDE_NO_MEMORY)) > 0);
    EXPECT_NOT_NULL(halde_status_text((enum halde_status)1000));
}

static const struct operation operations[] = {
    {"create", run_create},
    {"create, fixed size", run_create_fixed},
    {"create, unknown flag", run_create_wrong},
    {"destroy", run_destroy},
    {"process heap", run_process_heap},
    {"list", run_list},
    {"list, no room", run_list_nothing},
    {"is valid", run_is_valid},
    {"alloc", run_alloc},
    {"aligned alloc", run_alloc_aligned},
    {"realloc", run_realloc},
    {"free", run_free},
    {"size", run_size},
    {"heap of block", run_of_block},
    {"lock", run_lock},
    {"unlock", run_unlock},
    {"walk, one step", run_walk_next},
    {"walk", run_walk},
    {"walk of blocks", run_walk_blocks},
    {"validate", run_validate},
    {"compact", run_compact},
    {"summarize", run_summarize},
    {"user info", run_user_info},
    {"status text", run_status_text},
};

// After its first call a process must be able to do everything else.
static void use_heap(halde_heap *heap)
{
    char *block = halde_heap_alloc(heap, 24, 0);
    ASSERT_NOT_NULL(block);
    memset(block, 7, 24);
    char *moved = halde_heap_realloc(heap, block, 5000, HALDE_ZERO, NULL);
    ASSERT_NOT_NULL(moved);
    EXPECT_TRUE(moved[23] == 7 && moved[24] == 0 && moved[4999] == 0);
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_free(heap, moved, 0));
}

static void in_process(void *context)
{
    const struct operation *operation = context;
    operation->run();
    use_heap(halde_process_heap());
}

static void *in_thread(void *context)
{
    in_process(context);
    return NULL;
}

static void in_first_thread(void *context)
{
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, in_thread, context) == 0);
    pthread_join(thread, NULL);
    in_process(context);
}

struct lender {
    const struct operation *operation;
    halde_heap *heap;
    void *block;
};

static void *free_lent(void *context)
{
    struct lender *lender = context;
    lender->operation->run();
    EXPECT_OK(halde_heap_free(lender->heap, lender->block, 0));
    use_heap(lender->heap);
    return NULL;
}

// The process has used its heaps; the new thread's first call comes after that, its second frees a
// block that it did not allocate.
static void in_later_thread(void *context)
{
    struct lender lender = {.operation = context};
    ASSERT_OK(halde_heap_create(NULL, &lender.heap));
    use_heap(halde_process_heap());
    use_heap(lender.heap);
    lender.block = halde_heap_alloc(lender.heap, 300, 0);
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, free_lent, &lender) == 0);
    pthread_join(thread, NULL);
    use_heap(lender.heap);
    EXPECT_OK(halde_heap_destroy(lender.heap));
}

// A thread whose first call is on a heap that other threads use, one function each.
enum first_use {
    FIRST_ALLOC,
    FIRST_ALIGNED,
    FIRST_FREE,
    FIRST_REALLOC,
    FIRST_SIZE,
    FIRST_LOCK,
    FIRST_UNLOCK,
    FIRST_WALK,
    FIRST_VALIDATE,
    FIRST_COMPACT,
    FIRST_SUMMARIZE,
    FIRST_USER_INFO,
    FIRST_DESTROY,
    FIRST_USE_COUNT,
};

struct use {
    enum first_use kind;
    halde_heap *heap;
    void *block; // of 100 bytes
};

static bool count_busy(const struct halde_entry *entry, void *context)
{
    size_t *count = context;
    *count += entry->kind == HALDE_ENTRY_BUSY;
    return true;
}

static void first_walk(halde_heap *heap)
{
    size_t count = 0;
    EXPECT_OK(halde_heap_walk(heap, count_busy, &count));
    EXPECT_SIZE(count, 1);
}

static void first_user_info(const struct use *use)
{
    struct halde_user_info info = {0};
    EXPECT_STATUS(halde_heap_get_user_info(use->heap, use->block, &info), HALDE_NOT_FOUND);
    info.flags = 3;
    EXPECT_OK(halde_heap_set_user_info(use->heap, use->block, &info));
}

static void *use_first(void *context)
{
    struct use *use = context;
    size_t size = 0;
    struct halde_heap_summary summary;
    switch (use->kind) {
    case FIRST_ALLOC:
        EXPECT_NOT_NULL(halde_heap_alloc(use->heap, 100, 0));
        break;
    case FIRST_ALIGNED:
        EXPECT_NOT_NULL(halde_heap_alloc_aligned(use->heap, 100, 4096, 0));
        break;
    case FIRST_FREE:
        EXPECT_OK(halde_heap_free(use->heap, use->block, 0));
        break;
    case FIRST_REALLOC:
        EXPECT_NOT_NULL(halde_heap_realloc(use->heap, use->block, 9000, 0, NULL));
        break;
    case FIRST_SIZE:
        EXPECT_OK(halde_heap_size(use->heap, use->block, &size));
        EXPECT_SIZE(size, 100);
        break;
    case FIRST_LOCK:
        EXPECT_OK(halde_heap_lock(use->heap));
        EXPECT_OK(halde_heap_unlock(use->heap));
        break;
    case FIRST_UNLOCK:
        EXPECT_STATUS(halde_heap_unlock(use->heap), HALDE_NOT_OWNER);
        break;
    case FIRST_WALK:
        first_walk(use->heap);
        break;
    case FIRST_VALIDATE:
        EXPECT_VALID(use->heap, use->block);
        break;
    case FIRST_COMPACT:
        halde_heap_compact(use->heap);
        break;
    case FIRST_SUMMARIZE:
        EXPECT_OK(halde_heap_summarize(use->heap, &summary));
        EXPECT_SIZE(summary.busy_size, 100);
        break;
    case FIRST_USER_INFO:
        first_user_info(use);
        break;
    case FIRST_DESTROY:
        EXPECT_OK(halde_heap_destroy(use->heap));
        break;
    case FIRST_USE_COUNT:
        break;
    }
    return NULL;
}

static void use_shared_heap_first(void *context)
{
    struct use use = *(struct use *)context;
    ASSERT_OK(halde_heap_create(NULL, &use.heap));
    use.block = halde_heap_alloc(use.heap, 100, 0);
    ASSERT_NOT_NULL(use.block);
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, use_first, &use) == 0);
    pthread_join(thread, NULL);
    if (use.kind == FIRST_DESTROY) {
        EXPECT_FALSE(halde_heap_is_valid(use.heap));
        return;
    }
    use_heap(use.heap);
    EXPECT_OK(halde_heap_destroy(use.heap));
}

int main(void)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        struct operation operation = operations[i];
        EXPECT_CHILD_PASSES(operation.name, in_process, &operation, 10);
        EXPECT_CHILD_PASSES(operation.name, in_first_thread, &operation, 10);
        EXPECT_CHILD_PASSES(operation.name, in_later_thread, &operation, 10);
    }
    for (int kind = 0; kind < FIRST_USE_COUNT; kind++) {
        struct use use = {.kind = (enum first_use)kind};
        EXPECT_CHILD_PASSES("first use of a shared heap", use_shared_heap_first, &use, 10);
    }
    return test_result();
}
