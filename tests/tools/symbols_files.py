# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 120

"""
Names of functions, files and lines in files of all kinds: debug information inside, beside, found by
build-id or by .gnu_debuglink, split, shared (dwz), in an older form, from another compiler, or not
there; position-independent or not; missing, replaced, deleted.

Usage: symbols_files.py TOOL PRELOAD BUILD-FOLDER
"""

import os
import re
import shutil
import subprocess

from _checks import BUILD, check, failure_count, finish, need, new_folder, skip

SHOW = os.path.join(BUILD, "tests", "bin", "tools.symbols_show")

# Each /* name */ marks the line that a frame of that name is expected in.
C_SOURCE = r"""
#include <execinfo.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int subject_variable[4] = {1};
static void *addresses[64];
static int count;

__attribute__((noinline)) void leaf(void)
{
    count = backtrace(addresses, 64); /* leaf */
    __asm__ volatile("" ::: "memory");
}

static inline __attribute__((always_inline)) void inner(int number)
{
    leaf(); /* inner */
    if (number == 12345) {
        puts("no");
    }
}

static inline __attribute__((always_inline)) void middle(int number)
{
    if (number > 0) {
        inner(number * 2); /* middle */
    }
}

__attribute__((noinline)) void outer(int number)
{
    middle(number); /* outer */
    __asm__ volatile("" ::: "memory");
}

static int print_module(struct dl_phdr_info *info, size_t size, void *context)
{
    unsigned long start = ~0ul, end = 0;
    char path[4096];
    (void)size, (void)context;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            unsigned long low = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            unsigned long high = low + info->dlpi_phdr[i].p_memsz;
            start = low < start ? low : start;
            end = high > end ? high : end;
        }
    }
    snprintf(path, sizeof(path), "%s", info->dlpi_name);
    if (path[0] == 0) {
        path[readlink("/proc/self/exe", path, sizeof(path) - 1)] = 0;
    }
    printf("module %lx %lx %lx BUILDID %s\n", start, end, (unsigned long)info->dlpi_addr, path);
    return 0;
}

int main(int argc, char **argv)
{
    outer(argc); /* main */
    dl_iterate_phdr(print_module, NULL);
    printf("stack");
    for (int i = 0; i < count; i++) {
        printf(" %lx", (unsigned long)addresses[i]);
    }
    printf("\nvariable %lx\n", (unsigned long)&subject_variable[2]);
    fflush(stdout);
    if (argc > 1 && argv[1][0] == 'w') {
        getchar();
    }
    return 0;
}
"""

CXX_SOURCE = C_SOURCE.replace(
    "__attribute__((noinline)) void leaf(void)",
    "namespace app {\nstruct base { virtual ~base() {} };\n"
    "template <class T> struct box {\n    T value;\n"
    "    __attribute__((noinline)) void leaf(T what);\n};\n"
    "template <class T> void box<T>::leaf(T)",
).replace(
    "static inline __attribute__((always_inline)) void inner",
    "namespace {\nstatic inline __attribute__((always_inline)) void inner",
    1,
).replace("    leaf();", "    box<long> b; b.leaf(3);").replace(
    "static inline __attribute__((always_inline)) void middle",
    "}\nstatic inline __attribute__((always_inline)) void middle",
).replace("static int print_module", "} // namespace app\nstatic int print_module").replace(
    "    outer(argc);", "    app::outer(argc);"
)

C_FRAMES = [
    ("leaf", False), ("inner", True), ("middle", True), ("outer", False), ("main", False)]

def fail(text):
    check(False, text)


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def build_id(path):
    found = re.search(r"Build ID: ([0-9a-f]+)", run("readelf", "-n", path))
    return found.group(1) if found else "-"


def line_of(source, mark):
    return next(i for i, line in enumerate(source.split("\n"), 1) if "/* %s */" % mark in line)


def describe(program, program_id=None):
    """What the program says about itself."""
    text = run(program)
    own = os.path.realpath(program)
    lines = []
    for line in text.split("\n"):
        if line.startswith("module"):
            is_own = os.path.realpath(line.split(" ", 5)[5]) == own
            line = line.replace("BUILDID", (program_id or build_id(program)) if is_own else "-")
        lines.append(line)
    return "\n".join(lines)


