"""Goal: the golden checkpoints of this version are made by the command that docs/state.md names, and always the same.
Method: it is run in another folder; what it writes there is what the tree has."""

import filecmp
import os
import re
import subprocess
import tempfile
import unittest

BUILD = os.environ["PENSTOCK_BUILD_DIR"]
SOURCE = os.environ["PENSTOCK_SOURCE_DIR"]


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names)


class MakeGolden(unittest.TestCase):
    def test_the_documented_command_makes_what_the_tree_has(self):
        with open(os.path.join(SOURCE, "docs", "state.md"), encoding="utf-8") as page:
            commands = re.findall(r"^PENSTOCK_MAKE_GOLDEN=.*$", page.read(), re.MULTILINE)
        self.assertEqual(len(commands), 1)
        with tempfile.TemporaryDirectory() as folder:
            made = os.path.join(folder, "tests", "golden")
            os.makedirs(made)
            shown = subprocess.run(["bash", "-c", commands[0].replace("build/ci", BUILD)], cwd=folder, capture_output=True,
                                   timeout=120, text=True)
            self.assertEqual(shown.returncode, 0, shown.stdout[-2000:])
            names = files_below(made)
            self.assertGreater(len(names), 10)
            for name in names:
                there = os.path.join(SOURCE, "tests", "golden", name)
                self.assertTrue(filecmp.cmp(os.path.join(made, name), there, shallow=False), name)


if __name__ == "__main__":
    unittest.main()
