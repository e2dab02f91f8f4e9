// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A process that was looked at before it ended gets the leak report.  Of one that was killed the
// counters are left: what it had not freed, by stack.

#include "run/outcome.h"

#include "cli/memory.h"
#include "image/image.h"
#include "record/channel.h"

#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_MAX = 64,
    SITES_TOLD = 20,
    FRAMES_TOLD = 20,
};

// ---- Leaks --------------------------------------------------------------------------------------

static bool report_leaks(const struct session *session, FILE *stream, struct sarif_log *sarif)
{
    const struct run_options *options = session->options;
    struct symbols *symbols = symbols_open(session->options->cli, session->image);
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
    if (sarif != NULL) {
        sarif_log_add(sarif, report);
    } else if (options->has_report) {
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
        return session->options->is_following
                   ? "became another program"
                   : "became another program (--follow records that, too)";
    default:
        return session->is_root ? "ended by a system call of its own, not by exit() or _exit(),"
                                : "ended by a signal, or by a system call of its own,";
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
        return session->is_root ? "it ended by a system call of its own, not by exit() or _exit()"
                                : "it ended by a signal, or by a system call of its own";
    }
}

static void print_rests(const struct session *session, const struct rest *rests, size_t count,
    struct image *image, struct symbols *symbols, FILE *stream)
{
    char size[16];
    uint64_t all = session->counts.live_size > 0 ? (uint64_t)session->counts.live_size : 0;
    int64_t blocks = session->counts.live_count > 0 ? session->counts.live_count : 0;
    if (session->trouble != NULL) { // it waited for us, in vain
        fputs("halde: at its end ", stream);
    } else {
        fprintf(stream, "halde: %s before it could be looked at: ", end_text(session));
    }
    fprintf(stream, "%lld %s in use (%s)\n", (long long)blocks,
        blocks == 1 ? "block was" : "blocks were", cli_format_size(all, size));
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
    struct symbols *symbols = symbols_open(session->options->cli, image);
    if (symbols == NULL) {
        out_of_memory();
    }
    if (session->options->form == LEAK_JSON) {
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

// A log of SARIF has leaks only: for what was in use there is no place in it.
static void note_counters(const struct session *session, struct sarif_log *sarif)
{
    if (session->process.end == CAPTURE_REPLACED && session->options->is_following) {
        return; // its successor is told about
    }
    const struct counts *counts = &session->counts;
    char size[16];
    uint64_t bytes = counts->live_size > 0 ? (uint64_t)counts->live_size : 0;
    char *text = must_format("%s (%d) %s before it could be looked at: %lld blocks (%s) were in "
                             "use, of which nobody knows whether they were lost",
        session->executable == NULL ? session->options->words[0] : session->executable,
        (int)session->process_id, session->trouble != NULL ? "ended" : end_text(session),
        counts->live_count > 0 ? (long long)counts->live_count : 0, cli_format_size(bytes, size));
    sarif_log_note(sarif, text);
    free(text);
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
    fprintf(stream, "halde: %llu allocation%s of %s, at most %s at once%s%s\n",
        (unsigned long long)counts->before.allocated_count,
        counts->before.allocated_count == 1 ? "" : "s",
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

// The process has told nothing: why.
static void tell_silence(const struct session *session)
{
    const struct cli *cli = session->options->cli;
    const char *program = session->options->words[0];
    switch (feed_refusal(&session->feed)) {
    case CHANNEL_HAS_DEBUG_HEAP:
        cli_error(cli,
            "%s was built with _DEBUG, and its debug heap is where a recorder would be, so nothing "
            "was recorded: with --mode=crt halde run asks that heap for the leaks",
            program);
        break;
    case CHANNEL_HAS_NO_MEMORY:
        cli_error(cli,
            "%s had no memory for what is recorded (is there a limit, ulimit -v?): --mode=sample "
            "needs less",
            program);
        break;
    default:
        cli_error(cli,
            "%s has not loaded libhalde-preload.so, so nothing was recorded: \"halde doctor %s\" "
            "says why",
            program, program);
        break;
    }
}

// Of a process that could not be looked at before it ended.
static void report_rest(const struct session *session, FILE *stream, struct sarif_log *sarif)
{
    const struct run_options *options = session->options;
    if (session->trouble != NULL) {
        cli_error(options->cli, "the process could not be looked at: %s", session->trouble);
    }
    if (!options->has_report) {
        return;
    }
    if (sarif != NULL) {
        note_counters(session, sarif);
    } else if (options->mode != RUN_CRT) {
        report_counters(session, stream);
    } else if (session->trouble == NULL) {
        cli_error(options->cli, "no leak report, as the process could not be looked at: %s",
            debug_end_text(session));
    }
}

bool outcome_report(const struct session *session, FILE *stream, struct sarif_log *sarif)
{
    const struct run_options *options = session->options;
    if (!feed_has_started(&session->feed)) {
        tell_silence(session);
        if (sarif != NULL) {
            sarif_log_note(sarif, "The program has told nothing of what it allocated.");
        }
        return false;
    }
    bool applies = exceeds_budget(session);
    if (session->image != NULL) {
        applies |= report_leaks(session, stream, sarif);
        if (!session->is_classed) {
            cli_error(
                options->cli, "leaks could not be told from what is in use: %s", session->trouble);
        }
    } else {
        report_rest(session, stream, sarif);
    }
    if (options->has_report && options->form == LEAK_TEXT) {
        print_summary(session, stream);
    }
    return applies;
}
