// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// mistakes <case> [good]: makes one mistake with the heap, or, with "good", does the same without
// the mistake.  "list" prints all cases, each with its class: detection.py runs them.
//
// Each case is written as programs do it: by a function of libc, or by a loop of its own; in a
// small block, a large one, or one whose size leaves no slack.  `by` is how far the access goes
// beyond; it is 0 in the good half.

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

static size_t by; // 1 where the mistake is made
static volatile char sink;
static char text[4096];
static wchar_t wide_text[1024];

static char *block_of(size_t size)
{
    char *block = malloc(size);
    if (block == NULL) {
        exit(77);
    }
    memset(block, 'b', size);
    return block;
}

static void fill_by_loop(char *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((volatile char *)from)[i] = 'x';
    }
}

static void read_by_loop(const char *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        sink = ((const volatile char *)from)[i];
    }
}

// ---- Writes beyond the end --------------------------------------------------------------------

static void over_write_one(void)
{
    char *block = block_of(10);
    fill_by_loop(block, 10 + by);
    free(block);
}

static void over_write_one_without_slack(void)
{
    char *block = block_of(16);
    fill_by_loop(block, 16 + by);
    free(block);
}

static void over_write_words(void)
{
    char *block = block_of(40);
    fill_by_loop(block, 40 + 8 * by);
    free(block);
}

static void over_write_far(void)
{
    char *block = block_of(50);
    fill_by_loop(block, 50 + 200 * by);
    free(block);
}

static void over_write_large(void)
{
    char *block = block_of(1 << 20);
    fill_by_loop(block, (1 << 20) + by);
    free(block);
}

static void over_write_memcpy(void)
{
    char *block = block_of(100);
    memcpy(block, text, 100 + 50 * by);
    free(block);
}

static void over_write_strcpy(void)
{
    char *block = block_of(10);
    strcpy(block, by != 0 ? "0123456789" : "012345678");
    free(block);
}

static void over_write_strcat(void)
{
    char *block = block_of(10);
    strcpy(block, "01234");
    strcat(block, by != 0 ? "56789" : "5678");
    free(block);
}

static void over_write_strncpy(void)
{
    char *block = block_of(20);
    strncpy(block, "short", 20 + by);
    free(block);
}

static void over_write_wide(void)
{
    wchar_t *block = (wchar_t *)(void *)block_of(10 * sizeof(wchar_t));
    wmemset(block, L'x', 10 + by);
    free(block);
}

static void over_write_wcscpy(void)
{
    wchar_t *block = (wchar_t *)(void *)block_of(5 * sizeof(wchar_t));
    wcscpy(block, by != 0 ? L"01234" : L"0123");
    free(block);
}

static void over_write_printf(void)
{
    char *block = block_of(8);
    sprintf(block, "%s", by != 0 ? "12345678" : "1234567");
    free(block);
}

static void over_write_calloc(void)
{
    char *block = calloc(3, 5);
    fill_by_loop(block, 15 + by);
    free(block);
}

static void over_write_realloc(void)
{
    char *block = realloc(block_of(10), 30);
    fill_by_loop(block, 30 + by);
    free(realloc(block, 100)); // moves the block, whose end would be lost
}

static void over_write_aligned(void)
{
    char *block = aligned_alloc(64, 100);
    fill_by_loop(block, 100 + by);
    free(block);
}

static void over_write_zero_size(void)
{
    char *block = malloc(0);
    fill_by_loop(block, by);
    free(block);
}

static void over_write_never_freed(void)
{
    char *block = block_of(20);
    fill_by_loop(block, 20 + by);
    sink = *block;
}

// ---- Writes before the start ------------------------------------------------------------------

static void under_write_one(void)
{
    char *block = block_of(10);
    fill_by_loop(block - by, 1);
    free(block);
}

static void under_write_eight(void)
{
    char *block = block_of(100);
    fill_by_loop(block - 8 * by, 8);
    sink = *block; // never freed
}

static void under_write_memmove(void)
{
    char *block = block_of(50);
    memmove(block - 8 * by, text, 8);
}

static void under_write_wide(void)
{
    wchar_t *block = (wchar_t *)(void *)block_of(80);
    wcscpy(block - 2 * by, L"a");
}

static void under_write_large(void)
{
    char *block = block_of(2 << 20);
    fill_by_loop(block - 4 * by, 4);
}

// ---- Reads beyond the end ---------------------------------------------------------------------

static void over_read_memcpy(void)
{
    char *block = block_of(50);
    memcpy(text, block, 50 + 50 * by);
    free(block);
}

