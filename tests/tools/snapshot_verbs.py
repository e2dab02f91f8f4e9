# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 120
"""snap, diff, report and export on a real process: numbers against what the program says it did, files
against readers that are not ours.  HALDE_TEST_PPROF names a pprof program where there is no `go`."""

import gzip
import json
import os
import shutil
import struct
import subprocess
import zlib

from _checks import TOOL, check, compile_program, environment, finish, inside, need_access, need_preload, new_folder, run
from _snapshot_reader import Snapshot, varint

FOLDER = new_folder()

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void *kept[2000];
static int count;
__attribute__((noinline)) static void *make_connection(void)
{
    unsigned char *block = malloc(2000);
    memset(block, 'C', 2000);
    return block;
}
__attribute__((noinline)) static void *load_texture(void)
{
    unsigned char *block = malloc(70000);
    memset(block, 'T', 70000);
    return block;
}
__attribute__((noinline)) static void lose(void)
{
    void **pair = malloc(100);
    memset(pair, 0, 100);
    pair[1] = malloc(55);
    memset(pair[1], 'L', 55);
    __asm__ volatile("" : : "r"(pair) : "memory");
    pair = NULL;
}
__attribute__((noinline)) static void clear_stack(void)
{
    volatile char room[4096];
    for (unsigned i = 0; i < sizeof(room); i++) {
        room[i] = 0;
    }
}
int main(void)
{
    char line[16];
    for (int i = 0; i < 300; i++) {
        kept[count++] = make_connection();
    }
    for (int i = 0; i < 20; i++) {
        kept[count++] = load_texture();
    }
    for (int i = 0; i < 3; i++) {
        lose();
    }
    clear_stack();
    printf("ready %p\n", kept[0]);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        for (int i = 0; i < 100; i++) {
            kept[count++] = make_connection();
        }
        for (int i = 300; i < 305; i++) {
            free(kept[i]);
            kept[i] = NULL;
        }
        clear_stack();
        printf("grown\n");
        fflush(stdout);
    }
    return 0;
}
"""


def path(name):
    return os.path.join(FOLDER, name)


def halde(*words, code=0, text=True):
    result = run(*words, text=text, stdin=subprocess.DEVNULL)
    check(result.returncode == code, "halde", *words, "ended with", result.returncode, "not", code, ":", result.stderr)
    return result


def halde_json(*words, code=0):
    return json.loads(halde(*words, "--json", code=code).stdout)


def start_program():
    source, program = path("subject.c"), path("subject")
    with open(source, "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    compile_program(source, program, "-fno-optimize-sibling-calls")
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=inside())
    words = process.stdout.readline().split()
    return process, int(words[1], 16)


def grow(process):
    process.stdin.write("more\n")
    process.stdin.flush()
    check(process.stdout.readline() == "grown\n", "the program goes on")


# ---- The file, by another reader ----


def sums_by_size(blocks):
    sums = {}
    for block in blocks:
        sums[block["size"]] = sums.get(block["size"], 0) + 1
    return sums


def check_file(pid, first_block):
    if not shutil.which("zstd"):
        print("no zstd program: the file is not read by another reader")
        return
    snapshot = Snapshot(path("before.halde"))
    image = snapshot.image()
    check(image["pid"] == pid and image["name"] == "subject", "process of the image", image)
    check(image["mode"] == "exact" and not image["has_contents"], "mode", image)
    blocks = [block for block in snapshot.blocks() if block["kind"] == 0]
    sizes = sums_by_size(blocks)
    check(sizes.get(2000) == 300 and sizes.get(70000) == 20, "blocks by size", sizes)
    check(sizes.get(100) == 3 and sizes.get(55) == 3, "lost blocks", sizes)
    addresses = [block["address"] for block in blocks]
    check(addresses == sorted(set(addresses)) and first_block in addresses, "addresses")
    stacks = {block["stack"] for block in blocks if block["size"] == 2000}
    check(len(stacks) == 1 and len(next(iter(stacks))) >= 2, "one stack of connections")
    heap = snapshot.heaps()[0]
    own = [block for block in blocks if block["heap"] == 0]
    check(heap["busy_count"] == len(own) and heap["busy_size"] == sum(b["size"] for b in own),
          "sums of the heap", heap)
    full = Snapshot(path("full.halde"))
    check(full.memory(first_block, 2000) == b"C" * 2000, "bytes of a block")
    lost = [block["class"] for block in full.blocks() if block["size"] in (55, 100)]
    check(sorted(lost) == [3, 3, 3, 4, 4, 4], "classes", lost)


# ---- Verbs ----


def check_snap(pid):
    for name, *options in (("before.halde",), ("full.halde", "--contents", "--leaks"), ("free.halde", "--free")):
        told = halde_json("snap", str(pid), "-o", path(name), *options)
        check(told["schema"] == "halde.snap/1" and told["pid"] == pid, "snap tells", told)
        check(told["file_bytes"] == os.path.getsize(path(name)), "size of the file", told)
    check(os.stat(path("full.halde")).st_mode & 0o77 == 0, "contents are the owner's")
    piped = halde("snap", str(pid), "-o", "-", "--quiet", text=False).stdout
    with open(path("piped.halde"), "wb") as file:
        file.write(piped)
    check(len(halde("walk", path("piped.halde"), "--jsonl").stdout.splitlines()) ==
          len(halde("walk", path("before.halde"), "--jsonl").stdout.splitlines()), "snapshot by a pipe")
    again = halde_json("snap", path("full.halde"), "--contents", "-o", path("again.halde"))
    check(again["blocks"] == halde_json("snap", str(pid), "-o", path("x.halde"))["blocks"], "copy", again)
    result = halde("snap", path("full.halde"), "-o", path("full.halde"), code=2)
    check("is what is read" in result.stderr, "a snapshot is not written over itself", result.stderr)
    result = halde("snap", str(pid), "-o", "/nonexistent/a.halde", code=2)
    check("/nonexistent/a.halde" in result.stderr, "a folder that is not there", result.stderr)


def check_same_walk(pid):
    """The snapshot of a process that stands still tells what the process does."""
    def lines(subject):
        output = halde("walk", subject, "--jsonl").stdout.splitlines()
        rows = [json.loads(line) for line in output]
        return [(row["address"], row["size"]) for row in rows if "address" in row]
    check(lines(str(pid)) == lines(path("before.halde")), "walk of process and snapshot")


def check_diff():
    before, after = path("before.halde"), path("after.halde")
    same = halde_json("diff", before, before)
    check(not same["has_finding"] and same["changes"] == [], "no difference to itself", same)
    told = halde_json("diff", before, after, code=1)
    changes = {change["name"]: change for change in told["changes"]}
    connections = changes.get("make_connection <- main", {})
    textures = changes.get("load_texture <- main", {})
    check(connections.get("bytes") == 200000 and connections.get("blocks") == 100, "grown", connections)
    check(connections.get("before") == {"bytes": 600000, "blocks": 300}, "before", connections)
    check(textures.get("bytes") == -350000 and textures.get("blocks") == -5, "shrunk", textures)
    check(told["changes"][0] == textures, "largest first")
    total = sum(change["bytes"] for change in told["changes"])
    check(told["after"]["bytes"] - told["before"]["bytes"] == total, "sum of the changes", told)
    text = halde("diff", before, after, code=1).stdout
    check("+195.3K" in text and "(+100 blocks," in text and connections["hash"][:6] in text, "text", text)
    halde("diff", before, after, "--threshold", "1M")
    halde("diff", before, after, "--threshold", "100K", code=1)
    halde("diff", before, path("nothing"), code=2)
    halde("diff", before, after, "--by", "colour", code=2)
    for by in ("type", "heap", "class", "thread", "module", "age"):
        told = halde_json("diff", before, after, "--by", by, code=1)
        check(sum(change["bytes"] for change in told["changes"]) == total, "sum by", by, told)
    modules = halde_json("diff", before, after, "--by", "module", code=1)["changes"]
    check([change["name"] for change in modules] == ["subject"], "modules", modules)


def check_trend():
    snapshots = [path(f"{name}.halde") for name in ("before", "after", "third")]
    told = halde_json("diff", *snapshots, code=1)
    steady, *rest = told["changes"]
    check(steady["name"] == "make_connection <- main" and steady["is_steady"] and steady["grown_steps"] == 2 and
          steady["bytes_series"] == [600000, 800000, 1000000], "steady growth first", steady)
    check(steady["bytes"] == 400000 and steady["before"]["bytes"] == 600000, "from the first to the last", steady)
    check(rest and not any(change["is_steady"] for change in rest), "the rest", rest)
    check(max(rest, key=lambda change: abs(change["bytes"])) == rest[0], "then by size", rest)
    total = sum(change["bytes"] for change in told["changes"])
    check(told["after"]["bytes"] - told["before"]["bytes"] == total and len(told["between"]) == 1, "sums", told)
    text = halde("diff", *snapshots, code=1).stdout
    check("+390.6K" in text and "2 of 2" in text and "585.9K 781.3K 976.6K" in text, "text", text)
    halde("diff", *snapshots, "--threshold", "1M")
    # Up and down is no trend; many are told as a curve.
    up_and_down = [snapshots[1], snapshots[0], snapshots[2]]
    told = halde_json("diff", *up_and_down)
    check(not told["has_finding"] and told["change_count"] > 0, "up and down", told)
    text = halde("diff", *snapshots, *snapshots, *snapshots).stdout
    check("6 of 8" in text, "nine snapshots", text)
    halde("diff", *snapshots, path("nothing"), code=2)


def check_report():
    told = halde_json("report", path("full.halde"))
    leaks = told["leak_totals"]
    check(leaks["definite"] == {"blocks": 3, "bytes": 300}, "definite", leaks)
    check(leaks["indirect"] == {"blocks": 3, "bytes": 165}, "indirect", leaks)
    check(any("3 blocks" in verdict for verdict in told["verdicts"]), "verdicts", told["verdicts"])
    top = told["top_sites"]["by_live"]
    check(top[0]["name"] == "load_texture <- main" and top[0]["live"]["bytes"] == 1400000, "top", top[0])
    check(not told["has_course"], "no course in a snapshot")
    check(sum(size["live"]["blocks"] for size in told["sizes"]) == told["live"]["blocks"], "sizes", told)
    text = halde("report", path("full.halde"), "--explain").stdout
    check("load_texture" in text and "Definite: no pointer" in text, "text of the report", text)
    halde("report", path("nothing"), code=2)


# ---- Other formats ----


def protobuf(data):
    """Fields of a message: number, value (int or bytes)."""
    fields, place = [], 0
    while place < len(data):
        key, place = varint(data, place)
        value, place = varint(data, place)
        if key & 7 == 2:
            value, place = data[place:place + value], place + value
        fields.append((key >> 3, value))
    return fields


def packed(data):
    values, place = [], 0
    while place < len(data):
        value, place = varint(data, place)
        values.append(value)
    return values


def pprof_totals(name):
    """Sums by type and by the innermost function, out of the file itself."""
    with gzip.open(path(name)) as file:
        fields = protobuf(file.read())
    strings = [value.decode() for number, value in fields if number == 6]
    types = [strings[dict(protobuf(value))[1]] for number, value in fields if number == 1]
    functions = {dict(protobuf(v))[1]: strings[dict(protobuf(v))[2]] for n, v in fields if n == 5}
    locations = {}
    for number, value in fields:
        if number == 4:
            location = protobuf(value)
            line = next(part for field, part in location if field == 4)
            locations[dict(location)[1]] = functions[dict(protobuf(line))[1]]
    totals = {kind: 0 for kind in types}
    by_function = {}
    for number, value in fields:
        if number == 2:
            sample = dict(protobuf(value))
            values = packed(sample[2])
            for kind, amount in zip(types, values):
                totals[kind] += amount
            function = locations[packed(sample[1])[0]]
            by_function[function] = by_function.get(function, 0) + values[types.index("inuse_space")]
    default = strings[dict(fields)[14]]
    return totals, by_function, default


def recorded_sum():
    rows = [json.loads(line) for line in
            halde("export", "--to", "jsonl", path("before.halde")).stdout.splitlines()]
    return rows, sum(row["size"] for row in rows)


def check_go_pprof(total):
    program = os.environ.get("HALDE_TEST_PPROF")
    command = [program] if program else [shutil.which("go"), "tool", "pprof"] if shutil.which("go") else None
    if not command:
        print("no go, and no HALDE_TEST_PPROF: pprof does not read our file")
        return
    output = subprocess.run([*command, "-top", "-unit=B", path("heap.pb.gz")], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, env=dict(os.environ, HOME=FOLDER)).stdout
    check(f"of {total}B total" in output, "pprof's total", output)
    check("1400000B" in output and "load_texture" in output, "pprof's functions", output)
    check("Type: inuse_space" in output, "pprof's default", output)


def check_export():
    rows, total = recorded_sum()
    check(len(rows) == halde_json("snap", path("before.halde"), "-o", path("x.halde"))["blocks"], "rows")
    halde("export", "--to", "pprof", path("before.halde"), "-o", path("heap.pb.gz"))
    totals, by_function, default = pprof_totals("heap.pb.gz")
    check(totals == {"inuse_objects": len(rows), "inuse_space": total}, "totals of pprof", totals, total)
    check(by_function["make_connection"] == 600000 and by_function["load_texture"] == 1400000,
          "functions of pprof", by_function)
    check(default == "inuse_space", "default of pprof", default)
    check_go_pprof(total)
    folded = halde("export", "--to", "folded", path("before.halde")).stdout.splitlines()
    check(sum(int(line.rsplit(" ", 1)[1]) for line in folded) == total, "folded", folded)
    check(any(line.endswith("main;make_connection 600000") for line in folded), "folded", folded)
    blocks = halde("export", "--to", "folded", "--value", "blocks", path("before.halde")).stdout
    check(sum(int(line.rsplit(" ", 1)[1]) for line in blocks.splitlines()) == len(rows), "blocks", blocks)
    scope = json.loads(halde("export", "--to", "speedscope", path("before.halde")).stdout)
    profile = scope["profiles"][0]
    check(profile["unit"] == "bytes" and sum(profile["weights"]) == total == profile["endValue"], "speedscope")
    names = [[scope["shared"]["frames"][frame]["name"] for frame in sample] for sample in profile["samples"]]
    check(["main", "make_connection"] in [stack[-2:] for stack in names], "stacks of speedscope", names)
    table = halde("export", "--to", "csv", path("before.halde")).stdout.splitlines()
    check(len(table) == len(rows) + 1 and all(line.count(",") == table[0].count(",") for line in table), "csv")
    result = halde("export", "--to", "folded", "--value", "allocated-bytes", path("before.halde"), code=2)
    check("captures of halde run" in result.stderr, "allocated bytes of a snapshot", result.stderr)
    halde("export", path("before.halde"), code=2)
    halde("export", "--to", "xml", path("before.halde"), code=2)
    halde("export", "--to", "pprof", path("before.halde"), "-o", "/nonexistent/x", code=2)


# ---- Files that are none ----


def check_bad_files():
    with open(path("before.halde"), "rb") as file:
        good = file.read()
    newer = bytearray(good)
    struct.pack_into("<H", newer, 8, 9)
    struct.pack_into("<I", newer, 28, zlib.crc32(newer[:28]))
    cases = {
        "cut.halde": (good[:len(good) // 2], 0, "cut off"),
        "newer.halde": (bytes(newer), 2, "version 9.0"),
        "head.halde": (good[:20], 2, "damaged or cut off"),
        "only_head.halde": (good[:32], 2, "nothing was written"),
    }
    for name, (data, code, sentence) in cases.items():
        with open(path(name), "wb") as file:
            file.write(data)
        result = halde("report", path(name), code=code)
        check(sentence in result.stderr, name, ":", result.stderr)
        check(result.stderr.startswith("halde report: "), "who says it", result.stderr)


# ---- A capture ----


def check_capture():
    """A recorded run: all that was allocated, and what is left."""
    result = run("run", "--no-report", "--quiet", "-o", path("run.halde"), "--", path("subject"), input="a\n")
    if result.returncode != 0 or not os.path.exists(path("run.halde")):
        check(False, "halde run:", result.returncode, result.stderr)
        return
    told = halde_json("report", path("run.halde"))
    check(told["has_course"] and told["process"]["ended"] == "exited", "capture", told["process"])
    check(told["allocated"]["bytes"] - told["freed"]["bytes"] == told["live"]["bytes"], "sums", told["live"])
    sites = {site["name"]: site for site in told["top_sites"]["by_allocated"]}
    connections = sites.get("make_connection <- main", {})
    check(connections.get("allocated") == {"blocks": 400, "bytes": 800000}, "allocated", connections)
    textures = sites.get("load_texture <- main", {})
    check(textures.get("live") == {"blocks": 15, "bytes": 1050000}, "live", textures)
    check(textures.get("freed_blocks") == 5, "freed", textures)
    halde("export", "--to", "pprof", path("run.halde"), "-o", path("run.pb.gz"))
    totals, _, default = pprof_totals("run.pb.gz")
    check(totals["alloc_objects"] == told["allocated"]["blocks"], "alloc_objects", totals)
    check(totals["alloc_space"] == told["allocated"]["bytes"], "alloc_space", totals)
    check(totals["inuse_space"] == told["live"]["bytes"] and default == "inuse_space", "inuse_space", totals)
    if shutil.which("zstd"):
        Snapshot(path("run.halde"))


def check_samples():
    """Sums are exact; what sites hold is estimated, here from nearly nine of ten blocks."""
    result = run("run", "--no-report", "--quiet", "--mode", "sample", "--interval", "1K", "-o", path("sampled.halde"),
                 "--", path("subject"), input="a\n")
    if result.returncode != 0:
        check(False, "halde run --mode sample:", result.returncode, result.stderr)
        return
    told = halde_json("report", path("sampled.halde"))
    check(told["is_sampled"] and told["leak_totals"]["definite"] == {"blocks": 3, "bytes": 300}, "exact", told["leak_totals"])
    live = {site["name"]: site["live"] for site in told["top_sites"]["by_live"]}
    connections = live.get("make_connection <- main", {"blocks": 0, "bytes": 0})
    check(680000 < connections["bytes"] < 920000 and 340 < connections["blocks"] < 460, "estimate", live)
    exact = halde_json("report", path("run.halde"))
    check("temporary_blocks" in exact, "temporary, recorded exactly")
    check(all("temporary_blocks" in site for site in told["top_sites"]["by_live"]), "temporary of sites", told)
    check(abs(told["temporary_blocks"] - exact["temporary_blocks"]) <= 20 + exact["temporary_blocks"] / 4,
          "temporary, sampled", told["temporary_blocks"], exact["temporary_blocks"])
    check(abs(told["live"]["bytes"] - exact["live"]["bytes"]) < 20000, "live", told["live"], exact["live"])


ALIKE = r"""
#include <stdlib.h>
static void *volatile kept[100];
static int count;
__attribute__((noinline)) static void make(int size) { kept[count++] = malloc((size_t)size); }
__attribute__((noinline)) static void add(int size) { make(size); count += 0 * size; __asm__ volatile(""); }
__attribute__((noinline)) static void first(int size) { add(size); __asm__ volatile(""); }
__attribute__((noinline)) static void second(int size) { add(size + 1); __asm__ volatile(""); }
__attribute__((noinline)) static void other(int size) { make(size + 2); __asm__ volatile(""); }
__attribute__((noinline)) static void deep(int depth)
{
    if (depth == 0) {
        kept[count++] = malloc(50);
    } else {
        deep(depth - 1);
    }
    __asm__ volatile("");
}
__attribute__((noinline)) static void deeper(int depth) { deep(depth); __asm__ volatile(""); }
__attribute__((noinline)) static void deepest(int depth) { deeper(depth); __asm__ volatile(""); }
int main(int argc, char **argv)
{
    (void)argv;
    for (int i = 0; i < 10 * argc; i++) {
        first(1000);
        second(2000);
        other(3000);
    }
    for (int i = 0; i < argc - 1; i++) {
        deepest(1);
        deepest(2);
    }
    return 0;
}
"""


def check_labels():
    """Stacks whose innermost two functions are the same read differently."""
    source, program = path("alike.c"), path("alike")
    with open(source, "w", encoding="utf-8") as file:
        file.write(ALIKE)
    compile_program(source, program, "-fno-optimize-sibling-calls")
    for name, arguments in (("one.halde", []), ("two.halde", ["more"])):
        halde("run", "--quiet", "--no-report", "-o", path(name), "--", program, *arguments)
    changes = halde_json("diff", path("one.halde"), path("two.halde"), code=1)["changes"]
    names = {change["name"]: change["bytes"] for change in changes}
    expected = {"make <- add <- first": 10000, "make <- add <- second": 20010, "make <- other": 30020}
    expected["deep <- deeper"] = 50  # two stacks, which no caller tells apart, but their hashes
    check(names == expected, "labels of stacks that read alike", names)
    deep = [change["hash"] for change in changes if change["name"] == "deep <- deeper"]
    check(len(set(deep)) == 2, "hashes of stacks that read alike", deep)


def check_full_disk():
    """Output that is lost is said once, with the exit code that says so."""
    after = path("after.halde")
    for words in (["leaks", path("full.halde")], ["leaks", path("full.halde"), "--json"], ["walk", after],
                  ["walk", after, "--jsonl"], ["heaps", after], ["report", after], ["report", after, "--json"],
                  ["diff", path("before.halde"), after], ["export", "--to", "csv", after], ["snap", after, "-o", "-"],
                  ["who", path("full.halde"), "0x55", "--json"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([TOOL, *words, "--quiet"], stdout=full, stderr=subprocess.PIPE, text=True,
                                    env=environment(), timeout=60, check=False)
        check(result.returncode == 2 and result.stderr.count("\n") == 1 and
              ("could not be written" in result.stderr or "cannot write" in result.stderr),
              "a full disk:", words, result.returncode, result.stderr)


def main():
    need_preload()
    process, first_block = start_program()
    try:
        need_access(process.pid)
        check_snap(process.pid)
        check_same_walk(process.pid)
        grow(process)
        halde("snap", str(process.pid), "-o", path("after.halde"))
        grow(process)
        halde("snap", str(process.pid), "-o", path("third.halde"))
    finally:
        process.stdin.close()
        process.wait()
    check_file(process.pid, first_block)
    check_diff()
    check_trend()
    check_report()
    check_export()
    check_bad_files()
    check_capture()
    check_samples()
    check_labels()
    check_full_disk()
    finish()


main()
