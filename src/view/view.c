// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Opening a view: the layout is found, copied and proved.

#include "view/internal.h"

#include "base/bits.h"
#include "os/os.h"

#include <string.h>

enum {
    LINES_MAX = 1 << 20, // 64 GiB of what a process knows of its heaps
    LINES_FRUGAL = 64,
    LINES_CONTENTS = 64,
    SEARCH_PIECE = STORE_LINE_SIZE, // read at a time while looking for the layout
    LAYOUT_SIZE_MAX = STRUCTURE_SIZE_MAX,
    SLICE_SHIFT_MIN = 12,
    SLICE_SHIFT_MAX = 20,
    GRANULE_SHIFT_MIN = 3,
    GRANULE_SHIFT_MAX = 8,
    TABLE_STRUCTURE_MAX = 256, // of struct info_table, whose size is not said
};
static const uint64_t SEARCH_MAX = (uint64_t)256 << 20; // bytes of one range

const char *view_status_text(enum view_status status)
{
    switch (status) {
    case VIEW_OK:
        return "has heaps";
    case VIEW_NO_LAYOUT:
        return "does not use Halde: no heap of it was found";
    case VIEW_NOT_STARTED:
        return "has the Halde library, but has not used it yet";
    case VIEW_OTHER_VERSION:
        return "uses a version of Halde that this tool does not know";
    case VIEW_BAD_LAYOUT:
        return "describes its heaps in a way that contradicts itself";
    case VIEW_NO_MEMORY:
        return "cannot be read: out of memory";
    }
    return "cannot be read";
}

uint64_t view_number(const uint8_t *bytes, struct layout_field field)
{
    uint64_t number = 0;
    if (LIKELY(field.size <= sizeof(number))) {
        memcpy(&number, bytes + field.offset, field.size);
    }
    return number;
}

// ---- Proof ------------------------------------------------------------------------------------

enum structure {
    OF_slice,
    OF_remote,
    OF_thread,
    OF_region,
    OF_heap,
    OF_mixed,
    OF_info_table,
    OF_info_entry,
    STRUCTURE_COUNT,
};

#define STRUCTURE_OF(structure, name) [LAYOUT_FIELD_##structure##_##name] = OF_##structure,
static const uint8_t STRUCTURES[LAYOUT_FIELD_COUNT] = {LAYOUT_FIELDS(STRUCTURE_OF)};

static bool is_between(int64_t value, int64_t least, int64_t most)
{
    return value >= least && value <= most;
}

static bool has_sensible_sizes(const struct view *view)
{
    const int64_t *constants = view->constants;
    return is_between(constants[LAYOUT_CONSTANT_SLICE_SHIFT], SLICE_SHIFT_MIN, SLICE_SHIFT_MAX) &&
           is_between(
               constants[LAYOUT_CONSTANT_GRANULE_SHIFT], GRANULE_SHIFT_MIN, GRANULE_SHIFT_MAX) &&
           is_between(constants[LAYOUT_CONSTANT_SLICE_SIZE_OF], 1, SMALL_STRUCTURE_MAX) &&
           is_between(constants[LAYOUT_CONSTANT_REMOTE_SIZE_OF], 1, SMALL_STRUCTURE_MAX) &&
           is_between(constants[LAYOUT_CONSTANT_THREAD_SIZE_OF], 1, SMALL_STRUCTURE_MAX) &&
           is_between(constants[LAYOUT_CONSTANT_REGION_SIZE_OF], 1, SMALL_STRUCTURE_MAX) &&
           is_between(constants[LAYOUT_CONSTANT_INFO_ENTRY_SIZE_OF], 1, SMALL_STRUCTURE_MAX) &&
           is_between(constants[LAYOUT_CONSTANT_HEAP_SIZE_OF], 1, STRUCTURE_SIZE_MAX);
}

