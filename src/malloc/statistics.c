// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "malloc/statistics.h"

#include "base/text.h"
#include "malloc/family.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

// ---- Every heap -------------------------------------------------------------------------------

typedef void heap_visitor(
    halde_heap *heap, size_t index, const struct halde_heap_summary *summary, void *context);

// Calls for every live heap, the process heap first. The list lies in pages of its own, so that
// what is counted does not change.
static void visit_heaps(heap_visitor *visit, void *context)
{
    size_t capacity = halde_heap_list(NULL, 0) + 16; // some may come meanwhile
    size_t page = os_page_size();
    size_t size = (capacity * sizeof(halde_heap *) + page - 1) & ~(page - 1);
    halde_heap **heaps = os_reserve(size);
    if (heaps == NULL) {
        return;
    }
    if (os_commit(heaps, size, false) == 0) {
        size_t count = halde_heap_list(heaps, capacity);
        size_t index = 0;
        for (size_t i = 0; i < count && i < capacity; i++) {
            struct halde_heap_summary summary;
            if (halde_heap_summarize(heaps[i], &summary) == HALDE_OK) {
                visit(heaps[i], index++, &summary, context);
            }
        }
    }
    os_unreserve(heaps, size);
}

static void put_text(
    halde_heap *heap, size_t index, const struct halde_heap_summary *summary, void *context)
{
    (void)context;
    char line[256];
    struct text text;
    text_init(&text, line, sizeof(line));
    text_put(&text, "heap ");
    text_put_address(&text, heap);
    text_put(&text, index == 0 ? " (process heap): " : ": ");
    text_put_decimal(&text, summary->busy_count);
    text_put(&text, " live blocks, ");
    text_put_decimal(&text, summary->busy_size);
    text_put(&text, " live bytes, ");
    text_put_decimal(&text, summary->committed_size);
    text_put(&text, " committed, ");
    text_put_decimal(&text, summary->reserved_size);
    text_put(&text, " reserved");
    engine_message(line);
}

static void put_member(struct text *text, const char *name, uint64_t value)
{
    text_put(text, ",\"");
    text_put(text, name);
    text_put(text, "\":");
    text_put_decimal(text, value);
}

static void put_json(
    halde_heap *heap, size_t index, const struct halde_heap_summary *summary, void *context)
{
    (void)context;
    char line[256];
    struct text text;
    text_init(&text, line, sizeof(line));
    text_put(&text, index == 0 ? "" : ",");
    text_put(&text, "{\"heap\":\"");
    text_put_address(&text, heap);
    text_put(&text, index == 0 ? "\",\"is_process_heap\":true" : "\",\"is_process_heap\":false");
    put_member(&text, "live_blocks", summary->busy_count);
    put_member(&text, "live_bytes", summary->busy_size);
    put_member(&text, "committed_bytes", summary->committed_size);
    put_member(&text, "reserved_bytes", summary->reserved_size);
    text_put(&text, "}");
    os_write_stderr(text.data, text.length);
}

static void write_json(void)
{
    static const char HEAD[] = "{\"halde\":{\"version\":\"" HALDE_VERSION "\",\"heaps\":[";
    static const char TAIL[] = "]}}\n";
    os_write_stderr(HEAD, sizeof(HEAD) - 1);
    visit_heaps(put_json, NULL);
    os_write_stderr(TAIL, sizeof(TAIL) - 1);
}

// ---- The family's questions -------------------------------------------------------------------

bool statistics_trim(void)
{
    uint64_t before = os_resident_size();
    halde_heap_compact(halde_process_heap());
    return os_resident_size() < before;
}

HALDE_API int malloc_trim(size_t pad)
{
    (void)pad;
    const struct malloc_family *linked = family_linked();
    return linked != NULL ? linked->trim() : statistics_trim();
}

