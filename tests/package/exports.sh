#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: exports.sh <build directory>
# The golden list packaging/exports.txt, the shared libraries, the objects and the headers agree:
#   - each shared library exports exactly the list, all of version HALDE_0
#   - the objects mark exactly the list as exported (HALDE_API)
#   - the static libraries define no other global name, except such as begin with halde_
#   - the public headers declare no function that is not exported, and no exported name is undeclared
# A deliberate change is followed by `make update-exports`.
# shellcheck source=tests/package/common.sh
. "$(dirname "$0")/common.sh"

export LC_ALL=C
golden=$work/golden
grep -v '^#' "$top/packaging/exports.txt" >"$golden"
sort -uc "$golden" || fail "packaging/exports.txt is not sorted"
checks=$((checks + $(wc -l <"$golden")))

compare() { # <name of the other side> <file>
    local only_golden only_other
    only_golden=$(comm -23 "$golden" "$2")
    only_other=$(comm -13 "$golden" "$2")
    [ -z "$only_golden" ] || fail "in packaging/exports.txt, but not in $1:" "$only_golden"
    [ -z "$only_other" ] || fail "in $1, but not in packaging/exports.txt (make update-exports):" "$only_other"
}

for library in libhalde.so libhalde-heap.so; do
    nm -D --defined-only --format=posix "$build/$library" >"$work/nm" || fail "nm $library"
    grep -v ' A ' "$work/nm" | awk '{ print $1 }' | sort >"$work/versioned"
    grep -v '@@HALDE_0$' "$work/versioned" >"$work/unversioned" &&
        fail "$library exports without version HALDE_0:" "$(cat "$work/unversioned")"
    sed 's/@.*//' "$work/versioned" | sort -u >"$work/names"
    compare "$library" "$work/names"
done

bash "$top/scripts/exports.sh" "$build/libhalde-heap.a" | grep -v '^#' >"$work/names"
compare "the objects of libhalde-heap.a" "$work/names"

for library in libhalde.a libhalde-heap.a; do
    nm --defined-only --extern-only --format=posix "$build/$library" 2>/dev/null | grep ' [A-Z] ' |
        awk '{ print $1 }' | grep -v '^halde_' | sort -u >"$work/names"
    grep -v '^halde_' "$golden" | comm -13 - "$work/names" >"$work/foreign"
    [ -s "$work/names" ] && [ ! -s "$work/foreign" ] ||
        fail "$library defines names that a program may use:" "$(cat "$work/foreign")"
done

# What the headers declare: gcc lists every prototype with its place.
for header in "$top"/include/halde/*.h "$top"/include/halde-win32/*.h; do
    printf '#include "%s"\n' "$header"
done >"$work/all.c"
if ! gcc -std=c17 -fsyntax-only "-I$top/include" "-I$top/include/halde-win32" \
    -aux-info "$work/prototypes" "$work/all.c"; then
    fail "the public headers do not compile together"
fi
# wmain is the program's to define.
grep -F "/* $top/include/halde" "$work/prototypes" | grep -E ':[0-9]+:[NO]C \*/ extern ' |
    sed -E 's/^.*[ *]([A-Za-z_0-9]+) \(.*$/\1/; s/ \(.*//' | grep -vx 'wmain' | sort -u >"$work/declared"
compare "the public headers" "$work/declared"
finish
