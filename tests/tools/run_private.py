# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 180

"""halde run on a Windows program: blocks of its own heaps, of the process heap, Global and Local memory have
stacks, lines and threads like those of malloc(): run_private.py TOOL PRELOAD BUILD."""

import json
import os
import signal
import subprocess

from _checks import BUILD, PROGRAMS, TOOL, TOP, check, compile_program, environment, expect, finish, need_preload
from _checks import new_folder, run, skip

SOURCE = "run_private_victim.c"
# What is lost: mark of its line, function, bytes, blocks.
LOST = (
    ("private", "lose_private", 101, 1),
    ("zeroed", "lose_zeroed", 9001, 1),
    ("large", "lose_large", 300001, 1),
    ("rtl", "lose_rtl", 103, 1),
    ("process", "lose_process", 107, 1),
    ("global", "lose_global", 109, 1),
    ("local", "lose_local", 113, 1),
    ("grown", "lose_grown", 5003, 1),
    ("regrown", "lose_moved_global", 7001, 1),
    ("fixed", "lose_in_fixed_heap", 127, 1),
    ("unserialised", "lose_in_unserialised_heap", 131, 1),
    ("thread", "work", 193, 4),
    ("movable", "lose_movable", 139, 1),
    ("outer", "lose_movables", 151, 1),
)
INDIRECT = (("inner", "lose_movables", 157, 1),)
KEPT = (("kept", "keep_movable", 137, 1), ("locked", "keep_locked", 163, 1))
PLANTED = LOST + INDIRECT + KEPT
KINDS = {mark: kind for kind, planted in (("definite", LOST), ("indirect", INDIRECT), ("reachable", KEPT))
         for mark, _, _, _ in planted}
LOST_BLOCKS = sum(blocks for _, _, _, blocks in LOST)
LOST_BYTES = sum(size * blocks for _, _, size, blocks in LOST)


def source_line(mark):
    with open(os.path.join(PROGRAMS, SOURCE), encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if line.rstrip().endswith("// line: " + mark))


def build(folder, name, *libraries):
    """The program, linked with one of the libraries."""
    include = os.path.join(TOP, "include")
    return compile_program(SOURCE, os.path.join(folder, name), "-D_GNU_SOURCE", "-fno-builtin", "-I" + include,
                           "-I" + os.path.join(include, "halde-win32"), *libraries)


class Recorded:
    """One run under halde run: exit code, output, the JSON report, the capture's name."""

    def __init__(self, program, *arguments, options=()):
        folder = new_folder()
        report = os.path.join(folder, "report.json")
        self.capture = os.path.join(folder, "capture.halde")
        done = subprocess.run(
            [TOOL, "run", "--format=json", "--kinds=all", "--all", "--report=" + report, "--output=" + self.capture,
             *options, "--", program, *arguments],
            cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=60)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.document = {}
        if check(os.path.exists(report), f"no report: {self.err}"):
            with open(report, encoding="utf-8") as file:
                self.document = json.load(file)


def first_frame(entry):
    frame = entry["stack"][0] if entry["stack"] else {"function": "", "line": 0}
    return frame["function"], frame["line"]


def check_leaks(name, recorded, is_exact):
    """Each planted leak is there, with function, line, size, thread and (exact) age; nothing else is lost."""
    document = recorded.document
    total = document["totals"]["definite"]
    expect(f"{name}: definite", (total["blocks"], total["bytes"]), (LOST_BLOCKS, LOST_BYTES))
    by_place = {first_frame(leak): leak for leak in document["leaks"]}
    for mark, function, size, blocks in PLANTED:
        leak = by_place.get((function, source_line(mark)))
        if not check(leak is not None, f"{name}: no leak of {function}, line {source_line(mark)}: {list(by_place)}"):
            continue
        expect(f"{name}: {function}: blocks, bytes", (leak["blocks"], leak["bytes"]), (blocks, size * blocks))
        expect(f"{name}: {function}: kind", leak["kind"], KINDS[mark])
        check(any(frame["function"] == "main" for frame in leak["stack"]) or mark == "thread",
              f"{name}: {function} is not called by main")
        if blocks == 1:
            expect(f"{name}: {function}: thread", leak["thread"], document["process"]["pid"])
        if is_exact:
            check(0 < leak["oldest_age_ns"] < 60e9, f"{name}: {function}: age {leak['oldest_age_ns']}")
    planted = {function for _, function, _, _ in PLANTED}
    for function, line in by_place:
        check(function in planted, f"{name}: {function}, line {line} has lost nothing")


def check_exact(name, program, plain):
    recorded = Recorded(program)
    expect(f"{name}: exit code, output", (recorded.code, recorded.out), (plain.returncode, plain.stdout))
    check_leaks(name, recorded, True)
    heaps = run("heaps", recorded.capture).stdout.splitlines()[1:-1]
    check(len(heaps) == 4 and all("stacks" in line for line in heaps), f"{name}: heaps {heaps}")
    checked = run("check", recorded.capture)
    expect(f"{name}: check", checked.returncode, 0)


def check_counters(name, program):
    """A program that is killed: what was in use is told by what was counted, and destroyed heaps hold nothing."""
    recorded = Recorded(program, "kill")
    expect(f"{name}: kill: exit code", recorded.code, 128 + signal.SIGKILL)
    expect(f"{name}: kill: schema", recorded.document.get("schema"), "halde.run/1")
    found = {}
    for site in recorded.document.get("sites", ()):
        function, line = first_frame(site)
        if os.path.basename(site["stack"][0].get("file") or "") == SOURCE:
            found[function, line] = (site["blocks"], site["bytes"])
    wanted = {(function, source_line(mark)): (blocks, size * blocks) for mark, function, size, blocks in PLANTED}
    expect(f"{name}: kill: sites", found, wanted)


def check_sample(name, program, plain):
    """With an interval of one byte every block is picked; with a larger one the sum is estimated."""
    recorded = Recorded(program, options=["--mode=sample", "--interval=1"])
    expect(f"{name}: sample: exit code, output", (recorded.code, recorded.out), (plain.returncode, plain.stdout))
    check_leaks(name + ": sample", recorded, False)
    recorded = Recorded(program, "many", options=["--mode=sample", "--interval=4K"])
    check(recorded.out == "10000 blocks, 5000000 bytes\n", f"{name}: many: {recorded.out}")
    place = ("lose_many", source_line("many"))
    estimates = [leak["estimated_bytes"] for leak in recorded.document["leaks"] if first_frame(leak) == place]
    # 1150 of 10000 are picked, give or take 32: six times that.
    check(len(estimates) == 1 and abs(estimates[0] - 5e6) < 5e6 * 0.17, f"{name}: many: about {estimates} bytes")


def main():
    need_preload()
    libraries = {
        "shared": [os.path.join(BUILD, "libhalde.so"), "-Wl,-rpath," + BUILD],
        "static": [os.path.join(BUILD, "libhalde.a"), "-Wl,-u,malloc"],
    }
    if not all(os.path.exists(words[0]) for words in libraries.values()):
        skip("the libraries were not built")
    folder = new_folder()
    for name, words in libraries.items():
        program = build(folder, name, *words)
        plain = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60, env=environment())
        expect(f"{name}: exit code without a recorder", plain.returncode, 5)
        check_exact(name, program, plain)
        check_counters(name, program)
        check_sample(name, program, plain)
    finish()


main()
