// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What the heap holds: checkpoints, differences, dumps of blocks, leaks.
//
// A checkpoint remembers the newest block by its request number, which it keeps where Microsoft has
// the block's address: so a dump since then is right also when that block was freed or moved.

#include "crtdbg/debug_state.h"
#include "crtdbg/exit_dump.h"
#include "crtdbg/invalid_parameter.h"
#include "crtdbg/listing.h"
#include "crtdbg/origins.h"
#include "crtdbg/reachability.h"
#include "crtdbg/report.h"
#include "crtdbg/section.h"
#include "crtdbg/stacks.h"
#include "crtdbg/suppress.h"

#include "base/bits.h"

#include <halde_leaks.h>

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define REPORT_WARNING(...)                                                                        \
    do {                                                                                           \
        if (report(REPORT_WARN, __VA_ARGS__) == 1) {                                               \
            debug_break();                                                                         \
        }                                                                                          \
    } while (0)

// ---- Checkpoint -------------------------------------------------------------------------------

struct tally {
    _CrtMemState *state;
    uint64_t newest;
    uint64_t since; // blocks of a number above this
    bool has_bad;   // a block whose type does not exist
};

static bool is_linked(const struct debug_block *block)
{
    enum record_state state = debug_block_state(block);
    return state == RECORD_LIVE || state == RECORD_DELAYED;
}

static void tally_block(const struct debug_block *block, void *context)
{
    struct tally *tally = context;
    uint64_t number = record_number(block->record);
    int type = _BLOCK_TYPE(debug_block_use(block));
    if (!is_linked(block) || number <= tally->since) {
        return;
    }
    if (UNLIKELY(type >= _MAX_BLOCKS)) {
        tally->has_bad = true;
        return;
    }
    tally->state->lCounts[type]++;
    tally->state->lSizes[type] += block->size;
    tally->newest = number > tally->newest ? number : tally->newest;
}

// A program may give a block any type, and is told so then; a checkpoint has no place for it.
static bool is_bad(const struct debug_block *block, void *context)
{
    (void)context;
    return is_linked(block) && _BLOCK_TYPE(debug_block_use(block)) >= _MAX_BLOCKS;
}

static void report_bad(const struct listed *listed, void *context)
{
    (void)context;
    const struct debug_facts *facts = &listed->facts;
    const char *file = debug_file_of(facts->origin);
    if (file != NULL) {
        REPORT_WARNING("Bad memory block found at 0x%p.\n\nMemory allocated at %hs(%d).\n",
            facts->user, file, facts->origin->line);
    } else {
        REPORT_WARNING("Bad memory block found at 0x%p.\n", facts->user);
    }
}

static void take_checkpoint(_CrtMemState *state, uint64_t since)
{
    struct tally tally = {.state = state, .since = since};
    struct section_totals totals;
    *state = (_CrtMemState){.pBlockHeader = NULL};
    section_stop();
    debug_walk(tally_block, &tally);
    section_totals_read(&totals);
    section_resume();
    if (UNLIKELY(tally.has_bad)) {
        listing_run(&(struct listing){.is_wanted = is_bad, .show = report_bad});
    }
    state->pBlockHeader = (struct _CrtMemBlockHeader *)(uintptr_t)tally.newest;
    state->lHighWaterCount = totals.peak;
    state->lTotalCount = totals.total;
}

void _CrtMemCheckpoint(_CrtMemState *state)
{
    if (state == NULL) {
        INVALID_PARAMETER("state != nullptr", EINVAL);
        return;
    }
    if (!debug_turn_on()) {
        *state = (_CrtMemState){.pBlockHeader = NULL};
        return;
    }
    take_checkpoint(state, 0);
}

int _CrtMemDifference(
    _CrtMemState *difference, const _CrtMemState *older, const _CrtMemState *newer)
{
    if (difference == NULL || older == NULL || newer == NULL) {
        INVALID_PARAMETER(difference == NULL ? "state != nullptr"
                          : older == NULL    ? "old_state != nullptr"
                                             : "new_state != nullptr",
            EINVAL);
        return 0;
    }
    bool is_significant = false;
    for (int type = 0; type < _MAX_BLOCKS; type++) {
        size_t count = newer->lCounts[type] - older->lCounts[type];
        size_t size = newer->lSizes[type] - older->lSizes[type];
        difference->lCounts[type] = count;
        difference->lSizes[type] = size;
        bool is_counted =
            type != _FREE_BLOCK && (type != _CRT_BLOCK || debug_has_flag(_CRTDBG_CHECK_CRT_DF));
        is_significant = is_significant || (is_counted && (count != 0 || size != 0));
    }
    difference->lHighWaterCount = newer->lHighWaterCount - older->lHighWaterCount;
    difference->lTotalCount = newer->lTotalCount - older->lTotalCount;
    difference->pBlockHeader = NULL;
    return is_significant;
}

void _CrtMemDumpStatistics(const _CrtMemState *state)
{
    static const char *const WORDS[_MAX_BLOCKS] = {"Free", "Normal", "CRT", "Ignore", "Client"};
    if (state == NULL) {
        INVALID_PARAMETER("state != nullptr", EINVAL);
        return;
    }
    for (int type = 0; type < _MAX_BLOCKS; type++) {
        REPORT_WARNING("%Id bytes in %Id %hs Blocks.\n", state->lSizes[type], state->lCounts[type],
            WORDS[type]);
    }
    REPORT_WARNING("Largest number used: %Id bytes.\n", state->lHighWaterCount);
    REPORT_WARNING("Total allocations: %Id bytes.\n", state->lTotalCount);
}

// ---- Dump -------------------------------------------------------------------------------------

