// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Core files: memory, mappings, threads and names out of an ELF file that the kernel or a debugger
 * has written.
 *
 * What the file omits because a program's or library's file has it, is read from there, if it is
 * the same file as then: build-id, or headers where there is none, are compared with what the core
 * holds of it.  Hostile input: every number is checked against the file's size, and nothing is
 * taken to memory but notes and tables.
 */
#ifndef TARGET_CORE_H
#define TARGET_CORE_H

#include "target/arch.h"
#include "target/identity.h"
#include "target/target.h"

struct core_thread {
    pid_t id;
    struct arch_registers registers;
    void *vectors;       ///< a register set with the vector registers; NULL: none
    size_t vectors_size; ///< bytes
};

struct core;

/// Whether a file begins as a core file does. 0: it does; else what it is instead.
enum core_kind {
    CORE_FILE,
    CORE_COMPRESSED, ///< zstd, lz4, xz or gzip: perhaps a core file inside
    CORE_PROGRAM,    ///< an ELF file, but a program or library
    CORE_OTHER,      ///< something else
};
enum core_kind core_kind_of(int fd);

/// Opens a core file. `executable`: used for the main program, where its own path does not lead to
/// it; may be NULL. NULL: `error` says why.
struct core *core_open(const char *path, const char *executable, struct target_error *error);
void core_close(struct core *core);

size_t core_read(struct core *core, uint64_t address, void *buffer, size_t size);

/// By address; owned by the core, paths too.
const struct target_mapping *core_mappings(const struct core *core, size_t *count);
/// In the file's order: the one that caused the core comes first.
const struct core_thread *core_threads(const struct core *core, size_t *count);
pid_t core_process_id(const struct core *core);
/// The program's name, up to 15 characters, and the beginning of its arguments. "" if unknown.
const char *core_name(const struct core *core);
const char *core_arguments(const struct core *core);
/// Where the program was entered; 0: unknown.
uint64_t core_entry(const struct core *core);
/// The path to use for a file: that of the executable, for the program's own.
const char *core_file_path(struct core *core, const char *path);
/// Seconds since 1970 when it was written.
uint64_t core_time(const struct core *core);
/// What is missing, as a sentence; "" for nothing.
const char *core_warning(const struct core *core);

#endif
