// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Statistics as text and as JSON.  Nothing here allocates from a heap.

#include <halde/statistics.h>

#include "base/text.h"
#include "os/console.h"
#include "os/os.h"

struct writer {
    int descriptor;
    struct text text;
    char buffer[2048];
};

enum {
    ITEM_SIZE_MAX = 128 // no name with its number is longer
};

static void writer_init(struct writer *writer, int descriptor)
{
    writer->descriptor = descriptor;
    text_init(&writer->text, writer->buffer, sizeof(writer->buffer));
}

static void flush(struct writer *writer)
{
    os_write(writer->descriptor, writer->buffer, writer->text.length);
    text_init(&writer->text, writer->buffer, sizeof(writer->buffer));
}

static struct text *room_in(struct writer *writer)
{
    if (writer->text.length + ITEM_SIZE_MAX >= writer->text.capacity) {
        flush(writer);
    }
    return &writer->text;
}

static void put(struct writer *writer, const char *string)
{
    text_put(room_in(writer), string);
}

static bool is_process_heap(const halde_heap *heap)
{
    return heap == halde_process_heap();
}

// ---- Text -------------------------------------------------------------------------------------

// A number between two pieces of text.
static void put_figure(struct writer *writer, const char *before, size_t value, const char *what)
{
    struct text *text = room_in(writer);
    text_put(text, before);
    text_put_decimal(text, value);
    text_put(text, what);
}

static void put_heap_name(struct writer *writer, const halde_heap *heap)
{
    struct text *text = room_in(writer);
    text_put(text, "halde: heap ");
    text_put_address(text, heap);
}

static void put_totals(
    struct writer *writer, const halde_heap *heap, const struct halde_heap_statistics *total)
{
    put_heap_name(writer, heap);
    put(writer, is_process_heap(heap) ? " (process heap): " : ": ");
    put_figure(writer, "", total->live_count, " live blocks");
    put_figure(writer, ", ", total->live_size, " live bytes");
    put_figure(writer, ", ", total->peak_size, " peak");
    put_figure(writer, ", ", total->committed_size, " committed");
    put_figure(writer, ", ", total->reserved_size, " reserved");
    put_figure(writer, ", ", total->resident_size, " resident");
    put(writer, "\n");
}

static void put_places(
    struct writer *writer, const halde_heap *heap, const struct halde_heap_statistics *total)
{
    put_heap_name(writer, heap);
    put_figure(writer, ": uses ", total->used_size, "");
    put_figure(writer, ": mixed span ", total->mixed_span_size, "");
    put_figure(writer, " (", total->mixed_count, " live blocks)");
    put_figure(writer, ", large blocks ", total->large_slice_size, "");
    put_figure(writer, " (", total->large_count, " live blocks)");
    put_figure(writer, ", spans ", total->span_size, "");
    put_figure(writer, " (", total->span_cached_size, " cached");
    put_figure(writer, ", ", total->span_free_size, " free)");
    put_figure(writer, "; free slices ", total->free_size, "\n");
}

static void put_class(
    struct writer *writer, const halde_heap *heap, const struct halde_class_statistics *class)
{
    put_heap_name(writer, heap);
    put_figure(writer, ": class ", class->block_size, "");
    put_figure(writer, ": ", class->span_count, " spans");
    put_figure(writer, ", ", class->span_size, " bytes");
    put_figure(writer, "; blocks: ", class->busy_count, " busy");
    put_figure(writer, " of ", class->busy_size, " bytes");
    put_figure(writer, ", ", class->cached_count, " cached");
    put_figure(writer, ", ", class->free_count, " free\n");
}

static void put_text(struct writer *writer, const halde_heap *heap,
    const struct halde_heap_statistics *total, const struct halde_class_statistics *classes)
{
    put_totals(writer, heap, total);
    put_places(writer, heap, total);
    for (size_t i = 0; i < total->class_count; i++) {
        put_class(writer, heap, &classes[i]);
    }
}

// ---- JSON -------------------------------------------------------------------------------------

// "name":value; `before` is what separates it from the member before.
static void put_member(struct writer *writer, const char *before, const char *name, size_t value)
{
    struct text *text = room_in(writer);
    text_put(text, before);
    text_put(text, "\"");
    text_put(text, name);
    text_put(text, "\":");
    text_put_decimal(text, value);
}

static void put_json_class(
    struct writer *writer, const char *before, const struct halde_class_statistics *class)
{
    put(writer, before);
    put_member(writer, "{", "block_bytes", class->block_size);
    put_member(writer, ",", "spans", class->span_count);
    put_member(writer, ",", "span_bytes", class->span_size);
    put_member(writer, ",", "busy_blocks", class->busy_count);
    put_member(writer, ",", "busy_bytes", class->busy_size);
    put_member(writer, ",", "cached_blocks", class->cached_count);
    put_member(writer, ",", "free_blocks", class->free_count);
    put(writer, "}");
}

