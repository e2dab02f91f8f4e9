// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/memory.h"
#include "sites/suppression.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Where in a text the reader is.
struct reader {
    const char *origin;
    const char *at;
    const char *end;
    size_t line_number;
    char *line; ///< the current one, without blanks around it
    size_t line_capacity;
    char *error; ///< NULL: none so far
};

__attribute__((format(printf, 2, 3))) static void fail(
    struct reader *reader, const char *format, ...)
{
    if (reader->error != NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) {
        out_of_memory();
    }
    va_end(arguments);
    reader->error = must_format("%s:%zu: %s", reader->origin, reader->line_number, text);
    free(text);
}

/// Goes to the next line. False: there is none, or an error.
static bool next_line(struct reader *reader)
{
    if (reader->at == reader->end || reader->error != NULL) {
        return false;
    }
    reader->line_number++;
    size_t rest = (size_t)(reader->end - reader->at);
    const char *newline = memchr(reader->at, '\n', rest);
    size_t length = newline != NULL ? (size_t)(newline - reader->at) : rest;
    const char *start = reader->at;
    reader->at += length + (newline != NULL ? 1 : 0);
    if (length > SUPPRESSION_LINE_MAX) {
        fail(reader, "line of more than %d bytes", SUPPRESSION_LINE_MAX);
        return false;
    }
    if (memchr(start, 0, length) != NULL) {
        fail(reader, "a byte 0: this is no text file");
        return false;
    }
    while (length > 0 && isspace((unsigned char)*start)) {
        start++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)start[length - 1])) {
        length--;
    }
    if (length + 1 > reader->line_capacity) {
        reader->line_capacity = (length + 1) * 2;
        reader->line = must_resize(reader->line, reader->line_capacity, 1);
    }
    memcpy(reader->line, start, length);
    reader->line[length] = 0;
    return true;
}

void suppression_add_frame(
    struct suppression *suppression, enum pattern_kind kind, const char *glob, int line)
{
    suppression->frames = must_grow(suppression->frames, suppression->frame_count,
        &suppression->frame_capacity, sizeof(*suppression->frames));
    suppression->frames[suppression->frame_count++] = (struct pattern){
        .kind = kind, .glob = must_copy_text(glob != NULL ? glob : ""), .line = line};
}

static struct suppression new_entry(const struct reader *reader, enum suppression_form form)
{
    return (struct suppression){.form = form,
        .origin = reader->origin,
        .line = reader->line_number,
        .kinds = SUPPRESSION_KINDS_ALL,
        .type = -1,
        .subtype = -1};
}

static void add_entry(
    struct suppressions *suppressions, struct reader *reader, struct suppression *entry)
{
    if (suppressions->count >= SUPPRESSIONS_MAX) {
        fail(reader, "more than %d entries", SUPPRESSIONS_MAX);
        suppression_release(entry);
        return;
    }
    entry->is_expired = entry->until != 0 && suppressions->day > entry->until;
    suppressions->items = must_grow(suppressions->items, suppressions->count,
        &suppressions->capacity, sizeof(*suppressions->items));
    suppressions->items[suppressions->count++] = *entry;
}

// ---- Valgrind's form ----------------------------------------------------------------------------

/// "file.c:12": takes the line off. Without a number all of it is the file.
static int take_line_number(char *file)
{
    char *colon = strrchr(file, ':');
    if (colon == NULL || colon[1] == 0 || strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
        return 0;
    }
    long line = strtol(colon + 1, NULL, 10);
    *colon = 0;
    return line > 0 && line <= INT32_MAX ? (int)line : -1;
}

