// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Wrong pointers of every kind to every function: the documented status, no crash, and nothing
 * lost.
 *
 * Wild: NULL page, stack, globals, code, other mappings, pages without access, unmapped and
 * non-canonical addresses.  Foreign: inside a heap but no block (headers, gaps, uncommitted ranges,
 * the region's ends), inside a block, freed, another heap's.  Handles: all of these, and heaps that
 * were destroyed.
 */
#include "check.h"
#include "fault_page.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    BLOCKS = 120,
    KIB = 1 << 10,
    MIB = 1 << 20,
};

// What a wrong address may be called. Inside a heap two answers can both be true: the bytes of a
// freed block may meanwhile be the inside of something else.
#define UNKNOWN STATUS_BIT(HALDE_BLOCK_UNKNOWN)
#define INTERIOR STATUS_BIT(HALDE_BLOCK_INTERIOR)
#define FREED STATUS_BIT(HALDE_BLOCK_FREED)
#define OTHER STATUS_BIT(HALDE_BLOCK_OTHER_HEAP)

struct scene {
    halde_heap *heap;
    halde_heap *other;
    void *blocks[BLOCKS];
    size_t sizes[BLOCKS];
    void *other_block;
    size_t trial_count;
};

static size_t block_size(size_t i)
{
    static const size_t sizes[] = {
        0, 1, 16, 24, 40, 64, 100, 300, 1000, 4000, 9000, 40000, 70000, 300000};
    return i == BLOCKS - 1   ? 3 * MIB
           : i == BLOCKS - 2 ? 5 * MIB / 4
                             : sizes[i % (sizeof sizes / sizeof sizes[0])];
}

// Every other block of each size is freed again, so that free neighbours of all kinds exist.
static void fill(struct scene *scene)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        scene->sizes[i] = block_size(i);
        scene->blocks[i] = halde_heap_alloc(scene->heap, scene->sizes[i], 0);
        if (scene->blocks[i]) {
            pattern_fill(scene->blocks[i], scene->sizes[i], i);
        }
    }
}

// ---- The trial: one address, every function ----

static void expect_nothing_lost(const struct scene *scene)
{
    size_t count = 0;
    size_t size = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        count += scene->blocks[i] != NULL;
        size += scene->blocks[i] ? scene->sizes[i] : 0;
    }
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(scene->heap, &summary));
    EXPECT_SIZE(summary.busy_count, count);
    EXPECT_SIZE(summary.busy_size, size);
    EXPECT_OK(halde_heap_summarize(scene->other, &summary));
    EXPECT_SIZE(summary.busy_count, 1);
}

static bool try_realloc(halde_heap *heap, void *address, uint32_t allowed)
{
    static const size_t sizes[] = {0, 10, 5000, 2 * MIB, SIZE_MAX};
    bool is_good = true;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        enum halde_status status = HALDE_OK;
        uint32_t flags = i % 2 ? HALDE_ZERO : HALDE_IN_PLACE;
        is_good &=
            EXPECT_POINTER(halde_heap_realloc(heap, address, sizes[i], flags, &status), NULL);
        // A size that can never be met may be refused before the block is looked at.
        uint32_t also = sizes[i] == SIZE_MAX ? STATUS_BIT(HALDE_NO_MEMORY) : 0;
        is_good &= EXPECT_STATUS_IN(status, allowed | also);
    }
    return is_good;
}

static bool try_info(halde_heap *heap, void *address, uint32_t allowed)
{
    struct halde_user_info info = {address, 5};
    bool is_good = EXPECT_STATUS_IN(halde_heap_set_user_info(heap, address, &info), allowed);
    is_good &= EXPECT_STATUS_IN(halde_heap_get_user_info(heap, address, &info), allowed);
    is_good &= EXPECT_SIZE(info.flags, 5);
    return is_good;
}

static bool try_validate(halde_heap *heap, void *address, uint32_t allowed)
{
    struct halde_damage damage;
    memset(&damage, 0xcd, sizeof damage);
    enum halde_status status = halde_heap_validate(heap, address, &damage);
    return EXPECT_STATUS_IN(status, allowed) && EXPECT_STATUS(damage.status, status);
}

