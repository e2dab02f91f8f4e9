// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "child.h"

#include "process.h"
#include "seed.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void wait_a_little(void)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    nanosleep(&pause, NULL);
}

static void note_end(struct child *child, int status)
{
    if (WIFEXITED(status)) {
        child->end = CHILD_EXITED;
        child->code = WEXITSTATUS(status);
    } else {
        child->end = CHILD_SIGNALLED;
        child->code = WTERMSIG(status);
    }
}

// Polls: portable to every kernel and to valgrind, and a test's child lives for milliseconds.
void child_wait(struct child *child, pid_t pid, unsigned limit_seconds)
{
    uint64_t deadline = deadline_after(limit_seconds * process_slowness());
    int status = 0;
    for (;;) {
        pid_t found = waitpid(pid, &status, WNOHANG);
        if (found == pid) {
            note_end(child, status);
            return;
        }
        if (found < 0 && errno != EINTR) {
            child->end = CHILD_NOT_STARTED;
            child->code = errno;
            return;
        }
        if (deadline_is_over(deadline)) {
            break;
        }
        wait_a_little();
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    child->end = CHILD_TIMED_OUT;
    child->code = SIGKILL;
}

static void read_text(struct child *child, int file)
{
    ssize_t length = pread(file, child->text, sizeof child->text - 1, 0);
    child->text_length = length < 0 ? 0 : (size_t)length;
    child->text[child->text_length] = '\0';
    close(file);
}

void child_run(
    struct child *child, child_body *body, void *context, bool is_captured, unsigned limit_seconds)
{
    memset(child, 0, sizeof *child);
    int file = is_captured ? memfd_create("stderr", MFD_CLOEXEC) : -1;
    pid_t pid = fork();
    if (pid < 0) {
        child->end = CHILD_NOT_STARTED;
        child->code = errno;
        return;
    }
    if (pid == 0) {
        test_reset();
        if (file >= 0) {
            dup2(file, STDERR_FILENO);
        }
        body(context);
        _exit(test_result());
    }
    child_wait(child, pid, limit_seconds);
    if (file >= 0) {
        read_text(child, file);
    }
}

void child_execute(struct child *child, const char *path, char *const arguments[],
    char *const environment[], unsigned limit_seconds)
{
    memset(child, 0, sizeof *child);
    int file = memfd_create("stderr", MFD_CLOEXEC);
    pid_t pid = fork();
    if (pid < 0) {
        child->end = CHILD_NOT_STARTED;
        child->code = errno;
        return;
    }
    if (pid == 0) {
        dup2(file, STDERR_FILENO);
        execve(path, arguments, environment ? environment : environ);
        _exit(127);
    }
    child_wait(child, pid, limit_seconds);
    read_text(child, file);
}

void child_run_self(
    struct child *child, const char *argument, const char *variable, unsigned limit_seconds)
{
    enum {
        VARIABLE_MAX = 512
    };
    char *variables[VARIABLE_MAX];
    size_t name_length = strcspn(variable, "=") + 1;
    size_t count = 0;
    for (char **other = environ; *other != NULL && count < VARIABLE_MAX - 2; other++) {
        if (strncmp(*other, variable, name_length) != 0) {
            variables[count++] = *other;
        }
    }
    variables[count++] = (char *)(uintptr_t)variable;
    variables[count] = NULL;
    char *const arguments[] = {program_invocation_name, (char *)(uintptr_t)argument, NULL};
    child_execute(child, "/proc/self/exe", arguments, variables, limit_seconds);
}

bool child_expect_passed(struct test_place place, const char *what, const struct child *child)
{
    switch (child->end) {
    case CHILD_EXITED:
        if (child->code == 0 || child->code == CHECK_SKIPPED) {
            return true;
        }
        test_fail(place, "%s: the child process exited with %d", what, child->code);
        return false;
    case CHILD_SIGNALLED:
        test_fail(place, "%s: the child process died of signal %d (%s)", what, child->code,
            strsignal(child->code));
        return false;
    case CHILD_TIMED_OUT:
        test_fail(place, "%s: the child process hung and was killed", what);
        return false;
    case CHILD_NOT_STARTED:
        break;
    }
    test_fail(place, "%s: no child process: %s", what, strerror(child->code));
    return false;
}

bool child_passes(struct test_place place, const char *what, child_body *body, void *context,
    unsigned limit_seconds)
{
    struct child child;
    child_run(&child, body, context, false, limit_seconds);
    return child_expect_passed(place, what, &child);
}
