// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

// Core files, of the kernel and of gdb, say the same as the live process did; hostile ones do no
// harm.

#include "target_subject.h"

#include "image/image.h"
#include "target/core.h"
#include "target/open.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum {
    THREADS = 4,
    BLOCKS = 3000,
    MUTATIONS = 3000,
};

static char folder[64];

// ---- A process that stands still ----------------------------------------------------------------

static void *rest(void *argument)
{
    halde_heap *heap = halde_process_heap();
    for (uint32_t i = 0; i < BLOCKS; i++) {
        void *block = halde_heap_alloc(heap, subject_size(i * 2654435761u), 0);
        if (i % 3 == 0) {
            halde_heap_free(heap, block, 0);
        }
    }
    atomic_fetch_add(&subject_shared->ready, 1);
    for (;;) {
        pause();
    }
    return argument;
}

static void *hide(void *argument)
{
    subject_hide_block();
    return argument;
}

static void resting(void *context)
{
    (void)context;
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    if (chdir(folder) != 0 || setrlimit(RLIMIT_CORE, &unlimited) != 0) {
        struct rlimit all;
        getrlimit(RLIMIT_CORE, &all);
        all.rlim_cur = all.rlim_max;
        setrlimit(RLIMIT_CORE, &all);
    }
    for (int i = 1; i < THREADS; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, i == 1 ? hide : rest, NULL);
    }
    rest(NULL);
}

// ---- Comparing ----------------------------------------------------------------------------------

static void compare_heaps(const struct image *live, const struct image *core)
{
    ASSERT_SIZE(core->heap_count, live->heap_count);
    for (size_t i = 0; i < live->heap_count; i++) {
        EXPECT_SIZE(core->heaps[i].handle, live->heaps[i].handle);
        EXPECT_SIZE(core->heaps[i].busy_count, live->heaps[i].busy_count);
        EXPECT_SIZE(core->heaps[i].busy_size, live->heaps[i].busy_size);
        EXPECT_SIZE(core->heaps[i].committed_size, live->heaps[i].committed_size);
        EXPECT_TRUE(core->heaps[i].is_exact);
    }
    ASSERT_SIZE(core->block_count, live->block_count);
    size_t different = 0;
    for (size_t i = 0; i < live->block_count; i++) {
        different += core->blocks[i].address != live->blocks[i].address ||
                     core->blocks[i].size != live->blocks[i].size ||
                     core->blocks[i].kind != live->blocks[i].kind;
    }
    EXPECT_SIZE(different, 0);
}

static const struct image_thread *find_thread(const struct image *image, uint32_t id)
{
    for (size_t i = 0; i < image->thread_count; i++) {
        if (image->threads[i].id == id) {
            return &image->threads[i];
        }
    }
    return NULL;
}

static void compare_threads(const struct image *live, const struct image *core)
{
    EXPECT_SIZE(core->thread_count, live->thread_count);
    for (size_t i = 0; i < live->thread_count; i++) {
        const struct image_thread *thread = find_thread(core, live->threads[i].id);
        ASSERT_NOT_NULL(thread);
        EXPECT_SIZE(thread->thread_pointer, live->threads[i].thread_pointer);
        EXPECT_SIZE(thread->register_count, live->threads[i].register_count);
        // Who dies of the signal has not moved either.
        EXPECT_SIZE(thread->stack_pointer, live->threads[i].stack_pointer);
    }
}

static void compare_modules(const struct image *live, const struct image *core)
{
    size_t found = 0;
    for (size_t i = 0; i < live->module_count; i++) {
        const struct image_module *module = &live->modules[i];
        const struct image_module *same = image_module_at(core, module->start);
        if (same == NULL) {
            // The kernel's own module is not in a debugger's list of files.
            EXPECT_TRUE(*image_string(live, module->path) == '[');
            continue;
        }
        EXPECT_SIZE(same->start, module->start);
        EXPECT_SIZE(same->end, module->end);
        EXPECT_SIZE(same->bias, module->bias);
        EXPECT_SIZE(same->build_id_size, module->build_id_size);
        EXPECT_TRUE(memcmp(same->build_id, module->build_id, module->build_id_size) == 0);
        EXPECT_TRUE(strcmp(image_string(core, same->path), image_string(live, module->path)) == 0 ||
                    *image_string(live, module->path) == '[');
        found++;
    }
    EXPECT_AT_LEAST(found, 3); // this program, the C library, the loader
}

