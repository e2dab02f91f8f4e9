// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/thread.h"

#include "base/layout.h"
#include "engine/pool.h"

#include <errno.h>
#include <string.h>

enum {
    RECORDS_COMMITTED = 4096, // from the start: registering the first threads needs no system call
    TABLE_COUNT_MIN = 64,
    POLLS_BEFORE_YIELD = 100,
};

// What the handle of an opening is that names no heap: nothing that a program can pass, not even by
// mistake.
static const char no_opening;
#define OPENING_NONE ((uintptr_t)&no_opening)

HIDDEN struct thread thread_none = {
    .open.handle = OPENING_NONE,
    .open_home.handle = OPENING_NONE,
    .observed.handle = OPENING_NONE,
};
HIDDEN THREAD_LOCAL struct thread *thread_current = &thread_none;
static THREAD_LOCAL bool is_ending; // the destructor has run in this thread

static struct {
    struct os_mutex mutex;          // rank registry: record_count grows, unused, is_alive
    struct thread *records;         // constant after thread_init()
    _Atomic(uint32_t) record_count; // records ever used; stoppers read (acquire)
    _Atomic(uint32_t) alive_count;  // threads with a record
    uint32_t unused;                // idle records, last first (index + 1)
    struct os_mutex borrow_mutex;   // held while record 0 is borrowed
    _Atomic(bool) is_borrowed;
    void (*on_end)(struct thread *thread); // constant after thread_init()
} registry;

static void end_thread(void *value)
{
    struct thread *thread = value;
    registry.on_end(thread);
    os_mutex_lock(&registry.mutex);
    uint32_t now = (uint32_t)os_clock_ms();
    atomic_store_explicit(&thread->idle_since, now, memory_order_relaxed);
    atomic_store_explicit(&thread->is_alive, false, memory_order_release);
    thread->next_unused = registry.unused;
    registry.unused = (uint32_t)(thread - registry.records) + 1;
    atomic_fetch_sub(&registry.alive_count, 1);
    os_mutex_unlock(&registry.mutex);
    thread_current = &thread_none; // an operation in a later destructor borrows
    is_ending = true;
}

AT_START int thread_init(void (*on_end)(struct thread *thread))
{
    if (!area_commit(AREA_THREADS, 64 * sizeof(struct thread))) {
        return ENOMEM;
    }
    area_commit(AREA_THREADS, RECORDS_COMMITTED * sizeof(struct thread)); // a wish
    registry.on_end = on_end;
    registry.records = area_base(AREA_THREADS);
    atomic_store(&registry.record_count, 1); // record 0 is the one that can be borrowed
    return os_thread_watch_init(end_thread);
}

// Caller holds registry.mutex.
static struct thread *take_record_locked(void)
{
    if (registry.unused != 0) {
        struct thread *thread = &registry.records[registry.unused - 1];
        registry.unused = thread->next_unused;
        return thread;
    }
    uint32_t count = atomic_load_explicit(&registry.record_count, memory_order_relaxed);
    if (!area_commit(AREA_THREADS, (count + 1) * sizeof(struct thread))) {
        return NULL;
    }
    struct thread *thread = &registry.records[count];
    thread_clear_own_openings(thread, 0);
    atomic_store_explicit(&registry.record_count, count + 1, memory_order_release);
    return thread;
}

AT_START struct thread *thread_self_slow(void)
{
    return is_ending ? NULL : thread_self_always();
}

AT_START struct thread *thread_self_always(void)
{
    if (thread_current != &thread_none) {
        return thread_current;
    }
    if (registry.records == NULL) {
        return NULL;
    }
    os_mutex_lock(&registry.mutex);
    struct thread *thread = take_record_locked();
    if (thread != NULL) {
        atomic_store_explicit(&thread->is_alive, true, memory_order_relaxed);
        atomic_fetch_add(&registry.alive_count, 1); // full fence; pairs with thread_is_alone()
    }
    os_mutex_unlock(&registry.mutex);
    if (thread != NULL) {
        thread_current = thread;
        os_thread_watch(thread);
    }
    return thread;
}

struct thread *thread_borrow(void)
{
    os_mutex_lock(&registry.borrow_mutex);
    atomic_store(&registry.is_borrowed, true);
    return &registry.records[0];
}

struct thread *thread_nobody(void)
{
    return &registry.records[0];
}

void thread_give_back(void)
{
    atomic_store(&registry.is_borrowed, false);
    os_mutex_unlock(&registry.borrow_mutex);
}

struct cache *thread_find_cache(struct thread *thread, const struct heap *heap)
{
    if (heap->index >= thread->table_count || thread->table[heap->index].id != heap->id) {
        return NULL;
    }
    return thread->table[heap->index].cache;
}

