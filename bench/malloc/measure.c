// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * measure [--preload=OBJECT] [--repeat=N] [--output=FILE] [--input=FILE] command...
 *
 * Runs a command and prints "elapsed s", "cpu s" and "peak KiB" of it and of the processes it
 * waited for, one a line; with --repeat the mean of the times.  Its standard output goes to
 * /dev/null.
 *
 * The peak of resident memory that the kernel reports begins before a new program replaces the old
 * one: whoever starts it must be smaller than it.  That is why this is a program of its own, which
 * never touches the heap.
 *
 * As root the command's session has precedence over what else the machine does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct settings {
    const char *preload;
    const char *output;
    const char *input;
    unsigned repeat;
};

struct figures {
    double elapsed; // seconds
    double cpu;
    long peak; // KiB
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static _Noreturn void fail(const char *text)
{
    fprintf(stderr, "measure: %s\n", text);
    _exit(125);
}

static void take_precedence(void)
{
    setsid();
    int file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return; // a kernel without such groups
    }
    // Refused to all but root, who is meant.
    if (write(file, "-20", 3) != 3) {
        close(file);
        return;
    }
    close(file);
}

static void redirect(const char *path, int flags, int target)
{
    int file = open(path, flags);
    if (file < 0 || dup2(file, target) < 0) {
        fail(path);
    }
    close(file);
}

static _Noreturn void become(const struct settings *settings, char **command)
{
    if (settings->preload != NULL && settings->preload[0] != '\0') {
        setenv("LD_PRELOAD", settings->preload, 1);
    }
    redirect(settings->input, O_RDONLY, STDIN_FILENO);
    redirect("/dev/null", O_WRONLY, STDOUT_FILENO);
    execvp(command[0], command);
    fail(command[0]);
}

static void run_once(const struct settings *settings, char **command, struct figures *figures)
{
    double start = now();
    pid_t pid = fork();
    if (pid == 0) {
        become(settings, command);
    }
    int status = 0;
    struct rusage usage;
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        fail("cannot start");
    }
    figures->elapsed += now() - start;
    figures->cpu += seconds(usage.ru_utime) + seconds(usage.ru_stime);
    if (usage.ru_maxrss > figures->peak) {
        figures->peak = usage.ru_maxrss;
    }
    if (status != 0) {
        fprintf(stderr, "measure: %s ended with status 0x%x\n", command[0], (unsigned)status);
        _exit(1);
    }
}

static const char *value_of(const char *argument, const char *key)
{
    size_t length = strlen(key);
    return strncmp(argument, key, length) == 0 ? argument + length : NULL;
}

static int parse(int argc, char **argv, struct settings *settings)
{
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        const char *value;
        if ((value = value_of(argv[i], "--preload=")) != NULL) {
            settings->preload = value;
        } else if ((value = value_of(argv[i], "--output=")) != NULL) {
            settings->output = value;
        } else if ((value = value_of(argv[i], "--input=")) != NULL) {
            settings->input = value;
        } else if ((value = value_of(argv[i], "--repeat=")) != NULL) {
            settings->repeat = (unsigned)strtoul(value, NULL, 10);
        } else {
            fail(argv[i]);
        }
    }
    return i;
}

int main(int argc, char **argv)
{
    struct settings settings = {.input = "/dev/null", .repeat = 1};
    int first = parse(argc, argv, &settings);
    if (first >= argc || settings.repeat == 0) {
        fail("usage: measure [--preload=OBJECT] [--repeat=N] [--output=FILE] [--input=FILE] "
             "command...");
    }
    take_precedence();
    struct figures figures = {0};
    for (unsigned i = 0; i < settings.repeat; i++) {
        run_once(&settings, argv + first, &figures);
    }
    FILE *output = settings.output != NULL ? fopen(settings.output, "w") : stdout;
    if (output == NULL) {
        fail(settings.output);
    }
    fprintf(output, "elapsed s %.6f\ncpu s %.6f\npeak KiB %ld\n", figures.elapsed / settings.repeat,
        figures.cpu / settings.repeat, figures.peak);
    return fclose(output) == 0 ? 0 : 1;
}
