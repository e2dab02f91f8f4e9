// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde diff: what grew and what shrank between two images.

#include "capture/subject.h"
#include "cli/cli.h"
#include "overview/groups.h"
#include "overview/overview.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    USUAL_TOP = 20,
    NUMBERS_SIZE = 96, ///< of "(+1204 blocks, 9.2M - 3.9M)"
};

static const struct cli_option OPTIONS[] = {
    {"by", 'b', "stack|type|heap|class|thread|module|age", "what to group by (default stack)"},
    {"threshold", 0, "SIZE", "a finding is only what grew by more than this (default: any change)"},
    {"top", 't', "N", "show the N largest changes (default 20)"},
    {"all", 'a', NULL, "show all changes"},
    {"no-symbols", 0, NULL, "modules and offsets only: no file is opened"},
    {"executable", 'e', "FILE", "the program of a core file, if it has moved"},
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde diff before.halde after.halde", "which call stacks hold more, which less"},
    {"halde diff before.halde 4711 --by class", "a snapshot against the process as it is now"},
    {"halde diff a.halde b.halde --threshold 1M --json", "for a script: exit code 1 from 1 MiB on"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Compares busy blocks. Each line tells how many bytes and blocks a group has more (+) or less "
    "(-) "
    "than before, then how many it has now and had. What changed most comes first.\n"
    "\n"
    "Groups by stack are matched by the names of functions and modules, so snapshots of two runs "
    "and "
    "mostly of two builds can be compared; the hash is the one that leaks and suppress use. By "
    "class "
    "means the allocator's size classes. By age counts from when each image was taken.\n"
    "\n"
    "Where blocks were sampled, groups by stack, thread, module and age are estimated from the "
    "samples; the rest, and the sums, are exact.";

static const char EXIT_CODES[] = "0: nothing changed, or nothing grew by more than --threshold; 1: "
                                 "something did; 2: one of the two "
                                 "could not be read.";

/// Pages that one small block alone keeps.
struct sparse {
    uint64_t pages;
    uint64_t site_pages; ///< of them: those of one site's blocks
    char *site;          ///< NULL: none
};

struct comparison {
    struct sparse sparse_before; ///< by stack only
    struct sparse sparse_after;
    struct subject before;
    struct subject after;
    struct groups groups;
    enum group_key by;
    uint64_t threshold;
    bool has_threshold;
    uint64_t top;
    size_t changed_count;
    bool has_finding;
    struct site_sum sum_before;
    struct site_sum sum_after;
};

// ---- Command line ----

static bool read_options(const struct cli *cli, struct comparison *comparison)
{
    const char *by = cli_value(cli, "by");
    const char *threshold = cli_value(cli, "threshold");
    const char *top = cli_value(cli, "top");
    comparison->top = cli_has(cli, "all") ? UINT64_MAX : USUAL_TOP;
    if (by && !group_key_parse(by, &comparison->by)) {
        cli_bad_value(cli, "by", "stack, type, heap, class, thread, module or age");
        return false;
    }
    if (threshold && !cli_parse_size(threshold, &comparison->threshold)) {
        cli_bad_value(cli, "threshold", "a size like 64K or 1.5M");
        return false;
    }
    if (top && !cli_parse_count(top, &comparison->top)) {
        cli_bad_value(cli, "top", "a number");
        return false;
    }
    comparison->has_threshold = threshold != NULL;
    return true;
}

static void say_note(void *context, const char *text)
{
    cli_note(context, "%s", text);
}

// ---- Comparing ----

static void find_sparse(
    const struct subject *subject, struct symbols *symbols, struct sparse *sparse)
{
    struct overview *overview = overview_create(subject, symbols);
    sparse->pages = overview->sparse_pages;
    sparse->site_pages = overview->sparse_site_pages;
    if (overview->sparse_site) {
        sparse->site = stack_label(symbols, overview->sparse_site->stack);
    }
    overview_destroy(overview);
}

// Exact, also where groups are estimated.
static void add_up(const struct image *image, struct site_sum *sum)
{
    for (size_t index = 0; index < image->block_count; index++) {
        if (image->blocks[index].kind == IMAGE_BUSY) {
            sum->count++;
            sum->bytes += image->blocks[index].size;
        }
    }
}

static void add_side(const struct cli *cli, struct comparison *comparison, bool is_after)
{
    const struct subject *subject = is_after ? &comparison->after : &comparison->before;
    const struct image *image = subject->image;
    struct symbols_options options = {
        .is_off = cli_has(cli, "no-symbols"),
        .note = say_note,
        .context = (void *)(uintptr_t)cli,
    };
    struct symbols *symbols = symbols_create(image, &options);
    add_up(image, is_after ? &comparison->sum_after : &comparison->sum_before);
    groups_add(&comparison->groups, comparison->by, image, symbols, is_after);
    if (comparison->by == GROUP_BY_STACK) {
        find_sparse(
            subject, symbols, is_after ? &comparison->sparse_after : &comparison->sparse_before);
    }
    symbols_destroy(symbols);
}

static bool has_changed(const struct group *group)
{
    return group_growth(group) != 0 || group_block_growth(group) != 0;
}

static bool is_finding(const struct comparison *comparison, const struct group *group)
{
    if (!comparison->has_threshold) {
        return has_changed(group);
    }
    return group_growth(group) > 0 && (uint64_t)group_growth(group) > comparison->threshold;
}

static void compare(const struct cli *cli, struct comparison *comparison)
{
    add_side(cli, comparison, false);
    add_side(cli, comparison, true);
    groups_sort(&comparison->groups);
    for (size_t index = 0; index < comparison->groups.count; index++) {
        const struct group *group = &comparison->groups.items[index];
        comparison->changed_count += has_changed(group);
        comparison->has_finding |= is_finding(comparison, group);
    }
}

static double fragmentation(const struct image *image)
{
    uint64_t committed;
    uint64_t unused;
    committed_memory(image, &committed, &unused);
    return committed ? (double)unused / (double)committed : 0;
}

// ---- Text ----

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
        group_block_growth(group), cli_format_size(group->after.bytes, after),
        cli_format_size(group->before.bytes, before));
}

