#!/usr/bin/env python3
"""Which sources of a target may be compiled as one: unite.py FILES_MAX FILE... prints `group TAB file` for each that joins.

Files that are compiled as one share what is at namespace scope, also what each has for itself in an unnamed namespace: so
none joins another that speaks of a name which it declares there, or that includes a header behind it that does. By the
form of our code such a declaration starts a line. Too many names are found rather than too few: that costs time and
breaks nothing.
"""

import functools
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
INCLUDE = re.compile(r'^#include "penstock/(.*)"', re.M)

WORD = re.compile(r"[A-Za-z_]\w*")
MACRO = re.compile(r"^#define (\w+)")
TYPE = re.compile(r"^(?:struct|class|enum class|enum|union|concept) (\w+)|^using (\w+) =")
# The name before what follows it: parameters, a value, members, bounds, or the end.
OTHER = re.compile(r"(?<![\w:~])(\w+)(?=\s*(?:\(|=|\{|\[|;))")
NOT_DECLARED = re.compile(r"^(?:[#}/\s]|namespace|using|static_assert|template\b.*>$|[A-Z][A-Z_0-9]+\(|$)")


def declared(text):
    names, is_unnamed = set(), False
    for line in re.sub(r"^template .*?>\s", "", text, flags=re.M).splitlines():
        if line == "namespace {" or line == "}  // namespace":
            is_unnamed = line == "namespace {"
        elif found := MACRO.match(line) or (is_unnamed and TYPE.match(line)):
            names.add(found.group(found.lastindex))
        elif is_unnamed and not NOT_DECLARED.match(line) and (found := OTHER.search(line)):
            names.add(found.group(1))
    return names


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@functools.cache
def words_of(path):
    return frozenset(WORD.findall(read(path)))


@functools.cache
def includes_of(path):
    return [os.path.join(ROOT, name) for name in INCLUDE.findall(read(path))]


def headers_of(path):
    found, left = set(), list(includes_of(path))
    while left:
        header = left.pop()
        if header not in found and os.path.exists(header):
            found.add(header)
            left += includes_of(header)
    return found


class Group:
    def __init__(self):
        self.files, self.declared, self.spoken, self.headers = [], set(), set(), set()

    def takes(self, file, names, headers):
        if names & self.spoken or self.declared & words_of(file):
            return False
        return all(self.declared.isdisjoint(words_of(header)) for header in headers - self.headers)

    def add(self, file, names, headers):
        self.files.append(file)
        self.declared |= names
        self.spoken |= words_of(file)
        self.headers |= headers


def unite(files, files_max):
    groups = []
    for file in sorted(files):
        names, headers = declared(read(file)), headers_of(file)
        group = next((g for g in groups if len(g.files) < files_max and g.takes(file, names, headers)), None)
        if group is None:
            groups.append(group := Group())
        group.add(file, names, headers)
    return groups


def main():
    for number, group in enumerate(unite(sys.argv[2:], int(sys.argv[1]))):
        for file in group.files if len(group.files) > 1 else ():
            print(f"{number}\t{file}")


if __name__ == "__main__":
    main()
