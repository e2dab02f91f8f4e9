// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/stack_depot.h"

#include "base/bits.h"
#include "os/os.h"

#include <string.h>

enum {
    NUMBER_SHIFT = 3,
    COMMIT_SIZE = 256 << 10,    // made accessible at a time
    BYTES_PER_BUCKET = 4 << 10, // of the limit
    BUCKET_COUNT_MAX = 1 << 20,
};

static const uint64_t LIMIT_MAX = (uint64_t)UINT32_MAX << NUMBER_SHIFT;

static struct {
    _Atomic(uint64_t) limit;                     // any thread, relaxed
    _Atomic(struct stack_depot_header *) header; // set once: release; read: acquire
    _Atomic(uint64_t) committed;                 // accessible bytes; only grows
    _Atomic(bool) is_refused;                    // the system gave no addresses
} depot = {.limit = STACK_DEPOT_LIMIT};

// ---- Memory -----------------------------------------------------------------------------------

static void raise_to(_Atomic(uint64_t) *value, uint64_t to)
{
    uint64_t now = atomic_load_explicit(value, memory_order_relaxed);
    while (now < to && !atomic_compare_exchange_weak_explicit(
                           value, &now, to, memory_order_relaxed, memory_order_relaxed)) {
    }
}

// Two threads may make the same bytes accessible: that does no harm.
static bool make_accessible(struct stack_depot_header *header, uint64_t end)
{
    uint64_t committed = atomic_load_explicit(&depot.committed, memory_order_relaxed);
    if (LIKELY(end <= committed)) {
        return true;
    }
    uint64_t limit = header->limit;
    uint64_t to = bits_round_up(end, COMMIT_SIZE);
    to = to < limit ? to : limit;
    if (os_commit((char *)header + committed, to - committed, false) != 0) {
        return false;
    }
    raise_to(&depot.committed, to);
    return true;
}

static void describe_layout(struct stack_depot_header *header, uint64_t limit)
{
    uint64_t bucket_count = UINT64_C(1) << bits_highest(limit / BYTES_PER_BUCKET);
    bucket_count = bucket_count < BUCKET_COUNT_MAX ? bucket_count : BUCKET_COUNT_MAX;
    memcpy(header->magic, STACK_DEPOT_MAGIC, sizeof(header->magic));
    header->version = STACK_DEPOT_VERSION;
    header->header_size = sizeof(*header);
    header->limit = limit;
    header->buckets_offset = bits_round_up(sizeof(*header), 64);
    header->bucket_count = bucket_count;
    header->entries_offset = header->buckets_offset + bucket_count * sizeof(uint32_t);
    header->entry_header_size = sizeof(struct stack_depot_entry);
    header->frame_size = sizeof(uintptr_t);
    header->number_shift = NUMBER_SHIFT;
    atomic_store_explicit(&header->used, header->entries_offset, memory_order_relaxed);
}

// Addresses for the whole depot; less than the limit where the system does not give that much.
static void *reserve(uint64_t *limit)
{
    void *place = os_reserve(*limit);
    while (place == NULL && *limit / 2 >= STACK_DEPOT_LIMIT_MIN) {
        *limit = bits_round_down(*limit / 2, os_page_size());
        place = os_reserve(*limit);
    }
    return place;
}

// Takes the depot's addresses; when several threads do, one of them wins.
static struct stack_depot_header *create(void)
{
    if (atomic_load_explicit(&depot.is_refused, memory_order_relaxed)) {
        return NULL;
    }
    uint64_t limit = atomic_load_explicit(&depot.limit, memory_order_relaxed);
    struct stack_depot_header *header = reserve(&limit);
    size_t begin = bits_round_up(sizeof(*header), os_page_size());
    if (header == NULL || os_commit(header, begin, false) != 0) {
        atomic_store_explicit(&depot.is_refused, true, memory_order_relaxed);
        if (header != NULL) {
            os_unreserve(header, limit);
        }
        return NULL;
    }
    describe_layout(header, limit);
    size_t committed = bits_round_up(header->entries_offset, COMMIT_SIZE);
    if (os_commit(header, committed, false) != 0) {
        os_unreserve(header, limit);
        return NULL;
    }
    struct stack_depot_header *winner = NULL;
    if (!atomic_compare_exchange_strong_explicit(&depot.header, &winner, header,
            memory_order_acq_rel, memory_order_acquire)) { // pairs with the same of the winner
        os_unreserve(header, limit);
        return winner;
    }
    raise_to(&depot.committed, committed);
    return header;
}

// The depot, or NULL.
ALWAYS_INLINE struct stack_depot_header *depot_header(void)
{
    return atomic_load_explicit(&depot.header, memory_order_acquire); // pairs with create()
}

