// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/run.h"

#include "cli/memory.h"
#include "cli/preload.h"
#include "run/descendants.h"
#include "run/launch.h"
#include "run/outcome.h"
#include "run/program.h"
#include "run/session.h"
#include "target/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SLEEP_MS = 50,     // of the collector, when nobody rings
    SLEEP_MANY_MS = 2, // where several processes tell: only one of them can wake it
    SESSIONS_MAX = 4096,
    LAST_WAIT_MS = 200, // for a child of a process that ended without a word
};

struct run {
    const struct run_options *options;
    struct session **sessions; ///< the program's first
    size_t session_count;
    size_t session_capacity;
    struct descendants descendants;
    pid_t child;
    int status;         ///< of the child, as waitpid() tells it
    char last_name[32]; ///< of the child, at its end
    bool has_ended;     ///< the child
    FILE *report;
};

const char *run_mode_name(enum run_mode mode)
{
    static const char *const NAMES[] = {
        [RUN_OFF] = "off",
        [RUN_SAMPLE] = "sample",
        [RUN_EXACT] = "exact",
        [RUN_CRT] = "crt",
    };
    return NAMES[mode];
}

static bool is_recorded(const struct run_options *options)
{
    return options->mode != RUN_OFF;
}

// ---- Start --------------------------------------------------------------------------------------

static char *make_options(const struct run_options *options)
{
    switch (options->mode) {
    case RUN_SAMPLE:
        return must_format("mode=sample:sample_interval=%llu:record_frames=%llu",
            (unsigned long long)options->interval, (unsigned long long)options->frames);
    case RUN_EXACT:
        return must_format("mode=exact:record_frames=%llu", (unsigned long long)options->frames);
    case RUN_CRT: // the report is ours: no list of blocks
        return must_format(
            "mode=crt:crt_leak_check=0:crt_stacks=%llu", (unsigned long long)options->frames);
    default:
        return must_format("mode=%s", run_mode_name(options->mode));
    }
}

static struct session *add_session(
    struct run *run, pid_t process_id, bool is_root, const struct session *from)
{
    struct session *session = run->session_count < SESSIONS_MAX
                                  ? session_create(run->options, process_id, is_root, from)
                                  : NULL;
    if (session != NULL) {
        run->sessions = must_grow(
            run->sessions, run->session_count, &run->session_capacity, sizeof(run->sessions[0]));
        run->sessions[run->session_count++] = session;
    }
    return session;
}

// The preload object, to be freed; NULL, after a message: it cannot be used.
static char *find_preload(const struct run_options *options)
{
    char *tried = NULL;
    char *path = preload_find(&tried);
    if (path == NULL) {
        for (char *at = tried; at != NULL && *at != '\0'; at++) {
            *at = *at == '\n' ? ' ' : *at;
        }
        cli_error(options->cli, "%s was not found; tried: %sset %s to its path", PRELOAD_NAME,
            tried == NULL ? "" : tried, PRELOAD_VARIABLE);
    } else if (strpbrk(path, ": \t") != NULL) {
        cli_error(options->cli,
            "the loader cannot load %s: its path has a blank or a colon; copy it elsewhere and set "
            "%s",
            path, PRELOAD_VARIABLE);
        free(path);
        path = NULL;
    }
    free(tried);
    return path;
}

// Puts the checked functions in front, if there are any. NULL, after a message: they cannot be
// used.
static char *add_checked(const struct run_options *options, char *preload)
{
    const char *given = getenv(CHECKED_VARIABLE);
    char *checked = preload_find_checked();
    if (checked == NULL && given != NULL && given[0] != '\0') {
        cli_error(options->cli, "%s=%s is no file that can be read; set it to the path of %s",
            CHECKED_VARIABLE, given, CHECKED_NAME);
        free(preload);
        return NULL;
    }
    if (checked == NULL || strpbrk(checked, ": \t") != NULL) {
        cli_note(options->cli,
            "%s was not found beside the tool: memcpy() and its kin are not checked", CHECKED_NAME);
        free(checked);
        return preload;
    }
    char *both = must_format("%s:%s", checked, preload);
    free(checked);
    free(preload);
    return both;
}

static bool prepare_sessions(struct run *run)
{
    const struct run_options *options = run->options;
    if (!is_recorded(options)) {
        return true;
    }
    if (options->is_following && options->mode != RUN_CRT &&
        !descendants_listen(&run->descendants)) {
        cli_error(options->cli, "descendants cannot be recorded: %s", strerror(errno));
        return false;
    }
    if (add_session(run, 0, true, NULL) == NULL) {
        cli_error(options->cli, "no shared memory for what is recorded: %s", strerror(errno));
        return false;
    }
    return true;
}

