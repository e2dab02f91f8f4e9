# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# shellcheck shell=bash

# Sourced by the tests of this folder: $build, $top, $work, fail(), finish(), need(), install_tree().
set -uo pipefail
build=$(cd "${1:?usage: $0 <build directory>}" && pwd) || exit 1
# shellcheck disable=SC2034 # for those who source this
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
checks=0

fail() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*"
}

# Nothing checked is a failure, too.
finish() {
    printf '%d checks, %d failed\n' "$checks" "$failures"
    [ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
    exit
}

need() { # <command> <Debian package>
    if ! command -v "$1" >/dev/null; then
        printf '%s is not installed: apt-get install %s\n' "$1" "$2"
        exit 1
    fi
}

# Installs into one place and moves it to another: nothing installed may know where it was.
install_tree() { # <destination>
    if ! cmake --install "$build" --prefix "$work/first" >"$work/install.log" 2>&1; then
        cat "$work/install.log"
        fail "cmake --install"
        finish
    fi
    mv "$work/first" "$1"
}
