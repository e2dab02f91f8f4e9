// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The interpreter of call frame information, on programs written by hand: every instruction and
// expression that it knows, and what must be refused.

#include "image.h"

#include "check.h"
#include "unwind/arch.h"

#include <stdlib.h>

// What every x86-64 CIE says: cfa = rsp + 8, return address at cfa - 8.
#define USUAL 0x0c, 7, 8, 0x90, 1

static const uint8_t COMMON[] = {USUAL};

#define BUILD(image, ...)                                                                          \
    do {                                                                                           \
        static const uint8_t PROGRAM_[] = {__VA_ARGS__};                                           \
        image_build(image, COMMON, sizeof(COMMON), PROGRAM_, sizeof(PROGRAM_), false);             \
    } while (0)

#define BUILD_SIGNAL(image, ...)                                                                   \
    do {                                                                                           \
        static const uint8_t PROGRAM_[] = {__VA_ARGS__};                                           \
        image_build(image, NULL, 0, PROGRAM_, sizeof(PROGRAM_), true);                             \
    } while (0)

static void expect_rule(struct test_place place, const struct image *image, size_t offset,
    enum rule_kind kind, int32_t cfa_offset, int32_t bp_offset)
{
    struct cfi_row row;
    if (!test_size(place, image_find(image, offset, &row), CFI_FOUND, "status")) {
        return;
    }
    uint64_t rule = arch_rule(&row);
    test_size(place, rule_kind(rule), kind, "kind");
    test_size(place, (uint64_t)rule_cfa_offset(rule), (uint64_t)(intptr_t)cfa_offset, "cfa offset");
    test_size(place, (uint64_t)rule_bp_offset(rule), (uint64_t)(intptr_t)bp_offset, "bp offset");
}
#define EXPECT_RULE(...) expect_rule(CHECK_HERE, __VA_ARGS__)

static enum cfi_status status_at(const struct image *image, size_t offset)
{
    struct cfi_row row;
    return image_find(image, offset, &row);
}

// ---- What compilers write ---------------------------------------------------------------------

static void test_prologues(void)
{
    struct image image;
    // push %rbp at 1; mov %rsp, %rbp at 4; leave at 0x20.
    BUILD(&image, 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x5c, 0x0c, 7, 8);
    EXPECT_RULE(&image, 0, RULE_SP, 8, 0);
    EXPECT_RULE(&image, 1, RULE_SP, 16, -16);
    EXPECT_RULE(&image, 3, RULE_SP, 16, -16);
    EXPECT_RULE(&image, 4, RULE_BP, 16, -16);
    EXPECT_RULE(&image, 0x1f, RULE_BP, 16, -16);
    EXPECT_RULE(&image, 0x20, RULE_SP, 8, -16);
    EXPECT_RULE(&image, IMAGE_CODE_SIZE - 1, RULE_SP, 8, -16);
    EXPECT_SIZE(status_at(&image, IMAGE_CODE_SIZE), CFI_MISSING);
    EXPECT_SIZE(status_at(&image, (size_t)-1), CFI_MISSING);
    // An early exit: remember, leave, recall; restore of one register.
    BUILD(&image, 0x41, 0x0e, 16, 0x86, 2, 0x41, 0x0a, 0x0e, 8, 0xc6, 0x41, 0x0b, 0x02, 0x10, 0x0e,
        0xc0, 2);
    EXPECT_RULE(&image, 1, RULE_SP, 16, -16);
    EXPECT_RULE(&image, 2, RULE_SP, 8, 0);
    EXPECT_RULE(&image, 3, RULE_SP, 16, -16);
    EXPECT_RULE(&image, 0x13, RULE_SP, 320, -16);
}

static void test_advances(void)
{
    struct image image;
    BUILD(&image, 0x02, 10, 0x0e, 16, 0x03, 20, 0, 0x0e, 24, 0x04, 30, 0, 0, 0, 0x0e, 32);
    EXPECT_RULE(&image, 9, RULE_SP, 8, 0);
    EXPECT_RULE(&image, 10, RULE_SP, 16, 0);
    EXPECT_RULE(&image, 29, RULE_SP, 16, 0);
    EXPECT_RULE(&image, 30, RULE_SP, 24, 0);
    EXPECT_RULE(&image, 59, RULE_SP, 24, 0);
    EXPECT_RULE(&image, 60, RULE_SP, 32, 0);
}

