// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/feed.h"

#include "cli/memory.h"
#include "record/channel.h"
#include "unwind/stack_depot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    RING_COUNT = 512,
    RING_SHIFT = 13, // log2 of a ring's events: 128 KiB
    RING_COUNT_SMALL = 64,
    RING_SHIFT_SMALL = 10,
    DEPOT_SIZE_SMALL = 16 << 20,
    ROOM_NEEDED = 4,       // a channel may take this part of the address space that is allowed
    PIECE = 512,           // events after which the ring's owner is told
    PIECES = 8,            // of a ring, before it is the next one's turn
    THREADS_MAX = 1 << 16, // that are remembered
    NUMBER_SHIFT = 3,      // of a stack's number
    FRAMES_MAX = STACK_DEPOT_FRAMES_MAX,
};

struct feed_ring {
    uint64_t tail;
    size_t thread; // index + 1 of the thread that owns it
};

// ---- Making it ----------------------------------------------------------------------------------

static size_t round_up(size_t size)
{
    const size_t page = 4096;
    return (size + page - 1) / page * page;
}

// Where everything lies; returns the size of all.
static size_t plan(struct channel_header *header, bool is_small, bool follows)
{
    memcpy(header->magic, CHANNEL_MAGIC, sizeof(header->magic));
    header->version = CHANNEL_VERSION;
    header->ring_count = is_small ? RING_COUNT_SMALL : RING_COUNT;
    header->ring_shift = is_small ? RING_SHIFT_SMALL : RING_SHIFT;
    header->follows = follows;
    header->rings_offset = round_up(sizeof(*header));
    header->events_offset =
        header->rings_offset + round_up(header->ring_count * sizeof(struct channel_ring));
    size_t events = (size_t)header->ring_count << header->ring_shift;
    header->depot_offset = header->events_offset + round_up(events * sizeof(struct channel_event));
    header->depot_size = is_small ? DEPOT_SIZE_SMALL : STACK_DEPOT_LIMIT;
    header->size = header->depot_offset + header->depot_size;
    atomic_store(&header->ring_used, 1);
    return header->size;
}

