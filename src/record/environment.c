// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What `halde run` has put into the environment, read and taken out again, so that the program and
// its children have the one that they would have had.  In place: the entries are this process's own
// memory, which libc hands on as it is.

#include "os/channel.h"
#include "os/os.h"
#include "os/process.h"
#include "record/record.h"

#include <string.h>
#include <sys/auxv.h>

// The entry of a variable, or NULL.
static char **find_entry(const char *name)
{
    size_t size = strlen(name);
    char **entry = os_environment();
    while (entry != NULL && *entry != NULL) {
        if (strncmp(*entry, name, size) == 0 && (*entry)[size] == '=') {
            return entry;
        }
        entry++;
    }
    return NULL;
}

static void remove_entry(char **entry)
{
    for (; *entry != NULL; entry++) {
        entry[0] = entry[1];
    }
}

// A field of the text up to its comma, or the end: a number, or not. Moves on behind it.
static bool read_number(const char **text, size_t *number)
{
    const char *at = *text;
    *number = 0;
    while (*at >= '0' && *at <= '9' && *number < INT32_MAX) {
        *number = *number * 10 + (size_t)(*at - '0');
        at++;
    }
    bool is_number = at != *text && (*at == ',' || *at == '\0');
    at += strcspn(at, ",");
    *text = *at == ',' ? at + 1 : at;
    return is_number;
}

// Gives a variable back the bytes it had, or takes it away.
static void restore(const char *name, bool had_value, size_t size)
{
    char **entry = find_entry(name);
    if (entry == NULL) {
        return;
    }
    if (!had_value) {
        remove_entry(entry);
        return;
    }
    char *value = *entry + strlen(name) + 1;
    if (size < strlen(value)) {
        value[size] = '\0';
    }
}

// HALDE_RECORD, taken apart.
struct fields {
    size_t descriptor, options_size, preload_size, collector_id;
    bool has_descriptor, had_options, had_preload;
};

static void read_fields(const char *text, struct fields *fields)
{
    fields->has_descriptor = read_number(&text, &fields->descriptor);
    fields->had_options = read_number(&text, &fields->options_size);
    fields->had_preload = read_number(&text, &fields->preload_size);
    read_number(&text, &fields->collector_id);
    recorder.collector_id = (uint32_t)fields->collector_id;
    size_t size = strlen(text);
    if (size < CHANNEL_NAME_SIZE) {
        memcpy(recorder.name, text, size + 1);
    }
}

// What descendants find: the same, but the descriptor, which is of this process only.
static void hide_descriptor(char *text)
{
    for (; *text != ',' && *text != '\0'; text++) {
        *text = '-';
    }
}

static void clean(const struct fields *fields)
{
    char **entry = find_entry(CHANNEL_VARIABLE);
    if (recorder.name[0] != '\0') {
        hide_descriptor(*entry + strlen(CHANNEL_VARIABLE) + 1);
        return;
    }
    remove_entry(entry);
    restore("HALDE_OPTIONS", fields->had_options, fields->options_size);
    restore("LD_PRELOAD", fields->had_preload, fields->preload_size);
}

int record_take_descriptor(void)
{
    char **entry = getauxval(AT_SECURE) == 0 ? find_entry(CHANNEL_VARIABLE) : NULL;
    if (entry == NULL) {
        return -1;
    }
    struct fields fields;
    read_fields(*entry + strlen(CHANNEL_VARIABLE) + 1, &fields);
    clean(&fields);
    if (fields.has_descriptor) {
        return (int)fields.descriptor;
    }
    return recorder.name[0] != '\0' ? os_ask_for_descriptor(recorder.name, 0) : -1;
}
