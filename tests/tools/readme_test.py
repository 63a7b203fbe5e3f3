"""Goal: what README.md says is true. Method: its penstock commands are run, its program is the example that is built.

The programs of docs/rows.md are those of an example too.
"""

import os
import re
import shlex
import subprocess
import tempfile
import textwrap
import unittest

BINARY = os.environ["PENSTOCK_BINARY"]
SOURCE = os.environ["PENSTOCK_SOURCE_DIR"]


def read(name):
    with open(os.path.join(SOURCE, name), encoding="utf-8") as file:
        return file.read()


def blocks(language, name="README.md"):
    return re.findall(rf"^```{language}\n(.*?)^```", read(name), re.DOTALL | re.MULTILINE)


class Readme(unittest.TestCase):
    def test_its_commands_work(self):
        commands = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
        commands = [command for command in commands if re.search(r"(^|\| )penstock ", command)]
        self.assertGreaterEqual(len(commands), 4)
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(BINARY, os.path.join(folder, "penstock"))
            os.symlink(os.path.join(SOURCE, "examples"), os.path.join(folder, "examples"))
            path = folder + os.pathsep + os.environ["PATH"]
            for command in commands:
                shell = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True, timeout=300,
                                       env=dict(os.environ, PATH=path))
                self.assertEqual(shell.returncode, 0, f"{command}\n{shell.stderr.decode()}")

    def test_its_program_is_the_example(self):
        program = blocks("cpp")[0].strip()
        self.assertIn(program, read("examples/embedded/main.cc"))

    def test_the_examples_print_what_it_says(self):
        for name in "example_embedded", "example_trading":
            example = os.path.join(os.environ["PENSTOCK_BUILD_DIR"], "examples", name)
            shown = subprocess.run([example], capture_output=True, timeout=60, text=True)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertNotEqual(shown.stdout.strip(), "")
            self.assertIn(shown.stdout.strip(), read("README.md"))

    def test_the_programs_of_rows_are_the_example_and_it_runs(self):
        example = read("examples/rows/main.cc")
        for program in blocks("cpp", "docs/rows.md"):
            self.assertIn(textwrap.indent(program, "  "), example)
        shown = subprocess.run([os.path.join(os.environ["PENSTOCK_BUILD_DIR"], "examples", "example_rows")],
                               cwd=os.path.join(SOURCE, "examples", "rows"), capture_output=True, timeout=60, text=True)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn('{"card":"4000-0000-0001-2345","gross":1190.0}', shown.stdout)
        self.assertIn('{"card":"4000-0000-0001-2345","reference":"12"}', shown.stdout)

    def test_the_files_it_links_to_exist(self):
        prose = re.sub(r"^```.*?^```", "", read("README.md"), flags=re.DOTALL | re.MULTILINE)
        targets = re.findall(r"\]\(([^)#:]+)\)", prose)
        self.assertGreater(len(targets), 2)
        for target in targets:
            self.assertTrue(os.path.exists(os.path.join(SOURCE, target)), target)


if __name__ == "__main__":
    unittest.main()
