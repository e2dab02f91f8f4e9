// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/section.h"

#include "crtdbg/debug_block.h"

#include "os/os.h"
#include "os/process.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    // What a thread counts by itself before it hands over, in bytes: the error of the peak.
    HAND_OVER_SIZE = 64 * 1024
};

static struct {
    _Atomic(uint32_t) is_stopped; // 1: threads outside wait; futex.  Written under `mutex`
    uint32_t depth;               // of the owner's stops
    struct os_mutex mutex;        // held from stop to resume
    _Atomic(uint32_t) slots_used; // slots from here on were never claimed
    bool has_exit_key;            // constant after section_init()
    pthread_key_t exit_key;
    struct section_slot slots[SECTION_SLOTS];

    // The totals.  `current` and `peak` belong together: they change under this lock.
    struct os_mutex totals_mutex;
    uint64_t total;
    int64_t current;
    int64_t peak;
} sections;

// Of threads that find no slot; apart, so that the others cost no initialised data.
static struct section_slot shared_slot = {.is_shared = true};

static THREAD_LOCAL struct section_slot *own_slot;
static THREAD_LOCAL bool is_stopper;   // this thread has stopped the sections
static THREAD_LOCAL bool is_in_shared; // this thread is in a section, on the shared slot

void (*section_in_child)(void);

// ---- Counting ---------------------------------------------------------------------------------

static int64_t load_signed(_Atomic(int64_t) *field)
{
    return atomic_load_explicit(field, memory_order_relaxed);
}

static void store_signed(_Atomic(int64_t) *field, int64_t value)
{
    atomic_store_explicit(field, value, memory_order_relaxed);
}

// Moves what the slot has counted to the totals.  The caller owns the slot, or has stopped it.
static void hand_over(struct section_slot *slot)
{
    struct section_counts *counts = &slot->counts;
    os_mutex_lock(&sections.totals_mutex);
    int64_t highest = sections.current + load_signed(&counts->highest);
    sections.peak = highest > sections.peak ? highest : sections.peak;
    sections.current += load_signed(&counts->current);
    sections.total += atomic_load_explicit(&counts->total, memory_order_relaxed);
    os_mutex_unlock(&sections.totals_mutex);
    store_signed(&counts->current, 0);
    store_signed(&counts->highest, 0);
    atomic_store_explicit(&counts->total, 0, memory_order_relaxed);
}

static void count_shared(int64_t size, int64_t total)
{
    os_mutex_lock(&sections.totals_mutex);
    sections.total += (uint64_t)total;
    sections.current += size;
    sections.peak = sections.current > sections.peak ? sections.current : sections.peak;
    os_mutex_unlock(&sections.totals_mutex);
}

void section_count(struct section_slot *slot, int64_t size, int64_t total)
{
    if (slot->is_shared) {
        count_shared(size, total);
        return;
    }
    struct section_counts *counts = &slot->counts;
    uint64_t sum = atomic_load_explicit(&counts->total, memory_order_relaxed) + (uint64_t)total;
    atomic_store_explicit(&counts->total, sum, memory_order_relaxed);
    int64_t current = load_signed(&counts->current) + size;
    store_signed(&counts->current, current);
    if (current > load_signed(&counts->highest)) {
        store_signed(&counts->highest, current);
    }
    if (current > HAND_OVER_SIZE || current < -HAND_OVER_SIZE) {
        hand_over(slot);
    }
}

void section_totals_read(struct section_totals *totals)
{
    uint32_t used = atomic_load_explicit(&sections.slots_used, memory_order_acquire);
    for (uint32_t i = 0; i < used; i++) {
        hand_over(&sections.slots[i]);
    }
    totals->total = sections.total;
    totals->current = (uint64_t)sections.current;
    totals->peak = (uint64_t)sections.peak;
}

// ---- Slots ------------------------------------------------------------------------------------

// A thread is about to end.  It may still allocate, in destructors that run later: then it claims a
// slot anew.
static void give_slot_back(void *value)
{
    struct section_slot *slot = value;
    if (own_slot != slot) {
        return;
    }
    // In a section, so that no fork comes between.
    section_enter();
    hand_over(slot);
    section_leave(slot);
    own_slot = NULL;
    // Pairs with the acquire in claim().
    atomic_store_explicit(&slot->thread_id, 0, memory_order_release);
}

