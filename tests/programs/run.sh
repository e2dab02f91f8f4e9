#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: run.sh [--quick] [--walk] [--count] [--keep] [--list] [name...]
#
# Real programs, unmodified, on the object that $PRELOAD_OBJECT names (default: the preload object of
# build/release).  Each program works twice on the same input, without and with the object; what it prints,
# how it ends and the files it makes have to be equal.  One line per program says what was exercised.
#
#   --quick  less work, only the programs marked so: under six minutes on two cores
#   --walk   a third time for the programs marked so, while a thread of walk_agent.c locks and walks the
#            process heap; results have to stay equal
#   --count  one more time with bench/malloc/record.c, to say how many allocations there were
#   --keep   keep the folders of passed programs, too
#
# A program that is not installed is installed by apt-get when run as root on Debian, unless
# HALDE_INSTALL=0; otherwise it is skipped and its packages are named.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

quick=0 walk=0 count=0 keep=0
names=()
for argument in "$@"; do
    case $argument in
    --quick) quick=1 ;;
    --walk) walk=1 ;;
    --count) count=1 ;;
    --keep) keep=1 ;;
    --list)
        for file in "$here"/programs/*.sh; do
            printf '%-12s %s\n' "$(basename "$file" .sh)" "$(sed -n 's/^# About: //p' "$file")"
        done
        exit 0
        ;;
    -*)
        echo "run.sh: unknown option '$argument'" >&2
        exit 2
        ;;
    *) names+=("$argument") ;;
    esac
done

object=${PRELOAD_OBJECT:-$top/build/release/libhalde-preload.so}
if [ ! -r "$object" ]; then
    echo "run.sh: no object to test: $object (set PRELOAD_OBJECT, or build first)" >&2
    exit 2
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/halde-programs.XXXXXX")
chmod 755 "$work" # servers that refuse to be root run as somebody else
export HALDE_WORK=$work HALDE_QUICK=$quick
cp -L "$object" "$work/object.so" && chmod 755 "$work/object.so"
cc=${CC:-cc}
flags=(-std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -fPIC -shared -I "$top/include" -pthread)
"$cc" "${flags[@]}" -o "$work/agent.so" "$here/walk_agent.c" || exit 2
"$cc" "${flags[@]}" -o "$work/record.so" "$top/bench/malloc/record.c" || exit 2
unset LD_PRELOAD HALDE_OPTIONS

# ---- Packages -----------------------------------------------------------------------------------

mark() { # <script> <key>: the value of a line "# Key: value" at the head of a script
    sed -n "1,20s/^# $2: *//p" "$1"
}

# Prints the packages that a script needs and that are not there. Lines: "# Needs: cmd package, ..."
missing_packages() {
    local command package
    mark "$1" Needs | tr ',' '\n' | while read -r command package; do
        command -v "$command" >/dev/null || [ -e "$command" ] || echo "$package"
    done | sort -u
}

is_updated=0
install_packages() {
    [ "${HALDE_INSTALL:-1}" = 1 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=300)
    DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" </dev/null >"$work/apt.log" 2>&1 && return 0
    [ "$is_updated" = 1 ] && return 1
    is_updated=1
    apt-get update </dev/null >"$work/apt.log" 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" </dev/null >"$work/apt.log" 2>&1
}

# ---- One program --------------------------------------------------------------------------------

phase() { # <name> <phase>: runs it in $work/<name>/run, which then becomes $work/<name>/<phase>
    local folder=$work/$1 start=$EPOCHREALTIME status limit
    limit=$(mark "$here/programs/$1.sh" Limit)
    timeout -k 20 "${limit:-300}" bash "$here/phase.sh" "$1" "$2" >"$folder/$2.log" 2>&1
    status=$?
    seconds=$(printf '%s %s' "$start" "$EPOCHREALTIME" | awk '{printf "%.1f", $2 - $1}')
    rm -rf "${folder:?}/$2"
    mv "$folder/run" "$folder/$2"
    return "$status"
}

explain() { # <name> <phase>: the end of what a failed phase printed
    tail -n 15 "$work/$1/$2.log" | sed "s/^/    $2: /"
    if [ -d "$work/$1/$2/log" ]; then
        find "$work/$1/$2/log" -type f -size +0 -print0 | sort -z | xargs -0 -r tail -n 5 | sed "s/^/    $2: /"
    fi
}

difference() { # <name> <phase>: nothing when the results are equal to those of a run without the object
    diff -r --text "$work/$1/without/result" "$work/$1/$2/result" 2>&1 | cut -c 1-300 | head -n 20
}

