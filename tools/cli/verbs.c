// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The list of verbs.  A verb's line goes to its group, at the place where help is to show it.

#include "cli/dispatch.h"

// clang-format off
#define VERBS(X)               \
    X(run, GROUP_RUN)          \
    X(ps, GROUP_LOOK)          \
    X(heaps, GROUP_LOOK)       \
    X(walk, GROUP_LOOK)        \
    X(check, GROUP_LOOK)       \
    X(addr, GROUP_LOOK)        \
    X(who, GROUP_LOOK)         \
    X(leaks, GROUP_LOOK)       \
    X(snap, GROUP_COMPARE)     \
    X(diff, GROUP_COMPARE)     \
    X(report, GROUP_COMPARE)   \
    X(export, GROUP_COMPARE)   \
    X(suppress, GROUP_COMPARE) \
    X(doctor, GROUP_HELP)      \
    X(help, GROUP_HELP)
// clang-format on

#define DECLARE(name, group) extern const struct verb verb_##name;
VERBS(DECLARE)

#define ITEM(name, group) {&verb_##name, group},
const struct listed_verb cli_verbs[] = {VERBS(ITEM){NULL, GROUP_HELP}};

const char *const cli_group_titles[GROUP_COUNT] = {
    [GROUP_RUN] = "Run a program",
    [GROUP_LOOK] = "Look into a process, a core file or a snapshot",
    [GROUP_COMPARE] = "Keep, compare and pass on",
    [GROUP_HELP] = "Find out more",
};