def show(description, *options):
    """Frames of the stack, the hash, the variable, the notes."""
    result = subprocess.run(
        [SHOW, "on", *options], input=description, capture_output=True, text=True, check=True)
    stack, variable = result.stdout.split("\n\n")[:2]
    rows = [line.split("\t") for line in stack.split("\n")]
    keys = ["function", "file", "short", "line", "inlined", "module", "offset", "role", "linkage",
        "place"]
    frames = [dict(zip(keys, row)) for row in rows if len(row) == len(keys)]
    notes = [line for line in result.stderr.split("\n") if line.startswith("note: ")]
    return frames, rows[-1][0].split()[1], variable.strip("\n").split("\t"), notes


def expect_lines(name, source, frames, expected, path):
    """All frames from leaf to main, with lines."""
    got = [(f["function"], f["inlined"] == "inlined") for f in frames[:len(expected)]]
    want = [(function, inlined) for function, inlined, _ in expected]
    if got != want:
        fail("%s: frames %s, not %s" % (name, got, want))
        return
    for frame, (_, _, mark) in zip(frames, expected):
        if frame["line"] != str(line_of(source, mark)) or frame["file"] != path:
            fail("%s: %s is in %s:%s, not in %s:%d" % (name, frame["function"], frame["file"],
                frame["line"], path, line_of(source, mark)))
    after = [f["role"] for f in frames[len(expected):]]
    if any(role != "start" for role in after):
        fail("%s: what calls main() is not told apart: %s" % (name, after))


def expect_c(name, program, path, *options, description=None):
    frames, stack_hash, variable, notes = show(description or describe(program), *options)
    expected = [(function, inlined, function) for function, inlined in C_FRAMES]
    expect_lines(name, C_SOURCE, frames, expected, path)
    if variable != ["subject_variable", "8"]:
        fail("%s: variable %s" % (name, variable))
    if notes:
        fail("%s: %s" % (name, notes))
    return stack_hash


