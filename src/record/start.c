// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Start and end of the recorder, and what happens to it in forked children.

#include "engine/engine.h"
#include "engine/heap.h"
#include "engine/pool.h"
#include "malloc/family.h"
#include "os/channel.h"
#include "os/console.h"
#include "os/os.h"
#include "os/process.h"
#include "record/record.h"
#include "unwind/stack_depot.h"
#include "unwind/unwind.h"

#include <pthread.h>
#include <string.h>

HIDDEN struct recorder recorder;

static struct {
    struct layout_stacks stacks;
    struct layout_recorder recorder;
} described = {
    .stacks = {.extension = {.name = LAYOUT_STACKS,
                   .version = 1,
                   .size = sizeof(struct layout_stacks)}},
    .recorder = {.extension = {.name = LAYOUT_RECORDER,
                     .version = 1,
                     .size = sizeof(struct layout_recorder)}},
};

// ---- What is noted ------------------------------------------------------------------------------

uint64_t record_time(void)
{
    uint64_t now = os_clock_tick_ns();
    return now > recorder.started_ns ? now - recorder.started_ns : 1;
}

uint32_t record_thread_id_slow(void)
{
    record_thread.id = os_thread_id();
    return record_thread.id;
}

struct unwind_memo *record_make_memo(void)
{
    if (record_thread.has_memo) {
        return record_thread.memo;
    }
    // In the engine's memory: words of the stack are in it, which must not look like pointers.
    struct unwind_memo *memo = metadata_alloc(unwind_memo_size());
    if (memo != NULL) {
        memset(memo, 0, unwind_memo_size());
    }
    record_thread.memo = memo;
    record_thread.has_memo = true; // or is not to have one
    record_watch_thread();
    return memo;
}

void record_release_memo(void)
{
    struct unwind_memo *memo = record_thread.memo;
    record_thread.memo = NULL; // and no other: nobody might give that back
    record_thread.has_memo = true;
    if (memo != NULL) {
        metadata_free(memo, unwind_memo_size());
    }
}

// ---- The channel --------------------------------------------------------------------------------

// Whether `count` items of `size` bytes from `offset` on lie within the channel.
static bool fits(
    const struct channel_header *channel, uint64_t offset, uint64_t count, uint64_t size)
{
    uint64_t bytes;
    return offset % 64 == 0 && offset <= channel->size &&
           !__builtin_mul_overflow(count, size, &bytes) && bytes <= channel->size - offset;
}

static bool is_valid(const struct channel_header *channel, size_t size)
{
    if (size < sizeof(*channel) || memcmp(channel->magic, CHANNEL_MAGIC, 8) != 0 ||
        channel->version != CHANNEL_VERSION || channel->size != size || channel->ring_count == 0 ||
        channel->ring_shift < 2 || channel->ring_shift > 24) {
        return false;
    }
    uint64_t event_count = (uint64_t)channel->ring_count << channel->ring_shift;
    return fits(channel, channel->rings_offset, channel->ring_count, sizeof(struct channel_ring)) &&
           fits(channel, channel->events_offset, event_count, sizeof(struct channel_event)) &&
           fits(channel, channel->depot_offset, channel->depot_size, 1);
}

static void announce(void)
{
    struct channel_header *channel = recorder.channel;
    atomic_store_explicit(&channel->started_ns, recorder.started_ns, memory_order_relaxed);
    atomic_store_explicit(&channel->process_id, os_process_id(), memory_order_release);
}

// Maps the channel that a descriptor names, which is closed.  `takes_depot`: stacks are kept in it.
static bool open_channel(int descriptor, bool takes_depot)
{
    size_t size;
    struct channel_header *channel = descriptor < 0 ? NULL : os_map_shared(descriptor, &size);
    if (channel == NULL) {
        return false;
    }
    if (!is_valid(channel, size) ||
        (takes_depot &&
            !stack_depot_adopt((char *)channel + channel->depot_offset, channel->depot_size))) {
        os_unmap_shared(channel, size);
        return false;
    }
    recorder.channel = channel;
    recorder.channel_size = size;
    recorder.rings = (void *)((char *)channel + channel->rings_offset);
    recorder.events = (void *)((char *)channel + channel->events_offset);
    recorder.ring_count = channel->ring_count;
    recorder.ring_shift = channel->ring_shift;
    recorder.is_child = os_parent_id() == recorder.collector_id;
    return true;
}

