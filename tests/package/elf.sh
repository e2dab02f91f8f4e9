#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: elf.sh <build directory>
# The shared libraries are what they promise to be: libc only, hardened, initial-exec; and no object calls
# an allocator of libc or a string function that knows no bounds.
# shellcheck source=tests/package/common.sh
. "$(dirname "$0")/common.sh"

expect() { # <what> <extended regular expression> <file>
    checks=$((checks + 1))
    grep -qE "$2" "$3" || fail "$library: $1"
}

expect_not() { # <what> <extended regular expression> <file>
    checks=$((checks + 1))
    ! grep -E "$2" "$3" || fail "$library: $1"
}

for library in libhalde.so libhalde-heap.so libhalde-preload.so libhalde-checked.so; do
    file=$build/$library
    soname=$library.0
    case $library in # nobody links these: they have one name
    libhalde-preload.so | libhalde-checked.so) soname=$library ;;
    esac
    readelf -dW "$file" >"$work/dynamic"
    readelf -lW "$file" >"$work/segments"
    expect "its soname is not $soname" "SONAME.*\[$soname\]" "$work/dynamic"
    expect "can be unloaded (no -z nodelete)" 'FLAGS_1.*NODELETE' "$work/dynamic"
    expect "not bound at load time (-z now)" 'BIND_NOW|FLAGS_1.*NOW' "$work/dynamic"
    expect "no read-only relocations (-z relro)" 'GNU_RELRO' "$work/segments"
    [ "$library" = libhalde-checked.so ] || # it has no thread-local data
        expect "not linked for initial-exec TLS" 'STATIC_TLS' "$work/dynamic"
    expect_not "text relocations" 'TEXTREL' "$work/dynamic"
    expect_not "an executable stack" 'GNU_STACK.*RWE' "$work/segments"
    grep NEEDED "$work/dynamic" | grep -vE '\[(libc\.so\.6|ld-linux-x86-64\.so\.2)\]' >"$work/needed"
    expect_not "needs more than libc" . "$work/needed"
    [ "$soname" = "$library" ] || [ "$(readlink "$file")" = "$soname" ] ||
        fail "$library is no link to $soname"
done

# tchar_*.c wrap functions of libc, and program_memory.c serves functions like _strdup(): what they hand
# out is the program's to free() there.  caller.c asks where some of libc's functions lie.
library=libhalde-heap.a
nm -A --undefined-only "$build/$library" 2>/dev/null | awk '{ print $NF, $1 }' |
    grep -vE ':(tchar_[a-z_]+|program_memory|caller)\.c\.o:' >"$work/imports"
[ -s "$work/imports" ] || fail "$library: no imports found"
expect_not "calls libc's allocator" \
    '^(malloc|calloc|realloc|reallocarray|free|memalign|aligned_alloc|posix_memalign|strdup|strndup|wcsdup|getline|getdelim|asprintf|vasprintf|open_memstream|fopen|fdopen) ' \
    "$work/imports"
expect_not "calls a function that is banned as easily misused" \
    '^(strcpy|strcat|strncpy|strncat|stpcpy|sprintf|vsprintf|gets|strtok|wcscpy|wcscat|wcsncpy|wcsncat|wcstok|asctime|ctime|gmtime|localtime|atoi|atol|atof|rand|setjmp|longjmp|system|popen|tmpnam|mktemp) ' \
    "$work/imports"
finish
