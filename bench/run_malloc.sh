#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: run_malloc.sh [--quick] [--rounds=N] [--only=ROW,...] [--group=GROUP] [--list] [--record]
#
# Runs programs on libhalde-preload.so and on the allocators that Debian packages, time and peak of resident memory,
# and writes bench/results/<date>-malloc-<machine class>.csv and .md.  The programs are those of $HALDE_BUILD_DIR (a
# build with HALDE_BENCH=ON); $PRELOAD_OBJECT names another object than the build's.  About 20 minutes on two cores
# that are otherwise idle.
#
# --quick runs every row once, with little work: its figures mean nothing and go to the build directory.
# --record makes the histograms of bench/malloc/traces anew from the real programs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${HALDE_BUILD_DIR:?set HALDE_BUILD_DIR to a build directory}"

if ! command -v python3 >/dev/null; then
    echo "bench: python3 is not installed: apt-get install python3" >&2
    exit 77
fi
exec python3 -B "$here/run_malloc.py" "$@"
