// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * CHECK ends the process, always, when the engine's own data is wrong; ASSERT does so in debug
 * builds and still compiles in release.  Both print the two values.  Neither allocates.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include "base/compiler.h"

/// Writes "halde: <sentence> (file:line: left = ..., right = ...)" to stderr and aborts.
_Noreturn COLD void check_fail(
    const char *sentence, uint64_t left, uint64_t right, const char *file, int line);

#define CHECK_OP(left, op, right)                                                                  \
    do {                                                                                           \
        const uint64_t check_left_ = (uint64_t)(left);                                             \
        const uint64_t check_right_ = (uint64_t)(right);                                           \
        if (UNLIKELY(!(check_left_ op check_right_))) {                                            \
            check_fail(#left " " #op " " #right " does not hold", check_left_, check_right_,       \
                __FILE__, __LINE__);                                                               \
        }                                                                                          \
    } while (0)

#define ASSERT_OP(left, op, right)                                                                 \
    do {                                                                                           \
        if (CONFIG_DEBUG) {                                                                        \
            CHECK_OP(left, op, right);                                                             \
        }                                                                                          \
    } while (0)

#endif
