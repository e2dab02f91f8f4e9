// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A rule: all that the usual frame needs to find its caller, in eight bytes.
 *
 *     63             32 31              8 7      0
 *     +----------------+-----------------+--------+
 *     | cfa_offset     | bp_offset       | kind   |     offsets in bytes, signed
 *     +----------------+-----------------+--------+
 *
 * The CFA ("canonical frame address") is the value of the stack pointer before the call. 0 is no
 * rule.
 */
#ifndef UNWIND_RULE_H
#define UNWIND_RULE_H

#include "base/compiler.h"

enum rule_kind {
    RULE_NONE,
    RULE_SP,       ///< cfa = sp + cfa_offset; return address below it; bp at cfa + bp_offset
    RULE_BP,       ///< cfa = bp + cfa_offset; else as RULE_SP
    RULE_BP_DEREF, ///< cfa = *(bp + cfa_offset); return address below it; bp at bp + bp_offset
    RULE_SIGNAL,   ///< a signal handler returns here: the registers' values lie at sp
    RULE_FULL,     ///< needs other registers than sp and bp: see walk_full()
    RULE_GUESS,    ///< code of a module that says nothing about this address
    RULE_STOP,     ///< information that we do not understand
    RULE_END,      ///< outermost frame: it has no caller
    RULE_UNKNOWN,  ///< no module has this address; never remembered
};

enum {
    RULE_KIND_MASK = 0x7f,
    RULE_TRANSIENT = 0x80, ///< beside the kind: the module may go away, ask before using the rule
    RULE_BP_SAME = 0,      ///< bp_offset of a frame that left bp alone
    RULE_BP_OFFSET_LIMIT = 1 << 23, ///< offsets lie in [-limit, limit)
};

ALWAYS_INLINE uint64_t rule_make(enum rule_kind kind, int32_t cfa_offset, int32_t bp_offset)
{
    return (uint64_t)(uint32_t)cfa_offset << 32 | ((uint64_t)(uint32_t)bp_offset & 0xffffff) << 8 |
           (uint64_t)kind;
}

ALWAYS_INLINE enum rule_kind rule_kind(uint64_t rule)
{
    return (enum rule_kind)(rule & RULE_KIND_MASK);
}

ALWAYS_INLINE intptr_t rule_cfa_offset(uint64_t rule)
{
    return (int32_t)(uint32_t)(rule >> 32);
}

ALWAYS_INLINE intptr_t rule_bp_offset(uint64_t rule)
{
    return (int32_t)(uint32_t)rule >> 8;
}

#endif
