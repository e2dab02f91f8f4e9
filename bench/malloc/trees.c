// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Trees of small nodes are built, walked and thrown away, as compilers and interpreters do; a deep
 * one stays all the time.
 */
#include "work.h"

struct node {
    struct node *left;
    struct node *right;
    uint64_t value[2];
};

enum {
    DEPTH_KEPT = 17,
    DEPTH = 10,
    NODES = (1 << (DEPTH + 1)) - 1, // of a tree that is thrown away
};

static struct node *build(uint32_t depth)
{
    struct node *node = malloc(sizeof(*node));
    if (node == NULL) {
        bench_fail("out of memory");
    }
    *node = (struct node){.value = {depth}};
    if (depth > 0) {
        node->left = build(depth - 1);
        node->right = build(depth - 1);
    }
    return node;
}

static uint64_t sum_of(const struct node *node)
{
    return node == NULL ? 0 : node->value[0] + sum_of(node->left) + sum_of(node->right);
}

static void throw_away(struct node *node)
{
    if (node != NULL) {
        throw_away(node->left);
        throw_away(node->right);
        free(node);
    }
}

static void work(struct member *member)
{
    struct node *kept = build(DEPTH_KEPT);
    struct node *last = NULL;
    for (uint32_t done = 0; done < member->count; done += NODES) {
        struct node *next = build(DEPTH);
        throw_away(last);
        last = next;
        if (sum_of(next) == 0) {
            bench_fail("a tree was overwritten");
        }
    }
    throw_away(last);
    throw_away(kept);
}

int main(int argc, char **argv)
{
    struct bench_options options = {.thread_count = 1, .count = 20000000};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