static void try_address(struct scene *scene, uintptr_t value, uint32_t allowed, const char *what)
{
    void *address = (void *)value;
    halde_heap *heap = scene->heap;
    size_t size = 4321;
    bool is_good = EXPECT_STATUS_IN(halde_heap_free(heap, address, 0), allowed);
    is_good &= EXPECT_STATUS_IN(halde_heap_free(heap, address, HALDE_UNLOCKED), allowed);
    is_good &= EXPECT_STATUS_IN(halde_heap_size(heap, address, &size), allowed);
    is_good &= EXPECT_SIZE(size, 4321);
    is_good &= try_validate(heap, address, allowed);
    is_good &= try_realloc(heap, address, allowed);
    is_good &= try_info(heap, address, allowed);
    if (!(allowed & OTHER)) {
        is_good &= EXPECT_POINTER(halde_heap_of_block(address), NULL);
    }
    scene->trial_count++;
    if (!is_good) {
        test_note("  with %s: %p, heap %p", what, address, (void *)heap);
    }
}

// A walk position that is no element: refused, or (where a free element begins) accepted. Never a
// crash.
static void try_position(const struct scene *scene, uintptr_t value, bool must_refuse)
{
    struct halde_entry entry;
    for (int is_busy = 0; is_busy < 2; is_busy++) {
        enum halde_status status =
            halde_heap_walk_next(scene->heap, (void *)value, is_busy != 0, &entry);
        if (must_refuse) {
            EXPECT_STATUS(status, HALDE_BAD_ARGUMENT);
        } else {
            EXPECT_STATUS_IN(status, STATUS_BIT(HALDE_OK) | STATUS_BIT(HALDE_NO_MORE_ENTRIES) |
                                         STATUS_BIT(HALDE_BAD_ARGUMENT));
        }
    }
}

static bool never_visit(const struct halde_entry *entry, void *context)
{
    (void)context;
    test_fail(CHECK_HERE, "visited %p of no heap", entry->data);
    return false;
}

static bool never_visit_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    (void)blocks;
    (void)context;
    test_fail(CHECK_HERE, "visited %zu blocks of no heap", count);
    return false;
}

// The same value as a heap handle; blocks that are good stay good.
static void try_handle(struct scene *scene, uintptr_t value, const char *what)
{
    halde_heap *heap = (halde_heap *)value;
    void *block = scene->blocks[4] ? scene->blocks[4] : scene->other_block; // good, and stays so
    struct halde_entry entry;
    struct halde_damage damage;
    struct halde_heap_summary summary;
    struct halde_user_info info = {0};
    enum halde_status status = HALDE_OK;
    size_t size = 0;
    bool is_good = EXPECT_FALSE(halde_heap_is_valid(heap));
    is_good &= EXPECT_POINTER(halde_heap_alloc(heap, 10, 0), NULL);
    is_good &= EXPECT_POINTER(halde_heap_alloc(heap, 10, HALDE_UNLOCKED), NULL);
    is_good &= EXPECT_POINTER(halde_heap_alloc_aligned(heap, 10, 64, 0), NULL);
    is_good &= EXPECT_POINTER(halde_heap_realloc(heap, block, 10, 0, &status), NULL);
    is_good &= EXPECT_STATUS(status, HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_free(heap, block, 0), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_free(heap, block, HALDE_UNLOCKED), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_size(heap, block, &size), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_validate(heap, NULL, &damage), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_validate(heap, block, NULL), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_lock(heap), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_unlock(heap), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_walk_next(heap, NULL, false, &entry), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_walk(heap, never_visit, NULL), HALDE_BAD_HEAP);
    is_good &=
        EXPECT_STATUS(halde_heap_walk_blocks(heap, never_visit_blocks, NULL), HALDE_BAD_HEAP);
    is_good &= EXPECT_SIZE(halde_heap_compact(heap), 0);
    is_good &= EXPECT_STATUS(halde_heap_summarize(heap, &summary), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_set_user_info(heap, block, &info), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_get_user_info(heap, block, &info), HALDE_BAD_HEAP);
    is_good &= EXPECT_STATUS(halde_heap_destroy(heap), HALDE_BAD_HEAP);
    if (!is_good) {
        test_note("  with %s as the heap: %p", what, (void *)heap);
    }
}

static bool names_heap(uintptr_t value)
{
    halde_heap *heaps[16];
    size_t count = halde_heap_list(heaps, 16);
    for (size_t i = 0; i < count && i < 16; i++) {
        if ((uintptr_t)heaps[i] == value) {
            return true;
        }
    }
    return false;
}

// ---- Wild addresses ----

struct wild {
    uintptr_t value;
    const char *what;
};

static int a_global = 1;
static const char a_constant[] = "constant";