static void put_json_places(struct writer *writer, const struct halde_heap_statistics *total)
{
    put(writer, ",\"mixed\":");
    put_member(writer, "{", "live_blocks", total->mixed_count);
    put_member(writer, ",", "live_bytes", total->mixed_size);
    put_member(writer, ",", "span_bytes", total->mixed_span_size);
    put(writer, "},\"large\":");
    put_member(writer, "{", "live_blocks", total->large_count);
    put_member(writer, ",", "live_bytes", total->large_size);
    put_member(writer, ",", "slice_bytes", total->large_slice_size);
    put(writer, "},\"spans\":");
    put_member(writer, "{", "span_bytes", total->span_size);
    put_member(writer, ",", "cached_bytes", total->span_cached_size);
    put_member(writer, ",", "free_bytes", total->span_free_size);
    put(writer, "}");
}

static void put_json(struct writer *writer, const halde_heap *heap,
    const struct halde_heap_statistics *total, const struct halde_class_statistics *classes)
{
    struct text *text = room_in(writer);
    text_put(text, "{\"heap\":\"");
    text_put_address(text, heap);
    text_put(text, "\",\"is_process_heap\":");
    text_put(text, is_process_heap(heap) ? "true" : "false");
    put_member(writer, ",", "live_blocks", total->live_count);
    put_member(writer, ",", "live_bytes", total->live_size);
    put_member(writer, ",", "used_bytes", total->used_size);
    put_member(writer, ",", "peak_bytes", total->peak_size);
    put_member(writer, ",", "committed_bytes", total->committed_size);
    put_member(writer, ",", "reserved_bytes", total->reserved_size);
    put_member(writer, ",", "resident_bytes", total->resident_size);
    put_member(writer, ",", "free_bytes", total->free_size);
    put_json_places(writer, total);
    put(writer, ",\"classes\":[");
    for (size_t i = 0; i < total->class_count; i++) {
        put_json_class(writer, i == 0 ? "" : ",", &classes[i]);
    }
    put(writer, "]}");
}

// ---- Heaps ------------------------------------------------------------------------------------

// Counts a heap and writes it. Returns whether it was still one.
static bool put_heap(struct writer *writer, halde_heap *heap, bool is_json, bool is_first)
{
    struct halde_heap_statistics total;
    struct halde_class_statistics classes[HALDE_CLASS_COUNT_MAX];
    if (halde_heap_get_statistics(heap, &total, classes, HALDE_CLASS_COUNT_MAX) != HALDE_OK) {
        return false;
    }
    if (is_json) {
        put(writer, is_first ? "" : ",");
        put_json(writer, heap, &total, classes);
    } else {
        put_text(writer, heap, &total, classes);
    }
    return true;
}

// The list lies in pages of its own, so that what is counted does not change.
static enum halde_status put_all_heaps(struct writer *writer, bool is_json)
{
    size_t capacity = halde_heap_list(NULL, 0) + 16; // some may come meanwhile
    size_t page = os_page_size();
    size_t size = (capacity * sizeof(halde_heap *) + page - 1) & ~(page - 1);
    halde_heap **heaps = os_reserve(size);
    if (heaps == NULL || os_commit(heaps, size, false) != 0) {
        os_unreserve(heaps, heaps == NULL ? 0 : size);
        return HALDE_NO_MEMORY;
    }
    size_t count = halde_heap_list(heaps, capacity);
    bool is_first = true;
    for (size_t i = 0; i < count && i < capacity; i++) {
        if (put_heap(writer, heaps[i], is_json, is_first)) {
            is_first = false;
        }
    }
    os_unreserve(heaps, size);
    return HALDE_OK;
}

enum halde_status halde_heap_print_statistics(
    halde_heap *heap, enum halde_statistics_format format, int descriptor)
{
    bool is_json = format == HALDE_STATISTICS_JSON;
    if ((!is_json && format != HALDE_STATISTICS_TEXT) || !os_is_open(descriptor)) {
        return HALDE_BAD_ARGUMENT;
    }
    if (heap != NULL && !halde_heap_is_valid(heap)) {
        return HALDE_BAD_HEAP;
    }
    struct writer writer;
    writer_init(&writer, descriptor);
    put(&writer, is_json ? "{\"halde\":{\"version\":\"" HALDE_VERSION "\",\"heaps\":[" : "");
    enum halde_status status = HALDE_OK;
    if (heap == NULL) {
        status = put_all_heaps(&writer, is_json);
    } else if (!put_heap(&writer, heap, is_json, true)) {
        status = HALDE_BAD_HEAP;
    }
    put(&writer, is_json ? "]}}\n" : "");
    flush(&writer);
    return status;
}
