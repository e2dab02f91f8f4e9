// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "churn.h"

#include "check.h"
#include "pattern.h"
#include "seed.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

enum {
    MAILBOX_SIZE = 64,
    PHASE_LENGTH = 600, // operations between changes of a seat's appetite
};

// Slots of one ledger that a seat owns. Only the thread on the seat touches it.
struct hand {
    uint32_t *slots; // room for all slots of the ledger
    size_t count;
};

struct parcel {
    uint32_t heap_index;
    uint32_t slot;
};

struct mailbox {
    pthread_mutex_t lock;
    struct parcel parcels[MAILBOX_SIZE]; // under lock
    _Atomic uint32_t count;              // under lock; also read without it as a hint
};

struct seat {
    struct churn *churn;
    size_t index;
    struct random random; // thread on the seat
    struct hand *hands;   // one a heap
    size_t appetite;      // percent: chance that an empty slot is filled; thread on the seat
    struct mailbox mailbox;
    pthread_t thread;      // written by pthread_create(), read after the predecessor was joined
    pthread_t predecessor; // to be joined by the thread on the seat
    bool has_predecessor;
    sem_t is_done;               // the last thread of the seat is about to return
    _Atomic uint64_t operations; // thread on the seat stores, any reads; relaxed
    _Atomic uint64_t threads;    // the same
};

struct churn {
    struct churn_options options;
    struct ledger *ledgers;
    struct seat *seats;
    _Atomic bool stops;  // relaxed: only ends a loop
    _Atomic bool pauses; // relaxed hint; the truth is under pause_lock
    pthread_mutex_t pause_lock;
    pthread_cond_t seat_paused;
    pthread_cond_t resumed;
    bool is_paused;      // under pause_lock
    size_t paused_count; // under pause_lock
};

// ---- One operation on a slot ----

static size_t next_request(struct seat *seat)
{
    size_t limit = seat->churn->options.max_request;
    size_t size = random_request(&seat->random);
    return limit && size > limit ? limit : size;
}

static void *allocate_somehow(struct seat *seat, halde_heap *heap, size_t size)
{
    uint32_t flags = random_once_in(&seat->random, 4) ? HALDE_ZERO : 0;
    size_t alignment = 16;
    void *block;
    if (random_once_in(&seat->random, 16)) {
        alignment = (size_t)1 << random_below(&seat->random, 13);
        block = halde_heap_alloc_aligned(heap, size, alignment, flags);
    } else {
        block = halde_heap_alloc(heap, size, flags);
    }
    if (!block) {
        return NULL;
    }
    EXPECT_SIZE((uintptr_t)block % (alignment < 16 ? 16 : alignment), 0);
    if (flags & HALDE_ZERO) {
        pattern_expect_zero(block, 0, size, "zeroed allocation");
    }
    return block;
}

static void fill_slot(struct seat *seat, struct ledger *ledger, struct ledger_slot *slot)
{
    size_t size = next_request(seat);
    ledger_intend(slot, LEDGER_ALLOC, size);
    void *block = allocate_somehow(seat, ledger->heap, size);
    if (block) {
        slot->key = random_next(&seat->random);
        pattern_fill(block, size, slot->key);
    }
    ledger_settle(slot, block, block ? size : 0);
}

static void empty_slot(struct ledger *ledger, struct ledger_slot *slot)
{
    void *block = ledger_block(slot);
    size_t size = ledger_size(slot);
    pattern_expect(block, size, size, slot->key, "before free");
    ledger_intend(slot, LEDGER_FREE, 0);
    enum halde_status status = halde_heap_free(ledger->heap, block, 0);
    EXPECT_OK(status);
    ledger_settle(slot, NULL, 0);
}

// Half of the new sizes are near the old one: the paths that resize in place.
static size_t next_resize(struct seat *seat, size_t old_size)
{
    if (random_once_in(&seat->random, 2)) {
        return next_request(seat);
    }
    size_t spread = old_size / 4 + 32;
    size_t size = old_size + random_below(&seat->random, spread);
    size_t back = random_below(&seat->random, spread);
    size = size < back ? 0 : size - back;
    size_t limit = seat->churn->options.max_request;
    return limit && size > limit ? limit : size;
}

