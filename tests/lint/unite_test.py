"""Goal: sources that are compiled as one (tools/cmake/unite.py) do not see each other's names.

Method: small sources of which it is known whether they may join.
"""

import os
import subprocess
import sys
import tempfile
import unittest

UNITE = os.path.join(os.environ["PENSTOCK_SOURCE_DIR"], "tools", "cmake", "unite.py")


def unnamed(text):
    return "namespace penstock {\nnamespace {\n" + text + "\n}  // namespace\n}  // namespace penstock\n"


class Unite(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = place.name

    def groups(self, *texts, files_max=8):
        names = [os.path.join(self.place, f"{number}.cc") for number in range(len(texts))]
        for name, text in zip(names, texts):
            with open(name, "w", encoding="utf-8") as file:
                file.write(text)
        command = [sys.executable, UNITE, str(files_max), *names]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        groups = {}
        for group, name in (line.split("\t") for line in lines):
            groups.setdefault(group, []).append(names.index(name))
        return list(groups.values())

    def test_sources_with_names_of_their_own_join(self):
        self.assertEqual(self.groups(unnamed("int one();"), unnamed("int two();"), unnamed("int three();")), [[0, 1, 2]])

    def test_as_many_as_are_asked_for_join_and_one_alone_is_no_group(self):
        self.assertEqual(self.groups("", "", "", "", "", files_max=2), [[0, 1], [2, 3]])

    def test_what_both_declare_keeps_them_apart(self):
        for declaration in (
            "struct Event {",
            "using Event = int;",
            "enum class Event { kOne };",
            "constexpr auto Event = 1;",
            "constexpr int Event{1};",
            "int Event[3];",
            "template <class T>\nT Event(T value) {",
            "template <class T> struct Event {",
            "std::vector<std::pair<int, int>> Event(int value) {",
            "const std::map<int, int>& Event() {",
        ):
            self.assertEqual(self.groups(unnamed(declaration), unnamed(declaration)), [], declaration)

    def test_what_one_declares_keeps_away_who_speaks_of_it(self):
        self.assertEqual(self.groups(unnamed("struct Row {};"), "int size_of(const penstock::Row& row);"), [])
        self.assertEqual(self.groups("int size_of(const penstock::Row& row);", unnamed("struct Row {};")), [])
        self.assertEqual(self.groups("#define PLACE 1\n", "int PLACE;"), [])

    def test_what_is_declared_for_all_keeps_nobody_away(self):
        self.assertEqual(self.groups("namespace penstock {\nvoid run() {}\n}\n", "void f() { penstock::run(); }"), [[0, 1]])

    def test_what_stands_in_a_body_is_not_declared(self):
        self.assertEqual(self.groups(unnamed("void one() {\n  int sum = 0;\n}"), "void two() { int sum; }"), [[0, 1]])


if __name__ == "__main__":
    unittest.main()
