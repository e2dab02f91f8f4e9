// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/modules.h"

#include "base/bits.h"
#include "os/os.h"
#include "os/process.h"
#include "unwind/elf_file.h"
#include "unwind/frame_index.h"
#include "unwind/unwind.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

enum {
    MODULE_CAPACITY = 512,
    IDENTITY_SIZE = 64, // bytes of .eh_frame_hdr that tell modules apart
    NOTES_SIZE = 128,   // bytes behind the program headers: there the linker puts the build id
    LOCK_ATTEMPTS = 1000,
    VERIFIED_COUNT = 256, // a power of two
};

struct modules modules;

// Modules that rules may have been found for. Everything but the lock: under the lock.
static struct {
    _Atomic(uint32_t) lock; // process id of the holder, 0 when free
    uint32_t count;
    struct module known[MODULE_CAPACITY];
} table;

// What modules_verify() has seen: a fingerprint of module and generation, found by the module's
// address. Any thread, relaxed: a word is there whole or not at all.
static _Atomic(uint64_t) verified[VERIFIED_COUNT];

// The thread holds the table's lock, or is being told about modules by the loader: a signal handler
// must not try again.
static THREAD_LOCAL bool is_in_table;

static _Atomic(bool) is_table_wanted;

// ---- Lock -------------------------------------------------------------------------------------

// A lock that is held by another process was copied by fork(), and nobody here will release it.
// Returns false after a while: then something is not remembered, and nothing worse.
static bool lock_table(void)
{
    if (is_in_table) {
        return false;
    }
    uint32_t self = os_process_id();
    for (unsigned attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
        uint32_t holder = atomic_load_explicit(&table.lock, memory_order_relaxed);
        if (holder != self &&
            atomic_compare_exchange_strong_explicit(&table.lock, &holder, self,
                memory_order_acquire, memory_order_relaxed)) { // pairs with unlock_table()
            is_in_table = true;
            COMPILER_BARRIER();
            return true;
        }
        os_yield();
    }
    return false;
}

static void unlock_table(void)
{
    COMPILER_BARRIER();
    is_in_table = false;
    atomic_store_explicit(&table.lock, 0, memory_order_release);
}

static void next_generation(void)
{
    atomic_fetch_add_explicit(&modules.generation, 1, memory_order_relaxed);
}

// ---- Table, under the lock --------------------------------------------------------------------

static bool has_address(const struct module *module, uintptr_t pc)
{
    return pc >= module->start && pc < module->end;
}

static bool is_same(const struct module *a, const struct module *b)
{
    return a->start == b->start && a->end == b->end && a->identity == b->identity;
}

static bool overlaps(const struct module *a, const struct module *b)
{
    return a->start < b->end && b->start < a->end;
}

static void forget_all_locked(void)
{
    table.count = 0;
    next_generation();
}

// Removes modules that were where this one is now. Whether it is known already.
static bool make_room_locked(const struct module *module)
{
    bool has_gone = false;
    for (uint32_t i = 0; i < table.count;) {
        if (is_same(&table.known[i], module)) {
            return true;
        }
        if (!overlaps(&table.known[i], module)) {
            i++;
            continue;
        }
        table.known[i] = table.known[--table.count];
        has_gone = true;
    }
    if (has_gone) {
        next_generation();
    }
    return false;
}

static void note_locked(const struct module *module)
{
    if (make_room_locked(module)) {
        return;
    }
    if (table.count == MODULE_CAPACITY) {
        forget_all_locked();
    }
    table.known[table.count++] = *module;
}

static bool note(const struct module *module)
{
    if (!lock_table()) {
        return false;
    }
    note_locked(module);
    unlock_table();
    return true;
}

static bool find_in_table(uintptr_t pc, struct module *module)
{
    bool is_found = false;
    if (!lock_table()) {
        return false;
    }
    for (uint32_t i = 0; i < table.count && !is_found; i++) {
        if (has_address(&table.known[i], pc)) {
            *module = table.known[i];
            is_found = true;
        }
    }
    unlock_table();
    return is_found;
}

void unwind_modules_changed(void)
{
    if (lock_table()) {
        forget_all_locked();
        unlock_table();
    } else {
        next_generation();
    }
}

// ---- Program headers --------------------------------------------------------------------------

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, uintptr_t at, size_t size)
{
    for (uintptr_t end = at + size; at + sizeof(uint64_t) <= end; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, (const void *)at, sizeof(word));
        hash = mix(hash, word);
    }
    return hash;
}

