# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""A Rust program loses blocks by mem::forget, Box::leak and a cycle: right names and lines, in both manglings."""

import re

from harness import PROGRAMS, line_of

# Functions of programs/rusty.rs, by the sizes of what they lose: what has to be in the stack, and the line.
LOST = {333: ("<rusty::shop::Node as rusty::shop::Sell>::sell", "leaked"),
        # Rc: two counts, a cell with its flag, the text.
        232: ("rusty::shop::make_cycle", "cycle"),
        444: ("rusty::main::{closure#0}", "closure")}


def compile_rust(s, mangling):
    output = s.path("rusty-" + mangling)
    # Newer compilers know the old mangling, but do not offer it.
    done = s.run(["rustc", "-g", "-O", "--edition", "2021", "-Z", "unstable-options", "-C",
                  "symbol-mangling-version=" + mangling, "-o", output, f"{PROGRAMS}/rusty.rs"],
                 env=s.environment(RUSTC_BOOTSTRAP="1"))
    return output if done.returncode == 0 else s.say(f"{mangling}: {done.stderr.strip().splitlines()[0][:200]}")


def is_named(functions, name):
    """In the old mangling closures have another form, and generic arguments none."""
    plain = re.sub(r"\{closure#\d+\}", "{{closure}}", name)
    return any(function in (name, plain) for function in functions)


def run(s):
    s.need("rustc")
    for mangling in ("v0", "legacy"):
        program = compile_rust(s, mangling)
        if not program:
            continue
        plain = s.run([program])
        done, reports = s.record([program])
        s.expect(f"{mangling}: output", (done.returncode, done.stdout), (plain.returncode, plain.stdout))
        if not s.check(len(reports) == 1, f"{mangling}: report", done.stderr):
            continue
        sites = [site for site in reports[0]["leaks"] if site["kind"] == "definite"]
        seen = set()
        for size, (name, mark) in LOST.items():
            site = next((site for site in sites if site["bytes"] == size and site["blocks"] == 1), None)
            if not s.check(site, f"{mangling}: {size} bytes lost", [(x["bytes"], x["stack"][0]["function"]) for x in sites]):
                continue
            functions = [frame["function"] for frame in site["stack"]]
            s.check(is_named(functions, name), f"{mangling}: {name} in the stack", functions)
            lines = [frame["line"] for frame in site["stack"] if (frame["file"] or "").endswith("rusty.rs")]
            s.check(line_of("rusty.rs", mark) in lines, f"{mangling}: line of {mark}", lines)
            # The run-time library's frames are passed over.
            s.expect(f"{mangling}: place of {mark}", (site["file"].rsplit("/", 1)[-1], site["line"]), ("rusty.rs", lines[0]))
            seen.add(name)
        forgotten = [site for site in sites if any("forget" in (f["function"] or "") and "shop" in (f["function"] or "")
                                                   for f in site["stack"])]
        s.check(forgotten, f"{mangling}: what a generic function forgot",
                [[frame["function"] for frame in site["stack"]] for site in sites])
        names = [frame["function"] or "" for site in reports[0]["leaks"] for frame in site["stack"]]
        s.check(not [name for name in names if re.match(r"_R[A-Z]|_ZN\d", name) or re.search(r"17h[0-9a-f]{16}E", name)],
                f"{mangling}: names as they were mangled", [name for name in names if name.startswith("_")])
        s.say(f"{mangling}: {len(seen)} of {len(LOST)} by their size; a generic function: " +
              (next(f["function"] for f in forgotten[0]["stack"] if "shop" in (f["function"] or "")) if forgotten else "-"))
