// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/debug_state.h"

#include "crtdbg/debug_block.h"
#include "crtdbg/incremental.h"
#include "crtdbg/invalid_parameter.h"
#include "crtdbg/report.h"
#include "crtdbg/variables.h"

#include <errno.h>

#undef _crtDbgFlag
#undef _crtBreakAlloc

static struct {
    _Atomic(uint32_t) counter; // operations since the last check
    _Atomic(bool) is_checking; // a periodic check runs, perhaps in another thread
} state;

_Atomic(uint32_t) debug_check_period;

// ---- Flag word --------------------------------------------------------------------------------

int debug_flags(void)
{
    return __atomic_load_n(&_crtDbgFlag, __ATOMIC_RELAXED);
}

bool debug_has_flag(int flag)
{
    return (debug_flags() & flag) != 0;
}

int *__p__crtDbgFlag(void)
{
    debug_turn_on();
    return &_crtDbgFlag;
}

int _CrtSetDbgFlag(int flag)
{
    enum {
        VALID = _CRTDBG_ALLOC_MEM_DF | _CRTDBG_DELAY_FREE_MEM_DF | _CRTDBG_CHECK_ALWAYS_DF |
                _CRTDBG_CHECK_CRT_DF | _CRTDBG_LEAK_CHECK_DF
    };
    debug_turn_on();
    if (flag == _CRTDBG_REPORT_FLAG) {
        return debug_flags();
    }
    if ((flag & 0xFFFF & ~VALID) != 0) {
        INVALID_PARAMETER(
            "new_bits == _CRTDBG_REPORT_FLAG || new_bits_have_only_valid_flags", EINVAL);
        return debug_flags();
    }
    int old = __atomic_exchange_n(&_crtDbgFlag, flag, __ATOMIC_RELAXED);
    uint32_t period = (flag & _CRTDBG_CHECK_ALWAYS_DF) != 0 ? 1 : (uint32_t)flag >> 16;
    atomic_store_explicit(&debug_check_period, period, memory_order_relaxed);
    atomic_store_explicit(&state.counter, 0, memory_order_relaxed);
    return old;
}

bool debug_type_is_valid(int use)
{
    int type = _BLOCK_TYPE(use);
    return type == _CLIENT_BLOCK || type == _CRT_BLOCK || use == _NORMAL_BLOCK ||
           use == _IGNORE_BLOCK;
}

// ---- Periodic check ---------------------------------------------------------------------------

static COLD void check_now(void)
{
    if (atomic_exchange_explicit(&state.is_checking, true, memory_order_acquire)) {
        return;
    }
    REPORT_ASSERT_TEXT(_CrtCheckMemory(), "_CrtCheckMemory()");
    atomic_store_explicit(&state.counter, 0, memory_order_relaxed);
    atomic_store_explicit(&state.is_checking, false, memory_order_release);
}

void debug_check_if_due(void)
{
    if (incremental_is_on()) {
        incremental_check();
        return;
    }
    uint32_t period = atomic_load_explicit(&debug_check_period, memory_order_relaxed);
    if (period == 0) {
        return;
    }
    uint32_t counter = atomic_load_explicit(&state.counter, memory_order_relaxed);
    // Threads that race for the counter may lose a count: a check comes that much later.
    if (counter != period - 1) {
        atomic_store_explicit(&state.counter, counter + 1, memory_order_relaxed);
        return;
    }
    check_now();
}

// ---- Break ------------------------------------------------------------------------------------

long *__p__crtBreakAlloc(void)
{
    debug_turn_on();
    return &_crtBreakAlloc;
}

long _CrtSetBreakAlloc(long request)
{
    debug_turn_on();
    return __atomic_exchange_n(&_crtBreakAlloc, request, __ATOMIC_RELAXED);
}

void debug_break_at(uint64_t number)
{
    long wanted = __atomic_load_n(&_crtBreakAlloc, __ATOMIC_RELAXED);
    if (UNLIKELY(wanted != -1 && (uint64_t)wanted == number)) {
        debug_break();
    }
}

// ---- Hooks ------------------------------------------------------------------------------------

_CRT_ALLOC_HOOK _CrtGetAllocHook(void)
{
    return __atomic_load_n(&_pfnAllocHook, __ATOMIC_ACQUIRE);
}

_CRT_ALLOC_HOOK _CrtSetAllocHook(_CRT_ALLOC_HOOK hook)
{
    debug_turn_on();
    return __atomic_exchange_n(&_pfnAllocHook, hook, __ATOMIC_ACQ_REL);
}

bool debug_hook_allows(const struct debug_operation *operation)
{
    _CRT_ALLOC_HOOK hook = _CrtGetAllocHook();
    if (hook == debug_allow_all || hook == NULL) {
        return true;
    }
    return hook(operation->kind, operation->block, operation->size, operation->use,
               (long)operation->number, (const unsigned char *)operation->file,
               operation->line) != 0;
}

_CRT_DUMP_CLIENT _CrtGetDumpClient(void)
{
    return __atomic_load_n(&_pfnDumpClient, __ATOMIC_ACQUIRE);
}

_CRT_DUMP_CLIENT _CrtSetDumpClient(_CRT_DUMP_CLIENT dump)
{
    debug_turn_on();
    return __atomic_exchange_n(&_pfnDumpClient, dump, __ATOMIC_ACQ_REL);
}
