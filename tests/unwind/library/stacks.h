// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Compares stacks of the unwinder with those of libc's backtrace(). C and C++. */
#ifndef UNWIND_STACKS_H
#define UNWIND_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    STACKS_MAX = 256
};

struct stacks {
    uintptr_t ours[STACKS_MAX]; ///< both begin with the return address in who called
    uintptr_t peers[STACKS_MAX];
    size_t count;
    size_t peer_count;
};

/** Takes both stacks of the caller. Allocates nothing once stacks_prepare() was called. */
void stacks_take(struct stacks *stacks);

/** Makes backtrace() load what it needs. */
void stacks_prepare(void);

/** How many frames agree from the first one on. */
size_t stacks_same(const struct stacks *stacks);
bool stacks_are_equal(const struct stacks *stacks);

/** Writes both to stderr, with the modules of ours. */
void stacks_print(const struct stacks *stacks);

/** A failure of the test, and both stacks, unless they are equal and have `depth` frames or more.
 */
bool stacks_expect_equal(const char *what, const struct stacks *stacks, size_t depth);

/** Takes both stacks and expects that they are equal. */
bool stacks_check(const char *what, size_t depth);

/** test_result() for C++, which does not include check.h. */
int stacks_result(void);
void stacks_expect(bool is_met, const char *what);

#ifdef __cplusplus
}
#endif

#endif
