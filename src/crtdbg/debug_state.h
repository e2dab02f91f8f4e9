// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The switches of the debug heap: flag word, period of checks, hooks, break number; and whether it
 * is on at all.
 *
 * Setters and getters are unsynchronised with operations that are under way, as documented: every
 * field is an atomic of its own, read once by each operation.
 */
#ifndef CRTDBG_DEBUG_STATE_H
#define CRTDBG_DEBUG_STATE_H

#include "crtdbg/api.h"

#include "base/compiler.h"
#include "crtdbg/incremental.h"
#include "crtdbg/variables.h"

/// Whether the debug heap is on: then every block of the C and C++ functions is a debug block.
bool debug_is_on(void);
/// Turns it on for good. False when out of memory. Any thread, any number of times.
bool debug_turn_on(void);

/// _CrtSetDbgFlag()'s word, as of now.
int debug_flags(void);
bool debug_has_flag(int flag);

/// _NORMAL_BLOCK, _IGNORE_BLOCK, or _CLIENT_BLOCK or _CRT_BLOCK with any subtype.
bool debug_type_is_valid(int use);

/// Operations between checks of the whole heap, 0: none. Any thread, relaxed.
extern HIDDEN _Atomic(uint32_t) debug_check_period;
void debug_check_if_due(void);
/// Counts an operation; every so many of them checks the whole heap, when the program wants that.
ALWAYS_INLINE void debug_check_periodically(void)
{
    if (UNLIKELY(incremental_is_on() ||
                 atomic_load_explicit(&debug_check_period, memory_order_relaxed) != 0)) {
        debug_check_if_due();
    }
}

/// Breaks into the debugger when the program asked to at this request number.
void debug_break_at(uint64_t number);

/// What an operation is about to do, as the allocation hook is told.
struct debug_operation {
    int kind; ///< _HOOK_ALLOC, _HOOK_REALLOC, _HOOK_FREE
    void *block;
    size_t size;
    int use;
    uint64_t number;
    const char *file;
    int line;
};
/// Whether there is a hook to ask.
ALWAYS_INLINE bool debug_has_hook(void)
{
    _CRT_ALLOC_HOOK hook = __atomic_load_n(&_pfnAllocHook, __ATOMIC_ACQUIRE);
    return hook != debug_allow_all && hook != NULL;
}
/// Asks the program's allocation hook, if there is one. False: the operation is to fail.
bool debug_hook_allows(const struct debug_operation *operation);

#endif
