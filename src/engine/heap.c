// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/heap.h"

#include "base/check.h"
#include "engine/engine.h"
#include "engine/fast.h"
#include "engine/fork.h"
#include "engine/large.h"
#include "engine/layout.h"
#include "engine/mixed.h"
#include "engine/observer.h"
#include "engine/purge.h"
#include "engine/reclaim.h"
#include "engine/redirect.h"
#include "engine/side_record.h"
#include "engine/span.h"
#include "engine/user_info.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_COMMIT_PAGES = 2,
    RECYCLED_MAX =
        1024, // destroyed heaps kept with their first slice: 4 MiB resident when each had one page
};
// Fixed-size heaps up to here are one mixed span: spans of one class would leave too little room
// for others.
static const size_t SMALL_FIXED_MAX = (size_t)16 << 20;
static const size_t REGION_SIZES[] = {
    (size_t)1 << 20, (size_t)4 << 20, (size_t)16 << 20, (size_t)32 << 20};
enum {
    REGION_SIZE_COUNT = sizeof(REGION_SIZES) / sizeof(REGION_SIZES[0])
};

HIDDEN halde_heap *fast_home;
HIDDEN halde_heap *fast_malloc_home;
HIDDEN halde_heap *fast_free_home;
HIDDEN size_t fast_malloc_max;
HIDDEN bool heap_some_zeroes_freed;
HIDDEN bool heap_some_shut;
HIDDEN bool engine_is_at_rest;
HIDDEN const struct allocator_redirect *engine_redirect;

static struct {
    struct os_mutex mutex;        // rank registry
    _Atomic(bool) is_initialised; // release after everything is set up
    struct heap *first, *last;    // live heaps, creation order
    size_t count;
    uint64_t last_id;
    uint32_t heap_count;   // heap structs ever used
    struct heap *unused;   // heap structs without memory
    struct heap *recycled; // destroyed heaps that keep their first slice
    uint32_t recycled_count;
    halde_heap *process_heap; // constant after initialisation
} registry;

void heap_list_lock(void)
{
    os_mutex_lock(&registry.mutex);
}

void heap_list_unlock(void)
{
    os_mutex_unlock(&registry.mutex);
}

struct heap *heap_list_first(void)
{
    return registry.first;
}

// ---- Regions ----------------------------------------------------------------------------------

struct region *heap_region_of(const struct heap *heap, uintptr_t address)
{
    const struct region *first = &heap->regions[0];
    if (address - slice_address(slice_at(first->first_slice)) <
        first->end - slice_address(slice_at(first->first_slice))) {
        return &heap->regions[0];
    }
    uint32_t low = 1;
    uint32_t high = heap->region_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        struct region *region = &heap->regions[middle];
        if (address < slice_address(slice_at(region->first_slice))) {
            high = middle;
        } else if (address >= region->end) {
            low = middle + 1;
        } else {
            return region;
        }
    }
    return NULL;
}

void region_use(struct region *region, uintptr_t end)
{
    if (end > region->committed_end) {
        region->committed_end = size_min(bits_round_up(end, os_page_size()), region->end);
    }
}

static bool grow_region_array(struct heap *heap)
{
    if (heap->region_count < heap->region_capacity) {
        return true;
    }
    uint32_t capacity = heap->region_capacity < 8 ? 8 : heap->region_capacity * 2;
    struct region *regions = metadata_alloc(capacity * sizeof(*regions));
    if (regions == NULL) {
        return false;
    }
    memcpy(regions, heap->regions, heap->region_count * sizeof(*regions));
    if (heap->regions != &heap->first_region) {
        metadata_free(heap->regions, heap->region_capacity * sizeof(*regions));
    }
    heap->regions = regions;
    heap->region_capacity = capacity;
    return true;
}

// Keeps the array in address order behind the first region, whose address is the heap's handle.
static void insert_region(struct heap *heap, struct region region)
{
    uint32_t position = heap->region_count;
    while (position > 1 && heap->regions[position - 1].first_slice > region.first_slice) {
        heap->regions[position] = heap->regions[position - 1];
        position--;
    }
    heap->regions[position] = region;
    heap->region_count++;
    heap->slice_count += region.slice_count;
}

