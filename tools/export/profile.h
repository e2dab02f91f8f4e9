// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A profile: for each call stack what is live, and if the course was recorded, what was allocated
 * in all.  What is written in other tools' formats is made from this.
 */
#ifndef EXPORT_PROFILE_H
#define EXPORT_PROFILE_H

#include "capture/subject.h"
#include "symbols/symbols.h"

enum profile_value {
    PROFILE_ALLOCATED_COUNT,
    PROFILE_ALLOCATED_SIZE,
    PROFILE_LIVE_COUNT,
    PROFILE_LIVE_SIZE,
    PROFILE_VALUE_COUNT,
};

struct profile_row {
    uint32_t stack; ///< of the image; 0: not known
    uint64_t values[PROFILE_VALUE_COUNT];
};

struct profile {
    const struct image *image;
    struct symbols *symbols;
    struct profile_row *rows; ///< by stack; each has a value that is not 0
    size_t count;
    bool has_allocated;   ///< the values of what was allocated are known
    uint64_t duration_ns; ///< of the recording; 0: not known
    uint64_t taken_at;    ///< seconds since 1970
};

/// `symbols` must outlive the profile, as must the subject's image.
struct profile *profile_create(const struct subject *subject, struct symbols *symbols);
void profile_destroy(struct profile *profile);
uint64_t profile_total(const struct profile *profile, enum profile_value value);

/// The frames of a stack, innermost first, without the allocator's own.
const uint64_t *profile_frames(const struct profile *profile, uint32_t stack, size_t *count);

/// Each writes the whole profile. False: it could not be written; errno says why.
bool profile_write_pprof(const struct profile *profile, FILE *stream);
bool profile_write_folded(const struct profile *profile, enum profile_value value, FILE *stream);
bool profile_write_speedscope(const struct profile *profile, FILE *stream);

/// The blocks of an image, one a line.
bool blocks_write_csv(const struct image *image, struct symbols *symbols, FILE *stream);
bool blocks_write_jsonl(const struct image *image, struct symbols *symbols, FILE *stream);

#endif
