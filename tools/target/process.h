// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What /proc says about a process.  Nothing here needs the right to trace it; a process may end
 * between any two calls.
 */
#ifndef TARGET_PROCESS_H
#define TARGET_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The whole of /proc/PID/NAME, followed by a 0 that `size` (may be NULL) does not count; to be
/// freed. NULL: errno says why.
char *process_read(pid_t pid, const char *name, size_t *size);
/// Where a link of /proc/PID leads to ("exe"); to be freed. NULL: errno says why.
char *process_link(pid_t pid, const char *name);

struct process_status {
    pid_t group; ///< thread group: the id of its process
    pid_t parent;
    pid_t tracer;          ///< who traces it; 0: nobody
    char state;            ///< R S D T t Z X
    uid_t user;            ///< real user id
    uint64_t capabilities; ///< permitted ones
    int seccomp;           ///< 0: none, 2: filter
    bool has_memory;       ///< false: a kernel thread, or it is ending
};
/// False: there is no such process.
bool process_status(pid_t pid, struct process_status *status);

/// The state of a thread: a letter as above; 0: it has gone.
char process_thread_state(pid_t pid, pid_t thread);
/// Ids of the threads, ascending; to be freed. NULL: it has ended, or may not be seen.
pid_t *process_threads(pid_t pid, size_t *count);

/// The entries of a folder of /proc that are numbers, ascending; to be freed. NULL: it cannot be
/// read, or has none.
pid_t *process_list(const char *path, size_t *count);

/// A thread that has the process's memory: the first one, unless it has ended before the others.
/// Its id leads to everything that has to do with memory. 0: all have ended.
pid_t process_living_thread(pid_t pid);

/// The program's name without folders; to be freed. "?" when it is not known.
char *process_name(pid_t pid);
/// The same out of what is known: what the kernel calls it (up to 15 characters, and a thread may
/// change it), its file, its arguments.  Each may be "".
char *process_choose_name(const char *kernel_name, const char *path, const char *arguments);
/// The arguments, separated by blanks; to be freed.
char *process_command_line(pid_t pid);
/// The name of a thread, in `name`, which is returned.
char *process_thread_name(pid_t pid, pid_t thread, char name[32]);
/// Bytes of it that are in memory; 0: unknown.
uint64_t process_resident_bytes(pid_t pid);
/// Bytes of it that are in memory and belong to no file.
uint64_t process_anonymous_bytes(pid_t pid);

struct target_mapping;
/// Takes the text of /proc/PID/maps apart; paths point into it. An array, to be freed.
struct target_mapping *process_parse_maps(char *text, size_t *count);

#endif
