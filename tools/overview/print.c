// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// An overview for people.

#include "cli/memory.h"
#include "image/names.h"
#include "overview/groups.h"
#include "overview/overview.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_STEPS = 60, ///< of a sparkline
    BAR_WIDTH = 30,
};

/// What every part of the report needs.
struct page {
    struct overview *overview;
    struct symbols *symbols;
    const struct cli *cli;
    const struct overview_options *options;
};

static void put_title(const struct page *page, const char *title)
{
    printf(
        "\n%s%s%s\n", cli_style(page->cli, STYLE_STRONG), title, cli_style(page->cli, STYLE_END));
}

static void explain(const struct page *page, const char *text)
{
    if (page->options->has_explanations) {
        printf(
            "%s  %s%s\n", cli_style(page->cli, STYLE_FAINT), text, cli_style(page->cli, STYLE_END));
    }
}

// ---- What it is ----

static void put_end(const struct capture_process *process)
{
    switch (process->end) {
    case CAPTURE_EXITED:
        printf(", exited with %" PRIu32, process->status);
        break;
    case CAPTURE_KILLED:
        printf(", killed by signal %" PRIu32 " (%s)", process->status,
            process->status < 65 ? strsignal((int)process->status) : "unknown");
        break;
    case CAPTURE_REPLACED:
        fputs(", replaced by another program", stdout);
        break;
    case CAPTURE_DETACHED:
        fputs(", recording ended before it did", stdout);
        break;
    default:
        fputs(", end not known", stdout);
    }
}

static void put_head(const struct page *page)
{
    const struct image *image = page->overview->image;
    const struct capture *capture = page->overview->capture;
    char duration[24];
    const char *name = image_string(image, image->name);
    const char *mode = image_string(image, image->mode);
    fputs(cli_style(page->cli, STYLE_STRONG), stdout);
    cli_put_text(stdout, *name ? name : "(name not known)");
    fputs(cli_style(page->cli, STYLE_END), stdout);
    printf(" (process %" PRIu32 ")", image->process_id);
    if (page->overview->has_course) {
        printf(", recorded for %s", cli_format_duration(page->overview->duration_ns, duration));
    }
    if (*mode) {
        printf(", mode %s", mode);
    }
    if (capture && capture->has_process) {
        put_end(&capture->process);
    }
    putchar('\n');
    if (*image_string(image, image->command_line)) {
        fputs("  ", stdout);
        cli_put_text(stdout, image_string(image, image->command_line));
        putchar('\n');
    }
}

static void put_verdicts(const struct page *page)
{
    char *verdicts[VERDICTS_MAX + 1];
    overview_verdicts(page->overview, page->symbols, verdicts);
    putchar('\n');
    for (unsigned index = 0; verdicts[index]; index++) {
        printf("  %s ", cli_is_utf8() ? "\xe2\x80\xa2" : "*");
        cli_put_text(stdout, verdicts[index]);
        putchar('\n');
        free(verdicts[index]);
    }
}

static void put_sampling(const struct page *page)
{
    char interval[16];
    if (page->overview->is_sampled) {
        printf("  sampled, about one block in %s: what is told by site and over time is estimated; "
               "live "
               "blocks, sizes, heaps and leaks are exact\n",
            cli_format_size(page->overview->image->sample_interval, interval));
    }
}

// ---- Numbers ----

static void put_sum(const char *name, const struct site_sum *sum)
{
    char size[16];
    printf("  %-12s %12" PRIu64 " block%s %10s\n", name, sum->count, sum->count == 1 ? " " : "s",
        cli_format_size(sum->bytes, size));
}

static void put_numbers(const struct page *page)
{
    const struct overview *overview = page->overview;
    char size[16];
    char time[24];
    put_title(page, "Numbers");
    if (overview->has_course) {
        put_sum("allocated", &overview->allocated);
        put_sum("freed", &overview->freed);
        printf("  %-12s %12" PRIu64 " block%s\n", "temporary", overview->temporary_count,
            overview->temporary_count == 1 ? "" : "s");
    }
    put_sum("live", &overview->live);
    printf("  %-12s %30s\n", "slack",
        overview->has_blocks ? cli_format_size(overview->slack_size, size) : "not known");
    if (overview->has_course) {
        printf("  %-12s %30s  at %s\n", "peak", cli_format_size(overview->peak_size, size),
            cli_format_duration(overview->peak_ns, time));
    }
    if (overview->peak_resident) {
        printf("  %-12s %30s\n", "peak RSS", cli_format_size(overview->peak_resident, size));
    } else if (overview->image->resident_size) {
        printf("  %-12s %30s\n", "RSS", cli_format_size(overview->image->resident_size, size));
    }
    explain(page,
        "Live blocks were not freed when the image was taken; sizes are what the program asked "
        "for. Slack is what blocks have beyond that.");
    explain(page, "A temporary block was freed before its thread allocated anything else: a local "
                  "variable, or a buffer that is kept, would do.");
    explain(page,
        "The peak is of live bytes. RSS is what the whole process has in memory: code, stacks "
        "and free memory that was not given back count, too.");
}

