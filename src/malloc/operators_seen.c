// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Whose the operators are: the linker says it.  A file of its own, because where they are defined
// the compiler takes their names for what it sees there.

#include "malloc/operators.h"

extern void *_Znwm(size_t size);
extern void *_Znam(size_t size);
extern void *_ZnwmSt11align_val_t(size_t size, size_t alignment);
extern void *_ZnamSt11align_val_t(size_t size, size_t alignment);
extern void _ZdlPv(void *block);
extern void _ZdaPv(void *block);
extern void _ZdlPvSt11align_val_t(void *block, size_t alignment);
extern void _ZdaPvSt11align_val_t(void *block, size_t alignment);

HIDDEN const struct operators operators_seen = {
    .new_ = _Znwm,
    .array_new = _Znam,
    .aligned_new = _ZnwmSt11align_val_t,
    .array_aligned_new = _ZnamSt11align_val_t,
    .delete_ = _ZdlPv,
    .array_delete = _ZdaPv,
    .aligned_delete = _ZdlPvSt11align_val_t,
    .array_aligned_delete = _ZdaPvSt11align_val_t,
};
