#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: redis-server under redis-benchmark; then its whole data set, saved and loaded again
# Needs: redis-server redis-server, redis-benchmark redis-tools
# Quick: yes
# Walk: yes
# Limit: 300
# shellcheck shell=bash

prepare() {
    generate redis "$(quick 30000 200000)" >commands
}

start_redis() {
    # Debian's package links another allocator; preloaded, the object is asked first.
    start redis-server --port 0 --unixsocket "$PWD/tmp/socket" --save "" --dir "$PWD/tmp" --enable-debug-command yes \
        --daemonize no --lazyfree-lazy-user-del yes --io-threads 2 --maxclients 200 >>log/server 2>&1
    local tries
    for tries in $(seq 100); do
        [ "$(ask PING 2>/dev/null)" = PONG ] && return
        sleep 0.1
    done
    echo "the server does not answer after $tries tries" >&2
    return 1
}

ask() {
    redis-cli -s "$PWD/tmp/socket" "$@"
}

exercise() {
    local requests
    requests=$(quick 40000 200000)
    start_redis
    local server=$!
    if [ -n "$objects" ]; then
        grep -qF "${objects%%:*}" "/proc/$server/maps"
    fi
    p redis-benchmark -s "$PWD/tmp/socket" -q -n "$requests" -c 20 -P 8 -r 50000 -d 100 \
        -t set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset >log/benchmark 2>&1
    ask FLUSHALL ASYNC >log/flush
    keep replies redis-cli -s "$PWD/tmp/socket" --pipe <"$INPUT/commands"
    grep -q 'errors: 0' result/replies
    ask DBSIZE >result/size
    ask DEBUG DIGEST >result/digest
    ask HGETALL hash:17 >result/hash
    ask ZRANGE sorted:5 0 -1 WITHSCORES >result/sorted
    ask GET grown:77 >result/grown
    ask SAVE >result/save          # in the server's own thread
    ask BGSAVE >log/save           # in a forked child
    while ask INFO persistence | grep -q 'rdb_bgsave_in_progress:1'; do sleep 0.1; done
    ask INFO persistence | grep 'rdb_last_bgsave_status' >result/background_save
    ask DEBUG RELOAD >result/reload
    ask DEBUG DIGEST >result/digest_loaded
    ask SHUTDOWN NOSAVE >log/shutdown 2>&1 || true
    wait "$server"
    cmp result/digest result/digest_loaded
    say "redis $(redis-server --version | sed 's/.*v=\([0-9.]*\).*/\1/'): 16 kinds of $requests requests by" \
        "redis-benchmark, then $(tail -n 1 result/replies | tr -dc '0-9 ' | awk '{print $NF}') commands," \
        "$(cat result/size) keys, saved by a forked child, loaded again"
}
