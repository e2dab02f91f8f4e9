# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""Runs the rows of malloc_rows.py on Halde's preload object and on its peers; see run_malloc.sh.

All sides of a row run one after the other, then the next row; the whole list is repeated for each round, beginning
with another side each time.  malloc/measure.c takes the figures of each run from outside.
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

import malloc_table
from malloc_rows import GROUPS, INPUTS, REAL, ROWS, SPARSE, START
from rows import PEERS
from run import LIBRARIES, describe, find_libraries, machine_class, output_of

HERE = pathlib.Path(__file__).resolve().parent
GENERATE = HERE.parent / "tests" / "programs" / "generate.py"
TIME_LIMIT_S = 300
HALDE = "halde"


class Place:
    """Where programs, inputs and objects are."""

    def __init__(self, build_dir):
        self.bin = build_dir / "bench" / "malloc" / "bin"
        self.inputs = build_dir / "bench" / "malloc" / "inputs"
        self.object = pathlib.Path(os.environ.get("PRELOAD_OBJECT") or build_dir / "libhalde-preload.so").resolve()
        if not self.object.exists():
            sys.exit(f"bench: no object to measure: {self.object}")
        self.preload = {side: path or "" for side, path in find_libraries().items()}
        self.preload[HALDE] = str(self.object)
        python = "/usr/bin/python3"
        self.words = {
            "bin": self.bin,
            "micro": build_dir / "bench" / "bin",
            "inputs": self.inputs,
            "traces": HERE / "malloc" / "traces",
            "here": HERE,
            "python": python if os.path.exists(python) else sys.executable,
            "cc1": output_of("gcc", "-print-prog-name=cc1"),
            "cc1plus": output_of("g++", "-print-prog-name=cc1plus"),
        }

    def make_inputs(self, is_quick):
        """Inputs are made once; those of a smoke run are small and have a folder of their own."""
        if is_quick:
            self.inputs = self.inputs.with_name("quick-inputs")
            self.words["inputs"] = self.inputs
        self.inputs.mkdir(parents=True, exist_ok=True)
        for name, (kind, amount) in INPUTS.items():
            path = self.inputs / ("c.c" if name == "c" else name)
            if path.exists():
                continue
            amount = max(amount // 20, 2) if is_quick else amount
            with open(path, "wb") as output:
                subprocess.run([sys.executable, "-B", str(GENERATE), kind, str(amount)], stdout=output, check=True)
        if shutil.which("g++") and not (self.inputs / "cxx.ii").exists():
            # Preprocessed once: only the compiler proper is measured.
            subprocess.run(["g++", "-std=c++17", "-E", "-P", "-x", "c++", str(self.inputs / "cxx"), "-o",
                            str(self.inputs / "cxx.ii")], check=True)

    def fill_in(self, words):
        return [re.sub(r"\{(\w+)\}", lambda found: str(self.words[found[1]]), word) for word in words]


# ---- One measurement ----------------------------------------------------------------------------


def missing_needs(row):
    return [package for command, package in row.needs if not shutil.which(command)]


def command_of(row, side, place, options, output):
    measure = str(place.bin / "measure")
    preload = place.preload[side]
    if row.command == ["redis"]:
        return ["bash", str(HERE / "malloc" / "redis.sh"), measure, preload, output, "2000" if options.quick else "150000"]
    command = [measure, f"--preload={preload}", f"--output={output}"]
    command.append(f"--repeat={2 if options.quick else row.repeat}")
    command += place.fill_in(row.command)
    if options.quick:
        command += row.quick
    return command


def read_figures(lines):
    return {metric: (unit, float(value)) for metric, unit, value in (line.split() for line in lines)}


def measure_itself(row, side, place, options, environment):
    """A program that prints its own figures."""
    command = place.fill_in(row.command) + (row.quick if options.quick else [])
    if place.preload[side]:
        environment["LD_PRELOAD"] = place.preload[side]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()[:300]}")
    return read_figures(done.stdout.splitlines())


def measure(row, side, place, options):
    """Figures of one run as {metric: (unit, value)}. Raises RuntimeError with the reason when it fails."""
    environment = dict(os.environ, **dict(row.environment))
    for name in ("LD_PRELOAD", "HALDE_OPTIONS"):
        environment.pop(name, None)
    if row.group == SPARSE:
        return measure_itself(row, side, place, options, environment)
    with tempfile.NamedTemporaryFile(mode="r", encoding="ascii") as output:
        command = command_of(row, side, place, options, output.name)
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"not ready after {TIME_LIMIT_S} s") from error
        if done.returncode != 0:
            raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()[:300]}")
        figures = read_figures(output.read().splitlines())
    if not figures:
        raise RuntimeError("no figures")
    return figures


# ---- The run ------------------------------------------------------------------------------------


def chosen_rows(options):
    wanted = set(options.only.split(",")) if options.only else None
    unknown = (wanted or set()) - {row.name for row in ROWS}
    if unknown:
        sys.exit(f"bench: no such row: {', '.join(sorted(unknown))}; --list names them")
    return [
        row for row in ROWS
        if (wanted is None or row.name in wanted) and (not options.group or row.group.startswith(options.group))
    ]


def present_rows(rows):
    present = []
    for row in rows:
        missing = missing_needs(row)
        if missing:
            print(f"bench: left out, not installed: {row.name} ({', '.join(missing)})", file=sys.stderr)
        else:
            present.append(row)
    return present


