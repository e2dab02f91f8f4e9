// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/leak_search.h"

#include "base/bits.h"
#include "crtdbg/leak_groups.h"
#include "crtdbg/leak_nodes.h"
#include "crtdbg/section.h"
#include "os/mappings.h"
#include "os/os.h"
#include "os/process.h"
#include "os/stop.h"
#include "reach/roots.h"
#include "unwind/stack_depot.h"

enum {
    OWN_MAX = 5,
    MAPPINGS_SPARE = 256, // may come between counting and reading
    ROOTS_PER_MAPPING = OWN_MAX + 3,
    WORDS_PER_THREAD = OS_REGISTERS_MAX + 1,
    // Of what is copied. The first where the other threads stand: then hardly anything is.
    COPIES_LIMIT_STOPPED = 1 << 20,
    COPIES_LIMIT = 64 << 20,
};

// Everything the search needs but the map, in one piece of the system's memory: no root.
struct workspace {
    uint8_t *memory;
    size_t size;
    size_t used;
};

static void *take(struct workspace *space, size_t count, size_t size)
{
    void *place = space->memory + space->used;
    space->used += bits_round_up(count * size, 16);
    return place;
}

struct process_search {
    struct workspace space;
    struct block_map map;
    struct os_mapping *mappings;
    struct reach_mapping *reach_mappings;
    size_t mapping_count, mapping_capacity;
    struct reach_thread *threads;
    size_t thread_count, thread_capacity;
    struct reach_range *roots;
    size_t root_count, root_capacity;
    uint64_t *words;
    size_t word_count, word_capacity;
    struct reach_range *constants;
    size_t constant_count;
    struct reach_range own[OWN_MAX];
    size_t own_count;
    uint64_t own_registers[OS_REGISTERS_MAX]; // as leak_search() found them
    size_t own_register_count;
    struct os_stop *stop;
    bool has_all_threads; // they stand, or there are no others
};

// ---- Memory -----------------------------------------------------------------------------------
// Taken when the other threads stand: nothing here needs what one of them may hold.

static void count_all(struct process_search *search)
{
    size_t others = 0;
    if (search->stop != NULL) {
        os_stop_threads(search->stop, &others);
    }
    search->thread_capacity = 1 + others;
    search->mapping_capacity = os_mappings_read(NULL, 0) + MAPPINGS_SPARE;
    search->root_capacity = search->mapping_capacity * ROOTS_PER_MAPPING;
    // The loader's table of each thread that lives or has ended is a word, too.
    search->word_capacity =
        search->thread_capacity * WORDS_PER_THREAD + OS_REGISTERS_MAX + search->mapping_capacity;
}

static bool take_workspace(struct process_search *search)
{
    struct workspace *space = &search->space;
    space->size =
        search->mapping_capacity * (sizeof(*search->mappings) + sizeof(*search->reach_mappings) +
                                       sizeof(*search->constants)) +
        search->thread_capacity * sizeof(*search->threads) +
        search->root_capacity * sizeof(*search->roots) +
        search->word_capacity * sizeof(*search->words) + 4096;
    space->size = bits_round_up(space->size, os_page_size());
    space->memory = os_reserve(space->size);
    if (space->memory == NULL) {
        return false;
    }
    if (os_commit(space->memory, space->size, false) != 0) {
        os_unreserve(space->memory, space->size);
        return false;
    }
    search->mappings = take(space, search->mapping_capacity, sizeof(*search->mappings));
    search->reach_mappings = take(space, search->mapping_capacity, sizeof(*search->reach_mappings));
    search->constants = take(space, search->mapping_capacity, sizeof(*search->constants));
    search->threads = take(space, search->thread_capacity, sizeof(*search->threads));
    search->roots = take(space, search->root_capacity, sizeof(*search->roots));
    search->words = take(space, search->word_capacity, sizeof(*search->words));
    return true;
}

static bool take_memory(struct process_search *search)
{
    count_all(search);
    if (!take_workspace(search)) {
        return false;
    }
    if (!leak_nodes_map(&search->map)) {
        os_unreserve(search->space.memory, search->space.size);
        return false;
    }
    return true;
}

static void give_memory_back(struct process_search *search)
{
    block_map_release(&search->map);
    os_unreserve(search->space.memory, search->space.size);
}

// ---- Roots ------------------------------------------------------------------------------------

