# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""Containers: from inside and outside; without the right to look it is said what is missing and what works."""

import json
import os
import shutil
import subprocess

from harness import sites_of, total_of

NOBODY = 65534
CONTAINER = ["unshare", "-Urpf", "--mount-proc"]
INSIDE = """
LD_PRELOAD={preload} HALDE_OPTIONS=mode=exact {program} >ready &
for i in 1 2 3 4 5 6 7 8 9 10; do [ -s ready ] && break; sleep 0.3; done
echo "pid $!"
{tool} leaks $! --json --all >inside.json
echo "leaks $?"
{tool} heaps $! --json >heaps.json
echo "heaps $?"
kill $!
"""


def expect_refusal(s, what, done, *parts):
    """One sentence that says what is missing, and the way that works all the same."""
    s.expect(f"{what}: exit code", done.returncode, 2)
    s.expect(f"{what}: standard output", done.stdout, "")
    s.check(done.stderr.count("\n") == 1 and done.stderr.startswith("halde heaps: "), f"{what}: one sentence", done.stderr)
    for part in (*parts, "halde run", "HALDE_OPTIONS=stats=1"):
        s.check(part in done.stderr, f"{what}: it tells {part!r}", done.stderr)


def check_inside(s, program):
    """A user and process name space of its own, in which program and tool run."""
    if s.run([*CONTAINER, "true"]).returncode != 0:
        s.say("unshare makes no container here: none is looked into")
        return
    done = s.run([*CONTAINER, "sh", "-c", INSIDE.format(preload=s.preload, tool=s.tool, program=program)])
    s.check("leaks 1\n" in done.stdout and "heaps 0\n" in done.stdout, "inside of a container", done.stdout, done.stderr)
    with open(s.path("inside.json"), encoding="utf-8") as file:
        s.expect("leaks inside of a container", total_of(sites_of(json.load(file), "definite", "lose"))["blocks"], 11)
    # From outside, by the process id as it is there.
    container = s.start([*CONTAINER, "sh", "-c", f"LD_PRELOAD={s.preload} HALDE_OPTIONS=mode=exact exec {program}"],
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    container.stdout.readline()
    child = s.run(["ps", "-o", "pid=", "--ppid", str(container.pid)]).stdout.split()
    if s.check(len(child) == 1, "the container's process", child):
        told = s.halde_json("leaks", child[0], "--all", codes=(1,))
        found = sites_of(told, "definite", "lose")
        s.expect("leaks in a container, from outside", total_of(found)["blocks"], 11)
        s.check(found and found[0]["stack"][0]["line"], "lines in a container, from outside", found)
        s.say(f"a container (unshare): 11 leaks found from inside and from outside (process {child[0]})")
        s.run(["kill", "-9", child[0]])


def check_filter(s, program, pid):
    """A system call filter, as container runtimes set it."""
    sandbox = s.compile("sandbox.c", "sandbox")
    if s.run([sandbox, "true"]).returncode != 0:
        s.say("no system call filter can be set here")
        return
    expect_refusal(s, "seccomp", s.run([sandbox, s.tool, "heaps", pid]), "seccomp", "SYS_PTRACE", pid)
    # The way that is offered: the program's output and exit code are its own, and what it kept is told by stack.
    report = s.path("sandboxed.txt")
    done = s.run([sandbox, s.tool, "run", "-o", s.path("sandboxed.halde"), "--report=" + report, "--", program, "end"])
    s.expect("halde run under the filter", (done.returncode, done.stdout), (3, "ready\n"))
    s.check("seccomp" in done.stderr, "halde run says what is missing", done.stderr)
    s.check("lose" in s.read("sandboxed.txt") and "make_large" in s.read("sandboxed.txt"), "its report", s.read("sandboxed.txt"))
    s.check("make_large" in s.halde("report", s.path("sandboxed.halde")).stdout, "its capture")
    # What the other sentence offers.
    told = s.run([sandbox, program, "end"], env=s.environment("") | {"HALDE_OPTIONS": "stats=1"})
    s.check(told.returncode == 3 and "live" in told.stderr, "HALDE_OPTIONS=stats=1", told.stderr)
    s.say("ptrace refused by seccomp: said so; halde run and stats=1 work all the same")


def check_user(s, pid):
    """Another user's process."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        s.say("not root, or no setpriv: no other user")
        return
    os.mkdir(s.path("bin"))
    for path in (s.tool, s.preload):
        shutil.copy(path, s.path("bin"))
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    tool = s.path("bin", os.path.basename(s.tool))
    expect_refusal(s, "another user", s.run([*as_nobody, tool, "heaps", pid]), pid, "user", "sudo")
    done = s.run([*as_nobody, tool, "ps"])
    s.check(done.returncode == 0 and "could not be asked" in done.stderr, "ps of another user", done.stderr)
    s.say("another user's process: said so")


def run(s):
    s.need("gcc", "unshare", "ps")
    program = s.compile("readable.c", "readable")
    process = s.start_ready([program])
    pid = str(process.pid)
    s.halde("heaps", pid)
    check_inside(s, program)
    check_filter(s, program, pid)
    check_user(s, pid)
    s.halde("heaps", pid)
