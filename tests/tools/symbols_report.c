// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The leak report of an image made by hand, in all forms.  With an argument (text, msvc, gnu, json,
 * sarif) the program prints that form, for symbols_forms.py to judge.
 */
#include "base/compiler.h"
#include "cli/memory.h"
#include "report/report.h"

#include "check.h"
#include "symbols_own_module.h"

#include <execinfo.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECOND = 1000000000,
    DEBUG_CLIENT = 4,
};

static struct image *image;

/// The stack of the caller, as a recorder would have it.
__attribute__((noinline)) static uint32_t record_stack(void)
{
    void *addresses[32];
    uint64_t frames[32];
    size_t used = 0;
    int count = backtrace(addresses, 32);
    for (int i = 0; i < count; i++) {
        // Sanitizers add a frame of their own before ours.
        if (used > 0 || addresses[i] == __builtin_return_address(0)) {
            frames[used++] = (uint64_t)(uintptr_t)addresses[i];
        }
    }
    return image_add_stack(image, frames, used);
}

// Not inlined, each with something behind the call: the names are what is tested.
NOINLINE static uint32_t conn_new(void)
{
    uint32_t stack = record_stack();
    __asm__ volatile("" ::"r"(1) : "memory"); // else equal functions are made one
    return stack;
}

NOINLINE static uint32_t buffer_new(void)
{
    uint32_t stack = record_stack();
    __asm__ volatile("" ::"r"(2) : "memory");
    return stack;
}

NOINLINE static uint32_t cache_fill(void)
{
    uint32_t stack = record_stack();
    __asm__ volatile("" ::"r"(3) : "memory");
    return stack;
}

/// One function that allocates in two lines: one hash, two call places.
NOINLINE static uint32_t pool_new(bool is_second)
{
    uint32_t stack;
    if (is_second) {
        stack = record_stack();
        __asm__ volatile("" ::"r"(4) : "memory");
    } else {
        stack = record_stack();
        __asm__ volatile("" ::"r"(5) : "memory");
    }
    return stack;
}

static size_t read_contents(void *context, uint64_t address, void *buffer, size_t size)
{
    static const char text[] = "CONN\0\x01\x02 \"quoted\" text";
    (void)context;
    (void)address;
    size_t count = size < sizeof(text) ? size : sizeof(text);
    memcpy(buffer, text, count);
    return count;
}

static void add_block(uint64_t address, uint64_t size, enum reach_class class_, uint32_t stack)
{
    struct image_block block = {.address = address,
        .size = size,
        .time_ns = (uint64_t)10 * SECOND,
        .stack = stack,
        .thread_id = 4719,
        .kind = IMAGE_BUSY,
        .class_ = (uint8_t)class_};
    image_add_block(image, &block, NULL);
}

/// A block that the debug heap knows by file, line and number.
static void add_debug_block(uint64_t address, uint64_t size, uint16_t type)
{
    struct image_block block = {.address = address,
        .size = size,
        .flags = IMAGE_BLOCK_IS_DEBUG,
        .kind = IMAGE_BUSY,
        .class_ = REACH_DEFINITE};
    struct image_detail detail = {.number = address & 0xFF,
        .file = image_add_string(image, "src/old style.c"),
        .line = 77,
        .type = type,
        .subtype = type == DEBUG_CLIENT ? 0x2a : 0};
    image_add_block(image, &block, &detail);
}

static void begin_image(void)
{
    image = image_create();
    image->process_id = 4711;
    image->name = image_add_string(image, "server");
    image->time_ns = (uint64_t)852 * SECOND;
    image->read = read_contents;
    dl_iterate_phdr(add_own_module, image);
    struct image_heap heap = {
        .handle = 0x7000, .name = image_add_string(image, "process"), .is_recorded = true};
    image_add_heap(image, &heap);
}

