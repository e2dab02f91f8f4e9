// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// Our own form of suppressions: words of the form key=value in one line.
#include "cli/memory.h"
#include "sites/suppression.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/// As in crtdbg.h.
static const char *const block_types[] = {"free", "normal", "crt", "ignore", "client"};

bool suppression_parse_kinds(const char *text, unsigned *kinds)
{
    static const struct {
        const char *name;
        unsigned bits;
    } names[] = {{"definite", 1 << REACH_DEFINITE}, {"indirect", 1 << REACH_INDIRECT},
        {"possible", 1 << REACH_POSSIBLE}, {"reachable", 1 << REACH_REACHABLE},
        {"all", SUPPRESSION_KINDS_ALL}, {"none", 0}};
    *kinds = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        size_t i = 0;
        while (i < sizeof(names) / sizeof(names[0]) &&
               (strlen(names[i].name) != length || memcmp(names[i].name, text, length) != 0)) {
            i++;
        }
        if (i == sizeof(names) / sizeof(names[0])) {
            return false;
        }
        *kinds |= names[i].bits;
        if (text[length] == 0) {
            return true;
        }
        text += length + 1;
    }
}

/// "2026-12-31" as 20261231; 0: no date.
static int parse_date(const char *text)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (size_t i = 0; i < 10; i++) {
        bool is_dash = i == 4 || i == 7;
        if (is_dash ? text[i] != '-' : !isdigit((unsigned char)text[i])) {
            return 0;
        }
    }
    long year = strtol(text, NULL, 10);
    long month = strtol(text + 5, NULL, 10);
    long day = strtol(text + 8, NULL, 10);
    bool is_date = text[10] == 0 && year >= 1970 && month >= 1 && month <= 12 && day >= 1 &&
                   day <= days[month - 1];
    return is_date ? (int)(year * 10000 + month * 100 + day) : 0;
}

/// "GLOB <- GLOB <- ...".
static bool parse_stack(struct suppression *suppression, char *text)
{
    char *rest = text;
    while (rest != NULL) {
        char *element = rest;
        char *arrow = strstr(rest, " <- ");
        rest = NULL;
        if (arrow != NULL) {
            *arrow = 0;
            rest = arrow + 4;
        }
        bool is_end = strcmp(element, "$") == 0;
        if (element[0] == 0 || (is_end && rest != NULL) ||
            suppression->frame_count >= SUPPRESSION_FRAMES_MAX) {
            return false;
        }
        enum pattern_kind kind = is_end                        ? PATTERN_END
                                 : strcmp(element, "...") == 0 ? PATTERN_ANY
                                                               : PATTERN_FUNCTION;
        suppression_add_frame(suppression, kind, element, 0);
    }
    return true;
}

static bool parse_type(struct suppression *suppression, char *text)
{
    char *colon = strchr(text, ':');
    if (colon != NULL) {
        *colon = 0;
        char *end = NULL;
        long subtype = strtol(colon + 1, &end, 0);
        if (end == colon + 1 || *end != 0 || subtype < 0 || subtype > UINT16_MAX) {
            return false;
        }
        suppression->subtype = (int)subtype;
    }
    for (size_t i = 0; i < sizeof(block_types) / sizeof(block_types[0]); i++) {
        if (strcmp(text, block_types[i]) == 0) {
            suppression->type = (int)i;
            return true;
        }
    }
    return false;
}

static bool parse_file(struct suppression *suppression, char *text)
{
    char *colon = strrchr(text, ':');
    if (colon != NULL && colon[1] != 0 && strspn(colon + 1, "0123456789") == strlen(colon + 1)) {
        *colon = 0;
        long line = strtol(colon + 1, NULL, 10);
        if (line <= 0 || line > INT32_MAX) {
            return false;
        }
        suppression->file_line = (int)line;
    }
    free(suppression->file);
    suppression->file = must_copy_text(text);
    return text[0] != 0;
}

