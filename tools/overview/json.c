// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// An overview for programs: schema halde.report/1.

#include "overview/groups.h"
#include "overview/overview.h"

#include <stdlib.h>

enum {
    SERIES_STEPS = 200
};

static void put_process(struct json *json, const struct overview *overview)
{
    static const char *const ends[] = {"unknown", "exited", "killed", "replaced", "detached"};
    const struct image *image = overview->image;
    json_key(json, "process");
    json_open_object(json);
    json_put_number(json, "pid", image->process_id);
    json_put_text(json, "name", image_string(image, image->name));
    json_put_text(json, "command_line", image_string(image, image->command_line));
    json_put_text(json, "mode", image_string(image, image->mode));
    json_put_number(json, "sample_interval_bytes", image->sample_interval);
    if (overview->capture && overview->capture->has_process) {
        const struct capture_process *process = &overview->capture->process;
        json_put_text(json, "host", image_string(image, process->host));
        json_put_number(json, "started_at", process->started_at);
        json_put_text(json, "ended", ends[process->end]);
        json_put_number(json, "status", process->status);
        json_put_number(json, "events", process->event_count);
        json_put_number(json, "events_lost", process->lost_count);
    }
    json_close_object(json);
}

// What only an image of the end says.
static void put_if_known(
    struct json *json, const struct overview *overview, const char *key, uint64_t number)
{
    json_key(json, key);
    if (overview->has_blocks) {
        json_number(json, number);
    } else {
        json_null(json);
    }
}

static void put_totals(struct json *json, const struct overview *overview)
{
    json_put_sum(json, "live", overview->live.count, overview->live.bytes);
    put_if_known(json, overview, "overhead_bytes", overview->slack_size);
    put_if_known(json, overview, "committed_bytes", overview->committed_size);
    put_if_known(json, overview, "unused_bytes", overview->unused_size);
    put_if_known(json, overview, "sparse_pages", overview->sparse_pages);
    json_put_number(json, "process_resident_bytes", overview->image->resident_size);
    json_put_flag(json, "is_sampled", overview->is_sampled);
    json_put_flag(json, "has_course", overview->has_course);
    if (!overview->has_course) {
        return;
    }
    json_put_sum(json, "allocated", overview->allocated.count, overview->allocated.bytes);
    json_put_sum(json, "freed", overview->freed.count, overview->freed.bytes);
    json_put_number(json, "temporary_blocks", overview->temporary_count);
    json_put_number(json, "duration_ns", overview->duration_ns);
    json_put_number(json, "peak_bytes", overview->peak_size);
    json_put_number(json, "peak_ns", overview->peak_ns);
    json_put_number(json, "peak_resident_bytes", overview->peak_resident);
    json_put_flag(json, "is_growing", overview->is_growing);
    json_put_number(json, "growth_bytes_per_minute", overview->growth_a_minute);
}

static void put_series(
    struct json *json, const struct overview *overview, const char *key, bool is_resident)
{
    uint64_t values[SERIES_STEPS];
    overview_series(overview, is_resident, values, SERIES_STEPS);
    json_key(json, key);
    json_open_array(json);
    for (size_t index = 0; index < SERIES_STEPS; index++) {
        json_number(json, values[index]);
    }
    json_close_array(json);
}

static void put_site(struct json *json, struct symbols *symbols, const struct overview_site *site)
{
    char place[1024];
    char hash[SITE_HASH_SIZE];
    char *label = stack_label(symbols, site->stack);
    const struct symbol_frame *frame = site->stack ? symbols_site(symbols, site->stack) : NULL;
    json_open_object(json);
    json_put_text(json, "hash", site_format_hash(site->full_hash, SITE_HASH_SIZE - 1, hash));
    json_put_text(json, "name", label);
    json_put_text(json, "source", frame ? symbols_place(frame, true, place, sizeof(place)) : "");
    json_put_sum(json, "live", site->live.count, site->live.bytes);
    json_put_sum(json, "allocated", site->allocated.count, site->allocated.bytes);
    json_put_number(json, "freed_blocks", site->freed_count);
    json_put_number(json, "temporary_blocks", site->temporary_count);
    json_put_number(json, "lifetime_ns", site->lifetime_ns);
    json_put_number(json, "peak_bytes", site->peak_size);
    json_close_object(json);
    free(label);
}

