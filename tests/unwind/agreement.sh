#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: agreement.sh <library to preload> <C compiler> <C++ compiler>
# Runs real programs and compares the stacks of a sample of their calls of malloc with backtrace()'s:
# at most one in a thousand may differ, and none may be empty. What a program lacks is left out.
set -u
library=${1:?library}
compilers=("${2:-cc}" "${3:-}")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export AGREEMENT_REPORT=$work/report AGREEMENT_EVERY=${AGREEMENT_EVERY:-32} AGREEMENT_SHOW=3

run() {
    command -v "$1" >/dev/null || return 0
    LD_PRELOAD=$library "$@" >/dev/null 2>"$work/err" ||
        { echo "$1 failed:"; head -5 "$work/err"; } >>"$work/failures"
}

cat >"$work/program.cpp" <<'SOURCE'
#include <map>
#include <regex>
#include <string>
#include <vector>
int main()
{
    std::map<std::string, std::vector<int>> map;
    for (int i = 0; i < 3000; i++) {
        map[std::to_string(i)].assign(i % 7 + 1, i);
    }
    int caught = 0;
    for (int i = 0; i < 100; i++) {
        try {
            map.at("x" + std::to_string(i) + std::string(40, 'y'));
        } catch (const std::exception &) {
            caught++;
        }
    }
    return std::regex_match("aabc", std::regex("a+(b|c)*")) && caught == 100 ? 0 : 1;
}
SOURCE
printf '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { return printf("x") != 1; }\n' >"$work/c.c"

run "${compilers[0]}" -O2 -o "$work/c" "$work/c.c"
if [ -n "${compilers[1]}" ]; then
    run "${compilers[1]}" -O1 -o "$work/cxx" "$work/program.cpp"
    [ -x "$work/cxx" ] && run "$work/cxx"
fi
# shellcheck disable=SC2016 # Perl's variables
run perl -e 'my %h; $h{$_} = [1 .. 10] for 1 .. 3000; my $s = join ",", sort { $h{$a}[0] <=> $h{$b}[0] } keys %h;'
run /usr/bin/python3 -c 'import json, re; json.loads(json.dumps([str(re.compile(str(i) + "(a|b)*")) * 50 for i in range(300)]))'
git init -q "$work/repository" 2>/dev/null
run git -C "$work/repository" -c user.name=n -c user.email=e commit -q --allow-empty -m message
run git -C "$work/repository" log -p

[ -s "$work/report" ] || { echo "$library was not loaded into any program"; exit 1; }
cat "$work/report"
if [ -s "$work/failures" ]; then
    cat "$work/failures"
    exit 1
fi
awk '!/^#/ { samples += $3; equal += $5; longer += $7; frames += $13; programs++ }
END {
    if (programs < 3 || samples < 100) { print "too little was compared"; exit 77 }
    printf "%d programs, %d stacks, %d equal, %d longer, %.1f frames each\n", programs, samples, equal, longer, frames / samples
    exit !((samples - equal) * 1000 <= samples && frames > 3 * samples)
}' "$work/report"