bool heap_release_regions(struct heap *heap)
{
    bool has_released = false;
    for (uint32_t i = heap->region_count - 1; i > 0; i--) {
        struct slice *first = slice_at(heap->regions[i].first_slice);
        size_t count = heap->regions[i].slice_count;
        if (slice_kind(first) != SLICE_FREE || first->slice_count != count) {
            continue;
        }
        bool is_fresh = (first->flags & SLICE_FLAG_FRESH) != 0;
        runs_remove(is_fresh ? &heap->fresh : &heap->runs, first);
        if ((heap->flags & HALDE_HEAP_EXECUTABLE) != 0) {
            os_uncommit_exec((void *)slice_address(first), count << SLICE_SHIFT);
        }
        pool_give(first, count);
        heap->region_count--;
        heap->slice_count -= (uint32_t)count;
        memmove(&heap->regions[i], &heap->regions[i + 1],
            (heap->region_count - i) * sizeof(heap->regions[0]));
        has_released = true;
    }
    return has_released;
}

int heap_protect(const struct heap *heap, const struct slice *first, size_t count)
{
    if ((heap->flags & HALDE_HEAP_EXECUTABLE) == 0) {
        return 0;
    }
    return os_commit((void *)slice_address(first), count << SLICE_SHIFT, true);
}

static bool add_region(struct heap *heap, size_t least_count, size_t alignment)
{
    if (heap->maximum_size != 0 || !grow_region_array(heap)) {
        return false;
    }
    uint32_t step =
        heap->region_count - 1 < REGION_SIZE_COUNT ? heap->region_count - 1 : REGION_SIZE_COUNT - 1;
    size_t count = size_max(least_count, REGION_SIZES[step] >> SLICE_SHIFT);
    struct slice *first = pool_take(heap, count, alignment);
    if (first == NULL) {
        count = least_count;
        first = pool_take(heap, count, alignment);
    }
    if (first == NULL) {
        return false;
    }
    if (heap_protect(heap, first, count) != 0) {
        pool_give(first, count);
        return false;
    }
    uintptr_t start = slice_address(first);
    insert_region(heap, (struct region){
                            .first_slice = slice_number(first),
                            .slice_count = (uint32_t)count,
                            .end = start + (count << SLICE_SHIFT),
                            .committed_end = start,
                            .first_block = start,
                        });
    first->flags = SLICE_FLAG_REGION_START;
    runs_insert(&heap->fresh, first, count);
    return true;
}

static size_t used_slice_count(const struct heap *heap)
{
    return heap->slice_count - heap->runs.slice_count - heap->fresh.slice_count;
}

size_t heap_used_slices(const struct heap *heap)
{
    return used_slice_count(heap) + heap->alone_slices;
}

void heap_note_peak(struct heap *heap)
{
    heap->peak_slices = (uint32_t)size_max(heap->peak_slices, heap_used_slices(heap));
}

static void note_taken(struct heap *heap, struct slice *first, size_t count)
{
    struct region *region = heap_region_of(heap, slice_address(first));
    region_use(region, slice_address(first) + (count << SLICE_SHIFT));
    heap_note_peak(heap);
}

struct slice *heap_take_slices(struct heap *heap, size_t count, size_t alignment)
{
    struct slice *first = runs_take_aligned(&heap->runs, count, alignment);
    if (first != NULL) {
        purge_regret(&heap->purge, count - pool_dirty_count(first, count));
    } else if (purge_before_growth(&heap->runs, used_slice_count(heap))) {
        purge_count(&heap->purge, runs_purge(&heap->runs, 0));
    }
    if (first == NULL) {
        first = runs_take_aligned(&heap->fresh, count, alignment);
    }
    if (first == NULL && add_region(heap, count, alignment)) {
        first = runs_take_aligned(&heap->fresh, count, alignment);
    }
    if (first != NULL) {
        note_taken(heap, first, count);
    }
    return first;
}

bool heap_take_slices_at(struct heap *heap, struct slice *first, size_t count)
{
    if (!runs_take_at(&heap->runs, first, count) && !runs_take_at(&heap->fresh, first, count)) {
        return false;
    }
    note_taken(heap, first, count);
    return true;
}

