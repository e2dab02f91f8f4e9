#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: exports.sh <static library>
# Prints what the library's objects mean to export: global symbols of default visibility, which
# only HALDE_API gives.  `make update-exports` writes the output to packaging/exports.txt.
set -euo pipefail

cat <<'HEAD'
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
#
# Exported symbols of libhalde and libhalde-heap, version HALDE_0, sorted.  `make update-exports` writes
# this file; test package.exports compares it with the libraries and the headers.
HEAD
readelf -sW "${1:?usage: exports.sh <static library>}" |
    awk '($5 == "GLOBAL" || $5 == "WEAK") && $6 == "DEFAULT" && $7 != "UND" { print $8 }' |
    LC_ALL=C sort -u
