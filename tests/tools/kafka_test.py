"""Goal: tools/kafka starts a real broker in each mode, moves records in and out unchanged, and says what is wrong.

Method: the real script and a real broker on free ports, in folders of their own; skipped without Java, unless
PENSTOCK_BROKER_REQUIRED is set, as continuous integration does.
"""

import glob
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
from unittest import mock

SOURCE = os.environ.get("PENSTOCK_SOURCE_DIR") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
)
KAFKA = os.path.join(SOURCE, "tools", "kafka")
DEADLINE = 300

sys.path.insert(0, os.path.join(SOURCE, "tools"))
sys.path.insert(0, os.path.join(SOURCE, "tests", "harness"))
import real_broker  # noqa: E402
from kafka_broker import artefacts, client, newer_client, records  # noqa: E402
from kafka_broker.problem import Problem  # noqa: E402


def kafka(*arguments, folder, given="", **environment):
    command = [sys.executable, KAFKA, *arguments, "--dir", folder]
    environment = os.environ | environment
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=DEADLINE, env=environment)


class WithBroker(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="penstock-kafka-test-")
        self.folder = os.path.join(self.scratch, "broker")
        self.addCleanup(shutil.rmtree, self.scratch)
        self.addCleanup(self.stop_all)

    def stop_all(self):
        for mark in glob.glob(os.path.join(self.scratch, "*", "state.json")):
            kafka("stop", folder=os.path.dirname(mark))

    def good(self, *arguments, folder=None, given=""):
        run = kafka(*arguments, folder=folder or self.folder, given=given)
        self.assertEqual(run.returncode, 0, f"{arguments}\n{run.stdout}{run.stderr}")
        return run.stdout

    def refused(self, words, *arguments, folder=None, **environment):
        run = kafka(*arguments, folder=folder or self.folder, **environment)
        self.assertEqual(run.returncode, 1, f"{arguments}\n{run.stdout}{run.stderr}")
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertNotIn("Traceback", run.stderr)

    def start(self, *arguments, folder=None):
        return dict(line.split("=", 1) for line in self.good("start", *arguments, folder=folder).splitlines())

    def rows(self, *arguments):
        return [json.loads(line) for line in self.good("consume", *arguments, "--json").splitlines()]


class Plain(WithBroker):
    def test_records_come_back_as_they_went_in_and_a_kill_loses_none(self):
        state = self.start()
        self.assertTrue(state["KAFKA"].startswith("127.0.0.1:"))
        self.assertEqual(state["KAFKA_MODE"], "plain")
        self.good("topics", "create", "t", "--partitions", "3")
        self.good(
            "produce", "t", "--key", "k", "--header", "h=1", "--partition", "2", "--timestamp", "5000", given="one\n"
        )
        lines = [
            {"key": None, "value": "two", "partition": 2, "timestamp": -7},
            {
                "key": "k",
                "value": None,
                "partition": 2,
                "headers": [["a", None], ["a", "x"], ["b", {"base64": "/w=="}]],
            },
            {"key": {"base64": "gA=="}, "value": "", "partition": 1},
            {"key": "big", "value": "é" * 300_000, "partition": 0, "timestamp": 1},
        ]
        given = "\n".join(json.dumps(line) for line in lines)
        self.good("produce", "t", "--json", "--compression", "gzip", given=given)
        self.check_rows(lines)

        self.good("kill9")
        self.refused(["not running", "start"], "consume", "t")
        self.check_that_a_taken_port_is_named(int(state["KAFKA"].split(":")[1]))
        self.assertEqual(self.start()["KAFKA"], state["KAFKA"])
        self.check_rows(lines)

        self.good("stop", "--keep")
        self.assertEqual(self.start()["KAFKA"], state["KAFKA"])
        self.check_rows(lines)
        self.good("stop")
        self.assertFalse(os.path.exists(self.folder))

    def check_that_a_taken_port_is_named(self, port):
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.bind(("127.0.0.1", port))
            thief.listen()
            self.refused([f"port {port}", "taken by another process"], "start")

    def check_rows(self, lines):
        rows = self.rows("t")
        self.assertEqual(len(rows), 5)
        by_place = {(row["partition"], row["offset"]): row for row in rows}
        first = {"partition": 2, "offset": 0, "timestamp": 5000, "key": "k", "value": "one", "headers": [["h", "1"]]}
        self.assertEqual(by_place[2, 0], first)
        for place, line in zip(((2, 1), (2, 2), (1, 0), (0, 0)), lines):
            self.assertEqual({name: by_place[place][name] for name in line}, line)

    def test_two_brokers_stand_side_by_side_and_a_folder_of_others_is_left_alone(self):
        other = os.path.join(self.scratch, "other")
        first, second = self.start(), self.start(folder=other)
        self.assertNotEqual(first["KAFKA"], second["KAFKA"])
        self.assertEqual(self.start(), first)  # Once more changes nothing.
        self.refused(["mode plain, not sasl"], "start", "sasl")
        self.good("topics", "create", "t")
        self.assertEqual(self.good("topics", "list", folder=other), "")
        self.refused(
            ["port", first["KAFKA"].split(":")[1], "taken"],
            "start",
            "--port",
            first["KAFKA"].split(":")[1],
            folder=os.path.join(self.scratch, "third"),
        )
        self.refused(["not empty"], "start", folder=self.scratch)
        self.refused(["no broker in"], "stop", folder=self.scratch)

    def test_a_broker_that_does_not_come_up_is_ended_and_its_log_shown(self):
        self.refused(["not ready within 0.05 s", "log:"], "start", "--timeout", "0.05")
        self.assertFalse(os.path.exists(self.folder))


