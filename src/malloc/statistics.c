// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "malloc/statistics.h"

#include "base/text.h"
#include "malloc/family.h"
#include "os/os.h"
#include "os/process.h"

#include <halde/statistics.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    halde_heap_print_statistics(NULL, HALDE_STATISTICS_TEXT, STDERR_FILENO);
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

void statistics_free(void *block)
{
    free(block);
}

// Standard error as it was at the start, where stats is on: programs may close it before they end.
static struct os_kept_file kept_stderr; // written once, by a constructor

// 0: none.
AT_START static enum halde_statistics_format format_at_end(void)
{
    const char *option = engine_option("stats");
    if (option == NULL || strcmp(option, "0") == 0) {
        return 0;
    }
    return strcmp(option, "json") == 0 ? HALDE_STATISTICS_JSON : HALDE_STATISTICS_TEXT;
}

static void say_version(void)
{
    char line[256];
    struct text text;
    text_init(&text, line, sizeof(line));
    text_put(&text, "version " HALDE_VERSION ", ");
    text_put(&text, CONFIG_PRELOAD ? "preloaded" : "linked");
    text_put(&text, "; process heap ");
    text_put_address(&text, halde_process_heap());
    engine_message(line);
}

AT_START void statistics_at_start(void)
{
    const char *verbose = engine_option("verbose");
    if (verbose != NULL && strcmp(verbose, "1") == 0) {
        say_version();
    }
    if (format_at_end() != 0) {
        os_keep_file(&kept_stderr, STDERR_FILENO);
    }
}

AT_START void statistics_at_end(void)
{
    enum halde_statistics_format format = format_at_end();
    if (format != 0) {
        int descriptor = os_kept_descriptor(&kept_stderr);
        halde_heap_print_statistics(NULL, format, descriptor >= 0 ? descriptor : STDERR_FILENO);
    }
}
