# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""A Python program for the rows of real programs: objects, dictionaries, JSON, regular expressions, sorting."""

import json
import re
import sys


def chances():
    state = 42
    while True:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        yield state


def main():
    amount = int(sys.argv[1])
    chance = chances()
    rows = [
        {"id": i, "name": f"n{next(chance) % 9973}", "tags": [next(chance) % 50 for _ in range(next(chance) % 6)]}
        for i in range(amount)
    ]
    rows.sort(key=lambda row: (row["name"], row["id"]))
    text = json.dumps(rows)
    again = json.loads(text)
    counts = {}
    for word in re.findall(r"n\d+", text):
        counts[word] = counts.get(word, 0) + 1
    changed = re.sub(r'"tags": \[(\d+), (\d+)', lambda m: f'"t": [{m[2]}, {m[1]}', text)
    groups = {}
    for row in again:
        groups.setdefault(len(row["tags"]), []).append(tuple(row["tags"]))
    total = sum(len(set(group)) for group in groups.values())
    lines = [f"{i:08d}:{line}" for i, line in enumerate(changed.split("}"))]
    print(len(lines), total, len(counts), len("".join(lines)))


if __name__ == "__main__":
    main()
