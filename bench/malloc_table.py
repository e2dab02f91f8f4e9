# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""Makes the Markdown report of a CSV that run_malloc.py wrote: malloc_table.py results.csv > results.md."""

import collections
import math
import statistics
import sys

from malloc_rows import GROUPS, REAL, ROWS, SINGLE, SPARSE, START, THREADS
from rows import PEERS

BASE = "glibc"
HALDE = "halde"
NAMES = {BASE: "system malloc", HALDE: "Halde"}
HOLE = 1.10  # no workload may be slower than this against the best peer
TARGETS = {SINGLE: (0.69, 1.10), THREADS: (0.52, 1.10), REAL: (0.85, 1.00)}  # of system malloc: time, peak
START_TARGET_KIB = 0.3 * 1024
SPARSE_TARGET = 5


class Figures:
    """(row, side, metric) -> the values of the rounds."""

    def __init__(self, path):
        self.header = {}
        self.values = collections.defaultdict(list)
        with open(path, encoding="utf-8") as csv:
            for line in csv:
                line = line.rstrip("\n")
                if line.startswith("# "):
                    key, _, value = line[2:].partition(": ")
                    self.header[key] = value
                elif line and not line.startswith("row,"):
                    row, side, _, metric, _, value = line.split(",")
                    self.values[row, side, metric].append(float(value))
        self.sides = [side for side in [*PEERS, HALDE] if any(key[1] == side for key in self.values)]
        self.rows = [row for row in ROWS if any(key[0] == row.name for key in self.values)]

    def median(self, row, side, metric):
        values = self.values.get((row, side, metric))
        return statistics.median(values) if values else None

    def ratio(self, row, side, metric):
        """Against system malloc, or None."""
        mine, base = self.median(row.name, side, metric), self.median(row.name, BASE, metric)
        return mine / base if mine is not None and base else None

    def spread(self, row, side, metric):
        values = self.values.get((row.name, side, metric))
        return (max(values) - min(values)) / statistics.median(values) if values else 0

    def best_peer(self, row, metric):
        found = [(self.median(row.name, side, metric), side) for side in self.sides if side != HALDE]
        found = [pair for pair in found if pair[0] is not None]
        return min(found) if found else (None, None)


def geometric_mean(values):
    values = [value for value in values if value]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def text(value, digits=2):
    return "–" if value is None else f"{value:.{digits}f}"


def grid(head, lines):
    table = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    table += ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join(table) + "\n"


def amount(value, metric):
    if value is None:
        return "–"
    if metric == "peak":
        return f"{value / 1024:.1f} MiB" if value >= 1024 else f"{value:.0f} KiB"
    return f"{value:.2f} s" if value >= 0.1 else f"{value * 1000:.2f} ms"


def group_means(figures):
    lines = []
    for group in GROUPS:
        rows = [row for row in figures.rows if row.group == group]
        if not rows:
            continue
        line = [f"{group} ({len(rows)})"]
        for side in figures.sides:
            time = geometric_mean([figures.ratio(row, side, row.time) for row in rows])
            peak = geometric_mean([figures.ratio(row, side, "peak") for row in rows])
            line.append(f"{text(time)} / {text(peak)}")
        target = TARGETS[group]
        line.append(f"{target[0]:.2f} / {target[1]:.2f}")
        lines.append(line)
    return grid(["time / peak", *(NAMES.get(side, side) for side in figures.sides), "target"], lines)


def holes(figures):
    """Rows on which Halde is behind the best peer by more than HOLE: the farthest first."""
    found = []
    for row in figures.rows:
        mine = figures.median(row.name, HALDE, row.time)
        best, side = figures.best_peer(row, row.time)
        if mine and best and mine / best > HOLE:
            noise = max(figures.spread(row, HALDE, row.time), figures.spread(row, side, row.time))
            found.append((mine / best, row, side, best, mine, noise))
    found.sort(key=lambda entry: -entry[0])
    if not found:
        return f"No row is slower than {HOLE:.2f} x the best peer.\n"
    return grid(["slower than the best peer", "ratio", "best peer", "its time", "Halde's", "spread of rounds"],
                [[row.title, text(ratio), NAMES.get(side, side), amount(best, row.time), amount(mine, row.time),
                  f"{noise:.0%}"] for ratio, row, side, best, mine, noise in found])