static void print_group(const struct cli *cli, const struct group *group, int width)
{
    char growth[24];
    char numbers[NUMBERS_SIZE];
    format_numbers(group, numbers);
    printf("  %s%9s%s  %-*s  ", cli_style(cli, group_growth(group) > 0 ? STYLE_BAD : STYLE_GOOD),
        format_growth(group_growth(group), growth), cli_style(cli, STYLE_END), width, numbers);
    if (group->hash[0]) {
        printf("%s  ", group->hash);
    }
    cli_put_text(stdout, group->label);
    putchar('\n');
}

// The changes that are shown: their number; *width gets the width of their numbers.
static size_t choose_changes(const struct comparison *comparison, int *width)
{
    char numbers[NUMBERS_SIZE];
    size_t shown = 0;
    *width = 0;
    for (size_t index = 0; index < comparison->groups.count && shown < comparison->top; index++) {
        if (has_changed(&comparison->groups.items[index])) {
            int size = format_numbers(&comparison->groups.items[index], numbers);
            *width = size > *width ? size : *width;
            shown++;
        }
    }
    return shown;
}

static void print_groups(const struct cli *cli, const struct comparison *comparison)
{
    int width;
    size_t count = choose_changes(comparison, &width);
    size_t shown = 0;
    for (size_t index = 0; shown < count; index++) {
        if (has_changed(&comparison->groups.items[index])) {
            print_group(cli, &comparison->groups.items[index], width);
            shown++;
        }
    }
    if (shown < comparison->changed_count) {
        printf("and %zu more: --all shows them\n", comparison->changed_count - shown);
    }
}

// Ends the line of the fragmentation with who is to blame.
static void print_sparse(const struct comparison *comparison)
{
    const struct sparse *before = &comparison->sparse_before;
    const struct sparse *after = &comparison->sparse_after;
    if (before->pages || after->pages) {
        printf("; pages kept by one small block: %" PRIu64 " -> %" PRIu64, before->pages,
            after->pages);
    }
    if (after->site) {
        printf(", %" PRIu64 " of them by ", after->site_pages);
        cli_put_text(stdout, after->site);
    }
    putchar('\n');
}

