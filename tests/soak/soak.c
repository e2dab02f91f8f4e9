// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 240
// LABEL: stress

/**
 * The process's malloc at work for a long time: HALDE_SOAK_SECONDS, 20 minutes when unset.
 *
 * Threads come and go, allocate in every way that C has, resize, hand blocks to each other and keep
 * ledgers (ledger.h) of what they hold; a tenant makes and destroys private heaps; children are
 * forked and spawned.  Meanwhile the main thread
 *   - locks the process heap every 100 ms, walks it in one of three ways and compares it with the
 *     ledgers: each block that somebody holds is there, with its size to the byte, and what else
 *     is there (libc's own blocks) stays little,
 *   - validates it now and then,
 *   - watches resident memory: bounded by what is live; and after each *ebb*, when nine in ten
 *     blocks have been given back at random, bounded by five times what is live.
 * At the end nothing is left but what was there at the beginning.
 */
#include "check.h"
#include "child.h"
#include "ledger.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SEATS = 6,
    SLOTS_PER_SEAT = 3000,
    SLOTS = SEATS * SLOTS_PER_SEAT,
    OPERATIONS_PER_THREAD = 20000,
    SEEN_CAPACITY = 1 << 17, // of the table of a walk's blocks, a power of two
    WALK_PERIOD_MS = 100,
    ROUNDS_PER_VALIDATION = 10,
    ROUNDS_PER_CHILD = 20,
    MAX_FOREIGN_BLOCKS = 2000, // libc's: of threads, streams, environment
    FLOOD_PERCENT = 80,        // of a seat's slots that hold blocks
    EBB_PERCENT = 8,
};
static const size_t live_limit = (size_t)128 << 20;  // bytes in all ledgers, about
static const size_t foreign_limit = (size_t)4 << 20; // bytes of libc's blocks
// Code, stacks, this program's tables; and a begun span of each class for each thread: 15 MiB each.
static const size_t resident_extra = ((size_t)96 << 20) + (SEATS + 1) * ((size_t)15 << 20);
static const size_t ebb_extra = (size_t)32 << 20;

/** A place for one thread at a time, which owns slots; others put slots into its mailbox. */
struct seat {
    struct random random;
    struct ledger_slot *slots[SLOTS]; // owned; the thread's own
    size_t slot_count;
    size_t full_count; // slots that hold a block
    pthread_mutex_t lock;
    struct ledger_slot *mailbox[SLOTS]; // under the lock
    size_t mail_count;                  // under the lock
};

struct seen {
    uintptr_t block; // 0: empty
    size_t size;
    bool is_claimed;
};

static struct {
    struct ledger_slot *slots;
    struct seat *seats;
    struct seen *seen;
    halde_heap *heap;
    size_t foreign_blocks; // before the first thread
    size_t resident_base;
    _Atomic size_t live_size; // of blocks in ledgers; threads add and subtract (relaxed)
    _Atomic unsigned fill_percent;
    _Atomic bool is_over;
    _Atomic unsigned active_threads;
    _Atomic uint64_t operations;
    _Atomic uint64_t threads;
    _Atomic uint64_t private_heaps;
} soak;

/** What one walk found. */
struct sight {
    size_t count;
    size_t size;
    bool is_damaged;
};

/** What the main thread has done. */
struct tally {
    uint64_t walks;
    uint64_t blocks;
    uint64_t children;
    uint64_t ebbs;
    size_t largest_resident;
    size_t largest_live;
    size_t first_ebb;
    size_t last_ebb;
};

static void *map(size_t size)
{
    void *memory = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_TRUE(memory != MAP_FAILED);
    return memory;
}

