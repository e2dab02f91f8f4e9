// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * x86-64 as the System V ABI uses it.  See arch.h.
 *
 * Nearly all frames find their caller with rsp and rbp alone.  rbx and r12 to r15 are kept in the
 * context for the few that do not, such as the dynamic linker's _dl_runtime_resolve.
 */
#ifndef UNWIND_ARCH_X86_64_H
#define UNWIND_ARCH_X86_64_H

#include "unwind/cfi.h"
#include "unwind/rule.h"

#include <ucontext.h>

enum {
    ARCH_CAN_UNWIND = 1,
    // DWARF's numbers
    ARCH_BX = 3,
    ARCH_BP = 6,
    ARCH_SP = 7,
    ARCH_R12 = 12,
    ARCH_R13 = 13,
    ARCH_R14 = 14,
    ARCH_R15 = 15,
    ARCH_RA = 16,
    // What arch_context_here() stores.
    ARCH_PRESERVED = 1 << ARCH_BX | 1 << ARCH_BP | 1 << ARCH_SP | 1 << ARCH_R12 | 1 << ARCH_R13 |
                     1 << ARCH_R14 | 1 << ARCH_R15 | 1 << ARCH_RA,
};

/// The word at an address that is known to be readable. An instruction of our own: red zones, races
/// and alignment of other people's frames are none of a sanitizer's business here.
ALWAYS_INLINE uintptr_t arch_load(uintptr_t address)
{
    typedef uintptr_t __attribute__((may_alias)) word;
    uintptr_t value;
    __asm__("movq %1, %0" : "=r"(value) : "m"(*(const word *)address));
    return value;
}

#define ARCH_STORE(name, number) "movq %%" name ", 8*" #number "(%1)\n\t"

/// Stores the registers that a called function preserves, and the address of this very place. A
/// macro, because the frame it describes must be the one that stays.
#define arch_context_here(context)                                                                 \
    __asm__ volatile(ARCH_STORE("rbx", 3) ARCH_STORE("rbp", 6) ARCH_STORE("rsp", 7)                \
                         ARCH_STORE("r12", 12) ARCH_STORE("r13", 13) ARCH_STORE("r14", 14)         \
                             ARCH_STORE("r15", 15) "leaq 0f(%%rip), %%rax\n\t"                     \
                                                   "movq %%rax, 8*16(%1)\n"                        \
                                                   "0:\n"                                          \
                     : "=m"(*(context))                                                            \
                     : "D"((context)->registers)                                                   \
                     : "rax", "memory")

/// The registers at which a signal interrupted the thread; `ucontext` is the handler's third
/// argument.
ALWAYS_INLINE void arch_context_of_signal(struct unwind_context *context, const void *ucontext)
{
    // The kernel's order of registers, by DWARF's numbers.
    static const uint8_t GREGS[CFI_REGISTER_COUNT] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI,
        REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14,
        REG_R15, REG_RIP};
    const greg_t *from = ((const ucontext_t *)ucontext)->uc_mcontext.gregs;
    for (size_t i = 0; i < CFI_REGISTER_COUNT; i++) {
        context->registers[i] = (uintptr_t)from[GREGS[i]];
    }
}

// In a signal frame the kernel's sigcontext holds rbp, five other words, rsp and rip in this order
// and distance.  RULE_SIGNAL has room for the place of rsp alone.
enum {
    ARCH_SIGNAL_BP = -40, // from the place of rsp
    ARCH_SIGNAL_PC = 8,
};

ALWAYS_INLINE bool arch_is_at_sp(const struct cfi_register *reg, int64_t offset)
{
    return reg->where == CFI_AT_REGISTER && reg->other == ARCH_SP && reg->offset == offset;
}

ALWAYS_INLINE uint64_t arch_signal_rule(const struct cfi_row *row)
{
    int64_t sp_place = row->cfa_offset;
    bool is_usual = row->cfa == CFI_CFA_MEMORY && row->cfa_register == ARCH_SP &&
                    row->cfa_second_offset == 0 &&
                    arch_is_at_sp(&row->registers[ARCH_RA], sp_place + ARCH_SIGNAL_PC) &&
                    arch_is_at_sp(&row->registers[ARCH_BP], sp_place + ARCH_SIGNAL_BP);
    return is_usual ? rule_make(RULE_SIGNAL, row->cfa_offset, 0) : rule_make(RULE_FULL, 0, 0);
}

ALWAYS_INLINE bool arch_fits_bp_offset(int32_t offset)
{
    return offset >= -RULE_BP_OFFSET_LIMIT && offset < RULE_BP_OFFSET_LIMIT && offset != 0;
}

ALWAYS_INLINE uint64_t arch_deref_rule(const struct cfi_row *row)
{
    const struct cfi_register *bp = &row->registers[ARCH_BP];
    // The caller's rbp lies where rbp points to: offset 0, which a rule takes for "left alone".
    bool is_usual = row->cfa_register == ARCH_BP && row->cfa_second_offset == 0 &&
                    bp->where == CFI_AT_REGISTER && bp->other == ARCH_BP && bp->offset == 0;
    return is_usual ? rule_make(RULE_BP_DEREF, row->cfa_offset, 0) : rule_make(RULE_FULL, 0, 0);
}

/// The rule of a row; RULE_FULL where eight bytes do not do.
ALWAYS_INLINE uint64_t arch_rule(const struct cfi_row *row)
{
    const struct cfi_register *ra = &row->registers[ARCH_RA];
    const struct cfi_register *bp = &row->registers[ARCH_BP];
    const uint64_t full = rule_make(RULE_FULL, 0, 0);
    if (row->return_register != ARCH_RA || row->cfa == CFI_CFA_NONE || row->cfa == CFI_CFA_ODD) {
        return rule_make(ra->where == CFI_UNDEFINED ? RULE_END : RULE_STOP, 0, 0);
    }
    if (ra->where == CFI_UNDEFINED) {
        return rule_make(RULE_END, 0, 0);
    }
    if (row->is_signal) {
        return arch_signal_rule(row);
    }
    if (ra->where != CFI_AT_CFA || ra->offset != -8 || row->registers[ARCH_SP].where != CFI_SAME) {
        return full;
    }
    if (row->cfa == CFI_CFA_MEMORY) {
        return arch_deref_rule(row);
    }
    bool is_sp = row->cfa_register == ARCH_SP;
    if (!is_sp && row->cfa_register != ARCH_BP) {
        return full;
    }
    enum rule_kind kind = is_sp ? RULE_SP : RULE_BP;
    if (bp->where == CFI_SAME || bp->where == CFI_UNDEFINED) {
        return rule_make(kind, row->cfa_offset, RULE_BP_SAME);
    }
    if (bp->where == CFI_AT_CFA && arch_fits_bp_offset(bp->offset)) {
        return rule_make(kind, row->cfa_offset, bp->offset);
    }
    return full;
}

#endif