static bool parse_hash(struct suppression *suppression, const char *text)
{
    text += text[0] == '#' ? 1 : 0;
    size_t length = strlen(text);
    if (length < 4 || length > 16 || strspn(text, "0123456789abcdefABCDEF") != length) {
        return false;
    }
    free(suppression->hash);
    suppression->hash = must_copy_text(text);
    return true;
}

static bool set_text(char **field, const char *value)
{
    free(*field);
    *field = must_copy_text(value);
    return value[0] != 0;
}

/// False: the value is none for this key. `*is_known` gets whether the key is one.
static bool set_value(struct suppression *entry, const char *key, char *value, bool *is_known)
{
    *is_known = true;
    if (strcmp(key, "kind") == 0) {
        return suppression_parse_kinds(value, &entry->kinds);
    }
    if (strcmp(key, "module") == 0) {
        return set_text(&entry->module, value);
    }
    if (strcmp(key, "stack") == 0) {
        return entry->frame_count == 0 && parse_stack(entry, value);
    }
    if (strcmp(key, "file") == 0) {
        return parse_file(entry, value);
    }
    if (strcmp(key, "type") == 0) {
        return parse_type(entry, value);
    }
    if (strcmp(key, "hash") == 0) {
        return parse_hash(entry, value);
    }
    if (strcmp(key, "until") == 0) {
        entry->until = parse_date(value);
        return entry->until != 0;
    }
    if (strcmp(key, "reason") == 0) {
        set_text(&entry->reason, value);
        return true;
    }
    *is_known = false;
    return false;
}

/// Reads a value, in "" or up to the next blank, into `value`, which has room for all of the line.
/// Returns where it ends; NULL: the closing " is missing.
static const char *read_value(const char *at, char *value)
{
    bool is_quoted = *at == '"';
    at += is_quoted ? 1 : 0;
    while (*at != 0 && (is_quoted ? *at != '"' : !isspace((unsigned char)*at))) {
        if (is_quoted && *at == '\\' && (at[1] == '"' || at[1] == '\\')) {
            at++;
        }
        *value++ = *at++;
    }
    *value = 0;
    if (!is_quoted) {
        return at;
    }
    return *at == '"' ? at + 1 : NULL;
}

/// Reads key=value. NULL: `*error` says why not.
static const char *read_word(struct suppression *entry, const char *at, char *buffer, char **error)
{
    size_t key_length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
    char key[16] = "";
    if (key_length == 0 || key_length >= sizeof(key) || at[key_length] != '=') {
        *error = must_format("'KEY=VALUE' expected at '%.60s'", at);
        return NULL;
    }
    memcpy(key, at, key_length);
    const char *end = read_value(at + key_length + 1, buffer);
    if (end == NULL || (*end != 0 && !isspace((unsigned char)*end))) {
        *error = must_format("value of %s: %s", key,
            end == NULL ? "the closing \" is missing" : "a blank is missing behind the \"");
        return NULL;
    }
    bool is_known = false;
    char *shown = must_copy_text(buffer);
    if (!set_value(entry, key, buffer, &is_known)) {
        *error = is_known ? must_format("'%.100s' is no value of %s", shown, key)
                          : must_format("unknown word '%s'; known are kind, module, stack, file, "
                                        "type, hash, until and reason",
                                key);
        end = NULL;
    }
    free(shown);
    return end;
}

static bool says_something(const struct suppression *entry)
{
    return entry->kinds != SUPPRESSION_KINDS_ALL || entry->module != NULL ||
           entry->frame_count > 0 || entry->file != NULL || entry->type >= 0 || entry->hash != NULL;
}

bool suppression_parse_own(struct suppression *suppression, const char *line, char **error)
{
    char *buffer = must_allocate(strlen(line) + 1, 1);
    const char *at = line + strspn(line, " \t");
    while (at != NULL && *at != 0) {
        at = read_word(suppression, at, buffer, error);
        if (at != NULL) {
            at += strspn(at, " \t");
        }
    }
    free(buffer);
    if (at == NULL) {
        return false;
    }
    if (!says_something(suppression)) {
        *error = must_copy_text("an entry without conditions would suppress everything");
        return false;
    }
    return true;
}
