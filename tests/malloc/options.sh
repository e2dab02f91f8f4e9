#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: options.sh <build directory> <directory of the malloc tests>
# HALDE_OPTIONS verbose and stats in an unmodified program; wrong values; a set-uid program reads none.
set -uo pipefail
build=${1:?} tests=${2:?}
preload=$build/libhalde-preload.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
expect() { # <what> <extended regular expression for all of stderr's lines> <file>
    if [ "$(grep -cE -- "$2" "$3")" -ne "$(wc -l <"$3")" ] || [ ! -s "$3" ]; then
        failures=$((failures + 1))
        printf 'FAILED: %s; stderr:\n' "$1"
        cat "$3"
    fi
}
run() { # <options> <command...>
    local options=$1
    shift
    LD_PRELOAD=$preload HALDE_OPTIONS=$options "$@" >"$work/out" 2>"$work/err"
}

run verbose=1 sh -c :
expect verbose=1 '^halde: version [0-9.]+, preloaded; process heap 0x[0-9a-f]+$' "$work/err"
# A shell may end without leaving time to its libraries: perl does not.
run stats=1 perl -e 1
head -n 1 "$work/err" >"$work/first"
expect stats=1 '^halde: heap 0x[0-9a-f]+ \(process heap\): [1-9][0-9]* live blocks, [1-9][0-9]* live bytes, [1-9][0-9]* peak, [1-9][0-9]* committed, [1-9][0-9]* reserved, [1-9][0-9]* resident$' "$work/first"
sed -n 2p "$work/err" >"$work/second"
expect "stats=1, places" '^halde: heap 0x[0-9a-f]+: uses [0-9]+: mixed span [0-9]+ \([0-9]+ live blocks\), large blocks [0-9]+ \([0-9]+ live blocks\), spans [0-9]+ \([0-9]+ cached, [0-9]+ free\); free slices [0-9]+$' "$work/second"
sed 1,2d "$work/err" >"$work/classes"
expect "stats=1, classes" '^halde: heap 0x[0-9a-f]+: class [1-9][0-9]*: [1-9][0-9]* spans, [1-9][0-9]* bytes; blocks: [0-9]+ busy of [0-9]+ bytes, [0-9]+ cached, [0-9]+ free$' "$work/classes"
run stats=json perl -e 1
expect stats=json '^\{"halde":\{"version":"[0-9.]+","heaps":\[\{"heap":"0x[0-9a-f]+","is_process_heap":true,"live_blocks":[0-9]+,.*\}\]\}\}$' "$work/err"

# Standard error may be closed at the end: what it was at the start has the figures.
run stats=1 perl -MPOSIX -e 'POSIX::close(2)'
expect "stats=1, stderr closed" '^halde: heap ' "$work/err"
# shellcheck disable=SC2016
run stats=1 perl -MPOSIX -e 'POSIX::close(2); open(F, ">", $ARGV[0]) and fileno(F) >= 2 or exit 1' "$work/mine"
expect "stats=1, descriptor 2 is another file" '^halde: heap ' "$work/err"
[ ! -s "$work/mine" ] || {
    failures=$((failures + 1))
    echo "FAILED: figures in a file of the program's"
}
# A program that closes all descriptors, and gets ours for a file of its own.
# shellcheck disable=SC2016
run stats=1 perl -MPOSIX -e 'POSIX::close($_) for 3..999; open(F, ">", $ARGV[0]) or exit 1;
    POSIX::dup2(fileno(F), $_) for 200..210;' "$work/mine"
expect "stats=1, all descriptors closed" '^halde: heap ' "$work/err"
if [ ! -e "$work/mine" ] || [ -s "$work/mine" ]; then
    failures=$((failures + 1))
    echo "FAILED: figures in a file that took the kept descriptor"
fi
run stats=1 perl -MPOSIX -e 'print STDERR "gone\n"; POSIX::_exit(0)'
expect "_exit" '^gone$' "$work/err"
run verbose=0 perl -MPOSIX -e 'exit(defined POSIX::dup2(200, 201) ? 1 : 0)' || {
    failures=$((failures + 1))
    echo "FAILED: a descriptor is kept though nobody asked for figures"
}
run stats=0:verbose=0 sh -c 'echo said >&2'
expect "nothing asked for" '^said$' "$work/err"
run stats=or sh -c :
expect stats=or "^halde: HALDE_OPTIONS: stats='or' is not usable; accepted: 0, 1 or json$" "$work/err"
for value in x -2 86400001 99999999999999999999 or ''; do
    run "purge_delay=$value" sh -c :
    expect "purge_delay=$value" "^halde: HALDE_OPTIONS: purge_delay='$value' is not usable; accepted: 0 to 86400000 milliseconds, -1 or never$" "$work/err"
done
run huge_pages=2 sh -c :
expect huge_pages=2 "^halde: HALDE_OPTIONS: huge_pages='2' is not usable; accepted: 0, 1 or system$" "$work/err"
run zero_on_free=yes sh -c :
expect zero_on_free=yes "^halde: HALDE_OPTIONS: zero_on_free='yes' is not usable; accepted: 0 or 1$" "$work/err"
run zero_on_free=2 sh -c :
expect zero_on_free=2 "^halde: HALDE_OPTIONS: zero_on_free='2' is not usable; accepted: 0 or 1$" "$work/err"
run purge_delay=0:purge_delay=86400000:purge_delay=-1:huge_pages=1:zero_on_free=1 sh -c 'echo quiet >&2'
expect "good values" '^quiet$' "$work/err"
run verbose=yes sh -c :
expect verbose=yes "^halde: HALDE_OPTIONS: verbose='yes' is not usable; accepted: 0 or 1$" "$work/err"

# The program keeps its heap while it is counted, and the count is exact.
run stats=1 "$tests/bin/malloc.c_semantics.preload"
expect "stats=1 of a test" '^halde: heap ' "$work/err"

# A set-uid program: only root can make one that is not the caller's own.
if [ "$(id -u)" = 0 ] && cp "$tests/bin/malloc.secure" "$work/secure" 2>/dev/null; then
    chown nobody "$work/secure"
    chmod 4755 "$work" "$work/secure"
    HALDE_OPTIONS=verbose=1:unknown=1 "$work/secure" >"$work/out" 2>"$work/err"
    case $(cat "$work/out") in
    secure) [ ! -s "$work/err" ] || {
        failures=$((failures + 1))
        echo "FAILED: a set-uid program reads options"
        cat "$work/err"
    } ;;
    *) echo "no set-uid programs here: not checked" ;;
    esac
    HALDE_OPTIONS=verbose=1 "$tests/bin/malloc.secure" >"$work/out" 2>"$work/err"
    expect "not set-uid" '^halde: version [0-9.]+, linked; process heap' "$work/err"
fi
printf 'options: %d failed\n' "$failures"
[ "$failures" -eq 0 ]
