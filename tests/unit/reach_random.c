// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// Leak search on random graphs, compared with the definition of the classes, worked out the slow
// way: by which blocks can be reached from which.

#include "reach_world.h"
#include "seed.h"

enum {
    COUNT_MAX = 48,
    WORDS = 6, // of a block
    ROOT_WORDS = 8,
    HEAP = 4096,
    STEP = 64,
};

static struct random random_state;

static uint32_t below(uint32_t limit)
{
    return (uint32_t)random_below(&random_state, limit);
}

struct graph {
    uint32_t count;
    bool starts[COUNT_MAX + 1][COUNT_MAX];  // [from][to]: a pointer to the start; from 0 is a root
    bool insides[COUNT_MAX + 1][COUNT_MAX]; // to the inside
};

static void add_pointer(struct world *world, struct graph *graph, uint32_t from, size_t offset)
{
    const uint32_t to = below(graph->count);
    const bool is_inside = below(4) == 0;
    world_put(world, offset, world->blocks[to].start + (is_inside ? 5 : 0));
    (is_inside ? graph->insides : graph->starts)[from][to] = true;
}

static void make(struct world *world, struct graph *graph)
{
    *graph = (struct graph){.count = 1 + below(COUNT_MAX)};
    world_init(world, HEAP + COUNT_MAX * STEP, COUNT_MAX);
    world->input.heuristics = 0;
    world_add_root(world, 0, ROOT_WORDS * 8);
    for (uint32_t i = 0; i < graph->count; i++) {
        world_add(world, HEAP + (size_t)i * STEP, WORDS * 8);
    }
    const uint32_t root_pointers = below(4);
    for (uint32_t i = 0; i < root_pointers; i++) {
        add_pointer(world, graph, 0, (size_t)i * 8);
    }
    const uint32_t density = 1 + below(8);
    for (uint32_t i = 0; i < graph->count; i++) {
        for (size_t word = 0; word < WORDS; word++) {
            if (below(8) < density && below(3) == 0) {
                add_pointer(world, graph, i + 1, HEAP + (size_t)i * STEP + word * 8);
            }
        }
    }
}

// Everything that is reached from what is marked already.
static void spread(const struct graph *graph, bool *marked, bool with_insides)
{
    for (bool has_changed = true; has_changed;) {
        has_changed = false;
        for (uint32_t from = 0; from < graph->count; from++) {
            for (uint32_t to = 0; marked[from] && to < graph->count; to++) {
                const bool leads =
                    graph->starts[from + 1][to] || (with_insides && graph->insides[from + 1][to]);
                has_changed |= leads && !marked[to];
                marked[to] |= leads;
            }
        }
    }
}

static bool leads_to(const struct graph *graph, uint32_t from, uint32_t to)
{
    bool marked[COUNT_MAX] = {false};
    marked[from] = true;
    spread(graph, marked, true);
    return marked[to];
}

// Whether all lost blocks that lead to a lost block are of its own cycle.
static bool is_source(const struct graph *graph, const bool *found, uint32_t block)
{
    for (uint32_t other = 0; other < graph->count; other++) {
        if (!found[other] && leads_to(graph, other, block) && !leads_to(graph, block, other)) {
            return false;
        }
    }
    return true;
}

static uint32_t definite_of_cycle(
    const struct world *world, const struct graph *graph, uint32_t block)
{
    uint32_t count = 0;
    for (uint32_t other = 0; other < graph->count; other++) {
        if (leads_to(graph, other, block) && leads_to(graph, block, other)) {
            count += world->reach.classes[other] == REACH_DEFINITE;
        }
    }
    return count;
}

static void compare(const struct world *world, const struct graph *graph)
{
    bool reachable[COUNT_MAX];
    memcpy(reachable, graph->starts[0], sizeof(reachable));
    spread(graph, reachable, false);
    bool found[COUNT_MAX];
    for (uint32_t i = 0; i < graph->count; i++) {
        found[i] = reachable[i] || graph->insides[0][i];
    }
    spread(graph, found, true);
    for (uint32_t i = 0; i < graph->count; i++) {
        const uint8_t class = world->reach.classes[i];
        if (found[i]) {
            EXPECT_SIZE(class, reachable[i] ? REACH_REACHABLE : REACH_POSSIBLE);
        } else if (!is_source(graph, found, i)) {
            EXPECT_SIZE(class, REACH_INDIRECT);
        } else {
            EXPECT_TRUE(class == REACH_INDIRECT || class == REACH_DEFINITE);
            EXPECT_SIZE(definite_of_cycle(world, graph, i), 1);
        }
        if (class == REACH_INDIRECT) {
            const uint32_t leader = world->reach.leaders[i];
            EXPECT_CLASS(world, leader, REACH_DEFINITE);
            EXPECT_TRUE(leads_to(graph, leader, i));
        }
    }
}

int main(void)
{
    random_state = random_make(seed_start("reach_random"), 0);
    uint64_t deadline = deadline_after(stress_seconds(60));
    for (unsigned round = 0; round < 2000 && test_failures() == 0; round++) {
        if (round >= 200 && deadline_is_over(deadline)) {
            break; // under an instrument
        }
        struct world world;
        struct graph graph;
        make(&world, &graph);
        world_search(&world);
        compare(&world, &graph);
        world_release(&world);
    }
    return test_result();
}
