#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# run_expected.sh <source> <program> [<library to preload>]: runs a program and compares how it ended, and
# every line of its stderr, with what the first lines of its source say:
#
#   // ENV: NAME=value    the program's environment, besides ours (repeatable)
#   // EXIT: 3            its exit status; 0 when nothing is said
#   // STDERR: text       one line of stderr, in order; a space at its end is written as ~
#
# In the program's lines an address (0x and 16 digits) becomes 0x@, the source of one of the library's assertions
# becomes "library", the number of a mismatched block becomes @ (C++ runtimes differ), and of a call stack's lines the module's name stays.
set -u

if [ $# -lt 2 ] || [ $# -gt 3 ] || [ ! -r "$1" ] || [ ! -x "$2" ]; then
    echo "usage: run_expected.sh <source> <program> [<library to preload>]" >&2
    exit 2
fi
source=$1
program=$2

marks() { # <name>: the values of all such marks, one a line
    head -n 60 "$source" | sed -n "s|^// $1:||p" | sed 's/^ //'
}

folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
mapfile -t variables < <(marks ENV)
[ $# -eq 3 ] && variables+=("LD_PRELOAD=$3")
ulimit -c 0
{
    timeout 50 env "${variables[@]}" "$program" >"$folder/stdout" 2>"$folder/raw"
    status=$?
} 2>/dev/null
[ "$status" -eq 77 ] && exit 77

failed=0
wanted=$(marks EXIT)
wanted=${wanted:-0}
if [ "$status" -ne "$wanted" ]; then
    echo "$source: exited with $status, expected $wanted" >&2
    failed=1
fi
sed -E -e 's|^    at .*/([^/]+)\+0x[0-9a-fA-F]+$|    at \1|' -e 's/0x[0-9A-F]{16}/0x@/g' -e 's/\(#[0-9]+\) at (0x@, [0-9]+ bytes long, )/(#@) at \1/' -e 's/^[a-z_]+\.c\([0-9]+\) : Assertion/library : Assertion/' -e 's/ $/~/' \
    "$folder/raw" >"$folder/stderr"
# Where the expected lines say {@}, request numbers depend on libc.
if marks STDERR | grep -q '^{@}'; then
    sed -i -E 's/^\{[0-9]+\} /{@} /' "$folder/stderr"
fi
marks STDERR >"$folder/expected"
if ! diff -u "$folder/expected" "$folder/stderr" >&2; then
    echo "$source: stderr is not what was expected" >&2
    failed=1
fi
exit "$failed"