static bool claim(struct section_slot *slot, uint32_t from, uint32_t thread_id)
{
    return atomic_load_explicit(&slot->thread_id, memory_order_relaxed) == from &&
           atomic_compare_exchange_strong_explicit(
               &slot->thread_id, &from, thread_id, memory_order_acquire, memory_order_relaxed);
}

static struct section_slot *claim_free(uint32_t thread_id)
{
    uint32_t used = atomic_load_explicit(&sections.slots_used, memory_order_acquire);
    for (uint32_t i = 0; i < used; i++) {
        if (claim(&sections.slots[i], 0, thread_id)) {
            return &sections.slots[i];
        }
    }
    return NULL;
}

static struct section_slot *claim_fresh(uint32_t thread_id)
{
    uint32_t used = atomic_load_explicit(&sections.slots_used, memory_order_acquire);
    while (used < SECTION_SLOTS) {
        if (atomic_compare_exchange_weak_explicit(&sections.slots_used, &used, used + 1,
                memory_order_acq_rel, memory_order_acquire)) {
            struct section_slot *slot = &sections.slots[used];
            return claim(slot, 0, thread_id) ? slot : claim_free(thread_id);
        }
    }
    return NULL;
}

// Slots of threads that have ended without a word: they allocated in their very last destructors.
static struct section_slot *claim_orphan(uint32_t thread_id)
{
    for (uint32_t i = 0; i < SECTION_SLOTS; i++) {
        struct section_slot *slot = &sections.slots[i];
        uint32_t owner = atomic_load_explicit(&slot->thread_id, memory_order_relaxed);
        if (owner != 0 && !os_process_exists(owner) && claim(slot, owner, thread_id)) {
            return slot;
        }
    }
    return NULL;
}

static COLD struct section_slot *take_slot(void)
{
    uint32_t thread_id = os_thread_id();
    struct section_slot *slot = claim_free(thread_id);
    if (slot == NULL) {
        slot = claim_fresh(thread_id);
    }
    if (slot == NULL) {
        slot = claim_orphan(thread_id);
    }
    if (slot == NULL) {
        return &shared_slot;
    }
    slot->number = (uint16_t)(slot - sections.slots);
    own_slot = slot; // before the next line, which may allocate
    if (sections.has_exit_key) {
        pthread_setspecific(sections.exit_key, slot);
    }
    return slot;
}

// ---- Sections ---------------------------------------------------------------------------------

static bool is_stopped_by_other(void)
{
    // Pairs with the release store in section_resume().
    return UNLIKELY(atomic_load_explicit(&sections.is_stopped, memory_order_acquire) != 0) &&
           !is_stopper;
}

static COLD void wait_for_resume(void)
{
    while (is_stopped_by_other()) {
        os_wait(&sections.is_stopped, 1);
    }
}

static void announce(struct section_slot *slot)
{
    if (slot->is_shared) {
        is_in_shared = true;
        atomic_fetch_add_explicit(&slot->inside, 1, memory_order_seq_cst);
        return;
    }
    atomic_store_explicit(&slot->inside, SECTION_INSIDE, memory_order_relaxed);
    // The stopper makes this processor fence: no fence here.
    COMPILER_BARRIER();
    if (CONFIG_TSAN) {
        atomic_thread_fence(memory_order_seq_cst);
    }
}

void section_leave(struct section_slot *slot)
{
    if (slot->is_shared) {
        is_in_shared = false;
        atomic_fetch_sub_explicit(&slot->inside, 1, memory_order_release);
        return;
    }
    // Pairs with the acquire load in wait_until_outside().
    atomic_store_explicit(&slot->inside, SECTION_OUTSIDE, memory_order_release);
}

// Waits until the section may go on, as `step_back` says while it has to wait.
static void wait_inside(struct section_slot *slot, void (*step_back)(struct section_slot *slot))
{
    announce(slot);
    while (is_stopped_by_other()) {
        step_back(slot);
        wait_for_resume();
        announce(slot);
    }
}

