// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// struct leak_report, and what the forms share.
#ifndef REPORT_INTERNAL_H
#define REPORT_INTERNAL_H

#include "report/report.h"

#include "cli/cli.h"

enum {
    TOP_DEFAULT = 20,
    DEPTH_DEFAULT = 20,
    PLACES_COMPARED = 256,  ///< of a leak; lines of places beyond them are not told
    PREVIEW_SIZE = 16,      ///< bytes of a block that are shown
    NAME_LIMIT = 300,       ///< characters of a function in forms for people
    NAME_COMFORTABLE = 100, ///< characters of a function that people still read
};

/// Blocks of a leak that one call allocated.
struct leak_place {
    uint64_t full_hash; ///< of the leak's site
    uint32_t stack;
    uint32_t file; ///< as recorded; 0: none
    int32_t line;
    struct site_sum sum;
};

/// Blocks of one hash and one class.
struct leak {
    struct site site;
    size_t first_place;    ///< index into report.places
    size_t place_count;    ///< 0: there are no stacks
    struct site_sum below; ///< what hangs on it
    size_t first_below;    ///< index into report.below
};

struct leak_report {
    const struct image *image;
    struct symbols *symbols;
    struct leak_report_options options;
    struct leak_totals totals;
    struct leak *leaks; ///< worst first
    size_t leak_count;
    size_t leak_capacity;
    struct sites sites;        ///< of `leaks`, in their order
    struct leak_place *places; ///< those of a leak one behind the other, most bytes first
    size_t place_count;
    size_t place_capacity;
    uint32_t *below; ///< indexes of indirect blocks, by the leak that they hang on
    size_t below_count;
    bool is_searched; ///< some block has a class
};

/// Sites that are told in a form.
size_t report_top(const struct leak_report *report, bool is_for_people);

const struct image_block *report_block(const struct leak_report *report, const struct leak *leak);
/// ns; 0: unknown.
uint64_t report_age(const struct leak_report *report, uint64_t time_ns);
/// NULL: unknown.
const struct image_thread *report_thread(const struct leak_report *report, uint32_t id);

/// Where a leak was allocated: `file` and `line` that the block recorded, or those of its stack.
/// "" and 0: neither is known.
void report_source(
    const struct leak_report *report, const struct leak *leak, const char **file, int *line);
void report_place_source(
    const struct leak_report *report, const struct leak_place *place, const char **file, int *line);
void report_block_source(const struct leak_report *report, const struct image_block *block,
    const char **file, int *line);
/// Another line of a leak.
struct leak_line {
    const char *file;
    int line;
    uint64_t blocks; ///< that were allocated there
};

/// The next line of a leak's places, from place `*next` on, that is neither the leak's own nor one
/// told before; `*next` goes on behind it. False: no more.
bool report_other_line(const struct leak_report *report, const struct leak *leak, size_t *next,
    struct leak_line *line);
/// What a leak's blocks amount to: if they were sampled, what they stand for.
uint64_t report_amount(const struct leak *leak);

/// The frames of a stack that are told: [*first, *end).
void report_frames(
    const struct leak_report *report, const struct symbol_stack *stack, size_t *first, size_t *end);

/// A frame's function as people want to read it: symbols_name(), but shorter where that is long.
char *report_function(const struct symbol_frame *frame, char *buffer, size_t size);

/// Bytes of a block, as far as they can be read.
size_t report_preview(const struct leak_report *report, const struct image_block *block,
    unsigned char bytes[PREVIEW_SIZE]);

/// "48 bytes", "6.0 KiB".
char *report_bytes(uint64_t size, char buffer[24]);
/// "normal", "client", "crt", ... of a block of the debug heap.
const char *report_type(const struct image *image, const struct image_block *block);

bool report_print_text(const struct leak_report *report, FILE *stream);
bool report_print_msvc(const struct leak_report *report, FILE *stream);
bool report_print_gnu(const struct leak_report *report, FILE *stream);
bool report_print_json(const struct leak_report *report, FILE *stream);
bool report_print_sarif(const struct leak_report *report, FILE *stream);

#endif
