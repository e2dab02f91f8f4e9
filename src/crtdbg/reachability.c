// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/reachability.h"

#include "crtdbg/damage.h"
#include "crtdbg/report.h"
#include "crtdbg/stacks.h"
#include "engine/engine.h"

#include <string.h>

#define REPORT_WARNING(...)                                                                        \
    do {                                                                                           \
        if (report(REPORT_WARN, __VA_ARGS__) == 1) {                                               \
            debug_break();                                                                         \
        }                                                                                          \
    } while (0)

static const char *const WORDS[REACH_CLASS_COUNT] = {
    [REACH_REACHABLE] = "still reachable",
    [REACH_POSSIBLE] = "possibly lost",
    [REACH_INDIRECT] = "indirectly lost",
    [REACH_DEFINITE] = "definitely lost",
};

static bool option_is(const char *key, const char *expected)
{
    const char *value = engine_option(key);
    return value != NULL && strcmp(value, expected) == 0;
}

bool reachability_replaces_list(void)
{
    return option_is("crt_leak_list", "0");
}

bool reachability_is_wanted(void)
{
    return option_is("crt_reachability", "1") || reachability_replaces_list();
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

// As the classic dump names a place: "file(line) : ".
static void report_place(const struct leak_group *group)
{
    const char *file = debug_file_of(group->origin);
    if (file != NULL) {
        REPORT_WARNING("%hs(%d) : ", file, group->origin->line);
    }
}

static void report_group(const struct leak_group *group)
{
    const struct leak_sum *sum = &group->sum;
    report_place(group);
    REPORT_WARNING("{%Iu} %hs: %Iu bytes in %Iu block%hs", (size_t)group->number,
        WORDS[group->class], sum->size, sum->count, plural(sum->count));
    if (group->below.count != 0) {
        REPORT_WARNING(", and %Iu bytes in %Iu block%hs that only they lead to", group->below.size,
            group->below.count, plural(group->below.count));
    }
    REPORT_WARNING(".\n");
    stacks_report(group->stack, REPORT_WARN);
}

void reachability_report_result(const struct leak_result *result)
{
    REPORT_WARNING("Leaks by reachability ->\n");
    for (size_t i = 0; i < result->group_count; i++) {
        report_group(&result->groups[i]);
    }
    for (unsigned class = REACH_DEFINITE; class >= REACH_REACHABLE; class --) {
        const struct leak_sum *sum = &result->sums[class];
        REPORT_WARNING("%Iu bytes in %Iu block%hs %hs.\n", sum->size, sum->count,
            plural(sum->count), WORDS[class]);
    }
    if (!result->has_stopped_others) {
        REPORT_WARNING("Other threads could not be stopped (error %d): classes may be wrong.\n",
            result->error);
    }
}

void reachability_report(
    bool (*is_told)(const struct debug_block *block, void *context), void *context)
{
    struct leak_result result;
    if (!leak_search(&result, is_told, context)) {
        REPORT_WARNING("Leaks could not be classed by reachability: the system gives no memory, or "
                       "/proc/self/maps cannot be read.\n");
        return;
    }
    reachability_report_result(&result);
    leak_search_release(&result);
}
