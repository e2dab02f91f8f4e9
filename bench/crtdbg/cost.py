#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""cost.py --libraries FOLDER [--rounds N] [--quick] [--modes A,B] [--programs A,B] [--output PREFIX]

What the debug heap costs real programs: python3, sqlite3, gcc's compiler proper, perl and redis, each unmodified, in
these modes, in turn, N rounds:

  plain       the program alone
  crt         HALDE_OPTIONS=mode=crt: fences, fills, quarantine, a check of every block at the end; no leak dump
  checked     the same with the checked mem*, str* and wcs* functions
  stacks      crt with a call stack of 16 frames for every block
  reach       crt and the leaks at the end by class and place: a search of all memory
  dump        crt and the classic dump of every leaked block at the end, on a file
  malloc_debug  libc_malloc_debug with MALLOC_CHECK_=3, the fences of libc
  valgrind    memcheck without its leak search
  asan        AddressSanitizer without its leak search, of programs that are built for it

For that mode some workloads of ../malloc are built twice, with gcc, and measured in all modes; they do not count in the
last two columns.

A figure is the median of the rounds: seconds of the program's wall clock (of redis: processor seconds of the server for
a fixed number of requests) and its peak resident memory.  The table shows both relative to plain.  Whatever is not
installed is left out and said so.  Results (standard output) are compared with those of plain: a difference is an
error.

--quick   small inputs, one round, no valgrind: whether everything works
--output  writes PREFIX.csv (every run) and PREFIX.md (the table)"""

import argparse
import csv
import glob
import hashlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

MODES = ("plain", "crt", "checked", "stacks", "reach", "dump", "malloc_debug", "valgrind", "asan")

REAL = ("python3", "sqlite3", "gcc cc1", "perl", "redis")

PYTHON_WORK = """
import sys
size = int(sys.argv[1])
class Node:
    def __init__(self, key): self.key, self.left, self.right = key, None, None
def insert(node, key):
    while True:
        side = "left" if key < node.key else "right"
        below = getattr(node, side)
        if below is None:
            setattr(node, side, Node(key)); return
        node = below
root, seed = Node(0), 1
for _ in range(size):
    seed = (seed * 1103515245 + 12345) % 2147483648
    insert(root, seed)
words = {}
for i in range(size * 4):
    words["key %d" % (i * 7919 % (size * 2))] = [i, str(i) * (i % 5)]
print(len(words), sum(len(v[1]) for v in words.values()))
for i in range(size):
    words.pop("key %d" % i, None)
print(len(words))
"""

PERL_WORK = r"""
my $size = shift; my %words; my $sum = 0;
for my $i (1 .. $size * 10) { $words{"key " . ($i * 7919 % ($size * 5))} .= "value $i,"; }
for my $key (sort keys %words) { $sum += length($words{$key}); $sum++ if $words{$key} =~ /9+,$/; }
my $text = join(",", map { $_ * 3 } 1 .. $size * 5); $text =~ s/9(\d)/$1-/g;
my @parts = map { [split /-/, $_] } split /,/, $text; $sum += scalar @$_ for @parts;
print "$sum\n";
"""

SQL_WORK = """
create table item(id integer primary key, name text, price real);
with recursive row(i) as (select 1 union all select i + 1 from row where i < {size} * 10)
  insert into item select i, 'item ' || (i * 7919 % 10007), i / 3.0 from row;
