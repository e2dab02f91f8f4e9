// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/expression.h"

enum {
    SYMBOL_DEPTH = 8 // of the stack; real expressions need four
};

struct evaluation {
    struct symbol stack[SYMBOL_DEPTH];
    size_t depth;
    uintptr_t pc;
    bool is_bad;
};

// The operators of DWARF 4, section 7.7.1, that are supported.
enum {
    OP_ADDR = 0x03,
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08,
    OP_CONST1S = 0x09,
    OP_CONST2U = 0x0a,
    OP_CONST2S = 0x0b,
    OP_CONST4U = 0x0c,
    OP_CONST4S = 0x0d,
    OP_CONST8U = 0x0e,
    OP_CONST8S = 0x0f,
    OP_CONSTU = 0x10,
    OP_CONSTS = 0x11,
    OP_DUP = 0x12,
    OP_DROP = 0x13,
    OP_OVER = 0x14,
    OP_SWAP = 0x16,
    OP_AND = 0x1a,
    OP_MINUS = 0x1c,
    OP_MUL = 0x1e,
    OP_OR = 0x21,
    OP_PLUS = 0x22,
    OP_PLUS_UCONST = 0x23,
    OP_SHL = 0x24,
    OP_SHR = 0x25,
    OP_EQ = 0x29,
    OP_GE = 0x2a,
    OP_GT = 0x2b,
    OP_LE = 0x2c,
    OP_LT = 0x2d,
    OP_NE = 0x2e,
    OP_LIT0 = 0x30,
    OP_LIT31 = 0x4f,
    OP_BREG0 = 0x70,
    OP_BREG31 = 0x8f,
    OP_BREGX = 0x92,
    OP_NOP = 0x96,
};

static struct symbol constant(int64_t value)
{
    return (struct symbol){.kind = SYMBOL_CONSTANT, .offset = value};
}

static void push(struct evaluation *evaluation, struct symbol symbol)
{
    if (evaluation->depth == SYMBOL_DEPTH) {
        evaluation->is_bad = true;
        return;
    }
    evaluation->stack[evaluation->depth++] = symbol;
}

static struct symbol pop(struct evaluation *evaluation)
{
    if (evaluation->depth == 0) {
        evaluation->is_bad = true;
        return (struct symbol){.kind = SYMBOL_ODD};
    }
    return evaluation->stack[--evaluation->depth];
}

// Wraps around as the processor does.
static int64_t add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void push_register(struct evaluation *evaluation, uint64_t number, int64_t offset)
{
    if (number == CFI_PC) {
        push(evaluation, constant(add((int64_t)evaluation->pc, offset)));
        return;
    }
    bool is_known = number < CFI_REGISTER_COUNT;
    push(evaluation, (struct symbol){.kind = is_known ? SYMBOL_REGISTER : SYMBOL_ODD,
                         .number = is_known ? (uint8_t)number : 0,
                         .offset = offset});
}

static struct symbol symbol_plus(struct symbol symbol, int64_t value)
{
    if (symbol.kind == SYMBOL_MEMORY) {
        symbol.second_offset = add(symbol.second_offset, value);
    } else {
        symbol.offset = add(symbol.offset, value);
    }
    return symbol;
}

static void dereference(struct evaluation *evaluation)
{
    struct symbol symbol = pop(evaluation);
    symbol.kind = symbol.kind == SYMBOL_REGISTER ? SYMBOL_MEMORY : SYMBOL_ODD;
    push(evaluation, symbol);
}

// a (op) b for constants; false: not an op of two operands that we know.
static bool compute(uint8_t op, int64_t a, int64_t b, int64_t *result)
{
    uint64_t shift = (uint64_t)b;
    switch (op) {
    case OP_AND:
        *result = a & b;
        return true;
    case OP_OR:
        *result = a | b;
        return true;
    case OP_PLUS:
        *result = add(a, b);
        return true;
    case OP_MINUS:
        *result = (int64_t)((uint64_t)a - (uint64_t)b);
        return true;
    case OP_MUL:
        *result = (int64_t)((uint64_t)a * (uint64_t)b);
        return true;
    case OP_SHL:
        *result = shift < 64 ? (int64_t)((uint64_t)a << shift) : 0;
        return true;
    case OP_SHR:
        *result = shift < 64 ? (int64_t)((uint64_t)a >> shift) : 0;
        return true;
    case OP_EQ:
        *result = a == b;
        return true;
    case OP_GE:
        *result = a >= b;
        return true;
    case OP_GT:
        *result = a > b;
        return true;
    case OP_LE:
        *result = a <= b;
        return true;
    case OP_LT:
        *result = a < b;
        return true;
    case OP_NE:
        *result = a != b;
        return true;
    default:
        return false;
    }
}

