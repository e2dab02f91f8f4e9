// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Pointers in vector registers: compilers copy pairs of pointers with them, and what a loop holds
 * there only is still in use.
 */
#ifndef TARGET_VECTORS_H
#define TARGET_VECTORS_H

#include <stddef.h>
#include <stdint.h>

enum {
    VECTORS_MAX = 512 ///< words kept of a thread: more than 32 registers of 64 bytes have
};

/// Chooses the words of a register set that may point into [start, end), each value once.  Returns
/// how many.
size_t vectors_choose(
    const void *registers, size_t size, uint64_t start, uint64_t end, uint64_t words[VECTORS_MAX]);

#endif
