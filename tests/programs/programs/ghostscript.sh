#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: rendering pages to pixels and to PDF
# Needs: gs ghostscript
# Quick: yes
# Walk: no
# Limit: 300
# shellcheck shell=bash

prepare() {
    generate postscript "$(quick 6 40)" >pages.ps
}

exercise() {
    keep ppm gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r60 -sOutputFile=result/page%d.ppm "$INPUT/pages.ps"
    keep png gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=png16m -dTextAlphaBits=4 -dGraphicsAlphaBits=4 -r40 \
        -sOutputFile=result/page%d.png "$INPUT/pages.ps"
    keep pdf gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=tmp/pages.pdf "$INPUT/pages.ps"
    keep again gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r30 -sOutputFile=result/pdf%d.ppm tmp/pages.pdf
    [ -s result/page1.ppm ] && [ -s result/pdf1.ppm ]
    say "ghostscript $(gs --version): $(find result -name 'page*.ppm' | wc -l) pages as pixels, smoothed, and by way of PDF; equal byte by byte"
}
