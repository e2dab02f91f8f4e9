// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Wide text to bytes and back, without loss.
 *
 * The encoding is the one of the program's locale; while that is "C" it is UTF-8.  A byte that
 * begins no valid character decodes to U+DC80..U+DCFF, and these encode to that byte again, in
 * every encoding: file names and arguments survive the way through wide strings whatever they hold.
 * Stateful encodings, which glibc offers no locale for, are not supported.
 *
 * A codec is a value without resources; take a new one for each call, since the locale may change.
 */
#ifndef PRINT_CODEC_H
#define PRINT_CODEC_H

#include <limits.h>
#include <wchar.h>

#include "base/compiler.h"

#define CODEC_MAX_BYTES MB_LEN_MAX ///< bytes of one character, at most

struct codec {
    bool is_utf8; ///< otherwise libc converts, in the locale's encoding
};

/// The codec of the calling thread's locale.
struct codec halde_codec_get(void);

/**
 * Decodes one character.
 * @param bytes  what is there of it; NUL is a character like any other
 * @param size   at least 1
 * @return bytes used, at least 1; or 0 when all of them are the beginning of a longer character
 */
size_t halde_codec_decode(struct codec codec, const char *bytes, size_t size, wchar_t *character);

/// The same where no more bytes will come: the first byte of an unfinished character counts as
/// invalid. At least 1.
size_t halde_codec_decode_last(
    struct codec codec, const char *bytes, size_t size, wchar_t *character);

/**
 * Encodes the first character of `units`: two of them when they are a surrogate pair.
 * @param count  at least 1
 * @param used   receives how many units were encoded, 1 or 2
 * @return bytes stored, at least 1; a character that the encoding lacks gives '?'
 */
size_t halde_codec_encode(struct codec codec, const wchar_t *units, size_t count, size_t *used,
    char bytes[CODEC_MAX_BYTES]);

/**
 * Converts a whole string and terminates it.
 * @return its length; or SIZE_MAX when it does not fit into `capacity` (at least 1): then `bytes`
 * is ""
 */
size_t halde_codec_narrow(const wchar_t *string, char *bytes, size_t capacity);

/// The same the other way; the length of the whole text is returned even if it does not fit: then
/// `wide` is not terminated.
size_t halde_codec_widen(const char *string, wchar_t *wide, size_t capacity);

#endif
