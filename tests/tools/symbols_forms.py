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
import sys
import tempfile

TOOL, PRELOAD, BUILD = sys.argv[1:4]
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

failures = []


def expect(is_met, text):
    if not is_met:
        failures.append(text)
        print("FAILED: " + text, file=sys.stderr)
    return is_met


def line_of(mark):
    return next(i for i, line in enumerate(SOURCE.split("\n"), 1) if "/* %s */" % mark in line)


# ---- SARIF: what the standard requires of the objects that we write ------------------------------

def check_message(message, where):
    expect(isinstance(message, dict) and isinstance(message.get("text"), str) and message["text"],
        where + ": message without text (3.11)")


def check_location(location, where, bases):
    physical = location.get("physicalLocation")
    if physical is not None:
        artifact = physical.get("artifactLocation", {})
        uri = artifact.get("uri")
        expect(isinstance(uri, str) and uri, where + ": artifactLocation without uri (3.4.3)")
        expect(re.fullmatch(r"(%[0-9A-F]{2}|[A-Za-z0-9/._~+,@=!$&'()*;:-])*", uri or "") is not None,
            where + ": '%s' is no URI" % uri)
        is_absolute = (uri or "").startswith("file:///")
        expect(is_absolute or artifact.get("uriBaseId") in bases,
            where + ": relative URI without a base (3.4.4)")
        region = physical.get("region")
        if region is not None:
            expect(isinstance(region.get("startLine"), int) and region["startLine"] >= 1,
                where + ": startLine (3.30.5)")
    for logical in location.get("logicalLocations", []):
        expect(isinstance(logical.get("fullyQualifiedName"), str), where + ": logical name")


def check_result(result, rules, where, bases):
    check_message(result.get("message"), where)
    index = result.get("ruleIndex")
    expect(isinstance(index, int) and 0 <= index < len(rules)
        and rules[index]["id"] == result.get("ruleId"), where + ": ruleIndex (3.27.6)")
    expect(result.get("level") in ("none", "note", "warning", "error"), where + ": level (3.27.10)")
    expect(isinstance(result.get("locations"), list), where + ": locations (3.27.12)")
    for location in result["locations"]:
        check_location(location, where, bases)
    for stack in result.get("stacks", []):
        expect(isinstance(stack.get("frames"), list), where + ": stack without frames (3.44.3)")
        for frame in stack["frames"]:
            check_location(frame.get("location", {}), where, bases)
    prints = result.get("partialFingerprints", {})
    expect(prints and all(isinstance(value, str) for value in prints.values()),
        where + ": partialFingerprints (3.27.17)")


def check_sarif(text):
    document = json.loads(text)
    expect(document.get("version") == "2.1.0", "SARIF version (3.13.2)")
    expect(document.get("$schema", "").endswith("sarif-schema-2.1.0.json"), "SARIF $schema")
    expect(isinstance(document.get("runs"), list) and len(document["runs"]) == 1, "runs (3.13.4)")
    run = document["runs"][0]
    driver = run["tool"]["driver"]
    expect(driver["name"] == "halde" and driver["version"], "tool.driver (3.19)")
    rules = driver["rules"]
    expect(len({rule["id"] for rule in rules}) == len(rules), "rule ids are unique (3.49.3)")
    for rule in rules:
        check_message(rule["shortDescription"], rule["id"])
        expect(rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error"),
            rule["id"] + ": level")
    expect(isinstance(run.get("results"), list), "results (3.14.23)")
    for i, result in enumerate(run["results"]):
        check_result(result, rules, "result %d" % i, run.get("originalUriBaseIds", {}))
    return run["results"]


def judge_hand_made():
    def output(form):
        return subprocess.run([REPORT, form], capture_output=True, check=True, text=True).stdout

    results = check_sarif(output("sarif"))
    expect([r["ruleId"] for r in results] == ["leak/definite"] * 2 + ["leak/indirect", "leak/possible"],
        "rules of the results: %s" % [r["ruleId"] for r in results])
    uris = [l["physicalLocation"]["artifactLocation"]["uri"] for r in results for l in r["locations"]
        if "physicalLocation" in l]
    expect("src/old%20style.c" in uris, "the blank of a path is escaped: %s" % uris)
    document = json.loads(output("json"))
    expect(document["schema"] == "halde.leaks/1", "schema")
    expect(sum(l["blocks"] for l in document["leaks"]) == 7, "blocks in JSON")
    expect(document["totals"]["reachable"] == {"blocks": 1, "bytes": 64}, "totals in JSON")
    shape = re.compile(
        r"(?:.+\(\d+\) : )?\{\d+\} (?:normal|(?:client|crt)) block at 0x[0-9A-F]{16}, "
        r"(?:subtype [0-9a-f]+, )?\d+ bytes long\.\n Data: <[ -~]{0,16}> (?:[0-9A-F]{2} ){0,16}\n")
    text = output("msvc")
    begin, end = "Detected memory leaks!\nDumping objects ->\n", "Object dump complete.\n"
    expect(text.startswith(begin) and text.endswith(end), "msvc: first and last lines")
    body = text[len(begin):-len(end)]
    expect(shape.sub("", body) == "" and len(shape.findall(body)) == 7, "msvc: shape: %s" % body)
    if shutil.which("jq"):
        blocks = subprocess.run(["jq", "[.leaks[].blocks] | add"], input=output("json"), check=True,
            capture_output=True, text=True).stdout.strip()
        expect(blocks == "7", "jq counts %s blocks" % blocks)


