// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The file as a stream of sections, and the numbers of strings, stacks and modules.

#include "capture/writer.h"

#include "capture/section.h"
#include "cli/memory.h"
#include "image/by_address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    COMPRESSION_LEVEL = 3,
    SMALL_PAYLOAD = 64,     ///< bytes; not worth compressing
    STRINGS_SIZE = 4 << 20, ///< bytes of texts of a section
};

// ---- Bytes out ----

uint8_t *byte_buffer_reserve(struct byte_buffer *buffer, size_t size)
{
    if (buffer->capacity - buffer->size < size) {
        buffer->capacity = (buffer->size + size) + (buffer->size + size) / 2;
        buffer->bytes = must_resize(buffer->bytes, buffer->capacity, 1);
    }
    return buffer->bytes + buffer->size;
}

static void put_bytes(struct capture_writer *writer, const uint8_t *bytes, size_t size)
{
    while (size > 0 && writer->error == 0) {
        ssize_t written = write(writer->fd, bytes, size);
        if (written < 0) {
            writer->error = errno == EINTR ? 0 : errno;
            continue;
        }
        bytes += written;
        size -= (size_t)written;
        writer->size += (size_t)written;
    }
}

// Puts the payload behind the place of the section's header. Returns its size.
static size_t store_payload(struct capture_writer *writer, struct snapshot_section *section)
{
    const struct byte_buffer *raw = &writer->raw;
    struct byte_buffer *stored = &writer->stored;
    stored->size = 0;
    size_t bound = ZSTD_compressBound(raw->size);
    uint8_t *payload = byte_buffer_reserve(stored, SNAPSHOT_SECTION_HEADER_SIZE + bound) +
                       SNAPSHOT_SECTION_HEADER_SIZE;
    if (raw->size > SMALL_PAYLOAD) {
        size_t size = ZSTD_compressCCtx(
            writer->zstd, payload, bound, raw->bytes, raw->size, COMPRESSION_LEVEL);
        if (!ZSTD_isError(size) && size < raw->size) {
            section->flags |= SNAPSHOT_COMPRESSED;
            return size;
        }
    }
    if (raw->size != 0) {
        memcpy(payload, raw->bytes, raw->size);
    }
    return raw->size;
}

static void put_section(
    struct capture_writer *writer, uint32_t type, uint32_t image, uint64_t count)
{
    struct snapshot_section section = {
        .type = type,
        .image = image,
        .count = count,
        .raw_size = writer->raw.size,
    };
    section.stored_size = store_payload(writer, &section);
    uint8_t *bytes = writer->stored.bytes;
    section.checksum = section_checksum(bytes + SNAPSHOT_SECTION_HEADER_SIZE, section.stored_size);
    section_header_encode(bytes, &section);
    writer->index = must_grow(
        writer->index, writer->index_count, &writer->index_capacity, sizeof(*writer->index));
    writer->index[writer->index_count++] = (struct index_row){writer->size, section};
    put_bytes(writer, bytes, SNAPSHOT_SECTION_HEADER_SIZE + section.stored_size);
}

void writer_put_section(
    struct capture_writer *writer, uint32_t type, uint32_t image, uint64_t count)
{
    if (writer->error == 0) {
        put_section(writer, type, image, count);
    }
}

// ---- Rows ----

void writer_encode(struct capture_writer *writer, const struct snapshot_rows *rows,
    const struct snapshot_translator *translator)
{
    writer->raw.size = 0;
    uint8_t *out =
        byte_buffer_reserve(&writer->raw, snapshot_columns_size_max(rows->fields, rows->count));
    writer->raw.size = snapshot_columns_encode(rows, translator, out);
}

void writer_put_rows(struct capture_writer *writer, uint32_t type, uint32_t image,
    const struct snapshot_rows *rows, const struct snapshot_translator *translator)
{
    struct snapshot_rows part = *rows;
    for (size_t first = 0; first < rows->count && writer->error == 0; first += part.count) {
        part.count = rows->count - first < WRITER_ROWS ? rows->count - first : WRITER_ROWS;
        part.first = (uint8_t *)rows->first + first * rows->stride;
        writer_encode(writer, &part, translator);
        writer_put_new_numbers(writer);
        writer_put_section(writer, type, image, part.count);
    }
}