static void test_registers(void)
{
    struct image image;
    struct cfi_row row;
    BUILD(&image, 0x05, 6, 3,       // rbp at cfa - 24
        0x11, 3, 0x7e,              // rbx at cfa + 16
        0x14, 12, 2,                // r12 is cfa - 16
        0x15, 13, 0x7d,             // r13 is cfa + 24
        0x09, 14, 2,                // r14 in rcx
        0x07, 15,                   // r15 lost
        0x08, 8, 0x05, 17, 1,       // r8 same; xmm0, which nobody needs
        0x2f, 9, 2, 0x2e, 16, 0x00, // r9 at cfa + 16; size of arguments; nothing
        0x13, 0x7c);                // cfa = rsp + 32
    ASSERT_SIZE(image_find(&image, 5, &row), CFI_FOUND);
    EXPECT_SIZE(row.cfa, CFI_CFA_REGISTER);
    EXPECT_TRUE(row.cfa_offset == 32);
    static const struct {
        size_t number;
        enum cfi_where where;
        int32_t offset;
    } EXPECTED[] = {{6, CFI_AT_CFA, -24}, {3, CFI_AT_CFA, 16}, {12, CFI_IS_CFA, -16},
        {13, CFI_IS_CFA, 24}, {14, CFI_IN_REGISTER, 0}, {15, CFI_UNDEFINED, 0}, {8, CFI_SAME, 0},
        {9, CFI_AT_CFA, 16}, {16, CFI_AT_CFA, -8}, {0, CFI_SAME, 0}};
    for (size_t i = 0; i < sizeof(EXPECTED) / sizeof(EXPECTED[0]); i++) {
        const struct cfi_register *reg = &row.registers[EXPECTED[i].number];
        EXPECT_SIZE(reg->where, EXPECTED[i].where);
        EXPECT_SIZE((uint64_t)(int64_t)reg->offset, (uint64_t)(int64_t)EXPECTED[i].offset);
    }
    EXPECT_SIZE(row.registers[14].other, 2);
    EXPECT_RULE(&image, 5, RULE_SP, 32, -24);
}

static void test_ends(void)
{
    struct image image;
    BUILD(&image, 0x07, 16); // as _start says it
    EXPECT_RULE(&image, 0, RULE_END, 0, 0);
    BUILD(&image, 0x0c, 3, 16); // cfa = rbx + 16
    EXPECT_RULE(&image, 0, RULE_FULL, 0, 0);
    BUILD(&image, 0x0e, 16, 0x90, 2, 0x90, 3); // return address elsewhere
    EXPECT_RULE(&image, 0, RULE_FULL, 0, 0);
    BUILD(&image, 0x09, 6, 3); // rbp in rbx
    EXPECT_RULE(&image, 0, RULE_FULL, 0, 0);
}

// ---- Expressions ------------------------------------------------------------------------------

static void test_expressions(void)
{
    struct image image;
    // A frame that aligns its stack: cfa = *(rbp - 8), rbp at *(rbp + 0).
    BUILD(&image, 0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0);
    EXPECT_RULE(&image, 0, RULE_BP_DEREF, -8, 0);
    // The same, with the caller's rbp elsewhere.
    BUILD(&image, 0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 8);
    EXPECT_RULE(&image, 0, RULE_FULL, 0, 0);
    // The linker's stubs: cfa = rsp + 8 + ((rip & 15) >= 11) * 8.
    BUILD(&image, 0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22);
    size_t skew = image.code & 15;
    EXPECT_RULE(&image, 16 - skew, RULE_SP, 8, 0);
    EXPECT_RULE(&image, 16 - skew + 10, RULE_SP, 8, 0);
    EXPECT_RULE(&image, 16 - skew + 11, RULE_SP, 16, 0);
    EXPECT_RULE(&image, 16 - skew + 15, RULE_SP, 16, 0);
    // rbp at cfa - 32, said by an expression; plus_uconst, minus, constants, dup, drop, swap, over.
    BUILD(&image, 0x10, 6, 5, 0x23, 16, 0x08, 48, 0x1c);
    EXPECT_RULE(&image, 0, RULE_SP, 8, -32);
    BUILD(&image, 0x0f, 9, 0x77, 0, 0x12, 0x13, 0x38, 0x16, 0x14, 0x13, 0x22);
    struct cfi_row row;
    ASSERT_SIZE(image_find(&image, 0, &row), CFI_FOUND);
    EXPECT_RULE(&image, 0, RULE_SP, 8, 0);
    BUILD(&image, 0x0f, 6, 0x77, 0, 0x0b, 0xf8, 0xff, 0x1c); // rsp - (-8)
    EXPECT_RULE(&image, 0, RULE_SP, 8, 0);
}

