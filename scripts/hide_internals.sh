#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: hide_internals.sh <static library> [<objcopy>, that of the processor it is for]
# Renames what the library shares among its own objects and with nobody else, `span_find` to
# `halde_internal_span_find`: in a static library such names are visible to the linker, and a program that
# has a function of the same name would not link.  Debug information keeps the names of the sources.
set -euo pipefail
library=${1:?usage: hide_internals.sh <static library>}

map=$(mktemp)
trap 'rm -f "$map"' EXIT
readelf -sW "$library" |
    awk '($5 == "GLOBAL" || $5 == "WEAK") && $6 == "HIDDEN" && $7 != "UND" && $8 !~ /^halde_/ {
        print $8, "halde_internal_" $8
    }' | sort -u >"$map"
"${2:-objcopy}" "--redefine-syms=$map" "$library"
