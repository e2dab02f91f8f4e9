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


def report_of(program, status, *options):
    """The report of a run, as a JSON object."""
    report = program + ".json"
    command = [TOOL, "run", *options, "--no-capture", "--format=json", "--report=" + report, "--", program]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=50, check=False)
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
            stacks = stacks_of(report, 300)
            expect("groups", len(stacks), 1)
            expect("stack", stacks[0][:3] if stacks else None, ["lose", "lose_later", "main"])


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
    check_debug_heap(folder)
    finish()


main()