static void over_read_memmove(void)
{
    char *block = block_of(50);
    memmove(text, block, 50 + by);
    free(block);
}

static void over_read_wide(void)
{
    wchar_t *block = (wchar_t *)(void *)block_of(40);
    wmemcpy(wide_text, block, 10 + 50 * by);
    free(block);
}

static void over_read_strlen(void)
{
    char *block = block_of(10);
    block[10 - 1] = by != 0 ? 'x' : '\0';
    sink = (char)strnlen(block, 50);
    free(block);
}

static void over_read_strcpy(void)
{
    char *block = block_of(16);
    block[16 - 1] = by != 0 ? 'x' : '\0';
    strncpy(text, block, 100);
    free(block);
}

static void over_read_wcscpy(void)
{
    wchar_t *block = (wchar_t *)(void *)block_of(40);
    wmemset(block, L'x', 10);
    if (by == 0) {
        block[9] = L'\0';
    }
    wcsncpy(wide_text, block, 50);
    free(block);
}

static void over_read_memcmp(void)
{
    char *block = block_of(24);
    sink = (char)memcmp(block, block, 24 + by);
    free(block);
}

static void over_read_loop(void)
{
    char *block = block_of(50);
    read_by_loop(block, 50 + 50 * by);
    free(block);
}

// ---- Reads before the start -------------------------------------------------------------------

static void under_read_memcpy(void)
{
    char *block = block_of(50);
    memcpy(text, block - 8 * by, 20);
    free(block);
}

static void under_read_memmove(void)
{
    char *block = block_of(50);
    memmove(text, block - by, 20);
    free(block);
}

static void under_read_strcpy(void)
{
    char *block = block_of(50);
    strcpy(block, "some text");
    strncpy(text, block - 8 * by, 5);
    free(block);
}

static void under_read_wide(void)
{
    wchar_t *block = (wchar_t *)(void *)block_of(80);
    wmemcpy(wide_text, block - 8 * by, 10);
    free(block);
}

static void under_read_loop(void)
{
    char *block = block_of(50);
    read_by_loop(block - 8 * by, 20);
    free(block);
}

// ---- After free -------------------------------------------------------------------------------

static void read_after_free_memcpy(void)
{
    char *block = block_of(50);
    if (by != 0) {
        free(block);
    }
    memcpy(text, block, 10);
    if (by == 0) {
        free(block);
    }
}

static void read_after_free_strlen(void)
{
    char *block = block_of(50);
    block[20] = '\0';
    if (by != 0) {
        free(block);
    }
    sink = (char)strnlen(block, 50);
    if (by == 0) {
        free(block);
    }
}

static void read_after_free_loop(void)
{
    char *block = block_of(50);
    if (by != 0) {
        free(block);
    }
    read_by_loop(block, 50);
    if (by == 0) {
        free(block);
    }
}

static void write_after_free(void)
{
    char *block = block_of(50);
    char *other = by != 0 ? block : block_of(50);
    free(block);
    fill_by_loop(other, 4);
}

static void write_after_free_large(void)
{
    char *block = block_of(128 << 10);
    char *other = by != 0 ? block : block_of(50);
    free(block);
    fill_by_loop(other + 20, 4);
}

static void write_after_free_late(void)
{
    char *block = block_of(50);
    char *other = by != 0 ? block : block_of(50);
    free(block);
    for (unsigned i = 0; i < 1000; i++) {
        free(malloc(50));
    }
    fill_by_loop(other, 4);
}

static void write_after_free_memset(void)
{
    char *block = block_of(50);
    char *other = by != 0 ? block : block_of(50);
    free(block);
    memset(other, 0, 50);
}

// ---- Wrong frees ------------------------------------------------------------------------------

static void double_free(void)
{
    char *block = block_of(20);
    free(block);
    if (by != 0) {
        free(block);
    }
}

static void double_free_late(void)
{
    char *block = block_of(20);
    free(block);
    for (unsigned i = 0; i < 100; i++) {
        free(malloc(100));
    }
    if (by != 0) {
        free(block);
    }
}

static void double_free_large(void)
{
    char *block = block_of(256 << 10);
    free(block);
    if (by != 0) {
        free(block);
    }
}

static void double_free_after_realloc(void)
{
    char *block = block_of(20);
    char *moved = realloc(block, 5000);
    free(by != 0 ? block : moved);
}

static void free_stack(void)
{
    char local[64];
    char *block = block_of(10);
    free(by != 0 ? local + 16 : block);
}