// ---- Strings, frames, stacks ----

// Makes `raw` of strings from `first` on. Returns the number behind the last one.
static uint32_t encode_strings(struct capture_writer *writer, uint32_t first)
{
    const struct text_numbers *strings = &writer->strings;
    uint32_t end = first;
    size_t size = 0;
    while (end <= strings->count && end - first < WRITER_ROWS && size < STRINGS_SIZE) {
        size += strlen(text_numbers_get(strings, end++));
    }
    struct string_row *rows = must_allocate(end - first, sizeof(*rows));
    char *texts = must_allocate(size + 1, 1);
    char *next = texts;
    for (uint32_t number = first; number < end; number++) {
        char *behind = stpcpy(next, text_numbers_get(strings, number));
        rows[number - first] = (struct string_row){(uint32_t)(behind - next), first};
        next = behind;
    }
    writer_encode(
        writer, &(struct snapshot_rows){string_fields, rows, sizeof(*rows), end - first}, NULL);
    uint8_t *out = byte_buffer_reserve(&writer->raw, SNAPSHOT_COLUMN_HEADER_SIZE + size);
    writer->raw.size += snapshot_bytes_encode(STRINGS_TEXT, texts, size, out);
    free(rows);
    free(texts);
    return end;
}

static void put_new_strings(struct capture_writer *writer)
{
    while (writer->written_strings < writer->strings.count) {
        uint32_t end = encode_strings(writer, writer->written_strings + 1);
        put_section(writer, SNAPSHOT_STRINGS, 0, end - 1 - writer->written_strings);
        writer->written_strings = end - 1;
    }
}

// The module that an address lies in; NULL: none is known.
static const struct known_module *module_of(const struct capture_writer *writer, uint64_t address)
{
    const size_t until =
        count_until(writer->modules, writer->module_count, sizeof(*writer->modules), address);
    return until != 0 && address < writer->modules[until - 1].end ? &writer->modules[until - 1]
                                                                  : NULL;
}

static void put_new_frames(struct capture_writer *writer)
{
    struct frame_row *rows = must_allocate(WRITER_ROWS, sizeof(*rows));
    while (writer->written_nodes < writer->stacks.node_count) {
        uint32_t count = writer->stacks.node_count - writer->written_nodes;
        count = count < WRITER_ROWS ? count : WRITER_ROWS;
        for (uint32_t index = 0; index < count; index++) {
            const struct stack_node *node = &writer->stacks.nodes[writer->written_nodes + index];
            const struct known_module *module = module_of(writer, node->address);
            rows[index] = (struct frame_row){
                .parent = node->parent,
                .module = module ? module->number : 0,
                .address = node->address - (module ? module->start : 0),
                .first = writer->written_nodes + 1,
            };
        }
        writer_encode(
            writer, &(struct snapshot_rows){frame_fields, rows, sizeof(*rows), count}, NULL);
        put_section(writer, SNAPSHOT_FRAMES, 0, count);
        writer->written_nodes += count;
    }
    free(rows);
}

static void put_new_stacks(struct capture_writer *writer)
{
    struct stack_row *rows = must_allocate(WRITER_ROWS, sizeof(*rows));
    while (writer->written_stacks < writer->stacks.count) {
        uint32_t count = writer->stacks.count - writer->written_stacks;
        count = count < WRITER_ROWS ? count : WRITER_ROWS;
        for (uint32_t index = 0; index < count; index++) {
            uint32_t leaf = writer->stacks.leaves[writer->written_stacks + index];
            rows[index] = (struct stack_row){leaf, writer->written_stacks + 1};
        }
        writer_encode(
            writer, &(struct snapshot_rows){stack_fields, rows, sizeof(*rows), count}, NULL);
        put_section(writer, SNAPSHOT_STACKS, 0, count);
        writer->written_stacks += count;
    }
    free(rows);
}

void writer_put_new_numbers(struct capture_writer *writer)
{
    if (writer->error != 0 || (writer->written_strings == writer->strings.count &&
                                  writer->written_stacks == writer->stacks.count)) {
        return;
    }
    struct byte_buffer kept = writer->raw;
    writer->raw = writer->spare;
    put_new_strings(writer);
    if (writer->written_nodes < writer->stacks.node_count) {
        put_new_frames(writer);
    }
    put_new_stacks(writer);
    writer->spare = writer->raw;
    writer->raw = kept;
}

