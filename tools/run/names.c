// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/names.h"

#include "cli/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    NUMBERS_MAX = 10000 // of %n
};

bool capture_pattern_is_valid(const char *pattern, char *bad)
{
    for (const char *at = strchr(pattern, '%'); at != NULL; at = strchr(at + 2, '%')) {
        if (at[1] == '\0' || strchr("pehtn%", at[1]) == NULL) {
            *bad = at[1];
            return false;
        }
    }
    return true;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void put_field(
    FILE *stream, char letter, const char *program, pid_t process_id, unsigned number)
{
    char host[256] = "";
    switch (letter) {
    case 'p':
        fprintf(stream, "%d", (int)process_id);
        break;
    case 'e':
        fputs(last_part(program), stream);
        break;
    case 'h':
        gethostname(host, sizeof(host) - 1);
        fputs(host, stream);
        break;
    case 't':
        fprintf(stream, "%lld", (long long)time(NULL));
        break;
    case 'n':
        fprintf(stream, "%u", number);
        break;
    default:
        fputc(letter, stream);
        break;
    }
}

static char *expand(const char *pattern, const char *program, pid_t process_id, unsigned number)
{
    char *name = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&name, &size);
    if (stream == NULL) {
        out_of_memory();
    }
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '%' && at[1] != '\0') {
            put_field(stream, *++at, program, process_id, number);
        } else {
            fputc(*at, stream);
        }
    }
    if (fclose(stream) != 0) {
        out_of_memory();
    }
    return name;
}

static bool has_number(const char *pattern)
{
    for (const char *at = strchr(pattern, '%'); at != NULL && at[1] != '\0';
         at = strchr(at + 2, '%')) {
        if (at[1] == 'n') {
            return true;
        }
    }
    return false;
}

// Names that were given already.
static struct {
    char **names;
    size_t count;
    size_t capacity;
} given;

static bool is_given(const char *name)
{
    for (size_t i = 0; i < given.count; i++) {
        if (strcmp(given.names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void note_given(const char *name)
{
    given.names = must_grow(given.names, given.count, &given.capacity, sizeof(given.names[0]));
    given.names[given.count++] = must_copy_text(name);
}

// A name of its own for each process, whatever the pattern says.
static char *make_different(char *name)
{
    char *different = must_copy_text(name);
    for (unsigned number = 2; is_given(different); number++) {
        free(different);
        different = must_format("%s.%u", name, number);
    }
    free(name);
    note_given(different);
    return different;
}

char *capture_name(const char *pattern, const char *program, pid_t process_id)
{
    pattern = pattern == NULL ? "%e.%p.halde" : pattern;
    char *name = expand(pattern, program, process_id, 1);
    for (unsigned number = 2;
         has_number(pattern) && number < NUMBERS_MAX && (is_given(name) || access(name, F_OK) == 0);
         number++) {
        free(name);
        name = expand(pattern, program, process_id, number);
    }
    return make_different(name);
}