run_program() { # prints one line, more when something is wrong; status 0 equal, 1 not, 77 skipped
    local name=$1 folder=$work/$1 found text times="" extra=""
    mkdir -p "$folder/input"
    if ! phase "$name" without; then
        printf '%s: FAILED already without the object\n' "$name"
        explain "$name" without
        return 1
    fi
    if [ -e "$folder/without/skip" ]; then
        printf '%s: skipped: %s\n' "$name" "$(cat "$folder/without/skip")"
        return 77
    fi
    if ! find "$folder/without/result" -type f -size +0 | grep -q .; then
        printf '%s: FAILED: no results to compare\n' "$name"
        return 1
    fi
    times="$seconds s without"
    local phases=(with)
    [ "$walk" = 1 ] && [ "$(mark "$here/programs/$name.sh" Walk)" = yes ] && phases+=(walked)
    for phase in "${phases[@]}"; do
        if ! phase "$name" "$phase"; then
            printf '%s: FAILED %s the object\n' "$name" "$phase"
            explain "$name" "$phase"
            return 1
        fi
        times+=", $seconds s $phase"
        found=$(difference "$name" "$phase")
        if [ -n "$found" ]; then
            printf '%s: DIFFERENT %s the object\n%s\n' "$name" "$phase" "$(printf '%s' "$found" | sed 's/^/    /')"
            return 1
        fi
    done
    if [[ " ${phases[*]} " == *" walked "* ]]; then
        extra+=$(walk_report "$name") || {
            printf '%s: FAILED: %s\n' "$name" "$extra"
            return 1
        }
    fi
    if [ "$count" = 1 ]; then
        phase "$name" counted || explain "$name" counted
        extra+=$(cat "$folder"/counts/* 2>/dev/null |
            awk '/^calls/ {n += $2} END {
                printf n < 1e6 ? "; %d thousand" : "; %.1f million", n < 1e6 ? n / 1e3 : n / 1e6
                printf " allocations by %d process%s", p, p == 1 ? "" : "es"
            }
                 /^process/ {p++}')
    fi
    text=$(cat "$folder/with/summary" 2>/dev/null)
    printf '%s: equal: %s (%s%s)\n' "$name" "${text:-$(mark "$here/programs/$name.sh" About)}" "$times" "$extra"
}

# Sums the reports of the agents of a program. Fails when there were fewer than a hundred walks, or one was wrong.
walk_report() {
    cat "$work/$1"/walks/* 2>/dev/null | awk '
        /^walks/ {walks += $2; blocks += $4; wrong += $6; if ($8 > largest) largest = $8; processes++}
        END {
            printf "; %d walks of %d process(es) saw %.1f million blocks, at most %d at once", walks, processes,
                blocks / 1e6, largest
            if (wrong) printf ", %d WRONG", wrong
            exit walks < 100 || wrong || !blocks
        }'
}

# ---- All of them --------------------------------------------------------------------------------

if [ "${#names[@]}" -eq 0 ]; then
    for file in "$here"/programs/*.sh; do
        [ "$quick" = 1 ] && [ "$(mark "$file" Quick)" = no ] && continue
        names+=("$(basename "$file" .sh)")
    done
fi

equal=0 skipped=0 failed=()
for name in "${names[@]}"; do
    script=$here/programs/$name.sh
    if [ ! -e "$script" ]; then
        echo "run.sh: no such program: $name (--list)" >&2
        exit 2
    fi
    mapfile -t packages < <(missing_packages "$script")
    if [ "${#packages[@]}" -gt 0 ] && ! install_packages "${packages[@]}"; then
        printf '%s: skipped: apt-get install %s\n' "$name" "${packages[*]}"
        skipped=$((skipped + 1))
        continue
    fi
    run_program "$name"
    case $? in
    0)
        equal=$((equal + 1))
        [ "$keep" = 1 ] || rm -rf "${work:?}/$name"
        ;;
    77) skipped=$((skipped + 1)) ;;
    *) failed+=("$name") ;;
    esac
done

printf '%d passed, %d failed, %d skipped\n' "$equal" "${#failed[@]}" "$skipped"
if [ "${#failed[@]}" -gt 0 ]; then
    printf 'failed: %s; their folders are in %s\n' "${failed[*]}" "$work"
    exit 1
fi
if [ "$keep" = 1 ]; then
    printf 'kept: %s\n' "$work"
else
    rm -rf "$work"
fi
[ "$equal" -gt 0 ] || exit 77 # nothing could be run
