// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "print/sink.h"

#include <errno.h>
#include <string.h>
#include <wchar.h>

void halde_sink_init_stream(struct sink *sink, FILE *stream, bool is_wide)
{
    flockfile(stream);
    sink->stream = stream;
    sink->narrow = NULL;
    sink->wide = NULL;
    sink->capacity = 0;
    sink->count = 0;
    sink->pending_size = 0;
    sink->error = 0;
    sink->is_wide = is_wide;
    sink->is_wide_stream = fwide(stream, 0) > 0; // asks only; 0 never changes the orientation
    sink->codec = halde_codec_get();
}

static void init_array(struct sink *sink, size_t capacity)
{
    sink->stream = NULL;
    sink->narrow = NULL;
    sink->wide = NULL;
    sink->capacity = capacity;
    sink->count = 0;
    sink->pending_size = 0;
    sink->error = 0;
    sink->is_wide_stream = false;
    sink->codec = halde_codec_get();
}

void halde_sink_init_narrow(struct sink *sink, char *array, size_t capacity)
{
    init_array(sink, capacity);
    sink->is_wide = false;
    sink->narrow = array;
}

void halde_sink_init_wide(struct sink *sink, wchar_t *array, size_t capacity)
{
    init_array(sink, capacity);
    sink->is_wide = true;
    sink->wide = array;
}

/// Keeps the first error; `errno` itself is set once, at the end.
static void set_error(struct sink *sink, int error)
{
    if (sink->error == 0) {
        sink->error = error;
    }
}

static void write_bytes(struct sink *sink, const char *bytes, size_t size)
{
    errno = 0;
    if (fwrite_unlocked(bytes, 1, size, sink->stream) < size) {
        set_error(sink, errno != 0 ? errno : EIO);
    }
}

/// A stream that libc's own wide functions have claimed takes wide characters and nothing else.
static void write_wide_character(struct sink *sink, wchar_t character)
{
    char bytes[CODEC_MAX_BYTES];
    mbstate_t state = {0};
    if (wcrtomb(bytes, character, &state) == (size_t)-1) {
        character = L'?'; // the stream would fail with EILSEQ and stay in error
    }
    errno = 0;
    if (fputwc_unlocked(character, sink->stream) == WEOF) {
        set_error(sink, errno != 0 ? errno : EIO);
    }
}

/// Decodes what is pending. An unfinished character at the end stays pending unless this is the
/// last call.
static void write_decoded(struct sink *sink, bool is_last)
{
    size_t position = 0;
    while (position < sink->pending_size && sink->error == 0) {
        const char *bytes = sink->pending + position;
        const size_t left = sink->pending_size - position;
        wchar_t character;
        size_t used = halde_codec_decode(sink->codec, bytes, left, &character);
        if (used == 0 && !is_last) {
            break;
        }
        if (used == 0) {
            used = halde_codec_decode_last(sink->codec, bytes, left, &character);
        }
        write_wide_character(sink, character);
        position += used;
    }
    sink->pending_size -= position;
    memmove(sink->pending, sink->pending + position, sink->pending_size);
}

static void flush(struct sink *sink, bool is_last)
{
    if (sink->pending_size == 0) {
        return;
    }
    if (sink->is_wide_stream) {
        write_decoded(sink, is_last);
        return;
    }
    write_bytes(sink, sink->pending, sink->pending_size);
    sink->pending_size = 0;
}

bool halde_sink_has_room(struct sink *sink, size_t units)
{
    if (units > (size_t)INT_MAX - sink->count) {
        set_error(sink, EOVERFLOW);
    }
    return sink->error == 0;
}

/// Counts units that are about to be produced. Returns whether they may be.
static bool count_units(struct sink *sink, size_t units)
{
    if (!halde_sink_has_room(sink, units)) {
        return false;
    }
    sink->count += units;
    return true;
}

/// Units of the array that are still free, before count_units(). The array is full for good when
/// the count passes it.
static size_t room_of(const struct sink *sink)
{
    return sink->count < sink->capacity ? sink->capacity - sink->count : 0;
}

