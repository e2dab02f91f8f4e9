// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

// What the tool sees of a process, alive and as a core file, is what the process's own walk says;
// and damage of every kind is found.  The process is a forked child, so its heaps lie where ours
// do.

#define _DEBUG // the debug heap's functions, not the release build's in their place

#include "check.h"

#include "base/compiler.h"
#include "cli/cli.h"
#include "filter/elements.h"
#include "image/heaps.h"
#include "image/image.h"
#include "image/names.h"
#include "target/open.h"

#include <crtdbg.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ENTRIES_MAX = 1 << 18,
    BLOCKS = 4000,
    HEAPS_MAX = 16,
};

static struct halde_entry *entries;
static size_t entry_count;

static halde_heap *plain, *fixed, *checked, *locked;
static void *tail_block;  // of `checked`
static char *debug_block; // 40 bytes
static char *aligned_block;
static char *delayed_block;
static int debug_line;

// ---- The subject ------------------------------------------------------------------------------

static void fill(halde_heap *heap, size_t largest)
{
    static void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = halde_heap_alloc(heap, i * 37 % largest, 0);
        memset(blocks[i], 1, i * 37 % largest);
    }
    for (size_t i = 0; i < BLOCKS; i += 3) {
        halde_heap_free(heap, blocks[i], 0);
    }
    for (size_t i = 1; i < 20; i++) {
        halde_heap_alloc(heap, i * 70000, 0);
        halde_heap_alloc_aligned(heap, i * 30, (size_t)16 << (i % 10), 0);
    }
}

static halde_heap *create(const struct halde_heap_options *options)
{
    halde_heap *heap = NULL;
    ASSERT_OK(halde_heap_create(options, &heap));
    return heap;
}

static void fill_debug_heap(void)
{
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_DELAY_FREE_MEM_DF);
    debug_line = __LINE__ + 1;
    debug_block = _malloc_dbg(40, _NORMAL_BLOCK, __FILE__, __LINE__);
    aligned_block = _aligned_malloc_dbg(100, 256, "aligned.c", 7);
    delayed_block = _malloc_dbg(60, _CLIENT_BLOCK | (9 << 16), "client.c", 8);
    _free_dbg(delayed_block, _CLIENT_BLOCK | (9 << 16));
    for (size_t i = 0; i < 500; i++) {
        _malloc_dbg(i * 11, _NORMAL_BLOCK, "many.c", (int)i);
    }
}

static void make_heaps(void)
{
    plain = create(NULL);
    fixed = create(&(struct halde_heap_options){.maximum_size = (size_t)24 << 20});
    checked = create(&(struct halde_heap_options){.checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE});
    locked = create(NULL);
    fill(halde_process_heap(), 3000);
    fill(plain, 20000);
    fill(fixed, 500);
    fill(checked, 1000);
    tail_block = halde_heap_alloc(checked, 100, 0);
    fill_debug_heap();
}

typedef void child_work(void);

