# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""A server of debug files (debuginfod): it is asked with --debuginfod only, and then functions and lines are there."""

import ctypes.util
import http.server
import json
import os
import re
import shutil
import threading

from harness import Skip, line_of, sites_of


class Handler(http.server.BaseHTTPRequestHandler):
    """/buildid/ID/debuginfo, as debuginfod answers it."""

    files = {}
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        path = self.files.get(self.path)
        if path is None:
            self.send_error(404)
            return
        with open(path, "rb") as file:
            data = file.read()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *words):
        pass


def strip(s):
    """A program without names; its debug file is the server's only."""
    program = s.compile("planted_preload.c", "stripped.so", "-shared", "-fPIC", "-Wl,--build-id")
    notes = s.run(["readelf", "-n", program]).stdout
    number = re.search(r"Build ID: ([0-9a-f]{40})", notes).group(1)
    os.mkdir(s.path("server"))
    debug = s.path("server", "debuginfo")
    s.run(["objcopy", "--only-keep-debug", program, debug])
    s.run(["strip", program])
    return program, number, debug


def leaks(s, subject, *options, **environment):
    done = s.halde("leaks", subject, "--format=json", "--all", *options, codes=(0, 1),
                   env=s.environment(DEBUGINFOD_CACHE_PATH=s.path("cache"), HOME=s.folder, **environment))
    return sites_of(json.loads(done.stdout), "definite", "plant_block"), done.stderr


def run(s):
    s.need("gcc", "objcopy", "strip", "readelf", "perl")
    if not ctypes.util.find_library("debuginfod"):
        raise Skip("libdebuginfod is not installed (libdebuginfod1)")
    library, number, debug = strip(s)
    Handler.files = {f"/buildid/{number}/debuginfo": debug}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        process = s.start_ready(["/usr/bin/perl", "-e", f"require DynaLoader; DynaLoader::dl_load_file('{library}', 0); "
                                 "$| = 1; print \"ready\\n\"; sleep 60"], PLANT="40", PLANT_IN="perl")
        subject = s.path("image.halde")
        s.halde("snap", str(process.pid), "--leaks", "-c", "-o", subject)
        found, _ = leaks(s, subject, DEBUGINFOD_URLS=url)
        s.check(not found and not Handler.asked, "not told to: the server is not asked", found, Handler.asked)
        found, error = leaks(s, subject, "--debuginfod")
        s.check(not found and "DEBUGINFOD_URLS" in error, "no server is named: that is said", error)
        found, error = leaks(s, subject, "--debuginfod", DEBUGINFOD_URLS=url)
        s.check(found, "functions come from the server", error, Handler.asked)
        s.check(all(site["stack"][0]["line"] == line_of("planted.h", "here") for site in found), "lines, too", found)
        s.check(f"/buildid/{number}/debuginfo" in Handler.asked, "it was asked for the build-id", Handler.asked)
        count = Handler.asked.count(f"/buildid/{number}/debuginfo")
        found, _ = leaks(s, subject, "--debuginfod", DEBUGINFOD_URLS=url)
        s.expect("a second time it is in the cache", Handler.asked.count(f"/buildid/{number}/debuginfo"), count)
        s.check(found, "from the cache", found)
        text = s.halde("walk", subject, "--where", "size == 60", "--debuginfod",
                       env=s.environment(DEBUGINFOD_URLS=url, DEBUGINFOD_CACHE_PATH=s.path("cache"))).stdout
        s.check("plant_block" in text, "walk, too", text[:500])
        # The library itself is gone, as on another machine.
        os.unlink(library)
        found, error = leaks(s, subject, "--debuginfod", DEBUGINFOD_URLS=url)
        s.check(found, "names of a file that is not here", error)
        # A server that does not answer keeps nobody waiting.
        shutil.rmtree(s.path("cache"))
        found, _ = leaks(s, subject, "--debuginfod", DEBUGINFOD_URLS="http://127.0.0.1:1")
        s.check(not found, "no server is there", found)
        s.say(f"asked {len(Handler.asked)} times with --debuginfod, never without; functions and lines were there")
    finally:
        server.shutdown()
