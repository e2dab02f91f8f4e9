// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/text_pool.h"

#include "cli/memory.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_SIZE = 64 << 10,
    FIRST_CAPACITY = 1024,
};

struct text_pool_piece {
    struct text_pool_piece *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

uint64_t text_hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

void text_pool_release(struct text_pool *pool)
{
    while (pool->pieces != NULL) {
        struct text_pool_piece *next = pool->pieces->next;
        free(pool->pieces);
        pool->pieces = next;
    }
    free(pool->slots);
    *pool = (struct text_pool){0};
}

void *text_pool_allocate(struct text_pool *pool, size_t size)
{
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct text_pool_piece *piece = pool->pieces;
    if (piece == NULL || piece->size - piece->used < size) {
        size_t piece_size = size > PIECE_SIZE ? size : PIECE_SIZE;
        piece = must_allocate(1, sizeof(*piece) + piece_size);
        piece->size = piece_size;
        piece->next = pool->pieces;
        pool->pieces = piece;
    }
    void *result = piece->bytes + piece->used;
    piece->used += size;
    return result;
}

static size_t find_slot(const struct text_pool *pool, const char *text)
{
    size_t slot = text_hash(TEXT_HASH_START, text, strlen(text)) & (pool->capacity - 1);
    while (pool->slots[slot] != NULL && strcmp(pool->slots[slot], text) != 0) {
        slot = (slot + 1) & (pool->capacity - 1);
    }
    return slot;
}

static void enlarge(struct text_pool *pool)
{
    const char **old = pool->slots;
    size_t old_capacity = pool->capacity;
    pool->capacity = old_capacity == 0 ? FIRST_CAPACITY : old_capacity * 2;
    pool->slots = must_allocate(pool->capacity, sizeof(*pool->slots));
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i] != NULL) {
            pool->slots[find_slot(pool, old[i])] = old[i];
        }
    }
    free(old);
}

const char *text_pool_keep(struct text_pool *pool, const char *text)
{
    if (text == NULL || *text == 0) {
        return "";
    }
    if (pool->count >= pool->capacity / 2) {
        enlarge(pool);
    }
    size_t slot = find_slot(pool, text);
    if (pool->slots[slot] == NULL) {
        size_t size = strlen(text) + 1;
        pool->slots[slot] = memcpy(text_pool_allocate(pool, size), text, size);
        pool->count++;
    }
    return pool->slots[slot];
}
