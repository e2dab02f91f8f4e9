// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Expressions that choose blocks: `halde walk --where 'busy && size >= 64K && age > 10m'`.
 *
 *     expression   and ( "||" and )*
 *     and          not ( "&&" not )*
 *     not          "!" not | "(" expression ")" | comparison | word
 *     comparison   field ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) value
 *                | field ( "~" | "!~" ) value      the field's text contains the value, or not
 *
 *     words        busy free cached uncommitted freed  span mixed large  debug ignored sampled info
 *     fields       size overhead number subtype thread line weight   numbers; sizes as 64K, 1.5M
 *                  age time                                          durations as 10m, 1.5h
 *                  address                                           0x7f...
 *                  kind type place heap file stack                   text
 *
 * "=" is "==".  Values with blanks or operators in them stand in quotes, ' or ".  What a block does
 * not have (an age, a thread) fulfils no comparison but "!=" and "!~".  `stack == 9c41e7` compares
 * the beginning of the stack's hash.
 */
#ifndef FILTER_FILTER_H
#define FILTER_FILTER_H

#include "image/image.h"

enum filter_field {
    FILTER_SIZE,
    FILTER_OVERHEAD,
    FILTER_NUMBER,
    FILTER_SUBTYPE,
    FILTER_THREAD,
    FILTER_LINE,
    FILTER_WEIGHT,
    FILTER_AGE,
    FILTER_TIME,
    FILTER_ADDRESS,
    FILTER_KIND,
    FILTER_TYPE,
    FILTER_PLACE,
    FILTER_HEAP,
    FILTER_FILE,
    FILTER_STACK,
    FILTER_FIELD_COUNT,
};

/// What a filter asks about stacks.
struct filter_stacks {
    /// The hash of a stack as text; "" for none.
    const char *(*hash)(void *context, uint32_t stack);
    void *context;
};

struct filter;
/// Parses an expression. NULL: `*error` is a sentence that names the position, to be freed.
struct filter *filter_parse(const char *text, char **error);
/// NULL is allowed.
void filter_destroy(struct filter *filter);
/// Whether the expression asks for stacks' hashes.
bool filter_wants_stacks(const struct filter *filter);
/// Whether it asks for elements that are not busy.
bool filter_wants_free(const struct filter *filter);
bool filter_matches(const struct filter *filter, const struct image *image,
    const struct image_block *block, const struct filter_stacks *stacks);

/// The field of a name. False: there is none.
bool filter_find_field(const char *name, enum filter_field *field);
/// The names of all fields, separated by commas.
const char *filter_field_names(void);
/// Orders two blocks by a field; blocks without it come last. Below 0, 0, above 0.
int filter_compare(enum filter_field field, bool is_descending, const struct image *image,
    const struct image_block *a, const struct image_block *b);

#endif
