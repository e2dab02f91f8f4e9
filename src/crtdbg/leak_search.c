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
    OWN_MAX = 4,
    MAPPINGS_SPARE = 256, // may come between counting and reading
    ROOTS_PER_MAPPING = OWN_MAX + 3,
    WORDS_PER_THREAD = OS_REGISTERS_MAX + 1,
    THREADS_MAX = 16384,
    COPIES_LIMIT = 64 << 20,
};

// Everything the search needs, in one piece of the system's memory: no root.
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
    struct leak_nodes nodes;
    struct os_mapping *mappings;
    struct reach_mapping *reach_mappings;
    size_t mapping_capacity;
    struct reach_thread *threads;
    size_t thread_count;
    struct reach_range *roots;
    size_t root_count, root_capacity;
    uint64_t *words;
    size_t word_count, word_capacity;
    struct reach_range *constants;
    size_t constant_count;
    struct reach_range own[OWN_MAX];
    size_t own_count;
    struct os_stop *stop;
};

// ---- Memory -----------------------------------------------------------------------------------

static bool take_memory(struct process_search *search)
{
    search->nodes.capacity = leak_nodes_count();
    search->mapping_capacity = os_mappings_read(NULL, 0) + MAPPINGS_SPARE;
    search->root_capacity = search->mapping_capacity * ROOTS_PER_MAPPING;
    search->word_capacity = THREADS_MAX * (size_t)WORDS_PER_THREAD + search->nodes.capacity;
    struct workspace *space = &search->space;
    space->size =
        leak_nodes_memory(search->nodes.capacity) +
        search->mapping_capacity * (sizeof(*search->mappings) + sizeof(*search->reach_mappings) +
                                       sizeof(*search->constants)) +
        THREADS_MAX * sizeof(*search->threads) + search->root_capacity * sizeof(*search->roots) +
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
    search->threads = take(space, THREADS_MAX, sizeof(*search->threads));
    search->roots = take(space, search->root_capacity, sizeof(*search->roots));
    search->words = take(space, search->word_capacity, sizeof(*search->words));
    search->nodes.memory = take(space, 0, 0);
    return true;
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

static size_t read_mappings(struct process_search *search)
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
        };
        if (mapping->is_file && mapping->is_readable && !mapping->is_writable) {
            search->constants[search->constant_count++] =
                (struct reach_range){mapping->start, mapping->end};
        }
    }
    return count;
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
    for (size_t i = 0; i < count && search->thread_count < THREADS_MAX; i++) {
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
static bool find_roots(struct process_search *search, uintptr_t stack_pointer, bool has_all_threads)
{
    add_threads(search, stack_pointer);
    add_all_own(search);
    const struct reach_process process = {
        .mappings = search->reach_mappings,
        .mapping_count = read_mappings(search),
        .threads = search->threads,
        .thread_count = search->thread_count,
        .has_all_threads = has_all_threads,
        .own = search->own,
        .own_count = search->own_count,
        .read = read_self,
    };
    // Without them everything would count as lost.
    if (process.mapping_count == 0) {
        return false;
    }
    reach_find_roots(&process, &(struct reach_root_sink){add_range, add_word, search});
    for (size_t i = 0; i < search->nodes.ignored_count; i++) {
        add_word(search, search->nodes.ignored[i], (struct reach_root){0});
    }
    return true;
}

// ---- Search -----------------------------------------------------------------------------------

static bool search_all(struct process_search *search, struct reach *reach)
{
    const struct reach_input input = {
        .blocks = search->nodes.blocks,
        .block_count = search->nodes.count,
        .roots = search->roots,
        .root_count = search->root_count,
        .words = search->words,
        .word_count = search->word_count,
        .constants = search->constants,
        .constant_count = search->constant_count,
        .read = read_self,
        .heuristics = REACH_USUAL,
        .memory_limit = COPIES_LIMIT,
    };
    return reach_search(&input, reach);
}

// The other threads stand still, if that can be had.
static bool search_stopped(struct process_search *search, struct leak_result *result,
    struct reach *reach, uintptr_t stack_pointer)
{
    const bool has_others = os_has_other_threads();
    search->stop = has_others ? os_stop_others(&result->error) : NULL;
    result->has_stopped_others = !has_others || search->stop != NULL;
    const bool is_done =
        find_roots(search, stack_pointer, result->has_stopped_others) && search_all(search, reach);
    os_stop_end(search->stop);
    return is_done;
}

bool leak_search(struct leak_result *result,
    bool (*is_told)(const struct debug_block *block, void *context), void *context)
{
    struct process_search search = {0};
    struct reach reach;
    *result = (struct leak_result){0};
    section_stop();
    bool is_done = take_memory(&search);
    if (is_done) {
        leak_nodes_gather(&search.nodes, is_told, context);
        uint64_t registers[OS_REGISTERS_MAX];
        const size_t count = os_own_registers(registers);
        for (size_t i = 0; i < count; i++) {
            add_word(&search, registers[i], (struct reach_root){0});
        }
        is_done = search_stopped(&search, result, &reach, (uintptr_t)__builtin_frame_address(0));
        if (is_done) {
            is_done = !reach.is_cut && leak_groups_make(result, &search.nodes, &reach);
            reach_release(&reach);
        }
        os_unreserve(search.space.memory, search.space.size);
    }
    section_resume();
    return is_done;
}

void leak_search_release(struct leak_result *result)
{
    if (result->memory != NULL) {
        os_unreserve(result->memory, result->memory_size);
    }
    result->memory = NULL;
}
