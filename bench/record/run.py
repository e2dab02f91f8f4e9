#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""What recording costs: whole programs under `halde run` beside heaptrack and valgrind.

    run.py BUILD [--rounds=N] [--quick] [--only=ROW,...] [--sides=SIDE,...] [--list]

BUILD has the tool and libhalde-preload.so.  Every program runs once on each side, then the next one; the whole list is
repeated.  Time is elapsed time of the command, recorder and report included; memory is the peak of the largest process.
Ratios are to the same program on the preload object alone ("plain").  Each program also runs with next to no work: what a
side takes longer then is start and report, which a second table takes off.  Without --quick the figures go to
bench/results/<date>-record-<machine class>.csv and .md; with it every program is small and they go to standard output.
"""

import argparse
import csv
import datetime
import glob
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from run import describe, machine_class, output_of  # noqa: E402  pylint: disable=wrong-import-position

GENERATE = HERE.parents[1] / "tests" / "programs" / "generate.py"
TIME_LIMIT_S = 900
PYTHON = """
import json, sys
table = [{"name": str(i), "values": [i, str(i) * 3, {"x": i}]} for i in range(int(sys.argv[1]))]
text = json.dumps(table)
print(len(text), len(json.loads(text)), sum(len(str(row)) for row in table))
"""
PERL = """
my %h; for my $i (1 .. $ARGV[0]) { my @w = map { $_ x ($i % 7) } ("a" .. "h"); push @{$h{$i % 5003}}, join(",", @w); }
my $n = 0; for my $k (sort keys %h) { $n += length $_ for @{$h{$k}}; } print "$n\\n";
"""
SQL = """
create table t(a integer primary key, b text, c text);
with recursive n(x) as (select 1 union all select x + 1 from n where x < {}) insert into t select x, hex(x * x), 'v' || x from n;
create index i on t(b);
select count(*), sum(length(b)), max(c) from t where b > '3';
select count(*) from (select b, group_concat(c) from t group by substr(b, 1, 3));
"""


class Row:
    """A program: its words, those for next to no work, what its environment has more, and whether it is a server."""

    def __init__(self, words, idle=None, more=None, is_server=False):
        self.words = words
        self.idle = idle
        self.more = more or {}
        self.is_server = is_server


def make_rows(folder, is_quick):
    """By name; only programs that are installed."""
    scale = 20 if is_quick else 1
    rows = {}
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    script = folder / "work.py"
    script.write_text(PYTHON, encoding="utf-8")
    words = [python, str(script)]
    work, idle = [*words, str(200000 // scale)], [*words, "1"]
    rows["python3"] = Row(work, idle)
    rows["python3-malloc"] = Row(work, idle, {"PYTHONMALLOC": "malloc"})
    if shutil.which("perl"):
        # In files: heaptrack does not stand a line's end in a program's arguments.
        script = folder / "work.pl"
        script.write_text(PERL, encoding="utf-8")
        words = ["perl", str(script)]
        rows["perl"] = Row([*words, str(400000 // scale)], [*words, "1"], {"PERL_HASH_SEED": "0"})
    if shutil.which("sqlite3"):
        words = ["sqlite3", ":memory:"]
        work, idle = (SQL.format(count).replace("\n", " ").strip() for count in (400000 // scale, 1))
        rows["sqlite3"] = Row([*words, work], [*words, idle])
    cc1 = output_of("gcc", "-print-prog-name=cc1")
    if os.path.exists(cc1):
        source = folder / "input.c"
        with open(source, "wb") as output:
            subprocess.run([sys.executable, "-B", str(GENERATE), "c", str(max(1500 // scale, 20))],
                           stdout=output, check=True)
        empty = folder / "empty.c"
        empty.write_text("int nothing;\n", encoding="utf-8")
        words = [cc1, "-quiet", "-O1", "-o", os.devnull]
        rows["cc1"] = Row([*words, str(source)], [*words, str(empty)])
    if shutil.which("redis-server") and shutil.which("redis-benchmark"):
        rows["redis"] = Row([str(200000 // scale)], is_server=True)
    return rows


def make_sides(build, place):
    """Words in front of the program, and environment, by name of the side."""
    preload = str(build / "libhalde-preload.so")
    halde = [str(build / "halde"), "run", "--quiet", "--report=" + str(place / "report")]
    capture = ["-o", str(place / "capture.halde")]
    sides = {
        "plain": ([], {"LD_PRELOAD": preload}),
        "sample": ([*halde, "--mode=sample", *capture, "--"], {"HALDE_PRELOAD": preload}),
        "exact": ([*halde, "--mode=exact", *capture, "--"], {"HALDE_PRELOAD": preload}),
        "exact-16": ([*halde, "--mode=exact", "--depth=16", *capture, "--"], {"HALDE_PRELOAD": preload}),
    }
    if shutil.which("heaptrack"):
        sides["heaptrack"] = (["heaptrack", "-o", str(place / "heaptrack")], {})
    if shutil.which("valgrind"):
        sides["valgrind"] = (["valgrind", "-q", "--leak-check=full", "--log-file=" + str(place / "valgrind")], {})
    return sides


def events_in(place):
    """Events of the report's closing line: allocations, twice; 0 when there is none."""
    try:
        last = (place / "report").read_text(encoding="utf-8").strip().split("\n")[-1].split()
    except OSError:
        return 0
    return int(last[1]) if len(last) > 2 and last[2] == "allocations" else 0


