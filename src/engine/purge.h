// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * When memory that nobody uses goes back to the system.
 *
 * Giving pages back costs a system call, and a fault for each when it is wanted again.  So it is
 * done when a heap would otherwise grow although it has much unused memory; when it has become much
 * smaller than it was; and in time.  Whoever finds that it soon wanted back what it gave waits four
 * times as long the next time: a program that fills and empties its heap in turn keeps its memory.
 *
 * HALDE_OPTIONS=purge_delay replaces all of that by one time.
 */
#ifndef ENGINE_PURGE_H
#define ENGINE_PURGE_H

#include "engine/types.h"

/// Constant after purge_init().
struct purge_policy {
    uint64_t heap_age_ms; ///< free slices of heaps go when they were free for so long
    uint64_t pool_age_ms; ///< those of the pool
    uint32_t keep_slices; ///< so few free slices are never worth a system call
    bool is_fixed;        ///< purge_delay was given: time decides, not growth, shrinking or regret
};
extern HIDDEN struct purge_policy purge_policy;

/// Reads the option. Called once, after os_options_init().
void purge_init(void);

/// Whether unused memory may be given back again already. Notes that it will be.
bool purge_is_due(struct purge *purge);

ALWAYS_INLINE void purge_count(struct purge *purge, size_t count)
{
    purge->given += (uint32_t)count;
}

/// Counts what was wanted back.
ALWAYS_INLINE void purge_regret(struct purge *purge, size_t count)
{
    purge->regretted += (uint32_t)count;
}

/// Free slices in runs of which so many may hold memory that some should go before `used_count`
/// slices become more.
bool purge_before_growth(const struct runs *runs, size_t used_count);
/// The same when slices have become free.
bool purge_after_shrinking(const struct runs *runs, size_t used_count);

/// Blocks of `size` bytes have left a cache's magazines: gives back the pages of its sparse spans
/// that hold no block and held none the last time, if it is time for that.  The caller is the
/// cache's user, inside the heap.
void purge_after_flush(struct cache *cache, size_t size);
/// The cache is about to get another span: gives back all pages that hold no block, if enough
/// blocks were freed since the last time.
void purge_before_span(struct cache *cache);
/// The same for one span, at once. Nobody is inside the heap.
void purge_free_pages(struct slice *span);
/// Blocks in [start, end) of a span are about to be used: their pages are not idle.
void purge_note_use(struct slice *span, uintptr_t start, uintptr_t end);

#endif