static bool grow_table(struct thread *thread, uint32_t index)
{
    uint32_t count = thread->table_count < TABLE_COUNT_MIN ? TABLE_COUNT_MIN : thread->table_count;
    while (count <= index) {
        count *= 2;
    }
    struct cache_slot *table = metadata_alloc(count * sizeof(*table));
    if (table == NULL) {
        return false;
    }
    memset(table, 0, count * sizeof(*table));
    if (thread->table != NULL) {
        memcpy(table, thread->table, thread->table_count * sizeof(*table));
        metadata_free(thread->table, thread->table_count * sizeof(*table));
    }
    thread->table = table;
    thread->table_count = count;
    return true;
}

void thread_remember_cache(struct thread *thread, const struct heap *heap, struct cache *cache)
{
    if (heap->index < thread->table_count || grow_table(thread, heap->index)) {
        thread->table[heap->index] = (struct cache_slot){.id = heap->id, .cache = cache};
    }
}

static bool is_inside(const struct thread *thread, uintptr_t handle)
{
    uintptr_t in = atomic_load_explicit(&thread->in, memory_order_acquire);
    return handle == 0 ? in != 0 : in == handle;
}

static bool clear_opening(struct opening *opening, uintptr_t handle)
{
    uintptr_t old = atomic_load_explicit(&opening->handle, memory_order_relaxed);
    if (old == OPENING_NONE || (handle != 0 && old != handle)) {
        return false;
    }
    // The owner may be changing to another heap, whose opening must stay.
    atomic_compare_exchange_strong_explicit(
        &opening->handle, &old, OPENING_NONE, memory_order_relaxed, memory_order_relaxed);
    return true;
}

AT_START bool thread_clear_own_openings(struct thread *thread, uintptr_t handle)
{
    bool is_any = clear_opening(&thread->open, handle);
    is_any |= clear_opening(&thread->open_home, handle);
    return clear_opening(&thread->observed, handle) || is_any;
}

bool thread_clear_openings(uintptr_t handle)
{
    uint32_t count = atomic_load_explicit(&registry.record_count, memory_order_acquire);
    bool is_any = false;
    for (uint32_t i = 1; i < count; i++) {
        is_any |= thread_clear_own_openings(&registry.records[i], handle);
    }
    return is_any;
}

void thread_wait_outside(const struct thread *self, uintptr_t handle)
{
    uint32_t count = atomic_load_explicit(&registry.record_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        const struct thread *thread = &registry.records[i];
        for (uint32_t polls = 0; thread != self && is_inside(thread, handle); polls++) {
            if (polls < POLLS_BEFORE_YIELD) {
                CPU_PAUSE();
            } else {
                os_yield(); // it was preempted inside: let it run
            }
        }
    }
}

bool thread_is_alone(const struct thread *self)
{
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_load_explicit(&registry.alive_count, memory_order_relaxed) == 1 && self != NULL &&
           atomic_load_explicit(&self->is_alive, memory_order_relaxed) &&
           !atomic_load(&registry.is_borrowed);
}

void thread_lock_records(void)
{
    os_mutex_lock(&registry.mutex);
}

void thread_unlock_records(void)
{
    os_mutex_unlock(&registry.mutex);
}

// The other threads do not exist here. Caller holds the records' lock.
void thread_after_fork(void)
{
    struct thread *self = thread_current;
    uint32_t count = atomic_load_explicit(&registry.record_count, memory_order_relaxed);
    uint32_t alive_count = 0;
    registry.unused = 0;
    for (uint32_t i = count - 1; i > 0; i--) {
        struct thread *thread = &registry.records[i];
        if (thread == self) {
            alive_count++;
            continue;
        }
        atomic_store_explicit(&thread->in, 0, memory_order_relaxed);
        atomic_store_explicit(&thread->is_alive, false, memory_order_relaxed);
        atomic_store_explicit(&thread->idle_since, 0, memory_order_relaxed);
        thread->next_unused = registry.unused;
        registry.unused = i + 1;
    }
    atomic_store(&registry.alive_count, alive_count);
    atomic_store(&registry.borrow_mutex.state, 0);
    atomic_store(&registry.is_borrowed, false);
}

AT_START void thread_describe(struct layout *layout)
{
    layout->variables[LAYOUT_VARIABLE_THREADS] = (uintptr_t)&registry.records;
    layout->variables[LAYOUT_VARIABLE_THREAD_COUNT] = (uintptr_t)&registry.record_count;
    layout->constants[LAYOUT_CONSTANT_THREAD_TLS_OFFSET] =
        (intptr_t)((uintptr_t)&thread_current - os_thread_pointer());
}