static void make_image(void)
{
    begin_image();
    struct image_thread thread = {.id = 4719, .name = image_add_string(image, "worker-2")};
    image_add_thread(image, &thread);
    uint32_t conn = conn_new();
    uint32_t buffer = buffer_new();
    uint32_t cache = cache_fill();
    add_block(0x7f3c10042000, 2048, REACH_DEFINITE, conn);  // 0
    add_block(0x7f3c10043000, 2048, REACH_DEFINITE, conn);  // 1
    add_block(0x7f3c10044000, 100, REACH_INDIRECT, buffer); // 2, below 0
    add_block(0x7f3c10045000, 200, REACH_INDIRECT, buffer); // 3, below 1
    add_block(0x7f3c10046000, 4096, REACH_POSSIBLE, cache); // 4
    add_block(0x7f3c10047000, 64, REACH_REACHABLE, cache);  // 5
    add_debug_block(0x7f3c10048001, 6, 1);                  // 6
    add_debug_block(0x7f3c10048002, 24, DEBUG_CLIENT);      // 7
    add_debug_block(0x7f3c10048003, 1000, 2);               // 8: the libraries' own
    add_debug_block(0x7f3c10048004, 1000, 3);               // 9: to be ignored
    image_sort(image);
    image->leaders = malloc(image->block_count * sizeof(*image->leaders));
    for (uint32_t i = 0; i < image->block_count; i++) {
        image->leaders[i] = i == 2 ? 0 : i == 3 ? 1 : i;
    }
}

static struct leak_report_options usual_options(void)
{
    return (struct leak_report_options){.subject = "server.4711.halde", .is_at_exit = true};
}

/// A report in one form; to be freed.
static char *print(const struct leak_report_options *options, enum leak_form form)
{
    char *text = NULL;
    size_t size = 0;
    struct symbols *symbols = symbols_create(image, NULL);
    struct leak_report *report = leak_report_create(image, symbols, options);
    FILE *stream = open_memstream(&text, &size);
    EXPECT_TRUE(leak_report_print(report, form, stream));
    fclose(stream);
    leak_report_destroy(report);
    symbols_destroy(symbols);
    return text;
}

static bool has(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        return true;
    }
    test_note("'%s' is not in:\n%s", part, text);
    return false;
}

// ---- Forms --------------------------------------------------------------------------------------

static void test_text(void)
{
    struct leak_report_options options = usual_options();
    char *text = print(&options, LEAK_TEXT);
    EXPECT_TRUE(
        has(text, "halde: 8 blocks (8.4 KiB) not freed - 4 definite, 2 indirect, 1 possible, "
                  "1 still reachable\n"));
    EXPECT_TRUE(has(text, "  #1  DEFINITE  4.0 KiB in 2 blocks (+300 bytes in 2 below)   hash "));
    EXPECT_TRUE(has(text, "   age 14 m 02 s\n"));
    EXPECT_TRUE(has(text, "conn_new  <- allocated here\n"));
    EXPECT_TRUE(
        has(text, "e.g. 0x7f3c10042000, 2048 bytes   thread 4719 \"worker-2\"   data: 43 4F 4E "
                  "4E 00 01 02 20 22 71 75 6F 74 65 64 22 \"CONN... \"quoted\"\"\n"));
    EXPECT_TRUE(has(text, "with it 300 bytes in 2 blocks from buffer_new"));
    EXPECT_TRUE(has(text, "  #2  DEFINITE  30 bytes in 2 blocks"));
    EXPECT_TRUE(has(text, "src/old style.c:77  <- allocated here\n"));
    EXPECT_TRUE(has(text, "  #3  POSSIBLE  4.0 KiB in 1 block "));
    EXPECT_TRUE(strstr(text, "REACHABLE") == NULL);
    EXPECT_TRUE(strstr(text, "INDIRECT") == NULL);
    EXPECT_TRUE(has(text, "suppressed: 1 block (1000 bytes), of these 1 that"));
    EXPECT_TRUE(
        has(text, "next: halde report server.4711.halde   |   halde suppress server.4711.halde "));
    EXPECT_TRUE(strchr(text, '\033') == NULL);
    free(text);

    options.top = 1;
    options.has_color = true;
    options.is_at_exit = false;
    text = print(&options, LEAK_TEXT);
    EXPECT_TRUE(has(text, "server 4711: 8 blocks (8.4 KiB) in use"));
    EXPECT_TRUE(has(text, "  and 2 more sites: 4.0 KiB in 3 blocks\n"));
    EXPECT_TRUE(strchr(text, '\033') != NULL);
    free(text);

    options.top = SIZE_MAX;
    options.kinds = LEAK_KINDS_ALL;
    text = print(&options, LEAK_TEXT);
    EXPECT_TRUE(has(text, "REACHABLE"));
    EXPECT_TRUE(has(text, "INDIRECT"));
    free(text);
}