static void resize_slot(struct seat *seat, struct ledger *ledger, struct ledger_slot *slot)
{
    void *block = ledger_block(slot);
    size_t old_size = ledger_size(slot);
    size_t size = next_resize(seat, old_size);
    uint32_t flags = random_once_in(&seat->random, 4) ? HALDE_ZERO : 0;
    flags |= random_once_in(&seat->random, 4) ? HALDE_IN_PLACE : 0;
    enum halde_status status = HALDE_OK;
    ledger_intend(slot, LEDGER_REALLOC, size);
    void *moved = halde_heap_realloc(ledger->heap, block, size, flags, &status);
    if (!moved) {
        ledger_settle(slot, block, old_size);
        EXPECT_STATUS(status, HALDE_NO_MEMORY);
        pattern_expect(block, old_size, old_size, slot->key, "after a failed realloc");
        return;
    }
    EXPECT_TRUE(!(flags & HALDE_IN_PLACE) || moved == block);
    pattern_expect(moved, old_size, old_size < size ? old_size : size, slot->key, "after realloc");
    if (flags & HALDE_ZERO) {
        pattern_expect_zero(moved, old_size, size, "zeroed realloc");
    }
    pattern_fill(moved, size, slot->key);
    ledger_settle(slot, moved, size);
}

static void inspect_slot(struct ledger *ledger, struct ledger_slot *slot)
{
    void *block = ledger_block(slot);
    size_t size = SIZE_MAX;
    EXPECT_OK(halde_heap_size(ledger->heap, block, &size));
    EXPECT_SIZE(size, ledger_size(slot));
    EXPECT_POINTER(halde_heap_of_block(block), ledger->heap);
    EXPECT_VALID(ledger->heap, block);
    pattern_expect(block, size, size, slot->key, "inspection");
}

static void use_slot(struct seat *seat, struct ledger *ledger, struct ledger_slot *slot)
{
    if (!ledger_block(slot)) {
        if (random_below(&seat->random, 100) < seat->appetite) {
            fill_slot(seat, ledger, slot);
        }
        return;
    }
    size_t choice = random_below(&seat->random, 200);
    if (choice < 200 - seat->appetite) {
        empty_slot(ledger, slot);
    } else if (choice < 190) {
        resize_slot(seat, ledger, slot);
    } else {
        inspect_slot(ledger, slot);
    }
}

// ---- Handing slots to other seats ----

