#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Usage: tool_documents.sh <halde> <folder>
# What the tool's own tables make: manual pages in <folder>/man1, completions in <folder>/completions.
set -euo pipefail
tool=${1:?usage: tool_documents.sh <halde> <folder>}
folder=${2:?usage: tool_documents.sh <halde> <folder>}

rm -rf "$folder/man1" "$folder/completions"
mkdir -p "$folder/man1" "$folder/completions"
"$tool" help --man >"$folder/man1/halde.1"
verbs=$("$tool" help --list)
for verb in $verbs; do
    "$tool" help --man "$verb" >"$folder/man1/halde-$verb.1"
done
# Each shell looks for a name of its own.
"$tool" help --completion=bash >"$folder/completions/halde"
"$tool" help --completion=zsh >"$folder/completions/_halde"
"$tool" help --completion=fish >"$folder/completions/halde.fish"
