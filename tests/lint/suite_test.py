"""Goal: the suite counts and names tests, not processes. Method: what a process of several tests prints."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import unittest
import unittest.mock

SOURCE = os.environ.get("PENSTOCK_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
sys.path.insert(0, os.path.join(SOURCE, "tools"))

import suite  # noqa: E402

ALL_PASSED = """[----------] Global test environment tear-down
[==========] 240 tests from 31 test suites ran. (5077 ms total)
[  PASSED  ] 239 tests.
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] Golden.IsMade
"""
TWO_FAILED = """[  FAILED  ] Engine.Starts (3 ms)
[  FAILED  ] Shapes/StateWalk.Ends/OneKey, where GetParam() = 8-byte object (2 ms)
[==========] 30 tests from 4 test suites ran. (77 ms total)
[  PASSED  ] 28 tests.
[  FAILED  ] 2 tests, listed below:
[  FAILED  ] Engine.Starts
[  FAILED  ] Shapes/StateWalk.Ends/OneKey, where GetParam() = 8-byte object
"""


class Outputs(unittest.TestCase):
    def test_a_process_of_many_tests_counts_for_those_that_passed(self):
        self.assertEqual(suite.passed_in(ALL_PASSED), 239)
        self.assertEqual(suite.failed_in(ALL_PASSED), [])

    def test_a_script_is_one_test(self):
        self.assertEqual(suite.passed_in("Ran 4 tests in 0.1s\n\nOK\n"), 1)

    def test_those_that_failed_are_named_once_each(self):
        self.assertEqual(suite.failed_in(TWO_FAILED), ["Engine.Starts", "Shapes/StateWalk.Ends/OneKey"])

    def test_a_process_that_was_killed_names_none(self):
        self.assertEqual(suite.failed_in("[ RUN      ] Engine.Starts\n==7==ERROR: AddressSanitizer: ...\n"), [])


class Configuration(unittest.TestCase):
    """Over an older build of another compiler the settings of a preset were lost: no sanitizer was in the tests."""

    def test_a_preset_gets_its_settings_whatever_the_folder_was_configured_for(self):
        if shutil.which("clang++-16") is None or shutil.which("g++") is None:
            self.skipTest("one compiler is missing")
        with tempfile.TemporaryDirectory() as place:
            with open(os.path.join(place, "CMakeLists.txt"), "w", encoding="utf-8") as file:
                file.write("cmake_minimum_required(VERSION 3.25)\nproject(small CXX)\n")
            with open(os.path.join(place, "CMakePresets.json"), "w", encoding="utf-8") as file:
                json.dump({"version": 6, "configurePresets": [preset("old", "g++"), preset("new", "clang++-16")]}, file)
            small = suite.Suite(argparse.Namespace(jobs=1, build_root=place))
            small.build_dir = lambda _: os.path.join(place, "one")
            with unittest.mock.patch.object(suite, "ROOT", place):
                self.assertTrue(small.configure("old") and small.configure("new"))
            with open(os.path.join(place, "one", "CMakeCache.txt"), encoding="utf-8") as file:
                settings = [line for line in file if line.startswith("SETTING:")]
            self.assertEqual(settings, ["SETTING:UNINITIALIZED=new\n"])


def preset(name, compiler):
    return {"name": name, "cacheVariables": {"CMAKE_CXX_COMPILER": compiler, "SETTING": name}}


if __name__ == "__main__":
    unittest.main()
