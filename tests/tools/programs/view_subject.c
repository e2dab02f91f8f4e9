// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// For view_verbs.py: runs on the preload object, fills heaps with a few threads, prints its own
// walk (one element a line: heap kind data size overhead place) and waits until its input ends.

#define HALDE_API __attribute__((weak, visibility("default")))
#include <halde/heap.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS = 4,
    BLOCKS = 2000,
};

char in_data[64] = "a variable";
static pthread_barrier_t filled;

static void *work(void *argument)
{
    size_t number = (size_t)argument;
    static void *blocks[THREADS][BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[number][i] = malloc((i * 31 + number * 1000) % 6000);
    }
    for (size_t i = 0; i < BLOCKS; i += 2 + number) {
        free(blocks[number][i]);
    }
    pthread_barrier_wait(&filled);
    pause();
    return blocks;
}

static const char *const KINDS[] = {
    [HALDE_ENTRY_REGION] = "region",
    [HALDE_ENTRY_BUSY] = "busy",
    [HALDE_ENTRY_FREE] = "free",
    [HALDE_ENTRY_UNCOMMITTED] = "uncommitted",
};

static char *text; // of the walk, outside of the heaps
static size_t text_size;

static bool print(const struct halde_entry *entry, void *heap)
{
    text_size += (size_t)sprintf(text + text_size, "%p %s %p %zu %zu %s\n", heap,
        KINDS[entry->kind], entry->data, entry->size, entry->overhead,
        entry->region_index == HALDE_REGION_LARGE ? "alone"
        : entry->is_span_block                    ? "span"
                                                  : "other");
    return true;
}

int main(int argument_count, char **arguments)
{
    if (halde_heap_list == NULL) {
        return 77;
    }
    bool is_damaged = argument_count > 1 && strcmp(arguments[1], "damage") == 0;
    halde_heap *heap = NULL;
    halde_heap *small = NULL;
    const struct halde_heap_options fixed = {.maximum_size = (size_t)1 << 20};
    if (halde_heap_create(NULL, &heap) != HALDE_OK ||
        halde_heap_create(&fixed, &small) != HALDE_OK) {
        return 1;
    }
    pthread_barrier_init(&filled, NULL, THREADS + 1);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, work, (void *)i);
    }
    for (size_t i = 1; i < 40; i++) {
        (void)!halde_heap_alloc(heap, i * 50000, 0);
        (void)!halde_heap_alloc(small, i * 100, 0);
    }
    char *block = malloc(40);
    block[is_damaged ? 40 : 0] = 1;
    static char buffer[64];
    setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
    pthread_barrier_wait(&filled);
    usleep(100000); // until the threads wait
    printf("block %p variable %p local %p code %p\n", (void *)block, (void *)in_data,
        (void *)&argument_count, (void *)(size_t)main);
    text = halde_heap_alloc(heap, (size_t)8 << 20, 0);
    halde_heap *heaps[16];
    size_t count = halde_heap_list(heaps, 16);
    for (size_t i = 0; i < count; i++) {
        halde_heap_walk(heaps[i], print, heaps[i]);
    }
    text[text_size] = '\0';
    for (char *at = text; *at != '\0';) { // nothing may allocate from here on
        ssize_t written = write(1, at, strlen(at));
        at += written > 0 ? written : 0;
    }
    (void)!write(1, "end\n", 4);
    char byte;
    (void)!read(0, &byte, 1);
    _exit(0);
}
