// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Sizes, durations, addresses: from and to text.

#include "cli/cli.h"

#include <inttypes.h>
#include <string.h>

/// A decimal number, perhaps with a fraction, and how often `unit` is in it.
struct unit {
    const char *name;
    uint64_t size;
};

/// Digits at `*text`; at least one.
static bool take_digits(const char **text, uint64_t *number)
{
    const char *digit = *text;
    *number = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (uint64_t)(*digit - '0'), number)) {
            return false;
        }
    }
    bool is_number = digit > *text;
    *text = digit;
    return is_number;
}

/// What follows a point: billionths.  Digits beyond the ninth do not count.
static bool take_fraction(const char **text, uint64_t *billionths)
{
    *billionths = 0;
    if (**text != '.') {
        return true;
    }
    const char *digit = ++*text;
    uint64_t scale = 100000000;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        *billionths += (uint64_t)(*digit - '0') * scale;
        scale /= 10;
    }
    bool is_number = digit > *text;
    *text = digit;
    return is_number;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (; units->name; units++) {
        if (strcmp(units->name, name) == 0) {
            return units;
        }
    }
    return NULL;
}

static bool parse_quantity(const char *text, const struct unit *units, uint64_t *quantity)
{
    uint64_t whole;
    uint64_t billionths;
    if (!take_digits(&text, &whole) || !take_fraction(&text, &billionths)) {
        return false;
    }
    text += *text == ' ';
    const struct unit *unit = find_unit(units, text);
    if (!unit || __builtin_mul_overflow(whole, unit->size, &whole)) {
        return false;
    }
    uint64_t part = (uint64_t)((unsigned __int128)billionths * unit->size / 1000000000);
    return !__builtin_add_overflow(whole, part, quantity);
}

bool cli_parse_size(const char *text, uint64_t *size)
{
    static const struct unit units[] = {
        {"", 1},
        {"B", 1},
        {"K", 1ULL << 10},
        {"k", 1ULL << 10},
        {"KiB", 1ULL << 10},
        {"M", 1ULL << 20},
        {"MiB", 1ULL << 20},
        {"G", 1ULL << 30},
        {"GiB", 1ULL << 30},
        {"T", 1ULL << 40},
        {"TiB", 1ULL << 40},
        {NULL, 0},
    };
    return parse_quantity(text, units, size);
}

bool cli_parse_duration(const char *text, uint64_t *ns)
{
    static const struct unit units[] = {
        {"ns", 1},
        {"us", 1000},
        {"ms", 1000000},
        {"s", 1000000000},
        {"m", 60 * 1000000000ULL},
        {"h", 3600 * 1000000000ULL},
        {"d", 86400 * 1000000000ULL},
        {NULL, 0},
    };
    return parse_quantity(text, units, ns);
}

bool cli_parse_count(const char *text, uint64_t *count)
{
    return take_digits(&text, count) && *text == 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool cli_parse_address(const char *text, uint64_t *address)
{
    if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) {
        return cli_parse_count(text, address);
    }
    text += 2;
    size_t length = strlen(text);
    *address = 0;
    for (; *text; text++) {
        int digit = hex_digit(*text);
        if (digit < 0 || *address >> 60) {
            return false;
        }
        *address = *address << 4 | (uint64_t)digit;
    }
    return length > 0;
}

char *cli_format_size(uint64_t size, char buffer[16])
{
    static const char units[] = "KMGTPE";
    if (size < 1024) {
        snprintf(buffer, 16, "%u B", (unsigned)size);
        return buffer;
    }
    // Tenths, rounded; what rounds to 1024 is one of the next unit.
    int unit = 0;
    while (unit < 5 && (size >> (10 * unit)) >= 1024 * 1024) {
        unit++;
    }
    uint64_t divisor = 1ULL << (10 * (unit + 1));
    uint64_t tenths = (uint64_t)(((unsigned __int128)size * 10 + divisor / 2) / divisor);
    if (tenths >= 10240 && unit < 5) {
        tenths = 10;
        unit++;
    }
    unsigned count = (unsigned)tenths;
    snprintf(buffer, 16, "%u.%u%c", count / 10, count % 10, units[unit]);
    return buffer;
}

char *cli_format_duration(uint64_t ns, char buffer[24])
{
    static const uint64_t second = 1000000000;
    uint64_t s = ns / second;
    if (ns < 1000000) {
        snprintf(buffer, 24, "%" PRIu64 " us", ns / 1000);
    } else if (ns < second) {
        snprintf(buffer, 24, "%" PRIu64 ".%u ms", ns / 1000000, (unsigned)(ns / 100000 % 10));
    } else if (s < 60) {
        snprintf(buffer, 24, "%u.%u s", (unsigned)s, (unsigned)(ns / (second / 10) % 10));
    } else if (s < 3600) {
        snprintf(buffer, 24, "%u m %02u s", (unsigned)(s / 60), (unsigned)(s % 60));
    } else if (s < 86400) {
        snprintf(buffer, 24, "%u h %02u m", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
    } else {
        snprintf(buffer, 24, "%" PRIu64 " d %02u h", s / 86400, (unsigned)(s / 3600 % 24));
    }
    return buffer;
}
