#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: cmake.sh <build directory>
# A stranger's CMake project finds the installed and moved package, and its programs run.
# shellcheck source=tests/package/common.sh
. "$(dirname "$0")/common.sh"

need cmake cmake
need g++ g++
mkdir -p "$work/moved"
install_tree "$work/moved/opt"

if ! { cmake -S "$top/tests/package/consumer" -B "$work/consumer" \
    "-DCMAKE_PREFIX_PATH=$work/moved/opt" "-DPROGRAMS=$top/tests/package/programs" &&
    cmake --build "$work/consumer"; } >"$work/log" 2>&1; then
    tail -n 40 "$work/log"
    fail "the consumer does not build"
    finish
fi
for program in "$work"/consumer/*-c "$work"/consumer/*-cpp; do
    checks=$((checks + 1))
    output=$(timeout 60 "$program" argument 2>&1)
    status=$?
    [ "$status" -eq 0 ] && [ "$output" = halde ] ||
        fail "${program##*/}: status $status, output: $output"
done

# A version that is not compatible is refused.
checks=$((checks + 1))
sed 's/find_package(Halde 0.1/find_package(Halde 7.0/' "$top/tests/package/consumer/CMakeLists.txt" >"$work/CMakeLists.txt"
mkdir "$work/future"
mv "$work/CMakeLists.txt" "$work/future/"
cmake -S "$work/future" -B "$work/future/build" "-DCMAKE_PREFIX_PATH=$work/moved/opt" \
    "-DPROGRAMS=$top/tests/package/programs" >"$work/log" 2>&1 && fail "version 7.0 was found"
finish
