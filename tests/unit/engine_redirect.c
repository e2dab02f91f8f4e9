// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A redirect that is set while there is no memory for the process heap: when the heap can be made
// after all, malloc's fast paths do not find it.  The program runs itself anew under a limit that
// the engine cannot start under, and raises it.

#include "check.h"
#include "child.h"
#include "process.h"

#include "engine/fast.h"
#include "engine/redirect.h"

#include <sys/resource.h>

static const struct allocator_redirect REDIRECTS[] = {
    {.lets_frees_pass = false},
    {.lets_frees_pass = true},
};

static void limit_addresses(rlim_t soft)
{
    struct rlimit limit;
    ASSERT_TRUE(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    ASSERT_TRUE(setrlimit(RLIMIT_AS, &limit) == 0);
}

enum {
    SKIPPED = 77,
    LIMIT_MIN = 2 << 20,
    LIMIT_MAX = 32 << 20,
    LIMIT_STEP = 512 << 10,
};

static int check_late_heap(const struct allocator_redirect *redirect)
{
    engine_set_redirect(redirect);
    if (fast_home != NULL) {
        return SKIPPED; // the limit was not low enough
    }
    limit_addresses(RLIM_INFINITY);
    halde_heap *heap = halde_process_heap();
    EXPECT_NOT_NULL(heap);
    EXPECT_TRUE(fast_home == heap);
    EXPECT_TRUE(fast_malloc_home == NULL);
    EXPECT_TRUE(fast_malloc_max == 0);
    EXPECT_TRUE(fast_free_home == (redirect->lets_frees_pass ? heap : NULL));
    return test_result();
}

// Under some limit the program starts, and the engine does not.
static bool passes_under_some_limit(const char *number)
{
    for (rlim_t limit = LIMIT_MIN; limit <= LIMIT_MAX; limit += LIMIT_STEP) {
        struct child child;
        limit_addresses(limit);
        child_run_self(&child, number, "HALDE_TEST=1", 10);
        limit_addresses(RLIM_INFINITY);
        if (child.end == CHILD_EXITED && (child.code == 0 || child.code == 1)) {
            return child_expect_passed(CHECK_HERE, "a late process heap", &child);
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return check_late_heap(&REDIRECTS[argv[1][0] == '1']);
    }
    if (!process_memory_is_plain()) {
        return SKIPPED;
    }
    EXPECT_TRUE(passes_under_some_limit("0"));
    EXPECT_TRUE(passes_under_some_limit("1"));
    return test_result();
}
