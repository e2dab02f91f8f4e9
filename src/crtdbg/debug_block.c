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

    FREE_TYPE = 0, // _FREE_BLOCK
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
    halde_heap *heap = origins_init() ? engine_heap_create(sizeof(struct record)) : NULL;
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

static size_t front_of(const struct debug_block *block)
{
    return (size_t)(block->user - block->base);
}

static uint8_t *user_end(const struct debug_block *block)
{
    return block->user + block->size;
}

// Where inner data starts, from the user data on, for an alignment of mask + 1.
static size_t inner_start(const uint8_t *user, size_t mask, size_t offset)
{
    uintptr_t start = (uintptr_t)user;
    uintptr_t last = start + debug_block_overhead(mask, offset) + offset;
    return (last & ~mask) - offset - start;
}

static size_t inner_mask(const struct origin *origin)
{
    return ((size_t)1 << origin->alignment_shift) - 1;
}

static bool is_kept(const struct debug_block *block)
{
    enum record_state state = debug_block_state(block);
    return state == RECORD_DELAYED || state == RECORD_QUARANTINED;
}

// What an aligned block that was freed has behind its inner data is filled, as all the rest.
static NOINLINE size_t shaped_inner(const struct debug_block *block)
{
    const struct origin *origin = debug_block_origin(block);
    return origin->is_inner && !is_kept(block)
               ? inner_start(block->user, inner_mask(origin), origin->inner_offset)
               : 0;
}

size_t debug_block_inner(const struct debug_block *block)
{
    return LIKELY(!record_is_shaped(block->record)) ? 0 : shaped_inner(block);
}

uint8_t *debug_block_data(const struct debug_block *block, size_t *size)
{
    const size_t inner = debug_block_inner(block);
    *size = block->size;
    if (inner != 0) {
        const struct origin *origin = debug_block_origin(block);
        *size -= debug_block_overhead(inner_mask(origin), origin->inner_offset);
    }
    return block->user + inner;
}

// What is filled and checked behind the user data.
static size_t tail_size(const struct debug_block *block)
{
    size_t rest = (size_t)(block->base + block->capacity - user_end(block));
    return size_min(rest, TAIL_CHECKED_MAX);
}

ALWAYS_INLINE uint8_t *tail_of(const struct debug_block *block, size_t *size)
{
    if (LIKELY(!record_is_shaped(block->record))) {
        *size = tail_size(block);
        return user_end(block);
    }
    return (uint8_t *)(uintptr_t)debug_block_tail(block, size);
}

const uint8_t *debug_block_tail(const struct debug_block *block, size_t *size)
{
    size_t data_size;
    uint8_t *start = debug_block_data(block, &data_size) + data_size;
    *size = (size_t)(user_end(block) + tail_size(block) - start);
    return start;
}

uint8_t *debug_block_aligned_gap(const struct debug_block *block)
{
    uintptr_t inner = (uintptr_t)block->user + debug_block_inner(block);
    return (uint8_t *)(bits_round_down(inner, sizeof(void *)) - ALIGNED_GAP_SIZE);
}