def run_rounds(options, place, rows, sides, record):
    failures = []
    for number in range(options.rounds):
        for row in rows:
            first = number % len(sides)
            for side in sides[first:] + sides[:first]:
                try:
                    figures = measure(row, side, place, options)
                except RuntimeError as error:
                    failures.append(f"{row.name}, {side}, round {number}: {error}")
                    print(f"bench: FAILED {failures[-1]}", file=sys.stderr, flush=True)
                    continue
                for metric, (unit, value) in figures.items():
                    record(row.name, side, number, metric, unit, value)
        print(f"bench: round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return failures


def output_path(options, build_dir):
    if options.output:
        return pathlib.Path(options.output)
    if options.quick or options.only or options.group:
        return build_dir / "bench" / ("malloc-quick.csv" if options.quick else "malloc-partial.csv")
    return HERE / "results" / f"{datetime.date.today().isoformat()}-malloc-{machine_class()}.csv"


# ---- Histograms ---------------------------------------------------------------------------------

RECORDED = {"cc1plus", "gawk", "node", "perl", "python3", "redis", "sqlite3", "z3"}
LEAST_SHARE = 1e-5  # of all allocations; rarer sizes are left out


def add_up(folder):
    """Sums the reports of the processes that record.c watched: (calls, reallocs, remote, {size: {lifetime: count}})."""
    totals, sizes = {"calls": 0, "reallocs": 0, "remote": 0}, {}
    for path in folder.iterdir():
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            words = line.split()
            if words[0] in totals:
                totals[words[0]] += int(words[1])
            elif words[0].isdigit():
                lives = sizes.setdefault(int(words[0]), {})
                for word in words[2:]:
                    lifetime, count = word.split(":")
                    lives[int(lifetime)] = lives.get(int(lifetime), 0) + int(count)
    return totals, sizes


def write_histogram(row, totals, sizes):
    lines = [
        "# SPDX-FileCopyrightText: 2026 The Halde authors",
        "# SPDX-License-Identifier: MIT",
        f"# Sizes and lifetimes of {row.title}; made by run_malloc.sh --record, format: record.c.",
        f"# {totals['reallocs']} of the allocations are reallocations, {totals['remote']} blocks ended in another thread.",
        f"calls {totals['calls']}",
    ]
    least = max(2, totals["calls"] * LEAST_SHARE)
    for size, lives in sorted(sizes.items()):
        count = sum(lives.values())
        # Blocks of megabytes are one in millions, and rows of their own.
        if count >= least and size <= 1 << 20:
            lines.append(f"{size} {count} " + " ".join(f"{life}:{lives[life]}" for life in sorted(lives)))
    name = row.name.removeprefix("real.")
    path = HERE / "malloc" / "traces" / f"{name}.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{path.name}: {totals['calls']} allocations, {len(lines) - 5} sizes")


def record_histograms(options, place):
    place.preload["record"] = str(place.bin / "record.so")
    rows = [row for row in chosen_rows(options) if row.group == REAL and row.name.removeprefix("real.") in RECORDED]
    for row in present_rows(rows):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HALDE_RECORD"] = folder
            measure(row, "record", place, options)
            write_histogram(row, *add_up(pathlib.Path(folder)))


# ---- Main ---------------------------------------------------------------------------------------


def parse_arguments():
    parser = argparse.ArgumentParser(prog="run_malloc.sh", description="malloc on Halde beside Debian's allocators.")
    parser.add_argument("--quick", action="store_true", help="run everything for a moment; figures mean nothing")
    parser.add_argument("--rounds", type=int, default=0, help="how often all is repeated (5; quick: 1)")
    parser.add_argument("--only", default="", help="rows by name, separated by commas")
    parser.add_argument("--group", default="", help=f"rows of one group: {', '.join([*GROUPS, START, SPARSE])}")
    parser.add_argument("--sides", default="", help=f"allocators, separated by commas: {', '.join([*PEERS, HALDE])}")
    parser.add_argument("--output", default="", help="path of the CSV; the table comes beside it")
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    parser.add_argument("--record", action="store_true", help="make the histograms anew and end")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    return options


def main():
    options = parse_arguments()
    if options.list:
        for row in ROWS:
            print(f"{row.name:24} {row.group:14} {row.title}")
        return 0
    build_dir = pathlib.Path(os.environ["HALDE_BUILD_DIR"]).resolve()
    place = Place(build_dir)
    place.make_inputs(options.quick)
    if options.record:
        record_histograms(options, place)
        return 0
    sides = [side for side in [*PEERS, HALDE] if side in place.preload]
    missing = [f"{side} ({LIBRARIES[side][1]})" for side in PEERS if side not in sides]
    if missing:
        print(f"bench: peers not installed, left out: {', '.join(missing)}", file=sys.stderr)
    if options.sides:
        sides = [side for side in sides if side in options.sides.split(",")]
    rows = present_rows(chosen_rows(options))
    path = output_path(options, build_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    options.ms = 0  # describe() is run.py's
    start = time.monotonic()
    with open(path, "w", encoding="utf-8") as csv:
        for key, value in describe(build_dir, options).items():
            if key == "rounds" and not options.quick:
                value = f"{options.rounds} rounds"
            csv.write(f"# {key}: {value}\n")
        csv.write("row,side,round,metric,unit,value\n")

        def record(*fields):
            csv.write(",".join(f"{field:.6g}" if isinstance(field, float) else str(field) for field in fields) + "\n")
            csv.flush()

        failures = run_rounds(options, place, rows, sides, record)
    markdown = path.with_suffix(".md")
    markdown.write_text(malloc_table.render(path), encoding="utf-8")
    print(f"bench: {time.monotonic() - start:.0f} s; {path.name} and {markdown.name} in {path.parent}", file=sys.stderr)
    if not options.quick:
        print(markdown.read_text(encoding="utf-8"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
