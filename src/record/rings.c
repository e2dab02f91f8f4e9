// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Rings: who has which, and how events get into them.  See channel.h.

#include "malloc/family.h"
#include "os/channel.h"
#include "os/os.h"
#include "os/process.h"
#include "record/record.h"

#include <pthread.h>
#include <string.h>

enum {
    WAIT_MS = 100,      // between two looks whether the collector still lives
    PATIENCE = 60 * 10, // such waits without an answer, where only its process id can be asked for
    QUARTERS = 4,       // of a ring: after each we look how far the collector is
};

static struct {
    struct os_mutex common_mutex; // ring 0
    uint64_t common_limit;        // as record_thread.limit; GUARDED_BY(common_mutex)
    bool has_exit_key;            // constant after record_rings_init()
    pthread_key_t exit_key;
} rings;

HIDDEN THREAD_LOCAL struct record_thread record_thread;

// ---- The collector ------------------------------------------------------------------------------

static void ring_bell(void)
{
    atomic_fetch_add_explicit(&recorder.channel->bell, 1, memory_order_seq_cst);
    os_wake_shared(&recorder.channel->bell);
}

static void ring_bell_if_asleep(void)
{
    _Atomic(uint32_t) *is_asleep = &recorder.channel->is_asleep;
    if (atomic_load_explicit(is_asleep, memory_order_relaxed) != 0 &&
        atomic_exchange_explicit(is_asleep, 0, memory_order_acq_rel) != 0) {
        ring_bell();
    }
}

// A collector that is our parent cannot have gone unless we have another one.  Of others, what
// remains of a process that nobody has waited for has an id, too: hence the patience.
static bool has_collector(uint32_t waits)
{
    const struct channel_header *channel = recorder.channel;
    if (atomic_load_explicit(&channel->is_gone, memory_order_relaxed) != 0) {
        return false;
    }
    return os_parent_id() == recorder.collector_id ||
           (!recorder.is_child && waits < PATIENCE && os_process_exists(recorder.collector_id));
}

void record_stop_telling(void)
{
    atomic_store_explicit(&recorder.page->is_telling, 0, memory_order_relaxed);
    atomic_store_explicit(&recorder.page->is_noting, 0, memory_order_relaxed);
}

// Whether it is this process that the collector listens to: not a child of vfork().
static bool has_listener(void)
{
    return recorder.channel != NULL && record_is_telling() &&
           atomic_load_explicit(&recorder.page->process_id, memory_order_relaxed) ==
               os_process_id();
}

void malloc_recorder_replacing(bool is_replacing)
{
    if (has_listener()) {
        atomic_store_explicit(&recorder.channel->is_replacing, is_replacing, memory_order_relaxed);
    }
}

void record_ask(enum channel_reason reason)
{
    static struct os_mutex mutex;
    if (!has_listener()) {
        return;
    }
    struct channel_header *channel = recorder.channel;
    os_mutex_lock(&mutex); // threads may end the process at the same time
    atomic_store_explicit(&channel->reason, (uint32_t)reason, memory_order_relaxed);
    uint32_t question = atomic_fetch_add_explicit(&channel->question, 1, memory_order_seq_cst) + 1;
    ring_bell();
    for (uint32_t waits = 0;; waits++) {
        uint32_t answer = atomic_load_explicit(&channel->answer, memory_order_acquire);
        if (answer == question || !has_collector(waits)) {
            break;
        }
        os_wait_shared(&channel->answer, answer, WAIT_MS);
    }
    os_mutex_unlock(&mutex);
}

// ---- Room ---------------------------------------------------------------------------------------

static COLD bool wait_for_room(struct channel_ring *ring, uint64_t position, uint64_t *tail)
{
    uint64_t size = UINT64_C(1) << recorder.ring_shift;
    for (uint32_t waits = 0;; waits++) {
        uint32_t wake = atomic_load_explicit(&ring->wake, memory_order_relaxed);
        atomic_store_explicit(&ring->is_waiting, 1, memory_order_seq_cst);
        // Pairs with the collector's release store.
        *tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
        if (position - *tail < size) {
            return true;
        }
        if (!has_collector(waits)) {
            record_stop_telling();
            return false;
        }
        ring_bell();
        os_wait_shared(&ring->wake, wake, WAIT_MS);
    }
}

