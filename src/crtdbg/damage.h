// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What is said about damaged blocks: the lines of the specification's section 21.1, and, where
 * HALDE_OPTIONS=crt_details=1 asks for it, which bytes changed and what lies around. */
#ifndef CRTDBG_DAMAGE_H
#define CRTDBG_DAMAGE_H

#include "crtdbg/debug_block.h"
#include "crtdbg/report.h"

/// What is wrong with a block.
struct damage {
    uint32_t kinds;         ///< DAMAGE_*; 0: sound
    uint8_t expected;       ///< what stood at `changed`
    uint8_t byte_count;     ///< of `bytes`
    uint8_t bytes[16];      ///< what stands at `changed`
    const uint8_t *changed; ///< first wrong byte
    size_t changed_count;   ///< wrong bytes in that gap
    const uint8_t *end;     ///< of the engine block
};

/// Where a block was allocated, for a report: never a pointer that cannot be read. NULL: unknown.
const char *debug_file_of(const struct origin *origin);

/// "Normal", "Client" and so on; DAMAGED for a type that is none, _FREE_BLOCK among them.
const char *debug_type_word(int use);

/// Looks at a block. False when it is sound. The caller owns it, or has stopped the sections.
bool damage_find(const struct debug_block *block, struct damage *damage);
/// Says what was found, gap by gap.  The block is as it was: it may be gone.
void damage_report(
    const struct damage *damage, const struct debug_facts *block, enum report_type type);
/// The same as warnings, with the line about the size that ends the report of a check.
void damage_report_whole(const struct damage *damage, const struct debug_facts *block);
/// Both, in one.
void damage_report_gaps(const struct debug_block *block, enum report_type type);

/// Below an assertion about a pointer that is no block's: what it is instead, and who gave it,
/// where options ask for details or stacks. `caller` may be NULL.
void damage_report_pointer(const void *pointer, const void *caller);

#endif
