// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// halde addr: what is at an address.

#include "cli/cli.h"
#include "filter/elements.h"
#include "filter/origin.h"
#include "image/image.h"
#include "image/names.h"
#include "target/open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option OPTIONS[] = {
    {"depth", 'd', "N", "frames to show of the stack (default 20)"},
    SYMBOLS_OPTION_NONE,
    SYMBOLS_OPTION_DEBUGINFOD,
    OPEN_OPTION_MAX_PAUSE,
    OPEN_OPTION_EXECUTABLE,
    {NULL, 0, NULL, NULL},
};

static const struct cli_example EXAMPLES[] = {
    {"halde addr 4711 0x7f3c10a40345", "which block, of which heap, and who allocated it?"},
    {"halde addr core.4711 0x7f3c10a40345 0x55d0c0de1000", "two addresses of a core file"},
    {NULL, NULL},
};

static const char DESCRIPTION[] =
    "Says of each address what is there: the block that contains it, with its state, heap and "
    "region, the offset in it, what is known of who allocated it, and its neighbours; or the "
    "module with the function or variable; or the mapping, or whose stack it is.";

static const char EXIT_CODES[] =
    "0: every address is in a busy block. 1: at least one is not. 2: it could not be found out.";

enum {
    DEPTH_DEFAULT = 20,
    DESCRIPTION_SIZE = 200,
};

struct asking {
    const struct cli *cli;
    struct image *image;
    struct symbols *symbols;
    size_t depth;
};

/// What was found at an address; what is not there is NULL.
struct place {
    uint64_t address;
    const struct image_block *element;
    const struct image_heap *heap;
    const struct image_region *region;
    uint32_t region_index;
    const struct image_module *module;
    const struct image_mapping *mapping;
    const struct image_thread *thread; // whose stack it is
    bool is_engine;                    // what the allocator knows
};

// ---- Looking ----------------------------------------------------------------------------------

static void find_region(const struct image *image, struct place *place)
{
    for (size_t i = 0; i < image->heap_count; i++) {
        const struct image_heap *heap = &image->heaps[i];
        for (uint32_t j = 0; j < heap->region_count; j++) {
            const struct image_region *region = &heap->regions[j];
            if (place->address >= region->start && place->address < region->end) {
                place->heap = heap;
                place->region = region;
                place->region_index = j;
                return;
            }
        }
    }
}

static const struct image_mapping *mapping_at(const struct image *image, uint64_t address)
{
    for (size_t i = 0; i < image->mapping_count; i++) {
        if (address >= image->mappings[i].start && address < image->mappings[i].end) {
            return &image->mappings[i];
        }
    }
    return NULL;
}

// A thread's stack is the mapping that its stack pointer is in, from there on.
static const struct image_thread *stack_at(const struct image *image, const struct place *place)
{
    enum {
        RED_ZONE = 128
    };
    const struct image_thread *found = NULL;
    for (size_t i = 0; i < image->thread_count && place->mapping != NULL; i++) {
        const struct image_thread *thread = &image->threads[i];
        bool is_here = thread->stack_pointer >= place->mapping->start &&
                       thread->stack_pointer < place->mapping->end &&
                       place->address + RED_ZONE >= thread->stack_pointer;
        // Several stacks may be in one mapping: the nearest below.
        if (is_here && (found == NULL || thread->stack_pointer > found->stack_pointer)) {
            found = thread;
        }
    }
    return found;
}

static void look(const struct image *image, uint64_t address, struct place *place)
{
    *place = (struct place){.address = address};
    place->element = element_at(image, address);
    find_region(image, place);
    if (place->element != NULL && place->element->heap < image->heap_count) {
        place->heap = &image->heaps[place->element->heap];
    }
    place->module = image_module_at(image, address);
    place->mapping = mapping_at(image, address);
    place->is_engine = place->element == NULL && place->region == NULL &&
                       address >= image->engine_start && address < image->engine_end;
    if (!place->is_engine && place->heap == NULL) {
        place->thread = stack_at(image, place);
    }
}

// ---- For people -------------------------------------------------------------------------------

static void print_heap(const struct asking *asking, const struct place *place)
{
    const char *name = image_string(asking->image, place->heap->name);
    printf("    heap 0x%llx%s%s%s", (unsigned long long)place->heap->handle,
        *name != '\0' ? " (" : "", name, *name != '\0' ? ")" : "");
    if (place->region != NULL) {
        printf(
            ", region %u at 0x%llx", place->region_index, (unsigned long long)place->region->start);
    }
    if (place->element != NULL && *image_place_name(place->element) != '\0') {
        bool is_large = (place->element->flags & IMAGE_BLOCK_LARGE) != 0;
        printf(is_large ? ", a large block" : ", in a %s span",
            (place->element->flags & IMAGE_BLOCK_IN_MIXED) != 0 ? "mixed" : "size class's");
    }
    printf("\n");
}

