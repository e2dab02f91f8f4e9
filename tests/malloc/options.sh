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
expect stats=1 '^halde: heap 0x[0-9a-f]+ \(process heap\): [1-9][0-9]* live blocks, [1-9][0-9]* live bytes, [0-9]+ committed, [0-9]+ reserved$' "$work/err"
run stats=json perl -e 1
expect stats=json '^\{"halde":\{"version":"[0-9.]+","heaps":\[\{"heap":"0x[0-9a-f]+","is_process_heap":true,"live_blocks":[0-9]+,"live_bytes":[0-9]+,"committed_bytes":[0-9]+,"reserved_bytes":[0-9]+\}\]\}\}$' "$work/err"
run stats=0:verbose=0 sh -c 'echo said >&2'
expect "nothing asked for" '^said$' "$work/err"
run stats=or sh -c :
expect stats=or "^halde: HALDE_OPTIONS: stats='or' is not usable; accepted: 0, 1 or json$" "$work/err"
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
