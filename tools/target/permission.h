// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Why the system does not let us at a process, and what to do about it.  Errors of ptrace say
 * "operation not permitted" for a dozen reasons; here they are told apart by what /proc says.
 */
#ifndef TARGET_PERMISSION_H
#define TARGET_PERMISSION_H

#include "target/target.h"

/// Explains why process `pid` cannot be looked at. `number`: errno of what was tried.
void permission_explain(pid_t pid, int number, struct target_error *error);

/// Whether this process has a capability in its effective set (CAP_SYS_PTRACE ...).
bool permission_has(int capability);
/// What yama's ptrace_scope says: 0 to 3; -1: the kernel has no yama.
int permission_yama_scope(void);
/// What such a value forbids, as the end of "on this machine ...", and what to do about it.
struct permission_rule {
    const char *rule; ///< NULL: nothing
    const char *remedy;
};
struct permission_rule permission_yama_rule(int scope, bool has_capability);
/// Whether a `halde run`, this one or another, records a process: it has started it, or one of
/// those that the process descends from.
bool permission_is_recorded(pid_t pid);
/// Whether a system call filter is on this process.
bool permission_has_seccomp(void);
/// Whether a child of ours can be traced: 0, or the errno value. It is forked for this.
int permission_try_child(void);

#endif
