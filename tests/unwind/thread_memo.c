// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// (Not under valgrind, as memo.c.)
//
// Each thread has a memo of its own; those of threads that have ended are given to others, so that
// there are enough for any number of them; a forked child goes on with the one it has.

#include "unwind/stack_depot.h"
#include "unwind/unwind.h"

#include "check.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FRAMES_MAX = 32,
    TOGETHER = 24,    // threads at the same time
    ROUNDS = 30,      // of these: more threads than there are memos
    PATIENCE = 10000, // questions after which a memo is there
};

struct member {
    pthread_barrier_t *barrier;
    struct unwind_memo *memo;
    size_t differing;
};

static __attribute__((noinline)) size_t differing_stacks(struct unwind_memo *memo)
{
    size_t differing = 0;
    for (volatile size_t i = 0; i < 8; i++) {
        const void *caller = __builtin_return_address(0);
        uintptr_t frames[FRAMES_MAX];
        size_t count = unwind_capture(frames, FRAMES_MAX, caller);
        uint32_t plain =
            count == 0 ? unwind_number(NULL, FRAMES_MAX, caller) : stack_depot_put(frames, count);
        differing += unwind_number(memo, FRAMES_MAX, caller) != plain;
    }
    return differing;
}

static void *join_in(void *context)
{
    struct member *member = context;
    for (size_t i = 0; i < PATIENCE && member->memo == NULL; i++) {
        member->memo = unwind_thread_memo();
    }
    pthread_barrier_wait(member->barrier);
    member->differing = differing_stacks(member->memo);
    pthread_barrier_wait(member->barrier);
    return NULL;
}

static void check_members(const struct member *members)
{
    for (size_t i = 0; i < TOGETHER; i++) {
        EXPECT_TRUE(members[i].memo != NULL);
        EXPECT_TRUE((uintptr_t)members[i].memo % 64 == 0);
        EXPECT_SIZE(members[i].differing, 0);
        for (size_t j = 0; j < i; j++) {
            EXPECT_TRUE(members[i].memo != members[j].memo);
        }
    }
}

static void run_together(void)
{
    pthread_t threads[TOGETHER];
    struct member members[TOGETHER] = {0};
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, TOGETHER);
    for (size_t i = 0; i < TOGETHER; i++) {
        members[i].barrier = &barrier;
        EXPECT_TRUE(pthread_create(&threads[i], NULL, join_in, &members[i]) == 0);
    }
    for (size_t i = 0; i < TOGETHER; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&barrier);
    check_members(members);
}

static void test_fork(void)
{
    struct unwind_memo *memo = unwind_thread_memo();
    pid_t child = fork();
    if (child == 0) {
        _exit(unwind_thread_memo() == memo && differing_stacks(memo) == 0 ? 0 : 1);
    }
    int status = -1;
    EXPECT_TRUE(waitpid(child, &status, 0) == child);
    EXPECT_SIZE((size_t)status, 0);
    EXPECT_TRUE(unwind_thread_memo() == memo);
}

int main(void)
{
    EXPECT_TRUE(unwind_thread_memo() != NULL);
    EXPECT_TRUE(unwind_thread_memo() == unwind_thread_memo());
    for (size_t i = 0; i < ROUNDS; i++) {
        run_together();
    }
    test_fork();
    return test_result();
}
