// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/frame_index.h"

#include "base/bits.h"
#include "os/os.h"
#include "unwind/elf_file.h"

enum {
    SECTION_SIZE_MAX = INT32_MAX, // an entry's description is that far away at most
};

// An answer for good. `image.header` is 0, and `image.index` NULL where there is no index.
struct answer {
    uintptr_t start; // the module's, as the two below
    uintptr_t end;
    uintptr_t identity;
    struct cfi_image image;
    _Atomic(bool) is_there; // stored last (release) by the thread that took the answer's place
};

static struct {
    _Atomic(uint32_t) taken; // any thread, relaxed
    struct answer answers[FRAME_INDEX_MODULES_MAX];
} known;

static const struct answer *find_answer(const struct module *module)
{
    for (size_t i = 0; i < FRAME_INDEX_MODULES_MAX; i++) {
        const struct answer *answer = &known.answers[i];
        if (atomic_load_explicit(&answer->is_there, memory_order_acquire) && // pairs with keep()
            answer->start == module->start && answer->end == module->end &&
            answer->identity == module->identity) {
            return answer;
        }
    }
    return NULL;
}

// False: there is no place for it.
static bool keep(const struct module *module, const struct cfi_image *image)
{
    uint32_t place = atomic_fetch_add_explicit(&known.taken, 1, memory_order_relaxed);
    if (place >= FRAME_INDEX_MODULES_MAX) {
        atomic_store_explicit(&known.taken, FRAME_INDEX_MODULES_MAX, memory_order_relaxed);
        return false;
    }
    struct answer *answer = &known.answers[place];
    answer->start = module->start;
    answer->end = module->end;
    answer->identity = module->identity;
    answer->image = *image;
    atomic_store_explicit(&answer->is_there, true, memory_order_release); // pairs: find_answer()
    return true;
}

// ---- Sorting ----------------------------------------------------------------------------------

// Moves the entry at `place` down the heap [0, count) to where it belongs.
static void sink(struct cfi_entry *entries, size_t place, size_t count)
{
    struct cfi_entry entry = entries[place];
    for (size_t child = 2 * place + 1; child < count; child = 2 * place + 1) {
        child += child + 1 < count && entries[child].code < entries[child + 1].code;
        if (entries[child].code <= entry.code) {
            break;
        }
        entries[place] = entries[child];
        place = child;
    }
    entries[place] = entry;
}

static bool is_sorted(const struct cfi_entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (entries[i].code < entries[i - 1].code) {
            return false;
        }
    }
    return true;
}

// By address.  In place and without recursion, as memory and stack may be short.
static void sort(struct cfi_entry *entries, size_t count)
{
    if (is_sorted(entries, count)) {
        return;
    }
    for (size_t i = count / 2; i > 0; i--) {
        sink(entries, i - 1, count);
    }
    for (size_t end = count - 1; end > 0; end--) {
        struct cfi_entry last = entries[end];
        entries[end] = entries[0];
        entries[0] = last;
        sink(entries, 0, end);
    }
}

// ---- Making -----------------------------------------------------------------------------------

static size_t memory_size(size_t capacity)
{
    size_t size = sizeof(struct cfi_index) + capacity * sizeof(struct cfi_entry);
    return bits_round_up(size, os_page_size());
}

// Memory for an index, or NULL.
static struct cfi_index *take_memory(size_t size)
{
    struct cfi_index *index = os_reserve(size);
    if (index != NULL && os_commit(index, size, false) != 0) {
        os_unreserve(index, size);
        return NULL;
    }
    return index;
}

// Indexes the window. False: there is no memory.
static bool make_index(const struct module *module, struct cfi_image *image)
{
    size_t capacity = cfi_count(image);
    if (capacity == 0) {
        return true;
    }
    size_t size = memory_size(capacity);
    struct cfi_index *index = take_memory(size);
    if (index == NULL) {
        return false;
    }
    index->size = size;
    index->count = cfi_list(image, module->start, module->end, index->entries, capacity);
    sort(index->entries, index->count);
    // Its words must not look like a program's pointers to who searches what can be written.
    os_set_read_only(index, size);
    image->index = index;
    return true;
}

// False: it cannot be said at the moment.
static bool find_out(const struct module *module, struct cfi_image *image)
{
    struct elf_section section;
    const char *path = module->name == NULL ? "" : module->name;
    enum elf_answer answer =
        elf_find_section(path, elf_file_of(module->start), module->bias, ".eh_frame", &section);
    *image = (struct cfi_image){.header = 0};
    if (answer != ELF_FOUND || section.size > SECTION_SIZE_MAX) {
        return answer != ELF_LATER;
    }
    image->window = section.start;
    image->window_end = section.start + section.size;
    return make_index(module, image);
}

static void drop(const struct cfi_image *image)
{
    if (image->index != NULL) {
        os_unreserve((void *)(uintptr_t)image->index, image->index->size);
    }
}

bool frame_index_find(struct module *module)
{
    if (cfi_has_table(&module->image)) {
        return true;
    }
    const struct answer *answer = find_answer(module);
    if (answer == NULL) {
        struct cfi_image image;
        if (atomic_load_explicit(&known.taken, memory_order_relaxed) >= FRAME_INDEX_MODULES_MAX) {
            return true;
        }
        if (!find_out(module, &image)) {
            return false;
        }
        answer = find_answer(module); // another thread's, or one of a handler's that interrupted
        if (answer == NULL && keep(module, &image)) {
            module->image = image;
            return true;
        }
        drop(&image);
    }
    if (answer != NULL) {
        module->image = answer->image;
    }
    return true;
}
