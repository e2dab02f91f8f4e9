#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: statistics_json.sh <build directory> <directory of the malloc tests>
# HALDE_OPTIONS=stats=json of a real program: two readers of JSON take it, it has the keys that
# halde-options(7) describes and no others, and its figures add up.
set -uo pipefail
build=${1:?}
preload=$build/libhalde-preload.so
command -v python3 >/dev/null || {
    echo "no python3 here"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2016
LD_PRELOAD=$preload HALDE_OPTIONS=stats=json perl -e '
    my @lists = map { [map { "x" x ($_ * 3) } 1 .. 200] } 1 .. 50;
    my $large = "y" x 5_000_000; @lists = ();' >"$work/out" 2>"$work/json" || exit 1
[ "$(wc -l <"$work/json")" -eq 1 ] || {
    echo "FAILED: not one line"
    exit 1
}
if command -v jq >/dev/null; then
    jq -e '.halde.heaps[0].peak_bytes > 5000000' "$work/json" >/dev/null || {
        echo "FAILED: jq"
        exit 1
    }
fi
python3 - "$work/json" <<'SCRIPT'
import json
import sys

HEAP = {
    "heap", "is_process_heap", "live_blocks", "live_bytes", "used_bytes", "peak_bytes",
    "committed_bytes", "reserved_bytes", "resident_bytes", "free_bytes", "mixed", "large", "spans",
    "classes",
}
MIXED = {"live_blocks", "live_bytes", "span_bytes"}
LARGE = {"live_blocks", "live_bytes", "slice_bytes"}
SPANS = {"span_bytes", "cached_bytes", "free_bytes"}
CLASS = {
    "block_bytes", "spans", "span_bytes", "busy_blocks", "busy_bytes", "cached_blocks",
    "free_blocks",
}


def expect(is_right, what):
    if not is_right:
        sys.exit(f"FAILED: {what}")


def check(heap):
    classes = heap["classes"]
    for name, keys, part in [("heap", HEAP, heap), ("mixed", MIXED, heap["mixed"]),
                             ("large", LARGE, heap["large"]), ("spans", SPANS, heap["spans"])] + [
                                 ("class", CLASS, one) for one in classes]:
        expect(set(part) == keys, f"{name} has the keys {sorted(part)}")
    places = [heap["mixed"], heap["large"]]
    blocks = sum(one["busy_blocks"] for one in classes) + sum(p["live_blocks"] for p in places)
    size = sum(one["busy_bytes"] for one in classes) + sum(p["live_bytes"] for p in places)
    expect(blocks == heap["live_blocks"], "blocks do not add up")
    expect(size == heap["live_bytes"], "bytes do not add up")
    expect(sum(one["span_bytes"] for one in classes) == heap["spans"]["span_bytes"], "spans")
    expect(sum(one["free_blocks"] * one["block_bytes"] for one in classes)
           == heap["spans"]["free_bytes"], "free bytes")
    expect(sum(one["cached_blocks"] * one["block_bytes"] for one in classes)
           == heap["spans"]["cached_bytes"], "cached bytes")
    used = heap["mixed"]["span_bytes"] + heap["large"]["slice_bytes"] + heap["spans"]["span_bytes"]
    expect(used == heap["used_bytes"] <= heap["peak_bytes"], "used bytes")
    expect(0 < heap["resident_bytes"] <= heap["committed_bytes"], "resident bytes")
    expect(classes == sorted(classes, key=lambda one: one["block_bytes"]), "order of classes")


with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
expect(set(document) == {"halde"}, "top")
expect(set(document["halde"]) == {"version", "heaps"}, "second level")
heaps = document["halde"]["heaps"]
expect([heap["is_process_heap"] for heap in heaps] == [True], "one heap")
expect(heaps[0]["peak_bytes"] > 5_000_000 and len(heaps[0]["classes"]) > 20, "what perl held")
for one_heap in heaps:
    check(one_heap)
print(f"{len(heaps[0]['classes'])} classes")
SCRIPT
