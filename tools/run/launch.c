// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/launch.h"

#include "cli/cli.h"
#include "cli/memory.h"
#include "record/channel.h"
#include "run/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- Environment --------------------------------------------------------------------------------

// Bytes of a variable, or "-": it is not set.
static char *size_of_variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? must_copy_text("-") : must_format("%zu", strlen(value));
}

// NAME=value, the value with something behind it.
static char *extended(const char *name, const char *more)
{
    const char *value = getenv(name);
    bool is_empty = value == NULL || value[0] == '\0';
    return must_format("%s=%s%s%s", name, is_empty ? "" : value, is_empty ? "" : ":", more);
}

static char *channel_variable(const struct launch *launch)
{
    char *options = size_of_variable("HALDE_OPTIONS");
    char *preload = size_of_variable("LD_PRELOAD");
    char *descriptor =
        launch->channel >= 0 ? must_format("%d", launch->channel) : must_copy_text("-");
    char *variable = must_format("%s=%s,%s,%s,%d%s%s", CHANNEL_VARIABLE, descriptor, options,
        preload, (int)getpid(), launch->socket == NULL ? "" : ",",
        launch->socket == NULL ? "" : launch->socket);
    free(options);
    free(preload);
    free(descriptor);
    return variable;
}

static bool is_variable(const char *entry, const char *name)
{
    size_t size = strlen(name);
    return strncmp(entry, name, size) == 0 && entry[size] == '=';
}

static char **make_environment(const struct launch *launch)
{
    size_t count = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **entries = must_allocate(count + 4, sizeof(entries[0]));
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        char *entry = environ[i];
        if (!is_variable(entry, "HALDE_OPTIONS") && !is_variable(entry, "LD_PRELOAD") &&
            !is_variable(entry, CHANNEL_VARIABLE)) {
            entries[used++] = entry;
        }
    }
    entries[used++] = extended("LD_PRELOAD", launch->preload);
    entries[used++] = extended("HALDE_OPTIONS", launch->options);
    entries[used] = channel_variable(launch);
    return entries;
}

// ---- Signals ------------------------------------------------------------------------------------

static const int HANDED_ON[] = {
    SIGINT,
    SIGQUIT,
    SIGTERM,
    SIGHUP,
    SIGUSR1,
    SIGUSR2,
    SIGALRM,
    SIGCONT,
    SIGWINCH,
};
enum {
    HANDED_ON_COUNT = sizeof(HANDED_ON) / sizeof(HANDED_ON[0])
};

static struct {
    volatile sig_atomic_t child;
    volatile sig_atomic_t has_news;
    struct feed *volatile feed;
    struct sigaction before[HANDED_ON_COUNT]; // as they were when we started
    struct sigaction before_stop;
    struct sigaction before_child;
    struct sigaction before_pipe;
} signals;

static void hand_on(int number, siginfo_t *info, void *context)
{
    (void)context;
    // What comes from a process, not from the terminal, which has told the program itself.
    if (info->si_code <= 0 && info->si_pid != signals.child && signals.child > 0) {
        int saved_errno = errno;
        kill(signals.child, number);
        errno = saved_errno;
    }
}

static void note_news(int number)
{
    (void)number;
    signals.has_news = 1;
    if (signals.feed != NULL) {
        feed_ring_bell(signals.feed);
    }
}

// In place before the program starts, so that nothing is lost.
static void catch_signals(void)
{
    struct sigaction action = {.sa_sigaction = hand_on, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < HANDED_ON_COUNT; i++) {
        sigaction(HANDED_ON[i], &action, &signals.before[i]);
        if (signals.before[i].sa_handler == SIG_IGN) { // by nohup, for one
            sigaction(HANDED_ON[i], &signals.before[i], NULL);
        }
    }
    action = (struct sigaction){.sa_handler = note_news};
    sigaction(SIGCHLD, &action, &signals.before_child);
    action = (struct sigaction){.sa_handler = SIG_IGN};
    sigaction(SIGTSTP, &action, &signals.before_stop);
    sigaction(SIGPIPE, &action, &signals.before_pipe);
}

static void release_signals(void)
{
    for (size_t i = 0; i < HANDED_ON_COUNT; i++) {
        sigaction(HANDED_ON[i], &signals.before[i], NULL);
    }
    sigaction(SIGCHLD, &signals.before_child, NULL);
    sigaction(SIGTSTP, &signals.before_stop, NULL);
    sigaction(SIGPIPE, &signals.before_pipe, NULL);
}

void launch_watch_signals(pid_t child, struct feed *feed)
{
    signals.feed = feed;
    signals.child = child;
}

bool launch_has_news(void)
{
    bool has_news = signals.has_news != 0;
    signals.has_news = 0;
    return has_news;
}

// ---- Start --------------------------------------------------------------------------------------

static _Noreturn void become(const struct launch *launch, char **environment, int tell)
{
    if (launch->channel >= 0) {
        fcntl(launch->channel, F_SETFD, 0);
    }
    release_signals();
    execve(launch->path, launch->words, environment);
    int number = errno;
    ssize_t written = write(tell, &number, sizeof(number));
    (void)written;
    _exit(EXIT_OWN_FAILURE);
}

// What the child says of its failure; 0: it runs.
static int hear(int from)
{
    int number = 0;
    ssize_t got;
    do {
        got = read(from, &number, sizeof(number));
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(number) ? number : 0;
}

static void free_environment(char **environment)
{
    size_t count = 0;
    while (environment[count] != NULL) {
        count++;
    }
    for (size_t i = count - 3; i < count; i++) { // our own
        free(environment[i]);
    }
    free(environment);
}

static pid_t fork_and_become(const struct launch *launch, char **environment, int *number)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        *number = errno;
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        become(launch, environment, ends[1]);
    }
    *number = child < 0 ? errno : 0;
    close(ends[1]);
    if (child > 0) {
        *number = hear(ends[0]);
    }
    close(ends[0]);
    return child;
}

pid_t launch_start(const struct launch *launch, char **error, int *code)
{
    char **environment = make_environment(launch);
    catch_signals();
    int number;
    pid_t child = fork_and_become(launch, environment, &number);
    free_environment(environment);
    if (number == 0) {
        return child;
    }
    *error = must_format("cannot run %s: %s", launch->path, strerror(number));
    *code =
        child < 0 ? EXIT_OWN_FAILURE : (number == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
    return -1;
}
