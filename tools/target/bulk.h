// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Reading much of a stopped process at once: by several threads, because its processors have
 * nothing else to do meanwhile and one copies 3 to 4 GB/s at most.
 */
#ifndef TARGET_BULK_H
#define TARGET_BULK_H

#include "view/view.h"

#include <sys/types.h>

enum {
    BULK_PIECE_MAX = 4 << 20, ///< bytes of a piece at most, so that threads can share the work
};

/// Reads pieces with process_vm_readv(). What cannot be read wholly is marked so.
void bulk_read(pid_t pid, struct view_piece *pieces, size_t count);

#endif
