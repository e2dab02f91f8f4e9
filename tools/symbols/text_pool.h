// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Strings that are kept once each, and other small things that are kept until the end.
 */
#ifndef SYMBOLS_TEXT_POOL_H
#define SYMBOLS_TEXT_POOL_H

#include <stddef.h>
#include <stdint.h>

struct text_pool {
    const char **slots; ///< hash table, a power of two of them
    size_t capacity;
    size_t count;
    struct text_pool_piece *pieces; ///< newest first
};

/// All 0 is an empty pool.
void text_pool_release(struct text_pool *pool);
/// The pool's own copy of a string; equal strings are the same.
const char *text_pool_keep(struct text_pool *pool, const char *text);
/// Memory, all 0, aligned for anything, that lives as long as the pool.
void *text_pool_allocate(struct text_pool *pool, size_t size);

/// FNV-1a. Goes on from `hash`; TEXT_HASH_START begins.
#define TEXT_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t text_hash(uint64_t hash, const void *bytes, size_t size);

#endif