static void sleep_ms(unsigned ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

// ---- Operations ---------------------------------------------------------------------------------

/** As programs ask; smaller when much is live. */
static size_t choose_size(struct random *random)
{
    size_t live = atomic_load_explicit(&soak.live_size, memory_order_relaxed);
    if (random_once_in(random, 3000) && live < live_limit / 2) {
        return random_log(random, (size_t)1 << 20, (size_t)24 << 20);
    }
    size_t size = random_request(random);
    return live > live_limit ? size % 2048 : size;
}

static void *allocate_somehow(struct random *random, size_t size)
{
    size_t alignment = (size_t)16 << random_below(random, 9);
    void *block = NULL;
    switch (random_below(random, 8)) {
    case 0:
        block = calloc(1, size);
        if (block != NULL) {
            pattern_expect_zero(block, 0, size, "calloc");
        }
        return block;
    case 1:
        block = aligned_alloc(alignment, size);
        EXPECT_SIZE((uintptr_t)block % alignment, 0);
        return block;
    case 2:
        EXPECT_SIZE((uint64_t)posix_memalign(&block, alignment, size), 0);
        EXPECT_SIZE((uintptr_t)block % alignment, 0);
        return block;
    case 3:
        return realloc(NULL, size);
    default:
        return malloc(size);
    }
}

static void settle(struct ledger_slot *slot, void *block, size_t size, size_t size_before)
{
    ledger_settle(slot, block, size);
    atomic_fetch_add_explicit(&soak.live_size, size - size_before, memory_order_relaxed);
}

static void fill_slot(struct seat *seat, struct ledger_slot *slot)
{
    size_t size = choose_size(&seat->random);
    ledger_intend(slot, LEDGER_ALLOC, size);
    void *block = allocate_somehow(&seat->random, size);
    settle(slot, block, block == NULL ? 0 : size, 0);
    if (!EXPECT_NOT_NULL(block)) {
        return; // NOLINT(clang-analyzer-unix.Malloc): the ledger has it
    }
    EXPECT_AT_LEAST(malloc_usable_size(block), size);
    slot->key = random_next(&seat->random);
    pattern_fill(block, size, slot->key);
    seat->full_count++;
}

static void clear_slot(struct seat *seat, struct ledger_slot *slot)
{
    void *block = ledger_block(slot);
    size_t size = ledger_size(slot);
    pattern_expect(block, size, size, slot->key, "free");
    ledger_intend(slot, LEDGER_FREE, 0);
    errno = 77;
    free(block);
    EXPECT_SIZE((uint64_t)errno, 77);
    settle(slot, NULL, 0, size);
    seat->full_count--;
}

static void resize_slot(struct seat *seat, struct ledger_slot *slot)
{
    void *block = ledger_block(slot);
    size_t size = ledger_size(slot);
    size_t new_size = choose_size(&seat->random);
    if (random_once_in(&seat->random, 2)) {
        new_size = size + random_below(&seat->random, 200); // as strings grow
    }
    if (new_size == 0) {
        return; // would be a free
    }
    pattern_expect(block, size, size, slot->key, "before realloc");
    ledger_intend(slot, LEDGER_REALLOC, new_size);
    void *resized = realloc(block, new_size);
    if (!EXPECT_NOT_NULL(resized)) {
        // It failed, so that nothing is freed. NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
        settle(slot, block, size, size);
        return;
    }
    settle(slot, resized, new_size, size);
    pattern_expect(resized, size, size < new_size ? size : new_size, slot->key, "realloc");
    slot->key = random_next(&seat->random);
    pattern_fill(resized, new_size, slot->key);
}

// ---- Seats --------------------------------------------------------------------------------------

static void send_slot(struct seat *seat, size_t index)
{
    struct ledger_slot *slot = seat->slots[index];
    struct seat *target = &soak.seats[random_below(&seat->random, SEATS)];
    if (target == seat || seat->slot_count < SLOTS_PER_SEAT / 2) {
        return;
    }
    seat->slots[index] = seat->slots[--seat->slot_count];
    seat->full_count -= ledger_block(slot) != NULL;
    pthread_mutex_lock(&target->lock);
    target->mailbox[target->mail_count++] = slot;
    pthread_mutex_unlock(&target->lock);
}

static void open_mail(struct seat *seat)
{
    pthread_mutex_lock(&seat->lock);
    for (size_t i = 0; i < seat->mail_count; i++) {
        seat->slots[seat->slot_count++] = seat->mailbox[i];
        seat->full_count += ledger_block(seat->mailbox[i]) != NULL;
    }
    seat->mail_count = 0;
    pthread_mutex_unlock(&seat->lock);
}

static void operate(struct seat *seat)
{
    size_t index = random_below(&seat->random, seat->slot_count);
    struct ledger_slot *slot = seat->slots[index];
    size_t goal =
        seat->slot_count * atomic_load_explicit(&soak.fill_percent, memory_order_relaxed) / 100;
    if (ledger_block(slot) == NULL) {
        if (seat->full_count < goal) {
            fill_slot(seat, slot);
        }
        return;
    }
    switch (random_below(&seat->random, 8)) {
    case 0:
    case 1:
        resize_slot(seat, slot);
        return;
    case 2:
        send_slot(seat, index);
        return;
    default:
        clear_slot(seat, slot);
        if (seat->full_count < goal) {
            fill_slot(seat, slot);
        }
    }
}

static void empty_seat(struct seat *seat)
{
    for (size_t i = 0; i < seat->slot_count; i++) {
        if (ledger_block(seat->slots[i]) != NULL) {
            clear_slot(seat, seat->slots[i]);
        }
    }
}

static void start_detached(void *(*main)(void *), void *argument)
{
    pthread_t thread;
    atomic_fetch_add_explicit(&soak.active_threads, 1, memory_order_relaxed);
    ASSERT_TRUE(pthread_create(&thread, NULL, main, argument) == 0);
    pthread_detach(thread);
    atomic_fetch_add_explicit(&soak.threads, 1, memory_order_relaxed);
}

static bool is_over(void)
{
    return atomic_load_explicit(&soak.is_over, memory_order_relaxed);
}

/** Works for a while, then leaves seat and blocks to a new thread. */
static void *sit(void *argument)
{
    struct seat *seat = argument;
    for (unsigned i = 0; i < OPERATIONS_PER_THREAD && !is_over(); i++) {
        if (i % 64 == 0) {
            open_mail(seat);
        }
        operate(seat);
    }
    atomic_fetch_add_explicit(&soak.operations, OPERATIONS_PER_THREAD, memory_order_relaxed);
    if (!is_over()) {
        start_detached(sit, seat);
    }
    // Releases what this thread wrote to the seat to whoever sees that no thread is left.
    atomic_fetch_sub_explicit(&soak.active_threads, 1, memory_order_release);
    return NULL;
}

/** Private heaps beside: created, filled, walked, destroyed with blocks alive. */
static void *rent(void *argument)
{
    struct random *random = argument;
    while (!is_over()) {
        halde_heap *heap;
        if (!EXPECT_OK(halde_heap_create(NULL, &heap))) {
            break;
        }
        size_t count = 1 + random_below(random, 400);
        size_t size = 0;
        for (size_t i = 0; i < count; i++) {
            size_t request = random_log(random, 1, 4000);
            size += request;
            EXPECT_NOT_NULL(halde_heap_alloc(heap, request, 0));
        }
        struct halde_heap_summary summary;
        EXPECT_OK(halde_heap_summarize(heap, &summary));
        EXPECT_SIZE(summary.busy_count, count);
        EXPECT_SIZE(summary.busy_size, size);
        EXPECT_OK(halde_heap_destroy(heap));
        atomic_fetch_add_explicit(&soak.private_heaps, 1, memory_order_relaxed);
        sleep_ms(5);
    }
    atomic_fetch_sub_explicit(&soak.active_threads, 1, memory_order_release);
    return NULL;
}

// ---- Walks --------------------------------------------------------------------------------------

static struct seen *find_seen(uintptr_t block)
{
    size_t i = (size_t)((block * UINT64_C(0x9e3779b97f4a7c15)) >> 20) % SEEN_CAPACITY;
    while (soak.seen[i].block != 0 && soak.seen[i].block != block) {
        i = (i + 1) % SEEN_CAPACITY;
    }
    return &soak.seen[i];
}

static bool see(struct sight *sight, const void *block, size_t size)
{
    struct seen *seen = find_seen((uintptr_t)block);
    if (seen->block != 0 || sight->count >= SEEN_CAPACITY / 2) {
        sight->is_damaged = true;
        return false;
    }
    *seen = (struct seen){(uintptr_t)block, size, false};
    sight->count++;
    sight->size += size;
    return true;
}

static bool see_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    for (size_t i = 0; i < count; i++) {
        if (!see(context, blocks[i].data, blocks[i].size)) {
            return false;
        }
    }
    return true;
}

