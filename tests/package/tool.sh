#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: tool.sh <build directory>
# The installed and moved command finds its preload object beside itself, or where HALDE_PRELOAD says,
# and every verb has its manual page; completions lie where shells look.
# shellcheck source=tests/package/common.sh
. "$(dirname "$0")/common.sh"

if [ ! -e "$build/halde" ]; then
    echo "this build has no command line tool"
    exit 77
fi
mkdir -p "$work/moved"
install_tree "$work/moved/opt"
tool=$work/moved/opt/bin/halde
cd "$work" || exit 1
unset HALDE_PRELOAD

expect() { # <what> <command...>
    checks=$((checks + 1))
    local what=$1
    shift
    "$@" >"$work/log" 2>&1 || fail "$what: $(tail -n 5 "$work/log")"
}

expect "halde --version" "$tool" --version
share=$work/moved/opt/share
expect "no completion for bash" test -s "$share/bash-completion/completions/halde"
expect "no completion for zsh" test -s "$share/zsh/site-functions/_halde"
expect "no completion for fish" test -s "$share/fish/vendor_completions.d/halde.fish"
expect "no halde(1)" test -s "$share/man/man1/halde.1"
verbs=$("$tool" help --list)
expect "no verbs" test -n "$verbs"
for verb in $verbs; do
    expect "no halde-$verb(1)" test -s "$share/man/man1/halde-$verb.1"
    expect "halde-$verb(1) is not what the tool prints" \
        cmp "$share/man/man1/halde-$verb.1" <("$tool" help --man "$verb")
done
pages=("$share"/man/man1/halde*.1)
expect "a page without a verb" test "${#pages[@]}" -eq $(($(wc -w <<<"$verbs") + 1))

if grep -qx run <<<"$verbs" && [ -e "$work/moved/opt/lib/libhalde-preload.so" ]; then
    # shellcheck disable=SC2016 # for the inner shell
    probe=(sh -c 'grep -o "/.*libhalde-preload.so" /proc/$$/maps | sort -u')
    loaded=$("$tool" run -q --no-report --no-capture -- "${probe[@]}")
    expect "it loads $loaded" test "$loaded" = "$work/moved/opt/lib/libhalde-preload.so"
    cp "$work/moved/opt/lib/libhalde-preload.so" "$work/other-libhalde-preload.so"
    loaded=$(HALDE_PRELOAD=$work/other-libhalde-preload.so "$tool" run -q --no-report --no-capture -- "${probe[@]}")
    expect "HALDE_PRELOAD: it loads $loaded" test "$loaded" = "$work/other-libhalde-preload.so"
    # Without the object: one sentence, and our own exit code.
    for missing in moved nowhere; do
        checks=$((checks + 1))
        if [ "$missing" = moved ]; then
            mv "$work/moved/opt/lib/libhalde-preload.so" "$work/away.so"
            said=$("$tool" run -- true 2>&1)
        else
            said=$(HALDE_PRELOAD=/nowhere/x.so "$tool" run -- true 2>&1)
        fi
        status=$?
        [ "$status" -eq 125 ] && grep -q '^halde run: .*libhalde-preload\|^halde run: .*nowhere' <<<"$said" ||
            fail "no preload object ($missing): status $status, $said"
    done
fi
finish
