"""Goal: a user can build against what `cmake --install` leaves, with CMake and with pkg-config, and run the result.

Method: install into a temporary folder, move it (nothing in it may hold an absolute path), build the consumer twice.
"""

import glob
import os
import shutil
import subprocess
import tempfile
import unittest

SOURCE_DIR = os.environ["PENSTOCK_SOURCE_DIR"]
BUILD_DIR = os.environ["PENSTOCK_BUILD_DIR"]
CONSUMER_DIR = os.path.join(SOURCE_DIR, "tests", "install", "consumer")


def run(*command, **more):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{result.stdout}\n{result.stderr}")
    return result.stdout


class InstalledTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        staged = os.path.join(cls.folder.name, "staged")
        run("cmake", "--install", BUILD_DIR, "--prefix", staged, "--component", "library")
        cls.prefix = os.path.join(cls.folder.name, "prefix")
        shutil.move(staged, cls.prefix)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def build_folder(self):
        return tempfile.mkdtemp(dir=self.folder.name)

    def assert_consumer_works(self, program):
        with open(os.path.join(CONSUMER_DIR, "expected_output.txt"), encoding="utf-8") as file:
            self.assertEqual(run(program, timeout=60), file.read())

    def test_a_cmake_project_finds_builds_and_runs(self):
        build = self.build_folder()
        run("cmake", "-S", CONSUMER_DIR, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", build)
        self.assert_consumer_works(os.path.join(build, "consumer"))

    def test_a_pkg_config_user_builds_and_runs(self):
        (pkgconfig,) = glob.glob(os.path.join(self.prefix, "lib*", "**", "pkgconfig"), recursive=True)
        environment = dict(os.environ, PKG_CONFIG_PATH=pkgconfig)
        flags = run("pkg-config", "--cflags", "--libs", "penstock", env=environment).split()
        program = os.path.join(self.build_folder(), "consumer")
        run("g++", "-std=c++20", os.path.join(CONSUMER_DIR, "main.cc"), *flags, "-o", program)
        self.assert_consumer_works(program)

    def test_only_the_library_is_installed(self):
        top = os.listdir(os.path.join(self.prefix, "include", "penstock"))
        self.assertLessEqual(set(top), {"core", "state", "operators", "io", "api", "sql"})

    def test_no_installed_text_names_the_machine_that_built_it(self):
        for path in glob.glob(os.path.join(self.prefix, "**"), recursive=True):
            if path.endswith((".h", ".cmake", ".pc")):
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                for secret in (SOURCE_DIR, BUILD_DIR, self.folder.name):
                    self.assertNotIn(secret + "/", text, path)


if __name__ == "__main__":
    unittest.main()