static bool post_parcel(struct mailbox *mailbox, struct parcel parcel)
{
    pthread_mutex_lock(&mailbox->lock);
    uint32_t count = atomic_load_explicit(&mailbox->count, memory_order_relaxed);
    bool has_room = count < MAILBOX_SIZE;
    if (has_room) {
        mailbox->parcels[count] = parcel;
        atomic_store_explicit(&mailbox->count, count + 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return has_room;
}

static void take_parcels(struct seat *seat)
{
    struct mailbox *mailbox = &seat->mailbox;
    if (atomic_load_explicit(&mailbox->count, memory_order_relaxed) == 0) {
        return;
    }
    pthread_mutex_lock(&mailbox->lock);
    uint32_t count = atomic_load_explicit(&mailbox->count, memory_order_relaxed);
    for (uint32_t i = 0; i < count; i++) {
        struct hand *hand = &seat->hands[mailbox->parcels[i].heap_index];
        hand->slots[hand->count++] = mailbox->parcels[i].slot;
    }
    atomic_store_explicit(&mailbox->count, 0, memory_order_relaxed);
    pthread_mutex_unlock(&mailbox->lock);
}

static void hand_over(struct seat *seat, uint32_t heap_index, size_t position)
{
    struct churn *churn = seat->churn;
    struct hand *hand = &seat->hands[heap_index];
    struct seat *other = &churn->seats[random_below(&seat->random, churn->options.seat_count)];
    if (other == seat ||
        !post_parcel(&other->mailbox, (struct parcel){heap_index, hand->slots[position]})) {
        return;
    }
    hand->slots[position] = hand->slots[--hand->count];
}

// ---- A thread on a seat ----

static void join_predecessor(struct seat *seat)
{
    if (seat->has_predecessor) {
        pthread_join(seat->predecessor, NULL);
        seat->has_predecessor = false;
    }
}

static void pause_here(struct seat *seat)
{
    struct churn *churn = seat->churn;
    join_predecessor(seat); // its end, too, is something that happens in the heaps
    pthread_mutex_lock(&churn->pause_lock);
    churn->paused_count++;
    pthread_cond_signal(&churn->seat_paused);
    while (churn->is_paused) {
        pthread_cond_wait(&churn->resumed, &churn->pause_lock);
    }
    churn->paused_count--;
    pthread_mutex_unlock(&churn->pause_lock);
}

static void one_turn(struct seat *seat)
{
    struct churn *churn = seat->churn;
    uint32_t heap_index = (uint32_t)random_below(&seat->random, churn->options.heap_count);
    struct hand *hand = &seat->hands[heap_index];
    if (hand->count == 0) {
        return;
    }
    struct ledger *ledger = &churn->ledgers[heap_index];
    size_t position = random_below(&seat->random, hand->count);
    struct ledger_slot *slot = &ledger->slots[hand->slots[position]];
    bool locks = churn->options.locks_heaps && random_once_in(&seat->random, 500);
    if (locks) {
        EXPECT_OK(halde_heap_lock(ledger->heap));
    }
    use_slot(seat, ledger, slot);
    if (locks) {
        EXPECT_OK(halde_heap_unlock(ledger->heap));
    }
    if (random_once_in(&seat->random, 6)) {
        hand_over(seat, heap_index, position);
    }
}

static void take_turns(struct seat *seat, size_t turns)
{
    struct churn *churn = seat->churn;
    for (size_t i = 0; i < turns; i++) {
        if (atomic_load_explicit(&churn->stops, memory_order_relaxed)) {
            return;
        }
        if (atomic_load_explicit(&churn->pauses, memory_order_relaxed)) {
            pause_here(seat);
        }
        if (i % PHASE_LENGTH == 0) {
            seat->appetite = 15 + random_below(&seat->random, 80);
        }
        take_parcels(seat);
        one_turn(seat);
        uint64_t done = atomic_load_explicit(&seat->operations, memory_order_relaxed);
        atomic_store_explicit(&seat->operations, done + 1, memory_order_relaxed);
    }
}

static void *sit(void *context);

static void seat_thread(struct seat *seat)
{
    uint64_t count = atomic_load_explicit(&seat->threads, memory_order_relaxed);
    atomic_store_explicit(&seat->threads, count + 1, memory_order_relaxed);
    ASSERT_TRUE(pthread_create(&seat->thread, NULL, sit, seat) == 0);
}

static void *sit(void *context)
{
    struct seat *seat = context;
    struct churn *churn = seat->churn;
    size_t usual = churn->options.operations_per_thread;
    size_t turns = usual ? 1 + random_below(&seat->random, 2 * usual) : SIZE_MAX;
    // The first turns overlap with the predecessor's end, so that its exit races with its
    // successor's start.
    take_turns(seat, turns < 8 ? turns : 8);
    join_predecessor(seat);
    take_turns(seat, turns);
    if (atomic_load_explicit(&churn->stops, memory_order_relaxed)) {
        sem_post(&seat->is_done);
        return NULL;
    }
    seat->predecessor = pthread_self();
    seat->has_predecessor = true;
    seat_thread(seat);
    return NULL;
}

// ---- Start, pause, stop ----

static void init_seat(struct churn *churn, size_t index)
{
    struct seat *seat = &churn->seats[index];
    const struct churn_options *options = &churn->options;
    seat->churn = churn;
    seat->index = index;
    seat->random = random_make(options->seed, 1000 + index);
    pthread_mutex_init(&seat->mailbox.lock, NULL);
    sem_init(&seat->is_done, 0, 0);
    seat->hands = calloc(options->heap_count, sizeof *seat->hands);
    ASSERT_NOT_NULL(seat->hands);
    for (size_t h = 0; h < options->heap_count; h++) {
        struct hand *hand = &seat->hands[h];
        hand->slots = calloc(churn->ledgers[h].slot_count, sizeof *hand->slots);
        ASSERT_NOT_NULL(hand->slots);
        for (size_t i = 0; i < options->slots_per_seat; i++) {
            hand->slots[hand->count++] = (uint32_t)(index * options->slots_per_seat + i);
        }
    }
}

struct churn *churn_start(const struct churn_options *options)
{
    struct churn *churn = calloc(1, sizeof *churn);
    ASSERT_NOT_NULL(churn);
    churn->options = *options;
    churn->ledgers = calloc(options->heap_count, sizeof *churn->ledgers);
    churn->seats = calloc(options->seat_count, sizeof *churn->seats);
    ASSERT_TRUE(churn->ledgers && churn->seats);
    pthread_mutex_init(&churn->pause_lock, NULL);
    pthread_cond_init(&churn->seat_paused, NULL);
    pthread_cond_init(&churn->resumed, NULL);
    for (size_t h = 0; h < options->heap_count; h++) {
        size_t slot_count = options->seat_count * options->slots_per_seat;
        ASSERT_TRUE(ledger_init(&churn->ledgers[h], options->heaps[h], slot_count));
    }
    for (size_t i = 0; i < options->seat_count; i++) {
        init_seat(churn, i);
    }
    for (size_t i = 0; i < options->seat_count; i++) {
        seat_thread(&churn->seats[i]);
    }
    return churn;
}

void churn_pause(struct churn *churn)
{
    pthread_mutex_lock(&churn->pause_lock);
    churn->is_paused = true;
    atomic_store_explicit(&churn->pauses, true, memory_order_relaxed);
    while (churn->paused_count < churn->options.seat_count) {
        pthread_cond_wait(&churn->seat_paused, &churn->pause_lock);
    }
    pthread_mutex_unlock(&churn->pause_lock);
}

void churn_resume(struct churn *churn)
{
    pthread_mutex_lock(&churn->pause_lock);
    churn->is_paused = false;
    atomic_store_explicit(&churn->pauses, false, memory_order_relaxed);
    pthread_cond_broadcast(&churn->resumed);
    pthread_mutex_unlock(&churn->pause_lock);
}

void churn_stop(struct churn *churn)
{
    atomic_store_explicit(&churn->stops, true, memory_order_relaxed);
    for (size_t i = 0; i < churn->options.seat_count; i++) {
        struct seat *seat = &churn->seats[i];
        while (sem_wait(&seat->is_done) != 0) {
        }
        pthread_join(seat->thread, NULL);
    }
}

void churn_free_settled(struct churn *churn)
{
    for (size_t h = 0; h < churn->options.heap_count; h++) {
        ledger_free_settled(&churn->ledgers[h]);
    }
}

void churn_release(struct churn *churn)
{
    churn_free_settled(churn);
    for (size_t i = 0; i < churn->options.seat_count; i++) {
        struct seat *seat = &churn->seats[i];
        for (size_t h = 0; h < churn->options.heap_count; h++) {
            free(seat->hands[h].slots);
        }
        free(seat->hands);
        pthread_mutex_destroy(&seat->mailbox.lock);
        sem_destroy(&seat->is_done);
    }
    for (size_t h = 0; h < churn->options.heap_count; h++) {
        ledger_release(&churn->ledgers[h]);
    }
    free(churn->seats);
    free(churn->ledgers);
    free(churn);
}

struct ledger *churn_ledger(struct churn *churn, size_t heap_index)
{
    return &churn->ledgers[heap_index];
}

uint64_t churn_operation_count(const struct churn *churn)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < churn->options.seat_count; i++) {
        sum += atomic_load_explicit(&churn->seats[i].operations, memory_order_relaxed);
    }
    return sum;
}

uint64_t churn_thread_count(const struct churn *churn)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < churn->options.seat_count; i++) {
        sum += atomic_load_explicit(&churn->seats[i].threads, memory_order_relaxed);
    }
    return sum;
}
