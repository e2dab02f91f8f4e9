// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

// Snapshot files: what is written comes back, and whatever is in a file, reading it ends well: cut
// at every byte, bytes flipped, made by a later version, with sizes that cannot be.

#include "snapshot_image.h"

#include "capture/capture.h"
#include "capture/section.h"
#include "seed.h"
#include "snapshot/columns.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char path[96];
static int variant_fd; ///< in memory: thousands of files are made
static char variant[64];

struct bytes {
    uint8_t *data;
    size_t size;
};

// ---- Files ----

static struct bytes read_file(const char *name)
{
    struct bytes bytes = {0};
    int fd = open(name, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        test_fail(CHECK_HERE, "%s cannot be read", name);
        test_stop();
    }
    bytes.data = malloc((size_t)status.st_size + 1);
    ssize_t size = read(fd, bytes.data, (size_t)status.st_size);
    bytes.size = size > 0 ? (size_t)size : 0;
    EXPECT_SIZE(bytes.size, (size_t)status.st_size);
    close(fd);
    return bytes;
}

static void write_variant(const uint8_t *data, size_t size)
{
    EXPECT_TRUE(ftruncate(variant_fd, 0) == 0);
    EXPECT_TRUE(pwrite(variant_fd, data, size, 0) == (ssize_t)size);
}

static void save_image(const struct image *image, int flags)
{
    char *error = NULL;
    struct capture_writer *writer = capture_writer_open(path, &error);
    if (!writer) {
        test_fail(CHECK_HERE, "%s", error);
        test_stop();
    }
    capture_write_image(writer, image, flags);
    EXPECT_TRUE(capture_writer_close(writer, NULL));
}

static struct capture *open_sound(void)
{
    char *error = NULL;
    struct capture *capture = capture_open(path, &error);
    if (!capture) {
        test_fail(CHECK_HERE, "%s", error);
        test_stop();
    }
    if (capture->warning) {
        test_fail(CHECK_HERE, "%s", capture->warning);
    }
    return capture;
}

// Opens what may be anything, and looks at all that it says. Returns whether there was something.
static bool open_any(const char *name, const char *expected_text)
{
    char *error = NULL;
    struct capture *capture = capture_open(name, &error);
    const char *text = capture ? capture->warning : error;
    if (!capture && !error) {
        test_fail(CHECK_HERE, "no error is told");
    }
    if (expected_text && (!text || !strstr(text, expected_text))) {
        test_fail(CHECK_HERE, "\"%s\", without \"%s\"", text ? text : "", expected_text);
    }
    bool is_open = capture != NULL;
    for (size_t index = 0; is_open && index < capture->image->block_count; index++) {
        const struct image_block *block = &capture->image->blocks[index];
        size_t count;
        image_frames(capture->image, block->stack, &count);
        EXPECT_TRUE(block->heap < capture->image->heap_count);
        EXPECT_TRUE(image_detail(capture->image, block)->file < capture->image->string_size);
        EXPECT_TRUE(block->stack < capture->image->stack_count);
        EXPECT_TRUE(!capture->image->leaders ||
                    capture->image->leaders[index] < capture->image->block_count);
    }
    for (size_t index = 0; is_open && index < capture->change_count; index++) {
        EXPECT_TRUE(capture->changes[index].interval < capture->interval_count);
        EXPECT_TRUE(capture->changes[index].stack < capture->image->stack_count);
    }
    capture_close(capture);
    free(error);
    return is_open;
}

// ---- What is written comes back ----

static void test_round_trip(uint64_t seed, unsigned heaps, unsigned stacks, size_t blocks)
{
    struct image *image = make_image(seed, heaps, stacks, blocks);
    save_image(image, 0);
    struct capture *capture = open_sound();
    EXPECT_TRUE(capture->has_image);
    EXPECT_TRUE(!capture->has_contents);
    EXPECT_SIZE(capture->image->source, IMAGE_SNAPSHOT);
    expect_same_images(image, capture->image);
    if (blocks >= 1000000) {
        test_note("a million blocks: %zu KiB", (size_t)(capture->file_size >> 10));
    }
    capture_close(capture);
    image_destroy(image);
}

