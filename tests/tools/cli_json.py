#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 180

# Usage: cli_json.py <halde> <preload object> ...
# What every verb prints with --json is one document that fits its schema in docs/schema, and has no
# key that the schema does not name; names that are no UTF-8 do not break it.

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

tool, preload = os.path.abspath(sys.argv[1]), sys.argv[2]
schemas = os.path.join(os.path.dirname(__file__), "../../docs/schema")
failures = 0
checks = 0


def check(condition, *what):
    global failures, checks
    checks += 1
    if not condition:
        failures += 1
        print("FAILED:", *what)


# ---- A small judge ------------------------------------------------------------------------------

KNOWN = {"$schema", "$id", "title", "description", "type", "properties", "required", "items", "enum", "const",
         "pattern", "minimum", "maximum", "definitions", "$ref", "anyOf", "additionalProperties", "default"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name in ("integer", "number"):
        allowed = int if name == "integer" else (int, float)
        return isinstance(value, allowed) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def complaints(value, schema, root, where="$"):
    """What is wrong with a value; keys that no schema names are wrong, too."""
    unknown = set(schema) - KNOWN
    if unknown:
        yield f"{where}: this judge does not know {unknown}"
    if "$ref" in schema:
        yield from complaints(value, root["definitions"][schema["$ref"].split("/")[-1]], root, where)
        return
    if "anyOf" in schema:
        found = [list(complaints(value, choice, root, where)) for choice in schema["anyOf"]]
        if all(found):
            yield from min(found, key=len)
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(is_type(value, name) for name in names):
            yield f"{where}: {value!r} is no {schema['type']}"
            return
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield f"{where}: {value} is out of range"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}: {name} is missing"
        for name, item in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if inner is None:
                yield f"{where}: {name} is not in the schema"
            else:
                yield from complaints(item, inner, root, f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            yield from complaints(item, schema["items"], root, f"{where}[{i}]")


def refuse(text):
    raise ValueError(f"{text} is no JSON")


def parse(text):
    return json.loads(text, parse_constant=refuse)


def load_schema(name):
    path = os.path.join(schemas, name.replace("/", "-") + ".json")
    check(os.path.exists(path), name, "has no file in docs/schema")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("jsonschema is not installed: only judged by this script")


def judge(document, what):
    name = document.get("schema")
    check(isinstance(name, str) and re.fullmatch(r"halde\.[a-z-]+/\d+", name), what, "schema:", name)
    check(list(document)[0] == "schema", what, "schema is not the first key")
    schema = load_schema(name)
    if schema is None:
        return
    wrong = list(complaints(document, schema, schema))
    check(not wrong, what, *wrong[:5])
    if jsonschema:
        try:
            jsonschema.Draft7Validator.check_schema(schema)
            jsonschema.Draft7Validator(schema).validate(document)
        except Exception as error:  # whatever it complains about
            check(False, what, str(error)[:300])


for file in sorted(os.listdir(schemas)):
    with open(os.path.join(schemas, file), encoding="utf-8") as stream:
        schema = json.load(stream)
    const = schema["properties"]["schema"]["const"]
    check(const.replace("/", "-") + ".json" == file == schema["$id"], file, "does not name itself")

# The judge itself can say no.
check(list(complaints({"a": 1, "b": 2}, {"type": "object", "properties": {"a": {"type": "string"}}}, {})) !=
      [], "the judge is blind")

# ---- A process to look at -----------------------------------------------------------------------

work = tempfile.TemporaryDirectory()
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
        environment = dict(os.environ, LD_PRELOAD=preload, HALDE_OPTIONS="mode=exact")
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True,
                                        env=environment)
        self.address = self.process.stdout.readline().strip()
        hostile = os.path.join(os.fsencode(work.name), HOSTILE)
        shutil.copy(shutil.which("cat"), hostile)
        self.hostile = subprocess.Popen([hostile], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.hostile.stdin.write(b"x")
        self.hostile.stdin.flush()
        self.hostile.stdout.read(1)
        return self

    def __exit__(self, *_):
        for process in (self.process, self.hostile):
            process.kill()
            process.wait()


def run(*words, **variables):
    return subprocess.run([tool, *words], capture_output=True, timeout=60, cwd=work.name,
                          env=dict(os.environ, HALDE_PRELOAD=preload, **variables))


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
        "diff": [["diff", "a.halde", "b.halde", "--json"]],
        "report": [["report", "a.halde", "--json"], ["report", "c.halde", "--json"]],
        "doctor": [["doctor", "--json"], ["doctor", sys.executable, "--json"]],
    }.get(name)


if not preload or subprocess.run([sys.executable, "-c", "pass"], env=dict(os.environ, LD_PRELOAD=preload),
                                 capture_output=True).returncode != 0:
    print("python3 does not run with the preload object")
    sys.exit(77)

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

if "run" in names:
    for form in ("json", "sarif"):
        report = os.path.join(work.name, f"report.{form}")
        done = run("run", "-q", f"--format={form}", "--report", report, "--no-capture", "--", sys.executable, "-c",
                   "import ctypes; ctypes.CDLL(None).malloc(100)")
        check(done.returncode == 0, "run:", done.stderr)
        with open(report, encoding="utf-8") as file:
            document = parse(file.read())
        if form == "json":
            judge(document, ["run", form])
        else:
            check(document["version"] == "2.1.0", "SARIF version")

print(f"{checks} checks, {failures} failed")
sys.exit(0 if checks and not failures else 1)
