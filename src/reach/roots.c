// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "reach/roots.h"

#include <string.h>

enum {
    RED_ZONE_SIZE = 128, // below the stack pointer, a function's own without further ado
    DTV_HEADER_SIZE = 16,
};

struct gathering {
    const struct reach_process *process;
    const struct reach_root_sink *sink;
};

// The first range of the library's own that ends behind an address.
static size_t first_own(const struct reach_process *process, uint64_t address)
{
    size_t first = 0;
    size_t end = process->own_count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (process->own[middle].end <= address) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

// Adds what is not the library's own.
static void add(const struct gathering *gathering, uint64_t start, uint64_t end,
    enum reach_root_kind kind, uint32_t mapping, uint32_t thread)
{
    const struct reach_process *process = gathering->process;
    const struct reach_root root = {kind, mapping, thread};
    for (size_t i = first_own(process, start);
         i < process->own_count && process->own[i].start < end && start < end; i++) {
        const struct reach_range *own = &process->own[i];
        if (own->start > start) {
            const struct reach_range before = {start, own->start};
            gathering->sink->add_range(gathering->sink->context, before, root);
        }
        start = own->end > start ? own->end : start;
    }
    if (start < end) {
        const struct reach_range range = {start, end};
        gathering->sink->add_range(gathering->sink->context, range, root);
    }
}

static bool has(const struct reach_mapping *mapping, uint64_t address)
{
    return address >= mapping->start && address < mapping->end;
}

// ---- Descriptors of threads -------------------------------------------------------------------

struct descriptor {
    uint64_t tcb;  // its own address
    uint64_t dtv;  // second item of an array that is a block: this points to its inside
    uint64_t self; // its own address
};

static bool read_all(
    const struct reach_process *process, uint64_t address, void *buffer, size_t size)
{
    return process->read(process->context, address, buffer, size) == size;
}

static void add_dtv(
    const struct gathering *gathering, const struct descriptor *descriptor, uint32_t thread)
{
    const struct reach_root root = {REACH_ROOT_TLS, REACH_NOBODY, thread};
    const uint64_t array = descriptor->dtv - DTV_HEADER_SIZE;
    gathering->sink->add_word(gathering->sink->context, array, root);
}

static void add_dtvs_of_threads(const struct gathering *gathering)
{
    const struct reach_process *process = gathering->process;
    for (uint32_t i = 0; i < process->thread_count; i++) {
        const uint64_t address = process->threads[i].thread_pointer;
        struct descriptor descriptor;
        if (read_all(process, address, &descriptor, sizeof(descriptor)) &&
            descriptor.tcb == address && descriptor.self == address) {
            add_dtv(gathering, &descriptor, i);
        }
    }
}

// Finds the descriptor of a thread at the end of a mapping, where the C library puts it if the
// mapping is a stack that it has made. 0: none.
static uint64_t find_descriptor(const struct reach_process *process,
    const struct reach_mapping *mapping, struct descriptor *descriptor)
{
    enum {
        SEARCHED_SIZE = 8192,
        ALIGNMENT = 64
    };
    uint64_t words[SEARCHED_SIZE / 8];
    if (mapping->is_file || mapping->end - mapping->start < SEARCHED_SIZE) {
        return 0;
    }
    const uint64_t start = mapping->end - SEARCHED_SIZE;
    if (!read_all(process, start, words, sizeof(words))) {
        return 0;
    }
    for (size_t i = SEARCHED_SIZE - ALIGNMENT; i > 0; i -= ALIGNMENT) {
        memcpy(descriptor, &words[i / 8], sizeof(*descriptor));
        if (descriptor->tcb == start + i && descriptor->self == start + i) {
            return start + i;
        }
    }
    return 0;
}

static bool is_alive(const struct reach_process *process, uint64_t thread_pointer)
{
    for (size_t i = 0; i < process->thread_count; i++) {
        if (process->threads[i].thread_pointer == thread_pointer) {
            return true;
        }
    }
    return false;
}

// Whether it is the stack of a thread that has ended.  Its descriptor stays a root: somebody may
// still ask what the thread has returned.
static bool add_dead_stack(const struct gathering *gathering, uint32_t number)
{
    const struct reach_mapping *mapping = &gathering->process->mappings[number];
    struct descriptor descriptor;
    const uint64_t address = find_descriptor(gathering->process, mapping, &descriptor);
    if (address == 0 || !gathering->process->has_all_threads ||
        is_alive(gathering->process, address)) {
        return false;
    }
    add(gathering, address, mapping->end, REACH_ROOT_TLS, number, REACH_NOBODY);
    add_dtv(gathering, &descriptor, REACH_NOBODY);
    return true;
}

// ---- Mappings of threads ----------------------------------------------------------------------

static uint64_t tls_start(const struct reach_process *process, uint32_t thread)
{
    return process->threads[thread].thread_pointer - process->tls_size;
}

// From the lowest stack pointer in the mapping to its end. False: no thread's stack is there.
static bool add_stack(const struct gathering *gathering, uint32_t number)
{
    const struct reach_process *process = gathering->process;
    const struct reach_mapping *mapping = &process->mappings[number];
    uint32_t lowest = REACH_NOBODY;
    for (uint32_t i = 0; i < process->thread_count; i++) {
        const uint64_t pointer = process->threads[i].stack_pointer;
        if (has(mapping, pointer) &&
            (lowest == REACH_NOBODY || pointer < process->threads[lowest].stack_pointer)) {
            lowest = i;
        }
    }
    if (lowest == REACH_NOBODY) {
        return false;
    }
    uint64_t start = process->threads[lowest].stack_pointer - RED_ZONE_SIZE;
    start = has(mapping, start) ? start : mapping->start;
    uint64_t end = mapping->end;
    const uint64_t variables = tls_start(process, lowest);
    if (has(mapping, process->threads[lowest].thread_pointer) && variables > start) {
        end = variables;
    }
    add(gathering, start, end, REACH_ROOT_STACK, number, lowest);
    add(gathering, end, mapping->end, REACH_ROOT_TLS, number, lowest);
    return true;
}

// Thread-local storage that is not beside its thread's stack: the first thread's.
static bool add_tls(const struct gathering *gathering, uint32_t number)
{
    enum {
        DESCRIPTOR_SIZE = 4096 // at most
    };
    const struct reach_process *process = gathering->process;
    const struct reach_mapping *mapping = &process->mappings[number];
    for (uint32_t i = 0; i < process->thread_count; i++) {
        const uint64_t pointer = process->threads[i].thread_pointer;
        if (!has(mapping, pointer)) {
            continue;
        }
        uint64_t start = tls_start(process, i);
        start = has(mapping, start) ? start : mapping->start;
        uint64_t end = pointer + DESCRIPTOR_SIZE;
        end = has(mapping, end) ? end : mapping->end;
        add(gathering, mapping->start, start, REACH_ROOT_OTHER, number, REACH_NOBODY);
        add(gathering, start, end, REACH_ROOT_TLS, number, i);
        add(gathering, end, mapping->end, REACH_ROOT_OTHER, number, REACH_NOBODY);
        return true;
    }
    return false;
}

// -----------------------------------------------------------------------------------------------

static bool is_own(const struct reach_process *process, const struct reach_mapping *mapping)
{
    const size_t i = first_own(process, mapping->start);
    return i < process->own_count && process->own[i].start <= mapping->start &&
           process->own[i].end >= mapping->end;
}

// Whether a mapping is data of a module that the loader has protected after relocation.
static bool is_protected_data(const struct reach_process *process, size_t number)
{
    const struct reach_mapping *mapping = &process->mappings[number];
    const struct reach_mapping *next = mapping + 1;
    return number + 1 < process->mapping_count && mapping->is_module && mapping->is_constant &&
           next->is_module && next->is_file && next->is_root && next->start == mapping->end;
}

void reach_find_roots(const struct reach_process *process, const struct reach_root_sink *sink)
{
    const struct gathering gathering = {process, sink};
    for (uint32_t i = 0; i < process->mapping_count; i++) {
        const struct reach_mapping *mapping = &process->mappings[i];
        if (mapping->is_module && (mapping->is_root || is_protected_data(process, i))) {
            add(&gathering, mapping->start, mapping->end, REACH_ROOT_MODULE, i, REACH_NOBODY);
        }
    }
    for (uint32_t i = 0; i < process->mapping_count; i++) {
        const struct reach_mapping *mapping = &process->mappings[i];
        if (!mapping->is_root || mapping->is_module || is_own(process, mapping)) {
            continue;
        }
        if (!add_stack(&gathering, i) && !add_tls(&gathering, i) &&
            !add_dead_stack(&gathering, i)) {
            add(&gathering, mapping->start, mapping->end, REACH_ROOT_OTHER, i, REACH_NOBODY);
        }
    }
    add_dtvs_of_threads(&gathering);
}