/// A line of an entry that says something about a frame. False: it does not.
static bool read_frame(struct suppression *entry, char *line)
{
    if (strcmp(line, "...") == 0) {
        suppression_add_frame(entry, PATTERN_ANY, NULL, 0);
    } else if (strncmp(line, "fun:", 4) == 0) {
        suppression_add_frame(entry, PATTERN_FUNCTION, line + 4, 0);
    } else if (strncmp(line, "obj:", 4) == 0) {
        suppression_add_frame(entry, PATTERN_MODULE, line + 4, 0);
    } else if (strncmp(line, "src:", 4) == 0) {
        int number = take_line_number(line + 4);
        suppression_add_frame(entry, PATTERN_SOURCE, line + 4, number);
    } else {
        return false;
    }
    return true;
}

/// "Memcheck,Other:Leak": whether it is about leaks. NULL after a ':' that is missing.
static bool is_leak_kind(struct reader *reader)
{
    char *colon = strchr(reader->line, ':');
    if (colon == NULL) {
        fail(reader, "'TOOL:KIND' expected, as in Memcheck:Leak, not '%.100s'", reader->line);
        return false;
    }
    if (strcmp(colon + 1, "Leak") != 0) {
        return false;
    }
    char *rest = reader->line;
    *colon = 0;
    for (char *tool = strsep(&rest, ","); tool != NULL; tool = strsep(&rest, ",")) {
        if (strcmp(tool, "Memcheck") == 0) {
            return true;
        }
    }
    return false;
}

static void read_leak_line(struct reader *reader, struct suppression *entry)
{
    static const char kinds[] = "match-leak-kinds:";
    char *line = reader->line;
    if (strncmp(line, kinds, sizeof(kinds) - 1) == 0) {
        const char *value = line + sizeof(kinds) - 1;
        value += strspn(value, " \t");
        if (entry->frame_count > 0) {
            fail(reader, "match-leak-kinds comes before the first frame");
        } else if (!suppression_parse_kinds(value, &entry->kinds)) {
            fail(reader,
                "'%.100s' is no list of definite, indirect, possible, reachable, all, none", value);
        }
        return;
    }
    if (entry->frame_count >= SUPPRESSION_FRAMES_MAX) {
        fail(reader, "entry of more than %d frames", SUPPRESSION_FRAMES_MAX);
    } else if (!read_frame(entry, line)) {
        fail(reader, "'fun:', 'obj:', 'src:', '...' or '}' expected, not '%.100s'", line);
    }
}

/// Behind '{'.
static void read_valgrind(struct suppressions *suppressions, struct reader *reader)
{
    struct suppression entry = new_entry(reader, SUPPRESSION_VALGRIND);
    bool is_whole = false;
    bool is_leak = false;
    for (size_t count = 0; !is_whole && next_line(reader);) {
        if (reader->line[0] == 0 || reader->line[0] == '#') {
            continue;
        }
        is_whole = count >= 2 && strcmp(reader->line, "}") == 0;
        if (count == 0) {
            entry.name = must_copy_text(reader->line);
        } else if (count == 1) {
            is_leak = is_leak_kind(reader);
        } else if (is_leak && !is_whole) {
            read_leak_line(reader, &entry);
        }
        count++;
    }
    if (!is_whole) {
        fail(reader, "entry without its '}'; it begins in line %zu", entry.line);
    } else if (is_leak && entry.frame_count == 0) {
        fail(reader, "entry without a frame ('fun:', 'obj:', 'src:'); it begins in line %zu",
            entry.line);
    }
    if (reader->error != NULL || !is_leak) {
        suppression_release(&entry);
    } else {
        add_entry(suppressions, reader, &entry);
    }
}

// ---- Lines --------------------------------------------------------------------------------------