static void test_msvc(void)
{
    struct leak_report_options options = usual_options();
    options.kinds = 1 << REACH_DEFINITE;
    image->blocks[0].stack = 0; // what it was allocated by is not known
    char *text = print(&options, LEAK_MSVC);
    static const char begin[] =
        "Detected memory leaks!\n"
        "Dumping objects ->\n"
        "src/old style.c(77) : {2} client block at 0x00007F3C10048002, subtype 2a, 24 bytes long.\n"
        " Data: <CONN    \"quoted\"> 43 4F 4E 4E 00 01 02 20 22 71 75 6F 74 65 64 22 \n"
        "src/old style.c(77) : {1} normal block at 0x00007F3C10048001, 6 bytes long.\n"
        " Data: <CONN  > 43 4F 4E 4E 00 01 \n"
        "{0} normal block at 0x00007F3C10042000, 2048 bytes long.\n"
        " Data: <CONN    \"quoted\"> 43 4F 4E 4E 00 01 02 20 22 71 75 6F 74 65 64 22 \n";
    static const char end[] = "\nObject dump complete.\n";
    EXPECT_TRUE(strncmp(text, begin, sizeof(begin) - 1) == 0);
    EXPECT_TRUE(strcmp(text + strlen(text) - (sizeof(end) - 1), end) == 0);
    EXPECT_TRUE(has(text, "{0} normal block at 0x00007F3C10043000, 2048 bytes long.\n"));
    free(text);
    image->blocks[0].stack = image->blocks[1].stack;

    options.kinds = 1 << REACH_NOT_SEARCHED;
    text = print(&options, LEAK_MSVC);
    EXPECT_SIZE(strlen(text), 0);
    free(text);
}

static void test_gnu(void)
{
    struct leak_report_options options = usual_options();
    char *text = print(&options, LEAK_GNU);
    EXPECT_TRUE(has(text, "src/old style.c:77: warning: definite leak: 30 bytes in 2 blocks ["));
    EXPECT_TRUE(has(text, ": warning: definite leak: 4.0 KiB in 2 blocks, with it 300 bytes in 2 "
                          "(conn_new <- "));
    free(text);
}

