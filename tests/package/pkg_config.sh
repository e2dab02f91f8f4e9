#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: pkg_config.sh <build directory>
# Installs, moves what was installed, and compiles and runs small programs through pkg-config: C11 and
# C++17, gcc and clang, against the shared and the static libraries, with main, wmain and _tmain.
# shellcheck source=tests/package/common.sh
. "$(dirname "$0")/common.sh"

for tool in gcc g++ clang pkg-config; do
    need "$tool" "$tool"
done

prefix="$work/moved/opt"
mkdir -p "$work/moved"
install_tree "$prefix"
for file in lib/libhalde.so lib/libhalde.so.0 lib/libhalde.a lib/libhalde-heap.so lib/libhalde-heap.so.0 \
    lib/libhalde-heap.a lib/libhalde-wmain.a lib/libhalde-preload.so lib/pkgconfig/halde.pc lib/pkgconfig/halde-win32.pc \
    lib/pkgconfig/halde-heap.pc lib/cmake/Halde/HaldeConfig.cmake include/halde/heap.h \
    include/halde-win32/windows.h share/man/man3/halde.3 share/man/man7/halde-win32.7 share/man/man7/halde-malloc.7; do
    checks=$((checks + 1))
    [ -e "$prefix/$file" ] || fail "$file is not installed"
done
grep -rlF -e "$work/first" -e "$top/" -e "$build" "$prefix/lib/pkgconfig" "$prefix/lib/cmake" >"$work/paths" &&
    fail "files that know where they were built or installed:" "$(cat "$work/paths")"

export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
# pkg-config leaves out what it takes for a system directory; the libraries lie in none.
unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR

# run <program> <expected status>: its output is "halde" when the status is 0.
run() {
    local output status
    output=$(LD_LIBRARY_PATH="$prefix/lib" timeout 60 "$1" argument 2>&1)
    status=$?
    [ "$status" -eq "$2" ] && { [ "$status" -ne 0 ] || [ "$output" = halde ]; } && return
    fail "$label: status $status, output: $output"
}

# build_and_run <compiler> <c|cpp> <source> <package> <shared|static> [flags]
build_and_run() {
    local compiler=$1 language=$2 source=$3 package=$4 kind=$5
    shift 5
    local standard=-std=c11 flags=()
    [ "$language" = cpp ] && standard=-std=c++17
    [ "$kind" = static ] && flags=(-static)
    label="$compiler $standard $source.$language $package $kind $*"
    checks=$((checks + 1))
    cp "$top/tests/package/programs/$source.c" "$work/$source.$language"
    # shellcheck disable=SC2046
    if ! "$compiler" "$standard" -pedantic -Wall -Wextra -Werror "$@" "${flags[@]}" \
        "$work/$source.$language" -o "$work/program" \
        $(pkg-config --cflags --libs ${flags[0]+--static} "$package") >"$work/log" 2>&1; then
        fail "$label: does not build"
        head -n 30 "$work/log"
        return
    fi
    if [ "$kind" = shared ]; then
        readelf -d "$work/program" | grep -qF "[lib${package%-win32}.so.0]" ||
            fail "$label: not linked with the shared library"
    fi
    run "$work/program" 0
}

for pair in gcc:c g++:cpp clang:c clang++:cpp; do
    for kind in shared static; do
        compiler=${pair%:*} language=${pair#*:}
        build_and_run "$compiler" "$language" native halde "$kind"
        build_and_run "$compiler" "$language" malloc halde "$kind"
        build_and_run "$compiler" "$language" native halde-heap "$kind"
        build_and_run "$compiler" "$language" win32 halde-win32 "$kind"
        build_and_run "$compiler" "$language" wide halde-win32 "$kind"
        build_and_run "$compiler" "$language" tmain halde-win32 "$kind"
        build_and_run "$compiler" "$language" tmain halde-win32 "$kind" -DUNICODE -D_UNICODE
    done
done

# The archive may stand before or after the objects: it is asked for main only when that is missing.
# shellcheck disable=SC2046
for source in win32 wide; do
    label="$source.c after the libraries"
    checks=$((checks + 1))
    gcc $(pkg-config --cflags halde-win32) -c "$top/tests/package/programs/$source.c" -o "$work/object.o" &&
        gcc "$work/object.o" $(pkg-config --libs halde-win32) -o "$work/program" && run "$work/program" 0
done

# A library of a ported program: nothing of it may pull main() in.
label="a shared library"
checks=$((checks + 1))
printf '#include <windows.h>\nvoid *get(void);\nvoid *get(void)\n{\n    return GetProcessHeap();\n}\n' >"$work/plugin.c"
# shellcheck disable=SC2046
gcc -shared -fPIC -Wl,-z,defs "$work/plugin.c" -o "$work/plugin.so" $(pkg-config --cflags --libs halde-win32) &&
    ! nm -D "$work/plugin.so" | grep -q ' T main$' || fail "$label"
finish
