#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# run_death.sh <source.c> <program>: runs a program that makes one mistake and compares how it ended with what
# the first 20 lines of its source say, each on a line of its own:
#
#   // ENV: NAME=value           the program's environment, besides ours (repeatable)
#   // EXPECT-SIGNAL: SIGABRT    it dies of this signal ...
#   // EXPECT-EXIT: 0            ... or exits with this status (0 when nothing is said)
#   // EXPECT-STDERR: <regex>    an extended regular expression that Halde's line matches (repeatable: all do)
#   // EXPECT-LINES: 1           how many lines of stderr are Halde's ("halde: ..."); default 1 when there is
#                                an EXPECT-STDERR, else 0
#
# In the expressions @name@ stands for a fact that the program told by a line "name value" on stdout (death.h), so
# that addresses can be demanded.  Exit status 77 of the program is passed on: skipped.

set -u

if [ $# -ne 2 ] || [ ! -r "$1" ] || [ ! -x "$2" ]; then
    echo "usage: run_death.sh <source.c> <program>" >&2
    exit 2
fi
source=$1
program=$2

# marks <name>: the values of all such marks, one a line.
marks() {
    head -n 20 "$source" | sed -n "s|^// $1: *||p"
}

folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT

mapfile -t variables < <(marks ENV)
launcher=()
if setarch -R true 2>/dev/null; then
    launcher=(setarch -R) # ThreadSanitizer of this age does not bear strong address randomisation
fi
ulimit -c 0
# abort() here must not make this shell print a line of its own.
{
    timeout 50 env "${variables[@]}" "${launcher[@]}" "$program" >"$folder/stdout" 2>"$folder/stderr"
    status=$?
} 2>/dev/null
[ "$status" -eq 77 ] && exit 77

failed=0
complain() {
    echo "$source: $1" >&2
    failed=1
}

signal=$(marks EXPECT-SIGNAL)
if [ -n "$signal" ]; then
    wanted=$((128 + $(kill -l "${signal#SIG}")))
    [ "$status" -eq "$wanted" ] || complain "ended with status $status, expected $wanted ($signal)"
else
    wanted=$(marks EXPECT-EXIT)
    wanted=${wanted:-0}
    [ "$status" -eq "$wanted" ] || complain "exited with $status, expected $wanted"
fi

# fill_in <regex>: with the program's facts in the place of @name@.
fill_in() {
    local text=$1 name value
    while read -r name value; do
        text=${text//@$name@/$value}
    done <"$folder/stdout"
    printf '%s\n' "$text"
}

grep '^halde: ' "$folder/stderr" >"$folder/lines"
mapfile -t expressions < <(marks EXPECT-STDERR)
expected_lines=$(marks EXPECT-LINES)
if [ -z "$expected_lines" ]; then
    expected_lines=$((${#expressions[@]} > 0 ? 1 : 0))
fi
lines=$(wc -l <"$folder/lines")
[ "$lines" -eq "$expected_lines" ] || complain "$lines lines of Halde's on stderr, expected $expected_lines"
for expression in "${expressions[@]}"; do
    expression=$(fill_in "$expression")
    grep -Eq -- "$expression" "$folder/lines" || complain "no line matches: $expression"
done

if [ "$failed" -ne 0 ]; then
    echo "--- stdout" >&2
    cat "$folder/stdout" >&2
    echo "--- stderr" >&2
    cat "$folder/stderr" >&2
fi
exit "$failed"