# ---- Programs -----------------------------------------------------------------------------------

def run_tool(folder, *arguments):
    report = os.path.join(folder, "report")
    result = subprocess.run([TOOL, "run", "--report", report, *arguments], cwd=folder,
        capture_output=True, text=True, env={**os.environ, "HALDE_PRELOAD": PRELOAD})
    with open(report, encoding="utf-8") as file:
        return result, file.read()


def judge_program(folder, program, source):
    result, text = run_tool(folder, "--format", "json", "--", program)
    expect(result.returncode == 0, "exit code %d: %s" % (result.returncode, result.stderr))
    leaks = [leak for leak in json.loads(text)["leaks"] if leak["kind"] == "definite"]
    if not expect(len(leaks) == 1, "one definite site, not %s" % [l["stack"] for l in leaks]):
        return
    leak = leaks[0]
    expect((leak["blocks"], leak["bytes"]) == (3, 48), "3 connections: %s" % leak)
    expect(leak["below"] == {"blocks": 3, "bytes": 240}, "with their data: %s" % leak["below"])
    frames = [(f["function"], f["line"]) for f in leak["stack"]]
    expect(frames[0] == ("net::open_one()", line_of("connection")), "innermost: %s" % frames)
    expect(frames[1] == ("lose(int)", line_of("call")), "caller: %s" % frames)
    expect(leak["stack"][0]["file"] == source, "file: %s" % leak["stack"][0])
    expect(leak["file"] == "leaky.cpp" and leak["line"] == line_of("connection"), "site")

    place = "leaky.cpp:%d" % line_of("connection")
    _, text = run_tool(folder, "--format", "text", "--", program)
    expect("48 bytes in 3 blocks (+240 bytes in 3 below)" in text, "text: %s" % text)
    expect(re.search(re.escape(place) + r" +net::open_one\(\)  <- allocated here\n", text), text)
    inner = r"with it 240 bytes in 3 blocks from net::connection<long>::connection.*\(leaky\.cpp:%d\)"
    expect(re.search(inner % line_of("data"), text), "below: %s" % text)
    _, gnu = run_tool(folder, "--format", "gnu", "--", program)
    expect(gnu.startswith(place + ": warning: definite leak: 48 bytes in 3 blocks"), gnu)
    _, msvc = run_tool(folder, "--format", "msvc", "--", program)
    expect(msvc.count("leaky.cpp(%d) : {" % line_of("connection")) == 3, msvc)
    _, sarif = run_tool(folder, "--format", "sarif", "--", program)
    results = check_sarif(sarif)
    prints = {r["partialFingerprints"]["haldeSite/v1"] for r in results}
    expect(leak["full_hash"] in prints, "fingerprints: %s, %s" % (prints, leak["full_hash"]))
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
        expect(document["totals"]["definite"]["blocks"] == 0, name + ": not suppressed: " + text)
        expect(document["totals"]["indirect"]["blocks"] == 0, name + ": what hangs on it is told")
        expect(result.returncode == 0, "%s: exit code %d" % (name, result.returncode))
        # LeakSanitizer's pattern also hides what is kept, which was allocated there, too.
        expect(any(s["origin"] == path and s["blocks"] >= 3 for s in document["suppressions"]),
            name + ": not counted")
    result, _ = run_tool(folder, "--format", "json", "--fail-on", "leak", "--", program)
    expect(result.returncode == 23, "--fail-on: exit code %d" % result.returncode)


def main():
    if not os.path.exists(REPORT):
        print("%s is not built" % REPORT)
        return 77
    judge_hand_made()
    if not PRELOAD or not shutil.which("g++"):
        print("no preload object or no g++: programs are left out")
        return 1 if failures else 77
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        source = os.path.join(folder, "leaky.cpp")
        program = os.path.join(folder, "leaky")
        with open(source, "w", encoding="utf-8") as file:
            file.write(SOURCE)
        subprocess.run(["g++", "-std=c++17", "-O2", "-g", "-pthread", source, "-o", program],
            check=True)
        judge_program(folder, program, source)
    return 1 if failures else 0


sys.exit(main())
