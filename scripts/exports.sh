#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: exports.sh <libhalde-heap.a> [<libhalde.a>]
# Prints what the library's objects mean to export: global symbols of default visibility, which
# only HALDE_API gives.  With a second library: what that one has beyond the first, which is the
# malloc family, but for what only static programs need.  `make update-exports` writes the
# output to packaging/exports.txt and packaging/exports-malloc.txt.
set -euo pipefail
export LC_ALL=C

exported() { # <static library>
    readelf -sW "$1" |
        awk '($5 == "GLOBAL" || $5 == "WEAK") && $6 == "DEFAULT" && $7 != "UND" { print $8 }' | sort -u
}

heap=${1:?usage: exports.sh <libhalde-heap.a> [<libhalde.a>]}
if [ $# -eq 1 ]; then
    cat <<'HEAD'
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
#
# Exported symbols of libhalde and libhalde-heap, version HALDE_0, sorted.  `make update-exports` writes
# this file; test package.exports compares it with the libraries and the headers.
HEAD
    exported "$heap"
    exit
fi
cat <<'HEAD'
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
#
# What libhalde and libhalde-preload.so export beside the API: the malloc family and the C++ operators.
# They carry no version, since a definition with another version than libc's would not stand in for
# libc's.  Sorted.  `make update-exports` writes this file; test package.exports compares it.
HEAD
comm -13 <(exported "$heap") <(exported "$2") |
    grep -vE '^(__malloc_(fork_(lock|unlock)_(parent|child)|arena_thread_freeres)|_[eE]xit)$'