void heap_give_slices(struct heap *heap, struct slice *first, size_t count)
{
    first->flags &= SLICE_FLAG_REGION_START;
    runs_insert(&heap->runs, first, count);
    if (heap->runs.slice_count <= purge_policy.keep_slices) {
        return;
    }
    uint64_t now = os_clock_ms();
    if (now - heap->purged_at >= purge_policy.heap_age_ms) {
        heap->purged_at = now;
        purge_count(&heap->purge, runs_purge(&heap->runs, purge_policy.heap_age_ms));
    }
    if (purge_after_shrinking(&heap->runs, used_slice_count(heap)) && purge_is_due(&heap->purge)) {
        purge_count(&heap->purge, runs_purge(&heap->runs, 0));
    }
}

// ---- Creation ---------------------------------------------------------------------------------

// Caller holds the registry's mutex.
static struct heap *take_struct_locked(void)
{
    struct heap *heap = registry.unused;
    if (heap != NULL) {
        registry.unused = heap->next;
        return heap;
    }
    size_t needed = (registry.heap_count + 1) * sizeof(*heap);
    if (!area_commit(AREA_HEAPS, needed)) {
        return NULL;
    }
    heap = (struct heap *)area_base(AREA_HEAPS) + registry.heap_count;
    heap->index = registry.heap_count++;
    return heap;
}

struct plan {
    uint32_t flags, checks;
    size_t record_size;
    bool is_observed;
    size_t initial_size; // page multiple
    size_t maximum_size; // page multiple; 0: growable
    size_t header_size;
    size_t region_size; // of region 0, bytes
    size_t slice_count; // of region 0
    size_t mixed_size;  // bytes of region 0 that are the mixed span
};

// What a layer above wants of a heap.
struct wish {
    size_t record_size; // bytes of a side record; 0: none
    bool is_observed;
};

static bool make_plan(
    const struct halde_heap_options *options, const struct wish *wish, struct plan *plan)
{
    size_t page = os_page_size();
    const size_t limit = (size_t)1 << 46;
    if (options->initial_size > limit || options->maximum_size > limit ||
        options->reserve_size > limit) {
        return false;
    }
    size_t maximum = bits_round_up(options->maximum_size, page);
    size_t initial = bits_round_up(options->initial_size, page);
    size_t least = DEFAULT_COMMIT_PAGES * page;
    *plan = (struct plan){.flags = options->flags,
        .checks = options->checks,
        .maximum_size = maximum,
        .record_size = wish->record_size,
        .is_observed = wish->is_observed};
    plan->initial_size = size_max(initial, least);
    plan->header_size = REGION_HEADER_SIZE;
    if (maximum == 0) {
        size_t needed = plan->initial_size < SLICE_SIZE ? SLICE_SIZE : plan->initial_size + page;
        plan->region_size = bits_round_up(size_max(needed, options->reserve_size), SLICE_SIZE);
        plan->mixed_size = SLICE_SIZE;
    } else {
        plan->region_size = maximum;
        plan->initial_size = size_min(plan->initial_size, maximum);
        plan->header_size = maximum > least ? REGION_HEADER_SIZE_FIXED : REGION_HEADER_SIZE;
        plan->mixed_size = maximum <= SMALL_FIXED_MAX ? maximum : SLICE_SIZE;
    }
    plan->slice_count = (plan->region_size + SLICE_SIZE - 1) >> SLICE_SHIFT;
    return true;
}

// The first bytes of region 0 look like what programs that read them on Windows expect; nothing
// here reads them.
static void write_region_header(const struct heap *heap)
{
    uint32_t *words = (uint32_t *)heap->handle;
    const uint32_t signature = 0xffeeffee;
    const uint32_t private_heap_class = 0x1000;
    words[4] = signature;
    words[28] = private_heap_class | (heap->maximum_size == 0 ? 2u : 0u); // HEAP_GROWABLE
    words[29] = 0;                                                        // force flags
}

// Heaps whose every operation has more to do than the fast path does.
static bool is_slow(const struct plan *plan)
{
    return plan->checks != 0 || (plan->flags & HALDE_HEAP_ZERO) != 0;
}

