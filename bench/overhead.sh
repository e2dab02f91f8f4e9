#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: overhead.sh <directory> [--quick] [--rounds=N] [--only=ROW,...] [--no-count] [--output=CSV]
#
# What guard, states, exact sizes and proof of every free cost together: whole programs on libhalde-preload.so as it is
# and on one whose fast paths go without all of that (HALDE_UNGUARDED).  Builds both below <directory>, runs them in
# turns and writes bench/results/<date>-overhead-<machine class>.csv and .md; table.py takes its target from there.
#
# --quick runs each program once, on small inputs: its figures mean nothing and go to <directory>.
# --no-count leaves the instruction counts out.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case ${1-} in
"" | -*)
    sed -n 's/^# \(Usage: .*\)/\1/p' "$0" >&2
    exit 2
    ;;
esac
mkdir -p "$1"
directory=$(cd "$1" && pwd)
shift

if ! command -v python3 >/dev/null; then
    echo "bench: python3 is not installed: apt-get install python3" >&2
    exit 77
fi

# build <name> <HALDE_UNGUARDED>: everything else is alike.
build() {
    cmake -S "$here/.." -B "$directory/$1" -DCMAKE_BUILD_TYPE=Release -DHALDE_UNGUARDED="$2" \
        -DHALDE_TESTS=OFF -DHALDE_BENCH=ON >"$directory/$1.log"
    cmake --build "$directory/$1" --target preload bench.malloc.measure -j 2 >>"$directory/$1.log" || {
        tail -n 20 "$directory/$1.log" >&2
        exit 1
    }
}

build guarded OFF
build unguarded ON
exec python3 -B "$here/overhead.py" "$directory" "$@"
