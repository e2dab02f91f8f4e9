# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""Makes the Markdown report of a CSV that run.py wrote: targets, then every row.

Usage: table.py results.csv > results.md
"""

import collections
import statistics
import sys

import overhead_table
from rows import OWN, PEERS, PROCESS, ROWS, SHARED

PEER_NAMES = {"glibc": "system malloc"}
HOLE = 1.10  # no workload may be slower than this against the best peer
SCALES_ALIKE = 1.20  # figures with eight threads on two cores are not steadier than that
FEW_HEAPS = {"heaps_1", "heaps_2"}
RATES = ["pair", "growth"]  # what the first tables compare; private heaps have tables of their own


class Figures:
    """All figures of a run: (row, threads, side, metric) -> values of the rounds."""

    def __init__(self, path):
        self.path = path
        self.header = {}
        self.units = {}
        self.values = collections.defaultdict(list)
        with open(path, encoding="utf-8") as csv:
            for line in csv:
                self._read(line.rstrip("\n"))

    def _read(self, line):
        if line.startswith("# "):
            key, _, value = line[2:].partition(": ")
            self.header[key] = value
        elif line and not line.startswith("row,"):
            row, threads, side, _, metric, unit, value = line.split(",")
            self.units[metric] = unit
            self.values[row, int(threads), side, metric].append(float(value))

    def median(self, row, threads, side, metric):
        values = self.values.get((row, threads, side, metric))
        return statistics.median(values) if values else None

    def fastest_peer(self, row, threads, metric):
        """(name, median) of the best peer, or (None, None)."""
        found = [(self.median(row, threads, side, metric), side) for side in PEERS]
        found = [pair for pair in found if pair[0] is not None]
        return (min(found)[1], min(found)[0]) if found else (None, None)

    def sides(self, row, threads, metric):
        return [side for (name, count, side, what) in self.values if (name, count, what) == (row, threads, metric)]


# ---- Text ---------------------------------------------------------------------------------------


def number(value):
    """Three significant digits, without an exponent."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def amount(value, unit):
    if value is None:
        return "–"
    if unit == "ns" and value >= 1000:
        return f"{number(value / 1000)} us" if value < 1e6 else f"{number(value / 1e6)} ms"
    if unit == "us" and value >= 1000:
        return f"{number(value / 1000)} ms"
    if unit == "KiB" and value >= 1024:
        return f"{number(value / 1024)} MiB"
    return number(value) if unit in ("ratio", "count", "threads") else f"{number(value)} {unit}"


def ratio(value, base):
    return None if value is None or not base else value / base


def times(value):
    return "–" if value is None else f"{value:.2f}"


def grid(head, lines):
    """A Markdown table: the first column left-aligned, the others right-aligned."""
    text = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    text += ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join(text) + "\n"


def side_name(side):
    if side in PEER_NAMES:
        return PEER_NAMES[side]
    names = {
        "process": "Halde, process heap",
        "own": "Halde, private heap",
        "shared": "Halde, shared private heap",
        "unserialized": "Halde, HEAP_NO_SERIALIZE",
    }
    parts = side.split(".")
    if parts[0] != "halde":
        return side
    return names[parts[1]] + (", without membarrier" if parts[2:] == ["fence"] else "")


# ---- Targets ------------------------------------------------------------------------------------


def at_most(value, limit, unit):
    """(measured, met) of a plain upper limit."""
    return amount(value, unit), None if value is None else value <= limit


def against_fastest(figures, row, threads, side, limit):
    mine = figures.median(row, threads, side, "pair")
    name, best = figures.fastest_peer(row, threads, "pair")
    found = ratio(mine, best)
    if found is None:
        return "–", None
    return f"{found:.2f} x ({amount(mine, 'ns')}; {PEER_NAMES.get(name, name)} {amount(best, 'ns')})", found <= limit


def against_side(figures, row, threads, metric, side, base, limit):
    mine, other = (figures.median(row, threads, which, metric) for which in (side, base))
    found = ratio(mine, other)
    if found is None:
        return "–", None
    unit = figures.units[metric]
    return f"{found:.2f} x ({amount(mine, unit)}; {amount(other, unit)})", found <= limit


def per_second(ns, least_millions):
    if ns is None:
        return "–", None
    return f"{1000 / ns:.1f} million/s", 1000 / ns >= least_millions


def distribution(figures, row, side):
    values = [figures.median(row, 1, side, metric) for metric in ("p50", "p90", "p99", "max")]
    return " / ".join(amount(value, "us") for value in values)


def asleep(figures):
    counts = [value for key, values in figures.values.items() if key[3] == "asleep" for value in values]
    return (f"{sum(counts):.0f} in {len(counts)} runs", sum(counts) == 0) if counts else ("–", None)


def latency(figures, busy, limit):
    row = f"lock_busy{busy}"
    median = figures.median(row, 1, SHARED, "p50")
    met = None if median is None or limit is None else median <= limit
    return f"{distribution(figures, row, SHARED)} (p50 / p90 / p99 / max)", met