static void add_range(void *context, struct reach_range range, struct reach_root root)
{
    struct process_search *search = context;
    (void)root;
    if (search->root_count < search->root_capacity) {
        search->roots[search->root_count++] = range;
    }
}

static void add_word(void *context, uint64_t word, struct reach_root root)
{
    struct process_search *search = context;
    (void)root;
    if (search->word_count < search->word_capacity) {
        search->words[search->word_count++] = word;
    }
}

// By address.
static void add_own(struct process_search *search, uintptr_t start, uintptr_t end)
{
    size_t place = search->own_count++;
    for (; place > 0 && search->own[place - 1].start > start; place--) {
        search->own[place] = search->own[place - 1];
    }
    search->own[place] = (struct reach_range){start, end};
}

static void add_all_own(struct process_search *search)
{
    uintptr_t start;
    uintptr_t end;
    engine_reservation(&start, &end);
    add_own(search, start, end);
    const uintptr_t space = (uintptr_t)search->space.memory;
    add_own(search, space, space + search->space.size);
    const uintptr_t map = (uintptr_t)search->map.cells;
    add_own(search, map, map + search->map.memory_size);
    struct stack_depot_usage usage;
    stack_depot_usage_read(&usage);
    if (usage.header != NULL) {
        add_own(search, (uintptr_t)usage.header, (uintptr_t)usage.header + usage.header->limit);
    }
    if (search->stop != NULL) {
        os_stop_memory(search->stop, &start, &end);
        add_own(search, start, end);
    }
}

static void read_mappings(struct process_search *search)
{
    const size_t found = os_mappings_read(search->mappings, search->mapping_capacity);
    const size_t count = size_min(found, search->mapping_capacity);
    for (size_t i = 0; i < count; i++) {
        const struct os_mapping *mapping = &search->mappings[i];
        search->reach_mappings[i] = (struct reach_mapping){
            .start = mapping->start,
            .end = mapping->end,
            .is_root = mapping->is_readable && mapping->is_writable && !mapping->is_shared,
            .is_module = mapping->is_file,
            .is_file = mapping->is_file,
            .is_constant = mapping->is_file && mapping->is_readable && !mapping->is_writable &&
                           !mapping->is_executable && !mapping->is_shared,
        };
        if (mapping->is_file && mapping->is_readable && !mapping->is_writable) {
            search->constants[search->constant_count++] =
                (struct reach_range){mapping->start, mapping->end};
        }
    }
    search->mapping_count = count;
}

// The calling thread is a root from the caller's frame on: what lies below is our own.
static void add_threads(struct process_search *search, uintptr_t stack_pointer)
{
    search->threads[search->thread_count++] =
        (struct reach_thread){stack_pointer, os_thread_pointer()};
    if (search->stop == NULL) {
        return;
    }
    size_t count;
    const struct os_stopped_thread *threads = os_stop_threads(search->stop, &count);
    for (size_t i = 0; i < count && search->thread_count < search->thread_capacity; i++) {
        search->threads[search->thread_count++] =
            (struct reach_thread){threads[i].stack_pointer, threads[i].thread_pointer};
        for (uint32_t j = 0; j < threads[i].register_count; j++) {
            add_word(search, threads[i].registers[j], (struct reach_root){0});
        }
    }
}

static size_t read_self(void *context, uint64_t address, void *buffer, size_t size)
{
    (void)context;
    return os_copy_memory(buffer, (const void *)(uintptr_t)address, size);
}

// False: the system does not say what is mapped.
static bool find_roots(struct process_search *search, uintptr_t stack_pointer)
{
    read_mappings(search);
    add_threads(search, stack_pointer);
    add_all_own(search);
    const struct reach_process process = {
        .mappings = search->reach_mappings,
        .mapping_count = search->mapping_count,
        .threads = search->threads,
        .thread_count = search->thread_count,
        .has_all_threads = search->has_all_threads,
        .own = search->own,
        .own_count = search->own_count,
        .read = read_self,
    };
    // Without them everything would count as lost.
    if (process.mapping_count == 0) {
        return false;
    }
    reach_find_roots(&process, &(struct reach_root_sink){add_range, add_word, search});
    return true;
}

// ---- Memory that is read where it is ------------------------------------------------------------
// While nobody else runs, pages that belong to no file stay as the system says they are, and can be
// read without a fault.  Tools that watch our reads would mind what they cannot know.

static bool can_read_in_place(const struct process_search *search)
{
    return search->has_all_threads && !CONFIG_TSAN && !CONFIG_ASAN;
}