/// Whether a line speaks to another sanitizer: such files are often shared.
static bool is_for_others(const char *line)
{
    static const char *const words[] = {"race:", "race_top:", "thread:", "mutex:", "signal:",
        "deadlock:", "called_from_lib:", "interceptor_name:", "interceptor_via_fun:",
        "interceptor_via_lib:", "odr_violation:", "vptr_check:", "alignment:",
        "signed-integer-overflow:", "undefined:", "src:", "fun:", "unsigned-integer-overflow:"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strncmp(line, words[i], strlen(words[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void read_lsan(struct suppressions *suppressions, struct reader *reader)
{
    const char *pattern = reader->line + strlen("leak:");
    if (pattern[strspn(pattern, "*^$")] == 0) {
        fail(reader, "'leak:' with nothing to look for would suppress everything");
        return;
    }
    struct suppression entry = new_entry(reader, SUPPRESSION_LSAN);
    entry.name = must_copy_text(reader->line);
    entry.text = must_copy_text(pattern);
    add_entry(suppressions, reader, &entry);
}

static void read_own(struct suppressions *suppressions, struct reader *reader)
{
    struct suppression entry = new_entry(reader, SUPPRESSION_OWN);
    char *error = NULL;
    if (!suppression_parse_own(&entry, reader->line + strlen("suppress"), &error)) {
        fail(reader, "%s", error);
        free(error);
        suppression_release(&entry);
        return;
    }
    entry.name = must_copy_text(reader->line);
    add_entry(suppressions, reader, &entry);
}

static void read_line(struct suppressions *suppressions, struct reader *reader)
{
    const char *line = reader->line;
    size_t word = strlen("suppress");
    if (line[0] == 0 || line[0] == '#') {
        return;
    }
    if (strcmp(line, "{") == 0) {
        read_valgrind(suppressions, reader);
    } else if (strncmp(line, "leak:", 5) == 0) {
        read_lsan(suppressions, reader);
    } else if (strncmp(line, "suppress", word) == 0 &&
               (line[word] == 0 || isspace((unsigned char)line[word]))) {
        read_own(suppressions, reader);
    } else if (!is_for_others(line)) {
        fail(reader, "'leak:PATTERN', '{' or 'suppress ...' expected, not '%.100s'", line);
    }
}

bool suppressions_parse(struct suppressions *suppressions, const char *origin, const char *text,
    size_t size, char **error)
{
    suppressions->origins = must_grow(suppressions->origins, suppressions->origin_count,
        &suppressions->origin_capacity, sizeof(*suppressions->origins));
    char *name = must_copy_text(origin);
    suppressions->origins[suppressions->origin_count++] = name;
    size_t old_count = suppressions->count;
    struct reader reader = {.origin = name, .at = text, .end = text + size};
    while (next_line(&reader)) {
        read_line(suppressions, &reader);
    }
    free(reader.line);
    if (reader.error == NULL) {
        return true;
    }
    while (suppressions->count > old_count) {
        suppression_release(&suppressions->items[--suppressions->count]);
    }
    *error = reader.error;
    return false;
}

/// All of a file; NULL: `*error` says why.
static char *read_file(const char *path, size_t *size, char **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *error = must_format("%s: cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    char *text = NULL;
    size_t used = 0;
    size_t capacity = 0;
    ssize_t done = 1;
    while (done > 0 && used <= SUPPRESSION_FILE_MAX) {
        if (used == capacity) {
            capacity = capacity == 0 ? 1 << 14 : capacity * 2;
            text = must_resize(text, capacity, 1);
        }
        done = read(fd, text + used, capacity - used);
        used += done > 0 ? (size_t)done : 0;
        if (done < 0 && errno == EINTR) {
            done = 1;
        }
    }
    if (done < 0) {
        *error = must_format("%s: cannot be read: %s", path, strerror(errno));
    } else if (used > SUPPRESSION_FILE_MAX) {
        *error = must_format("%s: more than %d MiB", path, SUPPRESSION_FILE_MAX >> 20);
    }
    close(fd);
    if (*error != NULL) {
        free(text);
        return NULL;
    }
    *size = used;
    return text;
}

bool suppressions_read(struct suppressions *suppressions, const char *path, char **error)
{
    size_t size = 0;
    *error = NULL;
    char *text = read_file(path, &size, error);
    if (text == NULL) {
        return false;
    }
    bool is_good = suppressions_parse(suppressions, path, text, size, error);
    free(text);
    return is_good;
}
