// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The file format of speedscope (www.speedscope.app): one "sampled" profile for each kind of value.

#include "export/profile.h"

#include "cli/memory.h"

#include <stdlib.h>
#include <string.h>

/// Frames that were told, by the address of what symbols know of them: each has one for ever.
struct frame_numbers {
    const struct symbol_frame **frames;
    size_t count;
    size_t capacity;
    uint32_t *places; ///< open addressing: number + 1
    size_t place_count;
};

static size_t place_of(const struct frame_numbers *numbers, const struct symbol_frame *frame)
{
    size_t place = ((uintptr_t)frame >> 4) * 0x9E3779B1u & (numbers->place_count - 1);
    while (numbers->places[place] && numbers->frames[numbers->places[place] - 1] != frame) {
        place = (place + 1) & (numbers->place_count - 1);
    }
    return place;
}

static void make_places(struct frame_numbers *numbers)
{
    if (numbers->count * 2 < numbers->place_count) {
        return;
    }
    free(numbers->places);
    numbers->place_count = numbers->place_count ? numbers->place_count * 2 : 1024;
    numbers->places = must_allocate(numbers->place_count, sizeof(*numbers->places));
    for (size_t index = 0; index < numbers->count; index++) {
        numbers->places[place_of(numbers, numbers->frames[index])] = (uint32_t)(index + 1);
    }
}

static uint32_t number_of(struct frame_numbers *numbers, const struct symbol_frame *frame)
{
    make_places(numbers);
    size_t place = place_of(numbers, frame);
    if (!numbers->places[place]) {
        numbers->frames = must_grow(
            numbers->frames, numbers->count, &numbers->capacity, sizeof(*numbers->frames));
        numbers->frames[numbers->count++] = frame;
        numbers->places[place] = (uint32_t)numbers->count;
    }
    return numbers->places[place] - 1;
}

// Numbers all frames of a stack, outermost first; into the document if there is one.
static void put_stack(
    const struct profile *profile, struct frame_numbers *numbers, uint32_t stack, struct json *json)
{
    size_t count;
    const uint64_t *addresses = profile_frames(profile, stack, &count);
    for (size_t index = count; index-- > 0;) {
        const struct symbol_frame *frames;
        for (size_t frame = symbols_find(profile->symbols, addresses[index], true, &frames);
             frame-- > 0;) {
            uint32_t number = number_of(numbers, &frames[frame]);
            if (json) {
                json_number(json, number);
            }
        }
    }
}

static void put_frames(const struct frame_numbers *numbers, struct json *json)
{
    json_key(json, "shared");
    json_open_object(json);
    json_key(json, "frames");
    json_open_array(json);
    for (size_t index = 0; index < numbers->count; index++) {
        const struct symbol_frame *frame = numbers->frames[index];
        char buffer[1024];
        json_open_object(json);
        json_put_text(json, "name", symbols_name(frame, buffer, sizeof(buffer)));
        if (frame->file[0]) {
            json_put_text(json, "file", frame->file);
        }
        if (frame->line > 0) {
            json_put_number(json, "line", (uint64_t)frame->line);
        }
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static void put_samples(const struct profile *profile, struct frame_numbers *numbers,
    enum profile_value value, struct json *json)
{
    json_key(json, "samples");
    json_open_array(json);
    for (size_t row = 0; row < profile->count; row++) {
        if (profile->rows[row].values[value]) {
            json_open_array(json);
            put_stack(profile, numbers, profile->rows[row].stack, json);
            json_close_array(json);
        }
    }
    json_close_array(json);
    json_key(json, "weights");
    json_open_array(json);
    for (size_t row = 0; row < profile->count; row++) {
        if (profile->rows[row].values[value]) {
            json_number(json, profile->rows[row].values[value]);
        }
    }
    json_close_array(json);
}

static void put_profile(const struct profile *profile, struct frame_numbers *numbers,
    enum profile_value value, struct json *json)
{
    static const struct {
        const char *name;
        const char *unit;
    } kinds[PROFILE_VALUE_COUNT] = {
        [PROFILE_ALLOCATED_COUNT] = {"allocated blocks", "none"},
        [PROFILE_ALLOCATED_SIZE] = {"allocated bytes", "bytes"},
        [PROFILE_LIVE_COUNT] = {"live blocks", "none"},
        [PROFILE_LIVE_SIZE] = {"live bytes", "bytes"},
    };
    json_open_object(json);
    json_put_text(json, "type", "sampled");
    json_put_text(json, "name", kinds[value].name);
    json_put_text(json, "unit", kinds[value].unit);
    json_put_number(json, "startValue", 0);
    json_put_number(json, "endValue", profile_total(profile, value));
    put_samples(profile, numbers, value, json);
    json_close_object(json);
}

bool profile_write_speedscope(const struct profile *profile, FILE *stream)
{
    struct frame_numbers numbers = {0};
    for (size_t row = 0; row < profile->count; row++) {
        put_stack(profile, &numbers, profile->rows[row].stack, NULL);
    }
    struct json *json = json_begin(stream);
    json_open_object(json);
    json_put_text(json, "$schema", "https://www.speedscope.app/file-format-schema.json");
    json_put_text(json, "exporter", "halde " HALDE_VERSION);
    json_put_text(json, "name", image_string(profile->image, profile->image->name));
    json_put_number(json, "activeProfileIndex", 0);
    put_frames(&numbers, json);
    json_key(json, "profiles");
    json_open_array(json);
    put_profile(profile, &numbers, PROFILE_LIVE_SIZE, json);
    put_profile(profile, &numbers, PROFILE_LIVE_COUNT, json);
    if (profile->has_allocated) {
        put_profile(profile, &numbers, PROFILE_ALLOCATED_SIZE, json);
        put_profile(profile, &numbers, PROFILE_ALLOCATED_COUNT, json);
    }
    json_close_array(json);
    json_close_object(json);
    free(numbers.frames);
    free(numbers.places);
    return json_end(json);
}
