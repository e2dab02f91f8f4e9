# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 180

"""Real programs under halde run: their results are what they are without it.

run_programs.py TOOL PRELOAD BUILD
"""

import json
import os
import shutil
import subprocess

from _checks import TOOL, check, environment, failure_count, finish, need_preload, new_folder

PYTHON = """
import json, re, threading
found = []
def work(n):
    table = {str(i): [i] * (i % 17) for i in range(2000)}
    found.append(len(json.dumps(table)) + n)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(found), re.sub("a+", "b", "caaandaab"))
"""
PERL = 'my %h; $h{$_ % 977} .= "x" x ($_ % 13) for 1..50000; print join(",", map { length $h{$_} } sort keys %h), "\\n"; exit 4'
SQL = ("create table t(a integer primary key, b text); "
       "with recursive c(x) as (select 1 union all select x+1 from c where x<20000) "
       "insert into t select x, hex(x*x) from c; create index i on t(b); "
       "select count(*), sum(a), max(b) from t where b > '3';")
C_SOURCE = "#include <stdio.h>\nint main(void) { printf(\"%d\\n\", 42); return 0; }\n"


def programs(folder):
    source = os.path.join(folder, "source.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(C_SOURCE)
    other = os.path.join(folder, "other.c")
    with open(other, "w", encoding="utf-8") as file:
        file.write(C_SOURCE.replace("42", "43"))
    return {
        "python3": (["python3", "-c", PYTHON], {}),
        "python3 on malloc": (["python3", "-c", PYTHON], {"PYTHONMALLOC": "malloc"}),
        "perl": (["perl", "-e", PERL], {"PERL_HASH_SEED": "0"}),
        "sqlite3": (["sqlite3", ":memory:", SQL], {}),
        "git": (["git", "diff", "--no-index", source, other], {}),
        "gcc": (["gcc", "-O2", "-S", "-o", "-", source], {}),
        "sh": (["sh", "-c", "for i in 1 2 3; do echo $i | wc -c; done; exit 5"], {}),
        "ls": (["ls", "-l", "/usr/lib"], {}),
    }


def run(words, more, folder):
    return subprocess.run(words, cwd=folder, env=environment(**more), capture_output=True, text=True, check=False,
                          timeout=100)


def definite_of(path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    return document["totals"]["definite"]["blocks"] if "totals" in document else None


def compare(name, words, more, folder):
    """Looks at a program in several modes."""
    plain = run(words, more, folder)
    for options in (["--mode=exact"], ["--mode=sample", "--interval=64K"], ["--mode=exact", "--follow"]):
        report = os.path.join(folder, "report.json")
        command = [TOOL, "run", *options, "--no-capture", "--format=json", "--report=" + report, "--", *words]
        found = run(command, more, folder)
        for what in ("returncode", "stdout", "stderr"):
            is_value, should_be = getattr(found, what), getattr(plain, what)
            check(is_value == should_be, f"{name} {options}: {what} is {is_value!r:.700}, not {should_be!r:.700}")
        if name in ("python3", "ls", "sqlite3") and options == ["--mode=exact"]:
            check(definite_of(report) == 0, f"{name}: {definite_of(report)} definite leaks")


def main():
    need_preload()
    folder = new_folder()
    for name, (words, more) in programs(folder).items():
        path = shutil.which(words[0], path="/usr/bin:/bin")
        if path is None:
            print(f"{name}: not installed")
            continue
        before = failure_count()
        compare(name, [path, *words[1:]], more, folder)
        print(f"{name}: {'FAILED' if failure_count() != before else 'ok'}", flush=True)
    finish()


main()
