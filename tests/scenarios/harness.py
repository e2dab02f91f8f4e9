# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""What all scenarios use: a folder, programs that are started and surely ended, the tool, and what is expected."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "programs")
OURS = ("LD_PRELOAD", "HALDE_OPTIONS", "HALDE_RECORD", "DEBUGINFOD_URLS")


class Skip(Exception):
    """This scenario, or the rest of it, cannot be run here."""


class Scenario:
    def __init__(self, name, tool, preload):
        self.name, self.tool, self.preload = name, tool, preload
        self.folder = tempfile.mkdtemp(prefix=f"halde-{name}-")
        os.chmod(self.folder, 0o755)
        self.failures = []
        self.processes = []

    # ---- What is said ----

    def say(self, text):
        print("   " + text, flush=True)

    def check(self, condition, what, *details):
        if not condition:
            self.failures.append(what)
            self.say(f"WRONG: {what}" + "".join(f"\n      {str(detail)[:1500]}" for detail in details))
        return bool(condition)

    def expect(self, what, actual, expected):
        return self.check(actual == expected, what, f"is        {actual!r}", f"expected  {expected!r}")

    def table(self, head, rows):
        """Left-aligned first column, the others right-aligned."""
        rows = [[str(cell) for cell in row] for row in [head, *rows]]
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        for row in rows:
            self.say("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))))

    # ---- Files ----

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def need(self, *programs):
        for program in programs:
            if not shutil.which(program):
                raise Skip(f"{program} is not installed")

    def compile(self, source, output, *flags, compiler="gcc"):
        """A file of programs/ to a program or object in this folder."""
        words = [compiler, "-g", "-O1", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-pthread", "-Wall",
                 "-D_GNU_SOURCE", os.path.join(PROGRAMS, source), "-o", self.path(output), *flags]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skip(f"{source} does not compile: {done.stderr[:600]}")
        return self.path(output)

    # ---- Processes ----

    def environment(self, mode=None, **more):
        """This one's, without what others may have set; with `mode` the preload object, too."""
        made = {key: value for key, value in os.environ.items() if key not in OURS}
        made["HALDE_PRELOAD"] = self.preload
        if mode is not None:
            made["LD_PRELOAD"] = self.preload
            made["HALDE_OPTIONS"] = "mode=" + mode if mode else ""
        return made | more

    def run(self, words, timeout=300, **options):
        options = {"capture_output": True, "text": True, "cwd": self.folder, "env": self.environment()} | options
        if "stdin" not in options and "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        return subprocess.run(words, timeout=timeout, check=False, **options)

    def start(self, words, **options):
        """A process that ends with the scenario at the latest."""
        options = {"cwd": self.folder, "env": self.environment(), "text": True} | options
        process = subprocess.Popen(words, **options)
        self.processes.append(process)
        return process

    def start_ready(self, words, mode="exact", **more):
        """A program under our malloc that says something when it is ready."""
        process = self.start(words, env=self.environment(mode, **more), stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        process.first_line = process.stdout.readline()
        return process

    def end(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()

    def wait_for(self, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.05)
        return False

    # ---- The tool ----

    def halde(self, *words, codes=(0,), **options):
        done = self.run([self.tool, *words], **options)
        self.check(done.returncode in codes, f"halde {' '.join(words)} ended with {done.returncode}, not {codes}",
                   done.stderr)
        return done

    def halde_json(self, *words, codes=(0,), **options):
        done = self.halde(*words, "--json", codes=codes, **options)
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            self.check(False, f"halde {' '.join(words)} --json is no JSON: {error}", done.stdout[:300], done.stderr)
            return {}

    def record(self, words, options=(), input=None, **more):
        """`halde run`: what came out of the program, and the reports of its processes."""
        report = self.path("report.json")
        if os.path.exists(report):
            os.unlink(report)
        command = [self.tool, "run", "--no-capture", "--quiet", "--format=json", "--kinds=all", "--all",
                   "--report=" + report, *options, "--", *words]
        done = self.run(command, env=self.environment(**more), **({"input": input} if input is not None else {}))
        return done, documents(self.read("report.json")) if os.path.exists(report) else []

    def close(self, is_kept):
        for process in self.processes:
            self.end(process)
        if is_kept:
            self.say(f"its files are in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


# ---- Reading ------------------------------------------------------------------------------------


def documents(text):
    """JSON documents, one after the other."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(text.rstrip()):
        document, place = decoder.raw_decode(text, place)
        found.append(document)
        while place < len(text) and text[place].isspace():
            place += 1
    return found


def sites_of(document, kind, function):
    """Leaks of a kind in whose stack a function of that name is."""
    return [site for site in document.get("leaks", []) if site["kind"] == kind and
            any(re.match(re.escape(function) + r"\b", frame["function"] or "") for frame in site["stack"])]


def total_of(sites):
    return {"blocks": sum(site["blocks"] for site in sites), "bytes": sum(site["bytes"] for site in sites)}


def line_of(source, mark):
    """The line of a file of programs/ that has `// mark`."""
    with open(os.path.join(PROGRAMS, source), encoding="utf-8") as file:
        found = [number for number, line in enumerate(file, 1) if "// " + mark in line]
    if len(found) != 1:
        raise AssertionError(f"{source} has {len(found)} lines marked {mark}")
    return found[0]


def pauses_ms(text):
    """How long the tool says it has stopped the process."""
    units = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    return [float(number) * units[unit] for number, unit in re.findall(r"[Pp]aused ([\d.]+) (us|ms|s)\b", text)]


def load_average():
    return os.getloadavg()[0]
