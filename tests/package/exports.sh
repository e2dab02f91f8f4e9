#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: exports.sh <build directory>
# The golden lists packaging/exports.txt and packaging/exports-malloc.txt, the shared libraries, the objects
# and the headers agree:
#   - libhalde-heap exports exactly the first list, all of version HALDE_0
#   - libhalde the same and halde_malloc_family; and, without a version, exactly the second list
#   - libhalde-preload the heap API of the first list, of version HALDE_PRELOAD_0, the second list, and the
#     ends of a process, and of libraries in it, that the recorder wants to see
#   - libhalde-checked the names of packaging/exports-checked.txt, without a version
#   - the objects mark exactly the list as exported (HALDE_API)
#   - the static libraries define no other global name, except such as begin with halde_, what a
#     static libc asks of its malloc, and the ends of a process that the recorder wants to see (weak)
#   - the public headers declare no function that is not exported, and no exported name is undeclared
# A deliberate change is followed by `make update-exports`.
# shellcheck source=tests/package/common.sh
. "$(dirname "$0")/common.sh"
need g++ g++

export LC_ALL=C
golden=$work/golden
grep -v '^#' "$top/packaging/exports.txt" >"$golden"
sort -uc "$golden" || fail "packaging/exports.txt is not sorted"
checks=$((checks + $(wc -l <"$golden")))

family=$work/family
grep -v '^#' "$top/packaging/exports-malloc.txt" >"$family"
sort -uc "$family" || fail "packaging/exports-malloc.txt is not sorted"
checks=$((checks + $(wc -l <"$family")))

compare() { # <name of the other side> <file> [<golden list>]
    local only_golden only_other list=${3:-$golden}
    only_golden=$(comm -23 "$list" "$2")
    only_other=$(comm -13 "$list" "$2")
    [ -z "$only_golden" ] || fail "in the golden list, but not in $1:" "$only_golden"
    [ -z "$only_other" ] || fail "in $1, but not in the golden list (make update-exports):" "$only_other"
}

{
    cat "$golden"
    echo halde_malloc_family
} | sort >"$work/golden-halde"
grep -xE 'halde_heap_.*|halde_process_heap|halde_status_text' "$golden" >"$work/golden-preload"
: >"$work/golden-none"

# compare_library <file> <version> <golden list of it> <golden list without a version>
compare_library() {
    nm -D --defined-only --format=posix "$build/$1" >"$work/nm" || fail "nm $1"
    grep -v ' A ' "$work/nm" | awk '{ print $1 }' | sort >"$work/exported"
    grep "@@$2\$" "$work/exported" | sed 's/@.*//' | sort >"$work/versioned"
    grep -v "@@$2\$" "$work/exported" >"$work/unversioned"
    compare "$1, version $2" "$work/versioned" "$3"
    compare "$1, without a version" "$work/unversioned" "$4"
}
compare_library libhalde-heap.so HALDE_0 "$golden" "$work/golden-none"
compare_library libhalde.so HALDE_0 "$work/golden-halde" "$family"
printf '%s\n' _Exit _exit abort dlclose exec{l,le,lp,v,ve,veat,vp,vpe} fexecve | sort - "$family" >"$work/golden-ends"
checked=$work/checked
grep -v '^#' "$top/packaging/exports-checked.txt" >"$checked"
sort -uc "$checked" || fail "packaging/exports-checked.txt is not sorted"
compare_library libhalde-checked.so none "$work/golden-none" "$checked"
compare_library libhalde-preload.so HALDE_PRELOAD_0 "$work/golden-preload" "$work/golden-ends"

bash "$top/scripts/exports.sh" "$build/libhalde-heap.a" | grep -v '^#' >"$work/names"
compare "the objects of libhalde-heap.a" "$work/names"

for library in libhalde.a libhalde-heap.a; do
    nm --defined-only --extern-only --format=posix "$build/$library" 2>/dev/null | grep ' [A-Z] ' |
        awk '{ print $1 }' | grep -v '^halde_' | sort -u >"$work/names"
    if [ "$library" = libhalde.a ]; then
        sort -u "$golden" "$family"
    else
        cat "$golden"
    fi | grep -v '^halde_' | comm -13 - "$work/names" |
        grep -vE '^(__malloc_(fork_(lock|unlock)_(parent|child)|arena_thread_freeres)|_[eE]xit)$' \
            >"$work/foreign"
    [ -s "$work/names" ] && [ ! -s "$work/foreign" ] ||
        fail "$library defines names that a program may use:" "$(cat "$work/foreign")"
done

# What the headers declare in a debug unit: gcc lists every prototype with its place.
for header in "$top"/include/halde/*.h "$top"/include/halde-win32/*.h; do
    printf '#include "%s"\n' "$header"
done >"$work/all.c"
if ! gcc -std=c17 -D_DEBUG -fsyntax-only "-I$top/include" "-I$top/include/halde-win32" \
    -aux-info "$work/prototypes" "$work/all.c"; then
    fail "the public headers do not compile together"
fi
# wmain is the program's to define.
grep -F "/* $top/include/halde" "$work/prototypes" | grep -E ':[0-9]+:[NO]C \*/ extern ' |
    sed -E 's/^.*[ *]([A-Za-z_0-9]+) \(.*$/\1/; s/ \(.*//' | grep -vx 'wmain' >"$work/functions"
# Variables, and the operators of C++, whose names a compiler of C does not know.
sed -nE 's/^HALDE_CRTAPI extern [A-Za-z_ ]+ \*?([A-Za-z_]+);$/\1/p' "$top"/include/halde-win32/*.h \
    >"$work/variables"
cat >"$work/operators.cpp" <<'CODE'
#include <crtdbg.h>
struct alignas(64) wide {
    wide();
    char bytes[64];
};
struct narrow {
    narrow();
};
void *use[] = {new (1, "", 1) narrow, new (1, "", 1) narrow[2], new (1, "", 1) wide,
    new (1, "", 1) wide[2]};
CODE
g++ -std=c++17 -D_DEBUG "-I$top/include/halde-win32" -c "$work/operators.cpp" -o "$work/operators.o" ||
    fail "the operators of <crtdbg.h> do not compile"
nm --undefined-only --format=posix "$work/operators.o" | awk '{ print $1 }' | grep 'iPKci$' >"$work/operators"
sort -u "$work/functions" "$work/variables" "$work/operators" >"$work/declared"
compare "the public headers" "$work/declared"
finish