static void test_json(void)
{
    struct leak_report_options options = usual_options();
    char *text = print(&options, LEAK_JSON);
    EXPECT_TRUE(has(text, "\"schema\":\"halde.leaks/1\""));
    EXPECT_TRUE(has(text, "\"definite\":{\"blocks\":4,\"bytes\":4126}"));
    EXPECT_TRUE(has(text, "\"function\":\"conn_new\""));
    free(text);
    text = print(&options, LEAK_SARIF);
    EXPECT_TRUE(has(text, "\"version\":\"2.1.0\""));
    EXPECT_TRUE(has(text, "\"haldeSite/v1\":\""));
    free(text);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

/// Calls of one hash are one leak, in all forms; its other lines are told.
static void test_call_places(void)
{
    struct image *usual = image;
    begin_image();
    uint32_t stacks[3];
    for (volatile size_t i = 0; i < 3; i++) { // one call for all three: not unrolled
        stacks[i] = pool_new(i == 1);
    }
    add_block(0x1000, 100, REACH_DEFINITE, stacks[0]);
    add_block(0x2000, 100, REACH_DEFINITE, stacks[1]);
    add_block(0x3000, 100, REACH_DEFINITE, stacks[2]);
    image_sort(image);
    struct leak_report_options options = usual_options();
    char *text = print(&options, LEAK_TEXT);
    EXPECT_TRUE(has(text, "  #1  DEFINITE  300 bytes in 3 blocks from 2 call places   hash "));
    EXPECT_TRUE(has(text, "  1 block of them from here\n"));
    EXPECT_TRUE(strstr(text, "#2") == NULL);
    free(text);
    text = print(&options, LEAK_GNU);
    EXPECT_SIZE(count_of(text, ": warning: definite leak: 300 bytes in 3 blocks"), 1);
    EXPECT_SIZE(count_of(text, ": note: 1 block of them from here ["), 1);
    free(text);
    text = print(&options, LEAK_JSON);
    EXPECT_TRUE(has(text, "\"leak_count\":1,"));
    EXPECT_TRUE(has(text, "\"blocks\":2,\"bytes\":200},{"));
    EXPECT_SIZE(count_of(text, "\"kind\":\"definite\""), 1);
    free(text);
    text = print(&options, LEAK_SARIF);
    EXPECT_SIZE(count_of(text, "\"ruleId\""), 1);
    EXPECT_SIZE(count_of(text, "\"relatedLocations\""), 1);
    free(text);
    image_destroy(image);
    image = usual;
}

/// Samples stand for the blocks beside them: nothing is counted twice.
static void test_samples(void)
{
    struct image *usual = image;
    begin_image();
    image->sample_interval = 4096;
    uint32_t stack = conn_new();
    struct image_block sample = {.address = 0x1000,
        .size = 100,
        .time_ns = (uint64_t)10 * SECOND,
        .stack = stack,
        .thread_id = 4719,
        .kind = IMAGE_BUSY,
        .flags = IMAGE_BLOCK_IS_SAMPLED,
        .class_ = REACH_DEFINITE};
    image_add_block(image, &sample, &(struct image_detail){.weight = 1000});
    for (uint64_t i = 1; i < 10; i++) {
        add_block(0x1000 + 0x100 * i, 100, REACH_DEFINITE, 0);
    }
    image_sort(image);
    struct symbols *symbols = symbols_create(image, NULL);
    struct sites *sites = sites_create(image, symbols, NULL);
    EXPECT_SIZE(sites->count, 2);
    sites_sort(sites, SITES_BY_ESTIMATE);
    EXPECT_SIZE(sites->items[0].estimate.bytes, 1000);
    EXPECT_SIZE(sites->items[0].estimate.count, 10);
    EXPECT_SIZE(sites->items[1].estimate.bytes, 0);
    EXPECT_SIZE(sites->items[1].sum.bytes, 900);
    sites_destroy(sites);
    symbols_destroy(symbols);
    struct leak_report_options options = usual_options();
    char *text = print(&options, LEAK_TEXT);
    EXPECT_TRUE(has(text, "halde: 10 blocks (1000 bytes) not freed - 10 definite\n"));
    EXPECT_TRUE(has(text, "  #1  DEFINITE  about 1000 bytes (1 sample)   hash "));
    EXPECT_TRUE(
        has(text, "  #2  DEFINITE  900 bytes in 9 blocks, counted where others were sampled"));
    EXPECT_TRUE(has(text, "      no stack: these were not sampled\n"));
    free(text);
    text = print(&options, LEAK_JSON);
    EXPECT_TRUE(has(text, "\"estimated_blocks\":10,\"estimated_bytes\":1000,"));
    EXPECT_TRUE(has(text, "\"estimated_blocks\":0,\"estimated_bytes\":0,"));
    free(text);
    image_destroy(image);
    image = usual;
}

// ---- What is told -------------------------------------------------------------------------------

static struct leak_totals totals_of(struct leak_report_options *options)
{
    struct symbols *symbols = symbols_create(image, NULL);
    struct leak_report *report = leak_report_create(image, symbols, options);
    struct leak_totals totals = *leak_report_totals(report);
    leak_report_destroy(report);
    symbols_destroy(symbols);
    return totals;
}

static void test_suppressed(void)
{
    static const char known[] = "leak:conn_n*w\nleak:never_met\nsuppress kind=possible "
                                "stack=\"cache_*\" until=2020-01-01 reason=\"was known once\"\n";
    struct leak_report_options options = usual_options();
    options.suppressions = suppressions_create();
    char *error = NULL;
    EXPECT_TRUE(
        suppressions_parse(options.suppressions, "known.supp", known, strlen(known), &error));
    struct leak_totals totals = totals_of(&options);
    EXPECT_SIZE(totals.by_class[REACH_DEFINITE].count, 2);
    // What hangs on a suppressed leak goes with it.
    EXPECT_SIZE(totals.by_class[REACH_INDIRECT].count, 0);
    EXPECT_SIZE(totals.by_class[REACH_POSSIBLE].count, 1);
    EXPECT_SIZE(totals.suppressed.count, 5);
    EXPECT_SIZE(totals.suppressed_builtin.count, 1);
    char *text = print(&options, LEAK_TEXT);
    EXPECT_TRUE(has(text, "unused suppression: known.supp:2: leak:never_met\n"));
    EXPECT_TRUE(has(text, "expired suppression: known.supp:3: suppress kind=possible"));
    free(text);
    suppressions_destroy(options.suppressions);
}

static void test_age(void)
{
    struct leak_report_options options = usual_options();
    options.least_age = (uint64_t)900 * SECOND;
    struct leak_totals totals = totals_of(&options);
    // Blocks whose age nobody knows stay.
    EXPECT_SIZE(totals.young.count, 6);
    EXPECT_SIZE(totals.by_class[REACH_DEFINITE].count, 2);
    options.least_age = (uint64_t)842 * SECOND;
    totals = totals_of(&options);
    EXPECT_SIZE(totals.young.count, 0);
}

static void test_words(void)
{
    struct leak_totals totals = {0};
    totals.by_class[REACH_INDIRECT] = (struct site_sum){3, 3000};
    totals.by_class[REACH_POSSIBLE] = (struct site_sum){2, 70000};
    static const struct {
        const char *text;
        bool is_met;
        bool is_valid;
    } cases[] = {{"leak", true, true}, {"definite", false, true}, {"definite>0", false, true},
        {"possible>1", true, true}, {"possible>2", false, true}, {"indirect>=3", true, true},
        {"definite,bytes>64K", true, true}, {"bytes>1M", false, true}, {"blocks>4", true, true},
        {"leaks", true, true}, {"all>5", false, true}, {"", false, false}, {"leak>", false, false},
        {"leak=3", false, false}, {"what", false, false}, {"definite,", false, false},
        {"possible>x", false, false}, {"leak>>1", false, false}, {"leak5", false, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_valid = false;
        bool is_met = leak_condition(cases[i].text, &totals, &is_valid);
        if (is_met != cases[i].is_met || is_valid != cases[i].is_valid) {
            test_fail(CHECK_HERE, "'%s': met %d, valid %d", cases[i].text, is_met, is_valid);
        }
    }
    unsigned kinds = 0;
    EXPECT_TRUE(leak_kinds_parse("definite,possible", &kinds));
    EXPECT_SIZE(kinds, 1 << REACH_DEFINITE | 1 << REACH_POSSIBLE);
    EXPECT_FALSE(leak_kinds_parse("definite,", &kinds));
    EXPECT_FALSE(leak_kinds_parse("lost", &kinds));
}

static void test_sites(void)
{
    struct symbols *symbols = symbols_create(image, NULL);
    struct sites *sites = sites_create(image, symbols, NULL);
    EXPECT_SIZE(sites->count, 4);
    EXPECT_SIZE(sites->sum.count, 10);
    sites_sort(sites, SITES_BY_COUNT);
    EXPECT_SIZE(sites->items[0].sum.count, 4);
    EXPECT_TRUE(sites->items[0].line == 77);
    sites_sort(sites, SITES_BY_AGE);
    EXPECT_SIZE(sites->items[3].oldest_ns, 0);
    sites_sort(sites, SITES_BY_CLASS);
    EXPECT_SIZE(sites->items[0].worst_class, REACH_DEFINITE);
    EXPECT_SIZE(strlen(sites->items[0].hash), SITE_HASH_DIGITS);
    EXPECT_TRUE(site_has_hash(&sites->items[0], sites->items[0].hash));
    EXPECT_FALSE(site_has_hash(&sites->items[1], sites->items[0].hash));
    EXPECT_FALSE(site_has_hash(&sites->items[1], "#"));
    size_t sum = 0;
    for (size_t i = 0; i < sites->count; i++) {
        const struct site *site = &sites->items[i];
        for (size_t j = 0; j < site->sum.count; j++) {
            sum += image->blocks[sites->blocks[site->first_block + j]].size;
        }
    }
    EXPECT_SIZE(sum, sites->sum.bytes);
    sites_destroy(sites);
    symbols_destroy(symbols);
}

int main(int count, char **arguments)
{
    make_image();
    enum leak_form form;
    if (count > 1 && leak_form_parse(arguments[1], &form)) {
        struct leak_report_options options = usual_options();
        char *text = print(&options, form);
        fputs(text, stdout);
        free(text);
    } else {
        test_text();
        test_msvc();
        test_gnu();
        test_json();
        test_call_places();
        test_samples();
        test_suppressed();
        test_age();
        test_words();
        test_sites();
    }
    image_destroy(image);
    return test_result();
}
