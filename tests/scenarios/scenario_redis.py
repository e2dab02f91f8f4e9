# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""redis-server with a million keys under load: each verb looks at it, and it answers as if nobody did.

The server runs twice, recorded (mode=exact) and not.  A table tells how long each verb had it stopped.
"""

import hashlib
import re
import subprocess
import time

from harness import documents, load_average, pauses_ms

KEYS = 1_000_000
PAUSE_MS = 20.0  # of heaps and walk; told, no failure: the machine may be loaded
MORE_KEYS = 50_000
READ_AT_ONCE = 2000


class Server:
    def __init__(self, s, mode):
        self.s, self.socket = s, s.path("socket-" + (mode or "plain"))
        self.process = s.start(["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly",
                                "no", "--enable-debug-command", "yes", "--dir", s.folder],
                               env=s.environment(mode), stdout=subprocess.DEVNULL)
        self.pid = str(self.process.pid)
        self.is_there = s.check(s.wait_for(lambda: self.ask("PING") == "PONG"), "redis answers")

    def ask(self, *words):
        return self.s.run(["redis-cli", "-s", self.socket, *words]).stdout.strip()

    def values(self):
        """A checksum over all keys of DEBUG POPULATE and their values, as a client reads them."""
        commands = "".join("MGET " + " ".join(f"key:{i}" for i in range(first, first + READ_AT_ONCE)) + "\n"
                           for first in range(0, KEYS, READ_AT_ONCE))
        return hashlib.sha256(self.s.run(["redis-cli", "-s", self.socket], input=commands).stdout.encode()).hexdigest()

    def load(self, log):
        """redis-benchmark without an end, on keys of its own (in another database)."""
        return self.s.start(["redis-benchmark", "-s", self.socket, "-l", "-q", "-n", "200000", "-c", "20", "-P", "4", "-r",
                             "50000", "-d", "100", "--dbnum", "1", "-t", "set,get,incr,lpush,lpop,hset,spop,zadd"],
                            stdout=log, stderr=subprocess.STDOUT)


def measure(s, name, rows, *words, codes=(0,)):
    start = time.monotonic()
    done = s.halde(*words, codes=codes)
    text = done.stdout[-3000:] + done.stderr[-3000:]
    pauses = pauses_ms(text)
    rows.append((name, f"{max(pauses):.1f} ms" if pauses else "not told", f"{time.monotonic() - start:.2f} s"))
    return done, max(pauses, default=None)


def blocks_of(heaps):
    """Of the process heap, in what `halde heaps` prints."""
    return int(re.search(r" process +(\d+) ", heaps).group(1))


def look(s, server, rows):
    """All verbs; the largest pause of heaps and walk."""
    pid = server.pid
    pauses = []
    done, pause = measure(s, "heaps", rows, "heaps", pid)
    pauses.append(pause)
    blocks = blocks_of(done.stdout)
    s.check(blocks > 2 * KEYS, "heaps: blocks", done.stdout)
    done, pause = measure(s, "walk, 5 of a filter", rows, "walk", pid, "--where", "busy && size >= 4096", "--limit", "5")
    pauses.append(pause)
    s.check(re.search(r"^5 of \d+ blocks", done.stdout, re.M), "walk: what it found", done.stdout)
    done, pause = measure(s, "walk, counted", rows, "walk", pid, "--count")
    pauses.append(pause)
    counted = int(done.stdout.split()[0])
    # The load grows meanwhile, and takes away what it has added.
    later = blocks_of(s.halde("heaps", pid).stdout)
    s.check(0.98 * min(blocks, later) < counted < 1.02 * max(blocks, later), "walk and heaps count alike", blocks,
            counted, later)
    done, _ = measure(s, "check", rows, "check", pid)
    s.check("no damage" in done.stdout, "check", done.stdout)
    done, _ = measure(s, "leaks", rows, "leaks", pid, "--format", "json", "--no-symbols", codes=(0, 1))
    found = [site for site in documents(done.stdout)[0]["leaks"] if site["kind"] == "definite"]
    # Under load a block may be in a register or on its way only; not one of a million keys may be lost.
    s.check(sum(site["blocks"] for site in found) < 20, "leaks: definite", found[:3])
    measure(s, "snap", rows, "snap", pid, "-o", s.path("before.halde"))
    return blocks, [pause for pause in pauses if pause is not None]


def grow(s, server, rows):
    """More keys; what the difference of two snapshots says of them."""
    pid = server.pid
    server.ask("SELECT", "0")
    server.ask("DEBUG", "POPULATE", str(MORE_KEYS), "more", "300")
    measure(s, "snap, later", rows, "snap", pid, "-o", s.path("after.halde"))
    told = s.halde_json("diff", s.path("before.halde"), s.path("after.halde"), "--by", "class", "--all", codes=(1,))
    # Each of these values is 300 bytes and a header, for which there is a size class.
    grown = [change for change in told["changes"] if change["blocks"] >= MORE_KEYS and
             change["bytes"] >= 300 * change["blocks"]]
    s.check(grown, f"diff: {MORE_KEYS} values of 300 bytes more", told["changes"][:5])
    measure(s, "snap with leaks", rows, "snap", pid, "--leaks", "-o", s.path("leaks.halde"))
    s.halde("report", s.path("leaks.halde"))


def look_at(s, mode):
    rows = []
    server = Server(s, mode)
    if not server.is_there:
        return
    s.expect("populated", server.ask("DEBUG", "POPULATE", str(KEYS), "key", "64"), "OK")
    s.expect("keys", server.ask("DBSIZE"), str(KEYS))
    digest, values = server.ask("DEBUG", "DIGEST"), server.values()
    with open(s.path("load-" + (mode or "plain")), "w", encoding="utf-8") as log:
        load = server.load(log)
        time.sleep(1)
        s.check(load.poll() is None, "redis-benchmark runs", s.read("load-" + (mode or "plain")))
        blocks, pauses = look(s, server, rows)
        s.check(load.poll() is None, "redis-benchmark still runs")
        s.expect("values under load, as a client reads them", server.values(), values)
        grow(s, server, rows)
        s.check(load.poll() is None, "redis-benchmark runs until the end")
        s.end(load)
    s.check(not re.search("error|refused|reset|closed", s.read("load-" + (mode or "plain")), re.I),
            "redis-benchmark met errors", s.read("load-" + (mode or "plain"))[-500:])
    s.expect("redis' own log of refusals", server.ask("INFO", "errorstats").count("errorstat_"), 0)
    check_answers(s, server, digest, values)
    s.say(f"{'recorded (mode=exact)' if mode else 'not recorded'}, {blocks} blocks, load average {load_average():.1f}:")
    s.table(("verb", "stopped for", "took"), rows)
    if max(pauses, default=0.0) > PAUSE_MS:
        s.say(f"heaps or walk stopped it for more than {PAUSE_MS:.0f} ms ({blocks / 1e6:.1f} million blocks)")


def check_answers(s, server, digest, values):
    """The data are what they were: what was added is taken away, and the rest read back."""
    server.ask("-n", "1", "FLUSHDB")
    s.run(["redis-cli", "-s", server.socket],
          input="".join("UNLINK " + " ".join(f"more:{i}" for i in range(first, first + 1000)) + "\n"
                        for first in range(0, MORE_KEYS, 1000)))
    s.expect("keys at the end", server.ask("DBSIZE"), str(KEYS))
    s.expect("values at the end", server.values(), values)
    s.expect("DEBUG DIGEST at the end", server.ask("DEBUG", "DIGEST"), digest)
    server.ask("SHUTDOWN", "NOSAVE")
    server.process.wait(timeout=60)
    s.expect("how redis ends", server.process.returncode, 0)


def run(s):
    s.need("redis-server", "redis-cli", "redis-benchmark")
    for mode in ("exact", ""):
        look_at(s, mode)