static bool has_sensible_fields(const struct view *view)
{
    const int64_t *constants = view->constants;
    const int64_t sizes[STRUCTURE_COUNT] = {
        [OF_slice] = constants[LAYOUT_CONSTANT_SLICE_SIZE_OF],
        [OF_remote] = constants[LAYOUT_CONSTANT_REMOTE_SIZE_OF],
        [OF_thread] = constants[LAYOUT_CONSTANT_THREAD_SIZE_OF],
        [OF_region] = constants[LAYOUT_CONSTANT_REGION_SIZE_OF],
        [OF_heap] = constants[LAYOUT_CONSTANT_HEAP_SIZE_OF],
        [OF_mixed] = view->fields[LAYOUT_FIELD_heap_mixed].size,
        [OF_info_table] = TABLE_STRUCTURE_MAX,
        [OF_info_entry] = constants[LAYOUT_CONSTANT_INFO_ENTRY_SIZE_OF],
    };
    for (size_t i = 0; i < LAYOUT_FIELD_COUNT; i++) {
        struct layout_field field = view->fields[i];
        if (field.size == 0 || field.offset + field.size > sizes[STRUCTURES[i]]) {
            return false;
        }
    }
    return true;
}

static bool read_here(struct view *view, uint64_t address, void *buffer, size_t size)
{
    return store_read(&view->contents, address, buffer, size);
}

// Where the heaps are does not change while the process lives.
static bool read_places(struct view *view)
{
    uint64_t start = view_variable(view, LAYOUT_VARIABLE_RESERVATION_START);
    uint64_t end = view_variable(view, LAYOUT_VARIABLE_RESERVATION_END);
    uint64_t base = view_variable(view, LAYOUT_VARIABLE_POOL_BASE);
    uint64_t slices = view_variable(view, LAYOUT_VARIABLE_POOL_SLICES);
    view->reservation = (struct view_range){.start = start, .end = end};
    view->pool_base = base;
    view->slices = slices;
    view->remotes = view_variable(view, LAYOUT_VARIABLE_POOL_REMOTES);
    view->slice_shift = (uint32_t)view->constants[LAYOUT_CONSTANT_SLICE_SHIFT];
    view->granule_shift = (uint32_t)view->constants[LAYOUT_CONSTANT_GRANULE_SHIFT];
    view->slice_size_of = (uint32_t)view->constants[LAYOUT_CONSTANT_SLICE_SIZE_OF];
    uint64_t slice_mask = ((uint64_t)1 << view->slice_shift) - 1;
    return start < end && base >= start && base < end && (base & slice_mask) == 0 &&
           slices > base && slices < end && view->remotes > base && view->remotes < end;
}

// ---- The layout -------------------------------------------------------------------------------

// Copies the items of a list that both sides know.
static bool copy_list(const uint8_t *layout, uint32_t size, uint32_t offset, uint32_t count,
    void *items, size_t known_count, size_t item_size)
{
    if (count > ITEM_COUNT_MAX || count < known_count || offset > size ||
        count * item_size > size - offset) {
        return false;
    }
    memcpy(items, layout + offset, known_count * item_size);
    return true;
}

static enum view_status take_layout(struct view *view, uint64_t address, const struct layout *head)
{
    uint8_t *bytes = view->scratch;
    uint32_t size = head->size;
    if (size < sizeof(*head) - sizeof(head->variables) - sizeof(head->constants) -
                   sizeof(head->fields) ||
        size > LAYOUT_SIZE_MAX || !read_here(view, address, bytes, size)) {
        return VIEW_BAD_LAYOUT;
    }
    if (!copy_list(bytes, size, head->variables_offset, head->variable_count, view->variables,
            LAYOUT_VARIABLE_COUNT, sizeof(view->variables[0])) ||
        !copy_list(bytes, size, head->constants_offset, head->constant_count, view->constants,
            LAYOUT_CONSTANT_COUNT, sizeof(view->constants[0])) ||
        !copy_list(bytes, size, head->fields_offset, head->field_count, view->fields,
            LAYOUT_FIELD_COUNT, sizeof(view->fields[0]))) {
        return VIEW_BAD_LAYOUT;
    }
    memcpy(view->library_version, head->library_version, sizeof(view->library_version));
    view->library_version[sizeof(view->library_version) - 1] = '\0';
    if (!has_sensible_sizes(view) || !has_sensible_fields(view) || !read_places(view)) {
        return VIEW_BAD_LAYOUT;
    }
    view->layout_address = address;
    view_read_extensions(view, (uint64_t)(uintptr_t)head->extensions);
    return VIEW_OK;
}

