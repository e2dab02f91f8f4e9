// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A static program without .eh_frame_hdr whose section headers are damaged, or gone: copies of this
// very program are run, and take a stack.  Whatever the headers say nothing faults, and without any
// the stack is what it is without information.

#include "check.h"
#include "unwind/modules.h"
#include "unwind/unwind.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME __attribute__((noinline))

enum {
    COPY_COUNT = 150,
    FRAME_COUNT_MIN = 4, // of the walk below, and main()
};

static volatile size_t sink;

FRAME static size_t recurse(size_t depth, uintptr_t *frames, size_t capacity)
{
    size_t count =
        depth == 0 ? unwind_capture(frames, capacity, NULL) : recurse(depth - 1, frames, capacity);
    sink = count; // no tail call
    return count;
}

static size_t take(void)
{
    uintptr_t frames[32];
    return recurse(3, frames, 32);
}

// A copy says by its exit status how many frames it has seen.
static int run_copy(const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        execl(path, path, "copy", (char *)NULL);
        _exit(120);
    }
    int status = 0;
    ASSERT_TRUE(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static char *read_self(size_t *size)
{
    FILE *stream = fopen("/proc/self/exe", "rb");
    ASSERT_NOT_NULL(stream);
    fseek(stream, 0, SEEK_END);
    *size = (size_t)ftell(stream);
    rewind(stream);
    char *bytes = malloc(*size);
    ASSERT_NOT_NULL(bytes);
    ASSERT_SIZE(fread(bytes, 1, *size, stream), *size);
    fclose(stream);
    return bytes;
}

static void write_copy(const char *path, const char *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");
    ASSERT_NOT_NULL(stream);
    ASSERT_SIZE(fwrite(bytes, 1, size, stream), size);
    fclose(stream);
    chmod(path, 0700);
}

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void test_damaged(const char *path, const char *bytes, size_t size)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)bytes;
    size_t from = header->e_shoff;
    size_t length = header->e_shnum * sizeof(Elf64_Shdr);
    char *copy = malloc(size);
    ASSERT_NOT_NULL(copy);
    size_t whole_count = 0;
    for (size_t i = 0; i < COPY_COUNT; i++) {
        memcpy(copy, bytes, size);
        size_t damage = 1 + random_next() % 200;
        for (size_t j = 0; j < damage; j++) {
            copy[from + random_next() % length] = (char)random_next();
        }
        write_copy(path, copy, size);
        int seen = run_copy(path);
        EXPECT_TRUE(seen >= 0 && seen < 100);
        whole_count += seen >= FRAME_COUNT_MIN;
    }
    test_note("%zu of %d damaged copies have whole stacks", whole_count, COPY_COUNT);
    free(copy);
}

static void test_stripped(const char *path, char *bytes, size_t size)
{
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)bytes;
    header->e_shoff = 0;
    header->e_shnum = 0;
    header->e_shstrndx = 0;
    write_copy(path, bytes, size);
    int seen = run_copy(path);
    EXPECT_TRUE(seen >= 0 && seen < FRAME_COUNT_MIN);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        return (int)take();
    }
    struct module module;
    bool is_noted;
    ASSERT_TRUE(modules_find((uintptr_t)&take, &module, &is_noted));
    EXPECT_TRUE(module.image.header == 0 && module.image.index != NULL);
    EXPECT_AT_LEAST(take(), FRAME_COUNT_MIN);
    char path[] = "/tmp/halde-static-XXXXXX";
    int descriptor = mkstemp(path);
    ASSERT_TRUE(descriptor >= 0);
    close(descriptor);
    size_t size;
    char *bytes = read_self(&size);
    write_copy(path, bytes, size);
    EXPECT_TRUE(run_copy(path) >= FRAME_COUNT_MIN);
    test_damaged(path, bytes, size);
    test_stripped(path, bytes, size);
    unlink(path);
    free(bytes);
    return test_result();
}
