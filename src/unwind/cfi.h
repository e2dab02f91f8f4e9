// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Call frame information: finds in a module's .eh_frame what is said about one address.
 *
 * Bytes in, a row out; no state, no allocation, no system call.  The bytes are not trusted: every
 * access is proved to lie in the image's window, every loop ends with the bytes, and what cannot be
 * understood is answered with CFI_BAD or a register CFI_ODD, never with a guess.
 *
 * Expressions are evaluated symbolically: they may compute with constants, the program counter, and
 * one register or one word of memory. That covers those of linkers (PLT), of signal frames, and of
 * functions that align their stack.
 *
 * Sources: DWARF 4, section 6.4; Linux Standard Base Core 5.0, sections 10.5 and 10.6; the
 * processor's ABI.
 */
#ifndef UNWIND_CFI_H
#define UNWIND_CFI_H

#include "base/compiler.h"

enum {
#if defined(__x86_64__)
    CFI_REGISTER_COUNT = 17, ///< rax .. r15 by the ABI's numbers, and the return address
    CFI_PC = 16,
#else
    CFI_REGISTER_COUNT = 33, ///< general registers, stack pointer, program counter
    CFI_PC = 32,
#endif
};

/// Where a thread is: the registers by DWARF's numbers.
struct unwind_context {
    uintptr_t registers[CFI_REGISTER_COUNT];
};

/// A function and what is said about it. Offsets.
struct cfi_entry {
    int32_t code;
    int32_t description; ///< its description (FDE)
};

/// An index of ours, for modules without .eh_frame_hdr. Offsets count from the image's window.
struct cfi_index {
    size_t size; ///< bytes of memory that it takes
    size_t count;
    struct cfi_entry entries[]; ///< sorted by `code`
};

/// Where .eh_frame_hdr of a module lies, and the readable bytes around it, which hold .eh_frame,
/// too.  Where there is no .eh_frame_hdr the bytes are .eh_frame.
struct cfi_image {
    uintptr_t header;              ///< address of .eh_frame_hdr; 0: the module has none
    uintptr_t window;              ///< first readable byte
    uintptr_t window_end;          ///< behind the last one
    const struct cfi_index *index; ///< without a header; or NULL
};

/// How the caller's value of a register is found.
enum cfi_where {
    CFI_SAME,        ///< it still has it
    CFI_UNDEFINED,   ///< lost; for the return address: there is no caller
    CFI_AT_CFA,      ///< in memory at cfa + offset
    CFI_IS_CFA,      ///< is cfa + offset
    CFI_IN_REGISTER, ///< in `other`
    CFI_AT_REGISTER, ///< in memory at `other` + offset
    CFI_IS_REGISTER, ///< is `other` + offset
    CFI_ODD,         ///< an expression that we do not evaluate
};

struct cfi_register {
    uint8_t where; ///< enum cfi_where
    uint8_t other; ///< a register
    int32_t offset;
};

enum cfi_cfa {
    CFI_CFA_NONE,     ///< not said
    CFI_CFA_REGISTER, ///< value of a register + offset
    CFI_CFA_MEMORY,   ///< *(register + offset) + second_offset
    CFI_CFA_ODD,
};

struct cfi_row {
    uint8_t cfa; ///< enum cfi_cfa
    uint8_t cfa_register;
    uint8_t return_register; ///< which register stands for the return address
    bool is_signal;          ///< the caller was interrupted: it has not called anybody
    int32_t cfa_offset;
    int32_t cfa_second_offset;
    struct cfi_register registers[CFI_REGISTER_COUNT];
};

enum cfi_status {
    CFI_FOUND,
    CFI_MISSING, ///< the image says nothing about this address
    CFI_BAD,     ///< what it says breaks a rule of the format, or uses a part that we leave out
};

/// Stores the row that holds when `pc` is about to be executed.
enum cfi_status cfi_find(const struct cfi_image *image, uintptr_t pc, struct cfi_row *row);

/// Stores where the code that one description speaks of begins and ends. False: none speaks of
/// `pc`.
bool cfi_function(const struct cfi_image *image, uintptr_t pc, uintptr_t *start, uintptr_t *end);

/// Whether the image has a header with a table that can be searched. Linkers leave the table out
/// when they do not understand a part of .eh_frame.
bool cfi_has_table(const struct cfi_image *image);

/// How many descriptions the window holds, those included that say nothing of use; for a window
/// that is .eh_frame.
size_t cfi_count(const struct cfi_image *image);
/// Stores an entry for each description of code in [start, end), in the order of the window, as
/// far as there is room. Returns how many were stored.
size_t cfi_list(const struct cfi_image *image, uintptr_t start, uintptr_t end,
    struct cfi_entry *entries, size_t capacity);

#endif
