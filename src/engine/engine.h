// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The engine's front header. src/win32, src/crtdbg and src/malloc include it, and engine/fast.h for
 * the fast paths.
 *
 * It adds to the public API (halde/heap.h) what only the layers inside the library may use.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <halde/heap.h>

#include "base/compiler.h"

/**
 * A word of the layer above, kept with the heap: creation flags, compatibility value and so on.
 * The engine never reads it.  0 after creation.
 * @return NULL when `heap` is not a live heap.  Threads: the caller uses atomics
 */
_Atomic(uint64_t) *engine_heap_word(const halde_heap *heap);

/** Whether the heap serves at least one size class from spans of its own (Win32: the front end is
 * active). */
bool engine_heap_has_spans(const halde_heap *heap);

/** HALDE_HEAP_* and HALDE_CHECK_* the heap was created with, and its maximum size (0: growable). */
bool engine_heap_options(const halde_heap *heap, struct halde_heap_options *options);

/** halde_heap_validate() with operation flags: HALDE_UNLOCKED does not wait for a lock owner. */
enum halde_status engine_heap_validate(
    halde_heap *heap, const void *block, uint32_t flags, struct halde_damage *damage);

enum {
    /// Beside HALDE_ZERO and the others, for halde_heap_realloc(): a block that grows gets room to
    /// grow again, because it probably will.
    ENGINE_HEADROOM = 1u << 31,
};

enum {
    ENGINE_RECORD_SIZE_MAX = 64
};

/**
 * Creates a growable heap whose blocks have *side records*: `record_size` bytes each, a multiple of
 * 8 up to ENGINE_RECORD_SIZE_MAX, out of band, for the layer above.  The engine neither reads nor
 * writes one, except that a place that was never used before has a record of zeroes: who frees a
 * block leaves the record as the next block shall find it.
 * @return the heap, or NULL: out of memory, or a wrong size
 */
halde_heap *engine_heap_create(size_t record_size);

/** A busy block, as it was when asked. */
struct engine_block {
    void *data;      ///< its first byte
    size_t size;     ///< bytes asked for
    size_t capacity; ///< bytes given: all of them are the block's
    void *record;    ///< side record; NULL where the heap has none
};

enum {
    ENGINE_PROCESS_RECORD_SIZE = 16, ///< bytes of the process heap's side records in mode=exact
};

/** Finds the busy block of a heap that starts at `data`. Any value may be asked.  The answer holds
 * as long as nobody frees or resizes the block.  Threads: any, without a lock */
bool engine_block_at(const halde_heap *heap, const void *data, struct engine_block *block);
/** The same for the block that `address` lies in. */
bool engine_block_around(const halde_heap *heap, const void *address, struct engine_block *block);

/** Whether a busy block is served from a span of one size class. False for anything else. */
bool engine_block_is_in_span(const void *block);

/** Whether `address` lies in memory that some heap of this process reserved. Any value may be
 * asked. */
bool engine_is_heap_address(const void *address);

/**
 * Visits the busy blocks of a heap (NULL: of all heaps), in order of addresses, without any lock
 * and without memory: for who has stopped the other threads, wherever they stand, or the heap.
 * Otherwise what changes meanwhile is seen as it was, or as it becomes.
 */
void engine_scan(const halde_heap *heap,
    void (*visit)(const halde_heap *heap, const struct engine_block *block, void *context),
    void *context);
/** The addresses that all blocks lie in: readable all over, unless the program protects them. Empty
 * before a heap exists. */
void engine_pool(uintptr_t *start, uintptr_t *end);

/** The addresses that the engine has taken, once a heap exists: all heaps and all that it knows
 * about them. 0 and 0 before. */
void engine_reservation(uintptr_t *start, uintptr_t *end);

/** Readable without a fault: probes one byte a page, never dereferences. */
bool engine_is_readable(const void *address, size_t size);

/**
 * Writes one sentence without a final newline about a wrong pointer or damage: heap, block, what is
 * wrong. Never allocates.  @return length, at most capacity - 1
 */
size_t engine_describe(
    const halde_heap *heap, const struct halde_damage *damage, char *text, size_t capacity);

/** Writes "halde: <text>\n" to stderr in one write, never allocates. */
void engine_message(const char *text);

struct layout_extension;
/** Adds what a layer above has to say to readers outside of the process (base/layout.h).  The
 * extension stays for ever.  Threads: any, without a lock */
void engine_extend_layout(struct layout_extension *extension);

/** Defined where the engine must not start by itself: in the preload object. */
extern HIDDEN const char engine_starts_on_demand __attribute__((weak));

/** Whether this engine stays at rest: a preload object in a process that has another Halde. Nothing
 * is to start it then. Set by the first constructor. */
extern HIDDEN bool engine_is_at_rest;

/** The value of `key` in HALDE_OPTIONS, or NULL. Read once at start; NULL in set-uid programs,
 * and at rest. */
const char *engine_option(const char *key);

#endif
