#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Runs the conformance programs natively and, built by a Windows compiler, under Wine, and compares
# what they print.  Differences must be listed, with a reason, in differences.txt.
#
#   run.sh [BUILD]   BUILD is a configured CMake build directory, build/release by default
#
# CONFORMANCE_NATIVE_DIR names a directory with ready programs conformance.<name> instead.
# Needs the Debian packages gcc-mingw-w64-x86-64 and wine64.

set -u -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
sources=$root/tests/conformance
build=${1:-$root/build/release}
native_dir=${CONFORMANCE_NATIVE_DIR:-$build/tests/bin}
compiler=x86_64-w64-mingw32-gcc
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

die()
{
    printf 'run.sh: %s\n' "$*" >&2
    exit 2
}

command -v "$compiler" >/dev/null || die "no $compiler: apt-get install gcc-mingw-w64-x86-64"
wine=
for candidate in /usr/lib/wine/wine64 wine64 wine; do
    if command -v "$candidate" >/dev/null; then
        wine=$candidate
        break
    fi
done
[ -n "$wine" ] || die "no wine64: apt-get install wine64"
wineserver=
for candidate in /usr/lib/wine/wineserver64 wineserver64 wineserver; do
    if command -v "$candidate" >/dev/null; then
        wineserver=$candidate
        break
    fi
done

names=()
for source in "$sources"/*.c; do
    names+=("$(basename "$source" .c)")
done
[ ${#names[@]} -gt 0 ] || die "no programs in $sources"

if [ -z "${CONFORMANCE_NATIVE_DIR:-}" ]; then
    [ -f "$build/CMakeCache.txt" ] || die "$build is no CMake build directory"
    cmake --build "$build" --target "${names[@]/#/conformance.}" >"$build/conformance.log" 2>&1 || {
        tail -30 "$build/conformance.log" >&2
        die "the native programs do not build"
    }
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/halde-wine.XXXXXX") || exit 2
export WINEPREFIX=$work/prefix WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe='
unset DISPLAY WAYLAND_DISPLAY HALDE_OPTIONS

clean_up()
{
    if [ -n "$wineserver" ]; then
        timeout 20 "$wineserver" -k 2>/dev/null
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

mkdir -p "$work/windows" "$work/native" "$work/wine" "$WINEPREFIX"

# ---- Build -----------------------------------------------------------------------------------------

compile()
{
    local name=$1 extra
    extra=$(sed -n 's,^// MINGW: ,,p' "$sources/$name.c")
    # shellcheck disable=SC2086 # `extra` holds several options
    $compiler -std=c17 -O1 -Wall -Wextra -Werror $extra -o "$work/windows/$name.exe" \
        "$sources/$name.c" -lntdll || return 255
}

# ---- Run -------------------------------------------------------------------------------------------

run_native()
{
    timeout 120 "$native_dir/conformance.$1" </dev/null >"$work/native/$1" 2>"$work/native/$1.err"
}

run_wine()
{
    timeout 120 "$wine" "$work/windows/$1.exe" </dev/null 2>"$work/wine/$1.err" |
        tr -d '\r' >"$work/wine/$1"
}

run_both()
{
    run_native "$1"
    run_wine "$1"
    return 0
}

export compiler sources work native_dir wine
export -f compile run_native run_wine run_both

echo "building ${#names[@]} programs for Windows"
# shellcheck disable=SC2016 # "$1" is the inner shell's
printf '%s\n' "${names[@]}" | xargs -P "$jobs" -I{} bash -c 'compile "$1"' _ {} ||
    die "the programs do not build with $compiler"

echo "starting Wine ($("$wine" --version))"
timeout 300 "$wine" wineboot --init </dev/null >/dev/null 2>&1 || die "Wine does not start"

echo "running them natively and under Wine"
# shellcheck disable=SC2016
printf '%s\n' "${names[@]}" | xargs -P "$jobs" -I{} bash -c 'run_both "$1"' _ {}

# ---- Compare ---------------------------------------------------------------------------------------

for name in "${names[@]}"; do
    # A record for each program, also for one that printed nothing.
    printf 'N\t%s\t\nW\t%s\t\n' "$name" "$name"
    awk -v OFS='\t' -v name="$name" '{ print "N", name, $0 }' "$work/native/$name"
    awk -v OFS='\t' -v name="$name" '{ print "W", name, $0 }' "$work/wine/$name"
done >"$work/records"

if [ -n "${CONFORMANCE_KEEP:-}" ]; then
    mkdir -p "$CONFORMANCE_KEEP"
    cp -r "$work/native" "$work/wine" "$work/records" "$CONFORMANCE_KEEP"
fi
awk -f "$here/compare.awk" "$here/differences.txt" "$work/records"
