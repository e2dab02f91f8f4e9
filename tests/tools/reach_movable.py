# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 120

"""Movable Global and Local memory in a search for leaks: its handle keeps it, and a handle that nobody holds keeps
nothing.  In a live process, its core file and its snapshot, with the library linked in and shared:
reach_movable.py TOOL PRELOAD BUILD."""

import json
import os
import shutil
import signal
import subprocess

from _checks import BUILD, PRELOAD, TOP, check, compile_program, environment, expect, finish, need_access, new_folder
from _checks import run, skip
from _judge import complaints, load_schema

SOURCE = "movable_victim.c"
CLASSES = {"lost": "definite", "outer": "definite", "inner": "indirect", "ring": "definite", "held": "reachable",
           "deeper": "reachable", "locked": "reachable", "in_block": "reachable"}


class Victim:
    """The program, waiting; where its objects are: name to (handle, memory)."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment(HALDE_OPTIONS="mode=exact"))
        self.places = {}
        for line in self.process.stdout:
            words = line.split()
            if words == ["ready"]:
                break
            self.places[words[0]] = ("0x" + words[1], "0x" + words[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def who(subject, address, *options):
    result = run("who", subject, address, "--json", *options)
    answer = json.loads(result.stdout) if result.stdout else {}
    schema = load_schema("halde.who/1")
    for complaint in complaints(answer, schema, schema):
        check(False, f"who {address}: {complaint}")
    return answer


def check_classes(name, subject):
    answer = json.loads(run("leaks", subject, "--json", "--all").stdout)
    expect(f"{name}: definite", (answer["totals"]["definite"]["blocks"], answer["totals"]["definite"]["bytes"]),
           (3, 1001 + 1002 + 1004))
    expect(f"{name}: indirect", (answer["totals"]["indirect"]["blocks"], answer["totals"]["indirect"]["bytes"]),
           (1, 1003))
    below = [(leak["below"]["blocks"], leak["below"]["bytes"]) for leak in answer["leaks"]
             if leak["kind"] == "definite" and leak["below"]["blocks"]]
    expect(f"{name}: what is lost with outer", below, [(1, 1003)])


def check_who(name, subject, places):
    for object_name, kind in CLASSES.items():
        answer = who(subject, places[object_name][1])
        expect(f"{name}: {object_name}", answer["block"].get("leak_kind"), kind)
        handles = [pointer for pointer in answer["pointers"] if pointer["where"] == "handle"]
        expect(f"{name}: {object_name}: its handle", [(p["address"], p["block"]["is_handle"]) for p in handles],
               [(places[object_name][0], True)])
    path = who(subject, places["deeper"][1])["path"]
    expect(f"{name}: the way to deeper", [step["block"]["address"] for step in path],
           [places["held"][0], places["held"][1], places["deeper"][0], places["deeper"][1]])
    answer = who(subject, places["held"][0])
    expect(f"{name}: a handle", (answer["block"].get("is_handle"), answer["block"]["leak_kind"]), (True, "reachable"))
    expect(f"{name}: who holds it", [pointer["where"] for pointer in answer["pointers"]], ["module"])
    text = run("who", subject, places["lost"][1]).stdout
    check(f"{places['lost'][0]} +0  (handle of movable memory)  -> +0" in text, f"{name}: {text}")
    check("no way leads here from a root" in text, f"{name}: {text}")


def check_all(name, program):
    with Victim(program) as victim:
        pid = str(victim.process.pid)
        need_access(pid)
        check_classes(f"{name}, live", pid)
        check_who(f"{name}, live", pid, victim.places)
        folder = new_folder()
        snapshot = os.path.join(folder, "snapshot.halde")
        made = run("snap", pid, "--contents", "-o", snapshot)
        expect(f"{name}: snap: {made.stderr}", made.returncode, 0)
        check_classes(f"{name}, snapshot", snapshot)
        check_who(f"{name}, snapshot", snapshot, victim.places)
        if shutil.which("gcore"):
            made = subprocess.run(["gcore", "-o", os.path.join(folder, "core"), pid], check=False, capture_output=True,
                                  text=True)
            core = os.path.join(folder, "core." + pid)
            if check(os.path.exists(core), made.stderr):
                check_classes(f"{name}, core", core)
                check_who(f"{name}, core", core, victim.places)


def main():
    include = os.path.join(TOP, "include")
    libraries = {
        "shared": (os.path.join(BUILD, "libhalde.so"), ["-Wl,-rpath," + BUILD]),
        "static": (os.path.join(BUILD, "libhalde.a"), ["-Wl,-u,malloc"]),
    }
    if not PRELOAD or not all(os.path.exists(library) for library, _ in libraries.values()):
        skip("the libraries were not built")
    folder = new_folder()
    for name, (library, flags) in libraries.items():
        program = compile_program(SOURCE, os.path.join(folder, name), "-D_GNU_SOURCE", "-fno-builtin", "-I" + include,
                                  "-I" + os.path.join(include, "halde-win32"), *flags, library)
        check_all(name, program)
    finish()


main()