// Whether a layout begins at an address, and if so, whether it can be used.
static enum view_status try_layout(struct view *view, uint64_t address)
{
    struct layout head;
    size_t head_size = offsetof(struct layout, variables);
    if (!read_here(view, address, &head, head_size) ||
        memcmp(head.magic, LAYOUT_MAGIC, sizeof(head.magic)) != 0) {
        return VIEW_NO_LAYOUT;
    }
    if (head.self == 0) {
        return VIEW_NOT_STARTED;
    }
    if (head.self != address) {
        return VIEW_NO_LAYOUT; // a copy of one: a buffer that somebody read it into
    }
    if (head.version != LAYOUT_VERSION) {
        return VIEW_OTHER_VERSION;
    }
    return take_layout(view, address, &head);
}

// What says most about a process that has several candidates.
static enum view_status better(enum view_status a, enum view_status b)
{
    static const uint8_t WORTH[] = {
        [VIEW_OK] = 5,
        [VIEW_OTHER_VERSION] = 4,
        [VIEW_BAD_LAYOUT] = 3,
        [VIEW_NOT_STARTED] = 2,
        [VIEW_NO_LAYOUT] = 1,
        [VIEW_NO_MEMORY] = 0,
    };
    return WORTH[b] > WORTH[a] ? b : a;
}

static enum view_status search_piece(
    struct view *view, const uint8_t *piece, uint64_t address, size_t size)
{
    enum view_status status = VIEW_NO_LAYOUT;
    for (size_t i = 0; i + LAYOUT_ALIGNMENT <= size && status != VIEW_OK; i += LAYOUT_ALIGNMENT) {
        if (piece[i] == LAYOUT_MAGIC[0] && memcmp(piece + i, LAYOUT_MAGIC, 16) == 0) {
            status = better(status, try_layout(view, address + i));
        }
    }
    return status;
}

// Page by page where a larger piece cannot be read.
static enum view_status search_range(struct view *view, struct view_range range)
{
    enum view_status status = VIEW_NO_LAYOUT;
    uint64_t address = bits_round_up(range.start, LAYOUT_ALIGNMENT);
    uint64_t end = range.end;
    if (end > address && end - address > SEARCH_MAX) {
        end = address + SEARCH_MAX;
    }
    uint8_t *piece = view->span.states; // nobody has a span in hand yet
    const size_t page = (size_t)1 << STORE_PAGE_SHIFT;
    while (address < end && status != VIEW_OK) {
        uint64_t next = bits_round_down(address, page) + page;
        next = next > end || next < address ? end : next;
        size_t size = (size_t)(next - address);
        if (read_here(view, address, piece, size)) {
            status = better(status, search_piece(view, piece, address, size));
        }
        address = next;
    }
    return status;
}

static enum view_status search(struct view *view, const struct view_source *source)
{
    if (source->layout_address != 0 && try_layout(view, source->layout_address) == VIEW_OK) {
        return VIEW_OK;
    }
    enum view_status status = VIEW_NO_LAYOUT;
    for (size_t i = 0; i < source->range_count && status != VIEW_OK; i++) {
        status = better(status, search_range(view, source->ranges[i]));
    }
    return status;
}

// ---- Open -------------------------------------------------------------------------------------

static struct view *take_memory(void)
{
    size_t size = bits_round_up(sizeof(struct view), os_page_size());
    struct view *view = os_reserve(size);
    if (view == NULL) {
        return NULL;
    }
    if (os_commit(view, size, false) != 0) {
        os_unreserve(view, size);
        return NULL;
    }
    view->memory_size = size;
    return view;
}

