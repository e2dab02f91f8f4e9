# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""Makes the Markdown report of a CSV that overhead.py wrote: overhead_table.py results.csv > results.md."""

import pathlib
import re
import sys

from malloc_table import Figures, amount, geometric_mean, grid

SIDES = ["guarded", "unguarded"]
TARGET = 1.05  # processor time, geometric mean of whole programs


def ratio(figures, row, metric):
    """With over without, or None."""
    values = [figures.median(row.name, side, metric) for side in SIDES]
    return values[0] / values[1] if all(values) else None


def mean(figures, metric):
    return geometric_mean([ratio(figures, row, metric) for row in figures.rows])


def share(value):
    return "–" if value is None else f"{value:.3f}"


def range_of_rounds(figures, row):
    pairs = zip(*(figures.values[row.name, side, "cpu"] for side in SIDES))
    ratios = [with_it / without for with_it, without in pairs if without]
    return f"{min(ratios):.3f}–{max(ratios):.3f}" if ratios else "–"


def line_of(figures, row):
    times = [amount(figures.median(row.name, side, "cpu"), "cpu") for side in SIDES]
    ratios = [share(ratio(figures, row, metric)) for metric in ("cpu", "instructions", "peak")]
    return [row.title, *times, ratios[0], range_of_rounds(figures, row), *ratios[1:]]


def summary(path):
    """(geometric mean of the time ratios or None, number of programs)."""
    figures = Figures(path)
    return mean(figures, "cpu"), sum(ratio(figures, row, "cpu") is not None for row in figures.rows)


def newest_beside(path):
    """The newest overhead CSV of the same machine class in the folder of a CSV of run.py, or None."""
    path = pathlib.Path(path)
    name = re.fullmatch(r"\d{4}-\d\d-\d\d-(.+)\.csv", path.name)
    found = sorted(path.parent.glob(f"????-??-??-overhead-{name[1]}.csv")) if name else []
    return found[-1] if found else None


def render(path):
    figures = Figures(path)
    header = "\n".join(f"- {key}: {value}" for key, value in figures.header.items())
    total = mean(figures, "cpu")
    verdict = "–" if total is None else "met" if total <= TARGET else "**not met**"
    lines = [line_of(figures, row) for row in figures.rows]
    lines.append(["geometric mean", "", "", share(total), "", *(share(mean(figures, what)) for what in ("instructions", "peak"))])
    return "\n".join([
        "# What guard, states and exact sizes cost\n",
        "Real programs on `libhalde-preload.so` and on one built with `HALDE_UNGUARDED`, whose fast paths do not enter the "
        "gate, write no state, compute no exact size and prove of a freed block only whose span it lies in. Processor time "
        "is user and system time together, medians of the rounds; ratios are with over without.\n",
        header + "\n",
        f"Target: at most {TARGET:.2f} x in the geometric mean of processor time. Measured: {share(total)} x, {verdict}.\n",
        grid(["program", "with", "without", "time", "least and greatest of a round", "instructions", "peak of memory"], lines),
    ])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: overhead_table.py results.csv")
    sys.stdout.write(render(sys.argv[1]))