static void init_struct(
    struct heap *heap, const struct plan *plan, struct slice *first, struct thread *thread)
{
    heap->flags = plan->flags;
    heap->checks = plan->checks;
    heap->initial_size = plan->initial_size;
    heap->maximum_size = plan->maximum_size;
    heap->is_shared = false;
    heap->can_use_spans = plan->mixed_size < plan->region_size || plan->maximum_size == 0;
    heap->is_serial = is_slow(plan) || !heap->can_use_spans;
    heap->has_spans = false;
    heap->is_fenced = false;
    heap->quick_stops = 0;
    heap->stopped_at = 0;
    heap->record_size = (uint8_t)plan->record_size;
    heap->is_observed = plan->is_observed;
    heap->uses_mixed = true;
    heap->zeroes_freed = false;
    heap->lock_owner = NULL;
    heap->lock_depth = 0;
    atomic_store_explicit(&heap->word, 0, memory_order_relaxed);
    heap->cache.records = cache_no_records;
    heap->cache.heap = heap;
    heap->cache.thread = thread;
    heap->runs = (struct runs){.owner = heap};
    heap->fresh = (struct runs){.owner = heap, .flag = SLICE_FLAG_FRESH};
    heap->regions = &heap->first_region;
    heap->region_count = 1;
    heap->region_capacity = 1;
    uintptr_t start = slice_address(first);
    heap->first_region_slices = (uint32_t)plan->slice_count;
    heap->slice_count = (uint32_t)plan->slice_count;
    heap->purge = (struct purge){0};
    heap->cache.slice_count = 0;
    heap->cache.returned_size = 0;
    heap->cache.purge = (struct purge){0};
    heap->first_region = (struct region){
        .first_slice = slice_number(first),
        .slice_count = (uint32_t)plan->slice_count,
        .end = start + plan->region_size,
        .committed_end = start + plan->initial_size,
        .first_block = start + plan->header_size,
    };
    heap->large_first = heap->large_last = 0;
    heap->alone_slices = 0;
    heap->peak_slices = 0;
    heap->caches = NULL;
    heap->info = NULL;
    heap->mixed_uses = 0;
    memset(heap->class_live, 0, sizeof(heap->class_live));
}

static void init_first_region(struct heap *heap, const struct plan *plan, struct slice *first)
{
    uintptr_t start = slice_address(first);
    size_t mixed_slices = (plan->mixed_size + SLICE_SIZE - 1) >> SLICE_SHIFT;
    mixed_init(heap, plan->mixed_size, plan->header_size);
    mixed_set_committed(heap, heap->first_region.committed_end - start);
    // An observed heap is what it would be otherwise, as far as programs can see, also where there
    // is no memory for records.
    bool has_records = plan->is_observed && side_records_make_mixed(first, heap);
    heap->uses_mixed = plan->record_size == 0 || has_records || !heap->can_use_spans;
    RELAXED_STORE(first->map, heap->mixed.map);
    RELAXED_STORE(first->distance, 0);
    first->flags = SLICE_FLAG_REGION_START;
    slice_set_kind(first, SLICE_MIXED);
    pool_mark_dirty(first, mixed_slices);
    for (size_t i = 1; i < mixed_slices; i++) {
        slice_set_heap(first + i, heap);
        RELAXED_STORE(first[i].distance, (uint8_t)i);
        slice_set_kind(&first[i], SLICE_INSIDE);
    }
    size_t whole_slices = plan->region_size >> SLICE_SHIFT;
    if (whole_slices > mixed_slices) {
        first[mixed_slices].flags = 0;
        runs_insert(&heap->fresh, first + mixed_slices, whole_slices - mixed_slices);
    }
    RELAXED_STORE(heap->handle, start);
    write_region_header(heap);
}

// Appends to the list and gives the heap its identity. Caller holds the registry's mutex.
static void register_locked(struct heap *heap)
{
    heap->id = ++registry.last_id;
    heap->next = NULL;
    heap->previous = registry.last;
    if (registry.last != NULL) {
        registry.last->next = heap;
    } else {
        registry.first = heap;
    }
    registry.last = heap;
    registry.count++;
}

static void unregister_locked(struct heap *heap)
{
    *(heap->previous != NULL ? &heap->previous->next : &registry.first) = heap->next;
    *(heap->next != NULL ? &heap->next->previous : &registry.last) = heap->previous;
    registry.count--;
}