class Shared(WithBroker):
    """One broker for all of these, each with topics of its own."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.mkdtemp(prefix="penstock-kafka-test-")
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        cls.folder = os.path.join(cls.scratch, "broker")
        cls.addClassCleanup(kafka, "stop", folder=cls.folder)
        kafka("start", folder=cls.folder)

    def setUp(self):
        pass

    def test_topics_grow_shrink_and_vanish(self):
        self.good("topics", "create", "t", "--config", "compression.type=lz4")
        self.refused(["'t'", "exists"], "topics", "create", "t")
        self.refused(["'u'", "no.such.setting"], "topics", "create", "u", "--config", "no.such.setting=1")
        self.good("topics", "partitions", "t", "2")
        self.refused(["'t'", "partitions"], "topics", "partitions", "t", "1")
        self.assertIn("topic=t partitions=2\n", self.good("topics", "list"))
        self.good("produce", "t", "--partition", "1", given="a\nb\nc\n")
        self.refused(["lz4", "offset 0", "gzip only"], "consume", "t")
        self.good("topics", "trim", "t", "--partition", "1", "--before", "2")
        self.assertIn("topic=t partition=1 first=2 end=3 committed=3", self.good("topics", "offsets", "t"))
        self.refused(["partition 1", "offset 0", "out of range"], "consume", "t", "--partition", "1", "--from", "0")
        self.refused(["no partition 7", "has 2"], "consume", "t", "--partition", "7")
        self.refused(["0 of 1", "--timeout"], "consume", "t", "--partition", "0", "--count", "1", "--timeout", "0.1")
        self.good("topics", "delete", "t")
        self.refused(["no topic 't'", "topics create"], "consume", "t")

    def test_keys_choose_partitions_and_a_reader_chooses_where_to_begin(self):
        self.good("topics", "create", "keyed", "--partitions", "4")
        self.good("produce", "keyed", "--key-separator", ":", given="".join(f"k{i % 5}:{i}\n" for i in range(50)))
        by_key = {}
        for row in self.rows("keyed"):
            by_key.setdefault(row["key"], []).append(row)
        self.assertEqual(sorted(by_key), ["k0", "k1", "k2", "k3", "k4"])
        for rows in by_key.values():
            self.assertEqual(len({row["partition"] for row in rows}), 1)
            self.assertEqual([int(row["value"]) for row in rows], sorted(int(row["value"]) for row in rows))
        partition = str(by_key["k0"][0]["partition"])
        end = len(self.rows("keyed", "--partition", partition))
        self.assertEqual(len(self.rows("keyed", "--partition", partition, "--from", "3")), end - 3)
        self.assertEqual(self.rows("keyed", "--from", "latest"), [])
        self.assertEqual(len(self.good("consume", "keyed", "--count", "7").splitlines()), 7)

    def test_lines_that_are_no_records_are_named(self):
        self.good("topics", "create", "bad")
        for line, options in (("{", ["--json"]), ("no separator", ["--key-separator", "|"])):
            run = kafka("produce", "bad", *options, folder=self.folder, given=line)
            self.assertEqual(run.returncode, 1)
            self.assertIn("line 1", run.stderr)
        self.assertEqual(self.rows("bad"), [])


class Guarded(WithBroker):
    def round_trip(self, *options):
        self.good("topics", "create", "t")
        self.good("produce", "t", "--key", "k", "--header", "h=1", *options, given="v\n")
        row = self.rows("t", *options)[0]
        self.assertEqual((row["key"], row["value"], row["headers"]), ("k", "v", [["h", "1"]]))

    def test_sasl_lets_the_right_password_in_and_no_other(self):
        state = self.start("sasl")
        self.assertEqual(state["KAFKA_USER"], "penstock")
        self.round_trip()
        for mechanism in "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
            self.assertEqual(self.good("consume", "t", "--mechanism", mechanism), "v\n")
            self.refused(["refused user 'penstock'"], "consume", "t", "--mechanism", mechanism, "--password", "wrong")
        self.good("kill9")
        self.start()
        self.assertEqual(self.good("consume", "t", "--mechanism", "SCRAM-SHA-256"), "v\n")

    def test_ssl_wants_a_certificate_of_the_right_authority_that_is_in_force(self):
        state = self.start("ssl")
        for name in "KAFKA_CA", "KAFKA_CERTIFICATE", "KAFKA_KEY":
            self.assertTrue(os.path.exists(state[name]), name)
        self.round_trip()
        for kind in "none", "wrong-ca", "expired":
            self.refused(["certificate"], "consume", "t", "--client-certificate", kind)
        self.refused(["not to be trusted"], "consume", "t", "--ca", "other-ca")

    def test_a_broker_can_show_an_expired_certificate(self):
        self.start("ssl", "--certificate", "expired")
        self.refused(["certificate has expired"], "topics", "list")

    def test_passwords_go_through_tls(self):
        self.start("sasl_ssl")
        self.round_trip()
        self.refused(["refused user"], "consume", "t", "--password", "wrong")


class WithoutJava(unittest.TestCase):
    def test_missing_java_and_missing_maven_are_named_with_the_remedy(self):
        with tempfile.TemporaryDirectory() as scratch:
            empty = os.path.join(scratch, "empty")
            os.mkdir(empty)
            environment = {"PENSTOCK_CACHE_DIR": os.path.join(scratch, "cache"), "PATH": empty, "JAVA_HOME": ""}
            run = kafka("start", folder=os.path.join(scratch, "broker"), **environment)
            self.assertEqual(run.returncode, 1)
            for word in "no Java in PATH", "Java 17", "tools/setup":
                self.assertIn(word, run.stderr)
            with open(os.path.join(empty, "java"), "w", encoding="ascii") as file:
                file.write("#!/bin/sh\nexit 1\n")
            os.chmod(file.name, 0o755)
            run = kafka("start", folder=os.path.join(scratch, "broker"), **environment)
            self.assertEqual(run.returncode, 1)
            for word in "no mvn in PATH", "tools/setup":
                self.assertIn(word, run.stderr)
            self.assertFalse(os.path.exists(os.path.join(scratch, "broker")))


class Parts(unittest.TestCase):
    def test_jars_that_are_not_the_expected_ones_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "kafka-clients-4.3.0.jar"), "wb") as file:
                file.write(b"something else")
            with self.assertRaisesRegex(Problem, r"kafka-clients-4\.3\.0\.jar"):
                artefacts.verify(folder)

    def test_a_client_library_that_is_not_the_expected_one_or_cannot_be_fetched_is_named_and_not_kept(self):
        def forged(command, **_):
            with zipfile.ZipFile(os.path.join(command[command.index("--dest") + 1], "forged.whl"), "w") as wheel:
                wheel.writestr("confluent_kafka.libs/librdkafka-1.so.1", b"something else")
            return subprocess.CompletedProcess(command, 0, "", "")

        def failing(command, **_):
            return subprocess.CompletedProcess(command, 1, "", "no such index")

        with tempfile.TemporaryDirectory() as cache, mock.patch.dict(os.environ, PENSTOCK_CACHE_DIR=cache):
            for pip, words in (forged, "forged.whl has the checksum"), (failing, "no such index"):
                with (
                    mock.patch.object(newer_client.platform, "machine", lambda: "x86_64"),
                    mock.patch.object(newer_client.subprocess, "run", pip),
                    self.assertRaisesRegex(Problem, words),
                ):
                    newer_client.folder("2.16")
            self.assertEqual(glob.glob(os.path.join(cache, "**", "librdkafka*.so*"), recursive=True), [])

    def test_the_checksum_is_the_one_of_the_protocol(self):
        self.assertEqual(records.crc32c(b"123456789"), 0xE3069283)

    def test_a_reader_of_committed_records_sees_no_aborted_transaction(self):
        def seen(committed):
            aborted = [(7, 0), (7, 5)]  # The producer's transactions from offset 0 to 2 and from 5 on.
            out = []
            for base, producer, kind in log:
                transactional = producer is not None
                key = struct.pack(">hh", 0, kind) if kind is not None else b"k"
                batch = records.Batch(
                    base, base, producer, transactional, kind is not None, [records.Record(key, b"v")]
                )
                out += [base] * len(client.visible(batch, aborted, committed))
            return out

        abort, commit = 0, 1
        log = [(0, 7, None), (1, 8, None), (2, 7, abort), (3, 7, None), (4, 7, commit), (5, 7, None), (6, None, None)]
        self.assertEqual(seen(committed=True), [1, 3, 6])
        self.assertEqual(seen(committed=False), [0, 1, 3, 5, 6])

    def test_batches_are_read_as_written_and_a_cut_one_is_left_out(self):
        written = [records.Record(b"k", b"v" * 200, [("h", None)], -5), records.Record(None, None, [], 1 << 40)]
        for compression in "none", "gzip":
            data = records.encode(written, compression)
            whole, *more = records.decode(data + data[:-1], 3)
            self.assertEqual(more, [])
            placed = [record._replace(partition=3, offset=i) for i, record in enumerate(written)]
            self.assertEqual(whole.records, placed)


if __name__ == "__main__":
    sys.exit(real_broker.main("tools/kafka"))
