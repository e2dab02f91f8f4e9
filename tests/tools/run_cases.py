# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 180

"""halde run on a program that ends, forks and allocates in every way: run_cases.py TOOL PRELOAD BUILD."""

import json
import os
import signal
import subprocess
import sys
import time

from _checks import HERE, PROGRAMS, TOOL, check, compile_program, environment, failure_count, finish, need_preload
from _checks import new_folder

PLANTED = {"definite": (4, 364), "indirect": (1, 32)}


def compile_victim(folder):
    return compile_program("run_victim.c", os.path.join(folder, "victim"), "-D_GNU_SOURCE", "-fno-builtin")


class Runner:
    """Runs the tool; every run has a folder of its own for what it writes."""

    def __init__(self, folder, victim):
        self.folder = folder
        self.victim = victim
        self.count = 0

    def start(self, words, options=(), report="json"):
        self.count += 1
        self.place = os.path.join(self.folder, str(self.count))
        os.mkdir(self.place)
        self.report_path = os.path.join(self.place, "report.json")
        command = [TOOL, "run", "--format=" + report, "--report=" + self.report_path, *options, "--", *words]
        return subprocess.Popen(
            command, cwd=self.place, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, words, options=(), report="json"):
        process = self.start(words, options, report)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            check(False, f"{words} hangs: {err}")
        return process.returncode, out, err

    def documents(self):
        """The report's JSON documents: one a process."""
        with open(self.report_path, encoding="utf-8") as file:
            text = file.read()
        decoder = json.JSONDecoder()
        found = []
        at = 0
        while at < len(text.rstrip()):
            document, at = decoder.raw_decode(text, at)
            found.append(document)
            while at < len(text) and text[at].isspace():
                at += 1
        return found


def totals(document, kind):
    total = document["totals"][kind]
    return total["blocks"], total["bytes"]


def check_planted(name, document):
    for kind, expected in PLANTED.items():
        found = totals(document, kind)
        check(found == expected, f"{name}: {kind} {found}, expected {expected}")


def lines_of(document, function):
    """Source lines of leaks whose innermost frame is that function."""
    return {leak["line"] for leak in document["leaks"] if leak["stack"] and leak["stack"][0]["function"] == function}


def source_line(text):
    with open(os.path.join(PROGRAMS, "run_victim.c"), encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


# ---- Ends ----------------------------------------------------------------------------------------


def test_ends(runner):
    """Ways to end that can be seen: the code is the program's, and the leaks are found."""
    for name, code in (("plant", 0), ("close", 0), ("thread_exit", 0), ("_exit", 11), ("quick_exit", 12),
                       ("abort", 128 + signal.SIGABRT)):
        found, out, err = runner.run([runner.victim, name])
        check(found == code, f"{name}: exit code {found}, expected {code}: {err}")
        check(out == "planted\n", f"{name}: standard output {out!r}")
        check_planted(name, runner.documents()[0])


def test_lines(runner):
    """Each leak has its function and line."""
    runner.run([runner.victim, "plant"])
    document = runner.documents()[0]
    check(lines_of(document, "lose_definite") == {source_line("kept_by = malloc(size)")}, "line of lose_definite")
    chain = lines_of(document, "lose_chain")
    wanted = {source_line("void **first = malloc(64)"), source_line("first[0] = malloc(32)")}
    check(chain and chain <= wanted, f"lines of lose_chain: {chain}, expected {wanted}")


def test_deaths(runner):
    """Ends that nobody sees coming: what was in use is told by the counters."""
    for name, code, ended in (
            ("kill", 128 + signal.SIGKILL, "killed"), ("fault", 128 + signal.SIGSEGV, "killed"), ("exec", 0, "replaced"),
            ("exec_self", 3, "replaced"), ("raw_exec", 0, "replaced"), ("raw_exit", 13, "system-call")):
        found, out, err = runner.run([runner.victim, name])
        check(found == code, f"{name}: exit code {found}, expected {code}: {err}")
        document = runner.documents()[0]
        check(document["schema"] == "halde.run/1", f"{name}: {document['schema']}")
        sizes = sorted(site["bytes"] for site in document["sites"])
        for size in (32, 64, 1000):
            check(size in sizes, f"{name}: no site of {size} bytes in {sizes}")
        functions = {frame["function"] for site in document["sites"] for frame in site["stack"]}
        check("lose_definite" in functions, f"{name}: functions {functions}")
        check(document["ended"] == ended, f"{name}: {document['ended']}")
        if name in ("exec", "raw_exec"):
            check(out == "planted\nreplaced\n", f"{name}: standard output {out!r}")
    captures = [name for name in os.listdir(runner.place) if name.endswith(".halde")]
    check(len(captures) == 1, f"captures {captures}")


def test_signals(runner):
    """A signal for us goes to the program; signal handlers may allocate."""
    process = runner.start([runner.victim, "wait"])
    check(process.stdout.readline() == "ready\n", "the program waits")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    check(process.returncode == 7, f"SIGTERM: exit code {process.returncode}: {err}")
    check_planted("wait", runner.documents()[0])
    code, out, err = runner.run([runner.victim, "signals"])
    check(code == 0, f"signals: exit code {code}")
    check_planted("signals", runner.documents()[0])


def test_collector_dies(runner):
    """When we are killed the program goes on, and ends."""
    process = runner.start([runner.victim, "flood", "40000000"])
    deadline = time.monotonic() + 10
    child = None
    while child is None and time.monotonic() < deadline:
        listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)],
                                 capture_output=True, text=True, check=False).stdout.split()
        child = int(listing[0]) if listing else None
    time.sleep(0.3)
    process.kill()
    process.wait()
    while time.monotonic() < deadline + 30 and os.path.exists(f"/proc/{child}"):
        with open(f"/proc/{child}/stat", encoding="utf-8") as file:
            if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                break
        time.sleep(0.05)
    else:
        if os.path.exists(f"/proc/{child}"):
            os.kill(child, signal.SIGKILL)
            check(False, "the program hangs when the collector has died")


