#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: redis.sh <measure> <preload object or ""> <output> <requests>
# redis-server on an allocator, redis-benchmark beside it on system malloc: figures of the server alone.
set -euo pipefail
measure=$1 object=$2 output=$3 requests=$4
# Debian's package links an allocator of its own: system malloc has to be preloaded before it.
[ -n "$object" ] || object=$(ldconfig -p | sed -n 's/.*libc\.so\.6 .*x86-64.* => //p' | head -n 1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$measure" --preload="$object" --output="$output" \
    redis-server --port 0 --unixsocket "$folder/socket" --save "" --dir "$folder" --loglevel warning &
for _ in $(seq 100); do
    [ -S "$folder/socket" ] && break
    sleep 0.05
done
redis-benchmark -s "$folder/socket" -q -n "$requests" -c 20 -P 16 -r 100000 -d 200 -t set,lpush,hset,get,lpop >/dev/null
redis-cli -s "$folder/socket" shutdown nosave >/dev/null 2>&1 || true
wait
