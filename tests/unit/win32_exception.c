// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HEAP_GENERATE_EXCEPTIONS: which handler is called, with what, and what happens without one.

#include "check.h"
#include "child.h"

#include <halde/win32.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <windows.h>
#include <winternl.h>

static struct {
    sigjmp_buf target;
    uint32_t status;
    void *heap;
    size_t bytes;
    unsigned calls, other_calls;
} seen;

static void leave(uint32_t status, void *heap, size_t bytes)
{
    seen.status = status;
    seen.heap = heap;
    seen.bytes = bytes;
    seen.calls++;
    siglongjmp(seen.target, 1);
}

static void leave_other(uint32_t status, void *heap, size_t bytes)
{
    (void)status;
    (void)heap;
    (void)bytes;
    seen.other_calls++;
    siglongjmp(seen.target, 1);
}

static void return_quietly(uint32_t status, void *heap, size_t bytes)
{
    (void)status;
    (void)heap;
    (void)bytes;
}

#define EXPECT_RAISES(statement, expected_status, expected_heap, expected_bytes)                   \
    do {                                                                                           \
        seen.calls = 0;                                                                            \
        if (sigsetjmp(seen.target, 0) == 0) {                                                      \
            statement;                                                                             \
        }                                                                                          \
        EXPECT_SIZE(seen.calls, 1);                                                                \
        EXPECT_SIZE(seen.status, (uint32_t)(expected_status));                                     \
        EXPECT_POINTER(seen.heap, (expected_heap));                                                \
        EXPECT_SIZE(seen.bytes, (expected_bytes));                                                 \
    } while (0)

static void test_handler_arguments(void)
{
    halde_set_exception_handler(leave);
    HANDLE heap = HeapCreate(0, 0, 0);
    HANDLE raising = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, 0);
    SetLastError(0);
    EXPECT_RAISES(
        HeapAlloc(heap, HEAP_GENERATE_EXCEPTIONS, SIZE_MAX), STATUS_NO_MEMORY, heap, SIZE_MAX);
    EXPECT_SIZE(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    EXPECT_RAISES(HeapAlloc(raising, 0, SIZE_MAX - 1), STATUS_NO_MEMORY, raising, SIZE_MAX - 1);
    EXPECT_RAISES(
        HeapAlloc(raising, HEAP_ZERO_MEMORY, SIZE_MAX), STATUS_NO_MEMORY, raising, SIZE_MAX);
    EXPECT_RAISES(RtlAllocateHeap(raising, 0, SIZE_MAX), STATUS_NO_MEMORY, raising, SIZE_MAX);
    void *block = HeapAlloc(raising, 0, 100);
    EXPECT_RAISES(HeapReAlloc(raising, 0, block, SIZE_MAX), STATUS_NO_MEMORY, raising, SIZE_MAX);
    EXPECT_SIZE(HeapSize(raising, 0, block), 100);
    EXPECT_RAISES(HeapAlloc(NULL, HEAP_GENERATE_EXCEPTIONS, 10), STATUS_ACCESS_VIOLATION, NULL, 10);
    EXPECT_RAISES(RtlRaiseStatus(STATUS_HEAP_CORRUPTION), STATUS_HEAP_CORRUPTION, NULL, 0);
    // A heap without the flag, and calls that are not documented to raise, answer as ever.
    EXPECT_POINTER(HeapAlloc(heap, 0, SIZE_MAX), NULL);
    EXPECT_POINTER(HeapReAlloc(raising, 0, NULL, 10), NULL);
    EXPECT_SIZE(HeapSize(raising, 0, &heap), SIZE_MAX);
    HeapDestroy(raising);
    HeapDestroy(heap);
    halde_set_exception_handler(NULL);
}

static void test_set_and_get(void)
{
    EXPECT_TRUE(halde_set_exception_handler(leave) == NULL);
    EXPECT_TRUE(halde_set_exception_handler(leave_other) == leave);
    EXPECT_TRUE(halde_set_exception_handler(NULL) == leave_other);
    EXPECT_TRUE(halde_set_thread_exception_handler(leave) == NULL);
    EXPECT_TRUE(halde_set_thread_exception_handler(NULL) == leave);
}

static void *raise_in_thread(void *argument)
{
    (void)argument;
    if (sigsetjmp(seen.target, 0) == 0) {
        RtlRaiseStatus(STATUS_NO_MEMORY);
    }
    return NULL;
}

// The thread's own handler goes first; other threads still get the process's.
static void test_thread_handler(void)
{
    halde_set_exception_handler(leave_other);
    halde_set_thread_exception_handler(leave);
    seen.other_calls = 0;
    EXPECT_RAISES(RtlRaiseStatus(STATUS_NO_MEMORY), STATUS_NO_MEMORY, NULL, 0);
    EXPECT_SIZE(seen.other_calls, 0);
    pthread_t thread;
    ASSERT_SIZE((uint64_t)pthread_create(&thread, NULL, raise_in_thread, NULL), 0);
    pthread_join(thread, NULL);
    EXPECT_SIZE(seen.calls, 1);
    EXPECT_SIZE(seen.other_calls, 1);
    halde_set_thread_exception_handler(NULL);
    halde_set_exception_handler(NULL);
}

// ---- Without a handler, or with one that returns ----------------------------------------------

static void raise_without_handler(void *context)
{
    (void)context;
    HeapAlloc(GetProcessHeap(), HEAP_GENERATE_EXCEPTIONS, SIZE_MAX);
}

static void raise_with_returning_handler(void *context)
{
    (void)context;
    halde_set_exception_handler(return_quietly);
    RtlRaiseStatus((NTSTATUS)0xC0001234);
}

static void expect_abort(child_body *body, const char *first, const char *second)
{
    struct child child;
    child_run(&child, body, NULL, true, 20);
    EXPECT_SIZE(child.end, CHILD_SIGNALLED);
    EXPECT_SIZE((uint64_t)child.code, SIGABRT);
    if (strstr(child.text, first) == NULL || strstr(child.text, second) == NULL) {
        test_fail(CHECK_HERE, "no '%s' and '%s' in: %s", first, second, child.text);
    }
    const char *newline = strchr(child.text, '\n');
    EXPECT_TRUE(newline != NULL && newline[1] == '\0');
}

int main(void)
{
    test_set_and_get();
    test_handler_arguments();
    test_thread_handler();
    expect_abort(raise_without_handler, "0xc0000017 (STATUS_NO_MEMORY)", "no handler is set");
    expect_abort(
        raise_with_returning_handler, "0xc0001234 (unknown status)", "the handler returned");
    return test_result();
}