def compile_c(folder, name, *flags, compiler="gcc"):
    source = os.path.join(folder, "subject.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(C_SOURCE)
    program = os.path.join(folder, name)
    run(compiler, "-D_GNU_SOURCE", "-O2", "-g", source, "-o", program, *flags, cwd=folder)
    return program, source


def inside(folder):
    hashes = set()
    for name, flags in [("pie", ["-pie", "-fPIE"]), ("fixed", ["-no-pie", "-fno-pie"]),
            ("old", ["-gdwarf-4"]), ("split", ["-gsplit-dwarf"]), ("compressed", ["-gz"])]:
        program, source = compile_c(folder, name, *flags)
        if name == "pie":
            # Two runs: other addresses, the same hash.
            hashes.add(expect_c(name, program, source))
            shutil.copy(program, os.path.join(folder, "copy"))
            os.rename(os.path.join(folder, "copy"), os.path.join(folder, "again"))
            os.makedirs(os.path.join(folder, "other"), exist_ok=True)
            moved = shutil.copy(program, os.path.join(folder, "other", "pie"))
            hashes.add(expect_c("moved", moved, source))
        else:
            expect_c(name, program, source)
    if len(hashes) != 1:
        fail("hashes differ: %s" % hashes)
    if shutil.which("clang"):
        program, source = compile_c(folder, "by-clang", compiler="clang")
        expect_c("clang", program, source)


def cxx(folder):
    source = os.path.join(folder, "subject.cpp")
    with open(source, "w", encoding="utf-8") as file:
        file.write(CXX_SOURCE)
    for compiler in ("g++", "clang++"):
        if not shutil.which(compiler):
            continue
        program = os.path.join(folder, "cxx-" + compiler)
        run(compiler, "-std=c++17", "-D_GNU_SOURCE", "-O2", "-g", source, "-o", program)
        frames, _, _, notes = show(describe(program))
        # Inlined functions of gcc have no linkage name, and so no parameters.
        brackets = "(int)" if compiler == "clang++" else ""
        expected = [("app::box<long>::leaf(long)", False, "leaf"),
            ("app::(anonymous namespace)::inner" + brackets, True, "inner"),
            ("app::middle" + brackets, True, "middle"), ("app::outer(int)", False, "outer"),
            ("main", False, "main")]
        expect_lines(compiler, CXX_SOURCE, frames, expected, source)
        frames, _, _, _ = show(describe(program), "short")
        if frames[0]["function"] != "app::box<long>::leaf(long)":
            fail("short templates: " + frames[0]["function"])


def separate(folder):
    # By build-id.
    program, source = compile_c(folder, "by-id", "-Wl,--build-id")
    number = build_id(program)
    place = os.path.join(folder, "debug", ".build-id", number[:2])
    os.makedirs(place)
    run("objcopy", "--only-keep-debug", program, os.path.join(place, number[2:] + ".debug"))
    run("strip", program)
    expect_c("build-id", program, source, "debug=" + os.path.join(folder, "debug"))
    # The file itself is gone, its debug file is there.
    description = describe(program)
    os.rename(program, program + ".gone")
    expect_c("debug file alone", program, source, "debug=" + os.path.join(folder, "debug"),
        description=description)

    # By name and checksum, beside the file and below .debug.
    program, source = compile_c(folder, "by-link", "-Wl,--build-id=none")
    debug = program + ".debug"
    run("objcopy", "--only-keep-debug", program, debug)
    run("strip", program)
    run("objcopy", "--add-gnu-debuglink=" + debug, program, cwd=folder)
    expect_c("debuglink", program, source)
    os.makedirs(os.path.join(folder, ".debug"))
    os.rename(debug, os.path.join(folder, ".debug", "by-link.debug"))
    expect_c(".debug", program, source)
    # Of another build: its checksum is another.
    other, _ = compile_c(folder, "another", "-Wl,--build-id=none", "-DX", "-O1")
    run("objcopy", "--only-keep-debug", other, os.path.join(folder, ".debug", "by-link.debug"))
    frames, _, _, _ = show(describe(program))
    if any(f["function"] for f in frames if f["module"] == "by-link"):
        fail("a debug file of another build is believed: %s" % frames[0])


def shared(folder):
    if not shutil.which("dwz"):
        print("dwz is not installed: left out")
        return
    first, source = compile_c(folder, "dwz-1", "-Wl,--build-id")
    second, _ = compile_c(folder, "dwz-2", "-Wl,--build-id", "-DSECOND")
    common = os.path.join(folder, "common.dwz")
    result = subprocess.run(["dwz", "-m", common, first, second], capture_output=True, text=True)
    if result.returncode != 0 or not os.path.exists(common):
        print("dwz made no common file: " + result.stderr)
        return
    expect_c("dwz", first, source)


def without(folder):
    program, source = compile_c(folder, "no-lines", "-g0")
    frames, _, variable, notes = show(describe(program))
    # Inlined functions are not known then, and there are no lines.
    names = [f["function"] for f in frames if not f["role"] == "start"]
    if names != ["leaf", "outer", "main"] or any(f["line"] != "0" for f in frames[:3]):
        fail("symbols only: %s" % names)
    if not re.fullmatch(r"no-lines\+0x[0-9a-f]+", frames[0]["place"]):
        fail("symbols only: place " + frames[0]["place"])
    if variable != ["subject_variable", "8"] or notes:
        fail("symbols only: %s %s" % (variable, notes))

    mini_debug(folder, program)

    run("strip", program)
    frames, stack_hash, _, _ = show(describe(program))
    own = [f for f in frames if f["module"] == "no-lines"]
    if any(f["function"] for f in own) or len(own) < 3:
        fail("stripped: %s" % own)
    if show(describe(program))[1] != stack_hash:
        fail("stripped: the hash is another each time")

    program, source = compile_c(folder, "switched-off")
    frames, _, _, notes = show(describe(program), "off")
    if any(f["function"] for f in frames) or notes:
        fail("off: %s" % frames[0])


def mini_debug(folder, program):
    """Symbols of local functions in .gnu_debugdata, as some distributions have them."""
    if not shutil.which("xz"):
        return
    copy = os.path.join(folder, "mini")
    data = os.path.join(folder, "mini.data")
    run("objcopy", "--only-keep-debug", program, data)
    run("strip", program, "-o", copy)
    run("xz", "-f", data)
    run("objcopy", "--add-section", ".gnu_debugdata=" + data + ".xz", copy)
    frames, _, _, _ = show(describe(copy))
    if [f["function"] for f in frames[:3]] != ["leaf", "outer", "main"]:
        fail(".gnu_debugdata: %s" % [f["function"] for f in frames])


def replaced(folder):
    program, _ = compile_c(folder, "replaced", "-Wl,--build-id")
    description = describe(program)
    lines = description.split("\n")
    compile_c(folder, "replaced", "-Wl,--build-id", "-O1", "-DX=\"other\"", "-fno-inline")
    own = [i for i, line in enumerate(lines) if line.endswith("/replaced")][0]
    fields = lines[own].split(" ")
    if fields[4] == build_id(program):
        fail("the test's second build is the first")
    frames, _, _, notes = show(description)
    if any(f["function"] for f in frames if f["module"] == "replaced"):
        fail("a replaced file is believed: %s" % frames[0])
    if len(notes) != 1 or "its build-id differs" not in notes[0]:
        fail("replaced: notes %s" % notes)
    os.unlink(program)
    frames, _, _, notes = show(description)
    if any(f["function"] for f in frames if f["module"] == "replaced"):
        fail("missing: %s" % frames[0])
    if len(notes) != 1 or "cannot be opened (No such file or directory)" not in notes[0]:
        fail("missing: notes %s" % notes)
    # A file that is no program, and a pipe.
    for kind in ("text", "pipe"):
        if kind == "text":
            with open(program, "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\n" * 1000)
        else:
            os.unlink(program)
            os.mkfifo(program)
        lines[own] = " ".join(fields[:4] + ["-"] + fields[5:])
        frames, _, _, notes = show("\n".join(lines))
        if any(f["function"] for f in frames if f["module"] == "replaced") or len(notes) != 1:
            fail("%s: %s" % (kind, notes))


def deleted(folder):
    """A process whose file is gone: the kernel still has it."""
    program, source = compile_c(folder, "deleted", "-Wl,--build-id")
    number = build_id(program)
    with subprocess.Popen([program, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True) as process:
        lines = []
        while not lines or not lines[-1].startswith("variable"):
            lines.append(process.stdout.readline().rstrip("\n"))
        os.unlink(program)
        try:
            os.listdir("/proc/%d/map_files" % process.pid)
            is_allowed = os.geteuid() == 0
        except OSError:
            is_allowed = False
        if is_allowed:
            own = [i for i, line in enumerate(lines) if line.endswith("/deleted")][0]
            lines = [line.replace("BUILDID", number if i == own else "-")
                for i, line in enumerate(lines)]
            lines[own] += " (deleted)"
            with open("/proc/%d/maps" % process.pid, encoding="utf-8") as maps:
                mappings = ["mapping %s %s %s" % (*fields[0].split("-"), fields[5])
                    for fields in (line.rstrip("\n").split(None, 5) for line in maps)
                    if len(fields) == 6 and fields[5].startswith("/")]
            description = "\n".join(["live %d" % process.pid] + mappings + lines)
            expect_c("deleted", program, source, description=description)
        else:
            print("no right to /proc/PID/map_files: left out")
        process.stdin.close()


def main():
    if not os.path.exists(SHOW):
        skip("%s is not built" % SHOW)
    need("gcc", "g++", "objcopy", "strip", "readelf")
    os.environ["DEBUGINFOD_URLS"] = "http://127.0.0.1:1"
    for test in (inside, cxx, separate, shared, without, replaced, deleted):
        before = failure_count()
        test(os.path.realpath(new_folder()))
        check(failure_count() == before, test.__name__)
    finish()


main()