def measure(words, environment):
    """Seconds, processor seconds and peak KiB of a command and its children."""
    started = time.monotonic()
    child = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    timer = time.monotonic() + TIME_LIMIT_S
    while True:
        found, status, usage = os.wait4(child.pid, os.WNOHANG)
        if found:
            break
        if time.monotonic() > timer:
            child.kill()
        time.sleep(0.002)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, child.returncode


def measure_redis(front, environment, requests):
    """Seconds of redis-benchmark on a server under a tool; peak KiB of the server."""
    with tempfile.TemporaryDirectory() as folder:
        socket = os.path.join(folder, "socket")
        words = [*front, shutil.which("redis-server"), "--port", "0", "--unixsocket", socket, "--save", "",
                 "--dir", folder, "--loglevel", "warning"]
        server = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if os.path.exists(socket):
                break
            time.sleep(0.05)
        started = time.monotonic()
        done = subprocess.run(["redis-benchmark", "-s", socket, "-q", "-n", requests, "-c", "20", "-P", "16", "-r",
                               "100000", "-d", "200", "-t", "set,lpush,hset,get,lpop"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=TIME_LIMIT_S)
        seconds = time.monotonic() - started
        subprocess.run(["redis-cli", "-s", socket, "shutdown", "nosave"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False, timeout=60)
        _, _, usage = os.wait4(server.pid, 0)
        server.returncode = 0
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, done.returncode


def run_idle(row, front, environment):
    """Seconds of the program with next to no work; 0 for a server, whose start and end are not in its figures."""
    return 0 if row.is_server else measure([*front, *row.idle], environment)[0]


def run_side(row, side, sides, place):
    front, more = sides[side]
    names = ("HALDE_OPTIONS", "LD_PRELOAD", "HALDE_RECORD")
    environment = {k: v for k, v in os.environ.items() if k not in names} | row.more | more
    idle_seconds = run_idle(row, front, environment)
    for old in place.iterdir():
        old.unlink()
    if row.is_server:
        figures = measure_redis(front, environment, row.words[0])
    else:
        figures = measure([*front, *row.words], environment)
    captured = sum(os.path.getsize(path) for path in glob.glob(str(place / "capture*")))
    return dict(zip(("seconds", "cpu_seconds", "peak_kib", "status"), figures)) | {
        "idle_seconds": idle_seconds, "capture_bytes": captured, "allocations": events_in(place)}


def run_all(rows, sides, rounds, place):
    measurements = []
    for number in range(rounds):
        order = list(sides)
        order = order[number % len(order):] + order[:number % len(order)]
        for name, row in rows.items():
            for side in order:
                found = run_side(row, side, sides, place)
                measurements.append({"round": number, "row": name, "side": side} | found)
                print(f"{name:15} {side:10} {found['seconds']:7.2f} s {found['peak_kib'] / 1024:8.1f} MiB "
                      f"status {found['status']}", file=sys.stderr, flush=True)
    return measurements


# ---- Table ---------------------------------------------------------------------------------------


def median_of(measurements, row, side, key):
    found = [m[key] for m in measurements if m["row"] == row and m["side"] == side and m["status"] == 0]
    return statistics.median(found) if found else None


def ratio(measurements, row, side, key):
    value, base = (median_of(measurements, row, name, key) for name in (side, "plain"))
    return value / base if value and base else None


def cell(value):
    return "-" if value is None else f"{value:.2f}"


def table(measurements, rows, sides):
    """Markdown: ratios of time and of memory, and how long captures are."""
    others = [side for side in sides if side != "plain"]
    lines = ["| program | plain | " + " | ".join(others) + " | capture, bytes an event |",
             "| --- | --- |" + " --- |" * len(others) + " --- |"]
    for row in rows:
        base = median_of(measurements, row, "plain", "seconds")
        cells = [f"{cell(ratio(measurements, row, s, 'seconds'))} / {cell(ratio(measurements, row, s, 'peak_kib'))}"
                 for s in others]
        size, count = (median_of(measurements, row, "exact", key) for key in ("capture_bytes", "allocations"))
        each = f"{size / (2 * count):.3f}" if size and count else "-"
        lines.append(f"| {row} | {cell(base)} s | " + " | ".join(cells) + f" | {each} |")
    for kind, pick in (("median", statistics.median), ("worst", max)):
        cells = []
        for side in others:
            times, sizes = ([r for row in rows if (r := ratio(measurements, row, side, key)) is not None]
                            for key in ("seconds", "peak_kib"))
            cells.append(f"{cell(pick(times) if times else None)} / {cell(pick(sizes) if sizes else None)}")
        lines.append(f"| {kind} | | " + " | ".join(cells) + " | |")
    return "\n".join(lines) + "\n"


def running_ratio(measurements, row, side):
    """Of time, without what the program takes with next to no work."""
    seconds, idle, base, base_idle = (median_of(measurements, row, name, key)
                                      for name in (side, "plain") for key in ("seconds", "idle_seconds"))
    return (seconds - idle) / (base - base_idle) if seconds and base and base > base_idle else None


def parts_table(measurements, rows, sides):
    """Markdown: what is there once a run, in milliseconds, and the ratio of what is left."""
    others = [side for side in sides if side != "plain"]
    lines = ["| program | " + " | ".join(others) + " |", "| --- |" + " --- |" * len(others)]
    for row in rows:
        cells = []
        for side in others:
            idle, base = (median_of(measurements, row, name, "idle_seconds") for name in (side, "plain"))
            once = "-" if idle is None or base is None else f"{(idle - base) * 1000:.0f} ms"
            cells.append(f"{once} + {cell(running_ratio(measurements, row, side))}")
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    for kind, pick in (("median", statistics.median), ("worst", max)):
        found = [[r for row in rows if (r := running_ratio(measurements, row, side)) is not None] for side in others]
        lines.append(f"| {kind} | " + " | ".join(cell(pick(ratios) if ratios else None) for ratios in found) + " |")
    return "Start and report, once a run, and the ratio of the rest:\n\n" + "\n".join(lines) + "\n"


def write_results(measurements, text, build, options):
    stem = HERE.parent / "results" / f"{datetime.date.today().isoformat()}-record-{machine_class()}"
    with open(f"{stem}.csv", "w", encoding="utf-8", newline="") as file:
        for key, value in describe(build, options).items():
            file.write(f"# {key}: {value}\n")
        writer = csv.DictWriter(file, fieldnames=list(measurements[0]))
        writer.writeheader()
        writer.writerows(measurements)
    with open(f"{stem}.md", "w", encoding="utf-8") as file:
        file.write("# What recording costs\n\nTime / peak memory, as ratios to the same program on the preload object "
                   "alone: medians of " + f"{options.rounds} rounds.\n\n" + text)
    print(f"{stem}.csv")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--sides", default="")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    options.ms = 0  # describe() is run.py's
    build = options.build.resolve()
    for name in ("halde", "libhalde-preload.so"):
        if not (build / name).exists():
            sys.exit(f"bench: {build / name} does not exist: build the targets tool and preload first")
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "out"
        place.mkdir()
        rows = make_rows(pathlib.Path(folder), options.quick)
        sides = make_sides(build, place)
        rows = {name: row for name, row in rows.items() if not options.only or name in options.only.split(",")}
        wanted = options.sides.split(",") if options.sides else list(sides)
        sides = {name: side for name, side in sides.items() if name == "plain" or name in wanted}
        if options.list:
            print("rows:", *rows, "\nsides:", *sides)
            return
        measurements = run_all(rows, sides, 1 if options.quick else options.rounds, place)
    text = table(measurements, rows, sides) + "\n" + parts_table(measurements, rows, sides)
    print(text)
    if not options.quick:
        write_results(measurements, text, build, options)


main()
