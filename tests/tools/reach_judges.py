# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 180
"""Leak search beside independent judges: valgrind and LeakSanitizer look at the same programs, and
the tool at the live process, at snapshots and at a core file of it.  Compared is what functions named plant_...
have allocated, by function and kind."""

import collections
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree

from _checks import PROGRAMS, TOOL, expect, finish, inside, need, need_preload, new_folder


def build(folder, source, compiler, *flags):
    program = os.path.join(folder, os.path.basename(source).replace(".", "_") + "".join(flags).replace("=", "_"))
    subprocess.run([compiler, "-g", "-O1", "-fno-omit-frame-pointer", "-pthread", "-Wall", *flags,
                    os.path.join(PROGRAMS, source), "-o", program], check=True)
    return program


def planted(functions):
    """The function that planted a block, without arguments, by its stack."""
    for name in functions:
        match = re.match(r"(plant_\w+)", name or "")
        if match:
            return match.group(1)
    return None


# ---- The tool ------------------------------------------------------------------------------------

def allow_core():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def start(program):
    process = subprocess.Popen([program, "wait"], env=inside(), stdout=subprocess.PIPE,
                               cwd=os.path.dirname(program), preexec_fn=allow_core)
    process.stdout.readline()
    return process


def leaks(what, *options):
    """kind -> function -> blocks; and the whole answer."""
    result = subprocess.run([TOOL, "leaks", what, "--json", "--all", "--no-suppressions", *options],
                            capture_output=True, text=True)
    if result.returncode not in (0, 1):
        print(result.stderr)
        sys.exit(f"halde leaks ended with {result.returncode}")
    answer = json.loads(result.stdout)
    found = collections.defaultdict(collections.Counter)
    for site in answer["leaks"]:
        function = planted(frame["function"] for frame in site["stack"])
        if function:
            found[site["kind"]][function] += site["blocks"]
    return found, answer, result.returncode


def definite_and_rest(found):
    return {kind: dict(found[kind]) for kind in ("definite", "possible", "reachable")}


# ---- Judges ----------------------------------------------------------------------------------------

