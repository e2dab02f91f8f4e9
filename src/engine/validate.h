// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Checks a heap's structures and patterns. Central; reads user memory only where a heap has
 * checks. */
#ifndef ENGINE_VALIDATE_H
#define ENGINE_VALIDATE_H

#include "engine/types.h"

/// Checks the whole heap. `damage` receives the first finding; may be NULL.
enum halde_status validate_all(struct heap *heap, struct halde_damage *damage);

#endif
