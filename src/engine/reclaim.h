// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Taking back what caches hold without using it. The heap is stopped, or the caller's alone. */
#ifndef ENGINE_RECLAIM_H
#define ENGINE_RECLAIM_H

#include "engine/types.h"

/// Gives the blocks of all magazines of the heap back to their spans.
void reclaim_magazines(struct heap *heap);
/// Ends all spans without a busy block, and then all regions. Returns whether there was one.
bool reclaim_empty_spans(struct heap *heap);
/// Empties the magazines of one cache and ends its empty spans. Caller is the cache's user, outside
/// the gate, with the mutex.
void reclaim_cache(struct heap *heap, struct cache *cache);
/// Gives the pages of sparse spans back that no busy block touches.
void reclaim_pages(struct heap *heap);

#endif
