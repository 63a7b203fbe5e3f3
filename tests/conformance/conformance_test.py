"""Expressions give what Spark gave, but for the differences that are listed; the page of functions is that of the table."""

import os
import subprocess
import unittest

SOURCE = os.environ["PENSTOCK_SOURCE_DIR"]
RUNNER = os.path.join(os.environ["PENSTOCK_BUILD_DIR"], "tools", "penstock_conformance")
HERE = os.path.join(SOURCE, "tests", "conformance")


def run(*arguments):
    return subprocess.run([RUNNER, *arguments], capture_output=True, text=True, timeout=60, check=False)


class Conformance(unittest.TestCase):
    def test_expressions_are_as_spark_has_them(self):
        cases = os.path.join(HERE, "spark_expressions.json")
        result = run("--known", os.path.join(HERE, "known_differences.txt"), cases)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout.splitlines()[-1], r"^\d+ passed, 0 failed, \d+ skipped$")

    def test_a_wrong_answer_is_seen(self):
        with open(os.path.join(HERE, "wrong_answer.json"), encoding="utf-8") as file:
            self.assertIn('"result": 4', file.read())
        result = run(os.path.join(HERE, "wrong_answer.json"))
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.splitlines()[-1], "1 passed, 1 failed, 0 skipped")

    def test_the_page_of_functions_is_true(self):
        with open(os.path.join(SOURCE, "docs", "functions.md"), encoding="utf-8") as file:
            self.assertEqual(file.read(), run("--functions").stdout, "print it anew: tools/conformance --functions > docs/functions.md")


if __name__ == "__main__":
    unittest.main()