def ask_valgrind(folder, program):
    report = os.path.join(folder, "valgrind.xml")
    subprocess.run(["valgrind", "--leak-check=full", "--show-leak-kinds=all", "--leak-resolution=high",
                    "--xml=yes", f"--xml-file={report}", program], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kinds = {"Leak_DefinitelyLost": "definite", "Leak_IndirectlyLost": "indirect",
             "Leak_PossiblyLost": "possible", "Leak_StillReachable": "reachable"}
    found = collections.defaultdict(collections.Counter)
    for error in xml.etree.ElementTree.parse(report).iter("error"):
        kind = kinds.get(error.findtext("kind"))
        function = planted(frame.findtext("fn") for frame in error.iter("frame"))
        if kind and function:
            found[kind][function] += int(error.findtext("xwhat/leakedblocks"))
    return found


def ask_sanitizer(program):
    """Function -> blocks of direct leaks; None: it does not work here."""
    environment = dict(os.environ, LSAN_OPTIONS="exitcode=23:fast_unwind_on_malloc=1")
    result = subprocess.run([program], env=environment, capture_output=True, text=True)
    if result.returncode != 23 or "LeakSanitizer has encountered a fatal error" in result.stderr:
        return None
    found = collections.Counter()
    count = 0
    for line in result.stderr.splitlines():
        match = re.match(r"(Direct|Indirect) leak of \d+ byte\(s\) in (\d+) object", line)
        if match:
            count = int(match.group(2)) if match.group(1) == "Direct" else 0
        match = re.search(r" in (plant_\w+)", line)
        if match and count:
            found[match.group(1)] += count
            count = 0
    return dict(found)


# ---- Tests -------------------------------------------------------------------------------------------

# What programs/reach_planted.c says of itself.
C_DEFINITE = {"plant_single": 7, "plant_chain": 1, "plant_cycle": 1, "plant_tree": 1, "plant_large": 1}
C_INDIRECT = 2 + 2 + 14 + 1
C_POSSIBLE = {"plant_possible": 1, "plant_below_possible": 1}
C_REACHABLE = {"plant_reachable": 3}
HELD = {"plant_on_stack": 1, "plant_in_tls": 1, "plant_in_register": 1}


def test_c(folder):
    program = build(folder, "reach_planted.c", "gcc")
    process = start(program)
    try:
        found, answer, status = leaks(str(process.pid))
        expect("live: kinds", definite_and_rest(found), {
            "definite": C_DEFINITE, "possible": C_POSSIBLE, "reachable": C_REACHABLE | HELD})
        expect("live: indirect", answer["totals"]["indirect"]["blocks"], C_INDIRECT)
        expect("live: exit status", status, 1)
        test_snapshots(folder, process.pid, found, answer)
        test_core(folder, process, found, answer)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    if shutil.which("valgrind"):
        # Under valgrind blocks lie below 4 GiB, where now and then some number looks like a pointer into
        # the large one.  That does not happen each time.
        judge = ask_valgrind(folder, program)
        for _ in range(3):
            if judge["possible"]["plant_large"]:
                judge = ask_valgrind(folder, program)
        expect("valgrind: definite", dict(judge["definite"]), C_DEFINITE)
        expect("valgrind: indirect", sum(judge["indirect"].values()), C_INDIRECT)
        expect("valgrind: possible", dict(judge["possible"]), C_POSSIBLE)
        expect("valgrind: reachable", dict(judge["reachable"]), C_REACHABLE)
    else:
        print("valgrind is not installed: not asked")
    judge = ask_sanitizer(build(folder, "reach_planted.c", "gcc", "-fsanitize=leak"))
    if judge is None:
        print("LeakSanitizer does not work here: not asked")
    else:
        # It takes no block of a cycle for a direct leak.
        expect("LeakSanitizer: definite", judge,
               {name: count for name, count in C_DEFINITE.items() if name != "plant_cycle"})


def test_core(folder, process, live, live_answer):
    """Ends the process."""
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as file:
        pattern = file.read().strip()
    if "|" in pattern or "/" in pattern:
        print(f"core files go elsewhere ({pattern}): none is looked at")
        return
    process.send_signal(signal.SIGQUIT)
    process.wait()
    cores = [name for name in os.listdir(folder) if name.startswith("core")]
    if not cores:
        print("the system writes no core file here")
        return
    found, answer, _ = leaks(os.path.join(folder, cores[0]))
    expect("core: kinds", definite_and_rest(found), definite_and_rest(live))
    expect("core: totals", answer["totals"], live_answer["totals"])


def test_snapshots(folder, pid, live, live_answer):
    for option in ("--contents", "--leaks"):
        path = os.path.join(folder, "snapshot" + option)
        subprocess.run([TOOL, "snap", str(pid), option, "-o", path, "--quiet"], check=True)
        found, answer, _ = leaks(path)
        expect(f"snapshot {option}: kinds", definite_and_rest(found), definite_and_rest(live))
        expect(f"snapshot {option}: totals", answer["totals"], live_answer["totals"])


def test_cxx(folder):
    if not shutil.which("g++"):
        print("g++ is not installed: no C++ program")
        return
    program = build(folder, "reach_planted.cpp", "g++")
    process = start(program)
    try:
        found, answer, _ = leaks(str(process.pid))
        expect("C++: definite", dict(found["definite"]), {"plant_lost": 1})
        expect("C++: indirect", answer["totals"]["indirect"]["blocks"], 0)
        expect("C++: possible", dict(found["possible"]), {})
        expect("C++: in use", sorted(found["reachable"]),
               ["plant_array", "plant_base", "plant_shared", "plant_words"])
        for name, functions in (("none", {"plant_array", "plant_base"}), ("array", {"plant_base"}),
                                ("bases", {"plant_array"}), ("array,bases", set())):
            found_so = leaks(str(process.pid), f"--heuristics={name}")[0]
            expect(f"C++: possible with {name}", set(found_so["possible"]), functions)
        # The map, and for each of its 50 items a node, two texts and a vector's array.
        expect("C++: words", found["reachable"]["plant_words"], 1 + 50 * 4)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def main():
    need("gcc")
    need_preload()
    folder = new_folder()
    test_c(folder)
    test_cxx(folder)
    finish()


main()