static bool is_plain(const struct os_mapping *mapping)
{
    return mapping->is_readable && mapping->is_writable && !mapping->is_shared && !mapping->is_file;
}

static const void *hold_self(void *context, uint64_t address, size_t *size)
{
    const struct process_search *search = context;
    size_t first = 0;
    size_t end = search->mapping_count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (search->mappings[middle].end <= address) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    const struct os_mapping *mapping = &search->mappings[first];
    if (first == search->mapping_count || mapping->start > address || !is_plain(mapping)) {
        return NULL;
    }
    *size = mapping->end - address;
    return (const void *)(uintptr_t)address;
}

// The longest stretch of the heaps that can be read so: all of them, unless the program has
// protected a page.
static struct reach_range longest_plain(const struct process_search *search)
{
    uintptr_t pool_start;
    uintptr_t pool_end;
    struct reach_range longest = {0};
    struct reach_range run = {0};
    engine_pool(&pool_start, &pool_end);
    for (size_t i = 0; i < search->mapping_count; i++) {
        const struct os_mapping *mapping = &search->mappings[i];
        const uint64_t start = mapping->start > pool_start ? mapping->start : pool_start;
        const uint64_t end = mapping->end < pool_end ? mapping->end : pool_end;
        if (start >= end || !is_plain(mapping)) {
            continue;
        }
        run.start = start == run.end ? run.start : start;
        run.end = end;
        longest = run.end - run.start > longest.end - longest.start ? run : longest;
    }
    return longest;
}

// ---- Search -----------------------------------------------------------------------------------

static bool search_all(struct process_search *search, struct reach *reach)
{
    const bool is_in_place = can_read_in_place(search);
    const struct reach_input input = {
        .map = &search->map,
        .describe = leak_nodes_describe,
        .roots = search->roots,
        .root_count = search->root_count,
        .words = search->words,
        .word_count = search->word_count,
        .constants = search->constants,
        .constant_count = search->constant_count,
        .read = read_self,
        .hold = is_in_place ? hold_self : NULL,
        .context = search,
        .direct = is_in_place ? longest_plain(search) : (struct reach_range){0},
        .heuristics = REACH_USUAL,
        .memory_limit = is_in_place ? COPIES_LIMIT_STOPPED : COPIES_LIMIT,
    };
    return reach_search(&input, reach);
}

static void add_own_registers(struct process_search *search)
{
    for (size_t i = 0; i < search->own_register_count; i++) {
        add_word(search, search->own_registers[i], (struct reach_root){0});
    }
}

// What is looked at: blocks, roots, contents.  The other threads stand still, if that can be had.
static bool search_memory(
    struct process_search *search, struct reach *reach, uintptr_t stack_pointer)
{
    if (!take_memory(search)) {
        return false;
    }
    add_own_registers(search);
    if (find_roots(search, stack_pointer) && search_all(search, reach)) {
        return true;
    }
    give_memory_back(search);
    return false;
}

static bool search_stopped(struct process_search *search, struct leak_result *result,
    struct reach *reach, uintptr_t stack_pointer)
{
    const bool has_others = os_has_other_threads();
    search->stop = has_others ? os_stop_others(&result->error) : NULL;
    search->has_all_threads = !has_others || search->stop != NULL;
    result->has_stopped_others = search->has_all_threads;
    const bool is_done = search_memory(search, reach, stack_pointer);
    os_stop_end(search->stop);
    return is_done;
}

bool leak_search(struct leak_result *result,
    bool (*is_told)(const struct debug_block *block, void *context), void *context)
{
    struct process_search search = {0};
    struct reach reach;
    search.own_register_count = os_own_registers(search.own_registers);
    *result = (struct leak_result){0};
    section_stop();
    bool is_done = search_stopped(&search, result, &reach, (uintptr_t)__builtin_frame_address(0));
    if (is_done) {
        const struct leak_classes classes = {&search.map, &reach, is_told, context};
        is_done = !reach.is_cut && leak_groups_make(result, &classes);
        reach_release(&reach);
        give_memory_back(&search);
    }
    section_resume();
    if (!is_done) {
        leak_search_release(result);
    }
    return is_done;
}

void leak_search_release(struct leak_result *result)
{
    if (result->memory != NULL) {
        os_unreserve(result->memory, result->memory_size);
    }
    result->memory = NULL;
}
