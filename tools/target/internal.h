// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A target from the inside: for the files of this folder that make one.
 */
#ifndef TARGET_INTERNAL_H
#define TARGET_INTERNAL_H

#include "image/resident.h"
#include "target/copy.h"
#include "target/core.h"
#include "target/stop.h"

struct target {
    pid_t pid;
    pid_t reached;     // a thread of it that still has its memory; mostly the first one
    struct core *core; // NULL: it is live
    char *name;
    char *maps; // text that the mappings' paths point into
    struct target_mapping *mappings;
    size_t mapping_count;
    char *stopped_maps; // text of the mappings as they were when it was stopped, or NULL
    int memory;         // /proc/PID/mem, where the system call is refused; -1: not needed
    bool is_call_refused;
    uint64_t read_size;
    struct stop stop;
    uint64_t patience_ns; // for the search of a moment at which nobody is inside
    size_t thread_count;  // when it was stopped last
    struct copy *copy;
    bool has_copy; // it is filled
    struct resident resident;
    bool has_resident; // it is open
};

/// Says what is wrong.
void target_say(struct target_error *error, enum target_trouble trouble, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Takes the text of the mappings, which then belongs to the target.
void target_take_mappings(struct target *target, char *text);
/// While it stands still: notes the mappings as they are, which is quick.
void target_note_mappings(struct target *target);
/// Makes the noted ones, if there are some, the target's.
void target_use_noted_mappings(struct target *target);

#endif
