// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Reads the bytes of call frame information: forward, and never beyond their end.
 */
#ifndef UNWIND_CURSOR_H
#define UNWIND_CURSOR_H

#include "unwind/cfi.h"

#include <string.h>

// ---- Bytes ------------------------------------------------------------------------------------

// Reads forward; beyond the end it reads zeros and is bad from then on.
struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool is_bad;
};

static inline size_t bytes_left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

static inline bool skip(struct cursor *cursor, uint64_t size)
{
    if (size > bytes_left(cursor)) {
        cursor->at = cursor->end;
        cursor->is_bad = true;
        return false;
    }
    cursor->at += size;
    return true;
}

static inline void read_bytes(struct cursor *cursor, void *to, size_t size)
{
    const uint8_t *from = cursor->at;
    if (skip(cursor, size)) {
        memcpy(to, from, size);
    }
}

static inline uint8_t read_u8(struct cursor *cursor)
{
    uint8_t value = 0;
    read_bytes(cursor, &value, sizeof(value));
    return value;
}

static inline uint16_t read_u16(struct cursor *cursor)
{
    uint16_t value = 0;
    read_bytes(cursor, &value, sizeof(value));
    return value;
}

static inline uint32_t read_u32(struct cursor *cursor)
{
    uint32_t value = 0;
    read_bytes(cursor, &value, sizeof(value));
    return value;
}

static inline uint64_t read_u64(struct cursor *cursor)
{
    uint64_t value = 0;
    read_bytes(cursor, &value, sizeof(value));
    return value;
}

// Bits beyond the 64th are dropped. Stores how many bits were written.
static inline uint64_t read_leb128(struct cursor *cursor, unsigned *bit_count, uint8_t *last)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = read_u8(cursor);
        if (shift < 64) {
            value |= (uint64_t)(byte & 0x7f) << shift;
        }
        shift += 7;
    } while ((byte & 0x80) != 0 && !cursor->is_bad);
    *bit_count = shift;
    *last = byte;
    return value;
}

static inline uint64_t read_uleb(struct cursor *cursor)
{
    unsigned bit_count;
    uint8_t last;
    return read_leb128(cursor, &bit_count, &last);
}

static inline int64_t read_sleb(struct cursor *cursor)
{
    unsigned bit_count;
    uint8_t last;
    uint64_t value = read_leb128(cursor, &bit_count, &last);
    if ((last & 0x40) != 0 && bit_count < 64) {
        value |= UINT64_MAX << bit_count;
    }
    return (int64_t)value;
}

// ---- Pointers ---------------------------------------------------------------------------------

// LSB Core, table "DWARF Exception Header value format" and "application".
enum {
    ENCODING_ABSOLUTE = 0x00,
    ENCODING_ULEB = 0x01,
    ENCODING_U16 = 0x02,
    ENCODING_U32 = 0x03,
    ENCODING_U64 = 0x04,
    ENCODING_SLEB = 0x09,
    ENCODING_S16 = 0x0a,
    ENCODING_S32 = 0x0b,
    ENCODING_S64 = 0x0c,
    ENCODING_FORMAT = 0x0f,
    ENCODING_PC_RELATIVE = 0x10,
    ENCODING_DATA_RELATIVE = 0x30,
    ENCODING_BASE = 0x70,
    ENCODING_INDIRECT = 0x80,
    ENCODING_OMIT = 0xff,
};

static inline uint64_t read_format(struct cursor *cursor, uint8_t format)
{
    switch (format) {
    case ENCODING_ULEB:
        return read_uleb(cursor);
    case ENCODING_SLEB:
        return (uint64_t)read_sleb(cursor);
    case ENCODING_U16:
        return read_u16(cursor);
    case ENCODING_S16:
        return (uint64_t)(int64_t)(int16_t)read_u16(cursor);
    case ENCODING_U32:
        return read_u32(cursor);
    case ENCODING_S32:
        return (uint64_t)(int64_t)(int32_t)read_u32(cursor);
    case ENCODING_ABSOLUTE:
    case ENCODING_U64:
    case ENCODING_S64:
        return read_u64(cursor);
    default:
        cursor->is_bad = true;
        return 0;
    }
}

static inline uintptr_t read_pointer(struct cursor *cursor, uint8_t encoding, uintptr_t data_base)
{
    uintptr_t place = (uintptr_t)cursor->at;
    uintptr_t value = (uintptr_t)read_format(cursor, encoding & ENCODING_FORMAT);
    if ((encoding & ENCODING_INDIRECT) != 0) {
        cursor->is_bad = true;
        return 0;
    }
    switch (encoding & ENCODING_BASE) {
    case 0:
        return value;
    case ENCODING_PC_RELATIVE:
        return value + place;
    case ENCODING_DATA_RELATIVE:
        return value + data_base;
    default:
        cursor->is_bad = true;
        return 0;
    }
}

// Bytes of the image from `address` on; bad when it lies outside.
static inline struct cursor cursor_at(const struct cfi_image *image, uintptr_t address)
{
    if (address < image->window || address >= image->window_end) {
        static const uint8_t NOTHING[1];
        return (struct cursor){.at = NOTHING, .end = NOTHING, .is_bad = true};
    }
    return (struct cursor){
        .at = (const uint8_t *)address, .end = (const uint8_t *)image->window_end};
}

#endif
