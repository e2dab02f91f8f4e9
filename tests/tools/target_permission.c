// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What is said of the kernel's rules about tracing, and of processes that are recorded already.

#include "check.h"
#include "target/permission.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_yama(void)
{
    for (int scope = -1; scope <= 0; scope++) {
        EXPECT_TRUE(permission_yama_rule(scope, false).rule == NULL);
        EXPECT_TRUE(permission_yama_rule(scope, true).rule == NULL);
    }
    EXPECT_TRUE(permission_yama_rule(1, true).rule == NULL);
    EXPECT_TRUE(permission_yama_rule(2, true).rule == NULL);
    EXPECT_TRUE(permission_yama_rule(4, false).rule == NULL); // no such value
    struct permission_rule children = permission_yama_rule(1, false);
    struct permission_rule root = permission_yama_rule(2, false);
    EXPECT_TRUE(strstr(children.rule, "only what it has started") != NULL);
    EXPECT_TRUE(strstr(root.rule, "only root") != NULL);
    EXPECT_TRUE(strstr(children.remedy, "sudo halde") != NULL);
    EXPECT_TRUE(strstr(root.remedy, "kernel.yama.ptrace_scope=0") != NULL);
    for (int has_capability = 0; has_capability <= 1; has_capability++) {
        struct permission_rule nobody = permission_yama_rule(3, has_capability);
        EXPECT_TRUE(strstr(nobody.rule, "nobody") != NULL);
        // Neither root nor sysctl helps.
        EXPECT_TRUE(strstr(nobody.remedy, "sudo") == NULL);
        EXPECT_TRUE(strstr(nobody.remedy, "started anew") != NULL);
    }
}

// Runs a shell under another name, with a script whose name is `verb`, in their folder; the script
// starts a child.
static pid_t start_as(const char *folder, const char *name, const char *verb, pid_t *child)
{
    int ends[2];
    char line[32] = "";
    ASSERT_TRUE(pipe(ends) == 0);
    pid_t parent = fork();
    if (parent == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        if (chdir(folder) == 0) {
            execl(name, name, verb, "--", (char *)NULL);
        }
        _exit(127);
    }
    close(ends[1]);
    ssize_t size = read(ends[0], line, sizeof(line) - 1);
    close(ends[0]);
    *child = size > 0 ? (pid_t)strtol(line, NULL, 10) : 0;
    return parent;
}

static void copy(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    ASSERT_TRUE(in != NULL && out != NULL);
    char bytes[4096];
    for (size_t size; (size = fread(bytes, 1, sizeof(bytes), in)) > 0;) {
        EXPECT_SIZE(fwrite(bytes, 1, size, out), size);
    }
    fclose(in);
    EXPECT_TRUE(fclose(out) == 0);
    EXPECT_TRUE(chmod(to, 0700) == 0);
}

static void expect_recorded(const char *name, const char *verb, bool is_recorded)
{
    char folder[] = "/tmp/halde-test-XXXXXX";
    char shell[64];
    char script[64];
    ASSERT_NOT_NULL(mkdtemp(folder));
    snprintf(shell, sizeof(shell), "%s/%s", folder, name);
    snprintf(script, sizeof(script), "%s/%s", folder, verb);
    copy("/bin/bash", shell);
    FILE *file = fopen(script, "w");
    ASSERT_NOT_NULL(file);
    fputs("sleep 60 & echo $!; wait; true\n", file);
    EXPECT_TRUE(fclose(file) == 0);
    pid_t child = 0;
    pid_t parent = start_as(folder, name, verb, &child);
    EXPECT_TRUE(child > 1);
    EXPECT_TRUE(permission_is_recorded(child) == is_recorded);
    EXPECT_TRUE(!permission_is_recorded(parent)); // who records is not recorded
    if (child > 1) {
        kill(child, SIGKILL);
    }
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    EXPECT_TRUE(unlink(shell) == 0 && unlink(script) == 0 && rmdir(folder) == 0);
}

int main(void)
{
    test_yama();
    EXPECT_TRUE(!permission_is_recorded(getpid()));
    expect_recorded("halde", "run", true);
    expect_recorded("halde", "leaks", false);
    expect_recorded("other", "run", false);
    return test_result();
}