static size_t smaller_of(size_t left, size_t right)
{
    return left < right ? left : right;
}

/// Bytes on their way to the stream; they have been counted.
static void stream_bytes(struct sink *sink, const char *bytes, size_t size)
{
    while (size > 0 && sink->error == 0) {
        if (sink->pending_size == SINK_PENDING_SIZE) {
            flush(sink, false);
        }
        const size_t part = smaller_of(size, SINK_PENDING_SIZE - sink->pending_size);
        memcpy(sink->pending + sink->pending_size, bytes, part);
        sink->pending_size += part;
        bytes += part;
        size -= part;
    }
}

static void stream_repeated(struct sink *sink, char character, size_t count)
{
    while (count > 0 && sink->error == 0) {
        if (sink->pending_size == SINK_PENDING_SIZE) {
            flush(sink, false);
        }
        const size_t part = smaller_of(count, SINK_PENDING_SIZE - sink->pending_size);
        memset(sink->pending + sink->pending_size, character, part);
        sink->pending_size += part;
        count -= part;
    }
}

void halde_sink_put_repeated(struct sink *sink, char character, size_t count)
{
    const size_t start = sink->count;
    const size_t stored = smaller_of(count, room_of(sink));
    if (count == 0 || !count_units(sink, count)) {
        return;
    }
    if (sink->stream != NULL) {
        stream_repeated(sink, character, count);
    } else if (sink->is_wide && stored > 0) {
        wmemset(sink->wide + start, (wchar_t)character, stored);
    } else if (stored > 0) {
        memset(sink->narrow + start, character, stored);
    }
}

/// Bytes for a narrow sink: one unit each.
static void put_bytes(struct sink *sink, const char *bytes, size_t size)
{
    const size_t start = sink->count;
    const size_t stored = smaller_of(size, room_of(sink));
    if (size == 0 || !count_units(sink, size)) {
        return;
    }
    if (sink->stream != NULL) {
        stream_bytes(sink, bytes, size);
    } else if (stored > 0) {
        memcpy(sink->narrow + start, bytes, stored);
    }
}

/// A wide character for the array of a wide sink.
static void put_unit(struct sink *sink, wchar_t unit)
{
    const size_t start = sink->count;
    const size_t room = room_of(sink);
    if (count_units(sink, 1) && room > 0) {
        sink->wide[start] = unit;
    }
}

void halde_sink_put_narrow(struct sink *sink, const char *bytes, size_t size)
{
    if (!sink->is_wide) {
        put_bytes(sink, bytes, size);
        return;
    }
    while (size > 0 && sink->error == 0) {
        wchar_t character;
        const size_t used = halde_codec_decode_last(sink->codec, bytes, size, &character);
        if (sink->stream == NULL) {
            put_unit(sink, character);
        } else if (count_units(sink, 1)) {
            stream_bytes(
                sink, bytes, used); // decoding and encoding again would give the same bytes
        }
        bytes += used;
        size -= used;
    }
}

void halde_sink_put_wide(struct sink *sink, const wchar_t *units, size_t count)
{
    while (count > 0 && sink->error == 0) {
        if (sink->is_wide && sink->stream == NULL) {
            put_unit(sink, *units);
            units++;
            count--;
            continue;
        }
        char bytes[CODEC_MAX_BYTES];
        size_t used;
        const size_t size = halde_codec_encode(sink->codec, units, count, &used, bytes);
        if (!sink->is_wide) {
            put_bytes(sink, bytes, size);
        } else if (count_units(sink, used)) {
            stream_bytes(sink, bytes, size);
        }
        units += used;
        count -= used;
    }
}

int halde_sink_finish(struct sink *sink)
{
    if (sink->stream == NULL) {
        return sink->error;
    }
    // What came before an error in the format is still owed to the stream.
    const int error = sink->error;
    sink->error = 0;
    flush(sink, true);
    if (error != 0) {
        sink->error = error;
    }
    funlockfile(sink->stream);
    return sink->error;
}