def overhead(path):
    """(measured, met) of what overhead.sh has found on a machine of this class, if it has run."""
    found = overhead_table.newest_beside(path)
    mean, programs = overhead_table.summary(found) if found else (None, 0)
    if mean is None:
        return "not measured by these programs", None
    return f"{mean:.3f} x (processor time of {programs} programs, {found.stem})", mean <= overhead_table.TARGET


def targets(figures):
    """(what, target, (measured, met)) of each target of the heap API."""
    median = figures.median
    return [
        ("hot pair 64 B, process heap", "<= 1.0 x the fastest peer",
         against_fastest(figures, "hot", 1, PROCESS, 1.0)),
        ("hot pair 64 B, private heap, one thread", "<= 1.2 x the fastest peer",
         against_fastest(figures, "hot", 1, OWN, 1.2)),
        ("pairs round robin over 10,000 heaps", "<= 30 ns",
         at_most(median("heaps_10000", 1, OWN, "pair"), 30, "ns")),
        ("8 threads on one private heap, beside the process heap", f"scales alike (<= {SCALES_ALIKE} x)",
         against_side(figures, "hot", 8, "pair", SHARED, PROCESS, SCALES_ALIKE)),
        ("8 threads on one private heap, beside system malloc", "never slower",
         against_side(figures, "hot", 8, "pair", SHARED, "glibc", 1.0)),
        ("guard, state byte and exact sizes together", "<= 5 % on whole programs",
         overhead(figures.path)),
        ("create + 10 blocks + destroy", "<= 0.2 us",
         at_most(median("life_10", 1, OWN, "life"), 200, "ns")),
        ("create + 100 blocks of 64 B + destroy", "<= 0.5 x mimalloc's heap",
         against_side(figures, "life_100_64", 1, "life", OWN, "mimalloc", 0.5)),
        ("10,000 heaps of 10 blocks alive, each", "<= 8 KiB",
         at_most(median("heaps_10000", 1, OWN, "resident_per_heap"), 8, "KiB")),
        ("bulk walk, full, per block", "<= 1 ns", at_most(median("walk", 1, OWN, "bulk_full"), 1, "ns")),
        ("bulk walk, half free, per busy block", "<= 2 ns", at_most(median("walk", 1, OWN, "bulk_half"), 2, "ns")),
        ("HeapWalk step by step, full", ">= 20 million/s", per_second(median("walk", 1, OWN, "HeapWalk_full"), 20)),
        ("HeapWalk step by step, half free", ">= 20 million/s",
         per_second(median("walk", 1, OWN, "HeapWalk_half"), 20)),
        ("HeapLock + HeapUnlock, nobody else", "<= 60 ns",
         at_most(median("lock_alone", 1, OWN, "pair"), 60, "ns")),
        ("HeapLock, 2 busy threads", "median <= 25 us", latency(figures, 2, 25)),
        ("HeapLock, 8 busy threads", "median <= 25 us", latency(figures, 8, 25)),
        ("HeapLock, 64 busy threads", "reported", latency(figures, 64, None)),
        ("threads left asleep after a lock", "none", asleep(figures)),
        ("HeapValidate, 1,000,000 blocks", "<= 10 ms",
         at_most(median("validate", 1, OWN, "validation"), 10e6, "ns")),
    ]


def render_targets(figures):
    words = {True: "met", False: "**not met**", None: "–"}
    lines = [[what, target, measured, words[met]] for what, target, (measured, met) in targets(figures)]
    return grid(["what", "target", "measured", ""], lines)


# ---- Rows ---------------------------------------------------------------------------------------


def cells(figures, wanted_metrics):
    """(row, threads, metric) that have figures, in the order of rows.py."""
    for row in ROWS:
        for threads in row.threads:
            for metric in wanted_metrics:
                if figures.sides(row.name, threads, metric):
                    yield row, threads, metric


def title_of(row, threads, suffix=""):
    count = f", {threads} threads" if threads > 1 else ""
    return row.title + count + suffix


def is_beside_malloc(row):
    return "glibc" in row.sides


def comparison_lines(figures, metrics, halves):
    """Lines of a table of peers beside Halde's heaps; `halves` names a metric in the first column."""
    lines = []
    for row, threads, metric in cells(figures, metrics):
        if not is_beside_malloc(row):
            continue
        unit = figures.units[metric]
        suffix = f": {metric.replace('_', ' ')}" if halves else ""
        line = [title_of(row, threads, suffix)]
        line += [amount(figures.median(row.name, threads, side, metric), unit) for side in PEERS]
        _, best = figures.fastest_peer(row.name, threads, metric)
        system = figures.median(row.name, threads, "glibc", metric)
        for side in (PROCESS, OWN, SHARED):
            mine = figures.median(row.name, threads, side, metric)
            shares = f" ({times(ratio(mine, best))}, {times(ratio(mine, system))})"
            line.append("–" if mine is None else amount(mine, unit) + shares)
        lines.append(line)
    return lines