static void test_signal_frame(void)
{
    struct image image;
    // As the kernel's sigcontext lies: cfa = *(rsp + 160), rip at rsp + 168, rbp at rsp + 120.
    BUILD_SIGNAL(&image, 0x0f, 4, 0x77, 0xa0, 1, 0x06, 0x10, 16, 3, 0x77, 0xa8, 1, 0x10, 6, 3, 0x77,
        0xf8, 0);
    EXPECT_RULE(&image, 0, RULE_SIGNAL, 160, 0);
    BUILD_SIGNAL(&image, 0x0f, 4, 0x77, 0xa0, 1, 0x06, 0x10, 16, 3, 0x77, 0xb0, 1, 0x10, 6, 3, 0x77,
        0xf8, 0);
    EXPECT_RULE(&image, 0, RULE_FULL, 0, 0);
}

static void test_odd_expressions(void)
{
    struct image image;
    BUILD(&image, 0x0f, 1, 0x9f); // an operator that we do not know
    EXPECT_RULE(&image, 0, RULE_STOP, 0, 0);
    BUILD(&image, 0x0f, 1, 0x22); // nothing to add
    EXPECT_RULE(&image, 0, RULE_STOP, 0, 0);
    BUILD(&image, 0x0f, 0); // nothing at all
    EXPECT_RULE(&image, 0, RULE_STOP, 0, 0);
    BUILD(&image, 0x0f, 5, 0x77, 0, 0x06, 0x06, 0x96); // a word that a word in memory points to
    EXPECT_RULE(&image, 0, RULE_STOP, 0, 0);
    BUILD(&image, 0x0f, 9, 0x30, 0x12, 0x12, 0x12, 0x12, 0x12, 0x12, 0x12, 0x12); // too deep
    EXPECT_RULE(&image, 0, RULE_STOP, 0, 0);
    BUILD(&image, 0x0f, 6, 0x77, 0xff, 0xff, 0xff, 0xff, 0x0f); // an offset of 32 bits
    EXPECT_RULE(&image, 0, RULE_STOP, 0, 0);
    BUILD(&image, 0x0f, 2, 0x8f, 0); // a register that there is not
    EXPECT_RULE(&image, 0, RULE_STOP, 0, 0);
    BUILD(&image, 0x10, 6, 1, 0x30, 0x16, 3, 1, 0x30); // places that are constants
    EXPECT_RULE(&image, 0, RULE_FULL, 0, 0);
}

// ---- What is refused --------------------------------------------------------------------------

static void test_bad_programs(void)
{
    struct image image;
    BUILD(&image, 0x0b); // recall without remember
    EXPECT_SIZE(status_at(&image, 0), CFI_BAD);
    BUILD(&image, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a);
    EXPECT_SIZE(status_at(&image, 0), CFI_BAD);
    BUILD(&image, 0x3f); // no instruction
    EXPECT_SIZE(status_at(&image, 0), CFI_BAD);
    BUILD(&image, 0x0e); // an operand is missing
    EXPECT_SIZE(status_at(&image, 0), CFI_BAD);
    BUILD(&image, 0x0e, 0x80, 0x80, 0x80); // it does not end
    EXPECT_SIZE(status_at(&image, 0), CFI_BAD);
    BUILD(&image, 0x0f, 200, 0x77); // an expression longer than the program
    EXPECT_SIZE(status_at(&image, 0), CFI_BAD);
    BUILD(&image, 0x0f, 2, 0x77, 8, 0x0d, 6, 0x0f, 1, 0x30, 0x0e, 8); // offset without register
    EXPECT_SIZE(status_at(&image, 0), CFI_BAD);
    BUILD(&image, 0x41, 0x3f); // bad, but behind the row asked for
    EXPECT_SIZE(status_at(&image, 0), CFI_FOUND);
    EXPECT_SIZE(status_at(&image, 1), CFI_BAD);
}

