// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// Libraries without a usable .eh_frame_hdr: stacks lead through them by an index of our own, made
// from the .eh_frame that the section headers of the file name.  Files that say something else than
// what is loaded, or nothing, and damaged bytes.

#include "check.h"
#include "unwind/frame_index.h"
#include "unwind/modules.h"
#include "unwind/unwind.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAME __attribute__((noinline))

enum {
    FRAMES_MAX = 64,
    BARE_FRAMES = 3, // of plugin_bare.c
};

typedef void run_function(void (*callback)(void));

struct stack {
    uintptr_t frames[FRAMES_MAX];
    size_t count;
};

static volatile size_t sink;
static struct stack taken;
static char folder[] = "/tmp/halde-index-XXXXXX";

static void take(void)
{
    taken.count = unwind_capture(taken.frames, FRAMES_MAX, __builtin_return_address(0));
}

// ---- Libraries --------------------------------------------------------------------------------

struct file {
    char *bytes;
    size_t size;
};

static struct file read_file(const char *path)
{
    FILE *stream = fopen(path, "rb");
    ASSERT_NOT_NULL(stream);
    fseek(stream, 0, SEEK_END);
    struct file file = {.size = (size_t)ftell(stream)};
    rewind(stream);
    file.bytes = malloc(file.size);
    ASSERT_NOT_NULL(file.bytes);
    ASSERT_SIZE(fread(file.bytes, 1, file.size, stream), file.size);
    fclose(stream);
    return file;
}

static struct file read_plugin(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s.so", PLUGIN_FOLDER, name);
    return read_file(path);
}

// Writes the file anew, as linkers and package managers do: what is loaded keeps its bytes.
static const char *write_file(const struct file *file, const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s.so", folder, name);
    unlink(path);
    FILE *stream = fopen(path, "wb");
    ASSERT_NOT_NULL(stream);
    ASSERT_SIZE(fwrite(file->bytes, 1, file->size, stream), file->size);
    fclose(stream);
    return path;
}

static void *open_library(const char *path, run_function **run)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        test_fail(CHECK_HERE, "%s", dlerror());
    }
    ASSERT_NOT_NULL(library);
    *(void **)run = dlsym(library, "plugin_run");
    if (*run == NULL) {
        test_stop();
    }
    return library;
}

// ---- Stacks -----------------------------------------------------------------------------------

FRAME static void run_here(void (*callback)(void))
{
    callback();
    sink++;
}

FRAME static void call(run_function *run)
{
    run(take);
    sink++;
}

// Whether a library's frames are followed by those that a function of the program's has.
static bool is_whole(run_function *run, size_t frame_count)
{
    struct stack stacks[2];
    run_function *const runs[2] = {run_here, run};
    static volatile size_t run_count = 2; // not unrolled, so that the frames are the same
    for (size_t i = 0; i < run_count; i++) {
        call(runs[i]);
        stacks[i] = taken;
    }
    const struct stack *expected = &stacks[0];
    const struct stack *found = &stacks[1];
    return expected->count >= 4 && found->count == expected->count - 1 + frame_count &&
           memcmp(found->frames + frame_count, expected->frames + 1,
               (expected->count - 1) * sizeof(expected->frames[0])) == 0;
}

static void expect_whole(const char *what, run_function *run, size_t frame_count)
{
    if (!is_whole(run, frame_count)) {
        test_fail(CHECK_HERE, "%s: %zu frames", what, taken.count);
    }
}

static bool has_header(run_function *run)
{
    struct module module;
    bool is_noted;
    ASSERT_TRUE(modules_find((uintptr_t)run, &module, &is_noted));
    return module.image.header != 0;
}

static void test_bare(bool is_table)
{
    modules_use_table(is_table);
    char path[512];
    snprintf(path, sizeof(path), "%s/plugin_bare.so", PLUGIN_FOLDER);
    for (size_t i = 0; i < 3; i++) { // the second time the index is there
        run_function *run;
        void *library = open_library(path, &run);
        EXPECT_FALSE(has_header(run));
        expect_whole(is_table ? "by the loader's list" : "library", run, BARE_FRAMES);
        dlclose(library);
    }
    modules_use_table(false);
}