bool stack_depot_adopt(void *memory, size_t size)
{
    struct stack_depot_header *header = memory;
    uint64_t limit = bits_round_down(size, os_page_size());
    if (limit < STACK_DEPOT_LIMIT_MIN || limit > LIMIT_MAX) {
        return false;
    }
    struct stack_depot_header *current = depot_header();
    if (current == header) { // a copy lies where the parent's depot was
        return memcmp(header->magic, STACK_DEPOT_MAGIC, sizeof(header->magic)) == 0;
    }
    if (current != NULL) {
        return false;
    }
    describe_layout(header, limit);
    raise_to(&depot.committed, limit);
    // Pairs with depot_header().
    return atomic_compare_exchange_strong_explicit(
        &depot.header, &current, header, memory_order_acq_rel, memory_order_acquire);
}

const void *stack_depot_place(void)
{
    return &depot.header;
}

void stack_depot_init(size_t limit)
{
    uint64_t usable = bits_round_down(limit, os_page_size());
    usable = usable < STACK_DEPOT_LIMIT_MIN ? STACK_DEPOT_LIMIT_MIN : usable;
    usable = usable > LIMIT_MAX ? bits_round_down(LIMIT_MAX, os_page_size()) : usable;
    atomic_store_explicit(&depot.limit, usable, memory_order_relaxed);
}

// ---- Entries ----------------------------------------------------------------------------------

ALWAYS_INLINE struct stack_depot_entry *entry_of(struct stack_depot_header *header, uint32_t id)
{
    return (struct stack_depot_entry *)((char *)header + ((uint64_t)id << NUMBER_SHIFT));
}

ALWAYS_INLINE uint64_t entry_size(size_t frame_count)
{
    return sizeof(struct stack_depot_entry) + frame_count * sizeof(uintptr_t);
}

uint64_t stack_depot_power(size_t count)
{
    uint64_t power = 1;
    for (uint64_t square = STACK_DEPOT_FACTOR; count > 0; count >>= 1) {
        power *= (count & 1) != 0 ? square : 1;
        square *= square;
    }
    return power;
}

// From the outermost frame on, two at a time: so one multiplication waits less for the other.
static uint64_t sum_frames(const uintptr_t *frames, size_t count)
{
    const uint64_t square = STACK_DEPOT_FACTOR * STACK_DEPOT_FACTOR;
    uint64_t sum = 0;
    size_t i = count;
    for (; i >= 2; i -= 2) {
        uint64_t pair = stack_depot_add(stack_depot_mix(frames[i - 1]), frames[i - 2]);
        sum = sum * square + pair;
    }
    return i == 1 ? stack_depot_add(sum, frames[0]) : sum;
}