static bool is_recyclable(const struct plan *plan)
{
    return plan->slice_count == 1 && plan->maximum_size == 0 &&
           (plan->flags & HALDE_HEAP_EXECUTABLE) == 0;
}

// A heap struct with the slices of its first region. NULL when out of memory. Caller holds the
// registry's mutex.
static struct heap *take_heap_locked(const struct plan *plan, struct slice **first)
{
    struct heap *heap = registry.recycled;
    if (heap != NULL && is_recyclable(plan)) {
        registry.recycled = heap->next;
        registry.recycled_count--;
        *first = slice_at(heap->first_region.first_slice);
        return heap;
    }
    heap = take_struct_locked();
    if (heap == NULL) {
        return NULL;
    }
    *first = pool_take(heap, plan->slice_count, SLICE_SIZE);
    if (*first == NULL) {
        heap->next = registry.unused;
        registry.unused = heap;
    }
    return *first == NULL ? NULL : heap;
}

AT_START static enum halde_status create(
    const struct halde_heap_options *options, const struct wish *wish, halde_heap **handle)
{
    struct plan plan;
    if (!make_plan(options, wish, &plan)) {
        return HALDE_NO_MEMORY;
    }
    struct thread *thread = thread_self();
    thread = thread == NULL ? thread_nobody() : thread;
    os_mutex_lock(&registry.mutex);
    struct slice *first;
    struct heap *heap = take_heap_locked(&plan, &first);
    enum halde_status status = heap == NULL ? HALDE_NO_MEMORY : HALDE_OK;
    if (status == HALDE_OK) {
        init_struct(heap, &plan, first, thread);
        if (heap_protect(heap, first, plan.slice_count) != 0) {
            pool_give(first, plan.slice_count);
            heap->next = registry.unused;
            registry.unused = heap;
            status = HALDE_ACCESS_DENIED;
        }
    }
    if (status == HALDE_OK) {
        init_first_region(heap, &plan, first);
        uintptr_t gate = is_slow(&plan) ? GATE_CLOSED : gate_biased(thread);
        atomic_store_explicit(&heap->gate, gate, memory_order_release);
        register_locked(heap);
        *handle = (halde_heap *)heap->handle;
    }
    os_mutex_unlock(&registry.mutex);
    return status;
}

// HALDE_OPTIONS heap_flags, as far as the engine is concerned: names and bits of gflags.
static uint32_t process_heap_checks(void)
{
    static const struct {
        const char *name;
        unsigned long bit;
        uint32_t checks;
    } FLAGS[] = {
        {"htc", 0x10, HALDE_CHECK_TAIL},
        {"hfc", 0x20, HALDE_CHECK_FREE},
        {"hpc", 0x40, HALDE_CHECK_TAIL | HALDE_CHECK_FREE},
        {"hvc", 0x80, HALDE_CHECK_TAIL | HALDE_CHECK_FREE | HALDE_CHECK_ALWAYS},
    };
    static const char KNOWN_NAMES[] = "htc,hfc,hpc,hvc,vrf,htg,ust,htd,dhc,hpa";
    const char *option = os_option("heap_flags");
    if (option == NULL) {
        return 0;
    }
    char *end;
    unsigned long bits = strtoul(option, &end, 16);
    uint32_t checks = 0;
    if (*end == '\0') {
        for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++) {
            checks |= (bits & FLAGS[i].bit) != 0 ? FLAGS[i].checks : 0;
        }
        return checks;
    }
    for (const char *name = option; *name != '\0';) {
        size_t size = strcspn(name, ",");
        if (size != 3 || strstr(KNOWN_NAMES, (char[4]){name[0], name[1], name[2], '\0'}) == NULL) {
            return 0; // the layer that owns the option complains about it
        }
        for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++) {
            checks |= memcmp(name, FLAGS[i].name, size) == 0 ? FLAGS[i].checks : 0;
        }
        name += size + (name[size] == ',');
    }
    return checks;
}