// Code, which core files leave out, is as it is here; data is as it was copied.
static void compare_contents(const struct image *live, const struct image *core)
{
    const uint64_t code[] = {(uintptr_t)resting, (uintptr_t)getpid};
    const uint64_t data[] = {(uintptr_t)&folder, live->blocks[live->block_count / 2].address};
    unsigned char there[64], here[64];
    for (size_t i = 0; i < sizeof(code) / sizeof(code[0]); i++) {
        EXPECT_SIZE(image_read(core, code[i], there, sizeof(there)), sizeof(there));
        EXPECT_TRUE(memcmp(there, (const void *)code[i], sizeof(there)) == 0);
    }
    for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
        EXPECT_SIZE(image_read(live, data[i], there, sizeof(there)), sizeof(there));
        EXPECT_SIZE(image_read(core, data[i], here, sizeof(here)), sizeof(here));
        EXPECT_TRUE(memcmp(there, here, sizeof(there)) == 0);
    }
}

static void compare_vectors(const struct image *core)
{
    EXPECT_TRUE(subject_has_word(core, ~(uint64_t)atomic_load(&subject_shared->hidden)));
}

static void compare(const struct image *live, const char *path)
{
    struct target_error error;
    char *warning = NULL;
    struct image *core =
        open_core_image(path, NULL, 1 | 2 /* free blocks, contents */, &error, &warning);
    if (core == NULL) {
        test_fail(CHECK_HERE, "%s", error.text);
        return;
    }
    EXPECT_TRUE(warning == NULL);
    compare_vectors(core);
    EXPECT_TRUE(core->source == IMAGE_CORE);
    EXPECT_SIZE(core->process_id, live->process_id);
    EXPECT_TRUE(strcmp(image_string(core, core->name), image_string(live, live->name)) == 0);
    EXPECT_TRUE(strstr(image_string(core, core->command_line), "target_core") != NULL);
    compare_heaps(live, core);
    compare_threads(live, core);
    compare_modules(live, core);
    compare_contents(live, core);
    image_destroy(core);
    free(warning);
}

// ---- Hostile files ------------------------------------------------------------------------------

static void expect_bad(const char *path, const char *text)
{
    struct target_error error = {.text = ""};
    struct target *target = target_open_core(path, NULL, &error);
    if (target != NULL) {
        test_fail(CHECK_HERE, "%s was taken for a core file", path);
        target_close(target);
    } else if (error.trouble != TARGET_BAD_FILE || strstr(error.text, text) == NULL) {
        test_fail(CHECK_HERE, "\"%s\" lacks \"%s\"", error.text, text);
    }
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT_TRUE(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && close(fd) == 0);
}

static void test_no_core(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/other", folder);
    expect_bad(path, "cannot open");
    write_file(path, "", 0);
    expect_bad(path, "is neither a core file");
    write_file(path, "hello, world, this is text\n", 27);
    expect_bad(path, "is neither a core file");
    static const char COMPRESSED[] = "\x28\xb5\x2f\xfd ................ ";
    write_file(path, COMPRESSED, sizeof(COMPRESSED));
    expect_bad(path, "is compressed");
    expect_bad("/proc/self/exe", "is a program or library");
    Elf64_Ehdr header = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1}, .e_type = ET_CORE};
    write_file(path, &header, sizeof(header));
    expect_bad(path, "32-bit");
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_machine = EM_SPARC;
    write_file(path, &header, sizeof(header));
    expect_bad(path, "another kind of machine");
    header.e_machine = ARCH_ELF_MACHINE;
    write_file(path, &header, sizeof(header));
    expect_bad(path, "damaged");
    header.e_phnum = 3;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phoff = sizeof(header);
    write_file(path, &header, sizeof(header));
    expect_bad(path, "beyond its end");
    write_file(path, &header, 30);
    expect_bad(path, "cut off");
    unlink(path);
}

// Reads here and there, and takes an image if there is one.
static void use_core(const char *path, uint32_t random)
{
    struct target_error error;
    struct target *target = target_open_core(path, NULL, &error);
    char buffer[4096];
    if (target == NULL) {
        EXPECT_TRUE(error.text[0] != 0);
        return;
    }
    size_t count;
    const struct target_mapping *mappings = target_mappings(target, &count);
    for (size_t i = 0; i < 20 && count > 0; i++) {
        random = random * 1664525 + 1013904223;
        const struct target_mapping *mapping = &mappings[random / 7 % count];
        target_read(target, mapping->start + random % 8192, buffer, sizeof(buffer));
    }
    target_read(target, UINT64_MAX - 100, buffer, sizeof(buffer));
    target_close(target);
    if (random % 8 == 0) {
        char *warning = NULL;
        image_destroy(open_core_image(path, NULL, 1, &error, &warning));
        free(warning);
    }
}

