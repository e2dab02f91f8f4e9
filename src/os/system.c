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

// The one list of options: key and what it accepts.  Values that are no
// complete list are judged by the layer that asks for them.
static const struct {
    const char *key;
    const char *values;
    uint32_t maximum; // decimal numbers up to here are accepted, too; the values say so
    bool is_list;     // the values are all that is accepted
} KNOWN_OPTIONS[] = {
    {"crt_abort", "exit or core", 0, true},
    {"crt_break", "trap or continue", 0, true},
    {"crt_output", "a file's path, stderr or none", 0, false},
    {"crt_window", "ask, abort, retry or ignore", 0, true},
    {"crt_check_at_exit", "0 or 1", 0, true},
    {"crt_check_blocks", "0 to 4096 blocks", 4096, false},
    {"crt_details", "0 or 1", 0, true},
    {"crt_families", "0 or 1", 0, true},
    {"crt_leak_check", "0 or 1", 0, true},
    {"crt_leak_list", "0 or 1", 0, true},
    {"crt_quarantine", "0 to 1073741824 bytes", 1073741824, false},
    {"crt_reachability", "0 or 1", 0, true},
    {"crt_stack_memory", "1048576 to 4294967295 bytes", 4294967295u, false},
    {"crt_stacks", "0 to 64 frames", 64, false},
    {"crt_suppress", "patterns of files and modules, separated by commas", 0, false},
    {"membarrier", "0 or 1", 0, true},
    {"mode", "crt, exact, sample or off", 0, true},
    {"heap_flags", "a hexadecimal number or a list of htc,hfc,hpc,hvc,vrf,htg,ust,htd,dhc,hpa", 0,
        false},
    {"huge_pages", "0, 1 or system", 0, true},
    {"purge_delay", "0 to 86400000 milliseconds, -1 or never", OS_PURGE_DELAY_MAX, true},
    {"record_frames", "1 to 64 frames", 64, false},
    {"sample_interval", "1 to 4294967295 bytes", 4294967295, false},
    {"stats", "0, 1 or json", 0, true},
    {"terminate_on_corruption", "0 or 1", 0, true},
    {"verbose", "0 or 1", 0, true},
    {"zero_on_free", "0 or 1", 0, true},
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

uint64_t os_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
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

static bool is_number_up_to(const char *value, size_t size, uint32_t maximum)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        if (value[i] < '0' || value[i] > '9' || number > maximum) {
            return false;
        }
        number = number * 10 + (uint64_t)(value[i] - '0');
    }
    return number <= maximum;
}

static bool is_value_accepted(size_t index, const char *value, size_t size)
{
    if (size == 0 || size >= OPTION_VALUE_SIZE) {
        return false;
    }
    const char *values = KNOWN_OPTIONS[index].values;
    uint32_t maximum = KNOWN_OPTIONS[index].maximum;
    bool is_joint = size == 2 && memcmp(value, "or", 2) == 0;
    if (maximum != 0) { // a range, a comma, and words
        const char *words = strchr(values, ',');
        bool is_word = words != NULL && !is_joint && has_word(words + 2, value, size);
        return is_word || is_number_up_to(value, size, maximum);
    }
    return !KNOWN_OPTIONS[index].is_list || (!is_joint && has_word(values, value, size));
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

// The value in an item of the environment that has this name; or NULL.  Not by strncmp(): most
// programs call none of libc's functions near it, and would have 64 KiB more of libc in memory.
static const char *value_of(const char *item, const char *name)
{
    while (*name != '\0' && *item == *name) {
        item++;
        name++;
    }
    return *name == '\0' && *item == '=' ? item + 1 : NULL;
}

static const char *find_variable(const char *name)
{
    const char *value = NULL;
    for (char *const *item = environment(); value == NULL && item != NULL && *item != NULL;
         item++) {
        value = value_of(*item, name);
    }
    return value;
}

AT_START void os_options_init(void)
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

AT_START bool os_option_is(const char *key, const char *value)
{
    const char *option = os_option(key);
    return option != NULL && strcmp(option, value) == 0;
}

AT_START const char *os_option(const char *key)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options.is_set[i] && strcmp(KNOWN_OPTIONS[i].key, key) == 0) {
            return options.values[i];
        }
    }
    return NULL;
}
