#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: configuring, generating and building a project
# Needs: cmake cmake, gcc gcc, g++ g++, make make
# Quick: yes
# Walk: no
# Limit: 300
# shellcheck shell=bash

exercise() {
    keep configure cmake -S "$HERE/inputs/cmake" -B build -G "Unix Makefiles" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    keep build cmake --build build --target sample
    keep run ./build/sample
    keep tests ctest --test-dir build -N
    # All that was generated, but for logs, which hold times and names of scratch folders.
    find build -type f ! -name '*.log' ! -name '*.yaml' ! -path '*/CMakeScratch/*' ! -path '*CompilerId*' \
        ! -name '*.bin' ! -name LastTestsFailed.log -print0 | sort -z | xargs -0 sha256sum >result/files
    say "$(cmake --version | head -n 1): 400 targets configured, checks compiled, $(wc -l <result/files) files generated"
    sed -i -E 's/\([0-9.]+s\)//' result/configure
}