static int make_file(size_t size)
{
    int descriptor = memfd_create("halde-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0) {
        return -1;
    }
    if (ftruncate(descriptor, (off_t)size) != 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    // The process cannot take the memory away from under us.
    fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return descriptor;
}

bool feed_init(struct feed *feed, uint64_t address_limit, bool follows)
{
    struct channel_header header = {0};
    size_t size = plan(&header, false, follows);
    if (address_limit != 0 && size > address_limit / ROOM_NEEDED) {
        size = plan(&header, true, follows);
    }
    int descriptor = make_file(size);
    if (descriptor < 0) {
        return false;
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) {
        int error = errno;
        close(descriptor);
        errno = error;
        return false;
    }
    madvise(memory, size, MADV_NOHUGEPAGE); // little of it is used, here and there
    memcpy(memory, &header, sizeof(header));
    *feed = (struct feed){
        .descriptor = descriptor,
        .header = memory,
        .size = size,
        .rings = must_allocate(header.ring_count, sizeof(struct feed_ring)),
        .ring_count = header.ring_count,
        .ring_shift = header.ring_shift,
        .depot_offset = header.depot_offset,
        .depot_size = header.depot_size,
    };
    return true;
}

void feed_release(struct feed *feed)
{
    if (feed->header != NULL) {
        munmap(feed->header, feed->size);
        close(feed->descriptor);
    }
    free(feed->rings);
    free(feed->threads);
    *feed = (struct feed){.descriptor = -1};
}

// ---- Places in it -------------------------------------------------------------------------------

static struct channel_ring *ring_at(const struct feed *feed, size_t number)
{
    size_t offset = round_up(sizeof(struct channel_header));
    return (struct channel_ring *)(void *)((char *)feed->header + offset) + number;
}

static struct channel_event *events_of(const struct feed *feed, size_t ring)
{
    size_t offset = round_up(sizeof(struct channel_header)) +
                    round_up(feed->ring_count * sizeof(struct channel_ring));
    void *events = (char *)feed->header + offset;
    return (struct channel_event *)events + (ring << feed->ring_shift);
}

static uint32_t used_rings(const struct feed *feed)
{
    uint32_t used = atomic_load_explicit(&feed->header->ring_used, memory_order_acquire);
    return used < feed->ring_count ? used : feed->ring_count;
}

static const char *depot_of(const struct feed *feed)
{
    return (const char *)feed->header + feed->depot_offset;
}

// ---- Events -------------------------------------------------------------------------------------

static void note_thread(struct feed *feed, struct feed_ring *ring, uint64_t id)
{
    ring->thread = 0;
    if (feed->thread_count >= THREADS_MAX || id == 0 || id > INT32_MAX) {
        return;
    }
    feed->threads = must_grow(
        feed->threads, feed->thread_count, &feed->thread_capacity, sizeof(feed->threads[0]));
    feed->threads[feed->thread_count++] = (struct seen_thread){.id = (uint32_t)id};
    ring->thread = feed->thread_count;
}

static void note_name(
    struct feed *feed, const struct feed_ring *ring, size_t offset, uint64_t bytes)
{
    if (ring->thread != 0) {
        char *name = feed->threads[ring->thread - 1].name;
        memcpy(name + offset, &bytes, sizeof(bytes));
        name[sizeof(feed->threads[0].name) - 1] = '\0';
    }
}

// What is no allocation and no free.
static void note_other(struct feed *feed, struct feed_ring *ring, uint64_t kind, uint64_t value)
{
    switch (kind) {
    case CHANNEL_THREAD:
        note_thread(feed, ring, value);
        break;
    case CHANNEL_NAME_HEAD:
        note_name(feed, ring, 0, value);
        break;
    case CHANNEL_NAME_TAIL:
        note_name(feed, ring, sizeof(value), value);
        break;
    default:
        feed->odd_count++;
        break;
    }
}

static void take_event(
    struct feed *feed, struct feed_ring *ring, struct counts *counts, uint64_t word, uint64_t size)
{
    uint64_t kind = word >> CHANNEL_KIND_BIT & CHANNEL_KIND_MASK;
    uint32_t stack = (uint32_t)word;
    if (kind == CHANNEL_ALLOCATED) {
        counts_add_allocated(counts, stack, size);
    } else if (kind == CHANNEL_FREED) {
        uint64_t age_ns = word >> CHANNEL_AGE_BIT << CHANNEL_AGE_SHIFT;
        counts_add_freed(counts, stack, size, age_ns, (word >> CHANNEL_TEMPORARY_BIT & 1) != 0);
    } else {
        note_other(feed, ring, kind, size);
    }
}

static void wake(_Atomic(uint32_t) *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

// Reads a piece of a ring. Returns how many events there were.
static unsigned read_piece(struct feed *feed, size_t number, struct counts *counts)
{
    struct feed_ring *own = &feed->rings[number];
    const struct channel_event *events = events_of(feed, number);
    uint64_t mask = (UINT64_C(1) << feed->ring_shift) - 1;
    unsigned count = 0;
    for (; count < PIECE; count++) {
        uint64_t position = own->tail + count;
        const struct channel_event *event = &events[position & mask];
        // Pairs with the release store of who wrote it.
        uint64_t word = atomic_load_explicit(&event->word, memory_order_acquire);
        if ((word & UINT64_C(1) << CHANNEL_LAP_BIT) != channel_lap(position, feed->ring_shift)) {
            break;
        }
        uint64_t size = atomic_load_explicit(&event->size, memory_order_relaxed);
        take_event(feed, own, counts, word, size);
    }
    if (count == 0) {
        return 0;
    }
    own->tail += count;
    struct channel_ring *ring = ring_at(feed, number);
    atomic_store_explicit(&ring->tail, own->tail, memory_order_seq_cst);
    if (atomic_load_explicit(&ring->is_waiting, memory_order_seq_cst) != 0) {
        atomic_store_explicit(&ring->is_waiting, 0, memory_order_relaxed);
        atomic_fetch_add_explicit(&ring->wake, 1, memory_order_seq_cst);
        wake(&ring->wake);
    }
    return count;
}

bool feed_drain(struct feed *feed, struct counts *counts)
{
    uint32_t used = used_rings(feed);
    bool has_read = false;
    for (uint32_t i = 0; i < used; i++) {
        for (unsigned piece = 0; piece < PIECES; piece++) {
            unsigned count = read_piece(feed, i, counts);
            has_read |= count > 0;
            if (count < PIECE) {
                break;
            }
        }
    }
    return has_read;
}

// ---- Sleeping and answering ---------------------------------------------------------------------

// Whether a ring has more than it should while we sleep.
static bool has_events(const struct feed *feed)
{
    uint32_t used = used_rings(feed);
    for (uint32_t i = 0; i < used; i++) {
        uint64_t position = __atomic_load_n(&ring_at(feed, i)->position, __ATOMIC_RELAXED);
        if (position - feed->rings[i].tail >= (UINT64_C(1) << feed->ring_shift) / 2) {
            return true;
        }
    }
    return false;
}

void feed_sleep(struct feed *feed, uint32_t ms)
{
    struct channel_header *header = feed->header;
    uint32_t bell = atomic_load_explicit(&header->bell, memory_order_seq_cst);
    atomic_store_explicit(&header->is_asleep, 1, memory_order_seq_cst);
    if (!has_events(feed) && feed_question(feed) == 0) {
        const struct timespec time = {
            .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
        syscall(SYS_futex, &header->bell, FUTEX_WAIT, bell, &time, NULL, 0);
    }
    atomic_store_explicit(&header->is_asleep, 0, memory_order_relaxed);
}

void feed_ring_bell(struct feed *feed)
{
    int saved_errno = errno;
    if (feed->header != NULL) {
        atomic_fetch_add_explicit(&feed->header->bell, 1, memory_order_seq_cst);
        wake(&feed->header->bell);
    }
    errno = saved_errno;
}

bool feed_has_started(const struct feed *feed)
{
    return atomic_load_explicit(&feed->header->process_id, memory_order_acquire) != 0;
}

uint64_t feed_started_ns(const struct feed *feed)
{
    return atomic_load_explicit(&feed->header->started_ns, memory_order_relaxed);
}

uint32_t feed_refusal(const struct feed *feed)
{
    return atomic_load_explicit(&feed->header->refusal, memory_order_relaxed);
}

bool feed_is_replacing(const struct feed *feed)
{
    return atomic_load_explicit(&feed->header->is_replacing, memory_order_relaxed) != 0;
}

uint32_t feed_question(const struct feed *feed)
{
    const struct channel_header *header = feed->header;
    uint32_t question = atomic_load_explicit(&header->question, memory_order_seq_cst);
    if (question == feed->answered) {
        return CHANNEL_NO_REASON;
    }
    uint32_t reason = atomic_load_explicit(&header->reason, memory_order_relaxed);
    return reason >= CHANNEL_EXIT && reason <= CHANNEL_UNLOAD ? reason : CHANNEL_EXIT;
}

void feed_answer(struct feed *feed)
{
    struct channel_header *header = feed->header;
    feed->answered = atomic_load_explicit(&header->question, memory_order_seq_cst);
    atomic_store_explicit(&header->answer, feed->answered, memory_order_release);
    wake(&header->answer);
}

void feed_say_goodbye(struct feed *feed)
{
    atomic_store_explicit(&feed->header->is_gone, 1, memory_order_seq_cst);
    feed_answer(feed);
    for (uint32_t i = 0; i < used_rings(feed); i++) {
        wake(&ring_at(feed, i)->wake);
    }
}

// ---- Stacks -------------------------------------------------------------------------------------

uint32_t feed_stack_limit(const struct feed *feed)
{
    return (uint32_t)(feed->depot_size >> NUMBER_SHIFT);
}

size_t feed_stack(const struct feed *feed, uint32_t number, uint64_t *frames, size_t capacity)
{
    size_t offset = (size_t)number << NUMBER_SHIFT;
    if (offset < sizeof(struct stack_depot_header) ||
        offset > feed->depot_size - sizeof(struct stack_depot_entry)) {
        return 0;
    }
    const struct stack_depot_entry *entry = (const void *)(depot_of(feed) + offset);
    if (atomic_load_explicit(&entry->self, memory_order_acquire) != number) {
        return 0;
    }
    size_t room = (feed->depot_size - offset - sizeof(*entry)) / sizeof(entry->frames[0]);
    size_t count = __atomic_load_n(&entry->frame_count, __ATOMIC_RELAXED);
    if (count > room || count > FRAMES_MAX) {
        return 0;
    }
    count = count < capacity ? count : capacity;
    for (size_t i = 0; i < count; i++) {
        frames[i] = __atomic_load_n(&entry->frames[i], __ATOMIC_RELAXED);
    }
    return count;
}

bool feed_is_depot_full(const struct feed *feed)
{
    const struct stack_depot_header *header = (const void *)depot_of(feed);
    return __atomic_load_n(&header->is_full, __ATOMIC_RELAXED) != 0;
}

// Buckets first, then how much is used: an entry that a copied bucket names is below.
void feed_copy_stacks(struct feed *feed, const struct feed *from)
{
    if (feed->depot_size != from->depot_size) {
        return;
    }
    const struct stack_depot_header *header = (const void *)depot_of(from);
    char *to = (char *)feed->header + feed->depot_offset;
    uint64_t entries = __atomic_load_n(&header->entries_offset, __ATOMIC_RELAXED);
    if (entries < sizeof(*header) || entries > from->depot_size) {
        return;
    }
    memcpy(to, depot_of(from), entries);
    uint64_t used = atomic_load_explicit(&header->used, memory_order_seq_cst);
    if (used < entries || used > from->depot_size) {
        used = entries;
    }
    memcpy(to + entries, depot_of(from) + entries, used - entries);
    struct stack_depot_header *copy = (void *)to;
    atomic_store_explicit(&copy->used, used, memory_order_relaxed);
}
