// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/debug_block.h"

#include "base/bits.h"
#include "crtdbg/block_fast.h"
#include "crtdbg/origins.h"
#include "crtdbg/section.h"
#include "os/process.h"

#include <string.h>

enum {
    // From here on a block is moved by the engine, which moves pages; smaller ones are copied, so
    // that the old place is filled as freed.
    MOVE_SIZE_MIN = 64 * 1024,
};

static struct {
    halde_heap *heap;              // constant after debug_block_init()
    _Atomic(uint64_t) next_number; // request number of the next block
} blocks = {.next_number = 1};

halde_heap *debug_heap(void)
{
    return __atomic_load_n(&blocks.heap, __ATOMIC_ACQUIRE);
}

bool debug_block_init(void)
{
    halde_heap *heap = engine_heap_create(sizeof(struct record));
    // Pairs with the load in debug_heap().
    __atomic_store_n(&blocks.heap, heap, __ATOMIC_RELEASE);
    return heap != NULL;
}

uint64_t debug_next_number(void)
{
    return atomic_load_explicit(&blocks.next_number, memory_order_relaxed);
}

static uint64_t take_number(void)
{
    if (section_is_alone()) {
        uint64_t number = debug_next_number();
        atomic_store_explicit(&blocks.next_number, number + 1, memory_order_relaxed);
        return number;
    }
    return atomic_fetch_add_explicit(&blocks.next_number, 1, memory_order_relaxed);
}

enum record_state debug_block_state(const struct debug_block *block)
{
    return (enum record_state)atomic_load_explicit(&block->record->state, memory_order_acquire);
}

static void set_state(struct record *record, enum record_state state)
{
    atomic_store_explicit(&record->state, (uint8_t)state, memory_order_release);
}

bool debug_block_is_valid(const struct debug_block *block)
{
    enum record_state state = debug_block_state(block);
    return state == RECORD_LIVE || state == RECORD_IGNORED || state == RECORD_DELAYED;
}

// ---- Layout -----------------------------------------------------------------------------------

static uint8_t *user_end(const struct debug_block *block)
{
    return block->user + record_size(block->record);
}

// What is filled and checked behind the user data.
static size_t tail_size(const struct debug_block *block)
{
    size_t rest = (size_t)(block->base + block->capacity - user_end(block));
    return size_min(rest, TAIL_CHECKED_MAX);
}

ALWAYS_INLINE uint8_t *tail_of(const struct debug_block *block, size_t *size)
{
    if (LIKELY(block->record->inner == 0)) {
        *size = tail_size(block);
        return user_end(block);
    }
    return (uint8_t *)(uintptr_t)debug_block_tail(block, size);
}

const uint8_t *debug_block_tail(const struct debug_block *block, size_t *size)
{
    const struct record *record = block->record;
    uint8_t *start = record->inner == 0 ? user_end(block)
                                        : block->user + record->inner + record_inner_size(record);
    *size = (size_t)(user_end(block) + tail_size(block) - start);
    return start;
}

uint8_t *debug_block_aligned_gap(const struct debug_block *block)
{
    uintptr_t inner = (uintptr_t)block->user + block->record->inner;
    return (uint8_t *)(bits_round_down(inner, sizeof(void *)) - ALIGNED_GAP_SIZE);
}

// Most front gaps have the usual size.
ALWAYS_INLINE void fill_front(const struct debug_block *block, uint8_t fill)
{
    if (record_has_usual_front(block->record)) {
        block_fast_fill(block->base, FRONT_GAP_SIZE, fill);
    } else {
        memset(block->base, fill, record_front(block->record));
    }
}

static void fill_tail(const struct debug_block *block)
{
    size_t size;
    uint8_t *tail = tail_of(block, &size);
    block_fast_fill(tail, size, FILL_GAP);
}

static void fill_inner_header(const struct debug_block *block)
{
    uint8_t *gap = debug_block_aligned_gap(block);
    memset(gap, FILL_ALIGNED, ALIGNED_GAP_SIZE);
    uintptr_t outer = (uintptr_t)block->user;
    memcpy(gap - sizeof(outer), &outer, sizeof(outer));
}