# ---- Threads and children ------------------------------------------------------------------------


def test_threads(runner):
    code, out, err = runner.run([runner.victim, "threads", "100"])
    check(code == 0, f"threads: exit code {code}: {err}")
    document = runner.documents()[0]
    by_function = {}
    for leak in document["leaks"]:
        function = next(frame["function"] for frame in leak["stack"] if frame["function"] != "lose_definite")
        by_function[function] = by_function.get(function, 0) + leak["blocks"]
    check(by_function.get("thread_main") == 100, f"threads: {by_function}")
    check(by_function.get("lose_in_destructor") == 100, f"threads: {by_function}")


def test_crowd(runner):
    """More threads at once than there are rings."""
    code, out, err = runner.run([runner.victim, "crowd", "1000"])
    if code == 77:
        return
    check(code == 0, f"crowd: exit code {code}: {err}")
    check(totals(runner.documents()[0], "definite") == (1000, 48000), "crowd: 1000 blocks of 48 bytes")


def test_flood(runner):
    """Nothing is lost, however fast it comes."""
    code, out, err = runner.run([runner.victim, "flood", "5000000"], ["-o", "flood.halde"])
    check(code == 0, f"flood: exit code {code}: {err}")
    check_planted("flood", runner.documents()[0])
    code, out, err = runner.run([runner.victim, "flood", "5000000"], ["--no-capture"], "text")
    with open(runner.report_path, encoding="utf-8") as file:
        text = file.read()
    check("5000007 allocations" in text, f"flood: {text[-200:]}")


def test_children(runner):
    """Children are not recorded, and do not disturb."""
    for name, code in (("fork", 4), ("raw_fork", 4), ("vfork", 5), ("exec_failure", 6)):
        found, out, err = runner.run([runner.victim, name])
        check(found == code, f"{name}: exit code {found}, expected {code}: {err}")
        documents = runner.documents()
        check(len(documents) == 1, f"{name}: {len(documents)} reports")
        check_planted(name, documents[0])


def test_follow(runner):
    """With --follow they are, each for itself."""
    code, out, err = runner.run([runner.victim, "fork"], ["--follow"])
    check(code == 4, f"follow: exit code {code}: {err}")
    documents = runner.documents()
    check(len(documents) == 2, f"follow: {len(documents)} reports")
    if len(documents) == 2:
        check_planted("follow, parent", documents[0])
        found = totals(documents[1], "definite")
        check(found == (9, 364 + 5 * 700), f"follow, child: {found}")
    script = f"{runner.victim} plant; {runner.victim} _exit; exec {runner.victim} none"
    code, out, err = runner.run(["sh", "-c", script], ["--follow"])
    check(code == 3, f"follow, shell: exit code {code}: {err}")
    planted = [d for d in runner.documents() if "totals" in d and totals(d, "definite") == PLANTED["definite"]]
    check(len(planted) == 2, f"follow, shell: {len(planted)} reports with leaks")
    captures = [name for name in os.listdir(runner.place) if ".halde" in name]
    check(len(captures) >= 3, f"follow, shell: captures {captures}")


