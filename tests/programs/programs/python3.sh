#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: python3's own regression tests
# Needs: python3 python3, /usr/lib/python3.11/test/test_re.py libpython3.11-testsuite
# Quick: yes
# Walk: yes
# Limit: 900
# shellcheck shell=bash

# Debian's package of these tests leaves some out (sqlite3, ctypes); a python3 in PATH that has them all is
# preferred.  What is compared is the outcome of every single test case.
wanted="test_threading test_subprocess test_json test_re test_sqlite3 test_ctypes test_gc"
wanted+=" test_dict test_list test_bytes test_memoryview test_io test_pickle test_queue test_weakref test_zlib"
wanted+=" test_array test_collections test_itertools test_generators test_struct test_fork1 test_thread"
wanted+=" test_bigmem test_decimal test_xml_etree test_mmap test_select test_socketserver test_os"

choose_python() { # the python3 that has most of the wanted tests
    local python best=0 count
    for python in "$(command -v python3)" /usr/bin/python3; do
        count=$("$python" - $wanted 2>/dev/null <<'SCRIPT' || echo 0
import importlib.util, sys
print(sum(importlib.util.find_spec("test." + name) is not None for name in sys.argv[1:]))
SCRIPT
)
        if [ "$count" -gt "$best" ]; then
            best=$count
            "$python" -c 'import sys; print(sys.executable)' >"$INPUT/python"
        fi
    done
}

prepare() {
    choose_python
    local name
    for name in $wanted; do
        if "$(cat python)" -c "import test.$name" >/dev/null 2>&1; then
            printf '%s ' "$name"
        fi
    done >tests
    echo >>tests
}

# Names and outcomes from regrtest's XML report, without the times. Objects are named by their address in a few.
outcomes() {
    "$(cat "$INPUT/python")" - "$1" <<'SCRIPT'
import re, sys
import xml.etree.ElementTree as tree
for case in tree.parse(sys.argv[1]).iter("testcase"):
    what = [child.tag for child in case if child.tag not in ("system-out", "system-err")]
    name = re.sub(r"0x[0-9a-f]+", "0x", case.get("name"))
    print(name, case.get("status"), case.get("result"), *what)
SCRIPT
}

regression_tests() { # <title> <tests...>
    local title=$1 status=0
    shift
    # Time limits inside of the tests are for one program on one processor.
    p "$python" -m test -j2 --timeout 240 --junit-xml "$PWD/log/$title.xml" "$@" >"log/$title" 2>&1 || status=$?
    [ -s "log/$title.xml" ]
    outcomes "log/$title.xml" | sort >"result/$title"
    printf '%d\n' "$status" >"result/$title.status"
}

exercise() {
    local python tests
    python=$(cat "$INPUT/python")
    read -r -a tests <"$INPUT/tests"
    if [ "$HALDE_QUICK" = 1 ]; then
        tests=(test_threading test_json test_re test_gc test_dict test_fork1)
    fi
    # Its own pools serve small objects: without them each is a malloc.
    PYTHONMALLOC=malloc regression_tests every_object_a_malloc "${tests[@]}"
    [ "$HALDE_QUICK" = 1 ] || regression_tests pools "${tests[@]}"
    say "$("$python" -V), $(cat result/every_object_a_malloc result/pools 2>/dev/null | wc -l) test cases of" \
        "${#tests[@]} test programs, with and without its own pools"
}