static void fill_new(const struct debug_block *block, const struct debug_request *request)
{
    fill_front(block, FILL_GAP);
    if (!request->is_zeroed) {
        block_fast_fill(block->user, request->size, FILL_NEW);
    } else if (request->size <= BLOCK_FAST_MAX) {
        block_fast_fill(block->user, request->size, 0);
    }
    fill_tail(block);
    if (block->record->inner != 0) {
        fill_inner_header(block);
    }
}

// ---- The engine, in a section ------------------------------------------------------------------
// Its fast paths wait for nobody: only the others are entered as such.

static NOINLINE void *engine_allocate(
    struct section_slot *slot, size_t size, size_t alignment, uint32_t flags)
{
    section_enter_engine(slot);
    void *base = alignment == FRONT_GAP_SIZE
                     ? halde_heap_alloc(blocks.heap, size, flags)
                     : halde_heap_alloc_aligned(blocks.heap, size, alignment, flags);
    section_leave_engine(slot);
    return base;
}

static void *engine_resize(struct section_slot *slot, void *base, size_t size, uint32_t flags)
{
    section_enter_engine(slot);
    void *resized = halde_heap_realloc(blocks.heap, base, size, flags, NULL);
    section_leave_engine(slot);
    return resized;
}

static bool engine_free(struct section_slot *slot, void *base)
{
    if (LIKELY(fast_free(blocks.heap, base))) {
        return true;
    }
    section_enter_engine(slot);
    bool is_freed = halde_heap_free(blocks.heap, base, 0) == HALDE_OK;
    section_leave_engine(slot);
    return is_freed;
}

// ---- Make -------------------------------------------------------------------------------------

// Bytes of the engine block; false when that is more than there can be.
static bool engine_size(size_t front, size_t size, size_t *total)
{
    return size <= RECORD_SIZE_MAX && !__builtin_add_overflow(size, front + TAIL_GAP_SIZE, total);
}

ALWAYS_INLINE void stamp(struct record *record, const struct debug_request *request)
{
    uint64_t number = take_number();
    uint32_t origin = ORIGIN_IGNORED;
    if (LIKELY(!request->is_ignored)) {
        origin = origin_number(request->file, request->line);
    }
    record->stack = request->stack;
    record_set_size_and_number(record, request->size, request->is_ignored ? 0 : number);
    record_set_origin(record, origin);
}

static void fill_block(struct debug_block *block, const struct engine_block *found, size_t front)
{
    *block = (struct debug_block){
        .base = found->data,
        .capacity = found->capacity,
        .user = (uint8_t *)found->data + front,
        .record = found->record,
    };
}

static bool block_of_base(void *base, size_t front, struct debug_block *block)
{
    if (LIKELY(block_fast_find(blocks.heap, base, block))) {
        block->user = block->base + front;
        return true;
    }
    struct engine_block found;
    if (!engine_block_at(blocks.heap, base, &found) || found.record == NULL) {
        return false;
    }
    fill_block(block, &found, front);
    return true;
}

bool debug_block_of_base(void *base, struct debug_block *block)
{
    if (!block_of_base(base, 0, block)) {
        return false;
    }
    block->user += record_front(block->record);
    return debug_block_state(block) != RECORD_NONE;
}

// Takes a block from the engine. Small ones, as most are, on its fast path.
ALWAYS_INLINE bool allocate(
    struct section_slot *slot, size_t size, size_t front, uint32_t flags, struct debug_block *block)
{
    void *base = NULL;
    if (LIKELY(front == FRONT_GAP_SIZE && flags == 0)) {
        base = fast_alloc(blocks.heap, size);
    }
    if (LIKELY(base != NULL)) {
        block_fast_take(base, block);
        block->user = block->base + front;
        return true;
    }
    base = engine_allocate(slot, size, front, flags);
    return base != NULL && block_of_base(base, front, block);
}

