// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A comparison for people: of two images what changed, of more the trend; and for programs.

#include "cli/memory.h"
#include "overview/comparison.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBERS_SIZE = 96, ///< of "(+1204 blocks, 9.2M - 3.9M)"
    SIZES_MAX = 6,     ///< images whose sizes are told one by one; of more a curve
    SECONDS_A_MINUTE = 60,
    SECONDS_MIN = 10, ///< times are whole seconds: less tells no speed
};

static const struct comparison_side *last_side(const struct comparison *comparison)
{
    return &comparison->sides[comparison->side_count - 1];
}

static char *format_growth(int64_t growth, char buffer[24])
{
    char size[16];
    uint64_t magnitude = growth < 0 ? 0 - (uint64_t)growth : (uint64_t)growth;
    const char *sign = growth < 0 ? "-" : growth > 0 ? "+" : "";
    snprintf(buffer, 24, "%s%s", sign, cli_format_size(magnitude, size));
    return buffer;
}

// "(+1204 blocks, 9.2M - 3.9M)": blocks more, then bytes now and before.
static int format_numbers(const struct group *group, char buffer[NUMBERS_SIZE])
{
    char after[16];
    char before[16];
    return snprintf(buffer, NUMBERS_SIZE, "(%+" PRId64 " blocks, %s - %s)",
        group_block_growth(group), cli_format_size(group->sums[group->sum_count - 1].bytes, after),
        cli_format_size(group->sums[0].bytes, before));
}

// The changes that are shown: calls `show` for each.
static size_t for_each_change(const struct comparison *comparison,
    void (*show)(void *context, const struct group *group), void *context)
{
    size_t shown = 0;
    for (size_t index = 0; index < comparison->groups.count && shown < comparison->top; index++) {
        const struct group *group = &comparison->groups.items[index];
        if (group_has_changed(group)) {
            show(context, group);
            shown++;
        }
    }
    return shown;
}

// ---- Two images ----

struct listing {
    const struct cli *cli;
    int width; ///< of numbers
};

static void measure_group(void *context, const struct group *group)
{
    struct listing *listing = context;
    char numbers[NUMBERS_SIZE];
    int size = format_numbers(group, numbers);
    listing->width = size > listing->width ? size : listing->width;
}

static void print_group(void *context, const struct group *group)
{
    const struct listing *listing = context;
    char growth[24];
    char numbers[NUMBERS_SIZE];
    format_numbers(group, numbers);
    printf("  %s%9s%s  %-*s  ",
        cli_style(listing->cli, group_growth(group) > 0 ? STYLE_BAD : STYLE_GOOD),
        format_growth(group_growth(group), growth), cli_style(listing->cli, STYLE_END),
        listing->width, numbers);
    if (group->hash[0]) {
        printf("%s  ", group->hash);
    }
    cli_put_text(stdout, group->label);
    putchar('\n');
}

static size_t print_changes(const struct comparison *comparison, const struct cli *cli)
{
    struct listing listing = {.cli = cli};
    for_each_change(comparison, measure_group, &listing);
    return for_each_change(comparison, print_group, &listing);
}

// ---- More images: the trend ----