static void try_wild(struct scene *scene)
{
    int local = 0;
    char *from_c = malloc(100);
    char *mapping =
        mmap(NULL, 64 * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(from_c && mapping != MAP_FAILED);
    const struct wild wilds[] = {
        {1, "address 1"},
        {8, "the NULL page"},
        {16, "the NULL page"},
        {4080, "the NULL page"},
        {4096, "the second page"},
        {65536, "the first slice"},
        {(uintptr_t)&local & ~(uintptr_t)15, "the stack"},
        {(uintptr_t)&a_global, "a global variable"},
        {(uintptr_t)a_constant, "a constant"},
        {(uintptr_t)&try_wild, "code"},
        {(uintptr_t)from_c, "the C library's malloc"},
        {(uintptr_t)mapping, "a mapping"},
        {(uintptr_t)mapping + 4096, "the middle of a mapping"},
        {(uintptr_t)fault_page(), "a page without access"},
        {(uintptr_t)unmapped_page(), "an unmapped page"},
        {UINT64_C(0x00007fffffffeff0), "the last user page"},
        {UINT64_C(0x00007ffffffff000), "the end of user addresses"},
        {UINT64_C(0x0000800000000000), "the first non-canonical address"},
        {UINT64_C(0x0000ffffffffffff), "a non-canonical address"},
        {UINT64_C(0x00ffffffffff0000), "57-bit addresses"},
        {UINT64_C(0x8000000000000000), "the sign bit"},
        {UINT64_C(0xdeadbeefdeadbeef), "a non-canonical address"},
        {UINT64_C(0xfeeefeeefeeefeee), "a fill pattern"},
        {UINT64_C(0xffff800000000000), "kernel addresses"},
        {UINT64_C(0xffffffffff600000), "vsyscall"},
        {UINTPTR_MAX - 65535, "the last slice"},
        {UINTPTR_MAX - 15, "the last 16 bytes"},
        {UINTPTR_MAX, "all ones"},
    };
    for (size_t i = 0; i < sizeof wilds / sizeof wilds[0]; i++) {
        // A library that is the process's malloc owns what malloc returned.
        if (wilds[i].value == (uintptr_t)from_c && halde_heap_of_block(from_c)) {
            continue;
        }
        try_address(scene, wilds[i].value, UNKNOWN, wilds[i].what);
        try_address(scene, wilds[i].value | 1, UNKNOWN, wilds[i].what);
        try_position(scene, wilds[i].value, true);
        try_handle(scene, wilds[i].value, wilds[i].what);
    }
    try_handle(scene, 0, "NULL");
    free(from_c);
    munmap(mapping, 64 * KIB);
}

// Random addresses: whole space, and near what exists.
static void try_random(struct scene *scene, uint64_t seed)
{
    struct random random = random_make(seed, 4);
    for (size_t i = 0; i < process_scaled(3000); i++) {
        uintptr_t value = random_next(&random) >> random_below(&random, 40);
        halde_heap *owner = halde_heap_of_block((void *)value);
        if (value == 0 || owner) {
            continue;
        }
        try_address(scene, value, UNKNOWN | INTERIOR | FREED | OTHER, "a random address");
        if (!names_heap(value)) {
            try_handle(scene, value, "a random address");
        }
    }
}

// ---- Addresses inside heaps ----

struct places {
    uintptr_t values[20000];
    size_t count;
};

static void add_place(struct places *places, uintptr_t value)
{
    if (places->count < sizeof places->values / sizeof places->values[0]) {
        places->values[places->count++] = value;
    }
}

// Every element's surroundings: its start, bytes inside, its end. Blocks' starts are sorted out
// later.
static bool collect_places(const struct halde_entry *entry, void *context)
{
    struct places *places = context;
    uintptr_t start = (uintptr_t)entry->data;
    static const ptrdiff_t offsets[] = {-16, -8, -1, 0, 1, 7, 8, 16, 24, 48, 64, 100, 4096, 65536};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        add_place(places, start + (uintptr_t)offsets[i]);
        add_place(places, start + entry->size + (uintptr_t)offsets[i]);
    }
    add_place(places, start + entry->size / 2);
    if (entry->kind == HALDE_ENTRY_REGION) {
        add_place(places, (uintptr_t)entry->first_block);
        add_place(places, (uintptr_t)entry->last_block);
        add_place(places, (uintptr_t)entry->last_block - 1);
        add_place(places, (uintptr_t)entry->last_block - 16);
        add_place(places, start + entry->committed_size);
        add_place(places, start + entry->committed_size + entry->uncommitted_size);
    }
    return true;
}

