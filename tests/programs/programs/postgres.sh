#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: initdb, pgbench, queries in parallel, dump
# Needs: /usr/lib/postgresql/15/bin/postgres postgresql-15, pgbench postgresql-15
# Quick: no
# Walk: no
# Limit: 400
# shellcheck shell=bash

bin=$(dirname "$(readlink -f "$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb)")")

# The server refuses to be root: then all of it runs as nobody.
as_user() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$PWD/home" LD_PRELOAD="$objects" "$@"
    else
        p "$@"
    fi
}

sql() {
    as_user "$bin/psql" -h "$PWD/tmp" -U halde -d postgres -XAtq -v ON_ERROR_STOP=1 "$@"
}

exercise() {
    local transactions
    [ "$(id -u)" != 0 ] || chown -R nobody:nogroup .
    prove "$bin/postgres"
    as_user "$bin/initdb" -D "$PWD/tmp/data" -U halde -A trust --no-sync --locale=C.UTF-8 -E UTF8 >log/initdb 2>&1
    as_user "$bin/pg_ctl" -D "$PWD/tmp/data" -l "$PWD/tmp/server.log" -w start \
        -o "-k $PWD/tmp -c listen_addresses= -c fsync=off -c shared_buffers=64MB -c max_parallel_workers_per_gather=2 -c min_parallel_table_scan_size=0 -c parallel_setup_cost=0 -c jit=on -c jit_above_cost=1000" >log/start 2>&1
    trap 'as_user "$bin/pg_ctl" -D "$PWD/tmp/data" -m immediate stop >/dev/null 2>&1 || true; end_servers' EXIT
    if [ -n "$objects" ]; then
        grep -qF "${objects%%:*}" "/proc/$(head -n 1 tmp/data/postmaster.pid)/maps"
    fi
    as_user "$bin/pgbench" -h "$PWD/tmp" -U halde -i -s 3 -q postgres >log/init 2>&1
    transactions=$(quick 500 3000)
    as_user "$bin/pgbench" -h "$PWD/tmp" -U halde -c 6 -j 2 -t "$transactions" --random-seed=1 postgres >log/pgbench 2>&1
    grep -E 'actually processed|failed' log/pgbench >result/pgbench
    sql -f "$HERE/inputs/work.pgsql" >result/queries 2>log/queries
    as_user "$bin/pg_dump" -h "$PWD/tmp" -U halde -t facts -t words postgres >result/dump
    sed -i -E '/^\\(un)?restrict /d' result/dump
    as_user "$bin/pg_ctl" -D "$PWD/tmp/data" -m fast stop >log/stop 2>&1
    grep -c PANIC tmp/server.log >result/panics || true
    say "$("$bin/postgres" --version): initdb, pgbench with 6 clients and $((6 * transactions)) transactions, its books balanced," \
        "sorts, hash joins, windows, JSON, parallel workers, just-in-time code, dump"
}
