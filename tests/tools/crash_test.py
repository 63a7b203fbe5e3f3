"""The fraud job survives a hundred kills, and one at each named place: see tools/crash."""

import os
import subprocess
import sys

ROOT = os.environ["PENSTOCK_SOURCE_DIR"]
BINARY = os.environ["PENSTOCK_BINARY"]

command = [sys.executable, os.path.join(ROOT, "tools", "crash"), "--binary", BINARY, "--runs", "100", "--seed", "6"]
sys.exit(subprocess.run(command, check=False).returncode)
