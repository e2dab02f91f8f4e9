#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
# About: fast-import, repack, gc, log, blame, clone, fsck
# Needs: git git
# Quick: yes
# Walk: no
# Limit: 300
# shellcheck shell=bash

prepare() {
    generate git "$(quick 1500 6000)" >stream
}

exercise() {
    local repository
    export GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
    p git config --global init.defaultBranch main
    p git config --global gc.auto 0
    p git init -q repository
    p git -C repository fast-import --quiet <"$INPUT/stream"
    p git -C repository checkout -q main
    keep gc git -C repository gc -q --prune=now
    keep repack git -C repository repack -q -a -d -f --depth=30 --window=20
    keep fsck git -C repository fsck --full --strict
    p git clone -q --no-local repository clone
    for repository in repository clone; do
        keep "$repository.head" git -C $repository rev-parse HEAD
        keep "$repository.objects" git -C $repository rev-list --objects --no-object-names HEAD
        keep "$repository.log" git -C $repository log --stat --format='%H %an %ad %s' -n 1000
        keep "$repository.fsck" git -C $repository fsck --full
    done
    keep blame git -C clone blame src/part1/file1.txt
    keep search git -C clone log -S'file 7' --format=%h
    keep shortlog git -C clone shortlog -sn HEAD
    keep grep git -C clone grep -n -P 'commit \d*77\d*\b'
    keep archive git -C clone archive --format=tar HEAD
    keep diff git -C clone diff --minimal HEAD~200 HEAD
    [ "$(wc -l <result/clone.objects)" -gt 3000 ]
    say "$(git --version): $(git -C clone rev-list --count HEAD) commits, $(wc -l <result/clone.objects) objects:" \
        "fast-import, gc, repack with threads, clone, fsck, log, blame, grep, archive, diff"
}