// ---- Files that say something else ------------------------------------------------------------

static Elf64_Ehdr *header_of(const struct file *file)
{
    return (Elf64_Ehdr *)(void *)file->bytes;
}

static Elf64_Shdr *sections_of(const struct file *file, size_t *count)
{
    *count = header_of(file)->e_shnum;
    return (Elf64_Shdr *)(void *)(file->bytes + header_of(file)->e_shoff);
}

static Elf64_Shdr *section_of(const struct file *file, const char *name)
{
    size_t count;
    Elf64_Shdr *sections = sections_of(file, &count);
    const char *names = file->bytes + sections[header_of(file)->e_shstrndx].sh_offset;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names + sections[i].sh_name, name) == 0) {
            return &sections[i];
        }
    }
    test_fail(CHECK_HERE, "there is no %s", name);
    test_stop();
}

// Runs what the file says; the stack ends in the library, or is whole.
static void run_changed(const struct file *file, const char *name, bool is_expected_whole)
{
    run_function *run;
    const char *path = write_file(file, name);
    void *library = open_library(path, &run);
    bool is_found_whole = is_whole(run, BARE_FRAMES);
    if (is_found_whole != is_expected_whole || taken.count < 1) {
        test_fail(CHECK_HERE, "%s: %zu frames", name, taken.count);
    }
    dlclose(library);
    unlink(path);
}

// Another build: with the same one at the same place an index may stay.
static void renew(const struct file *file)
{
    static char number;
    const Elf64_Shdr *note = section_of(file, ".note.gnu.build-id");
    file->bytes[note->sh_offset + note->sh_size - 1] = ++number;
}

static void change(const char *name, void (*function)(struct file *file), bool is_expected_whole)
{
    struct file file = read_plugin("plugin_bare");
    renew(&file);
    function(&file);
    run_changed(&file, name, is_expected_whole);
    free(file.bytes);
}

static void leave(struct file *file)
{
    (void)file;
}

static void strip(struct file *file)
{
    header_of(file)->e_shoff = 0;
    header_of(file)->e_shnum = 0;
    header_of(file)->e_shstrndx = 0;
}

static void cut(struct file *file)
{
    file->size = header_of(file)->e_shoff + sizeof(Elf64_Shdr);
}

static void move_headers(struct file *file)
{
    header_of(file)->e_shoff = UINT64_MAX - 100;
}

static void move_section(struct file *file)
{
    section_of(file, ".eh_frame")->sh_addr = UINT64_MAX - 0xfff;
}

static void move_to_code(struct file *file)
{
    section_of(file, ".eh_frame")->sh_addr = section_of(file, ".text")->sh_addr;
}

static void enlarge_section(struct file *file)
{
    section_of(file, ".eh_frame")->sh_size = UINT64_MAX - 0xfff;
}

static void move_names(struct file *file)
{
    size_t count;
    Elf64_Shdr *sections = sections_of(file, &count);
    sections[header_of(file)->e_shstrndx].sh_offset = INT64_MAX;
}

static void misname(struct file *file)
{
    section_of(file, ".eh_frame")->sh_name = UINT32_MAX;
}

static void test_changed(void)
{
    change("as_it_was", leave, true);
    change("stripped", strip, false);
    change("cut", cut, false);
    change("headers", move_headers, false);
    change("section", move_section, false);
    change("code", move_to_code, false);
    change("large", enlarge_section, false);
    change("names", move_names, false);
    change("name", misname, false);
}

// Another file has come to its place since it was loaded, or none.
static void test_replaced(void)
{
    struct file bare = read_plugin("plugin_bare");
    struct file other = read_plugin("plugin_large");
    run_function *run;
    renew(&bare);
    void *library = open_library(write_file(&bare, "replaced"), &run);
    const char *path = write_file(&other, "replaced");
    EXPECT_FALSE(is_whole(run, BARE_FRAMES));
    unlink(path);
    dlclose(library);
    renew(&bare);
    path = write_file(&bare, "removed");
    library = open_library(path, &run);
    unlink(path);
    EXPECT_FALSE(is_whole(run, BARE_FRAMES));
    dlclose(library);
    free(bare.bytes);
    free(other.bytes);
}

