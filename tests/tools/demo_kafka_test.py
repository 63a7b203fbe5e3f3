"""Goal: `penstock demo fraud` from Kafka to Kafka, and from TCP to TCP, gives the alerts that it gives from file to file.

Method: the real binary, a real broker of tools/kafka and real sockets. Kafka is skipped without Java, unless
PENSTOCK_BROKER_REQUIRED is set, as continuous integration does.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BINARY = os.environ["PENSTOCK_BINARY"]
SOURCE = os.environ["PENSTOCK_SOURCE_DIR"]
KAFKA = os.path.join(SOURCE, "tools", "kafka")
DEADLINE = 180
PAYMENTS = 60000
# In every partition, far behind all payments: windows that were open close.
LATER = '{"tx":%d,"card":"later-%d","amount":1.00,"country":"DE","merchant":"m1","ts":"2030-01-01T00:00:00Z"}'

sys.path.insert(0, os.path.join(SOURCE, "tests", "harness"))
import real_broker  # noqa: E402


def comparable(lines):
    rows = [json.loads(line) for line in lines]
    return sorted((row["tx"], row["rule"], row["card"], row["reason"], row["version"], row["ts"]) for row in rows)


def binary(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=DEADLINE)


class WithPayments(unittest.TestCase):
    """A file of payments and the alerts that the job makes of it, for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="penstock-demo-kafka-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        made = binary("generate", "payments", cls.path("payments"), "--count", str(PAYMENTS), "--seed", "3")
        assert made.returncode == 0, made.stderr
        with open(cls.path("payments"), "a", encoding="ascii") as file:
            file.writelines(LATER % (PAYMENTS + i, i) + "\n" for i in range(2))
        with open(cls.path("payments"), encoding="ascii") as file:
            cls.payments = file.read().splitlines()
        run = binary("demo", "fraud", "--from", cls.path("payments"), "--to", cls.path("alerts"))
        assert run.returncode == 0, run.stderr
        cls.judged = re.search(r"\d+ judged, 0 unreadable", run.stderr).group()
        with open(cls.path("alerts"), encoding="ascii") as file:
            cls.expected = comparable(file.read().splitlines())
        assert len(cls.expected) > 10

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def demo(self, *arguments):
        letters = [] if "--dead-letters" in arguments else ["--dead-letters", self.path("dead")]
        run = subprocess.Popen(
            [BINARY, "demo", "fraud", *letters, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(self.end, run)
        return run

    @staticmethod
    def end(run):
        if run.poll() is None:
            run.kill()
        run.communicate()

    def drained(self, run):
        run.send_signal(signal.SIGTERM)
        _, errors = run.communicate(timeout=DEADLINE)
        self.assertEqual(run.returncode, 0, errors)
        return errors


class OverKafka(WithPayments):
    @classmethod
    def setUpClass(cls):
        real_broker.require()
        super().setUpClass()
        cls.broker = os.path.join(cls.folder, "broker")
        cls.addClassCleanup(cls.kafka, "stop")
        cls.at = re.search("KAFKA=(.*)", cls.kafka("start")).group(1)

    @classmethod
    def kafka(cls, *arguments, given=""):
        run = subprocess.run(
            [sys.executable, KAFKA, *arguments, "--dir", cls.broker],
            input=given, capture_output=True, text=True, timeout=DEADLINE,
        )  # fmt: skip
        if run.returncode != 0:
            raise AssertionError(f"tools/kafka {arguments}\n{run.stdout}{run.stderr}")
        return run.stdout

    def rows(self, topic):
        return [json.loads(line) for line in self.kafka("consume", topic, "--json").splitlines()]

    def produce(self, topic, payments):
        """A card's payments stay in order: its partition follows from it."""
        lines = []
        for payment in payments:
            card = json.loads(payment)["card"]
            partition = int(card[-1]) % 2
            lines.append(json.dumps({"key": card, "value": payment, "partition": partition}))
        self.kafka("produce", topic, "--json", given="\n".join(lines))

    def await_rows(self, topic, count):
        deadline = time.monotonic() + DEADLINE
        while len(rows := self.rows(topic)) < count:
            self.assertLess(time.monotonic(), deadline, f"{len(rows)} of {count} in {topic}")
        return rows

    def test_the_alerts_are_those_of_the_file_keyed_by_card_with_headers(self):
        for topic in "two", "two-alerts":
            self.kafka("topics", "create", topic, "--partitions", "2")
        self.produce("two", self.payments)
        run = self.demo(
            "--from", f"kafka://{self.at}/two?start=earliest", "--to", f"kafka://{self.at}/two-alerts",
            "--kafka-property", "client.id=demo",
        )  # fmt: skip
        rows = self.await_rows("two-alerts", len(self.expected))
        errors = self.drained(run)
        self.assertIn(f"{len(self.payments)} read", errors)
        self.assertEqual(len(self.rows("two-alerts")), len(rows))
        self.assertEqual(comparable(row["value"] for row in rows), self.expected)
        partition_of = {}
        for row in rows:
            alert = json.loads(row["value"])
            self.assertEqual(row["key"], alert["card"])
            self.assertEqual(
                row["headers"],
                [["alert_id", alert["id"]], ["event_time", alert["ts"]], ["rules_version", str(alert["version"])]],
            )
            self.assertEqual(partition_of.setdefault(row["key"], row["partition"]), row["partition"])

    def test_exactly_once_with_and_without_an_outbox_the_alerts_are_the_same(self):
        self.kafka("topics", "create", "once", "--partitions", "2")
        self.produce("once", self.payments)
        outbox = self.path("outbox")
        for topic, more in ("shared-once", ""), ("outbox-once", f"&outbox={outbox}"):
            self.kafka("topics", "create", topic)
            run = self.demo(
                "--from", f"kafka://{self.at}/once?start=earliest", "--checkpoint", self.path(topic),
                "--to", f"kafka://{self.at}/{topic}?delivery=exactly_once{more}",
            )  # fmt: skip
            self.await_rows(topic, len(self.expected))
            self.drained(run)
            self.assertEqual(comparable(row["value"] for row in self.rows(topic)), self.expected)
        self.assertEqual(os.listdir(outbox), ["TRANSACTIONS"])

    def test_the_commands_of_the_page_do_what_it_says(self):
        with open(os.path.join(SOURCE, "docs", "kafka.md"), encoding="utf-8") as page:
            section = page.read().split("## The fraud demo from topic to topic")[1]
        script = section.split("```sh\n")[1].split("```")[0]
        place = self.path("page")
        os.mkdir(place)
        os.symlink(os.path.join(SOURCE, "tools"), os.path.join(place, "tools"))
        environment = os.environ | {
            "PATH": os.path.dirname(BINARY) + ":" + os.environ["PATH"], "PENSTOCK_KAFKA_DIR": self.broker,
        }  # fmt: skip
        shell = subprocess.Popen(
            ["bash", "-e", "-c", script], cwd=place, env=environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        timer = threading.Timer(DEADLINE, os.killpg, (shell.pid, signal.SIGKILL))
        timer.start()
        shell.wait()  # What it left behind would keep the pipes open.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
        timer.cancel()
        output, errors = shell.communicate()
        self.assertEqual(shell.returncode, 0, errors)
        alerts = [json.loads(json.loads(line)["value"]) for line in output.splitlines() if line.startswith("{")]
        self.assertEqual(len(alerts), 5, output)
        self.assertIn("60000 read", errors)

    def test_two_topics_are_read_by_two_tasks_each_record_once(self):
        """Six partitions; a card's payments are all in one of them."""
        names = "six-a", "six-b"
        payments = self.payments + [LATER % (PAYMENTS + i, i) for i in range(2, 6)]
        lines = {name: [] for name in names}
        for payment in payments:
            card = json.loads(payment)["card"]
            group = int(card[-1]) % 6
            lines[names[group // 3]].append(json.dumps({"key": card, "value": payment, "partition": group % 3}))
        for name in names:
            self.kafka("topics", "create", name, "--partitions", "3")
            self.kafka("produce", name, "--json", given="\n".join(lines[name]))
        self.kafka("topics", "create", "six-alerts", "--partitions", "2")
        run = self.demo(
            "--from", f"kafka://{self.at}/{','.join(names)}?start=earliest", "--to", f"kafka://{self.at}/six-alerts",
            "--workers", "2",
        )  # fmt: skip
        rows = self.await_rows("six-alerts", len(self.expected))
        threads = os.path.join("/proc", str(run.pid), "task")
        readers = 0
        for thread in os.listdir(threads):
            with open(os.path.join(threads, thread, "comm"), encoding="ascii") as file:
                readers += file.read() == "penstock-kafka\n"
        self.assertEqual(readers, 2)
        errors = self.drained(run)
        self.assertIn(f"{len(payments)} read, {self.judged}", errors)
        self.assertIn(f"{len(self.expected)} records taken, 0 not delivered", errors)
        self.assertEqual(comparable(row["value"] for row in rows), self.expected)
        self.assertEqual(len(self.rows("six-alerts")), len(rows))

    def test_dead_letters_go_to_a_topic_as_they_came_with_where_they_are_from(self):
        for topic, partitions in (("doubtful", "2"), ("sound", "1"), ("dead", "1")):
            self.kafka("topics", "create", topic, "--partitions", partitions)
        junk = {"base64": "/wB7anVuaw=="}  # No UTF-8, and a zero byte.
        lines = [
            {"key": "k1", "value": "{junk", "partition": 1, "timestamp": 5000, "headers": [["trace", "t1"]]},
            {"key": None, "value": self.payments[0], "partition": 1},
            {"key": None, "value": junk, "partition": 1, "timestamp": 6000},
        ]
        self.kafka("produce", "doubtful", "--json", given="\n".join(json.dumps(line) for line in lines))
        self.kafka("produce", "sound", given=self.payments[1] + "\n{more junk\n")
        run = self.demo(
            "--from", f"kafka://{self.at}/sound,doubtful?start=earliest", "--to", "-",
            "--dead-letters", f"kafka://{self.at}/dead",
        )  # fmt: skip
        letters = {}
        for row in self.await_rows("dead", 3):
            headers = dict(row["headers"])
            letters[headers["penstock.source"], headers["penstock.partition"], headers["penstock.offset"]] = row
            self.assertIn("cannot read", headers["penstock.error"])
        errors = self.drained(run)
        self.assertIn("5 read, 2 judged, 3 unreadable (3 to dead letters)", errors)
        self.assertIn("3 records taken, 0 not delivered", errors)
        self.assertEqual(sorted(letters), [("doubtful", "1", "0"), ("doubtful", "1", "2"), ("sound", "0", "1")])
        first, second = letters["doubtful", "1", "0"], letters["doubtful", "1", "2"]
        self.assertEqual((first["key"], first["value"]), ("k1", "{junk"))
        self.assertIn(["penstock.timestamp", "5000"], first["headers"])
        self.assertEqual(first["headers"][-1], ["trace", "t1"])
        self.assertEqual((second["key"], second["value"]), (None, junk))
        self.assertEqual(letters["sound", "0", "1"]["value"], "{more junk")

    def test_dead_letters_that_have_no_topic_or_cannot_go_there_end_the_start(self):
        run = self.demo("--from", "generator", "--to", "-", "--dead-letters", f"kafka://{self.at}/no-letters")
        _, errors = run.communicate(timeout=DEADLINE)
        self.assertEqual(run.returncode, 1, errors)
        self.assertIn("there is no topic 'no-letters'", errors)
        run = self.demo("--from", "generator", "--to", "-", "--dead-letters", "tcp://127.0.0.1:9")
        _, errors = run.communicate(timeout=DEADLINE)
        self.assertEqual(run.returncode, 78, errors)
        self.assertIn("--dead-letters", errors)

    def test_a_start_behind_the_end_is_told_and_not_waited_for(self):
        for topic in "late", "late-alerts":
            self.kafka("topics", "create", topic, "--partitions", "2")
        self.produce("late", self.payments[:1000])
        run = self.demo(
            "--from", f"kafka://{self.at}/late", "--start", "0:999999,1:999999", "--to", "-",
        )  # fmt: skip
        _, errors = run.communicate(timeout=DEADLINE)
        self.assertEqual(run.returncode, 1, errors)
        self.assertIn("kafka late/", errors)

    def test_a_topic_that_is_not_there_is_named(self):
        for arguments in (
            ("--from", f"kafka://{self.at}/nowhere?start_timeout_ms=2000", "--to", "-"),
            ("--from", "generator", "--to", f"kafka://{self.at}/nowhere?start_timeout_ms=2000"),
        ):
            run = self.demo(*arguments)
            _, errors = run.communicate(timeout=DEADLINE)
            self.assertIn(run.returncode, (1, 78), errors)
            self.assertIn("nowhere", errors)


class Server:
    """One listener on loopback; each connection is handled by `serve` on a thread of its own."""

    def __init__(self, test, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.at = "127.0.0.1:%d" % self.listener.getsockname()[1]
        test.addCleanup(self.listener.close)
        self.thread = threading.Thread(target=self.run, args=(serve,), daemon=True)
        self.thread.start()

    def run(self, serve):
        connection, _ = self.listener.accept()
        with connection:
            serve(connection)


class OverTcp(WithPayments):
    def servers(self, payments):
        received = []

        def send(connection):
            connection.sendall(payments.encode())

        def receive(connection):
            while part := connection.recv(65536):
                received.append(part)

        return Server(self, send), Server(self, receive), received

    def test_the_alerts_are_those_of_the_file(self):
        source, sink, received = self.servers("".join(line + "\n" for line in self.payments))
        run = self.demo("--from", f"tcp://{source.at}?end_on_close=true", "--to", f"tcp://{sink.at}")
        _, errors = run.communicate(timeout=DEADLINE)
        self.assertEqual(run.returncode, 0, errors)
        sink.thread.join(DEADLINE)
        self.assertEqual(comparable(b"".join(received).decode().splitlines()), self.expected)
        self.assertIn(f"{len(self.payments)} read", errors)

    def test_a_line_without_an_end_at_the_loss_goes_to_the_dead_letters_and_is_told(self):
        source, sink, _ = self.servers(self.payments[0] + "\n" + self.payments[1][:20])
        run = self.demo("--from", f"tcp://{source.at}", "--to", f"tcp://{sink.at}")
        told = run.stderr.readline()
        self.assertIn(f"penstock: warning: tcp {source.at}: connection lost: closed by the peer; its last line", told)
        self.assertIn("2 read, 1 judged, 1 unreadable (1 to dead letters)", self.drained(run))
        with open(self.path("dead"), encoding="ascii") as file:
            letter = json.loads(file.readlines()[-1])
        self.assertIn("line without an end: the connection was lost", json.dumps(letter))

    def test_nobody_there_is_a_reason_with_host_port_and_remedy(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        for arguments in (
            ("--from", f"tcp://127.0.0.1:{port}?start_timeout_ms=100", "--to", "-"),
            ("--from", "generator", "--to", f"tcp://127.0.0.1:{port}?start_timeout_ms=100"),
        ):
            run = self.demo(*arguments)
            _, errors = run.communicate(timeout=DEADLINE)
            self.assertEqual(run.returncode, 1, errors)
            self.assertIn(f"tcp 127.0.0.1:{port}: cannot connect: Connection refused; tried for", errors)

    def test_a_url_that_cannot_work_is_a_wrong_option(self):
        for arguments in ("--from", "kafka://127.0.0.1:9092"), ("--to", "tcp://nowhere"), ("--from", "http://a:1/b"):
            run = binary("demo", "fraud", *arguments)
            self.assertEqual(run.returncode, 78, run.stderr)
            self.assertIn(f"{arguments[0]}: ", run.stderr)


if __name__ == "__main__":
    sys.exit(real_broker.main_where_possible("the demo over Kafka"))
