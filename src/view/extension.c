// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What layers above the engine know of a block: user info, the debug heap, the recorder, stacks.

#include "view/internal.h"

#include <string.h>

enum {
    EXTENSIONS_MAX = 16,
    PROBES_MAX = 4096,     // of the user info table, which is at most half full
    ORIGIN_SIZE_MAX = 256, // bytes
    HANDLE_SIZE_MAX = 256, // bytes of an entry
};

// ---- The list ---------------------------------------------------------------------------------

// Copies what both sides know of an extension; the rest is 0.
static void take_extension(struct view *view, uint64_t address, uint32_t size, void *to,
    size_t known_size, const char *name, uint32_t version)
{
    struct layout_extension *head = to;
    char padded[sizeof(head->name)] = {0};
    memcpy(padded, name, strlen(name));
    uint8_t bytes[256] = {0};
    size_t wanted = size < known_size ? size : known_size;
    if (head->size != 0 || wanted > sizeof(bytes) ||
        !store_read(&view->contents, address, bytes, wanted)) {
        return;
    }
    struct layout_extension found;
    memcpy(&found, bytes, sizeof(found));
    if (memcmp(found.name, padded, sizeof(padded)) == 0 && found.version == version) {
        memcpy(to, bytes, known_size);
        head->size = (uint32_t)wanted;
    }
}

void view_read_extensions(struct view *view, uint64_t first)
{
    struct layout_extension head;
    static_assert(sizeof(view->debug) <= 256, "an extension fits");
    memset(&view->stacks, 0, sizeof(view->stacks));
    memset(&view->debug, 0, sizeof(view->debug));
    memset(&view->recorder, 0, sizeof(view->recorder));
    memset(&view->handles, 0, sizeof(view->handles));
    uint64_t address = first;
    for (int i = 0; i < EXTENSIONS_MAX && address != 0; i++) {
        if (!store_read(&view->contents, address, &head, sizeof(head)) ||
            head.size < sizeof(head)) {
            return;
        }
        take_extension(
            view, address, head.size, &view->stacks, sizeof(view->stacks), LAYOUT_STACKS, 1);
        take_extension(view, address, head.size, &view->debug, sizeof(view->debug),
            LAYOUT_DEBUG_HEAP, LAYOUT_DEBUG_HEAP_VERSION);
        take_extension(
            view, address, head.size, &view->recorder, sizeof(view->recorder), LAYOUT_RECORDER, 1);
        take_extension(
            view, address, head.size, &view->handles, sizeof(view->handles), LAYOUT_HANDLES, 1);
        address = (uint64_t)(uintptr_t)head.next;
    }
}

// ---- User info --------------------------------------------------------------------------------

struct info_table {
    uint64_t entries;
    uint64_t entry_size;
    uint32_t capacity; // power of two
    uint32_t count;
};

static bool read_info_table(
    struct view *view, const struct view_heap *heap, struct info_table *table)
{
    uint8_t bytes[256]; // the fields were proved to lie within
    if (heap->info == 0 || !view_is_metadata(view, heap->info, 1)) {
        return false;
    }
    size_t size = 0;
    static const uint8_t FIELDS[] = {LAYOUT_FIELD_info_table_entries,
        LAYOUT_FIELD_info_table_capacity, LAYOUT_FIELD_info_table_count};
    for (size_t i = 0; i < sizeof(FIELDS); i++) {
        struct layout_field field = view->fields[FIELDS[i]];
        size_t end = (size_t)field.offset + field.size;
        size = end > size ? end : size;
    }
    if (!store_read(&view->store, heap->info, bytes, size)) {
        return false;
    }
    table->entries = view_field(view, bytes, LAYOUT_FIELD_info_table_entries);
    table->capacity = (uint32_t)view_field(view, bytes, LAYOUT_FIELD_info_table_capacity);
    table->count = (uint32_t)view_field(view, bytes, LAYOUT_FIELD_info_table_count);
    table->entry_size = (uint64_t)view->constants[LAYOUT_CONSTANT_INFO_ENTRY_SIZE_OF];
    return table->capacity != 0 && (table->capacity & (table->capacity - 1)) == 0 &&
           view_is_metadata(view, table->entries, table->capacity * table->entry_size);
}

bool view_user_info_count(struct view *view, const struct view_heap *heap, uint32_t *count)
{
    struct info_table table;
    if (!read_info_table(view, heap, &table)) {
        return false;
    }
    *count = table.count;
    return true;
}

