// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Single functions of the debug heap, beyond appendix B: sections 3, 4, 6, 8, 10, 13, 14, 18 of the
// specification.

#include "capture.h"

#include <malloc.h>
#include <new.h>
#include <pthread.h>
#include <stdlib.h>

static void section_3_types(void)
{
    // Bad types are reported, and then stored.
    void *block = _malloc_dbg(4, 77, NULL, 0);
    EXPECT_REPORTS("E Error: memory allocation: bad memory block type.\n");
    EXPECT_TRUE(_CrtReportBlockType(block) == 77);
    // A checkpoint cannot count it, section 14.2.
    _CrtMemState state;
    _CrtMemCheckpoint(&state);
    EXPECT_REPORTS("W Bad memory block found at " ADDRESS ".\n", ADDRESS_OF(block));
    block = _realloc_dbg(block, 5, _NORMAL_BLOCK, "demo.c", 8);
    _CrtMemCheckpoint(&state);
    EXPECT_REPORTS(
        "W Bad memory block found at " ADDRESS ".\n" ALLOCATED_AT, ADDRESS_OF(block), "demo.c", 8);
    _free_dbg(block, 77);
    EXPECT_REPORTS(VALID_TYPE);
    block = _malloc_dbg(4, _NORMAL_BLOCK, NULL, 0);
    block = _realloc_dbg(block, 5, _FREE_BLOCK, "demo.c", 9);
    EXPECT_REPORTS(
        "E Error: memory allocation: bad memory block type.\n" ALLOCATED_AT, "demo.c", 9);
    EXPECT_TRUE(_CrtReportBlockType(block) == _NORMAL_BLOCK);
    _CrtSetDbgBlockType(block, _CLIENT_BLOCK | (9 << 16));
    EXPECT_TRUE(_CrtReportBlockType(block) == (_CLIENT_BLOCK | (9 << 16)));
    EXPECT_TRUE(_BLOCK_SUBTYPE(_CrtReportBlockType(block)) == 9);
    _free_dbg(block, _CLIENT_BLOCK | (9 << 16));
    EXPECT_SILENCE();
    EXPECT_TRUE(_CrtReportBlockType(NULL) == -1 && _CrtReportBlockType(&block) == -1);
}

static void section_3_4_ignored(void)
{
    _CrtMemState before;
    _CrtMemState after;
    _CrtMemState difference;
    int old = _CrtSetDbgFlag(0);
    _CrtMemCheckpoint(&before);
    unsigned char *block = _malloc_dbg(20, _CLIENT_BLOCK, "ignored.c", 1);
    void *crt = _malloc_dbg(20, _CRT_BLOCK, NULL, 0); // stays tracked
    _CrtMemCheckpoint(&after);
    EXPECT_FALSE(_CrtMemDifference(&difference, &before, &after));
    EXPECT_SIZE(difference.lCounts[_CRT_BLOCK], 1);
    EXPECT_SIZE(difference.lTotalCount, 20);
    EXPECT_TRUE(_CrtReportBlockType(block) == _IGNORE_BLOCK);
    EXPECT_TRUE(_CrtReportBlockType(crt) == _CRT_BLOCK);
    EXPECT_TRUE(_CrtCheckMemory() == 1);
    _CrtSetDbgFlag(old);
    long number = -1;
    char *file = (char *)1;
    int line = 0;
    EXPECT_TRUE(_CrtIsMemoryBlock(block, 20, &number, &file, &line));
    EXPECT_TRUE(number == 0 && file == NULL && line == (int)0xFEDCBABC);
    block = realloc(block, 30);
    EXPECT_TRUE(_CrtReportBlockType(block) == _IGNORE_BLOCK);
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 0);
    EXPECT_SILENCE();
    block[30] = 0;
    free(block);
    EXPECT_REPORTS("E " AFTER("Ignore"), 0L, ADDRESS_OF(block));
    free(crt);
    // Asked for by type.
    block = _malloc_dbg(3, _IGNORE_BLOCK, NULL, 0);
    EXPECT_TRUE(_CrtReportBlockType(block) == _IGNORE_BLOCK && _CrtDumpMemoryLeaks() == 0);
    free(block);
    EXPECT_SILENCE();
}

static void *allocate(void *context)
{
    (void)context;
    return malloc(3);
}