static void test_empty_image(void)
{
    struct image *image = image_create();
    save_image(image, 0);
    struct capture *capture = open_sound();
    EXPECT_TRUE(capture->has_image);
    expect_same_images(image, capture->image);
    capture_close(capture);
    image_destroy(image);
}

static void test_load(void)
{
    struct image *image = make_image(5, 1, 10, 100);
    save_image(image, 0);
    char *message = NULL;
    EXPECT_TRUE(capture_is_snapshot(path));
    EXPECT_TRUE(!capture_is_snapshot("/dev/null"));
    EXPECT_TRUE(!capture_is_snapshot(folder));
    struct image *loaded = capture_load(path, &message);
    EXPECT_TRUE(loaded && !message);
    expect_same_images(image, loaded);
    image_destroy(loaded);
    image_destroy(image);
    EXPECT_TRUE(!capture_load("/nonexistent/a.halde", &message) && message);
    free(message);
    EXPECT_TRUE(!capture_load(folder, &message) && strstr(message, "not a file"));
    free(message);
}

// ---- Contents ----

struct memory {
    uint64_t start;
    uint8_t *bytes;
    size_t size;
    uint64_t hole; ///< a page that cannot be read
};

static size_t read_memory(void *context, uint64_t address, void *buffer, size_t size)
{
    const struct memory *memory = context;
    size_t done = 0;
    for (; done < size; done++, address++) {
        if (address - memory->start >= memory->size || address - memory->hole < 4096) {
            break;
        }
        ((uint8_t *)buffer)[done] = memory->bytes[address - memory->start];
    }
    return done;
}

static void expect_same_memory(
    const struct image *image, const struct memory *memory, uint64_t start, size_t size)
{
    uint8_t *read = malloc(size);
    EXPECT_SIZE(image_read(image, start, read, size), size);
    EXPECT_TRUE(memcmp(read, memory->bytes + (start - memory->start), size) == 0);
    free(read);
}

// Blocks in a megabyte of memory with holes and zeros, a stack, and a mapping that is no root.
static void test_contents(void)
{
    struct dice dice = {77};
    struct memory memory = {.start = 0x7f0000000000, .size = 1 << 20, .hole = 0x7f0000080000};
    memory.bytes = malloc(memory.size);
    for (size_t index = 0; index < memory.size; index++) {
        memory.bytes[index] = index >> 16 & 1 ? 0 : (uint8_t)(roll(&dice) % 7);
    }
    struct image *image = image_create();
    image_add_heap(image, &(struct image_heap){.handle = 1});
    for (unsigned index = 0; index < 60; index++) {
        struct image_block block = {.address = memory.start + index * 10000, .size = 9000};
        image_add_block(image, &block, NULL);
    }
    struct image_mapping stack = {.start = memory.start + 0xc0000,
        .end = memory.start + 0xe0000,
        .is_readable = 1,
        .is_writable = 1};
    image_add_mapping(image, &stack);
    image_add_thread(image, &(struct image_thread){.stack_pointer = memory.start + 0xd0000});
    struct image_mapping constants = {
        .start = memory.start + 0xf0000, .end = memory.start + 0xf1000, .is_readable = 1};
    image_add_mapping(image, &constants);
    image->read = read_memory;
    image->reader = &memory;
    save_image(image, CAPTURE_CONTENTS);
    struct capture *capture = open_sound();
    EXPECT_TRUE(capture->has_contents);
    expect_same_memory(capture->image, &memory, memory.start, 0x80000);
    expect_same_memory(capture->image, &memory, memory.start + 0x81000, 0x10000);
    expect_same_memory(capture->image, &memory, memory.start + 0xd0000 - 128, 0x10000 + 128);
    for (unsigned tries = 0; tries < 2000; tries++) {
        size_t size = 1 + roll(&dice) % 100;
        expect_same_memory(capture->image, &memory, memory.start + roll(&dice) % 0x7ff00, size);
    }
    uint8_t byte;
    uint8_t page[8192];
    EXPECT_SIZE(image_read(capture->image, memory.hole - 100, page, sizeof(page)), 100);
    EXPECT_SIZE(image_read(capture->image, memory.start + 0xc0000, &byte, 1), 0);
    EXPECT_SIZE(image_read(capture->image, memory.start + 0xf0000, &byte, 1), 0);
    EXPECT_SIZE(image_read(capture->image, memory.start - 1, &byte, 1), 0);
    EXPECT_SIZE(image_read(capture->image, 0, &byte, 1), 0);
    EXPECT_SIZE(image_read(capture->image, UINT64_MAX, &byte, 1), 0);
    capture_close(capture);
    image_destroy(image);
    free(memory.bytes);
}

