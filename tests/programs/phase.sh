#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: phase.sh <name> without|with|walked|counted      (run.sh starts it)
#
# Runs programs/<name>.sh once.  Such a script defines
#
#   prepare    optional: makes input files in $INPUT; called once, never with the object
#   exercise   does the work in an empty folder and leaves what is to be compared in result/
#
# and may use, besides $HERE, the folder of this file,
#
#   p <command...>            runs a command on the object under test, or without it, as the phase says
#   keep <title> <command...> the same; standard output and status become results, stderr goes to log/
#   start <command...>        the same in the background; $! is its process, which ends with the phase
#   say <text>                what is printed about the run
#   skip <reason>             ends the phase: this program cannot be run here
#   quick <a> <b>             prints a in a quick run, else b
#
# The folder has the same path in each phase, so that paths in results do not differ.
set -uo pipefail
name=$1
phase=$2
here=$(cd "$(dirname "$0")" && pwd)
export HERE=$here
export INPUT=$HALDE_WORK/$name/input
export LC_ALL=C.UTF-8 TZ=UTC HOME=$HALDE_WORK/$name/run/home
export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0

case $phase in
without) objects= ;;
with) objects=$HALDE_WORK/object.so ;;
walked)
    objects="$HALDE_WORK/object.so:$HALDE_WORK/agent.so"
    export HALDE_WALK_REPORTS=$HALDE_WORK/$name/walks
    mkdir -p "$HALDE_WALK_REPORTS"
    ;;
counted)
    objects=$HALDE_WORK/record.so
    export HALDE_RECORD=$HALDE_WORK/$name/counts
    mkdir -p "$HALDE_RECORD"
    ;;
esac

declare -A is_proved=()
fail() {
    printf 'phase.sh: %s: %s\n' "$name" "$1" >&2
    exit 1
}

# The dynamic linker itself says whether the object would be loaded: it is silent in a run, and the results would
# be equal.
prove() {
    local command=$1 loaded
    [ -n "$objects" ] && [ -z "${is_proved[$command]-}" ] || return 0
    is_proved[$command]=1
    loaded=$(LD_TRACE_LOADED_OBJECTS=1 LD_PRELOAD=$objects "$command" </dev/null 2>&1)
    [[ $loaded == *"${objects%%:*}"* ]] || fail "$command does not load the object"
}

p() {
    prove "$1"
    LD_PRELOAD=$objects "$@"
}

keep() {
    local title=$1 status
    shift
    p "$@" >"result/$title" 2>"log/$title"
    status=$?
    printf '%d\n' "$status" >"result/$title.status"
    return "$status"
}

servers=()
start() {
    prove "$1"
    LD_PRELOAD=$objects "$@" &
    servers+=($!)
}

end_servers() {
    local pid
    for pid in "${servers[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait || true
}

say() {
    printf '%s' "$*" >summary
}

skip() {
    printf '%s' "$*" >skip
    exit 0
}

quick() {
    if [ "$HALDE_QUICK" = 1 ]; then
        printf '%s' "$1"
    else
        printf '%s' "$2"
    fi
}

generate() { # <what> [arguments]: see generate.py
    python3 -B "$here/generate.py" "$@"
}

run=$HALDE_WORK/$name/run
mkdir -p "$run/result" "$run/log" "$run/home" "$run/tmp"
export TMPDIR=$run/tmp
cd "$run" || exit 1

# shellcheck source=/dev/null
. "$here/programs/$name.sh"

if [ "$phase" = without ] && declare -F prepare >/dev/null; then
    (set -e && cd "$INPUT" && prepare) || fail "cannot make the input"
fi
# Errors end the phase: set -e counts inside of a subshell that is not part of a condition.
(
    trap end_servers EXIT
    set -e
    exercise
)
status=$?
[ "$status" -eq 0 ] || fail "ended with status $status"
