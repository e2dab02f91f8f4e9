#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Each public header compiles as the only one of a program, in both languages, with both compilers,
# pedantically; twice in a row; and, for the drop-in headers, with _UNICODE too.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
compiled=0

# try <compiler> <language> <header> <flags...>
try() {
    local compiler=$1 language=$2 header=$3
    shift 3
    printf '#include <%s>\n#include <%s>\nint main(void);\nint main(void)\n{\n    return 0;\n}\n' \
        "$header" "$header" >"$work/alone.$language"
    local standard=-std=c11
    [ "$language" = cpp ] && standard=-std=c++17
    compiled=$((compiled + 1))
    if ! "$compiler" "$standard" -pedantic -Wall -Wextra -Wundef -Wshadow -Werror -fsyntax-only \
        "-I$top/include" "$@" "$work/alone.$language" >"$work/log" 2>&1; then
        failures=$((failures + 1))
        printf '<%s> does not compile alone: %s %s %s\n' "$header" "$compiler" "$standard" "$*"
        head -n 20 "$work/log"
    fi
}

for tool in gcc g++ clang clang++; do
    if ! command -v "$tool" >/dev/null; then
        printf '%s is not installed: apt-get install %s\n' "$tool" "${tool/clang++/clang}"
        exit 1
    fi
done

for pair in gcc:c g++:cpp clang:c clang++:cpp; do
    compiler=${pair%:*} language=${pair#*:}
    for path in "$top"/include/halde/*.h; do
        try "$compiler" "$language" "halde/${path##*/}"
    done
    for path in "$top"/include/halde-win32/*.h; do
        [ -e "$path" ] || continue
        try "$compiler" "$language" "${path##*/}" "-I$top/include/halde-win32"
        try "$compiler" "$language" "${path##*/}" "-I$top/include/halde-win32" -DUNICODE -D_UNICODE
    done
done

printf '%d compilations, %d failed\n' "$compiled" "$failures"
[ "$compiled" -gt 0 ] && [ "$failures" -eq 0 ]
