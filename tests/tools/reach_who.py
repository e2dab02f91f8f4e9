# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""`halde who` and the options of `halde leaks`, on a live process whose pointers are known
(programs/reach_planted.c)."""

import json
import os
import re
import signal
import subprocess
import tempfile

from _checks import compile_program, expect, finish, inside, need_preload, new_folder, run


def ask(pid, address, *options):
    result = run("who", str(pid), address, "--json", *options)
    return json.loads(result.stdout), result.returncode


def addresses(pid, name):
    """The blocks that a function has allocated."""
    answer = json.loads(run("leaks", str(pid), "--json", "--all").stdout)
    found = []
    for site in answer["leaks"]:
        if site["stack"] and site["stack"][0]["function"] == name:
            where = f"busy && stack == {site['hash']}"
            blocks = json.loads(run("walk", str(pid), "--json", "--where", where, "--limit", "99").stdout)["blocks"]
            expect("blocks of the site", len(blocks) >= site["blocks"], True)
            found += [block["address"] for block in blocks]
    return found


def one_address(pid, name):
    return addresses(pid, name)[0]


def test_path(pid):
    # Three blocks, the last one first: a variable leads to the third that was made.
    answers = [ask(pid, address)[0] for address in addresses(pid, "plant_reachable")]
    lengths = sorted(len(answer["path"]) for answer in answers)
    expect("steps from the root", lengths, [1, 2, 3])
    for answer in answers:
        expect("root", (answer["root"]["where"], answer["root"].get("variable")), ("module", "first"))
        expect("kind", answer["block"]["leak_kind"], "reachable")
        expect("the path ends here", answer["path"][-1]["block"]["address"], answer["block"]["address"])
        expect("offsets", {step["offset"] for step in answer["path"]}, {0})
        expect("function", answer["block"]["function"], "plant_reachable")
    deepest = max(answers, key=lambda answer: len(answer["path"]))
    address = deepest["block"]["address"]
    tree, status = ask(pid, address, "--depth", "3")
    expect("levels", [pointer["level"] for pointer in tree["pointers"]].count(3), 1)
    expect("exit status", status, 0)
    inside, _ = ask(pid, hex(int(address, 16) + 17))
    expect("any address in the block", inside["block"]["address"], address)


def test_inside(pid):
    answer, _ = ask(pid, one_address(pid, "plant_possible"))
    expect("pointers to the inside", [pointer["offset"] for pointer in answer["pointers"]], [16])
    expect("kind", answer["block"]["leak_kind"], "possible")
    expect("variable", answer["pointers"][0]["variable"], "inside")


def test_threads(pid):
    places = {name: {pointer["where"] for pointer in ask(pid, one_address(pid, name))[0]["pointers"]}
              for name in ("plant_on_stack", "plant_in_tls", "plant_in_register")}
    expect("on a stack", "stack" in places["plant_on_stack"], True)
    expect("in thread-local storage", "tls" in places["plant_in_tls"], True)
    expect("in a register", "register" in places["plant_in_register"], True)


def test_nothing(pid):
    address = one_address(pid, "plant_large")
    answer, status = ask(pid, address)
    expect("nothing points there", (answer["pointer_count"], status), (0, 1))
    expect("kind", answer["block"]["leak_kind"], "definite")
    text = run("who", str(pid), address)
    expect("said", "nothing points here" in text.stdout, True)


def test_text(pid):
    text = run("who", str(pid), one_address(pid, "plant_reachable")).stdout
    expect("root in text", re.search(r"^  root  reach_planted\S* first$", text, re.M) is not None, True)
    expect("step in text", re.search(r"^    -> 0x[0-9a-f]+ \+0  \(48 bytes, plant_reachable \S*reach_planted.c:\d+\)$",
                                     text, re.M) is not None, True)


def test_trouble(pid):
    for words in (("who", str(pid), "here"), ("who", str(pid)), ("who", "999999999", "0x1000"),
                  ("who", str(pid), "0x1000", "--depth", "0"), ("leaks", str(pid), "--kinds", "lost"),
                  ("leaks", str(pid), "--older", "long"), ("leaks", str(pid), "--top", "0"),
                  ("leaks", str(pid), "--suppressions", "/nowhere/list"), ("leaks",)):
        result = run(*words)
        expect(f"exit status of {words}", result.returncode, 2)
        expect(f"message of {words}", result.stderr.startswith("halde " + words[0] + ": "), True)
        expect(f"output of {words}", result.stdout, "")


def test_options(pid):
    expect("definite leaks", run("leaks", str(pid)).returncode, 1)
    expect("none is that old", run("leaks", str(pid), "--older", "1h").returncode, 0)
    expect("possible ones", run("leaks", str(pid), "--kinds", "possible").returncode, 1)
    for form in ("text", "msvc", "gnu", "json", "sarif"):
        result = run("leaks", str(pid), "--format", form)
        expect(f"form {form}", (result.returncode, "plant_single" in result.stdout or form in ("msvc", "gnu")),
               (1, True))
    result = run("leaks", str(pid))
    expect("pause is told", "paused" in result.stderr, True)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "leaks.json")
        result = run("leaks", str(pid), "--format", "json", "-o", path)
        expect("report in a file", (result.returncode, result.stdout), (1, ""))
        with open(path, encoding="utf-8") as file:
            expect("the whole report", json.load(file)["totals"]["definite"]["blocks"] > 0, True)
        result = run("leaks", str(pid), "-o", os.path.join(folder, "nowhere", "x"))
        expect("a file that cannot be", (result.returncode, "cannot create" in result.stderr), (2, True))
    with tempfile.NamedTemporaryFile("w", suffix=".supp") as file:
        file.write("leak:plant_\n")
        file.flush()
        result = run("leaks", str(pid), "--suppressions", file.name)
        expect("all suppressed", result.returncode, 0)


def main():
    need_preload()
    program = compile_program("reach_planted.c", os.path.join(new_folder(), "reach_planted"), compiler="gcc")
    process = subprocess.Popen([program, "wait"], env=inside(), stdout=subprocess.PIPE)
    process.stdout.readline()
    try:
        for test in (test_path, test_inside, test_threads, test_nothing, test_text, test_trouble, test_options):
            test(process.pid)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    finish()


main()
