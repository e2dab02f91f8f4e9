// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "image/heaps.h"

#include "image/heaps_internal.h"
#include "image/resident.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FILE_NAME_MAX = 4096,
    DAMAGES_MAX = 10000,
};
static const uint64_t OTHER_RANGE_MAX = (uint64_t)64 << 20;

// ---- Open -------------------------------------------------------------------------------------

static bool read_image(void *context, uint64_t address, void *buffer, size_t size)
{
    return image_read(context, address, buffer, size) == size;
}

static void read_image_pieces(void *context, struct view_piece *pieces, size_t count)
{
    const struct image *image = context;
    image->read_many(image->reader, pieces, count);
}

// Whether the library's data may be there. `is_strict`: where it is as a rule.
static bool may_have_layout(
    const struct image *image, const struct image_mapping *mapping, bool is_strict)
{
    bool is_data = mapping->is_readable && mapping->is_writable && !mapping->is_shared;
    bool is_file = image_string(image, mapping->path)[0] == '/';
    return is_data &&
           (is_strict ? is_file : !is_file && mapping->end - mapping->start <= OTHER_RANGE_MAX);
}

// Those of the library itself first: then nothing else is read.
static bool comes_first(const struct image *image, const struct image_mapping *mapping)
{
    return strstr(image_string(image, mapping->path), "libhalde") != NULL;
}

static size_t collect_ranges(const struct image *image, bool is_strict, struct view_range *ranges)
{
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < image->mapping_count; i++) {
            const struct image_mapping *mapping = &image->mappings[i];
            if (may_have_layout(image, mapping, is_strict) &&
                comes_first(image, mapping) == (pass == 0)) {
                ranges[count++] = (struct view_range){.start = mapping->start, .end = mapping->end};
            }
        }
    }
    return count;
}

static enum view_status open_view(struct image *image, bool is_strict, struct view **view)
{
    struct view_range *ranges = calloc(image->mapping_count + 1, sizeof(*ranges));
    if (ranges == NULL) {
        return VIEW_NO_MEMORY;
    }
    const struct view_source source = {
        .read = read_image,
        .read_many = image->read_many != NULL ? read_image_pieces : NULL,
        .context = image,
        .ranges = ranges,
        .range_count = collect_ranges(image, is_strict, ranges),
    };
    enum view_status status = view_open(view, &source);
    free(ranges);
    return status;
}

struct heaps *heaps_open(struct image *image, enum view_status *status)
{
    struct view *view = NULL;
    *status = open_view(image, true, &view);
    // Some core files do not tell which mappings are those of files.
    if (*status == VIEW_NO_LAYOUT && image->source == IMAGE_CORE) {
        *status = open_view(image, false, &view);
    }
    if (*status != VIEW_OK) {
        return NULL;
    }
    struct heaps *heaps = calloc(1, sizeof(*heaps));
    if (heaps == NULL) {
        view_close(view);
        *status = VIEW_NO_MEMORY;
        return NULL;
    }
    heaps->image = image;
    heaps->view = view;
    return heaps;
}

void heaps_close(struct heaps *heaps)
{
    if (heaps != NULL) {
        view_close(heaps->view);
        numbers_release(&heaps->stacks);
        numbers_release(&heaps->files);
        numbers_release(&heaps->threads);
        free(heaps);
    }
}

const struct view *heaps_view(const struct heaps *heaps)
{
    return heaps->view;
}

// ---- Fetch ------------------------------------------------------------------------------------

void heaps_prepare(struct heaps *heaps)
{
    view_prepare(heaps->view);
}

