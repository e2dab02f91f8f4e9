// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// One line a site, as compilers write messages: "file:line: warning: ...".
#include "report/internal.h"

#include <inttypes.h>

enum {
    CHAIN_FRAMES = 4,
};

static void print_place(const struct leak_report *report, const struct leak *leak, FILE *stream)
{
    const char *file = NULL;
    int line = 0;
    char text[4096];
    report_source(report, leak, &file, &line);
    const struct symbol_frame *frame = symbols_site(report->symbols, leak->site.stack);
    if (file[0] != 0) {
        cli_put_text(stream, file);
        fprintf(stream, ":%d: ", line);
    } else if (frame != NULL) {
        cli_put_text(
            stream, symbols_place(frame, report->options.has_full_paths, text, sizeof(text)));
        fputs(": ", stream);
    } else {
        fputs("halde: ", stream);
    }
}

static void print_chain(const struct leak_report *report, const struct leak *leak, FILE *stream)
{
    const struct symbol_stack *stack = symbols_stack(report->symbols, leak->site.stack);
    if (stack->count == 0) {
        return;
    }
    char text[4096];
    fputs(" (", stream);
    for (size_t i = stack->first; i < stack->end && i - stack->first < CHAIN_FRAMES; i++) {
        fputs(i > stack->first ? " <- " : "", stream);
        cli_put_text(stream, report_function(stack->frames[i], text, sizeof(text)));
    }
    fputs(stack->end - stack->first > CHAIN_FRAMES ? " <- ...)" : ")", stream);
}

static void print_leak(const struct leak_report *report, const struct leak *leak, FILE *stream)
{
    const struct site *site = &leak->site;
    char bytes[24];
    print_place(report, leak, stream);
    bool is_lost = site->worst_class >= REACH_POSSIBLE;
    fprintf(stream, "%s: %s%s: %s in %" PRIu64 " block%s", is_lost ? "warning" : "note",
        leak_kind_name(site->worst_class), is_lost ? " leak" : "",
        report_bytes(report_amount(leak), bytes), site->sum.count, site->sum.count == 1 ? "" : "s");
    if (leak->below.count > 0) {
        fprintf(stream, ", with it %s in %" PRIu64, report_bytes(leak->below.bytes, bytes),
            leak->below.count);
    }
    print_chain(report, leak, stream);
    fprintf(stream, " [%s]\n", site->hash);
}

/// Lines of the same site that an editor should find, too.
static void print_other_lines(
    const struct leak_report *report, const struct leak *leak, FILE *stream)
{
    size_t next = 0;
    struct leak_line line;
    while (report_other_line(report, leak, &next, &line)) {
        cli_put_text(stream, line.file);
        fprintf(stream, ":%d: note: %" PRIu64 " block%s of them from here [%s]\n", line.line,
            line.blocks, line.blocks == 1 ? "" : "s", leak->site.hash);
    }
}

bool report_print_gnu(const struct leak_report *report, FILE *stream)
{
    size_t top = report_top(report, false);
    for (size_t i = 0; i < top; i++) {
        print_leak(report, &report->leaks[i], stream);
        print_other_lines(report, &report->leaks[i], stream);
    }
    return !ferror(stream);
}
