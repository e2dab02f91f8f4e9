#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 180

# Usage: cli_surface.py <halde> ...
# What every verb owes its users: help with examples, all options in help and manual page, exit codes,
# nearest names, colours only where they belong, output that arrived or is complained about.

import json
import os
import pty
import re
import shutil
import subprocess

from _checks import TOOL, check, finish
from _checks import run as run_tool


def run(*words, env=None, **more):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM", "LC_ALL", "HALDE_PRELOAD")}
    environment.update(LC_ALL="C.UTF-8", TERM="xterm", **(env or {}))
    return run_tool(*words, env=environment, timeout=20, **more)


def run_on_terminal(*words, columns=80, env=None):
    """Standard output on a terminal; what it got."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm", "PAGER": "cat", **(env or {})}
    child, terminal = pty.fork()
    if child == 0:
        import fcntl
        import struct
        import termios
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execve(TOOL, [TOOL, *words], environment)
    output = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
    os.waitpid(child, 0)
    os.close(terminal)
    return output.decode().replace("\r\n", "\n")


tables = json.loads(run("help", "--json").stdout)
check(tables["schema"] == "halde.help/1", "schema of help")
verbs = tables["verbs"]
check(len(verbs) > 0, "no verbs")
names = [verb["name"] for verb in verbs]
check(len(set(names)) == len(names), "a verb is listed twice")


def options_of(page):
    """Long options that a rendered manual page or a help text defines, in its section of that name."""
    page = re.sub(r"(?is).*^options$", "", page, count=1, flags=re.M)
    page = re.split(r"^\S", page, maxsplit=1, flags=re.M)[0]
    return set(re.findall(r"^\s+(?:-\w, )?--([a-z][a-z0-9-]*)", page, re.M))


# ---- Tables -------------------------------------------------------------------------------------

for verb in verbs:
    name = verb["name"]
    check(re.fullmatch(r"[a-z][a-z-]*", name), name, "is no name for a verb")
    check(not verb["summary"].endswith("."), name, "summary ends with a full stop")
    check(0 < len(verb["summary"]) <= 78, name, "summary is no short line:", verb["summary"])
    check(len(verb["examples"]) >= 2, name, "has fewer than two examples")
    letters = [option["letter"] for option in verb["options"] if "letter" in option]
    check(len(set(letters)) == len(letters), name, "uses a letter twice:", letters)
    long_names = [option["name"] for option in verb["options"]]
    check(len(set(long_names)) == len(long_names), name, "has an option twice:", long_names)
    for option in verb["options"]:
        check(re.fullmatch(r"[a-z][a-z0-9-]*", option["name"]), name, "odd option", option["name"])
        check(option["help"] and not re.search(r"[^.]\.$", option["help"]), name, option["name"],
              "help is empty or ends with a full stop")
    for example in verb["examples"]:
        check("halde " in example["command"], name, "example without halde:", example["command"])
        # Options in examples exist: read halde's own words, up to "--" or the next command.
        for command in re.split(r"[;|&]", example["command"]):
            words = command.split()
            if "halde" not in words:
                continue
            words = words[words.index("halde") + 1:]
            used = next((v for v in verbs if words and v["name"] == words[0]), None)
            check(used or words[:1] in (["--help"], ["--version"]) or words[:1] == ["core"],
                  name, "example with unknown verb:", command)
            for word in words[1:]:
                if word == "--":
                    break
                if used and word.startswith("--"):
                    given = word[2:].split("=")[0].rstrip(")\"'")
                    check(given in [o["name"] for o in used["options"]],
                          name, "example with unknown option:", command)

# ---- Help ---------------------------------------------------------------------------------------

for verb in verbs:
    name = verb["name"]
    short = run(name, "--help")
    check(short.returncode == 0 and short.stderr == "", name, "--help:", short.stderr)
    check("Examples" in short.stdout and "Usage: halde " + name in short.stdout, name, "--help is thin")
    check(run(name, "-h").stdout == short.stdout, name, "-h differs from --help")
    full = run("help", name)
    check(full.returncode == 0 and len(full.stdout) >= len(short.stdout), name, "help is shorter than --help")
    check("Description" in full.stdout and "Exit codes" in full.stdout, name, "help lacks a section")
    for text in (short.stdout, full.stdout):
        check(options_of(text) == {option["name"] for option in verb["options"]}, name,
              "options in help:", sorted(options_of(text)))
        check(all(len(line) <= 80 or line.startswith("  ") for line in text.splitlines()), name, "long line")
        check("\033" not in text, name, "escape sequence in a pipe")
        check(not re.search(r"[ \t]$", text, re.M), name, "blank at a line's end")

overview = run("help")
check(overview.stdout == run("--help").stdout and overview.returncode == 0, "help differs from --help")
check(all(len(line) <= 80 for line in overview.stdout.splitlines()), "long line in the overview")
for name in names:
    check(re.search(rf"^  {name} ", overview.stdout, re.M), name, "is not in the overview")
recipes = run()
check(recipes.returncode == 0 and len(recipes.stdout.splitlines()) <= 16, "recipes are too long")
version = run("--version")
check(re.fullmatch(r"halde \d+\.\d+\.\d+(, commit [0-9a-f]{12}\+?)? \(heap layout \d+.*\)\n", version.stdout), version.stdout)

# ---- Manual pages -------------------------------------------------------------------------------

if shutil.which("mandoc"):
    for name in [None, *names]:
        page = run("help", "--man", *([name] if name else [])).stdout
        lint = subprocess.run(["mandoc", "-T", "lint"], input=page, capture_output=True, text=True)
        # The system's name is ours, and pages that are not installed are not found.
        complaints = [line for line in lint.stdout.splitlines()
                      if "operating system explicitly" not in line and "referenced manual not found" not in line]
        check(not complaints, name, "mandoc:", *complaints)
        shown = subprocess.run(["mandoc", "-T", "ascii"], input=page, capture_output=True, text=True).stdout
        shown = re.sub(".\b", "", shown)
        if name:
            wanted = {option["name"] for verb in verbs if verb["name"] == name for option in verb["options"]}
            check(wanted <= options_of(shown), name, "not in the manual page:", wanted - options_of(shown))
            for example in (e for verb in verbs if verb["name"] == name for e in verb["examples"]):
                check(example["command"].split("\n")[0] in shown, name, "example not in the page:", example["command"])
        else:
            for other in names:
                check(re.search(rf"^\s+{other}\s", shown, re.M), other, "is not in halde(1)")
            for text in ("HALDE_PRELOAD", "NO_COLOR", "125", "126", "127", "23"):
                check(text in shown, text, "is not in halde(1)")
else:
    print("mandoc is not installed: manual pages not looked at")

# ---- Mistakes -----------------------------------------------------------------------------------

wrong = run("hepl")
check(wrong.returncode == 2 and 'did you mean "halde help"' in wrong.stderr and wrong.stdout == "", wrong.stderr)
wrong = run("help", "halp")
check(wrong.returncode == 2 and 'did you mean "halde help help"' in wrong.stderr, wrong.stderr)
if "heaps" in names:
    check('did you mean "halde heaps 4711"?' in run("4711").stderr, "a pid without verb")
check(run("--verbose").returncode == 2, "an option without verb")
check(run("ls", "-l").returncode == 2, "an unknown verb")
for verb in verbs:
    name = verb["name"]
    trouble = 125 if verb["takes_program"] else 2
    wrong = run(name, "--no-such-option-at-all")
    check(wrong.returncode == trouble and wrong.stdout == "", name, "unknown option:", wrong.returncode)
    check(wrong.stderr.startswith(f"halde {name}: ") and wrong.stderr.count("\n") == 1, wrong.stderr)
    wrong = run(name, "--hlep")
    check(wrong.returncode == trouble and "did you mean --help?" in wrong.stderr, wrong.stderr)
    wrong = run(name, "--color=sometimes")
    check(wrong.returncode == trouble and "always|never|auto" in wrong.stderr, wrong.stderr)
    if "PID" in verb["arguments"] or verb["takes_program"]:
        wrong = run(name, stdin=subprocess.DEVNULL)
        check(wrong.returncode == trouble and wrong.stderr.startswith(f"halde {name}: ") and wrong.stdout == "",
              name, "without arguments:", wrong.returncode, wrong.stderr)
    if "PID" in verb["arguments"]:
        for what in ("4194305", "/no/such/file", "/dev/null", "/etc/passwd", "/"):
            words = [what, "0x10"] if "ADDR" in verb["arguments"] else [what]
            wrong = run(name, *words, *(["-o", "/dev/null"] if name == "snap" else []))
            check(wrong.returncode == trouble and wrong.stderr.startswith(f"halde {name}: "),
                  name, what, wrong.returncode, wrong.stdout, wrong.stderr)
    if not verb["has_json"]:
        check(run(name, "--json").returncode == trouble, name, "takes --json but says it does not")

# ---- Colours ------------------------------------------------------------------------------------

ESCAPE = "\033["
check(ESCAPE in run_on_terminal("help"), "no colours on a terminal")
check(ESCAPE not in run_on_terminal("help", env={"NO_COLOR": "1"}), "NO_COLOR")
check(ESCAPE in run_on_terminal("help", env={"NO_COLOR": ""}), "empty NO_COLOR")
check(ESCAPE not in run_on_terminal("help", env={"TERM": "dumb"}), "TERM=dumb")
check(ESCAPE in run_on_terminal("help", env={"TERM": "dumb", "CLICOLOR_FORCE": "1"}), "force beats dumb")
check(ESCAPE not in run_on_terminal("help", env={"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}), "NO_COLOR beats force")
check(ESCAPE in run_on_terminal("help", "--color=always", env={"NO_COLOR": "1"}), "--color beats NO_COLOR")
check(ESCAPE not in run_on_terminal("help", "--color=never", env={"CLICOLOR_FORCE": "1"}), "--color=never")
check(ESCAPE not in run("help").stdout, "colours in a pipe")
check(ESCAPE in run("help", "--color=always").stdout, "--color=always in a pipe")
check(ESCAPE in run("help", env={"CLICOLOR_FORCE": "1"}).stdout, "CLICOLOR_FORCE in a pipe")
check(ESCAPE not in run("help", env={"CLICOLOR_FORCE": "0"}).stdout, "CLICOLOR_FORCE=0")
check(ESCAPE not in run("help", "--json", "--color=always").stdout, "colours in JSON")
for columns in (40, 80, 200):
    lines = run_on_terminal("help", "help", columns=columns, env={"NO_COLOR": "1"}).splitlines()
    prose = [line for line in lines if line.startswith("  ") and not re.search("# |halde help", line)]
    check(max(map(len, prose)) <= min(columns, 100), columns, "columns:", max(prose, key=len))
check(max(map(len, run("help", "help", env={"COLUMNS": "60"}).stdout.splitlines()[:8])) <= 60, "COLUMNS")

# ---- Output that cannot be written --------------------------------------------------------------

with open("/dev/full", "w") as full:
    result = subprocess.run([TOOL, "help"], stdout=full, stderr=subprocess.PIPE, text=True)
check(result.returncode == 2 and "No space left" in result.stderr, "full disk:", result.returncode, result.stderr)
result = subprocess.run(["sh", "-c", 'exec "$0" help >&-', TOOL], stderr=subprocess.PIPE, text=True)
check(result.returncode == 2 and "could not be written" in result.stderr, "closed output:", result.returncode)
with open("/dev/full", "w") as full:
    result = subprocess.run([TOOL, "help", "--json"], stdout=full, stderr=subprocess.PIPE, text=True)
check(result.returncode == 2, "full disk, JSON:", result.returncode)

# ---- Hostile words ------------------------------------------------------------------------------

result = subprocess.run([TOOL.encode(), b"he\x1b[31mlp\xff"], capture_output=True)
check(result.returncode == 2 and b"\x1b" not in result.stderr and b"\\x1b" in result.stderr, result.stderr)
check(subprocess.run([TOOL, "x" * 100000], capture_output=True).returncode == 2, "a long verb")
check(subprocess.run([TOOL, "help", "--" + "y" * 100000], capture_output=True).returncode == 2, "a long option")
check(subprocess.run([TOOL, ""], capture_output=True).returncode == 2, "an empty verb")

# ---- Long text ------------------------------------------------------------------------------------

MARK = "sed 's/^/paged: /'"
check("paged: " in run_on_terminal("help", "run", env={"PAGER": MARK}), "no pager for long text")
check("paged: " in run_on_terminal("help", "run", env={"PAGER": "cat", "HALDE_PAGER": MARK}), "HALDE_PAGER beats PAGER")
for env in ({"PAGER": ""}, {"PAGER": "cat"}, {"PAGER": MARK, "TERM": "dumb"}, {"PAGER": MARK, "HALDE_PAGER": ""},
            {"PAGER": "/nowhere/pager"}):
    text = run_on_terminal("help", "run", env=env)
    check("paged: " not in text and "halde run" in text and "--fail-on" in text, "all of it, without a pager:", env)
whole = run_on_terminal("help", "run")
paged = run_on_terminal("help", "run", env={"PAGER": MARK})
check(paged == "".join(f"paged: {line}\n" for line in whole.splitlines()), "the pager gets all, line by line")
check("paged: " not in run_on_terminal("help", "run", "--no-pager", env={"PAGER": MARK}), "--no-pager")
check("paged: " not in run_on_terminal("--version", env={"PAGER": MARK}), "short text goes straight to the terminal")
check("paged: " in run_on_terminal("--help", columns=60, env={"PAGER": MARK}), "--help without a verb")
check("paged: " not in run("help", "run", env={"PAGER": MARK}).stdout, "a pager in a pipe")
# A reader that goes early is no failure, and the status is the verb's.
check("could not" not in run_on_terminal("help", "run", env={"PAGER": "head -n 1"}), "a pager that ends early")
check(run_on_terminal("help", "--json", env={"PAGER": MARK}).startswith('paged: {'), "JSON on a terminal is indented")

finish()
