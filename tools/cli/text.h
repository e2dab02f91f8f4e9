// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Characters: what is UTF-8, how wide it is, and how it is shown where it cannot be.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stddef.h>
#include <stdint.h>

/// Bytes of the character at `text`, which ends with 0; 0: no UTF-8 (too long a form, a surrogate,
/// a number beyond the last).
size_t text_decode(const char *text, uint32_t *code);

/// The text as a person may see it: control characters and bytes that are no UTF-8 become "\\xNN",
/// and what an ASCII terminal cannot show, '?'.  To be freed.
char *text_clean(const char *text);
/// Columns that a clean text takes.
size_t text_width(const char *clean);
/// Bytes of a clean text that fit into `width` columns.
size_t text_fit(const char *clean, size_t width);

#endif
