# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 120

"""
Leak reports in all forms, of an image made by hand and of programs that `halde run` has run; judged
by what SARIF 2.1.0 asks for, by a parser of the CRT's shape, and by the lines of the source.

Usage: symbols_forms.py TOOL PRELOAD BUILD-FOLDER
"""

import json
import os
import re
import shutil
import subprocess

from _checks import BUILD, TOOL, check, environment, finish, need, need_preload, new_folder, skip
from _judge import sarif_complaints

REPORT = os.path.join(BUILD, "tests", "bin", "tools.symbols_report")

SOURCE = r"""
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace net {
template <class T> struct connection {
    T *data;
    char *name;
    connection() : data(new T[10]), name(nullptr) {} /* data */
};

__attribute__((noinline)) connection<long> *open_one()
{
    return new connection<long>(); /* connection */
}
}

net::connection<long> *kept; /* still reachable */

__attribute__((noinline)) void lose(int count)
{
    for (int i = 0; i < count; i++) {
        net::connection<long> *volatile lost = net::open_one(); /* call */
        lost = nullptr;
        (void)lost;
    }
}

int main()
{
    kept = net::open_one();
    __asm__ volatile("" ::"r"(kept) : "memory");
    std::thread thread([] { lose(3); });
    thread.join();
    std::vector<int> freed(100);
    // Whatever the dead frames of lose() held.
    char volatile clean[4096];
    for (char volatile &byte : clean) {
        byte = 0;
    }
    return kept == nullptr;
}
"""

def line_of(mark):
    return next(i for i, line in enumerate(SOURCE.split("\n"), 1) if "/* %s */" % mark in line)


def check_sarif(text):
    """The results of a SARIF log that is as the standard wants it."""
    document = json.loads(text)
    wrong = list(sarif_complaints(document))
    check(not wrong, *wrong[:5])
    driver = document["runs"][0]["tool"]["driver"]
    check(driver["name"] == "halde" and driver["version"], "tool.driver (3.19)")
    for result in document["runs"][0]["results"]:
        check("locations" in result and result["partialFingerprints"], "places and fingerprints", result)
    return document["runs"][0]["results"]


def judge_hand_made():
    def output(form):
        return subprocess.run([REPORT, form], capture_output=True, check=True, text=True).stdout

    results = check_sarif(output("sarif"))
    check([r["ruleId"] for r in results] == ["leak/definite"] * 2 + ["leak/indirect", "leak/possible"],
        "rules of the results: %s" % [r["ruleId"] for r in results])
    uris = [l["physicalLocation"]["artifactLocation"]["uri"] for r in results for l in r["locations"]
        if "physicalLocation" in l]
    check("src/old%20style.c" in uris, "the blank of a path is escaped: %s" % uris)
    document = json.loads(output("json"))
    check(document["schema"] == "halde.leaks/1", "schema")
    check(sum(l["blocks"] for l in document["leaks"]) == 7, "blocks in JSON")
    check(document["totals"]["reachable"] == {"blocks": 1, "bytes": 64}, "totals in JSON")
    shape = re.compile(
        r"(?:.+\(\d+\) : )?\{\d+\} (?:normal|(?:client|crt)) block at 0x[0-9A-F]{16}, "
        r"(?:subtype [0-9a-f]+, )?\d+ bytes long\.\n Data: <[ -~]{0,16}> (?:[0-9A-F]{2} ){0,16}\n")
    text = output("msvc")
    begin, end = "Detected memory leaks!\nDumping objects ->\n", "Object dump complete.\n"
    check(text.startswith(begin) and text.endswith(end), "msvc: first and last lines")
    body = text[len(begin):-len(end)]
    check(shape.sub("", body) == "" and len(shape.findall(body)) == 7, "msvc: shape: %s" % body)
    if shutil.which("jq"):
        blocks = subprocess.run(["jq", "[.leaks[].blocks] | add"], input=output("json"), check=True,
            capture_output=True, text=True).stdout.strip()
        check(blocks == "7", "jq counts %s blocks" % blocks)


# ---- Programs -----------------------------------------------------------------------------------

def run_tool(folder, *arguments):
    report = os.path.join(folder, "report")
    result = subprocess.run([TOOL, "run", "--report", report, *arguments], cwd=folder,
        capture_output=True, text=True, env=environment())
    with open(report, encoding="utf-8") as file:
        return result, file.read()


