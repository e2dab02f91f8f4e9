// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/permission.h"

#include "cli/memory.h"
#include "target/internal.h"
#include "target/process.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// What needs no right to another process: it looks at itself.
static const char FROM_INSIDE[] =
    "without that right the program can tell about itself: start it with HALDE_OPTIONS=stats=1 "
    "(its heaps) or HALDE_OPTIONS=mode=crt:crt_reachability=1 (its leaks, when it ends), or under "
    "`halde run`";
static const char FROM_RECORDING[] =
    "without that right `halde run`, under which it was started, knows what was recorded only: "
    "blocks in use by call stack, but not which of them are lost; that the program can find out "
    "itself: with libhalde-preload.so in LD_PRELOAD and "
    "HALDE_OPTIONS=mode=crt:crt_reachability=1:crt_stacks=16";

struct why {
    pid_t pid;
    int number; // errno
    struct process_status status;
    char *name;
    bool is_ours;       // it descends from this process
    const char *advice; // what works all the same
};

bool permission_has(int capability)
{
    char *text = process_read(getpid(), "status", NULL);
    const char *line = text != NULL ? strstr(text, "\nCapEff:") : NULL;
    uint64_t set = line != NULL ? strtoull(line + 8, NULL, 16) : 0;
    free(text);
    return (set >> capability & 1) != 0;
}

int permission_yama_scope(void)
{
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    if (file == NULL) {
        return -1;
    }
    char text[16] = "";
    bool is_read = fgets(text, sizeof(text), file) != NULL;
    fclose(file);
    return is_read ? (int)strtol(text, NULL, 10) : -1;
}

struct permission_rule permission_yama_rule(int scope, bool has_capability)
{
    static const char LATER[] = "use sudo halde ..., or, until the next start of the machine, sudo "
                                "sysctl kernel.yama.ptrace_scope=0";
    if (scope == 3) {
        return (struct permission_rule){"nobody may trace anything, not even root",
            "that holds until it is started anew, with another value in /etc/sysctl.d"};
    }
    if (scope == 2 && !has_capability) {
        return (struct permission_rule){"only root may trace", LATER};
    }
    if (scope == 1 && !has_capability) {
        return (struct permission_rule){"a process may trace only what it has started", LATER};
    }
    return (struct permission_rule){NULL, NULL};
}

static bool is_halde_run(pid_t pid)
{
    char *name = process_name(pid);
    char *line = process_command_line(pid);
    const char *blank = strchr(line, ' ');
    bool is_run = strcmp(name, "halde") == 0 && blank != NULL && strncmp(blank, " run ", 5) == 0;
    free(name);
    free(line);
    return is_run;
}

// The next one that a process descends from and that a callback accepts; 0: none.
static pid_t find_ancestor(pid_t pid, bool (*is_wanted)(pid_t pid))
{
    enum {
        DEPTH_MAX = 256 // ids may be used anew while we look
    };
    struct process_status status;
    for (int i = 0; i < DEPTH_MAX && process_status(pid, &status) && status.parent > 1; i++) {
        pid = status.parent;
        if (is_wanted(pid)) {
            return pid;
        }
    }
    return 0;
}

static bool is_this(pid_t pid)
{
    return pid == getpid();
}

bool permission_is_recorded(pid_t pid)
{
    return find_ancestor(pid, is_halde_run) != 0;
}

bool permission_has_seccomp(void)
{
    struct process_status status;
    return process_status(getpid(), &status) && status.seccomp != 0;
}

int permission_try_child(void)
{
    pid_t child = fork();
    if (child < 0) {
        return errno;
    }
    if (child == 0) {
        pause();
        _exit(0);
    }
    int number = ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0 ? 0 : errno;
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    return number;
}

// ---- The reasons --------------------------------------------------------------------------------
// Each says whether it is this one, and if so explains.

