# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 60

"""halde run --mode=crt: what the debug heap and the checked functions find, and the tool's report of
what was not freed: run_crt.py TOOL PRELOAD BUILD."""

import json
import os
import shutil
import subprocess

from _checks import PRELOAD, TOOL, check, compile_program, environment, finish, need_preload, new_folder, skip

CHECKED = os.path.join(os.path.dirname(PRELOAD), "libhalde-checked.so")


def compile_victim(folder):
    return compile_program("run_crt_victim.c", os.path.join(folder, "victim"), "-D_GNU_SOURCE", "-std=c17",
                           "-fno-builtin")


def run(victim, mistake, *options, **more):
    """The program in mode crt, with the checked functions unless HALDE_CHECKED is given."""
    variables = environment(**({"HALDE_CHECKED": CHECKED} | more))
    command = [TOOL, "run", "--mode=crt", *options, "--", victim, mistake]
    return subprocess.run(
        command, env=variables, cwd=os.path.dirname(victim), capture_output=True, text=True, check=False)


def check_report(victim):
    done = run(victim, "", "--no-capture")
    check(done.returncode == 7, f"exit code {done.returncode}, not the program's")
    check("DEFINITE  200 bytes in 2 blocks" in done.stderr, f"the loss is not told: {done.stderr}")
    check("run_crt_victim.c:18  lose  <- allocated here" in done.stderr, f"nor its place: {done.stderr}")
    check("normal block" in done.stderr, "nothing of the debug heap's type")
    check("Dumping objects" not in done.stderr, "the classic dump was not asked for")
    check("CORRUPTION" not in done.stderr and "HEAP BOUNDS" not in done.stderr, "nothing is wrong with it")


def check_json(victim):
    report = os.path.join(os.path.dirname(victim), "report.json")
    done = run(victim, "", "--no-capture", "--format=json", "--report=" + report, "--fail-on=definite")
    check(done.returncode == 23, f"--fail-on: exit code {done.returncode}")
    with open(report, encoding="utf-8") as file:
        totals = json.load(file)["totals"]
    check((totals["definite"]["blocks"], totals["definite"]["bytes"]) == (2, 200), f"definite: {totals}")
    check(totals["reachable"]["blocks"] >= 1, f"reachable: {totals}")


def check_capture(victim):
    done = run(victim, "", "--output=crt.halde")
    check(done.returncode == 7, f"with a capture: exit code {done.returncode}")
    place = os.path.dirname(victim)
    told = subprocess.run([TOOL, "leaks", "crt.halde"], cwd=place, capture_output=True, text=True, check=False)
    check("200" in told.stdout and "lose" in told.stdout, f"halde leaks: {told.stdout} {told.stderr}")


def check_mistakes(victim):
    done = run(victim, "overrun", "--no-capture")
    check("HEAP CORRUPTION DETECTED: after Normal block" in done.stderr, f"overrun: {done.stderr}")
    check("DEFINITE" in done.stderr and done.returncode == 7, "overrun: no report after it")
    if os.path.exists(CHECKED):
        done = run(victim, "read", "--no-capture")
        check("HEAP BOUNDS: memcpy reads after the end of block" in done.stderr, f"read: {done.stderr}")


def check_checked(victim, folder):
    done = run(victim, "read", "--no-capture", HALDE_CHECKED=os.path.join(folder, "nowhere.so"))
    check(done.returncode == 125 and "nowhere.so" in done.stderr, f"no such file: {done.returncode} {done.stderr}")
    check(done.stderr.count("\n") == 1, f"one sentence: {done.stderr}")
    if not os.path.exists(CHECKED):
        return
    # Beside the tool, as it is installed.
    moved = os.path.join(folder, "moved")
    os.mkdir(moved)
    for name in (TOOL, PRELOAD):
        shutil.copy(name, moved)
    tool = os.path.join(moved, os.path.basename(TOOL))
    variables = environment()
    del variables["HALDE_PRELOAD"]
    command = [tool, "run", "--mode=crt", "--no-capture", "--", victim, "read"]
    for is_there in (False, True):
        if is_there:
            shutil.copy(CHECKED, moved)
        done = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, check=False)
        check(("HEAP BOUNDS" in done.stderr) == is_there, f"beside the tool {is_there}: {done.stderr}")
        check(("libhalde-checked.so was not found" in done.stderr) != is_there, f"{is_there}: {done.stderr}")
        check("DEFINITE" in done.stderr, f"beside the tool {is_there}: no report")


def check_ends(victim):
    done = run(victim, "kill", "--no-capture")
    check(done.returncode == 137 and "a signal has ended it" in done.stderr, f"kill: {done.returncode} {done.stderr}")
    done = run(victim, "exec", "--no-capture")
    check(done.returncode == 0 and "no leak report" in done.stderr, f"exec: {done.returncode} {done.stderr}")
    for options in ((), ("--follow",)):
        done = run(victim, "fork", "--no-capture", *options)
        check(done.returncode == 7, f"fork: exit code {done.returncode}")
        check(done.stderr.count("DEFINITE  200 bytes in 2 blocks") == 1, f"fork {options}: {done.stderr}")
    done = run(victim, "environment", "--no-capture")
    check(done.stdout == "(null)|(null)|(null)\n", f"environment: {done.stdout}")


def main():
    need_preload()
    if not os.path.isfile(CHECKED):
        skip("the checked functions were not built")
    folder = new_folder()
    victim = compile_victim(folder)
    check_report(victim)
    check_json(victim)
    check_capture(victim)
    check_mistakes(victim)
    check_checked(victim, folder)
    check_ends(victim)
    finish()


main()
