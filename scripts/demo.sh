#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: demo.sh <build directory>
# Runs the main job: what heaps there are, what is in one, and a walk of heaps that threads are using.  Then the
# command line, on a program that knows nothing of the library (scripts/demo_shop.c): its leaks, its heaps while it
# runs, and what has grown between two snapshots.
set -euo pipefail
build=$(cd "${1:?usage: demo.sh <build directory>}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

title() {
    printf '\n== %s\n\n' "$1"
}

show() {
    title "$2"
    "$build/examples/$1"
}

show process_heaps "The heaps of this process (GetProcessHeaps)"
show enumerate_heap "What is in a fresh heap (HeapLock, HeapWalk, HeapUnlock)"
show walk_under_load "Heaps that four threads are using: locked, walked exactly, validated, destroyed"

# ---- The command line ---------------------------------------------------------------------------

if [ ! -x "$build/halde" ] || [ ! -e "$build/libhalde-preload.so" ]; then
    printf '\nThis build has no command line, or no preload object for it: %s\n' "$build"
    exit 0
fi
export HALDE_PAGER=
export PATH="$build:$PATH"

work=$(mktemp -d)
shop=
clean_up() {
    [ -z "$shop" ] || kill "$shop" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
cp "$here/demo_shop.c" "$work/shop.c"
cd "$work"

# try <words>: shows a command line as one would type it, and what it prints.
try() {
    local word
    printf '$'
    for word in "$@"; do
        case $word in
        *[!a-zA-Z0-9_./=:%-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    # A finding is no failure here; that another process may not be looked at is said by the tool.
    "$@" 2>&1 || true
    printf '\n'
}

title "A program that nobody changed for it: who has lost memory, and how (halde run)"
try "${CC:-cc}" -g -O1 -o shop shop.c
try halde run --no-capture -- ./shop

title "The same program at work: its heaps, seen from outside (halde heaps, halde walk)"
LD_PRELOAD="$build/libhalde-preload.so" HALDE_OPTIONS=mode=exact ./shop serve &
shop=$!
sleep 1
try halde heaps "$shop"
try halde walk "$shop" --where 'busy && size>=1K' --sort size --limit 3

title "What has grown in two seconds (halde snap, halde diff)"
try halde snap "$shop" -o before.halde
try sleep 2
try halde snap "$shop" -o after.halde
try halde diff before.halde after.halde