// Where inner data starts, from the user data on; 0: not an aligned block.
static uint32_t inner_start(const struct debug_request *request, const uint8_t *user)
{
    if (request->inner_overhead == 0) {
        return 0;
    }
    uintptr_t start = (uintptr_t)user;
    uintptr_t last = start + request->inner_overhead + request->inner_offset;
    return (uint32_t)((last & ~request->inner_mask) - request->inner_offset - start);
}

// log2 of what the user data, or the inner data, is aligned to.
static uint32_t alignment_shift(const struct debug_request *request, size_t front)
{
    if (LIKELY(front == FRONT_GAP_SIZE && request->inner_overhead == 0)) {
        return FRONT_GAP_SHIFT;
    }
    return bits_highest(request->inner_overhead != 0 ? request->inner_mask + 1 : front);
}

static void *make(
    struct section_slot *slot, const struct debug_request *request, size_t front, size_t total)
{
    // A few zeroes are written here, so that the engine can take its fast path.
    uint32_t flags = request->is_zeroed && request->size > BLOCK_FAST_MAX ? HALDE_ZERO : 0;
    struct debug_block block;
    if (UNLIKELY(!allocate(slot, total, front, flags, &block))) {
        return NULL;
    }
    struct record *record = block.record;
    set_state(record, RECORD_NONE);
    stamp(record, request);
    record->inner = inner_start(request, block.user);
    record->use = request->use;
    record->thread_and_shape =
        record_thread_and_shape(atomic_load_explicit(&slot->thread_id, memory_order_relaxed),
            alignment_shift(request, front), request->family);
    fill_new(&block, request);
    if (!request->is_ignored) {
        section_count(slot, (int64_t)request->size, (int64_t)request->size);
    }
    set_state(record, request->is_ignored ? RECORD_IGNORED : RECORD_LIVE);
    return block.user + record->inner;
}

void *debug_block_make(const struct debug_request *request)
{
    size_t front = size_max(request->alignment, FRONT_GAP_SIZE);
    size_t total;
    if (front > (size_t)1 << RECORD_SHIFT_MAX || !engine_size(front, request->size, &total)) {
        return NULL;
    }
    struct section_slot *slot = section_enter();
    void *user = make(slot, request, front, total);
    section_leave(slot);
    return user;
}

// ---- Find -------------------------------------------------------------------------------------

bool debug_block_find_around(const void *pointer, struct debug_block *block)
{
    struct engine_block found;
    if (!engine_block_around(blocks.heap, pointer, &found) || found.record == NULL) {
        return false;
    }
    fill_block(block, &found, record_front(found.record));
    return debug_block_state(block) != RECORD_NONE;
}

bool debug_block_find(const void *pointer, struct debug_block *block)
{
    if (debug_heap() == NULL || pointer == NULL) {
        return false;
    }
    const uint8_t *user = pointer;
    if (block_of_base((uint8_t *)(uintptr_t)user - FRONT_GAP_SIZE, FRONT_GAP_SIZE, block)) {
        return record_has_usual_front(block->record) && debug_block_state(block) != RECORD_NONE;
    }
    return debug_block_find_around(pointer, block) && block->user == user;
}

bool debug_block_find_aligned(const void *pointer, struct debug_block *block)
{
    if (debug_heap() == NULL || pointer == NULL || !debug_block_find_around(pointer, block)) {
        return false;
    }
    uint32_t inner = block->record->inner;
    return inner != 0 && block->user + inner == (const uint8_t *)pointer;
}

// ---- End --------------------------------------------------------------------------------------

// Takes the block out of the program's hands. Only one thread succeeds.
static bool claim(const struct debug_block *block, enum record_state *state)
{
    uint8_t found = (uint8_t)debug_block_state(block);
    if (section_is_alone() && (found == RECORD_LIVE || found == RECORD_IGNORED)) {
        set_state(block->record, RECORD_NONE);
        *state = (enum record_state)found;
        return true;
    }
    while (found == RECORD_LIVE || found == RECORD_IGNORED) {
        if (atomic_compare_exchange_weak_explicit(&block->record->state, &found, RECORD_NONE,
                memory_order_acq_rel, memory_order_acquire)) {
            *state = (enum record_state)found;
            return true;
        }
    }
    return false;
}

