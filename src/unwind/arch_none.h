// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** A processor that nobody has described yet: every stack is empty. See arch.h. */
#ifndef UNWIND_ARCH_NONE_H
#define UNWIND_ARCH_NONE_H

#include "unwind/cfi.h"
#include "unwind/rule.h"

enum {
    ARCH_CAN_UNWIND = 0,
    ARCH_SP = 31,
    ARCH_BP = 29,
    ARCH_RA = 30,
    ARCH_PRESERVED = 0,
};

ALWAYS_INLINE uintptr_t arch_load(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

#define arch_context_here(context) (*(context) = (struct unwind_context){.registers = {0}})

ALWAYS_INLINE void arch_context_of_signal(struct unwind_context *context, const void *ucontext)
{
    (void)ucontext;
    *context = (struct unwind_context){.registers = {0}};
}

ALWAYS_INLINE uint64_t arch_rule(const struct cfi_row *row)
{
    (void)row;
    return rule_make(RULE_STOP, 0, 0);
}

#endif
