// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * The system runs out: of addresses (RLIMIT_AS set before the first call, and lowered later) and of
 * mappings (vm.max_map_count).  Allocation ends with NULL, all is intact, freeing gives everything
 * back.
 */
#include "check.h"
#include "child.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum {
    KIB = 1 << 10,
    MIB = 1 << 20,
};

// Blocks hold the chain of themselves: no memory of the test's own is needed.
struct link {
    struct link *next;
    size_t size;
};

struct chain {
    struct link *first;
    size_t count;
    size_t total;
};

static void limit_addresses(size_t bytes)
{
    const struct rlimit limit = {bytes, bytes};
    ASSERT_TRUE(setrlimit(RLIMIT_AS, &limit) == 0);
}

static bool add_link(struct chain *chain, halde_heap *heap, size_t size)
{
    struct link *link = halde_heap_alloc(heap, size, 0);
    if (!link) {
        return false;
    }
    memset(link, 0x5c, size);
    link->next = chain->first;
    link->size = size;
    chain->first = link;
    chain->count++;
    chain->total += size;
    return true;
}

static void free_chain(struct chain *chain, halde_heap *heap)
{
    size_t count = 0;
    while (chain->first) {
        struct link *link = chain->first;
        chain->first = link->next;
        const unsigned char *bytes = (const unsigned char *)link;
        EXPECT_TRUE(link->size == sizeof *link || bytes[link->size - 1] == 0x5c);
        size_t size = 0;
        EXPECT_OK(halde_heap_size(heap, link, &size));
        EXPECT_SIZE(size, link->size);
        EXPECT_OK(halde_heap_free(heap, link, 0));
        count++;
    }
    EXPECT_SIZE(count, chain->count);
    *chain = (struct chain){0};
}

static size_t next_size(struct random *random, size_t largest)
{
    return random_log(random, sizeof(struct link), largest);
}

// The blocks end where the addresses do: the limit bounds what is touched.
static struct chain fill_until_refused(halde_heap *heap, struct random *random, size_t largest)
{
    struct chain chain = {0};
    while (add_link(&chain, heap, next_size(random, largest))) {
    }
    size_t size = largest; // and the smaller ones that still fit
    while (size >= sizeof(struct link)) {
        while (add_link(&chain, heap, size)) {
        }
        size /= 2;
    }
    return chain;
}

// ---- RLIMIT_AS ----

struct limits {
    size_t addresses;
    size_t largest_block;
    const struct halde_heap_options *options; // NULL: the process heap
};

static halde_heap *heap_for(const struct limits *limits)
{
    if (!limits->options) {
        return halde_process_heap();
    }
    halde_heap *heap = NULL;
    enum halde_status status = halde_heap_create(limits->options, &heap);
    EXPECT_STATUS_IN(status, STATUS_BIT(HALDE_OK) | STATUS_BIT(HALDE_NO_MEMORY));
    return heap;
}

static void *touch_heap(void *context)
{
    void *block = halde_heap_alloc(context, 100, 0);
    EXPECT_OK(halde_heap_free(context, block, 0)); // NULL is fine as well
    return NULL;
}

// A modest demand: the program's own mappings, the engine's data, and a part that stays for other
// uses.
static size_t least_total(size_t addresses)
{
    return addresses < 64 * MIB ? MIB : addresses / 6;
}

static void run_in_few_addresses(void *context)
{
    const struct limits *limits = context;
    limit_addresses(limits->addresses);
    struct random random = random_make(17, limits->addresses);
    halde_heap *heap = heap_for(limits);
    if (!heap) {
        test_fail(CHECK_HERE, "no heap at all within %zu MiB", limits->addresses / MIB);
        return;
    }
    size_t first_total = 0;
    for (int round = 0; round < 3; round++) {
        struct chain chain = fill_until_refused(heap, &random, limits->largest_block);
        if (round == 0) {
            first_total = chain.total;
            EXPECT_AT_LEAST(chain.total, least_total(limits->addresses));
        }
        EXPECT_AT_LEAST(chain.total, first_total / 10 * 7); // what was freed can be had again
        EXPECT_AT_MOST(chain.total, limits->addresses);
        EXPECT_VALID(heap, NULL);
        struct halde_heap_summary summary;
        EXPECT_OK(halde_heap_summarize(heap, &summary));
        EXPECT_SIZE(summary.busy_count, chain.count);
        EXPECT_SIZE(summary.busy_size, chain.total);
        if (test_failures() != 0) {
            test_note(
                "  %zu MiB of addresses, blocks up to %zu bytes, round %d: %zu blocks, %zu KiB",
                limits->addresses / MIB, limits->largest_block, round, chain.count,
                chain.total / KIB);
        }
        halde_heap *more = NULL; // no room: an answer, not a crash
        enum halde_status status = halde_heap_create(NULL, &more);
        EXPECT_STATUS_IN(status, STATUS_BIT(HALDE_OK) | STATUS_BIT(HALDE_NO_MEMORY));
        if (status == HALDE_OK) {
            halde_heap_alloc(more, MIB, 0);
            EXPECT_OK(halde_heap_destroy(more));
        }
        free_chain(&chain, heap);
        halde_heap_compact(heap);
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, touch_heap, heap) == 0) {
        pthread_join(thread, NULL);
    }
}