static void uncount(struct section_slot *slot, const struct record *record)
{
    section_count(slot, -(int64_t)record_size(record), 0);
}

static bool give_back(struct section_slot *slot, const struct debug_block *block)
{
    block_fast_fill(
        block->base, (size_t)(user_end(block) + tail_size(block) - block->base), FILL_FREED);
    return engine_free(slot, block->base);
}

static bool release(struct section_slot *slot, const struct debug_block *block)
{
    enum record_state state;
    if (!claim(block, &state)) {
        return false;
    }
    if (state == RECORD_LIVE) {
        uncount(slot, block->record);
    }
    return give_back(slot, block);
}

bool debug_block_release_kept(const struct debug_block *block)
{
    struct section_slot *slot = section_enter();
    set_state(block->record, RECORD_NONE);
    bool is_released = give_back(slot, block);
    section_leave(slot);
    return is_released;
}

bool debug_block_release(const struct debug_block *block)
{
    struct section_slot *slot = section_enter();
    bool is_released = release(slot, block);
    section_leave(slot);
    return is_released;
}

bool debug_block_keep(
    struct section_slot *slot, const struct debug_block *block, enum record_state kept_as)
{
    enum record_state state;
    if (!claim(block, &state)) {
        return false;
    }
    uncount(slot, block->record);
    block_fast_fill(block->user, record_size(block->record), FILL_FREED);
    // What an aligned block has behind its inner data is filled now, as all the rest.
    record_forget_inner(block->record);
    set_state(block->record, kept_as);
    return true;
}

bool debug_block_is_sound(const struct debug_block *block)
{
    size_t size;
    const struct record *record = block->record;
    const uint8_t *tail = tail_of(block, &size);
    bool is_front_sound = record_has_usual_front(record)
                              ? block_fast_is_filled(block->base, FRONT_GAP_SIZE, FILL_GAP)
                              : block_fast_is_filled(block->base, record_front(record), FILL_GAP);
    return is_front_sound && block_fast_is_filled(tail, size, FILL_GAP);
}

void debug_block_fill_gaps(const struct debug_block *block)
{
    fill_front(block, FILL_GAP);
    fill_tail(block);
}

bool debug_block_leave(struct section_slot *slot, const struct debug_block *block)
{
    const size_t size = record_size(block->record);
    if (!debug_block_is_sound(block) ||
        !(size <= BLOCK_FAST_MAX ? block_fast_is_filled(block->user, size, FILL_FREED)
                                 : debug_first_wrong(block->user, size, FILL_FREED) == NULL)) {
        return false;
    }
    set_state(block->record, RECORD_NONE);
    // The data is filled as freed, as was just seen.
    fill_front(block, FILL_FREED);
    block_fast_fill(user_end(block), tail_size(block), FILL_FREED);
    engine_free(slot, block->base);
    return true;
}

bool debug_block_delay(const struct debug_block *block, int32_t use)
{
    struct section_slot *slot = section_enter();
    bool is_ended = debug_block_keep(slot, block, RECORD_DELAYED);
    if (is_ended) {
        block->record->use = use;
    }
    section_leave(slot);
    return is_ended;
}

void debug_block_set_type(const struct debug_block *block, int32_t use, bool is_ignored)
{
    struct section_slot *slot = section_enter();
    struct record *record = block->record;
    if (debug_block_state(block) == RECORD_LIVE) {
        record->use = use;
        if (is_ignored) {
            uncount(slot, record);
            record_set_size_and_number(record, record_size(record), 0);
            set_state(record, RECORD_IGNORED);
        }
    }
    section_leave(slot);
}

// ---- Resize -----------------------------------------------------------------------------------

// The engine's part: `*block` becomes the place of the new size. False: nothing has changed.
static bool resize_engine_block(struct section_slot *slot, struct debug_block *block,
    const struct record *old, size_t total, uint32_t flags)
{
    void *base = engine_resize(slot, block->base, total, flags);
    if (base == NULL || !block_of_base(base, record_front(old), block)) {
        return false;
    }
    memcpy(block->record, old, sizeof(*old)); // elsewhere the record is another
    return true;
}