static void print_neighbour(
    const struct asking *asking, const char *where, const struct image_block *neighbour)
{
    char text[DESCRIPTION_SIZE];
    if (neighbour != NULL) {
        printf(
            "    %s: %s\n", where, element_describe(asking->image, neighbour, text, sizeof(text)));
        origin_print(asking->image, asking->symbols, neighbour, "        ", 0);
    }
}

static void print_element(const struct asking *asking, const struct place *place)
{
    char text[DESCRIPTION_SIZE];
    const struct image_block *element = place->element;
    element_describe_place(element, place->address, text, sizeof(text));
    printf("%s%s", text, text[0] != '\0' ? " " : "");
    printf("%s", element_describe(asking->image, element, text, sizeof(text)));
    uint64_t overhead = image_overhead(asking->image, element);
    if (overhead > 0) {
        printf(", and %llu of overhead", (unsigned long long)overhead);
    }
    uint64_t number = image_detail(asking->image, element)->number;
    if (number != 0) {
        printf(", number %llu", (unsigned long long)number);
    }
    printf("\n");
    print_heap(asking, place);
    origin_print(asking->image, asking->symbols, element, "    ", asking->depth);
    print_neighbour(asking, "before it", element_before(asking->image, element));
    print_neighbour(asking, "behind it", element_behind(asking->image, element));
}

static const char *path_of(const struct image *image, const struct image_mapping *mapping)
{
    const char *path = image_string(image, mapping->path);
    return *path == '\0' ? "no file" : path;
}

static void print_module(const struct asking *asking, const struct place *place)
{
    const struct image *image = asking->image;
    uint64_t offset;
    const char *name =
        asking->symbols == NULL ? NULL : symbols_variable(asking->symbols, place->address, &offset);
    if (name != NULL) {
        cli_put_text(stdout, name);
        printf("+%llu in ", (unsigned long long)offset);
    }
    cli_put_text(stdout, image_string(image, place->module->path));
    printf("+0x%llx\n", (unsigned long long)(place->address - place->module->bias));
}

static void print_thread(const struct asking *asking, const struct place *place)
{
    const char *name = image_string(asking->image, place->thread->name);
    printf("the stack of thread %u", place->thread->id);
    if (*name != '\0') {
        printf(" \"");
        cli_put_text(stdout, name);
        printf("\"");
    }
    bool is_below = place->address < place->thread->stack_pointer;
    uint64_t distance = is_below ? place->thread->stack_pointer - place->address
                                 : place->address - place->thread->stack_pointer;
    printf(", %llu bytes %s its stack pointer\n", (unsigned long long)distance,
        is_below ? "below" : "above");
}

static void print_mapping(const struct asking *asking, const struct place *place)
{
    const struct image_mapping *mapping = place->mapping;
    printf("a mapping of ");
    cli_put_text(stdout, path_of(asking->image, mapping));
    printf(", 0x%llx to 0x%llx, %c%c%c%c\n", (unsigned long long)mapping->start,
        (unsigned long long)mapping->end, mapping->is_readable ? 'r' : '-',
        mapping->is_writable ? 'w' : '-', mapping->is_executable ? 'x' : '-',
        mapping->is_shared ? 's' : 'p');
}

static void print_place(const struct asking *asking, const struct place *place)
{
    printf("%s0x%llx%s  ", cli_style(asking->cli, STYLE_STRONG), (unsigned long long)place->address,
        cli_style(asking->cli, STYLE_END));
    if (place->element != NULL) {
        print_element(asking, place);
    } else if (place->region != NULL) {
        printf(
            "memory of a heap that is no block's: the head of a region, or the edge of a span\n");
        print_heap(asking, place);
    } else if (place->is_engine) {
        printf("what the allocator knows of its heaps, or addresses that it keeps for later\n");
    } else if (place->thread != NULL) {
        print_thread(asking, place);
    } else if (place->module != NULL) {
        print_module(asking, place);
    } else if (place->mapping != NULL) {
        print_mapping(asking, place);
    } else {
        printf("nothing is there\n");
    }
}

// ---- For programs -----------------------------------------------------------------------------

static const char *kind_of(const struct place *place)
{
    return place->element != NULL   ? image_kind_name(place->element->kind)
           : place->region != NULL  ? "heap"
           : place->is_engine       ? "allocator"
           : place->thread != NULL  ? "stack"
           : place->module != NULL  ? "module"
           : place->mapping != NULL ? "mapping"
                                    : "nothing";
}

static void put_neighbour(struct json *json, const char *key, const struct image_block *neighbour)
{
    if (neighbour == NULL) {
        return;
    }
    json_key(json, key);
    json_open_object(json);
    json_put_address(json, "address", neighbour->address);
    json_put_text(json, "kind", image_kind_name(neighbour->kind));
    json_put_number(json, "size", neighbour->size);
    json_close_object(json);
}

static void put_element(
    const struct asking *asking, struct json *json, const struct image_block *element)
{
    json_key(json, "block");
    json_open_object(json);
    json_put_address(json, "address", element->address);
    json_put_number(json, "size", element->size);
    json_put_number(json, "overhead_bytes", image_overhead(asking->image, element));
    json_put_text(json, "place", image_place_name(element));
    origin_put(json, asking->image, asking->symbols, element, asking->depth);
    json_close_object(json);
    put_neighbour(json, "before", element_before(asking->image, element));
    put_neighbour(json, "behind", element_behind(asking->image, element));
}

