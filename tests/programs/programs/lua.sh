#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: tables, strings, closures, coroutines
# Needs: lua5.4 lua5.4
# Quick: yes
# Walk: no
# Limit: 300
# shellcheck shell=bash

exercise() {
    keep digest lua5.4 "$HERE/inputs/work.lua" "$(quick 60 400)"
    say "$(lua5.4 -v | cut -d' ' -f1,2): tables, strings, sorting, closures, coroutines, collection"
}
