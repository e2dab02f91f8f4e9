#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: gcc, g++ and clang: the same object code, byte by byte
# Needs: gcc gcc, g++ g++, clang clang
# Quick: yes
# Walk: no
# Limit: 600
# shellcheck shell=bash

prepare() {
    generate c "$(quick 150 900)" >large.c
    generate cxx "$(quick 8 40)" >large.cpp
}

# cc1 and its like allocate: not the driver alone, which passes its environment on.
exercise() {
    local file
    ln -s "$INPUT/large.c" large.c
    ln -s "$INPUT/large.cpp" large.cpp
    prove "$(gcc -print-prog-name=cc1)"
    prove "$(gcc -print-prog-name=cc1plus)"
    keep gcc.text gcc -std=c17 -w -O2 -g -c large.c -o result/gcc.o
    keep g++.text g++ -std=c++17 -w -O1 -g -c large.cpp -o result/g++.o
    keep clang.text clang -std=c17 -w -O2 -g -c large.c -o result/clang.o
    keep clang++.text clang++ -std=c++17 -w -O1 -c large.cpp -o result/clang++.o
    keep gcc0.text gcc -std=c17 -w -O0 -c large.c -o result/gcc0.o
    keep link.text g++ -o result/program result/g++.o
    keep lto.text gcc -std=c17 -w -O2 -flto -frandom-seed=1 -o result/lto large.c
    for file in gcc.o g++.o clang.o clang++.o gcc0.o program lto; do
        [ -s "result/$file" ]
    done
    keep disassembly objdump -d --no-show-raw-insn result/gcc.o
    keep names nm -C result/g++.o
    say "gcc $(gcc -dumpversion), g++, clang $(clang -dumpversion), as, ld, link-time optimisation, objdump: a" \
        "$(wc -c <large.c | numfmt --to=iec) C file and $(wc -l <large.cpp) lines of C++ templates; object code equal byte by byte"
}