static void poke(struct image *image, size_t offset, uint8_t value)
{
    image->bytes[offset] = value;
}

static void test_bad_records(void)
{
    struct image image;
    BUILD(&image, 0x41, 0x0e, 16);
    const struct image good = image;
    ASSERT_SIZE(status_at(&image, 0), CFI_FOUND);
    // offset and value of one byte; from where its place is counted
    static const struct {
        size_t offset;
        uint8_t value;
        enum {
            IN_HEADER,
            IN_COMMON,
            IN_DESCRIPTION
        } part;
    } CHANGES[] = {{0, 2, IN_HEADER}, {1, 0xff, IN_HEADER}, {2, 0xff, IN_HEADER},
        {3, 0x3c, IN_HEADER}, {9, 1, IN_HEADER}, {18, 0xff, IN_HEADER}, {19, 0x80, IN_HEADER},
        {0, 0, IN_COMMON}, {1, 0xff, IN_COMMON}, {4, 1, IN_COMMON}, {8, 2, IN_COMMON},
        {9, 'e', IN_COMMON}, {15, 0xff, IN_COMMON}, {0, 0, IN_DESCRIPTION},
        {2, 0xff, IN_DESCRIPTION}, {4, 0, IN_DESCRIPTION}, {6, 1, IN_DESCRIPTION}};
    for (size_t i = 0; i < sizeof(CHANGES) / sizeof(CHANGES[0]); i++) {
        image = good;
        // Addresses of this copy: the image is where `good` was built.
        size_t base = CHANGES[i].part == IN_HEADER   ? 0
                      : CHANGES[i].part == IN_COMMON ? image.common
                                                     : image.description;
        poke(&image, base + CHANGES[i].offset, CHANGES[i].value);
        if (!test_true(CHECK_HERE, status_at(&image, 0) == CFI_BAD, "refused")) {
            test_note("change %zu", i);
        }
    }
    struct cfi_row row;
    struct cfi_image none = {.header = 0};
    EXPECT_SIZE(cfi_find(&none, image.code, &row), CFI_MISSING);
    struct cfi_image outside = {.header = (uintptr_t)image.bytes, .window = 16, .window_end = 32};
    EXPECT_SIZE(cfi_find(&outside, image.code, &row), CFI_BAD);
}

// Cut anywhere, an image is refused or gives the same answer: it is never read beyond its end,
// which the sanitizer's build sees, because each copy is a block of its own size.
static void test_cut_images(void)
{
    struct image image;
    BUILD(&image, 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0f, 3, 0x76, 0x78, 0x06);
    for (size_t size = 1; size <= image.size; size++) {
        uint8_t *copy = malloc(size);
        ASSERT_NOT_NULL(copy);
        memcpy(copy, image.bytes, size);
        uintptr_t start = (uintptr_t)copy;
        struct cfi_image cfi = {.header = start, .window = start, .window_end = start + size};
        struct cfi_row row;
        enum cfi_status status = cfi_find(&cfi, start + IMAGE_CODE + 2, &row);
        EXPECT_SIZE(status, size == image.size ? CFI_FOUND : CFI_BAD);
        free(copy);
    }
}

int main(void)
{
    if (!ARCH_CAN_UNWIND) {
        test_skip("no unwinder for this processor");
    }
    test_prologues();
    test_advances();
    test_registers();
    test_ends();
    test_expressions();
    test_signal_frame();
    test_odd_expressions();
    test_bad_programs();
    test_bad_records();
    test_cut_images();
    return test_result();
}
