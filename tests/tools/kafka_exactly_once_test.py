"""Goal: with delivery = exactly_once readers of committed records see each result once, whatever is killed.

Method: a job from Kafka to two topics and a file (kafka_count/main.cc) on a real broker of tools/kafka, killed at random
and at named places, with its broker, stopped and overtaken by another; tools/kafka_crash.py judges. Skipped without Java,
unless PENSTOCK_BROKER_REQUIRED is set, as continuous integration does.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
import unittest

SOURCE = os.environ["PENSTOCK_SOURCE_DIR"]
BUILD = os.environ["PENSTOCK_BUILD_DIR"]
sys.path.insert(0, os.path.join(SOURCE, "tools"))
sys.path.insert(0, os.path.join(SOURCE, "tests", "harness"))
import kafka_crash  # noqa: E402
import real_broker  # noqa: E402

BINARY = os.path.join(BUILD, "tests", "penstock_kafka_count")
DEADLINE = 120


class ExactlyOnce(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        real_broker.require()
        cls.place = tempfile.mkdtemp(prefix="penstock-exactly-once-")
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.broker = kafka_crash.Broker(os.path.join(cls.place, "broker"))
        cls.addClassCleanup(cls.broker.stop)

    def setUp(self):
        name = self.id().rsplit(".", 1)[1][5:25]
        os.mkdir(os.path.join(self.place, name))
        self.job = kafka_crash.KafkaCount(BINARY, os.path.join(self.place, name), self.broker, name + "-")

    def produce(self, count):
        feeder = kafka_crash.Feeder(self.broker, self.job.source, 20 * count)
        self.wait_for(lambda: self.broker.ends(self.job.source) >= count, feeder.is_alive)
        feeder.stop()

    def wait_for(self, condition, goes_on=lambda: True):
        deadline = time.monotonic() + DEADLINE
        while not condition():
            self.assertTrue(goes_on(), "it ended before")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def committed(self):
        return len(self.broker.records(self.job.counts))

    def said(self, process):
        _, errors = process.communicate(timeout=DEADLINE)
        self.assertNotEqual(process.returncode, 0, errors)
        return errors

    def test_nothing_is_lost_or_doubled_whatever_is_killed(self):
        wrong, _ = kafka_crash.crash(self.job, 5, 1, random.Random(5), points=["transaction.due", "output.committed"])
        self.assertIsNone(wrong)

    def test_the_check_finds_a_job_that_trusts_its_newest_checkpoint(self):
        self.produce(2000)
        trusting = {"PENSTOCK_MUTANT": "trust_newest_checkpoint"}
        # Its first epoch with output is durable, and never committed.
        self.assertIsNone(self.job.run_until_killed(DEADLINE, crash_at="transaction.due:1", **trusting))
        wrong = self.job.finish(**trusting)
        self.assertIn("lost", wrong or "")

    def test_an_epoch_that_was_not_committed_does_not_count(self):
        self.produce(2000)
        self.assertIsNone(self.job.run_until_killed(DEADLINE, crash_at="transaction.due:1"))
        self.assertEqual(self.committed(), 0)
        self.assertIsNone(self.job.finish())

    def test_a_job_that_another_has_overtaken_writes_nothing_and_says_why_it_ends(self):
        self.produce(2000)
        first = self.job.start(file=None)
        self.addCleanup(first.kill)
        self.wait_for(lambda: self.committed() >= 2000, lambda: first.poll() is None)
        first.send_signal(signal.SIGSTOP)
        shutil.copytree(self.job.path("checkpoints"), self.job.path("copy"))
        self.produce(4000)
        second = self.job.start(checkpoints="copy", file=None)
        self.addCleanup(second.kill)
        self.wait_for(lambda: self.committed() >= 4000, lambda: second.poll() is None)
        first.send_signal(signal.SIGCONT)
        self.assertIn("another start of this job has taken over 'penstock-kafka_count-", self.said(first))
        second.send_signal(signal.SIGTERM)
        _, errors = second.communicate(timeout=DEADLINE)
        self.assertEqual(second.returncode, 0, errors)
        self.assertIsNone(self.job.finish(checkpoints="copy", file=None))

    def test_a_start_that_cannot_keep_the_promise_is_refused_with_a_sentence(self):
        self.produce(100)
        for why, how in (
            ("give the job a folder for them", {"checkpoints": None}),
            ("raise the one or lower the others", {"TRANSACTION_TIMEOUT_MS": "5000"}),
            ("raise their transaction.max.timeout.ms", {"TRANSACTION_TIMEOUT_MS": "3600000"}),
        ):
            self.assertIn(why, self.said(self.job.start(file=None, **how)))
        self.assertIsNone(self.job.finish(file=None))
        shutil.rmtree(self.job.path("checkpoints"))
        self.assertIsNone(self.job.run_until_killed(3, file=None), "a new folder is a new job")

    def test_without_its_marker_or_its_checkpoints_a_job_does_not_guess(self):
        self.produce(500)
        self.assertIsNone(self.job.finish(file=None))
        for name in os.listdir(self.job.path("checkpoints")):
            if name.startswith("e-"):
                shutil.rmtree(os.path.join(self.job.path("checkpoints"), name))
        errors = self.said(self.job.start(file=None))
        self.assertIn("there is no good checkpoint that belongs to it", errors)


if __name__ == "__main__":
    sys.exit(real_broker.main_where_possible("exactly-once output to Kafka"))
