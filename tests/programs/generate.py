# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

"""Writes inputs for real programs to standard output, the same at every run: generate.py <what> <amount>."""

import random
import sys


# ---- C and C++ ----------------------------------------------------------------------------------


def c_expression(chance, names, depth):
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(names + [str(chance.randrange(1, 1000))])
    left, right = (c_expression(chance, names, depth - 1) for _ in range(2))
    operator = chance.choice(["+", "-", "*", "^", "&", "|", ">>", "<", "=="])
    return f"({left} >> ({right} & 15))" if operator == ">>" else f"({left} {operator} {right})"


def c_function(chance, number):
    yield f"static unsigned step_{number}(struct record_{number % 40} *r, unsigned a, unsigned b)"
    yield "{"
    names = ["a", "b", "r->first", "r->second", "r->items[a & 7]"]
    yield f"    for (unsigned i = 0; i < (a & {chance.choice([3, 7, 31])}); i++) {{"
    for _ in range(chance.randrange(2, 6)):
        yield f"        r->items[i & 7] {chance.choice(['+=', '^=', '-='])} {c_expression(chance, names + ['i'], 3)};"
    yield "    }"
    yield f"    switch ({c_expression(chance, names, 2)} & 15) {{"
    for label in range(chance.randrange(3, 10)):
        call = f"step_{chance.randrange(number)}" if number > 50 and chance.random() < 0.3 else ""
        yield f"    case {label}:"
        if call:
            target = int(call[5:])
            yield f"        b ^= {call}((struct record_{target % 40} *)(void *)r, {c_expression(chance, names, 1)}, i_{number});"
        yield f"        a += {c_expression(chance, names, 3)};"
        yield "        break;"
    yield "    default:"
    yield f'        b += (unsigned)length_of("function {number}: {chance.random():.17f}") + {c_expression(chance, names, 2)};'
    yield "    }"
    yield f"    r->first = {c_expression(chance, names, 4)};"
    yield "    return a ^ b;"
    yield "}"


def c(amount):
    """One large file in the way of an amalgamation: `amount` functions of arithmetic, loops, switches, strings."""
    chance = random.Random(1)
    yield "/* generated */"
    for number in range(40):
        fields = "".join(f" double extra_{i};" for i in range(chance.randrange(4)))
        yield f"struct record_{number} {{ unsigned first, second; unsigned items[8];{fields} }};"
    yield "static unsigned long length_of(const char *text) { unsigned long n = 0; while (text[n]) n++; return n; }"
    for number in range(amount):
        yield f"static const unsigned i_{number} = {chance.randrange(1 << 30)}u;"
        yield from c_function(chance, number)
    yield "typedef unsigned (*step)(void *, unsigned, unsigned);"
    yield "const step steps[] = {"
    for number in range(amount):
        yield f"    (step)(void *)step_{number},"
    yield "};"
    yield "int main(void)"
    yield "{"
    yield "    static unsigned record[64];"
    yield "    unsigned sum = 0;"
    yield "    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) sum += steps[i](record, i, sum & 1023);"
    yield "    return (int)(sum & 0);"
    yield "}"


def cxx(amount):
    """`amount` classes with templates, containers and lambdas."""
    chance = random.Random(2)
    for header in ("algorithm", "functional", "iostream", "list", "map", "memory", "numeric", "regex", "set", "sstream",
                   "string", "unordered_map", "variant", "vector"):
        yield f"#include <{header}>"
    yield "template <int N, class T> struct layer { T value; std::vector<layer<N - 1, T>> inner; };"
    yield "template <class T> struct layer<0, T> { T value; };"
    for number in range(amount):
        kind = chance.choice(["int", "double", "std::string", "std::pair<int, std::string>"])
        yield f"struct node_{number} {{"
        yield f"    std::map<std::string, std::vector<{kind}>> table;"
        yield f"    std::unordered_map<int, std::shared_ptr<layer<{chance.randrange(1, 5)}, {kind}>>> layers;"
        yield f"    std::variant<int, std::string, std::list<{kind}>> choice;"
        yield "    std::size_t count() const {"
        yield "        std::size_t n = layers.size();"
        yield "        for (auto &[key, list] : table) n += key.size() + list.size();"
        yield f"        std::vector<int> v({chance.randrange(3, 90)});"
        yield f"        std::generate(v.begin(), v.end(), [i = {number}]() mutable {{ return i = i * 75 % 65537; }});"
        yield "        std::sort(v.begin(), v.end(), [](int a, int b) { return a > b; });"
        yield "        return n + std::accumulate(v.begin(), v.end(), std::size_t{0});"
        yield "    }"
        yield "};"
    yield "int main() {"
    yield "    std::size_t n = 0;"
    for number in range(amount):
        yield f"    {{ node_{number} x; x.table[\"k\"].emplace_back(); n += x.count(); }}"
    yield "    std::cout << n << '\\n';"
    yield "}"


