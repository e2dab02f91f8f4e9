# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""Programs under `halde run` that are killed or run out of memory: the capture is readable and says how it ended."""

import os
import signal
import subprocess
import time

from harness import line_of

LIMIT_MB = 700  # of addresses
GROUP_MB = 300  # of memory


def look_at_capture(s, name, end, status, function, blocks):
    """What `halde report` says of it, and that other verbs read it."""
    told = s.halde_json("report", s.path(name + ".halde"))
    if not told:
        return None
    s.expect(f"{name}: how it ended", (told["process"]["ended"], told["process"].get("status")), (end, status))
    site = next((site for site in told["top_sites"]["by_live"] if site["name"].startswith(function)), None)
    if s.check(site is not None, f"{name}: {function} among the sites", told["top_sites"]["by_live"][:3]):
        s.check(blocks[0] <= site["live"]["blocks"] <= blocks[1], f"{name}: live blocks of {function}", site, blocks)
        s.check(site["source"].endswith(f":{line_of('ending.c', function.split('_')[1])}"), f"{name}: its line", site)
    text = s.halde("report", s.path(name + ".halde")).stdout
    s.check(signal.strsignal(status) in text, f"{name}: the report says {signal.strsignal(status)}", text[:400])
    s.halde("export", "--to", "pprof", s.path(name + ".halde"), "-o", s.path(name + ".pb.gz"))
    return told


def kill_one(s, name, program, number):
    """A process that is killed in the middle of its work."""
    run = s.start([s.tool, "run", "-o", s.path(name + ".halde"), "--", program, "wait"], stdout=subprocess.PIPE,
                  stderr=subprocess.PIPE)
    run.stdout.readline()
    time.sleep(0.5)
    children = s.run(["ps", "-o", "pid=", "--ppid", str(run.pid)]).stdout.split()
    if not s.check(len(children) == 1, f"{name}: one child", children):
        return
    subprocess.run(["kill", f"-{number}", children[0]], check=True)
    _, error = run.communicate(timeout=60)
    s.expect(f"{name}: exit code", run.returncode, 128 + number)
    s.check(signal.strsignal(number) in error and "take_some" in error, f"{name}: what is said at the end", error)
    told = look_at_capture(s, name, "killed", number, "take_some", (100, 101))
    s.say(f"{name}: {signal.strsignal(number)}; {told['live']['blocks']} blocks live, "
          f"{told['allocated']['blocks']} were allocated" if told else name)


def kill_all(s, program):
    """kill -9 of the collector and of the program: what was written until then can be read."""
    name = "both-killed"
    run = s.start([s.tool, "run", "-o", s.path(name + ".halde"), "--", program, "wait"], stdout=subprocess.PIPE,
                  stderr=subprocess.DEVNULL)
    run.stdout.readline()
    time.sleep(1.5)
    child = s.run(["ps", "-o", "pid=", "--ppid", str(run.pid)]).stdout.split()[0]
    run.kill()
    subprocess.run(["kill", "-9", child], check=True)
    run.wait()
    # It may say that the file ends early.
    told = s.halde_json("report", s.path(name + ".halde"), codes=(0,))
    if told:
        s.check(told["allocated"]["blocks"] > 100, f"{name}: allocations", told["allocated"])
        s.say(f"{name}: {told['allocated']['blocks']} allocations, end: {told['process']['ended']}")


def run_out(s, name, program, words, limits=()):
    """No memory is left: malloc says so, the program aborts."""
    command = [s.tool, "run", "-o", s.path(name + ".halde"), "--format=json", "--report=" + s.path(name + ".json"),
               "--kinds=all", "--all", "--", program, *words]
    start = time.monotonic()
    try:
        done = s.run([*limits, *command], timeout=120)
    except subprocess.TimeoutExpired:
        s.check(False, f"{name}: halde run has not ended after two minutes")
        return
    s.expect(f"{name}: exit code", done.returncode, 128 + signal.SIGABRT)
    told = look_at_capture(s, name, "killed", signal.SIGABRT, "take_much", (100, LIMIT_MB))
    if told:
        s.say(f"{name}: {told['live']['bytes'] / 2**20:.0f} MiB live when there was no more; "
              f"{time.monotonic() - start:.1f} s")


def make_memory_group(s):
    """A control group with little memory, of either version; None: it cannot be made here."""
    name = f"halde-{os.path.basename(s.folder)}"
    for parent, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = os.path.join(parent, name)
        try:
            os.mkdir(group)
        except OSError:
            continue
        # In a folder that is no control group there is no such file.
        if os.path.exists(os.path.join(group, limit)) and os.path.exists(os.path.join(group, "cgroup.procs")):
            with open(os.path.join(group, limit), "w", encoding="ascii") as file:
                file.write(str(GROUP_MB << 20))
            return group
        os.rmdir(group)
    return None


def kill_by_kernel(s, program):
    """The kernel ends the largest process when a group of processes has no memory left: the program, not us."""
    name = "out-of-memory"
    group = make_memory_group(s)
    if group is None:
        s.say("no control group of memory can be made here: the kernel kills nobody")
        return
    try:
        done = s.run(["sh", "-c", f"echo $$ >{group}/cgroup.procs && exec \"$@\"", "sh", s.tool, "run", "-o",
                      s.path(name + ".halde"), "--", program, "limit", str(LIMIT_MB * 4)], timeout=120)
    finally:
        os.rmdir(group)
    s.expect(f"{name}: exit code", done.returncode, 128 + signal.SIGKILL)
    s.check("take_much" in done.stderr, f"{name}: what is said at the end", done.stderr)
    told = look_at_capture(s, name, "killed", signal.SIGKILL, "take_much", (GROUP_MB // 4, GROUP_MB))
    if told:
        s.say(f"{name}: the kernel's OOM killer, at {told['live']['bytes'] / 2**20:.0f} MiB")


def run(s):
    s.need("gcc", "ps")
    program = s.compile("ending.c", "ending")
    kill_one(s, "killed", program, signal.SIGKILL)
    kill_one(s, "segfault", program, signal.SIGSEGV)
    kill_all(s, program)
    run_out(s, "own-limit", program, ["limit", str(LIMIT_MB)])
    # The collector has the same limit, and cannot copy what the program has.
    run_out(s, "shared-limit", program, ["limit", "0"], ["sh", "-c", f"ulimit -v {LIMIT_MB * 1024}; exec \"$@\"", "sh"])
    kill_by_kernel(s, program)
