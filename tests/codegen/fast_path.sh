#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: fast_path.sh [--update] <program> <golden file> <key>
#
# Counts the instructions of one HeapAlloc() and HeapFree() of 64 bytes, and of one malloc() and free(), the
# caller's loop included, and compares them with the golden file, so that no change makes the fast path longer unnoticed.  Counts come
# from callgrind: two runs of different length, the difference divided by the blocks; they repeat exactly.
#
# Counts belong to a compiler and a kind of build, which <key> names; the golden file has a section for
# each.  Without one, or without valgrind, the test is skipped (77).  --update writes the section anew.
set -eu

is_update=no
if [ "${1-}" = --update ]; then
    is_update=yes
    shift
fi
if [ $# -ne 3 ]; then
    echo "usage: fast_path.sh [--update] <program> <golden file> <key>" >&2
    exit 2
fi
program=$1
golden=$2
key=$3

if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed: apt-get install valgrind"
    exit 77
fi

# The section's lines "<row> <instructions>".
recorded() {
    awk -v key="[$key]" '$0 == key { inside = 1; next } /^\[/ { inside = 0 } inside && NF' "$golden"
}

if [ "$is_update" = no ] && [ -z "$(recorded)" ]; then
    echo "skipped: no counts for [$key] in $(basename "$golden"); to record them:"
    echo "  cmake --build <build directory> --target update-codegen"
    exit 77
fi

# collected <heap> <pattern> <count>: instructions of a whole run
collected() {
    if ! output=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1); then
        printf '%s\n' "$output" >&2
        echo "fast_path: the program failed under valgrind: $*" >&2
        exit 1
    fi
    printf '%s\n' "$output" | sed -n 's/^==[0-9]*== Collected : //p'
}

count=100000

# measured: lines "<row> <instructions of one block>"
measured() {
    for options in "" membarrier=0; do
        suffix=${options:+-fence}
        for heap in process private shared malloc; do
            for pattern in pair batch; do
                HALDE_OPTIONS=$options
                export HALDE_OPTIONS
                short=$(collected "$heap" "$pattern" $count)
                long=$(collected "$heap" "$pattern" $((2 * count)))
                # Rounded: what happens once in a long while, such as giving memory back, must not show.
                echo "$heap-$pattern$suffix $(((long - short + count / 2) / count))"
            done
        done
    done
}

new=$(measured)

if [ "$is_update" = yes ]; then
    others=$(awk -v key="[$key]" '$0 == key { inside = 1; next } /^\[/ { inside = 0 } !inside' "$golden")
    printf '%s\n\n[%s]\n%s\n' "$others" "$key" "$new" >"$golden"
    printf '[%s]\n%s\n' "$key" "$new"
    exit 0
fi

old=$(recorded)
if [ "$new" = "$old" ]; then
    printf '%s\n' "$new"
    exit 0
fi
echo "instructions of a block differ from $(basename "$golden") [$key]: row, recorded, now"
printf '%s\n--\n%s\n' "$old" "$new" |
    awk '$0 == "--" { is_new = 1; next }
         !is_new { old[$1] = $2; next }
         { seen[$1] = 1; if (old[$1] != $2) print "  " $1, ($1 in old ? old[$1] : "-"), $2 }
         END { for (row in old) if (!(row in seen)) print "  " row, old[row], "-" }'
echo "if that is intended: cmake --build <build directory> --target update-codegen, and say why in the commit"
exit 1