// ---- The course ----

static struct capture_process made_process(struct capture_writer *writer)
{
    return (struct capture_process){
        .process_id = 4711,
        .parent_id = 1,
        .name = capture_writer_string(writer, "server"),
        .command_line = capture_writer_string(writer, "server --port 80"),
        .executable = capture_writer_string(writer, "/usr/bin/server"),
        .host = capture_writer_string(writer, "host"),
        .mode = capture_writer_string(writer, "exact"),
        .tool_version = capture_writer_string(writer, "1"),
        .sample_interval = 5,
        .started_at = 6,
        .ended_ns = 7,
        .event_count = 8,
        .lost_count = 9,
        .end = CAPTURE_KILLED,
        .status = 9,
    };
}

// Writes intervals with changes of new and old stacks; the n-th has n changes.
static void write_course(struct capture_writer *writer, unsigned intervals)
{
    struct capture_process process = made_process(writer);
    process.end = CAPTURE_RUNNING;
    capture_write_process(writer, &process);
    for (unsigned index = 0; index < intervals; index++) {
        struct capture_change changes[64];
        for (unsigned change = 0; change < index; change++) {
            uint64_t frames[] = {0x400100 + change, 0x600000 + change % 3, 0x10};
            changes[change] = (struct capture_change){
                .stack = capture_writer_stack(writer, frames, 3),
                .allocated_count = change,
                .allocated_size = change * 100,
                .freed_count = index,
                .freed_size = 4,
                .temporary_count = 5,
                .lifetime_ns = UINT64_MAX,
            };
        }
        struct capture_interval interval = {
            index * 10, index * 10 + 10, 1, 2, 3, 4, 5, 6, 7, 8, index * 10 + 3, UINT64_MAX};
        capture_write_timeline(writer, &interval, changes, index);
    }
    struct capture_size sizes[] = {{0, 0, 1, 0, 1}, {1, 16, 5, 70, 3}, {17, UINT64_MAX, 1, 2, 3}};
    capture_write_sizes(writer, sizes, 1);
    capture_write_sizes(writer, sizes, 3);
    process = made_process(writer);
    capture_write_process(writer, &process);
}

static void expect_process(const struct capture *capture)
{
    const struct capture_process *process = &capture->process;
    const struct image *image = capture->image;
    EXPECT_TRUE(capture->has_process);
    EXPECT_SIZE(process->process_id, 4711);
    EXPECT_TRUE(strcmp(image_string(image, process->name), "server") == 0);
    EXPECT_TRUE(strcmp(image_string(image, process->command_line), "server --port 80") == 0);
    EXPECT_TRUE(strcmp(image_string(image, process->executable), "/usr/bin/server") == 0);
    EXPECT_TRUE(strcmp(image_string(image, process->host), "host") == 0);
    EXPECT_TRUE(strcmp(image_string(image, process->mode), "exact") == 0);
    EXPECT_SIZE(process->sample_interval, 5);
    EXPECT_SIZE(process->event_count, 8);
    EXPECT_SIZE(process->lost_count, 9);
    EXPECT_SIZE(process->end, CAPTURE_KILLED);
    EXPECT_SIZE(process->status, 9);
}