bool view_fetch_user_info(struct view *view, const struct view_heap *heap)
{
    struct info_table table;
    return !read_info_table(view, heap, &table) ||
           store_touch(&view->store, table.entries, table.capacity * table.entry_size);
}

// The table's hash, which belongs to this version of the layout.
static uint32_t home_of(const struct view *view, const struct info_table *table, uint64_t block)
{
    uint64_t hash = (block >> view->granule_shift) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> 32) & (table->capacity - 1);
}

// Reads the element's entry of the table. False: it has none.
static bool read_info_entry(struct view *view, const struct view_heap *heap,
    const struct view_element *element, uint8_t bytes[SMALL_STRUCTURE_MAX])
{
    struct info_table table;
    if (element->kind != VIEW_BUSY || !element->has_info || !read_info_table(view, heap, &table)) {
        return false;
    }
    uint32_t place = home_of(view, &table, element->start);
    for (uint32_t i = 0; i < PROBES_MAX && i < table.capacity; i++) {
        if (!store_read(&view->store, table.entries + place * table.entry_size, bytes,
                (size_t)table.entry_size)) {
            return false;
        }
        uint64_t block = view_field(view, bytes, LAYOUT_FIELD_info_entry_block);
        if (block == 0) {
            return false;
        }
        if (block == element->start) {
            return true;
        }
        place = (place + 1) & (table.capacity - 1);
    }
    return false;
}

// Both kinds of what an entry holds: a word, then 32 bits.
static struct view_user_info read_pair(const uint8_t *bytes, struct layout_field field)
{
    struct view_user_info pair;
    memcpy(&pair.value, bytes + field.offset, sizeof(pair.value));
    memcpy(&pair.flags, bytes + field.offset + sizeof(pair.value), sizeof(pair.flags));
    return pair;
}

bool view_user_info(struct view *view, const struct view_heap *heap,
    const struct view_element *element, struct view_user_info *info)
{
    uint8_t bytes[SMALL_STRUCTURE_MAX];
    if (!read_info_entry(view, heap, element, bytes) ||
        view_field(view, bytes, LAYOUT_FIELD_info_entry_has_info) == 0) {
        return false;
    }
    *info = read_pair(bytes, view->fields[LAYOUT_FIELD_info_entry_info]);
    return true;
}

// ---- Side records -----------------------------------------------------------------------------

// Reads an element's side record: `record_size` bytes of the heap.
static bool read_record(struct view *view, const struct view_heap *heap,
    const struct view_element *element, uint8_t bytes[SMALL_STRUCTURE_MAX])
{
    return element->kind == VIEW_BUSY && element->record != 0 && heap->record_size > 0 &&
           view_is_metadata(view, element->record, heap->record_size) &&
           store_read(&view->store, element->record, bytes, heap->record_size);
}

static bool is_inside(struct layout_field field, uint32_t record_size)
{
    return field.size > 0 && field.size <= sizeof(uint64_t) &&
           field.offset + (uint32_t)field.size <= record_size;
}

uint64_t view_debug_heap(struct view *view)
{
    if (!view->has_debug_handle) {
        view->debug_handle = 0;
        if (view->debug.extension.size != 0 &&
            !store_read(&view->contents, view->debug.heap, &view->debug_handle,
                sizeof(view->debug_handle))) {
            view->debug_handle = 0;
        }
        view->has_debug_handle = true;
    }
    return view->debug_handle;
}

static bool has_debug_fields(const struct view *view, uint32_t record_size)
{
    const struct layout_debug_heap *debug = &view->debug;
    return is_inside(debug->number_low, record_size) && is_inside(debug->stack, record_size) &&
           is_inside(debug->thread_and_number, record_size) &&
           is_inside(debug->origin_word, record_size) && is_inside(debug->state, record_size) &&
           debug->thread_bits < 32 && debug->origin_bits < 32;
}

static bool take_debug_state(const struct view *view, uint32_t value, enum view_debug_state *state)
{
    const struct layout_debug_heap *debug = &view->debug;
    const uint32_t values[] = {
        [VIEW_DEBUG_LIVE] = debug->state_live,
        [VIEW_DEBUG_IGNORED] = debug->state_ignored,
        [VIEW_DEBUG_DELAYED] = debug->state_delayed,
        [VIEW_DEBUG_QUARANTINED] = debug->state_quarantined,
    };
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (value == values[i]) {
            *state = (enum view_debug_state)i;
            return true;
        }
    }
    return false;
}