static bool see_entry(const struct halde_entry *entry, void *context)
{
    return entry->kind != HALDE_ENTRY_BUSY || see(context, entry->data, entry->size);
}

static enum halde_status walk_by_steps(struct sight *sight)
{
    struct halde_entry entry = {0};
    enum halde_status status = halde_heap_walk_next(soak.heap, NULL, false, &entry);
    while (status == HALDE_OK && see_entry(&entry, sight)) {
        status =
            halde_heap_walk_next(soak.heap, entry.data, entry.kind == HALDE_ENTRY_BUSY, &entry);
    }
    return status == HALDE_NO_MORE_ENTRIES ? HALDE_OK : status;
}

static enum halde_status walk_in_way(uint64_t way, struct sight *sight)
{
    switch (way % 3) {
    case 0:
        return halde_heap_walk_blocks(soak.heap, see_blocks, sight);
    case 1:
        return halde_heap_walk(soak.heap, see_entry, sight);
    default:
        return walk_by_steps(sight);
    }
}

/** Finds the block of a settled slot among those seen. Returns whether it is there as it should be.
 */
static bool claim(const struct ledger_state *state)
{
    struct seen *seen = find_seen(state->block);
    if (seen->block == 0) {
        test_fail(CHECK_HERE, "block %p of %zu bytes is held and not in the heap",
            (void *)state->block, state->size);
        return false;
    }
    seen->is_claimed = true;
    return EXPECT_SIZE(seen->size, state->size);
}

