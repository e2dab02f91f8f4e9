// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Private heaps: Halde's HeapCreate family, or what the preloaded peer offers in its place, found
 * by name at start: mimalloc's first-class heaps, jemalloc's explicit arenas.  System malloc and
 * tcmalloc have none.
 *
 * jemalloc's thread caches are bypassed, since an arena can be destroyed only when no cache holds
 * its blocks; its names are resolved to numbers once, as its manual advises for frequent calls.
 */
#ifndef BENCH_PRIVATE_HEAP_H
#define BENCH_PRIVATE_HEAP_H

#include "allocator.h"

#if BENCH_HALDE

static inline void private_heap_init(void)
{
}

static inline void *private_heap_create(void)
{
    return HeapCreate(0, 0, 0);
}

static inline void private_heap_destroy(void *heap)
{
    HeapDestroy(heap);
}

static inline void *private_heap_alloc(void *heap, size_t size)
{
    return HeapAlloc(heap, 0, size);
}

static inline void private_heap_free(void *heap, void *block)
{
    HeapFree(heap, 0, block);
}

#else

#include <dlfcn.h>

static struct {
    bool is_mimalloc;
    void *(*mi_heap_new)(void);
    void (*mi_heap_destroy)(void *heap);
    void *(*mi_heap_malloc)(void *heap, size_t size);
    void (*mi_free)(void *block);
    int (*mallctl)(const char *name, void *old, size_t *old_size, void *new, size_t new_size);
    int (*mallctlnametomib)(const char *name, size_t *mib, size_t *length);
    int (*mallctlbymib)(
        const size_t *mib, size_t length, void *old, size_t *old_size, void *new, size_t new_size);
    void *(*mallocx)(size_t size, int flags);
    void (*dallocx)(void *block, int flags);
    size_t create_mib[8], create_length;
    size_t destroy_mib[8], destroy_length;
} peer;

/** Looks a function up among what is loaded; `function` is the address of the pointer to fill. */
static inline bool peer_find(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    memcpy(function, &symbol, sizeof(symbol));
    return symbol != NULL;
}

static inline void private_heap_init(void)
{
    if (peer_find("mi_heap_new", &peer.mi_heap_new) &&
        peer_find("mi_heap_destroy", &peer.mi_heap_destroy) &&
        peer_find("mi_heap_malloc", &peer.mi_heap_malloc) && peer_find("mi_free", &peer.mi_free)) {
        peer.is_mimalloc = true;
        return;
    }
    if (!peer_find("mallctl", &peer.mallctl) ||
        !peer_find("mallctlnametomib", &peer.mallctlnametomib) ||
        !peer_find("mallctlbymib", &peer.mallctlbymib) || !peer_find("mallocx", &peer.mallocx) ||
        !peer_find("dallocx", &peer.dallocx)) {
        bench_fail("the allocator that is loaded has no private heaps");
    }
    peer.create_length = 2;
    peer.destroy_length = 3;
    if (peer.mallctlnametomib("arenas.create", peer.create_mib, &peer.create_length) != 0 ||
        peer.mallctlnametomib("arena.0.destroy", peer.destroy_mib, &peer.destroy_length) != 0) {
        bench_fail("jemalloc does not know arenas.create or arena.i.destroy");
    }
}

/** An arena is named by a small number; 1 is added, so that NULL stays a failure. */
static inline unsigned arena_of(void *heap)
{
    return (unsigned)((uintptr_t)heap - 1);
}

/** MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE as jemalloc's manual defines them. */
static inline int arena_flags(void *heap)
{
    return (int)(((arena_of(heap) + 1) << 20) | 1u << 8);
}

static inline void *private_heap_create(void)
{
    if (peer.is_mimalloc) {
        return peer.mi_heap_new();
    }
    unsigned arena;
    size_t size = sizeof(arena);
    if (peer.mallctlbymib(peer.create_mib, peer.create_length, &arena, &size, NULL, 0) != 0) {
        return NULL;
    }
    return (void *)((uintptr_t)arena + 1);
}

static inline void private_heap_destroy(void *heap)
{
    if (peer.is_mimalloc) {
        peer.mi_heap_destroy(heap);
        return;
    }
    peer.destroy_mib[1] = arena_of(heap);
    if (peer.mallctlbymib(peer.destroy_mib, peer.destroy_length, NULL, NULL, NULL, 0) != 0) {
        bench_fail("arena.i.destroy failed");
    }
}

static inline void *private_heap_alloc(void *heap, size_t size)
{
    return peer.is_mimalloc ? peer.mi_heap_malloc(heap, size)
                            : peer.mallocx(size, arena_flags(heap));
}

static inline void private_heap_free(void *heap, void *block)
{
    if (peer.is_mimalloc) {
        peer.mi_free(block);
    } else {
        peer.dallocx(block, arena_flags(heap));
    }
}

#endif

/** Allocates and touches a block; the program fails when there is none. */
static inline void *private_heap_take(void *heap, size_t size)
{
    void *block = private_heap_alloc(heap, size);
    if (__builtin_expect(block == NULL, 0)) {
        bench_fail("out of memory");
    }
    bench_touch(block);
    return block;
}

#endif