static bool has_origin_fields(const struct layout_debug_heap *debug)
{
    const uint32_t size = debug->origin_size;
    return size <= ORIGIN_SIZE_MAX && is_inside(debug->origin_file, size) &&
           is_inside(debug->origin_copy, size) && is_inside(debug->origin_line, size) &&
           is_inside(debug->origin_use, size) && is_inside(debug->origin_shift, size) &&
           is_inside(debug->origin_offset, size) && is_inside(debug->origin_is_inner, size);
}

// Reads an origin's entry.
static bool read_origin(struct view *view, uint64_t number, uint8_t bytes[ORIGIN_SIZE_MAX])
{
    const struct layout_debug_heap *debug = &view->debug;
    uint64_t origins = 0;
    return number != 0 && number < debug->origin_count && has_origin_fields(debug) &&
           store_read(&view->contents, debug->origins, &origins, sizeof(origins)) && origins != 0 &&
           store_read(
               &view->contents, origins + number * debug->origin_size, bytes, debug->origin_size);
}

// Where the inner data starts, from the user data on, and how large it is: crtdbg/record.h says
// what comes before it.  A size of 0 where the numbers contradict each other.
static void take_inner(struct view_debug_block *block, uint64_t alignment, uint64_t offset)
{
    const uint64_t word = sizeof(uint64_t);
    const uint64_t overhead = (0 - offset) % word + alignment - 1 + 2 * word;
    const uint64_t aligned = (block->outer + overhead + offset) & ~(alignment - 1);
    block->inner = (uint32_t)(aligned - offset - block->outer);
    block->size = block->outer_size > overhead ? block->outer_size - overhead : 0;
}

// What the origin says about the block: where it was asked for, its type, its parts.
static void take_origin(struct view *view, const uint8_t *bytes, const struct view_element *element,
    struct view_debug_block *block)
{
    const struct layout_debug_heap *debug = &view->debug;
    const uint32_t use = (uint32_t)view_number(bytes, debug->origin_use);
    const uint64_t shift = view_number(bytes, debug->origin_shift);
    const uint64_t alignment = (uint64_t)1 << (shift < 32 ? shift : 0);
    const bool is_inner = view_number(bytes, debug->origin_is_inner) != 0;
    block->file = view_number(bytes, debug->origin_file);
    block->file_copy = view_number(bytes, debug->origin_copy);
    block->line = (int32_t)(uint32_t)view_number(bytes, debug->origin_line);
    block->type = block->state == VIEW_DEBUG_DELAYED ? 0 : (uint16_t)use;
    block->subtype = block->state == VIEW_DEBUG_DELAYED ? 0 : (uint16_t)(use >> 16);
    block->front = is_inner ? debug->front_gap_size : (uint32_t)alignment;
    block->outer = element->start + block->front;
    const uint64_t gaps = (uint64_t)block->front + debug->tail_gap_size;
    block->outer_size = element->user_size > gaps ? element->user_size - gaps : 0;
    block->size = block->outer_size;
    // A block that was freed and kept is filled as a whole.
    if (is_inner && (block->state == VIEW_DEBUG_LIVE || block->state == VIEW_DEBUG_IGNORED)) {
        take_inner(block, alignment, view_number(bytes, debug->origin_offset));
    }
    block->address = block->outer + block->inner;
}

// The user's data lies within the engine's block.
static bool is_sound_debug(const struct view_debug_block *block, const struct view_element *element)
{
    uint64_t capacity = element->end - element->start;
    return block->front <= capacity && block->outer_size <= capacity - block->front &&
           block->inner <= block->outer_size &&
           (block->inner == 0 || block->size <= block->outer_size - block->inner);
}

/*
 * A thread may have been stopped in a section of the debug heap (crtdbg/section.h), where it is not
 * inside the engine: then a block may be half made, half resized or half freed, and view_is_quiet()
 * does not know.  That does no harm:
 *
 * - Whatever changes a block sets its state to "none" before it touches the record or fills a byte,
 *   and to another value when all is done (debug_block.c: make, claim, debug_block_leave).  A
 *   stopped thread's stores are seen in that order.  So it is no debug block here, its patterns are
 *   not checked, and it counts as a plain busy block, as the engine has it.
 * - What is done after the state is set does not contradict it: the type of a delayed block, the
 *   number of one that has just been ignored.
 * - The thread has the block's address in its registers or on its stack, so a search for leaks
 *   finds it in use.
 * - Totals, queues of the quarantine and slots are nothing that is read from outside.
 */
