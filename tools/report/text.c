// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// The form for people.
#include "cli/text.h"
#include "cli/memory.h"
#include "report/internal.h"
#include "symbols/paths.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACE_WIDTH_MAX = 44,  ///< longer places push their functions to the right
    BELOW_SHOWN = 3,       ///< sites of what hangs on a leak
    BELOW_PLACES_MAX = 64, ///< that are told apart; sums of the largest three are what is shown
    TEXT_SIZE = 4096,
};

enum color {
    COLOR_END,
    COLOR_BAD,
    COLOR_WARNING,
    COLOR_PLAIN_KIND,
    COLOR_NAME,
    COLOR_FAINT,
    COLOR_HASH,
};

/// A text being written.
struct writer {
    const struct leak_report *report;
    FILE *stream;
};

static const char *color(const struct writer *writer, enum color which)
{
    static const char *const codes[] = {[COLOR_END] = "\033[0m",
        [COLOR_BAD] = "\033[1;31m",
        [COLOR_WARNING] = "\033[1;33m",
        [COLOR_PLAIN_KIND] = "\033[1m",
        [COLOR_NAME] = "\033[1m",
        [COLOR_FAINT] = "\033[2m",
        [COLOR_HASH] = "\033[36m"};
    return writer->report->options.has_color ? codes[which] : "";
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

// ---- Summary ------------------------------------------------------------------------------------

static struct site_sum sum_of_all(const struct leak_totals *totals)
{
    struct site_sum sum = {0};
    for (size_t i = 0; i < SITE_CLASS_COUNT; i++) {
        sum.count += totals->by_class[i].count;
        sum.bytes += totals->by_class[i].bytes;
    }
    return sum;
}

static void print_kinds(const struct writer *writer)
{
    static const struct {
        uint32_t class_;
        const char *name;
    } kinds[] = {{REACH_DEFINITE, "definite"}, {REACH_INDIRECT, "indirect"},
        {REACH_POSSIBLE, "possible"}, {REACH_REACHABLE, "still reachable"},
        {REACH_NOT_SEARCHED, "not searched"}};
    const char *separator = " - ";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t count = writer->report->totals.by_class[kinds[i].class_].count;
        if (count > 0) {
            fprintf(writer->stream, "%s%" PRIu64 " %s", separator, count, kinds[i].name);
            separator = ", ";
        }
    }
}

static void print_title(const struct writer *writer)
{
    const struct leak_report *report = writer->report;
    const struct image *image = report->image;
    if (report->options.title != NULL) {
        cli_put_text(writer->stream, report->options.title);
        fputs(": ", writer->stream);
    } else if (report->options.is_at_exit || image_string(image, image->name)[0] == 0) {
        fputs("halde: ", writer->stream);
    } else {
        cli_put_text(writer->stream, image_string(image, image->name));
        if (image->process_id != 0) {
            fprintf(writer->stream, " %" PRIu32, image->process_id);
        }
        fputs(": ", writer->stream);
    }
}

static void print_summary(const struct writer *writer)
{
    const struct leak_report *report = writer->report;
    struct site_sum all = sum_of_all(&report->totals);
    char bytes[24];
    print_title(writer);
    if (all.count == 0) {
        fprintf(writer->stream, "no leaks: every block %s\n",
            report->totals.suppressed.count + report->totals.young.count > 0
                ? "is suppressed or too young"
            : report->options.is_at_exit ? "was freed"
                                         : "is free");
        return;
    }
    fprintf(writer->stream, "%" PRIu64 " block%s (%s) %s", all.count, plural(all.count),
        report_bytes(all.bytes, bytes), report->options.is_at_exit ? "not freed" : "in use");
    print_kinds(writer);
    fputc('\n', writer->stream);
}

// ---- A site -------------------------------------------------------------------------------------

/// The block count behind a sampled sum can only be guessed.
static void print_amount(const struct writer *writer, const struct leak *leak)
{
    const struct site *site = &leak->site;
    char bytes[24];
    if (site->estimate.count > 0 && site->estimate.bytes != site->sum.bytes) {
        fprintf(writer->stream, "about %s (%" PRIu64 " sample%s)",
            report_bytes(site->estimate.bytes, bytes), site->sum.count, plural(site->sum.count));
    } else {
        fprintf(writer->stream, "%s in %" PRIu64 " block%s", report_bytes(site->sum.bytes, bytes),
            site->sum.count, plural(site->sum.count));
    }
    if (site->estimate.count == 0) {
        fputs(", counted where others were sampled", writer->stream);
    }
    if (leak->place_count > 1) {
        fprintf(writer->stream, " from %zu call places", leak->place_count);
    }
    if (leak->below.count > 0) {
        fprintf(writer->stream, " (+%s in %" PRIu64 " below)",
            report_bytes(leak->below.bytes, bytes), leak->below.count);
    }
}