static bool start_program(
    struct run *run, const struct program *program, const char *preload, int *code)
{
    const struct run_options *options = run->options;
    char *added = make_options(options);
    struct session *session = run->session_count > 0 ? run->sessions[0] : NULL;
    const struct launch launch = {
        .path = program->path,
        .words = program->words,
        .preload = preload,
        .options = added,
        .channel = session == NULL ? -1 : session->feed.descriptor,
        .socket = run->descendants.listener >= 0 ? run->descendants.name : NULL,
    };
    char *error = NULL;
    run->child = launch_start(&launch, &error, code);
    free(added);
    if (run->child < 0) {
        cli_error(options->cli, "%s", error);
        free(error);
        return false;
    }
    if (session != NULL) {
        session->process_id = run->child;
    }
    launch_watch_signals(run->child, session == NULL ? NULL : &session->feed);
    if (run->descendants.listener >= 0) {
        descendants_watch(&run->descendants, &session->feed);
    }
    if (isatty(STDERR_FILENO)) { // a program's messages are read by programs, too
        cli_note(
            options->cli, "process %d, mode %s", (int)run->child, run_mode_name(options->mode));
    }
    return true;
}

// ---- The child ----------------------------------------------------------------------------------

// The terminal has stopped the program: we stop with it, and let it go on when we do.
static void stop_with_child(const struct run *run)
{
    kill(getpid(), SIGSTOP);
    kill(run->child, SIGCONT);
}

static bool is_stop_of_terminal(int signal)
{
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

// What has ended has a name until it has been waited for.
static void note_last_name(struct run *run)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)run->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == run->child) {
        process_thread_name(run->child, run->child, run->last_name);
    }
}

// Looks what the child does; waits for news if `flags` do not say WNOHANG.
static void look_at_child(struct run *run, int flags)
{
    int status;
    note_last_name(run);
    if (run->has_ended || waitpid(run->child, &status, flags | WUNTRACED) != run->child) {
        return;
    }
    if (WIFSTOPPED(status)) {
        if (is_stop_of_terminal(WSTOPSIG(status))) {
            stop_with_child(run);
        }
        return;
    }
    run->status = status;
    run->has_ended = true;
}

static int exit_code(const struct run *run)
{
    return WIFEXITED(run->status) ? WEXITSTATUS(run->status) : 128 + WTERMSIG(run->status);
}

// ---- Sessions -----------------------------------------------------------------------------------

static struct session *live_session(const struct run *run, pid_t process_id)
{
    for (size_t i = run->session_count; i-- > 0;) {
        struct session *session = run->sessions[i];
        if (session->process_id == process_id && !session->has_ended) {
            return session;
        }
    }
    return NULL;
}

// A process that has forked may end before its child asks: the stacks are there all the same.
static struct session *last_session(const struct run *run, pid_t process_id)
{
    for (size_t i = run->session_count; i-- > 0;) {
        if (run->sessions[i]->process_id == process_id) {
            return run->sessions[i];
        }
    }
    return NULL;
}

static void welcome(struct run *run, struct applicant *applicant)
{
    pid_t process_id = applicant->process_id;
    struct session *old = live_session(run, process_id);
    if (old != NULL) { // it has replaced itself by another program
        session_end(old, CAPTURE_REPLACED, 0);
    }
    struct session *from =
        applicant->forked_from == 0 ? NULL : last_session(run, (pid_t)applicant->forked_from);
    struct session *session = NULL;
    if (applicant->forked_from == 0 || from != NULL) {
        session = add_session(run, process_id, process_id == run->child, from);
    }
    if (session != NULL && process_id != run->child) {
        session->end_descriptor = (int)syscall(SYS_pidfd_open, process_id, 0);
    }
    descendants_answer(applicant, session == NULL ? -1 : session->feed.descriptor);
}

static bool welcome_all(struct run *run)
{
    struct applicant applicant;
    bool has_any = false;
    while (descendants_next(&run->descendants, &applicant)) {
        welcome(run, &applicant);
        has_any = true;
    }
    return has_any;
}

static bool has_gone(const struct session *session)
{
    struct pollfd wanted = {.fd = session->end_descriptor, .events = POLLIN};
    return session->end_descriptor < 0 || poll(&wanted, 1, 0) > 0;
}

static void end_root_session(struct run *run, struct session *session)
{
    enum capture_end end = session_judge_end(session, run->last_name);
    if (end == CAPTURE_REPLACED) {
        session_end(session, end, 0);
    } else if (WIFSIGNALED(run->status)) {
        session_end(session, CAPTURE_KILLED, (uint32_t)WTERMSIG(run->status));
    } else {
        session_end(session, end, (uint32_t)WEXITSTATUS(run->status));
    }
}

// Ends sessions whose process is no more. Returns how many are left.
static size_t end_sessions(struct run *run)
{
    size_t left = 0;
    for (size_t i = 0; i < run->session_count; i++) {
        struct session *session = run->sessions[i];
        if (session->has_ended) {
            continue;
        }
        if (session->process_id == run->child && run->has_ended) {
            end_root_session(run, session);
        } else if (session->process_id != run->child && has_gone(session)) {
            session_end(session, session_judge_end(session, ""), 0);
        } else {
            left++;
        }
    }
    return left;
}