static void free_static(void)
{
    char *block = block_of(10);
    free(by != 0 ? text : block);
}

static void free_mapped(void)
{
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *block = block_of(10);
    free(by != 0 ? map + 16 : block);
}

static void free_wild(void)
{
    char *block = block_of(10);
    free(by != 0 ? (char *)0x12345670 : block);
}

static void free_inside(void)
{
    char *block = block_of(100);
    free(block + 16 * by);
}

static void free_unaligned(void)
{
    char *block = block_of(100);
    free(block + by);
}

static void realloc_inside(void)
{
    char *block = block_of(100);
    block = realloc(block + 16 * by, 200);
    free(by != 0 ? NULL : block);
}

static void realloc_freed(void)
{
    char *block = block_of(100);
    if (by != 0) {
        free(block);
    }
    block = realloc(block, 200);
    free(by != 0 ? NULL : block);
}

// ---- The rest ---------------------------------------------------------------------------------

static void leak(void)
{
    char *block = block_of(30);
    if (by == 0) {
        free(block);
    }
}

static void leak_by_realloc(void)
{
    char *block = realloc(block_of(30), 300);
    if (by == 0) {
        free(block);
    }
}

static void leak_by_strdup(void)
{
    char *block = strdup("text");
    if (by == 0) {
        free(block);
    }
}

// ---- Choice -----------------------------------------------------------------------------------

static const struct {
    const char *name;
    const char *kind;
    void (*run)(void);
} CASES[] = {
#define CASE(kind, name) {#name, kind, name},
    CASE("over-write", over_write_one) CASE("over-write", over_write_one_without_slack) CASE(
        "over-write", over_write_words) CASE("over-write", over_write_far) CASE("over-write",
        over_write_large) CASE("over-write", over_write_memcpy) CASE("over-write",
        over_write_strcpy) CASE("over-write", over_write_strcat) CASE("over-write",
        over_write_strncpy) CASE("over-write", over_write_wide) CASE("over-write",
        over_write_wcscpy) CASE("over-write", over_write_printf) CASE("over-write",
        over_write_calloc) CASE("over-write", over_write_realloc) CASE("over-write",
        over_write_aligned) CASE("over-write", over_write_zero_size) CASE("over-write",
        over_write_never_freed) CASE("under-write", under_write_one) CASE("under-write",
        under_write_eight) CASE("under-write", under_write_memmove) CASE("under-write",
        under_write_wide) CASE("under-write", under_write_large) CASE("over-read", over_read_memcpy)
        CASE("over-read", over_read_memmove) CASE("over-read", over_read_wide) CASE(
            "over-read", over_read_strlen) CASE("over-read", over_read_strcpy) CASE("over-read",
            over_read_wcscpy) CASE("over-read", over_read_memcmp) CASE("over-read by a loop",
            over_read_loop) CASE("under-read", under_read_memcpy) CASE("under-read",
            under_read_memmove) CASE("under-read", under_read_strcpy) CASE("under-read",
            under_read_wide) CASE("under-read by a loop", under_read_loop) CASE("read after free",
            read_after_free_memcpy) CASE("read after free", read_after_free_strlen)
            CASE("read after free by a loop", read_after_free_loop) CASE("write after free",
                write_after_free) CASE("write after free", write_after_free_large)
                CASE("write after free", write_after_free_late) CASE("write after free",
                    write_after_free_memset) CASE("double free", double_free) CASE("double free",
                    double_free_late) CASE("double free", double_free_large) CASE("double free",
                    double_free_after_realloc) CASE("free of no block", free_stack)
                    CASE("free of no block", free_static) CASE("free of no block", free_mapped)
                        CASE("free of no block", free_wild) CASE("free inside a block", free_inside)
                            CASE("free inside a block", free_unaligned)
                                CASE("free inside a block", realloc_inside)
                                    CASE("double free", realloc_freed) CASE("leak", leak)
                                        CASE("leak", leak_by_realloc) CASE("leak", leak_by_strdup)};
enum {
    CASE_COUNT = sizeof(CASES) / sizeof(CASES[0])
};

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "list";
    by = argc > 2 && strcmp(argv[2], "good") == 0 ? 0 : 1;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        if (strcmp(name, "list") == 0) {
            printf("%s\t%s\n", CASES[i].name, CASES[i].kind);
        } else if (strcmp(name, CASES[i].name) == 0) {
            CASES[i].run();
            return 0;
        }
    }
    return strcmp(name, "list") == 0 ? 0 : 2;
}
