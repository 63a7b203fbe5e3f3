"""Goal: Kafka sources and sinks work with a newer client library in the place of the system's, as users may have one.

Method: `tools/kafka client` fetches the library, the loader is pointed at it, and the most telling cases of the scripts
beside this one run again. Skipped when it cannot be fetched, and without Java.
"""

import os
import subprocess
import sys
import unittest

import kafka_sink_test
import kafka_source_test as kit

VERSION = "2.16"


class Source(kit.Records, kit.Changes, kit.Broken):
    """One broker for what needs several beside it."""

    CASES = (
        "test_all_that_a_record_has_comes_through",
        "test_a_reader_ends_while_its_topic_is_missing",
        "test_a_topic_recreated_longer_than_before_is_noticed",
        "test_a_broker_that_is_killed_and_comes_back_costs_no_record",
    )


class Sink(kafka_sink_test.Killed):
    CASES = ("test_a_broker_killed_and_restarted_loses_and_doubles_nothing",)


class Login(kafka_sink_test.Passwords):
    CASES = ("test_the_right_password_gets_in_and_no_other",)


def fetched():
    """The folder of the library, or None."""
    command = [sys.executable, kit.KAFKA, "client", VERSION]
    run = subprocess.run(command, capture_output=True, text=True, timeout=kit.DEADLINE * 4, check=False)
    if run.returncode == 0:
        return run.stdout.strip()
    print(f"SKIPPED: librdkafka {VERSION} was not tested:\n{run.stderr}", file=sys.stderr)
    return None


class Loaded(unittest.TestCase):
    def test_the_programs_take_the_newer_library(self):
        for program in kit.CAT, kafka_sink_test.DRIVER:
            found = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
            self.assertIn(os.path.join(os.environ["LD_LIBRARY_PATH"], "librdkafka.so.1"), found)


def main():
    if not kit.real_broker.is_possible():
        return kit.real_broker.skip(f"librdkafka {VERSION}")
    folder = fetched()
    if folder is None:
        return kit.real_broker.SKIPPED
    os.environ["LD_LIBRARY_PATH"] = folder
    suite = unittest.TestSuite([unittest.defaultTestLoader.loadTestsFromTestCase(Loaded)])
    for each in Source, Sink, Login:
        suite.addTests(each(name) for name in each.CASES)
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
