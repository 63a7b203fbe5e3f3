"""Goal: what kafka::source says it does, it does with a real broker: nothing lost, nothing silent.

Method: penstock_kafka_cat reads with the options of its arguments and prints a line of JSON for each thing that happens;
tools/kafka does the other side. Skipped without Java, unless PENSTOCK_BROKER_REQUIRED is set.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCE = os.environ.get("PENSTOCK_SOURCE_DIR") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
)
BUILD = os.environ.get("PENSTOCK_BUILD_DIR", os.path.join(SOURCE, "build", "ci"))
KAFKA = os.path.join(SOURCE, "tools", "kafka")
CAT = os.path.join(BUILD, "tests", "penstock_kafka_cat")
DEADLINE = 120
SOON = 20  # Seconds in which trouble must be told of: the product's own are at most 5, the rest is for slow machines.

sys.path.insert(0, os.path.join(SOURCE, "tests", "harness"))
import real_broker  # noqa: E402


class Cat:
    """A reader that runs: what it has printed, and a way to wait for more."""

    def __init__(self, test, brokers, *arguments):
        self.test = test
        self.lines = []
        self.changed = threading.Condition()
        # No start comes to its end by the clock, unless the test says so: what is told is told before.
        command = [CAT, "--brokers", brokers, "--start-timeout", "600000", *arguments]
        # A value may be cut within a character.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace"
        )
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()
        test.addCleanup(self.end)

    def collect(self):
        for line in self.process.stdout:
            row = json.loads(line)
            row["at"] = time.monotonic()
            with self.changed:
                self.lines.append(row)
                self.changed.notify_all()
        with self.changed:
            self.lines.append({"is": "end"})
            self.changed.notify_all()

    def of(self, kind):
        with self.changed:
            return [row for row in self.lines if row["is"] == kind]

    def wait(self, found, what):
        with self.changed:
            if not self.changed.wait_for(lambda: found(self.lines), DEADLINE):
                self.test.fail(f"never: {what}\n" + "\n".join(str(row) for row in self.lines[-30:]))

    def opened(self):
        self.wait(lambda rows: any(row["is"] in ("opened", "refused") for row in rows), "opened")
        self.test.assertEqual(self.of("refused"), [])
        return self

    def refused(self, *words):
        self.wait(lambda rows: any(row["is"] in ("opened", "refused") for row in rows), "refused")
        row = self.has_words("refused", words)
        self.test.assertLess(row["millis"], SOON * 1000, row)
        return row

    def failed(self, *words):
        self.wait(lambda rows: any(row["is"] == "failed" for row in rows), "failed")
        return self.has_words("failed", words)

    def has_words(self, kind, words):
        rows = self.of(kind)
        self.test.assertEqual(len(rows), 1, self.lines)
        for word in words:
            self.test.assertIn(word, rows[0]["text"])
        self.test.assertNotIn("secret", rows[0]["text"])
        return rows[0]

    def records(self, count):
        self.wait(lambda rows: sum(row["is"] == "record" for row in rows) >= count, f"{count} records")
        return self.of("record")

    def notice(self, *words):
        def found(rows):
            texts = [row["place"] + ": " + row["text"] for row in rows if row["is"] == "notice"]
            return any(all(word in text for word in words) for text in texts)

        self.wait(found, f"notice with {words}")

    def splits(self, splits):
        def found(rows):
            return any(row["is"] == "splits" and sorted(row["splits"]) == splits for row in rows)

        self.wait(found, f"splits {splits}")

    def end(self):
        if self.process.stdin.closed:
            return
        self.process.stdin.close()
        self.process.wait(DEADLINE)
        self.thread.join(DEADLINE)
        self.process.stdout.close()


class WithBroker(unittest.TestCase):
    mode = ["plain"]

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.mkdtemp(prefix="penstock-kafka-source-")
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        cls.folder = os.path.join(cls.scratch, "broker")
        cls.addClassCleanup(cls.run_kafka, "stop")
        cls.state = cls.start(*cls.mode)

    @classmethod
    def run_kafka(cls, *arguments, given=""):
        command = [sys.executable, KAFKA, *arguments, "--dir", cls.folder]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=300, check=False)

    @classmethod
    def start(cls, *mode):
        run = cls.run_kafka("start", *mode)
        assert run.returncode == 0, run.stdout + run.stderr
        return dict(line.split("=", 1) for line in run.stdout.splitlines())

    def kafka(self, *arguments, given=""):
        run = self.run_kafka(*arguments, given=given)
        self.assertEqual(run.returncode, 0, f"{arguments}\n{run.stdout}{run.stderr}")
        return run.stdout

    def create(self, topic, partitions=1, *more):
        """Also while the topic of that name is still being deleted."""
        deadline = time.monotonic() + DEADLINE
        while True:
            run = self.run_kafka("topics", "create", topic, "--partitions", str(partitions), *more)
            if run.returncode == 0:
                return
            self.assertIn("exists", run.stderr)
            self.assertLess(time.monotonic(), deadline)

    def produce(self, topic, first, count, partition=0):
        lines = "".join(f"{i}\n" for i in range(first, first + count))
        self.kafka("produce", topic, "--partition", str(partition), given=lines)

    def cat(self, *arguments):
        return Cat(self, self.state["KAFKA"], *arguments)


def offsets(rows, split=0):
    return [row["offset"] for row in rows if row["split"] == split]


def values(rows):
    return [row["value"] for row in rows]


class Start(WithBroker):
    def test_a_start_is_the_end_the_beginning_a_time_or_an_offset(self):
        self.create("s", 2)
        lines = [json.dumps({"value": f"v{i}", "partition": i % 2, "timestamp": 1000 * i}) for i in range(10)]
        self.kafka("produce", "s", "--json", given="\n".join(lines))
        rows = self.cat("--topic", "s", "--start", "earliest").opened().records(10)
        self.assertEqual((offsets(rows, 0), offsets(rows, 1)), ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4]))
        self.assertEqual({row["timestamp"] for row in rows}, {1_000_000 * i for i in range(10)})

        by_time = self.cat("--topic", "s", "--start", "time:6999001").opened()
        self.assertEqual(sorted(values(by_time.records(3))), ["v7", "v8", "v9"])
        late = self.cat("--topic", "s", "--start", "time:8500000").opened()  # Nothing in partition 0.
        by_offset = self.cat("--topic", "s", "--start", "s/1=4").opened()
        self.assertEqual(sorted(values(by_offset.records(6))), ["v0", "v2", "v4", "v6", "v8", "v9"])
        latest = self.cat("--topic", "s").opened()
        self.produce("s", 100, 1)
        self.produce("s", 200, 1, partition=1)
        self.assertEqual(sorted(values(latest.records(2))), ["100", "200"])
        self.assertEqual(sorted(values(late.records(3))), ["100", "200", "v9"])
        self.assertEqual(sorted(values(by_time.records(5))), ["100", "200", "v7", "v8", "v9"])
        for each in by_time, by_offset, late, latest:
            each.end()
            self.assertLess(each.of("closed")[0]["millis"], 10_000)

    def test_offsets_of_what_is_not_there_are_refused(self):
        self.create("named")
        self.cat("--topic", "named", "--start", "named/1=0").refused("partition 1", "named", "has 1")
        self.cat("--topic", "named", "--start", "other/0=0").refused("other", "does not read")

    def test_a_missing_topic_and_a_closed_port_end_the_start(self):
        self.cat("--topic", "never").refused("kafka never", "no topic", self.state["KAFKA"], "create it")
        Cat(self, "127.0.0.1:1", "--topic", "t", "--start-timeout", "1500").refused("127.0.0.1:1", "check")


class Records(WithBroker):
    def test_all_that_a_record_has_comes_through(self):
        self.create("r")
        big = "é" * 450_000
        lines = [
            {"key": "k", "value": "one", "timestamp": 5, "headers": [["a", None], ["a", "x"], ["b", ""]]},
            {"key": "gone", "value": None},
            {"key": None, "value": ""},
            {"key": "", "value": big},
        ]
        self.kafka("produce", "r", "--json", given="\n".join(json.dumps(line) for line in lines))
        rows = self.cat("--topic", "r", "--start", "earliest").opened().records(4)
        one, tombstone, empty, large = rows
        self.assertEqual((one["key"], one["value"], one["timestamp"], one["topic"]), ("k", "one", 5000, "r"))
        self.assertEqual(one["headers"], [["a", None], ["a", "x"], ["b", ""]])
        self.assertEqual((tombstone["key"], tombstone["size"], tombstone["tombstone"]), ("gone", 0, True))
        self.assertEqual((empty["key"], empty["size"], empty["tombstone"]), (None, 0, False))
        self.assertEqual((large["key"], large["size"], large["cut"]), ("", 900_000, 0))
        self.assertEqual([row["headers"] for row in rows[1:]], [[], [], []])

        rows = self.cat("--topic", "r", "--start", "earliest", "--record-max", "2").opened().records(4)
        self.assertEqual([(row["size"], row["cut"]) for row in rows], [(2, 3), (0, 0), (0, 0), (2, 900_000)])

    def test_compressed_topics_are_read(self):
        for kind in "gzip", "snappy", "lz4", "zstd":
            self.create(kind, 1, "--config", f"compression.type={kind}")
            self.produce(kind, 0, 300)
            rows = self.cat("--topic", kind, "--start", "earliest").opened().records(300)
            self.assertEqual(values(rows), [str(i) for i in range(300)])

    def test_a_silent_partition_holds_nobody_back_and_order_is_kept(self):
        self.create("two", 2)
        self.produce("two", 0, 5000, partition=1)
        cat = self.cat("--topic", "two", "--start", "earliest", "--brief", "yes").opened()
        self.assertEqual(offsets(cat.records(5000), 1), list(range(5000)))
        self.produce("two", 0, 1)
        self.assertEqual(offsets(cat.records(5001)), [0])
        self.assertEqual(cat.of("splits")[0]["splits"], [0, 1])

    def test_tasks_share_the_partitions_and_number_them_alike(self):
        for topic in "b", "a":
            self.create(topic, 3)
            for partition in range(3):
                self.produce(topic, partition, 1, partition)
        seen = []
        for task in "0", "1":
            arguments = ["--task", task, "--tasks", "2", "--topic", "b", "--topic", "a", "--start", "earliest"]
            cat = self.cat(*arguments).opened()
            cat.wait(lambda rows: any(row["is"] == "splits" for row in rows), "splits")
            splits = cat.of("splits")[0]["splits"]
            rows = cat.records(len(splits))
            self.assertEqual(sorted(row["split"] for row in rows), sorted(splits))
            seen += [(row["topic"], row["partition"], row["split"]) for row in rows]
        expected = [("a", i, i) for i in range(3)] + [("b", i, 65536 + i) for i in range(3)]
        self.assertEqual(sorted(seen), expected)

    def test_a_slow_reader_loses_nothing_and_is_not_left_waiting(self):
        self.create("slow")
        self.produce("slow", 0, 30_000)
        arguments = ["--topic", "slow", "--start", "earliest", "--brief", "yes"]
        cat = self.cat(*arguments, "--buffer", "65536", "--each-us", "20").opened()
        rows = cat.records(30_000)
        self.assertEqual(offsets(rows), list(range(30_000)))
        cat.notice("kafka slow/0", "more slowly")


class Changes(WithBroker):
    def test_new_partitions_and_topics_are_read_from_their_beginning(self):
        self.create("grow-a")
        self.produce("grow-a", 0, 3)
        cat = self.cat("--pattern", "grow-.*").opened()
        cat.splits([0])
        self.kafka("topics", "partitions", "grow-a", "2")
        self.produce("grow-a", 10, 2, partition=1)
        self.assertEqual(values(cat.records(2)), ["10", "11"])
        cat.splits([0, 1])
        self.create("grow-b")
        self.create("other-grow-c")
        self.produce("grow-b", 20, 1)
        self.assertEqual(cat.records(3)[2]["topic"], "grow-b")
        cat.splits([0, 1, 65536])
        cat.notice("kafka grow-b/0", "new", "from its beginning")

    def test_a_pattern_may_match_nothing_at_first(self):
        cat = self.cat("--pattern", "later[0-9]").opened()
        cat.notice("no topic matches yet")
        self.create("later1")
        self.produce("later1", 7, 1)
        self.assertEqual(values(cat.records(1)), ["7"])

    def gone_and_back(self, topic, loss, count, then):
        """20 read, then the topic deleted, recreated and filled with `count`."""
        self.create(topic)
        cat = self.cat("--topic", topic, "--loss", loss, "--start", "earliest").opened()
        self.produce(topic, 0, 20)
        cat.records(20)
        self.kafka("topics", "delete", topic)
        cat.notice(f"kafka {topic}", "gone")
        cat.splits([])
        self.create(topic)
        self.produce(topic, 1000, count)
        then(cat)

    def test_a_topic_that_comes_back_as_it_was_is_read_on(self):
        """As it is when brokers do not know it for a moment; here it is made again, equal in all."""
        lines = "".join(f"{i}\n" for i in range(5))
        self.create("same")
        cat = self.cat("--topic", "same", "--start", "earliest").opened()
        self.kafka("produce", "same", "--timestamp", "5000", given=lines)
        cat.records(5)
        self.kafka("topics", "delete", "same")
        cat.notice("kafka same", "gone")
        cat.process.send_signal(signal.SIGSTOP)  # Or it might look while it is there and empty.
        self.create("same")
        self.kafka("produce", "same", "--timestamp", "5000", given=lines + "more\n")
        cat.process.send_signal(signal.SIGCONT)
        self.assertEqual(values(cat.records(6))[-1], "more")

    def test_a_reader_ends_while_its_topic_is_missing(self):
        self.create("ends")
        cat = self.cat("--topic", "ends", "--start", "earliest").opened()
        self.produce("ends", 0, 1)
        cat.records(1)
        self.kafka("topics", "delete", "ends")
        cat.notice("kafka ends", "gone")
        cat.end()
        self.assertLess(cat.of("closed")[0]["millis"], 20_000)
        # They answered all the time.
        self.assertNotIn("answer again", "".join(row["text"] for row in cat.of("notice")))

    def test_a_topic_recreated_longer_than_before_is_noticed(self):
        words = ["kafka fail-long/0", "recreated", "offset 20", "on_data_loss"]
        self.gone_and_back("fail-long", "fail", 40, lambda cat: cat.failed(*words))

    def test_a_topic_recreated_shorter_than_before_is_noticed(self):
        words = ["kafka fail-short/0", "recreated", "offset 20"]
        self.gone_and_back("fail-short", "fail", 5, lambda cat: cat.failed(*words))

    def test_a_recreated_topic_is_read_from_its_beginning_when_told_to(self):
        def then(cat):
            cat.notice("kafka early/0", "recreated", "goes on at offset 0")
            self.assertEqual(values(cat.records(60)[20:]), [str(1000 + i) for i in range(40)])

        self.gone_and_back("early", "earliest", 40, then)

    def test_a_recreated_topic_is_read_from_its_end_when_told_to(self):
        def then(cat):
            cat.notice("kafka late/0", "recreated", "the end")
            self.produce("late", 5000, 1)
            self.assertEqual(values(cat.records(21))[-1], "5000")

        self.gone_and_back("late", "latest", 40, then)

    def test_a_gap_is_told_with_its_offsets_and_treated_by_policy(self):
        self.create("trim")
        self.produce("trim", 0, 30)
        self.kafka("topics", "trim", "trim", "--before", "12")
        arguments = ["--topic", "trim", "--start", "trim/0=5"]
        self.cat(*arguments).failed("kafka trim/0", "offsets 5 to 11", "7 records", "on_data_loss")
        earliest = self.cat(*arguments, "--loss", "earliest").opened()
        self.assertEqual(offsets(earliest.records(18)), list(range(12, 30)))
        earliest.notice("kafka trim/0", "offsets 5 to 11", "goes on at offset 12")
        latest = self.cat(*arguments, "--loss", "latest").opened()
        latest.notice("kafka trim/0", "offsets 5 to 11", "goes on at offset 30")
        self.produce("trim", 99, 1)
        self.assertEqual(offsets(latest.records(1)), [30])


class Broken(WithBroker):
    def test_a_broker_that_is_killed_and_comes_back_costs_no_record(self):
        self.create("kill", 2)
        cat = self.cat("--topic", "kill", "--start", "earliest").opened()
        self.produce("kill", 0, 50)
        self.produce("kill", 100, 50, partition=1)
        cat.records(100)
        self.kafka("kill9")
        cat.notice("kafka kill", "no answer", self.state["KAFKA"])
        self.start()
        self.produce("kill", 50, 50)
        rows = cat.records(150)
        self.assertEqual(offsets(rows), list(range(100)))
        self.assertEqual(offsets(rows, 1), list(range(50)))
        cat.notice("answer again")
        self.assertEqual(cat.of("failed"), [])

    def test_a_reader_ends_while_its_broker_is_away(self):
        self.create("left")
        cat = self.cat("--topic", "left", "--start", "earliest").opened()
        self.produce("left", 0, 5)
        cat.records(5)
        self.kafka("kill9")
        cat.notice("kafka left", "no answer", self.state["KAFKA"])
        cat.end()
        self.assertLess(cat.of("closed")[0]["millis"], 20_000)
        self.start()

    def test_a_broker_that_is_silent_is_told(self):
        self.create("mute")
        cat = self.cat("--topic", "mute", "--stall-after", "2000").opened()
        self.produce("mute", 1, 1)
        cat.records(1)
        pid = int(dict(line.split("=", 1) for line in self.kafka("status").splitlines())["KAFKA_PID"])
        os.kill(pid, signal.SIGSTOP)
        try:
            cat.notice("kafka mute", "not answered", self.state["KAFKA"])
        finally:
            os.kill(pid, signal.SIGCONT)
        cat.notice("answer again")
        self.produce("mute", 2, 1)
        self.assertEqual(values(cat.records(2)), ["1", "2"])

    def test_lag_is_measured(self):
        self.create("lag")
        self.produce("lag", 0, 100)
        cat = self.cat("--topic", "lag", "--start", "earliest", "--begin-after", "3000").opened()
        cat.wait(lambda rows: any(row["is"] == "lag" and row["lag"] == 100 for row in rows), "lag of 100")
        cat.wait(lambda rows: [row["lag"] for row in rows if row["is"] == "lag"][-1:] == [0], "no lag")


class Password(WithBroker):
    mode = ["sasl"]

    def test_the_right_password_reads_and_a_wrong_one_is_told(self):
        self.create("p")
        self.produce("p", 0, 3)
        for name, text in (("right", "penstock-secret"), ("wrong", "not-the-secret")):
            path = os.path.join(self.scratch, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(text + "\n")
            os.chmod(path, 0o600)

        def arguments(file):
            given = {
                "security.protocol": "sasl_plaintext",
                "sasl.mechanism": "PLAIN",
                "sasl.username": "penstock",
                "sasl.password": "file:" + os.path.join(self.scratch, file),
            }
            return [word for name, value in given.items() for word in ("--property", f"{name}={value}")]

        cat = self.cat("--topic", "p", "--start", "earliest", *arguments("right")).opened()
        self.assertEqual(values(cat.records(3)), ["0", "1", "2"])
        self.cat("--topic", "p", *arguments("wrong")).refused("kafka p", "refuse user 'penstock'", "check")


class Certificates(WithBroker):
    mode = ["ssl"]

    def arguments(self, **changes):
        given = {
            "security.protocol": "ssl",
            "ssl.ca.location": self.state["KAFKA_CA"],
            "ssl.certificate.location": self.state["KAFKA_CERTIFICATE"],
            "ssl.key.location": self.state["KAFKA_KEY"],
        } | {name.replace("_", "."): value for name, value in changes.items()}
        return [word for name, value in given.items() for word in ("--property", f"{name}={value}")]

    def of(self, kind):
        """The client's certificate of that kind."""
        stem = os.path.join(os.path.dirname(self.state["KAFKA_CA"]), "client-" + kind)
        return {"ssl_certificate_location": stem + ".pem", "ssl_key_location": stem + ".key"}

    def test_a_certificate_must_be_in_force_and_of_the_right_authority(self):
        self.create("c")
        self.produce("c", 0, 3)
        cat = self.cat("--topic", "c", "--start", "earliest", *self.arguments()).opened()
        self.assertEqual(values(cat.records(3)), ["0", "1", "2"])
        other = os.path.join(os.path.dirname(self.state["KAFKA_CA"]), "other-ca.pem")
        words = ["kafka c", "not trusted", "ssl.ca.location"]
        self.cat("--topic", "c", *self.arguments(ssl_ca_location=other)).refused(*words)
        for kind in "wrong-ca", "expired":
            words = ["kafka c", "certificate", "ssl.certificate.location"]
            self.cat("--topic", "c", *self.arguments(**self.of(kind))).refused(*words)


if __name__ == "__main__":
    sys.exit(real_broker.main("the Kafka source"))