static bool serve(struct run *run)
{
    bool is_busy = false;
    for (size_t i = 0; i < run->session_count; i++) {
        struct session *session = run->sessions[i];
        if (!session->has_ended) {
            is_busy |= session_drain(session);
            session_tick(session);
        }
    }
    return is_busy;
}

// Whether another descendant asks when all that are known have ended.  libc's daemon() forks and
// ends at once, by ways of its own, so that the child's question comes after the parent's end.
static bool await_descendant(const struct run *run)
{
    if (run->descendants.listener < 0) {
        return false;
    }
    enum capture_end end = run->sessions[run->session_count - 1]->process.end;
    bool was_silent = end == CAPTURE_DETACHED || end == CAPTURE_KILLED;
    struct pollfd wanted = {.fd = run->descendants.listener, .events = POLLIN};
    return poll(&wanted, 1, was_silent ? LAST_WAIT_MS : 0) > 0;
}

static void collect(struct run *run)
{
    for (;;) {
        bool is_busy = serve(run);
        is_busy |= welcome_all(run);
        if (launch_has_news() || !is_busy) {
            look_at_child(run, WNOHANG);
        }
        size_t left = end_sessions(run);
        bool is_over = left == 0 && (run->has_ended || run->descendants.listener < 0);
        if (is_over && !await_descendant(run)) {
            break;
        }
        if (!is_busy) {
            feed_sleep(
                &run->sessions[0]->feed, left > 1 || run->has_ended ? SLEEP_MANY_MS : SLEEP_MS);
        }
    }
    while (!run->has_ended) { // a root whose program nobody records
        look_at_child(run, 0);
    }
}

// ---- End ----------------------------------------------------------------------------------------

static FILE *open_report(const struct run_options *options)
{
    if (options->report == NULL || strcmp(options->report, "-") == 0) {
        return options->report == NULL ? stderr : stdout;
    }
    FILE *stream = fopen(options->report, "we");
    if (stream == NULL) {
        cli_error(options->cli, "cannot write %s: %s", options->report, strerror(errno));
    }
    return stream;
}

// Whether leaks were searched for: in the program that the child was last.
static bool is_judged(const struct run *run)
{
    bool is_judged = false;
    for (size_t i = 0; i < run->session_count; i++) {
        is_judged = run->sessions[i]->is_root ? run->sessions[i]->is_classed : is_judged;
    }
    return is_judged;
}

static int report(struct run *run)
{
    const struct run_options *options = run->options;
    bool is_sarif = options->has_report && options->form == LEAK_SARIF;
    struct sarif_log *sarif = is_sarif ? sarif_log_begin(run->report) : NULL;
    bool applies = false;
    for (size_t i = 0; i < run->session_count; i++) {
        applies |= outcome_report(run->sessions[i], run->report, sarif);
    }
    bool is_written = sarif == NULL || sarif_log_end(sarif);
    if (fflush(run->report) != 0 || !is_written) {
        cli_error(options->cli, "the report could not be written: %s", strerror(errno));
    }
    if (applies) {
        return options->fail_code;
    }
    if (options->fail_on != NULL && !is_judged(run) && exit_code(run) == 0) {
        cli_error(options->cli, "leaks were not searched for, so --fail-on=%s cannot be answered",
            options->fail_on);
        return EXIT_OWN_FAILURE;
    }
    return exit_code(run);
}

static int run_found(struct run *run, const struct program *program, const char *preload)
{
    int code = EXIT_OWN_FAILURE;
    if (!prepare_sessions(run) || !start_program(run, program, preload, &code)) {
        return code;
    }
    collect(run);
    return report(run);
}

static void release(struct run *run)
{
    for (size_t i = 0; i < run->session_count; i++) {
        session_destroy(run->sessions[i]);
    }
    free(run->sessions);
    descendants_close(&run->descendants);
    if (run->report != NULL && run->report != stderr && run->report != stdout) {
        fclose(run->report);
    }
}

int run_program(const struct run_options *options)
{
    struct program program;
    program_find(&program, options->words, true);
    struct run run = {.options = options, .descendants = {.listener = -1}};
    int code = program.code;
    char *preload = NULL;
    if (program.trouble != NULL) {
        cli_error(options->cli, "%s", program.trouble);
    } else {
        code = EXIT_OWN_FAILURE;
        preload = find_preload(options);
        if (preload != NULL && options->mode == RUN_CRT) {
            preload = add_checked(options, preload);
        }
        run.report = open_report(options);
        if (preload != NULL && run.report != NULL) {
            code = run_found(&run, &program, preload);
        }
    }
    release(&run);
    free(preload);
    program_release(&program);
    return code;
}