static bool is_busy_block(const struct scene *scene, uintptr_t value)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        if (scene->blocks[i] && (uintptr_t)scene->blocks[i] == value) {
            return true;
        }
    }
    return (uintptr_t)scene->other_block == value;
}

static void try_inside(struct scene *scene)
{
    static struct places places;
    places.count = 0;
    EXPECT_OK(halde_heap_walk(scene->heap, collect_places, &places));
    size_t step = places.count / process_scaled(4000) + 1;
    for (size_t i = 0; i < places.count; i += step) {
        uintptr_t value = places.values[i];
        if (!is_busy_block(scene, value)) {
            try_address(scene, value, UNKNOWN | INTERIOR | FREED | OTHER, "a place in the heap");
            try_position(scene, value, false);
            if (!names_heap(value)) {
                try_handle(scene, value, "a place in the heap");
            }
        }
    }
}

// Positions at every block of the heap, with the right and the wrong busy flag.
static void try_positions(const struct scene *scene)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        if (scene->blocks[i]) {
            try_position(scene, (uintptr_t)scene->blocks[i], false);
            try_position(scene, (uintptr_t)scene->blocks[i] + 1, true);
        }
    }
    try_position(scene, (uintptr_t)scene->other_block, true);
    try_position(scene, (uintptr_t)scene->other, true);
}

static void try_interior(struct scene *scene)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = scene->sizes[i];
        if (!scene->blocks[i]) {
            continue;
        }
        uintptr_t start = (uintptr_t)scene->blocks[i];
        for (size_t offset = 1; offset < size; offset += offset < 40 ? 1 : size / 5 + 1) {
            try_address(scene, start + offset, INTERIOR, "the inside of a block");
        }
        for (size_t offset = 1; offset < 16; offset++) {
            try_address(scene, start + offset, INTERIOR, "an unaligned address");
        }
    }
}

static void try_others(struct scene *scene)
{
    uintptr_t block = (uintptr_t)scene->other_block;
    try_address(scene, block, OTHER, "another heap's block");
    try_address(scene, block + 8, OTHER, "the inside of another heap's block");
    void *of_process = halde_heap_alloc(halde_process_heap(), 100, 0);
    ASSERT_NOT_NULL(of_process);
    try_address(scene, (uintptr_t)of_process, OTHER, "the process heap's block");
    EXPECT_OK(halde_heap_free(halde_process_heap(), of_process, 0));
    void *large = halde_heap_alloc(scene->other, 4 * MIB, 0);
    ASSERT_NOT_NULL(large);
    try_address(scene, (uintptr_t)large, OTHER, "another heap's large block");
    try_address(
        scene, (uintptr_t)large + 2 * MIB, OTHER, "the inside of another heap's large block");
    EXPECT_OK(halde_heap_free(scene->other, large, 0));
}

// Frees every other block, and tries each once at once and again when more has been freed.
static void try_freed(struct scene *scene)
{
    uintptr_t freed[BLOCKS] = {0};
    for (size_t i = 1; i < BLOCKS; i += 2) {
        if (!scene->blocks[i]) {
            continue;
        }
        freed[i] = (uintptr_t)scene->blocks[i];
        bool is_large = scene->sizes[i] >= MIB; // its addresses may be gone
        EXPECT_OK(halde_heap_free(scene->heap, scene->blocks[i], 0));
        scene->blocks[i] = NULL;
        try_address(
            scene, freed[i], is_large ? FREED | UNKNOWN | INTERIOR : FREED, "a freed block");
    }
    halde_heap_compact(scene->heap);
    for (size_t i = 1; i < BLOCKS; i += 2) {
        if (freed[i]) {
            try_address(
                scene, freed[i], FREED | INTERIOR | UNKNOWN, "a freed block after compaction");
            try_position(scene, freed[i], false);
        }
    }
}

static void check_and_free_all(struct scene *scene)
{
    EXPECT_VALID(scene->heap, NULL);
    for (size_t i = 0; i < BLOCKS; i++) {
        if (scene->blocks[i]) {
            pattern_expect(
                scene->blocks[i], scene->sizes[i], scene->sizes[i], i, "after wrong pointers");
            EXPECT_OK(halde_heap_free(scene->heap, scene->blocks[i], 0));
            scene->blocks[i] = NULL;
        }
    }
    expect_nothing_lost(scene);
}