create index item_name on item(name);
select count(*), sum(id), max(name) from item where name like 'item 9%';
update item set name = name || 'x' where id % 3 = 0;
select a.name, count(*) from item a join item b on a.id = b.id + 1 group by a.name order by 2 desc, 1 limit 5;
select length(json_group_array(json_object('id', id, 'name', name))) from item;
delete from item where id % 2 = 0;
select count(*) from item;
"""


def c_work(size):
    lines = []
    for i in range(size // 10):
        lines.append(f"int f{i}(int a, int b) {{ int s = 0; for (int j = 0; j < a; j++) {{ s += j * b ^ {i};"
                     f" if (s % 7 == 3) s -= a; else s += f{max(i - 1, 0)}(j & 3, b); }} return s; }}")
    return "\n".join(lines) + "\n"


# ---- Programs -------------------------------------------------------------------------------------------------------


class Program:
    """A command, where to find it, and what it needs in the folder `work`; the same built for AddressSanitizer."""

    def __init__(self, name, command, environment=None, asan=None):
        self.name, self.command, self.environment, self.asan = name, command, environment or {}, asan


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def binary_of(name):
    """The program itself: shims that are scripts start other programs first."""
    for place in (f"/usr/bin/{name}", shutil.which(name)):
        if place and os.path.exists(place):
            with open(place, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    return place
    if name == "python3":
        return sys.executable
    return None


def native_compiler():
    """The compiler proper of gcc; other machines' compilers may be installed beside it."""
    if not shutil.which("gcc"):
        return None
    answer = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=False)
    path = answer.stdout.strip()
    return path if os.path.isabs(path) else None


def programs_in(work, size):
    programs = []
    python = binary_of("python3")
    if python:
        script = write(os.path.join(work, "work.py"), PYTHON_WORK)
        programs.append(Program("python3", [python, "-S", script, str(size)], {"PYTHONMALLOC": "malloc"}))
    if binary_of("sqlite3"):
        script = write(os.path.join(work, "work.sql"), SQL_WORK.format(size=size))
        programs.append(Program("sqlite3", [binary_of("sqlite3"), ":memory:", f".read {script}"]))
    compiler = native_compiler()
    if compiler:
        source = write(os.path.join(work, "work.i"), c_work(size))
        programs.append(Program("gcc cc1", [compiler, "-quiet", "-fpreprocessed", "-O2", source, "-o", "-"]))
    if binary_of("perl"):
        script = write(os.path.join(work, "work.pl"), PERL_WORK)
        programs.append(Program("perl", [binary_of("perl"), script, str(size)]))
    if binary_of("redis-server") and shutil.which("redis-benchmark"):
        programs.append(Program("redis", [binary_of("redis-server")]))
    return programs


def build(work, name, flags):
    """Builds a workload of ../malloc, which is one file and, in C, what all of them share."""
    here = os.path.dirname(os.path.abspath(__file__))
    source = glob.glob(os.path.join(here, "..", "malloc", name + ".c*"))[0]
    is_cxx = source.endswith(".cpp")
    program = os.path.join(work, name + ("-asan" if flags else ""))
    command = ["g++", "-std=c++17"] if is_cxx else ["gcc", "-std=c17", "-D_GNU_SOURCE", "-DBENCH_HALDE=0"]
    command += ["-O2", "-g", "-fno-builtin-malloc", "-fno-builtin-free", *flags, "-pthread", source, "-o", program]
    if not is_cxx:
        command += [f"-I{here}/../../include", f"-I{here}/../../src", f"{here}/../micro/bench.c"]
    return program if subprocess.run(command, check=False).returncode == 0 else None