static bool print_text(const struct cli *cli, const struct comparison *comparison)
{
    char before[16];
    char after[16];
    char growth[24];
    const struct site_sum *old = &comparison->sum_before;
    const struct site_sum *new = &comparison->sum_after;
    if (comparison->changed_count) {
        print_groups(cli, comparison);
    } else {
        puts("nothing changed");
    }
    printf("live %s -> %s (%s), %" PRIu64 " -> %" PRIu64 " blocks\n",
        cli_format_size(old->bytes, before), cli_format_size(new->bytes, after),
        format_growth((int64_t)(new->bytes - old->bytes), growth), old->count, new->count);
    printf("fragmentation %.0f %% -> %.0f %%", 100 * fragmentation(comparison->before.image),
        100 * fragmentation(comparison->after.image));
    print_sparse(comparison);
    return fflush(stdout) == 0 && !ferror(stdout);
}

// ---- JSON ----

static void put_side(struct json *json, const char *key, const struct image *image,
    const struct site_sum *sum, const struct sparse *sparse, const char *subject)
{
    uint64_t committed;
    uint64_t unused;
    committed_memory(image, &committed, &unused);
    json_key(json, key);
    json_open_object(json);
    json_put_text(json, "subject", subject);
    json_put_number(json, "pid", image->process_id);
    json_put_number(json, "taken_at", image->taken_at);
    json_put_number(json, "bytes", sum->bytes);
    json_put_number(json, "blocks", sum->count);
    json_put_number(json, "committed_bytes", committed);
    json_put_real(json, "fragmentation", fragmentation(image));
    json_put_number(json, "sparse_pages", sparse->pages);
    json_close_object(json);
}

static void put_group(struct json *json, const struct group *group)
{
    json_open_object(json);
    if (group->hash[0]) {
        json_put_text(json, "hash", group->key); // all digits of it
    }
    json_put_text(json, "name", group->label);
    json_put_signed(json, "bytes", group_growth(group));
    json_put_signed(json, "blocks", group_block_growth(group));
    json_put_sum(json, "before", group->before.count, group->before.bytes);
    json_put_sum(json, "after", group->after.count, group->after.bytes);
    json_close_object(json);
}

static bool print_json(const struct cli *cli, const struct comparison *comparison)
{
    struct json *json = json_begin(stdout);
    const char *by = cli_value(cli, "by");
    uint64_t shown = 0;
    json_open_object(json);
    json_put_text(json, "schema", "halde.diff/1");
    json_put_text(json, "by", by ? by : "stack");
    put_side(json, "before", comparison->before.image, &comparison->sum_before,
        &comparison->sparse_before, cli->arguments[0]);
    put_side(json, "after", comparison->after.image, &comparison->sum_after,
        &comparison->sparse_after, cli->arguments[1]);
    json_put_flag(json, "has_finding", comparison->has_finding);
    json_put_number(json, "change_count", comparison->changed_count);
    json_key(json, "changes");
    json_open_array(json);
    for (size_t index = 0; index < comparison->groups.count && shown < comparison->top; index++) {
        if (has_changed(&comparison->groups.items[index])) {
            put_group(json, &comparison->groups.items[index]);
            shown++;
        }
    }
    json_close_array(json);
    json_close_object(json);
    return json_end(json);
}

static int run(const struct cli *cli)
{
    struct comparison comparison = {0};
    int code = EXIT_TROUBLE;
    if (cli_expect_arguments(cli, 2, 2) && read_options(cli, &comparison) &&
        subject_open(cli, cli->arguments[0], 0, &comparison.before) &&
        subject_open(cli, cli->arguments[1], 0, &comparison.after)) {
        compare(cli, &comparison);
        bool is_printed =
            cli->is_json ? print_json(cli, &comparison) : print_text(cli, &comparison);
        code = !is_printed ? EXIT_TROUBLE : comparison.has_finding ? EXIT_FINDING : EXIT_CLEAN;
    }
    groups_release(&comparison.groups);
    free(comparison.sparse_before.site);
    free(comparison.sparse_after.site);
    subject_close(&comparison.before);
    subject_close(&comparison.after);
    return code;
}

const struct verb verb_diff = {
    .name = "diff",
    .arguments = "BEFORE AFTER",
    .summary = "compare two snapshots, processes or core files",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
