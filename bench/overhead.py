# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""Runs the real programs of malloc_rows.py on Halde with and without guard, states and exact sizes; see overhead.sh.

Both sides of a row run one after the other, then the next row; the whole list is repeated for each round, beginning
with the other side each time.  First each program must print the same on both sides.
"""

import argparse
import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import overhead_table
from malloc_rows import REAL, ROWS
from overhead_table import SIDES
from run import describe, machine_class
from run_malloc import TIME_LIMIT_S, Place, measure, missing_needs

HERE = pathlib.Path(__file__).resolve().parent
EVENT = "instructions:u"
SEEDS = {"PYTHONHASHSEED": "0", "PERL_HASH_SEED": "0"}  # every run does the same
# Programs whose instructions callgrind counts, with what makes them short: it is fifty times slower.  Not Lua, which
# draws a seed from the clock, and what that changes is more than what is measured.
SHORT = {
    "real.python3": ("60000", "4000"),
    "real.python3.pools": ("100000", "6000"),
    "real.perl": ("40000", "2500"),
    "real.sqlite3": (),
    "real.cc1": (),
    "real.cc1plus": (),
    "real.gawk": (),
    "real.z3": (),
}


def objects(directory):
    return {side: str((directory / side / "libhalde-preload.so").resolve(strict=True)) for side in SIDES}


def place_for(directory, is_quick):
    place = Place(directory / SIDES[0])
    place.preload = objects(directory)
    place.make_inputs(is_quick)
    return place


def environment_of(row, preload):
    environment = dict(os.environ, **dict(row.environment), LD_PRELOAD=preload)
    environment.pop("HALDE_OPTIONS", None)
    return environment


def short_command(row, place):
    """The command of a row, to be run on small inputs."""
    old, new = SHORT.get(row.name) or ("", "")
    return place.fill_in([new if word == old else word for word in row.command])


# ---- Do they compute the same? ------------------------------------------------------------------


def printed(row, side, place):
    # Compilers print what they otherwise throw away.
    command = ["-" if word == "/dev/null" else word for word in short_command(row, place)]
    done = subprocess.run(command, env=environment_of(row, place.preload[side]), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=TIME_LIMIT_S, check=False)
    return done.returncode, done.stdout


def differing_rows(rows, place):
    """Names of the rows that end or print otherwise on the two sides, or fail on both."""
    differing = []
    for row in rows:
        if row.command == ["redis"]:
            continue  # redis.sh looks at nothing but time
        results = [printed(row, side, place) for side in SIDES]
        if results[0] != results[1] or results[0][0] != 0:
            differing.append(row.name)
    return differing


# ---- Instructions -------------------------------------------------------------------------------


def has_counter():
    """Whether perf can count instructions on this machine; virtual ones often cannot."""
    if not shutil.which("perf"):
        return False
    done = subprocess.run(["perf", "stat", "-x,", "-e", EVENT, "true"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and re.search(rf"^\d+,.*{EVENT}", done.stderr, re.MULTILINE) is not None


def count_with_perf(row, side, place):
    with tempfile.NamedTemporaryFile(mode="r", encoding="ascii") as output:
        command = ["perf", "stat", "-x,", "-e", EVENT, "-o", output.name, "--", "env",
                   f"LD_PRELOAD={place.preload[side]}", *place.fill_in(row.command)]
        environment = environment_of(row, "")
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=TIME_LIMIT_S, check=True)
        return float(re.search(rf"^(\d+),.*{EVENT}", output.read(), re.MULTILINE)[1])


def count_with_callgrind(row, side, place):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *short_command(row, place)]
    done = subprocess.run(command, env=environment_of(row, place.preload[side]), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=4 * TIME_LIMIT_S, check=True)
    return float(re.search(rb"Collected : (\d+)", done.stderr)[1])


def count_all(rows, directory, is_quick, record):
    """Instructions of each program; returns what counted them."""
    if has_counter():
        counter, count, place = "perf", count_with_perf, place_for(directory, is_quick)
        rows = [row for row in rows if row.command != ["redis"]]
    elif shutil.which("valgrind"):
        counter, count, place = "callgrind, short runs", count_with_callgrind, place_for(directory, True)
        rows = [row for row in rows if row.name in SHORT]
    else:
        print("bench: neither perf nor valgrind counts instructions here", file=sys.stderr)
        return "nothing"
    for row in rows:
        for side in SIDES:
            record(row.name, side, 0, "instructions", "count", count(row, side, place))
    return counter


# ---- The run ------------------------------------------------------------------------------------


def chosen_rows(options):
    rows = [row for row in ROWS if row.group == REAL]
    if options.only:
        wanted = set(options.only.split(","))
        unknown = wanted - {row.name for row in rows}
        if unknown:
            sys.exit(f"bench: no such row: {', '.join(sorted(unknown))}; there are {', '.join(row.name for row in rows)}")
        rows = [row for row in rows if row.name in wanted]
    for row in rows:
        if missing_needs(row):
            print(f"bench: left out, not installed: {row.name} ({', '.join(missing_needs(row))})", file=sys.stderr)
    return [row for row in rows if not missing_needs(row)]


def run_rounds(options, place, rows, record):
    failures = 0
    for number in range(options.rounds):
        order = SIDES if number % 2 == 0 else SIDES[::-1]
        for row in rows:
            try:
                for side in order:
                    for metric, (unit, value) in measure(row, side, place, options).items():
                        record(row.name, side, number, metric, unit, value)
            except RuntimeError as error:
                failures += 1
                print(f"bench: FAILED {row.name}, round {number}: {error}", file=sys.stderr, flush=True)
        print(f"bench: round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return failures


def output_path(options, directory):
    if options.output:
        return pathlib.Path(options.output)
    if options.quick or options.only:
        return directory / ("overhead-quick.csv" if options.quick else "overhead-partial.csv")
    return HERE / "results" / f"{datetime.date.today().isoformat()}-overhead-{machine_class()}.csv"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="overhead.sh", description="What guard, states and exact sizes cost.")
    parser.add_argument("directory", type=pathlib.Path, help="where the builds guarded and unguarded are")
    parser.add_argument("--quick", action="store_true", help="each program once, on small inputs")
    parser.add_argument("--rounds", type=int, default=0, help="how often all is repeated (7; quick: 1)")
    parser.add_argument("--only", default="", help="rows by name, separated by commas")
    parser.add_argument("--no-count", action="store_true", help="leave the instruction counts out")
    parser.add_argument("--output", default="", help="path of the CSV; the table comes beside it")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 7)
    options.ms = 0  # describe() is run.py's
    return options


def main():
    options = parse_arguments()
    os.environ.update(SEEDS)
    directory = options.directory.resolve()
    start = time.monotonic()
    rows = chosen_rows(options)
    differing = differing_rows(rows, place_for(directory, True))
    if differing:
        sys.exit(f"bench: fails, or differs without guard and states: {', '.join(differing)}")
    place = place_for(directory, options.quick)
    path = output_path(options, directory)
    lines = []

    def record(*fields):
        lines.append(",".join(f"{field:.12g}" if isinstance(field, float) else str(field) for field in fields) + "\n")

    header = describe(directory / SIDES[0], options)
    header["rounds"] = str(options.rounds)
    header.pop("peers", None)
    failures = run_rounds(options, place, rows, record)
    header["instructions"] = "not counted" if options.no_count else count_all(rows, directory, options.quick, record)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as csv:
        csv.writelines(f"# {key}: {value}\n" for key, value in header.items())
        csv.write("row,side,round,metric,unit,value\n")
        csv.writelines(lines)
    markdown = path.with_suffix(".md")
    markdown.write_text(overhead_table.render(path), encoding="utf-8")
    print(f"bench: {time.monotonic() - start:.0f} s; {path.name} and {markdown.name} in {path.parent}", file=sys.stderr)
    print(markdown.read_text(encoding="utf-8"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
