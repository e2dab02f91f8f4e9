# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""Runs the rows of rows.py and writes a CSV of raw figures and the table that table.py makes of it.

All sides of a row run one after the other, then the next row; the whole list is repeated for each round,
beginning with another side each time, so that a slow minute of the machine hits everybody.  Each
measurement is a process of its own, in a session of its own: schedulers share time between sessions first,
so root gives that session precedence over what else the machine does.
"""

import argparse
import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

import table
from rows import PEERS, ROWS

HERE = pathlib.Path(__file__).resolve().parent
LIBRARIES = {  # soname, Debian package
    "glibc": (None, "libc6"),
    "mimalloc": ("libmimalloc.so.2", "libmimalloc2.0"),
    "jemalloc": ("libjemalloc.so.2", "libjemalloc2"),
    "tcmalloc": ("libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
}
TIME_LIMIT_S = 120


# ---- The machine --------------------------------------------------------------------------------


def output_of(*command):
    """What a command prints, or "" when it fails or does not exist."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def file_value(path, key):
    """What stands behind "key :", "key:" or "key:TYPE=" in a file of such lines, or ""."""
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(rf"^{re.escape(key)}(?::[A-Z]+=|[ \t]*:)[ \t]*(.*)$", text, re.MULTILINE)
    return found.group(1).strip() if found else ""


def processor():
    return file_value("/proc/cpuinfo", "model name") or platform.machine()


def machine_class():
    """A short name for machines of this kind: the processor and the number of them."""
    name = re.sub(r"\((R|TM|r|tm)\)|\bCPU\b|\bProcessor\b|@", " ", processor())
    name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{name}-{os.cpu_count()}cpu"


def describe_build(build_dir):
    cache = build_dir / "CMakeCache.txt"
    compiler = file_value(cache, "CMAKE_C_COMPILER")
    kind = file_value(cache, "CMAKE_BUILD_TYPE")
    version = output_of(compiler, "--version").split("\n")[0] if compiler else ""
    # The flags of a build type are the project's (cmake/flags.cmake), not the cache's.
    return version or "unknown", f"{kind} {file_value(cache, 'CMAKE_C_FLAGS') or ''}".strip() or "unknown"


def describe(build_dir, options):
    """Header lines of the CSV. Nothing in them says whose machine or which folder it is."""
    compiler, build = describe_build(build_dir)
    peers = []
    for side in PEERS:
        version = output_of("dpkg-query", "-W", "-f=${Version}", LIBRARIES[side][1])
        peers.append(f"{side} {version or 'unknown'}")
    memory = re.sub(r"\D", "", file_value("/proc/meminfo", "MemTotal"))
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{processor()}, {os.cpu_count()} CPUs, {int(memory or 0) / 2**20:.0f} GiB, {platform.machine()}",
        "kernel": f"{platform.system()} {platform.release()}",
        "compiler": compiler,
        "build": build,
        "commit": output_of("git", "-C", str(HERE), "describe", "--always", "--dirty", "--abbrev=12") or "none",
        "peers": ", ".join(peers),
        "rounds": "smoke run: the figures mean nothing" if options.quick
                  else f"{options.rounds} rounds, {options.ms} ms an ordinary measurement",
        "load": f"{os.getloadavg()[0]:.2f} when the run began",
        "precedence": "none" if options.quick or os.geteuid() != 0 else "own scheduling group at -20",
    }


# ---- One measurement ----------------------------------------------------------------------------


def find_libraries():
    """Paths of the peers that are installed. System malloc needs none."""
    cache = output_of("/sbin/ldconfig", "-p")
    paths = {"glibc": None}
    for side, (soname, _) in LIBRARIES.items():
        found = soname and re.search(rf"^\s*{re.escape(soname)} .*x86-64.* => (\S+)$|^\s*{re.escape(soname)} .* => (\S+)$",
                                     cache, re.MULTILINE)
        if found:
            paths[side] = found.group(1) or found.group(2)
    return paths


def leave_session():
    """In the child: its own session, with precedence over others for root."""
    os.setsid()
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as group:
            group.write("-20")
    except OSError:
        pass  # not root, or a kernel without autogroups


def is_halde(side):
    return side.startswith("halde.")


def command_of(row, side, threads, build_dir, options):
    kind = "halde" if is_halde(side) else "malloc"
    command = [str(build_dir / "bench" / "bin" / f"{row.program}.{kind}")]
    command += [f"--ms={row.time_ms or options.ms}", f"--threads={threads}"]
    if is_halde(side):
        command.append("--heap=" + side.split(".")[1])
    command += row.arguments
    if options.quick:
        command += ["--ms=2"] + row.quick
    return command


