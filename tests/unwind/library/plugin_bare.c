// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// LINK: -Wl,--no-eh-frame-hdr

// A library without .eh_frame_hdr: three frames between plugin_run() and its callback, without
// frame pointers.

void plugin_run(void (*callback)(void));

static volatile unsigned long sink;

__attribute__((noinline)) static unsigned long recurse(unsigned depth, void (*callback)(void))
{
    volatile char room[200];
    room[depth] = (char)depth;
    if (depth == 0) {
        callback();
        return 1;
    }
    unsigned long result = recurse(depth - 1, callback) + (unsigned long)room[depth];
    sink = result; // no tail call
    return result;
}

void plugin_run(void (*callback)(void))
{
    sink = recurse(1, callback);
}
