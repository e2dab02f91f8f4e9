// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Numbers for texts and stacks: what is handed in a second time has the number that it got first.
 * Numbers count from 1 on.
 */
#ifndef CAPTURE_NUMBERS_H
#define CAPTURE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Open addressing: numbers of items that the owner keeps; 0 is a free place.
struct number_table {
    uint32_t *places;
    size_t place_count; ///< 0 or a power of two, more than twice of what is in it
    size_t used;
};

/// Texts, one behind the other, each with its final 0.
struct text_numbers {
    struct number_table table;
    char *texts;
    size_t size;
    size_t capacity;
    size_t *offsets; ///< by number - 1
    size_t offset_capacity;
    uint32_t count;
};

/// The number of a text; 0: "" or there are 2^32 - 1 texts. What is longer than
/// TEXT_NUMBERS_LENGTH_MAX is cut.
uint32_t text_numbers_add(struct text_numbers *numbers, const char *text);
const char *text_numbers_get(const struct text_numbers *numbers, uint32_t number);
void text_numbers_release(struct text_numbers *numbers);

enum {
    TEXT_NUMBERS_LENGTH_MAX = 1 << 20,
};

/// A frame and who called it.
struct stack_node {
    uint64_t address;
    uint32_t parent; ///< number of the caller's node; 0: none
    uint32_t stack;  ///< number of the stack whose innermost frame it is; 0: none
};

/// Stacks that share their outer frames.
struct stack_numbers {
    struct number_table table; ///< of nodes
    struct stack_node *nodes;  ///< by number - 1; a parent comes before its children
    size_t node_capacity;
    uint32_t node_count;
    uint32_t *leaves; ///< node of each stack, by number - 1
    size_t leaf_capacity;
    uint32_t count;
};

/// The number of a stack; 0: no frames, or there are 2^32 - 1 nodes. Frames are innermost first;
/// what is beyond SNAPSHOT_FRAMES_MAX is cut at the outer end.
uint32_t stack_numbers_add(struct stack_numbers *numbers, const uint64_t *frames, size_t count);
void stack_numbers_release(struct stack_numbers *numbers);

#endif
