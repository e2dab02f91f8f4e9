// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// An ordinary C program whose malloc is Halde's, because it is linked with libhalde:
//
//     cc malloc_c.c $(pkg-config --cflags --libs halde)
//
// It keeps lines of all lengths, frees most of them, and then looks at the heap behind malloc: how
// many blocks of which size are live, to the byte, and who holds the biggest.

#include <halde/heap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_COUNT = 5000,
    COLUMN_COUNT = 8
};

static char *make_line(size_t length)
{
    char *line = malloc(length + 1);
    if (line != NULL) {
        memset(line, '.', length);
        line[length] = '\0';
    }
    return line;
}

struct histogram {
    size_t counts[COLUMN_COUNT]; // sizes up to 16, 64, 256, ...
    size_t total, bytes;
};

// Called for runs of busy blocks while the heap is stopped: it must not allocate.
static bool count(const struct halde_block *blocks, size_t block_count, void *context)
{
    struct histogram *histogram = context;
    for (size_t i = 0; i < block_count; i++) {
        size_t column = 0;
        for (size_t limit = 16; blocks[i].size > limit && column < COLUMN_COUNT - 1; limit *= 4) {
            column++;
        }
        histogram->counts[column]++;
        histogram->total++;
        histogram->bytes += blocks[i].size;
    }
    return true;
}

static void show(const char *when, struct histogram *histogram)
{
    *histogram = (struct histogram){.total = 0};
    halde_heap_walk_blocks(halde_process_heap(), count, histogram);
    printf("%s: %zu blocks, %zu bytes; by size:", when, histogram->total, histogram->bytes);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        printf(" %zu", histogram->counts[i]);
    }
    putchar('\n');
}

int main(void)
{
    static char *lines[LINE_COUNT];
    struct histogram before, full, after;
    show("start", &before); // stdio takes its buffer after this count
    show("before", &before);
    for (size_t i = 0; i < LINE_COUNT; i++) {
        lines[i] = make_line(i % 700);
        if (lines[i] == NULL) {
            perror("malloc");
            return EXIT_FAILURE;
        }
    }
    show("full", &full);
    size_t kept_bytes = 0;
    for (size_t i = 0; i < LINE_COUNT; i++) {
        if (i % 10 == 0) {
            kept_bytes += i % 700 + 1;
        } else {
            free(lines[i]);
        }
    }
    show("after", &after);

    // The figures are exact: what was counted is what this program holds.
    bool is_exact = full.total - before.total == LINE_COUNT &&
                    after.total - before.total == LINE_COUNT / 10 &&
                    after.bytes - before.bytes == kept_bytes;
    printf("the walk %s\n", is_exact ? "agrees with the program" : "is wrong");
    for (size_t i = 0; i < LINE_COUNT; i += 10) {
        free(lines[i]);
    }
    return is_exact ? EXIT_SUCCESS : EXIT_FAILURE;
}
