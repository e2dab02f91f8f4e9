// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A process that was looked at before it ended gets the leak report.  Of one that was killed the
// counters are left: what it had not freed, by stack.

#include "run/outcome.h"

#include "cli/memory.h"
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_MAX = 64,
    SITES_TOLD = 20,
    FRAMES_TOLD = 20,
};

static void note(void *context, const char *text)
{
    const struct session *session = context;
    cli_note(session->options->cli, "%s", text);
}

static struct symbols *make_symbols(const struct session *session, const struct image *image)
{
    const struct symbols_options options = {
        .can_download = cli_has(session->options->cli, "debuginfod"),
        .note = note,
        .context = (void *)(uintptr_t)session,
    };
    return symbols_create(image, &options);
}

// ---- Leaks --------------------------------------------------------------------------------------

static bool report_leaks(const struct session *session, FILE *stream)
{
    const struct run_options *options = session->options;
    struct symbols *symbols = make_symbols(session, session->image);
    struct leak_report_options leaks = options->leaks;
    char *title = session->is_root ? NULL
                                   : must_format("halde: %s (%d)",
                                         image_string(session->image, session->image->name),
                                         (int)session->process_id);
    leaks.title = title;
    leaks.is_at_exit = true;
    leaks.subject = session->path;
    struct leak_report *report =
        symbols == NULL ? NULL : leak_report_create(session->image, symbols, &leaks);
    if (report == NULL) {
        out_of_memory();
    }
    bool is_valid;
    bool applies = options->fail_on != NULL &&
                   leak_condition(options->fail_on, leak_report_totals(report), &is_valid);
    if (options->has_report) {
        leak_report_print(report, options->form, stream);
    }
    leak_report_destroy(report);
    symbols_destroy(symbols);
    free(title);
    return applies;
}

// ---- Counters -----------------------------------------------------------------------------------

struct rest {
    uint32_t stack; ///< in the process's depot
    int64_t count;
    int64_t size;
};

static int64_t live_count(const struct stack_count *item)
{
    return (int64_t)(item->before.allocated_count - item->before.freed_count);
}

static int64_t live_size(const struct stack_count *item)
{
    return (int64_t)(item->before.allocated_size - item->before.freed_size);
}

static int compare_rests(const void *left, const void *right)
{
    const struct rest *a = left;
    const struct rest *b = right;
    if (a->size != b->size) {
        return a->size < b->size ? 1 : -1;
    }
    return a->stack < b->stack ? -1 : a->stack > b->stack;
}

// Stacks with live blocks, largest first; to be freed.
static struct rest *find_rests(const struct session *session, size_t *count)
{
    const struct counts *counts = &session->counts;
    struct rest *rests = must_allocate(counts->count + 1, sizeof(rests[0]));
    *count = 0;
    for (size_t i = 0; i < counts->count; i++) {
        const struct stack_count *item = &counts->items[i];
        if (live_count(item) > 0) {
            rests[(*count)++] = (struct rest){item->stack, live_count(item), live_size(item)};
        }
    }
    qsort(rests, *count, sizeof(rests[0]), compare_rests);
    return rests;
}

// The stack in an image's terms.
static uint32_t image_stack_of(const struct session *session, struct image *image, uint32_t stack)
{
    uint64_t frames[FRAMES_MAX];
    size_t count = feed_stack(&session->feed, stack, frames, FRAMES_MAX);
    return image_add_stack(image, frames, count);
}

static void print_stack(struct symbols *symbols, uint32_t number, FILE *stream)
{
    const struct symbol_stack *stack = symbols_stack(symbols, number);
    size_t end = stack->end < stack->first + FRAMES_TOLD ? stack->end : stack->first + FRAMES_TOLD;
    for (size_t i = stack->first; i < end; i++) {
        const struct symbol_frame *frame = stack->frames[i];
        fputs("      ", stream);
        if (frame->line > 0) {
            cli_put_text(stream, frame->short_file);
            fprintf(stream, ":%d  ", frame->line);
        } else {
            cli_put_text(stream, frame->module_name);
            fprintf(stream, "+0x%llx  ", (unsigned long long)frame->offset);
        }
        cli_put_text(stream, frame->function);
        fputs(frame->is_inlined ? "  [inlined]\n" : "\n", stream);
    }
    if (stack->first >= end) {
        fputs("      (stack not known)\n", stream);
    }
}

static const char *end_text(const struct session *session)
{
    switch (session->process.end) {
    case CAPTURE_KILLED:
        return strsignal((int)session->process.status);
    case CAPTURE_REPLACED:
        return "became another program (--follow records that, too)";
    default:
        return "ended, or became another program,";
    }
}

static const char *debug_end_text(const struct session *session)
{
    switch (session->process.end) {
    case CAPTURE_KILLED:
        return "a signal has ended it";
    case CAPTURE_REPLACED:
        return "it became another program, which runs without the debug heap";
    default:
        return "it ended by a system call, or became another program";
    }
}

static void print_rests(const struct session *session, const struct rest *rests, size_t count,
    struct image *image, struct symbols *symbols, FILE *stream)
{
    char size[16];
    uint64_t all = session->counts.live_size > 0 ? (uint64_t)session->counts.live_size : 0;
    int64_t blocks = session->counts.live_count > 0 ? session->counts.live_count : 0;
    fprintf(stream, "halde: %s before it could be looked at: %lld blocks (%s) were in use\n",
        end_text(session), (long long)blocks, cli_format_size(all, size));
    for (size_t i = 0; i < count && i < SITES_TOLD; i++) {
        fprintf(stream, "  #%zu  %s in %lld block%s\n", i + 1,
            cli_format_size((uint64_t)rests[i].size, size), (long long)rests[i].count,
            rests[i].count == 1 ? "" : "s");
        print_stack(symbols, image_stack_of(session, image, rests[i].stack), stream);
    }
    if (count > SITES_TOLD) {
        fprintf(stream, "  and %zu stacks more\n", count - SITES_TOLD);
    }
}

