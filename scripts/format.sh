#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: format.sh [--check]
# Brings every C file of the tree into the project's format, or only says which are not in it.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(find include src tools tests examples bench -name '*.[ch]' -o -name '*.cpp' | sort)
if [ "${#files[@]}" -eq 0 ]; then
    echo "no C files found: this check would pass whatever they look like" >&2
    exit 1
fi
if [ "${1-}" = --check ]; then
    clang-format --dry-run --Werror "${files[@]}"
else
    clang-format -i "${files[@]}"
fi
printf 'format: %d files\n' "${#files[@]}"