static void print_ages(const struct writer *writer, const struct site *site)
{
    char oldest[24];
    char newest[24];
    uint64_t oldest_age = report_age(writer->report, site->oldest_ns);
    uint64_t newest_age = report_age(writer->report, site->newest_ns);
    if (oldest_age == 0) {
        return;
    }
    cli_format_duration(oldest_age, oldest);
    cli_format_duration(newest_age, newest);
    if (strcmp(oldest, newest) == 0) {
        fprintf(writer->stream, "   age %s", oldest);
    } else {
        fprintf(writer->stream, "   oldest %s, newest %s", oldest, newest);
    }
}

static void print_heading(const struct writer *writer, size_t number, const struct leak *leak)
{
    static const char *const names[] = {[REACH_NOT_SEARCHED] = "IN USE",
        [REACH_REACHABLE] = "REACHABLE",
        [REACH_POSSIBLE] = "POSSIBLE",
        [REACH_INDIRECT] = "INDIRECT",
        [REACH_DEFINITE] = "DEFINITE"};
    uint32_t class_ = leak->site.worst_class;
    enum color kind_color = class_ == REACH_DEFINITE   ? COLOR_BAD
                            : class_ == REACH_POSSIBLE ? COLOR_WARNING
                                                       : COLOR_PLAIN_KIND;
    char label[24];
    snprintf(label, sizeof(label), "#%zu", number);
    fprintf(writer->stream, "  %-4s%s%-8s%s  ", label, color(writer, kind_color), names[class_],
        color(writer, COLOR_END));
    print_amount(writer, leak);
    fprintf(writer->stream, "   hash %s%s%s", color(writer, COLOR_HASH), leak->site.hash,
        color(writer, COLOR_END));
    print_ages(writer, &leak->site);
    fputc('\n', writer->stream);
}

/// Where a frame is, fit to be printed; to be freed.
static char *clean_place(const struct writer *writer, const struct symbol_frame *frame)
{
    char place[TEXT_SIZE];
    symbols_place(frame, writer->report->options.has_full_paths, place, sizeof(place));
    return text_clean(place);
}

static size_t place_width(
    const struct writer *writer, const struct symbol_stack *stack, size_t first, size_t end)
{
    size_t width = 0;
    for (size_t i = first; i < end; i++) {
        char *place = clean_place(writer, stack->frames[i]);
        size_t own = text_width(place);
        if (own > width && own <= PLACE_WIDTH_MAX) {
            width = own;
        }
        free(place);
    }
    return width;
}

static void print_frame(
    const struct writer *writer, const struct symbol_frame *frame, size_t width, bool is_site)
{
    char *place = clean_place(writer, frame);
    size_t own = text_width(place);
    fprintf(writer->stream, "      %s%*s  ", place, own < width ? (int)(width - own) : 0, "");
    free(place);
    if (frame->function[0] != 0) {
        fputs(is_site ? color(writer, COLOR_NAME) : "", writer->stream);
        char text[TEXT_SIZE];
        cli_put_text(writer->stream, report_function(frame, text, sizeof(text)));
        fputs(is_site ? color(writer, COLOR_END) : "", writer->stream);
    } else {
        fputc('?', writer->stream);
    }
    if (frame->is_inlined) {
        fprintf(writer->stream, "  %s[inlined]%s", color(writer, COLOR_FAINT),
            color(writer, COLOR_END));
    }
    if (is_site) {
        fprintf(writer->stream, "  %s<- allocated here%s", color(writer, COLOR_FAINT),
            color(writer, COLOR_END));
    }
    fputc('\n', writer->stream);
}

/// Whether the stack tells the same place as the block itself.
static bool is_in_stack(const struct symbol_stack *stack, const char *file, int line)
{
    if (stack->count == 0) {
        return false;
    }
    const struct symbol_frame *site = stack->frames[stack->site];
    return site->line == line && strcmp(path_last(site->file), path_last(file)) == 0;
}

