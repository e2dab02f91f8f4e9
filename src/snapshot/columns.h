// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Tables of structs as columns of integers, and back.
 *
 * A table is described by a list of fields: which member of the struct goes into which column, how,
 * and what values it may have.  Encoding never fails in a buffer of snapshot_columns_size_max()
 * bytes.  Decoding believes nothing: sizes, encodings, every value against its field.
 *
 * Nothing here allocates or keeps state.
 */
#ifndef SNAPSHOT_COLUMNS_H
#define SNAPSHOT_COLUMNS_H

#include "snapshot/format.h"

/// What the value of a field is a number of.
enum snapshot_reference {
    SNAPSHOT_NUMBER,
    SNAPSHOT_STRING,
    SNAPSHOT_STACK,
    SNAPSHOT_HEAP,
    SNAPSHOT_INTERVAL,
};

struct snapshot_field {
    uint16_t column;   ///< its number; 0 ends the list
    uint16_t offset;   ///< of the member
    uint8_t size;      ///< bytes of the member: 1, 2, 4, 8; with SNAPSHOT_BYTES anything
    uint8_t encoding;  ///< preferred: VARINT, DELTA, or BYTES for `size` bytes as they are
    uint8_t is_signed; ///< the member is; it is kept as its zigzag
    uint8_t reference; ///< enum snapshot_reference
    uint64_t maximum;  ///< of what may be read; 0: all that fits the member
};

/// Member `name` of struct `type`; encoding VARINT or DELTA; reference NUMBER, STRING ...
#define SNAPSHOT_FIELD(column_, type, name, encoding_, reference_)                                 \
    {                                                                                              \
        .column = (column_), .offset = offsetof(struct type, name),                                \
        .size = sizeof(((struct type *)0)->name), .encoding = SNAPSHOT_##encoding_,                \
        .reference = SNAPSHOT_##reference_,                                                        \
    }
/// The same for a plain number that is at most `maximum_`.
#define SNAPSHOT_BOUNDED(column_, type, name, maximum_)                                            \
    {                                                                                              \
        .column = (column_), .offset = offsetof(struct type, name),                                \
        .size = sizeof(((struct type *)0)->name), .encoding = SNAPSHOT_VARINT,                     \
        .reference = SNAPSHOT_NUMBER, .maximum = (maximum_),                                       \
    }

/// Turns a reference that a table holds into one of the other side.
struct snapshot_translator {
    /// False: there is no such thing. Called for values other than 0 of references, and for 0 too
    /// of heaps and intervals, which in structs are indexes.
    bool (*translate)(void *context, unsigned reference, uint64_t *value);
    void *context;
};

/// Rows of structs.
struct snapshot_rows {
    const struct snapshot_field *fields;
    void *first;   ///< may be written by decoding only
    size_t stride; ///< bytes of a struct
    size_t count;
};

/// Bytes that encoding may need.
size_t snapshot_columns_size_max(const struct snapshot_field *fields, size_t count);

/// Writes the columns of rows; those that are 0 everywhere are left out. Returns the bytes.
size_t snapshot_columns_encode(
    const struct snapshot_rows *rows, const struct snapshot_translator *translator, uint8_t *out);

/// Goes through the columns of a payload.
struct snapshot_cursor {
    const uint8_t *next;
    const uint8_t *end;
    unsigned count; ///< columns so far
    uint16_t seen[SNAPSHOT_COLUMNS_MAX];
};

/// A column of a payload.
struct snapshot_column {
    unsigned number;
    unsigned encoding;
    const uint8_t *bytes;
    size_t size;
};

void snapshot_cursor_init(struct snapshot_cursor *cursor, const uint8_t *payload, size_t size);
/// Returns 1: `column` is the next one; 0: there are no more; -1: the payload is damaged.
int snapshot_cursor_next(struct snapshot_cursor *cursor, struct snapshot_column *column);

/**
 * Reads the columns of a payload into rows, which were zero before. Columns that no field names are
 * skipped. What a field says is kept: no value is beyond its maximum, every reference was
 * translated.
 *
 * @return false: the payload is damaged, and the rows are of no use
 */
bool snapshot_columns_decode(const struct snapshot_rows *rows,
    const struct snapshot_translator *translator, const uint8_t *payload, size_t size);

/// Reads a column of `count` integers. False: damaged.
bool snapshot_integers_decode(const struct snapshot_column *column, uint64_t *values, size_t count);

/// Writes a column of bytes. `out` has room for the size of a column header and `size`.
size_t snapshot_bytes_encode(unsigned number, const void *bytes, size_t size, uint8_t *out);

/// Little-endian integers at any address.
ALWAYS_INLINE void snapshot_put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
}

ALWAYS_INLINE void snapshot_put_u32(uint8_t *out, uint32_t value)
{
    snapshot_put_u16(out, (uint16_t)value);
    snapshot_put_u16(out + 2, (uint16_t)(value >> 16));
}

ALWAYS_INLINE void snapshot_put_u64(uint8_t *out, uint64_t value)
{
    snapshot_put_u32(out, (uint32_t)value);
    snapshot_put_u32(out + 4, (uint32_t)(value >> 32));
}

ALWAYS_INLINE uint16_t snapshot_get_u16(const uint8_t *in)
{
    return (uint16_t)(in[0] | in[1] << 8);
}

ALWAYS_INLINE uint32_t snapshot_get_u32(const uint8_t *in)
{
    return snapshot_get_u16(in) | (uint32_t)snapshot_get_u16(in + 2) << 16;
}

ALWAYS_INLINE uint64_t snapshot_get_u64(const uint8_t *in)
{
    return snapshot_get_u32(in) | (uint64_t)snapshot_get_u32(in + 4) << 32;
}

#endif
