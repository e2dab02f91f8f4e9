// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * trace <histogram> [options]: sizes and lifetimes drawn from a real program's, see record.c.
 *
 * Each thread draws (size, lifetime) pairs with the frequency that the histogram has for them, and
 * gives a block back after as many of its own allocations as the lifetime says.  After as many
 * allocations as the program made all is given back, as at its end, and it begins again.  With
 * several threads one block in eight is given back by the next thread.
 *
 * Blocks that wait for their end are linked through their own first bytes, so that this program
 * adds almost nothing to the memory that is measured.
 */
#include "work.h"

#include <stdatomic.h>
#include <stdio.h>

enum {
    MAX_PAIRS = 32768,
    NEVER = 40, // as record.c writes it
    NEAR = 256, // lifetimes up to here end exactly
    FAR_STEP = 64,
    FAR = 65536, // steps: lifetimes above FAR * FAR_STEP end with the program
    SHARE_PASSED_ON = 8,
    MAX_THREADS = 64,
};

/** An entry of the alias table: two pairs that share a column. */
struct column {
    uint32_t size[2];
    uint8_t lifetime[2];
    uint32_t limit; // below it the first, of 2^32
};

struct waiting {
    struct waiting *next;
};

static struct {
    struct column columns[MAX_PAIRS];
    double weights[MAX_PAIRS]; // while the table is made
    uint32_t pair_count;
    uint32_t allocations; // of the program that was recorded
} histogram;

/** Where a thread leaves blocks for another; emptied at once. */
static struct {
    _Alignas(
        128) _Atomic(struct waiting *) first; // senders push (release), the owner takes (acquire)
} inboxes[MAX_THREADS];

struct clock {
    struct waiting *near[NEAR];
    struct waiting *far[FAR];
    struct waiting *rest; // ends with the program
    uint32_t time;        // allocations so far
};

// ---- The histogram ------------------------------------------------------------------------------

static void add_pair(uint32_t size, uint32_t lifetime, double count)
{
    if (histogram.pair_count == MAX_PAIRS) {
        bench_fail("the histogram is too long");
    }
    struct column *column = &histogram.columns[histogram.pair_count];
    // The link of a waiting block takes eight bytes, and no allocator gives less.
    column->size[0] = size < sizeof(struct waiting) ? (uint32_t)sizeof(struct waiting) : size;
    column->lifetime[0] = (uint8_t)lifetime;
    histogram.weights[histogram.pair_count] = count;
    histogram.pair_count++;
}

static void read_line(char *line)
{
    char *at = line;
    unsigned long size = strtoul(at, &at, 10);
    if (at == line) {
        static const char key[] = "calls ";
        if (strncmp(line, key, sizeof(key) - 1) == 0) {
            histogram.allocations = (uint32_t)strtoul(line + sizeof(key) - 1, NULL, 10);
        }
        return;
    }
    strtoul(at, &at, 10); // the sum of what follows
    for (;;) {
        char *start = at;
        unsigned long lifetime = strtoul(at, &at, 10);
        if (at == start || *at != ':') {
            return;
        }
        add_pair((uint32_t)size, (uint32_t)lifetime, strtod(at + 1, &at));
    }
}

/** Makes the alias table: each column holds an equal share of the probability, of at most two
 * pairs. */
static void make_columns(void)
{
    uint32_t count = histogram.pair_count;
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += histogram.weights[i];
    }
    uint32_t *small = bench_map(count * sizeof(uint32_t));
    uint32_t *large = bench_map(count * sizeof(uint32_t));
    uint32_t small_count = 0;
    uint32_t large_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct column *column = &histogram.columns[i];
        histogram.weights[i] *= count / sum;
        column->limit = UINT32_MAX;
        column->size[1] = column->size[0];
        column->lifetime[1] = column->lifetime[0];
        if (histogram.weights[i] < 1) {
            small[small_count++] = i;
        } else {
            large[large_count++] = i;
        }
    }
    while (small_count > 0 && large_count > 0) {
        uint32_t few = small[--small_count];
        uint32_t many = large[large_count - 1];
        struct column *column = &histogram.columns[few];
        column->limit = (uint32_t)(histogram.weights[few] * UINT32_MAX);
        column->size[1] = histogram.columns[many].size[0];
        column->lifetime[1] = histogram.columns[many].lifetime[0];
        histogram.weights[many] -= 1 - histogram.weights[few];
        if (histogram.weights[many] < 1) {
            large_count--;
            small[small_count++] = many;
        }
    }
}

