#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: deb.sh <folder with the packages>
# The Debian packages hold what they should, and what they hold works: unpacked somewhere, and with
# HALDE_INSTALL=1 (as root) installed by apt from the files and removed again.
# shellcheck source=tests/package/common.sh
. "$(dirname "$0")/common.sh"

need dpkg-deb dpkg
need pkg-config pkg-config
need gcc gcc

package() { # <name>: its file
    local files=("$build/$1"_*.deb)
    [ -e "${files[0]}" ] && [ "${#files[@]}" -eq 1 ] && printf '%s' "${files[0]}"
}

expect() { # <what> <command...>
    checks=$((checks + 1))
    local what=$1
    shift
    "$@" >"$work/log" 2>&1 || fail "$what: $(tail -n 5 "$work/log")"
}

expect_files() { # <package> <pattern of a path>...
    local name=$1 pattern
    shift
    dpkg-deb --fsys-tarfile "$(package "$name")" | tar -t | sed 's|^\.||' >"$work/$name.list"
    for pattern in "$@"; do
        expect "$name has no $pattern" grep -qE "^$pattern\$" "$work/$name.list"
    done
    # Nothing outside /usr, and not a folder of the builder's.
    checks=$((checks + 1))
    grep -vE '^(/|/usr/.*)$' "$work/$name.list" >"$work/log" && fail "$name has $(head -n 3 "$work/log")"
}

field() { # <package> <field>
    dpkg-deb -f "$(package "$1")" "$2"
}

for name in libhalde0 libhalde-dev halde; do
    if ! package "$name" >/dev/null; then
        fail "$build has no package $name, or several; \"make deb\" makes them"
        finish
    fi
done

lib=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
expect_files libhalde0 "$lib/libhalde.so.0" "$lib/libhalde-heap.so.0"
expect_files libhalde-dev "$lib/libhalde.so" "$lib/libhalde.a" "$lib/libhalde-heap.a" "$lib/libhalde-checked.a" \
    "$lib/pkgconfig/halde.pc" "$lib/cmake/Halde/HaldeConfig.cmake" /usr/include/halde/heap.h \
    /usr/include/halde-win32/windows.h /usr/share/man/man3/halde.3.gz
expect_files halde /usr/bin/halde "$lib/libhalde-preload.so" "$lib/libhalde-checked.so" /usr/share/man/man1/halde.1.gz \
    /usr/share/man/man1/halde-help.1.gz /usr/share/bash-completion/completions/halde \
    /usr/share/zsh/vendor-completions/_halde /usr/share/fish/vendor_completions.d/halde.fish \
    /usr/share/doc/halde/snapshot-format.md /usr/share/doc/halde/schema/halde.leaks-1.json
for name in libhalde0 libhalde-dev halde; do
    expect_files "$name" "/usr/share/doc/$name/copyright" "/usr/share/doc/$name/changelog.Debian.gz"
done
expect "libhalde-dev does not depend on its libhalde0" \
    grep -q "libhalde0 (= $(field libhalde0 Version))" <(field libhalde-dev Depends)
expect "libhalde0 depends on the tool's libraries" test -z "$(field libhalde0 Depends | grep -E 'libdw|yajl')"
for name in libdw1 libyajl2 libzstd1; do
    expect "halde does not depend on $name" grep -q "$name" <(field halde Depends)
done
if command -v lintian >/dev/null; then
    lintian "$build"/*.deb >"$work/lintian" 2>/dev/null
    expect "lintian: $(grep '^E:' "$work/lintian")" test -z "$(grep '^E:' "$work/lintian")"
fi

# try_all <folder that stands for />: the packages at work.
try_all() {
    local root=$1 tool=$1/usr/bin/halde
    expect "halde --version" "$tool" --version
    expect "halde help" "$tool" help
    cat >"$work/program.c" <<'SOURCE'
#include <halde/heap.h>
#include <stdlib.h>
int main(void)
{
    void *block = malloc(100);
    size_t size = 0;
    enum halde_status status = halde_heap_size(halde_process_heap(), block, &size);
    return status == HALDE_OK && size == 100 ? 0 : 1;
}
SOURCE
    local flags
    flags=$(PKG_CONFIG_LIBDIR="$root$lib/pkgconfig" pkg-config --cflags --libs halde)
    # shellcheck disable=SC2086 # words
    expect "a program does not build" gcc -o "$work/program" "$work/program.c" $flags
    expect "a program does not run" env "LD_LIBRARY_PATH=$root$lib" "$work/program"
    expect "a preloaded program does not run" env "LD_PRELOAD=$root$lib/libhalde-preload.so" cat /dev/null
    if "$tool" help --list | grep -qx run; then
        expect "halde run" "$tool" run --no-report -o "$work/capture" -- sh -c 'exit 0'
        try_debug_heap "$tool"
    fi
}

# try_debug_heap <tool>: the debug heap tells a leak, and the checked functions, found in their place, a read
# beyond a block's end.
try_debug_heap() {
    cat >"$work/leak.c" <<'SOURCE'
#include <stdlib.h>
#include <string.h>
static char copy[200];
static void lose(void)
{
    char *volatile block = malloc(123);
    memcpy(copy, block, 124);
    block = NULL;
}
int main(void)
{
    for (int i = 0; i < 3; i++) {
        lose();
    }
    memset(copy, 0, sizeof(copy));
    return 7;
}
SOURCE
    expect "a program without Halde does not build" gcc -g -fno-builtin -o "$work/leak" "$work/leak.c"
    "$1" run --mode=crt --no-capture -- "$work/leak" >"$work/said" 2>&1
    local status=$?
    expect "halde run --mode=crt: exit status $status" test "$status" -eq 7
    expect "halde run --mode=crt tells no leak: $(cat "$work/said")" grep -q 'DEFINITE  *369 bytes' "$work/said"
    expect "no place of the leak: $(cat "$work/said")" grep -q 'leak.c:6 *lose  <- allocated here' "$work/said"
    expect "libhalde-checked.so is not in its place: $(cat "$work/said")" \
        grep -q 'HEAP BOUNDS: memcpy reads' "$work/said"
}

mkdir "$work/root"
for name in libhalde0 libhalde-dev halde; do
    dpkg-deb -x "$(package "$name")" "$work/root"
done
try_all "$work/root"

if [ "${HALDE_INSTALL-0}" = 1 ] && [ "$(id -u)" = 0 ]; then
    expect "apt-get install" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        "$(package libhalde0)" "$(package libhalde-dev)" "$(package halde)"
    expect "which halde" test "$(command -v halde)" = /usr/bin/halde
    try_all ""
    expect "the library is not in the cache of the loader" grep -q 'libhalde.so.0 ' <(ldconfig -p)
    expect "apt-get remove" env DEBIAN_FRONTEND=noninteractive apt-get remove -y --purge \
        halde libhalde-dev libhalde0
    expect "something is left" test ! -e /usr/bin/halde -a ! -e "$lib/libhalde.so.0"
fi
finish
