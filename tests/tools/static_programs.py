# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 60

"""Programs linked with -static and libhalde.a, which have no .eh_frame_hdr, under halde run: stacks are whole, and
named: static_programs.py TOOL PRELOAD BUILD."""

import json
import os
import subprocess

from _checks import BUILD, TOP, TOOL, check, compile_program, environment, expect, finish, new_folder, skip

LIBRARY = os.path.join(BUILD, "libhalde.a")
LINK = ["-O2", "-fomit-frame-pointer", "-static", LIBRARY, "-Wl,-u,malloc", "-Wl,--no-eh-frame-hdr"]
DEBUG = ["-D_DEBUG", "-I" + os.path.join(TOP, "include"), "-I" + os.path.join(TOP, "include", "halde-win32")]


def build(source, program, *flags, compiler):
    try:
        compile_program(source, program, *flags, *LINK, compiler=compiler)
    except subprocess.CalledProcessError:
        skip("a static program cannot be linked here")
    return program


def run_it(program, *options, arguments=()):
    command = [TOOL, "run", *options, "--no-capture", "--", program, *arguments]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=50, check=False)


def report_of(program, status, *options, arguments=()):
    """The report of a run, as a JSON object."""
    report = program + ".json"
    done = run_it(program, *options, "--format=json", "--report=" + report, arguments=arguments)
    expect(f"status {options}", done.returncode, status)
    if not check(os.path.exists(report), f"no report: {done.stderr}"):
        finish()
    with open(report, encoding="utf-8") as file:
        return json.load(file)


def stacks_of(report, byte_count):
    """The functions of each group of definite leaks whose blocks have this size together."""
    return [[frame.get("function", "").split("(")[0] for frame in group["stack"]]
            for group in report["leaks"] if group["kind"] == "definite" and group["bytes"] == byte_count]


def check_recorded(folder):
    program = build("static_victim.c", os.path.join(folder, "victim"), compiler="cc")
    for mode in ("exact", "crt"): # without <crtdbg.h> the second records nothing, and must do no harm
        report = report_of(program, 7, "--mode=" + mode)
        if mode == "exact":
            # What libc keeps in data that is protected after relocation (where libraries are looked for) is no leak.
            expect("definite", [group["bytes"] for group in report["leaks"] if group["kind"] == "definite"], [300])
            stacks = stacks_of(report, 300)
            expect("groups", len(stacks), 1)
            expect("stack", stacks[0][:3] if stacks else None, ["lose", "lose_later", "main"])


def check_ends(folder):
    """_exit() is seen, in a dynamic program too; what becomes another program is told from what ends by itself."""
    flags = ["-Wl,-u,malloc", LIBRARY]
    programs = {
        "static": build("static_victim.c", os.path.join(folder, "ending"), compiler="cc"),
        "dynamic": compile_program("static_victim.c", os.path.join(folder, "ending_dynamic"), "-O2", *flags),
    }
    for name, program in programs.items():
        for end in ("_exit", "_Exit"):
            stacks = stacks_of(report_of(program, 8, arguments=[end]), 300)
            expect(f"{name}: {end}: groups", len(stacks), 1)
        report = report_of(program, 0, arguments=["exec"])
        expect(f"{name}: exec", report.get("ended"), "replaced")
        report = report_of(program, 9, arguments=["raw_exit"])
        expect(f"{name}: by a system call", report.get("ended"), "system-call")


def check_advice(folder):
    """What cannot be recorded: one sentence says what to do."""
    source = os.path.join(folder, "plain.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write("#include <crtdbg.h>\n#include <stdlib.h>\n#include <windows.h>\n"
                   "int main(void) { HeapAlloc(GetProcessHeap(), 0, 9); free(malloc(77)); return 6; }\n")
    includes = DEBUG[1:]
    only_heap = os.path.join(folder, "only_heap")
    compile_program(source, only_heap, *includes, "-static", os.path.join(BUILD, "libhalde-heap.a"))
    done = run_it(only_heap)
    check(done.returncode == 125 and "libhalde-heap.a, which has no recorder" in done.stderr, f"only heap: {done}")
    for name, flags in (("static", ["-static"]), ("dynamic", [])):
        program = os.path.join(folder, "debug_" + name)
        compile_program(source, program, *DEBUG, *flags, LIBRARY)
        for mode in ("exact", "sample"):
            done = run_it(program, "--mode=" + mode)
            check(done.returncode == 6 and done.stderr.count("\n") == 1 and "--mode=crt" in done.stderr,
                  f"{name}, {mode}: {done}")
        done = run_it(program, "--fail-on=definite>999")
        expect(f"{name}: a program with a status of its own", done.returncode, 6)
        done = run_it(program, "--mode=crt")
        check(done.returncode == 6 and "--mode=crt" not in done.stderr, f"{name}, crt: {done}")


def check_debug_heap(folder):
    program = build("static_victim.cpp", os.path.join(folder, "victim_cxx"), *DEBUG, "-Wno-unused", compiler="c++")
    stacks = stacks_of(report_of(program, 0, "--mode=crt"), 222)
    expect("groups", len(stacks), 2)
    for stack in stacks:
        depth = stack.count("lose_and_throw")
        expect("stack", stack[:depth + 2], ["lose_and_throw"] * depth + ["guard", "main"])


def main():
    if not os.path.exists(LIBRARY):
        skip("no libhalde.a was built")
    folder = new_folder()
    check_recorded(folder)
    check_ends(folder)
    check_advice(folder)
    check_debug_heap(folder)
    finish()


main()
