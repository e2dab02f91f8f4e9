// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What the unwinder has to know about a processor and its ABI.  One header a processor; each gives
 *
 * - ARCH_CAN_UNWIND, and the numbers that DWARF gives the registers;
 * - struct unwind_context, arch_context_here(), arch_context_of_signal();
 * - arch_load(), a load that no sanitizer looks at;
 * - arch_rule(), which turns a row of call frame information into a rule of eight bytes.
 */
#ifndef UNWIND_ARCH_H
#define UNWIND_ARCH_H

#if defined(__x86_64__)
#include "unwind/arch_x86_64.h"
#else
#include "unwind/arch_none.h"
#endif

#endif
