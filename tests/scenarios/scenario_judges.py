# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""C++ containers, threads and a plug-in: valgrind, LeakSanitizer (gcc and clang), a snapshot and we agree on leaks."""

import collections
import os
import re
import shutil
import xml.etree.ElementTree

# What programs/judged.cpp says of itself.
DEFINITE = {"plant_vector": 1, "plant_map": 1, "plant_list": 1, "plant_table": 1, "plant_cycle": 1, "plant_text": 1,
            "plant_array": 1, "plant_in_thread": 40, "plant_in_plug_in": 6}
INDIRECT = {"plant_vector": 1 + 20, "plant_map": 2 * 30, "plant_list": 12, "plant_table": 1 + 2 * 25, "plant_cycle": 1,
            "plant_text": 1}
POSSIBLE = {"plant_inside": 1}
REACHABLE = {"plant_base": 1, "plant_kept": 1 + 2 * 15, "plant_kept_by_plug_in": 4}
EXPECTED = {"definite": DEFINITE, "indirect": INDIRECT, "possible": POSSIBLE, "reachable": REACHABLE}
# LeakSanitizer takes no block for a direct leak to which another lost one points, as here one in each does.
CYCLES = ("plant_map", "plant_list", "plant_table", "plant_cycle")


def planted(functions):
    """The innermost function that plants."""
    for name in functions:
        match = re.search(r"\b(plant_\w+)", name or "")
        if match:
            return match.group(1)
    return None


def found_by_us(s, subject):
    """kind -> function -> blocks.  Indirect blocks are told with those that lead to them, so by `walk`."""
    document = s.halde_json("leaks", subject, "--all", "--no-suppressions", codes=(1,))
    found = collections.defaultdict(collections.Counter)
    for site in document["leaks"]:
        function = planted(frame["function"] for frame in site["stack"])
        if function:
            found[site["kind"]][function] += site["blocks"]
    return found, document["totals"]


def found_by_valgrind(s, words):
    report = s.path("valgrind.xml")
    s.run(["valgrind", "--leak-check=full", "--show-leak-kinds=all", "--leak-resolution=high", "--xml=yes",
           "--xml-file=" + report, *words])
    kinds = {"Leak_DefinitelyLost": "definite", "Leak_IndirectlyLost": "indirect", "Leak_PossiblyLost": "possible",
             "Leak_StillReachable": "reachable"}
    found = collections.defaultdict(collections.Counter)
    for error in xml.etree.ElementTree.parse(report).iter("error"):
        kind = kinds.get(error.findtext("kind"))
        function = planted(frame.findtext("fn") for frame in error.iter("frame"))
        if kind and function:
            found[kind][function] += int(error.findtext("xwhat/leakedblocks"))
    return found


def found_by_sanitizer(s, words):
    """Function -> blocks of direct leaks; None: it does not work here."""
    done = s.run(words, env=s.environment(LSAN_OPTIONS="exitcode=23:fast_unwind_on_malloc=0"))
    if done.returncode != 23 or "has encountered a fatal error" in done.stderr:
        return None
    found = collections.Counter()
    for direct, blocks, frames in re.findall(
            r"(Direct|Indirect) leak of \d+ byte\(s\) in (\d+) object[^\n]*\n((?: +#\d+ [^\n]*\n)+)", done.stderr):
        function = planted(re.findall(r" in ([^\n]*)", frames))
        if direct == "Direct" and function:
            found[function] += int(blocks)
    return found


def plain(found):
    return {kind: dict(found[kind]) for kind in ("definite", "possible", "reachable")}


def run(s):
    s.need("gcc", "g++")
    rows = []
    plug_in = s.compile("judged_plug_in.c", "plug_in.so", "-shared", "-fPIC")
    program = s.compile("judged.cpp", "judged", "-std=c++17", compiler="g++")
    expected = {kind: EXPECTED[kind] for kind in ("definite", "possible", "reachable")}
    process = s.start_ready([program, plug_in, "wait"])
    found, totals = found_by_us(s, str(process.pid))
    s.expect("live: kinds", plain(found), expected)
    s.expect("live: indirect", totals["indirect"]["blocks"], sum(INDIRECT.values()))
    rows.append(["halde leaks, live"] + [totals[kind]["blocks"] for kind in EXPECTED])
    s.halde("snap", str(process.pid), "--contents", "-o", s.path("image.halde"))
    s.end(process)
    found, totals = found_by_us(s, s.path("image.halde"))
    s.expect("snapshot: kinds", plain(found), expected)
    s.expect("snapshot: indirect", totals["indirect"]["blocks"], sum(INDIRECT.values()))
    _, reports = s.record([program, plug_in])
    at_end = collections.Counter()
    for site in reports[0]["leaks"]:
        function = planted(frame["function"] for frame in site["stack"])
        if function and site["kind"] == "definite":
            at_end[function] += site["blocks"]
    s.expect("halde run, at the end: definite", dict(at_end), DEFINITE)
    rows.append(["halde run, at its end"] + [reports[0]["totals"][kind]["blocks"] for kind in EXPECTED])
    if shutil.which("valgrind"):
        judge = found_by_valgrind(s, [program, plug_in])
        s.expect("valgrind: kinds", plain(judge), expected)
        s.expect("valgrind: indirect", dict(judge["indirect"]), INDIRECT)
        rows.append(["valgrind"] + [sum(judge[kind].values()) for kind in EXPECTED])
    else:
        s.say("valgrind is not installed: not asked")
    without_cycles = {name: count for name, count in DEFINITE.items() if name not in CYCLES}
    for compiler in ("g++", "clang++"):
        if not shutil.which(compiler):
            s.say(f"{compiler} is not installed: its LeakSanitizer is not asked")
            continue
        program = s.compile("judged.cpp", "judged-" + compiler, "-std=c++17", "-fsanitize=leak", compiler=compiler)
        judge = found_by_sanitizer(s, [program, plug_in])
        if judge is None:
            s.say(f"LeakSanitizer of {compiler} does not work here: not asked")
            continue
        s.expect(f"LeakSanitizer, {compiler}: direct leaks", dict(judge), without_cycles)
        rows.append([f"LeakSanitizer, {compiler}", sum(judge.values()), "-", "-", "-"])
    s.table(["judge", *EXPECTED], rows)