uint32_t capture_writer_string(struct capture_writer *writer, const char *text)
{
    return text_numbers_add(&writer->strings, text);
}

uint32_t capture_writer_stack(struct capture_writer *writer, const uint64_t *frames, size_t count)
{
    return stack_numbers_add(&writer->stacks, frames, count);
}

void capture_write_stacks(struct capture_writer *writer)
{
    writer_put_new_numbers(writer);
}

static bool own_number(void *context, unsigned reference, uint64_t *value)
{
    const struct capture_writer *writer = context;
    switch (reference) {
    case SNAPSHOT_STRING:
        return *value <= writer->strings.count;
    case SNAPSHOT_STACK:
        return *value <= writer->stacks.count;
    case SNAPSHOT_INTERVAL:
        *value += 1; // the file counts from 1 on
        return true;
    default:
        return true;
    }
}

struct snapshot_translator writer_own_numbers(struct capture_writer *writer)
{
    return (struct snapshot_translator){own_number, writer};
}

// ---- Modules ----

static bool is_known(const struct capture_writer *writer, const struct image_module *module)
{
    const struct known_module *known = module_of(writer, module->start);
    return known && known->start == module->start && known->end == module->end &&
           known->path == module->path;
}

// Forgets modules that lay where a new one is.
static void forget_overlapped(struct capture_writer *writer, uint64_t start, uint64_t end)
{
    size_t kept = 0;
    for (size_t index = 0; index < writer->module_count; index++) {
        const struct known_module *module = &writer->modules[index];
        if (module->end <= start || module->start >= end) {
            writer->modules[kept++] = *module;
        }
    }
    writer->module_count = kept;
}

static void know_module(
    struct capture_writer *writer, const struct image_module *module, uint32_t number)
{
    forget_overlapped(writer, module->start, module->end);
    writer->modules = must_grow(
        writer->modules, writer->module_count, &writer->module_capacity, sizeof(*writer->modules));
    size_t place = writer->module_count++;
    for (; place > 0 && writer->modules[place - 1].start > module->start; place--) {
        writer->modules[place] = writer->modules[place - 1];
    }
    writer->modules[place] =
        (struct known_module){module->start, module->end, module->path, number};
}

void capture_write_modules(
    struct capture_writer *writer, const struct image_module *modules, size_t count)
{
    // Frames that wait belong to the modules that were known when they came.
    writer_put_new_numbers(writer);
    struct snapshot_translator own = writer_own_numbers(writer);
    for (size_t index = 0; index < count; index++) {
        struct module_row row = {modules[index], writer->module_numbers + 1};
        if (row.module.start >= row.module.end || is_known(writer, &row.module)) {
            continue;
        }
        know_module(writer, &row.module, ++writer->module_numbers);
        writer_put_rows(writer, SNAPSHOT_MODULES, 0,
            &(struct snapshot_rows){module_fields, &row, sizeof(row), 1}, &own);
    }
}

// ---- The course ----

void capture_write_process(struct capture_writer *writer, const struct capture_process *process)
{
    struct capture_process row = *process;
    struct snapshot_translator own = writer_own_numbers(writer);
    writer_put_rows(writer, SNAPSHOT_PROCESS, 0,
        &(struct snapshot_rows){process_fields, &row, sizeof(row), 1}, &own);
}

void capture_write_timeline(struct capture_writer *writer, const struct capture_interval *interval,
    const struct capture_change *changes, size_t change_count)
{
    struct snapshot_translator own = writer_own_numbers(writer);
    struct interval_row row = {*interval, writer->interval_count + 1};
    writer_put_rows(writer, SNAPSHOT_INTERVALS, 0,
        &(struct snapshot_rows){interval_fields, &row, sizeof(row), 1}, &own);
    struct capture_change *numbered = must_allocate(change_count + 1, sizeof(*numbered));
    for (size_t index = 0; index < change_count; index++) {
        numbered[index] = changes[index];
        numbered[index].interval = writer->interval_count;
    }
    writer_put_rows(writer, SNAPSHOT_CHANGES, 0,
        &(struct snapshot_rows){change_fields, numbered, sizeof(*numbered), change_count}, &own);
    writer->interval_count++;
    free(numbered);
}

