// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The protocol buffer of pprof (profile.proto), compressed by gzip as its readers want it.

#include "export/profile.h"

#include "capture/numbers.h"
#include "cli/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

// Fields of profile.proto.
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_TIME = 9,
    PROFILE_DURATION = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_DEFAULT_TYPE = 14,

    TYPE_NAME = 1,
    TYPE_UNIT = 2,
    SAMPLE_LOCATIONS = 1,
    SAMPLE_VALUES = 2,
    MAPPING_ID = 1,
    MAPPING_START = 2,
    MAPPING_LIMIT = 3,
    MAPPING_FILE = 5,
    MAPPING_BUILD_ID = 6,
    MAPPING_HAS_FUNCTIONS = 7,
    MAPPING_HAS_FILES = 8,
    MAPPING_HAS_LINES = 9,
    MAPPING_HAS_INLINED = 10,
    LOCATION_ID = 1,
    LOCATION_MAPPING = 2,
    LOCATION_ADDRESS = 3,
    LOCATION_LINE = 4,
    LINE_FUNCTION = 1,
    LINE_NUMBER = 2,
    FUNCTION_ID = 1,
    FUNCTION_NAME = 2,
    FUNCTION_LINKAGE = 3,
    FUNCTION_FILE = 4,

    WIRE_NUMBER = 0,
    WIRE_BYTES = 2,
};

/// A message in the making.
struct message {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};

/// Things with numbers, 1 for the first: found again by a key of three words.
struct numbered {
    struct number_key {
        uint64_t words[3];
    } * keys;
    size_t count;
    size_t capacity;
    uint32_t *places; ///< open addressing
    size_t place_count;
};

struct pprof {
    const struct profile *profile;
    struct message out;
    struct text_numbers strings;
    struct numbered functions;
    struct numbered locations;
};

// ---- Messages ----

static uint8_t *reserve(struct message *message, size_t size)
{
    if (message->capacity - message->size < size) {
        message->capacity = (message->size + size) * 2;
        message->bytes = must_resize(message->bytes, message->capacity, 1);
    }
    return message->bytes + message->size;
}

static void put_varint(struct message *message, uint64_t value)
{
    uint8_t *out = reserve(message, 10);
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) {
        out[size++] = (uint8_t)(value | 0x80);
    }
    out[size++] = (uint8_t)value;
    message->size += size;
}

static void put_number(struct message *message, unsigned field, uint64_t value)
{
    if (value != 0) {
        put_varint(message, field << 3 | WIRE_NUMBER);
        put_varint(message, value);
    }
}

static void put_bytes(struct message *message, unsigned field, const void *bytes, size_t size)
{
    put_varint(message, field << 3 | WIRE_BYTES);
    put_varint(message, size);
    if (size != 0) {
        memcpy(reserve(message, size), bytes, size);
        message->size += size;
    }
}

// Adds a message as a field and ends it.
static void put_message(struct message *out, unsigned field, struct message *part)
{
    put_bytes(out, field, part->bytes, part->size);
    free(part->bytes);
    *part = (struct message){0};
}

// ---- Numbers ----

static size_t place_of(const struct numbered *numbered, const struct number_key *key)
{
    uint64_t hash = key->words[0] * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ hash >> 29 ^ key->words[1]) * UINT64_C(0xBF58476D1CE4E5B9);
    hash = (hash ^ hash >> 32 ^ key->words[2]) * UINT64_C(0x94D049BB133111EB);
    size_t place = (hash >> 20) & (numbered->place_count - 1);
    while (numbered->places[place] != 0 &&
           memcmp(&numbered->keys[numbered->places[place] - 1], key, sizeof(*key)) != 0) {
        place = (place + 1) & (numbered->place_count - 1);
    }
    return place;
}

static void make_places(struct numbered *numbered)
{
    if (numbered->count * 2 < numbered->place_count) {
        return;
    }
    free(numbered->places);
    numbered->place_count = numbered->place_count ? numbered->place_count * 2 : 256;
    numbered->places = must_allocate(numbered->place_count, sizeof(*numbered->places));
    for (size_t index = 0; index < numbered->count; index++) {
        numbered->places[place_of(numbered, &numbered->keys[index])] = (uint32_t)(index + 1);
    }
}