bool view_debug_block(struct view *view, const struct view_heap *heap,
    const struct view_element *element, struct view_debug_block *block)
{
    uint8_t bytes[SMALL_STRUCTURE_MAX];
    const struct layout_debug_heap *debug = &view->debug;
    if (!heap->is_debug_heap || !read_record(view, heap, element, bytes) ||
        !has_debug_fields(view, heap->record_size)) {
        return false;
    }
    enum view_debug_state state = VIEW_DEBUG_LIVE;
    if (!take_debug_state(view, (uint32_t)view_number(bytes, debug->state), &state)) {
        return false;
    }
    const uint64_t thread_and_number = view_number(bytes, debug->thread_and_number);
    *block = (struct view_debug_block){
        .state = state,
        .number = view_number(bytes, debug->number_low) | thread_and_number >> debug->thread_bits
                                                                                   << 32,
        .thread_id = (uint32_t)(thread_and_number & ((1u << debug->thread_bits) - 1)),
        .stack = (uint32_t)view_number(bytes, debug->stack),
    };
    const uint64_t origin =
        view_number(bytes, debug->origin_word) & ((1u << debug->origin_bits) - 1);
    uint8_t entry[ORIGIN_SIZE_MAX];
    if (!read_origin(view, origin, entry)) {
        return false;
    }
    take_origin(view, entry, element, block);
    return is_sound_debug(block, element);
}

bool view_debug_fills(const struct view *view, struct view_debug_fills *fills)
{
    const struct layout_debug_heap *debug = &view->debug;
    *fills = (struct view_debug_fills){
        .freed = (uint8_t)debug->fill_freed,
        .gap = (uint8_t)debug->fill_gap,
        .aligned = (uint8_t)debug->fill_aligned,
        .tail_checked_max = debug->tail_checked_max,
    };
    return debug->extension.size == sizeof(*debug);
}

// ---- The recorder -----------------------------------------------------------------------------

void view_recorder(const struct view *view, struct view_recorder *recorder)
{
    uint32_t mode = view->recorder.extension.size == 0 ? LAYOUT_RECORD_OFF : view->recorder.mode;
    *recorder = (struct view_recorder){
        .mode = mode == LAYOUT_RECORD_SAMPLE  ? LAYOUT_RECORD_SAMPLE
                : mode == LAYOUT_RECORD_EXACT ? LAYOUT_RECORD_EXACT
                                              : LAYOUT_RECORD_OFF,
        .sample_interval = view->recorder.sample_interval,
        .started_ns = view->recorder.started_ns,
    };
}

static bool read_exact(struct view *view, const struct view_heap *heap,
    const struct view_element *element, struct view_record *record)
{
    uint8_t bytes[SMALL_STRUCTURE_MAX];
    const struct layout_recorder *recorder = &view->recorder;
    if (!is_inside(recorder->stack, heap->record_size) ||
        !is_inside(recorder->thread_id, heap->record_size) ||
        !is_inside(recorder->time_ns, heap->record_size) ||
        !read_record(view, heap, element, bytes)) {
        return false;
    }
    *record = (struct view_record){
        .stack = (uint32_t)view_number(bytes, recorder->stack),
        .thread_id = (uint32_t)view_number(bytes, recorder->thread_id),
        .time_ns = view_number(bytes, recorder->time_ns),
    };
    return record->stack != 0 || record->thread_id != 0;
}

static bool read_sample(struct view *view, const struct view_heap *heap,
    const struct view_element *element, struct view_record *record)
{
    uint8_t bytes[SMALL_STRUCTURE_MAX];
    if (!read_info_entry(view, heap, element, bytes)) {
        return false;
    }
    struct view_user_info note = read_pair(bytes, view->fields[LAYOUT_FIELD_info_entry_note]);
    *record = (struct view_record){
        .stack = (uint32_t)note.value,
        .thread_id = (uint32_t)(note.value >> 32),
        .weight = note.flags,
    };
    return record->weight != 0;
}

bool view_record(struct view *view, const struct view_heap *heap,
    const struct view_element *element, struct view_record *record)
{
    struct view_recorder recorder;
    view_recorder(view, &recorder);
    if (!heap->is_observed) {
        return false;
    }
    switch (recorder.mode) {
    case LAYOUT_RECORD_EXACT:
        return read_exact(view, heap, element, record);
    case LAYOUT_RECORD_SAMPLE:
        return read_sample(view, heap, element, record);
    case LAYOUT_RECORD_OFF:
        break;
    }
    return false;
}

// ---- Movable objects ----------------------------------------------------------------------------

