// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Bytes of memory out of a file, for image_read().  Pieces are decompressed when they are asked for
 * first and kept, up to a limit.
 */
#ifndef CAPTURE_CONTENTS_H
#define CAPTURE_CONTENTS_H

#include "capture/reader.h"

struct contents;

/// @param source    belongs to the result from now on
/// @param sections  those of the contents, by address; copied
struct contents *contents_create(
    struct section_source source, const struct placed_section *sections, size_t count);
/// As an image's release_reader().
void contents_destroy(void *contents);
/// As an image_reader.
size_t contents_read(void *contents, uint64_t address, void *buffer, size_t size);

#endif
