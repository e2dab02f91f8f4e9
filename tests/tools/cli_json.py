#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 180

# Usage: cli_json.py <halde> <preload object> ...
# What every verb prints with --json is one document that fits its schema in docs/schema, and has no
# key that the schema does not name; names that are no UTF-8 do not break it.

import os
import re
import shutil
import subprocess
import sys

from _checks import PRELOAD, TOP, check, environment, finish, need_preload, new_folder
from _checks import run as run_tool
from _judge import SARIF, SCHEMAS, complaints, load_schema, parse, sarif_complaints

try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("jsonschema is not installed: only judged by this script")


def judge_by_schema(value, schema, what):
    wrong = list(complaints(value, schema, schema))
    check(not wrong, what, *wrong[:5])
    if jsonschema:
        try:
            jsonschema.Draft7Validator.check_schema(schema)
            jsonschema.Draft7Validator(schema).validate(value)
        except Exception as error:  # whatever it complains about
            check(False, what, str(error)[:300])


def judge(document, what):
    name = document.get("schema")
    check(isinstance(name, str) and re.fullmatch(r"halde\.[a-z-]+/\d+", name), what, "schema:", name)
    check(list(document)[0] == "schema", what, "schema is not the first key")
    if check(os.path.exists(os.path.join(SCHEMAS, name.replace("/", "-") + ".json")), name, "is not in docs/schema"):
        judge_by_schema(document, load_schema(name), what)


def judge_sarif(document, what):
    wrong = list(sarif_complaints(document))
    check(not wrong, what, *wrong[:5])


# ---- The schemas themselves ---------------------------------------------------------------------
# One dictionary: a key has one type in all of them (docs/json-schema.md, "Names").

IS_COUNT_OR_LIST = {"blocks", "heaps"}


def type_of(schema):
    if "$ref" in schema:
        return "object"
    if "const" in schema or "enum" in schema:
        return "text"
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    names = [name for name in names if name != "null"]
    if names == ["string"]:
        return "address" if schema.get("pattern", "").startswith("^0x") else "text"
    return "/".join(names)


def properties_of(schema):
    """All keys with what the schema says of them, at any depth."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
            yield from schema["properties"].items()
        for value in schema.values():
            yield from properties_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from properties_of(value)


def judge_name(file, key, schema):
    kind = type_of(schema)
    check(kind != "boolean" or re.match("is_|has_|can_|takes_", key), file, f"{key}: a flag that does not ask")
    if re.search("_bytes$|_ns$|_count$|_blocks$", key) or key == "bytes":
        check(kind == "integer", file, f"{key} is {kind}, no number")
    if kind == "address" and key not in ("heap", "handle", "value", "start", "end", "committed_end"):
        check(re.search("address$|module_offset$", key), file, f"{key}: an address that is not called so")
    check(not re.search("_size$|_length$", key), file, f"{key}: sizes are called ..._bytes")


def judge_schemas():
    types = {}
    with open(os.path.join(TOP, "docs", "json-schema.md"), encoding="utf-8") as file:
        described = file.read()
    for file in sorted(os.listdir(SCHEMAS)):
        name = file.removesuffix(".json").replace("-", "/")
        schema = load_schema(name)
        # Lines of a list have no schema of their own in them.
        const = schema["properties"].get("schema", {"const": name})["const"]
        check(const == name and file == schema["$id"], file, "does not name itself")
        check(f"(schema/{file})" in described, file, "is not in docs/json-schema.md")
        for key, value in properties_of(schema):
            judge_name(file, key, value)
            if key not in IS_COUNT_OR_LIST:
                check(types.setdefault(key, type_of(value)) == type_of(value), file, key, "is", type_of(value),
                      "but elsewhere", types[key])


judge_schemas()
# The judge itself can say no.
check(list(complaints({"a": 1}, {"type": "object", "properties": {"a": {"type": "string"}}}, {})), "the judge is blind")
check(list(complaints({"b": "x"}, {"type": "object", "properties": {}}, {})), "the judge lets unknown keys through")
check(list(complaints({}, {"type": "object", "required": ["a"]}, {})), "the judge misses nothing")
check(list(complaints({"version": "2.1.0"}, SARIF, SARIF)), "a SARIF log needs runs")

# ---- A process to look at -----------------------------------------------------------------------

work = new_folder()
PROGRAM = """
import ctypes, sys, threading, time
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
for i in range(50):
    libc.malloc(ctypes.c_size_t(1000 + i))
