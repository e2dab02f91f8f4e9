# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT
"""A reader of snapshot files, made from docs/snapshot-format.md alone: what the document says and what
the tool writes have to be the same.  Decompresses with the zstd program."""

import struct
import subprocess
import zlib

COMPRESSED = 1
STRINGS, FRAMES, STACKS, MODULES, PROCESS, INTERVALS, CHANGES, SIZES = range(1, 9)
IMAGE, HEAPS, REGIONS, BLOCKS, DAMAGES, MAPPINGS, THREADS, IMAGE_MODULES, CONTENTS, END, LEADERS = range(16, 27)
INDEX = 0x7FFFFFFF
MASK = (1 << 64) - 1


class Damaged(Exception):
    pass


def require(condition, what):
    if not condition:
        raise Damaged(what)


def varint(data, place):
    """The varint that begins there, and where it ends; protocol buffers have the same."""
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, place


def varints(data, count):
    """`count` varints that use up the data."""
    values = []
    place = 0
    for _ in range(count):
        value, place = varint(data, place)
        values.append(value)
    require(place == len(data), "a column has bytes left")
    return values


def unzigzag(value):
    return value >> 1 ^ -(value & 1)


def integers(encoding, data, rows):
    if encoding == 0:
        return varints(data, 1) * rows
    values = varints(data, rows)
    if encoding == 1:
        return values
    require(encoding == 2, f"encoding {encoding}")
    sums, last = [], 0
    for value in values:
        last = (last + unzigzag(value)) & MASK
        sums.append(last)
    return sums


class Table:
    """Columns of a section; one that is missing is 0 everywhere."""

    def __init__(self, payload, rows):
        self.rows = rows
        self.columns = {}
        place = 0
        while place < len(payload):
            number, encoding, zero, also_zero, size = struct.unpack_from("<HBBIQ", payload, place)
            require(zero == 0 and also_zero == 0, "a column header that is not 0 where it must be")
            require(number not in self.columns, f"column {number} twice")
            self.columns[number] = (encoding, payload[place + 16:place + 16 + size])
            place += 16 + size
        require(place == len(payload), "a column reaches beyond its section")

    def __getitem__(self, number):
        if number not in self.columns:
            return [0] * self.rows
        encoding, data = self.columns[number]
        return integers(encoding, data, self.rows)

    def bytes(self, number):
        encoding, data = self.columns.get(number, (3, b""))
        require(encoding == 3, "bytes in another encoding")
        return data


class Section:
    def __init__(self, data, offset):
        header = data[offset:offset + 48]
        (magic, self.type, self.flags, self.image, self.rows, self.stored, self.raw, self.checksum,
         own) = struct.unpack("<4sIIIQQQII", header)
        require(magic == b"SECT" and own == zlib.crc32(header[:44]), f"no section at byte {offset}")
        self.offset = offset
        self.data = data[offset + 48:offset + 48 + self.stored]
        self.end = offset + 48 + self.stored
        require(len(self.data) == self.stored, "a section is cut")

    def table(self):
        require(zlib.crc32(self.data) == self.checksum, f"section at {self.offset} is damaged")
        payload = self.data
        if self.flags & COMPRESSED:
            payload = subprocess.run(["zstd", "-d", "-q", "-c"], input=payload, stdout=subprocess.PIPE,
                                     check=True).stdout
        require(len(payload) == self.raw, "a payload of another size")
        return Table(payload, self.rows)


class Snapshot:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        header = self.data[:32]
        magic, version, minor, zero, self.created, also_zero, checksum = struct.unpack("<8sHHIQII", header)
        require(magic == b"\x89HALDE\r\n" and version == 1 and zero == 0 and also_zero == 0, "head")
        require(checksum == zlib.crc32(header[:28]), "checksum of the head")
        self.read_sections()
        self.read_index()
        self.read_names()

    def read_sections(self):
        self.sections = []
        offset = 32
        while True:
            section = Section(self.data, offset)
            offset = section.end
            if section.type == INDEX:
                self.index = section
                break
            self.sections.append(section)

    def read_index(self):
        offset, checksum, zero, magic = struct.unpack("<QII8s", self.data[-24:])
        require(magic == b"HALDEEND" and zero == 0 and offset == self.index.offset, "trailer")
        require(checksum == zlib.crc32(self.data[-24:-16]) and self.index.end == len(self.data) - 24,
                "end of the file")
        table = self.index.table()
        told = list(zip(*(table[column] for column in range(1, 9))))
        found = [(s.offset, s.type, s.flags, s.image, s.rows, s.stored, s.raw, s.checksum)
                 for s in self.sections]
        require(told == found, "the index tells other sections")

    def tables(self, kind, image=0):
        return [s.table() for s in self.sections if s.type == kind and s.image == image]

    def first(self, table, numbered):
        """Sections of numbered things follow one another."""
        if table.rows:
            require(set(table[16]) == {len(numbered)}, "number of a first row")

    def read_names(self):
        self.strings = [b""]
        for table in self.tables(STRINGS):
            self.first(table, self.strings)
            text, place = table.bytes(2), 0
            for length in table[1]:
                self.strings.append(text[place:place + length])
                place += length
            require(place == len(text), "texts of another length")
        self.modules = [None]
        for table in self.tables(MODULES):
            self.first(table, self.modules)
            self.modules += zip(table[1], table[2], table[4])
        self.frames = [None]
        for table in self.tables(FRAMES):
            self.first(table, self.frames)
            for parent, module, address in zip(table[1], table[2], table[3]):
                require(parent < len(self.frames), "a parent that comes later")
                start = self.modules[module][0] if module else 0
                self.frames.append((parent, (start + address) & MASK, module))
        self.stacks = [()]
        for table in self.tables(STACKS):
            self.first(table, self.stacks)
            for frame in table[1]:
                addresses = []
                while frame:
                    frame, address, _ = self.frames[frame]
                    addresses.append(address)
                self.stacks.append(tuple(addresses))

    def string(self, number):
        return self.strings[number].decode("utf-8", "replace")

    def image_number(self):
        whole = [s.image for s in self.sections if s.type == END]
        return whole[-1] if whole else 0

    def image(self):
        (table,) = self.tables(IMAGE, self.image_number())
        return {"pid": table[1][0], "name": self.string(table[2][0]), "mode": self.string(table[4][0]),
                "time_ns": table[7][0], "has_contents": table[14][0]}

    def heaps(self):
        rows = []
        for table in self.tables(HEAPS, self.image_number()):
            rows += [{"handle": handle, "name": self.string(name), "busy_count": count, "busy_size": size}
                     for handle, name, count, size in zip(table[1], table[2], table[14], table[15])]
        return rows

    def blocks(self):
        rows = []
        for table in self.tables(BLOCKS, self.image_number()):
            rows += [{"address": address, "size": size, "heap": heap, "stack": self.stacks[stack],
                      "thread": thread, "kind": kind, "class": class_}
                     for address, size, heap, stack, thread, kind, class_ in
                     zip(table[1], table[2], table[7], table[8], table[9], table[14], table[16])]
        return rows

    def contents(self):
        """Pairs of address and bytes."""
        pieces = []
        for table in self.tables(CONTENTS, self.image_number()):
            data, place = table.bytes(4), 0
            for address, size, kind in zip(table[1], table[2], table[3]):
                pieces.append((address, bytes(size) if kind else data[place:place + size]))
                place += 0 if kind else size
        return pieces

    def memory(self, address, size):
        for start, data in self.contents():
            if start <= address and address + size <= start + len(data):
                return data[address - start:address - start + size]
        return None
