"""Jobs survive kills at random moments, and the fraud job one at each named place: see tools/crash."""

import os
import subprocess
import sys

ROOT = os.environ["PENSTOCK_SOURCE_DIR"]
BINARY = os.environ["PENSTOCK_BINARY"]
COMMAND = [sys.executable, os.path.join(ROOT, "tools", "crash"), "--binary", BINARY, "--seed", "6"]

RUNS = (
    ["--job", "fraud", "--runs", "100"],
    ["--job", "count", "--runs", "20", "--no-points"],
    ["--job", "count", "--runs", "20", "--state", "rocksdb"],
)

for options in RUNS:
    code = subprocess.run(COMMAND + options, check=False).returncode
    if code != 0:
        sys.exit(code)
