// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Wide text on byte streams, declared in include/halde-win32/halde_stdio.h.
 *
 * Streams keep byte orientation.  One that the program has made wide already is read with libc's
 * wide functions; sinks write to it accordingly.
 */
#include "halde-win32/halde_stdio.h"

#include <errno.h>
#include <string.h>

#include "print/codec.h"
#include "print/sink.h"

// ---- Output -----------------------------------------------------------------------------------

/// Writes the string and, if wanted, a line feed in one go. Returns 0, or EOF with errno set.
static int put_string(const wchar_t *string, bool adds_line_feed, FILE *stream)
{
    if (string == NULL || stream == NULL) {
        errno = EINVAL;
        return EOF;
    }
    const int saved_errno = errno;
    struct sink sink;
    halde_sink_init_stream(&sink, stream, true);
    halde_sink_put_wide(&sink, string, wcslen(string));
    if (adds_line_feed) {
        halde_sink_put_repeated(&sink, '\n', 1);
    }
    const int error = halde_sink_finish(&sink);
    errno = error != 0 ? error : saved_errno;
    return error != 0 ? EOF : 0;
}

int halde_fputws(const wchar_t *string, FILE *stream)
{
    return put_string(string, false, stream);
}

int halde_putws(const wchar_t *string)
{
    return put_string(string, true, stdout);
}

wint_t halde_fputwc(wchar_t character, FILE *stream)
{
    if (stream == NULL) {
        errno = EINVAL;
        return WEOF;
    }
    const int saved_errno = errno;
    struct sink sink;
    halde_sink_init_stream(&sink, stream, true);
    halde_sink_put_wide(&sink, &character, 1);
    const int error = halde_sink_finish(&sink);
    errno = error != 0 ? error : saved_errno;
    return error != 0 ? WEOF : (wint_t)character;
}

// ---- Input ------------------------------------------------------------------------------------

/// Gives bytes back, last first. A stream takes at least the few that a character has.
static void unread(const char *bytes, size_t size, FILE *stream)
{
    while (size > 0) {
        size--;
        ungetc((unsigned char)bytes[size], stream);
    }
}

/// Reads one character from a locked stream with byte orientation. Bytes that make none come one at
/// a time.
static wint_t read_character(struct codec codec, FILE *stream)
{
    char bytes[CODEC_MAX_BYTES];
    size_t size = 0;
    size_t used = 0;
    wchar_t character = L'\0';
    while (used == 0 && size < CODEC_MAX_BYTES) {
        const int byte = getc_unlocked(stream);
        if (byte == EOF) {
            break;
        }
        bytes[size++] = (char)byte;
        used = halde_codec_decode(codec, bytes, size, &character);
    }
    if (size == 0) {
        return WEOF;
    }
    if (used == 0) {
        used = halde_codec_decode_last(codec, bytes, size, &character);
    }
    unread(bytes + used, size - used, stream);
    return (wint_t)character;
}

/// The same from any locked stream.
static wint_t read_any(struct codec codec, FILE *stream)
{
    const bool is_wide_stream = fwide(stream, 0) > 0; // 0 asks only
    return is_wide_stream ? fgetwc_unlocked(stream) : read_character(codec, stream);
}

wint_t halde_fgetwc(FILE *stream)
{
    if (stream == NULL) {
        errno = EINVAL;
        return WEOF;
    }
    flockfile(stream);
    const wint_t character = read_any(halde_codec_get(), stream);
    funlockfile(stream);
    return character;
}

wint_t halde_ungetwc(wint_t character, FILE *stream)
{
    if (character == WEOF || stream == NULL) {
        return WEOF;
    }
    flockfile(stream);
    wint_t result = character;
    if (fwide(stream, 0) > 0) {
        result = ungetwc(character, stream);
    } else {
        const wchar_t unit = (wchar_t)character;
        char bytes[CODEC_MAX_BYTES];
        size_t used;
        const size_t size = halde_codec_encode(halde_codec_get(), &unit, 1, &used, bytes);
        unread(bytes, size, stream);
    }
    funlockfile(stream);
    return result;
}

wchar_t *halde_fgetws(wchar_t *buffer, int count, FILE *stream)
{
    if (buffer == NULL || count <= 0 || stream == NULL) {
        errno = EINVAL;
        return NULL;
    }
    const struct codec codec = halde_codec_get();
    int length = 0;
    wint_t character = L'\0';
    flockfile(stream);
    while (length < count - 1 && character != L'\n') {
        character = read_any(codec, stream);
        if (character == WEOF) {
            break;
        }
        buffer[length++] = (wchar_t)character;
    }
    const bool has_failed = ferror_unlocked(stream) != 0;
    funlockfile(stream);
    if (character == WEOF && (length == 0 || has_failed)) {
        return NULL;
    }
    buffer[length] = L'\0';
    return buffer;
}

/// Reads the rest of a line that does not fit, so that the next call begins with the next line.
static void skip_line(FILE *stream)
{
    wint_t character;
    do {
        character = halde_fgetwc(stream);
    } while (character != L'\n' && character != WEOF);
}

char *halde_gets_s(char *buffer, size_t size)
{
    if (buffer == NULL || size == 0) {
        errno = EINVAL;
        return NULL;
    }
    size_t length = 0;
    int byte;
    buffer[0] = '\0';
    while ((byte = getc(stdin)) != EOF && byte != '\n') {
        if (length == size - 1) {
            buffer[0] = '\0';
            skip_line(stdin);
            errno = ERANGE;
            return NULL;
        }
        buffer[length++] = (char)byte;
    }
    if (byte == EOF && (length == 0 || ferror(stdin) != 0)) {
        buffer[0] = '\0';
        return NULL;
    }
    buffer[length] = '\0';
    return buffer;
}

wchar_t *halde_getws_s(wchar_t *buffer, size_t size)
{
    if (buffer == NULL || size == 0) {
        errno = EINVAL;
        return NULL;
    }
    size_t length = 0;
    wint_t character;
    buffer[0] = L'\0';
    while ((character = halde_fgetwc(stdin)) != WEOF && character != L'\n') {
        if (length == size - 1) {
            buffer[0] = L'\0';
            skip_line(stdin);
            errno = ERANGE;
            return NULL;
        }
        buffer[length++] = (wchar_t)character;
    }
    if (character == WEOF && (length == 0 || ferror(stdin) != 0)) {
        buffer[0] = L'\0';
        return NULL;
    }
    buffer[length] = L'\0';
    return buffer;
}
