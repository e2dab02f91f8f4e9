// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Where formatted text goes: a stream, or an array of char or wchar_t.
 *
 * A sink counts units: bytes for the narrow functions, wide characters for the wide ones.  An array
 * keeps the first `capacity` units and the count goes on, so that the caller learns the full
 * length.  A stream gets bytes from either kind, collected in `pending` and written in few large
 * pieces; its lock is held from init to finish.
 *
 * The first error (an errno value) stops all output; what came before it has been written.  Nothing
 * is allocated.
 */
#ifndef PRINT_SINK_H
#define PRINT_SINK_H

#include <stdio.h>

#include "base/compiler.h"
#include "print/codec.h"

#define SINK_PENDING_SIZE 1024

struct sink {
    FILE *stream;        ///< NULL: an array
    char *narrow;        ///< the array of a narrow sink; NULL: only count
    wchar_t *wide;       ///< the array of a wide sink; NULL: only count
    size_t capacity;     ///< units the array takes
    size_t count;        ///< units produced; at most INT_MAX
    size_t pending_size; ///< bytes in `pending`
    int error;           ///< errno value, 0 while all is well
    bool is_wide;        ///< counts wide characters
    bool is_wide_stream; ///< the program has made the stream wide: bytes must be decoded for it
    struct codec codec;
    char pending[SINK_PENDING_SIZE];
};

/// Locks `stream` until halde_sink_finish().
void halde_sink_init_stream(struct sink *sink, FILE *stream, bool is_wide);
/// `array` may be NULL when `capacity` is 0. No terminator is ever stored.
void halde_sink_init_narrow(struct sink *sink, char *array, size_t capacity);
void halde_sink_init_wide(struct sink *sink, wchar_t *array, size_t capacity);

/// Whether so many more units keep the count within INT_MAX; otherwise the sink's error is
/// EOVERFLOW.
bool halde_sink_has_room(struct sink *sink, size_t units);

/// `count` times the ASCII character.
void halde_sink_put_repeated(struct sink *sink, char character, size_t count);
/// Narrow text in the codec's encoding; whole characters, unless they are invalid.
void halde_sink_put_narrow(struct sink *sink, const char *bytes, size_t size);
void halde_sink_put_wide(struct sink *sink, const wchar_t *units, size_t count);

/// Writes what is pending and unlocks the stream. Returns the sink's error.
int halde_sink_finish(struct sink *sink);

#endif
