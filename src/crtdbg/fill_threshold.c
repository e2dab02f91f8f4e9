// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The threshold of the fill that the `_s` string functions write behind what they copied.

#include "crtdbg/api.h"

#include "base/compiler.h"

static _Atomic(size_t) threshold = SIZE_MAX; // characters; any thread, relaxed

size_t __cdecl _CrtSetDebugFillThreshold(size_t new_threshold)
{
    return atomic_exchange_explicit(&threshold, new_threshold, memory_order_relaxed);
}

size_t __cdecl _CrtGetDebugFillThreshold(void)
{
    return atomic_load_explicit(&threshold, memory_order_relaxed);
}
