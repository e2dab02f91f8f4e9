// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Memory of a search: pages of the system, zero until written; none is held that is not touched.
 */
#ifndef REACH_PAGES_H
#define REACH_PAGES_H

#include "base/compiler.h"

/// NULL: the system refuses. size 0: any address.
void *pages_take(size_t size);
/// NULL is allowed.
void pages_give_back(void *memory, size_t size);

#endif
