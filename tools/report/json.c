// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// Schema halde.leaks/1.
#include "image/names.h"
#include "report/internal.h"

#include <inttypes.h>
#include <stdio.h>

static void put_sum(struct json *json, const char *key, const struct site_sum *sum)
{
    json_put_sum(json, key, sum->count, sum->bytes);
}

static void put_process(struct json *json, const struct leak_report *report)
{
    const struct image *image = report->image;
    json_key(json, "process");
    json_open_object(json);
    json_put_number(json, "pid", image->process_id);
    json_put_text(json, "name", image_string(image, image->name));
    json_put_text(json, "command_line", image_string(image, image->command_line));
    json_close_object(json);
    json_put_flag(json, "is_at_exit", report->options.is_at_exit);
    json_put_flag(json, "is_searched", report->is_searched);
    json_put_number(json, "taken_at", image->taken_at);
    json_put_number(json, "sample_interval_bytes", image->sample_interval);
}

static void put_totals(struct json *json, const struct leak_report *report)
{
    const struct leak_totals *totals = &report->totals;
    json_key(json, "totals");
    json_open_object(json);
    put_sum(json, "definite", &totals->by_class[REACH_DEFINITE]);
    put_sum(json, "indirect", &totals->by_class[REACH_INDIRECT]);
    put_sum(json, "possible", &totals->by_class[REACH_POSSIBLE]);
    put_sum(json, "reachable", &totals->by_class[REACH_REACHABLE]);
    put_sum(json, "not_searched", &totals->by_class[REACH_NOT_SEARCHED]);
    put_sum(json, "suppressed", &totals->suppressed);
    put_sum(json, "suppressed_builtin", &totals->suppressed_builtin);
    put_sum(json, "too_young", &totals->young);
    json_close_object(json);
}

static void put_stack(struct json *json, const struct leak_report *report, const struct leak *leak)
{
    const struct symbol_stack *stack = symbols_stack(report->symbols, leak->site.stack);
    bool has_all = report->options.has_all_frames;
    symbols_put_stack(json, stack, has_all ? 0 : stack->first, has_all ? stack->count : stack->end);
}

static void put_thread(struct json *json, const struct leak_report *report, uint32_t id)
{
    const struct image_thread *thread = report_thread(report, id);
    if (id != 0) {
        json_put_number(json, "thread", id);
    }
    if (thread != NULL && thread->name != 0) {
        json_put_text(json, "thread_name", image_string(report->image, thread->name));
    }
}

/// Where the site's blocks were allocated, if there are stacks.
static void put_places(struct json *json, const struct leak_report *report, const struct leak *leak)
{
    json_key(json, "call_places");
    json_open_array(json);
    for (size_t i = 0; i < leak->place_count; i++) {
        const struct leak_place *place = &report->places[leak->first_place + i];
        const char *file = NULL;
        int line = 0;
        report_place_source(report, place, &file, &line);
        json_open_object(json);
        json_put_text(json, "file", file);
        json_put_signed(json, "line", line);
        json_put_number(json, "blocks", place->sum.count);
        json_put_number(json, "bytes", place->sum.bytes);
        json_close_object(json);
    }
    json_close_array(json);
}

/// One block of the site.
static void put_example(
    struct json *json, const struct leak_report *report, const struct leak *leak)
{
    const struct image *image = report->image;
    const struct image_block *block = report_block(report, leak);
    const struct image_detail *detail = image_detail(image, block);
    unsigned char bytes[PREVIEW_SIZE];
    char digits[2 * PREVIEW_SIZE + 1] = "";
    size_t size = report_preview(report, block, bytes);
    for (size_t i = 0; i < size; i++) {
        snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
    }
    json_key(json, "example");
    json_open_object(json);
    json_put_address(json, "address", block->address);
    json_put_number(json, "size", block->size);
    json_put_address(
        json, "heap", block->heap < image->heap_count ? image->heaps[block->heap].handle : 0);
    json_put_number(json, "number", detail->number);
    if ((block->flags & IMAGE_BLOCK_IS_DEBUG) != 0) {
        json_put_text(json, "type", image_type_name(image, block));
        json_put_number(json, "subtype", detail->subtype);
    }
    json_put_text(json, "data", digits);
    json_close_object(json);
}

static void put_time(struct json *json, const char *key, uint64_t age)
{
    json_key(json, key);
    if (age != 0) {
        json_number(json, age);
    } else {
        json_null(json);
    }
}

static void put_leak(struct json *json, const struct leak_report *report, const struct leak *leak)
{
    const struct site *site = &leak->site;
    char hash[SITE_HASH_SIZE];
    const char *file = NULL;
    int line = 0;
    report_source(report, leak, &file, &line);
    json_open_object(json);
    json_put_text(json, "kind", leak_kind_name(site->worst_class));
    json_put_text(json, "hash", site_format_hash(site->full_hash, SITE_HASH_SIZE - 1, hash));
    json_put_text(json, "short_hash", site->hash);
    json_put_number(json, "blocks", site->sum.count);
    json_put_number(json, "bytes", site->sum.bytes);
    json_put_number(json, "estimated_blocks", site->estimate.count);
    json_put_number(json, "estimated_bytes", site->estimate.bytes);
    put_sum(json, "below", &leak->below);
    json_put_number(json, "largest_bytes", site->largest);
    put_time(json, "oldest_age_ns", report_age(report, site->oldest_ns));
    put_time(json, "newest_age_ns", report_age(report, site->newest_ns));
    json_put_text(json, "file", file);
    json_put_signed(json, "line", line);
    put_thread(json, report, site->thread_id);
    put_places(json, report, leak);
    put_example(json, report, leak);
    put_stack(json, report, leak);
    json_close_object(json);
}

static void put_suppressions(struct json *json, const struct suppressions *suppressions)
{
    struct suppression_info info;
    json_key(json, "suppressions");
    json_open_array(json);
    for (size_t i = 1; suppressions != NULL && suppressions_info(suppressions, i, &info); i++) {
        if (info.is_builtin && info.count == 0) {
            continue;
        }
        json_open_object(json);
        json_put_text(json, "origin", info.origin);
        json_put_number(json, "line", info.line);
        json_put_text(json, "name", info.name);
        json_put_text(json, "reason", info.reason);
        json_put_flag(json, "is_builtin", info.is_builtin);
        json_put_flag(json, "is_expired", info.is_expired);
        json_put_number(json, "blocks", info.count);
        json_put_number(json, "bytes", info.bytes);
        json_close_object(json);
    }
    json_close_array(json);
}

bool report_print_json(const struct leak_report *report, FILE *stream)
{
    struct json *json = json_begin(stream);
    json_open_object(json);
    json_put_text(json, "schema", "halde.leaks/1");
    put_process(json, report);
    put_totals(json, report);
    json_put_number(json, "leak_count", report->leak_count);
    json_key(json, "leaks");
    json_open_array(json);
    size_t top = report_top(report, false);
    for (size_t i = 0; i < top; i++) {
        put_leak(json, report, &report->leaks[i]);
    }
    json_close_array(json);
    put_suppressions(json, report->options.suppressions);
    json_close_object(json);
    return json_end(json);
}
