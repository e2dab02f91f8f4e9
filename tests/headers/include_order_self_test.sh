#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Proves that scripts/check_includes.sh finds what it is for, on small trees made here.
set -u
check=$(cd "$(dirname "$0")/../.." && pwd)/scripts/check_includes.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# expect <pass|fail> <file> <its text>: the tree below plus this file.
expect() {
    local want=$1 file=$2 text=$3 got=pass
    rm -rf "$work/tree"
    mkdir -p "$work/tree"/{include/halde,include/halde-win32,src/base,src/os,src/print,src/engine,src/win32,src/crtdbg,src/malloc}
    : >"$work/tree/include/halde/heap.h"
    : >"$work/tree/include/halde-win32/windows.h"
    printf '#include_next <string.h>\n' >"$work/tree/include/halde-win32/string.h"
    : >"$work/tree/src/base/bits.h"
    : >"$work/tree/src/print/format.h"
    : >"$work/tree/src/os/memory.h"
    : >"$work/tree/src/engine/span.h"
    printf '#include <halde/heap.h>\n' >"$work/tree/src/engine/engine.h"
    : >"$work/tree/src/win32/handle.h"
    printf '%s\n' "$text" >"$work/tree/$file"
    bash "$check" "$work/tree" >"$work/log" 2>&1 || got=fail
    if [ "$got" != "$want" ]; then
        failures=$((failures + 1))
        printf 'wanted %s, got %s: %s with %s\n' "$want" "$got" "$file" "$text"
        cat "$work/log"
    fi
}

expect pass src/engine/a.c '#include "os/memory.h"'
expect pass src/engine/a.c '#include "span.h"'
expect pass src/engine/a.c '#include <malloc.h>'
expect pass src/win32/a.c '#include "engine/engine.h"'
expect pass src/win32/a.c '#include <windows.h>'
expect pass src/win32/a.c '#include "base/bits.h"'
expect pass src/win32/a.c '#include "os/memory.h"'
expect pass src/win32/a.c '#include "print/format.h"'
expect pass src/crtdbg/a.c '#include "print/format.h"'
expect pass src/base/a.c '#include <string.h>'
expect fail src/base/a.c '#include "os/memory.h"'
expect fail src/print/a.c '#include "os/memory.h"'
expect fail src/engine/a.c '#include "print/format.h"'
expect fail src/crtdbg/a.c '#include "win32/handle.h"'
expect fail src/os/a.c '#include "engine/engine.h"'
expect fail src/os/a.c '#include <halde/heap.h>'
expect fail src/engine/a.c '#include "win32/handle.h"'
expect fail src/engine/a.c '  #  include "../win32/handle.h"'
expect fail src/engine/a.c '#include <windows.h>'
expect fail src/win32/a.c '#include "engine/span.h"'
expect fail src/engine/a.c '#include "halde-win32/windows.h"'
expect fail src/malloc/a.c '#include "win32/handle.h"'
expect fail src/engine/a.c '#include "missing.h"'
expect fail include/halde/a.h '#include <windows.h>'

[ "$failures" -eq 0 ] && echo "all trees judged rightly"
[ "$failures" -eq 0 ]