static bool init_stores(struct view *view, const struct view_source *source)
{
    uint32_t lines = source->is_frugal ? LINES_FRUGAL : LINES_MAX;
    if (!store_init(&view->store, source->read, source->context, lines) ||
        !store_init(&view->contents, source->read, source->context, LINES_CONTENTS)) {
        return false;
    }
    view->store.reads_pages = source->is_frugal;
    view->store.starts_over = source->is_frugal;
    view->contents.starts_over = true;
    view->contents.reads_pages = source->is_frugal;
    return true;
}

enum view_status view_open(struct view **view, const struct view_source *source)
{
    struct view *opened = take_memory();
    if (opened == NULL) {
        return VIEW_NO_MEMORY;
    }
    enum view_status status = VIEW_NO_MEMORY;
    opened->read_many = source->read_many;
    if (init_stores(opened, source)) {
        status = search(opened, source);
    }
    if (status != VIEW_OK) {
        view_close(opened);
        return status;
    }
    view_forget(opened);
    *view = opened;
    return VIEW_OK;
}

void view_close(struct view *view)
{
    if (view != NULL) {
        store_release(&view->store);
        store_release(&view->contents);
        os_unreserve(view, view->memory_size);
    }
}

void view_forget(struct view *view)
{
    store_clear(&view->store);
    store_clear(&view->contents);
    view_forget_walk(view);
    view->has_pool_slices = false;
    view->has_debug_handle = false;
    view->depot.is_read = false;
}

// ---- Questions --------------------------------------------------------------------------------

uint64_t view_layout_address(const struct view *view)
{
    return view->layout_address;
}

const char *view_library_version(const struct view *view)
{
    return view->library_version;
}

uint64_t view_read_size(const struct view *view)
{
    return view->store.read_size + view->contents.read_size;
}

struct view_range view_reservation(const struct view *view)
{
    return view->reservation;
}

int64_t view_constant(const struct view *view, enum layout_constant constant)
{
    return view->constants[constant];
}

uint64_t view_variable(struct view *view, enum layout_variable variable)
{
    bool is_short =
        variable == LAYOUT_VARIABLE_THREAD_COUNT || variable == LAYOUT_VARIABLE_POOL_MUTEX ||
        variable == LAYOUT_VARIABLE_AREA_MUTEX || variable == LAYOUT_VARIABLE_METADATA_MUTEX ||
        variable == LAYOUT_VARIABLE_REGISTRY_MUTEX;
    uint64_t value = 0;
    size_t size = is_short ? sizeof(uint32_t) : sizeof(uint64_t);
    return store_read(&view->store, view->variables[variable], &value, size) ? value : 0;
}

uint32_t view_pool_slices(struct view *view)
{
    if (!view->has_pool_slices) {
        uint64_t size = view_variable(view, LAYOUT_VARIABLE_POOL_COMMITTED);
        uint64_t most = view->reservation.end - view->pool_base;
        uint64_t count = (size < most ? size : most) >> view->slice_shift;
        view->pool_slices = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
        view->has_pool_slices = true;
    }
    return view->pool_slices;
}

struct view_range view_pool(struct view *view)
{
    return (struct view_range){view->pool_base, view_slice_address(view, view_pool_slices(view))};
}

bool view_is_metadata(struct view *view, uint64_t address, uint64_t size)
{
    uint64_t start = view->pool_base + ((uint64_t)view_pool_slices(view) << view->slice_shift);
    return address >= start && address < view->reservation.end &&
           size <= view->reservation.end - address;
}

bool view_read_contents(struct view *view, uint64_t address, void *buffer, size_t size)
{
    return store_read(&view->contents, address, buffer, size);
}

bool view_read_known(struct view *view, uint64_t address, void *buffer, size_t size)
{
    return store_read(&view->store, address, buffer, size);
}
