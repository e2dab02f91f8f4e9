// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Blocks that go back another way than they came: malloc() and delete, new and free(), new and
 * delete[]; and deletes whose size or alignment is not the block's.
 *
 * Microsoft's heap says nothing about them.  Here they are reported as warnings, with
 * HALDE_OPTIONS=mode=crt or crt_families=1; the block is freed all the same.  In a program that has
 * operators new and delete of its own nothing is known about who made what, and nothing is said.
 */
#ifndef CRTDBG_FAMILIES_H
#define CRTDBG_FAMILIES_H

#include "crtdbg/debug_block.h"

/// How a block goes back.
struct release {
    enum allocator_family family;
    const void *caller; ///< what the function returns to; NULL: unknown
    bool is_resize;     ///< by realloc(), of FAMILY_MALLOC
};

/// Reads the options. Called once, early.
void families_init(void);

/// Compares how a block was made with how it is about to be freed, or resized.
void families_check(const struct debug_block *block, const struct release *release);

/// What an operator delete says about a pointer that it is about to free. Any value may be asked.
void families_check_delete(const void *pointer, const struct delete_claim *claim);

#endif