static void run_scene(const struct halde_heap_options *options, uint64_t seed)
{
    static struct scene scene;
    scene = (struct scene){0};
    ASSERT_OK(halde_heap_create(options, &scene.heap));
    ASSERT_OK(halde_heap_create(NULL, &scene.other));
    scene.other_block = halde_heap_alloc(scene.other, 100, 0);
    ASSERT_NOT_NULL(scene.other_block);
    try_inside(&scene); // still empty
    fill(&scene);
    try_wild(&scene);
    try_random(&scene, seed);
    try_others(&scene);
    try_interior(&scene);
    try_inside(&scene);
    try_positions(&scene);
    expect_nothing_lost(&scene);
    try_freed(&scene);
    try_inside(&scene);
    expect_nothing_lost(&scene);
    check_and_free_all(&scene);
    try_inside(&scene); // empty again
    uintptr_t block = (uintptr_t)halde_heap_alloc(scene.other, 30, 0);
    EXPECT_OK(halde_heap_destroy(scene.other));
    scene.blocks[4] = halde_heap_alloc(scene.heap, 40, 0);
    try_handle(&scene, (uintptr_t)scene.other, "a destroyed heap");
    try_address(&scene, block, UNKNOWN | OTHER | INTERIOR, "a destroyed heap's block");
    EXPECT_OK(halde_heap_destroy(scene.heap));
    test_note("%zu addresses", scene.trial_count);
}

// Creation with wrong arguments.
static void wrong_options(void)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        halde_heap *heap = NULL;
        const struct halde_heap_options flags = {.flags = 1u << bit};
        const struct halde_heap_options checks = {.checks = 1u << bit};
        enum halde_status status = halde_heap_create(&flags, &heap);
        if (bit >= 3) {
            EXPECT_STATUS(status, HALDE_BAD_ARGUMENT);
        }
        EXPECT_TRUE(status == HALDE_OK || heap == NULL);
        if (status == HALDE_OK) {
            EXPECT_OK(halde_heap_destroy(heap));
        }
        heap = NULL;
        status = halde_heap_create(&checks, &heap);
        EXPECT_STATUS(status, bit < 3 ? HALDE_OK : HALDE_BAD_ARGUMENT);
        if (status == HALDE_OK) {
            EXPECT_OK(halde_heap_destroy(heap));
        }
    }
    static const size_t huge[] = {SIZE_MAX, SIZE_MAX - 4095, SIZE_MAX / 2 + 1, (size_t)1 << 56};
    for (size_t i = 0; i < sizeof huge / sizeof huge[0]; i++) {
        halde_heap *heap = NULL;
        const struct halde_heap_options options = {.maximum_size = huge[i]};
        enum halde_status status = halde_heap_create(&options, &heap);
        EXPECT_STATUS_IN(status, STATUS_BIT(HALDE_NO_MEMORY) | STATUS_BIT(HALDE_BAD_ARGUMENT));
        EXPECT_POINTER(heap, NULL);
    }
    // An initial size beyond the maximum is clamped; a huge one is an answer, not a crash.
    static const size_t initial[] = {1, 4096, MIB, 100 * MIB};
    for (size_t i = 0; i < sizeof initial / sizeof initial[0]; i++) {
        halde_heap *heap = NULL;
        const struct halde_heap_options options = {
            .initial_size = initial[i], .maximum_size = 256 * KIB};
        ASSERT_OK(halde_heap_create(&options, &heap));
        EXPECT_NOT_NULL(halde_heap_alloc(heap, 1000, 0));
        EXPECT_OK(halde_heap_destroy(heap));
    }
    halde_heap *heap = NULL;
    const struct halde_heap_options options = {.initial_size = SIZE_MAX};
    enum halde_status status = halde_heap_create(&options, &heap);
    EXPECT_STATUS_IN(status,
        STATUS_BIT(HALDE_OK) | STATUS_BIT(HALDE_NO_MEMORY) | STATUS_BIT(HALDE_BAD_ARGUMENT));
    if (status == HALDE_OK) {
        EXPECT_OK(halde_heap_destroy(heap));
    }
}

int main(void)
{
    uint64_t seed = seed_start("pointers");
    wrong_options();
    run_scene(NULL, seed);
    run_scene(&(struct halde_heap_options){.maximum_size = 16 * MIB}, seed);
    run_scene(&(struct halde_heap_options){.checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE}, seed);
    run_scene(&(struct halde_heap_options){.flags = HALDE_HEAP_NO_SERIALIZE}, seed);
    return test_result();
}
