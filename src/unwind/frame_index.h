// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Indexes of call frame information, for modules whose linker has made none: programs that gcc
 * links with -static, and what was linked with --no-eh-frame-hdr.
 *
 * Such a module's .eh_frame is found by the section headers of its file, read once, from one end to
 * the other, and what it says gets an index of eight bytes a function in memory of our own:
 *
 *     code, description | code, description | ...      sorted by code; both from .eh_frame's start
 *
 * That happens when the first stack meets the module.  An index stays for ever; so does the
 * knowledge that there is none, as in a module without section headers.
 *
 * Threads: any, in signal handlers and after fork, too; nobody waits.  Threads that meet a module
 * at the same time each make an index, and the first one stays.
 */
#ifndef UNWIND_FRAME_INDEX_H
#define UNWIND_FRAME_INDEX_H

#include "unwind/modules.h"

enum {
    FRAME_INDEX_MODULES_MAX = 32, ///< later ones get no index
};

/// Completes what is known of a module, if the linker has made no index for it.  False: what there
/// is cannot be found out at the moment, for want of memory or descriptors.
bool frame_index_find(struct module *module);

#endif
