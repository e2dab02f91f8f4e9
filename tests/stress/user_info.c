// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * User info: attached to a block, replaced, kept through realloc in place and moving, shown by the
 * walk, gone with the block and never seen on its successor; also with many threads.
 */
#include "check.h"
#include "process.h"
#include "seed.h"

#include <pthread.h>

enum {
    PLACES = 400,
    THREADS = 4,
};

struct block {
    void *data;
    size_t size;
    bool has_info;
    struct halde_user_info info;
};

struct user {
    halde_heap *heap;
    struct random random;
    size_t steps;
    struct block blocks[PLACES];
};

static void expect_info(const struct user *user, const struct block *block)
{
    struct halde_user_info info = {&info, 99};
    enum halde_status status = halde_heap_get_user_info(user->heap, block->data, &info);
    if (!block->has_info) {
        EXPECT_STATUS(status, HALDE_NOT_FOUND);
        return;
    }
    EXPECT_OK(status);
    EXPECT_POINTER(info.value, block->info.value);
    EXPECT_SIZE(info.flags, block->info.flags);
}

static void attach(struct user *user, struct block *block)
{
    // NULL and 0 are values like others.
    block->info.value =
        random_once_in(&user->random, 5) ? NULL : (void *)random_next(&user->random);
    block->info.flags = (uint32_t)random_below(&user->random, 8) * 0x200;
    block->has_info = true;
    EXPECT_OK(halde_heap_set_user_info(user->heap, block->data, &block->info));
}

static void step(struct user *user)
{
    struct block *block = &user->blocks[random_below(&user->random, PLACES)];
    size_t size = random_request(&user->random) % 300000;
    if (!block->data) {
        *block = (struct block){.data = halde_heap_alloc(user->heap, size, 0), .size = size};
        ASSERT_NOT_NULL(block->data);
        expect_info(user, block); // never the forerunner's
        return;
    }
    expect_info(user, block);
    switch (random_below(&user->random, 4)) {
    case 0:
        EXPECT_OK(halde_heap_free(user->heap, block->data, 0));
        block->data = NULL;
        return;
    case 1:
        block->data = halde_heap_realloc(user->heap, block->data, size, 0, NULL);
        ASSERT_NOT_NULL(block->data);
        block->size = size;
        break;
    default:
        attach(user, block);
        break;
    }
    expect_info(user, block);
}

static void *run_steps(void *context)
{
    struct user *user = context;
    for (size_t i = 0; i < user->steps && test_failures() == 0; i++) {
        step(user);
    }
    return NULL;
}

struct seen {
    const struct user *user;
    size_t count;
    size_t with_info;
};

static const struct block *find_block(const struct user *user, const void *data)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (user->blocks[i].data == data) {
            return &user->blocks[i];
        }
    }
    return NULL;
}

static bool visit(const struct halde_entry *entry, void *context)
{
    struct seen *seen = context;
    if (entry->kind != HALDE_ENTRY_BUSY) {
        EXPECT_FALSE(entry->has_user_info);
        return true;
    }
    const struct block *block = find_block(seen->user, entry->data);
    if (!EXPECT_NOT_NULL(block)) {
        return false;
    }
    seen->count++;
    seen->with_info += entry->has_user_info;
    EXPECT_TRUE(entry->has_user_info == block->has_info);
    if (entry->has_user_info && block->has_info) {
        EXPECT_POINTER(entry->user_info.value, block->info.value);
        EXPECT_SIZE(entry->user_info.flags, block->info.flags);
    }
    return true;
}

static void expect_walk(const struct user *user)
{
    struct seen seen = {.user = user};
    EXPECT_OK(halde_heap_walk(user->heap, visit, &seen));
    size_t count = 0;
    size_t with_info = 0;
    for (size_t i = 0; i < PLACES; i++) {
        count += user->blocks[i].data != NULL;
        with_info += user->blocks[i].data && user->blocks[i].has_info;
    }
    EXPECT_SIZE(seen.count, count);
    EXPECT_SIZE(seen.with_info, with_info);
}

static void free_all(struct user *user)
{
    for (size_t i = 0; i < PLACES; i++) {
        EXPECT_OK(halde_heap_free(user->heap, user->blocks[i].data, 0));
        user->blocks[i].data = NULL;
    }
}

static void alone(uint64_t seed, const struct halde_heap_options *options)
{
    static struct user user;
    user = (struct user){.random = random_make(seed, 1), .steps = process_scaled(6000)};
    ASSERT_OK(halde_heap_create(options, &user.heap));
    for (int i = 0; i < 5; i++) {
        run_steps(&user);
        expect_walk(&user);
        EXPECT_VALID(user.heap, NULL);
    }
    free_all(&user);
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(user.heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0); // whatever holds the infos is nobody's block
    EXPECT_OK(halde_heap_destroy(user.heap));
}

static void together(uint64_t seed)
{
    static struct user users[THREADS];
    pthread_t threads[THREADS];
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    for (size_t i = 0; i < THREADS; i++) {
        users[i] = (struct user){
            .heap = heap, .random = random_make(seed, 10 + i), .steps = process_scaled(20000)};
        ASSERT_TRUE(pthread_create(&threads[i], NULL, run_steps, &users[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < THREADS; i++) { // and from a thread that did not set them
        for (size_t b = 0; b < PLACES; b++) {
            if (users[i].blocks[b].data) {
                expect_info(&users[i], &users[i].blocks[b]);
            }
        }
        free_all(&users[i]);
    }
    EXPECT_OK(halde_heap_destroy(heap));
}

// An info costs no capacity of the heap that is not given back; a block freed by another thread
// loses its own.
static void *free_block(void *context)
{
    struct user *user = context;
    EXPECT_OK(halde_heap_free(user->heap, user->blocks[0].data, 0));
    return NULL;
}

static void freed_elsewhere(void)
{
    static struct user user;
    user = (struct user){.random = random_make(1, 1)};
    ASSERT_OK(halde_heap_create(NULL, &user.heap));
    for (int i = 0; i < 200; i++) {
        struct block *block = &user.blocks[0];
        *block = (struct block){.data = halde_heap_alloc(user.heap, 50, 0), .size = 50};
        ASSERT_NOT_NULL(block->data);
        expect_info(&user, block);
        attach(&user, block);
        pthread_t thread;
        ASSERT_TRUE(pthread_create(&thread, NULL, free_block, &user) == 0);
        pthread_join(thread, NULL);
        struct halde_user_info info;
        EXPECT_STATUS_IN(halde_heap_get_user_info(user.heap, block->data, &info),
            STATUS_BIT(HALDE_BLOCK_FREED) | STATUS_BIT(HALDE_BLOCK_INTERIOR));
    }
    EXPECT_OK(halde_heap_destroy(user.heap));
}

int main(void)
{
    uint64_t seed = seed_start("user_info");
    alone(seed, NULL);
    alone(seed, &(struct halde_heap_options){.checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE});
    alone(seed, &(struct halde_heap_options){.flags = HALDE_HEAP_NO_SERIALIZE});
    freed_elsewhere();
    together(seed);
    return test_result();
}
