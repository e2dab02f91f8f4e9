#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: check_includes.sh [top of the tree]
# Compares every #include of include/ and src/ with the order of the folders:
#
#   base <- os <- engine <- { win32, crtdbg, malloc }
#   base <- print <- { win32, crtdbg }
#
# A folder may include itself and what the table below names: another folder's name means any of its
# headers, a path means that header only.  <system> headers are free, except that <windows.h> and its
# kin belong to win32.  Quoted names are looked up beside the file, then in src/, as the compiler does.
set -u
top=${1:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$top" || exit 1

allowed() {
    case $1 in
    src/base) echo "" ;;
    src/os) echo "src/base" ;;
    src/engine) echo "src/base src/os include/halde" ;;
    src/print) echo "src/base" ;;
    src/unwind) echo "src/base src/os" ;;
    src/reach) echo "src/base src/os" ;;
    src/view) echo "src/base src/os" ;;
    src/win32) echo "src/base src/os src/print src/view/view.h src/engine/engine.h src/engine/fast.h src/engine/observer.h include/halde include/halde-win32" ;;
    src/crtdbg) echo "src/base src/os src/reach/reach.h src/reach/block_map.h src/reach/roots.h src/unwind/unwind.h src/unwind/stack_depot.h src/print src/engine/engine.h src/engine/fast.h src/engine/observer.h src/engine/redirect.h include/halde include/halde-win32" ;;
    src/checked) echo "src/base" ;;
    src/malloc) echo "src/base src/os src/unwind/unwind.h src/unwind/stack_depot.h src/engine/engine.h src/engine/fast.h src/engine/observer.h src/engine/redirect.h include/halde" ;;
    src/snapshot) echo "src/base src/os" ;;
    src/record) echo "src/base src/os src/unwind src/engine src/win32 src/crtdbg src/malloc src/snapshot include/halde" ;;
    include/halde) echo "" ;;
    include/halde-win32) echo "include/halde" ;;
    *) return 1 ;;
    esac
}

# resolve <including file> <quote or bracket> <name>: the header's path in the tree, or nothing.
resolve() {
    local folder=${1%/*} name=$3 place
    for place in "$folder" src include include/halde-win32; do
        # <...> is not looked up beside the file; drop-in headers see their own folder through -I.
        [ "$2" = "<" ] && [ "$place" = "$folder" ] && [ "$folder" != include/halde-win32 ] && continue
        # Below win32 nobody has the drop-in folder in the search path: <malloc.h> is the system's there.
        if [ "$place" = include/halde-win32 ]; then
            case $folder in src/win32 | src/crtdbg | include/halde-win32) ;; *) continue ;; esac
        fi
        if [ -e "$place/$name" ]; then
            realpath --relative-to=. "$place/$name"
            return
        fi
    done
}

# is_allowed <including folder> <header path>
is_allowed() {
    local folder=$1 header=$2 rule
    [ "${header%/*}" = "$folder" ] && return 0
    for rule in $(allowed "$folder"); do
        [ "$header" = "$rule" ] && return 0
        [ "${header%/*}" = "$rule" ] && return 0
    done
    return 1
}

directive='include(_next)?[[:space:]]*([<"])([^>"]*)[>"]'
files=0
includes=0
failures=0
fail() {
    failures=$((failures + 1))
    printf '%s\n' "$1"
}

while IFS= read -r file; do
    files=$((files + 1))
    folder=${file%/*}
    if ! allowed "$folder" >/dev/null; then
        fail "$file: folder $folder is not in the table of scripts/check_includes.sh"
        continue
    fi
    while IFS=: read -r line text; do
        includes=$((includes + 1))
        if ! [[ $text =~ $directive ]]; then
            fail "$file:$line: #include of a macro"
            continue
        fi
        quote=${BASH_REMATCH[2]} name=${BASH_REMATCH[3]}
        # The rest of the search path, where the system's header of that name is.
        [ -n "${BASH_REMATCH[1]}" ] && continue
        header=$(resolve "$file" "$quote" "$name")
        if [ -z "$header" ]; then
            [ "$quote" = '"' ] && fail "$file:$line: \"$name\" is not in the tree"
            if [ "$quote" = '<' ] && [ -e "include/halde-win32/$name" ]; then
                # What stands in for a header of the system is that header here.
                grep -q 'include_next' "include/halde-win32/$name" ||
                    fail "$file:$line: <$name> is a Windows header; $folder knows no Windows type"
            fi
            continue
        fi
        is_allowed "$folder" "$header" || fail "$file:$line: $folder must not include $header"
    done < <(grep -nE '^[[:space:]]*#[[:space:]]*include' "$file")
done < <(find include src -name '*.[ch]' | sort)

printf '%d files, %d includes, %d against the order\n' "$files" "$includes" "$failures"
[ "$files" -gt 0 ] && [ "$includes" -gt 0 ] && [ "$failures" -eq 0 ]
