// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

/**
 * A byte string is read as a snapshot file.  As it is, almost every change stops at a checksum; so
 * it is read a second time with all checksums put right, and what the sections say is believed.
 *
 * Built with CONFIG_LIBFUZZER=1 this is a libFuzzer target, and AFL++ can run the plain program on
 * files.  Otherwise a test that runs the files given as arguments, or else small files of its own
 * with random changes for HALDE_STRESS_SECONDS.
 */
#include "../tools/snapshot_image.h"

#include "capture/capture.h"
#include "capture/section.h"
#include "seed.h"
#include "snapshot/columns.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MEMORY_LIMIT = 64 << 20, // for one file
    SIZE_MAX_READ = 1 << 20,
};

static int file_fd = -1; // in memory; what is read
static char path[64];

// ---- Reading all that there is ----

static void touch_image(const struct image *image)
{
    uint64_t sum = 0;
    for (size_t index = 0; index < image->block_count; index++) {
        const struct image_block *block = &image->blocks[index];
        size_t count;
        const uint64_t *frames = image_frames(image, block->stack, &count);
        sum += count ? frames[count - 1] : 0;
        sum += strlen(image_string(image, image_detail(image, block)->file)) +
               image->heaps[block->heap].handle;
        sum += image->leaders ? image->blocks[image->leaders[index]].address : 0;
    }
    for (size_t index = 0; index < image->thread_count; index++) {
        const struct image_thread *thread = &image->threads[index];
        sum += thread->register_count ? thread->registers[thread->register_count - 1] : 0;
    }
    uint8_t bytes[300];
    for (size_t index = 0; index < image->block_count && index < 100; index++) {
        size_t size = image_read(image, image->blocks[index].address, bytes, sizeof(bytes));
        sum += size ? bytes[size - 1] : 0;
    }
    for (uint64_t address = 0; address < 64; address++) {
        sum += image_read(image, address << 58 | 0x7f0000000000, bytes, sizeof(bytes));
    }
    __asm__ volatile("" : : "r"(sum));
}

static void read_once(const uint8_t *data, size_t size)
{
    if (file_fd < 0) {
        file_fd = memfd_create("snapshot", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", file_fd);
        capture_set_memory_limit(MEMORY_LIMIT);
    }
    if (ftruncate(file_fd, 0) != 0 || pwrite(file_fd, data, size, 0) != (ssize_t)size) {
        abort();
    }
    char *error = NULL;
    struct capture *capture = capture_open(path, &error);
    if (!capture && !error) {
        abort();
    }
    if (capture) {
        touch_image(capture->image);
        for (size_t index = 0; index < capture->change_count; index++) {
            if (capture->changes[index].interval >= capture->interval_count ||
                capture->changes[index].stack >= capture->image->stack_count) {
                abort();
            }
        }
    }
    capture_close(capture);
    free(error);
}

// ---- Checksums ----

static void repair_section(uint8_t *header, size_t left)
{
    uint64_t stored = snapshot_get_u64(header + 24);
    if (stored <= left - SNAPSHOT_SECTION_HEADER_SIZE) {
        uint32_t checksum = section_checksum(header + SNAPSHOT_SECTION_HEADER_SIZE, stored);
        snapshot_put_u32(header + 40, checksum);
    }
    snapshot_put_u32(header + 44, section_checksum(header, 44));
}

// Puts all checksums right that there are.
static void repair(uint8_t *data, size_t size)
{
    if (size < SNAPSHOT_HEADER_SIZE) {
        return;
    }
    snapshot_put_u32(data + 28, section_checksum(data, 28));
    for (size_t offset = SNAPSHOT_HEADER_SIZE; offset + SNAPSHOT_SECTION_HEADER_SIZE <= size;
         offset++) {
        if (snapshot_get_u32(data + offset) == SNAPSHOT_SECTION_MAGIC) {
            repair_section(data + offset, size - offset);
        }
    }
    if (size >= SNAPSHOT_HEADER_SIZE + SNAPSHOT_TRAILER_SIZE) {
        uint8_t *trailer = data + size - SNAPSHOT_TRAILER_SIZE;
        snapshot_put_u32(trailer + 8, section_checksum(trailer, 8));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > SIZE_MAX_READ) {
        return 0;
    }
    read_once(data, size);
    uint8_t *repaired = malloc(size + 1);
    memcpy(repaired, data, size);
    repair(repaired, size);
    read_once(repaired, size);
    free(repaired);
    return 0;
}

#if !CONFIG_LIBFUZZER

// ---- Inputs of its own ----

struct bytes {
    uint8_t *data;
    size_t size;
};

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
    close(fd);
    return bytes;
}

static size_t read_zeros(void *context, uint64_t address, void *buffer, size_t size)
{
    (void)context;
    memset(buffer, address >> 12 & 1 ? 0 : 7, size);
    return size;
}