void capture_write_sizes(
    struct capture_writer *writer, const struct capture_size *sizes, size_t count)
{
    struct snapshot_rows rows = {
        size_fields, NULL, sizeof(*sizes), count < SNAPSHOT_ROWS_MAX ? count : SNAPSHOT_ROWS_MAX};
    rows.first = must_allocate(rows.count + 1, sizeof(*sizes));
    memcpy(rows.first, sizes, rows.count * sizeof(*sizes));
    writer_encode(writer, &rows, NULL);
    writer_put_section(writer, SNAPSHOT_SIZES, 0, rows.count);
    free(rows.first);
}

// ---- Opening and closing ----

// A file of that name that is a plain one goes away first: who reads it keeps it, and a link that
// somebody else has put there is not followed.
static int create_file(const char *path)
{
    struct stat status;
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        return open(path, flags | O_TRUNC, 0666);
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        return open(path, flags | O_TRUNC, 0666);
    }
    return open(path, flags | O_EXCL, 0666);
}

static struct capture_writer *begin(int fd, const char *path)
{
    struct capture_writer *writer = must_allocate(1, sizeof(*writer));
    writer->fd = fd;
    writer->path = must_copy_text(path);
    writer->zstd = ZSTD_createCCtx();
    if (!writer->zstd) {
        out_of_memory();
    }
    uint8_t header[SNAPSHOT_HEADER_SIZE];
    file_header_encode(header, (uint64_t)time(NULL));
    put_bytes(writer, header, sizeof(header));
    return writer;
}

struct capture_writer *capture_writer_open_fd(int fd, char **error)
{
    struct capture_writer *writer = begin(fd, "the snapshot");
    if (capture_writer_is_good(writer)) {
        return writer;
    }
    capture_writer_close(writer, error);
    return NULL;
}

struct capture_writer *capture_writer_open(const char *path, char **error)
{
    bool is_stream = strcmp(path, "-") == 0;
    int fd = is_stream ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : create_file(path);
    if (fd < 0) {
        *error = must_format("cannot create \"%s\": %s", path, strerror(errno));
        return NULL;
    }
    struct capture_writer *writer = begin(fd, is_stream ? "the standard output" : path);
    struct stat status;
    writer->is_plain_file = !is_stream && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (capture_writer_is_good(writer)) {
        return writer;
    }
    capture_writer_close(writer, error);
    return NULL;
}

bool capture_writer_is_good(const struct capture_writer *writer)
{
    return writer->error == 0;
}

uint64_t capture_writer_size(const struct capture_writer *writer)
{
    return writer->size;
}

static void put_index(struct capture_writer *writer)
{
    size_t count = writer->index_count;
    if (writer->error != 0 || count > SNAPSHOT_ROWS_MAX) {
        return;
    }
    uint64_t offset = writer->size;
    writer_encode(writer,
        &(struct snapshot_rows){index_fields, writer->index, sizeof(*writer->index), count}, NULL);
    put_section(writer, SNAPSHOT_INDEX, 0, count);
    uint8_t trailer[SNAPSHOT_TRAILER_SIZE];
    trailer_encode(trailer, offset);
    put_bytes(writer, trailer, sizeof(trailer));
}

void capture_writer_end(struct capture_writer *writer)
{
    if (!writer->has_ended) {
        writer_put_new_numbers(writer);
        put_index(writer);
        writer->has_ended = true;
    }
}

static void destroy(struct capture_writer *writer)
{
    text_numbers_release(&writer->strings);
    stack_numbers_release(&writer->stacks);
    ZSTD_freeCCtx(writer->zstd);
    free(writer->raw.bytes);
    free(writer->spare.bytes);
    free(writer->stored.bytes);
    free(writer->index);
    free(writer->modules);
    free(writer->path);
    free(writer);
}

bool capture_writer_close(struct capture_writer *writer, char **error)
{
    capture_writer_end(writer);
    if (close(writer->fd) != 0 && writer->error == 0) {
        writer->error = errno;
    }
    bool is_good = writer->error == 0;
    if (!is_good && error) {
        *error = must_format("cannot write \"%s\": %s", writer->path, strerror(writer->error));
    }
    destroy(writer);
    return is_good;
}