static void read_histogram(const char *path)
{
    static char line[4096];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        bench_fail("cannot read the histogram");
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        read_line(line);
    }
    fclose(file);
    if (histogram.pair_count == 0 || histogram.allocations == 0) {
        bench_fail("no histogram");
    }
    make_columns();
}

// ---- Lives --------------------------------------------------------------------------------------

static uint32_t draw_lifetime(struct bench_random *random, uint32_t logarithm)
{
    if (logarithm <= 1) {
        return logarithm;
    }
    if (logarithm > 24) {
        return UINT32_MAX;
    }
    uint32_t base = 1u << (logarithm - 1);
    return base + bench_random_below(random, base);
}

static void wait_for_end(struct clock *clock, struct waiting *block, uint32_t lifetime)
{
    struct waiting **list = &clock->rest;
    if (lifetime < NEAR) {
        list = &clock->near[(clock->time + lifetime) % NEAR];
    } else if (lifetime / FAR_STEP < FAR - 1) {
        list = &clock->far[((clock->time + lifetime) / FAR_STEP + 1) % FAR];
    }
    block->next = *list;
    *list = block;
}

static void pass_on(struct member *member, struct waiting *block)
{
    uint32_t next = (member->index + 1) % member->options->thread_count;
    struct waiting *first = atomic_load_explicit(&inboxes[next].first, memory_order_relaxed);
    do {
        block->next = first;
    } while (!atomic_compare_exchange_weak_explicit(
        &inboxes[next].first, &first, block, memory_order_release, memory_order_relaxed));
}

static void end_all(struct waiting **list)
{
    struct waiting *block = *list;
    *list = NULL;
    while (block != NULL) {
        struct waiting *next = block->next;
        free(block);
        block = next;
    }
}

static void end_due(struct member *member, struct clock *clock)
{
    struct waiting **list = &clock->near[clock->time % NEAR];
    if (member->options->thread_count > 1 && *list != NULL && clock->time % SHARE_PASSED_ON == 0) {
        struct waiting *block = *list;
        *list = block->next;
        pass_on(member, block);
    }
    end_all(list);
    if (clock->time % FAR_STEP == 0) {
        end_all(&clock->far[clock->time / FAR_STEP % FAR]);
        struct waiting *passed =
            atomic_exchange_explicit(&inboxes[member->index].first, NULL, memory_order_acquire);
        end_all(&passed);
    }
}

static void end_everything(struct clock *clock)
{
    for (uint32_t i = 0; i < NEAR; i++) {
        end_all(&clock->near[i]);
    }
    for (uint32_t i = 0; i < FAR; i++) {
        end_all(&clock->far[i]);
    }
    end_all(&clock->rest);
}

static void work(struct member *member)
{
    struct clock *clock = bench_map(sizeof(*clock));
    for (uint32_t i = 0; i < member->count; i++) {
        end_due(member, clock);
        const struct column *column =
            &histogram.columns[bench_random_below(&member->random, histogram.pair_count)];
        uint32_t which = bench_random_next(&member->random) > column->limit;
        uint32_t size = column->size[which];
        struct waiting *block = take(size);
        if (size > 64) {
            memset((char *)block + 64, 1, size < 256 ? size - 64 : 192);
        }
        wait_for_end(clock, block, draw_lifetime(&member->random, column->lifetime[which]));
        clock->time++;
        if (clock->time % histogram.allocations == 0) {
            end_everything(clock);
        }
    }
    end_everything(clock);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        bench_fail("usage: trace <histogram> [options]");
    }
    struct bench_options options = {.thread_count = 1, .count = 8000000};
    bench_parse(argc - 1, argv + 1, &options);
    if (options.thread_count > MAX_THREADS) {
        bench_fail("--threads: at most 64");
    }
    read_histogram(argv[1]);
    crew_run(&options, work, NULL);
    return 0;
}
