// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Who allocated a block, when and where: in a few words, or with the whole stack. */
#ifndef FILTER_ORIGIN_H
#define FILTER_ORIGIN_H

#include "cli/cli.h"
#include "image/image.h"
#include "symbols/symbols.h"

/// Whether anything is known of it.
bool origin_is_known(const struct image *image, const struct image_block *block);

/// "conn_new (src/conn.c:212)", "src/conn.c:212"; "" when nothing is known. `buffer` is returned.
char *origin_site(const struct image *image, struct symbols *symbols,
    const struct image_block *block, char *buffer, size_t size);

/// "allocated by conn_new (src/conn.c:212), thread 4719 "worker", 14 m 02 s ago" as lines that
/// begin with `indent`, and up to `depth` frames below it. Nothing when nothing is known.
void origin_print(const struct image *image, struct symbols *symbols,
    const struct image_block *block, const char *indent, size_t depth);

/// The same as keys of an open object: file, line, number, type, thread, age_ns, hash, stack (of up
/// to `depth` frames).
void origin_put(struct json *json, const struct image *image, struct symbols *symbols,
    const struct image_block *block, size_t depth);

#endif
