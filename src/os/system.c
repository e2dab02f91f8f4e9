// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "base/check.h"
#include "base/text.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

// The one list of options: key and what it accepts.
static const struct {
    const char *key;
    const char *values;
} KNOWN_OPTIONS[] = {
    {"membarrier", "0 or 1"},
    {"heap_flags", "a hexadecimal number or a list of htc,hfc,hpc,hvc,vrf,htg,ust,htd,dhc,hpa"},
    {"terminate_on_corruption", "0 or 1"},
};
enum {
    OPTION_COUNT = sizeof(KNOWN_OPTIONS) / sizeof(KNOWN_OPTIONS[0]),
    OPTION_VALUE_SIZE = 128
};

// Written once by os_options_init(), constant afterwards.
static struct {
    bool is_set[OPTION_COUNT];
    char values[OPTION_COUNT][OPTION_VALUE_SIZE];
} options;

uint64_t os_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void os_write_stderr(const char *bytes, size_t size)
{
    int saved_errno = errno;
    while (size > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            break;
        }
        bytes += written;
        size -= (size_t)written;
    }
    errno = saved_errno;
}

void check_fail(const char *sentence, uint64_t left, uint64_t right, const char *file, int line)
{
    char buffer[512];
    struct text text;
    text_init(&text, buffer, sizeof(buffer));
    text_put(&text, "halde: internal damage: ");
    text_put(&text, sentence);
    text_put(&text, " (left = ");
    text_put_hex(&text, left, 1);
    text_put(&text, ", right = ");
    text_put_hex(&text, right, 1);
    text_put(&text, ", ");
    text_put(&text, file);
    text_put(&text, ":");
    text_put_decimal(&text, (uint64_t)line);
    text_put(&text, ")\n");
    os_write_stderr(buffer, text.length);
    abort();
}

static void put_known_keys(struct text *text)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        text_put(text, i == 0 ? "" : ", ");
        text_put(text, KNOWN_OPTIONS[i].key);
    }
}

static void complain_about_key(const char *key, size_t size)
{
    char buffer[512];
    struct text text;
    text_init(&text, buffer, sizeof(buffer));
    text_put(&text, "halde: HALDE_OPTIONS: unknown key '");
    text_put_bytes(&text, key, size < 64 ? size : 64);
    text_put(&text, "'; known keys: ");
    put_known_keys(&text);
    text_put(&text, "\n");
    os_write_stderr(buffer, text.length);
}

static void complain_about_value(size_t index, const char *value, size_t size)
{
    char buffer[512];
    struct text text;
    text_init(&text, buffer, sizeof(buffer));
    text_put(&text, "halde: HALDE_OPTIONS: ");
    text_put(&text, KNOWN_OPTIONS[index].key);
    text_put(&text, "='");
    text_put_bytes(&text, value, size < 64 ? size : 64);
    text_put(&text, "' is not usable; accepted: ");
    text_put(&text, KNOWN_OPTIONS[index].values);
    text_put(&text, "\n");
    os_write_stderr(buffer, text.length);
}

// Switches accept 0 and 1; other values are judged by the layer that asks for them.
static bool is_value_accepted(size_t index, const char *value, size_t size)
{
    if (size == 0 || size >= OPTION_VALUE_SIZE) {
        return false;
    }
    bool is_switch = strcmp(KNOWN_OPTIONS[index].values, "0 or 1") == 0;
    return !is_switch || (size == 1 && (value[0] == '0' || value[0] == '1'));
}

static void read_option(const char *item, size_t size)
{
    const char *equals = memchr(item, '=', size);
    size_t key_size = equals == NULL ? size : (size_t)(equals - item);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(KNOWN_OPTIONS[i].key) != key_size ||
            memcmp(KNOWN_OPTIONS[i].key, item, key_size) != 0) {
            continue;
        }
        const char *value = equals == NULL ? "" : equals + 1;
        size_t value_size = equals == NULL ? 0 : size - key_size - 1;
        if (!is_value_accepted(i, value, value_size)) {
            complain_about_value(i, value, value_size);
            return;
        }
        memcpy(options.values[i], value, value_size);
        options.values[i][value_size] = '\0';
        options.is_set[i] = true;
        return;
    }
    complain_about_key(item, key_size);
}

void os_options_init(void)
{
    const char *item = getauxval(AT_SECURE) == 0 ? getenv("HALDE_OPTIONS") : NULL;
    while (item != NULL && *item != '\0') {
        size_t size = strcspn(item, ":");
        if (size > 0) {
            read_option(item, size);
        }
        item += size + (item[size] == ':');
    }
}

const char *os_option(const char *key)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options.is_set[i] && strcmp(KNOWN_OPTIONS[i].key, key) == 0) {
            return options.values[i];
        }
    }
    return NULL;
}
