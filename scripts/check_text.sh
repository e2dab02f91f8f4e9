#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# What .editorconfig and CONTRIBUTING.md say of every text file: the two SPDX lines, no tab, no white
# space at a line's end, a newline at the file's end, no carriage return; scripts pass shellcheck.
set -euo pipefail
cd "$(dirname "$0")/.."

failures=0
complain() { # <what> <lines>
    [ -n "$2" ] || return 0
    failures=$((failures + 1))
    printf '%s:\n%s\n' "$1" "$2"
}

prune=(-path ./.git -prune -o -path ./build -prune -o)
mapfile -t texts < <(find . "${prune[@]}" -type f \( -name '*.[ch]' -o -name '*.cpp' -o -name '*.sh' \
    -o -name '*.py' -o -name '*.cmake' -o -name '*.in' -o -name 'CMakeLists.txt' -o -name '*.md' \
    -o -path ./.ci/run -o -name '.clang-*' -o -name exports.txt \) -print | sort)
mapfile -t sources < <(printf '%s\n' "${texts[@]}" | grep -v '\.md$')
mapfile -t scripts < <(printf '%s\n' "${texts[@]}" | grep -E '\.sh$|^\./\.ci/run$')
if [ "${#sources[@]}" -eq 0 ] || [ "${#scripts[@]}" -eq 0 ]; then
    echo "no files found: this check would pass whatever they hold" >&2
    exit 1
fi

no_licence=$(for file in "${sources[@]}"; do
    head -n 6 "$file" | grep -q 'SPDX-FileCopyrightText: ' &&
        head -n 6 "$file" | grep -q 'SPDX-License-Identifier: MIT' || printf '%s\n' "$file"
done)
complain "without the two SPDX lines" "$no_licence"
complain "white space at a line's end" "$(grep -nE '[[:blank:]]+$' "${texts[@]}" | head -n 20)"
complain "tab" "$(grep -nP '\t' "${sources[@]}" | head -n 20)"
complain "carriage return" "$(grep -lP '\r$' "${texts[@]}" | head -n 20)"
complain "no newline at the end" "$(for file in "${texts[@]}"; do
    [ -z "$(tail -c 1 "$file")" ] || printf '%s\n' "$file"
done)"

shellcheck --severity=warning "${scripts[@]}" || failures=$((failures + 1))

printf 'text: %d files, %d scripts\n' "${#texts[@]}" "${#scripts[@]}"
[ "$failures" -eq 0 ]
