#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: associative arrays, regular expressions, sorting
# Needs: gawk gawk
# Quick: yes
# Walk: no
# Limit: 300
# shellcheck shell=bash

prepare() {
    generate text "$(quick 60000 400000)" >text
}

exercise() {
    keep digest gawk -f "$HERE/inputs/work.awk" "$INPUT/text"
    say "$(gawk --version | head -n 1 | cut -d, -f1): $(wc -l <"$INPUT/text") lines: words counted, fields split, sorted, substituted"
}