// A word of an entry that can be one.
static bool is_word(struct layout_field field, uint32_t entry_size)
{
    return field.size == sizeof(uint64_t) && field.offset % sizeof(uint64_t) == 0 &&
           is_inside(field, entry_size);
}

bool view_handle_table(struct view *view, struct view_handle_table *table)
{
    const struct layout_handles *handles = &view->handles;
    uint64_t fresh = 0;
    if (handles->extension.size != sizeof(*handles) || handles->entry_count > VIEW_HANDLES_MAX ||
        handles->entry_size > HANDLE_SIZE_MAX || handles->entries % sizeof(uint64_t) != 0 ||
        handles->entry_size % sizeof(uint64_t) != 0 ||
        handles->entries > UINT64_MAX - (uint64_t)VIEW_HANDLES_MAX * HANDLE_SIZE_MAX ||
        !is_word(handles->flags, handles->entry_size) ||
        !is_word(handles->data, handles->entry_size) ||
        !store_read(&view->contents, handles->fresh, &fresh, sizeof(fresh))) {
        return false;
    }
    const bool is_sound = fresh <= handles->entry_count;
    *table = (struct view_handle_table){
        .start = handles->entries,
        .count = is_sound ? (uint32_t)fresh : handles->entry_count,
        .entry_size = handles->entry_size,
    };
    return table->count > 0;
}

bool view_handle(struct view *view, const struct view_handle_table *table, uint32_t number,
    uint64_t *handle, uint64_t *data)
{
    uint8_t bytes[HANDLE_SIZE_MAX];
    const struct layout_handles *handles = &view->handles;
    const uint64_t entry = table->start + (uint64_t)number * table->entry_size;
    if (number >= table->count || !store_read(&view->contents, entry, bytes, handles->entry_size) ||
        (view_number(bytes, handles->flags) & handles->flag_in_use) == 0) {
        return false;
    }
    *handle = entry + handles->data.offset;
    *data = view_number(bytes, handles->data);
    return *data != 0;
}

// ---- Stacks -----------------------------------------------------------------------------------

// The header of a depot: unwind/stack_depot.h tells its format.
struct depot_header {
    char magic[8];
    uint32_t version, header_size;
    uint64_t limit, buckets_offset, bucket_count, entries_offset;
    uint32_t entry_header_size, frame_size, number_shift, is_full;
    uint64_t used, stack_count;
};

struct depot_entry {
    uint32_t next, hash, frame_count, self;
};

static void read_depot(struct view *view)
{
    struct depot *depot = &view->depot;
    struct depot_header header;
    *depot = (struct depot){.is_read = true};
    uint64_t address = 0;
    bool is_there = view->stacks.extension.size != 0 &&
                    store_read(&view->contents, view->stacks.depot, &address, sizeof(address)) &&
                    address != 0 && store_read(&view->store, address, &header, sizeof(header));
    if (!is_there || memcmp(header.magic, "HaldeStk", sizeof(header.magic)) != 0 ||
        header.version != 1 || header.frame_size != sizeof(uint64_t) || header.number_shift > 16 ||
        header.entry_header_size < sizeof(struct depot_entry) ||
        header.used > UINT64_MAX - address) {
        return;
    }
    depot->address = address;
    depot->entries_offset = header.entries_offset;
    depot->used = header.used;
    depot->entry_header_size = header.entry_header_size;
    depot->number_shift = header.number_shift;
}

size_t view_stack(struct view *view, uint32_t number, uint64_t *frames, size_t capacity)
{
    struct depot *depot = &view->depot;
    struct depot_entry entry;
    if (!depot->is_read) {
        read_depot(view);
    }
    uint64_t offset = (uint64_t)number << depot->number_shift;
    if (number == 0 || depot->address == 0 || offset < depot->entries_offset ||
        offset >= depot->used || depot->used - offset < depot->entry_header_size ||
        !store_read(&view->store, depot->address + offset, &entry, sizeof(entry)) ||
        entry.self != number) {
        return 0;
    }
    uint64_t room = (depot->used - offset - depot->entry_header_size) / sizeof(frames[0]);
    size_t count = entry.frame_count < VIEW_FRAMES_MAX ? entry.frame_count : VIEW_FRAMES_MAX;
    count = count < room ? count : (size_t)room;
    count = count < capacity ? count : capacity;
    uint64_t first = depot->address + offset + depot->entry_header_size;
    return store_read(&view->store, first, frames, count * sizeof(frames[0])) ? count : 0;
}
