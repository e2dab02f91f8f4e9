// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "os/fault.h"

#if CONFIG_FAULT_INJECTION

static struct {
    _Atomic(uint64_t) calls; // since os_fault_reset()
    _Atomic(uint64_t) seen;  // since os_fault_fail_nth()
    uint64_t first;          // first failing call, 0 = none
    uint64_t count;          // failing calls
} faults[OS_CALL_COUNT];

void os_fault_fail_nth(enum os_call call, uint64_t nth, uint64_t count)
{
    faults[call].first = nth;
    faults[call].count = count;
    atomic_store(&faults[call].seen, 0);
}

uint64_t os_fault_calls(enum os_call call)
{
    return atomic_load(&faults[call].calls);
}

void os_fault_reset(void)
{
    for (unsigned i = 0; i < OS_CALL_COUNT; i++) {
        os_fault_fail_nth((enum os_call)i, 0, 0);
        atomic_store(&faults[i].calls, 0);
    }
}

bool os_fault(enum os_call call)
{
    atomic_fetch_add(&faults[call].calls, 1);
    uint64_t seen = atomic_fetch_add(&faults[call].seen, 1) + 1;
    uint64_t first = faults[call].first;
    return first != 0 && seen >= first && seen - first < faults[call].count;
}

#else

// ISO C wants a declaration in every translation unit.
typedef int fault_injection_is_off;

#endif