def judge_program(folder, program, source):
    result, text = run_tool(folder, "--format", "json", "--", program)
    check(result.returncode == 0, "exit code %d: %s" % (result.returncode, result.stderr))
    leaks = [leak for leak in json.loads(text)["leaks"] if leak["kind"] == "definite"]
    if not check(len(leaks) == 1, "one definite site, not %s" % [l["stack"] for l in leaks]):
        return
    leak = leaks[0]
    check((leak["blocks"], leak["bytes"]) == (3, 48), "3 connections: %s" % leak)
    check(leak["below"] == {"blocks": 3, "bytes": 240}, "with their data: %s" % leak["below"])
    frames = [(f["function"], f["line"]) for f in leak["stack"]]
    check(frames[0] == ("net::open_one()", line_of("connection")), "innermost: %s" % frames)
    check(frames[1] == ("lose(int)", line_of("call")), "caller: %s" % frames)
    check(leak["stack"][0]["file"] == source, "file: %s" % leak["stack"][0])
    check(leak["file"] == "leaky.cpp" and leak["line"] == line_of("connection"), "site")

    place = "leaky.cpp:%d" % line_of("connection")
    _, text = run_tool(folder, "--format", "text", "--", program)
    check("48 bytes in 3 blocks (+240 bytes in 3 below)" in text, "text: %s" % text)
    check(re.search(re.escape(place) + r" +net::open_one\(\)  <- allocated here\n", text), text)
    inner = r"with it 240 bytes in 3 blocks from net::connection<long>::connection.*\(leaky\.cpp:%d\)"
    check(re.search(inner % line_of("data"), text), "below: %s" % text)
    _, gnu = run_tool(folder, "--format", "gnu", "--", program)
    check(gnu.startswith(place + ": warning: definite leak: 48 bytes in 3 blocks"), gnu)
    _, msvc = run_tool(folder, "--format", "msvc", "--", program)
    check(msvc.count("leaky.cpp(%d) : {" % line_of("connection")) == 3, msvc)
    _, sarif = run_tool(folder, "--format", "sarif", "--", program)
    results = check_sarif(sarif)
    prints = {r["partialFingerprints"]["haldeSite/v1"] for r in results}
    check(leak["hash"] in prints, "fingerprints: %s, %s" % (prints, leak["hash"]))
    judge_suppressions(folder, program, leak["hash"])


def judge_suppressions(folder, program, leak_hash):
    for name, entry in [
            ("lsan", "leak:net::open_one\n"),
            ("valgrind", "{\n known\n Memcheck:Leak\n match-leak-kinds: definite\n fun:_Znwm\n"
                " fun:_ZN3net8open_oneEv\n src:leaky.cpp\n}\n"),
            ("own", "suppress kind=definite stack=\"net::open_one <- lose\" reason=\"known\"\n"),
            ("hash", "suppress hash=%s\n" % leak_hash)]:
        path = os.path.join(folder, name + ".supp")
        with open(path, "w", encoding="utf-8") as file:
            file.write(entry)
        result, text = run_tool(
            folder, "--format", "json", "--fail-on", "leak", "--suppressions", path, "--", program)
        document = json.loads(text)
        check(document["totals"]["definite"]["blocks"] == 0, name + ": not suppressed: " + text)
        check(document["totals"]["indirect"]["blocks"] == 0, name + ": what hangs on it is told")
        check(result.returncode == 0, "%s: exit code %d" % (name, result.returncode))
        # LeakSanitizer's pattern also hides what is kept, which was allocated there, too.
        check(any(s["origin"] == path and s["blocks"] >= 3 for s in document["suppressions"]),
            name + ": not counted")
    result, _ = run_tool(folder, "--format", "json", "--fail-on", "leak", "--", program)
    check(result.returncode == 23, "--fail-on: exit code %d" % result.returncode)


def main():
    if not os.path.exists(REPORT):
        skip("%s is not built" % REPORT)
    judge_hand_made()
    need("g++")
    need_preload()
    folder = os.path.realpath(new_folder())
    source = os.path.join(folder, "leaky.cpp")
    program = os.path.join(folder, "leaky")
    with open(source, "w", encoding="utf-8") as file:
        file.write(SOURCE)
    subprocess.run(["g++", "-std=c++17", "-O2", "-g", "-pthread", source, "-o", program], check=True)
    judge_program(folder, program, source)
    finish()


main()