// A thread ends: its empty spans go back to the heaps it used.  The rest waits in its caches for
// the next thread that gets the record, or for one that runs out of spans.
static void release_in_heap(struct heap *heap, const struct thread *thread, struct cache *cache)
{
    os_mutex_lock(&heap->mutex);
    bool is_walked = heap->lock_owner != NULL && heap->lock_owner != thread;
    if (!is_walked) { // spans that come and go change what the lock's owner sees
        reclaim_cache(heap, cache);
    }
    os_mutex_unlock(&heap->mutex);
}

static void release_thread(struct thread *thread)
{
    heap_list_lock(); // the heaps stay alive
    for (uint32_t i = 0; i < thread->table_count; i++) {
        struct heap *heap = (struct heap *)area_base(AREA_HEAPS) + i;
        if (thread->table[i].id != 0 && thread->table[i].id == heap->id) {
            release_in_heap(heap, thread, thread->table[i].cache);
        }
    }
    heap_list_unlock();
}

// The recorder, a layer above, needs a record for each block.
static size_t process_heap_record_size(void)
{
    return os_option_is("mode", "exact") ? ENGINE_PROCESS_RECORD_SIZE : 0;
}

// Tells malloc's fast paths where the process heap is, as far as a redirect leaves them any.  A
// redirect may be there before the heap: it was made when there was no memory for one.
AT_START static void set_malloc_homes(halde_heap *handle)
{
    const struct allocator_redirect *redirect = __atomic_load_n(&engine_redirect, __ATOMIC_ACQUIRE);
    const bool lets_frees_pass = redirect == NULL || redirect->lets_frees_pass;
    RELAXED_STORE(fast_malloc_home, redirect == NULL ? handle : NULL);
    RELAXED_STORE(fast_malloc_max, redirect == NULL ? CLASS_BYTE_MAX : 0);
    RELAXED_STORE(fast_free_home, lets_frees_pass ? handle : NULL);
}

AT_START bool heap_system_init(void)
{
    if (LIKELY(atomic_load_explicit(&registry.is_initialised, memory_order_acquire))) {
        return true;
    }
    os_mutex_lock(&registry.mutex);
    bool is_ready = atomic_load_explicit(&registry.is_initialised, memory_order_relaxed);
    static bool has_pool; // what succeeded is not done again after a later failure
    static bool has_threads;
    if (!is_ready) {
        os_options_init();
        purge_init();
        has_pool = has_pool || pool_init() == 0;
        has_threads = has_threads || (has_pool && thread_init(release_thread) == 0);
        if (has_threads) {
            gate_init();
            cache_init();
            fork_init();
            layout_init();
            is_ready = true;
        }
    }
    bool needs_heap = is_ready && registry.process_heap == NULL;
    os_mutex_unlock(&registry.mutex);
    if (needs_heap) {
        // Two threads may get here; the second finds the heap of the first.
        static struct os_mutex process_heap_mutex;
        os_mutex_lock(&process_heap_mutex);
        if (registry.process_heap == NULL) {
            const struct halde_heap_options options = {.checks = process_heap_checks()};
            halde_heap *handle = NULL;
            // It is observed when there is an observer: then it may have blocks already.
            create(&options, &(struct wish){.record_size = process_heap_record_size()}, &handle);
            if (handle != NULL) { // no other thread knows the heap yet
                bool zeroes_freed = os_option_is("zero_on_free", "1");
                heap_of(handle)->zeroes_freed = zeroes_freed;
                RELAXED_STORE(heap_some_zeroes_freed, zeroes_freed);
                RELAXED_STORE(heap_some_shut, zeroes_freed);
            }
            registry.process_heap = handle;
            RELAXED_STORE(fast_home, handle);
            set_malloc_homes(handle);
        }
        if (registry.process_heap != NULL) {
            atomic_store_explicit(&registry.is_initialised, true, memory_order_release);
        }
        os_mutex_unlock(&process_heap_mutex);
    }
    return atomic_load_explicit(&registry.is_initialised, memory_order_acquire);
}

// The process heap exists before any code of the program runs; in the preload object, which may
// have to stand down, only from its first use on.
__attribute__((constructor)) static void init_at_start(void)
{
    if (&engine_starts_on_demand == NULL) {
        heap_system_init();
    }
}

