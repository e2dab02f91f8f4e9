// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/quarantine.h"

#include "base/bits.h"
#include "crtdbg/block_fast.h"
#include "crtdbg/section.h"
#include "os/os.h"

enum {
    AHEAD = 6, // places from the oldest block to the one that is asked of memory
};

// A block that waits: its base and the address that its free returned to, 48 bits each; above them
// 16 bits each of its capacity in granules.
struct place {
    uint64_t base_and_low;
    uint64_t caller_and_high;
};

struct queue {
    // Of a shared queue.  Taken in sections only, so that fork finds it free.
    _Alignas(64) struct os_mutex mutex;
    // The rest is the owner's, the slot of this number, or GUARDED_BY(mutex).
    struct place *ring; // NULL before the first block
    size_t first;       // index of the oldest block's place
    size_t count;       // blocks
    size_t size;        // bytes of its blocks
};

static struct {
    size_t queue_size;  // bytes that a queue keeps; constant after quarantine_init()
    size_t place_count; // of a ring, a power of two; constant after quarantine_init()
    struct queue queues[QUARANTINE_QUEUES];
} quarantine;

void quarantine_init(size_t size)
{
    enum {
        PLACES_MIN = 64
    };
    quarantine.queue_size = size / QUARANTINE_QUEUES;
    size_t places = quarantine.queue_size / QUARANTINE_BYTES_PER_PLACE;
    quarantine.place_count = PLACES_MIN;
    while (quarantine.place_count <= places / 2) {
        quarantine.place_count *= 2;
    }
}

bool quarantine_is_on(void)
{
    return quarantine.queue_size != 0;
}

static bool has_own_queue(const struct section_slot *slot)
{
    return !slot->is_shared && slot->number < QUARANTINE_OWN_QUEUES;
}

static struct queue *queue_of(const struct section_slot *slot)
{
    enum {
        SHARED_QUEUES = QUARANTINE_QUEUES - QUARANTINE_OWN_QUEUES
    };
    if (LIKELY(has_own_queue(slot))) {
        return &quarantine.queues[slot->number];
    }
    uint32_t thread = atomic_load_explicit(&slot->thread_id, memory_order_relaxed);
    return &quarantine.queues[QUARANTINE_OWN_QUEUES + thread % SHARED_QUEUES];
}

static struct place *place_at(const struct queue *queue, size_t number)
{
    return &queue->ring[(queue->first + number) & (quarantine.place_count - 1)];
}

// ---- Places -----------------------------------------------------------------------------------

enum {
    ADDRESS_BITS = 48,
};

static struct place make_place(const struct debug_block *block, const void *caller)
{
    const uint64_t most = UINT32_MAX; // of larger blocks
    const uint64_t granules = size_min(block->capacity / GRANULE_SIZE, most);
    return (struct place){
        .base_and_low = (uintptr_t)block->base | granules << ADDRESS_BITS,
        .caller_and_high = ((uintptr_t)caller & ((UINT64_C(1) << ADDRESS_BITS) - 1)) |
                           granules >> 16 << ADDRESS_BITS,
    };
}

static void *base_of(const struct place *place)
{
    return (void *)(uintptr_t)(place->base_and_low & ((UINT64_C(1) << ADDRESS_BITS) - 1));
}

static const void *caller_of(const struct place *place)
{
    return (const void *)(uintptr_t)(place->caller_and_high & ((UINT64_C(1) << ADDRESS_BITS) - 1));
}

static size_t capacity_of(const struct place *place)
{
    const uint64_t granules =
        place->base_and_low >> ADDRESS_BITS | place->caller_and_high >> ADDRESS_BITS << 16;
    return (size_t)granules * GRANULE_SIZE;
}

// ---- By the owner, or under the lock
// --------------------------------------------------------------------

static COLD bool make_ring(struct queue *queue)
{
    size_t size = quarantine.place_count * sizeof(struct place);
    size = bits_round_up(size, os_page_size());
    void *ring = os_reserve(size);
    if (ring == NULL) {
        return false;
    }
    if (os_commit(ring, size, false) != 0) {
        os_unreserve(ring, size);
        return false;
    }
    queue->ring = ring;
    return true;
}

// The newest block stays, however large it is.
static bool has_too_much(const struct queue *queue)
{
    return queue->count > 1 &&
           (queue->size > quarantine.queue_size || queue->count == quarantine.place_count);
}

// The queue has a place left.
static void push(struct queue *queue, const struct place *place)
{
    *place_at(queue, queue->count) = *place;
    queue->count++;
    queue->size += capacity_of(place);
}

static struct place pop(struct queue *queue)
{
    struct place oldest = *place_at(queue, 0);
    queue->first = (queue->first + 1) & (quarantine.place_count - 1);
    queue->count--;
    queue->size -= capacity_of(&oldest);
    return oldest;
}

static void ask_memory_ahead(const struct queue *queue)
{
    if (queue->count > AHEAD) {
        block_fast_prefetch(base_of(place_at(queue, AHEAD)));
    }
}