# ---- git ----------------------------------------------------------------------------------------


def git(amount):
    """A stream for git fast-import: `amount` commits on a main line with side branches and merges."""
    chance = random.Random(3)
    files = {f"src/part{i % 12}/file{i}.txt": [f"line {n} of file {i}" for n in range(60)] for i in range(150)}
    branches = {}
    for number in range(1, amount + 1):
        changed = chance.sample(sorted(files), chance.randrange(1, 5))
        for path in changed:
            lines = files[path]
            for _ in range(chance.randrange(1, 6)):
                lines[chance.randrange(len(lines))] = f"line {chance.random():.12f} of commit {number}"
            if chance.random() < 0.3:
                lines.append(f"added in {number}: " + "x" * chance.randrange(80))
        merge = None
        if number > 100 and chance.random() < 0.05:
            merge = chance.randrange(1, number - 1)
        message = f"part {number}: change {', '.join(changed)}\n\nBecause of {chance.random():.9f}.\n"
        yield f"commit refs/heads/main\nmark :{number}"
        when = 1600000000 + number * 3600
        yield f"author A U Thor <author{number % 17}@example.com> {when} +0100"
        yield f"committer C O Mitter <committer@example.com> {when} +0100"
        yield f"data {len(message.encode())}\n{message}"
        if number > 1:
            yield f"from :{number - 1}"
        if merge:
            yield f"merge :{merge}"
        for path in changed if number > 1 else sorted(files):
            text = "\n".join(files[path]) + "\n"
            yield f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}"
        if number % 100 == 0:
            branches[f"topic{number}"] = number
            note = f"version {number}"
            yield f"tag v{number}\nfrom :{number}\ntagger C O Mitter <committer@example.com> {when} +0100"
            yield f"data {len(note)}\n{note}"
    for name, number in branches.items():
        yield f"reset refs/heads/{name}\nfrom :{number}\n"


# ---- PostScript, SMT, SQL, redis, text ----------------------------------------------------------


def postscript(amount):
    """`amount` pages of curves, shadings, clipped text in several fonts, and an image."""
    chance = random.Random(4)
    yield "%!PS-Adobe-3.0"
    for page in range(1, amount + 1):
        yield f"%%Page: {page} {page}"
        for _ in range(120):
            x, y = chance.randrange(40, 560), chance.randrange(40, 740)
            yield f"{chance.random():.3f} {chance.random():.3f} {chance.random():.3f} setrgbcolor {chance.randrange(1, 5)} setlinewidth"
            points = " ".join(str(chance.randrange(0, 600)) for _ in range(6))
            yield f"newpath {x} {y} moveto {points} curveto {'fill' if chance.random() < 0.3 else 'stroke'}"
        for font in ("Times-Roman", "Helvetica-Bold", "Courier"):
            yield f"/{font} findfont {chance.randrange(8, 40)} scalefont setfont 0 setgray"
            for line in range(12):
                text = "".join(chance.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(50))
                yield f"{chance.randrange(20, 200)} {700 - line * 50} moveto ({text}) show"
        yield "gsave 100 100 translate 200 200 scale"
        yield "32 32 8 [32 0 0 32 0 0] {<" + "".join(f"{chance.randrange(256):02x}" for _ in range(64)) + ">} image grestore"
        yield "<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 600 700] /Function << /FunctionType 2 /Domain [0 1]"
        yield f"/C0 [{chance.random():.2f} 1 1] /C1 [1 {chance.random():.2f} 1] /N 1 >> >> gsave 300 300 90 0 360 arc clip shfill grestore"
        yield "showpage"
    yield "%%EOF"


def smt(amount):
    """`amount` puzzles: integer constraints, bit vectors, arrays; each checked on its own."""
    chance = random.Random(5)
    yield "(set-option :smt.random_seed 7)"
    for puzzle in range(amount):
        yield "(push)"
        size = 6
        cells = [[f"c{puzzle}_{i}_{j}" for j in range(size)] for i in range(size)]
        for row in cells:
            for cell in row:
                yield f"(declare-const {cell} Int) (assert (and (>= {cell} 1) (<= {cell} {size})))"
        for i in range(size):
            yield f"(assert (distinct {' '.join(cells[i])}))"
            yield f"(assert (distinct {' '.join(row[i] for row in cells)}))"
        for _ in range(5):
            i, j, k, l = (chance.randrange(size) for _ in range(4))
            yield f"(assert (> (+ {cells[i][j]} {cells[k][l]}) {chance.randrange(2, 8)}))"
        yield "(check-sat)"
        yield "(pop)"
        yield "(push)"
        yield "(declare-const m (Array (_ BitVec 32) (_ BitVec 32)))"
        yield f"(declare-const x{puzzle} (_ BitVec 32)) (declare-const y{puzzle} (_ BitVec 32))"
        yield f"(assert (= (bvmul x{puzzle} y{puzzle}) #x{chance.randrange(1 << 20):08x}))"
        yield f"(assert (= (select m x{puzzle}) (bvadd y{puzzle} #x{chance.randrange(1 << 16):08x})))"
        yield f"(assert (bvult (bvxor x{puzzle} y{puzzle}) #x{chance.randrange(1 << 20, 1 << 31):08x}))"
        yield "(check-sat)"
        yield "(pop)"