enum halde_status halde_heap_create(const struct halde_heap_options *options, halde_heap **heap)
{
    static const struct halde_heap_options DEFAULTS = {0};
    const uint32_t known_flags = HALDE_HEAP_NO_SERIALIZE | HALDE_HEAP_EXECUTABLE | HALDE_HEAP_ZERO;
    const uint32_t known_checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE | HALDE_CHECK_ALWAYS;
    options = options == NULL ? &DEFAULTS : options;
    if ((options->flags & ~known_flags) != 0 || (options->checks & ~known_checks) != 0 ||
        heap == NULL) {
        return HALDE_BAD_ARGUMENT;
    }
    if (!heap_system_init()) {
        return HALDE_NO_MEMORY;
    }
    const struct heap_observer *observer = observer_of_heaps();
    struct wish wish = {0};
    if (observer != NULL) {
        wish = (struct wish){.record_size = observer->record_size, .is_observed = true};
    }
    return create(options, &wish, heap);
}

halde_heap *engine_heap_create(size_t record_size)
{
    static const struct halde_heap_options DEFAULTS = {0};
    halde_heap *heap = NULL;
    if (heap_system_init() && record_size <= ENGINE_RECORD_SIZE_MAX && record_size % 8 == 0) {
        create(&DEFAULTS, &(struct wish){.record_size = record_size}, &heap);
    }
    return heap;
}

// ---- Destruction ------------------------------------------------------------------------------

static void release_caches(struct heap *heap)
{
    cache_release_records(&heap->cache);
    atomic_store_explicit(&heap->cache.remote, 0, memory_order_relaxed);
    for (struct cache *cache = heap->caches; cache != NULL;) {
        struct cache *next = cache->next;
        cache_release_records(cache);
        metadata_free(cache, sizeof(*cache));
        cache = next;
    }
}

// Frees the maps of a region's spans and forgets its descriptors.
static void clear_region(const struct heap *heap, struct region *region, bool keeps_first)
{
    struct slice *slice = slice_at(region->first_slice);
    struct slice *end = slice + region->slice_count;
    for (struct slice *unit = slice; unit < end; unit++) {
        if (slice_is_span(unit)) {
            span_release(unit);
        } else if (slice_kind(unit) == SLICE_FREE) {
            size_t count = unit->slice_count;
            slice_set_kind(unit, SLICE_NONE);
            unit += count - 1;
        }
        ASSERT_OP((uintptr_t)slice_heap(unit), ==, (uintptr_t)heap);
        slice_set_kind(unit, SLICE_NONE);
        unit->flags = 0;
    }
    slice_set_kind(slice, SLICE_NONE);
    if (!keeps_first) {
        pool_give(slice, region->slice_count);
    }
}

static void release_regions(struct heap *heap, bool keeps_first)
{
    for (uint32_t i = 0; i < heap->region_count; i++) {
        struct region *region = &heap->regions[i];
        if ((heap->flags & HALDE_HEAP_EXECUTABLE) != 0) {
            uintptr_t start = slice_address(slice_at(region->first_slice));
            os_uncommit_exec((void *)start, (size_t)region->slice_count << SLICE_SHIFT);
        }
        bool is_first = region->first_slice == slice_number(slice_of((void *)heap->handle));
        if (is_first) {
            heap->first_region = *region;
        }
        clear_region(heap, region, keeps_first && is_first);
    }
    if (heap->regions != &heap->first_region) {
        metadata_free(heap->regions, heap->region_capacity * sizeof(struct region));
    }
}

