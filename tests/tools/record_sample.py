# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# TIMEOUT: 120
"""What sampling estimates, for each way to allocate: blocks and bytes lie as near to the truth as chance allows, and
what was freed is taken off again."""

import json
import os

from _checks import check, compile_program, finish, need, need_preload, new_folder, run

FOLDER = new_folder()
INTERVAL = 4096
DEVIATIONS = 6  # of the normal distribution: one estimate in a billion is farther off
OTHER = {"blocks": 4096, "bytes": 256 * 1024}  # the run-time libraries'
WAYS = ("malloc malloc-words malloc-large calloc calloc-words aligned new new-array pairs realloc realloc-words "
        "realloc-large").split()


def check_way(victim, way):
    capture = os.path.join(FOLDER, way + ".halde")
    done = run("run", "--quiet", "--no-report", "--mode=sample", f"--interval={INTERVAL}", "-o", capture, "--", victim,
               way, str(INTERVAL))
    is_done = done.returncode == 0 and len(done.stdout.split()) == 4
    if not check(is_done, way, done.returncode, done.stdout, done.stderr):
        return
    told = json.loads(run("report", "--json", capture).stdout)
    words = [float(word) for word in done.stdout.split()]
    for key, truth, variance in zip(("blocks", "bytes"), words[:2], words[2:]):
        allocated, freed = told["allocated"][key], told["freed"][key]
        deviation = variance ** 0.5
        check(abs(allocated - truth) <= DEVIATIONS * deviation + OTHER[key],
              f"{way}: {allocated} {key} are not {truth:.0f}, give or take {DEVIATIONS} x {deviation:.0f}")
        check(abs(allocated - freed) <= OTHER[key], f"{way}: {key}: allocated {allocated}, freed {freed}")


def main():
    need_preload()
    need("c++")  # its library
    victim = compile_program("record_sample_victim.c", os.path.join(FOLDER, "victim"), "-lm", "-lstdc++",
                             "-fno-builtin")
    for way in WAYS:
        check_way(victim, way)
    finish()


main()