// Says why nothing will be told, in a channel that is not ours yet, and closes it.
static void refuse(int descriptor, enum channel_refusal refusal)
{
    size_t size;
    struct channel_header *channel = descriptor < 0 ? NULL : os_map_shared(descriptor, &size);
    if (channel == NULL) {
        return;
    }
    if (is_valid(channel, size)) {
        atomic_store_explicit(&channel->refusal, (uint32_t)refusal, memory_order_relaxed);
    }
    os_unmap_shared(channel, size);
}

// ---- Forked children ----------------------------------------------------------------------------

// The child's channel takes the place of the parent's, whose stacks it has, too.
static bool change_channel(void)
{
    if (recorder.name[0] == '\0') {
        return false;
    }
    int descriptor = os_ask_for_descriptor(recorder.name, recorder.process_id);
    return descriptor >= 0 &&
           os_remap_shared(descriptor, recorder.channel, recorder.channel_size) &&
           is_valid(recorder.channel, recorder.channel_size) &&
           stack_depot_adopt((char *)recorder.channel + recorder.channel->depot_offset,
               recorder.channel->depot_size);
}

void record_enter_child(void)
{
    struct record_page *page = recorder.page;
    record_rings_in_child();
    recorder.is_child = false;
    bool is_telling = recorder.channel != NULL && change_channel();
    bool is_noting = recorder.channel == NULL || is_telling;
    recorder.process_id = os_process_id();
    if (is_telling) {
        announce();
    }
    atomic_store_explicit(&page->is_telling, is_telling, memory_order_relaxed);
    atomic_store_explicit(&page->is_noting, is_noting, memory_order_relaxed);
    atomic_store_explicit(&page->process_id, os_process_id(), memory_order_relaxed);
}

// Where the kernel does not wipe pages.
static struct record_page own_page;

static void wipe_page(void)
{
    memset(&own_page, 0, sizeof(own_page));
}

static void set_up_page(void)
{
    recorder.page = os_page_wiped_on_fork();
    if (recorder.page == NULL) {
        recorder.page = &own_page;
        pthread_atfork(NULL, NULL, wipe_page);
    }
    atomic_store_explicit(&recorder.page->process_id, os_process_id(), memory_order_relaxed);
    atomic_store_explicit(&recorder.page->is_noting, 1, memory_order_relaxed);
    atomic_store_explicit(
        &recorder.page->is_telling, recorder.channel != NULL, memory_order_relaxed);
}

// ---- Start --------------------------------------------------------------------------------------

static enum layout_record_mode wanted_mode(void)
{
    const char *mode = engine_option("mode");
    if (mode == NULL || engine_redirect != NULL) {
        return LAYOUT_RECORD_OFF;
    }
    if (strcmp(mode, "exact") == 0) {
        return LAYOUT_RECORD_EXACT;
    }
    return strcmp(mode, "sample") == 0 ? LAYOUT_RECORD_SAMPLE : LAYOUT_RECORD_OFF;
}

// A number from 1 to `maximum`, which the options' reader has looked at; else `otherwise`.
static uint64_t number_option(const char *key, uint64_t maximum, uint64_t otherwise)
{
    const char *digits = engine_option(key);
    uint64_t number = 0;
    for (; digits != NULL && *digits >= '0' && *digits <= '9' && number <= maximum; digits++) {
        number = number * 10 + (uint64_t)(*digits - '0');
    }
    return number == 0 || number > maximum ? otherwise : number;
}

static void describe(void)
{
    described.stacks.depot = (uintptr_t)stack_depot_place();
    described.recorder.mode = recorder.mode;
    described.recorder.sample_interval =
        recorder.mode == LAYOUT_RECORD_SAMPLE ? recorder.interval : 0;
    described.recorder.started_ns = recorder.started_ns;
    if (recorder.mode == LAYOUT_RECORD_EXACT) {
        record_describe_notes(&described.recorder);
    }
    engine_extend_layout(&described.stacks.extension);
    engine_extend_layout(&described.recorder.extension);
}

