// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/incremental.h"

#include "crtdbg/api.h"
#include "crtdbg/damage.h"
#include "crtdbg/debug_state.h"
#include "crtdbg/section.h"
#include "engine/engine.h"

enum {
    BATCH = 128,       // blocks that are looked at in one stop
    STEPS = 4 * BATCH, // of the walk through them: what lies between counts, too
    FOUND_MAX = 8,     // damaged blocks of a batch; the rest waits for the next round
};

static struct {
    _Atomic(size_t) due; // blocks that operations have not yet looked at; relaxed

    // Where the walk stands.  Only while the sections are stopped.
    const void *position; // NULL: at the start
    bool is_busy;
} incremental;

_Atomic(size_t) incremental_count;

size_t halde_set_incremental_check(size_t count)
{
    debug_turn_on();
    count = count < INCREMENTAL_COUNT_MAX ? count : INCREMENTAL_COUNT_MAX;
    return atomic_exchange_explicit(&incremental_count, count, memory_order_relaxed);
}

void incremental_init(void)
{
    const char *digits = engine_option("crt_check_blocks");
    size_t count = 0;
    for (; digits != NULL && *digits >= '0' && *digits <= '9'; digits++) {
        count = count * 10 + (size_t)(*digits - '0');
    }
    atomic_store_explicit(&incremental_count, count, memory_order_relaxed);
}

// ---- A batch ----------------------------------------------------------------------------------

// A damaged block, as it was.
struct found {
    struct debug_facts facts;
    struct damage damage;
};

struct batch {
    size_t found_count;
    struct found found[FOUND_MAX];
};

// What was said once is not said again.
static void look(struct batch *batch, void *base)
{
    struct debug_block block;
    struct found *found = &batch->found[batch->found_count];
    if (!debug_block_of_base(base, &block) || record_is_reported(block.record) ||
        LIKELY(!damage_find(&block, &found->damage))) {
        return;
    }
    record_set_reported(block.record);
    debug_block_facts(&block, &found->facts);
    batch->found_count++;
}

// Goes one step on. False where the heap ends, or the position is gone: the next is the first.
static bool step(void)
{
    struct halde_entry entry;
    enum halde_status status =
        halde_heap_walk_next(debug_heap(), incremental.position, incremental.is_busy, &entry);
    incremental.position = status == HALDE_OK ? entry.data : NULL;
    incremental.is_busy = status == HALDE_OK && entry.kind == HALDE_ENTRY_BUSY;
    return status == HALDE_OK;
}

// The heap is locked for the whole batch, so that a step costs no more than looking.
static void look_at_batch(struct batch *batch)
{
    if (halde_heap_lock(debug_heap()) != HALDE_OK) {
        return;
    }
    size_t looked_at = 0;
    for (unsigned i = 0; i < STEPS && looked_at < BATCH && batch->found_count < FOUND_MAX; i++) {
        if (!step()) {
            break;
        }
        if (incremental.is_busy) {
            look(batch, (void *)(uintptr_t)incremental.position);
            looked_at++;
        }
    }
    halde_heap_unlock(debug_heap());
}

static COLD void say(const struct batch *batch)
{
    for (size_t i = 0; i < batch->found_count; i++) {
        const struct found *found = &batch->found[i];
        damage_report_whole(&found->damage, &found->facts);
    }
    REPORT_ASSERT_TEXT(batch->found_count == 0, "_CrtCheckMemory()");
}

static void check_batch(void)
{
    struct batch batch;
    batch.found_count = 0;
    section_stop();
    look_at_batch(&batch);
    section_resume();
    if (UNLIKELY(batch.found_count != 0)) {
        say(&batch);
    }
}

// Threads that race for the counter may lose a share: the round takes that much longer.
void incremental_check(void)
{
    size_t count = atomic_load_explicit(&incremental_count, memory_order_relaxed);
    size_t due = atomic_load_explicit(&incremental.due, memory_order_relaxed) + count;
    size_t batches = due / BATCH;
    atomic_store_explicit(&incremental.due, due % BATCH, memory_order_relaxed);
    for (; batches > 0 && debug_has_flag(_CRTDBG_ALLOC_MEM_DF); batches--) {
        check_batch();
    }
}
