#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 120

"""Suppressions go both ways: valgrind and LeakSanitizer are silenced by what `halde suppress` writes for them, and
halde by what valgrind writes.  The program has what they call differently: functions that were inlined, members of
classes and of templates.

suppress_judges.py TOOL PRELOAD BUILD
"""

import json
import os
import shutil
import subprocess

from _checks import check, compile_program, expect, finish, need_preload, new_folder, run

SOURCE = r"""
#include <cstdlib>
#include <cstring>
#define KEEP_OUT __attribute__((noinline, noclone))
#define ALWAYS_IN inline __attribute__((always_inline))
static void *volatile kept;
static ALWAYS_IN void fill(void *bytes, std::size_t size) { std::memset(bytes, 'x', size); }
static ALWAYS_IN void *innermost(std::size_t size)
{
    kept = std::malloc(size);
    fill(kept, size);
    return kept;
}
namespace shop {
template <typename T> struct basket {
    static ALWAYS_IN T *take(std::size_t count) { return static_cast<T *>(innermost(count * sizeof(T))); }
    KEEP_OUT void lose(std::size_t count) { kept = take(count); }
};
struct till {
    ALWAYS_IN void operator()(int count) const { kept = new char[count]; }
};
}
KEEP_OUT static void lose_plain() { kept = innermost(300); }
KEEP_OUT static void lose_call() { shop::till()(777); }
KEEP_OUT static void wipe()
{
    volatile char bytes[8192];
    std::memset(const_cast<char *>(bytes), 0, sizeof(bytes));
    kept = nullptr;
}
int main()
{
    shop::basket<long>().lose(50);
    lose_plain();
    lose_call();
    wipe();
}
"""
LOST = {400, 300, 777}

need_preload()
folder = new_folder()
source = os.path.join(folder, "leak.cc")
with open(source, "w", encoding="utf-8") as file:
    file.write(SOURCE)
program = compile_program(source, os.path.join(folder, "leak"), compiler="c++")


def lost(*options):
    """Sizes of the blocks that `halde run` calls definite leaks."""
    path = os.path.join(folder, "report.json")
    done = run("run", "-q", "--no-capture", "--format=json", "--report=" + path, *options, "--", program)
    check(done.returncode == 0, "halde run:", done.stderr)
    with open(path, encoding="utf-8") as report:
        return {leak["bytes"] for leak in json.load(report)["leaks"] if leak["kind"] == "definite"}


def written(form):
    """A file of suppressions of all leaks."""
    path = os.path.join(folder, form + ".supp")
    done = run("suppress", os.path.join(folder, "leak.halde"), "--all", "--format=" + form, "-o", path)
    check(done.returncode == 0, "halde suppress:", done.stderr)
    expect(f"{form}: silences halde", lost("--suppressions=" + path), set())
    return path


def ask_valgrind(*options):
    return subprocess.run(["valgrind", "-q", "--leak-check=full", "--error-exitcode=9", *options, program],
                          capture_output=True, text=True, check=False)


def generated(text):
    """The entries among what valgrind says."""
    return "".join(line + "\n" for line in text.splitlines() if not line.startswith("=="))


expect("lost", lost(), LOST)
made = run("run", "-q", "--no-report", "-o", os.path.join(folder, "leak.halde"), "--", program)
check(made.returncode == 0, made.stderr)

for_valgrind = written("valgrind")
if shutil.which("valgrind"):
    expect("valgrind finds leaks", ask_valgrind().returncode, 9)
    silenced = ask_valgrind("--suppressions=" + for_valgrind)
    check(silenced.returncode == 0, "valgrind is not silenced:", silenced.stderr)
    own = os.path.join(folder, "generated.supp")
    with open(own, "w", encoding="utf-8") as file:
        file.write(generated(ask_valgrind("--gen-suppressions=all").stderr))
    expect("what valgrind writes silences halde", lost("--suppressions=" + own), set())
else:
    print("valgrind is not installed: not asked")

for_sanitizer = written("lsan")
sanitized = compile_program(source, os.path.join(folder, "sanitized"), "-fsanitize=leak", compiler="c++")


def ask_sanitizer(options):
    return subprocess.run([sanitized], env=dict(os.environ, LSAN_OPTIONS=options), capture_output=True, text=True,
                          check=False)


if "detected memory leaks" in ask_sanitizer("exitcode=9").stderr:
    silenced = ask_sanitizer(f"exitcode=9:suppressions={for_sanitizer}")
    check(silenced.returncode == 0, "LeakSanitizer is not silenced:", silenced.stderr)
else:
    print("LeakSanitizer does not work here: not asked")
finish()
