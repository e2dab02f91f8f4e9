#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: headless: a page laid out, scripted, dumped and painted
# Needs: chromium chromium
# Quick: no
# Walk: no
# Limit: 300
# shellcheck shell=bash

prepare() {
    cat >page.html <<'HTML'
<!doctype html><meta charset="utf-8"><title>a page</title>
<style>body{font:14px sans-serif;columns:3} .b{background:linear-gradient(90deg,#fc0,#06c);padding:3px;margin:1px}</style>
<h1>Heading</h1><canvas id="c" width="300" height="120"></canvas><div id="o"></div>
<script>
let rows = [];
for (let i = 0; i < 2000; i++) rows.push({i, s: (i * 7919 % 1009).toString(36), a: Array(i % 20).fill(i)});
rows.sort((a, b) => a.s < b.s ? -1 : a.s > b.s ? 1 : a.i - b.i);
const o = document.getElementById('o');
for (const r of rows.slice(0, 500)) { const d = document.createElement('div'); d.className = 'b'; d.textContent = JSON.stringify(r); o.append(d); }
for (let i = 0; i < 50; i++) o.removeChild(o.children[i * 3]);
const g = document.getElementById('c').getContext('2d');
for (let i = 0; i < 200; i++) { g.fillStyle = `hsl(${i * 7},70%,50%)`; g.fillRect(i * 3 % 280, i * 11 % 110, 20, 9); }
document.title = 'done ' + rows.length + ' ' + o.textContent.length;
</script>
HTML
}

exercise() {
    local options=(--headless --no-sandbox --disable-gpu --disable-extensions --disable-background-networking
        --hide-scrollbars "--window-size=800,600" --user-data-dir="$PWD/tmp/profile" --no-first-run
        --disable-component-update --virtual-time-budget=5000)
    local program=/usr/lib/chromium/chromium
    [ -x $program ] || program=$(command -v chromium)
    prove $program
    keep dom $program "${options[@]}" --dump-dom "file://$INPUT/page.html"
    grep -q 'done 2000' result/dom
    p $program "${options[@]}" --screenshot="$PWD/tmp/page.png" "file://$INPUT/page.html" >log/screenshot 2>&1
    # Pixels, not the file: it is compressed the same way, but let only the picture count.
    [ -s tmp/page.png ] && sha256sum <tmp/page.png >result/screenshot
    say "$(chromium --version 2>/dev/null | cut -d' ' -f1,2), headless: layout, script, canvas, screenshot; its own" \
        "processes allocate with an allocator of their own, the object serves what loads before it and its libraries"
}