// An extension: a scope in which only this thread's blocks are ignored.
static void ignore_scope(void)
{
    pthread_t thread;
    void *other = NULL;
    halde_ignore_blocks_begin();
    halde_ignore_blocks_begin();
    halde_ignore_blocks_end();
    void *ignored = malloc(3);
    pthread_create(&thread, NULL, allocate, NULL);
    pthread_join(thread, &other);
    halde_ignore_blocks_end();
    void *tracked = malloc(3);
    EXPECT_TRUE(_CrtReportBlockType(ignored) == _IGNORE_BLOCK);
    EXPECT_TRUE(_CrtReportBlockType(other) == _NORMAL_BLOCK);
    EXPECT_TRUE(_CrtReportBlockType(tracked) == _NORMAL_BLOCK);
    free(ignored);
    free(other);
    free(tracked);
    EXPECT_SILENCE();
}

static void section_4_2_check_always(void)
{
    unsigned char *block = malloc(3);
    long number = number_of(block, 3);
    int old = _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_CHECK_ALWAYS_DF);
    block[3] = 0;
    free(block); // the walk reports it, the free does not again
    EXPECT_REPORTS("W " AFTER("Normal") "W Normal located at " ADDRESS
                                        " is 3 bytes long.\n" ASSERTION("_CrtCheckMemory()"),
        number, ADDRESS_OF(block), ADDRESS_OF(block));
    EXPECT_FALSE(_CrtIsValidHeapPointer(block));
    void *other = malloc(3);
    EXPECT_SIZE(_msize(other), 3);
    free(other);
    EXPECT_SILENCE();
    EXPECT_TRUE(_CrtSetDbgFlag(old) == (_CRTDBG_ALLOC_MEM_DF | _CRTDBG_CHECK_ALWAYS_DF));
}

static void section_5_limits(void)
{
    volatile size_t above = _HEAP_MAXREQ - 4 - 48 + 1;
    errno = 0;
    EXPECT_POINTER(_malloc_dbg(above, _NORMAL_BLOCK, NULL, 0), NULL);
    EXPECT_SIZE((unsigned)errno, ENOMEM);
    void *block = malloc(8);
    errno = 0;
    EXPECT_POINTER(realloc(block, above), NULL);
    EXPECT_SIZE((unsigned)errno, ENOMEM);
    EXPECT_POINTER(realloc(block, above - 1), NULL);
    EXPECT_SIZE(_msize(block), 8);
    errno = 7;
    free(block);
    EXPECT_SIZE((unsigned)errno, 7);
    EXPECT_SILENCE();
}

static unsigned handler_calls;
static size_t handler_size;

static int __cdecl handler(size_t size)
{
    handler_size = size;
    return ++handler_calls < 3;
}

static void section_5_new_handler(void)
{
    volatile size_t much = (size_t)1 << 50;
    _PNH old = _set_new_handler(handler);
    EXPECT_POINTER(malloc(much), NULL); // new mode 0: not called
    EXPECT_SIZE(handler_calls, 0);
    _set_new_mode(1);
    errno = 0;
    EXPECT_POINTER(malloc(much), NULL);
    EXPECT_TRUE(handler_calls == 3 && handler_size == much && errno == ENOMEM);
    void *block = malloc(1);
    handler_calls = 0;
    EXPECT_POINTER(realloc(block, much), NULL);
    EXPECT_TRUE(handler_calls == 3 && handler_size == much + 52);
    _set_new_mode(0);
    _set_new_handler(old);
    free(block);
    EXPECT_SILENCE();
}

static void section_6_1_realloc(void)
{
    // Growing and shrinking keeps what was there, small and large, in place and moved.
    size_t size = 1;
    unsigned char *block = malloc(size);
    block[0] = 1;
    for (unsigned step = 2; step < 60; step++) {
        size_t next = step % 7 == 0 ? size / 3 + 1 : size + size / 2 + step;
        block = realloc(block, next);
        for (size_t i = 0; i < (size < next ? size : next); i++) {
            if (block[i] != (unsigned char)(i + 1)) {
                test_fail(CHECK_HERE, "byte %zu of %zu lost", i, next);
                break;
            }
        }
        for (size_t i = size; i < next; i++) {
            if (block[i] != 0xCD) {
                test_fail(CHECK_HERE, "byte %zu of %zu is not new", i, next);
                break;
            }
        }
        for (size_t i = 0; i < next; i++) {
            block[i] = (unsigned char)(i + 1);
        }
        size = next;
        EXPECT_SIZE(_msize(block), size);
    }
    EXPECT_TRUE(_CrtCheckMemory());
    free(block);
    // Damage is seen before it is moved away.
    block = malloc(5);
    long number = number_of(block, 5);
    block[5] = 0;
    unsigned char *moved = realloc(block, 5000);
    EXPECT_REPORTS("E " AFTER("Normal"), number, ADDRESS_OF(block));
    free(moved);
    EXPECT_SILENCE();
}