static void address_limits(void)
{
    static const size_t limits[] = {24, 32, 48, 64, 100, 200, 500};
    static const size_t largest[] = {200, 10 * KIB, 400 * KIB, 4 * MIB};
    static const struct halde_heap_options growable = {0};
    static const struct halde_heap_options checked = {
        .checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE};
    const struct halde_heap_options *const options[] = {NULL, &growable, &checked};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        for (size_t k = 0; k < sizeof largest / sizeof largest[0]; k++) {
            struct limits trial = {limits[i] * MIB, largest[k], options[(i + k) % 3]};
            char what[80];
            snprintf(
                what, sizeof what, "RLIMIT_AS of %zu MiB, blocks up to %zu", limits[i], largest[k]);
            EXPECT_CHILD_PASSES(what, run_in_few_addresses, &trial, 30);
        }
    }
}

// A limit that falls below what is in use: nothing new, but everything old still works.
static void lower_limit_later(void *context)
{
    (void)context;
    halde_heap *heap = halde_process_heap();
    struct random random = random_make(3, 3);
    struct chain chain = {0};
    for (size_t i = 0; i < 3000; i++) {
        ASSERT_TRUE(add_link(&chain, heap, next_size(&random, 4000)));
    }
    limit_addresses(process_address_size() / 2);
    struct chain more = {0};
    while (more.total < 64 * MIB && add_link(&more, heap, next_size(&random, 4 * MIB))) {
        // what was reserved before may still be used
    }
    EXPECT_VALID(heap, NULL);
    free_chain(&more, heap);
    free_chain(&chain, heap);
    EXPECT_VALID(heap, NULL);
    struct chain again = {0};
    for (size_t i = 0; i < 1000; i++) { // small blocks come from what is there
        ASSERT_TRUE(add_link(&again, heap, 100));
    }
    free_chain(&again, heap);
}

// ---- vm.max_map_count ----

// Every second page with another protection: each is a mapping of its own. Returns how many.
static size_t use_up_mappings(void)
{
    enum {
        PAGES = 200000,
        PAGE = 4096,
    };
    char *pages = mmap(
        NULL, (size_t)PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_TRUE(pages != MAP_FAILED);
    for (size_t i = 0; i < PAGES; i += 2) {
        if (mprotect(pages + i * PAGE, PAGE, PROT_READ) != 0) {
            EXPECT_TRUE(errno == ENOMEM);
            return i;
        }
    }
    return 0; // this system has no such limit
}

static void run_without_mappings(void *context)
{
    bool uses_heaps_before = *(bool *)context;
    struct random random = random_make(5, 5);
    halde_heap *heap = NULL;
    struct chain before = {0};
    if (uses_heaps_before) {
        ASSERT_OK(halde_heap_create(NULL, &heap));
        for (size_t i = 0; i < 2000; i++) {
            ASSERT_TRUE(add_link(&before, heap, next_size(&random, i % 100 ? 3000 : 2 * MIB)));
        }
    }
    if (use_up_mappings() == 0) {
        test_skip("vm.max_map_count is too high to be reached");
    }
    if (!heap && halde_heap_create(NULL, &heap) != HALDE_OK) {
        heap = halde_process_heap(); // may be NULL, too: every call must bear it
    }
    struct chain chain = {0};
    for (size_t i = 0; i < 3000; i++) {
        add_link(&chain, heap, next_size(&random, i % 100 ? 20000 : 3 * MIB));
    }
    test_note("%zu of 3000 blocks without a mapping to spare", chain.count);
    if (heap) {
        EXPECT_VALID(heap, NULL);
        free_chain(&chain, heap);
        halde_heap_compact(heap);
        free_chain(&before, heap);
        halde_heap_compact(heap);
        struct halde_heap_summary summary;
        EXPECT_OK(halde_heap_summarize(heap, &summary));
        if (heap != halde_process_heap()) {
            EXPECT_SIZE(summary.busy_count, 0);
            EXPECT_OK(halde_heap_destroy(heap));
        }
    }
}

static void mapping_limit(void)
{
    bool uses_heaps_before = true;
    EXPECT_CHILD_PASSES("no mappings left", run_without_mappings, &uses_heaps_before, 60);
    uses_heaps_before = false;
    EXPECT_CHILD_PASSES(
        "no mappings left before the first call", run_without_mappings, &uses_heaps_before, 60);
}

int main(void)
{
    if (!process_memory_is_plain()) {
        test_skip("sanitizers and valgrind need more addresses than are left here");
    }
    address_limits();
    EXPECT_CHILD_PASSES("a limit lowered later", lower_limit_later, NULL, 30);
    mapping_limit();
    return test_result();
}
