# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""Leaks planted in python3, perl, sqlite3, node, git, gcc and redis are found where they are, and nothing else.

Each program runs by itself, with leaks and without, and both again under `halde run`: what it prints and how it
ends are the same, the planted blocks are definite leaks of their function and line, in number and bytes; without
them nothing is, but for what valgrind finds too.
"""

import glob
import os
import re
import shutil
import subprocess
import time

from harness import line_of, sites_of, total_of

BLOCKS = 40
KINDS = ("definite", "indirect", "possible", "reachable")
LOST = re.compile(r"bytes in ([\d,]+) blocks are (?:definitely|indirectly|possibly) lost[^\n]*\n((?:==\d+==    .*\n)+)")
FRAME = re.compile(r"(?:at|by) 0x[0-9A-F]+: ([^\s(]+)")
ALLOCATORS = re.compile(r"(m|c|re)alloc$|operator")

PYTHON = """
import sys
sys.path.insert(0, {folder!r})
import json, planted
table = {{str(i): [i] * (i % 17) for i in range(3000)}}
print(len(json.dumps(table)), planted.plant({count}))
"""
CTYPES = """
import ctypes
library = ctypes.PyDLL({library!r})
print(sum(x * x for x in range(1000)), library is not None)
"""
PERL = """
require DynaLoader;
DynaLoader::dl_load_file({library!r}, 0) or die DynaLoader::dl_error();
my %h; $h{{$_ % 977}} .= "x" x ($_ % 13) for 1..50000;
print join(",", map {{ length $h{{$_}} }} sort keys %h), "\\n"; exit 4
"""
SQL = (".load {library}\ncreate table t(a integer primary key, b text);\n"
       "with recursive c(x) as (select 1 union all select x+1 from c where x<20000) "
       "insert into t select x, hex(x*x) from c; create index i on t(b);\n"
       "select count(*), sum(a), max(b) from t where b > '3'; select plant({count});\n")
NODE = """
const plant = require({library!r});
const table = new Map();
for (let i = 0; i < 20000; i++) table.set('key' + i, [i, String(i)]);
console.log([...table.values()].reduce((sum, [n, s]) => sum + n + s.length, 0), plant({count}));
"""
CXX = ("#include <map>\n#include <string>\nint main()\n{\n    std::map<std::string, int> m;\n"
       "    for (int i = 0; i < 9; i++) {\n        m[std::to_string(i)] = i;\n    }\n    return int(m.size()) - 9;\n}\n")


class Case:
    """A program: how it is run with so many planted blocks (0: none)."""

    def __init__(self, size, source, words, environment=None, input=None, options=(), has_judge=False,
                 has_old_pointers=False):
        self.size, self.source, self.words = size, source, words
        self.environment = environment or (lambda count: {})
        self.input = input or (lambda count: None)
        self.options = options
        self.has_judge = has_judge  # valgrind can run it, in a reasonable time
        # Its memory holds old pointers in places that it will use again: a few planted blocks look reachable.
        self.has_old_pointers = has_old_pointers


def cases(s):
    """name -> Case, of what is installed."""
    def library(name, *flags):
        return s.compile(f"planted_{name}.c", f"planted{name}.so", "-shared", "-fPIC", *flags)

    def preloaded(name):
        return lambda count: {"LD_PRELOAD": opened, "PLANT": str(count), "PLANT_IN": name}

    found = {}
    opened = library("preload")
    python = "/usr/bin/python3"
    if os.path.exists(python):
        shown = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('include'))"],
                               capture_output=True, text=True, check=False).stdout.strip()
        if os.path.exists(os.path.join(shown, "Python.h")):
            os.rename(library("python", "-I" + shown), s.path("planted.so"))
            found["python3"] = Case(77, "planted_python.c", lambda count: [
                python, "-c", PYTHON.format(folder=s.folder, count=count)], has_judge=True)
            found["python3, all on malloc"] = Case(77, "planted_python.c", found["python3"].words,
                                                   lambda count: {"PYTHONMALLOC": "malloc"})
        else:
            s.say("python3: no Python.h (python3-dev): no extension")
        found["python3, ctypes"] = Case(60, "planted_preload.c", lambda count: [
            python, "-c", CTYPES.format(library=opened)],
            lambda count: {"PLANT": str(count), "PLANT_IN": "python3"})
    if os.path.exists("/usr/bin/perl"):
        found["perl"] = Case(60, "planted_preload.c", lambda count: [
            "/usr/bin/perl", "-e", PERL.format(library=opened)],
            lambda count: {"PLANT": str(count), "PLANT_IN": "perl", "PERL_HASH_SEED": "0"},
            has_judge=True, has_old_pointers=True)
    if shutil.which("sqlite3") and os.path.exists("/usr/include/sqlite3ext.h"):
        extension = library("sqlite")
        found["sqlite3"] = Case(88, "planted_sqlite.c", lambda count: ["sqlite3", ":memory:"],
                                input=lambda count: SQL.format(library=extension, count=count), has_judge=True)
    else:
        s.say("sqlite3: not installed, or no sqlite3ext.h (libsqlite3-dev)")
    if shutil.which("node") and os.path.exists("/usr/include/node/node_api.h"):
        addon = s.path("planted.node")
        os.rename(library("node", "-I/usr/include/node"), addon)
        found["node"] = Case(111, "planted_node.c", lambda count: [
            "node", "-e", NODE.format(library=addon, count=count)])
    else:
        s.say("node: not installed, or no node_api.h (libnode-dev)")
    first, second = s.write("first.txt", "one\ntwo\nthree\n"), s.write("second.txt", "one\n2\nthree\n")
    if shutil.which("git"):
        found["git"] = Case(60, "planted_preload.c", lambda count: ["git", "diff", "--no-index", first, second],
                            preloaded("git"), has_judge=True)
    source = s.write("source.cpp", CXX)
    if shutil.which("g++"):
        found["gcc"] = Case(60, "planted_preload.c", lambda count: ["g++", "-O2", "-S", "-o", "-", source],
                            preloaded("cc1plus"), options=["--follow"], has_judge=True)
    return found


# ---- One program --------------------------------------------------------------------------------


def check_planted(s, name, case, document_list):
    found = planted_of(document_list)
    if case.has_old_pointers:
        s.check(total_of(found)["blocks"] >= BLOCKS * 4 // 5, f"{name}: planted leaks", total_of(found))
    else:
        s.expect(f"{name}: planted leaks", total_of(found), {"blocks": BLOCKS, "bytes": BLOCKS * case.size})
    # Where gcc has unrolled the loop there are several sites.
    line = line_of("planted.h", "here")
    for site in found:
        s.expect(f"{name}: innermost function and line",
                 (site["stack"][0]["function"], site["stack"][0]["line"]), ("plant_block", line))
    caller = re.search(r"\b(plant_\w+)\(.*\)\n\{[^}]*?\bplant\(", read_source(case.source)).group(1)
    s.check(all(any(frame["function"] == caller for frame in site["stack"]) for site in found),
            f"{name}: {caller} is in each stack", found)


def planted_of(document_list, kinds=("definite",)):
    return [site for document in document_list for kind in kinds for site in sites_of(document, kind, "plant_block")]


def read_source(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs", name), encoding="utf-8") as file:
        return file.read()


def ask_valgrind(s, name, case):
    """Functions whose blocks are lost in any way, without planted ones -> blocks; None: not asked."""
    if not case.has_judge or not shutil.which("valgrind"):
        return None
    for old in glob.glob(s.path("valgrind.*")):
        os.unlink(old)
    s.run(["valgrind", "--leak-check=full", "--leak-resolution=high", "--trace-children=yes",
           "--log-file=" + s.path("valgrind.%p"), *case.words(0)], input=case.input(0),
          env=s.environment(**case.environment(0)), timeout=600)
    found = {}
    for path in glob.glob(s.path("valgrind.*")):
        for blocks, frames in LOST.findall(s.read(path)):
            key = site_name(FRAME.findall(frames))
            found[key] = found.get(key, 0) + int(blocks.replace(",", ""))
    return found


def site_name(functions):
    """The innermost function that is no allocator."""
    name = next((name for name in functions if not ALLOCATORS.match(name)), "")
    return "?" if name in ("", "???") else name


def definite_of(document_list):
    found = {}
    for document in document_list:
        for site in document.get("leaks", []):
            if site["kind"] == "definite":
                key = site_name([frame["function"] or "" for frame in site["stack"]])
                found[key] = found.get(key, 0) + site["blocks"]
    return found


def run_case(s, name, case):
    row = [name]
    for count in (BLOCKS, 0):
        more = case.environment(count)
        plain = s.run(case.words(count), input=case.input(count), env=s.environment(**more))
        start = time.monotonic()
        done, found = s.record(case.words(count), case.options, case.input(count), **more)
        seconds = time.monotonic() - start
        for what in ("returncode", "stdout", "stderr"):
            s.expect(f"{name}, {count} planted: {what}", getattr(done, what), getattr(plain, what))
        s.check(plain.stdout, f"{name}: it prints nothing", plain.stderr)
        if not s.check(found and all("totals" in document for document in found), f"{name}: reports", done.stderr):
            return None
        if count:
            check_planted(s, name, case, found)
            s.expect(f"{name}: planted blocks, of any kind", total_of(planted_of(found, KINDS))["blocks"], BLOCKS)
            planted = total_of(planted_of(found))
            row += [planted["blocks"], planted["bytes"], f"{seconds:.1f} s"]
        else:
            own = definite_of(found)
            judge = ask_valgrind(s, name, case)
            s.check("plant_block" not in own, f"{name}: planted leaks where none are")
            if judge is not None:
                more_than_judge = {key: count for key, count in own.items() if count > judge.get(key, 0)}
                s.check(not more_than_judge, f"{name}: definite leaks that valgrind has not",
                        f"ours      {own}", f"valgrind  {judge}")
            else:
                s.check(not own, f"{name}: definite leaks of the program without planted ones", own)
            row += [sum(own.values()), "-" if judge is None else sum(judge.values())]
    return row


# ---- redis: live --------------------------------------------------------------------------------


def run_redis(s):
    if not shutil.which("redis-server") or not shutil.which("redis-cli"):
        s.say("redis: not installed")
        return
    module = s.compile("planted_redis.c", "plantedredis.so", "-shared", "-fPIC")
    socket = s.path("socket")
    server = s.start(["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--loadmodule", module,
                      "--dir", s.folder], env=s.environment("exact"), stdout=subprocess.DEVNULL)

    def ask(*words):
        return s.run(["redis-cli", "-s", socket, *words]).stdout.strip()

    if not s.check(s.wait_for(lambda: ask("PING") == "PONG"), "redis answers"):
        return
    for i in range(5):
        ask("SET", f"key:{i}", "x" * i)
    before = s.halde_json("leaks", str(server.pid), "--all", codes=(0, 1))
    s.check(not sites_of(before, "definite", "plant_block"), "redis: planted leaks before there are any")
    own = definite_of([before])
    s.check(not own, "redis: definite leaks of its own", own)
    for i in range(BLOCKS // 10):
        s.expect("redis: answer of its command", ask("PLANTED.LOSE", "10"), "10")
    ask("SET", "a", "b")
    found = sites_of(s.halde_json("leaks", str(server.pid), "--all", codes=(1,)), "definite", "plant_block")
    s.expect("redis: planted leaks", total_of(found), {"blocks": BLOCKS, "bytes": BLOCKS * 99})
    s.check(found and all(site["stack"][0]["line"] == line_of("planted.h", "here") for site in found), "redis: line")
    s.check(all(any(f["function"] == "plant_from_redis" for f in site["stack"]) for site in found), "redis: command")
    ask("SHUTDOWN", "NOSAVE")
    server.wait(timeout=30)
    s.expect("redis: how it ends", server.returncode, 0)
    total = total_of(found)
    return ["redis, live", total["blocks"], total["bytes"], "", sum(own.values()), "-"]


def run(s):
    s.need("gcc")
    rows = [row for name, case in cases(s).items() for row in [run_case(s, name, case)] if row]
    row = run_redis(s)
    rows += [row] if row else []
    s.table(["program", "planted", "bytes", "took", "others", "valgrind"], rows)