def fat(figures):
    """Rows on which Halde needs more than 1.10 of system malloc's memory and more than the leanest fast peer."""
    found = []
    for row in figures.rows:
        ratio = figures.ratio(row, HALDE, "peak")
        if row.group in GROUPS and ratio and ratio > HOLE:
            others = [f"{NAMES.get(side, side)} {text(figures.ratio(row, side, 'peak'))}" for side in figures.sides
                      if side not in (BASE, HALDE)]
            found.append((ratio, row, ", ".join(others)))
    found.sort(key=lambda entry: -entry[0])
    return grid(["more memory than system malloc", "ratio", "peers"],
                [[row.title, text(ratio), others] for ratio, row, others in found]) if found else ""


def all_rows(figures, group):
    lines = []
    for row in figures.rows:
        if row.group != group:
            continue
        line = [row.title]
        line.append(f"{amount(figures.median(row.name, BASE, row.time), row.time)}, "
                    f"{amount(figures.median(row.name, BASE, 'peak'), 'peak')}")
        for side in figures.sides:
            if side != BASE:
                line.append(f"{text(figures.ratio(row, side, row.time))} / {text(figures.ratio(row, side, 'peak'))}")
        best, _ = figures.best_peer(row, row.time)
        mine = figures.median(row.name, HALDE, row.time)
        line.append(text(mine / best if mine and best else None))
        lines.append(line)
    return grid(["", "system malloc", *(NAMES.get(side, side) for side in figures.sides if side != BASE),
                 "Halde / best peer's time"], lines)


def start_rows(figures):
    lines = []
    for row in figures.rows:
        if row.group == START:
            lines.append([row.title, *(f"{amount(figures.median(row.name, side, 'elapsed'), 'elapsed')}, "
                                       f"{amount(figures.median(row.name, side, 'peak'), 'peak')}" for side in figures.sides)])
    mine, base = (figures.median("start", side, "peak") for side in (HALDE, BASE))
    verdict = ""
    if mine and base:
        verdict = f"\nA tiny program needs {mine - base:.0f} KiB more than on system malloc (target: at most {START_TARGET_KIB:.0f}).\n"
    return grid(["", *(NAMES.get(side, side) for side in figures.sides)], lines) + verdict


def sparse_rows(figures):
    lines = []
    for row in figures.rows:
        if row.group == SPARSE:
            lines.append([row.title, *(text(figures.median(row.name, side, "resident_per_live_byte")) for side in figures.sides),
                          f"<= {SPARSE_TARGET}"])
    return grid(["resident bytes per live byte", *(NAMES.get(side, side) for side in figures.sides), "target"], lines)


def render(path):
    figures = Figures(path)
    parts = ["# malloc on Halde beside other allocators\n"]
    parts.append("\n".join(f"- {key}: {value}" for key, value in figures.header.items()) + "\n")
    parts.append("Medians of the rounds, as ratios to system malloc: time / peak of resident memory; lower is better. "
                 "Geometric means by group:\n")
    parts.append(group_means(figures))
    parts.append("## Where Halde is behind\n")
    parts.append(holes(figures))
    parts.append(fat(figures))
    for group in GROUPS:
        if any(row.group == group for row in figures.rows):
            parts.append(f"## {group[0].upper()}{group[1:]}\n")
            parts.append(all_rows(figures, group))
    if any(row.group == START for row in figures.rows):
        parts.append("## Start and end of a process: mean time of one, peak\n")
        parts.append(start_rows(figures))
    if any(row.group == SPARSE for row in figures.rows):
        parts.append("## After freeing\n")
        parts.append(sparse_rows(figures))
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(render(sys.argv[1]))
