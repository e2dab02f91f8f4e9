# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""The rows of the micro benchmarks: which program runs with which arguments on which allocators.

A *side* is one allocator in one way of use.  Sides without a dot are malloc implementations, preloaded;
those that begin with "halde." run the program's other build and name the heap it uses; ".fence" behind it
forces the fallback for kernels without membarrier.
"""

from dataclasses import dataclass, field

PEERS = ["glibc", "mimalloc", "jemalloc", "tcmalloc"]
PROCESS, OWN, SHARED = "halde.process", "halde.own", "halde.shared"
HEAPS = [PROCESS, OWN, SHARED]
PRIVATE_PEERS = ["mimalloc", "jemalloc"]  # the peers that have private heaps at all


@dataclass(frozen=True)
class Row:
    name: str  # in the CSV; unique
    title: str  # in the table
    program: str  # bench/micro/<program>.c
    sides: list
    arguments: list = field(default_factory=list)
    threads: list = field(default_factory=lambda: [1])
    rounds: int = 0  # 0: as many as the run has
    time_ms: int = 0  # 0: as long as the run says
    quick: list = field(default_factory=list)  # more arguments in a smoke run; they win


def lock_row(busy, sides, pause_us=200):
    pace = "" if pause_us else ", without a pause"
    return Row(
        f"lock_busy{busy}" + ("" if pause_us else "_nopause"),
        f"HeapLock, {busy} busy threads{pace}",
        "lock",
        sides,
        [f"--busy={busy}", f"--count={pause_us}"],
        time_ms=400,
    )


def life_row(name, title, blocks, sizes):
    return Row(name, title, "lifecycle", PRIVATE_PEERS + [OWN], [f"--blocks={blocks}", f"--sizes={sizes}"])


ROWS = [
    # malloc and free beside HeapAlloc and HeapFree
    Row("hot", "hot pair, 64 B", "hot", PEERS + HEAPS, threads=[1, 2, 8]),
    Row("hot_16", "hot pair, 16 B", "hot", PEERS + [PROCESS, OWN], ["--sizes=16-16"]),
    Row("hot_1024", "hot pair, 1024 B", "hot", PEERS + [PROCESS, OWN], ["--sizes=1024-1024"]),
    Row("hot_variants", "hot pair, 64 B, other modes", "hot",
        ["halde.unserialized", "halde.process.fence", "halde.own.fence", "halde.shared.fence"]),
    Row("batch", "1,000,000 x 64 B, freed in order", "batch", PEERS + HEAPS, threads=[1, 2, 8],
        quick=["--count=20000"]),
    Row("batch_random", "1,000,000 x 16..512 B, freed at random", "batch", PEERS + [PROCESS, OWN],
        ["--order=random", "--sizes=16-512"], quick=["--count=20000"]),
    Row("replace", "random replacement, 200,000 live, 16..1000 B", "replace", PEERS + HEAPS,
        threads=[1, 2, 8], quick=["--count=20000"]),
    Row("window", "first in, first out, 1024 live, 16..1000 B", "replace", PEERS + HEAPS,
        ["--order=fifo", "--count=1024"], threads=[1, 2, 8]),
    Row("remote", "freed by another thread, 16..256 B", "remote", PEERS + [PROCESS, SHARED],
        threads=[2, 8], time_ms=200),
    Row("large", "large blocks, 100 KiB..4 MiB, every page written", "large", PEERS + [PROCESS],
        threads=[1, 2], time_ms=150),
    Row("grow", "realloc growth, 64 B to 1 MiB, whole series", "grow", PEERS + [PROCESS]),
    Row("zeroed", "8 MiB of zeroes, two bytes written", "zeroed", PEERS + [PROCESS]),
    Row("tiny", "a tiny program, 100 blocks", "tiny", PEERS + [PROCESS]),
    Row("sparse", "400,000 mixed blocks, nine in ten freed at random", "sparse", PEERS + [PROCESS],
        rounds=1, time_ms=1200, quick=["--count=20000", "--ms=20"]),
    # Private heaps
    life_row("life_0", "create, destroy", 0, "64-64"),
    life_row("life_10", "create, 10 blocks of 16..255 B, destroy", 10, "16-255"),
    life_row("life_100_64", "create, 100 blocks of 64 B, destroy", 100, "64-64"),
    life_row("life_100", "create, 100 blocks of 16..255 B, destroy", 100, "16-255"),
    life_row("life_1000", "create, 1,000 blocks of 16..255 B, destroy", 1000, "16-255"),
    Row("heaps_1", "one private heap", "many_heaps", PRIVATE_PEERS + [OWN], ["--count=1"]),
    Row("heaps_2", "two private heaps in turn", "many_heaps", PRIVATE_PEERS + [OWN], ["--count=2"]),
    Row("heaps_1000", "1,000 private heaps", "many_heaps", PRIVATE_PEERS + [OWN], ["--count=1000"],
        rounds=3, quick=["--count=50"]),
    Row("heaps_10000", "10,000 private heaps", "many_heaps", [OWN], ["--count=10000"],
        threads=[1, 2, 8], quick=["--count=500"]),
    # What only a heap that can be stopped offers
    Row("walk", "walk of 10,000,000 blocks of 64 B", "walk", ["mimalloc", OWN], rounds=3,
        quick=["--count=50000"]),
    Row("validate", "HeapValidate, 1,000,000 blocks of 64 B", "validate", [OWN, SHARED],
        quick=["--count=20000"]),
    Row("validate_mixed", "HeapValidate, 1,000,000 blocks of 16..1000 B", "validate", [OWN],
        ["--sizes=16-1000"], quick=["--count=20000"]),
    Row("lock_alone", "HeapLock + HeapUnlock, nobody else", "lock",
        [OWN, PROCESS, SHARED, "halde.own.fence", "halde.shared.fence"]),
    lock_row(1, [SHARED, "halde.shared.fence"]),
    lock_row(2, [SHARED, "halde.shared.fence"]),
    lock_row(8, [SHARED, "halde.shared.fence"]),
    lock_row(64, [SHARED, "halde.shared.fence"]),
    lock_row(2, [SHARED], pause_us=0),
    lock_row(8, [SHARED], pause_us=0),
]
