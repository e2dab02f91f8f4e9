#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""Whole situations, as users have them: real programs, with the tool beside them.

run.py [--list] [--keep] [NAME...]     (default: all)

HALDE_TOOL and HALDE_PRELOAD name what is tested (default: the tool and the preload object of build/release).
Nothing is installed: what a scenario lacks it says, and leaves out.  A line per scenario tells what was seen;
exit status 1: something is wrong; 77: nothing could be run.
"""

import argparse
import importlib
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from harness import Scenario, Skip  # noqa: E402


def names():
    return sorted(name[len("scenario_"):-len(".py")] for name in os.listdir(HERE)
                  if name.startswith("scenario_") and name.endswith(".py"))


def load(name):
    return importlib.import_module("scenario_" + name)


def run_one(name, tool, preload, is_kept):
    """"passed", "failed" or "skipped"."""
    module = load(name)
    print(f"-- {name}: {module.__doc__.strip().splitlines()[0]}", flush=True)
    start = time.monotonic()
    scenario = Scenario(name, tool, preload)
    outcome = "passed"
    try:
        module.run(scenario)
        if scenario.failures:
            outcome = "failed"
    except Skip as reason:
        print(f"   skipped: {reason}")
        outcome = "failed" if scenario.failures else "skipped"
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
        outcome = "failed"
    finally:
        scenario.close(is_kept or outcome == "failed")
    print(f"   {outcome}, {time.monotonic() - start:.1f} s", flush=True)
    return outcome


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--keep", action="store_true", help="keep the folders of passed scenarios, too")
    parser.add_argument("name", nargs="*")
    arguments = parser.parse_args()
    if arguments.list:
        for name in names():
            print(f"{name:<12} {load(name).__doc__.strip().splitlines()[0]}")
        return 0
    unknown = [name for name in arguments.name if name not in names()]
    if unknown:
        print(f"run.py: no such scenario: {unknown[0]} (--list)", file=sys.stderr)
        return 2
    build = os.path.join(HERE, "..", "..", "build", "release")
    tool = os.path.abspath(os.environ.get("HALDE_TOOL", os.path.join(build, "halde")))
    preload = os.path.abspath(os.environ.get("HALDE_PRELOAD", os.path.join(build, "libhalde-preload.so")))
    for path in (tool, preload):
        if not os.path.exists(path):
            print(f"run.py: there is no {path}: build first, or set HALDE_TOOL and HALDE_PRELOAD", file=sys.stderr)
            return 2
    outcomes = {name: run_one(name, tool, preload, arguments.keep) for name in arguments.name or names()}
    counts = {kind: list(outcomes.values()).count(kind) for kind in ("passed", "failed", "skipped")}
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    if counts["failed"]:
        print("failed:", ", ".join(name for name, kind in outcomes.items() if kind == "failed"))
        return 1
    return 0 if counts["passed"] else 77


sys.exit(main())