// An .eh_frame_hdr without a table, as a linker writes it that does not understand all of
// .eh_frame.
static void test_without_table(void)
{
    struct file file = read_plugin("plugin_small");
    unsigned char *header =
        (unsigned char *)file.bytes + section_of(&file, ".eh_frame_hdr")->sh_offset;
    ASSERT_SIZE(header[3], 0x3b);
    header[2] = 0xff;
    header[3] = 0xff;
    run_function *run;
    const char *path = write_file(&file, "no_table");
    void *library = open_library(path, &run);
    expect_whole("header without a table", run, 1);
    EXPECT_FALSE(has_header(run));
    dlclose(library);
    unlink(path);
    free(file.bytes);
}

// ---- Damaged bytes ----------------------------------------------------------------------------

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t list_damaged(const uint8_t *bytes, size_t size, size_t damage)
{
    uint8_t *copy = malloc(size); // of its very size, for tools that watch its ends
    ASSERT_NOT_NULL(copy);
    memcpy(copy, bytes, size);
    for (size_t i = 0; i < damage; i++) {
        copy[random_next() % size] = (uint8_t)random_next();
    }
    struct cfi_image image = {.window = (uintptr_t)copy, .window_end = (uintptr_t)copy + size};
    size_t capacity = cfi_count(&image);
    EXPECT_AT_MOST(capacity, size / 8);
    struct cfi_entry *entries = malloc((capacity + 1) * sizeof(entries[0]));
    ASSERT_NOT_NULL(entries);
    size_t count = cfi_list(&image, 0, UINTPTR_MAX, entries, capacity);
    EXPECT_AT_MOST(count, capacity);
    for (size_t i = 0; i < count; i++) {
        EXPECT_AT_MOST((size_t)(uint32_t)entries[i].description, size - 8);
    }
    free(entries);
    free(copy);
    return count;
}

static void test_damaged(void)
{
    struct file file = read_plugin("plugin_bare");
    const Elf64_Shdr *section = section_of(&file, ".eh_frame");
    const uint8_t *bytes = (const uint8_t *)file.bytes + section->sh_offset;
    size_t whole = list_damaged(bytes, section->sh_size, 0);
    EXPECT_AT_LEAST(whole, 2);
    size_t found = 0;
    for (size_t i = 0; i < 20000; i++) {
        size_t size = random_next() % 4 == 0 ? 1 + random_next() % section->sh_size
                                             : (size_t)section->sh_size;
        found += list_damaged(bytes, size, random_next() % 12);
    }
    EXPECT_AT_LEAST(found, 20000);
    free(file.bytes);
}

// ---- More than there is room for --------------------------------------------------------------

static void test_many(void)
{
    struct file file = read_plugin("plugin_bare");
    size_t whole_count = 0;
    for (size_t i = 0; i < FRAME_INDEX_MODULES_MAX + 8; i++) {
        char name[32];
        snprintf(name, sizeof(name), "many_%zu", i);
        run_function *run;
        const char *path = write_file(&file, name);
        open_library(path, &run); // it stays: each has a place of its own
        whole_count += is_whole(run, BARE_FRAMES);
        unlink(path);
    }
    EXPECT_AT_LEAST(whole_count, 4);
    EXPECT_AT_MOST(whole_count, FRAME_INDEX_MODULES_MAX);
    free(file.bytes);
}

int main(void)
{
    ASSERT_NOT_NULL(mkdtemp(folder));
    test_damaged();
    test_bare(false);
    test_bare(true);
    test_changed();
    test_replaced();
    test_without_table();
    test_many();
    EXPECT_TRUE(rmdir(folder) == 0);
    return test_result();
}
