// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What matters of an overview, in sentences.

#include "cli/memory.h"
#include "overview/groups.h"
#include "overview/overview.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    TEMPORARY_PERCENT = 20,  ///< of the allocations: worth a sentence from here on
    UNUSED_PERCENT = 30,     ///< of committed memory
    SLACK_PERCENT = 20,      ///< of live bytes
    COMMITTED_MIN = 1 << 20, ///< bytes; less is not worth a sentence
    SPARSE_PAGES_MIN = 64,
    SPARSE_PERCENT = 10, ///< of committed pages
};

struct verdicts {
    char **texts;
    unsigned count;
};

static void say(struct verdicts *verdicts, char *text)
{
    if (verdicts->count < VERDICTS_MAX) {
        verdicts->texts[verdicts->count++] = text;
        verdicts->texts[verdicts->count] = NULL;
    } else {
        free(text);
    }
}

static uint64_t percent(uint64_t part, uint64_t whole)
{
    return whole ? (uint64_t)(100.0 * (double)part / (double)whole + 0.5) : 0;
}

static void judge_leaks(struct verdicts *verdicts, const struct overview *overview)
{
    const struct site_sum *definite = &overview->by_class[REACH_DEFINITE];
    const struct site_sum *indirect = &overview->by_class[REACH_INDIRECT];
    char size[16];
    char below[16];
    if (!overview->has_classes) {
        return;
    }
    if (definite->count == 0) {
        say(verdicts, must_copy_text("no block is lost for certain"));
        return;
    }
    say(verdicts,
        must_format("%" PRIu64 " block%s (%s) can no longer be reached, and with them %" PRIu64
                    " more (%s): they are leaks",
            definite->count, definite->count == 1 ? "" : "s",
            cli_format_size(definite->bytes, size), indirect->count,
            cli_format_size(indirect->bytes, below)));
}

static void judge_growth(
    struct verdicts *verdicts, struct overview *overview, struct symbols *symbols)
{
    char size[16];
    if (!overview->is_growing) {
        return;
    }
    overview_sort(overview, OVERVIEW_BY_GROWTH);
    const struct overview_site *site = overview->site_count ? overview->sites : NULL;
    cli_format_size(overview->growth_a_minute, size);
    if (!site || overview_value(site, OVERVIEW_BY_GROWTH) == 0) {
        say(verdicts, must_format("live memory grew all the time, by %s a minute", size));
        return;
    }
    char part[16];
    char *label = stack_label(symbols, site->stack);
    say(verdicts,
        must_format("live memory grew all the time, by %s a minute; most by %s (%s, %s more)", size,
            label, site->hash, cli_format_size(overview_value(site, OVERVIEW_BY_GROWTH), part)));
    free(label);
}

static void judge_temporary(
    struct verdicts *verdicts, struct overview *overview, struct symbols *symbols)
{
    uint64_t share = percent(overview->temporary_count, overview->allocated.count);
    if (share < TEMPORARY_PERCENT) {
        return;
    }
    overview_sort(overview, OVERVIEW_BY_TEMPORARY);
    char *label = stack_label(symbols, overview->sites[0].stack);
    say(verdicts, must_format("%" PRIu64 " %% of the allocations were temporary; %" PRIu64
                              " %% of these came from %s (%s)",
                      share, percent(overview->sites[0].temporary_count, overview->temporary_count),
                      label, overview->sites[0].hash));
    free(label);
}

static void judge_fragmentation(
    struct verdicts *verdicts, const struct overview *overview, struct symbols *symbols)
{
    char unused[16];
    char committed[16];
    if (overview->committed_size < COMMITTED_MIN) {
        return;
    }
    if (percent(overview->unused_size, overview->committed_size) >= UNUSED_PERCENT) {
        say(verdicts,
            must_format("%" PRIu64 " %% of the heaps' committed memory is not in use (%s of "
                        "%s)",
                percent(overview->unused_size, overview->committed_size),
                cli_format_size(overview->unused_size, unused),
                cli_format_size(overview->committed_size, committed)));
    }
    if (overview->sparse_site && overview->sparse_pages >= SPARSE_PAGES_MIN &&
        percent(overview->sparse_pages << 12, overview->committed_size) >= SPARSE_PERCENT) {
        char *label = stack_label(symbols, overview->sparse_site->stack);
        say(verdicts, must_format("%" PRIu64 " pages are kept by one small block each: %" PRIu64
                                  " of these blocks are from %s",
                          overview->sparse_pages, overview->sparse_site_pages, label));
        free(label);
    }
}

static void judge_slack(struct verdicts *verdicts, const struct overview *overview)
{
    char slack[16];
    if (overview->live.bytes >= COMMITTED_MIN &&
        percent(overview->slack_size, overview->live.bytes) >= SLACK_PERCENT) {
        say(verdicts, must_format("blocks are larger than was asked for by %s (%" PRIu64
                                  " %%): sizes fall between the allocator's",
                          cli_format_size(overview->slack_size, slack),
                          percent(overview->slack_size, overview->live.bytes)));
    }
}

static void judge_damage(struct verdicts *verdicts, const struct overview *overview)
{
    const struct image *image = overview->image;
    const struct capture *capture = overview->capture;
    if (image->damage_count) {
        say(verdicts,
            must_format("the heaps are damaged in %zu place%s: \"halde check\" names them",
                image->damage_count, image->damage_count == 1 ? "" : "s"));
    }
    if (capture && capture->process.lost_count) {
        say(verdicts, must_format("%" PRIu64 " events were lost: the numbers are too low by them",
                          capture->process.lost_count));
    }
    if (capture && !capture->has_image) {
        say(verdicts,
            must_copy_text("there is no image of the end, so live blocks are known by their "
                           "sums only"));
    }
}

void overview_verdicts(
    struct overview *overview, struct symbols *symbols, char *texts[VERDICTS_MAX + 1])
{
    struct verdicts verdicts = {.texts = texts};
    texts[0] = NULL;
    judge_damage(&verdicts, overview);
    judge_leaks(&verdicts, overview);
    judge_growth(&verdicts, overview, symbols);
    judge_temporary(&verdicts, overview, symbols);
    judge_fragmentation(&verdicts, overview, symbols);
    judge_slack(&verdicts, overview);
    if (verdicts.count == 0) {
        say(&verdicts, must_copy_text("nothing stands out"));
    }
}
