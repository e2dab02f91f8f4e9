// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Frames of all shapes that compilers make, optimised and without frame pointers.

#include "stacks.h"

#include "check.h"
#include "unwind/unwind.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define FRAME __attribute__((noinline))

static volatile size_t sink;

// ---- Depth ------------------------------------------------------------------------------------

FRAME static size_t recurse(size_t depth, size_t check_depth)
{
    if (depth == 0) {
        stacks_check("recursion", check_depth);
        return 1;
    }
    size_t result = recurse(depth - 1, check_depth) + depth;
    sink = result; // no tail call
    return result;
}

static void test_depths(void)
{
    static const size_t DEPTHS[] = {0, 1, 2, 10, 31, 64, 200, 1000};
    for (size_t i = 0; i < sizeof(DEPTHS) / sizeof(DEPTHS[0]); i++) {
        size_t expected = DEPTHS[i] + 3;
        recurse(DEPTHS[i], expected < 240 ? expected : 240);
    }
}

// ---- Callbacks of libc ------------------------------------------------------------------------

static bool is_checked;

FRAME static int compare_numbers(const void *a, const void *b)
{
    if (!is_checked) {
        is_checked = true;
        stacks_check("callback", 6);
    }
    int left = *(const int *)a;
    int right = *(const int *)b;
    return (left > right) - (left < right);
}

static void leave_number(void *number)
{
    (void)number;
}

FRAME static void test_callbacks(void)
{
    int numbers[100];
    for (int i = 0; i < 100; i++) {
        numbers[i] = 100 - i;
    }
    is_checked = false;
    qsort(numbers, 100, sizeof(numbers[0]), compare_numbers);
    EXPECT_TRUE(is_checked);
    is_checked = false;
    void *root = NULL;
    for (int i = 0; i < 10; i++) {
        tsearch(&numbers[i], &root, compare_numbers);
    }
    EXPECT_TRUE(is_checked);
    tdestroy(root, leave_number);
}

// ---- Shapes -----------------------------------------------------------------------------------

FRAME static void use(void *memory, size_t size)
{
    memset(memory, 1, size);
    sink += *(volatile unsigned char *)memory;
}

FRAME static void with_alloca(size_t size)
{
    void *memory = __builtin_alloca(size);
    use(memory, size);
    stacks_check("alloca", 4);
    use(memory, size);
}

// The compiler addresses such a frame through a register that holds the caller's stack pointer.
FRAME static void with_alignment(size_t size)
{
    _Alignas(128) char memory[256];
    use(memory, size);
    stacks_check("aligned frame", 4);
    use(memory, size);
}

FRAME static void with_alignment_and_alloca(size_t size)
{
    _Alignas(64) char memory[256];
    void *more = __builtin_alloca(size);
    use(memory, size);
    use(more, size);
    stacks_check("aligned frame with alloca", 4);
    use(memory, size);
}

FRAME static void with_large_frame(size_t size)
{
    char memory[1 << 18];
    use(memory, size);
    stacks_check("large frame", 4);
    use(memory, size);
}

FRAME static void with_many_arguments(size_t a, size_t b, size_t c, size_t d, size_t e, size_t f,
    size_t g, size_t h, size_t i, size_t j)
{
    sink = a + b + c + d + e + f + g + h + i + j;
    stacks_check("arguments on the stack", 4);
    sink += j * a;
}

// A branch that is left before the rest saves its registers: rules that are remembered and
// restored.
FRAME static size_t with_early_exit(size_t a, size_t b)
{
    if (a == 0) {
        return b;
    }
    size_t c = a * b;
    size_t d = a + b;
    stacks_check("early exit", 4);
    sink += c;
    stacks_check("early exit", 4);
    return c * d + sink;
}

static __attribute__((noinline, noreturn)) void end_here(void)
{
    struct stacks stacks;
    stacks_take(&stacks);
    stacks_expect_equal("call that does not return", &stacks, 5);
    __builtin_longjmp((void **)(uintptr_t)sink, 1);
}

#if defined(__x86_64__)

// Its last instruction is a call, so the return address is the next function's, whose frame
// differs.
void ends_in_call(void (*last)(void));
__asm__(".text\n"
        ".type ends_in_call, @function\n"
        "ends_in_call:\n"
        ".cfi_startproc\n"
        "subq $24, %rsp\n"
        ".cfi_adjust_cfa_offset 24\n"
        "callq *%rdi\n"
        ".cfi_endproc\n"
        ".size ends_in_call, .-ends_in_call\n"
        "follows:\n"
        ".cfi_startproc\n"
        "retq\n"
        ".cfi_endproc\n");

