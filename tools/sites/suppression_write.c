// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/memory.h"
#include "sites/suppression.h"

#include <stdlib.h>
#include <string.h>

enum {
    OWN_FRAMES = 4,       ///< that are written: enough to tell a place, few enough to survive
    VALGRIND_FRAMES = 12, ///< what valgrind itself writes
};

static const char default_reason[] = "say here why this leak is accepted";

/// NULL: not one of the kinds.
static const char *kind_word(uint32_t class_)
{
    static const char *const words[] = {[REACH_REACHABLE] = "reachable",
        [REACH_POSSIBLE] = "possible",
        [REACH_INDIRECT] = "indirect",
        [REACH_DEFINITE] = "definite"};
    return class_ >= REACH_REACHABLE && class_ <= REACH_DEFINITE ? words[class_] : NULL;
}

/// Characters that end the line or the value are left out of values.
static void write_quoted(FILE *stream, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', stream);
        }
        fputc((unsigned char)*text < ' ' ? '?' : *text, stream);
    }
}

/// A comment or name: one line.
static void write_line(FILE *stream, const char *text)
{
    for (; *text != 0; text++) {
        fputc((unsigned char)*text < ' ' ? ' ' : *text, stream);
    }
    fputc('\n', stream);
}

/// A function as a pattern; its module, where it has no name: offsets change with each build.
static char *function_pattern(const struct symbol_frame *frame)
{
    return frame->function[0] != 0 ? must_copy_text(frame->function)
                                   : must_format("%s+*", frame->module_name);
}

static bool has_frames(const struct symbol_stack *stack)
{
    return stack != NULL && stack->end > stack->first;
}

static bool write_own(FILE *stream, const struct suppression_subject *subject, const char *reason)
{
    const struct symbol_stack *stack = subject->stack;
    bool has_file = subject->file != NULL && subject->file[0] != 0;
    if (!has_frames(stack) && !has_file && subject->hash == NULL) {
        return false;
    }
    fputs("suppress", stream);
    const char *kind = kind_word(subject->class_);
    if (kind != NULL) {
        fprintf(stream, " kind=%s", kind);
    }
    if (has_frames(stack)) {
        fputs(" stack=\"", stream);
        for (size_t i = stack->first; i < stack->end && i - stack->first < OWN_FRAMES; i++) {
            char *pattern = function_pattern(stack->frames[i]);
            fputs(i > stack->first ? " <- " : "", stream);
            write_quoted(stream, pattern);
            free(pattern);
        }
        fputs("\"", stream);
    } else if (has_file) {
        fputs(" file=\"", stream);
        write_quoted(stream, subject->file);
        fprintf(stream, ":%d\"", subject->line);
    } else {
        fprintf(stream, " hash=%s", subject->hash);
    }
    fputs(" reason=\"", stream);
    write_quoted(stream, reason);
    fputs("\"\n", stream);
    return true;
}

/// Bytes of a function's name up to and with the "(" of its parameters; 0: it has none.
static size_t length_with_parenthesis(const char *name)
{
    // Not the parentheses of "(anonymous namespace)::f", "operator()" nor "f(int)::{lambda()#1}".
    const char *end = strrchr(name, ')');
    size_t depth = 0;
    for (const char *at = end; at != NULL && at >= name; at--) {
        depth += *at == ')' ? 1 : 0;
        depth -= *at == '(' ? 1 : 0;
        if (depth == 0) {
            bool is_rest_plain = strpbrk(end, "}:>") == NULL;
            return is_rest_plain && at > name ? (size_t)(at - name) + 1 : 0;
        }
    }
    return 0;
}

/// LeakSanitizer looks at all frames, so what every stack has says nothing: main() cannot be named.
static bool write_lsan(FILE *stream, const struct suppression_subject *subject, const char *reason)
{
    const struct symbol_stack *stack = subject->stack;
    if (!has_frames(stack) || strcmp(stack->frames[stack->site]->function, "main") == 0) {
        return false;
    }
    const struct symbol_frame *frame = stack->frames[stack->site];
    bool has_name = frame->function[0] != 0;
    char *name = must_copy_text(has_name ? frame->function : frame->module_name);
    size_t length = length_with_parenthesis(name);
    if (length > 0) {
        name[length] = 0;
    }
    size_t plain_length = strcspn(name, "$\n");
    bool is_plain = name[plain_length] == 0;
    name[plain_length] = 0;
    bool is_written = name[0] != 0;
    if (is_written) {
        fputs("# ", stream);
        write_line(stream, reason);
        fprintf(stream, "leak:%s%s%s\n", has_name ? "^" : "", name,
            has_name && is_plain && length == 0 ? "$" : "");
    }
    free(name);
    return is_written;
}

/// Valgrind calls a function as the linker does, but one that was inlined as the debug information.
static const char *valgrind_name(const struct symbol_frame *frame)
{
    return frame->is_inlined && frame->plain[0] != 0 ? frame->plain : frame->linkage;
}

static void write_valgrind_frame(FILE *stream, const struct symbol_frame *frame)
{
    const char *name = valgrind_name(frame);
    if (name[0] != 0) {
        fputs("   fun:", stream);
        write_line(stream, name);
    } else if (frame->module[0] != 0) {
        fputs("   obj:", stream);
        write_line(stream, frame->module);
    } else {
        fputs("   obj:*\n", stream);
    }
}

static bool write_valgrind(
    FILE *stream, const struct suppression_subject *subject, const char *reason)
{
    const struct symbol_stack *stack = subject->stack;
    if (!has_frames(stack)) {
        return false;
    }
    fputs("{\n   ", stream);
    fprintf(stream, "halde-%s: ", subject->hash != NULL ? subject->hash : "leak");
    write_line(stream, reason);
    fputs("   Memcheck:Leak\n", stream);
    const char *kind = kind_word(subject->class_);
    if (kind != NULL) {
        fprintf(stream, "   match-leak-kinds: %s\n", kind);
    }
    // Valgrind's stacks begin with the allocator's own function, whichever it was.
    fputs("   fun:*\n", stream);
    for (size_t i = stack->first; i < stack->end && i - stack->first < VALGRIND_FRAMES - 1; i++) {
        write_valgrind_frame(stream, stack->frames[i]);
    }
    fputs("}\n", stream);
    return true;
}

bool suppression_write(FILE *stream, enum suppression_form form,
    const struct suppression_subject *subject, const char *reason)
{
    if (reason == NULL) {
        reason = default_reason;
    }
    switch (form) {
    case SUPPRESSION_LSAN:
        return write_lsan(stream, subject, reason);
    case SUPPRESSION_VALGRIND:
        return write_valgrind(stream, subject, reason);
    default:
        return write_own(stream, subject, reason);
    }
}
