// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Busy blocks grouped by something that two images can have in common: the call stack, the type,
 * the heap, the size, the thread, the module, the age.
 */
#ifndef OVERVIEW_GROUPS_H
#define OVERVIEW_GROUPS_H

#include "sites/sites.h"

enum group_key {
    GROUP_BY_STACK,
    GROUP_BY_TYPE,
    GROUP_BY_HEAP,
    GROUP_BY_CLASS,
    GROUP_BY_THREAD,
    GROUP_BY_MODULE,
    GROUP_BY_AGE,
    GROUP_KEY_COUNT,
};

/// "stack", "type" ... False: none of these.
bool group_key_parse(const char *text, enum group_key *key);

/// What two images have under one key.
struct group {
    char *key;                 ///< equal in both images
    char *label;               ///< for people
    char hash[SITE_HASH_SIZE]; ///< by stack: of it; else ""
    struct site_sum before;
    struct site_sum after;
};

struct groups {
    struct group *items;
    size_t count;
    size_t capacity;
    uint32_t *places; ///< open addressing: index + 1
    size_t place_count;
};

/// Adds the busy blocks of an image.
void groups_add(struct groups *groups, enum group_key key, const struct image *image,
    struct symbols *symbols, bool is_after);
/// By how much they changed in bytes, largest first.
void groups_sort(struct groups *groups);
void groups_release(struct groups *groups);

/// after - before.
int64_t group_growth(const struct group *group);
int64_t group_block_growth(const struct group *group);

/// "conn_new <- on_accept": the innermost of the program's own functions of a stack, and who called
/// it. To be freed.
char *stack_label(struct symbols *symbols, uint32_t stack);

/// Bytes of all heaps that are committed, and of them not in busy blocks' user data.
void committed_memory(const struct image *image, uint64_t *committed, uint64_t *unused);

#endif