// The number of a key; *is_new tells whether it got it now.
static uint64_t number_of(struct numbered *numbered, struct number_key key, bool *is_new)
{
    make_places(numbered);
    size_t place = place_of(numbered, &key);
    *is_new = numbered->places[place] == 0;
    if (*is_new) {
        numbered->keys = must_grow(
            numbered->keys, numbered->count, &numbered->capacity, sizeof(*numbered->keys));
        numbered->keys[numbered->count++] = key;
        numbered->places[place] = (uint32_t)numbered->count;
    }
    return numbered->places[place];
}

// ---- Parts ----

static uint64_t string(struct pprof *pprof, const char *text)
{
    return text_numbers_add(&pprof->strings, text);
}

static void put_type(struct pprof *pprof, unsigned field, const char *name, const char *unit)
{
    struct message type = {0};
    put_number(&type, TYPE_NAME, string(pprof, name));
    put_number(&type, TYPE_UNIT, string(pprof, unit));
    put_message(&pprof->out, field, &type);
}

static void put_types(struct pprof *pprof)
{
    if (pprof->profile->has_allocated) {
        put_type(pprof, PROFILE_SAMPLE_TYPE, "alloc_objects", "count");
        put_type(pprof, PROFILE_SAMPLE_TYPE, "alloc_space", "bytes");
    }
    put_type(pprof, PROFILE_SAMPLE_TYPE, "inuse_objects", "count");
    put_type(pprof, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes");
}

static void put_mapping(struct pprof *pprof, const struct image_module *module, size_t number)
{
    const struct image *image = pprof->profile->image;
    struct message mapping = {0};
    char build_id[2 * sizeof(module->build_id) + 1] = "";
    for (unsigned index = 0; index < module->build_id_size; index++) {
        snprintf(build_id + 2 * index, 3, "%02x", module->build_id[index]);
    }
    put_number(&mapping, MAPPING_ID, number);
    put_number(&mapping, MAPPING_START, module->start);
    put_number(&mapping, MAPPING_LIMIT, module->end);
    put_number(&mapping, MAPPING_FILE, string(pprof, image_string(image, module->path)));
    put_number(&mapping, MAPPING_BUILD_ID, string(pprof, build_id));
    put_number(&mapping, MAPPING_HAS_FUNCTIONS, 1);
    put_number(&mapping, MAPPING_HAS_FILES, 1);
    put_number(&mapping, MAPPING_HAS_LINES, 1);
    put_number(&mapping, MAPPING_HAS_INLINED, 1);
    put_message(&pprof->out, PROFILE_MAPPING, &mapping);
}

static uint64_t function_of(struct pprof *pprof, const struct symbol_frame *frame)
{
    char buffer[1024];
    const char *name = symbols_name(frame, buffer, sizeof(buffer));
    struct number_key key = {
        {string(pprof, name), string(pprof, frame->linkage), string(pprof, frame->file)}};
    bool is_new;
    uint64_t number = number_of(&pprof->functions, key, &is_new);
    if (is_new) {
        struct message function = {0};
        put_number(&function, FUNCTION_ID, number);
        put_number(&function, FUNCTION_NAME, key.words[0]);
        put_number(&function, FUNCTION_LINKAGE, key.words[1]);
        put_number(&function, FUNCTION_FILE, key.words[2]);
        put_message(&pprof->out, PROFILE_FUNCTION, &function);
    }
    return number;
}

// A call: the address of the instruction before the return address, and what was inlined there.
static uint64_t location_of(struct pprof *pprof, uint64_t address)
{
    const struct image *image = pprof->profile->image;
    bool is_new;
    uint64_t number = number_of(&pprof->locations, (struct number_key){{address}}, &is_new);
    if (!is_new) {
        return number;
    }
    const struct image_module *module = image_module_at(image, address);
    const struct symbol_frame *frames;
    size_t count = symbols_find(pprof->profile->symbols, address, true, &frames);
    struct message location = {0};
    put_number(&location, LOCATION_ID, number);
    put_number(&location, LOCATION_MAPPING, module ? (uint64_t)(module - image->modules) + 1 : 0);
    put_number(&location, LOCATION_ADDRESS, address ? address - 1 : 0);
    for (size_t index = 0; index < count; index++) {
        struct message line = {0};
        put_number(&line, LINE_FUNCTION, function_of(pprof, &frames[index]));
        put_number(&line, LINE_NUMBER, frames[index].line > 0 ? (uint64_t)frames[index].line : 0);
        put_message(&location, LOCATION_LINE, &line);
    }
    put_message(&pprof->out, PROFILE_LOCATION, &location);
    return number;
}

static void put_sample(struct pprof *pprof, const struct profile_row *row)
{
    size_t count;
    const uint64_t *frames = profile_frames(pprof->profile, row->stack, &count);
    struct message locations = {0};
    struct message values = {0};
    struct message sample = {0};
    for (size_t index = 0; index < count; index++) {
        put_varint(&locations, location_of(pprof, frames[index]));
    }
    if (count == 0) {
        put_varint(&locations, location_of(pprof, 0)); // readers want one
    }
    unsigned first = pprof->profile->has_allocated ? 0 : PROFILE_LIVE_COUNT;
    for (unsigned value = first; value < PROFILE_VALUE_COUNT; value++) {
        put_varint(&values, row->values[value]);
    }
    put_message(&sample, SAMPLE_LOCATIONS, &locations);
    put_message(&sample, SAMPLE_VALUES, &values);
    put_message(&pprof->out, PROFILE_SAMPLE, &sample);
}

// Text 0 is the empty one.
static void put_strings(struct pprof *pprof)
{
    for (uint32_t number = 0; number <= pprof->strings.count; number++) {
        const char *text = text_numbers_get(&pprof->strings, number);
        put_bytes(&pprof->out, PROFILE_STRING, text, strlen(text));
    }
}

static void put_profile(struct pprof *pprof)
{
    const struct profile *profile = pprof->profile;
    put_types(pprof);
    for (size_t row = 0; row < profile->count; row++) {
        put_sample(pprof, &profile->rows[row]);
    }
    for (size_t index = 0; index < profile->image->module_count; index++) {
        put_mapping(pprof, &profile->image->modules[index], index + 1);
    }
    put_number(&pprof->out, PROFILE_TIME, profile->taken_at * 1000000000);
    put_number(&pprof->out, PROFILE_DURATION, profile->duration_ns);
    put_type(pprof, PROFILE_PERIOD_TYPE, "space", "bytes");
    put_number(&pprof->out, PROFILE_PERIOD,
        profile->image->sample_interval ? profile->image->sample_interval : 1);
    put_number(&pprof->out, PROFILE_DEFAULT_TYPE, string(pprof, "inuse_space"));
    put_strings(pprof);
}

// Writes bytes as a gzip file.
static bool write_gzip(const struct message *message, FILE *stream)
{
    enum {
        GZIP_WINDOW = 15 + 16,
        MEMORY_LEVEL = 8,
        PIECE = 1 << 16,
    };
    uint8_t piece[PIECE];
    z_stream zlib = {.next_in = message->bytes, .avail_in = 0};
    if (deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
            Z_DEFAULT_STRATEGY) != Z_OK) {
        errno = ENOMEM;
        return false;
    }
    size_t left = message->size;
    int result = Z_OK;
    bool is_written = true;
    while (result == Z_OK && is_written) {
        if (zlib.avail_in == 0) {
            zlib.avail_in = left < UINT32_MAX / 2 ? (uInt)left : UINT32_MAX / 2;
            left -= zlib.avail_in;
        }
        zlib.next_out = piece;
        zlib.avail_out = sizeof(piece);
        result = deflate(&zlib, left == 0 ? Z_FINISH : Z_NO_FLUSH);
        size_t size = sizeof(piece) - zlib.avail_out;
        is_written = fwrite(piece, 1, size, stream) == size;
    }
    deflateEnd(&zlib);
    return is_written && result == Z_STREAM_END && fflush(stream) == 0;
}

bool profile_write_pprof(const struct profile *profile, FILE *stream)
{
    struct pprof pprof = {.profile = profile};
    put_profile(&pprof);
    bool is_written = write_gzip(&pprof.out, stream);
    free(pprof.out.bytes);
    free(pprof.functions.keys);
    free(pprof.functions.places);
    free(pprof.locations.keys);
    free(pprof.locations.places);
    text_numbers_release(&pprof.strings);
    return is_written;
}