static void put_symbol(const struct asking *asking, struct json *json, const struct place *place)
{
    uint64_t offset;
    const char *name = symbols_variable(asking->symbols, place->address, &offset);
    json_put_text(json, "module", image_string(asking->image, place->module->path));
    json_put_address(json, "module_offset", place->address - place->module->bias);
    if (name != NULL) {
        json_put_text(json, "symbol", name);
        json_put_number(json, "symbol_offset", offset);
    }
}

static void put_place(const struct asking *asking, struct json *json, const struct place *place)
{
    json_open_object(json);
    json_put_address(json, "address", place->address);
    json_put_text(json, "kind", kind_of(place));
    if (place->heap != NULL) {
        json_put_address(json, "heap", place->heap->handle);
    }
    if (place->region != NULL) {
        json_put_number(json, "region", place->region_index);
    }
    if (place->element != NULL) {
        json_put_signed(json, "offset", (int64_t)(place->address - place->element->address));
        put_element(asking, json, place->element);
    } else if (place->module != NULL) {
        put_symbol(asking, json, place);
    } else if (place->mapping != NULL) {
        json_put_text(json, "mapping", image_string(asking->image, place->mapping->path));
    }
    if (place->thread != NULL) {
        json_put_number(json, "thread", place->thread->id);
    }
    json_close_object(json);
}

// ---- The verb ---------------------------------------------------------------------------------

static bool read_addresses(const struct cli *cli, uint64_t *addresses)
{
    for (int i = 1; i < cli->argument_count; i++) {
        if (!cli_parse_address(cli->arguments[i], &addresses[i - 1])) {
            cli_error(cli, "'%s' is no address: give it as 0x7f3c10a40345", cli->arguments[i]);
            return false;
        }
    }
    return true;
}

static bool read_depth(const struct cli *cli, size_t *depth)
{
    uint64_t count = DEPTH_DEFAULT;
    const char *value = cli_value(cli, "depth");
    if (value != NULL && (!cli_parse_count(value, &count) || count > SIZE_MAX)) {
        cli_bad_value(cli, "depth", "a number");
        return false;
    }
    *depth = (size_t)count;
    return true;
}

// Returns whether every address is in a busy block.
static bool answer(const struct asking *asking, const uint64_t *addresses, size_t count)
{
    bool is_busy = true;
    struct json *json = NULL;
    if (asking->cli->is_json) {
        json = json_begin(stdout);
        json_open_object(json);
        json_put_text(json, "schema", "halde.addr/1");
        json_put_number(json, "pid", asking->image->process_id);
        json_put_number(json, "pause_ns", asking->image->pause_ns);
        json_key(json, "addresses");
        json_open_array(json);
    }
    for (size_t i = 0; i < count; i++) {
        struct place place;
        look(asking->image, addresses[i], &place);
        is_busy = is_busy && place.element != NULL && place.element->kind == IMAGE_BUSY;
        if (json != NULL) {
            put_place(asking, json, &place);
        } else {
            print_place(asking, &place);
        }
    }
    if (json != NULL) {
        json_close_array(json);
        json_close_object(json);
        json_end(json);
    }
    return is_busy;
}

static int ask(struct asking *asking, const uint64_t *addresses, size_t count)
{
    const struct cli *cli = asking->cli;
    asking->image =
        open_image(cli, cli->arguments[0], cli_value(cli, "executable"), OPEN_FREE_BLOCKS);
    if (asking->image == NULL) {
        return EXIT_TROUBLE;
    }
    open_say_pause(cli, asking->image);
    asking->symbols = symbols_open(cli, asking->image);
    bool is_busy = answer(asking, addresses, count);
    symbols_destroy(asking->symbols);
    image_destroy(asking->image);
    return is_busy ? EXIT_CLEAN : EXIT_FINDING;
}

static int run(const struct cli *cli)
{
    enum {
        ADDRESSES_MAX = 1000
    };
    uint64_t addresses[ADDRESSES_MAX] = {0};
    struct asking asking = {.cli = cli};
    if (!cli_expect_arguments(cli, 2, ADDRESSES_MAX + 1) || !read_addresses(cli, addresses) ||
        !read_depth(cli, &asking.depth)) {
        return EXIT_TROUBLE;
    }
    return ask(&asking, addresses, (size_t)cli->argument_count - 1);
}

extern const struct verb verb_addr;
const struct verb verb_addr = {
    .name = "addr",
    .arguments = "PID|CORE|SNAPSHOT ADDRESS...",
    .summary = "Say what is at an address: which block, of which heap, allocated by whom",
    .description = DESCRIPTION,
    .options = OPTIONS,
    .examples = EXAMPLES,
    .exit_codes = EXIT_CODES,
    .has_json = true,
    .run = run,
};