static void section_7_wild_pointers(void)
{
    static char not_allocated[64];
    char *block = malloc(40);
    free(block + 16);
    EXPECT_REPORTS(VALID_POINTER);
    free(not_allocated + 16);
    EXPECT_REPORTS(VALID_POINTER);
    free((void *)(uintptr_t)0x123450);
    EXPECT_REPORTS(VALID_POINTER);
    EXPECT_TRUE(_CrtIsValidHeapPointer(block));
    EXPECT_FALSE(_CrtIsValidHeapPointer(block + 16));
    EXPECT_POINTER(realloc(not_allocated, 8), NULL);
    EXPECT_REPORTS(VALID_POINTER);
    free(block);
    free(block);
    EXPECT_REPORTS(VALID_POINTER);
    EXPECT_SIZE(_msize_dbg(block, _NORMAL_BLOCK), SIZE_MAX);
    EXPECT_REPORTS(VALID_POINTER);
}

static void section_8_aligned(void)
{
    static const size_t ALIGNMENTS[] = {1, 2, 4, 8, 16, 32, 64, 256, 4096, 65536};
    for (size_t i = 0; i < sizeof(ALIGNMENTS) / sizeof(ALIGNMENTS[0]); i++) {
        for (size_t offset = 0; offset < 40; offset += 13) {
            char *block = _aligned_offset_malloc(100, ALIGNMENTS[i], offset);
            EXPECT_SIZE(((uintptr_t)block + offset) % ALIGNMENTS[i], 0);
            EXPECT_SIZE(_aligned_msize(block, ALIGNMENTS[i], offset), 100);
            memset(block, 1, 100);
            block = _aligned_offset_recalloc(block, 20, 10, ALIGNMENTS[i], offset);
            EXPECT_TRUE(block[99] == 1 && block[100] == 0 && block[199] == 0);
            EXPECT_TRUE(_CrtCheckMemory());
            _aligned_free(block);
        }
    }
    EXPECT_SILENCE();
    _aligned_free(NULL);
}

static void section_8_2_sizes(void)
{
    static const struct {
        size_t alignment;
        size_t outer_size;
    } CASES[] = {{16, 131}, {64, 179}, {8, 123}};
    for (size_t i = 0; i < 3; i++) {
        _CrtMemState before;
        _CrtMemState after;
        _CrtMemState difference;
        _CrtMemCheckpoint(&before);
        unsigned char *block = _aligned_malloc(100, CASES[i].alignment);
        _CrtMemCheckpoint(&after);
        _CrtMemDifference(&difference, &before, &after);
        EXPECT_SIZE(difference.lSizes[_NORMAL_BLOCK], CASES[i].outer_size);
        unsigned char gap[8];
        memset(gap, 0xED, sizeof(gap));
        EXPECT_TRUE(memcmp(block - 8, gap, 8) == 0);
        // The byte after the last is looked at, wherever the outer block ends.
        block[100] = 0;
        EXPECT_FALSE(_CrtCheckMemory());
        EXPECT_SIZE(capture.count, 2);
        block[100] = 0xFD;
        capture_clear();
        block[-1] = 0;
        _aligned_free(block);
        EXPECT_REPORTS("E Damage before " ADDRESS " which was allocated by aligned routine\n",
            ADDRESS_OF(block));
    }
}

static void section_10_3_memory_block(void)
{
    char *block = _malloc_dbg(12, _NORMAL_BLOCK, "place.c", 4);
    long number = 5;
    char *file = (char *)1;
    int line = 5;
    EXPECT_FALSE(_CrtIsMemoryBlock(block, 11, &number, &file, &line));
    EXPECT_TRUE(number == 0 && file == NULL && line == 0);
    EXPECT_FALSE(_CrtIsMemoryBlock(NULL, 0, NULL, NULL, NULL));
    EXPECT_FALSE(_CrtIsMemoryBlock(block + 1, 11, NULL, NULL, NULL));
    EXPECT_TRUE(_CrtIsMemoryBlock(block, 12, NULL, NULL, NULL));
    EXPECT_TRUE(_CrtIsValidPointer(block, 12, 1) && !_CrtIsValidPointer(NULL, 1, 0));
    free(block);
    EXPECT_FALSE(_CrtIsMemoryBlock(block, 12, NULL, NULL, NULL));
}

static void *visited[4];
static size_t visited_count;

static void visit(void *block, void *context)
{
    EXPECT_POINTER(context, &visited_count);
    if (visited_count < 4) {
        visited[visited_count] = block;
    }
    visited_count++;
    _free_dbg(block, _UNKNOWN_BLOCK); // and that is no harm
}

