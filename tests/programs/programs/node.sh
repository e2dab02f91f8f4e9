#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: JSON, sorting, buffers, regular expressions, zlib, worker threads, child processes
# Needs: node nodejs
# Quick: yes
# Walk: yes
# Limit: 300
# shellcheck shell=bash

exercise() {
    keep digest node "$HERE/inputs/work.js" "$(quick 1 4)"
    say "node $(node --version): JSON, sorting, buffers, regular expressions, zlib, crypto, 4 worker threads, child processes"
}
