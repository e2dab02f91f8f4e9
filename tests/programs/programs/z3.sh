#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: integer puzzles, bit vectors, arrays
# Needs: z3 z3
# Quick: yes
# Walk: no
# Limit: 300
# shellcheck shell=bash

prepare() {
    generate smt "$(quick 25 150)" >puzzles.smt2
}

exercise() {
    keep answers z3 -st "$INPUT/puzzles.smt2"
    # Of its statistics those that count steps, not time and memory: the solver took the same way.
    sed -i -E '/time|memory|rlimit|allocs/d' result/answers
    say "$(z3 --version | cut -d' ' -f1-3): $(grep -cx 'sat\|unsat' result/answers) problems of integers, bit vectors and arrays, the same steps to the answer"
}
