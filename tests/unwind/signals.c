// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

// Stacks taken in signal handlers: on the thread's stack, on another one, and at arbitrary
// instructions, where a function is half-way through its prologue or epilogue.

#include "stacks.h"

#include "check.h"
#include "unwind/unwind.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define FRAME __attribute__((noinline))

static volatile size_t sink;
static struct stacks taken;

// ---- One signal -------------------------------------------------------------------------------

static struct {
    uintptr_t frames[STACKS_MAX];
    size_t count;
    uintptr_t pc;
} from_context;

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    stacks_take(&taken);
    from_context.count = unwind_capture_signal(from_context.frames, STACKS_MAX, context);
}

static void install(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigemptyset(&action.sa_mask);
    ASSERT_TRUE(sigaction(number, &action, NULL) == 0);
}

FRAME static size_t raise_at(size_t depth, int number)
{
    size_t result = depth;
    if (depth == 0) {
        raise(number);
    } else {
        result += raise_at(depth - 1, number);
    }
    sink = result;
    return result;
}

// What was taken from the context is what lies behind the signal frame.
static void expect_context_tail(void)
{
    ASSERT_TRUE(from_context.count >= 3 && from_context.count < taken.count);
    size_t skipped = taken.count - from_context.count;
    EXPECT_AT_MOST(skipped, 4);
    for (size_t i = 0; i < from_context.count; i++) {
        EXPECT_SIZE(from_context.frames[i], taken.ours[skipped + i]);
    }
}

static void test_own_stack(void)
{
    install(SIGUSR1, on_signal, 0);
    raise_at(10, SIGUSR1);
    stacks_expect_equal("handler on the thread's stack", &taken, 15);
    expect_context_tail();
}

static void test_other_stack(void)
{
    static char memory[1 << 16];
    stack_t other = {.ss_sp = memory, .ss_size = sizeof(memory)};
    ASSERT_TRUE(sigaltstack(&other, NULL) == 0);
    install(SIGUSR2, on_signal, SA_ONSTACK);
    for (size_t i = 0; i < 5; i++) {
        raise_at(10 + i, SIGUSR2);
        stacks_expect_equal("handler on a stack of its own", &taken, 15 + i);
        expect_context_tail();
        raise_at(3, SIGUSR1);
        stacks_expect_equal("handler on the thread's stack again", &taken, 8);
    }
}

// ---- A fault ----------------------------------------------------------------------------------

static void on_fault(int number, siginfo_t *info, void *context)
{
    on_signal(number, info, context);
    // Goes on behind the instruction that cannot be executed.
    ucontext_t *place = context;
    place->uc_mcontext.gregs[REG_RIP] += 2;
}

FRAME static void fault(void)
{
    __asm__ volatile("ud2");
    sink++;
}

static void test_fault(void)
{
    install(SIGILL, on_fault, 0);
    fault();
    stacks_expect_equal("handler of a fault", &taken, 5);
    expect_context_tail();
}

// ---- Anywhere ---------------------------------------------------------------------------------

enum {
    SAMPLE_COUNT = 400,
    SECONDS_MAX = 20
};

static volatile sig_atomic_t sample_count;
static volatile sig_atomic_t equal_count;
static volatile sig_atomic_t differing_count;
static struct stacks first_difference;

// libgcc's: where backtrace() takes its information from.
struct frame_bases {
    void *bases[3];
};
extern const void *_Unwind_Find_FDE(void *pc, struct frame_bases *bases);

// A jump table of a static program has no information: backtrace() ends there, we go on.
static bool goes_on(const struct stacks *now)
{
    struct frame_bases bases;
    return now->peer_count > 0 && now->count > now->peer_count &&
           stacks_same(now) == now->peer_count &&
           _Unwind_Find_FDE((void *)now->peers[now->peer_count - 1], &bases) == NULL;
}

static void on_timer(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    static struct stacks now;
    stacks_take(&now);
    sample_count++;
    if (stacks_are_equal(&now) || goes_on(&now)) {
        equal_count++;
    } else if (differing_count++ == 0) {
        first_difference = now;
    }
}

FRAME static size_t leaf(size_t value)
{
    return value * 3 + 1;
}

FRAME static size_t busy(size_t depth, size_t value)
{
    volatile char local[40];
    local[depth % 40] = (char)value;
    if (depth == 0) {
        return leaf(value);
    }
    size_t result = busy(depth - 1, leaf(value)) + (size_t)local[depth % 40];
    return (result & 1) != 0 ? result + leaf(result) : result;
}

static int compare(const void *a, const void *b)
{
    return (int)(busy(2, *(const unsigned char *)a) & 7) - (int)(*(const unsigned char *)b & 7);
}

static void work(void)
{
    unsigned char bytes[64];
    char text[128];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(i * 37);
    }
    qsort(bytes, sizeof(bytes), 1, compare);
    snprintf(text, sizeof(text), "%f %s %zu", (double)bytes[3] / 7, "text", busy(9, bytes[4]));
    sink += strlen(text);
}

static void test_anywhere(void)
{
    install(SIGALRM, on_timer, SA_RESTART);
    struct itimerval timer = {.it_interval.tv_usec = 700, .it_value.tv_usec = 700};
    ASSERT_TRUE(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    time_t end = time(NULL) + SECONDS_MAX;
    while (sample_count < SAMPLE_COUNT && time(NULL) < end) {
        work();
    }
    setitimer(ITIMER_REAL, &(struct itimerval){.it_interval.tv_usec = 0}, NULL);
    test_note("%d of %d stacks equal", (int)equal_count, (int)sample_count);
    EXPECT_AT_LEAST((uint64_t)sample_count, 20);
    if (!EXPECT_SIZE((uint64_t)differing_count, 0)) {
        stacks_print(&first_difference);
    }
}

int main(void)
{
    stacks_prepare();
    test_own_stack();
    test_other_stack();
    test_fault();
    test_anywhere();
    return test_result();
}