/**
 * Every settled slot's block is there.  Slots with an intent may be before or after it: they claim
 * what they find, and their new blocks count among those that nobody claims.
 */
static bool compare_with_ledgers(const struct sight *sight)
{
    size_t claimed = 0;
    size_t claimed_size = 0;
    size_t doubtful_size = 0;
    bool is_right = true;
    for (size_t i = 0; i < SLOTS && is_right; i++) {
        struct ledger_state state = ledger_read(&soak.slots[i]);
        if (state.intent != LEDGER_SETTLED) {
            doubtful_size += state.size + state.new_size;
            continue;
        }
        if (state.block != 0) {
            is_right = claim(&state);
            claimed++;
            claimed_size += state.size;
        }
    }
    return is_right && EXPECT_AT_LEAST(sight->count, claimed) &&
           EXPECT_AT_MOST(sight->count - claimed, soak.foreign_blocks + MAX_FOREIGN_BLOCKS) &&
           EXPECT_AT_MOST(sight->size - claimed_size, foreign_limit + doubtful_size);
}

/** One round: stops the heap, walks it, compares. `is_locked`: no other thread is left anyway. */
static bool walk_and_compare(uint64_t round, struct sight *sight)
{
    memset(soak.seen, 0, SEEN_CAPACITY * sizeof(*soak.seen));
    *sight = (struct sight){0};
    EXPECT_OK(halde_heap_lock(soak.heap));
    bool is_right = EXPECT_OK(walk_in_way(round, sight)) && EXPECT_FALSE(sight->is_damaged) &&
                    compare_with_ledgers(sight);
    if (is_right && round % ROUNDS_PER_VALIDATION == 0) {
        is_right = EXPECT_VALID(soak.heap, NULL);
    }
    EXPECT_OK(halde_heap_unlock(soak.heap));
    return is_right;
}

// ---- Children -----------------------------------------------------------------------------------

static void *allocate_in_child(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < 1000; i++) {
        free(malloc(1 + i * 7 % 3000));
    }
    return NULL;
}