static void put_rest(
    struct json *json, const struct rest *rest, struct symbols *symbols, uint32_t number)
{
    const struct symbol_stack *stack = symbols_stack(symbols, number);
    json_open_object(json);
    json_put_number(json, "blocks", (uint64_t)rest->count);
    json_put_number(json, "bytes", (uint64_t)rest->size);
    symbols_put_stack(json, stack, stack->first, stack->end);
    json_close_object(json);
}

static void put_rests(const struct session *session, const struct rest *rests, size_t count,
    struct image *image, struct symbols *symbols, FILE *stream)
{
    const struct counts *counts = &session->counts;
    struct json *json = json_begin(stream);
    json_open_object(json);
    json_put_text(json, "schema", "halde.run/1");
    json_put_number(json, "pid", (uint64_t)session->process_id);
    json_put_text(json, "ended",
        session->process.end == CAPTURE_KILLED     ? "killed"
        : session->process.end == CAPTURE_REPLACED ? "replaced"
                                                   : "system-call");
    json_put_number(json, "status", session->process.status);
    json_put_number(json, "blocks", counts->live_count > 0 ? (uint64_t)counts->live_count : 0);
    json_put_number(json, "bytes", counts->live_size > 0 ? (uint64_t)counts->live_size : 0);
    json_key(json, "sites");
    json_open_array(json);
    for (size_t i = 0; i < count; i++) {
        put_rest(json, &rests[i], symbols, image_stack_of(session, image, rests[i].stack));
    }
    json_close_array(json);
    json_close_object(json);
    json_end(json);
}

static void report_counters(const struct session *session, FILE *stream)
{
    // Stacks get numbers of the image before there are symbols: those look once only.
    struct image *image = session->modules != NULL ? session->modules : image_create();
    if (image == NULL) {
        out_of_memory();
    }
    size_t count;
    struct rest *rests = find_rests(session, &count);
    for (size_t i = 0; i < count; i++) {
        image_stack_of(session, image, rests[i].stack);
    }
    struct symbols *symbols = make_symbols(session, image);
    if (symbols == NULL) {
        out_of_memory();
    }
    if (session->options->form == LEAK_JSON || session->options->form == LEAK_SARIF) {
        put_rests(session, rests, count, image, symbols, stream);
    } else {
        print_rests(session, rests, count, image, symbols, stream);
    }
    symbols_destroy(symbols);
    free(rests);
    if (image != session->modules) {
        image_destroy(image);
    }
}

// ---- All of it ----------------------------------------------------------------------------------

static bool exceeds_budget(const struct session *session)
{
    const struct run_options *options = session->options;
    const struct counts *counts = &session->counts;
    char peak[16];
    char limit[16];
    bool exceeds = false;
    if (counts->peak_size > 0 && (uint64_t)counts->peak_size > options->max_live) {
        cli_error(options->cli, "%s were in use at once, more than the %s of --max-live",
            cli_format_size((uint64_t)counts->peak_size, peak),
            cli_format_size(options->max_live, limit));
        exceeds = true;
    }
    if (counts->peak_count > 0 && (uint64_t)counts->peak_count > options->max_blocks) {
        cli_error(options->cli,
            "%lld blocks were in use at once, more than the %llu of --max-blocks",
            (long long)counts->peak_count, (unsigned long long)options->max_blocks);
        exceeds = true;
    }
    return exceeds;
}

// The debug heap tells no events, so there are no sums.
static void print_summary(const struct session *session, FILE *stream)
{
    if (session->options->mode == RUN_CRT) {
        return;
    }
    const struct counts *counts = &session->counts;
    char size[16];
    char peak[16];
    uint64_t peak_size = counts->peak_size > 0 ? (uint64_t)counts->peak_size : 0;
    fprintf(stream, "halde: %llu allocations of %s, at most %s at once%s%s\n",
        (unsigned long long)counts->before.allocated_count,
        cli_format_size(counts->before.allocated_size, size), cli_format_size(peak_size, peak),
        session->path == NULL ? "" : " -> ", session->path == NULL ? "" : session->path);
    if (feed_is_depot_full(&session->feed)) {
        fprintf(stream, "halde: some stacks were not kept: there were too many different ones\n");
    }
    if (session->feed.odd_count > 0) {
        fprintf(stream,
            "halde: %llu events made no sense: the program has written into what it "
            "shares with halde\n",
            (unsigned long long)session->feed.odd_count);
    }
}

bool outcome_report(const struct session *session, FILE *stream)
{
    const struct run_options *options = session->options;
    if (!feed_has_started(&session->feed)) {
        cli_error(options->cli,
            "%s has not loaded libhalde-preload.so, so nothing was recorded: \"halde doctor %s\" "
            "says why",
            options->words[0], options->words[0]);
        return false;
    }
    bool applies = exceeds_budget(session);
    if (session->image != NULL) {
        applies |= report_leaks(session, stream);
        if (!session->is_classed) {
            cli_error(
                options->cli, "leaks could not be told from what is in use: %s", session->trouble);
        }
    } else if (options->has_report) {
        if (session->trouble != NULL) {
            cli_error(options->cli, "the process could not be looked at: %s", session->trouble);
        }
        if (options->mode != RUN_CRT) {
            report_counters(session, stream);
        } else if (session->trouble == NULL) {
            cli_error(options->cli, "no leak report, as the process could not be looked at: %s",
                debug_end_text(session));
        }
    }
    if (options->has_report && options->form == LEAK_TEXT) {
        print_summary(session, stream);
    }
    return applies;
}
