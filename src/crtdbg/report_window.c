// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/report_window.h"

#include "crtdbg/report.h"
#include "engine/engine.h"
#include "os/console.h"
#include "os/os.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NAME_MAX_SHOWN = 64, // characters of a program's or module's name
    ABORT_EXIT_CODE = 3
};

#define QUESTION "Abort, Retry (break into the debugger) or Ignore? [A/r/i] "

// ---- Text -------------------------------------------------------------------------------------

static const char *title_of(int type)
{
    static const char *const TITLES[REPORT_TYPE_COUNT] = {"Warning", "Error", "Assertion Failed"};
    return TITLES[type];
}

// Of a long name its end, which begins with three dots.
static void put_program(struct sink *sink)
{
    char path[PATH_MAX];
    const size_t length = os_program_path(path, sizeof(path));
    if (length == 0) {
        report_put(sink, "<program name unknown>");
    } else if (length <= NAME_MAX_SHOWN) {
        report_put(sink, path);
    } else {
        report_put(sink, "...");
        report_put(sink, path + length - (NAME_MAX_SHOWN - 3));
    }
}

static void put_module(struct sink *sink, struct words module)
{
    const size_t length = module.narrow != NULL ? strlen(module.narrow) : wcslen(module.wide);
    const size_t skipped = length > NAME_MAX_SHOWN ? length - (NAME_MAX_SHOWN - 3) : 0;
    if (skipped > 0) {
        report_put(sink, "...");
    }
    if (module.narrow != NULL) {
        report_put(sink, module.narrow + skipped);
    } else {
        halde_sink_put_wide(sink, module.wide + skipped, length - skipped);
    }
}

static void put_place(struct sink *sink, const struct report_request *request)
{
    if (words_are_given(request->module)) {
        report_put(sink, "\nModule: ");
        put_module(sink, request->module);
    }
    if (words_are_given(request->file)) {
        report_put(sink, "\nFile: ");
        report_put_words(sink, request->file);
    }
    if (request->line != 0) {
        report_put(sink, "\nLine: ");
        report_put_decimal(sink, request->line);
    }
}

static bool is_empty(struct words words)
{
    const bool has_narrow = words.narrow != NULL && words.narrow[0] != '\0';
    const bool has_wide = words.wide != NULL && words.wide[0] != L'\0';
    return !has_narrow && !has_wide;
}

size_t window_compose(
    char *text, size_t capacity, const struct report_request *request, struct words message)
{
    const bool is_assertion = request->type == REPORT_ASSERT;
    struct sink sink;
    report_sink_narrow(&sink, text, capacity - 1);
    report_put(&sink, "Debug ");
    report_put(&sink, title_of(request->type));
    report_put(&sink, "!\n\nProgram: ");
    put_program(&sink);
    put_place(&sink, request);
    if (!is_empty(message)) {
        report_put(&sink, is_assertion ? "\n\nExpression: " : "\n\n");
        report_put_words(&sink, message);
    }
    if (is_assertion) {
        report_put(&sink, "\n\nFor information on how your program can cause an assertion\n"
                          "failure, see the Visual C++ documentation on asserts.");
    }
    report_put(&sink, "\n\n(Press Retry to debug the application)\n");
    const size_t size = sink.count < capacity - 1 ? sink.count : capacity - 1;
    text[size] = '\0';
    return size;
}

// ---- Question ---------------------------------------------------------------------------------

// One question at a time; its thread takes no other lock meanwhile.
static struct os_mutex question_mutex;
static THREAD_LOCAL bool
    is_asking; // a signal handler that reports must not wait for its own thread

void window_reset_after_fork(void)
{
    question_mutex = (struct os_mutex){.state = 0};
}

static bool read_letter(char letter, enum window_answer *answer)
{
    switch (letter) {
    case 'a':
    case 'A':
        *answer = WINDOW_ABORT;
        return true;
    case 'r':
    case 'R':
        *answer = WINDOW_RETRY;
        return true;
    case 'i':
    case 'I':
        *answer = WINDOW_IGNORE;
        return true;
    default:
        return false;
    }
}

// Abort is the button that Enter presses.
static enum window_answer ask_on(int terminal)
{
    for (;;) {
        char line[16];
        enum window_answer answer;
        os_write(terminal, QUESTION, strlen(QUESTION));
        const int size = os_read_line(terminal, line, sizeof(line));
        if (size <= 0) {
            return WINDOW_ABORT;
        }
        if (read_letter(line[0], &answer)) {
            return answer;
        }
    }
}

static enum window_answer ask_terminal(int terminal, const char *text, size_t size)
{
    os_mutex_lock(&question_mutex);
    is_asking = true;
    os_write(STDERR_FILENO, text, size);
    const enum window_answer answer = ask_on(terminal);
    is_asking = false;
    os_mutex_unlock(&question_mutex);
    return answer;
}

// The answer that HALDE_OPTIONS=crt_window gives.
static bool is_answered(enum window_answer *answer)
{
    const char *option = engine_option("crt_window");
    return option != NULL && strcmp(option, "ask") != 0 && read_letter(option[0], answer);
}

enum window_answer window_ask(const char *text, size_t size)
{
    enum window_answer answer;
    if (is_answered(&answer)) {
        os_write(STDERR_FILENO, text, size);
        return answer;
    }
    const int terminal = is_asking ? -1 : os_terminal_open();
    if (terminal >= 0) {
        answer = ask_terminal(terminal, text, size);
        os_close(terminal);
        return answer;
    }
    os_write(STDERR_FILENO, text, size);
    return os_is_traced() ? WINDOW_RETRY : WINDOW_ABORT;
}

// ---- Abort ------------------------------------------------------------------------------------

static void call_abort_handler(void)
{
    struct sigaction action;
    if (sigaction(SIGABRT, NULL, &action) == 0 && action.sa_handler != SIG_DFL) {
        raise(SIGABRT);
    }
}

void window_abort(void)
{
    call_abort_handler();
    const char *option = engine_option("crt_abort");
    if (option != NULL && strcmp(option, "core") == 0) {
        signal(SIGABRT, SIG_DFL); // it has been called
        abort();
    }
    os_exit(ABORT_EXIT_CODE);
}
