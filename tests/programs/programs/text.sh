#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: sort, grep, sed, tar, xz, zstd, bash and others in pipes
# Needs: xz xz-utils, zstd zstd, bash bash
# Quick: yes
# Walk: no
# Limit: 300
# shellcheck shell=bash

prepare() {
    generate text "$(quick 60000 300000)" >text
}

exercise() {
    keep sorted sort --parallel=2 -S 64M -k2,2n -k3 "$INPUT/text"
    keep unique bash -c 'cut -f3 "$1" | tr " " "\n" | sort | uniq -c | sort -rn | head -n 3000' - "$INPUT/text"
    keep grep grep -cP '(\w+) .* \1\b' "$INPUT/text"
    keep sed sed -E 's/([a-z]+) ([a-z]+)/\2 \1/g; /99/d' "$INPUT/text"
    p tar -C "$INPUT" -cf tmp/text.tar --mtime=@0 text
    keep xz xz -T2 -3 -c tmp/text.tar
    keep unxz bash -c 'xz -dc "$1" | tar -xO | sha256sum' - result/xz
    keep zstd zstd -q -T2 -6 -c tmp/text.tar
    keep unzstd bash -c 'zstd -dqc "$1" | sha256sum' - result/zstd
    keep shell bash -c 'declare -A a; for ((i = 0; i < 60000; i++)); do a[k$((i % 5000))]+=$i,; done
        for k in "${!a[@]}"; do echo "$k ${a[$k]}"; done | sort | sha256sum; for i in {1..100}; do (: | cat); done'
    keep find find /usr/include -name 'st*.h' -print
    keep diff diff -u --label a --label b <(head -n 30000 result/sorted) <(head -n 30000 "$INPUT/text") || true
    say "sort with threads, uniq, grep -P, sed, tar, xz and zstd with threads, bash with arrays and a hundred pipes, find, diff"
}
