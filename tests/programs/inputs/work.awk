# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# Words counted, fields split and joined, arrays of arrays, sorting, substitution.
BEGIN { FS = "\t" }
{
    total += $1
    groups[$2][NR % 7] = groups[$2][NR % 7] substr($3, 1, 3)
    n = split($3, words, " ")
    for (i = 1; i <= n; i++) count[words[i]]++
    line = gensub(/([a-m]+) ([n-z]+)/, "\\2-\\1", "g", $3)
    if (line ~ /-[a-f]/) marked++
    length_sum += length(toupper(line))
    last[NR % 5000] = line
}
END {
    print NR, total, marked, length_sum
    m = asorti(count, names)
    for (i = 1; i <= m; i += 37) print names[i], count[names[i]]
    PROCINFO["sorted_in"] = "@ind_num_asc"
    for (g in groups) {
        text = ""
        for (k in groups[g]) text = text groups[g][k]
        check = (check * 31 + length(text)) % 1000003
        if (g % 100 == 0) print g, substr(text, 1, 60)
    }
    print check, asort(last)
    print last[1], last[2500]
}