// Most front gaps have the usual size.
ALWAYS_INLINE void fill_front(const struct debug_block *block, uint8_t fill)
{
    if (LIKELY(front_of(block) == FRONT_GAP_SIZE)) {
        block_fast_fill(block->base, FRONT_GAP_SIZE, fill);
    } else {
        memset(block->base, fill, front_of(block));
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

// The state says that the block is none yet: so it says nothing of what it is, either.
static void fill_new(
    const struct debug_block *block, const struct debug_request *request, size_t inner)
{
    fill_front(block, FILL_GAP);
    if (!request->is_zeroed) {
        block_fast_fill(block->user, request->size, FILL_NEW);
    } else if (request->size <= BLOCK_FAST_MAX) {
        block_fast_fill(block->user, request->size, 0);
    }
    fill_tail(block);
    if (UNLIKELY(inner != 0)) {
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
    return !__builtin_add_overflow(size, front + TAIL_GAP_SIZE, total);
}

static COLD uint32_t find_origin(const struct debug_request *request, size_t front)
{
    const size_t mask = request->inner_mask;
    const struct origin wanted = {
        .file = request->is_ignored ? NULL : request->file,
        .line = request->is_ignored ? ORIGIN_LINE_OF_IGNORED : request->line,
        .use = request->use,
        .inner_offset = (uint32_t)(request->inner_offset & mask),
        .family = request->family,
        .alignment_shift = (uint8_t)bits_highest(mask != 0 ? mask + 1 : front),
        .is_inner = mask != 0,
    };
    return origin_find(&wanted);
}

// The origin of a new block. ORIGIN_NONE: there is no room for it.
ALWAYS_INLINE uint32_t origin_of_request(const struct debug_request *request, size_t front)
{
    const bool is_usual = request->file == NULL && request->line == 0 && !request->is_ignored &&
                          front == FRONT_GAP_SIZE && request->inner_mask == 0;
    if (LIKELY(is_usual && (uint32_t)(request->use - 1) < ORIGIN_FIXED_TYPES - 1)) {
        return origin_fixed_number(request->use, request->family);
    }
    return find_origin(request, front);
}

ALWAYS_INLINE void stamp(
    struct record *record, const struct debug_request *request, uint32_t thread_id)
{
    uint64_t number = take_number();
    record->stack = request->stack;
    record_set_number_and_thread(record, request->is_ignored ? 0 : number, thread_id);
}

// Bytes of the front gap.
ALWAYS_INLINE size_t record_front(const struct record *record)
{
    if (LIKELY(!record_is_shaped(record))) {
        return FRONT_GAP_SIZE;
    }
    const struct origin *origin = origin_of_number(record_origin(record));
    return origin->is_inner ? FRONT_GAP_SIZE : (size_t)1 << origin->alignment_shift;
}

// Fills in what follows from the size of the engine's block.  False: no debug block has that size.
ALWAYS_INLINE bool set_parts(struct debug_block *block, size_t front, size_t total)
{
    block->user = block->base + front;
    return !__builtin_sub_overflow(total, front + TAIL_GAP_SIZE, &block->size);
}

static bool take_found(struct debug_block *block, const struct engine_block *found)
{
    if (found->record == NULL) {
        return false;
    }
    block->base = found->data;
    block->capacity = found->capacity;
    block->record = found->record;
    return set_parts(block, record_front(block->record), found->size);
}

// The debug block of an engine block, if there is one: its state may still be RECORD_NONE.
ALWAYS_INLINE bool block_of_base(void *base, struct debug_block *block)
{
    size_t total = 0;
    if (LIKELY(block_fast_find(blocks.heap, base, block, &total))) {
        return set_parts(block, record_front(block->record), total);
    }
    struct engine_block found;
    return engine_block_at(blocks.heap, base, &found) && take_found(block, &found);
}

bool debug_block_of_base(void *base, struct debug_block *block)
{
    return block_of_base(base, block) && debug_block_state(block) != RECORD_NONE;
}

// What the engine gives to a block of `size` bytes in a record that says nothing yet.
static NOINLINE bool allocate_slow(
    struct section_slot *slot, size_t size, size_t front, uint32_t flags, struct debug_block *block)
{
    void *base = engine_allocate(slot, size, front, flags);
    struct engine_block found;
    if (base == NULL || !engine_block_at(blocks.heap, base, &found) || found.record == NULL) {
        return false;
    }
    block->base = base;
    block->capacity = found.capacity;
    block->record = found.record;
    return true;
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
        return set_parts(block, front, size);
    }
    return allocate_slow(slot, size, front, flags, block) && set_parts(block, front, size);
}

static void *make(
    struct section_slot *slot, const struct debug_request *request, size_t front, size_t total)
{
    // A few zeroes are written here, so that the engine can take its fast path.
    uint32_t flags = request->is_zeroed && request->size > BLOCK_FAST_MAX ? HALDE_ZERO : 0;
    struct debug_block block;
    const uint32_t origin = origin_of_request(request, front);
    if (UNLIKELY(origin == ORIGIN_NONE || !allocate(slot, total, front, flags, &block))) {
        return NULL;
    }
    struct record *record = block.record;
    const bool is_shaped = front != FRONT_GAP_SIZE || request->inner_mask != 0;
    record_set_origin(record, origin, is_shaped);
    stamp(record, request, atomic_load_explicit(&slot->thread_id, memory_order_relaxed));
    const size_t inner = debug_block_inner(&block);
    fill_new(&block, request, inner);
    if (!request->is_ignored) {
        section_count(slot, (int64_t)request->size, (int64_t)request->size);
    }
    set_state(record, request->is_ignored ? RECORD_IGNORED : RECORD_LIVE);
    return block.user + inner;
}

void *debug_block_make(const struct debug_request *request)
{
    size_t front = size_max(request->alignment, FRONT_GAP_SIZE);
    size_t total;
    if (front > (size_t)1 << ORIGIN_SHIFT_MAX || request->inner_mask >> ORIGIN_SHIFT_MAX != 0 ||
        !engine_size(front, request->size, &total)) {
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
    return engine_block_around(blocks.heap, pointer, &found) && take_found(block, &found) &&
           debug_block_state(block) != RECORD_NONE;
}

bool debug_block_find(const void *pointer, struct debug_block *block)
{
    if (debug_heap() == NULL || pointer == NULL) {
        return false;
    }
    uint8_t *user = (uint8_t *)(uintptr_t)pointer;
    if (!block_of_base(user - FRONT_GAP_SIZE, block) && !debug_block_find_around(user, block)) {
        return false;
    }
    return block->user == user && debug_block_state(block) != RECORD_NONE;
}

bool debug_block_find_aligned(const void *pointer, struct debug_block *block)
{
    if (debug_heap() == NULL || pointer == NULL || !debug_block_find_around(pointer, block)) {
        return false;
    }
    size_t inner = debug_block_inner(block);
    return inner != 0 && block->user + inner == (const uint8_t *)pointer;
}

int32_t debug_block_use(const struct debug_block *block)
{
    return debug_block_state(block) == RECORD_DELAYED ? FREE_TYPE : debug_block_origin(block)->use;
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

static void uncount(struct section_slot *slot, const struct debug_block *block)
{
    section_count(slot, -(int64_t)block->size, 0);
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
        uncount(slot, block);
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
    uncount(slot, block);
    block_fast_fill(block->user, block->size, FILL_FREED);
    set_state(block->record, kept_as);
    return true;
}

bool debug_block_is_sound(const struct debug_block *block)
{
    size_t size;
    const size_t front = front_of(block);
    const uint8_t *tail = tail_of(block, &size);
    bool is_front_sound = LIKELY(front == FRONT_GAP_SIZE)
                              ? block_fast_is_filled(block->base, FRONT_GAP_SIZE, FILL_GAP)
                              : block_fast_is_filled(block->base, front, FILL_GAP);
    return is_front_sound && block_fast_is_filled(tail, size, FILL_GAP);
}

void debug_block_fill_gaps(const struct debug_block *block)
{
    fill_front(block, FILL_GAP);
    fill_tail(block);
}

bool debug_block_leave(struct section_slot *slot, const struct debug_block *block)
{
    const size_t size = block->size;
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

bool debug_block_delay(const struct debug_block *block)
{
    struct section_slot *slot = section_enter();
    bool is_ended = debug_block_keep(slot, block, RECORD_DELAYED);
    section_leave(slot);
    return is_ended;
}

static void set_type(
    struct section_slot *slot, const struct debug_block *block, int32_t use, bool is_ignored)
{
    enum record_state state;
    if (debug_block_state(block) != RECORD_LIVE || !claim(block, &state)) {
        return;
    }
    struct record *record = block->record;
    struct origin wanted = *debug_block_origin(block);
    wanted.use = use;
    const uint32_t origin = origin_find(&wanted);
    if (origin != ORIGIN_NONE) {
        record_set_origin(record, origin, origin_is_shaped(&wanted));
    }
    if (is_ignored) {
        uncount(slot, block);
        record_set_number_and_thread(record, 0, record_thread(record));
    }
    set_state(record, is_ignored ? RECORD_IGNORED : state);
}

void debug_block_set_type(const struct debug_block *block, int32_t use, bool is_ignored)
{
    struct section_slot *slot = section_enter();
    set_type(slot, block, use, is_ignored);
    section_leave(slot);
}

// ---- Resize -----------------------------------------------------------------------------------

// A block that is resized, and what it becomes.
struct resizing {
    struct section_slot *slot;
    struct debug_block old;
    struct debug_block block; // the new one
    const struct debug_request *request;
    size_t total; // bytes of the new engine block
};

// The engine's part.  False: nothing has changed.
static bool resize_engine_block(struct resizing *resizing, uint32_t flags)
{
    const struct debug_block *old = &resizing->old;
    struct debug_block *block = &resizing->block;
    void *base = engine_resize(resizing->slot, old->base, resizing->total, flags);
    struct engine_block found;
    if (base == NULL || !engine_block_at(blocks.heap, base, &found)) {
        return false;
    }
    block->base = base;
    block->capacity = found.capacity;
    block->record = found.record;
    return set_parts(block, front_of(old), resizing->total);
}

// Another block of the new size, with the contents; the old one is filled as freed.
static bool copy_to_new_block(struct resizing *resizing)
{
    const struct debug_block *old = &resizing->old;
    struct debug_block *copy = &resizing->block;
    if (!allocate(resizing->slot, resizing->total, FRONT_GAP_SIZE, 0, copy)) {
        return false;
    }
    const size_t front = front_of(old);
    set_parts(copy, front, resizing->total);
    // The front gap moves as it is: damage there stays to be seen.
    memcpy(copy->base, old->base, front + size_min(old->size, resizing->request->size));
    give_back(resizing->slot, old);
    return true;
}

static bool move(struct resizing *resizing, bool is_in_place)
{
    const struct debug_block *old = &resizing->old;
    if (resize_engine_block(resizing, HALDE_IN_PLACE)) {
        return true;
    }
    if (is_in_place) {
        return false;
    }
    bool is_large = old->size >= MOVE_SIZE_MIN && resizing->request->size >= MOVE_SIZE_MIN;
    return is_large && front_of(old) == FRONT_GAP_SIZE
               ? resize_engine_block(resizing, ENGINE_HEADROOM)
               : copy_to_new_block(resizing);
}

// Type, family and alignment stay.  An aligned block becomes a plain one.
static uint32_t origin_of_resized(const struct resizing *resizing, bool is_ignored, bool *is_shaped)
{
    struct origin wanted = *debug_block_origin(&resizing->old);
    if (!is_ignored) {
        wanted.file = resizing->request->file;
        wanted.line = resizing->request->line;
    }
    if (wanted.is_inner) {
        wanted.is_inner = false;
        wanted.inner_offset = 0;
        wanted.alignment_shift = FRONT_GAP_SHIFT;
    }
    *is_shaped = origin_is_shaped(&wanted);
    return origin_find(&wanted);
}

static void finish_resize(struct resizing *resizing, enum record_state state)
{
    const struct debug_block *block = &resizing->block;
    const size_t old_size = resizing->old.size;
    if (block->size > old_size) {
        memset(block->user + old_size, FILL_NEW, block->size - old_size);
    }
    fill_tail(block);
    if (state == RECORD_LIVE) {
        int64_t growth = (int64_t)block->size - (int64_t)old_size;
        section_count(resizing->slot, growth, growth);
    }
    set_state(block->record, state);
}

static void *resize(struct resizing *resizing, bool is_in_place)
{
    enum record_state state;
    const struct debug_block *old = &resizing->old;
    if (!engine_size(front_of(old), resizing->request->size, &resizing->total) ||
        !claim(old, &state)) {
        return NULL;
    }
    bool is_shaped;
    const uint32_t thread_id = record_thread(old->record);
    const bool is_ignored = state == RECORD_IGNORED;
    const uint32_t origin = origin_of_resized(resizing, is_ignored, &is_shaped);
    if (origin == ORIGIN_NONE || !move(resizing, is_in_place)) {
        set_state(old->record, state);
        return NULL;
    }
    struct debug_request stamped = *resizing->request;
    stamped.is_ignored = is_ignored;
    record_set_origin(resizing->block.record, origin, is_shaped);
    stamp(resizing->block.record, &stamped, thread_id);
    finish_resize(resizing, state);
    return resizing->block.user;
}

void *debug_block_resize(
    const struct debug_block *block, const struct debug_request *request, bool is_in_place)
{
    struct resizing resizing = {.slot = section_enter(), .old = *block, .request = request};
    void *user = resize(&resizing, is_in_place);
    section_leave(resizing.slot);
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
    uint32_t damage = 0;
    if (debug_first_wrong(block->base, front_of(block), FILL_GAP) != NULL) {
        damage |= DAMAGE_BEFORE;
    }
    size_t size;
    const uint8_t *tail = debug_block_tail(block, &size);
    if (debug_first_wrong(tail, size, FILL_GAP) != NULL) {
        damage |= DAMAGE_AFTER;
    }
    if (is_kept(block) && debug_first_wrong(block->user, block->size, FILL_FREED) != NULL) {
        damage |= DAMAGE_FREED;
    }
    return damage;
}