def render_comparison(figures, metrics, halves=False):
    head = ["row"] + [PEER_NAMES.get(side, side) for side in PEERS]
    head += ["Halde, process heap", "private heap", "shared private heap"]
    return grid(head, comparison_lines(figures, metrics, halves))


def render_private(figures):
    sides = ["mimalloc", "jemalloc", OWN]
    lines = []
    for row, threads, metric in cells(figures, ["life", "make", "pair", "resident_per_heap"]):
        if not row.name.startswith(("life_", "heaps_")):
            continue
        if metric in ("make", "resident_per_heap") and (row.name in FEW_HEAPS or threads > 1):
            continue  # the first heaps pay for what all share; threads come later
        what = {"life": "", "make": ": make one", "pair": ": pair", "resident_per_heap": ": resident each"}[metric]
        found = [figures.median(row.name, threads, side, metric) for side in sides]
        share = ratio(found[2], min((value for value in found[:2] if value is not None), default=None))
        line = [title_of(row, threads, what)]
        line += [amount(value, figures.units[metric]) for value in found] + [times(share)]
        lines.append(line)
    return grid(["row", "mimalloc heap", "jemalloc arena", "Halde", "Halde / best peer"], lines)


def render_walk(figures):
    metrics = ["bulk_full", "bulk_half", "walk_next_full", "walk_next_half", "HeapWalk_full", "HeapWalk_half",
               "resident_per_block"]
    lines = []
    for metric in metrics:
        found = [figures.median("walk", 1, side, metric) for side in ("mimalloc", OWN)]
        unit = figures.units.get(metric, "ns")
        rate = "–" if found[1] is None or unit != "ns" else f"{1000 / found[1]:.1f}"
        lines.append([metric] + [amount(value, unit) for value in found] + [rate])
    return grid(["walk of 10,000,000 blocks, per block or step", "mimalloc", "Halde", "Halde, million/s"], lines)


def render_lock(figures):
    lines = []
    for row, threads, metric in cells(figures, ["p50", "pair", "validation"]):
        if is_beside_malloc(row) or not row.name.startswith(("lock_", "validate", "hot_variants")):
            continue
        for side in row.sides:
            value = figures.median(row.name, threads, side, metric)
            if value is None:
                continue
            text = distribution(figures, row.name, side) if metric == "p50" else amount(value, figures.units[metric])
            lines.append([title_of(row, threads), side_name(side), text])
    return grid(["row", "heap", "time; for busy threads p50 / p90 / p99 / max"], lines)


def render_holes(figures):
    lines = []
    for row, threads, metric in cells(figures, RATES):
        name, best = figures.fastest_peer(row.name, threads, metric)
        mine = figures.median(row.name, threads, PROCESS, metric)
        share = ratio(mine, best)
        if is_beside_malloc(row) and share is not None and share > HOLE:
            lines.append([title_of(row, threads), times(share), PEER_NAMES.get(name, name)])
    if not lines:
        return f"None is slower than {HOLE:.2f} x the best peer.\n"
    return grid([f"process heap slower than {HOLE:.2f} x the best peer", "ratio", "best peer"], lines)


def render_spread(figures):
    spreads = []
    for (row, threads, side, metric), values in figures.values.items():
        if metric in RATES and len(values) > 2:
            spreads.append(((max(values) - min(values)) / statistics.median(values), row, threads, side))
    if not spreads:
        return "One round only: no spread is known.\n"
    spreads.sort(reverse=True)
    shares = [spread[0] for spread in spreads]
    worst = "; ".join(f"{row}, {threads} threads, {side}: {share:.0%}" for share, row, threads, side in spreads[:5])
    return (f"Spread of the rounds, (max - min) / median: {statistics.median(shares):.0%} in the median; "
            f"widest: {worst}.\n")


def render(path):
    """The whole report as Markdown."""
    figures = Figures(path)
    header = "\n".join(f"- {key}: {value}" for key, value in figures.header.items())
    parts = [
        "# Benchmark of the heap API\n",
        "Made by `bench/table.py` from the CSV of the same name. Medians of the rounds. Each measurement is a process of "
        "its own; peers are preloaded into the same program, system malloc is used as it is. With several threads, "
        "figures are elapsed time divided by the operations of all threads. Every block's first byte is written.\n",
        header + "\n",
        "## Targets\n", render_targets(figures),
        "## Time beside malloc\n",
        "In parentheses: ratio to the best peer, ratio to system malloc; below 1 is better than it.\n",
        render_comparison(figures, ["pair", "growth"]),
        render_holes(figures),
        "## The halves of a batch\n", render_comparison(figures, ["first_alloc", "alloc", "free"], halves=True),
        "## Peak of resident memory\n", render_comparison(figures, ["peak"]),
        "Resident bytes per live byte after nine in ten blocks were freed:\n",
        render_comparison(figures, ["resident_per_live_byte"]),
        "## Private heaps\n", render_private(figures),
        "## Walk\n", render_walk(figures),
        "## Lock, validation, modes\n", render_lock(figures),
        "## Noise\n", render_spread(figures),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: table.py results.csv")
    sys.stdout.write(render(sys.argv[1]))
