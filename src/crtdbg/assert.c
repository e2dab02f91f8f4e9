// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The functions behind Microsoft's assert(): a line on standard error and the end, or a window.

#include "halde-win32/assert.h"
#include "crtdbg/api.h"
#include "crtdbg/error_mode.h"
#include "crtdbg/report.h"
#include "crtdbg/report_text.h"
#include "crtdbg/report_window.h"
#include "halde-win32/stdlib.h"
#include "os/console.h"

#include <limits.h>
#include <unistd.h>

enum {
    TEXT_SIZE = 4096
};

static void put_line(const struct report_request *request, struct words expression)
{
    char text[TEXT_SIZE];
    struct sink sink;
    report_sink_narrow(&sink, text, sizeof(text));
    report_put(&sink, "Assertion failed: ");
    report_put_words(&sink, expression);
    report_put(&sink, ", file ");
    report_put_words(&sink, request->file);
    report_put(&sink, ", line ");
    report_put_decimal(&sink, request->line);
    report_put(&sink, "\n");
    os_write(STDERR_FILENO, text, sink.count < sizeof(text) ? sink.count : sizeof(text));
}

// The window of assert() is that of a failed _ASSERTE().
static void ask(const struct report_request *request, struct words expression)
{
    char text[TEXT_SIZE];
    const size_t size = window_compose(text, sizeof(text), request, expression);
    switch (window_ask(text, size)) {
    case WINDOW_ABORT:
        window_abort();
    case WINDOW_RETRY:
        debug_break();
        break;
    default:
        break;
    }
}

static void fail(struct words expression, struct words file, unsigned line)
{
    const struct report_request request = {
        .type = REPORT_ASSERT,
        .file = file,
        .line = line <= INT_MAX ? (int)line : INT_MAX,
    };
    if (error_mode_is_window()) {
        ask(&request, expression);
        return;
    }
    put_line(&request, expression);
    halde_crt_abort();
}

void __cdecl _wassert(const wchar_t *expression, const wchar_t *file, unsigned line)
{
    const struct words wide_expression = {.wide = expression};
    const struct words wide_file = {.wide = file};
    fail(wide_expression, wide_file, line);
}

void __cdecl _assert(const char *expression, const char *file, unsigned line)
{
    const struct words narrow_expression = {.narrow = expression};
    const struct words narrow_file = {.narrow = file};
    fail(narrow_expression, narrow_file, line);
}
