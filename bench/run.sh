#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: run.sh [--quick] [--rounds=N] [--ms=N] [--only=ROW,...] [--list]
#
# Runs the micro benchmarks of $HALDE_BUILD_DIR (a build with HALDE_BENCH=ON) beside the allocators that
# Debian packages, and writes bench/results/<date>-<machine class>.csv and .md.  Takes under ten minutes on
# two cores that are otherwise idle.
#
# --quick runs every row for a moment only, to see that it still works: its figures mean nothing and go
# to the build directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${HALDE_BUILD_DIR:?set HALDE_BUILD_DIR to a build directory}"

if ! command -v python3 >/dev/null; then
    echo "bench: python3 is not installed: apt-get install python3" >&2
    exit 77
fi

is_quick=no
for argument in "$@"; do
    [ "$argument" = --quick ] && is_quick=yes
done

# A smoke run takes the peers that are there, a real one needs them all.
if [ "$is_quick" = no ]; then
    bash "$here/../scripts/deps.sh" bench
fi

if [ ! -x "$HALDE_BUILD_DIR/bench/bin/hot.halde" ] || [ ! -x "$HALDE_BUILD_DIR/bench/bin/hot.malloc" ]; then
    cmake --build "$HALDE_BUILD_DIR" --target bench-programs
fi
exec python3 -B "$here/run.py" "$@"
