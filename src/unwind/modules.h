// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Which module has an address, and where its call frame information lies.
 *
 * Where libc has _dl_find_object() (glibc 2.35), it is asked: it takes no lock.  Elsewhere there is
 * a table, filled by dl_iterate_phdr() when an address is unknown: that takes the loader's lock,
 * never while a lock of ours is held.
 *
 * Rules that were found for a module must not outlive it.  The generation stands in every key of
 * the rule cache; it is counted up when somebody says so (unwind_modules_changed()), and when a
 * module is met where there was another one.  Modules that were there when the program started stay
 * for ever. Rules of others are used only after modules_verify(), once a stack, has looked whether
 * the module is still the same.  (Not with the table: there somebody has to say so.)
 */
#ifndef UNWIND_MODULES_H
#define UNWIND_MODULES_H

#include "unwind/cfi.h"

struct module {
    uintptr_t start; ///< addresses of the module: [start, end), holes included
    uintptr_t end;
    uintptr_t bias;     ///< what the loader added to the module's own addresses
    uintptr_t identity; ///< differs between modules that come to lie at the same place
    bool is_permanent;  ///< it will not be unloaded, or nobody can tell
    const char *name;   ///< the loader's; "" for the program; as long as the module is loaded
    struct cfi_image image;
};

struct modules {
    _Atomic(uint32_t) generation; ///< any thread; relaxed: a rule that comes late is a valid rule
};
extern HIDDEN struct modules modules;

ALWAYS_INLINE uint32_t modules_generation(void)
{
    return atomic_load_explicit(&modules.generation, memory_order_relaxed);
}

/**
 * Finds the module of an address.
 *
 * @param is_noted  whether the generation takes account of this module, so that what is found out
 * may be remembered under modules_generation() as it was before the call
 * @return false: no module has this address, or nothing can be said now
 */
bool modules_find(uintptr_t pc, struct module *module, bool *is_noted);

/// Addresses [start, end) of a module, or of none: end 0.
struct module_range {
    uintptr_t start;
    uintptr_t end;
};

/// Finds the range of the module that has this address now. Where it is another one than was known,
/// the generation is counted up before this returns. False: no module has the address.
bool modules_verify(uintptr_t pc, struct module_range *range);

/// For tests: ask dl_iterate_phdr() even where there is something better.
void modules_use_table(bool is_wanted);

#endif
