#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: cli_suppress.py <halde> <preload object> ...
# `halde suppress` writes entries in three forms, and each of them silences just that leak in the next
# run; what is suppressed already is not written again; mistakes are named.

import json

from _checks import check, compile_program, environment, finish, need_preload, new_folder
from _checks import run as run_tool

need_preload()
work = new_folder()


def run(*words):
    return run_tool(*words, cwd=work, env=environment(LC_ALL="C.UTF-8"))


with open(f"{work}/leak.c", "w") as file:
    file.write(r"""
#include <stdlib.h>
#include <string.h>
#define KEEP_OUT __attribute__((noinline, noclone))
// Nothing of the pointers stays on the stack or in registers.
KEEP_OUT void wipe(void) { volatile char bytes[8192]; memset((char *)bytes, 0, sizeof(bytes)); }
KEEP_OUT void use(void *p, size_t n) { memset(p, 'x', n); }
KEEP_OUT void lose_big(void) { void *p = malloc(3000); use(p, 3000); }
KEEP_OUT void lose_small(void) { void *p = malloc(30); use(p, 30); }
int main(void)
{
    for (volatile int i = 0; i < 4; i++) { lose_big(); }
    lose_small();
    wipe();
    return 0;
}
""")
compile_program(f"{work}/leak.c", f"{work}/leak")


def leaks_of_run(*options):
    """Names of the functions whose definite leaks a run tells, with blocks; exit code with --fail-on=leak."""
    done = run("run", "-q", "--no-capture", "--format=json", "--report=report.json", "--fail-on=leak", *options,
               "--", "./leak")
    with open(f"{work}/report.json") as report:
        leaks = json.load(report)["leaks"]
    found = {}
    for leak in leaks:
        if leak["kind"] == "definite":
            name = leak["stack"][0]["function"]
            found[name] = found.get(name, 0) + leak["blocks"]
    return found, done.returncode


BOTH = {"lose_big": 4, "lose_small": 1}
check(leaks_of_run() == (BOTH, 23), "leaks:", leaks_of_run())
made = run("run", "-q", "--no-report", "-o", "x.halde", "--", "./leak")
check(made.returncode == 0, "run:", made.stderr)
listed = json.loads(run("leaks", "x.halde", "--json").stdout)["leaks"]
hashes = {leak["stack"][0]["function"]: leak["hash"] for leak in listed}
check(set(hashes) == set(BOTH), "hashes:", hashes)

for form in ("own", "lsan", "valgrind"):
    written = run("suppress", "x.halde", hashes["lose_big"], f"--format={form}", "--reason=it is \"known\"")
    check(written.returncode == 0 and "lose_big" in written.stdout and "lose_small" not in written.stdout,
          form, written.stdout, written.stderr)
    check("known" in written.stdout, form, "has no reason")
    with open(f"{work}/{form}.supp", "w") as file:
        file.write(written.stdout)
    check(leaks_of_run("--suppressions", f"{form}.supp") == ({"lose_small": 1}, 23), form, "does not silence it")

# All, in a file that grows only by what is new; without a name, the newest capture.
first = run("suppress", "x.halde", hashes["lose_small"], "-o", "all.supp")
check(first.returncode == 0 and first.stdout == "" and "1 entry added" in first.stderr, first.stderr)
second = run("suppress", "x.halde", "--all", "-o", "all.supp")
check(second.returncode == 0 and "1 entry added" in second.stderr, second.stderr)
third = run("suppress", "x.halde", "--all", "-o", "all.supp")
check(third.returncode == 0 and "no leak that is not suppressed" in third.stderr, third.stderr)
with open(f"{work}/all.supp") as file:
    check(len(file.read().splitlines()) == 2, "all.supp has not two entries")
check(leaks_of_run("--suppressions", "all.supp") == ({}, 0), "--all does not silence all")
newest = run("suppress", "#" + hashes["lose_big"])
check(newest.returncode == 0 and "lose_big" in newest.stdout and "x.halde" in newest.stderr, newest.stderr)

# Mistakes.
for words, said in (
        ([], "something is missing"),
        (["x.halde"], "which leaks?"),
        (["x.halde", "--all", hashes["lose_big"]], "not both"),
        (["x.halde", "nohash"], "is no hash"),
        (["x.halde", "abcdef0123"], "abcdef0123"),
        (["x.halde", "--all", "--kinds=lost"], "--kinds=lost"),
        (["x.halde", "--all", "-o", "/no/such/folder/x"], "No such file"),
        (["x.halde", "--all", "-o", "/dev/full"], "No space left"),
        (["missing.halde", "--all"], "missing.halde"),
        (["leak.c", "--all"], "leak.c")):
    wrong = run("suppress", *words)
    check(wrong.returncode == 2 and said in wrong.stderr and wrong.stderr.startswith("halde suppress: "),
          words, wrong.returncode, wrong.stderr)
with open(f"{work}/bad.supp", "w") as file:
    file.write("suppress kind=whatever\n")
wrong = run("suppress", "x.halde", "--all", "-o", "bad.supp")
check(wrong.returncode == 2 and "bad.supp" in wrong.stderr, wrong.stderr)

finish()