// Takes out the oldest blocks, a few at most, as far as there is too much. Returns how many.
static size_t pop_some(struct queue *queue, struct place *places)
{
    size_t count = 0;
    while (count < QUARANTINE_DAMAGED_MAX && has_too_much(queue)) {
        places[count++] = pop(queue);
        ask_memory_ahead(queue);
    }
    return count;
}

// -----------------------------------------------------------------------------------------------

// Puts `place` (NULL: none) in and takes out what has to leave.  False: there is no memory for the
// ring.  In a section.
static bool exchange(
    struct queue *queue, const struct place *place, struct place *places, size_t *count)
{
    bool has_ring = LIKELY(queue->ring != NULL) || make_ring(queue);
    if (has_ring && place != NULL) {
        push(queue, place);
    }
    *count = has_ring ? pop_some(queue, places) : 0;
    return has_ring;
}

static bool exchange_in(
    const struct section_slot *slot, const struct place *place, struct place *places, size_t *count)
{
    struct queue *queue = queue_of(slot);
    if (LIKELY(has_own_queue(slot))) {
        return exchange(queue, place, places, count);
    }
    os_mutex_lock(&queue->mutex);
    bool has_ring = exchange(queue, place, places, count);
    os_mutex_unlock(&queue->mutex);
    return has_ring;
}

// A place may name what is no quarantined block any more: a program can free behind our back, by
// HeapFree().
static void leave(
    struct section_slot *slot, const struct place *place, struct quarantine_damaged *damaged)
{
    struct debug_block block;
    if (debug_block_of_base(base_of(place), &block) &&
        debug_block_state(&block) == RECORD_QUARANTINED && !debug_block_leave(slot, &block)) {
        damaged->blocks[damaged->count++] = block;
    }
}

// What is over in the caller's own queue leaves.
ALWAYS_INLINE void shrink_own(
    struct section_slot *slot, struct queue *queue, struct quarantine_damaged *damaged)
{
    while (has_too_much(queue) && damaged->count < QUARANTINE_DAMAGED_MAX) {
        const struct place oldest = pop(queue);
        ask_memory_ahead(queue);
        leave(slot, &oldest, damaged);
    }
}

// The same of a queue that others use, or has no ring yet.
static bool put_slow(
    struct section_slot *slot, const struct place *place, struct quarantine_damaged *damaged)
{
    struct place places[QUARANTINE_DAMAGED_MAX];
    size_t count;
    bool has_ring = exchange_in(slot, place, places, &count);
    while (count != 0) {
        for (size_t j = 0; j < count; j++) {
            leave(slot, &places[j], damaged);
        }
        bool is_over = count < QUARANTINE_DAMAGED_MAX || damaged->count != 0;
        count = 0;
        if (!is_over) {
            exchange_in(slot, NULL, places, &count);
        }
    }
    return has_ring;
}

// One block goes in and one leaves, as a rule; where a large one came, many small ones leave: each
// does once.  False: there is no memory for the ring.
static bool put(
    struct section_slot *slot, const struct place *place, struct quarantine_damaged *damaged)
{
    struct queue *queue = queue_of(slot);
    if (UNLIKELY(!has_own_queue(slot) || queue->ring == NULL)) {
        return put_slow(slot, place, damaged);
    }
    push(queue, place);
    shrink_own(slot, queue, damaged);
    return true;
}

bool quarantine_put(const struct debug_block *block, bool has_sound_gaps, const void *caller,
    struct quarantine_damaged *damaged)
{
    damaged->count = 0;
    struct section_slot *slot = section_enter();
    bool is_ended = debug_block_keep(slot, block, RECORD_QUARANTINED);
    if (is_ended) {
        if (UNLIKELY(!has_sound_gaps)) {
            debug_block_fill_gaps(block);
        }
        const struct place place = make_place(block, caller);
        if (UNLIKELY(!put(slot, &place, damaged))) {
            debug_block_leave(slot, block);
        }
    }
    section_leave(slot);
    return is_ended;
}

// ---- Who freed a block ------------------------------------------------------------------------

// Places behind the newest one hold what left long ago, the newest of it last.
static const struct place *find_in_queue(const struct queue *queue, const void *base)
{
    const size_t all = queue->ring == NULL ? 0 : quarantine.place_count;
    for (size_t age = 0; age < all; age++) {
        const struct place *place = place_at(queue, queue->count - 1 - age);
        if (base_of(place) == base) {
            return place;
        }
    }
    return NULL;
}

const void *quarantine_caller_of(const void *base)
{
    const void *caller = NULL;
    section_stop();
    for (size_t i = 0; i < QUARANTINE_QUEUES && caller == NULL; i++) {
        const struct place *place = find_in_queue(&quarantine.queues[i], base);
        caller = place == NULL ? NULL : caller_of(place);
    }
    section_resume();
    return caller;
}