def environment_of(side, paths):
    environment = dict(os.environ)
    environment.pop("LD_PRELOAD", None)
    environment.pop("HALDE_OPTIONS", None)
    if not is_halde(side) and paths[side]:
        environment["LD_PRELOAD"] = paths[side]
    if side.endswith(".fence"):
        environment["HALDE_OPTIONS"] = "membarrier=0"
    return environment


def measure(row, side, threads, build_dir, paths, options):
    """Figures of one run as (metric, unit, value). Raises RuntimeError with the reason when it fails."""
    command = command_of(row, side, threads, build_dir, options)
    try:
        done = subprocess.run(
            command,
            env=environment_of(side, paths),
            preexec_fn=None if options.quick else leave_session,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"not ready after {TIME_LIMIT_S} s") from error
    except OSError as error:
        raise RuntimeError(f"{row.program}: {error.strerror}") from error
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()[:200]}")
    figures = []
    for line in done.stdout.splitlines():
        metric, unit, value = line.split()
        figures.append((metric, unit, float(value)))
    if not figures:
        raise RuntimeError("printed nothing")
    return figures


# ---- The run ------------------------------------------------------------------------------------


def plan(options, paths):
    """Every measurement of one round, in order: (row, threads, sides)."""
    wanted = set(options.only.split(",")) if options.only else None
    unknown = (wanted or set()) - {row.name for row in ROWS}
    if unknown:
        sys.exit(f"bench: no such row: {', '.join(sorted(unknown))}; --list names them")
    cells = []
    for row in ROWS:
        if wanted is None or row.name in wanted:
            sides = [side for side in row.sides if is_halde(side) or side in paths]
            cells += [(row, threads, sides) for threads in row.threads]
    return cells


def run_rounds(options, build_dir, paths, record):
    """Calls record(row, threads, side, round, metric, unit, value) for each figure. Returns the failures."""
    failures = []
    cells = plan(options, paths)
    for number in range(options.rounds):
        for row, threads, sides in cells:
            if row.rounds and number >= row.rounds:
                continue
            first = number % len(sides) if sides else 0
            for side in sides[first:] + sides[:first]:
                try:
                    figures = measure(row, side, threads, build_dir, paths, options)
                except RuntimeError as error:
                    failures.append(f"{row.name}, {threads} threads, {side}, round {number}: {error}")
                    print(f"bench: FAILED {failures[-1]}", file=sys.stderr, flush=True)
                    continue
                for metric, unit, value in figures:
                    record(row.name, threads, side, number, metric, unit, value)
        print(f"bench: round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return failures


def parse_arguments():
    parser = argparse.ArgumentParser(prog="run.sh", description="Halde beside Debian's allocators.")
    parser.add_argument("--quick", action="store_true", help="run everything for a moment; figures mean nothing")
    parser.add_argument("--rounds", type=int, default=0, help="how often all is repeated (5; quick: 1)")
    parser.add_argument("--ms", type=int, default=100, help="length of an ordinary measurement")
    parser.add_argument("--only", default="", help="rows by name, separated by commas")
    parser.add_argument("--output", default="", help="path of the CSV; the table comes beside it")
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    return options


def output_path(options, build_dir):
    if options.output:
        return pathlib.Path(options.output)
    if options.quick or options.only:
        return build_dir / "bench" / ("quick.csv" if options.quick else "partial.csv")
    return HERE / "results" / f"{datetime.date.today().isoformat()}-{machine_class()}.csv"


def main():
    options = parse_arguments()
    if options.list:
        for row in ROWS:
            print(f"{row.name:16} {row.title}")
        return 0
    if "HALDE_BUILD_DIR" not in os.environ:
        sys.exit("bench: set HALDE_BUILD_DIR to a build directory with the benchmark programs")
    build_dir = pathlib.Path(os.environ["HALDE_BUILD_DIR"]).resolve()
    paths = find_libraries()
    missing = [f"{side} ({LIBRARIES[side][1]})" for side in PEERS if side not in paths]
    if missing:
        print(f"bench: peers not installed, left out: {', '.join(missing)}", file=sys.stderr)
    path = output_path(options, build_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with open(path, "w", encoding="utf-8") as csv:
        for key, value in describe(build_dir, options).items():
            csv.write(f"# {key}: {value}\n")
        csv.write("row,threads,side,round,metric,unit,value\n")

        def record(*fields):
            csv.write(",".join(f"{field:.6g}" if isinstance(field, float) else str(field) for field in fields) + "\n")

        failures = run_rounds(options, build_dir, paths, record)
    markdown = path.with_suffix(".md")
    markdown.write_text(table.render(path), encoding="utf-8")
    print(f"bench: {time.monotonic() - start:.0f} s; {path.name} and {markdown.name} in {path.parent}", file=sys.stderr)
    if not options.quick:
        print(markdown.read_text(encoding="utf-8"))
    for failure in failures:
        print(f"bench: FAILED {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