// Changes bytes of headers and notes of a real file, one after the other, and looks at each.
static void test_mutations(const char *path)
{
    int fd = open(path, O_RDWR);
    ASSERT_TRUE(fd >= 0);
    Elf64_Ehdr header;
    ASSERT_TRUE(pread(fd, &header, sizeof(header), 0) == sizeof(header));
    Elf64_Phdr notes;
    ASSERT_TRUE(pread(fd, &notes, sizeof(notes), (off_t)header.e_phoff) == sizeof(notes));
    ASSERT_SIZE(notes.p_type, PT_NOTE);
    uint64_t limit = notes.p_offset + notes.p_filesz;
    uint32_t random = 12345;
    for (int i = 0; i < MUTATIONS; i++) {
        random = random * 1664525 + 1013904223;
        bool is_header = random % 4 != 0;
        uint64_t range = is_header ? header.e_phoff + header.e_phnum * sizeof(notes) : limit;
        off_t place = (off_t)((random >> 4) % range) & ~(off_t)7;
        uint64_t before, after;
        ASSERT_TRUE(pread(fd, &before, sizeof(before), place) == sizeof(before));
        static const uint64_t VALUES[] = {
            0, 1, UINT64_MAX, INT64_MAX, UINT32_MAX, 1ULL << 32, 0xffff0000ffff};
        after = random % 3 == 0 ? before ^ (1ULL << (random >> 8) % 64)
                                : VALUES[(random >> 8) % (sizeof(VALUES) / sizeof(VALUES[0]))];
        ASSERT_TRUE(pwrite(fd, &after, sizeof(after), place) == sizeof(after));
        use_core(path, random);
        ASSERT_TRUE(pwrite(fd, &before, sizeof(before), place) == sizeof(before));
    }
    close(fd);
}

static void test_cut(const struct image *live, const char *path)
{
    struct stat information;
    ASSERT_TRUE(stat(path, &information) == 0);
    struct target_error error;
    for (int part = 9; part >= 0; part--) {
        ASSERT_TRUE(truncate(path, information.st_size / 10 * part) == 0);
        char *warning = NULL;
        struct image *image = open_core_image(path, NULL, 0, &error, &warning);
        if (image != NULL) {
            EXPECT_TRUE(warning != NULL && strstr(warning, "cut off") != NULL);
            EXPECT_AT_MOST(image->block_count, live->block_count);
        } else {
            EXPECT_TRUE(error.text[0] != 0);
        }
        image_destroy(image);
        free(warning);
    }
}

// ---- The files ----------------------------------------------------------------------------------

static void execute_gcore(pid_t pid, const char *prefix)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", (int)pid);
    // A limit to its size, should everything that is only reserved get into it.
    struct rlimit limit = {2ULL << 30, 2ULL << 30};
    int nothing = open("/dev/null", O_WRONLY);
    setrlimit(RLIMIT_FSIZE, &limit);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    alarm(60);
    execlp("gcore", "gcore", "-o", prefix, number, (char *)NULL);
    _exit(127);
}

static bool run_gcore(pid_t pid, char path[128])
{
    char prefix[96];
    struct stat information;
    int status = 0;
    snprintf(prefix, sizeof(prefix), "%s/gdb", folder);
    snprintf(path, 128, "%s.%d", prefix, (int)pid);
    pid_t child = fork();
    if (child == 0) {
        execute_gcore(pid, prefix);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && stat(path, &information) == 0;
}

// The kernel's file, if it goes to the process's folder here.
static bool find_kernel_core(pid_t pid, char path[128])
{
    struct stat information;
    snprintf(path, 128, "%s/core", folder);
    if (stat(path, &information) != 0) {
        snprintf(path, 128, "%s/core.%d", folder, (int)pid);
    }
    return stat(path, &information) == 0 && information.st_size > 0;
}

int main(void)
{
    snprintf(folder, sizeof(folder), "/tmp/halde-core-XXXXXX");
    ASSERT_NOT_NULL(mkdtemp(folder));
    test_no_core();
    struct subject subject;
    struct target_error error;
    char path[128];
    subject_start(&subject, resting, NULL);
    subject_wait_ready(&subject, THREADS);
    subject_sleep_ms(50);
    struct image *live = open_process_image(subject.pid, 1 | 2 /* free blocks, contents */, &error);
    ASSERT_NOT_NULL(live);
    EXPECT_AT_LEAST(live->block_count, (THREADS - 1) * BLOCKS / 3 * 2);
    // gdb would write the terabytes of a sanitizer, most of them zeros.
    if (!CONFIG_ASAN && run_gcore(subject.pid, path)) {
        compare(live, path);
        unlink(path);
    } else {
        test_note(
            "gcore is not installed, may not trace, or would not end: its files are not tested");
    }
    kill(subject.pid, SIGQUIT);
    waitpid(subject.pid, NULL, 0);
    if (find_kernel_core(subject.pid, path)) {
        compare(live, path);
        test_mutations(path);
        test_cut(live, path);
        unlink(path);
    } else {
        test_note("core files of the kernel go elsewhere (core_pattern, ulimit -c): not tested");
    }
    image_destroy(live);
    EXPECT_TRUE(rmdir(folder) == 0);
    munmap(subject.shared, sizeof(*subject.shared));
    return test_result();
}
