// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "snapshot/columns.h"

#include <string.h>

enum {
    VARINT_SIZE_MAX = 10,
};

static uint64_t zigzag(uint64_t value)
{
    return value << 1 ^ (0 - (value >> 63));
}

static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

static uint8_t *put_varint(uint8_t *out, uint64_t value)
{
    while (value >= 0x80) {
        *out++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

// Returns what follows the varint; NULL: there is none.
static const uint8_t *get_varint(const uint8_t *in, const uint8_t *end, uint64_t *value)
{
    uint64_t result = 0;
    for (unsigned shift = 0; in < end && shift < 64; shift += 7) {
        uint8_t byte = *in++;
        if (shift == 63 && byte > 1) {
            return NULL;
        }
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = result;
            return in;
        }
    }
    return NULL;
}

// ---- Members of structs ----

static uint64_t load_member(const struct snapshot_field *field, const uint8_t *row)
{
    const uint8_t *member = row + field->offset;
    uint64_t value = 0;
    uint16_t half;
    uint32_t word;
    switch (field->size) {
    case 1:
        value = *member;
        break;
    case 2:
        memcpy(&half, member, sizeof(half));
        value = half;
        break;
    case 4:
        memcpy(&word, member, sizeof(word));
        value = word;
        break;
    default:
        memcpy(&value, member, sizeof(value));
    }
    if (field->is_signed) {
        unsigned unused = 64 - 8u * field->size;
        value = zigzag((uint64_t)((int64_t)(value << unused) >> unused));
    }
    return value;
}

// False: the value does not fit.
static bool store_member(const struct snapshot_field *field, uint8_t *row, uint64_t value)
{
    uint64_t maximum = field->maximum ? field->maximum : UINT64_MAX >> (64 - 8u * field->size);
    if (value > maximum) {
        return false;
    }
    if (field->is_signed) {
        value = unzigzag(value);
    }
    uint8_t *member = row + field->offset;
    uint16_t half = (uint16_t)value;
    uint32_t word = (uint32_t)value;
    switch (field->size) {
    case 1:
        *member = (uint8_t)value;
        break;
    case 2:
        memcpy(member, &half, sizeof(half));
        break;
    case 4:
        memcpy(member, &word, sizeof(word));
        break;
    default:
        memcpy(member, &value, sizeof(value));
    }
    return true;
}

static bool translate(const struct snapshot_field *field,
    const struct snapshot_translator *translator, uint64_t *value)
{
    bool is_index = field->reference == SNAPSHOT_HEAP || field->reference == SNAPSHOT_INTERVAL;
    if (field->reference == SNAPSHOT_NUMBER || (*value == 0 && !is_index)) {
        return true;
    }
    return translator && translator->translate(translator->context, field->reference, value);
}

// ---- Encoding ----

size_t snapshot_columns_size_max(const struct snapshot_field *fields, size_t count)
{
    size_t size = 0;
    for (; fields->column; fields++) {
        size_t row_size = fields->encoding == SNAPSHOT_BYTES ? fields->size : VARINT_SIZE_MAX;
        size += SNAPSHOT_COLUMN_HEADER_SIZE + VARINT_SIZE_MAX + row_size * count;
    }
    return size;
}

static size_t put_column_header(uint8_t *out, unsigned number, unsigned encoding, size_t size)
{
    memset(out, 0, SNAPSHOT_COLUMN_HEADER_SIZE);
    snapshot_put_u16(out, (uint16_t)number);
    out[2] = (uint8_t)encoding;
    snapshot_put_u64(out + 8, size);
    return SNAPSHOT_COLUMN_HEADER_SIZE + size;
}

size_t snapshot_bytes_encode(unsigned number, const void *bytes, size_t size, uint8_t *out)
{
    if (size != 0) {
        memcpy(out + SNAPSHOT_COLUMN_HEADER_SIZE, bytes, size);
    }
    return put_column_header(out, number, SNAPSHOT_BYTES, size);
}

static const uint8_t *row_at(const struct snapshot_rows *rows, size_t index)
{
    return (const uint8_t *)rows->first + index * rows->stride;
}

// The value of a row as the file has it. A reference that leads nowhere becomes 0.
static uint64_t encoded_value(const struct snapshot_rows *rows, size_t index,
    const struct snapshot_field *field, const struct snapshot_translator *translator)
{
    uint64_t value = load_member(field, row_at(rows, index));
    return translate(field, translator, &value) ? value : 0;
}

static bool is_constant(const struct snapshot_rows *rows, const struct snapshot_field *field)
{
    const uint8_t *first = row_at(rows, 0) + field->offset;
    for (size_t index = 1; index < rows->count; index++) {
        if (memcmp(first, row_at(rows, index) + field->offset, field->size) != 0) {
            return false;
        }
    }
    return true;
}

static size_t encode_constant(const struct snapshot_rows *rows, const struct snapshot_field *field,
    const struct snapshot_translator *translator, uint8_t *out)
{
    uint64_t value = encoded_value(rows, 0, field, translator);
    if (value == 0) {
        return 0;
    }
    const uint8_t *start = out + SNAPSHOT_COLUMN_HEADER_SIZE;
    size_t size = (size_t)(put_varint(out + SNAPSHOT_COLUMN_HEADER_SIZE, value) - start);
    return put_column_header(out, field->column, SNAPSHOT_CONSTANT, size);
}

static size_t encode_bytes(
    const struct snapshot_rows *rows, const struct snapshot_field *field, uint8_t *out)
{
    uint8_t *next = out + SNAPSHOT_COLUMN_HEADER_SIZE;
    for (size_t index = 0; index < rows->count; index++) {
        memcpy(next, row_at(rows, index) + field->offset, field->size);
        next += field->size;
    }
    return put_column_header(out, field->column, SNAPSHOT_BYTES, field->size * rows->count);
}

static size_t encode_column(const struct snapshot_rows *rows, const struct snapshot_field *field,
    const struct snapshot_translator *translator, uint8_t *out)
{
    if (field->encoding == SNAPSHOT_BYTES) {
        return encode_bytes(rows, field, out);
    }
    if (is_constant(rows, field)) {
        return encode_constant(rows, field, translator, out);
    }
    uint8_t *next = out + SNAPSHOT_COLUMN_HEADER_SIZE;
    uint64_t before = 0;
    for (size_t index = 0; index < rows->count; index++) {
        uint64_t value = encoded_value(rows, index, field, translator);
        bool is_delta = field->encoding == SNAPSHOT_DELTA;
        next = put_varint(next, is_delta ? zigzag(value - before) : value);
        before = value;
    }
    size_t size = (size_t)(next - (out + SNAPSHOT_COLUMN_HEADER_SIZE));
    return put_column_header(out, field->column, field->encoding, size);
}

size_t snapshot_columns_encode(
    const struct snapshot_rows *rows, const struct snapshot_translator *translator, uint8_t *out)
{
    size_t size = 0;
    for (const struct snapshot_field *field = rows->fields; rows->count && field->column; field++) {
        size += encode_column(rows, field, translator, out + size);
    }
    return size;
}

// ---- Decoding ----

void snapshot_cursor_init(struct snapshot_cursor *cursor, const uint8_t *payload, size_t size)
{
    cursor->next = payload;
    cursor->end = payload + size;
    cursor->count = 0;
}

// Whether a column has this number for the first time.
static bool is_new_column(struct snapshot_cursor *cursor, unsigned number)
{
    if (cursor->count == SNAPSHOT_COLUMNS_MAX) {
        return false;
    }
    for (unsigned index = 0; index < cursor->count; index++) {
        if (cursor->seen[index] == number) {
            return false;
        }
    }
    cursor->seen[cursor->count++] = (uint16_t)number;
    return true;
}

int snapshot_cursor_next(struct snapshot_cursor *cursor, struct snapshot_column *column)
{
    size_t left = (size_t)(cursor->end - cursor->next);
    if (left == 0) {
        return 0;
    }
    if (left < SNAPSHOT_COLUMN_HEADER_SIZE) {
        return -1;
    }
    uint64_t size = snapshot_get_u64(cursor->next + 8);
    if (size > left - SNAPSHOT_COLUMN_HEADER_SIZE) {
        return -1;
    }
    column->number = snapshot_get_u16(cursor->next);
    column->encoding = cursor->next[2];
    column->bytes = cursor->next + SNAPSHOT_COLUMN_HEADER_SIZE;
    column->size = (size_t)size;
    cursor->next = column->bytes + column->size;
    return is_new_column(cursor, column->number) ? 1 : -1;
}

/// The values of a column of integers, one after the other.
struct values {
    const uint8_t *next;
    const uint8_t *end;
    unsigned encoding;
    uint64_t value;
};

static bool values_begin(struct values *values, const struct snapshot_column *column)
{
    values->next = column->bytes;
    values->end = column->bytes + column->size;
    values->encoding = column->encoding;
    values->value = 0;
    if (column->encoding == SNAPSHOT_CONSTANT) {
        values->next = get_varint(values->next, values->end, &values->value);
        return values->next == values->end;
    }
    return column->encoding == SNAPSHOT_VARINT || column->encoding == SNAPSHOT_DELTA;
}

static inline bool values_next(struct values *values)
{
    if (values->encoding == SNAPSHOT_CONSTANT) {
        return true;
    }
    uint64_t read;
    const uint8_t *next = get_varint(values->next, values->end, &read);
    if (!next) {
        return false;
    }
    values->next = next;
    values->value = values->encoding == SNAPSHOT_DELTA ? values->value + unzigzag(read) : read;
    return true;
}

bool snapshot_integers_decode(const struct snapshot_column *column, uint64_t *out, size_t count)
{
    struct values values;
    if (!values_begin(&values, column)) {
        return false;
    }
    for (size_t index = 0; index < count; index++) {
        if (!values_next(&values)) {
            return false;
        }
        out[index] = values.value;
    }
    return values.next == values.end;
}

static bool decode_bytes(const struct snapshot_rows *rows, const struct snapshot_field *field,
    const struct snapshot_column *column)
{
    if (column->encoding != SNAPSHOT_BYTES || column->size / field->size != rows->count ||
        column->size % field->size != 0) {
        return false;
    }
    uint8_t *row = rows->first;
    const uint8_t *next = column->bytes;
    for (size_t index = 0; index < rows->count; index++) {
        memcpy(row + field->offset, next, field->size);
        row += rows->stride;
        next += field->size;
    }
    return true;
}

static bool decode_column(const struct snapshot_rows *rows, const struct snapshot_field *field,
    const struct snapshot_translator *translator, const struct snapshot_column *column)
{
    if (field->encoding == SNAPSHOT_BYTES) {
        return decode_bytes(rows, field, column);
    }
    struct values values;
    if (!values_begin(&values, column)) {
        return false;
    }
    uint8_t *row = rows->first;
    for (size_t index = 0; index < rows->count; index++) {
        if (!values_next(&values)) {
            return false;
        }
        uint64_t value = values.value;
        if (!translate(field, translator, &value) || !store_member(field, row, value)) {
            return false;
        }
        row += rows->stride;
    }
    return values.next == values.end;
}

// The field of a column; NULL: unknown.
static const struct snapshot_field *field_of(const struct snapshot_field *fields, unsigned column)
{
    for (; fields->column; fields++) {
        if (fields->column == column) {
            return fields;
        }
    }
    return NULL;
}

// A heap or interval whose column is missing has number 0, which must exist, too.
static bool check_missing(const struct snapshot_rows *rows, const struct snapshot_cursor *cursor,
    const struct snapshot_translator *translator)
{
    for (const struct snapshot_field *field = rows->fields; field->column; field++) {
        bool is_seen = false;
        for (unsigned index = 0; index < cursor->count; index++) {
            is_seen |= cursor->seen[index] == field->column;
        }
        uint64_t value = 0;
        if (!is_seen && !translate(field, translator, &value)) {
            return false;
        }
    }
    return true;
}

bool snapshot_columns_decode(const struct snapshot_rows *rows,
    const struct snapshot_translator *translator, const uint8_t *payload, size_t size)
{
    struct snapshot_cursor cursor;
    snapshot_cursor_init(&cursor, payload, size);
    struct snapshot_column column;
    int result;
    while ((result = snapshot_cursor_next(&cursor, &column)) > 0) {
        const struct snapshot_field *field = field_of(rows->fields, column.number);
        if (field && !decode_column(rows, field, translator, &column)) {
            return false;
        }
    }
    return result == 0 && (rows->count == 0 || check_missing(rows, &cursor, translator));
}