static void expect_course(const struct capture *capture, unsigned intervals)
{
    EXPECT_SIZE(capture->interval_count, intervals);
    EXPECT_SIZE(capture->change_count, intervals * (intervals - 1) / 2);
    size_t next = 0;
    for (unsigned index = 0; index < capture->interval_count; index++) {
        const struct capture_interval *interval = &capture->intervals[index];
        EXPECT_SIZE(interval->start_ns, index * 10);
        EXPECT_SIZE(interval->peak_ns, index * 10 + 3);
        EXPECT_SIZE(interval->resident_size, UINT64_MAX);
        EXPECT_SIZE(interval->live_size, 7);
        for (unsigned change = 0; change < index && next < capture->change_count; change++) {
            const struct capture_change *found = &capture->changes[next++];
            size_t count;
            const uint64_t *frames = image_frames(capture->image, found->stack, &count);
            EXPECT_SIZE(found->interval, index);
            EXPECT_SIZE(found->allocated_size, change * 100);
            EXPECT_SIZE(found->lifetime_ns, UINT64_MAX);
            EXPECT_TRUE(count == 3 && frames[0] == 0x400100 + change &&
                        frames[1] == 0x600000 + change % 3 && frames[2] == 0x10);
        }
    }
    EXPECT_SIZE(capture->size_count, 3);
    EXPECT_TRUE(capture->size_count == 3 && capture->sizes[1].allocated_size == 70 &&
                capture->sizes[2].size_max == UINT64_MAX);
}

static void test_course(void)
{
    char *error = NULL;
    struct capture_writer *writer = capture_writer_open(path, &error);
    struct image_module module = {.start = 0x400000,
        .end = 0x500000,
        .path = capture_writer_string(writer, "/usr/bin/server")};
    capture_write_modules(writer, &module, 1);
    capture_write_modules(writer, &module, 1);
    write_course(writer, 40);
    EXPECT_TRUE(capture_writer_is_good(writer));
    EXPECT_TRUE(capture_writer_close(writer, &error));
    struct capture *capture = open_sound();
    expect_process(capture);
    expect_course(capture, 40);
    EXPECT_TRUE(!capture->has_image);
    EXPECT_SIZE(capture->image->process_id, 4711);
    EXPECT_SIZE(capture->image->module_count, 1);
    capture_close(capture);
    EXPECT_TRUE(!capture_load(path, &error) && error && strstr(error, "no image"));
    free(error);
}

// A course, two images, and another that is not finished: the second image is what counts.
static void test_last_image(void)
{
    char *error = NULL;
    struct image *first = make_image(1, 2, 10, 50);
    struct image *second = make_image(2, 3, 20, 70);
    struct capture_writer *writer = capture_writer_open(path, &error);
    write_course(writer, 5);
    capture_write_image(writer, first, 0);
    capture_write_image(writer, second, 0);
    uint64_t size = capture_writer_size(writer);
    capture_write_image(writer, first, 0);
    uint64_t end = capture_writer_size(writer);
    EXPECT_TRUE(capture_writer_close(writer, &error));
    EXPECT_TRUE(truncate(path, (off_t)(size + (end - size) / 2)) == 0);
    struct capture *capture = capture_open(path, &error);
    EXPECT_TRUE(capture && capture->has_image);
    expect_same_images(second, capture->image);
    expect_course(capture, 5);
    EXPECT_TRUE(capture->warning && strstr(capture->warning, "cut off"));
    capture_close(capture);
    image_destroy(first);
    image_destroy(second);
}

// ---- Damage ----

// A small file with everything in it.
static struct bytes make_file(void)
{
    char *error = NULL;
    struct image *image = make_image(99, 2, 6, 12);
    struct capture_writer *writer = capture_writer_open(path, &error);
    write_course(writer, 4);
    capture_write_image(writer, image, 0);
    EXPECT_TRUE(capture_writer_close(writer, &error));
    image_destroy(image);
    return read_file(path);
}

static void test_cut(void)
{
    struct bytes file = make_file();
    size_t opened = 0;
    for (size_t size = 0; size <= file.size; size++) {
        write_variant(file.data, size);
        opened += open_any(variant, size < 8                ? "not a snapshot"
                                    : size < 32             ? "head"
                                    : size < file.size - 24 ? ""
                                                            : NULL);
    }
    // Every size from the first section on.
    EXPECT_AT_LEAST(opened, file.size - 200);
    free(file.data);
}

