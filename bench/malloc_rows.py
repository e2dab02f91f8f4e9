# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""The rows of run_malloc.py: programs that do a fixed amount of work on the allocator that is preloaded.

Commands name programs of this folder by {bin}, inputs by {inputs}, recorded histograms by {traces}.
"""

import dataclasses
import pathlib

SINGLE, THREADS, REAL = "one thread", "threads", "real programs"
START, SPARSE = "start and end", "after freeing"
GROUPS = [SINGLE, THREADS, REAL]  # those that have a mean

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # in the CSV; unique
    group: str
    title: str  # in the table
    command: list
    quick: list = dataclasses.field(default_factory=list)  # more arguments in a smoke run; they win
    needs: tuple = ()  # commands that must be installed, each with its Debian package
    stdin: str = ""
    repeat: int = 1
    time: str = "elapsed"  # or cpu
    environment: tuple = ()


def work(name, group, title, arguments="", quick="--count=20000"):
    program = name.split(".")[0]
    return Row(name, group, title, [f"{{bin}}/{program}"] + arguments.split(), quick.split())


def containers(kind, rounds, title, group=SINGLE, more=()):
    return Row(f"containers.{kind}{''.join('.' + one for one in more)}", group, title,
               ["{bin}/containers", kind, str(rounds), *more])


def trace(program, group=SINGLE, threads=1):
    name = f"trace.{program}" if threads == 1 else f"trace.{program}.{threads}"
    beside = "" if threads == 1 else f", {threads} threads"
    return Row(name, group, f"sizes and lifetimes of {program}{beside}",
               ["{bin}/trace", f"{{traces}}/{program}.txt", f"--threads={threads}"], ["--count=20000"])


def traces():
    return sorted(path.stem for path in (HERE / "malloc" / "traces").glob("*.txt"))


def real(name, title, command, needs, **more):
    return Row(f"real.{name}", REAL, title, command.split() if isinstance(command, str) else command,
               needs=tuple(needs.items()), **more)


ROWS = [
    work("pairs", SINGLE, "hot pairs, 64 B"),
    work("pairs.mixed", SINGLE, "hot pairs, 16..1024 B", "--sizes=16-1024 --count=30000000"),
    work("batches", SINGLE, "batches of 1,000, in order"),
    work("batches.lifo", SINGLE, "batches of 1,000, in reverse", "--order=lifo"),
    work("batches.large", SINGLE, "batches of 500,000, at random",
         "--blocks=500000 --order=random --count=4000000", "--blocks=5000 --count=20000"),
    work("replacement", SINGLE, "random replacement, 500,000 live, 16..1000 B",
         "--count=4000000", "--blocks=2000 --count=20000"),
    work("replacement.wide", SINGLE, "random replacement, 20,000 live, 16 B..16 KiB",
         "--blocks=20000 --sizes=16-16384 --count=4000000", "--blocks=2000 --count=20000"),
    work("mix", SINGLE, "12,000 blocks of 16 B..64 KiB, as many small as large"),
    work("mix.large", SINGLE, "3,000 blocks of 16 B..1 MiB", "--sizes=16-1048576 --blocks=3000 --count=600000", "--count=2000"),
    work("strings", SINGLE, "strings that grow", "--count=2000000"),
    work("growth", SINGLE, "one block grown to 4 MiB in steps of 100 B", "--count=200", "--count=1"),
    work("large_blocks", SINGLE, "12 blocks of 100 KiB..64 MiB coming and going", "", "--count=5"),
    work("large_blocks.small", SINGLE, "100 blocks of 100 KiB..2 MiB coming and going",
         "--sizes=102400-2097152 --blocks=100 --count=8000", "--sizes=102400-2097152 --count=20"),
    work("zeroes", SINGLE, "calloc, 32 B..2 MiB"),
    work("trees", SINGLE, "trees of small nodes"),
    work("phases", SINGLE, "sizes that change, one block in twenty stays", "--count=40", "--count=1"),
    containers("map", 300, "std::map of strings"),
    containers("hash", 300, "std::unordered_map of vectors"),
    containers("strings", 400, "vectors of strings"),
    containers("list", 1500, "a list of shared objects"),
    *(trace(program) for program in traces()),
    work("pairs.2", THREADS, "hot pairs, 64 B, 2 threads", "--threads=2"),
    work("pairs.8", THREADS, "hot pairs, 64 B, 8 threads", "--threads=8"),
    work("replacement.2", THREADS, "random replacement, 2 threads", "--threads=2 --count=4000000",
         "--blocks=2000 --count=20000"),
    work("replacement.8", THREADS, "random replacement, 8 threads", "--threads=8 --count=4000000",
         "--blocks=2000 --count=20000"),
    work("ring.2", THREADS, "producer and consumer", "--threads=2"),
    work("ring.8", THREADS, "4 producers and 4 consumers", "--threads=8"),
    work("exchange.2", THREADS, "a shared table, 2 threads", "--threads=2 --count=5000000"),
    work("exchange.8", THREADS, "a shared table, 8 threads", "--threads=8 --count=5000000"),
    work("short_threads.2", THREADS, "20,000 short threads", "--threads=2", "--count=40"),
    work("short_threads.8", THREADS, "20,000 short threads, 8 starters", "--threads=8", "--count=40"),
    work("server.2", THREADS, "server, 2 workers, 40 generations", "--threads=2"),
    work("server.16", THREADS, "server, 16 workers, 40 generations", "--threads=16 --blocks=1000"),
    work("stages.2", THREADS, "messages through queues, 2 threads", "--threads=2"),
    work("stages.4", THREADS, "messages through queues, 4 threads", "--threads=4"),
    work("mix.2", THREADS, "blocks of 16 B..64 KiB, 2 threads", "--threads=2"),
    work("mix.8", THREADS, "blocks of 16 B..64 KiB, 8 threads", "--threads=8"),
    work("strings.4", THREADS, "strings that grow, 4 threads", "--threads=4 --count=2000000"),
    work("large_blocks.2", THREADS, "large blocks, 2 threads",
         "--threads=2 --sizes=102400-4194304 --blocks=20 --count=3000", "--count=5"),
    containers("handover", 60, "containers built here, destroyed there, 2 threads", THREADS, ("2",)),
    containers("handover", 60, "containers built here, destroyed there, 8 threads", THREADS, ("8",)),
    *(trace(program, THREADS, 4) for program in traces()),
    real("python3", "python3, each object a malloc", "{python} -S {here}/malloc/work.py 60000",
         {"/usr/bin/python3": "python3"}, environment=(("PYTHONMALLOC", "malloc"),)),
    real("python3.pools", "python3 with its own pools", "{python} -S {here}/malloc/work.py 100000",
         {"/usr/bin/python3": "python3"}),
    real("perl", "perl", "perl {here}/../tests/programs/inputs/work.pl 40000", {"perl": "perl"}),
    real("sqlite3", "sqlite3, 150,000 rows in memory", ["sqlite3", ":memory:", ".read {inputs}/sql"],
         {"sqlite3": "sqlite3"}),
    real("cc1", "gcc's compiler proper, -O2", "{cc1} -quiet -w -O2 {inputs}/c.c -o /dev/null", {"gcc": "gcc"}),
    real("cc1plus", "g++'s compiler proper", "{cc1plus} -quiet -w -std=c++17 -O1 {inputs}/cxx.ii -o /dev/null",
         {"g++": "g++"}),
    real("clang", "clang -O2", "clang -w -O2 -c {inputs}/c.c -o /dev/null", {"clang": "clang"}),
    real("lua", "Lua", "lua5.4 {here}/../tests/programs/inputs/work.lua 60", {"lua5.4": "lua5.4"}),
    real("gawk", "gawk", "gawk -f {here}/../tests/programs/inputs/work.awk {inputs}/text", {"gawk": "gawk"}),
    real("z3", "z3", "z3 {inputs}/smt", {"z3": "z3"}),
    real("ghostscript", "Ghostscript, 12 pages",
         "gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r72 -sOutputFile=/dev/null {inputs}/postscript", {"gs": "ghostscript"}),
    real("node", "node", "node {here}/../tests/programs/inputs/work.js 1", {"node": "nodejs"}),
    real("redis", "redis-server: its processor time", "redis", {"redis-server": "redis-server", "redis-benchmark": "redis-tools"},
         time="cpu"),
    Row("start", START, "/bin/true", ["/bin/true"], repeat=100),
    Row("sparse", SPARSE, "400,000 mixed blocks, nine in ten freed at random, 1.2 s later",
        ["{micro}/sparse.malloc", "--ms=1200"], ["--count=20000", "--ms=20"]),
    Row("start.sh", START, "sh -c :", ["/bin/sh", "-c", ":"], repeat=100),
]
INPUTS = {"c": ("c", 120), "cxx": ("cxx", 12), "sql": ("sql", 150000), "text": ("text", 100000), "smt": ("smt", 20),
          "postscript": ("postscript", 12)}
