// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/memory.h"
#include "sites/glob.h"
#include "sites/suppression.h"
#include "symbols/roles.h"

#include <stdlib.h>
#include <string.h>

/// Names by which valgrind may know the innermost frame, which our stacks do not have.
static const char *const allocator_names[] = {"malloc", "calloc", "realloc", "memalign",
    "posix_memalign", "aligned_alloc", "valloc", "_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t", "_ZnwmSt11align_val_t", "_ZnamSt11align_val_t", "operator new",
    "operator new[]", "operator new(unsigned long)", "operator new[](unsigned long)"};

/// A name without its parameters: "f" of "f(int)". In `buffer`; "" if it is too long or has none.
static const char *without_parameters(const char *function, char *buffer, size_t size)
{
    const char *parenthesis = strchr(function, '(');
    size_t length = parenthesis != NULL ? (size_t)(parenthesis - function) : 0;
    if (length == 0 || length >= size) {
        return "";
    }
    memcpy(buffer, function, length);
    buffer[length] = 0;
    return buffer;
}

static bool function_matches(const char *glob, const struct symbol_frame *frame)
{
    char buffer[1024];
    if (frame->function[0] == 0) {
        return glob_matches(glob, symbols_name(frame, buffer, sizeof(buffer)));
    }
    return glob_matches(glob, frame->function) || glob_matches(glob, frame->linkage) ||
           (frame->is_inlined && glob_matches(glob, frame->plain)) ||
           glob_matches(glob, without_parameters(frame->function, buffer, sizeof(buffer)));
}

static bool module_matches(const char *glob, const struct symbol_frame *frame)
{
    return glob_matches(glob, frame->module) || glob_matches(glob, frame->module_name);
}

static bool file_matches(const char *glob, int line, const char *file, int file_line)
{
    const char *slash = strrchr(file, '/');
    return (line == 0 || line == file_line) && file[0] != 0 &&
           (glob_matches(glob, file) || (slash != NULL && glob_matches(glob, slash + 1)));
}

static bool source_matches(const char *glob, int line, const struct symbol_frame *frame)
{
    return file_matches(glob, line, frame->file, frame->line) ||
           file_matches(glob, line, frame->short_file, frame->line);
}

static bool frame_matches(const struct pattern *pattern, const struct symbol_frame *frame)
{
    switch (pattern->kind) {
    case PATTERN_FUNCTION:
        return function_matches(pattern->glob, frame);
    case PATTERN_MODULE:
        return module_matches(pattern->glob, frame);
    case PATTERN_SOURCE:
        return source_matches(pattern->glob, pattern->line, frame);
    default:
        return false;
    }
}

/// Whether patterns match frames from `at` on. The newest PATTERN_ANY takes more as needed, which
/// finds whatever can be found: nothing behind it depends on what came before.
static bool frames_match(const struct pattern *patterns, size_t pattern_count,
    const struct symbol_stack *stack, size_t at)
{
    size_t next = 0;
    size_t any = SIZE_MAX;
    size_t resume = 0;
    for (;;) {
        if (next == pattern_count) {
            return true;
        }
        const struct pattern *pattern = &patterns[next];
        if (pattern->kind == PATTERN_ANY) {
            any = next++;
            resume = at;
            continue;
        }
        bool is_here = pattern->kind == PATTERN_END
                           ? at == stack->end
                           : at < stack->end && frame_matches(pattern, stack->frames[at]);
        if (is_here) {
            next++;
            at += pattern->kind == PATTERN_END ? 0 : 1;
        } else if (any != SIZE_MAX && resume < stack->end) {
            next = any + 1;
            at = ++resume;
        } else {
            return false;
        }
    }
}

static bool names_allocator(const struct pattern *pattern)
{
    if (pattern->kind == PATTERN_MODULE) {
        return true;
    }
    for (size_t i = 0; i < sizeof(allocator_names) / sizeof(allocator_names[0]); i++) {
        if (pattern->kind == PATTERN_FUNCTION && glob_matches(pattern->glob, allocator_names[i])) {
            return true;
        }
    }
    return false;
}

static bool stack_matches(const struct suppression *suppression, const struct symbol_stack *stack)
{
    if (stack == NULL || stack->count == 0) {
        return false;
    }
    const struct pattern *patterns = suppression->frames;
    size_t count = suppression->frame_count;
    if (frames_match(patterns, count, stack, stack->first)) {
        return true;
    }
    return suppression->form == SUPPRESSION_VALGRIND && count > 1 && names_allocator(patterns) &&
           frames_match(patterns + 1, count - 1, stack, stack->first);
}

/// In functions, files and modules of all frames.
static bool text_found(const char *pattern, const struct symbol_stack *stack)
{
    if (stack == NULL) {
        return false;
    }
    for (size_t i = 0; i < stack->count; i++) {
        const struct symbol_frame *frame = stack->frames[i];
        if (glob_finds(pattern, frame->function) || glob_finds(pattern, frame->module) ||
            (frame->file[0] != 0 && glob_finds(pattern, frame->file))) {
            return true;
        }
    }
    return false;
}

static bool own_file_matches(
    const struct suppression *suppression, const struct suppression_subject *subject)
{
    const struct symbol_stack *stack = subject->stack;
    if (subject->file != NULL &&
        file_matches(suppression->file, suppression->file_line, subject->file, subject->line)) {
        return true;
    }
    return stack != NULL && stack->count > 0 &&
           (source_matches(
                suppression->file, suppression->file_line, stack->frames[stack->first]) ||
               source_matches(
                   suppression->file, suppression->file_line, stack->frames[stack->site]));
}

static bool type_matches(
    const struct suppression *suppression, const struct suppression_subject *subject)
{
    return subject->has_type && subject->type == suppression->type &&
           (suppression->subtype < 0 || subject->subtype == suppression->subtype);
}

static bool own_matches(
    const struct suppression *suppression, const struct suppression_subject *subject)
{
    const struct symbol_stack *stack = subject->stack;
    bool has_stack = stack != NULL && stack->count > 0;
    if (suppression->frame_count > 0 && !stack_matches(suppression, stack)) {
        return false;
    }
    if (suppression->module != NULL &&
        (!has_stack || !module_matches(suppression->module, stack->frames[stack->first]))) {
        return false;
    }
    if (suppression->file != NULL && !own_file_matches(suppression, subject)) {
        return false;
    }
    if (suppression->hash != NULL &&
        (subject->hash == NULL ||
            strncasecmp(subject->hash, suppression->hash, strlen(suppression->hash)) != 0)) {
        return false;
    }
    return suppression->type < 0 || type_matches(suppression, subject);
}

bool suppression_applies(
    const struct suppression *suppression, const struct suppression_subject *subject)
{
    if (subject->class_ > REACH_DEFINITE || (suppression->kinds >> subject->class_ & 1) == 0) {
        return false;
    }
    switch (suppression->form) {
    case SUPPRESSION_LSAN:
        return text_found(suppression->text, subject->stack);
    case SUPPRESSION_VALGRIND:
        return stack_matches(suppression, subject->stack);
    default:
        return own_matches(suppression, subject);
    }
}