/** A forked child: its heap agrees with the ledgers, and it can go on with all of it. */
static void live_as_child(void *context)
{
    struct random random = random_make(*(const uint64_t *)context, 7);
    struct sight sight;
    walk_and_compare(random_next(&random), &sight);
    for (size_t i = 0; i < 300; i++) {
        struct ledger_slot *slot = &soak.slots[random_below(&random, SLOTS)];
        struct ledger_state state = ledger_read(slot);
        // A block is settled before its pattern is written: only its address is checked here.
        if (state.intent == LEDGER_SETTLED && state.block != 0) {
            free((void *)state.block);
            ledger_settle(slot, NULL, 0);
        }
    }
    pthread_t thread;
    if (EXPECT_TRUE(pthread_create(&thread, NULL, allocate_in_child, NULL) == 0)) {
        pthread_join(thread, NULL);
    }
    walk_and_compare(random_next(&random), &sight);
    EXPECT_VALID(soak.heap, NULL);
}

static void have_child(struct random *random, uint64_t number)
{
    if (number % 4 == 3) {
        char *arguments[] = {(char[]){"true"}, NULL};
        pid_t pid;
        int status = -1;
        if (EXPECT_TRUE(posix_spawnp(&pid, "true", NULL, NULL, arguments, environ) == 0)) {
            EXPECT_TRUE(waitpid(pid, &status, 0) == pid && status == 0);
        }
        return;
    }
    uint64_t seed = random_next(random);
    EXPECT_CHILD_PASSES("forked child", live_as_child, &seed, 60);
}

// ---- Resident memory ----------------------------------------------------------------------------

/** Live bytes, with what the blocks' ends round up to and the slots' small blocks weigh. */
static size_t live_weight(void)
{
    return atomic_load_explicit(&soak.live_size, memory_order_relaxed) + (size_t)SLOTS * 32;
}

static void watch_resident(struct tally *tally)
{
    size_t live = live_weight();
    size_t resident = process_resident_size();
    tally->largest_live = live > tally->largest_live ? live : tally->largest_live;
    tally->largest_resident =
        resident > tally->largest_resident ? resident : tally->largest_resident;
    // What was live a moment ago may not have been given back yet, and the sizes of the flood leave
    // holes.
    EXPECT_AT_MOST(resident, soak.resident_base + 3 * tally->largest_live + resident_extra);
}

/** After the ebb: nine in ten blocks are gone, and the memory has had time to go back. */
static void watch_ebb(struct tally *tally)
{
    size_t live = live_weight();
    size_t resident = process_resident_size();
    size_t own = resident > soak.resident_base ? resident - soak.resident_base : 0;
    tally->last_ebb = own;
    if (tally->ebbs++ == 0) {
        tally->first_ebb = own;
    }
    EXPECT_AT_MOST(own, 5 * live + ebb_extra);
    // Not more from ebb to ebb: nothing is hoarded.
    EXPECT_AT_MOST(own, 2 * tally->first_ebb + ebb_extra);
}

// ---- The run ------------------------------------------------------------------------------------

static void set_up(uint64_t seed)
{
    soak.heap = halde_process_heap();
    ASSERT_NOT_NULL(soak.heap);
    void *probe = malloc(100);
    ASSERT_POINTER(halde_heap_of_block(probe), soak.heap); // or this is not Halde's malloc
    free(probe);
    soak.slots = map(SLOTS * sizeof(*soak.slots));
    soak.seats = map(SEATS * sizeof(*soak.seats));
    soak.seen = map(SEEN_CAPACITY * sizeof(*soak.seen));
    for (size_t i = 0; i < SEATS; i++) {
        struct seat *seat = &soak.seats[i];
        seat->random = random_make(seed, i + 1);
        pthread_mutex_init(&seat->lock, NULL);
        for (size_t k = 0; k < SLOTS_PER_SEAT; k++) {
            seat->slots[seat->slot_count++] = &soak.slots[i * SLOTS_PER_SEAT + k];
        }
    }
    struct sight sight;
    walk_and_compare(0, &sight);
    soak.foreign_blocks = sight.count;
    soak.resident_base = process_resident_size();
}