// Stacks for which there is no room are this one, which has nothing in it but ourselves.
static uint32_t put_unknown_stack(void)
{
    uintptr_t frame = (uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0));
    return stack_depot_put(&frame, 1);
}

static void start(void)
{
    recorder.home = heap_of(recorder.heap);
    recorder.frames =
        (uint32_t)number_option("record_frames", RECORD_FRAMES_MAX, RECORD_FRAMES_MAX);
    recorder.interval = number_option("sample_interval", UINT32_MAX, RECORD_INTERVAL);
    recorder.started_ns = os_clock_ns();
    recorder.process_id = os_process_id();
    recorder.unknown_stack = put_unknown_stack();
    set_up_page();
    record_rings_init();
    describe();
    record_watch_end();
    if (recorder.channel != NULL) {
        announce();
        record_ask(CHANNEL_START);
    }
    bool is_exact = recorder.mode == LAYOUT_RECORD_EXACT;
    engine_set_observer(is_exact ? &record_exact_observer : &record_sample_observer);
    engine_set_redirect(is_exact ? &record_exact : &record_sample);
    if (!is_exact) {
        RELAXED_STORE(malloc_other, record_sample_malloc);
    }
}

// The debug heap knows who asked for its blocks: the collector only wants to look at them before
// the end.  Forked children tell it nothing.
static void start_for_debug_heap(int descriptor)
{
    if (!open_channel(descriptor, false)) {
        return;
    }
    recorder.started_ns = os_clock_ns();
    recorder.process_id = os_process_id();
    recorder.name[0] = '\0';
    set_up_page();
    record_watch_end();
    announce();
    record_ask(CHANNEL_START);
}

static bool has_debug_heap(void)
{
    const char *mode = engine_option("mode");
    return mode != NULL && strcmp(mode, "crt") == 0;
}

void malloc_recorder_start(void)
{
    recorder.mode = wanted_mode(); // reads the options, before they are taken out
    int descriptor = record_take_descriptor();
    if (recorder.mode == LAYOUT_RECORD_OFF) {
        if (has_debug_heap()) {
            start_for_debug_heap(descriptor);
        } else {
            refuse(descriptor, CHANNEL_HAS_DEBUG_HEAP);
        }
        return;
    }
    recorder.heap = halde_process_heap();
    if (recorder.heap == NULL || (descriptor >= 0 && !open_channel(descriptor, true))) {
        engine_message("no memory for what is recorded: the program runs without");
        recorder.mode = LAYOUT_RECORD_OFF;
        if (recorder.heap == NULL) { // else the descriptor has been closed
            refuse(descriptor, CHANNEL_HAS_NO_MEMORY);
        }
        return;
    }
    start();
}

// ---- End ----------------------------------------------------------------------------------------

void malloc_recorder_end(uint32_t reason)
{
    if (recorder.channel != NULL) {
        record_ask((enum channel_reason)reason);
    }
}

static void ask_at_exit(void *unused)
{
    (void)unused;
    malloc_recorder_end(CHANNEL_EXIT);
}

static void ask_at_quick_exit(void *unused)
{
    (void)unused;
    malloc_recorder_end(CHANNEL_QUICK_EXIT);
}

// The C++ ABI's ways to be called at the end; without a handle this is later than everything that
// has one, and than the destructors of all libraries.
extern int __cxa_atexit(void (*function)(void *), void *argument, void *handle);
extern int __cxa_at_quick_exit(void (*function)(void *), void *handle) __attribute__((weak));

// The first to be registered is the last to be called.
void record_watch_end(void)
{
    if (__cxa_at_quick_exit != NULL) {
        __cxa_at_quick_exit(ask_at_quick_exit, NULL);
    }
}

__attribute__((destructor)) static void end(void)
{
    if (recorder.channel != NULL) {
        __cxa_atexit(ask_at_exit, NULL, NULL);
    }
}
