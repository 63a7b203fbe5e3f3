"""Goal: the binary that users get carries the protections that its build asks for. Method: readelf."""

import os
import re
import subprocess
import sys
import unittest

BINARY = os.environ["PENSTOCK_BINARY"]
SKIPPED = 77  # What CTest counts as skipped.


def readelf(*options):
    return subprocess.run(["readelf", "--wide", *options, BINARY], capture_output=True, text=True, check=True).stdout


class Hardening(unittest.TestCase):
    def test_position_independent_executable(self):
        self.assertRegex(readelf("--file-header"), r"Type:\s+DYN")
        self.assertRegex(readelf("--dynamic"), r"FLAGS_1.*\bPIE\b")

    def test_full_relro(self):
        self.assertIn("GNU_RELRO", readelf("--program-headers"))
        self.assertRegex(readelf("--dynamic"), r"\bBIND_NOW\b|FLAGS_1.*\bNOW\b")

    def test_stack_is_not_executable(self):
        self.assertRegex(readelf("--program-headers"), r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW\s")

    def test_no_segment_is_writable_and_executable(self):
        self.assertNotRegex(readelf("--program-headers"), re.compile(r"^\s+LOAD.*\sRWE\s", re.MULTILINE))

    def test_stack_protector(self):
        self.assertIn("__stack_chk_fail", readelf("--dyn-syms"))

    def test_fortified_calls(self):
        self.assertRegex(readelf("--dyn-syms"), r"__\w+_chk\b(?<!__stack_chk)")

    def test_control_flow_protection(self):
        if "X86-64" not in readelf("--file-header"):
            self.skipTest("only on x86-64")
        command = ["objdump", "-d", "--no-show-raw-insn", BINARY]
        code = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        main = re.search(r"<main>:\n(.*)", code)
        self.assertIn("endbr64", main[1] if main else code)


if __name__ == "__main__":
    if os.environ.get("PENSTOCK_HARDENED") != "ON":
        print("not a hardened build")
        sys.exit(SKIPPED)
    unittest.main()
