#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 180

# Usage: cli_completion.py <halde> ...
# The completions load in each shell without a word, and offer what they should: verbs, options, the
# words that an option can have, files, and the program behind `halde run`.

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time

from _checks import TOOL, check, finish, new_folder, run

verbs = json.loads(run("help", "--json").stdout)["verbs"]
names = {verb["name"] for verb in verbs}
work = new_folder()
for name in ("bash", "zsh", "fish"):
    text = run("help", f"--completion={name}").stdout
    with open(f"{work}/{name}", "w") as file:
        file.write(text)
os.mkdir(f"{work}/files")
for name in ("heap one.halde", "heap2.halde"):
    open(f"{work}/files/{name}", "w").close()
bin_folder = f"{work}/bin"
os.mkdir(bin_folder)
os.symlink(TOOL, f"{bin_folder}/halde")
environment = dict(os.environ, PATH=f"{bin_folder}:{os.environ['PATH']}", HOME=work, LC_ALL="C.UTF-8")


def offers_bash(line):
    """What bash offers at the end of a line; words are split as readline does, '=' being one."""
    words = re.findall(r"=|[^\s=]+", line)
    if line.endswith((" ", "=")):
        words.append("") if line.endswith(" ") else None
    quoted = " ".join(f"'{word}'" for word in words)
    script = (f"source {work}/bash || exit 1\nCOMP_WORDS=({quoted})\nCOMP_CWORD={len(words) - 1}\n"
              "_halde\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n")
    result = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True,
                            cwd=f"{work}/files", env=environment, timeout=20)
    check(result.stderr == "", "bash says:", result.stderr)
    return set(filter(None, result.stdout.split("\n")))


def offers_fish(line):
    result = subprocess.run(["fish", "--no-config", "-c", f"source {work}/fish; complete -C '{line}'"],
                            capture_output=True, text=True, cwd=f"{work}/files", env=environment, timeout=20)
    check(result.stderr == "", "fish says:", result.stderr)
    return {item.split("\t")[0] for item in result.stdout.splitlines()}


class Zsh:
    """An interactive zsh; completions show when Tab is pressed."""

    def __init__(self):
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 200, 0, 0))
            os.chdir(f"{work}/files")
            os.execvpe("zsh", ["zsh", "-f", "-i"], dict(environment, TERM="dumb"))
        os.mkdir(f"{work}/fpath")
        shutil.copy(f"{work}/zsh", f"{work}/fpath/_halde")
        self.say(f"PS1='READY''>'; LISTMAX=10000; fpath=({work}/fpath $fpath); autoload -Uz compinit; compinit -u -D\n")
        self.wait_end()

    def say(self, text):
        os.write(self.terminal, text.encode())

    def wait_end(self):
        """What comes until everything typed so far is done: the shell takes one thing after the other."""
        self.say("echo END$((1 + 1))\n")
        seen = ""
        end = time.monotonic() + 40
        # Before the prompt the line would be the terminal's, which knows no completion.
        while not re.search("END2.*READY>", seen, re.S) and time.monotonic() < end:
            if select.select([self.terminal], [], [], 1)[0]:
                seen += os.read(self.terminal, 65536).decode(errors="replace")
        return seen

    def offers(self, line):
        """Everything that is shown after the second Tab."""
        self.say(line + "\t\t\x15")
        return self.wait_end()

    def end(self):
        self.say("exit\n")
        os.waitpid(self.child, 0)
        os.close(self.terminal)


def choices_of(option):
    argument = option.get("argument", "")
    return set(argument.split("|")) if "|" in argument and not argument[0].isupper() else None


def examine(shell, offers):
    check(names <= offers("halde "), shell, "lacks verbs:", names - offers("halde "))
    check("help" in offers("halde he"), shell, "does not complete a verb")
    check("leaks" not in offers("halde he"), shell, "offers what does not begin so")
    check(names <= offers("halde help "), shell, "lacks verbs behind help")
    for verb in verbs:
        wanted = {"--" + option["name"] for option in verb["options"]}
        offered = {item.rstrip("=") for item in offers(f"halde {verb['name']} --")}
        check(wanted <= offered, shell, verb["name"], "lacks options:", wanted - offered)
        for option in verb["options"]:
            if choices_of(option):
                offered = offers(f"halde {verb['name']} --{option['name']}=")
                offered = {item.split("=")[-1] for item in offered}
                check(offered == choices_of(option), shell, verb["name"], option["name"], "offers", offered)
                break
        if re.search("CORE|SNAPSHOT|FILE", verb["arguments"]):
            offered = offers(f"halde {verb['name']} heap")
            check({"heap one.halde", "heap2.halde"} <= {item.replace("\\", "") for item in offered}, shell, verb["name"],
                  "lacks files:", offered)
        if "PROGRAM" in verb["arguments"]:
            for line in ("-- catchse", "catchse") if verb["takes_program"] else ("catchse",):
                offered = offers(f"halde {verb['name']} {line}")
                check("catchsegv" in offered or not shutil.which("catchsegv"), shell, line, "lacks commands:", offered)


if shutil.which("bash"):
    examine("bash", offers_bash)
if shutil.which("fish"):
    examine("fish", offers_fish)
else:
    print("fish is not installed")
if shutil.which("zsh"):
    syntax = subprocess.run(["zsh", "-f", "-n", f"{work}/zsh"], capture_output=True, text=True)
    check(syntax.returncode == 0, "zsh:", syntax.stderr)
    zsh = Zsh()
    seen = zsh.offers("halde ")
    for name in names:
        # One alone is completed at once.
        check(len(names) == 1 or re.search(rf"\b{name}\b +--", seen), "zsh lacks the verb", name, repr(seen))
    for verb in verbs:
        seen = zsh.offers(f"halde {verb['name']} --")
        for option in verb["options"]:
            check(f"--{option['name']}" in seen, "zsh", verb["name"], "lacks", option["name"], repr(seen))
    zsh.end()
else:
    print("zsh is not installed")

finish()
