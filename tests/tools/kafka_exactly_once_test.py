"""Goal: with delivery = exactly_once readers of committed records see each result once, whatever is killed.

Method: a job from Kafka to two topics and a file (kafka_count/main.cc) on a real broker of tools/kafka, killed at random
and at named places, with its broker, stopped and overtaken by another; tools/kafka_crash.py judges. Skipped without Java,
unless PENSTOCK_BROKER_REQUIRED is set, as continuous integration does.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
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
from kafka_broker.problem import Problem  # noqa: E402

BINARY = os.path.join(BUILD, "tests", "penstock_kafka_count")
PENSTOCK = os.path.join(BUILD, "tools", "penstock")
DEADLINE = 120


# A process that dies with a transaction open in which there is one record.
LEAVE_OPEN = """
import ctypes, os, sys
kafka = ctypes.CDLL("librdkafka.so.1")
for name in ("conf_new", "new", "topic_new"):
    getattr(kafka, "rd_kafka_" + name).restype = ctypes.c_void_p
brokers, job, topic, value = (argument.encode() for argument in sys.argv[1:])
conf = ctypes.c_void_p(kafka.rd_kafka_conf_new())
for name, text in (b"bootstrap.servers", brokers), (b"transactional.id", job):
    assert kafka.rd_kafka_conf_set(conf, name, text, None, ctypes.c_size_t(0)) == 0