/// "1.2M 2.0M 4.4M", or a curve of all of them. To be freed.
static char *format_course(const struct group *group)
{
    static const char *const blocks[] = {
        "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
    char *text = must_copy_text("");
    uint64_t most = 1;
    for (size_t i = 0; i < group->sum_count; i++) {
        most = group->sums[i].bytes > most ? group->sums[i].bytes : most;
    }
    for (size_t i = 0; i < group->sum_count; i++) {
        char size[16];
        char *longer;
        if (group->sum_count <= SIZES_MAX) {
            longer = must_format(
                "%s%s%s", text, i ? " " : "", cli_format_size(group->sums[i].bytes, size));
        } else {
            size_t step = (size_t)((double)group->sums[i].bytes / (double)most * 7 + 0.5);
            longer = cli_is_utf8() ? must_format("%s%s", text, blocks[step])
                                   : must_format("%s%zu", text, step);
        }
        free(text);
        text = longer;
    }
    return text;
}

struct trend {
    struct table *table;
    uint64_t seconds; ///< from the first image to the last; 0: not known
};

static void add_trend_row(void *context, const struct group *group)
{
    const struct trend *trend = context;
    char growth[24];
    char *course = format_course(group);
    int64_t bytes = group_growth(group);
    table_add_cell(trend->table, "%s", format_growth(bytes, growth));
    table_style_cell(trend->table, bytes > 0 ? STYLE_BAD : STYLE_GOOD);
    table_add_cell(trend->table, "%+" PRId64, group_block_growth(group));
    table_add_cell(trend->table, "%zu of %zu", group_grown_steps(group), group->sum_count - 1);
    if (trend->seconds) {
        double rate = (double)bytes / (double)trend->seconds * SECONDS_A_MINUTE;
        table_add_cell(trend->table, "%s", format_growth((int64_t)rate, growth));
    }
    table_add_cell(trend->table, "%s", course);
    if (group->hash[0]) {
        table_add_cell(trend->table, "%s", group->hash);
    }
    table_add_cell(trend->table, "%s", group->label);
    free(course);
}

static size_t print_trend(const struct comparison *comparison, const struct cli *cli)
{
    uint64_t first = comparison->sides[0].taken_at;
    uint64_t last = last_side(comparison)->taken_at;
    struct trend trend = {.table = table_create(),
        .seconds = first && last >= first + SECONDS_MIN ? last - first : 0};
    table_add_column(trend.table, "GROWTH", TABLE_RIGHT);
    table_add_column(trend.table, "BLOCKS", TABLE_RIGHT);
    table_add_column(trend.table, "GREW", TABLE_RIGHT);
    if (trend.seconds) {
        table_add_column(trend.table, "A MINUTE", TABLE_RIGHT);
    }
    table_add_column(trend.table, "COURSE", TABLE_LEFT);
    if (comparison->by == GROUP_BY_STACK) {
        table_add_column(trend.table, "HASH", TABLE_LEFT);
    }
    table_add_column(trend.table, "WHAT", TABLE_LEFT);
    size_t shown = for_each_change(comparison, add_trend_row, &trend);
    table_print(trend.table, cli, stdout);
    return shown;
}

// ---- The sums ----

// Ends the line of the fragmentation with who is to blame.
static void print_sparse(const struct comparison *comparison)
{
    const struct comparison_side *before = &comparison->sides[0];
    const struct comparison_side *after = last_side(comparison);
    if (before->sparse_pages || after->sparse_pages) {
        printf("; pages kept by one small block: %" PRIu64 " -> %" PRIu64, before->sparse_pages,
            after->sparse_pages);
    }
    if (after->sparse_site) {
        printf(", %" PRIu64 " of them by ", after->sparse_site_pages);
        cli_put_text(stdout, after->sparse_site);
    }
    putchar('\n');
}

static void print_sums(const struct comparison *comparison)
{
    char size[16];
    char growth[24];
    const struct site_sum *old = &comparison->sides[0].sum;
    const struct site_sum *new = &last_side(comparison)->sum;
    for (size_t i = 0; i < comparison->side_count; i++) {
        printf("%s %s", i ? " ->" : "live", cli_format_size(comparison->sides[i].sum.bytes, size));
    }
    printf(" (%s), %" PRIu64 " -> %" PRIu64 " blocks\n",
        format_growth((int64_t)(new->bytes - old->bytes), growth), old->count, new->count);
    printf("fragmentation %.0f %% -> %.0f %%", 100 * comparison->sides[0].fragmentation,
        100 * last_side(comparison)->fragmentation);
    print_sparse(comparison);
}

bool comparison_print_text(const struct comparison *comparison, const struct cli *cli)
{
    if (comparison->changed_count == 0) {
        puts("nothing changed");
    } else {
        size_t shown = comparison->side_count == 2 ? print_changes(comparison, cli)
                                                   : print_trend(comparison, cli);
        if (shown < comparison->changed_count) {
            printf("and %zu more: --all shows them\n", comparison->changed_count - shown);
        }
    }
    print_sums(comparison);
    return fflush(stdout) == 0 && !ferror(stdout);
}

// ---- JSON ----

static void put_side(struct json *json, const struct comparison_side *side)
{
    json_open_object(json);
    json_put_text(json, "subject", side->subject);
    json_put_number(json, "pid", side->process_id);
    json_put_number(json, "taken_at", side->taken_at);
    json_put_number(json, "bytes", side->sum.bytes);
    json_put_number(json, "blocks", side->sum.count);
    json_put_number(json, "committed_bytes", side->committed_size);
    json_put_real(json, "fragmentation", side->fragmentation);
    json_put_number(json, "sparse_pages", side->sparse_pages);
    json_close_object(json);
}

static void put_series(struct json *json, const struct group *group)
{
    json_key(json, "bytes_series");
    json_open_array(json);
    for (size_t i = 0; i < group->sum_count; i++) {
        json_number(json, group->sums[i].bytes);
    }
    json_close_array(json);
    json_put_number(json, "grown_steps", group_grown_steps(group));
    json_put_flag(json, "is_steady", group_is_steady(group));
}

static void put_group(void *context, const struct group *group)
{
    struct json *json = context;
    const struct site_sum *after = &group->sums[group->sum_count - 1];
    json_open_object(json);
    if (group->hash[0]) {
        json_put_text(json, "hash", group->key); // all digits of it
    }
    json_put_text(json, "name", group->label);
    json_put_signed(json, "bytes", group_growth(group));
    json_put_signed(json, "blocks", group_block_growth(group));
    json_put_sum(json, "before", group->sums[0].count, group->sums[0].bytes);
    json_put_sum(json, "after", after->count, after->bytes);
    if (group->sum_count > 2) {
        put_series(json, group);
    }
    json_close_object(json);
}

bool comparison_print_json(const struct comparison *comparison)
{
    struct json *json = json_begin(stdout);
    json_open_object(json);
    json_put_text(json, "schema", "halde.diff/1");
    json_put_text(json, "by", group_key_name(comparison->by));
    json_key(json, "before");
    put_side(json, &comparison->sides[0]);
    if (comparison->side_count > 2) {
        json_key(json, "between");
        json_open_array(json);
        for (size_t i = 1; i + 1 < comparison->side_count; i++) {
            put_side(json, &comparison->sides[i]);
        }
        json_close_array(json);
    }
    json_key(json, "after");
    put_side(json, last_side(comparison));
    json_put_flag(json, "has_finding", comparison->has_finding);
    json_put_number(json, "change_count", comparison->changed_count);
    json_key(json, "changes");
    json_open_array(json);
    for_each_change(comparison, put_group, json);
    json_close_array(json);
    json_close_object(json);
    return json_end(json);
}