static void print_stack(const struct writer *writer, const struct leak *leak)
{
    const struct leak_report *report = writer->report;
    const struct symbol_stack *stack = symbols_stack(report->symbols, leak->site.stack);
    const char *file = image_string(report->image, leak->site.file);
    if (file[0] != 0 && !is_in_stack(stack, file, leak->site.line)) {
        fputs("      ", writer->stream);
        cli_put_text(writer->stream, file);
        fprintf(writer->stream, ":%d  %s\n", leak->site.line,
            stack->count > 0 ? "as recorded with the block" : "<- allocated here");
    }
    size_t first = 0;
    size_t end = 0;
    report_frames(report, stack, &first, &end);
    size_t width = place_width(writer, stack, first, end);
    for (size_t i = first; i < end; i++) {
        print_frame(writer, stack->frames[i], width, i == stack->site);
    }
    size_t all = report->options.has_all_frames ? stack->count : stack->end;
    if (end < all) {
        fprintf(writer->stream, "      ... %zu more frame%s\n", all - end, plural(all - end));
    }
    if (stack->count == 0 && file[0] == 0) {
        fputs(site_is_sampled(report->image)
                  ? "      no stack: these were not sampled\n"
                  : "      no stack was recorded (halde run records one for each block)\n",
            writer->stream);
    }
}

static void print_preview(const struct writer *writer, const struct image_block *block)
{
    unsigned char bytes[PREVIEW_SIZE];
    size_t size = report_preview(writer->report, block, bytes);
    if (size == 0) {
        return;
    }
    fputs("   data:", writer->stream);
    for (size_t i = 0; i < size; i++) {
        fprintf(writer->stream, " %02X", bytes[i]);
    }
    fputs(" \"", writer->stream);
    for (size_t i = 0; i < size; i++) {
        bool is_shown = bytes[i] >= ' ' && bytes[i] < 0x7F;
        fputc(is_shown ? bytes[i] : '.', writer->stream);
    }
    fputc('"', writer->stream);
}

static void print_thread(const struct writer *writer, const struct site *site)
{
    if (site->thread_id == 0) {
        fputs(site->thread_count > 1 ? "   several threads" : "", writer->stream);
        return;
    }
    const struct image_thread *thread = report_thread(writer->report, site->thread_id);
    fprintf(writer->stream, "   thread %" PRIu32, site->thread_id);
    if (thread != NULL && thread->name != 0) {
        fputs(" \"", writer->stream);
        cli_put_text(writer->stream, image_string(writer->report->image, thread->name));
        fputc('"', writer->stream);
    }
}

/// Other lines that the site's blocks come from.
static void print_other_lines(const struct writer *writer, const struct leak *leak)
{
    size_t next = 0;
    struct leak_line line;
    while (report_other_line(writer->report, leak, &next, &line)) {
        fputs("      ", writer->stream);
        cli_put_text(writer->stream, line.file);
        fprintf(writer->stream, ":%d  %" PRIu64 " block%s of them from here\n", line.line,
            line.blocks, plural(line.blocks));
    }
}

/// One block of the site, in a line.
static void print_sample(const struct writer *writer, const struct leak *leak)
{
    const struct image_block *block = report_block(writer->report, leak);
    const struct image_detail *detail = image_detail(writer->report->image, block);
    bool is_one = leak->site.sum.count == 1;
    fprintf(writer->stream, "      %s0x%" PRIx64, is_one ? "block " : "e.g. ", block->address);
    if (!is_one) {
        fprintf(writer->stream, ", %" PRIu64 " byte%s", block->size, plural(block->size));
    }
    if (detail->number != 0) {
        fprintf(writer->stream, ", {%" PRIu64 "}", detail->number);
    }
    if ((block->flags & IMAGE_BLOCK_IS_DEBUG) != 0) {
        fprintf(writer->stream, ", %s block", report_type(writer->report->image, block));
        if (detail->subtype != 0) {
            fprintf(writer->stream, ", subtype %x", detail->subtype);
        }
    }
    print_thread(writer, &leak->site);
    print_preview(writer, block);
    fputc('\n', writer->stream);
}

// ---- What hangs on a site -----------------------------------------------------------------------

struct below {
    uint32_t stack;
    struct site_sum sum;
};

/// The frames that tell where it was allocated. NULL: not known.
static const struct symbol_frame *innermost_frame(const struct writer *writer, uint32_t stack)
{
    const struct symbol_stack *found = symbols_stack(writer->report->symbols, stack);
    return found->count > 0 ? found->frames[found->first] : NULL;
}

