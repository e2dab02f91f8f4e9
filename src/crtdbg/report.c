// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/report.h"

#include "crtdbg/api.h"
#include "crtdbg/report_buffer.h"
#include "crtdbg/report_busy.h"
#include "crtdbg/report_hooks.h"
#include "crtdbg/report_mode.h"
#include "crtdbg/report_text.h"
#include "crtdbg/report_window.h"
#include "engine/engine.h"
#include "os/os.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define NO_MEMORY "_CrtDbgReport: String too long or IO Error\n"

static_assert((int)REPORT_WARN == _CRT_WARN && (int)REPORT_ERROR == _CRT_ERROR &&
                  (int)REPORT_ASSERT == _CRT_ASSERT && (int)REPORT_TYPE_COUNT == _CRT_ERRCNT,
    "one set of values");

// ---- Break ------------------------------------------------------------------------------------

static bool breaks_continue(void)
{
    const char *option = engine_option("crt_break");
    return option != NULL && strcmp(option, "continue") == 0;
}

void debug_break(void)
{
    if (!breaks_continue()) {
        _CrtDbgBreak();
    }
}

// What a reporter returns to a macro, which breaks on 1.
static int without_break(int result)
{
    return result == 1 && breaks_continue() ? 0 : result;
}

// ---- Assertions under way ---------------------------------------------------------------------

int _crtAssertBusy = -1; // any thread; changed by atomic additions

void report_busy_begin(void)
{
    __atomic_add_fetch(&_crtAssertBusy, 1, __ATOMIC_RELAXED);
}

void report_busy_end(void)
{
    __atomic_sub_fetch(&_crtAssertBusy, 1, __ATOMIC_RELAXED);
}

// Whether this thread is reporting an assertion.  Of two threads that assert at the same time both
// are heard; only an assertion within an assertion might never end.
static bool is_asserting(void)
{
    for (const struct report_buffer *buffer = report_buffer_current(); buffer != NULL;
         buffer = buffer->outer) {
        if (buffer->is_assertion) {
            return true;
        }
    }
    return false;
}

static void second_chance(const struct report_request *request)
{
    char line[1024];
    struct sink sink;
    report_sink_narrow(&sink, line, sizeof(line) - 1);
    report_put(&sink, "Second Chance Assertion Failed: File ");
    if (words_are_given(request->file)) {
        report_put_words(&sink, request->file);
    } else {
        report_put(&sink, "<file unknown>");
    }
    report_put(&sink, ", Line ");
    report_put_decimal(&sink, request->line);
    report_put(&sink, "\n");
    const size_t length = sink.count < sizeof(line) - 1 ? sink.count : sizeof(line) - 1;
    report_write_to_debugger(line, length);
    debug_break();
}

// ---- One report -------------------------------------------------------------------------------

// Hooks see the CR LF of an assertion; files and terminals on Linux do not.
static size_t drop_cr(int type, char *text)
{
    const size_t length = strlen(text);
    const bool ends_with_cr =
        type == REPORT_ASSERT && length >= 2 && strcmp(text + length - 2, "\r\n") == 0;
    if (!ends_with_cr) {
        return length;
    }
    text[length - 2] = '\n';
    text[length - 1] = '\0';
    return length - 1;
}

static int show_window(struct report_buffer *buffer, const struct report_request *request)
{
    // The report has been written; its place is free for the window's text.
    const size_t size = window_compose(
        buffer->narrow, REPORT_NARROW_SIZE, request, report_text_message(buffer, request));
    switch (window_ask(buffer->narrow, size)) {
    case WINDOW_ABORT:
        window_abort();
    case WINDOW_RETRY:
        return 1;
    default:
        return 0;
    }
}

static int deliver(struct report_buffer *buffer, const struct report_request *request, va_list args)
{
    const enum report_type type = (enum report_type)request->type;
    const bool has_file_mode = (report_mode(type) & _CRTDBG_MODE_FILE) != 0;
    report_text_compose(buffer, request, has_file_mode, args);
    int result = 0;
    if (report_hooks_call(request->type, buffer, &result)) {
        return result;
    }
    report_write(type, buffer->narrow, drop_cr(request->type, buffer->narrow));
    if ((report_mode(type) & _CRTDBG_MODE_WNDW) != 0) {
        result = show_window(buffer, request);
    }
    return result;
}