// What the linker wrote behind the program headers, if that is in the first page, too.
static uint64_t mix_notes(uint64_t hash, uintptr_t start)
{
    size_t count;
    const ElfW(Phdr) *headers = elf_program_headers(start, &count);
    uintptr_t notes = (uintptr_t)(headers + count);
    bool is_there = headers != NULL && notes - start <= os_page_size() - NOTES_SIZE;
    return is_there ? mix_bytes(hash, notes, NOTES_SIZE) : hash;
}

// Bytes that differ between modules: notes, the beginning of the index, and the loader's own
// record.
static uintptr_t identify(const struct module *module, uintptr_t loader_record)
{
    const struct cfi_image *image = &module->image;
    uint64_t hash = mix_notes(loader_record ^ module->bias, module->start);
    if (image->header == 0) {
        return (uintptr_t)hash;
    }
    size_t size = size_min(IDENTITY_SIZE, image->window_end - image->header);
    return (uintptr_t)mix_bytes(hash, image->header, size);
}

// Finds the segment that holds the index; its bytes in the file and no others are readable.
static void set_window(
    struct module *module, const ElfW(Phdr) * headers, size_t count, uintptr_t index)
{
    const ElfW(Phdr) *segment = elf_segment_of(headers, count, module->bias, index, 1);
    if (segment != NULL) {
        uintptr_t start = module->bias + segment->p_vaddr;
        module->image = (struct cfi_image){
            .header = index, .window = start, .window_end = start + segment->p_filesz};
    }
}

// ---- The loader's lock-free answer ------------------------------------------------------------

#if defined(DLFO_STRUCT_HAS_EH_DBASE)

#pragma weak _dl_find_object

static bool has_find_object(void)
{
    return &_dl_find_object != NULL;
}

// The last of the modules that were there at the program's start; NULL: not known. Set once.
static _Atomic(const struct link_map *) last_at_start;

// The loader's list begins with the program. What it needs and what is preloaded follows, and
// stays; the rest comes behind that.
static bool is_permanent(const struct link_map *module)
{
    const struct link_map *last =
        atomic_load_explicit(&last_at_start, memory_order_acquire); // pairs with note_start()
    for (const struct link_map *map = _r_debug.r_map; map != NULL; map = map->l_next) {
        if (map == module) {
            return true;
        }
        if (last == NULL || map == last) {
            return false;
        }
    }
    return false;
}

static const struct link_map *map_of(const void *place)
{
    struct dl_find_object object;
    return _dl_find_object((void *)(uintptr_t)place, &object) == 0 ? object.dlfo_link_map : NULL;
}

// Remembers what has been loaded when the program starts.  When this library itself is loaded
// later, it stands in the list behind the loader; then nothing is remembered.
static __attribute__((constructor)) void note_start(void)
{
    if (!has_find_object()) {
        return;
    }
    const struct link_map *loader = map_of((const void *)(uintptr_t)&_dl_find_object);
    const struct link_map *own = map_of(&modules);
    const struct link_map *last = NULL;
    bool is_own_first = false;
    for (const struct link_map *map = _r_debug.r_map; map != NULL; map = map->l_next) {
        if (map == loader && !is_own_first) {
            return;
        }
        is_own_first |= map == own;
        last = map;
    }
    atomic_store_explicit(&last_at_start, last, memory_order_release); // pairs with is_permanent()
    next_generation();
}

// All that can be said without looking far, and the state of what is known.
static uint64_t fingerprint(const struct dl_find_object *object, uint32_t generation)
{
    uint64_t hash = mix(generation, (uintptr_t)object->dlfo_link_map);
    hash = mix(hash, (uintptr_t)object->dlfo_map_start);
    hash = mix(hash, (uintptr_t)object->dlfo_map_end);
    hash = mix(hash, (uintptr_t)object->dlfo_eh_frame);
    return mix_notes(hash, (uintptr_t)object->dlfo_map_start) | 1;
}

static _Atomic(uint64_t) *verified_place(uintptr_t start)
{
    return &verified[mix(0, start) % VERIFIED_COUNT];
}

static bool verify_object(uintptr_t pc, struct module_range *range)
{
    struct dl_find_object object;
    if (_dl_find_object((void *)pc, &object) != 0) {
        return false;
    }
    range->start = (uintptr_t)object.dlfo_map_start;
    range->end = (uintptr_t)object.dlfo_map_end;
    _Atomic(uint64_t) *place = verified_place(range->start);
    if (atomic_load_explicit(place, memory_order_relaxed) ==
        fingerprint(&object, modules_generation())) {
        return true;
    }
    struct module module;
    bool is_noted;
    if (modules_find(pc, &module, &is_noted) && is_noted) {
        uint64_t seen = fingerprint(&object, modules_generation());
        atomic_store_explicit(place, seen, memory_order_relaxed);
    }
    return true;
}