// `*limit` receives up to where events may be written: no further than to the next quarter, so that
// the collector is told in time, when the ring is half full.  False: nobody reads any more.
static NOINLINE bool find_room(struct channel_ring *ring, uint64_t position, uint64_t *limit)
{
    uint64_t size = UINT64_C(1) << recorder.ring_shift;
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    if (position - tail >= size && !wait_for_room(ring, position, &tail)) {
        return false;
    }
    if (position - tail >= size / 2) {
        ring_bell_if_asleep();
    }
    uint64_t full = tail + size;
    uint64_t quarter = position + size / QUARTERS;
    *limit = full < quarter ? full : quarter;
    return true;
}

// One instruction, so that a signal handler that interrupts the thread gets a position of its own.
ALWAYS_INLINE uint64_t take_position(struct channel_ring *ring)
{
#if defined(__x86_64__)
    uint64_t position = 1;
    __asm__ volatile("xaddq %0, %1" : "+r"(position), "+m"(ring->position) : : "cc");
    return position;
#else
    return __atomic_fetch_add(&ring->position, 1, __ATOMIC_RELAXED);
#endif
}

ALWAYS_INLINE void put_event(struct channel_ring *ring, struct channel_event *events,
    uint64_t *limit, uint64_t word, uint64_t size)
{
    uint64_t position = take_position(ring);
    if (UNLIKELY(position >= *limit) && !find_room(ring, position, limit)) {
        return;
    }
    uint32_t shift = recorder.ring_shift;
    struct channel_event *event = &events[position & ((UINT64_C(1) << shift) - 1)];
    atomic_store_explicit(&event->size, size, memory_order_relaxed);
    // Pairs with the collector's acquire load.
    atomic_store_explicit(&event->word, word | channel_lap(position, shift), memory_order_release);
}

// ---- Who has which ------------------------------------------------------------------------------

static struct channel_event *events_of(const struct channel_ring *ring)
{
    return recorder.events + ((size_t)(ring - recorder.rings) << recorder.ring_shift);
}

static uint64_t plain_word(enum channel_event_kind kind)
{
    return (uint64_t)kind << CHANNEL_KIND_BIT;
}

static void put_own(struct record_thread *self, enum channel_event_kind kind, uint64_t size)
{
    put_event(self->ring, self->events, &self->limit, plain_word(kind), size);
}

static bool claim(struct channel_ring *ring, uint32_t from, uint32_t thread_id)
{
    // Pairs with the release in give_ring_back().
    return atomic_load_explicit(&ring->owner, memory_order_relaxed) == from &&
           atomic_compare_exchange_strong_explicit(
               &ring->owner, &from, thread_id, memory_order_acquire, memory_order_relaxed);
}

static uint32_t used_count(void)
{
    uint32_t used = atomic_load_explicit(&recorder.channel->ring_used, memory_order_acquire);
    return used < recorder.ring_count ? used : recorder.ring_count;
}

static struct channel_ring *claim_used(uint32_t thread_id)
{
    uint32_t used = used_count();
    for (uint32_t i = 1; i < used; i++) {
        if (claim(&recorder.rings[i], 0, thread_id)) {
            return &recorder.rings[i];
        }
    }
    return NULL;
}

static struct channel_ring *claim_fresh(uint32_t thread_id)
{
    uint32_t used = used_count();
    while (used < recorder.ring_count) {
        if (atomic_compare_exchange_weak_explicit(&recorder.channel->ring_used, &used, used + 1,
                memory_order_acq_rel, memory_order_acquire)) {
            return claim(&recorder.rings[used], 0, thread_id) ? &recorder.rings[used] : NULL;
        }
    }
    return NULL;
}

