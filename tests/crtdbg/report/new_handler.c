// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The new handler and the new mode, as C sees them. Sources: _set_new_handler, _query_new_handler,
// _set_new_mode, _callnewh.
#define _DEBUG
#include "capture.h"

#include <errno.h>
#include <new.h>

static size_t seen_size;
static int calls;

static int __cdecl give_up(size_t size)
{
    seen_size = size;
    calls++;
    return 0;
}

static int __cdecl try_thrice(size_t size)
{
    seen_size = size;
    calls++;
    return calls < 3;
}

static void test_handler(void)
{
    EXPECT_TRUE(_query_new_handler() == NULL);
    EXPECT_INT(_callnewh(1), 0);
    EXPECT_TRUE(_set_new_handler(try_thrice) == NULL);
    EXPECT_TRUE(_query_new_handler() == try_thrice);
    EXPECT_INT(_callnewh(123), 1);
    EXPECT_SIZE(seen_size, 123);
    EXPECT_TRUE(_set_new_handler(give_up) == try_thrice);
    EXPECT_INT(_callnewh(5), 0);
    EXPECT_TRUE(_set_new_handler(NULL) == give_up);
    EXPECT_INT(calls, 2);
}

static void test_mode(void)
{
    EXPECT_INT(_query_new_mode(), 0);
    EXPECT_INT(_set_new_mode(1), 0);
    EXPECT_INT(_set_new_mode(0), 1);
    errno = 0;
    EXPECT_INT(_set_new_mode(2), -1);
    EXPECT_INT(errno, EINVAL);
    EXPECT_INT(capture_bad_parameters, 1);
    EXPECT_INT(_query_new_mode(), 0);
}

// In mode 1 a failing allocation asks the handler until it gives up.
static void test_allocation(void)
{
    const size_t huge = SIZE_MAX / 2;
    calls = 0;
    _set_new_handler(try_thrice);
    errno = 0;
    EXPECT_POINTER(_malloc_dbg(huge, _NORMAL_BLOCK, NULL, 0), NULL);
    EXPECT_INT(errno, ENOMEM);
    EXPECT_INT(calls, 0);
    _set_new_mode(1);
    EXPECT_POINTER(_malloc_dbg(huge, _NORMAL_BLOCK, NULL, 0), NULL);
    EXPECT_INT(calls, 3);
    EXPECT_SIZE(seen_size, huge);
    _set_new_mode(0);
    _set_new_handler(NULL);
}

int main(void)
{
    struct capture capture;
    capture_all(&capture);
    _set_invalid_parameter_handler(capture_count_bad_parameter);
    test_handler();
    test_mode();
    test_allocation();
    return test_result();
}
