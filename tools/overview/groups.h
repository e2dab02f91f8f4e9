// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Busy blocks grouped by something that images can have in common: the call stack, the type, the
 * heap, the size, the thread, the module, the age.
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
const char *group_key_name(enum group_key key);

/// What images have under one key.
struct group {
    char *key;                 ///< equal in all images
    char *label;               ///< for people
    char *callers;             ///< by stack: names of functions, a line each; else NULL
    char hash[SITE_HASH_SIZE]; ///< by stack: of it; else ""
    struct site_sum *sums;     ///< one of each image, in order
    size_t sum_count;          ///< at least 2
};

struct groups {
    struct group *items;
    size_t count;
    size_t capacity;
    size_t image_count; ///< set it first, to at least 2
    uint32_t *places;   ///< open addressing: index + 1
    size_t place_count;
};

/// Adds the busy blocks of an image, the `number`th from 0 on.
void groups_add(struct groups *groups, enum group_key key, const struct image *image,
    struct symbols *symbols, size_t number);
/// Those that grew from each of three or more images to the next come first; then by how much they
/// changed in bytes, largest first.
void groups_sort(struct groups *groups);
void groups_release(struct groups *groups);

/// From the first image to the last.
int64_t group_growth(const struct group *group);
int64_t group_block_growth(const struct group *group);
/// Whether any image has other bytes or blocks than the first.
bool group_has_changed(const struct group *group);
/// From how many images to the next it grew in bytes.
size_t group_grown_steps(const struct group *group);
/// Whether it grew at each of several steps.
bool group_is_steady(const struct group *group);

/// Lengthens labels of groups by stack by further callers, where several read alike.
void groups_tell_apart(struct groups *groups);

/// "conn_new <- on_accept": the innermost of the program's own functions of a stack, and who called
/// it. To be freed.
char *stack_label(struct symbols *symbols, uint32_t stack);

/// Bytes of all heaps that are committed, and of them not in busy blocks' user data.
void committed_memory(const struct image *image, uint64_t *committed, uint64_t *unused);

#endif
