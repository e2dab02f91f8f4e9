// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/core_notes.h"

#include "cli/memory.h"
#include "image/by_address.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

enum {
    THREADS_MAX = 1 << 20,
    FILES_MAX = 1 << 16, // more mappings than the kernel lets a process have by default
};

static uint64_t align4(uint64_t value)
{
    return (value + 3) & ~(uint64_t)3;
}

static void take_thread(struct core_notes *notes, const unsigned char *data, size_t size)
{
    struct elf_prstatus status;
    if (size < sizeof(status) || notes->thread_count >= THREADS_MAX) {
        return;
    }
    memcpy(&status, data, sizeof(status));
    notes->threads = must_grow(
        notes->threads, notes->thread_count, &notes->thread_capacity, sizeof(*notes->threads));
    struct core_thread *thread = &notes->threads[notes->thread_count++];
    *thread = (struct core_thread){.id = status.pr_pid};
    static_assert(sizeof(thread->registers) <= sizeof(status.pr_reg), "they begin with these");
    memcpy(&thread->registers, &status.pr_reg, sizeof(thread->registers));
}

// They follow what else is said about the thread.
static void take_vectors(struct core_notes *notes, const unsigned char *data, size_t size)
{
    if (notes->thread_count == 0 || size == 0 || size > ARCH_VECTOR_SIZE_MAX) {
        return;
    }
    struct core_thread *thread = &notes->threads[notes->thread_count - 1];
    if (size > thread->vectors_size) { // the largest set has them all
        free(thread->vectors);
        thread->vectors = must_allocate(size, 1);
        thread->vectors_size = size;
        memcpy(thread->vectors, data, size);
    }
}

static bool has_vectors(const char *name, uint32_t type)
{
    static const int SETS[] = ARCH_VECTOR_SETS;
    for (size_t i = 0; i < sizeof(SETS) / sizeof(SETS[0]); i++) {
        const char *owner = SETS[i] == NT_PRFPREG ? "CORE" : "LINUX";
        if (type == (uint32_t)SETS[i] && strcmp(name, owner) == 0) {
            return true;
        }
    }
    return false;
}

static void take_process(struct core_notes *notes, const unsigned char *data, size_t size)
{
    struct elf_prpsinfo information;
    if (size < sizeof(information)) {
        return;
    }
    memcpy(&information, data, sizeof(information));
    notes->process_id = information.pr_pid;
    memcpy(notes->name, information.pr_fname, sizeof(information.pr_fname));
    memcpy(notes->arguments, information.pr_psargs, sizeof(information.pr_psargs));
    for (size_t end = strlen(notes->arguments); end > 0 && notes->arguments[end - 1] == ' ';) {
        notes->arguments[--end] = 0;
    }
}

static void take_auxiliary(struct core_notes *notes, const unsigned char *data, size_t size)
{
    for (size_t at = 0; size - at >= sizeof(Elf64_auxv_t); at += sizeof(Elf64_auxv_t)) {
        Elf64_auxv_t value;
        memcpy(&value, data + at, sizeof(value));
        if (value.a_type == AT_ENTRY) {
            notes->entry = value.a_un.a_val;
        } else if (value.a_type == AT_SYSINFO_EHDR) {
            notes->vdso = value.a_un.a_val;
        }
    }
}

static uint64_t word_at(const unsigned char *data, size_t index)
{
    uint64_t word;
    memcpy(&word, data + index * sizeof(word), sizeof(word));
    return word;
}

// Count, page size, then start, end and offset in pages of each, then their paths, each with a 0.
static void take_files(struct core_notes *notes, const unsigned char *data, size_t size)
{
    if (size < 2 * sizeof(uint64_t)) {
        return;
    }
    uint64_t count = word_at(data, 0), page = word_at(data, 1);
    if (count > FILES_MAX || count > size / (3 * sizeof(uint64_t)) ||
        size - 2 * sizeof(uint64_t) < count * 3 * sizeof(uint64_t)) {
        return;
    }
    const char *path = (const char *)data + (2 + 3 * count) * sizeof(uint64_t);
    const char *end = (const char *)data + size;
    for (uint64_t i = 0; i < count; i++) {
        const char *next = memchr(path, 0, (size_t)(end - path));
        uint64_t offset;
        if (next == NULL || notes->file_count >= FILES_MAX) {
            return;
        }
        struct core_file_range range = {
            .start = word_at(data, 2 + 3 * i),
            .end = word_at(data, 3 + 3 * i),
        };
        if (range.end > range.start &&
            !__builtin_mul_overflow(word_at(data, 4 + 3 * i), page, &offset)) {
            range.offset = offset;
            range.path = must_copy_text(path);
            notes->files = must_grow(
                notes->files, notes->file_count, &notes->file_capacity, sizeof(*notes->files));
            notes->files[notes->file_count++] = range;
        }
        path = next + 1;
    }
}

void core_notes_parse(struct core_notes *notes, const unsigned char *bytes, size_t size)
{
    size_t at = 0;
    while (size - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        memcpy(&note, bytes + at, sizeof(note));
        at += sizeof(note);
        uint64_t name_size = align4(note.n_namesz), data_size = align4(note.n_descsz);
        if (name_size > size - at || note.n_descsz > size - at - name_size) {
            return;
        }
        const unsigned char *name = bytes + at, *data = name + name_size;
        char owner[8] = "";
        memcpy(owner, name, note.n_namesz < sizeof(owner) ? note.n_namesz : 0);
        bool is_core = note.n_namesz >= 4 && memcmp(name, "CORE", 4) == 0;
        if (is_core && note.n_type == NT_PRSTATUS) {
            take_thread(notes, data, note.n_descsz);
        } else if (is_core && note.n_type == NT_PRPSINFO) {
            take_process(notes, data, note.n_descsz);
        } else if (is_core && note.n_type == NT_AUXV) {
            take_auxiliary(notes, data, note.n_descsz);
        } else if (is_core && note.n_type == NT_FILE) {
            take_files(notes, data, note.n_descsz);
        } else if (has_vectors(owner, note.n_type)) {
            take_vectors(notes, data, note.n_descsz);
        }
        if (data_size > size - at - name_size) {
            return;
        }
        at += name_size + data_size;
    }
}

static int compare_files(const void *left, const void *right)
{
    const struct core_file_range *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

void core_notes_finish(struct core_notes *notes)
{
    if (notes->file_count > 0) {
        qsort(notes->files, notes->file_count, sizeof(*notes->files), compare_files);
    }
    if (notes->process_id == 0 && notes->thread_count > 0) {
        notes->process_id = notes->threads[0].id;
    }
}

void core_notes_release(struct core_notes *notes)
{
    for (size_t i = 0; i < notes->file_count; i++) {
        free(notes->files[i].path);
    }
    for (size_t i = 0; i < notes->thread_count; i++) {
        free(notes->threads[i].vectors);
    }
    free(notes->files);
    free(notes->threads);
}

const struct core_file_range *core_notes_file_at(const struct core_notes *notes, uint64_t address)
{
    const size_t until =
        count_until(notes->files, notes->file_count, sizeof(*notes->files), address);
    return until > 0 && address < notes->files[until - 1].end ? &notes->files[until - 1] : NULL;
}