// A file with everything in it, of a few blocks.
static struct bytes make_file(uint64_t seed)
{
    char name[64];
    int fd = memfd_create("made", MFD_CLOEXEC);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    char *error = NULL;
    struct capture_writer *writer = capture_writer_open_fd(dup(fd), &error);
    uint64_t frames[] = {0x400100 + seed, 0x400200};
    struct capture_change change = {.stack = capture_writer_stack(writer, frames, 2)};
    struct capture_process process = {.name = capture_writer_string(writer, "name")};
    struct capture_size size = {1, 16, 2, 3, 4};
    capture_write_process(writer, &process);
    capture_write_timeline(writer, &(struct capture_interval){.end_ns = 5}, &change, 1);
    capture_write_timeline(
        writer, &(struct capture_interval){.start_ns = 5, .end_ns = 9}, &change, 1);
    capture_write_sizes(writer, &size, 1);
    struct image *image = make_image(seed, 2, 5, 8 + seed % 50);
    image->read = read_zeros;
    capture_write_image(writer, image, seed % 2 ? CAPTURE_CONTENTS : 0);
    capture_writer_close(writer, &error);
    image_destroy(image);
    struct bytes bytes = read_file(name);
    close(fd);
    return bytes;
}

static void append(struct bytes *bytes, const void *data, size_t size)
{
    bytes->data = realloc(bytes->data, bytes->size + size + 1);
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

// The same file with its payloads as they are before compression, and without index: changes get
// further than to the decompressor.
static struct bytes unpack(struct bytes file)
{
    struct bytes unpacked = {0};
    struct snapshot_section section;
    append(&unpacked, file.data, SNAPSHOT_HEADER_SIZE);
    for (const uint8_t *next = file.data + SNAPSHOT_HEADER_SIZE;
         section_header_decode(next, &section);
         next += SNAPSHOT_SECTION_HEADER_SIZE + section.stored_size) {
        const uint8_t *payload = next + SNAPSHOT_SECTION_HEADER_SIZE;
        uint8_t *raw = malloc(section.raw_size + 1);
        if (section.type == SNAPSHOT_INDEX) {
            free(raw);
            break;
        }
        if (section.flags & SNAPSHOT_COMPRESSED) {
            ZSTD_decompress(raw, section.raw_size, payload, section.stored_size);
        } else {
            memcpy(raw, payload, section.raw_size);
        }
        struct snapshot_section plain = section;
        plain.flags = 0;
        plain.stored_size = plain.raw_size;
        plain.checksum = section_checksum(raw, plain.raw_size);
        uint8_t header[SNAPSHOT_SECTION_HEADER_SIZE];
        section_header_encode(header, &plain);
        append(&unpacked, header, sizeof(header));
        append(&unpacked, raw, plain.raw_size);
        free(raw);
    }
    free(file.data);
    return unpacked;
}

static void change_bytes(struct dice *dice, uint8_t *data, size_t size)
{
    for (uint64_t changes = 1 + roll(dice) % 6; changes > 0; changes--) {
        uint8_t *byte = &data[roll(dice) % size];
        switch (roll(dice) % 4) {
        case 0:
            *byte ^= (uint8_t)(1 << roll(dice) % 8);
            break;
        case 1:
            *byte = (uint8_t)roll(dice);
            break;
        case 2:
            *byte = 0xff;
            break;
        default:
            *byte = data[roll(dice) % size];
        }
    }
}

static void run_changes(uint64_t seed, uint64_t deadline)
{
    struct dice dice = {seed};
    while (!deadline_is_over(deadline)) {
        struct bytes bytes = make_file(roll(&dice) % 1000);
        if (roll(&dice) % 4) {
            bytes = unpack(bytes);
        }
        for (unsigned tries = 0; tries < 200; tries++) {
            uint8_t *copy = malloc(bytes.size);
            memcpy(copy, bytes.data, bytes.size);
            change_bytes(&dice, copy, bytes.size);
            LLVMFuzzerTestOneInput(copy, roll(&dice) % 8 ? bytes.size : roll(&dice) % bytes.size);
            free(copy);
        }
        free(bytes.data);
    }
}

static void run_file(const char *name)
{
    struct bytes bytes = read_file(name);
    LLVMFuzzerTestOneInput(bytes.data, bytes.size);
    free(bytes.data);
}

static void run_kept_inputs(void)
{
    char folder[512];
    const char *slash = strrchr(__FILE__, '/');
    snprintf(folder, sizeof(folder), "%.*sseeds/snapshot", slash ? (int)(slash - __FILE__) + 1 : 0,
        __FILE__);
    DIR *directory = opendir(folder);
    if (!directory) {
        test_fail(CHECK_HERE, "cannot open %s", folder);
        return;
    }
    unsigned count = 0;
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        char name[1024];
        snprintf(name, sizeof(name), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            run_file(name);
            count++;
        }
    }
    closedir(directory);
    EXPECT_AT_LEAST(count, 4);
}

int main(int count, char **arguments)
{
    for (int index = 1; index < count; index++) {
        run_file(arguments[index]);
    }
    if (count == 1) {
        run_kept_inputs();
        run_changes(seed_start("snapshot"), deadline_after(stress_seconds(5)));
    }
    return test_result();
}

#endif