static void test_flipped(uint64_t seed)
{
    struct dice dice = {seed};
    struct bytes file = make_file();
    uint8_t *copy = malloc(file.size);
    for (unsigned tries = 0; tries < 8000; tries++) {
        memcpy(copy, file.data, file.size);
        for (unsigned flips = 1 + roll(&dice) % 4; flips > 0; flips--) {
            copy[roll(&dice) % file.size] ^= (uint8_t)(1 << roll(&dice) % 8);
        }
        write_variant(copy, file.size);
        open_any(variant, NULL);
    }
    free(copy);
    free(file.data);
}

// One damaged section costs what was in it and no more, and its name is told.
static void test_damaged_section(void)
{
    struct bytes file = make_file();
    struct snapshot_section section;
    unsigned damaged = 0;
    for (size_t offset = 32; offset < file.size - 24;
         offset += SNAPSHOT_SECTION_HEADER_SIZE + section.stored_size) {
        EXPECT_TRUE(section_header_decode(file.data + offset, &section));
        if (section.type == SNAPSHOT_INDEX || section.stored_size == 0) {
            continue;
        }
        uint8_t *byte = file.data + offset + SNAPSHOT_SECTION_HEADER_SIZE;
        *byte ^= 0xff;
        write_variant(file.data, file.size);
        *byte ^= 0xff;
        EXPECT_TRUE(open_any(variant, "is damaged: what it held is missing"));
        damaged++;
    }
    EXPECT_AT_LEAST(damaged, 15);
    free(file.data);
}

static void test_damaged_names(void)
{
    struct bytes file = make_file();
    struct snapshot_section section;
    size_t offset = 32;
    do {
        EXPECT_TRUE(section_header_decode(file.data + offset, &section));
        offset += SNAPSHOT_SECTION_HEADER_SIZE + section.stored_size;
    } while (section.type != SNAPSHOT_FRAMES);
    file.data[offset - 1] ^= 1; // the first frames are lost, later ones keep their numbers
    write_variant(file.data, file.size);
    char *error = NULL;
    struct capture *capture = capture_open(variant, &error);
    EXPECT_TRUE(capture && capture->warning && strstr(capture->warning, "\"frames\""));
    EXPECT_SIZE(capture->image->block_count, 12);
    EXPECT_SIZE(capture->interval_count, 4);
    EXPECT_SIZE(capture->change_count, 6);
    struct image *image = make_image(99, 2, 6, 12);
    unsigned same = 0;
    for (size_t index = 0; index < 12; index++) {
        same += same_stack(
            image, image->blocks[index].stack, capture->image, capture->image->blocks[index].stack);
    }
    EXPECT_SIZE(same, 12);
    image_destroy(image);
    capture_close(capture);
    free(file.data);
}

// ---- Other versions, impossible numbers ----

static void put_header(struct bytes *file, unsigned version, unsigned minor)
{
    file_header_encode(file->data, 1);
    snapshot_put_u16(file->data + 8, (uint16_t)version);
    snapshot_put_u16(file->data + 10, (uint16_t)minor);
    snapshot_put_u32(file->data + 28, section_checksum(file->data, 28));
}

static void test_versions(void)
{
    struct bytes file = make_file();
    put_header(&file, 2, 7);
    write_variant(file.data, file.size);
    EXPECT_TRUE(!open_any(variant, "version 2.7"));
    put_header(&file, 1, 7);
    write_variant(file.data, file.size);
    EXPECT_TRUE(open_any(variant, NULL));
    put_header(&file, 0, 0);
    write_variant(file.data, file.size);
    EXPECT_TRUE(!open_any(variant, "damaged"));
    free(file.data);
}

// A file of one section whose header says what the caller wants, with a right checksum.
static void write_section(
    const struct snapshot_section *wanted, const uint8_t *payload, size_t size)
{
    uint8_t *data = calloc(32 + 48 + size, 1);
    struct snapshot_section section = *wanted;
    file_header_encode(data, 1);
    section.checksum = section_checksum(payload, size);
    section_header_encode(data + 32, &section);
    memcpy(data + 80, payload, size);
    write_variant(data, 80 + size);
    free(data);
}

