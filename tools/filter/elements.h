// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What lies at an address of an image, and what lies beside it. */
#ifndef FILTER_ELEMENTS_H
#define FILTER_ELEMENTS_H

#include "image/image.h"

/// The element (busy or not, if the image has those) that contains an address. NULL: none.
const struct image_block *element_at(const struct image *image, uint64_t address);
/// The elements of the same heap right before and behind an element, with no other between. NULL:
/// there is none.
const struct image_block *element_before(
    const struct image *image, const struct image_block *element);
const struct image_block *element_behind(
    const struct image *image, const struct image_block *element);

/// First address of all its bytes, and the first past them.
uint64_t element_start(const struct image *image, const struct image_block *element);
uint64_t element_end(const struct image_block *element);

/// Where an address lies, seen from an element's data: "at offset 12 of", "3 bytes behind the end
/// of", "right behind the end of", "1 byte before the start of"; "" at its start. `buffer` is
/// returned.
char *element_describe_place(
    const struct image_block *element, uint64_t address, char *buffer, size_t size);

/// "a busy block of 48 bytes at 0x7f...", "96 free bytes at 0x7f...": `buffer` is returned.
char *element_describe(
    const struct image *image, const struct image_block *element, char *buffer, size_t size);

#endif