static const struct symbol_frame *site_frame(const struct writer *writer, uint32_t stack)
{
    return symbols_site(writer->report->symbols, stack);
}

/// Whether two stacks are told in the same words.
static bool is_same_place(const struct writer *writer, uint32_t left, uint32_t right)
{
    const struct symbol_frame *left_site = site_frame(writer, left);
    const struct symbol_frame *right_site = site_frame(writer, right);
    if (left == right || left_site == NULL || right_site == NULL) {
        return left_site == right_site;
    }
    return left_site->hash == right_site->hash && left_site->line == right_site->line &&
           innermost_frame(writer, left)->hash == innermost_frame(writer, right)->hash;
}

static int compare_below(const void *left_item, const void *right_item)
{
    const struct below *left = left_item;
    const struct below *right = right_item;
    if (left->sum.bytes != right->sum.bytes) {
        return left->sum.bytes > right->sum.bytes ? -1 : 1;
    }
    return left->stack < right->stack ? -1 : left->stack > right->stack;
}

/// Sums by place, largest first; to be freed. Beyond so many places the rest has none of its own.
static struct below *sum_below(const struct writer *writer, const struct leak *leak, size_t *count)
{
    const struct leak_report *report = writer->report;
    struct below *items = must_allocate(BELOW_PLACES_MAX, sizeof(*items));
    *count = 0;
    for (size_t i = 0; i < leak->below.count; i++) {
        const struct image_block *block =
            &report->image->blocks[report->below[leak->first_below + i]];
        size_t place = 0;
        while (place < *count && !is_same_place(writer, items[place].stack, block->stack)) {
            place++;
        }
        if (place == BELOW_PLACES_MAX) {
            place--;
        } else if (place == *count) {
            items[(*count)++].stack = block->stack;
        }
        items[place].sum.count++;
        items[place].sum.bytes += block->size;
    }
    qsort(items, *count, sizeof(*items), compare_below);
    return items;
}

/// " from strdup <- node_new (src/node.c:6)".
static void print_origin(const struct writer *writer, uint32_t stack)
{
    char text[TEXT_SIZE];
    const struct symbol_frame *site = site_frame(writer, stack);
    const struct symbol_frame *innermost = innermost_frame(writer, stack);
    if (site == NULL) {
        return;
    }
    fputs(" from ", writer->stream);
    if (innermost != site) {
        cli_put_text(writer->stream, report_function(innermost, text, sizeof(text)));
        fputs(" <- ", writer->stream);
    }
    cli_put_text(writer->stream, report_function(site, text, sizeof(text)));
    if (site->file[0] != 0) {
        fputs(" (", writer->stream);
        symbols_place(site, writer->report->options.has_full_paths, text, sizeof(text));
        cli_put_text(writer->stream, text);
        fputc(')', writer->stream);
    }
}

static void print_below(const struct writer *writer, const struct leak *leak)
{
    if (leak->below.count == 0) {
        return;
    }
    size_t count = 0;
    struct below *items = sum_below(writer, leak, &count);
    for (size_t i = 0; i < count && i < BELOW_SHOWN; i++) {
        char bytes[24];
        fprintf(writer->stream, "      with it %s in %" PRIu64 " block%s",
            report_bytes(items[i].sum.bytes, bytes), items[i].sum.count,
            plural(items[i].sum.count));
        print_origin(writer, items[i].stack);
        fputc('\n', writer->stream);
    }
    if (count > BELOW_SHOWN) {
        fprintf(writer->stream, "      with it blocks of %zu more sites\n", count - BELOW_SHOWN);
    }
    free(items);
}

// ---- The end ------------------------------------------------------------------------------------

static void print_suppressed(const struct writer *writer)
{
    const struct leak_totals *totals = &writer->report->totals;
    char bytes[24];
    if (totals->suppressed.count > 0) {
        fprintf(writer->stream, "  suppressed: %" PRIu64 " block%s (%s)", totals->suppressed.count,
            plural(totals->suppressed.count), report_bytes(totals->suppressed.bytes, bytes));
        if (totals->suppressed_builtin.count > 0) {
            fprintf(writer->stream, ", of these %" PRIu64 " that the run-time libraries keep",
                totals->suppressed_builtin.count);
        }
        fputc('\n', writer->stream);
    }
    if (totals->young.count > 0) {
        fprintf(writer->stream, "  too young: %" PRIu64 " block%s (%s)\n", totals->young.count,
            plural(totals->young.count), report_bytes(totals->young.bytes, bytes));
    }
}