void statistics_count(struct mallinfo2 *info)
{
    struct halde_heap_summary summary;
    *info = (struct mallinfo2){0};
    if (halde_heap_summarize(halde_process_heap(), &summary) == HALDE_OK) {
        info->arena = summary.committed_size;
        info->uordblks = summary.busy_size;
        info->fordblks = summary.committed_size - summary.busy_size;
    }
}

HALDE_API struct mallinfo2 mallinfo2(void)
{
    struct mallinfo2 info;
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        linked->info(&info);
    } else {
        statistics_count(&info);
    }
    return info;
}

static int saturated(size_t value)
{
    return value > INT_MAX ? INT_MAX : (int)value;
}

HALDE_API struct mallinfo mallinfo(void)
{
    struct mallinfo2 info = mallinfo2();
    return (struct mallinfo){
        .arena = saturated(info.arena),
        .uordblks = saturated(info.uordblks),
        .fordblks = saturated(info.fordblks),
    };
}

// Every parameter of other allocators is accepted; none means anything here.
HALDE_API int mallopt(int parameter, int value)
{
    (void)parameter;
    (void)value;
    return 1;
}

struct total {
    FILE *stream;
    struct halde_heap_summary sum;
};

static void put_xml(
    halde_heap *heap, size_t index, const struct halde_heap_summary *summary, void *context)
{
    struct total *total = context;
    total->sum.busy_count += summary->busy_count;
    total->sum.busy_size += summary->busy_size;
    total->sum.committed_size += summary->committed_size;
    total->sum.reserved_size += summary->reserved_size;
    fprintf(total->stream,
        "<heap nr=\"%zu\" handle=\"%p\">\n<live count=\"%zu\" size=\"%zu\"/>\n"
        "<system type=\"current\" size=\"%zu\"/>\n<system type=\"reserved\" size=\"%zu\"/>\n"
        "</heap>\n",
        index, (void *)heap, summary->busy_count, summary->busy_size, summary->committed_size,
        summary->reserved_size);
}

void statistics_write_xml(FILE *stream)
{
    struct total total = {.stream = stream};
    fputs("<malloc version=\"1\">\n", stream);
    visit_heaps(put_xml, &total);
    fprintf(stream,
        "<total type=\"live\" count=\"%zu\" size=\"%zu\"/>\n"
        "<system type=\"current\" size=\"%zu\"/>\n<system type=\"reserved\" size=\"%zu\"/>\n"
        "</malloc>\n",
        total.sum.busy_count, total.sum.busy_size, total.sum.committed_size,
        total.sum.reserved_size);
}

HALDE_API int malloc_info(int options, FILE *stream)
{
    if (options != 0) {
        return EINVAL;
    }
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        linked->write_xml(stream);
    } else {
        statistics_write_xml(stream);
    }
    return 0;
}

void statistics_write_text(void)
{
    visit_heaps(put_text, NULL);
}

HALDE_API void malloc_stats(void)
{
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        linked->write_text();
    } else {
        statistics_write_text();
    }
}

// ---- Start and end ----------------------------------------------------------------------------

// In another file than malloc() itself the compiler knows no better than to ask the dynamic linker.
void *(*statistics_malloc(void))(size_t size)
{
    return malloc;
}

static bool is_option(const char *key, const char *value)
{
    const char *option = engine_option(key);
    return option != NULL && strcmp(option, value) == 0;
}

void statistics_at_start(void)
{
    if (!is_option("verbose", "1")) {
        return;
    }
    char line[256];
    struct text text;
    text_init(&text, line, sizeof(line));
    text_put(&text, "version " HALDE_VERSION ", ");
    text_put(&text, CONFIG_PRELOAD ? "preloaded" : "linked");
    text_put(&text, "; process heap ");
    text_put_address(&text, halde_process_heap());
    engine_message(line);
}

void statistics_at_end(void)
{
    if (is_option("stats", "1")) {
        statistics_write_text();
    } else if (is_option("stats", "json")) {
        write_json();
    }
}