static bool is_dumped(const struct debug_block *block, void *context)
{
    const uint64_t *since = context;
    int type = _BLOCK_TYPE(debug_block_use(block));
    if (debug_block_state(block) != RECORD_LIVE || record_number(block->record) <= *since) {
        return false;
    }
    return type == _NORMAL_BLOCK || type == _CLIENT_BLOCK ||
           (type == _CRT_BLOCK && debug_has_flag(_CRTDBG_CHECK_CRT_DF));
}

// The same for leaks: known ones are left out.
static bool is_leak(const struct debug_block *block, void *context)
{
    return is_dumped(block, context) && !suppress_covers(block->record);
}

struct leak_hunt {
    uint64_t since;
    bool is_any;
};

static void look_for_leak(const struct debug_block *block, void *context)
{
    struct leak_hunt *hunt = context;
    hunt->is_any = hunt->is_any || is_leak(block, &hunt->since);
}

static void dump_place(const struct origin *origin)
{
    if (origin->file == NULL) {
        return;
    }
    const char *file = debug_file_of(origin);
    if (file != NULL) {
        REPORT_WARNING("%hs(%d) : ", file, origin->line);
    } else {
        REPORT_WARNING("#File Error#(%d) : ", origin->line);
    }
}

static void dump_data(const struct listed *listed)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    char text[PREVIEW_SIZE + 1];
    char hex[3 * PREVIEW_SIZE + 1];
    size_t size = size_min(listed->facts.size, PREVIEW_SIZE);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = listed->preview[i];
        text[i] = isprint(byte) ? (char)byte : ' ';
        hex[3 * i] = DIGITS[byte >> 4];
        hex[3 * i + 1] = DIGITS[byte & 15];
        hex[3 * i + 2] = ' ';
    }
    text[size] = '\0';
    hex[3 * size] = '\0';
    REPORT_WARNING(" Data: <%s> %s\n", text, hex);
}

static void dump_client(const struct listed *listed)
{
    _CRT_DUMP_CLIENT client = _CrtGetDumpClient();
    // Another thread may have freed the block since it was listed.
    if (client != NULL && listed_is_still_there(listed)) {
        client(listed->facts.user, listed->facts.size);
    } else {
        dump_data(listed);
    }
}

static void dump_contents(const struct listed *listed)
{
    const struct debug_facts *facts = &listed->facts;
    unsigned subtype = _BLOCK_SUBTYPE((unsigned)facts->use);
    dump_place(facts->origin);
    REPORT_WARNING("{%ld} ", (long)facts->number);
    switch (_BLOCK_TYPE(facts->use)) {
    case _CLIENT_BLOCK:
        REPORT_WARNING("client block at 0x%p, subtype %x, %Iu bytes long.\n", facts->user, subtype,
            facts->size);
        dump_client(listed);
        return;
    case _CRT_BLOCK:
        REPORT_WARNING(
            "crt block at 0x%p, subtype %x, %Iu bytes long.\n", facts->user, subtype, facts->size);
        break;
    default:
        REPORT_WARNING("normal block at 0x%p, %Iu bytes long.\n", facts->user, facts->size);
        break;
    }
    dump_data(listed);
}

static void dump_block(const struct listed *listed, void *context)
{
    (void)context;
    dump_contents(listed);
    stacks_report(listed->facts.stack, REPORT_WARN);
}

static void dump_since(
    uint64_t since, bool (*is_wanted)(const struct debug_block *block, void *context))
{
    REPORT_WARNING("Dumping objects ->\n");
    listing_run(&(struct listing){.is_wanted = is_wanted, .show = dump_block, .context = &since});
    REPORT_WARNING("Object dump complete.\n");
}

void _CrtMemDumpAllObjectsSince(const _CrtMemState *state)
{
    debug_turn_on();
    dump_since(state == NULL ? 0 : (uint64_t)(uintptr_t)state->pBlockHeader, is_dumped);
}

// ---- Leaks ------------------------------------------------------------------------------------

static bool has_leaks(uint64_t since)
{
    struct leak_hunt hunt = {.since = since};
    section_stop();
    debug_walk(look_for_leak, &hunt);
    section_resume();
    return hunt.is_any;
}

int debug_dump_leaks(uint64_t since)
{
    if (!has_leaks(since)) {
        return 0;
    }
    REPORT_WARNING("Detected memory leaks!\n");
    if (!reachability_replaces_list()) {
        dump_since(since, is_leak);
    }
    if (reachability_is_wanted()) {
        reachability_report(is_leak, &since);
    }
    return 1;
}

int _CrtDumpMemoryLeaks(void)
{
    return debug_turn_on() ? debug_dump_leaks(0) : 0;
}

static struct halde_leak_sum sum_of(const struct leak_result *result, enum reach_class class)
{
    return (struct halde_leak_sum){result->sums[class].count, result->sums[class].size};
}

int halde_find_leaks(int is_reported, struct halde_leaks *leaks)
{
    uint64_t since = 0;
    struct leak_result result;
    if (!debug_turn_on() || !leak_search(&result, is_leak, &since)) {
        return 0;
    }
    if (leaks != NULL) {
        *leaks = (struct halde_leaks){
            .definite = sum_of(&result, REACH_DEFINITE),
            .indirect = sum_of(&result, REACH_INDIRECT),
            .possible = sum_of(&result, REACH_POSSIBLE),
            .reachable = sum_of(&result, REACH_REACHABLE),
            .is_exact = result.has_stopped_others,
        };
    }
    if (is_reported != 0) {
        reachability_report_result(&result);
    }
    leak_search_release(&result);
    return 1;
}