static void print_idle_suppressions(const struct writer *writer)
{
    const struct suppressions *suppressions = writer->report->options.suppressions;
    struct suppression_info info;
    for (size_t i = 1; suppressions != NULL && suppressions_info(suppressions, i, &info); i++) {
        if (info.is_builtin || (info.count > 0 && !info.is_expired)) {
            continue;
        }
        fprintf(writer->stream, "  %s suppression: ", info.is_expired ? "expired" : "unused");
        cli_put_text(writer->stream, info.origin);
        fprintf(writer->stream, ":%zu: ", info.line);
        cli_put_text(writer->stream, info.name);
        fputc('\n', writer->stream);
    }
}

/// What hangs on a leak is told with it, where it is known.
static bool is_told_below(const struct leak_report *report, const struct leak *leak)
{
    return leak->site.worst_class == REACH_INDIRECT && report->image->leaders != NULL &&
           (report->options.kinds & 1 << REACH_DEFINITE) != 0 && report->options.top != SIZE_MAX;
}

static void print_rest(const struct writer *writer, size_t from)
{
    const struct leak_report *report = writer->report;
    struct site_sum rest = {0};
    size_t sites = 0;
    for (size_t i = from; i < report->leak_count; i++) {
        const struct leak *leak = &report->leaks[i];
        if (!is_told_below(report, leak)) {
            rest.count += leak->site.sum.count;
            rest.bytes += leak->site.sum.bytes;
            sites++;
        }
    }
    char bytes[24];
    if (sites > 0) {
        fprintf(writer->stream, "  and %zu more site%s: %s in %" PRIu64 " block%s\n", sites,
            plural(sites), report_bytes(rest.bytes, bytes), rest.count, plural(rest.count));
    }
}

/// A word of a command line, quoted where a shell would not leave it as it is.
static void put_word(FILE *stream, const char *word)
{
    if (word[0] != 0 && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_./-+:@%,")] == 0) {
        fputs(word, stream);
        return;
    }
    fputc('\'', stream);
    for (; *word != 0; word++) {
        if (*word == '\'') {
            fputs("'\\''", stream);
        } else {
            fputc(*word >= ' ' ? *word : '?', stream);
        }
    }
    fputc('\'', stream);
}

/// The worst leak that has a place: what has none cannot be told from others. NULL: there is none.
static const struct leak *worst_with_place(const struct leak_report *report, size_t shown)
{
    for (size_t i = 0; i < report->leak_count && i < shown; i++) {
        if (report->leaks[i].site.stack != 0 || report->leaks[i].site.file != 0) {
            return &report->leaks[i];
        }
    }
    return NULL;
}

static void print_hints(const struct writer *writer, size_t shown)
{
    const struct leak_report *report = writer->report;
    if (report->options.subject == NULL || sum_of_all(&report->totals).count == 0) {
        return;
    }
    // What is kept already need not be kept again.
    const bool is_kept = report->options.is_at_exit || report->image->source == IMAGE_SNAPSHOT;
    fputs("  next: halde ", writer->stream);
    fputs(is_kept ? "report " : "snap ", writer->stream);
    put_word(writer->stream, report->options.subject);
    const struct leak *worst = worst_with_place(report, shown);
    if (worst != NULL) {
        fputs("   |   halde suppress ", writer->stream);
        put_word(writer->stream, report->options.subject);
        fprintf(writer->stream, " %s", worst->site.hash);
    }
    if (report->options.top != SIZE_MAX) {
        fputs("   |   halde leaks ", writer->stream);
        put_word(writer->stream, report->options.subject);
        fputs(" --all", writer->stream);
    }
    fputc('\n', writer->stream);
}

bool report_print_text(const struct leak_report *report, FILE *stream)
{
    struct writer writer = {.report = report, .stream = stream};
    size_t top = report_top(report, true);
    size_t shown = 0;
    print_summary(&writer);
    size_t i = 0;
    for (; i < report->leak_count && shown < top; i++) {
        const struct leak *leak = &report->leaks[i];
        if (is_told_below(report, leak)) {
            continue;
        }
        print_heading(&writer, ++shown, leak);
        print_stack(&writer, leak);
        print_other_lines(&writer, leak);
        print_sample(&writer, leak);
        print_below(&writer, leak);
    }
    print_rest(&writer, i);
    print_suppressed(&writer);
    print_idle_suppressions(&writer);
    print_hints(&writer, shown);
    return !ferror(stream);
}
