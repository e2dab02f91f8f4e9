// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// Words of the command line that are about reports.
#include "report/internal.h"

#include <ctype.h>
#include <string.h>

bool leak_form_parse(const char *text, enum leak_form *form)
{
    static const char *const names[] = {[LEAK_TEXT] = "text",
        [LEAK_MSVC] = "msvc",
        [LEAK_GNU] = "gnu",
        [LEAK_JSON] = "json",
        [LEAK_SARIF] = "sarif"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], text) == 0) {
            *form = (enum leak_form)i;
            return true;
        }
    }
    return false;
}

const char *leak_kind_name(uint32_t class_)
{
    static const char *const names[] = {[REACH_NOT_SEARCHED] = "not searched",
        [REACH_REACHABLE] = "reachable",
        [REACH_POSSIBLE] = "possible",
        [REACH_INDIRECT] = "indirect",
        [REACH_DEFINITE] = "definite"};
    return names[class_ <= REACH_DEFINITE ? class_ : REACH_NOT_SEARCHED];
}

/// Sums of classes that have a name of their own. 0: no such name.
static unsigned find_kinds(const char *name, size_t length)
{
    static const struct {
        const char *name;
        unsigned kinds;
    } words[] = {{"leaks", LEAK_KINDS_LEAKS}, {"all", LEAK_KINDS_ALL},
        {"definite", 1 << REACH_DEFINITE}, {"indirect", 1 << REACH_INDIRECT},
        {"possible", 1 << REACH_POSSIBLE}, {"reachable", 1 << REACH_REACHABLE}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].name) == length && memcmp(words[i].name, name, length) == 0) {
            return words[i].kinds;
        }
    }
    return 0;
}

bool leak_kinds_parse(const char *text, unsigned *kinds)
{
    unsigned result = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned found = find_kinds(text, length);
        if (found == 0) {
            return false;
        }
        result |= found;
        if (text[length] == 0) {
            *kinds = result;
            return true;
        }
        text += length + 1;
    }
}

// ---- Conditions ---------------------------------------------------------------------------------

/// The number that a condition is about. False: no such word.
static bool find_amount(
    const char *name, size_t length, const struct leak_totals *totals, uint64_t *amount)
{
    static const struct leak_totals nothing;
    if (totals == NULL) {
        totals = &nothing;
    }
    struct site_sum leaks = {0};
    for (unsigned i = 0; i < SITE_CLASS_COUNT; i++) {
        bool is_leak = (LEAK_KINDS_LEAKS >> i & 1) != 0;
        leaks.count += is_leak ? totals->by_class[i].count : 0;
        leaks.bytes += is_leak ? totals->by_class[i].bytes : 0;
    }
    unsigned kinds = find_kinds(name, length);
    if (length == 4 && memcmp(name, "leak", 4) == 0) {
        // What is possible may be in use.
        *amount = totals->by_class[REACH_DEFINITE].count + totals->by_class[REACH_INDIRECT].count;
    } else if (length == 6 && memcmp(name, "blocks", 6) == 0) {
        *amount = leaks.count;
    } else if (length == 5 && memcmp(name, "bytes", 5) == 0) {
        *amount = leaks.bytes;
    } else if (kinds != 0) {
        *amount = 0;
        for (unsigned i = 0; i < SITE_CLASS_COUNT; i++) {
            *amount += (kinds >> i & 1) != 0 ? totals->by_class[i].count : 0;
        }
    } else {
        return false;
    }
    return true;
}

/// One condition, without blanks. `*is_valid` stays as it is if it is understood.
static bool is_met(
    const char *text, size_t length, const struct leak_totals *totals, bool *is_valid)
{
    char limit_text[32] = "0";
    size_t name_length = 0;
    while (name_length < length && isalpha((unsigned char)text[name_length])) {
        name_length++;
    }
    const char *sign = text + name_length;
    size_t sign_length = 0;
    while (name_length + sign_length < length && strchr("<>=", sign[sign_length]) != NULL) {
        sign_length++;
    }
    size_t rest = length - name_length - sign_length;
    uint64_t amount = 0;
    uint64_t limit = 0;
    if (rest >= sizeof(limit_text) || (sign_length == 0) != (rest == 0)) {
        *is_valid = false;
        return false;
    }
    if (rest > 0) {
        memcpy(limit_text, sign + sign_length, rest);
        limit_text[rest] = 0;
    }
    if (!cli_parse_size(limit_text, &limit) || !find_amount(text, name_length, totals, &amount)) {
        *is_valid = false;
        return false;
    }
    if (sign_length == 0 || (sign_length == 1 && *sign == '>')) {
        return amount > limit;
    }
    if (sign_length == 2 && memcmp(sign, ">=", 2) == 0) {
        return amount >= limit;
    }
    *is_valid = false;
    return false;
}

bool leak_condition(const char *text, const struct leak_totals *totals, bool *is_valid)
{
    bool is_any_met = false;
    *is_valid = true;
    for (;;) {
        size_t length = strcspn(text, ",");
        is_any_met |= is_met(text, length, totals, is_valid);
        if (text[length] == 0) {
            return is_any_met && *is_valid && totals != NULL;
        }
        text += length + 1;
    }
}
