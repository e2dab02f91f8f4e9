#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""detection.py --libraries FOLDER [--check] [--verbose]

What the debug heap finds in unmodified programs: builds mistakes.c and mistakes_cxx.cpp, runs every case with
libhalde-checked.so and libhalde-preload.so and HALDE_OPTIONS=mode=crt, the wrong half and the right one, and prints a
table: of each class how many are reported, and how many of the right halves are.  A case is detected when a report
of its kind stands on standard error; that the process died does not count.

--check  exits with 1 when a class is below its minimum, or a right half was reported."""

import argparse
import os
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))

# What each class must reach, in percent; loops that only read are out of reach of fences, and the table says so.
MINIMA = {
    "over-write": 100,
    "under-write": 100,
    "over-read": 100,
    "over-read by a loop": 0,
    "under-read": 100,
    "under-read by a loop": 0,
    "read after free": 100,
    "read after free by a loop": 0,
    "write after free": 100,
    "double free": 100,
    "free of no block": 100,
    "free inside a block": 100,
    "mismatch": 100,
    "leak": 100,
}
# Reports, and which classes they count for: a leak is nothing that an over-write's report would be taken for.
MARKS = ("HEAP CORRUPTION DETECTED", "HEAP BOUNDS", "MISMATCHED RELEASE", "Assertion failed")
LEAK = "Detected memory leaks!"
# All of Halde's reports; those of a right half are false alarms.  Cases that keep their block leak it on purpose.
KEEPS_BLOCK = {"over_write_never_freed", "under_write_eight", "under_write_memmove", "under_write_wide",
               "under_write_large", "write_after_free", "write_after_free_large", "write_after_free_late",
               "write_after_free_memset", "free_stack", "free_static", "free_mapped", "free_wild"}


def build(work):
    programs = []
    for source, compiler in (("mistakes.c", ["cc", "-std=c17", "-D_GNU_SOURCE"]),
                             ("mistakes_cxx.cpp", ["c++", "-std=c++17"])):
        program = os.path.join(work, source.split(".")[0])
        subprocess.run([*compiler, "-O0", "-g", "-w", "-fno-builtin", "-U_FORTIFY_SOURCE",
                        os.path.join(FOLDER, source), "-o", program], check=True)
        programs.append(program)
    return programs


def cases_of(program):
    listing = subprocess.run([program, "list"], check=True, capture_output=True, text=True).stdout
    return [line.split("\t") for line in listing.splitlines()]


def run(program, case, libraries, *arguments):
    environment = dict(os.environ, HALDE_OPTIONS="mode=crt", LD_PRELOAD=libraries)
    done = subprocess.run([program, case, *arguments], env=environment, capture_output=True, timeout=60)
    return done.stderr.decode(errors="replace"), done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--libraries", required=True, help="where libhalde-checked.so and libhalde-preload.so are")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    libraries = ":".join(os.path.join(os.path.abspath(options.libraries), name)
                         for name in ("libhalde-checked.so", "libhalde-preload.so"))
    totals = {}  # class: [cases, found, false alarms, stopped]
    with tempfile.TemporaryDirectory() as work:
        for program in build(work):
            for case, kind in cases_of(program):
                text, _ = run(program, case, libraries)
                wanted = (LEAK,) if kind == "leak" else MARKS
                is_found = any(mark in text for mark in wanted)
                good, status = run(program, case, libraries, "good")
                alarms = MARKS if case in KEEPS_BLOCK else (*MARKS, LEAK)
                is_false = any(mark in good for mark in alarms)
                total = totals.setdefault(kind, [0, 0, 0, 0])
                for index, value in enumerate((True, is_found, is_false, status != 0)):
                    total[index] += value
                if options.verbose or (is_false or status != 0 or (not is_found and MINIMA[kind] > 0)):
                    print(f"{case}: {'found' if is_found else 'not found'}; right half: "
                          f"{'reported' if is_false else 'silent'}, exit {status}", file=sys.stderr)
    print("| class | cases | found | % | at least | right halves reported | right halves stopped |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    is_right = True
    for kind, (count, found, false, stopped) in totals.items():
        percent = 100 * found // count
        is_right = is_right and percent >= MINIMA[kind] and false == 0 and stopped == 0
        print(f"| {kind} | {count} | {found} | {percent} | {MINIMA[kind]} | {false} | {stopped} |")
    return 1 if options.check and not is_right else 0


if __name__ == "__main__":
    sys.exit(main())
