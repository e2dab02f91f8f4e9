// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/suppress.h"

#include "base/bits.h"
#include "base/text.h"
#include "crtdbg/damage.h"
#include "engine/engine.h"
#include "unwind/stack_depot.h"
#include "unwind/unwind.h"

#include <stdatomic.h>
#include <string.h>

enum {
    FRAMES_MAX = 64,
    CACHE_SIZE = 256, // stacks whose answer is kept
};

// The last answers for stacks. Sections are stopped whenever this is used.
static struct {
    uint32_t stack; // 0: none
    bool is_covered;
} cache[CACHE_SIZE];

// The option's value, or NULL. It is asked for with every block: options are constant.
static const char *patterns(void)
{
    static const char NOT_ASKED[] = "";
    static _Atomic(const char *) known = NOT_ASKED;
    const char *value = atomic_load_explicit(&known, memory_order_relaxed);
    if (UNLIKELY(value == NOT_ASKED)) {
        value = engine_option("crt_suppress");
        atomic_store_explicit(&known, value, memory_order_relaxed);
    }
    return value;
}

bool suppress_is_on(void)
{
    return patterns() != NULL;
}

// Goes back to the last '*' when it does not fit on: time is at most size times length.
bool suppress_matches(const char *pattern, size_t size, const char *text)
{
    const char *end = pattern + size;
    const char *star = NULL;
    const char *from = NULL; // text that the last '*' has not taken
    while (*text != '\0') {
        if (pattern < end && *pattern == '*') {
            star = pattern++;
            from = text;
        } else if (pattern < end && (*pattern == '?' || *pattern == *text)) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*') {
        pattern++;
    }
    return pattern == end;
}

static bool matches_any(const char *text)
{
    const char *pattern = patterns();
    while (*pattern != '\0') {
        const size_t size = strcspn(pattern, ",");
        if (size > 0 && suppress_matches(pattern, size, text)) {
            return true;
        }
        pattern += size + (pattern[size] == ',');
    }
    return false;
}

static bool matches_path(const char *path)
{
    const char *last = strrchr(path, '/');
    return matches_any(path) || (last != NULL && matches_any(last + 1));
}

static bool matches_file(const struct origin *origin)
{
    const char *file = debug_file_of(origin);
    if (file == NULL) {
        return false;
    }
    char place[512];
    struct text text;
    text_init(&text, place, sizeof(place));
    text_put(&text, file);
    text_put(&text, "(");
    const int32_t line = origin->line;
    text_put_decimal(&text, (uint64_t)(line < 0 ? 0 : line));
    text_put(&text, ")");
    return matches_path(file) || matches_path(place);
}

static bool find_module(uint32_t stack)
{
    uintptr_t frames[FRAMES_MAX];
    const size_t count = stack_depot_get(stack, frames, FRAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        struct unwind_place place;
        if (unwind_describe(frames[i], &place) && matches_path(place.path)) {
            return true;
        }
    }
    return false;
}

static bool matches_module(uint32_t stack)
{
    const size_t place = stack % CACHE_SIZE;
    if (cache[place].stack != stack) {
        cache[place].is_covered = find_module(stack);
        cache[place].stack = stack;
    }
    return cache[place].is_covered;
}

bool suppress_covers(const struct record *record)
{
    if (LIKELY(!suppress_is_on())) {
        return false;
    }
    return matches_file(origin_of_number(record_origin(record))) ||
           (record->stack != 0 && matches_module(record->stack));
}
