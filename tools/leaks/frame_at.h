// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** To which function a place on a thread's stack belongs. */
#ifndef LEAKS_FRAME_AT_H
#define LEAKS_FRAME_AT_H

#include "image/image.h"

/**
 * The return address that lies next below a place on a thread's stack: the function that it leads
 * into owns the place.  It is found by what it looks like (it lies in code, behind a call), so what
 * an earlier call has left on the stack may be taken for it.
 *
 * @return 0: none, so the place belongs to the innermost function
 */
uint64_t frame_at(const struct image *image, const struct image_thread *thread, uint64_t address);

#endif
