// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Checking the whole heap.  Blocks are looked at while the sections are stopped; what is wrong with
// them is said afterwards, newest block first.

#include "crtdbg/debug_state.h"
#include "crtdbg/exit_dump.h"
#include "crtdbg/listing.h"
#include "crtdbg/report.h"

struct check {
    uint64_t since;
    size_t damaged_count;
};

static bool is_damaged(const struct debug_block *block, void *context)
{
    const struct check *check = context;
    return record_number(block->record) > check->since && debug_block_damage(block) != 0;
}

static void say_damage(const struct listed *listed, void *context)
{
    struct check *check = context;
    damage_report_whole(&listed->damage, &listed->facts);
    check->damaged_count++;
}

bool debug_check_since(uint64_t since)
{
    struct check check = {.since = since};
    listing_run(&(struct listing){
        .is_wanted = is_damaged, .show = say_damage, .context = &check, .has_damage = true});
    return check.damaged_count == 0;
}

static bool engine_is_sound(void)
{
    if (halde_heap_validate(debug_heap(), NULL, NULL) == HALDE_OK) {
        return true;
    }
    if (report(REPORT_WARN, "Heap validation failed.\n") == 1) {
        debug_break();
    }
    return false;
}

int _CrtCheckMemory(void)
{
    if (!debug_turn_on() || !debug_has_flag(_CRTDBG_ALLOC_MEM_DF)) {
        return 1;
    }
    bool is_sound = debug_check_since(0);
    return engine_is_sound() && is_sound;
}