static void test_unknown_sections(void)
{
    struct snapshot_section section = {.type = 4000, .count = 3, .stored_size = 5, .raw_size = 5};
    write_section(&section, (const uint8_t *)"hello", 5);
    EXPECT_TRUE(open_any(variant, NULL));
    section.flags = SNAPSHOT_CRITICAL;
    write_section(&section, (const uint8_t *)"hello", 5);
    EXPECT_TRUE(!open_any(variant, "type 4000"));
}

static void test_huge_numbers(void)
{
    static const uint64_t huge[] = {UINT64_MAX, UINT64_MAX - 47, 1ull << 63, 1ull << 40,
        (64u << 20) + 1, 1u << 20, (1u << 20) + 1};
    static const uint32_t types[] = {SNAPSHOT_STRINGS, SNAPSHOT_FRAMES, SNAPSHOT_STACKS,
        SNAPSHOT_BLOCKS, SNAPSHOT_CONTENTS, SNAPSHOT_INTERVALS, SNAPSHOT_INDEX, SNAPSHOT_HEAPS};
    const uint8_t payload[32] = {1, 0, SNAPSHOT_CONSTANT, 0, 0, 0, 0, 0, 1};
    for (size_t type = 0; type < sizeof(types) / sizeof(types[0]); type++) {
        for (size_t index = 0; index < sizeof(huge) / sizeof(huge[0]); index++) {
            struct snapshot_section section = {.type = types[type], .image = 1};
            section.count = huge[index];
            section.stored_size = section.raw_size = 17;
            write_section(&section, payload, 17);
            open_any(variant, NULL);
            section.raw_size = huge[index];
            section.flags = SNAPSHOT_COMPRESSED;
            write_section(&section, payload, 17);
            open_any(variant, NULL);
            section.stored_size = huge[index];
            write_section(&section, payload, 17);
            open_any(variant, NULL);
        }
    }
}

// A damaged head of a section: the sections behind it are found, wherever they lie, and a file of
// nothing but what looks like heads takes no time.
static void test_lost_header(void)
{
    struct bytes file = make_file();
    struct snapshot_section section;
    EXPECT_TRUE(section_header_decode(file.data + 32, &section));
    size_t second = 32 + SNAPSHOT_SECTION_HEADER_SIZE + section.stored_size;
    for (size_t gap = 0; gap < 12000; gap += 1 + gap / 3) {
        size_t size = file.size - second + gap + 33;
        uint8_t *data = calloc(size, 1);
        memcpy(data, file.data, 32);
        memcpy(data + size - (file.size - second), file.data + second, file.size - second);
        write_variant(data, size);
        EXPECT_TRUE(open_any(variant, "are damaged"));
        free(data);
    }
    enum {
        SIZE = 8 << 20
    };
    uint8_t *heads = malloc(SIZE);
    for (size_t place = 0; place < SIZE; place++) {
        heads[place] = (uint8_t) "SECT"[place & 3];
    }
    file_header_encode(heads, 1);
    write_variant(heads, SIZE);
    uint64_t start = clock_ms();
    EXPECT_TRUE(!open_any(variant, "nothing was written"));
    EXPECT_AT_MOST(clock_ms() - start, 10000);
    free(heads);
    free(file.data);
}

// A few bytes that say a million rows, again and again: the limit of memory holds.
static void test_bomb(void)
{
    enum {
        SECTIONS = 300,
        SIZE = 48 + 17
    };
    uint8_t *data = calloc(32 + (SECTIONS + 2) * SIZE, 1);
    file_header_encode(data, 1);
    uint8_t *next = data + 32;
    for (unsigned index = 0; index < SECTIONS + 2; index++, next += SIZE) {
        const uint8_t payload[17] = {
            1, 0, SNAPSHOT_CONSTANT, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};
        struct snapshot_section section = {
            .type = index == 0   ? SNAPSHOT_IMAGE
                    : index == 1 ? SNAPSHOT_HEAPS
                                 : SNAPSHOT_BLOCKS,
            .image = 1,
            .count = index < 2 ? 1 : SNAPSHOT_ROWS_MAX,
            .stored_size = 17,
            .raw_size = 17,
            .checksum = section_checksum(payload, 17),
        };
        section_header_encode(next, &section);
        memcpy(next + 48, payload, 17);
    }
    write_variant(data, (size_t)(next - data));
    capture_set_memory_limit(600 << 20);
    EXPECT_TRUE(open_any(variant, "of memory would be needed"));
    capture_set_memory_limit(0);
    free(data);
}

