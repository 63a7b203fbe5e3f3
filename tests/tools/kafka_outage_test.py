"""Goal: a job with delivery = exactly_once whose broker died and was away for longer than its transaction may be open ends
with a sentence, and when it is started again readers of committed records have seen each result once.

Method: tests/tools/kafka_count on a broker of its own, which is killed and comes back when the job has given up, behind the
time-out of its transaction; tools/kafka_crash.py judges. The broker has its data in memory where there is room: Kafka
4.3.0 then notes the transaction as ended and does not write that into the topics, which on a disk it mostly does. And:
what another job has open in the topics of a job is named when that cannot start. Skipped without Java, as
kafka_exactly_once_test.py.
"""

import os
import shutil
import signal
import sys
import tempfile
import unittest

import kafka_exactly_once_test as kit

kafka_crash, real_broker = kit.kafka_crash, kit.real_broker
SHORT = {"EPOCH_TIMEOUT_MS": "3000", "TRANSACTION_TIMEOUT_MS": "4000"}
IN_MEMORY = "/dev/shm"
ROOM = 1 << 30


def place_of_data():
    has_room = os.path.isdir(IN_MEMORY) and shutil.disk_usage(IN_MEMORY).free > ROOM
    return tempfile.mkdtemp(prefix="penstock-outage-", dir=IN_MEMORY if has_room else None)


class Outage(unittest.TestCase):
    def setUp(self):
        real_broker.require()
        self.place = place_of_data()
        self.addCleanup(shutil.rmtree, self.place)
        self.broker = kafka_crash.Broker(os.path.join(self.place, "broker"))
        self.addCleanup(self.broker.stop)
        os.mkdir(os.path.join(self.place, "job"))
        self.job = kafka_crash.KafkaCount(kit.BINARY, os.path.join(self.place, "job"), self.broker)

    def start(self, **how):
        process = self.job.start(**how)
        self.addCleanup(process.kill)
        return process

    def wait_for_counts(self, count, process):
        kit.wait_for(self, lambda: self.broker.ends(self.job.counts) >= count, lambda: process.poll() is None)

    def test_what_a_broker_has_lost_of_a_transaction_is_taken_back_before_the_next(self):
        feeder = kafka_crash.Feeder(self.broker, self.job.source, 2000)
        self.addCleanup(feeder.stop)
        process = self.start(**SHORT)
        self.wait_for_counts(2000, process)
        self.broker.tool("kill9")
        _, errors = process.communicate(timeout=kit.DEADLINE)  # Behind the time-out of its transaction.
        self.broker.tool("start")
        self.assertNotEqual(process.returncode, 0, errors)
        ends = "not delivered|not committed|taken it back|taken over|can be begun|without an answer"
        self.assertRegex(errors.splitlines()[-1], ends)
        feeder.stop()
        self.assertIsNone(self.job.finish(**SHORT))

    def test_what_another_job_has_open_in_its_topics_is_named_and_not_touched(self):
        feeder = kafka_crash.Feeder(self.broker, self.job.source, 2000)
        self.addCleanup(feeder.stop)
        kit.leave_open(self.broker.at, "another", self.job.evens, "theirs")
        process = self.start(START_TIMEOUT_MS="3000")
        _, errors = process.communicate(timeout=kit.DEADLINE)
        self.assertNotEqual(process.returncode, 0, errors)
        self.assertRegex(errors, f"topic '{self.job.evens}', partition .: readers wait at offset 0")
        self.assertIn("find-hanging", errors)
        # It ends by itself after the 60 s of the client library; its job comes back and takes it back at once.
        kit.leave_open(self.broker.at, "another", "elsewhere", "theirs")
        process = self.start()
        self.wait_for_counts(2000, process)
        feeder.stop()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=kit.DEADLINE)
        self.assertEqual(process.returncode, 0, errors)
        self.assertIsNone(self.job.finish())


if __name__ == "__main__":
    sys.exit(real_broker.main_where_possible("exactly-once output to Kafka over an outage"))
