#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: demo.sh <build directory>
# Runs the main job: what heaps there are, what is in one, and a walk of heaps that threads are using.
set -euo pipefail
build=${1:?usage: demo.sh <build directory>}

show() {
    printf '\n== %s\n\n' "$2"
    "$build/examples/$1"
}

show process_heaps "The heaps of this process (GetProcessHeaps)"
show enumerate_heap "What is in a fresh heap (HeapLock, HeapWalk, HeapUnlock)"
show walk_under_load "Heaps that four threads are using: locked, walked exactly, validated, destroyed"