// ---- Writing ----

static void test_write_failures(void)
{
    char *error = NULL;
    EXPECT_TRUE(!capture_writer_open("/nonexistent/x.halde", &error));
    EXPECT_TRUE(error && strstr(error, "/nonexistent/x.halde"));
    free(error);
    error = NULL;
    struct image *image = make_image(3, 1, 10, 100000);
    struct capture_writer *writer = capture_writer_open("/dev/full", &error);
    EXPECT_TRUE(!writer && error && strstr(error, "No space left"));
    free(error);
    // What goes wrong later is told at the end, and nothing is written behind it.
    int ends[2];
    EXPECT_TRUE(pipe(ends) == 0);
    signal(SIGPIPE, SIG_IGN);
    error = NULL;
    writer = capture_writer_open_fd(ends[1], &error);
    EXPECT_TRUE(writer && capture_writer_is_good(writer));
    close(ends[0]);
    capture_write_image(writer, image, 0);
    EXPECT_TRUE(!capture_writer_is_good(writer));
    EXPECT_SIZE(capture_writer_size(writer), SNAPSHOT_HEADER_SIZE);
    capture_write_sizes(writer, &(struct capture_size){1, 2, 3, 4, 5}, 1);
    EXPECT_TRUE(!capture_writer_close(writer, &error));
    EXPECT_TRUE(error && strstr(error, "Broken pipe"));
    free(error);
    image_destroy(image);
}

// Who reads a file keeps it, although another of that name is written.
static void test_replaced(void)
{
    struct image *first = make_image(1, 1, 5, 10);
    struct image *second = make_image(2, 2, 5, 10);
    save_image(first, 0);
    int fd = open(path, O_RDONLY);
    save_image(second, 0);
    char by_descriptor[64];
    snprintf(by_descriptor, sizeof(by_descriptor), "/proc/self/fd/%d", fd);
    char *error = NULL;
    struct capture *capture = capture_open(by_descriptor, &error);
    expect_same_images(first, capture->image);
    capture_close(capture);
    capture = open_sound();
    expect_same_images(second, capture->image);
    capture_close(capture);
    close(fd);
    image_destroy(first);
    image_destroy(second);
}

int main(void)
{
    uint64_t seed = seed_start("snapshot_format");
    snprintf(folder, sizeof(folder), "/tmp/halde-snapshot-%d", (int)getpid());
    mkdir(folder, 0700);
    snprintf(path, sizeof(path), "%s/a.halde", folder);
    variant_fd = memfd_create("variant", MFD_CLOEXEC);
    snprintf(variant, sizeof(variant), "/proc/self/fd/%d", variant_fd);
    test_empty_image();
    test_load();
    test_round_trip(seed, 1, 0, 0);
    test_round_trip(seed, 0, 50, 0);
    test_round_trip(seed, 1000, 300, 200000);
    for (uint64_t index = 0; index < 50; index++) {
        test_round_trip(seed + index, (unsigned)index % 5, (unsigned)index * 3, index * 20);
    }
    test_round_trip(seed, 3, 5000, 1000000);
    test_contents();
    test_course();
    test_last_image();
    test_cut();
    test_flipped(seed);
    test_damaged_section();
    test_damaged_names();
    test_lost_header();
    test_versions();
    test_unknown_sections();
    test_huge_numbers();
    test_bomb();
    test_write_failures();
    test_replaced();
    unlink(path);
    rmdir(folder);
    return test_result();
}
