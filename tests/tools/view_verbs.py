#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 120

"""heaps, walk, check and addr on a process that says itself what it has: view_verbs.py TOOL PRELOAD BUILD."""

import json
import os
import re
import shutil
import subprocess

from _checks import TOP, check, compile_program, finish, inside, need_access, need_preload, new_folder, run, skip


def compile_subject(folder):
    return compile_program("view_subject.c", os.path.join(folder, "subject"), "-D_GNU_SOURCE", "-std=c17",
                           "-fno-builtin", "-I", os.path.join(TOP, "include"))


class Subject:
    """The process, its own walk, and addresses in it."""

    def __init__(self, path, *arguments, options=""):
        self.process = subprocess.Popen([path, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=inside(options))
        words = self.process.stdout.readline().split()
        if not words:
            if self.process.wait() == 77:
                skip("the preload object is not in the program")
            check(False, "the program ended with", self.process.returncode)
            finish()
        self.addresses = dict(zip(words[::2], words[1::2]))
        self.walk = []
        for line in self.process.stdout:
            if line == "end\n":
                break
            heap, kind, data, size, overhead, place = line.split()
            self.walk.append((heap, kind, int(data, 16), int(size), int(overhead), place))
        self.pid = str(self.process.pid)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def documents(*arguments):
    result = run(*arguments)
    check(result.returncode == 0, arguments, result.stderr)
    return [json.loads(line) for line in result.stdout.splitlines()]


def document(*arguments):
    found = documents(*arguments, "--json")
    return found[0] if found else {}


# ---- The same as inside --------------------------------------------------------------------------


def compare(subject, blocks, what):
    """Every element of the process's walk, and no other one."""
    own = {(heap, data): (kind, size, overhead) for heap, kind, data, size, overhead, place in subject.walk
           if kind != "region" and place != "alone"}
    large = {(heap, data): size for heap, kind, data, size, overhead, place in subject.walk if place == "alone"}
    wrong = []
    seen = 0
    for block in blocks:
        key = (block["heap"], int(block["address"], 16))
        if large.get(key) == block["size"]:
            seen += 1
            continue
        if block["kind"] in ("free", "cached"):
            # The walk inside shows data behind the start, and fewer bytes.
            inside = next((own[(key[0], key[1] + offset)] for offset in (0, 16) if (key[0], key[1] + offset) in own), None)
            is_right = inside is not None and inside[0] == "free" and inside[1] <= block["size"]
        else:
            inside = own.get(key)
            is_right = inside is not None and inside[:2] == (block["kind"], block["size"])
            is_right = is_right and (block["kind"] != "busy" or inside[2] == block["overhead_bytes"])
        seen += 1
        if not is_right:
            wrong.append((block, inside))
    check(not wrong, what, len(wrong), "of", seen, "elements are wrong:", wrong[:3])
    check(seen == len(own) + len(large), what, "elements:", seen, "inside:", len(own) + len(large))
    check(seen > 5000, what, "only", seen, "elements")


def test_walk(subject):
    blocks = documents("walk", subject.pid, "--free", "--jsonl")
    compare(subject, blocks, "walk")
    busy = documents("walk", subject.pid, "--jsonl")
    check([b for b in blocks if b["kind"] == "busy"] == busy, "walk without --free is not the busy ones")
    addresses = [int(block["address"], 16) for block in blocks]
    check(addresses == sorted(addresses), "walk is not in the order of addresses")
    return blocks


def test_heaps(subject, blocks):
    found = document("heaps", subject.pid)
    handles = list(dict.fromkeys(entry[0] for entry in subject.walk))
    check([heap["handle"] for heap in found["heaps"]] == handles, "heaps:", found["heaps"])
    for heap in found["heaps"]:
        own = [entry for entry in subject.walk if entry[0] == heap["handle"] and entry[1] == "busy"]
        check(heap["live_blocks"] == len(own), "blocks of", heap["handle"], heap["live_blocks"], len(own))
        check(heap["live_bytes"] == sum(entry[3] for entry in own), "live bytes of", heap["handle"])
        free = sum(b["size"] for b in blocks if b["heap"] == heap["handle"] and b["kind"] in ("free", "cached"))
        check(heap["free_bytes"] == free, "free bytes of", heap["handle"], heap["free_bytes"], free)
        check(heap["is_exact"], heap["handle"], "is not exact")
        regions = [hex(entry[2]) for entry in subject.walk if entry[0] == heap["handle"] and entry[1] == "region"]
        check([region["start"] for region in heap["regions"]] == regions, "regions of", heap["handle"])
    check(found["total"]["live_blocks"] == sum(heap["live_blocks"] for heap in found["heaps"]), "total")
    check(found["heaps"][0]["name"] == "process" and found["threads"] == 5, "name, threads")
    text = run("heaps", subject.pid, "--regions").stdout
    check("paused" in text and "3 heaps" in text and "fixed" in text, text)


def test_core(subject, folder):
    if shutil.which("gcore") is None:
        print("gcore is not there: no core file")
        return
    path = os.path.join(folder, "core")
    made = subprocess.run(["gcore", "-o", path, subject.pid], capture_output=True, text=True, check=False)
    path += "." + subject.pid
    if made.returncode != 0 or not os.path.exists(path):
        print("no core file:", made.stderr)
        return
    check(os.stat(path).st_size < 1 << 30, "the core file has", os.stat(path).st_size, "bytes")
    compare(subject, documents("walk", path, "--free", "--jsonl"), "walk of a core file")
    check(run("check", path).returncode == 0, "check of a core file")
    os.unlink(path)


# ---- Expressions ---------------------------------------------------------------------------------


def test_expressions(subject, blocks):
    handle = subject.walk[-1][0]
    block = next(b for b in blocks if b["kind"] == "busy")
    cases = [
        ("busy", lambda b: b["kind"] == "busy"),
        ("!busy", lambda b: b["kind"] != "busy"),
        ("size >= 4K", lambda b: b["kind"] == "busy" and b["size"] >= 4096),
        ("size>=1K&&size<2K", lambda b: b["kind"] == "busy" and 1024 <= b["size"] < 2048),
        ("free || cached", lambda b: b["kind"] in ("free", "cached")),
        ("cached && size != 64", lambda b: b["kind"] == "cached" and b["size"] != 64),
        ("kind == uncommitted", lambda b: b["kind"] == "uncommitted"),
        ("kind ~ cach || kind == 'free'", lambda b: b["kind"] in ("free", "cached")),
        ("large && busy", lambda b: b["kind"] == "busy" and b["place"] == "large"),
        ("place == span && (size == 100 || size = 200)", lambda b: b["kind"] == "busy" and b["place"] == "span"
         and b["size"] in (100, 200)),
        ("heap == process", lambda b: b["kind"] == "busy" and b["heap"] == subject.walk[0][0]),
        (f"heap == {handle}", lambda b: b["kind"] == "busy" and b["heap"] == handle),
        (f"address <= {block['address']}", lambda b: b["kind"] == "busy" and
         int(b["address"], 16) <= int(block["address"], 16)),
        ("!(size < 1M) || overhead > 1000 && busy", lambda b: b["kind"] == "busy" and
         (b["size"] >= 1 << 20 or b["overhead_bytes"] > 1000)),
        ("age > 1s", lambda b: False),
        ("age != 1s && debug", lambda b: False),
    ]
    for expression, judge in cases:
        wanted = [b for b in blocks if judge(b)]
        extra = ["--free"] if expression == "!busy" else []
        found = documents("walk", subject.pid, "--jsonl", "--where", expression, *extra)
        check(found == wanted, expression, len(found), "wanted", len(wanted))
        sums = document("walk", subject.pid, "--count", "--where", expression, *extra)
        check((sums["block_count"], sums["bytes"], sums["blocks"]) == (len(wanted), sum(b["size"] for b in wanted), []),
              "--count", expression, sums)
    process = [b for b in blocks if b["heap"] == subject.walk[0][0] and b["kind"] == "busy"]
    check(documents("walk", subject.pid, "--jsonl", "--heap", "process") == process, "--heap")
    sums = document("walk", subject.pid, "--count", "--heap", "process")
    check(sums["block_count"] == len(process), "--heap --count", sums["block_count"], len(process))


def test_wrong_expressions(subject):
    deep = "(" * 100 + "busy" + ")" * 100
    for expression, position, word in (
            ("", 1, "ends too early"), ("size >", 7, "a size"), ("size > x", 8, "a size"), ("size 5", 6, "compared"),
            ("busy &&", 8, "ends too early"), ("busy size > 5", 6, "&& or ||"), ("(busy", 6, "not closed"),
            ("sizee > 5", 1, "no field"), ("size ~ 5", 6, "number"), ("kind < busy", 6, "text"),
            ("kind == 'x", 9, "no end"), ("age > 5", 7, "duration"), (deep, None, "parentheses"),
            ("busy || " * 400 + "busy", None, "too long")):
        result = run("walk", subject.pid, "--where", expression)
        check(result.returncode == 2 and not result.stdout, expression[:30], result.returncode, result.stdout[:100])
        check(word in result.stderr, expression[:30], result.stderr[-300:])
        if position is not None:
            check(f"position {position} " in result.stderr, expression[:30], result.stderr)
    for options in (("--sort", "foo"), ("--sort", "size:up"), ("--top", "0"), ("--limit", "x"), ("--heap", "nope")):
        result = run("walk", subject.pid, *options)
        check(result.returncode == 2 and result.stderr.startswith("halde walk: "), options, result.stderr)


def test_order(subject, blocks):
    busy = [b for b in blocks if b["kind"] == "busy"]
    sizes = sorted((b["size"] for b in busy), reverse=True)
    found = documents("walk", subject.pid, "--jsonl", "--top", "50")
    check([b["size"] for b in found] == sizes[:50], "--top 50")
    found = documents("walk", subject.pid, "--jsonl", "--sort", "size", "--limit", "70")
    check([b["size"] for b in found] == sizes[::-1][:70], "--sort size")
    found = documents("walk", subject.pid, "--jsonl", "--sort", "overhead:desc", "--top", "30")
    check([b["overhead_bytes"] for b in found] == sorted((b["overhead_bytes"] for b in busy), reverse=True)[:30], "--sort overhead")
    found = document("walk", subject.pid, "--limit", "3")
    check(found["blocks"] == busy[:3] and found["block_count"] == len(busy), "--json --limit")
    check(found["bytes"] == sum(b["size"] for b in busy), "bytes")
    text = run("walk", subject.pid, "--count").stdout
    check(text.startswith(f"{len(busy)} blocks, "), "--count", text)
    lines = run("walk", subject.pid, "--limit", "5").stdout.splitlines()
    check(len(lines) == 7 and lines[0].startswith("ADDRESS") and lines[-1].startswith("5 of "), lines)


# ---- Addresses -----------------------------------------------------------------------------------


def test_addr(subject, blocks):
    busy = [b for b in blocks if b["kind"] == "busy"]
    for block in busy[:: len(busy) // 20]:
        address = int(block["address"], 16)
        for offset in (0, max(block["size"] - 1, 0)):
            found = document("addr", subject.pid, hex(address + offset))["addresses"][0]
            check(found["kind"] == "busy" and found["block"]["address"] == block["address"] and
                  found["offset"] == offset and found["heap"] == block["heap"], block, found)
    free = next(b for b in blocks if b["kind"] == "free")
    asked = [free["address"], subject.addresses["variable"], subject.addresses["local"], subject.addresses["code"],
             "0x10", subject.addresses["block"]]
    result = run("addr", subject.pid, *asked, "--json")
    kinds = [place["kind"] for place in json.loads(result.stdout)["addresses"]]
    check(kinds == ["free", "module", "stack", "module", "nothing", "busy"], kinds)
    check(result.returncode == 1, "exit code of addr", result.returncode)
    check(run("addr", subject.pid, asked[-1]).returncode == 0, "exit code of addr for a busy block")
    text = run("addr", subject.pid, *asked).stdout
    check("in_data+0 in " in text and "the stack of thread" in text and "a busy block of 40 bytes" in text, text)
    check(run("addr", subject.pid, "zzz").returncode == 2 and run("addr", subject.pid).returncode == 2, "wrong arguments")


# ---- Damage --------------------------------------------------------------------------------------


def test_check(subject, path):
    result = run("check", subject.pid)
    check(result.returncode == 0 and result.stdout.startswith("no damage in 3 heaps"), result.stdout, result.stderr)
    damaged = Subject(path, "damage", options="mode=crt:crt_stacks=16:crt_check_at_exit=0")
    result = run("check", damaged.pid)
    check(result.returncode == 1, "check of a damaged process:", result.returncode, result.stderr)
    check("written behind the block: 1 byte changed: FD expected, found 01" in result.stdout, result.stdout)
    check(re.search(r"a busy normal block of 40 bytes at " + damaged.addresses["block"], result.stdout), result.stdout)
    check(re.search(r"allocated by main \(.*view_subject\.c:\d+\)", result.stdout), result.stdout)
    result = run("check", damaged.pid, "--json")
    found = json.loads(result.stdout)
    check(result.returncode == 1 and found["damage_count"] == 1 and
          found["damages"][0]["block_address"] == damaged.addresses["block"], found)
    block = document("walk", damaged.pid, "--where", f"address == {damaged.addresses['block']}")["blocks"][0]
    check(block["size"] == 40 and block["type"] == "normal" and "site" in block, block)
    hashes = document("walk", damaged.pid, "--stacks", "1", "--where",
                      f"address == {damaged.addresses['block']}")["blocks"][0]["hash"]
    same = documents("walk", damaged.pid, "--jsonl", "--where", f"stack == {hashes[:8]}")
    check([b["address"] for b in same] == [damaged.addresses["block"]], "stack ==", same)
    damaged.end()


def main():
    need_preload()
    folder = new_folder()
    path = compile_subject(folder)
    subject = Subject(path)
    need_access(subject.pid)
    blocks = test_walk(subject)
    test_heaps(subject, blocks)
    test_expressions(subject, blocks)
    test_wrong_expressions(subject)
    test_order(subject, blocks)
    test_addr(subject, blocks)
    test_core(subject, folder)
    test_check(subject, path)
    subject.end()
    finish()


main()
