// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Expressions of call frame information, evaluated without registers or memory: the result says how
 * to compute the value. See cfi.h for what is understood.
 */
#ifndef UNWIND_EXPRESSION_H
#define UNWIND_EXPRESSION_H

#include "unwind/cursor.h"

// What the evaluator knows about a value.
enum symbol_kind {
    SYMBOL_ODD,
    SYMBOL_CONSTANT, // offset
    SYMBOL_REGISTER, // register + offset
    SYMBOL_MEMORY,   // *(register + offset) + second_offset
};

enum {
    SYMBOL_CFA = 255, // stands for the CFA among the registers
};

struct symbol {
    uint8_t kind; // enum symbol_kind
    uint8_t number;
    int64_t offset;
    int64_t second_offset;
};

/// Whether a row has room for an offset.
static inline bool symbol_fits(int64_t value)
{
    return value >= INT32_MIN && value <= INT32_MAX;
}

/// Evaluates the expression that follows in a program, for the row of `pc`; with `has_cfa` it finds
/// the CFA on its stack. The result is a SYMBOL_REGISTER or SYMBOL_MEMORY whose offsets fit a row,
/// a SYMBOL_CONSTANT, or SYMBOL_ODD.
struct symbol expression_evaluate(struct cursor *program, uintptr_t pc, bool has_cfa);

#endif
