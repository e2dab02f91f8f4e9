# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""What the tests of the tool have in common: their arguments, checks that are counted, the programs that they
look at.

    from _checks import PRELOAD, TOOL, check, finish

A test goes on after a failed check, tells each, and ends with finish()."""

import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "programs")
TOP = os.path.join(HERE, "..", "..")

# Arguments of a test: the tool, the preload object or "", the build folder.
TOOL, PRELOAD, BUILD = ([os.path.abspath(word) if word else "" for word in sys.argv[1:4]] + ["", "", ""])[:3]

_checks = 0
_failures = 0
_folders = []


def check(condition, *what):
    """Notes whether a condition holds; what was looked at is told if not."""
    global _checks, _failures
    _checks += 1
    if not condition:
        _failures += 1
        print("FAILED:", *what, flush=True)
    return bool(condition)


def expect(what, actual, expected):
    return check(actual == expected, f"{what}:\n  is        {actual}\n  expected  {expected}")


def failure_count():
    return _failures


def finish():
    """Ends the test: well, if there were checks and all of them held."""
    print(f"{_checks} checks, {_failures} failed")
    sys.exit(0 if _checks and not _failures else 1)


def skip(reason):
    """Ends the test, as one that cannot be made here; a check that failed before still counts."""
    print(reason)
    sys.exit(1 if _failures else SKIPPED)


def need(*programs):
    """Skips the test where a program is missing."""
    for program in programs:
        if not shutil.which(program):
            skip(f"{program} is not installed")


def need_preload():
    """Skips the test where there is no preload object, or no program runs with it (sanitizers)."""
    if not PRELOAD:
        skip("no preload object was built")
    if subprocess.run([sys.executable, "-c", "pass"], env=environment(LD_PRELOAD=PRELOAD), capture_output=True,
                      check=False).returncode != 0:
        skip("python3 does not run with the preload object")


def new_folder():
    """A folder of the test's own, gone when it ends."""
    _folders.append(tempfile.TemporaryDirectory(prefix="halde-test-"))
    return _folders[-1].name


def environment(**more):
    """The environment without what would change the tool or the programs; the tool finds the preload object."""
    names = ("HALDE_OPTIONS", "HALDE_RECORD", "HALDE_CHECKED", "LD_PRELOAD", "NO_COLOR", "CLICOLOR_FORCE", "PAGER",
             "HALDE_PAGER")
    return {k: v for k, v in os.environ.items() if k not in names} | {"HALDE_PRELOAD": PRELOAD} | more


def inside(options="mode=exact", **more):
    """The environment of a program that has the preload object."""
    return environment(LD_PRELOAD=PRELOAD, HALDE_OPTIONS=options, **more)


def need_access(pid):
    """Skips the test where the tool must not look into a process of ours."""
    probe = run("heaps", str(pid))
    if probe.returncode == 2 and "ptrace" in probe.stderr:
        skip("processes cannot be looked into here: " + probe.stderr)


def compile_program(source, program, *flags, compiler="cc"):
    """Compiles a file of programs/ (or elsewhere, by its whole path), with lines; its program."""
    need(compiler)
    subprocess.run([compiler, "-g", "-O1", "-pthread", os.path.join(PROGRAMS, source), "-o", program, *flags],
                   check=True)
    return program


def run(*words, text=True, timeout=60, **more):
    """Runs the tool; what it printed, and how it ended."""
    more.setdefault("env", environment())
    return subprocess.run([TOOL, *words], capture_output=True, text=text, timeout=timeout, check=False, **more)
