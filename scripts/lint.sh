#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: lint.sh <build directory with compile_commands.json>
# All that is judged without running the program.  Every step runs; the status tells whether all passed.
set -uo pipefail
build=$(cd "${1:?usage: lint.sh <build directory>}" && pwd) || exit 1
cd "$(dirname "$0")/.." || exit 1
top=$PWD

failed=()
step() {
    local name=$1
    shift
    printf -- '-- %s\n' "$name"
    "$@" || failed+=("$name")
}

# Every .c file of this tree that the build compiles, once: a file of the library belongs to two variants.
mkdir -p "$build/tidy"
python3 - "$build/compile_commands.json" "$top/" >"$build/tidy/compile_commands.json" <<'SCRIPT'
import json
import sys

path, top = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    commands = {entry["file"]: entry for entry in reversed(json.load(file))}
json.dump([entry for name, entry in sorted(commands.items()) if name.startswith(top)], sys.stdout, indent=1)
SCRIPT
mapfile -t sources < <(sed -nE "s|^ *\"file\": \"$top/(.*\.c)\",?\$|\1|p" "$build/tidy/compile_commands.json")
if [ "${#sources[@]}" -eq 0 ]; then
    echo "compile_commands.json names no C file of this tree" >&2
    exit 1
fi

tidy() {
    printf '%s\n' "${sources[@]}" |
        xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build/tidy" 2>"$build/clang-tidy.err"
    local status=$?
    # clang-tidy counts suppressed warnings on stderr; anything else there is worth seeing.
    grep -vE '^[0-9]+ warnings? (and [0-9]+ errors? )?generated|^Suppressed |^Use -header-filter|^$' \
        "$build/clang-tidy.err"
    printf 'clang-tidy: %d files\n' "${#sources[@]}"
    return "$status"
}

analyse() {
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
        --error-exitcode=1 --suppressions-list=scripts/cppcheck.txt -j "$(nproc)" \
        --template='{file}:{line}: {severity}: {message} [{id}]' \
        -D_GNU_SOURCE -D__x86_64__ -D__linux__ -DCONFIG_ASAN=0 -DCONFIG_TSAN=0 -DCONFIG_DEBUG=0 \
        -DCONFIG_FAULT_INJECTION=0 -Iinclude -Iinclude/halde-win32 -Isrc -Itools \
        src tools examples
}

step format bash scripts/format.sh --check
step text bash scripts/check_text.sh
step includes bash scripts/check_includes.sh
step clang-tidy tidy
step cppcheck analyse

if [ "${#failed[@]}" -gt 0 ]; then
    printf 'lint: failed: %s\n' "${failed[*]}"
    exit 1
fi
echo "lint: all passed"