static void put_list(struct json *json, struct overview *overview, struct symbols *symbols,
    enum overview_order order, size_t top)
{
    static const char *const names[OVERVIEW_ORDER_COUNT] = {
        [OVERVIEW_BY_LIVE] = "by_live",
        [OVERVIEW_BY_ALLOCATED] = "by_allocated",
        [OVERVIEW_BY_TEMPORARY] = "by_temporary",
        [OVERVIEW_BY_PEAK] = "by_peak",
        [OVERVIEW_BY_GROWTH] = "by_growth",
    };
    overview_sort(overview, order);
    json_key(json, names[order]);
    json_open_array(json);
    for (size_t index = 0; index < overview->site_count && index < top; index++) {
        if (overview_value(&overview->sites[index], order) != 0) {
            put_site(json, symbols, &overview->sites[index]);
        }
    }
    json_close_array(json);
}

static void put_sizes(struct json *json, const struct overview *overview)
{
    json_key(json, "sizes");
    json_open_array(json);
    for (unsigned row = 0; row < OVERVIEW_SIZES; row++) {
        const struct overview_size *size = &overview->sizes[row];
        if (size->live.count || size->allocated_count) {
            json_open_object(json);
            json_put_number(json, "size_max", size->size_max);
            json_put_sum(json, "live", size->live.count, size->live.bytes);
            json_put_number(json, "allocated_blocks", size->allocated_count);
            json_close_object(json);
        }
    }
    json_close_array(json);
}

static void put_leaks(struct json *json, const struct overview *overview)
{
    json_key(json, "leak_totals");
    if (!overview->has_classes) {
        json_null(json);
        return;
    }
    json_open_object(json);
    json_put_sum(json, "definite", overview->by_class[REACH_DEFINITE].count,
        overview->by_class[REACH_DEFINITE].bytes);
    json_put_sum(json, "indirect", overview->by_class[REACH_INDIRECT].count,
        overview->by_class[REACH_INDIRECT].bytes);
    json_put_sum(json, "possible", overview->by_class[REACH_POSSIBLE].count,
        overview->by_class[REACH_POSSIBLE].bytes);
    json_put_sum(json, "reachable", overview->by_class[REACH_REACHABLE].count,
        overview->by_class[REACH_REACHABLE].bytes);
    json_close_object(json);
}

static void put_verdicts(struct json *json, struct overview *overview, struct symbols *symbols)
{
    char *verdicts[VERDICTS_MAX + 1];
    overview_verdicts(overview, symbols, verdicts);
    json_key(json, "verdicts");
    json_open_array(json);
    for (unsigned index = 0; verdicts[index]; index++) {
        json_text(json, verdicts[index]);
        free(verdicts[index]);
    }
    json_close_array(json);
}

bool overview_print_json(
    struct overview *overview, struct symbols *symbols, const struct overview_options *options)
{
    struct json *json = json_begin(stdout);
    json_open_object(json);
    json_put_text(json, "schema", "halde.report/1");
    json_put_text(json, "subject", options->subject);
    put_process(json, overview);
    put_verdicts(json, overview, symbols);
    put_totals(json, overview);
    if (overview->has_course) {
        put_series(json, overview, "live_bytes_series", false);
        put_series(json, overview, "resident_bytes_series", true);
    }
    json_key(json, "top_sites");
    json_open_object(json);
    for (unsigned order = 0; order < OVERVIEW_ORDER_COUNT; order++) {
        put_list(json, overview, symbols, order, options->top);
    }
    json_close_object(json);
    put_sizes(json, overview);
    put_leaks(json, overview);
    json_close_object(json);
    return json_end(json);
}