// ---- Course ----

static void put_line(const char *name, const uint64_t *values, size_t count)
{
    static const char *const utf8[] = {" ", "\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83",
        "\xe2\x96\x84", "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88"};
    static const char *const ascii[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    const char *const *levels = cli_is_utf8() ? utf8 : ascii;
    uint64_t highest = 1;
    char size[16];
    for (size_t index = 0; index < count; index++) {
        highest = values[index] > highest ? values[index] : highest;
    }
    printf("  %-5s ", name);
    for (size_t index = 0; index < count; index++) {
        double share = (double)values[index] / (double)highest;
        fputs(levels[values[index] ? 1 + (unsigned)(share * 7) : 0], stdout);
    }
    printf(" %s\n", cli_format_size(highest, size));
}

static void put_course(const struct page *page)
{
    uint64_t values[LINE_STEPS];
    char time[24];
    if (!page->overview->has_course) {
        return;
    }
    put_title(page, "Course");
    overview_series(page->overview, false, values, LINE_STEPS);
    put_line("live", values, LINE_STEPS);
    if (page->overview->peak_resident) {
        overview_series(page->overview, true, values, LINE_STEPS);
        put_line("RSS", values, LINE_STEPS);
    }
    printf(
        "        0%*s\n", LINE_STEPS - 1, cli_format_duration(page->overview->duration_ns, time));
    explain(page,
        "The highest value of each step; the number at the right is the highest of all. A saw "
        "is a program that collects and frees; a slope that never falls is a leak, or a cache "
        "without a limit.");
}

// ---- Sites ----

static void add_site(const struct page *page, struct table *table, const struct overview_site *site,
    enum overview_order order)
{
    char size[16];
    uint64_t value = overview_value(site, order);
    bool is_count = order == OVERVIEW_BY_ALLOCATED || order == OVERVIEW_BY_TEMPORARY;
    uint64_t bytes = order == OVERVIEW_BY_ALLOCATED ? site->allocated.bytes : value;
    uint64_t count = is_count ? value : site->live.count;
    char *label = stack_label(page->symbols, site->stack);
    char place[512] = "";
    const struct symbol_frame *frame =
        site->stack ? symbols_site(page->symbols, site->stack) : NULL;
    if (frame) {
        symbols_place(frame, false, place, sizeof(place));
    }
    if (order != OVERVIEW_BY_TEMPORARY) {
        table_add_cell(table, "%s", cli_format_size(bytes, size));
    }
    if (is_count || order == OVERVIEW_BY_LIVE) {
        table_add_cell(table, "%" PRIu64, count);
    }
    table_add_cell(table, "%s", site->hash);
    table_add_cell(table, "%s", label);
    table_add_cell(table, "%s", place);
    free(label);
}

static void put_sites(
    const struct page *page, enum overview_order order, const char *title, const char *explanation)
{
    struct overview *overview = page->overview;
    overview_sort(overview, order);
    if (overview->site_count == 0 || overview_value(overview->sites, order) == 0) {
        return;
    }
    put_title(page, title);
    struct table *table = table_create();
    if (order != OVERVIEW_BY_TEMPORARY) {
        table_add_column(table, "BYTES", TABLE_RIGHT);
    }
    if (order != OVERVIEW_BY_PEAK && order != OVERVIEW_BY_GROWTH) {
        table_add_column(table, "BLOCKS", TABLE_RIGHT);
    }
    table_add_column(table, "HASH", TABLE_LEFT);
    table_add_column(table, "SITE", TABLE_LEFT);
    table_add_column(table, "PLACE", TABLE_LEFT);
    for (size_t site = 0; site < overview->site_count && site < page->options->top; site++) {
        if (overview_value(&overview->sites[site], order) != 0) {
            add_site(page, table, &overview->sites[site], order);
        }
    }
    table_print(table, page->cli, stdout);
    explain(page, explanation);
}

static void put_all_sites(const struct page *page)
{
    put_sites(page, OVERVIEW_BY_LIVE, "Most live bytes",
        "Who allocated what is live now: function <- caller. The hash names the site in diff, "
        "leaks and "
        "suppress, too.");
    put_sites(page, OVERVIEW_BY_GROWTH, "Growing all the time",
        "Sites whose live bytes rose in each part of the run behind its first quarter: likely "
        "leaks, or "
        "caches that have no limit.");
    put_sites(page, OVERVIEW_BY_PEAK, "Live at the peak",
        "What was live when most was: to lower the peak, begin here.");
    put_sites(page, OVERVIEW_BY_ALLOCATED, "Most allocations",
        "Over the whole run. Each costs time, freed or not.");
    put_sites(page, OVERVIEW_BY_TEMPORARY, "Most temporary allocations",
        "Freed before the thread allocated anything else: cheap to avoid.");
}

// ---- Sizes ----

static void put_bar(uint64_t value, uint64_t highest)
{
    unsigned length = highest ? (unsigned)((double)value / (double)highest * BAR_WIDTH + 0.5) : 0;
    for (unsigned index = 0; index < length; index++) {
        fputs(cli_is_utf8() ? "\xe2\x96\x88" : "#", stdout);
    }
}

static void put_size(const struct page *page, const struct overview_size *size, uint64_t highest)
{
    char limit[16];
    char bytes[16];
    printf("  %-3s %8s %12" PRIu64 " %10s", size->size_max == UINT64_MAX ? ">" : "to",
        cli_format_size(
            size->size_max == UINT64_MAX ? 1ull << (OVERVIEW_SIZES - 2) : size->size_max, limit),
        size->live.count, cli_format_size(size->live.bytes, bytes));
    if (page->overview->has_course) {
        printf(" %14" PRIu64, size->allocated_count);
    }
    fputs("  ", stdout);
    put_bar(page->overview->has_course ? size->allocated_count : size->live.count, highest);
    putchar('\n');
}

static void put_sizes(const struct page *page)
{
    const struct overview *overview = page->overview;
    uint64_t highest = 0;
    for (unsigned row = 0; row < OVERVIEW_SIZES; row++) {
        const struct overview_size *size = &overview->sizes[row];
        uint64_t value = overview->has_course ? size->allocated_count : size->live.count;
        highest = value > highest ? value : highest;
    }
    if (highest == 0) {
        return;
    }
    put_title(page, "Sizes");
    printf("      %8s %12s %10s%s\n", "BYTES", "LIVE BLOCKS", "LIVE",
        overview->has_course ? "      ALLOCATED" : "");
    for (unsigned row = 0; row < OVERVIEW_SIZES; row++) {
        if (overview->sizes[row].live.count || overview->sizes[row].allocated_count) {
            put_size(page, &overview->sizes[row], highest);
        }
    }
    explain(page, "Blocks by the size that was asked for, up to each power of two.");
}

// ---- Heaps, leaks ----

static void put_heaps(const struct page *page)
{
    const struct image *image = page->overview->image;
    char sizes[3][16];
    if (image->heap_count == 0) {
        return;
    }
    put_title(page, "Heaps");
    struct table *table = table_create();
    table_add_column(table, "HEAP", TABLE_LEFT);
    table_add_column(table, "NAME", TABLE_LEFT);
    table_add_column(table, "BLOCKS", TABLE_RIGHT);
    table_add_column(table, "LIVE", TABLE_RIGHT);
    table_add_column(table, "COMMIT", TABLE_RIGHT);
    table_add_column(table, "LARGEST-FREE", TABLE_RIGHT);
    table_add_column(table, "FRAG", TABLE_RIGHT);
    for (size_t index = 0; index < image->heap_count; index++) {
        const struct image_heap *heap = &image->heaps[index];
        table_add_cell(table, "0x%" PRIx64, heap->handle);
        table_add_cell(table, "%s", image_string(image, heap->name));
        table_add_cell(table, "%" PRIu64, heap->busy_count);
        table_add_cell(table, "%s", cli_format_size(heap->busy_size, sizes[0]));
        table_add_cell(table, "%s", cli_format_size(heap->committed_size, sizes[1]));
        table_add_cell(table, "%s", cli_format_size(heap->largest_free_size, sizes[2]));
        table_add_cell(
            table, "%.0f %%", 100 * image_fragmentation(heap->busy_size, heap->committed_size));
    }
    table_print(table, page->cli, stdout);
    explain(page,
        "FRAG is the part of committed memory that is in no live block: free, cached by "
        "threads, or slack. It matters if it stays high: a few long-lived blocks on many pages "
        "keep these from being given back.");
}

static void put_leaks(const struct page *page)
{
    const struct overview *overview = page->overview;
    if (!overview->has_classes) {
        return;
    }
    put_title(page, "Leaks");
    put_sum("definite", &overview->by_class[REACH_DEFINITE]);
    put_sum("indirect", &overview->by_class[REACH_INDIRECT]);
    put_sum("possible", &overview->by_class[REACH_POSSIBLE]);
    put_sum("reachable", &overview->by_class[REACH_REACHABLE]);
    explain(page,
        "Definite: no pointer leads there. Indirect: only definite ones do. Possible: only "
        "pointers to the inside do. Reachable: in use, or never freed.");
    printf("  next: halde leaks ");
    cli_put_text(stdout, page->options->subject);
    putchar('\n');
}

void overview_print(struct overview *overview, struct symbols *symbols, const struct cli *cli,
    const struct overview_options *options)
{
    struct page page = {overview, symbols, cli, options};
    put_head(&page);
    put_verdicts(&page);
    put_sampling(&page);
    put_numbers(&page);
    put_course(&page);
    put_all_sites(&page);
    put_sizes(&page);
    put_heaps(&page);
    put_leaks(&page);
}