def sql(amount):
    """A script for sqlite3 with `amount` rows."""
    yield "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = 20000;"
    yield "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, kind INTEGER, price REAL, note BLOB);"
    yield "CREATE TABLE sale(id INTEGER PRIMARY KEY, item INTEGER, day INTEGER, amount INTEGER, remark TEXT);"
    yield "BEGIN;"
    chance = random.Random(6)
    for number in range(amount // 10):  # one statement each, as programs without bound values write them
        text = "".join(chance.choice("abcdefghij") for _ in range(chance.randrange(4, 40)))
        yield f"INSERT INTO item VALUES({number},'{text}',{chance.randrange(40)},{chance.random() * 100:.4f},x'{chance.randrange(1 << 64):016x}');"
    yield f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {amount - 1})"
    yield f"INSERT INTO sale SELECT i, (i * 7919) % {amount // 10}, (i * 31) % 365, i % 13, printf('%0*d-%s', i % 30, i, hex(i * 2654435761)) FROM n;"
    yield "COMMIT;"
    yield "CREATE INDEX sale_item ON sale(item, day); CREATE INDEX item_name ON item(name); CREATE INDEX sale_remark ON sale(remark);"
    yield "ANALYZE;"
    yield "SELECT kind, count(*), sum(amount), round(avg(price), 6) FROM sale JOIN item ON item.id = sale.item GROUP BY kind ORDER BY kind;"
    yield "SELECT day, group_concat(name, '/') FROM (SELECT day, name FROM sale JOIN item ON item.id = sale.item WHERE amount = 3 AND day < 20 ORDER BY sale.id) GROUP BY day;"
    yield "SELECT id, name, sum(price) OVER (PARTITION BY kind ORDER BY id ROWS 5 PRECEDING) FROM item WHERE id % 97 = 0 ORDER BY id;"
    yield "SELECT count(DISTINCT substr(remark, 1, 9)), max(length(remark)) FROM sale;"
    yield "SELECT json_group_array(json_object('id', id, 'name', name)) FROM item WHERE id % 211 = 0;"
    yield "UPDATE sale SET remark = remark || '-' || day WHERE item % 3 = 0;"
    yield "DELETE FROM sale WHERE amount = 7;"
    yield "CREATE TABLE copy AS SELECT * FROM sale ORDER BY remark DESC;"
    yield "SELECT count(*), min(remark), max(remark) FROM copy;"
    yield "VACUUM;"
    yield "PRAGMA integrity_check;"
    yield "SELECT count(*), sum(amount), sum(length(remark)) FROM sale;"


def redis(amount):
    """`amount` keys of every kind as redis commands in the wire format."""
    chance = random.Random(7)

    def command(*words):
        return f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in map(str, words))

    for number in range(amount):
        text = "v" * chance.randrange(1, 400) + str(number)
        kind = number % 6
        if kind == 0:
            yield command("SET", f"string:{number}", text)
        elif kind == 1:
            yield command("RPUSH", f"list:{number % 500}", *(text[i:] for i in range(3)))
        elif kind == 2:
            yield command("HSET", f"hash:{number % 900}", f"field{number}", text, f"n{number % 7}", number)
        elif kind == 3:
            yield command("ZADD", f"sorted:{number % 300}", number % 1009, f"member{number}")
        elif kind == 4:
            yield command("SADD", f"set:{number % 700}", f"member{number}", number)
        else:
            yield command("APPEND", f"grown:{number % 1000}", text)
        if number % 11 == 0:
            yield command("DEL", f"string:{chance.randrange(number + 1)}")


def text(amount):
    """`amount` lines of words and numbers."""
    chance = random.Random(8)
    words = ["".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(chance.randrange(2, 12))) for _ in range(5000)]
    for number in range(amount):
        line = " ".join(words[int(chance.paretovariate(0.6)) % 5000] for _ in range(chance.randrange(3, 14)))
        yield f"{chance.randrange(1 << 30)}\t{number % 997}\t{line}"


KINDS = {"c": c, "cxx": cxx, "git": git, "postscript": postscript, "smt": smt, "sql": sql, "redis": redis, "text": text}
BINARY = {"redis"}  # lines that end as they are


def main():
    kind, amount = sys.argv[1], int(sys.argv[2])
    end = "" if kind in BINARY else "\n"
    write = sys.stdout.buffer.write
    for line in KINDS[kind](amount):
        write((line + end).encode())


if __name__ == "__main__":
    main()
