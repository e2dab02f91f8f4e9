// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: child.c(2) : {2} normal block at 0x@, 5 bytes long.
// STDERR:  Data: <     > CD CD CD CD CD~
// STDERR: Object dump complete.
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: parent.c(1) : {1} normal block at 0x@, 4 bytes long.
// STDERR:  Data: <    > CD CD CD CD~
// STDERR: Object dump complete.

// A child's leaks are what it allocated itself.

#include "common.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    report_to_stderr();
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    void *block = _malloc_dbg(4, _NORMAL_BLOCK, "parent.c", 1);
    if (block == NULL) {
        return 2;
    }
    pid_t child = fork();
    if (child == 0) {
        block = _malloc_dbg(5, _NORMAL_BLOCK, "child.c", 2);
        exit(block == NULL);
    }
    int status;
    waitpid(child, &status, 0);
    return status != 0;
}
