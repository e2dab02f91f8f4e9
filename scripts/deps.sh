#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: deps.sh <target>
# Makes sure that what a Makefile target needs is there.  Silent when it is.  As root on Debian the
# missing packages are installed; otherwise the command to install them is printed and the status is 1.
set -euo pipefail

# wants <target>: lines of "<check> <Debian package>".
#   cmd:NAME     a command in PATH
#   header:NAME  a header that the C compiler finds
#   lib:NAME     a library that the C compiler finds (a file name such as libfoo.so.1)
#   clang-rt:NAME  a part of clang's run-time library
wants() {
    case $1 in
    build)
        echo "cmd:gcc gcc"
        echo "cmd:objcopy binutils"
        echo "header:stdio.h libc6-dev"
        echo "cmd:cmake cmake"
        wants tool
        ;;
    demo | install)
        wants build
        ;;
    deb)
        wants build
        echo "cmd:dpkg-shlibdeps dpkg-dev"
        ;;
    tool)
        echo "cmd:pkg-config pkg-config"
        echo "header:elfutils/libdwfl.h libdw-dev"
        echo "header:zstd.h libzstd-dev"
        echo "header:yajl/yajl_gen.h libyajl-dev"
        echo "header:zlib.h zlib1g-dev"
        echo "lib:libstdc++.so libstdc++-12-dev"
        ;;
    check | check-valgrind | update-exports)
        wants build
        echo "cmd:g++ g++"
        echo "cmd:clang clang"
        echo "cmd:pkg-config pkg-config"
        echo "cmd:python3 python3"
        echo "cmd:valgrind valgrind"
        echo "cmd:mandoc mandoc"
        ;;
    check-wine)
        wants build
        echo "cmd:x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64"
        echo "cmd:/usr/lib/wine/wine64 wine64"
        ;;
    bench)
        wants build
        echo "cmd:python3 python3"
        echo "lib:libmimalloc.so.2 libmimalloc2.0"
        echo "lib:libjemalloc.so.2 libjemalloc2"
        echo "lib:libtcmalloc_minimal.so.4 libtcmalloc-minimal4"
        ;;
    lint)
        wants check
        wants format
        echo "cmd:clang-tidy clang-tidy"
        echo "cmd:cppcheck cppcheck"
        echo "cmd:shellcheck shellcheck"
        ;;
    format)
        echo "cmd:clang-format clang-format"
        ;;
    coverage)
        wants check
        echo "cmd:gcovr gcovr"
        ;;
    fuzz)
        wants check
        echo "clang-rt:libclang_rt.fuzzer-x86_64.a libclang-rt-14-dev"
        ;;
    *)
        echo "deps.sh: unknown target '$1'" >&2
        return 2
        ;;
    esac
}

is_there() {
    local kind=${1%%:*} name=${1#*:}
    case $kind in
    cmd) command -v "$name" >/dev/null 2>&1 ;;
    header) echo "#include <$name>" | cc -E -x c - >/dev/null 2>&1 ;;
    lib) [ "$(cc "-print-file-name=$name" 2>/dev/null)" != "$name" ] ;;
    clang-rt) [ -e "$(clang -print-resource-dir 2>/dev/null)/lib/linux/$name" ] ;;
    esac
}

list=$(wants "${1:?usage: deps.sh <target>}")
missing=()
while read -r check package; do
    if ! is_there "$check" && [[ " ${missing[*]-} " != *" $package "* ]]; then
        missing+=("$package")
    fi
done <<<"$list"
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    printf 'missing packages; install them first:\n  apt-get install %s\n' "${missing[*]}" >&2
    exit 1
fi

printf 'installing: %s\n' "${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
        "${missing[@]}" \
        </dev/null >"$log" 2>&1
}
# A machine with old package lists, or none, needs them first; others are spared the wait.
if ! install && ! { apt-get update </dev/null >"$log" 2>&1 && install; }; then
    tail -n 20 "$log" >&2
    printf 'could not install: %s\n' "${missing[*]}" >&2
    exit 1
fi