// Another block of the new size, with the contents; the old one is filled as freed.
static bool copy_to_new_block(struct section_slot *slot, struct debug_block *block,
    const struct record *old, size_t total, const struct debug_request *request)
{
    struct debug_block copy;
    if (!allocate(slot, total, FRONT_GAP_SIZE, 0, &copy)) {
        return false;
    }
    copy.user = copy.base + record_front(old);
    memcpy(copy.record, old, sizeof(*old));
    // The front gap moves as it is: damage there stays to be seen.
    memcpy(copy.base, block->base, record_front(old) + size_min(record_size(old), request->size));
    memset(block->base, FILL_FREED, (size_t)(user_end(block) + tail_size(block) - block->base));
    engine_free(slot, block->base);
    *block = copy;
    return true;
}

static bool move(struct section_slot *slot, struct debug_block *block, const struct record *old,
    size_t total, const struct debug_request *request, bool is_in_place)
{
    if (resize_engine_block(slot, block, old, total, HALDE_IN_PLACE)) {
        return true;
    }
    if (is_in_place) {
        return false;
    }
    bool is_large = record_size(old) >= MOVE_SIZE_MIN && request->size >= MOVE_SIZE_MIN;
    return is_large && record_has_usual_front(old)
               ? resize_engine_block(slot, block, old, total, ENGINE_HEADROOM)
               : copy_to_new_block(slot, block, old, total, request);
}

static void *resize(struct section_slot *slot, struct debug_block block,
    const struct debug_request *request, bool is_in_place)
{
    enum record_state state;
    size_t total;
    if (!engine_size(record_front(block.record), request->size, &total) || !claim(&block, &state)) {
        return NULL;
    }
    struct record old;
    memcpy(&old, block.record, sizeof(old));
    if (!move(slot, &block, &old, total, request, is_in_place)) {
        set_state(block.record, state);
        return NULL;
    }
    struct record *record = block.record;
    struct debug_request stamped = *request;
    stamped.is_ignored = state == RECORD_IGNORED;
    stamp(record, &stamped);
    record_forget_inner(record);
    const size_t old_size = record_size(&old);
    if (request->size > old_size) {
        memset(block.user + old_size, FILL_NEW, request->size - old_size);
    }
    fill_tail(&block);
    if (state == RECORD_LIVE) {
        int64_t growth = (int64_t)request->size - (int64_t)old_size;
        section_count(slot, growth, growth);
    }
    set_state(record, state);
    return block.user;
}

void *debug_block_resize(
    const struct debug_block *block, const struct debug_request *request, bool is_in_place)
{
    struct section_slot *slot = section_enter();
    void *user = resize(slot, *block, request, is_in_place);
    section_leave(slot);
    return user;
}

// ---- Check ------------------------------------------------------------------------------------

const uint8_t *debug_first_wrong(const uint8_t *bytes, size_t size, uint8_t fill)
{
    if (size <= BLOCK_FAST_MAX && block_fast_is_filled(bytes, size, fill)) {
        return NULL;
    }
    // All equal to the first, and that is right: one comparison of memory with itself.
    if (size == 0 || (bytes[0] == fill && memcmp(bytes, bytes + 1, size - 1) == 0)) {
        return NULL;
    }
    while (*bytes == fill) {
        bytes++;
    }
    return bytes;
}

uint32_t debug_block_damage(const struct debug_block *block)
{
    const struct record *record = block->record;
    uint32_t damage = 0;
    if (debug_first_wrong(block->base, record_front(record), FILL_GAP) != NULL) {
        damage |= DAMAGE_BEFORE;
    }
    size_t size;
    const uint8_t *tail = debug_block_tail(block, &size);
    if (debug_first_wrong(tail, size, FILL_GAP) != NULL) {
        damage |= DAMAGE_AFTER;
    }
    enum record_state state = debug_block_state(block);
    bool is_freed = state == RECORD_DELAYED || state == RECORD_QUARANTINED;
    if (is_freed && debug_first_wrong(block->user, record_size(record), FILL_FREED) != NULL) {
        damage |= DAMAGE_FREED;
    }
    return damage;
}
