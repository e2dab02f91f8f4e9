// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Allocates in one way, frees all, and says what a sampler has to estimate: blocks, their bytes,
// and the variance of each estimate when a block of s bytes is picked with the chance 1 - exp(-s /
// interval).
//
//     record_sample_victim WAY INTERVAL
#include <malloc.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEPT = 64,
};

void *_Znwm(size_t size); // operator new
void *_Znam(size_t size);
void _ZdlPv(void *block);
void _ZdaPv(void *block);

static double interval;
static double blocks, bytes, blocks_variance, bytes_variance;
static unsigned char *kept[KEPT];
static uint64_t seed = 1;

static size_t between(size_t least, size_t most)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return least + (size_t)(seed >> 33) % (most - least + 1);
}

static void count(size_t size)
{
    double chance = 1 - exp(-(double)size / interval);
    blocks += 1;
    bytes += (double)size;
    blocks_variance += (1 - chance) / chance;
    bytes_variance += (double)size * (double)size * (1 - chance) / chance;
}

static void fail(const char *text)
{
    fprintf(stderr, "%s\n", text);
    _exit(1);
}

// Counts a block, uses all of it, and frees the one that came KEPT blocks before it.
static void keep(int i, void *block, size_t size, void (*release)(void *))
{
    if (block == NULL) {
        fail("out of memory");
    }
    count(size);
    memset(block, 0xa5, size);
    if (kept[i % KEPT] != NULL) {
        release(kept[i % KEPT]);
    }
    kept[i % KEPT] = block;
}

static void release_kept(void (*release)(void *))
{
    for (int i = 0; i < KEPT; i++) {
        release(kept[i]);
    }
}

static void do_malloc(int times, size_t least, size_t most)
{
    for (int i = 0; i < times; i++) {
        size_t size = between(least, most);
        keep(i, malloc(size), size, free);
    }
    release_kept(free);
}

static void do_calloc(int times, size_t least, size_t most)
{
    for (int i = 0; i < times; i++) {
        size_t size = between(least, most);
        unsigned char *block = calloc(1, size);
        for (size_t j = 0; block != NULL && j < size; j++) {
            if (block[j] != 0) {
                fail("calloc() has not zeroed");
            }
        }
        keep(i, block, size, free);
    }
    release_kept(free);
}

static void do_aligned(int times, size_t least, size_t most)
{
    for (int i = 0; i < times; i++) {
        size_t size = between(least, most);
        size_t alignment = (size_t)16 << i % 6;
        void *block = memalign(alignment, size);
        if ((uintptr_t)block % alignment != 0) {
            fail("memalign() has not aligned");
        }
        keep(i, block, size, free);
    }
    release_kept(free);
}

static void do_new(int times, size_t least, size_t most)
{
    for (int i = 0; i < times; i++) {
        size_t size = between(least, most);
        keep(i, _Znwm(size), size, _ZdlPv);
    }
    release_kept(_ZdlPv);
}

static void do_new_array(int times, size_t least, size_t most)
{
    for (int i = 0; i < times; i++) {
        size_t size = between(least, most);
        keep(i, _Znam(size), size, _ZdaPv);
    }
    release_kept(_ZdaPv);
}

// Most often the block that has just been freed: no other block ever leaves a magazine.
static void do_pairs(int times, size_t least, size_t most)
{
    for (int i = 0; i < times; i++) {
        size_t size = between(least, most);
        void *volatile block = malloc(size);
        count(size);
        free(block);
    }
}

// Each size that a block gets is one more block.
static void do_realloc(int times, size_t least, size_t most)
{
    for (int i = 0; i < times; i++) {
        size_t old_size = between(least, most);
        unsigned char *block = malloc(old_size);
        count(old_size);
        for (int j = 0; j < 4 && block != NULL; j++) {
            size_t size = between(least, most);
            memset(block, j + 1, old_size);
            block = realloc(block, size);
            count(size);
            size_t same = size < old_size ? size : old_size;
            if (block != NULL && (block[0] != j + 1 || block[same - 1] != j + 1)) {
                fail("realloc() has lost what was there");
            }
            old_size = size;
        }
        free(block);
    }
}

static const struct {
    const char *name;
    void (*run)(int times, size_t least, size_t most);
    int times;
    size_t least, most;
} WAYS[] = {
    {"malloc", do_malloc, 300000, 1, 300},
    {"malloc-words", do_malloc, 20000, 2049, 65536},
    {"malloc-large", do_malloc, 2000, 65537, 600000},
    {"calloc", do_calloc, 200000, 1, 500},
    {"calloc-words", do_calloc, 4000, 2049, 65536},
    {"aligned", do_aligned, 100000, 1, 3000},
    {"new", do_new, 200000, 1, 300},
    {"new-array", do_new_array, 200000, 1, 3000},
    {"pairs", do_pairs, 500000, 64, 64},
    {"realloc", do_realloc, 60000, 1, 400},
    {"realloc-words", do_realloc, 4000, 1500, 70000},
    {"realloc-large", do_realloc, 300, 65537, 2000000},
};

int main(int argc, char **argv)
{
    interval = argc == 3 ? atof(argv[2]) : 0;
    for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]) && interval > 0; i++) {
        if (strcmp(WAYS[i].name, argv[1]) == 0) {
            WAYS[i].run(WAYS[i].times, WAYS[i].least, WAYS[i].most);
            char line[160]; // no stream, which would have a buffer
            int size = snprintf(line, sizeof(line), "%.0f %.0f %.0f %.0f\n", blocks, bytes,
                blocks_variance, bytes_variance);
            return write(STDOUT_FILENO, line, (size_t)size) == size ? 0 : 1;
        }
    }
    return 2;
}