void section_enter_engine(struct section_slot *slot)
{
    if (slot->is_shared) {
        atomic_fetch_sub_explicit(&slot->inside, 1, memory_order_release);
        return;
    }
    // Pairs with the acquire load in wait_until_outside().
    atomic_store_explicit(&slot->inside, SECTION_IN_ENGINE, memory_order_release);
}

void section_leave_engine(struct section_slot *slot)
{
    wait_inside(slot, section_enter_engine);
}

struct section_slot *section_enter(void)
{
    struct section_slot *slot = own_slot;
    if (UNLIKELY(slot == NULL)) {
        slot = take_slot();
    }
    wait_inside(slot, section_leave);
    return slot;
}

bool section_is_entered(void)
{
    const struct section_slot *slot = own_slot;
    return is_stopper || is_in_shared ||
           (slot != NULL && atomic_load_explicit(&slot->inside, memory_order_relaxed) != 0);
}

// ---- Stopping ---------------------------------------------------------------------------------

static bool is_inside(const struct section_slot *slot)
{
    // Pairs with the release stores in section_leave() and section_enter_engine().
    uint32_t inside = atomic_load_explicit(&slot->inside, memory_order_acquire);
    return slot->is_shared ? inside != 0 : inside == SECTION_INSIDE;
}

static void wait_until_outside(const struct section_slot *slot)
{
    enum {
        POLLS = 100
    };
    for (unsigned i = 0; is_inside(slot); i++) {
        if (i < POLLS) {
            CPU_PAUSE();
        } else {
            os_yield();
        }
    }
}

static void wait_for_others(void)
{
    uint32_t used = atomic_load_explicit(&sections.slots_used, memory_order_acquire);
    for (uint32_t i = 0; i < used; i++) {
        if (&sections.slots[i] != own_slot) {
            wait_until_outside(&sections.slots[i]);
        }
    }
    wait_until_outside(&shared_slot);
}

static void stop(void)
{
    os_mutex_lock(&sections.mutex);
    sections.depth = 1;
    is_stopper = true;
    atomic_store_explicit(&sections.is_stopped, 1, memory_order_seq_cst);
    os_fence_others();
    // A thread that claims a slot from now on finds the flag, because claiming is a full fence.
    wait_for_others();
}

static void resume(void)
{
    is_stopper = false;
    // Pairs with the acquire load in is_stopped_by_other().
    atomic_store_explicit(&sections.is_stopped, 0, memory_order_release);
    os_mutex_unlock(&sections.mutex);
    os_wake_all(&sections.is_stopped);
}

void section_stop(void)
{
    if (is_stopper) {
        sections.depth++;
        return;
    }
    if (debug_heap() != NULL) {
        halde_heap_lock(debug_heap());
    }
    stop();
}

void section_resume(void)
{
    if (--sections.depth > 0) {
        return;
    }
    resume();
    if (debug_heap() != NULL) {
        halde_heap_unlock(debug_heap());
    }
}

// ---- Fork -------------------------------------------------------------------------------------

// The child has one thread, which has stopped the sections as the parent's did.
static void resume_in_child(void)
{
    for (uint32_t i = 0; i < SECTION_SLOTS; i++) {
        struct section_slot *slot = &sections.slots[i];
        if (slot != own_slot) {
            hand_over(slot);
            atomic_store_explicit(&slot->inside, 0, memory_order_relaxed);
            atomic_store_explicit(&slot->thread_id, 0, memory_order_relaxed);
        }
    }
    if (own_slot != NULL) {
        atomic_store_explicit(&own_slot->thread_id, os_thread_id(), memory_order_relaxed);
    }
    atomic_store_explicit(&shared_slot.inside, 0, memory_order_relaxed);
    section_resume();
    if (section_in_child != NULL) {
        section_in_child();
    }
}

void section_init(void)
{
    sections.has_exit_key = pthread_key_create(&sections.exit_key, give_slot_back) == 0;
    // Handlers run before those of the engine, which were registered earlier: so nobody is in a
    // section when the engine stops.
    pthread_atfork(section_stop, section_resume, resume_in_child);
}