#else

static void ends_in_call(void (*last)(void))
{
    last();
}

#endif

FRAME static void test_no_return(void)
{
    void *place[5];
    if (__builtin_setjmp(place) == 0) {
        sink = (size_t)(uintptr_t)place;
        ends_in_call(end_here);
    }
}

FRAME static void test_shapes(void)
{
    with_alloca(1000 + sink % 2);
    with_alignment(100 + sink % 2);
    with_alignment_and_alloca(200 + sink % 2);
    with_large_frame(1000);
    with_many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9, sink);
    sink = with_early_exit(sink | 1, 3);
    for (size_t i = 0; i < 3; i++) { // first without a rule in the cache
        test_no_return();
    }
}

// ---- The interface ----------------------------------------------------------------------------

FRAME static size_t innermost(uintptr_t *frames, size_t capacity, const void *caller)
{
    size_t count = unwind_capture(frames, capacity, caller);
    sink += count;
    return count;
}

FRAME static size_t between(uintptr_t *frames, size_t capacity, const void *caller)
{
    size_t count = innermost(frames, capacity, caller);
    sink += count;
    return count;
}

FRAME static size_t outermost(
    uintptr_t *frames, size_t capacity, bool is_sought, const void **caller)
{
    *caller = __builtin_return_address(0);
    size_t count = between(frames, capacity, is_sought ? *caller : NULL);
    sink += count;
    return count;
}

static void test_capacity(void)
{
    uintptr_t all[64];
    const void *caller;
    size_t full = outermost(all, 64, false, &caller);
    ASSERT_TRUE(full > 4 && full < 64);
    for (size_t capacity = 0; capacity <= full; capacity++) {
        uintptr_t frames[64];
        memset(frames, 0xa5, sizeof(frames));
        EXPECT_SIZE(outermost(frames, capacity, false, &caller), capacity);
        // The call differs in its return address: from the fourth frame on it is the caller's.
        for (size_t i = 0; i < capacity && i < 3; i++) {
            EXPECT_SIZE(frames[i], all[i]);
        }
        EXPECT_SIZE(frames[capacity], UINT64_C(0xa5a5a5a5a5a5a5a5));
    }
}

static void test_caller(void)
{
    uintptr_t all[64] = {0};
    uintptr_t frames[64] = {0};
    const void *caller;
    size_t full = outermost(all, 64, false, &caller);
    EXPECT_SIZE(all[3], (uintptr_t)caller); // innermost, between, outermost, here
    for (size_t capacity = 1; capacity < full; capacity++) {
        size_t count = outermost(frames, capacity, true, &caller);
        EXPECT_SIZE(count, capacity < full - 3 ? capacity : full - 3);
        EXPECT_SIZE(frames[0], (uintptr_t)caller);
    }
    // Who is not there cannot be begun with.
    size_t count = innermost(frames, 64, frames);
    EXPECT_AT_LEAST(count, 3);
    EXPECT_SIZE(innermost(all, 64, NULL), count);
    for (size_t i = 2; i < count; i++) {
        EXPECT_SIZE(frames[i], all[i]);
    }
}

static void test_describe(void)
{
    struct unwind_place place;
    ASSERT_TRUE(unwind_describe((uintptr_t)test_describe, &place));
    EXPECT_NOT_NULL(strstr(place.path, "unwind"));
    EXPECT_SIZE(place.bias + place.offset, (uintptr_t)test_describe);
    ASSERT_TRUE(unwind_describe((uintptr_t)a64l, &place));
    bool is_static = getauxval(AT_BASE) == 0; // no dynamic linker: libc is in the program
    EXPECT_NOT_NULL(strstr(place.path, is_static ? "unwind.static" : "libc"));
    char local;
    EXPECT_FALSE(unwind_describe((uintptr_t)&local, &place));
    EXPECT_FALSE(unwind_describe(0, &place));
    EXPECT_FALSE(unwind_describe(UINTPTR_MAX, &place));
}

int main(void)
{
    stacks_prepare();
    stacks_check("main", 3);
    test_depths();
    test_callbacks();
    test_shapes();
    test_capacity();
    test_caller();
    test_describe();
    unwind_modules_changed();
    test_shapes();
    return test_result();
}
