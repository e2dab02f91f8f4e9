// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Words for what an image holds: the same in tables, sentences, JSON and expressions. */
#ifndef IMAGE_NAMES_H
#define IMAGE_NAMES_H

#include "image/image.h"

/// "busy", "free", "cached", "uncommitted", "freed".
const char *image_kind_name(enum image_block_kind kind);
/// Type of a debug block: "normal", "client" ...; "" for other blocks.
const char *image_type_name(const struct image *image, const struct image_block *block);
/// Where a block lies: "span", "mixed", "large"; "" where that is not known.
const char *image_place_name(const struct image_block *block);
/// Bytes of an element that are nobody's data.
uint64_t image_overhead(const struct image *image, const struct image_block *block);
/// How long a block has been there. False: not known.
bool image_age(const struct image *image, const struct image_block *block, uint64_t *age_ns);
/// Name of a thread; "": none is known.
const char *image_thread_name(const struct image *image, uint32_t thread_id);
/// The part of a heap's committed memory that no live block uses, 0 ... 1.
double image_fragmentation(uint64_t live_size, uint64_t committed_size);
/// The heap that its name ("process", "debug") or handle ("0x7f...") names; heap_count: none.
size_t image_find_heap(const struct image *image, const char *name);

#endif
