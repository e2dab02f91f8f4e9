# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""What other programs read of ours: pprof our profile, jq each JSON, gdb the same bytes in a block.

HALDE_TEST_PPROF names a pprof program where there is no `go`.
"""

import os
import re
import shutil

# What programs/readable.c makes: function -> blocks, bytes of each.
BLOCKS = {"make_small": (1000, 48), "make_texts": (300, 700), "make_large": (5, 300000)}


def check_gdb(s, pid):
    """Bytes of blocks, by gdb's own reading."""
    if not shutil.which("gdb"):
        s.say("gdb is not installed: it reads no bytes")
        return
    rows = []
    for function, (_, size) in BLOCKS.items():
        found = s.halde_json("walk", pid, "--where", f"size == {size}", "--limit", "3")["blocks"]
        rows += [block for block in found if s.check(block["site"].startswith(function), f"gdb: {function}", block)]
    leaks = s.halde_json("leaks", pid, "--all", codes=(1,))["leaks"]
    shown = {site["example"]["address"]: bytes.fromhex(site["example"]["data"]) for site in leaks}
    addresses = list(shown) + [row["address"] for row in rows]
    commands = [word for address in addresses for word in ("-ex", f"x/64bx {address}")]
    text = s.run(["gdb", "-nx", "-batch", "-p", pid, *commands]).stdout
    read = {}
    for line in text.splitlines():
        match = re.match(r"(0x[0-9a-f]+)[^:]*:((?:\s+0x[0-9a-f]{2})+)$", line)
        if match:
            for i, byte in enumerate(match.group(2).split()):
                read[int(match.group(1), 16) + i] = int(byte, 16)
    equal = 0
    for address, data in shown.items():
        theirs = bytes(read.get(int(address, 16) + i, 256) & 255 for i in range(len(data)))
        equal += s.check(theirs == data, f"gdb: bytes of {address}", theirs.hex(), data.hex())
    # The first bytes of each block tell its size, which the program has written there.
    for row in rows:
        theirs = sum(read.get(int(row["address"], 16) + i, 0) << 8 * i for i in range(8))
        equal += s.expect(f"gdb: the size that the program wrote into {row['address']}", theirs, row["size"])
    s.say(f"gdb: {equal} of {len(shown) + len(rows)} blocks have the same bytes")


def check_gdb_copy(s, pid):
    """A whole large block: gdb's dump of memory and the snapshot's bytes, by `leaks` of both."""
    block = s.halde_json("walk", pid, "--where", "size == 300000", "--limit", "1")["blocks"][0]
    start = int(block["address"], 16)
    s.run(["gdb", "-nx", "-batch", "-p", pid, "-ex", f"dump binary memory block.bin {start} {start + block['size']}"])
    with open(s.path("block.bin"), "rb") as file:
        data = file.read()
    s.expect("gdb: bytes of a large block", (len(data), set(data[8:])), (300000, {ord("L")}))


def check_addr(s, pid):
    """`addr` of an address inside of a block that `walk` has told."""
    block = s.halde_json("walk", pid, "--where", "size == 700", "--limit", "1")["blocks"][0]
    inside = hex(int(block["address"], 16) + 123)
    text = s.halde("addr", pid, inside).stdout
    s.check(block["address"] in text and "make_texts" in text, "addr of an inner address", text)


def check_jq(s, pid, snapshot):
    if not shutil.which("jq"):
        s.say("jq is not installed: it reads no JSON")
        return
    address = s.halde_json("walk", pid, "--limit", "1")["blocks"][0]["address"]
    verbs = [["ps"], ["doctor"], ["help"], ["heaps", pid], ["heaps", pid, "--regions"], ["walk", pid], ["walk", pid, "--free"],
             ["check", pid], ["addr", pid, address], ["who", pid, address], ["leaks", pid, "--all"],
             ["snap", pid, "-o", s.path("other.halde")], ["heaps", snapshot], ["leaks", snapshot], ["report", snapshot],
             ["diff", snapshot, pid]]
    schemas = set()
    for words in verbs:
        done = s.halde(*words, "--json", codes=(0, 1))
        read = s.run(["jq", "-er", ".schema"], input=done.stdout)
        s.check(read.returncode == 0 and read.stdout.startswith("halde." + words[0]), f"jq: halde {' '.join(words)}",
                read.stderr, done.stdout[:200], done.stderr)
        schemas.add(read.stdout.strip())
        # One document, and nothing behind it.
        s.expect(f"jq: documents of halde {words[0]}", s.run(["jq", "-s", "length"], input=done.stdout).stdout.strip(), "1")
    lines = s.halde("walk", pid, "--jsonl").stdout
    s.expect("jq: lines", s.run(["jq", "-s", "map(select(.size == 48)) | length"], input=lines).stdout.strip(), "1000")
    scope = s.halde("export", "--to", "speedscope", snapshot).stdout
    s.check(s.run(["jq", "-e", ".profiles[0].endValue"], input=scope).returncode == 0, "jq: speedscope")
    sarif = s.halde("leaks", pid, "--format=sarif", codes=(0, 1)).stdout
    s.expect("jq: SARIF", s.run(["jq", "-r", ".version"], input=sarif).stdout.strip(), "2.1.0")
    s.say(f"jq: {len(verbs) + 3} answers read, {len(schemas)} schemas")


def check_pprof(s, snapshot):
    program = os.environ.get("HALDE_TEST_PPROF")
    command = [program] if program else ["go", "tool", "pprof"] if shutil.which("go") else None
    if not command:
        s.say("no go, and no HALDE_TEST_PPROF: pprof does not read our profile")
        return
    s.halde("export", "--to", "pprof", snapshot, "-o", s.path("heap.pb.gz"))
    rows = s.halde("export", "--to", "csv", snapshot).stdout.splitlines()
    place = rows[0].split(",").index("size")
    total = sum(int(row.split(",")[place]) for row in rows[1:])
    environment = s.environment(HOME=s.folder)

    def ask(sample):
        return s.run([*command, "-top", "-unit=B" if "space" in sample else "-unit=count", "-sample_index=" + sample,
                      "-nodefraction=0", s.path("heap.pb.gz")], env=environment).stdout

    text = ask("inuse_space")
    s.check(f"of {total}B total" in text, "pprof: bytes in all", text[:500], total)
    for function, (count, size) in BLOCKS.items():
        s.check(re.search(rf"^ *{count * size}B .* {function}\b", text, re.M), f"pprof: bytes of {function}", text[:800])
    text = ask("inuse_objects")
    s.check(f"of {len(rows) - 1} total" in text, "pprof: blocks in all", text[:500], len(rows) - 1)
    for function, (count, _) in BLOCKS.items():
        s.check(re.search(rf"^ *{count} .* {function}\b", text, re.M), f"pprof: blocks of {function}", text[:800])
    s.say(f"pprof: {len(rows) - 1} blocks, {total} bytes in all, and by function")


def run(s):
    s.need("gcc")
    process = s.start_ready([s.compile("readable.c", "readable")])
    pid, snapshot = str(process.pid), s.path("image.halde")
    s.halde("snap", pid, "--leaks", "-o", snapshot)
    check_gdb(s, pid)
    if shutil.which("gdb"):
        check_gdb_copy(s, pid)
    check_addr(s, pid)
    check_jq(s, pid, snapshot)
    check_pprof(s, snapshot)
    s.expect("the program goes on", process.poll(), None)