static void section_10_6_client_objects(void)
{
    void *first = _malloc_dbg(1, _CLIENT_BLOCK, NULL, 0);
    void *other = malloc(1);
    void *second = _malloc_dbg(2, _CLIENT_BLOCK | (5 << 16), NULL, 0);
    _CrtDoForAllClientObjects(visit, &visited_count);
    EXPECT_SIZE(visited_count, 2);
    EXPECT_TRUE(visited[0] == second && visited[1] == first);
    free(other);
}

static void free_all(void *block, void *context)
{
    void **blocks = context;
    visited_count++;
    EXPECT_TRUE(block == blocks[2]);
    for (size_t i = 0; i < 3; i++) {
        _free_dbg(blocks[i], _CLIENT_BLOCK);
    }
}

// What a callback frees is not visited any more, also when delayed free keeps it.
static void section_10_6_freed_by_callback(void)
{
    static const int flags[] = {1, 1 | _CRTDBG_DELAY_FREE_MEM_DF};
    for (size_t i = 0; i < 2; i++) {
        void *blocks[3];
        int old = _CrtSetDbgFlag(flags[i]);
        for (size_t j = 0; j < 3; j++) {
            blocks[j] = _malloc_dbg(8, _CLIENT_BLOCK, NULL, 0);
        }
        visited_count = 0;
        _CrtDoForAllClientObjects(free_all, blocks);
        EXPECT_SIZE(visited_count, 1);
        _CrtSetDbgFlag(old);
    }
}

static void __cdecl dump_client(void *block, size_t size)
{
    _RPT1(_CRT_WARN, "client %u\n", (unsigned)size);
    free(malloc(3)); // may allocate
    EXPECT_TRUE(_CrtIsValidHeapPointer(block));
}

static void section_13_2_dump_client(void)
{
    EXPECT_TRUE(_CrtGetDumpClient() == NULL);
    EXPECT_TRUE(_CrtSetDumpClient(dump_client) == NULL);
    void *block = _malloc_dbg(5, _CLIENT_BLOCK, NULL, 0);
    long number = number_of(block, 5);
    _CrtDumpMemoryLeaks();
    EXPECT_REPORTS("W Detected memory leaks!\nW Dumping objects ->\n"
                   "W {%ld} W client block at " ADDRESS ", subtype 0, 5 bytes long.\n"
                   "W client 5\nW Object dump complete.\n",
        number, ADDRESS_OF(block));
    EXPECT_TRUE(_CrtSetDumpClient(NULL) == dump_client);
    _free_dbg(block, _CLIENT_BLOCK);
}

static void section_18_heap_functions(void)
{
    void *blocks[10];
    _HEAPINFO info = {._pentry = NULL};
    for (size_t i = 0; i < 10; i++) {
        blocks[i] = malloc(100 + i);
    }
    unsigned found = 0;
    int result;
    while ((result = _heapwalk(&info)) == _HEAPOK) {
        for (size_t i = 0; i < 10; i++) {
            char *base = (char *)info._pentry;
            found += (char *)blocks[i] >= base && (char *)blocks[i] < base + info._size;
        }
    }
    EXPECT_TRUE(result == _HEAPEND);
    EXPECT_SIZE(found, 10);
    info = (_HEAPINFO){._pentry = (int *)&info, ._useflag = _FREEENTRY};
    EXPECT_TRUE(_heapwalk(&info) == _HEAPBADNODE);
    EXPECT_TRUE(_heapchk() == _HEAPOK && _heapmin() == 0 && _heapset('x') == _HEAPOK);
    EXPECT_TRUE(_get_heap_handle() != 0);
    for (size_t i = 0; i < 10; i++) {
        free(blocks[i]);
    }
    char *plain = _malloc_base(10);
    plain = _recalloc_base(plain, 5, 4);
    EXPECT_TRUE(_msize_base(plain) == 20 && plain[19] == 0);
    EXPECT_TRUE(_CrtReportBlockType(plain) == -1);
    free(plain); // plain and debug blocks go together
    EXPECT_SILENCE();
    errno = 0;
    EXPECT_TRUE(_heapadd(NULL, 0) == -1 && errno == ENOSYS);
}

int main(void)
{
    capture_start();
    section_3_types();
    section_3_4_ignored();
    ignore_scope();
    section_4_2_check_always();
    section_5_limits();
    section_5_new_handler();
    section_6_1_realloc();
    section_7_wild_pointers();
    section_8_aligned();
    section_8_2_sizes();
    section_10_3_memory_block();
    section_10_6_client_objects();
    section_10_6_freed_by_callback();
    section_13_2_dump_client();
    section_18_heap_functions();
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 0);
    EXPECT_SILENCE();
    return test_result();
}
