// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What a record keeps as a number or derives: file and line of many places, names that change or
// go, the sizes of aligned blocks, alignments, sizes that no heap can have.

#include "capture.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void expect_place(const void *block, unsigned size, const char *file, int line)
{
    char *found_file = NULL;
    int found_line = -1;
    EXPECT_TRUE(_CrtIsMemoryBlock(block, size, NULL, &found_file, &found_line));
    EXPECT_POINTER(found_file, file);
    EXPECT_SIZE((unsigned)found_line, (unsigned)line);
}

// ---- Many places, in several threads at once ---------------------------------------------------

enum {
    THREADS = 4,
    LINES = 20000,
};
static const char *const FILES[] = {"one.c", "two.c", "three.c"};

static void *allocate_lines(void *context)
{
    void **blocks = context;
    for (int line = 0; line < LINES; line++) {
        blocks[line] = _malloc_dbg(8, _NORMAL_BLOCK, FILES[line % 3], line * 7 - 100);
    }
    return NULL;
}

static void many_places(void)
{
    static void *blocks[THREADS][LINES];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, allocate_lines, blocks[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        for (int line = 0; line < LINES; line++) {
            expect_place(blocks[i][line], 8, FILES[line % 3], line * 7 - 100);
            _free_dbg(blocks[i][line], _NORMAL_BLOCK);
        }
    }
    EXPECT_SILENCE();
}

// ---- Names ------------------------------------------------------------------------------------

static void line_without_file(void)
{
    void *block = _malloc_dbg(5, _NORMAL_BLOCK, NULL, 77);
    expect_place(block, 5, NULL, 77);
    long number = number_of(block, 5);
    block = _realloc_dbg(block, 6, _NORMAL_BLOCK, "later.c", 8);
    expect_place(block, 6, block == NULL ? NULL : "later.c", 8);
    EXPECT_TRUE(number_of(block, 6) > number);
    _free_dbg(block, _NORMAL_BLOCK);
    EXPECT_SILENCE();
}

static void names_change_and_go(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *name = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(name != MAP_FAILED);
    strcpy(name, "first.c");
    char *first = _malloc_dbg(3, _NORMAL_BLOCK, name, 5);
    strcpy(name, "second.c");
    char *second = _malloc_dbg(3, _NORMAL_BLOCK, name, 5);
    ASSERT_TRUE(mprotect(name, page, PROT_NONE) == 0);
    long first_number = number_of(first, 3);
    long second_number = number_of(second, 3);
    first[3] = second[3] = 0;
    free(first);
    EXPECT_REPORTS(
        "E " AFTER("Normal") ALLOCATED_AT, first_number, ADDRESS_OF(first), "first.c", 5);
    free(second);
    EXPECT_REPORTS(
        "E " AFTER("Normal") ALLOCATED_AT, second_number, ADDRESS_OF(second), "second.c", 5);
    munmap(name, page);
}

static void names_that_cannot_be_read(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *name = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(name != MAP_FAILED);
    _CrtMemState before;
    _CrtMemCheckpoint(&before);
    char *block = _malloc_dbg(1, _NORMAL_BLOCK, name, 9);
    char *other = _malloc_dbg(1, _NORMAL_BLOCK, name, 9);
    expect_place(other, 1, name, 9);
    free(other);
    long number = number_of(block, 1);
    *block = 'x';
    _CrtMemDumpAllObjectsSince(&before);
    EXPECT_REPORTS("W Dumping objects ->\nW #File Error#(9) : W {%ld} W normal block at " ADDRESS
                   ", 1 bytes long.\nW  Data: <x> 78 \nW Object dump complete.\n",
        number, ADDRESS_OF(block));
    free(block);
    munmap(name, page);
    EXPECT_SILENCE();
}

// ---- Aligned blocks ---------------------------------------------------------------------------

static void check_aligned(size_t size, size_t alignment, size_t offset)
{
    unsigned char *block =
        _aligned_offset_malloc_dbg(size, alignment, offset, "aligned.c", (int)alignment);
    ASSERT_TRUE(block != NULL);
    EXPECT_SIZE(((uintptr_t)block + offset) % alignment, 0);
    EXPECT_SIZE(_aligned_msize_dbg(block, alignment, offset), size);
    memset(block, 1, size);
    EXPECT_TRUE(_CrtCheckMemory());
    block[size] = 1;
    EXPECT_FALSE(_CrtCheckMemory());
    block[size] = 0xFD;
    capture_clear();
    // What dumps show: Microsoft's numbers.
    void *outer;
    memcpy(&outer, (void *)(((uintptr_t)block & ~(uintptr_t)7) - 16), sizeof(outer));
    size_t above = (alignment < 8 ? 8 : alignment) - 1 + 16 + ((0 - offset) & 7);
    expect_place(outer, (unsigned)(size + above), "aligned.c", (int)alignment);
    _aligned_free_dbg(block);
    EXPECT_FALSE(_CrtIsValidHeapPointer(outer));
    EXPECT_SILENCE();
}