DAEMON = """#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <unistd.h>
static void *volatile kept;
__attribute__((noinline)) static void lose(size_t size) { kept = malloc(size); kept = NULL; }
int main(void)
{
    lose(300);
    if (daemon(1, 1) != 0) {
        return 1;
    }
    lose(900);
    usleep(200000);
    return 0;
}
"""


def test_daemon(runner):
    """A child whose parent has ended by the time that it asks to be recorded."""
    source = os.path.join(runner.folder, "daemon.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(DAEMON)
    program = compile_program(source, os.path.join(runner.folder, "daemon"), "-fno-builtin")
    code, out, err = runner.run([program], ["--follow"])
    check(code == 0, f"daemon: exit code {code}: {err}")
    found = [totals(document, "definite") for document in runner.documents() if "totals" in document]
    check(found == [(2, 1200)], f"daemon: definite {found}")


def test_environment(runner):
    """Program and children have the environment that they would have without us."""
    code, out, err = runner.run([runner.victim, "environment"])
    plain = subprocess.run([runner.victim, "environment"], cwd=runner.place, env=environment(), capture_output=True,
                           text=True, check=True)
    check(code == 0 and sorted(out.split("\n")) == sorted(plain.stdout.split("\n")), "the environment differs")


# ---- Options -------------------------------------------------------------------------------------


def test_conditions(runner):
    for options, words, code in (
            (["--fail-on=definite"], ["plant"], 23), (["--fail-on=definite>4"], ["plant"], 0),
            (["--fail-on=definite", "--fail-code=5"], ["plant"], 5), (["--fail-on=definite"], ["none"], 3),
            (["--max-live=1K"], ["plant"], 23), (["--max-live=1G"], ["plant"], 0),
            (["--max-blocks=2"], ["plant"], 23), (["--max-blocks=2000"], ["plant"], 0),
            (["--fail-on=definite"], ["exec"], 125), (["--fail-on=definite"], ["raw_exit"], 13),
            (["--fail-on=definite", "--mode=off"], ["plant"], 125)):
        found, out, err = runner.run([runner.victim, *words], options)
        check(found == code, f"{options}: exit code {found}, expected {code}: {err}")
    # What a mode does not record cannot be judged: the program is not even started.
    for mode, option in (("off", "--fail-on=leak"), ("off", "--max-live=1K"), ("crt", "--max-live=1K"),
                         ("crt", "--max-blocks=2")):
        found, out, err = runner.run([runner.victim, "plant"], ["--mode=" + mode, option])
        check(found == 125 and out == "" and option.split("=")[0] in err, f"{mode} {option}: {found} {err!r}")
    found, out, err = runner.run([runner.victim, "plant"], ["--mode=crt", "--fail-on=definite"])
    check(found == 23, f"crt: exit code {found}: {err}")
    # The program that a shell has become is the one that is judged.
    words = ["sh", "-c", f"exec {runner.victim} plant"]
    for options, code in ((["--fail-on=definite>9"], 125), (["--fail-on=definite>9", "--follow"], 0),
                          (["--fail-on=definite", "--follow"], 23)):
        found, out, err = runner.run(words, options)
        check(found == code, f"a shell, {options}: exit code {found}, expected {code}: {err}")


def test_no_capture(runner):
    """A capture that cannot be written is said once, and not offered for reading."""
    name = os.path.join(runner.folder, "missing", "x.halde")
    code, out, err = runner.run([runner.victim, "plant"], ["--output=" + name], "text")
    with open(runner.report_path, encoding="utf-8") as file:
        text = file.read()
    check(code == 0 and err.count(name) == 1, f"capture: {code} {err!r}")
    check("DEFINITE" in text and name not in text, f"report: {text}")


def test_modes(runner):
    for mode in ("off", "crt", "sample", "exact"):
        code, out, err = runner.run([runner.victim, "_exit"], ["--mode=" + mode])
        check(code == 11 and out == "planted\n", f"mode {mode}: {code} {out!r} {err}")
    code, out, err = runner.run([runner.victim, "flood", "1000000"], ["--mode=sample", "--interval=4K"], "text")
    with open(runner.report_path, encoding="utf-8") as file:
        last = file.read().strip().split("\n")[-1]
    count = int(last.split()[1]) if last.startswith("halde: ") and last.split()[1].isdigit() else 0
    check(700000 < count < 1300000, f"sample: {last}")


def test_troubles(runner):
    cases = (
        (["/nonexistent/program"], 127, "there is no program"),
        (["surely-no-such-program"], 127, "in PATH"),
        ([os.path.join(HERE, "run_cases.py")], 126, "may not be executed"),
    )
    for words, code, sentence in cases:
        found, out, err = runner.run(words)
        check(found == code and sentence in err, f"{words}: {found} {err!r}")
        check(err.startswith("halde run: ") and err.count("\n") == 1, f"one sentence: {err!r}")
    code, out, err = runner.run([runner.victim, "plant"], ["--mode=most"])
    check(code == 125, f"a wrong option: {code} {err!r}")
    static = os.path.join(runner.folder, "static")
    source = os.path.join(runner.folder, "static.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write("int main(void) { return 0; }\n")
    if subprocess.run(["cc", "-static", "-o", static, source], check=False, capture_output=True).returncode == 0:
        code, out, err = runner.run([static])
        check(code == 125 and "statically linked" in err, f"static: {code} {err!r}")


def test_scripts(runner):
    """A script that asks env for its interpreter is recorded in that."""
    script = os.path.join(runner.folder, "script")
    with open(script, "w", encoding="utf-8") as file:
        file.write("#!/usr/bin/env perl\nprint \"@ARGV\\n\"; exit 9;\n")
    os.chmod(script, 0o755)
    if subprocess.run(["perl", "-e", "1"], check=False).returncode != 0:
        return
    code, out, err = runner.run([script, "a", "b"])
    check(code == 9 and out == "a b\n", f"script: {code} {out!r} {err!r}")
    document = runner.documents()[0]
    check(document["process"]["name"].startswith("perl"), f"script: recorded {document['process']}")


CXX = """#include <memory>
#include <string>
#include <thread>
#include <vector>
void *volatile sink;
namespace shop {
template <class T> struct basket { std::vector<T> items; basket() : items(50) {} };
__attribute__((noinline)) void lose_basket() { sink = new basket<long>(); sink = nullptr; }   // line 8
__attribute__((noinline)) void lose_array() { sink = new double[33]; sink = nullptr; }        // line 9
}
int main()
{
    auto kept = std::make_unique<std::string>(200, 'x');
    std::thread thread([] { shop::lose_basket(); });
    thread.join();
    shop::lose_array();
    return kept->size() == 200 ? 0 : 1;
}
"""


def test_cxx(runner):
    """Operators, templates, inlined constructors, threads."""
    source = os.path.join(runner.folder, "shop.cpp")
    program = os.path.join(runner.folder, "shop")
    with open(source, "w", encoding="utf-8") as file:
        file.write(CXX)
    compiler = ["c++", "-std=c++17", "-g", "-O1", "-fno-builtin", "-o", program, source, "-lpthread"]
    if subprocess.run(compiler, check=False, capture_output=True).returncode != 0:
        return
    code, out, err = runner.run([program])
    check(code == 0, f"c++: exit code {code}: {err}")
    document = runner.documents()[0]
    check(totals(document, "definite") == (2, 24 + 33 * 8), f"c++: definite {totals(document, 'definite')}")
    check(totals(document, "indirect") == (1, 400), f"c++: indirect {totals(document, 'indirect')}")
    found = {(frame["function"].split("(")[0], frame["line"]) for leak in document["leaks"] for frame in leak["stack"]}
    for wanted in (("shop::lose_basket", 8), ("shop::lose_array", 9)):
        check(wanted in found, f"c++: no {wanted} in {sorted(found)}")


def main():
    need_preload()
    folder = new_folder()
    runner = Runner(folder, compile_victim(folder))
    wanted = sys.argv[4:]
    for name, test in list(globals().items()):
        if name.startswith("test_") and (not wanted or name[5:] in wanted):
            started = time.monotonic()
            before = failure_count()
            test(runner)
            state = "ok" if failure_count() == before else "FAILED"
            print(f"{name[5:]}: {state}, {time.monotonic() - started:.1f} s", flush=True)
    finish()


main()
