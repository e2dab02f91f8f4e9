// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// JSON by yajl, straight into the stream.

#include "cli/cli.h"
#include "cli/memory.h"
#include "cli/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

struct json {
    yajl_gen generator;
    FILE *stream;
    char last;      ///< character written
    bool is_broken; ///< a call came out of order, or the stream took no more
};

static void print_part(void *context, const char *text, size_t size)
{
    struct json *json = context;
    if (size > 0) {
        json->last = text[size - 1];
    }
    if (fwrite(text, 1, size, json->stream) != size) {
        json->is_broken = true;
    }
}

static struct json *begin(FILE *stream, bool is_indented)
{
    struct json *json = must_allocate(1, sizeof(*json));
    json->stream = stream;
    json->last = '\n';
    json->generator = yajl_gen_alloc(NULL);
    if (!json->generator) {
        out_of_memory();
    }
    yajl_gen_config(json->generator, yajl_gen_print_callback, print_part, json);
    yajl_gen_config(json->generator, yajl_gen_beautify, is_indented ? 1 : 0);
    yajl_gen_config(json->generator, yajl_gen_indent_string, "  ");
    return json;
}

struct json *json_begin(FILE *stream)
{
    return begin(stream, cli_is_terminal(stream));
}

struct json *json_begin_lines(FILE *stream)
{
    return begin(stream, false);
}

static void note(struct json *json, yajl_gen_status status)
{
    if (status != yajl_gen_status_ok && status != yajl_gen_generation_complete) {
        json->is_broken = true;
    }
}

void json_open_object(struct json *json)
{
    note(json, yajl_gen_map_open(json->generator));
}

void json_close_object(struct json *json)
{
    note(json, yajl_gen_map_close(json->generator));
}

void json_open_array(struct json *json)
{
    note(json, yajl_gen_array_open(json->generator));
}

void json_close_array(struct json *json)
{
    note(json, yajl_gen_array_close(json->generator));
}

void json_key(struct json *json, const char *key)
{
    json_text(json, key);
}

static void put_string(struct json *json, const char *text, size_t size)
{
    note(json, yajl_gen_string(json->generator, (const unsigned char *)text, size));
}

/// Bytes up to the first that is no UTF-8.
static size_t good_size(const char *text)
{
    size_t size = 0;
    while (text[size]) {
        uint32_t code;
        size_t step = text_decode(text + size, &code);
        if (step == 0) {
            break;
        }
        size += step;
    }
    return size;
}

static void put_escaped(struct json *json, const char *text)
{
    char *escaped = must_allocate(strlen(text) + 1, 4);
    char *at = escaped;
    while (*text) {
        size_t size = good_size(text);
        memcpy(at, text, size);
        at += size;
        text += size;
        if (*text) {
            at += sprintf(at, "\\x%02x", (unsigned char)*text++);
        }
    }
    put_string(json, escaped, (size_t)(at - escaped));
    free(escaped);
}

void json_text(struct json *json, const char *text)
{
    size_t size = good_size(text);
    if (text[size] == 0) {
        put_string(json, text, size);
    } else {
        put_escaped(json, text);
    }
}

static void put_digits(struct json *json, const char *digits)
{
    note(json, yajl_gen_number(json->generator, digits, strlen(digits)));
}

void json_number(struct json *json, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRIu64, number);
    put_digits(json, digits);
}

void json_signed(struct json *json, int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRId64, number);
    put_digits(json, digits);
}

void json_real(struct json *json, double number)
{
    if (!isfinite(number)) {
        json_null(json); // JSON has no other word for it
        return;
    }
    char digits[40];
    snprintf(digits, sizeof(digits), "%.10g", number);
    put_digits(json, digits);
}

void json_flag(struct json *json, bool flag)
{
    note(json, yajl_gen_bool(json->generator, flag ? 1 : 0));
}

void json_address(struct json *json, uint64_t address)
{
    char text[24];
    snprintf(text, sizeof(text), "0x%" PRIx64, address);
    json_text(json, text);
}

void json_null(struct json *json)
{
    note(json, yajl_gen_null(json->generator));
}

void json_put_text(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_text(json, text);
}

void json_put_number(struct json *json, const char *key, uint64_t number)
{
    json_key(json, key);
    json_number(json, number);
}

void json_put_signed(struct json *json, const char *key, int64_t number)
{
    json_key(json, key);
    json_signed(json, number);
}

void json_put_real(struct json *json, const char *key, double number)
{
    json_key(json, key);
    json_real(json, number);
}

void json_put_flag(struct json *json, const char *key, bool flag)
{
    json_key(json, key);
    json_flag(json, flag);
}

void json_put_address(struct json *json, const char *key, uint64_t address)
{
    json_key(json, key);
    json_address(json, address);
}

void json_put_sum(struct json *json, const char *key, uint64_t blocks, uint64_t bytes)
{
    json_key(json, key);
    json_open_object(json);
    json_put_number(json, "blocks", blocks);
    json_put_number(json, "bytes", bytes);
    json_close_object(json);
}

/// Indented documents end with a newline of the library's.
static void end_line(struct json *json)
{
    if (json->last != '\n') {
        fputc('\n', json->stream);
        json->last = '\n';
    }
}

void json_end_line(struct json *json)
{
    end_line(json);
    yajl_gen_reset(json->generator, NULL);
}

bool json_end(struct json *json)
{
    end_line(json);
    bool is_good = !json->is_broken && !ferror(json->stream);
    yajl_gen_free(json->generator);
    free(json);
    return is_good;
}