static void aligned_sizes(void)
{
    static const size_t OFFSETS[] = {0, 1, 3, 8, 30, 4095, 65537, 250001};
    for (size_t alignment = 1; alignment <= (size_t)4 << 20; alignment *= 2) {
        for (size_t i = 0; i < sizeof(OFFSETS) / sizeof(OFFSETS[0]); i++) {
            check_aligned(OFFSETS[i] + 1 + i * 7, alignment, OFFSETS[i]);
        }
    }
    void *block = _aligned_malloc(0, 64);
    EXPECT_SIZE(_aligned_msize(block, 64, 0), 0);
    _aligned_free(block);
    errno = 0;
    EXPECT_POINTER(_aligned_malloc(1, (size_t)1 << 40), NULL);
    EXPECT_SIZE((unsigned)errno, ENOMEM);
}

// Who resizes what dumps show has a plain block.
static void aligned_by_outer_address(void)
{
    char *block = _aligned_malloc(200, 64);
    void *outer;
    memcpy(&outer, block - 16, sizeof(outer));
    char *resized = realloc(outer, 30);
    EXPECT_SIZE(_msize(resized), 30);
    EXPECT_TRUE(_CrtCheckMemory());
    resized = realloc(resized, 300);
    EXPECT_SIZE(_msize(resized), 300);
    free(resized);
    EXPECT_SILENCE();
}

// ---- Alignments of POSIX, and sizes ------------------------------------------------------------

static void front_gaps(void)
{
    for (size_t alignment = 16; alignment <= (size_t)1 << 20; alignment *= 4) {
        char *block = aligned_alloc(alignment, 24);
        EXPECT_SIZE((uintptr_t)block % alignment, 0);
        long number = number_of(block, 24);
        EXPECT_TRUE(_CrtCheckMemory());
        block[-(ptrdiff_t)alignment] = 0; // the first byte of the gap
        free(block);
        EXPECT_REPORTS("E " BEFORE("Normal"), number, ADDRESS_OF(block));
    }
    volatile size_t huge = (size_t)1 << 44; // clang would have an opinion
    EXPECT_POINTER(aligned_alloc(huge, 24), NULL);
    EXPECT_SILENCE();
}

// Where the block's own place leaves four bytes, or one more or less, behind the data.
static void tails(void)
{
    for (unsigned size = 0; size < 200; size++) {
        unsigned char *block = _malloc_dbg(size, _NORMAL_BLOCK, NULL, 0);
        long number = number_of(block, size);
        for (unsigned i = 0; i < 4; i++) {
            EXPECT_SIZE(block[size + i], 0xFD);
        }
        block[size + 3] = 0;
        free(block);
        EXPECT_REPORTS("E " AFTER("Normal"), number, ADDRESS_OF(block));
    }
}

static void sizes_without_record(void)
{
    volatile size_t much = (size_t)1 << 48;
    void *block = malloc(1);
    errno = 0;
    EXPECT_POINTER(malloc(much), NULL);
    EXPECT_SIZE((unsigned)errno, ENOMEM);
    EXPECT_POINTER(realloc(block, much), NULL);
    EXPECT_SIZE(_msize(block), 1);
    free(block);
    EXPECT_SILENCE();
}

// ---- Types, and a table that is full -----------------------------------------------------------

static int client(int subtype)
{
    return (int)((unsigned)_CLIENT_BLOCK | (unsigned)subtype << 16);
}

static void subtypes(int step)
{
    for (int subtype = 0; subtype <= 0xFFFF; subtype += step) {
        void *block = _malloc_dbg(1, client(subtype), NULL, 0);
        EXPECT_SIZE((unsigned)_CrtReportBlockType(block), (unsigned)client(subtype));
        _CrtSetDbgBlockType(block, _NORMAL_BLOCK);
        EXPECT_SIZE((unsigned)_CrtReportBlockType(block), _NORMAL_BLOCK);
        _CrtSetDbgBlockType(block, client(subtype ^ 1));
        EXPECT_SIZE((unsigned)_CrtReportBlockType(block), (unsigned)client(subtype ^ 1));
        _free_dbg(block, client(subtype ^ 1));
    }
    EXPECT_SILENCE();
}

// More places than there are numbers for: later ones have neither file nor line, but all the rest.
static void full_table(void)
{
    for (int line = 1; line <= 1100000; line++) {
        _free_dbg(_malloc_dbg(1, _NORMAL_BLOCK, "full.c", line), _NORMAL_BLOCK);
    }
    void *known = _malloc_dbg(2, _NORMAL_BLOCK, "full.c", 1000);
    expect_place(known, 2, "full.c", 1000);
    void *unknown = _malloc_dbg(2, client(77), "full.c", 1100000);
    expect_place(unknown, 2, NULL, 0);
    EXPECT_SIZE((unsigned)_CrtReportBlockType(unknown), (unsigned)client(77));
    unknown = _realloc_dbg(unknown, 20, client(77), "full.c", 1100000);
    expect_place(unknown, 20, NULL, 0);
    _free_dbg(unknown, client(77));
    _free_dbg(known, _NORMAL_BLOCK);
    subtypes(257);
}

int main(void)
{
    capture_start();
    many_places();
    line_without_file();
    names_change_and_go();
    names_that_cannot_be_read();
    aligned_sizes();
    aligned_by_outer_address();
    front_gaps();
    tails();
    sizes_without_record();
    subtypes(1);
    full_table();
    return test_result();
}