static bool is_gone(const struct why *why, struct target_error *error)
{
    if (why->status.group == 0) {
        // It answers also to those who cannot see it.
        if (kill(why->pid, 0) != 0 && errno == ESRCH) {
            target_say(error, TARGET_NO_PROCESS,
                "there is no process %d; `halde ps` lists those that carry a Halde heap",
                (int)why->pid);
        } else {
            target_say(error, TARGET_NO_RIGHT,
                "process %d cannot be seen: /proc is mounted with hidepid, or not at all; become "
                "its user, or root",
                (int)why->pid);
        }
        return true;
    }
    if (process_living_thread(why->pid) == 0) {
        target_say(error, TARGET_ENDED,
            "process %d (%s) has ended, and only waits for its parent, process %d, to take note: "
            "there is no memory left to look at",
            (int)why->pid, why->name, (int)why->status.parent);
        return true;
    }
    return false;
}

// Without memory is a thread of the kernel, all of which descend from process 2, or who is ending.
static bool is_no_program(const struct why *why, struct target_error *error)
{
    struct process_status status;
    pid_t living = process_living_thread(why->pid);
    if (living != 0 && process_status(living, &status) && status.has_memory) {
        return false;
    }
    if (why->pid == 2 || why->status.parent == 2) {
        target_say(error, TARGET_NOT_SUPPORTED,
            "process %d (%s) is a thread of the kernel: it has no heap", (int)why->pid, why->name);
    } else {
        target_say(error, TARGET_ENDED, "process %d (%s) has just ended: its memory is gone",
            (int)why->pid, why->name);
    }
    return true;
}

static bool is_self(const struct why *why, struct target_error *error)
{
    if (why->pid == getpid()) {
        target_say(error, TARGET_NOT_SUPPORTED,
            "process %d is this halde itself: it cannot stop itself", (int)why->pid);
        return true;
    }
    return false;
}

static bool is_traced(const struct why *why, struct target_error *error)
{
    pid_t tracer = why->status.tracer;
    if (tracer == 0 || tracer == getpid()) {
        return false;
    }
    char *name = process_name(tracer);
    target_say(error, TARGET_TRACED,
        "process %d (%s) is already traced by process %d (%s), and a process has one tracer only: "
        "detach or end that one, or let it write a core file (gdb: generate-core-file) and look at "
        "that",
        (int)why->pid, why->name, (int)tracer, name);
    free(name);
    return true;
}

static const char *user_name(uid_t user, char buffer[32])
{
    const struct passwd *entry = getpwuid(user);
    snprintf(buffer, 32, "%u", (unsigned)user);
    return entry != NULL ? entry->pw_name : buffer;
}

static bool is_other_user(const struct why *why, struct target_error *error)
{
    if (why->status.user == geteuid() || permission_has(CAP_SYS_PTRACE)) {
        return false;
    }
    char theirs[32], ours[32];
    char name[64];
    snprintf(name, sizeof(name), "%s", user_name(why->status.user, theirs));
    target_say(error, TARGET_NO_RIGHT,
        "process %d (%s) belongs to user %s, and this is user %s: become that user or root (sudo "
        "halde ...); %s",
        (int)why->pid, why->name, name, user_name(geteuid(), ours), why->advice);
    return true;
}

static bool is_yama(const struct why *why, struct target_error *error)
{
    int scope = permission_yama_scope();
    struct permission_rule rule = permission_yama_rule(scope, permission_has(CAP_SYS_PTRACE));
    if (rule.rule == NULL || (scope == 1 && why->is_ours)) {
        return false;
    }
    target_say(error, TARGET_NO_RIGHT,
        "process %d (%s): on this machine %s (/proc/sys/kernel/yama/ptrace_scope is %d): %s; %s",
        (int)why->pid, why->name, rule.rule, scope, rule.remedy, why->advice);
    return true;
}

// Who owns /proc/PID is who may look; the kernel gives that of undumpable processes to root.
static bool is_not_dumpable(const struct why *why, struct target_error *error)
{
    char path[32];
    struct stat information;
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)why->pid);
    if (permission_has(CAP_SYS_PTRACE) || stat(path, &information) != 0 ||
        information.st_uid == why->status.user) {
        return false;
    }
    target_say(error, TARGET_NO_RIGHT,
        "process %d (%s) does not let itself be looked at, because it is set-uid, has file "
        "capabilities, or has asked for it (prctl PR_SET_DUMPABLE): only root may (sudo halde "
        "...); %s",
        (int)why->pid, why->name, why->advice);
    return true;
}

