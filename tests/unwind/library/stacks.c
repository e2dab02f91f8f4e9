// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "stacks.h"

#include "check.h"
#include "unwind/unwind.h"

#include <execinfo.h>
#include <stdio.h>
#include <string.h>

void stacks_prepare(void)
{
    void *frames[4];
    backtrace(frames, 4);
}

// A sanitizer puts a frame of its own between backtrace() and its caller.
static size_t drop_until(uintptr_t *frames, size_t count, uintptr_t first)
{
    for (size_t i = 0; i < count && i < 8; i++) {
        if (frames[i] == first) {
            memmove(frames, frames + i, (count - i) * sizeof(frames[0]));
            return count - i;
        }
    }
    return count;
}

__attribute__((noinline)) void stacks_take(struct stacks *stacks)
{
    const void *caller = __builtin_return_address(0);
    void *peers[STACKS_MAX];
    stacks->count = unwind_capture(stacks->ours, STACKS_MAX, caller);
    stacks->peer_count = (size_t)backtrace(peers, STACKS_MAX);
    memcpy(stacks->peers, peers, stacks->peer_count * sizeof(peers[0]));
    stacks->peer_count = drop_until(stacks->peers, stacks->peer_count, (uintptr_t)caller);
    // Both have had room for the same number, but the inner frames of backtrace() are gone.
    if (stacks->count == STACKS_MAX) {
        stacks->count = stacks->peer_count;
    }
}

size_t stacks_same(const struct stacks *stacks)
{
    size_t same = 0;
    while (same < stacks->count && same < stacks->peer_count &&
           stacks->ours[same] == stacks->peers[same]) {
        same++;
    }
    return same;
}

bool stacks_are_equal(const struct stacks *stacks)
{
    return stacks->count == stacks->peer_count && stacks_same(stacks) == stacks->count;
}

void stacks_print(const struct stacks *stacks)
{
    for (size_t i = 0; i < stacks->count || i < stacks->peer_count; i++) {
        uintptr_t our = i < stacks->count ? stacks->ours[i] : 0;
        uintptr_t peer = i < stacks->peer_count ? stacks->peers[i] : 0;
        struct unwind_place place = {.offset = 0};
        if (!unwind_describe(our, &place)) {
            memcpy(place.path, "?", 2);
        }
        fprintf(stderr, "%c %2zu %16lx %16lx  %s+0x%lx\n", our == peer ? ' ' : '*', i,
            (unsigned long)our, (unsigned long)peer, place.path, (unsigned long)place.offset);
    }
}

bool stacks_expect_equal(const char *what, const struct stacks *stacks, size_t depth)
{
    if (stacks_are_equal(stacks) && stacks->count >= depth) {
        return true;
    }
    test_fail(CHECK_HERE, "%s: %zu frames, backtrace() has %zu, at least %zu expected", what,
        stacks->count, stacks->peer_count, depth);
    stacks_print(stacks);
    return false;
}

__attribute__((noinline)) bool stacks_check(const char *what, size_t depth)
{
    struct stacks stacks;
    stacks_take(&stacks);
    return stacks_expect_equal(what, &stacks, depth);
}

int stacks_result(void)
{
    return test_result();
}

void stacks_expect(bool is_met, const char *what)
{
    test_true(CHECK_HERE, is_met, what);
}