// Rings of threads that ended without a word: they allocated in their very last destructors.
static struct channel_ring *claim_orphan(uint32_t thread_id)
{
    for (uint32_t i = 1; i < recorder.ring_count; i++) {
        struct channel_ring *ring = &recorder.rings[i];
        uint32_t owner = atomic_load_explicit(&ring->owner, memory_order_relaxed);
        if (owner != 0 && !os_process_exists(owner) && claim(ring, owner, thread_id)) {
            return ring;
        }
    }
    return NULL;
}

static COLD void take_ring(struct record_thread *self)
{
    uint32_t thread_id = record_thread_id();
    struct channel_ring *ring = claim_used(thread_id);
    ring = ring != NULL ? ring : claim_fresh(thread_id);
    ring = ring != NULL ? ring : claim_orphan(thread_id);
    self->is_ringed = ring != NULL;
    self->ring = ring != NULL ? ring : recorder.rings;
    self->events = events_of(self->ring);
    self->limit = 0;
    if (!self->is_ringed) {
        return;
    }
    put_own(self, CHANNEL_THREAD, thread_id);
    record_watch_thread(); // may allocate: the ring is ours already
}

static void tell_name(struct record_thread *self)
{
    union {
        char text[16];
        uint64_t words[2];
    } name;
    os_thread_name(name.text);
    put_own(self, CHANNEL_NAME_HEAD, name.words[0]);
    put_own(self, CHANNEL_NAME_TAIL, name.words[1]);
}

static void give_ring_back(struct record_thread *self)
{
    struct channel_ring *ring = self->ring;
    if (ring == NULL || !self->is_ringed) {
        return;
    }
    if (record_is_telling()) {
        tell_name(self);
    }
    self->ring = NULL;
    // Pairs with the acquire in claim().
    atomic_store_explicit(&ring->owner, 0, memory_order_release);
}

// A thread is about to end.  It may still allocate, in destructors that run later: then it takes
// what it needs anew.
static void end_thread(void *value)
{
    struct record_thread *self = value;
    self->is_watched = false;
    give_ring_back(self);
    record_release_memo();
}

void record_watch_thread(void)
{
    struct record_thread *self = &record_thread;
    if (!self->is_watched && rings.has_exit_key) {
        self->is_watched = true;
        pthread_setspecific(rings.exit_key, self);
    }
}

void record_rings_init(void)
{
    rings.has_exit_key = pthread_key_create(&rings.exit_key, end_thread) == 0;
}

void record_rings_in_child(void)
{
    record_thread.ring = NULL;
    record_thread.id = 0;
    atomic_store_explicit(&rings.common_mutex.state, 0, memory_order_relaxed);
    rings.common_limit = 0;
}

// ---- Telling ------------------------------------------------------------------------------------

static NOINLINE void tell_common(uint64_t word, uint64_t size)
{
    os_mutex_lock(&rings.common_mutex);
    put_event(recorder.rings, recorder.events, &rings.common_limit, word, size);
    os_mutex_unlock(&rings.common_mutex);
}

ALWAYS_INLINE void tell(uint64_t word, uint64_t size)
{
    struct record_thread *self = &record_thread;
    if (UNLIKELY(self->ring == NULL)) {
        take_ring(self);
    }
    if (LIKELY(self->is_ringed)) {
        put_event(self->ring, self->events, &self->limit, word, size);
    } else {
        tell_common(word, size);
    }
}

void record_tell_allocated(uint32_t stack, size_t size)
{
    if (record_is_telling()) {
        tell(plain_word(CHANNEL_ALLOCATED) | stack, size);
    }
}

void record_tell_freed(uint32_t stack, size_t size, uint64_t age_ns, bool is_temporary)
{
    if (record_is_telling()) {
        uint64_t age = age_ns >> CHANNEL_AGE_SHIFT;
        age = age < CHANNEL_AGE_MAX ? age : CHANNEL_AGE_MAX;
        tell(plain_word(CHANNEL_FREED) | stack | age << CHANNEL_AGE_BIT |
                 (uint64_t)is_temporary << CHANNEL_TEMPORARY_BIT,
            size);
    }
}