enum halde_status halde_heap_destroy(halde_heap *handle)
{
    if (!heap_system_init()) {
        return HALDE_BAD_HEAP;
    }
    if (handle != NULL && handle == registry.process_heap) {
        return HALDE_BAD_ARGUMENT;
    }
    const struct heap_observer *observer = observer_of_heaps();
    if (UNLIKELY(observer != NULL) && heap_of(handle) != NULL) {
        observer->destroy(handle);
    }
    os_mutex_lock(&registry.mutex);
    struct heap *heap = heap_of(handle);
    if (heap == NULL) {
        os_mutex_unlock(&registry.mutex);
        return HALDE_BAD_HEAP;
    }
    unregister_locked(heap);
    if (heap->is_shared) {
        thread_clear_openings(heap->handle);
    } else {
        struct thread *owner = gate_thread(atomic_load_explicit(&heap->gate, memory_order_relaxed));
        if (owner != NULL) {
            thread_clear_own_openings(owner, heap->handle);
        }
    }
    large_release_all(heap);
    user_info_release(heap);
    side_records_release(slice_of(handle), heap, heap->mixed.limit);
    mixed_release(heap);
    bool keeps_first = heap->maximum_size == 0 && registry.recycled_count < RECYCLED_MAX &&
                       (heap->flags & HALDE_HEAP_EXECUTABLE) == 0 && heap->first_region_slices == 1;
    release_regions(heap, keeps_first);
    release_caches(heap);
    RELAXED_STORE(heap->handle, 0);
    heap->id = 0;
    struct heap **list = keeps_first ? &registry.recycled : &registry.unused;
    heap->next = *list;
    *list = heap;
    registry.recycled_count += keeps_first;
    os_mutex_unlock(&registry.mutex);
    return HALDE_OK;
}

// ---- Lists ------------------------------------------------------------------------------------

halde_heap *halde_process_heap(void)
{
    return heap_system_init() ? registry.process_heap : NULL;
}

size_t halde_heap_list(halde_heap **heaps, size_t capacity)
{
    heap_system_init();
    os_mutex_lock(&registry.mutex);
    size_t count = 0;
    for (struct heap *heap = registry.first; heap != NULL; heap = heap->next, count++) {
        if (count < capacity) {
            heaps[count] = (halde_heap *)heap->handle;
        }
    }
    os_mutex_unlock(&registry.mutex);
    return count;
}

bool halde_heap_is_valid(const halde_heap *heap)
{
    return heap_of(heap) != NULL;
}

enum halde_status halde_heap_lock(halde_heap *handle)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL) {
        return HALDE_BAD_HEAP;
    }
    if ((heap->flags & HALDE_HEAP_NO_SERIALIZE) == 0) {
        gate_lock(heap);
    }
    return HALDE_OK;
}

enum halde_status halde_heap_unlock(halde_heap *handle)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL) {
        return HALDE_BAD_HEAP;
    }
    if ((heap->flags & HALDE_HEAP_NO_SERIALIZE) != 0) {
        return HALDE_OK;
    }
    return gate_unlock(heap) ? HALDE_OK : HALDE_NOT_OWNER;
}

// ---- The redirect -----------------------------------------------------------------------------

void engine_set_redirect(const struct allocator_redirect *redirect)
{
    __atomic_store_n(&engine_redirect, redirect, __ATOMIC_RELEASE);
    set_malloc_homes(halde_process_heap());
}

AT_START void heap_describe(struct layout *layout)
{
    layout->variables[LAYOUT_VARIABLE_REGISTRY_MUTEX] = (uintptr_t)&registry.mutex;
    layout->variables[LAYOUT_VARIABLE_FIRST_HEAP] = (uintptr_t)&registry.first;
    layout->variables[LAYOUT_VARIABLE_PROCESS_HEAP] = (uintptr_t)&registry.process_heap;
}

// ---- For the layers above ---------------------------------------------------------------------

_Atomic(uint64_t) *engine_heap_word(const halde_heap *handle)
{
    struct heap *heap = heap_of(handle);
    return heap == NULL ? NULL : &heap->word;
}

bool engine_heap_has_spans(const halde_heap *handle)
{
    const struct heap *heap = heap_of(handle);
    return heap != NULL && heap->has_spans;
}

bool engine_heap_options(const halde_heap *handle, struct halde_heap_options *options)
{
    const struct heap *heap = heap_of(handle);
    if (heap == NULL) {
        return false;
    }
    *options = (struct halde_heap_options){
        .flags = heap->flags,
        .checks = heap->checks,
        .initial_size = heap->initial_size,
        .maximum_size = heap->maximum_size,
    };
    return true;
}

bool engine_is_heap_address(const void *address)
{
    const struct slice *slice = slice_of(address);
    return slice != NULL && slice_heap(slice) != NULL;
}

bool engine_is_readable(const void *address, size_t size)
{
    return os_is_readable(address, size);
}

AT_START const char *engine_option(const char *key)
{
    if (engine_is_at_rest) {
        return NULL;
    }
    heap_system_init();
    return os_option(key);
}