// A child that does something to its heaps and waits for its end.
static pid_t start(child_work *work)
{
    int ends[2];
    ASSERT_TRUE(pipe(ends) == 0);
    pid_t child = fork();
    ASSERT_TRUE(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (work != NULL) {
            work();
        }
        (void)!write(ends[1], "", 1);
        for (;;) {
            pause();
        }
    }
    char byte;
    ASSERT_TRUE(read(ends[0], &byte, 1) == 1);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static struct image *open_child(pid_t child, int flags)
{
    struct target_error error = {.trouble = TARGET_NO_TROUBLE};
    struct image *image = open_process_image(child, flags, &error);
    if (image == NULL && error.trouble == TARGET_NO_RIGHT) {
        end(child);
        test_skip("other processes may not be looked into here");
    }
    if (image == NULL) {
        test_fail(CHECK_HERE, "%s", error.text);
        test_stop();
    }
    return image;
}

// ---- The same as inside -----------------------------------------------------------------------

static bool keep(const struct halde_entry *entry, void *context)
{
    (void)context;
    ASSERT_TRUE(entry_count < ENTRIES_MAX);
    entries[entry_count++] = *entry;
    return true;
}

static bool is_same_element(const struct image *image, const struct image_block *block,
    const struct halde_entry *entry, bool is_debug)
{
    uint64_t data = (uintptr_t)entry->data;
    bool is_busy = block->kind == IMAGE_BUSY || block->kind == IMAGE_DEBUG_FREED;
    switch (entry->kind) {
    case HALDE_ENTRY_BUSY:
        return is_busy && element_start(image, block) == data &&
               (is_debug || (block->size == entry->size && block->address == data)) &&
               (entry->region_index == HALDE_REGION_LARGE || is_debug ||
                   image_overhead(image, block) == entry->overhead);
    case HALDE_ENTRY_UNCOMMITTED:
        return block->kind == IMAGE_UNCOMMITTED && block->address == data &&
               block->size == entry->size;
    default:
        return (block->kind == IMAGE_FREE || block->kind == IMAGE_CACHED) &&
               block->address <= data && element_end(block) >= data + entry->size;
    }
}

// The image's elements of a heap are those of its walk; large ones stand elsewhere in order.
static void compare_heap(const struct image *image, size_t index)
{
    const struct image_heap *heap = &image->heaps[index];
    entry_count = 0;
    ASSERT_OK(halde_heap_walk((halde_heap *)(uintptr_t)heap->handle, keep, NULL));
    struct halde_heap_summary summary;
    ASSERT_OK(halde_heap_summarize((halde_heap *)(uintptr_t)heap->handle, &summary));
    size_t found = 0;
    size_t wrong = 0;
    size_t regions = 0;
    for (size_t i = 0; i < entry_count; i++) {
        if (entries[i].kind == HALDE_ENTRY_REGION) {
            EXPECT_SIZE(heap->regions[regions].start, (uintptr_t)entries[i].data);
            regions++;
            continue;
        }
        const struct image_block *block = element_at(image, (uintptr_t)entries[i].data);
        bool is_same = block != NULL && block->heap == index &&
                       is_same_element(image, block, &entries[i], heap->is_debug_heap);
        found++;
        wrong += !is_same;
    }
    size_t seen = 0;
    for (size_t i = 0; i < image->block_count; i++) {
        seen += image->blocks[i].heap == index;
    }
    EXPECT_SIZE(wrong, 0);
    EXPECT_SIZE(seen, found);
    EXPECT_SIZE(heap->region_count, regions);
    EXPECT_SIZE(heap->committed_size, summary.committed_size);
    EXPECT_SIZE(heap->reserved_size, summary.reserved_size);
    if (!heap->is_debug_heap) {
        EXPECT_SIZE(heap->busy_count, summary.busy_count);
        EXPECT_SIZE(heap->busy_size, summary.busy_size);
    }
    EXPECT_TRUE(heap->is_exact);
}

static void compare_debug(const struct image *image)
{
    const struct image_block *block = element_at(image, (uintptr_t)debug_block);
    ASSERT_NOT_NULL(block);
    EXPECT_SIZE(block->address, (uintptr_t)debug_block);
    EXPECT_SIZE(block->size, 40);
    EXPECT_SIZE(block->kind, IMAGE_BUSY);
    EXPECT_SIZE(image_detail(image, block)->type, _NORMAL_BLOCK);
    EXPECT_SIZE((uint64_t)image_detail(image, block)->line, (uint64_t)debug_line);
    EXPECT_TRUE(strcmp(image_string(image, image_detail(image, block)->file), __FILE__) == 0);
    EXPECT_TRUE(image_detail(image, block)->number > 0 && block->thread_id != 0);
    block = element_at(image, (uintptr_t)aligned_block);
    ASSERT_NOT_NULL(block);
    EXPECT_SIZE(block->address, (uintptr_t)aligned_block);
    EXPECT_SIZE(block->size, 100);
    EXPECT_TRUE(strcmp(image_string(image, image_detail(image, block)->file), "aligned.c") == 0);
    block = element_at(image, (uintptr_t)delayed_block);
    ASSERT_NOT_NULL(block);
    EXPECT_SIZE(block->address, (uintptr_t)delayed_block);
    EXPECT_SIZE(block->kind, IMAGE_DEBUG_FREED);
    EXPECT_SIZE(block->size, 60);
}

static void compare(const struct image *image)
{
    halde_heap *heaps[HEAPS_MAX];
    size_t count = halde_heap_list(heaps, HEAPS_MAX);
    ASSERT_TRUE(count <= HEAPS_MAX);
    ASSERT_SIZE(image->heap_count, count);
    for (size_t i = 0; i < count; i++) {
        EXPECT_SIZE(image->heaps[i].handle, (uintptr_t)heaps[i]);
        compare_heap(image, i);
    }
    EXPECT_TRUE(image->heaps[0].is_process_heap);
    for (size_t i = 1; i < image->block_count; i++) {
        ASSERT_TRUE(element_start(image, &image->blocks[i]) >= element_end(&image->blocks[i - 1]));
    }
    EXPECT_SIZE(image->damage_count, 0);
    compare_debug(image);
}

static void test_live(void)
{
    pid_t child = start(NULL);
    struct image *image = open_child(child, OPEN_FREE_BLOCKS | OPEN_CHECK);
    compare(image);
    for (size_t i = 0; i < image->damage_count; i++) {
        test_note("%s", image_string(image, image->damages[i].text));
    }
    EXPECT_AT_LEAST(image->block_count, 10000);
    EXPECT_AT_LEAST(image->heaps[0].resident_size, image->heaps[0].busy_size / 8);
    EXPECT_AT_MOST(image->heaps[0].resident_size, image->heaps[0].committed_size);
    image_destroy(image);
    end(child);
}

// A core file by gdb; its path. Whether one could be made.
static bool make_core(pid_t child, char *core, size_t size)
{
    char command[160];
    snprintf(core, size, "/tmp/halde-view-image.%d", (int)child);
    // The limit is for what reserves addresses without end and says nothing to gdb: sanitizers.
    snprintf(command, sizeof(command),
        "ulimit -f 1000000 && timeout 60 gcore -o /tmp/halde-view-image %d >/dev/null 2>&1",
        (int)child);
    // NOLINTNEXTLINE(cert-env33-c): the core file's maker
    bool is_made = system(command) == 0 && access(core, R_OK) == 0;
    if (!is_made) {
        unlink(core);
    }
    return is_made;
}

static void test_core(void)
{
    pid_t child = start(NULL);
    char core[64];
    bool is_made = !CONFIG_ASAN && make_core(child, core, sizeof(core));
    end(child);
    if (!is_made) {
        test_note("gcore is not there, or could not: no core file");
        return;
    }
    struct target_error error = {.trouble = TARGET_NO_TROUBLE};
    char *warning = NULL;
    struct image *image =
        open_core_image(core, NULL, OPEN_FREE_BLOCKS | OPEN_CHECK, &error, &warning);
    unlink(core);
    free(warning);
    if (image == NULL) {
        test_fail(CHECK_HERE, "%s", error.text);
        return;
    }
    compare(image);
    image_destroy(image);
}

// ---- Damage -----------------------------------------------------------------------------------

static void write_behind_tail(void)
{
    memset((char *)tail_block + 100, 'x', 3);
}

static void write_into_freed(void)
{
    void *block = halde_heap_alloc(checked, 200, 0);
    halde_heap_free(checked, block, 0);
    memset((char *)block + 64, 0, 4);
}

static void write_behind_debug(void)
{
    debug_block[40] = 1;
}

static void write_before_debug(void)
{
    debug_block[-1] = 1;
}

static void write_before_aligned(void)
{
    aligned_block[-3] = 1;
}

static void write_delayed(void)
{
    delayed_block[5] = 1;
}

// Where the engine keeps what it knows of `plain`, found by looking at ourselves before.
static struct {
    uint64_t heap, state, padding, mixed_map, inside, region, large, free_end;
    struct layout_field fields[LAYOUT_FIELD_COUNT];
} inner;

static void poke(uint64_t address, uint64_t value, size_t size)
{
    memcpy((void *)(uintptr_t)address, &value, size);
}

static void break_state(void)
{
    poke(inner.state, 0xfe, 1);
}

static void break_padding(void)
{
    poke(inner.padding, 0, 1);
}

static void break_mixed(void)
{
    poke(inner.mixed_map, 0x7f, 1);
}

static void break_region(void)
{
    poke(inner.region, 0xffffff, 4);
}

static void break_inside(void)
{
    poke(inner.inside + inner.fields[LAYOUT_FIELD_slice_distance].offset, 3, 1);
}

static void break_large_list(void)
{
    poke(inner.large + inner.fields[LAYOUT_FIELD_slice_previous].offset, 5, 4);
}

static void break_large_size(void)
{
    poke(inner.large + inner.fields[LAYOUT_FIELD_slice_user_size].offset, UINT64_MAX / 2, 8);
}

static void break_counter(void)
{
    poke(inner.heap + inner.fields[LAYOUT_FIELD_heap_slice_count].offset, 1, 4);
}

static void break_heap_list(void)
{
    poke(inner.heap + inner.fields[LAYOUT_FIELD_heap_next].offset, inner.heap, 8);
}

static void break_reciprocal(void)
{
    poke(inner.inside - 64 + inner.fields[LAYOUT_FIELD_slice_reciprocal].offset, 1, 4);
}

static const struct {
    const char *name;
    child_work *work;
    const char *text; // in a finding
} DAMAGES[] = {
    {"tail", write_behind_tail, "written behind the block: 3 bytes changed: AB expected, found 78"},
    {"freed", write_into_freed, "freed memory was written to: 4 bytes"},
    {"behind debug", write_behind_debug, "written behind the block: 1 byte changed: FD expected"},
    {"before debug", write_before_debug, "written before the block"},
    {"before aligned", write_before_aligned, "written before the aligned block"},
    {"delayed", write_delayed, "the freed block was written to"},
    {"state", break_state, "state that no allocation stores"},
    {"padding", break_padding, "the states of a span were written over"},
    {"mixed", break_mixed, "state that no allocation stores"},
    {"region", break_region, "the description of a region"},
    {"inside", break_inside, "64 KiB"},
    {"large list", break_large_list, "the list of large blocks is broken"},
    {"large size", break_large_size, "the description of these 64 KiB makes no sense"},
    {"counter", break_counter, "the heap counts 1 times 64 KiB in regions"},
    {"heap list", break_heap_list, "the list of heaps is broken"},
    {"reciprocal", break_reciprocal, "has the factor of another size"},
};

static bool has_finding(const struct image *image, const char *text)
{
    for (size_t i = 0; i < image->damage_count; i++) {
        if (strstr(image_string(image, image->damages[i].text), text) != NULL) {
            return true;
        }
    }
    return false;
}

static uint64_t descriptor(struct view *view, uint32_t number)
{
    return view_variable(view, LAYOUT_VARIABLE_POOL_SLICES) +
           number * (uint64_t)view_constant(view, LAYOUT_CONSTANT_SLICE_SIZE_OF);
}

static void find_in_walk(struct view *view, const struct view_heap *heap)
{
    struct view_walk walk;
    struct view_element element;
    struct view_slice slice;
    for (view_walk_begin(&walk, heap); view_walk_next(view, &walk, &element);) {
        bool has_bytes = element.place == VIEW_IN_SPAN && element.block_size <= 2048 &&
                         view_slice(view, element.slice, &slice);
        if (has_bytes && element.block_size <= 64) {
            inner.state = slice.map;
        }
        if (has_bytes && slice.block_count % 64 != 0) {
            inner.padding = slice.map + slice.block_count;
        }
        if (element.place == VIEW_IN_SPAN && element.block_size > 8192 && inner.inside == 0) {
            inner.inside = descriptor(view, element.slice + 1);
        }
    }
}

// The layout's fields are in our own memory.
static void find_inner(void)
{
    pid_t child = start(NULL);
    struct image *image = open_child(child, 0);
    enum view_status status;
    struct heaps *heaps = heaps_open(image, &status);
    ASSERT_NOT_NULL(heaps);
    struct view *view = (struct view *)(uintptr_t)heaps_view(heaps);
    const struct layout *layout = (const void *)(uintptr_t)view_layout_address(view);
    memcpy(inner.fields, layout->fields, sizeof(inner.fields));
    struct view_heap heap;
    ASSERT_TRUE(view_heap_find(view, (uintptr_t)plain, &heap));
    inner.heap = heap.address;
    inner.region = heap.regions + inner.fields[LAYOUT_FIELD_region_first_slice].offset;
    inner.mixed_map = heap.mixed.map + heap.mixed.first;
    inner.large = descriptor(view, heap.large_first);
    find_in_walk(view, &heap);
    ASSERT_TRUE(inner.state != 0 && inner.padding != 0);
    ASSERT_TRUE(inner.inside != 0 && heap.large_first != 0);
    heaps_close(heaps);
    image_destroy(image);
    end(child);
}

static void test_damage(void)
{
    find_inner();
    for (size_t i = 0; i < sizeof(DAMAGES) / sizeof(DAMAGES[0]); i++) {
        pid_t child = start(DAMAGES[i].work);
        struct image *image = open_child(child, OPEN_FREE_BLOCKS | OPEN_CHECK);
        if (!has_finding(image, DAMAGES[i].text)) {
            test_fail(CHECK_HERE, "%s: \"%s\" is not among %zu findings", DAMAGES[i].name,
                DAMAGES[i].text, image->damage_count);
            for (size_t j = 0; j < image->damage_count; j++) {
                test_note("%s", image_string(image, image->damages[j].text));
            }
        }
        EXPECT_AT_LEAST(image->damage_count, 1);
        EXPECT_AT_MOST(image->damage_count, 1000);
        image_destroy(image);
        end(child);
    }
}

// ---- A lock -----------------------------------------------------------------------------------

static void lock_heap(void)
{
    halde_heap_lock(locked);
}

// A heap that its program has locked is at rest, and it is said who did.
static void test_locked(void)
{
    pid_t child = start(lock_heap);
    struct image *image = open_child(child, 0);
    bool is_seen = false;
    for (size_t i = 0; i < image->heap_count; i++) {
        if (image->heaps[i].handle == (uintptr_t)locked) {
            EXPECT_SIZE(image->heaps[i].locked_by, (uint64_t)child);
            EXPECT_TRUE(image->heaps[i].is_exact);
            is_seen = true;
        }
    }
    EXPECT_TRUE(is_seen);
    image_destroy(image);
    end(child);
}

static void *allocate_for_ever(void *context)
{
    enum {
        HELD = 40
    };
    static void *held[HELD];
    for (uint32_t random = 1;; random = random * 1664525 + 1013904223) {
        size_t slot = (random >> 8) % HELD;
        _free_dbg(held[slot], _NORMAL_BLOCK);
        held[slot] = _malloc_dbg((random >> 12) % 200000, _NORMAL_BLOCK, NULL, 0);
    }
    return context;
}

static void allocate_on(void)
{
    pthread_t thread;
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF); // or it would only grow
    pthread_create(&thread, NULL, allocate_for_ever, NULL);
}

// What is checked is of the moment at which the process stood still, though it has gone on: large
// blocks of the debug heap come and go, and only pieces of them are copied.
static void test_busy_check(void)
{
    pid_t child = start(allocate_on);
    for (int round = 0; round < 8; round++) {
        struct image *image = open_child(child, OPEN_CHECK | OPEN_FREE_BLOCKS);
        for (size_t i = 0; i < image->damage_count && i < 3; i++) {
            test_note("%s", image_string(image, image->damages[i].text));
        }
        EXPECT_SIZE(image->damage_count, 0);
        image_destroy(image);
    }
    end(child);
}

int main(void)
{
    const size_t size = ENTRIES_MAX * sizeof(*entries);
    entries = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(entries != MAP_FAILED);
    make_heaps();
    test_live();
    test_core();
    test_damage();
    test_locked();
    test_busy_check();
    return test_result();
}
