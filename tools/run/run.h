// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * `halde run`: starts a program with the preload object, collects what it tells, and reports.
 *
 *     program.h   finds the program, and says why it could not be recorded
 *     launch.h    its environment, its start, its signals
 *     feed.h      events out of the memory that is shared with it
 *     counts.h    sums by stack
 *     session.h   one recorded process: capture file, last image
 *     run.c       the loop around all that
 *     outcome.h   report and exit code
 *
 * One thread does it all, and sleeps while there is nothing to do.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "cli/cli.h"
#include "report/report.h"

enum run_mode {
    RUN_OFF,
    RUN_SAMPLE,
    RUN_EXACT,
    RUN_CRT,
};

struct run_options {
    const struct cli *cli;
    enum run_mode mode;
    uint64_t interval; ///< sampling: bytes
    uint64_t frames;   ///< of a stack
    bool is_following;
    bool is_quiet;
    bool has_report;
    bool has_capture;
    const char *output; ///< pattern of the capture's name; NULL: the usual
    const char *report; ///< file; NULL: standard error
    enum leak_form form;
    struct leak_report_options leaks;
    const char *fail_on; ///< condition; NULL: none
    int fail_code;
    uint64_t max_live;   ///< bytes; UINT64_MAX: any
    uint64_t max_blocks; ///< UINT64_MAX: any
    char **words;        ///< program and its arguments
};

/// Does it. Returns the exit code.
int run_program(const struct run_options *options);

const char *run_mode_name(enum run_mode mode);

#endif
