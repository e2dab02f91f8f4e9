// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Roots: which memory of a process a leak search begins with.
 *
 * A mapping counts if the program can write to it and nobody shares it.  Of it are left out: what
 * the library holds for itself (heaps, bookkeeping, recorded stacks); what lies below a thread's
 * stack pointer; and stacks of threads that have ended, which the C library keeps for the next
 * thread and which are full of old pointers.
 *
 * Data of a module that the loader has protected after relocation (RELRO) counts, too: static
 * libraries, the loader's own among them, keep pointers there that they set once.  It is what
 * cannot be written to right before the module's writable data:
 *
 *     | header, code | constants |  ...  | protected data | data |
 *       r--  r-x       r--                 r--   root       rw-  root
 *
 *     a stack that the C library has made, with thread-local storage at its end:
 *     +-------+----------------------+--------------------------+-----------+------------+
 *     | guard | not in use           | stack                    | variables | descriptor |
 *     +-------+----------------------+--------------------------+-----------+------------+
 *                                    stack pointer - 128        |           thread pointer
 *                                    '-- root: stack -----------'-- root: thread-local --'
 *
 * What the descriptor says is glibc's: its own address in the first and the third word, and in the
 * second one the place of the thread's table of thread-local storage.
 */
#ifndef REACH_ROOTS_H
#define REACH_ROOTS_H

#include "reach/reach.h"

struct reach_mapping {
    uint64_t start;
    uint64_t end;
    bool is_root;     ///< readable and writable, and nobody else's
    bool is_module;   ///< data of the program or of a library
    bool is_file;     ///< has a name
    bool is_constant; ///< readable, neither writable nor executable, and nobody else's
};

struct reach_thread {
    uint64_t stack_pointer;
    uint64_t thread_pointer;
};

enum reach_root_kind {
    REACH_ROOT_MODULE,
    REACH_ROOT_STACK,
    REACH_ROOT_TLS, ///< thread-local storage, and what the C library knows of a thread
    REACH_ROOT_OTHER,
    REACH_ROOT_REGISTER,
    REACH_ROOT_IGNORED, ///< not a root, but the program said not to ask
};

#define REACH_NOBODY UINT32_MAX
/// What a root is.
struct reach_root {
    enum reach_root_kind kind;
    uint32_t mapping; ///< index; REACH_NOBODY: of a single word
    uint32_t thread;  ///< index; REACH_NOBODY: none, or one that has ended
};

/// What is known of a process.
struct reach_process {
    const struct reach_mapping *mappings; ///< by address
    size_t mapping_count;
    const struct reach_thread *threads;
    size_t thread_count;
    bool has_all_threads; ///< false: a stack may be that of a thread which is not in `threads`
    const struct reach_range *own; ///< the library's own memory, by address
    size_t own_count;
    uint64_t tls_size; ///< bytes of thread-local variables below a thread pointer, about
    reach_reader read;
    void *context;
};

/// Who gets the roots: data of modules first.
struct reach_root_sink {
    void (*add_range)(void *context, struct reach_range range, struct reach_root root);
    void (*add_word)(void *context, uint64_t word, struct reach_root root);
    void *context;
};

/// Finds all roots but registers.
void reach_find_roots(const struct reach_process *process, const struct reach_root_sink *sink);

#endif