static double soak_seconds(void)
{
    const char *text = getenv("HALDE_SOAK_SECONDS");
    double seconds = text != NULL ? strtod(text, NULL) : 1200;
    return seconds > 0 ? seconds : 1200;
}

/** Rounds of 100 ms until `deadline`; stops at the first failure. */
static void watch_until(uint64_t deadline, struct tally *tally, struct random *random)
{
    struct sight sight;
    while (!deadline_is_over(deadline) && test_failures() == 0) {
        uint64_t next = clock_ms() + WALK_PERIOD_MS;
        walk_and_compare(tally->walks, &sight);
        tally->walks++;
        tally->blocks += sight.count;
        watch_resident(tally);
        if (tally->walks % ROUNDS_PER_CHILD == 0) {
            have_child(random, tally->children++);
        }
        uint64_t now = clock_ms();
        if (now < next) {
            sleep_ms((unsigned)(next - now));
        }
    }
}

/** Flood and ebb in turn. */
static void tides(double seconds, struct tally *tally, struct random *random)
{
    double tide = seconds < 120 ? seconds / 3 : 40;
    uint64_t deadline = deadline_after(seconds);
    while (!deadline_is_over(deadline) && test_failures() == 0) {
        atomic_store_explicit(&soak.fill_percent, FLOOD_PERCENT, memory_order_relaxed);
        watch_until(deadline_after(tide * 0.6), tally, random);
        atomic_store_explicit(&soak.fill_percent, EBB_PERCENT, memory_order_relaxed);
        watch_until(deadline_after(tide * 0.4), tally, random);
        malloc_trim(0);
        if (test_failures() == 0) {
            watch_ebb(tally);
        }
    }
}

static void wait_for_threads(void)
{
    atomic_store_explicit(&soak.is_over, true, memory_order_relaxed);
    // Acquires what the threads wrote last: pairs with their release.
    while (atomic_load_explicit(&soak.active_threads, memory_order_acquire) > 0) {
        sleep_ms(5);
    }
    sleep_ms(50); // their last steps happen after they said so
}

static void check_nothing_is_left(void)
{
    struct sight sight;
    for (size_t i = 0; i < SEATS; i++) {
        open_mail(&soak.seats[i]);
        empty_seat(&soak.seats[i]);
    }
    walk_and_compare(0, &sight);
    EXPECT_SIZE(atomic_load_explicit(&soak.live_size, memory_order_relaxed), 0);
    EXPECT_AT_MOST(sight.count, soak.foreign_blocks + MAX_FOREIGN_BLOCKS);
    EXPECT_AT_MOST(sight.size, foreign_limit);
    malloc_trim(0);
    EXPECT_AT_MOST(process_resident_size(), soak.resident_base + ebb_extra);
}

int main(void)
{
    uint64_t seed = seed_start("soak");
    double seconds = soak_seconds();
    set_up(seed);
    struct random random = random_make(seed, 0);
    struct random tenant_random = random_make(seed, SEATS + 1);
    atomic_store_explicit(&soak.fill_percent, FLOOD_PERCENT, memory_order_relaxed);
    for (size_t i = 0; i < SEATS; i++) {
        start_detached(sit, &soak.seats[i]);
    }
    start_detached(rent, &tenant_random);
    struct tally tally = {0};
    tides(seconds, &tally, &random);
    wait_for_threads();
    check_nothing_is_left();
    test_note("%" PRIu64 " operations, %" PRIu64 " threads, %" PRIu64 " private heaps, %" PRIu64
              " children; %" PRIu64 " walks, %" PRIu64 " blocks compared",
        atomic_load(&soak.operations), atomic_load(&soak.threads), atomic_load(&soak.private_heaps),
        tally.children, tally.walks, tally.blocks);
    test_note("live at most %zu MiB, resident at most %zu MiB; after %" PRIu64
              " ebbs first %zu, last %zu MiB",
        tally.largest_live >> 20, tally.largest_resident >> 20, tally.ebbs, tally.first_ebb >> 20,
        tally.last_ebb >> 20);
    EXPECT_AT_LEAST(tally.walks, 10);
    EXPECT_AT_LEAST(tally.children, 1);
    return test_result();
}
