#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: inserts, indexes, joins, windows, vacuum, integrity check
# Needs: sqlite3 sqlite3
# Quick: yes
# Walk: yes
# Limit: 300
# shellcheck shell=bash

prepare() {
    generate sql "$(quick 50000 300000)" >script.sql
}

exercise() {
    keep in_memory sqlite3 :memory: ".read $INPUT/script.sql"
    keep in_file sqlite3 tmp/data.db ".read $INPUT/script.sql"
    keep dump sqlite3 tmp/data.db .dump
    grep -qx ok result/in_memory
    say "sqlite3 $(sqlite3 --version | cut -d' ' -f1): $(quick 50,000 300,000) rows, in memory and in a file:" \
        "inserts, indexes, joins, windows, JSON, vacuum, integrity check, dump"
}