def built_programs(work, size):
    """What is measured with AddressSanitizer, too."""
    count = str(size * 10)
    rows = (("trees", ["trees"]), ("strings", ["strings", "--count=" + count]),
            ("map", ["containers", "map", str(size // 200)]), ("hash", ["containers", "hash", str(size // 200)]))
    programs = []
    for name, (source, *arguments) in rows if shutil.which("g++") else ():
        plain, asan = (build(work, source, flags) for flags in ((), ("-fsanitize=address",)))
        if plain and asan:
            programs.append(Program(name, [plain, *arguments], asan=[asan, *arguments]))
    return programs


# ---- Modes ----------------------------------------------------------------------------------------------------------


def environment_of(mode, libraries):
    preload = os.path.join(libraries, "libhalde-preload.so")
    checked = os.path.join(libraries, "libhalde-checked.so")
    table = {
        "plain": {},
        "valgrind": {},
        "crt": {"LD_PRELOAD": preload, "HALDE_OPTIONS": "mode=crt:crt_leak_check=0"},
        "checked": {"LD_PRELOAD": f"{checked}:{preload}", "HALDE_OPTIONS": "mode=crt:crt_leak_check=0"},
        "stacks": {"LD_PRELOAD": preload, "HALDE_OPTIONS": "mode=crt:crt_leak_check=0:crt_stacks=16"},
        "reach": {"LD_PRELOAD": preload, "HALDE_OPTIONS": "mode=crt:crt_leak_list=0"},
        "dump": {"LD_PRELOAD": preload, "HALDE_OPTIONS": "mode=crt"},
        "asan": {"ASAN_OPTIONS": "detect_leaks=0"},
        "malloc_debug": {"LD_PRELOAD": "libc_malloc_debug.so.0", "MALLOC_CHECK_": "3"},
    }
    return table[mode]


def prefix_of(mode):
    return ["valgrind", "--quiet", "--leak-check=no"] if mode == "valgrind" else []


def is_available(mode):
    if mode == "valgrind":
        return shutil.which("valgrind") is not None
    if mode == "malloc_debug":
        return bool(glob.glob("/lib/*/libc_malloc_debug.so.0"))
    return True


# ---- Runs -----------------------------------------------------------------------------------------------------------


class Run:
    """One run: seconds, peak resident KiB, exit status, a digest of the standard output.

    The output itself would make this process larger, and the first moment of the next program, too."""

    def __init__(self, seconds, peak, status, output):
        self.seconds, self.peak, self.status, self.output = seconds, peak, status, output


def run_command(command, environment, work):
    output_path = os.path.join(work, "output")
    with open(output_path, "wb") as output, open(os.path.join(work, "errors"), "wb") as errors:
        start = time.monotonic()
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=errors, cwd=work)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        child.returncode = status
    with open(output_path, "rb") as output:
        digest = hashlib.file_digest(output, "sha256").digest()
    return Run(seconds, usage.ru_maxrss, status, digest)


def wait_for_server(path, child):
    for _ in range(600):
        try:
            with socket.socket(socket.AF_UNIX) as attempt:
                attempt.connect(path)
                return
        except OSError:
            if child.poll() is not None:
                raise RuntimeError("redis-server ended at once") from None
            time.sleep(0.1)
    raise RuntimeError("redis-server does not answer")


def run_redis(command, environment, work, requests):
    path = os.path.join(work, "redis.socket")
    with open(os.path.join(work, "errors"), "wb") as errors:
        child = subprocess.Popen([*command, "--port", "0", "--unixsocket", path, "--save", "", "--daemonize", "no",
                                  "--appendonly", "no", "--dir", work],
                                 env=environment, stdout=subprocess.DEVNULL, stderr=errors, cwd=work)
        try:
            wait_for_server(path, child)
            subprocess.run(["redis-benchmark", "-s", path, "-q", "-n", str(requests), "-r", "100000", "-P", "8",
                            "-t", "set,get,incr,lpush,lpop,sadd,hset"], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        finally:
            child.terminate()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = status
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status, b"")


def run_once(program, mode, options, work):
    environment = dict(os.environ, **program.environment, **environment_of(mode, options.libraries))
    command = program.asan if mode == "asan" else [*prefix_of(mode), *program.command]
    if program.name != "redis":
        return run_command(command, environment, work)
    requests = options.requests // (5 if mode == "valgrind" else 1)
    run = run_redis(command, environment, work, requests)
    run.seconds *= options.requests / requests
    return run


# ---- Table ----------------------------------------------------------------------------------------------------------


def median_of(runs, program, mode, field):
    values = [getattr(run, field) for run in runs.get((program, mode), [])]
    return statistics.median(values) if values else None


def ratio_text(runs, program, mode):
    figures = []
    for field in ("seconds", "peak"):
        value, base = median_of(runs, program, mode, field), median_of(runs, program, "plain", field)
        if value is None or not base:
            return "-"
        figures.append(f"{value / base:.2f}")
    return " / ".join(figures)


def summary_text(runs, names, mode):
    texts = []
    names = [name for name in names if name in REAL] or names
    for field in ("seconds", "peak"):
        ratios = [median_of(runs, name, mode, field) / median_of(runs, name, "plain", field)
                  for name in names if (name, mode) in runs and median_of(runs, name, "plain", field)]
        texts.append(f"{statistics.median(ratios):.2f} / {max(ratios):.2f}" if ratios else "-")
    return texts


def table_of(runs, names, modes):
    lines = ["Each cell: time / peak memory, relative to plain (which is in seconds and MiB).", "",
             "| mode | " + " | ".join(names) + " | time: median / worst | memory: median / worst |",
             "| --- |" + " --- |" * (len(names) + 2)]
    for mode in modes:
        if mode == "plain":
            cells = [f"{median_of(runs, name, mode, 'seconds'):.2f} s / "
                     f"{median_of(runs, name, mode, 'peak') / 1024:.0f} MiB" for name in names]
            summary = ["", ""]
        else:
            cells = [ratio_text(runs, name, mode) for name in names]
            summary = summary_text(runs, names, mode)
        lines.append(f"| {mode} | " + " | ".join(cells + summary) + " |")
    return "\n".join(lines) + "\n"


def write_results(prefix, runs, text):
    with open(prefix + ".csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["program", "mode", "round", "seconds", "peak_kib"])
        for (program, mode), measured in sorted(runs.items()):
            for number, run in enumerate(measured, 1):
                writer.writerow([program, mode, number, f"{run.seconds:.4f}", run.peak])
    write(prefix + ".md", text)


def is_right(program, mode, run, first):
    """Programs end as they do alone, with the same results."""
    if program.name == "redis":
        return os.waitstatus_to_exitcode(run.status) in (0, 143, -15)
    return run.status == 0 and (first is None or run.output == first.output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--libraries", required=True, help="where libhalde-preload.so and libhalde-checked.so are")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--programs", default="")
    parser.add_argument("--output", default="")
    options = parser.parse_args()
    options.libraries = os.path.abspath(options.libraries)
    options.rounds = 1 if options.quick else options.rounds
    options.requests = 5000 if options.quick else 200000
    modes = [mode for mode in options.modes.split(",") if mode in MODES]
    if options.quick and options.modes == ",".join(MODES):
        modes.remove("valgrind")  # minutes, where all else takes seconds
    modes = ["plain"] + [mode for mode in modes if mode != "plain"]
    for mode in [mode for mode in modes if not is_available(mode)]:
        print(f"cost.py: {mode} is not installed and left out", file=sys.stderr)
        modes.remove(mode)
    runs, failures = {}, 0
    with tempfile.TemporaryDirectory() as work:
        size = 2000 if options.quick else 60000
        programs = programs_in(work, size) + (built_programs(work, size) if "asan" in modes else [])
        wanted = [name for name in options.programs.split(",") if name]
        programs = [program for program in programs if not wanted or program.name in wanted]
        for name in set(REAL) - {program.name for program in programs}:
            print(f"cost.py: {name} is not installed, or was not asked for, and left out", file=sys.stderr)
        for number in range(1, options.rounds + 1):
            for program in programs:
                for mode in modes:
                    if mode == "asan" and not program.asan:
                        continue
                    run = run_once(program, mode, options, work)
                    first = runs.get((program.name, "plain"), [None])[0]
                    if not is_right(program, mode, run, first):
                        print(f"cost.py: {program.name} in mode {mode}: wrong result, or status {run.status}",
                              file=sys.stderr)
                        failures += 1
                    runs.setdefault((program.name, mode), []).append(run)
                    print(f"round {number}: {program.name}, {mode}: {run.seconds:.2f} s, {run.peak // 1024} MiB",
                          file=sys.stderr)
    text = table_of(runs, [program.name for program in programs], modes)
    print(text, end="")
    if options.output:
        write_results(options.output, runs, text)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
