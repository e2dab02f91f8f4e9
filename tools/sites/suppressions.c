// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "sites/suppressions.h"

#include "cli/memory.h"
#include "sites/suppression.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int today(void)
{
    time_t now = time(NULL);
    struct tm parts;
    if (localtime_r(&now, &parts) == NULL) {
        return 0;
    }
    return (parts.tm_year + 1900) * 10000 + (parts.tm_mon + 1) * 100 + parts.tm_mday;
}

void suppression_release(struct suppression *suppression)
{
    for (size_t i = 0; i < suppression->frame_count; i++) {
        free(suppression->frames[i].glob);
    }
    free(suppression->frames);
    free(suppression->name);
    free(suppression->reason);
    free(suppression->text);
    free(suppression->module);
    free(suppression->file);
    free(suppression->hash);
    *suppression = (struct suppression){0};
}

struct suppressions *suppressions_create(void)
{
    struct suppressions *suppressions = must_allocate(1, sizeof(*suppressions));
    char *error = NULL;
    if (!suppressions_parse(
            suppressions, "built-in", suppressions_builtin, strlen(suppressions_builtin), &error)) {
        free(error); // A test sees to it that this does not happen.
    }
    suppressions->builtin_count = suppressions->count;
    for (size_t i = 0; i < suppressions->count; i++) {
        suppressions->items[i].is_builtin = true;
    }
    suppressions_set_day(suppressions, today());
    return suppressions;
}

void suppressions_destroy(struct suppressions *suppressions)
{
    if (suppressions == NULL) {
        return;
    }
    for (size_t i = 0; i < suppressions->count; i++) {
        suppression_release(&suppressions->items[i]);
    }
    for (size_t i = 0; i < suppressions->origin_count; i++) {
        free(suppressions->origins[i]);
    }
    free(suppressions->origins);
    free(suppressions->items);
    free(suppressions);
}

static bool is_expired(const struct suppression *item, int day)
{
    return item->until != 0 && day > item->until;
}

void suppressions_set_day(struct suppressions *suppressions, int day)
{
    suppressions->day = day;
    for (size_t i = 0; i < suppressions->count; i++) {
        suppressions->items[i].is_expired = is_expired(&suppressions->items[i], day);
    }
}

/// The first entry of [from, to) that applies: its number; 0: none.
static size_t match_range(const struct suppressions *suppressions, size_t from, size_t to,
    const struct suppression_subject *subject)
{
    for (size_t i = from; i < to; i++) {
        const struct suppression *item = &suppressions->items[i];
        if (!is_expired(item, suppressions->day) && suppression_applies(item, subject)) {
            return i + 1;
        }
    }
    return 0;
}

size_t suppressions_match(
    const struct suppressions *suppressions, const struct suppression_subject *subject)
{
    size_t builtin_count = suppressions->builtin_count;
    size_t number = match_range(suppressions, builtin_count, suppressions->count, subject);
    return number != 0 ? number : match_range(suppressions, 0, builtin_count, subject);
}

void suppressions_count(
    struct suppressions *suppressions, size_t number, uint64_t count, uint64_t bytes)
{
    if (number > 0 && number <= suppressions->count) {
        suppressions->items[number - 1].count += count;
        suppressions->items[number - 1].bytes += bytes;
    }
}

size_t suppressions_size(const struct suppressions *suppressions)
{
    return suppressions->count;
}

bool suppressions_info(
    const struct suppressions *suppressions, size_t number, struct suppression_info *info)
{
    if (number == 0 || number > suppressions->count) {
        return false;
    }
    const struct suppression *item = &suppressions->items[number - 1];
    *info = (struct suppression_info){.origin = item->origin,
        .line = item->line,
        .name = item->name,
        .reason = item->reason != NULL ? item->reason : "",
        .form = item->form,
        .is_builtin = item->is_builtin,
        .is_expired = item->is_expired,
        .count = item->count,
        .bytes = item->bytes};
    return true;
}
