// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/invalid_parameter.h"

#include "base/text.h"
#include "crtdbg/api.h"
#include "crtdbg/program.h"
#include "crtdbg/report.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>

enum {
    WIDE_CAPACITY = 256 // characters; what the library itself passes is shorter
};

static _Atomic(_invalid_parameter_handler) process_handler;    // any thread; release and acquire
static THREAD_LOCAL _invalid_parameter_handler thread_handler; // NULL: that of the process

_invalid_parameter_handler __cdecl _set_invalid_parameter_handler(
    _invalid_parameter_handler handler)
{
    return atomic_exchange_explicit(&process_handler, handler, memory_order_acq_rel);
}

_invalid_parameter_handler __cdecl _get_invalid_parameter_handler(void)
{
    return atomic_load_explicit(&process_handler, memory_order_acquire);
}

_invalid_parameter_handler __cdecl _set_thread_local_invalid_parameter_handler(
    _invalid_parameter_handler handler)
{
    const _invalid_parameter_handler old = thread_handler;
    thread_handler = handler;
    return old;
}

_invalid_parameter_handler __cdecl _get_thread_local_invalid_parameter_handler(void)
{
    return thread_handler;
}

// The library's own texts are ASCII.
static const wchar_t *widen_ascii(const char *text, wchar_t wide[WIDE_CAPACITY])
{
    size_t length = 0;
    for (; length < WIDE_CAPACITY - 1 && text[length] != '\0'; length++) {
        wide[length] = (wchar_t)(unsigned char)text[length];
    }
    wide[length] = L'\0';
    return wide;
}

static _Noreturn void end_process(const char *expression)
{
    char sentence[512];
    struct text text;
    text_init(&text, sentence, sizeof(sentence));
    text_put(&text, "invalid parameter, and no handler is set");
    if (expression != NULL) {
        text_put(&text, ": ");
        text_put(&text, expression);
    }
    engine_message(sentence);
    abort();
}

static _invalid_parameter_handler find_handler(void)
{
    return thread_handler != NULL ? thread_handler : _get_invalid_parameter_handler();
}

static void call_debug_handler(_invalid_parameter_handler handler, const char *expression,
    const char *function, const char *file, int line)
{
    wchar_t wide_expression[WIDE_CAPACITY];
    wchar_t wide_function[WIDE_CAPACITY];
    wchar_t wide_file[WIDE_CAPACITY];
    handler(widen_ascii(expression, wide_expression), widen_ascii(function, wide_function),
        widen_ascii(file, wide_file), (unsigned)line, 0);
}

void invalid_parameter(
    const char *expression, const char *function, const char *file, int line, int error)
{
    const bool is_debug = program_is_debug();
    if (is_debug) {
        report_assertion(expression, file, line);
    }
    errno = error;
    const _invalid_parameter_handler handler = find_handler();
    if (handler == NULL) {
        end_process(expression);
    }
    if (is_debug) {
        call_debug_handler(handler, expression, function, file, line);
    } else {
        handler(NULL, NULL, NULL, 0, 0);
    }
}

void __cdecl _invalid_parameter_noinfo(void)
{
    const _invalid_parameter_handler handler = find_handler();
    if (handler == NULL) {
        end_process(NULL);
    }
    handler(NULL, NULL, NULL, 0, 0);
}

void __cdecl _invalid_parameter_noinfo_noreturn(void)
{
    _invalid_parameter_noinfo();
    _invoke_watson(NULL, NULL, NULL, 0, 0);
}

void __cdecl _invoke_watson(const wchar_t *expression, const wchar_t *function, const wchar_t *file,
    unsigned line, uintptr_t reserved)
{
    (void)expression;
    (void)function;
    (void)file;
    (void)line;
    (void)reserved;
    end_process(NULL);
}
