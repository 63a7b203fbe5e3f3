"""For scripts that test against a real Kafka broker, which needs Java.

Without Java a script counts as skipped, and as failed where PENSTOCK_BROKER_REQUIRED is set, as in continuous integration.
"""

import os
import shutil
import sys
import unittest

SKIPPED = 77  # ctest counts it as skipped.


def is_possible():
    return shutil.which("java") is not None


def skip(what):
    """The exit code of a script that tested nothing, and a word on the standard error."""
    print(f"SKIPPED: no Java, so {what} was not tested; tools/setup installs it", file=sys.stderr)
    return 1 if os.environ.get("PENSTOCK_BROKER_REQUIRED") else SKIPPED


def require():
    """For setUpClass() of a class that needs the broker where others of its script do not."""
    if is_possible():
        return
    if os.environ.get("PENSTOCK_BROKER_REQUIRED"):
        raise AssertionError("no Java; tools/setup installs it")
    raise unittest.SkipTest("no Java")


def main(what):
    """Runs the tests of the script. Its exit code."""
    if not is_possible():
        return skip(what)
    return 0 if unittest.main(exit=False).result.wasSuccessful() else 1


def main_where_possible(what):
    """The same for a script that has tests which need no broker."""
    result = unittest.main(exit=False).result
    if not result.wasSuccessful():
        return 1
    return skip(what) if result.skipped else 0