client = ctypes.c_void_p(kafka.rd_kafka_new(0, conf, None, ctypes.c_size_t(0)))
handle = ctypes.c_void_p(kafka.rd_kafka_topic_new(client, topic, None))
kafka.rd_kafka_init_transactions.restype = kafka.rd_kafka_begin_transaction.restype = ctypes.c_void_p
assert not kafka.rd_kafka_init_transactions(client, 30000)
assert not kafka.rd_kafka_begin_transaction(client)
copy = 2
assert kafka.rd_kafka_produce(handle, 0, copy, value, ctypes.c_size_t(len(value)), job, ctypes.c_size_t(len(job)), None) == 0
assert kafka.rd_kafka_flush(client, 30000) == 0
os._exit(0)
"""


def leave_open(*arguments):
    subprocess.run([sys.executable, "-c", LEAVE_OPEN, *arguments], check=True, timeout=DEADLINE)


def wait_for(test, condition, goes_on=lambda: True):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        test.assertTrue(goes_on(), "it ended before")
        test.assertLess(time.monotonic(), deadline)
        time.sleep(0.05)


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

    def produce_more(self, count):
        self.produce(self.broker.ends(self.job.source) + count)

    def wait_for(self, condition, goes_on=lambda: True):
        wait_for(self, condition, goes_on)

    def committed(self):
        return len(self.broker.records(self.job.counts))

    def txn(self, *arguments):
        command = [PENSTOCK, "txn", *arguments, "--brokers", self.broker.at]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)

    def line_of(self, job):
        listed = self.txn("list")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        return next((line for line in listed.stdout.splitlines() if line.startswith(job + " ")), "")

    def name_in_transactions(self):
        with open(self.job.path("checkpoints/TRANSACTIONS"), encoding="utf-8") as file:
            return file.read().split()[2]

    def ends_soon(self, process):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)

    def said(self, process):
        _, errors = process.communicate(timeout=DEADLINE)
        self.assertNotEqual(process.returncode, 0, errors)
        return errors

    def test_nothing_is_lost_or_doubled_whatever_is_killed(self):
        wrong, _ = kafka_crash.crash(self.job, 5, 1, random.Random(5), points=["transaction.due", "output.committed"])
        self.assertIsNone(wrong)

    def test_the_same_where_one_of_the_topics_has_an_outbox(self):
        outbox = {"OUTBOX": self.job.path("outbox")}
        points = ["output.committed", "output.published_half", "epoch.renamed"]
        wrong, _ = kafka_crash.crash(self.job, 5, 1, random.Random(7), points=points, more=outbox)
        self.assertIsNone(wrong)
        self.assertEqual(os.listdir(outbox["OUTBOX"]), ["TRANSACTIONS"])

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

    def test_txn_names_the_job_that_readers_wait_for_and_takes_back_what_it_has_open(self):
        self.produce(500)
        self.assertIsNone(self.job.finish())
        gone = "penstock-gone-" + self.job.source
        leave_open(self.broker.at, gone, "penstock.markers", "epoch=5 incarnation=2")
        self.addCleanup(self.txn, "abort", gone)  # Other tests would wait for it.
        self.produce_more(1)
        self.assertIsNone(self.job.finish(), "its own marker stands before the open one")
        self.assertRegex(self.line_of(gone), r" - +0  open: readers wait for it$")
        self.assertRegex(self.line_of(self.name_in_transactions()), r" e-\d+ +1$")
        nowhere = self.txn("list", "--marker-topic", "of-nobody")
        self.assertIn("'of-nobody' is not there: no job with delivery = exactly_once", nowhere.stderr)
        nobody = self.txn("abort", gone + "0")
        self.assertIn("`penstock txn list` says which have", nobody.stderr)
        self.assertNotEqual(nobody.returncode, 0)
        aborted = self.txn("abort", gone)
        self.assertEqual((aborted.returncode, aborted.stderr), (0, ""))
        self.assertRegex(self.line_of(gone), r" - +0$")

    def test_what_txn_abort_has_taken_back_comes_again(self):
        self.produce(2000)
        self.assertIsNone(self.job.run_until_killed(DEADLINE, crash_at="transaction.due:1"))
        self.assertEqual(self.txn("abort", self.name_in_transactions()).returncode, 0)
        self.assertEqual(self.committed(), 0)
        self.assertIsNone(self.job.finish())

    def test_a_job_whose_transactions_are_aborted_ends_and_goes_on_when_it_is_started_again(self):
        self.produce(2000)
        process = self.job.start()
        self.addCleanup(process.kill)
        self.wait_for(lambda: self.committed() >= 2000, lambda: process.poll() is None)
        # One that comes while a new producer epoch is being taken, as after a commit whose answer was late, is overtaken
        # itself: it had nothing to take back.
        deadline = time.monotonic() + DEADLINE
        while process.poll() is None and time.monotonic() < deadline:
            self.assertEqual(self.txn("abort", self.name_in_transactions()).returncode, 0)
            self.produce_more(500)
            self.ends_soon(process)
        self.assertIn("another start of this job has taken over", self.said(process))
        self.assertIsNone(self.job.finish())

    def test_a_job_whose_broker_dies_goes_on_under_another_producer_epoch(self):
        self.produce(2000)
        process = self.job.start()
        self.addCleanup(process.kill)
        self.wait_for(lambda: self.committed() >= 2000, lambda: process.poll() is None)
        # What another job leaves open is not waited for.
        leave_open(self.broker.at, "penstock-gone-too", "penstock.markers", "epoch=5 incarnation=2")
        self.addCleanup(self.txn, "abort", "penstock-gone-too")
        self.broker.kill()
        self.wait_for(self.broker_leads)
        self.produce(4000)
        produced = self.broker.ends(self.job.source)
        self.wait_for(lambda: self.committed() >= produced, lambda: process.poll() is None)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 0, errors)
        self.assertIn("the job goes on under another producer epoch", errors)
        self.assertIsNone(self.job.defect())

    def test_a_right_that_is_taken_away_ends_the_job_with_its_name_and_given_back_nothing_is_missing(self):
        self.produce(500)
        self.assertIsNone(self.job.finish())
        job = self.name_in_transactions()
        for resource, name, words in (
            ("transactional_id", job, f"the right to write with the transactional id '{job}' is missing"),
            ("topic", self.job.counts, "TOPIC_AUTHORIZATION_FAILED"),
        ):
            process = self.job.start()
            self.addCleanup(process.kill)
            before = self.committed()
            self.produce_more(500)
            self.wait_for(lambda low=before: self.committed() > low, lambda process=process: process.poll() is None)
            with self.broker.client() as client:
                client.deny(resource, name, "write")
            self.produce_more(500)
            errors = self.said(process).splitlines()
            with self.broker.client() as client:
                client.deny_no_more(resource, name, "write")
            self.assertIn(words, errors[-1])
            self.assertTrue(errors[-1].startswith("permission denied"), errors[-1])
            self.assertIsNone(self.job.finish())

    def broker_leads(self):
        """Whether it answers for its partitions again."""
        try:
            return self.broker.ends(self.job.source) >= 0
        except Problem:
            return False

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