static void apply_binary(struct evaluation *evaluation, uint8_t op)
{
    struct symbol b = pop(evaluation);
    struct symbol a = pop(evaluation);
    int64_t result = 0;
    if (!compute(op, a.offset, b.offset, &result)) {
        evaluation->is_bad = true;
    } else if (a.kind == SYMBOL_CONSTANT && b.kind == SYMBOL_CONSTANT) {
        push(evaluation, constant(result));
    } else if (op == OP_PLUS && b.kind == SYMBOL_CONSTANT) {
        push(evaluation, symbol_plus(a, b.offset));
    } else if (op == OP_PLUS && a.kind == SYMBOL_CONSTANT) {
        push(evaluation, symbol_plus(b, a.offset));
    } else if (op == OP_MINUS && b.kind == SYMBOL_CONSTANT) {
        push(evaluation, symbol_plus(a, (int64_t)(0 - (uint64_t)b.offset)));
    } else {
        push(evaluation, (struct symbol){.kind = SYMBOL_ODD});
    }
}

static void apply_stack_operator(struct evaluation *evaluation, uint8_t op)
{
    struct symbol top = pop(evaluation);
    if (op == OP_DROP) {
        return;
    }
    if (op == OP_DUP) {
        push(evaluation, top);
        push(evaluation, top);
        return;
    }
    struct symbol below = pop(evaluation);
    push(evaluation, op == OP_SWAP ? top : below);
    push(evaluation, op == OP_SWAP ? below : top);
    if (op == OP_OVER) {
        push(evaluation, below);
    }
}

// Operators that push a constant. False: another op.
static bool push_constant(struct evaluation *evaluation, uint8_t op, struct cursor *cursor)
{
    static const uint8_t FORMATS[] = {ENCODING_S16, ENCODING_U32, ENCODING_S32, ENCODING_U64,
        ENCODING_S64, ENCODING_ULEB, ENCODING_SLEB};
    if (op >= OP_LIT0 && op <= OP_LIT31) {
        push(evaluation, constant(op - OP_LIT0));
        return true;
    }
    switch (op) {
    case OP_ADDR:
        push(evaluation, constant((int64_t)read_u64(cursor)));
        return true;
    case OP_CONST1U:
        push(evaluation, constant(read_u8(cursor)));
        return true;
    case OP_CONST1S:
        push(evaluation, constant((int8_t)read_u8(cursor)));
        return true;
    case OP_CONST2U:
        push(evaluation, constant(read_u16(cursor)));
        return true;
    case OP_CONST2S:
    case OP_CONST4U:
    case OP_CONST4S:
    case OP_CONST8U:
    case OP_CONST8S:
    case OP_CONSTU:
    case OP_CONSTS:
        push(evaluation, constant((int64_t)read_format(cursor, FORMATS[op - OP_CONST2S])));
        return true;
    default:
        return false;
    }
}

static void apply(struct evaluation *evaluation, uint8_t op, struct cursor *cursor)
{
    if (push_constant(evaluation, op, cursor)) {
        return;
    }
    if (op >= OP_BREG0 && op <= OP_BREG31) {
        push_register(evaluation, op - OP_BREG0, read_sleb(cursor));
        return;
    }
    switch (op) {
    case OP_BREGX: {
        uint64_t number = read_uleb(cursor);
        push_register(evaluation, number, read_sleb(cursor));
        break;
    }
    case OP_DEREF:
        dereference(evaluation);
        break;
    case OP_PLUS_UCONST:
        push(evaluation, symbol_plus(pop(evaluation), (int64_t)read_uleb(cursor)));
        break;
    case OP_DUP:
    case OP_DROP:
    case OP_OVER:
    case OP_SWAP:
        apply_stack_operator(evaluation, op);
        break;
    case OP_NOP:
        break;
    default:
        apply_binary(evaluation, op);
        break;
    }
}

struct symbol expression_evaluate(struct cursor *program, uintptr_t pc, bool has_cfa)
{
    struct cursor cursor = *program;
    uint64_t size = read_uleb(&cursor);
    *program = cursor;
    if (!skip(program, size)) {
        return (struct symbol){.kind = SYMBOL_ODD};
    }
    cursor.end = program->at;
    struct evaluation evaluation = {.pc = pc};
    if (has_cfa) {
        push(&evaluation, (struct symbol){.kind = SYMBOL_REGISTER, .number = SYMBOL_CFA});
    }
    while (bytes_left(&cursor) > 0 && !evaluation.is_bad && !cursor.is_bad) {
        apply(&evaluation, read_u8(&cursor), &cursor);
    }
    struct symbol result = pop(&evaluation);
    if (evaluation.is_bad || cursor.is_bad || !symbol_fits(result.offset) ||
        !symbol_fits(result.second_offset)) {
        result.kind = SYMBOL_ODD;
    }
    return result;
}
