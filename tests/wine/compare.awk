# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Compares the outputs of the conformance programs, native and under Wine.
#
# Input: differences.txt, then a file of records "<N or W><tab><program><tab><output line>".
# An expectation is known by "<section> <text>" and has the value ok, FAIL, known or skip; an observation is
# known by "observe <key>" and has its value; what one side did not print is "absent".
# Exit status 1 when something failed; the last line counts.

# Whether `text` matches `pattern`, in which * stands for any characters.
function is_match(pattern, text,    star, head, i) {
    star = index(pattern, "*")
    if (star == 0) {
        return pattern == text
    }
    head = substr(pattern, 1, star - 1)
    if (substr(text, 1, length(head)) != head) {
        return 0
    }
    pattern = substr(pattern, star + 1)
    text = substr(text, length(head) + 1)
    if (pattern == "") {
        return 1
    }
    for (i = 1; i <= length(text) + 1; i++) {
        if (is_match(pattern, substr(text, i))) {
            return 1
        }
    }
    return 0
}

function trim(text) {
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    return text
}

function fail(text) {
    print "FAIL " text
    failed++
}

# ---- differences.txt -----------------------------------------------------------------------------

FILENAME == ARGV[1] && (/^#/ || /^[ \t]*$/) {
    next
}

FILENAME == ARGV[1] && /^reason: / {
    reason = substr($0, 9)
    next
}

FILENAME == ARGV[1] {
    if (split($0, field, / \| /) != 4) {
        fail(FILENAME ":" FNR ": not \"program | expectation | native | wine\"")
        next
    }
    if (reason == "") {
        fail(FILENAME ":" FNR ": no \"reason: ...\" line before it")
    }
    entries++
    entry_line[entries] = FNR
    entry_program[entries] = trim(field[1])
    entry_key[entries] = trim(field[2])
    entry_native[entries] = trim(field[3])
    entry_wine[entries] = trim(field[4])
    next
}

# ---- records -------------------------------------------------------------------------------------

{
    first = index($0, "\t")
    side = substr($0, 1, first - 1)
    rest = substr($0, first + 1)
    second = index(rest, "\t")
    program = substr(rest, 1, second - 1)
    line = substr(rest, second + 1)
    if (!(program in seen_program)) {
        seen_program[program] = 1
        program_order[++programs] = program
    }
    if (line ~ /^[0-9]+ passed, [0-9]+ failed, /) {
        is_complete[side, program] = 1
        next
    }
    if (line ~ /^observe /) {
        split_at = index(line, " = ")
        key = substr(line, 1, split_at - 1)
        value = substr(line, split_at + 3)
    } else if (line ~ /^(ok|FAIL|known|skip) /) {
        split_at = index(line, " ")
        value = substr(line, 1, split_at - 1)
        key = substr(line, split_at + 1)
        detail = ""
        if (value != "ok" && (bar = index(key, " | ")) > 0) {
            detail = substr(key, bar + 3)
            key = substr(key, 1, bar - 1)
        }
    } else {
        next
    }
    # A text that a program prints several times is told apart by its number.
    count = ++occurrences[side, program, key]
    if (count > 1) {
        key = key " #" count
    }
    if (!((program, key) in seen_key)) {
        seen_key[program, key] = 1
        key_order[program, ++keys[program]] = key
    }
    result[side, program, key] = value
    if (value == "FAIL" && side == "N") {
        fail(program ": native: " key " " detail)
        is_reported[program, key] = 1
    }
}

function value_of(side, program, key) {
    return (side, program, key) in result ? result[side, program, key] : "absent"
}

function find_entry(program, key, native, wine,    i, found) {
    found = 0
    for (i = 1; i <= entries; i++) {
        if (entry_program[i] == program && is_match(entry_native[i], native) &&
            is_match(entry_wine[i], wine) && is_match(entry_key[i], key)) {
            entry_used[i]++
            found = i
        }
    }
    return found
}

END {
    for (p = 1; p <= programs; p++) {
        program = program_order[p]
        agreed = listed = unlisted = 0
        for (k = 1; k <= keys[program]; k++) {
            key = key_order[program, k]
            native = value_of("N", program, key)
            wine = value_of("W", program, key)
            if ((program, key) in is_reported) {
                unlisted++
            } else if (native == wine) {
                agreed++
            } else if (find_entry(program, key, native, wine)) {
                listed++
            } else {
                unlisted++
                fail(program ": " key ": native " native ", Wine " wine)
            }
        }
        if (!(("N", program) in is_complete)) {
            fail(program ": the native run did not come to its end")
        }
        if (!(("W", program) in is_complete)) {
            fail(program ": the run under Wine did not come to its end")
        }
        printf "%-22s %4d agree, %3d differ as listed, %d not\n", program, agreed, listed, unlisted
        total_agreed += agreed
        total_listed += listed
    }
    for (i = 1; i <= entries; i++) {
        if (!entry_used[i]) {
            fail("differences.txt:" entry_line[i] ": this difference no longer occurs: " \
                entry_program[i] " | " entry_key[i])
        }
    }
    if (total_agreed == 0) {
        fail("nothing was compared")
    }
    printf "%d lines agree, %d differ for the reasons in differences.txt\n", total_agreed, total_listed
    printf "%d passed, %d failed\n", total_agreed + total_listed, failed
    exit failed != 0
}
