// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "base/check.h"
#include "base/text.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The one list of options: key and what it accepts.
static const struct {
    const char *key;
    const char *values;
} KNOWN_OPTIONS[] = {
    {"membarrier", "0 or 1"},
    {"heap_flags", "a hexadecimal number or a list of htc,hfc,hpc,hvc,vrf,htg,ust,htd,dhc,hpa"},
    {"stats", "0, 1 or json"},
    {"terminate_on_corruption", "0 or 1"},
    {"verbose", "0 or 1"},
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
        // Not write(): that is a point where a thread may be cancelled.
        ssize_t written = syscall(SYS_write, STDERR_FILENO, bytes, size);
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

// Whether `words`, a list like "0, 1 or json", has this one.
static bool has_word(const char *words, const char *word, size_t size)
{
    while (*words != '\0') {
        size_t length = strcspn(words, ", ");
        if (length == size && memcmp(words, word, size) == 0) {
            return true;
        }
        words += length;
        words += strspn(words, ", ");
    }
    return false;
}

// Lists that begin with 0 are complete; other values are judged by the layer that asks for them.
static bool is_value_accepted(size_t index, const char *value, size_t size)
{
    if (size == 0 || size >= OPTION_VALUE_SIZE) {
        return false;
    }
    const char *values = KNOWN_OPTIONS[index].values;
    bool is_joint = size == 2 && memcmp(value, "or", 2) == 0;
    return values[0] != '0' || (!is_joint && has_word(values, value, size));
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

// The environment, also before libc has set `environ`: the first call may come from the dynamic
// linker. There the program's stack starts with the count of its arguments, the arguments, a NULL,
// and the environment.
static char *const *environment(void)
{
    extern void *__libc_stack_end __attribute__((weak));
    if (environ != NULL || &__libc_stack_end == NULL || __libc_stack_end == NULL) {
        return environ;
    }
    const uintptr_t *stack = __libc_stack_end;
    return (char *const *)(stack + 1 + stack[0] + 1);
}

static const char *find_variable(const char *name)
{
    size_t size = strlen(name);
    for (char *const *item = environment(); item != NULL && *item != NULL; item++) {
        if (strncmp(*item, name, size) == 0 && (*item)[size] == '=') {
            return *item + size + 1;
        }
    }
    return NULL;
}

void os_options_init(void)
{
    const char *item = getauxval(AT_SECURE) == 0 ? find_variable("HALDE_OPTIONS") : NULL;
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