static bool find_object(uintptr_t pc, struct module *module)
{
    struct dl_find_object object;
    if (_dl_find_object((void *)pc, &object) != 0) {
        return false;
    }
    *module = (struct module){.start = (uintptr_t)object.dlfo_map_start,
        .end = (uintptr_t)object.dlfo_map_end,
        .bias = object.dlfo_link_map->l_addr,
        .is_permanent = is_permanent(object.dlfo_link_map),
        .name = object.dlfo_link_map->l_name};
    uintptr_t index = (uintptr_t)object.dlfo_eh_frame;
    if (index != 0) {
        size_t count;
        const ElfW(Phdr) *headers = elf_program_headers(elf_file_of(module->start), &count);
        set_window(module, headers, count, index);
    }
    module->identity = identify(module, (uintptr_t)object.dlfo_link_map);
    return true;
}

#else

static bool has_find_object(void)
{
    return false;
}

static bool find_object(uintptr_t pc, struct module *module)
{
    (void)pc;
    (void)module;
    return false;
}

static bool verify_object(uintptr_t pc, struct module_range *range)
{
    (void)pc;
    (void)range;
    return false;
}

#endif

// ---- The loader's list ------------------------------------------------------------------------

static void add_segment(struct module *module, const ElfW(Phdr) * header)
{
    uintptr_t start = module->bias + header->p_vaddr;
    uintptr_t end = start + header->p_memsz;
    module->start = module->end == 0 ? start : size_min(module->start, start);
    module->end = size_max(module->end, end);
}

// Looks for the module of an address while all are noted.
struct search {
    uintptr_t pc;
    struct module *module;
    bool is_found;
    bool is_noted;
};

static struct module describe_object(const struct dl_phdr_info *info)
{
    struct module module = {.bias = info->dlpi_addr, .name = info->dlpi_name, .is_permanent = true};
    uintptr_t index = 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD) {
            add_segment(&module, header);
        } else if (header->p_type == PT_GNU_EH_FRAME) {
            index = module.bias + header->p_vaddr;
        }
    }
    if (index != 0) {
        set_window(&module, info->dlpi_phdr, info->dlpi_phnum, index);
    }
    module.identity = identify(&module, (uintptr_t)info->dlpi_phdr);
    return module;
}

static int note_object(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct search *search = context;
    struct module module = describe_object(info);
    bool is_noted = note(&module);
    if (has_address(&module, search->pc)) {
        *search->module = module;
        search->is_found = true;
        search->is_noted = is_noted;
    }
    return 0;
}

static bool find_by_list(uintptr_t pc, struct module *module, bool *is_noted)
{
    *is_noted = find_in_table(pc, module);
    if (*is_noted) {
        return true;
    }
    static THREAD_LOCAL bool is_listing;
    if (is_listing || is_in_table) {
        return false;
    }
    struct search search = {.pc = pc, .module = module};
    is_listing = true;
    dl_iterate_phdr(note_object, &search);
    is_listing = false;
    *is_noted = search.is_noted;
    return search.is_found;
}

// -----------------------------------------------------------------------------------------------

void modules_use_table(bool is_wanted)
{
    atomic_store_explicit(&is_table_wanted, is_wanted, memory_order_relaxed);
    unwind_modules_changed();
}

static bool uses_table(void)
{
    return !has_find_object() || atomic_load_explicit(&is_table_wanted, memory_order_relaxed);
}

bool modules_verify(uintptr_t pc, struct module_range *range)
{
    if (uses_table()) {
        *range = (struct module_range){.start = 0, .end = UINTPTR_MAX};
        return true;
    }
    return verify_object(pc, range);
}

static bool find(uintptr_t pc, struct module *module, bool *is_noted)
{
    if (uses_table()) {
        return find_by_list(pc, module, is_noted);
    }
    *is_noted = false;
    if (!find_object(pc, module)) {
        return false;
    }
    *is_noted = note(module);
    return true;
}

bool modules_find(uintptr_t pc, struct module *module, bool *is_noted)
{
    if (!find(pc, module, is_noted)) {
        return false;
    }
    *is_noted &= frame_index_find(module);
    return true;
}