// Its frame is really on the stack: AddressSanitizer would move the mark elsewhere.
__attribute__((no_sanitize("address"))) static int deliver_with_buffer(
    const struct report_request *request, va_list args)
{
    struct report_mark mark;
    report_buffer_drop_abandoned((uintptr_t)__builtin_frame_address(0));
    const bool is_assertion = request->type == REPORT_ASSERT;
    if (is_assertion && is_asserting()) {
        second_chance(request);
        return -1;
    }
    struct report_buffer *buffer = report_buffer_take(&mark);
    if (buffer == NULL) {
        report_write_to_debugger(NO_MEMORY, strlen(NO_MEMORY));
        return -1;
    }
    if (is_assertion) {
        buffer->is_assertion = true;
        buffer->is_busy_counted = true;
        report_busy_begin();
    }
    // A hook that does not return here, by longjmp() or an exception, leaves the buffer to
    // report_buffer_drop_abandoned(): cleaning up on the way would need the unwinder's library.
    const int result = deliver(buffer, request, args);
    report_buffer_release(buffer);
    return result;
}

static int make_report(const struct report_request *request, va_list args)
{
    if (request->type < 0 || request->type >= REPORT_TYPE_COUNT) {
        return -1;
    }
    const int saved_errno = errno;
    const int result = deliver_with_buffer(request, args);
    errno = saved_errno;
    return without_break(result);
}

// ---- For the library --------------------------------------------------------------------------

int report_list(enum report_type type, struct report_place place, const char *format, va_list args)
{
    const struct report_request request = {
        .type = (int)type,
        .file = {.narrow = place.file},
        .line = place.line,
        .format = {.narrow = format},
    };
    return make_report(&request, args);
}

int report(enum report_type type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int result = report_list(type, (struct report_place){NULL, 0}, format, args);
    va_end(args);
    return result;
}

int report_at(enum report_type type, struct report_place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int result = report_list(type, place, format, args);
    va_end(args);
    return result;
}

void report_assertion(const char *expression, const char *file, int line)
{
    const int result =
        report_at(REPORT_ASSERT, (struct report_place){file, line}, "%hs", expression);
    if (result == 1) {
        debug_break();
    }
}

// ---- For programs -----------------------------------------------------------------------------

static void flush_stream(int type)
{
    if (type >= 0 && type < REPORT_TYPE_COUNT) {
        report_flush_stream((enum report_type)type);
    }
}

int __cdecl _VCrtDbgReportA(int type, void *return_address, const char *file, int line,
    const char *module, const char *format, va_list args)
{
    (void)return_address;
    const struct report_request request = {
        .type = type,
        .file = {.narrow = file},
        .line = line,
        .module = {.narrow = module},
        .format = {.narrow = format},
    };
    flush_stream(type);
    return make_report(&request, args);
}

// _ASSERT(e) has no message and says so with L"%ls" and NULL.
static bool is_without_message(int type, const wchar_t *format, va_list args)
{
    if (type != _CRT_ASSERT || format == NULL || wcscmp(format, L"%ls") != 0) {
        return false;
    }
    va_list copy;
    va_copy(copy, args);
    const bool is_null = va_arg(copy, const wchar_t *) == NULL;
    va_end(copy);
    return is_null;
}

int __cdecl _VCrtDbgReportW(int type, void *return_address, const wchar_t *file, int line,
    const wchar_t *module, const wchar_t *format, va_list args)
{
    (void)return_address;
    const struct report_request request = {
        .type = type,
        .is_wide = true,
        .file = {.wide = file},
        .line = line,
        .module = {.wide = module},
        .format = {.wide = is_without_message(type, format, args) ? NULL : format},
    };
    flush_stream(type);
    return make_report(&request, args);
}

int __cdecl _CrtDbgReport(
    int type, const char *file, int line, const char *module, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int result =
        _VCrtDbgReportA(type, __builtin_return_address(0), file, line, module, format, args);
    va_end(args);
    return result;
}

int __cdecl _CrtDbgReportW(
    int type, const wchar_t *file, int line, const wchar_t *module, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    const int result =
        _VCrtDbgReportW(type, __builtin_return_address(0), file, line, module, format, args);
    va_end(args);
    return result;
}
