#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: hashes, regular expressions, sorting, closures, threads, fork and pipes
# Needs: perl perl
# Quick: yes
# Walk: no
# Limit: 300
# shellcheck shell=bash

exercise() {
    keep digest perl "$HERE/inputs/work.pl" "$(quick 40000 200000)"
    say "perl: hashes, regular expressions, sorting, closures, sprintf, Storable, 4 threads, 8 forked children"
}