bool heaps_is_quiet(void *context)
{
    return view_is_quiet(((struct heaps *)context)->view);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Which thread has which record, for those that hold a heap's lock.  A thread keeps its record as
// long as it lives, so this may be read when the process runs again.
static void note_threads(struct heaps *heaps)
{
    struct view_heap heap;
    bool is_locked = false;
    for (bool is_heap = view_heap_first(heaps->view, &heap); is_heap && !is_locked;
         is_heap = view_heap_next(heaps->view, &heap)) {
        is_locked = heap.lock_owner != 0;
    }
    for (size_t i = 0; is_locked && i < heaps->image->thread_count; i++) {
        const struct image_thread *thread = &heaps->image->threads[i];
        uint64_t record = view_thread_record(heaps->view, thread->thread_pointer);
        uint32_t known;
        if (record != 0 && !numbers_find(&heaps->threads, record, &known)) {
            numbers_add(&heaps->threads, record, thread->id);
        }
    }
}

bool heaps_fetch(struct heaps *heaps)
{
    heaps->is_quiet = view_is_quiet(heaps->view);
    heaps->fetched_ns = now_ns();
    return view_fetch(heaps->view);
}

void heaps_content_ranges(const struct heaps *heaps, struct view_range ranges[2])
{
    ranges[0] = (struct view_range){0, view_pool(heaps->view).end};
    ranges[1] = (struct view_range){view_reservation(heaps->view).end, UINT64_MAX};
}

// ---- Stacks, files ----------------------------------------------------------------------------

static uint32_t image_stack_of(struct heaps *heaps, uint32_t depot_number)
{
    uint32_t stack = 0;
    if (depot_number == 0 || numbers_find(&heaps->stacks, depot_number, &stack)) {
        return stack;
    }
    uint64_t frames[VIEW_FRAMES_MAX];
    size_t count = view_stack(heaps->view, depot_number, frames, VIEW_FRAMES_MAX);
    stack = image_add_stack(heaps->image, frames, count);
    if (!numbers_add(&heaps->stacks, depot_number, stack)) {
        heaps->is_out_of_memory = true;
    }
    return stack;
}

// Text at an address, which may end near the end of what can be read. False: there is none.
static bool read_text(struct heaps *heaps, uint64_t address, char text[FILE_NAME_MAX])
{
    size_t length = 0;
    while (address != 0 && length < FILE_NAME_MAX) {
        char c;
        if (!view_read_contents(heaps->view, address + length, &c, 1)) {
            return false;
        }
        text[length++] = c;
        if (c == '\0') {
            return length > 1;
        }
    }
    return false;
}

static uint32_t file_of(struct heaps *heaps, const struct view_debug_block *block)
{
    uint64_t address = block->file_copy != 0 ? block->file_copy : block->file;
    uint32_t file = 0;
    if (address == 0 || numbers_find(&heaps->files, address, &file)) {
        return file;
    }
    char text[FILE_NAME_MAX];
    if (read_text(heaps, address, text)) {
        file = image_add_string(heaps->image, text);
    }
    if (!numbers_add(&heaps->files, address, file)) {
        heaps->is_out_of_memory = true;
    }
    return file;
}

// ---- Blocks -----------------------------------------------------------------------------------

static uint8_t place_flags(enum view_place place)
{
    switch (place) {
    case VIEW_IN_SPAN:
        return IMAGE_BLOCK_IN_SPAN;
    case VIEW_IN_MIXED:
        return IMAGE_BLOCK_IN_MIXED;
    case VIEW_LARGE_INSIDE:
    case VIEW_LARGE_ALONE:
        return IMAGE_BLOCK_LARGE;
    case VIEW_NOWHERE:
        break;
    }
    return 0;
}

static uint8_t kind_of(enum view_kind kind)
{
    switch (kind) {
    case VIEW_BUSY:
        return IMAGE_BUSY;
    case VIEW_CACHED:
        return IMAGE_CACHED;
    case VIEW_UNCOMMITTED:
        return IMAGE_UNCOMMITTED;
    case VIEW_FREE:
    case VIEW_REGION:
        break;
    }
    return IMAGE_FREE;
}

static uint32_t bytes_32(uint64_t size)
{
    return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

static void fill_debug(struct heaps *heaps, const struct view_element *element,
    const struct view_debug_block *debug, struct image_block *block, struct image_detail *detail)
{
    bool is_freed = debug->state == VIEW_DEBUG_DELAYED || debug->state == VIEW_DEBUG_QUARANTINED;
    block->address = debug->address;
    block->size = debug->size;
    detail->gap = bytes_32(debug->address - element->start);
    block->slack = bytes_32(element->end - debug->address - debug->size);
    block->kind = is_freed ? IMAGE_DEBUG_FREED : IMAGE_BUSY;
    block->flags |= IMAGE_BLOCK_IS_DEBUG;
    block->flags |= debug->state == VIEW_DEBUG_IGNORED ? IMAGE_BLOCK_IS_IGNORED : 0;
    block->thread_id = debug->thread_id;
    detail->number = debug->number;
    detail->type = debug->type;
    detail->subtype = debug->subtype;
    detail->line = debug->state == VIEW_DEBUG_IGNORED ? 0 : debug->line;
    if ((heaps->flags & HEAPS_SUMS) == 0) {
        detail->file = file_of(heaps, debug);
        block->stack = image_stack_of(heaps, debug->stack);
    }
}

static void fill_record(struct heaps *heaps, const struct view_record *record,
    struct image_block *block, struct image_detail *detail)
{
    uint32_t stack = image_stack_of(heaps, record->stack);
    block->stack = stack;
    block->thread_id = record->thread_id;
    block->time_ns = record->time_ns;
    detail->weight = record->weight;
    block->flags |= record->weight != 0 ? IMAGE_BLOCK_IS_SAMPLED : 0;
    if (record->time_ns > heaps->newest_ns) {
        heaps->newest_ns = record->time_ns;
    }
}

// `debug`: of a debug block, else NULL.
static void fill_block(struct heaps *heaps, const struct view_heap *heap,
    const struct view_element *element, const struct view_debug_block *debug,
    struct image_block *block, struct image_detail *detail)
{
    struct view_record record;
    *detail = (struct image_detail){0};
    *block = (struct image_block){
        .address = element->start,
        .size = element->kind == VIEW_BUSY ? element->user_size : element->end - element->start,
        .heap = (uint32_t)(heaps->image->heap_count - 1),
        .kind = kind_of(element->kind),
        .flags = place_flags(element->place),
    };
    if (element->kind != VIEW_BUSY) {
        return;
    }
    struct view_user_info info;
    bool has_info = element->has_info && view_user_info(heaps->view, heap, element, &info);
    block->flags |= has_info ? IMAGE_BLOCK_HAS_USER_INFO : 0;
    block->slack = bytes_32(element->end - element->start - element->user_size);
    if (debug != NULL) {
        fill_debug(heaps, element, debug, block, detail);
    } else if ((heaps->flags & HEAPS_SUMS) == 0 &&
               view_record(heaps->view, heap, element, &record)) {
        fill_record(heaps, &record, block, detail);
    }
}

// ---- Heaps ------------------------------------------------------------------------------------

static void count_busy(struct image_heap *heap, const struct image_block *block, uint32_t gap)
{
    heap->busy_count++;
    heap->busy_size += block->size;
    heap->slack_size += (uint64_t)gap + block->slack;
    if ((block->flags & IMAGE_BLOCK_LARGE) != 0) {
        heap->large_count++;
        heap->large_size += block->size;
    }
}

static void count_block(struct image_heap *heap, const struct image_block *block, uint32_t gap)
{
    switch (block->kind) {
    case IMAGE_BUSY:
        count_busy(heap, block, gap);
        return;
    case IMAGE_CACHED:
        heap->cached_size += block->size;
        heap->free_size += block->size;
        return;
    case IMAGE_FREE:
        heap->free_size += block->size;
        heap->largest_free_size =
            block->size > heap->largest_free_size ? block->size : heap->largest_free_size;
        return;
    default:
        return;
    }
}

static void count_range(struct image_heap *heap, const struct resident *resident, uint64_t start,
    uint64_t committed_end, uint64_t end)
{
    heap->reserved_size += end - start;
    heap->committed_size += committed_end - start;
    if (heap->resident_size != UINT64_MAX &&
        !resident_add(resident, start, committed_end, &heap->resident_size)) {
        heap->resident_size = UINT64_MAX;
    }
}

static bool add_region(struct image_heap *heap, const struct view_region *region)
{
    uint32_t count = heap->region_count;
    if ((count & (count - 1)) == 0) { // full at powers of two
        struct image_region *larger =
            realloc(heap->regions, (count == 0 ? 1 : (size_t)count * 2) * sizeof(heap->regions[0]));
        if (larger == NULL) {
            return false;
        }
        heap->regions = larger;
    }
    heap->regions[heap->region_count++] = (struct image_region){
        .start = region->start, .end = region->end, .committed_end = region->committed_end};
    return true;
}

struct filling {
    struct heaps *heaps;
    struct view_heap heap;
    struct view_walk walk;
    struct image_heap result;
    struct resident resident;
    struct check check;
    bool has_free_blocks, is_checked, has_blocks;
};

static void fill_region(struct filling *filling)
{
    const struct view_region *region = &filling->walk.region;
    count_range(
        &filling->result, &filling->resident, region->start, region->committed_end, region->end);
    if (!add_region(&filling->result, region)) {
        filling->heaps->is_out_of_memory = true;
    }
}

static void keep_block(
    struct heaps *heaps, const struct image_block *block, const struct image_detail *detail)
{
    struct image *image = heaps->image;
    if (!image_add_block(image, block, detail)) {
        heaps->is_out_of_memory = true;
        return;
    }
    const struct image_choice *choice = image->source == IMAGE_LIVE ? image->choice : NULL;
    if (choice != NULL &&
        !choice->is_wanted(choice->context, image, &image->blocks[image->block_count - 1])) {
        image_drop_block(image);
    }
}

static void fill_element(struct filling *filling, const struct view_element *element)
{
    struct heaps *heaps = filling->heaps;
    struct view_debug_block debug;
    struct image_block block;
    struct image_detail detail;
    bool is_debug = filling->heap.is_debug_heap &&
                    view_debug_block(heaps->view, &filling->heap, element, &debug);
    fill_block(heaps, &filling->heap, element, is_debug ? &debug : NULL, &block, &detail);
    count_block(&filling->result, &block, detail.gap);
    filling->result.is_recorded |= is_debug && debug.stack != 0;
    if (element->place == VIEW_LARGE_ALONE) {
        uint64_t start = element->start - element->start % ((uint64_t)1 << 16);
        count_range(&filling->result, &filling->resident, start, element->end, element->end);
    }
    if (filling->has_blocks && (element->kind == VIEW_BUSY || filling->has_free_blocks)) {
        keep_block(heaps, &block, &detail);
    }
    if (filling->is_checked) {
        check_element(&filling->check, element, is_debug ? &debug : NULL);
    }
}

static void fill_elements(struct filling *filling)
{
    struct heaps *heaps = filling->heaps;
    struct view_element element;
    view_walk_begin(&filling->walk, &filling->heap);
    while (view_walk_next(heaps->view, &filling->walk, &element) && !heaps->is_out_of_memory) {
        if (element.kind == VIEW_REGION) {
            fill_region(filling);
        } else {
            fill_element(filling, &element);
        }
    }
}

static const char *name_of(const struct view_heap *heap)
{
    return heap->is_process_heap ? "process" : heap->is_debug_heap ? "debug" : "";
}

static void describe_heap(struct heaps *heaps, const struct view_heap *heap,
    struct image_heap *result, const struct resident *resident)
{
    struct view_recorder recorder;
    uint32_t locked_by = 0;
    view_recorder(heaps->view, &recorder);
    numbers_find(&heaps->threads, heap->lock_owner, &locked_by);
    *result = (struct image_heap){
        .handle = heap->handle,
        .name = image_add_string(heaps->image, name_of(heap)),
        .flags = heap->flags,
        .checks = heap->checks,
        .is_process_heap = heap->is_process_heap,
        .is_debug_heap = heap->is_debug_heap,
        .is_recorded = heap->is_observed && recorder.mode != LAYOUT_RECORD_OFF,
        .is_exact = heaps->is_quiet || !view_heap_is_busy(heaps->view, heap),
        .locked_by = heap->lock_owner == 0 ? 0 : locked_by,
        .maximum_size = heap->maximum_size,
        .resident_size = resident->descriptor >= 0 ? 0 : UINT64_MAX,
    };
}

static const char *fault_text(enum view_fault fault)
{
    switch (fault) {
    case VIEW_BAD_REGION:
        return "the description of a region makes no sense";
    case VIEW_BAD_SLICE:
        return "the description of these 64 KiB makes no sense";
    case VIEW_BAD_MAP:
        return "the states of these blocks cannot be read";
    case VIEW_BAD_STATE:
        return "a block has a state that no allocation stores";
    case VIEW_BAD_LARGE_LIST:
        return "the list of large blocks is broken";
    case VIEW_NO_FAULT:
        break;
    }
    return "unknown";
}

// What a walk stumbles over while the heap is at work is no damage.
static void report_fault(const struct filling *filling)
{
    const struct view_walk *walk = &filling->walk;
    if (walk->fault == VIEW_NO_FAULT || !filling->result.is_exact) {
        return;
    }
    bool is_state = walk->fault == VIEW_BAD_STATE;
    heaps_add_damage(filling->heaps, filling->heap.handle, is_state ? walk->fault_address : 0,
        walk->fault_address, "%s%s", fault_text(walk->fault),
        walk->fault_count > 1 ? ", and there is more" : "");
}

static void fill_heap(struct heaps *heaps, const struct view_heap *heap)
{
    struct filling filling = {
        .heaps = heaps,
        .heap = *heap,
        .has_free_blocks = (heaps->flags & HEAPS_FREE_BLOCKS) != 0,
        .has_blocks = (heaps->flags & HEAPS_SUMS) == 0,
        .resident = {.descriptor = -1},
    };
    if ((heaps->flags & HEAPS_RESIDENT) != 0 && heaps->image->source == IMAGE_LIVE) {
        resident_open(&filling.resident, heaps->image->process_id);
    }
    describe_heap(heaps, heap, &filling.result, &filling.resident);
    // Whoever chooses blocks wants to know its name.
    if (!image_add_heap(heaps->image, &filling.result)) {
        heaps->is_out_of_memory = true;
        resident_close(&filling.resident);
        return;
    }
    struct image_heap *place = &heaps->image->heaps[heaps->image->heap_count - 1];
    filling.is_checked = (heaps->flags & HEAPS_CHECK) != 0 && filling.result.is_exact;
    if (filling.is_checked) {
        check_begin(&filling.check, heaps, heap);
    }
    fill_elements(&filling);
    report_fault(&filling);
    if (filling.is_checked) {
        check_end(&filling.check, &filling.walk);
    }
    *place = filling.result; // with its regions
    resident_close(&filling.resident);
}

// ---- The image --------------------------------------------------------------------------------

static void describe_process(struct heaps *heaps)
{
    static const char *const MODES[] = {
        [LAYOUT_RECORD_OFF] = "off",
        [LAYOUT_RECORD_SAMPLE] = "sample",
        [LAYOUT_RECORD_EXACT] = "exact",
    };
    struct image *image = heaps->image;
    struct view_recorder recorder;
    view_recorder(heaps->view, &recorder);
    bool is_debug = recorder.mode == LAYOUT_RECORD_OFF && view_debug_heap(heaps->view) != 0;
    image->mode = image_add_string(image, is_debug ? "crt" : MODES[recorder.mode]);
    image->library_version = image_add_string(image, view_library_version(heaps->view));
    image->sample_interval = recorder.sample_interval;
    image->engine_start = view_reservation(heaps->view).start;
    image->engine_end = view_reservation(heaps->view).end;
    image->has_free_blocks = (heaps->flags & HEAPS_FREE_BLOCKS) != 0;
    // When a core file was written is known by its newest block only.
    bool is_live = image->source == IMAGE_LIVE && heaps->fetched_ns > recorder.started_ns;
    if (recorder.started_ns != 0) {
        image->time_ns = is_live ? heaps->fetched_ns - recorder.started_ns : 0;
    }
}

void heaps_add_damage(
    struct heaps *heaps, uint64_t heap, uint64_t block, uint64_t address, const char *format, ...)
{
    char text[400];
    va_list arguments;
    if (heaps->image->damage_count >= DAMAGES_MAX) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const struct image_damage damage = {
        .heap = heap,
        .block = block,
        .address = address,
        .text = image_add_string(heaps->image, text),
    };
    if (!image_add_damage(heaps->image, &damage)) {
        heaps->is_out_of_memory = true;
    }
}

bool heaps_fill(struct heaps *heaps, int flags)
{
    struct view_heap heap;
    heaps->flags = flags;
    note_threads(heaps);
    describe_process(heaps);
    bool is_heap = view_heap_first(heaps->view, &heap);
    while (is_heap && !heaps->is_out_of_memory) {
        struct view_heap current = heap;
        is_heap = view_heap_next(heaps->view, &heap);
        fill_heap(heaps, &current);
    }
    if (!view_heap_list_is_sound(heaps->view) && heaps->is_quiet) {
        heaps_add_damage(heaps, 0, 0, 0, "the list of heaps is broken behind heap number %zu",
            heaps->image->heap_count);
    }
    if (heaps->image->time_ns == 0) {
        heaps->image->time_ns = heaps->newest_ns;
    }
    image_sort(heaps->image);
    return !heaps->is_out_of_memory;
}

enum view_status heaps_read(struct image *image, int flags)
{
    enum view_status status;
    struct heaps *heaps = heaps_open(image, &status);
    if (heaps == NULL) {
        return status;
    }
    if (!heaps_fetch(heaps) || !heaps_fill(heaps, flags)) {
        status = VIEW_NO_MEMORY;
    }
    heaps_close(heaps);
    return status;
}
