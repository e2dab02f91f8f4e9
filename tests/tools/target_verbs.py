#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 120

"""halde ps and halde doctor, and what is said about arguments that lead nowhere.

Usage: target_verbs.py TOOL PRELOAD_OBJECT BUILD_FOLDER
"""

import json
import os
import shutil
import subprocess
import sys
import time

from _checks import BUILD, TOOL, check, finish, inside, need_preload, new_folder


def halde(*words, user=None):
    """Status, standard output, standard error."""
    identity = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    result = subprocess.run([TOOL, *words], capture_output=True, text=True, timeout=60, check=False, **identity)
    return result.returncode, result.stdout, result.stderr


def check_said(words, status, text):
    """The verb ends with this status and says, in one line of its own, what is wrong."""
    code, _, errors = halde(*words)
    check(code == status, f"{words}: status {code}, not {status}")
    check(errors.startswith(f"halde {words[0]}: ") and text in errors, f"{words}: {errors!r} lacks {text!r}")
    check(errors.count("\n") == 1, f"{words}: more than one line: {errors!r}")


class Sleeper:
    """A program with a Halde heap that waits."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["cat"], env=inside(""), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(b"ready\n")
        self.process.stdin.flush()
        self.process.stdout.readline()
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        check(self.process.wait() == 0, "the program that was looked at failed")


def test_ps():
    with Sleeper() as sleeper:
        code, text, _ = halde("ps")
        check(code == 0, f"ps: status {code}")
        rows = [line.split() for line in text.splitlines()]
        check(rows[0] == ["PID", "HEAPS", "LIVE", "RSS", "FRAG", "MODE", "NAME"], f"ps: {rows[0]}")
        mine = [row for row in rows if row[0] == str(sleeper.pid)]
        check(len(mine) == 1 and mine[0][-1] == "cat", f"ps: {mine}")
        code, text, _ = halde("ps", "--json")
        document = json.loads(text)
        check(document["schema"] == "halde.ps/1", "ps --json: schema")
        mine = [entry for entry in document["processes"] if entry["pid"] == sleeper.pid]
        check(len(mine) == 1, "ps --json: the process is missing")
        entry = mine[0]
        check(entry["name"] == "cat" and entry["is_readable"] and not entry["is_linked_in"], f"ps --json: {entry}")
        check(entry["heaps"] == 1 and entry["live_blocks"] > 0, f"ps --json: {entry}")
        check(entry["live_bytes"] <= entry["committed_bytes"], f"ps --json: {entry}")
        check(entry["resident_bytes"] > 0 and 0 <= entry["fragmentation"] <= 1, f"ps --json: {entry}")
        if os.geteuid() == 0:
            code, text, errors = halde("ps", user=65534)
            check(code == 0 and str(sleeper.pid) not in text.split(), "ps as another user")
            check("sudo halde ps" in errors, f"ps as another user: {errors!r}")
            code, _, errors = halde("heaps", str(sleeper.pid), user=65534)
            check(code == 2 and "belongs to user" in errors and "HALDE_OPTIONS=stats=1" in errors, errors)
    code, text, _ = halde("ps", "--json")
    check(all(entry["pid"] != sleeper.pid for entry in json.loads(text)["processes"]), "ps: it has ended")


def test_linked_in(folder):
    compiler = shutil.which("cc")
    library = os.path.join(BUILD, "libhalde.a")
    if compiler is None or not os.path.exists(library):
        return
    source = os.path.join(folder, "linked.c")
    program = os.path.join(folder, "linked")
    with open(source, "w", encoding="utf-8") as file:
        file.write("#include <stdlib.h>\n#include <unistd.h>\n"
                   "int main(void) { char *p = malloc(100); p[0] = 'x'; write(1, p, 1); pause(); return 0; }\n")
    result = subprocess.run([compiler, "-static", source, library, "-u", "malloc", "-pthread", "-lm", "-o", program],
                            capture_output=True, text=True, check=False)
    if result.returncode != 0:
        print(f"no static program: {result.stderr}", file=sys.stderr)
        return
    process = subprocess.Popen([program], stdout=subprocess.PIPE)
    process.stdout.read(1)
    entries = [e for e in json.loads(halde("ps", "--json")[1])["processes"] if e["pid"] == process.pid]
    check(len(entries) == 1 and entries[0]["is_linked_in"] and entries[0]["live_blocks"] >= 1,
          f"ps: static program: {entries}")
    code, text, errors = halde("heaps", str(process.pid))
    check(code == 0 and "process" in text, f"heaps: static program: {errors}")
    process.kill()
    process.wait()


def test_arguments(folder):
    text = os.path.join(folder, "text")
    with open(text, "w", encoding="utf-8") as file:
        file.write("no core file, and no snapshot either\n")
    check_said(["heaps", "no-such-thing"], 2, "there is no file no-such-thing")
    check_said(["heaps", "4194305"], 2, "there is no process 4194305")
    check_said(["heaps", folder], 2, "is a folder")
    check_said(["heaps", text], 2, "is neither a core file nor a snapshot")
    check_said(["heaps", TOOL], 2, "is a program or library, not a core file")
    sleeper = subprocess.Popen(["sleep", "60"])
    # Until the dynamic linker has loaded it, it uses nobody's malloc.
    while not any("/libc" in line for line in open(f"/proc/{sleeper.pid}/maps", encoding="utf-8")):
        time.sleep(0.01)
    check_said(["heaps", str(sleeper.pid)], 2, "carries no Halde heap: it uses the C library's malloc")
    sleeper.kill()
    sleeper.wait()


def test_doctor(folder):
    code, text, _ = halde("doctor")
    check(code in (0, 1) and "Running programs" in text and "Core files" in text, f"doctor: {code} {text}")
    document = json.loads(halde("doctor", "--json", "/bin/true")[1])
    check(document["schema"] == "halde.doctor/1", "doctor --json: schema")
    checks = {(entry["topic"], entry["name"]): entry for entry in document["checks"]}
    check(checks[("run", "preload object")]["outcome"] == "ok", f"doctor: {checks[('run', 'preload object')]}")
    check(checks[("program", "run")]["outcome"] == "ok", f"doctor: {checks[('program', 'run')]}")
    # A program that nothing can be loaded into, one that is not there, an object that does not load.
    busybox = shutil.which("ldconfig") or "/sbin/ldconfig"
    if os.path.exists(busybox) and b"ld-linux" not in open(busybox, "rb").read(4096):
        code, text, _ = halde("doctor", busybox)
        check(code == 1 and "static" in text, f"doctor {busybox}: {code} {text}")
    code, text, _ = halde("doctor", os.path.join(folder, "nothing"))
    check(code == 1 and "failed" in text, f"doctor without a program: {code}")
    broken = os.path.join(folder, "broken.so")
    with open(broken, "w", encoding="utf-8") as file:
        file.write("this is no library")
    os.environ["HALDE_PRELOAD"] = broken
    code, text, _ = halde("doctor")
    check(code == 1 and "does not load" in text, f"doctor with a broken object: {code} {text}")
    os.environ["HALDE_PRELOAD"] = os.path.join(folder, "missing.so")
    code, text, _ = halde("doctor")
    check(code == 1 and "is not found" in text and "HALDE_PRELOAD" in text, f"doctor without an object: {text}")
    del os.environ["HALDE_PRELOAD"]
    code, text, _ = halde("doctor", "one", "two")
    check(code == 2, f"doctor with two programs: {code}")


def test_pause():
    """Whoever stops a process says for how long, and bad limits are refused."""
    with Sleeper() as sleeper:
        pid = str(sleeper.pid)
        for words in (("walk", pid, "--limit", "1"), ("check", pid), ("addr", pid, "0x1000"), ("leaks", pid)):
            _, _, errors = halde(*words, "--max-pause=20ms")
            check("paused " in errors, f"{words}: no pause in {errors!r}")
        for verb in ("heaps", "walk", "check", "leaks"):
            code, _, errors = halde(verb, pid, "--max-pause=soon")
            check(code == 2 and "--max-pause=soon cannot be used" in errors, f"{verb}: {code} {errors!r}")


def main():
    need_preload()
    folder = new_folder()
    test_ps()
    test_pause()
    test_linked_in(folder)
    test_arguments(folder)
    test_doctor(folder)
    finish()


main()