static uint32_t hash_of(uint64_t sum, size_t count)
{
    return (uint32_t)(((sum ^ sum >> 32) + count) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

struct bucket {
    _Atomic(uint32_t) newest; // number of an entry; any thread, see the header
};

ALWAYS_INLINE _Atomic(uint32_t) *bucket_of(struct stack_depot_header *header, uint32_t hash)
{
    struct bucket *buckets = (void *)((char *)header + header->buckets_offset);
    return &buckets[hash & (header->bucket_count - 1)].newest;
}

// Without a call: mostly there are few frames, and they are equal.
ALWAYS_INLINE bool are_equal(const uintptr_t *left, const uintptr_t *right, size_t count)
{
    uintptr_t differ = 0;
    size_t i = 0;
    for (; i + 4 <= count && differ == 0; i += 4) {
        differ = (left[i] ^ right[i]) | (left[i + 1] ^ right[i + 1]) |
                 (left[i + 2] ^ right[i + 2]) | (left[i + 3] ^ right[i + 3]);
    }
    for (; i < count && differ == 0; i++) {
        differ = left[i] ^ right[i];
    }
    return differ == 0;
}

// Looks through the entries from `id` on, up to `end`, which has been looked at already.
static uint32_t find_from(struct stack_depot_header *header, uint32_t id, uint32_t end,
    uint32_t hash, const uintptr_t *frames, size_t count)
{
    while (id != end) {
        const struct stack_depot_entry *entry = entry_of(header, id);
        if (entry->hash == hash && entry->frame_count == count &&
            are_equal(entry->frames, frames, count)) {
            return id;
        }
        id = entry->next;
    }
    return 0;
}

// Room for an entry: its number, or 0. Another thread may have written there: pairs with
// return_room().
static uint32_t take_room(struct stack_depot_header *header, size_t count)
{
    uint64_t size = entry_size(count);
    uint64_t offset = atomic_load_explicit(&header->used, memory_order_relaxed);
    do {
        if (size > header->limit - offset || !make_accessible(header, offset + size)) {
            RELAXED_STORE(header->is_full, 1);
            return 0;
        }
    } while (!atomic_compare_exchange_weak_explicit(
        &header->used, &offset, offset + size, memory_order_acquire, memory_order_relaxed));
    return (uint32_t)(offset >> NUMBER_SHIFT);
}

// An entry that nobody has seen: its room goes back, if it is still the last.
static void return_room(struct stack_depot_header *header, uint32_t id, size_t count)
{
    uint64_t offset = (uint64_t)id << NUMBER_SHIFT;
    uint64_t end = offset + entry_size(count);
    struct stack_depot_entry *entry = entry_of(header, id);
    atomic_store_explicit(&entry->self, 0, memory_order_relaxed);
    atomic_compare_exchange_strong_explicit(&header->used, &end, offset, memory_order_release,
        memory_order_relaxed); // pairs with take_room()
}

// Adds a stack that is not among the entries from `head` on.
static uint32_t insert(struct stack_depot_header *header, uint32_t head, uint32_t hash,
    const uintptr_t *frames, size_t count)
{
    uint32_t id = take_room(header, count);
    if (id == 0) {
        return 0;
    }
    struct stack_depot_entry *entry = entry_of(header, id);
    entry->hash = hash;
    entry->frame_count = (uint32_t)count;
    memcpy(entry->frames, frames, count * sizeof(frames[0]));
    entry->next = head;
    atomic_store_explicit(&entry->self, id, memory_order_release); // pairs with stack_depot_get()
    _Atomic(uint32_t) *bucket = bucket_of(header, hash);
    while (!atomic_compare_exchange_weak_explicit(bucket, &head, id, memory_order_release,
        memory_order_acquire)) { // pairs with this, and with stack_depot_put()
        uint32_t other = find_from(header, head, entry->next, hash, frames, count);
        if (other != 0) {
            return_room(header, id, count);
            return other;
        }
        entry->next = head;
    }
    atomic_fetch_add_explicit(&header->stack_count, 1, memory_order_relaxed);
    return id;
}

static uint32_t put(const uintptr_t *frames, size_t count, uint32_t hash)
{
    struct stack_depot_header *header = depot_header();
    if (UNLIKELY(header == NULL)) {
        header = create();
        if (header == NULL) {
            return 0;
        }
    }
    uint32_t head = atomic_load_explicit(bucket_of(header, hash), memory_order_acquire);
    uint32_t id = find_from(header, head, 0, hash, frames, count);
    return LIKELY(id != 0) ? id : insert(header, head, hash, frames, count);
}

uint32_t stack_depot_put(const uintptr_t *frames, size_t count)
{
    if (UNLIKELY(count == 0)) {
        return 0;
    }
    count = size_min(count, STACK_DEPOT_FRAMES_MAX);
    return put(frames, count, hash_of(sum_frames(frames, count), count));
}

uint32_t stack_depot_put_summed(const uintptr_t *frames, size_t count, uint64_t sum)
{
    return count == 0 || count > STACK_DEPOT_FRAMES_MAX ? stack_depot_put(frames, count)
                                                        : put(frames, count, hash_of(sum, count));
}

// Whether an entry lies there; every step is proved, because anything may be asked for.
static const struct stack_depot_entry *prove(struct stack_depot_header *header, uint32_t id)
{
    uint64_t offset = (uint64_t)id << NUMBER_SHIFT;
    uint64_t used = atomic_load_explicit(&header->used, memory_order_relaxed);
    uint64_t committed = atomic_load_explicit(&depot.committed, memory_order_relaxed);
    uint64_t end = used < committed ? used : committed;
    if (offset < header->entries_offset || offset >= end ||
        end - offset < sizeof(struct stack_depot_entry)) {
        return NULL;
    }
    struct stack_depot_entry *entry = entry_of(header, id);
    if (atomic_load_explicit(&entry->self, memory_order_acquire) != id || // pairs with insert()
        entry->frame_count > (end - offset - sizeof(*entry)) / sizeof(entry->frames[0])) {
        return NULL;
    }
    return entry;
}

size_t stack_depot_get(uint32_t id, uintptr_t *frames, size_t capacity)
{
    struct stack_depot_header *header = depot_header();
    const struct stack_depot_entry *entry = header == NULL ? NULL : prove(header, id);
    if (entry == NULL) {
        return 0;
    }
    size_t count = size_min(entry->frame_count, capacity);
    memcpy(frames, entry->frames, count * sizeof(frames[0]));
    return count;
}

void stack_depot_usage_read(struct stack_depot_usage *usage)
{
    struct stack_depot_header *header = depot_header();
    *usage = (struct stack_depot_usage){.header = header};
    if (header != NULL) {
        usage->stack_count = atomic_load_explicit(&header->stack_count, memory_order_relaxed);
        usage->size = atomic_load_explicit(&header->used, memory_order_relaxed);
        usage->is_full = RELAXED_LOAD(header->is_full) != 0;
    }
}
