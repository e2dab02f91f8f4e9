// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive

/**
 * Says whether the system runs it as a set-uid program. options.sh makes it one and expects that it
 * reads no options then; by itself it proves that such a program can be told.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>

int main(void)
{
    free(malloc(100));
    bool is_secure = getauxval(AT_SECURE) != 0;
    EXPECT_TRUE(is_secure == (secure_getenv("PATH") == NULL && getenv("PATH") != NULL));
    puts(is_secure ? "secure" : "plain");
    return test_result();
}