static bool has_more_rights(const struct why *why, struct target_error *error)
{
    struct process_status ours;
    if (permission_has(CAP_SYS_PTRACE) || !process_status(getpid(), &ours) ||
        (why->status.capabilities & ~ours.capabilities) == 0) {
        return false;
    }
    target_say(error, TARGET_NO_RIGHT,
        "process %d (%s) has capabilities that this process lacks: use sudo halde ..., or, in a "
        "container, start that with --cap-add=SYS_PTRACE; %s",
        (int)why->pid, why->name, why->advice);
    return true;
}

static bool is_seccomp(const struct why *why, struct target_error *error)
{
    if (!permission_has_seccomp() || permission_try_child() == 0) {
        return false;
    }
    target_say(error, TARGET_NO_RIGHT,
        "process %d (%s): ptrace is forbidden here by a system call filter (seccomp), as container "
        "runtimes set it: start the container with --cap-add=SYS_PTRACE, or run halde outside of "
        "it "
        "with the process id as it is there; %s",
        (int)why->pid, why->name, why->advice);
    return true;
}

// The name of the security module's profile that is on us; "" for none that confines.
static void security_profile(char profile[64])
{
    char *text = process_read(getpid(), "attr/current", NULL);
    profile[0] = 0;
    if (text != NULL) {
        text[strcspn(text, "\n")] = 0;
        if (*text != 0 && strncmp(text, "unconfined", 10) != 0) {
            snprintf(profile, 64, "%.63s", text);
        }
    }
    free(text);
}

static void explain_rest(const struct why *why, struct target_error *error)
{
    char profile[64];
    security_profile(profile);
    if (why->number == ESRCH) {
        target_say(error, TARGET_ENDED, "process %d (%s) ended while it was being looked at",
            (int)why->pid, why->name);
    } else if (why->number == EPERM || why->number == EACCES) {
        target_say(error, TARGET_NO_RIGHT,
            "process %d (%s) may not be traced (%s)%s%s%s: it may be of another user namespace or "
            "protected by a security module; try sudo halde ..., or, in a container, "
            "--cap-add=SYS_PTRACE; %s",
            (int)why->pid, why->name, strerror(why->number),
            profile[0] != 0 ? ", and this process runs under the security profile " : "", profile,
            permission_has(CAP_SYS_PTRACE) ? ", although it has CAP_SYS_PTRACE" : "", why->advice);
    } else {
        target_say(error, TARGET_NO_RIGHT, "process %d (%s) cannot be traced: %s; %s",
            (int)why->pid, why->name, strerror(why->number), why->advice);
    }
}

void permission_explain(pid_t pid, int number, struct target_error *error)
{
    static bool (*const REASONS[])(const struct why *, struct target_error *) = {
        is_gone,
        is_no_program,
        is_self,
        is_traced,
        is_other_user,
        is_not_dumpable,
        is_yama,
        has_more_rights,
        is_seccomp,
    };
    struct why why = {.pid = pid, .number = number};
    if (number == ENOMEM) {
        target_say(error, TARGET_NO_MEMORY, "not enough memory to look at process %d", (int)pid);
        return;
    }
    process_status(pid, &why.status);
    why.name = process_name(pid);
    why.is_ours = find_ancestor(pid, is_this) != 0;
    why.advice = permission_is_recorded(pid) ? FROM_RECORDING : FROM_INSIDE;
    bool is_explained = false;
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]) && !is_explained; i++) {
        // Whoever ended while we tried was not refused.
        is_explained = !(number == ESRCH && i >= 4) && REASONS[i](&why, error);
    }
    if (!is_explained) {
        explain_rest(&why, error);
    }
    free(why.name);
}