threading.Thread(target=time.sleep, args=(120,), daemon=True).start()
kept = libc.malloc(ctypes.c_size_t(777))
holder = (ctypes.c_void_p * 4)(kept, 0, 0, 0)
print(hex(kept), flush=True)
time.sleep(120)
"""


HOSTILE = b"na\xff\x1b[31mme"  # an executable's name: no UTF-8, and an order to a terminal


class Target:
    def __enter__(self):
        variables = environment(LD_PRELOAD=PRELOAD, HALDE_OPTIONS="mode=exact")
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True,
                                        env=variables)
        self.address = self.process.stdout.readline().strip()
        hostile = os.path.join(os.fsencode(work), HOSTILE)
        shutil.copy(shutil.which("cat"), hostile)
        self.hostile = subprocess.Popen([hostile], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables)
        self.hostile.stdin.write(b"x")
        self.hostile.stdin.flush()
        self.hostile.stdout.read(1)
        return self

    def __exit__(self, *_):
        for process in (self.process, self.hostile):
            process.kill()
            process.wait()


def run(*words, **variables):
    return run_tool(*words, text=False, cwd=work, env=environment(**variables))


def commands_of(name, target):
    """Words behind `halde` that make a verb print JSON; statuses that are fine; and what it needs before."""
    pid = str(target.process.pid)
    return {
        "help": [["help", "--json"], ["help", "help", "--json"]],
        "ps": [["ps", "--json"]],
        "heaps": [["heaps", pid, "--json"]],
        "walk": [["walk", pid, "--json", "--limit", "100"], ["walk", pid, "--json", "--free", "--limit", "100"]],
        "check": [["check", pid, "--json"]],
        "addr": [["addr", pid, target.address, "--json"], ["addr", pid, "0x10", "--json"]],
        "who": [["who", pid, target.address, "--json"], ["who", pid, target.address, "--depth=3", "--json"]],
        "leaks": [["leaks", pid, "--json"], ["leaks", pid, "--all", "--json"]],
        "snap": [["snap", pid, "-o", "d.halde", "--json"]],
        "diff": [["diff", "a.halde", "b.halde", "--json"], ["diff", "a.halde", "b.halde", pid, "--json"]],
        "report": [["report", "a.halde", "--json"], ["report", "c.halde", "--json"]],
        "doctor": [["doctor", "--json"], ["doctor", sys.executable, "--json"]],
    }.get(name)


need_preload()
verbs = parse(run("help", "--json").stdout)["verbs"]
names = [verb["name"] for verb in verbs]
with Target() as target:
    if "snap" in names:
        for name in ("a", "b"):
            made = run("snap", str(target.process.pid), "-o", f"{name}.halde", "-q")
            check(made.returncode == 0, "snap:", made.stderr)
    if "run" in names:
        made = run("run", "-q", "--no-report", "-o", "c.halde", "--", sys.executable, "-c", "x = [str(i) for i in range(9999)]")
        check(made.returncode == 0, "run:", made.stderr)
    for verb in verbs:
        if not verb["has_json"] or verb["name"] == "run":  # see below
            continue
        commands = commands_of(verb["name"], target)
        check(commands, verb["name"], "prints JSON that this test does not know")
        for words in commands or []:
            result = run(*words)
            check(result.returncode in (0, 1), words, result.returncode, result.stderr.decode(errors="replace")[:500])
            try:
                document = parse(result.stdout.decode("utf-8", errors="strict"))
            except (UnicodeDecodeError, ValueError) as error:
                check(False, words, "prints no JSON:", error, result.stdout[:200])
                continue
            check(result.stdout.count(b"\n") == 1 and result.stdout.endswith(b"\n"), words, "is no single line in a pipe")
            judge(document, words)
            if verb["name"] == "ps":
                here = [p for p in document["processes"] if p["pid"] == target.hostile.pid]
                check(here and here[0]["name"] == "na\\xff\x1b[31mme", "name:", here)
    if "walk" in names:
        lines = run("walk", str(target.process.pid), "--jsonl", "--limit", "50").stdout.splitlines()
        check(len(lines) == 50, "walk --jsonl prints", len(lines), "lines")
        schema = load_schema("halde.walk/1")
        for line in lines:
            wrong = list(complaints(parse(line), schema["definitions"]["block"], schema))
            check(not wrong, "walk --jsonl:", *wrong[:3])
    # The name's bytes must not reach a terminal either.
    for words in (["ps"], ["heaps", str(target.hostile.pid)], ["leaks", str(target.hostile.pid)]):
        if words[0] in names:
            text = run(*words)
            check(b"\x1b" not in text.stdout + text.stderr, words, "lets an escape sequence through")
            # Where the locale's characters are not UTF-8, all is ASCII.
            text = run(*words, LC_ALL="C")
            check((text.stdout + text.stderr).isascii(), words, "is not ASCII with LC_ALL=C")
    schema = load_schema("halde.export/1")
    lines = run("export", "a.halde", "--to=jsonl").stdout.splitlines()
    check(len(lines) > 50, "export --to=jsonl prints", len(lines), "lines")
    for line in lines:
        wrong = list(complaints(parse(line), schema, schema))
        check(not wrong, "export --to=jsonl:", *wrong[:3])
    columns = run("export", "a.halde", "--to=csv").stdout.decode().splitlines()[0].split(",")
    check(set(columns) == set(schema["properties"]) - {"subtype"}, "columns of CSV:", columns)
    document = parse(run("leaks", str(target.process.pid), "--all", "--format=sarif").stdout)
    check(len(document["runs"][0]["results"]) > 3, "SARIF without results")
    judge_sarif(document, "leaks --format=sarif")

if "run" in names:
    for form in ("json", "sarif"):
        report = os.path.join(work, f"report.{form}")
        done = run("run", "-q", f"--format={form}", "--report", report, "--no-capture", "--", sys.executable, "-c",
                   "import ctypes; ctypes.CDLL(None).malloc(100)")
        check(done.returncode == 0, "run:", done.stderr)
        with open(report, encoding="utf-8") as file:
            document = parse(file.read())
        if form == "json":
            judge(document, ["run", form])
        else:
            judge_sarif(document, "run --format=sarif")
            check(document["runs"][0]["invocations"] == [{"executionSuccessful": True}], document["runs"][0])

    # Several processes, one of which nobody can look at, are one log with one run.
    loses = "import ctypes; ctypes.CDLL(None).malloc(100)"
    dies = "import os; os.kill(os.getpid(), 9)"
    done = run("run", "-q", "--follow", "--format=sarif", "--report", report, "--no-capture", "--kinds=all", "--",
               "sh", "-c", '"$0" -c "$1"; "$0" -c "$2"; true', sys.executable, loses, dies)
    check(done.returncode == 0, "run --follow:", done.stderr)
    with open(report, encoding="utf-8") as file:
        document = parse(file.read())
    judge_sarif(document, "run --follow --format=sarif")
    check(len(document["runs"]) == 1 and document["runs"][0]["results"], "runs:", len(document["runs"]))
    told = document["runs"][0]["invocations"][0]
    notes = [note["message"]["text"] for note in told.get("toolExecutionNotifications", [])]
    check(not told["executionSuccessful"] and len(notes) == 1 and "blocks" in notes[0], "invocations:", told)

# A process that is killed cannot be looked into at its end: counters only, in the schema halde.run/1.
report = os.path.join(work, "killed.json")
done = run("run", "-q", "--format=json", "--report", report, "--no-capture", "--", sys.executable, "-c",
           "import ctypes, os; ctypes.CDLL(None).malloc(100); os.kill(os.getpid(), 9)")
check(done.returncode == 128 + 9, "run of a killed program:", done.returncode, done.stderr)
with open(report, encoding="utf-8") as file:
    document = parse(file.read())
check(document["schema"] == "halde.run/1" and document["ended"] == "killed" and document["sites"], "killed:", document)
judge(document, "run of a killed program")

# The capture of such a run has no image of the end: what only that says is not known, not 0.
capture = os.path.join(work, "killed.halde")
done = run("run", "-q", "--no-report", "-o", capture, "--", sys.executable, "-c",
           "import ctypes, os; ctypes.CDLL(None).malloc(100); os.kill(os.getpid(), 9)")
check(done.returncode == 128 + 9, "capture of a killed program:", done.returncode, done.stderr)
document = parse(run("report", "--json", capture).stdout)
judge(document, "report of a killed program")
for key in ("overhead_bytes", "committed_bytes", "unused_bytes", "sparse_pages"):
    check(document[key] is None, key, document[key])
text = run("report", capture).stdout.decode()
check(any(line.split() == ["slack", "not", "known"] for line in text.splitlines()), "slack:", text)

# It has no blocks to look at, which is not the same as blocks of which none is lost or damaged.
for words in (["heaps", capture], ["walk", capture], ["check", capture], ["addr", capture, "0x10"],
              ["who", capture, "0x10"], ["leaks", capture], ["suppress", capture, "--all"], ["diff", capture, capture],
              ["snap", capture, "-o", os.path.join(work, "again.halde")], ["export", capture, "--to=csv"]):
    done = run(*words)
    check(done.returncode == 2 and done.stdout == b"" and b"no image" in done.stderr, words, done)

finish()
