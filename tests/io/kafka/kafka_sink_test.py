"""Goal: the Kafka sink loses nothing, doubles nothing and keeps the order of each key, and says what is wrong.

Method: a small program writes to the sink as a task does (sink_driver/main.cc), against a real broker of tools/kafka;
skipped without Java, unless PENSTOCK_BROKER_REQUIRED is set, as continuous integration does.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ.get("PENSTOCK_SOURCE_DIR") or os.path.realpath(
    os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..")
)
BUILD = os.environ.get("PENSTOCK_BUILD_DIR") or os.path.join(SOURCE, "build", "ci")
KAFKA = os.path.join(SOURCE, "tools", "kafka")
DRIVER = os.path.join(BUILD, "tests", "penstock_kafka_sink_driver")
DEADLINE = 300
SECRETS = {"RIGHT_PASSWORD": "penstock-secret", "WRONG_PASSWORD": "canary-2b7e"}

sys.path.insert(0, os.path.join(SOURCE, "tests", "harness"))
import real_broker  # noqa: E402


class WithBroker(unittest.TestCase):
    """One broker for all tests of a class, each with topics of its own."""

    MODE = "plain"

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.mkdtemp(prefix="penstock-kafka-sink-")
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        cls.folder = os.path.join(cls.scratch, "broker")
        cls.addClassCleanup(cls.kafka, "stop", check=False)
        cls.state = dict(line.split("=", 1) for line in cls.kafka("start", cls.MODE).splitlines())
        cls.brokers = cls.state["KAFKA"]

    @classmethod
    def kafka(cls, *arguments, check=True):
        command = [sys.executable, KAFKA, *arguments, "--dir", cls.folder]
        run = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
        if check and run.returncode != 0:
            raise AssertionError(f"{arguments}\n{run.stdout}{run.stderr}")
        return run.stdout

    def start_driver(self, topic, *settings):
        return subprocess.Popen(
            [DRIVER, self.brokers, topic, *settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | SECRETS,
        )

    def drive(self, topic, *settings, given=""):
        """What it printed and what it complained of; "delivered" ends the former when all went well."""
        driver = self.start_driver(topic, *settings)
        out, err = driver.communicate(given, timeout=DEADLINE)
        self.assertIn(driver.returncode, (0, 1), err)
        self.assertEqual(driver.returncode == 0, out.endswith("delivered\n"), out + err)
        for secret in SECRETS.values():
            self.assertNotIn(secret, out + err)
        return out, err

    def delivered(self, topic, *settings, given=""):
        out, err = self.drive(topic, *settings, given=given)
        self.assertTrue(out.endswith("delivered\n"), err)
        return err

    def refused(self, words, topic, *settings, given=""):
        out, err = self.drive(topic, *settings, given=given)
        self.assertFalse(out.endswith("delivered\n"), err)
        status = err.splitlines()[-1]
        for word in [f"kafka {topic}", *words]:
            self.assertIn(word, status)

    def rows(self, topic):
        return [json.loads(line) for line in self.kafka("consume", topic, "--json").splitlines()]

    def check_whole_and_in_order(self, topic, count):
        by_key = {}
        for row in self.rows(topic):
            by_key.setdefault(row["key"], []).append(int(row["value"]))
        self.assertEqual(sorted(value for values in by_key.values() for value in values), list(range(count)))
        for values in by_key.values():
            self.assertEqual(values, sorted(values))


class Plain(WithBroker):
    def test_what_is_written_arrives_as_it_was(self):
        self.kafka("topics", "create", "t", "--partitions", "3")
        lines = ["a\t5000\tx=1,y,x=2,z=\thello", "b\t1700000000123\t-\t-", "-\t-\t-\tno key", "c\t-7\t-\t"]
        self.delivered("t", given="\n".join(lines))
        rows = {row["key"]: row for row in self.rows("t")}
        self.assertEqual(rows["a"]["headers"], [["x", "1"], ["y", None], ["x", "2"], ["z", ""]])
        self.assertEqual((rows["a"]["value"], rows["a"]["timestamp"]), ("hello", 5000))
        self.assertEqual((rows["b"]["value"], rows["b"]["timestamp"]), (None, 1700000000123))
        self.assertEqual((rows["c"]["value"], rows["c"]["timestamp"]), ("", -7))
        self.assertEqual((rows[None]["value"], rows[None]["headers"]), ("no key", []))
        self.assertGreater(rows[None]["timestamp"], 1700000000123)

    def test_each_compression_is_one_that_the_broker_can_read(self):
        for name in "none", "gzip", "snappy", "lz4", "zstd":
            self.kafka("topics", "create", name, "--partitions", "2", "--config", "compression.type=uncompressed")
            self.delivered(name, f"compression={name}", "generate=2000", "linger_us=5000")
            self.check_whole_and_in_order(name, 2000)

    def test_keys_choose_partitions_as_java_or_as_librdkafka_does(self):
        given = "".join(f"key-{i}\t-\t-\tv\n" for i in range(40))
        partitions = {}
        for name in "murmur2", "consistent":
            self.kafka("topics", "create", f"by-{name}", "--partitions", "7")
            self.delivered(f"by-{name}", f"partitioner={name}", given=given)
            partitions[name] = {row["key"]: row["partition"] for row in self.rows(f"by-{name}")}
        self.assertEqual(partitions["murmur2"], {key: murmur2(key.encode()) % 7 for key in partitions["murmur2"]})
        self.assertNotEqual(partitions["murmur2"], partitions["consistent"])

    def test_a_small_buffer_holds_the_job_back_and_loses_nothing(self):
        self.kafka("topics", "create", "narrow", "--partitions", "2")
        self.delivered("narrow", "generate=30000", "buffer_bytes=1048576", "linger_us=2000")
        self.check_whole_and_in_order("narrow", 30000)

    def test_records_that_the_broker_refuses_for_good_end_the_job(self):
        self.kafka("topics", "create", "small", "--config", "max.message.bytes=1000")
        self.refused(["small/0", "3000 bytes", "max.message.bytes"], "small", given=f"-\t-\t-\t{'x' * 3000}\n")
        self.refused(["1100000 bytes", "message.max.bytes"], "small", given=f"-\t-\t-\t{'x' * 1100000}\n")
        self.kafka("topics", "create", "compacted", "--config", "cleanup.policy=compact")
        self.refused(["compacted/0", "cleanup.policy=compact", ".key()"], "compacted", given="a\t-\t-\tx\n-\t-\t-\ty\n")
        self.refused(["message.timestamp.after.max.ms"], "small", given="-\t9999999999999\t-\tx\n")

    def test_a_large_record_goes_where_the_topic_takes_it(self):
        self.kafka("topics", "create", "large", "--config", "max.message.bytes=5000000")
        value = "x" * 3_000_000
        self.delivered("large", "message.max.bytes=5000000", given=f"-\t-\t-\t{value}\n-\t-\t-\t{value[:900_000]}\n")
        self.assertEqual([len(row["value"]) for row in self.rows("large")], [3_000_000, 900_000])

    def test_a_topic_that_is_missing_ends_the_start(self):
        self.refused(["there is no topic 'missing'", self.brokers, "create it"], "missing")

    def test_a_topic_that_is_deleted_ends_the_job_soon(self):
        self.kafka("topics", "create", "doomed")
        driver = self.start_driver("doomed", "generate=1000000", "rate=500")
        self.assertEqual(driver.stdout.readline(), "open\n")
        self.assertEqual(driver.stdout.readline(), "at 1000\n")
        self.kafka("topics", "delete", "doomed")
        _, err = driver.communicate(timeout=DEADLINE)
        self.assertEqual(driver.returncode, 1, err)
        self.assertIn("topic 'doomed' is there no more", err)

    def test_properties_that_are_not_allowed_are_refused_by_name(self):
        self.refused(["'sasl.kerberos.kinit.cmd'", "runs a command"], "t", "sasl.kerberos.kinit.cmd=touch x")


class Killed(WithBroker):
    def test_a_broker_killed_and_restarted_loses_and_doubles_nothing(self):
        self.kafka("topics", "create", "t", "--partitions", "3")
        driver = self.start_driver("t", "generate=12000", "rate=2000", "buffer_bytes=1048576")
        for expected in "open", "at 1000", "at 2000", "at 3000":
            self.assertEqual(driver.stdout.readline(), expected + "\n")
        self.kafka("kill9")
        self.kafka("start")
        out, err = driver.communicate(timeout=DEADLINE)
        self.assertEqual((driver.returncode, out.endswith("delivered\n")), (0, True), err)
        self.assertIn(f"no answer from the brokers at {self.brokers}", err)
        self.assertIn("answer again", err)
        self.check_whole_and_in_order("t", 12000)

    def test_a_broker_that_stays_away_ends_the_job_with_the_trouble(self):
        self.kafka("topics", "create", "away")
        driver = self.start_driver("away", "generate=1000000", "rate=500", "delivery_timeout_ms=2000")
        self.assertEqual(driver.stdout.readline(), "open\n")
        self.assertEqual(driver.stdout.readline(), "at 1000\n")
        self.kafka("kill9")
        _, err = driver.communicate(timeout=DEADLINE)
        self.assertEqual(driver.returncode, 1, err)
        status = err.splitlines()[-1]
        for word in "kafka away", "2000 ms", "delivery_timeout", self.brokers, "refused":
            self.assertIn(word, status)
        self.refused(["no answer", self.brokers], "away", "start_timeout_ms=1000")
        self.kafka("start")


class Passwords(WithBroker):
    MODE = "sasl"

    def test_the_right_password_gets_in_and_no_other(self):
        self.kafka("topics", "create", "t")
        login = ["security.protocol=sasl_plaintext", "sasl.username=penstock"]
        plain = [*login, "sasl.mechanism=PLAIN"]
        self.delivered("t", *plain, "sasl.password=env:RIGHT_PASSWORD", "generate=10")
        refusal = ["refuse user 'penstock'", "sasl.password"]
        self.refused([*refusal, "PLAIN"], "t", *plain, "sasl.password=env:WRONG_PASSWORD")
        for mechanism in "SCRAM-SHA-256", "SCRAM-SHA-512":
            scram = [*login, f"sasl.mechanism={mechanism}"]
            self.refused([*refusal, mechanism], "t", *scram, "sasl.password=env:WRONG_PASSWORD")
            out, err = self.drive("t", *scram, "sasl.password=env:RIGHT_PASSWORD", "generate=10")
            if not out.endswith("delivered\n"):
                self.assertIn("TLS client certificates or PLAIN over TLS, or librdkafka 2.6.1", err)
        self.refused(["'sasl.password'", "file:PATH or env:NAME"], "t", *plain, "sasl.password=literal")

    def test_a_password_comes_from_a_file_that_others_cannot_read(self):
        self.kafka("topics", "create", "f")
        path = os.path.join(self.scratch, "password")
        with open(path, "w", encoding="ascii") as file:
            file.write(SECRETS["RIGHT_PASSWORD"] + "\n")
        settings = ["security.protocol=sasl_plaintext", "sasl.username=penstock", "sasl.mechanism=PLAIN"]
        settings += [f"sasl.password=file:{path}", "generate=10"]
        os.chmod(path, 0o644)
        self.refused([path, "open to every user", "chmod"], "f", *settings)
        os.chmod(path, 0o600)
        self.delivered("f", *settings)


class Certificates(WithBroker):
    MODE = "ssl"

    def settings(self, client="good", ca="ca"):
        folder = os.path.dirname(self.state["KAFKA_CA"])
        return [
            "security.protocol=ssl",
            f"ssl.ca.location={folder}/{ca}.pem",
            f"ssl.certificate.location={folder}/client-{client}.pem",
            f"ssl.key.location={folder}/client-{client}.key",
        ]

    def test_only_certificates_of_the_right_authority_and_in_force_are_taken(self):
        self.kafka("topics", "create", "t")
        self.delivered("t", *self.settings(), "generate=10")
        refusal = ["refuse our certificate", "ssl.certificate.location"]
        self.refused(refusal, "t", *self.settings(client="expired"))
        self.refused(refusal, "t", *self.settings(client="wrong-ca"))
        self.refused(refusal, "t", *self.settings()[:2])
        self.refused(["not trusted", "authority that ssl.ca.location does not name"], "t", *self.settings(ca="other-ca"))
        self.refused(["no answer", "security.protocol"], "t", "start_timeout_ms=1000")


class ExpiredBroker(Certificates):
    def test_only_certificates_of_the_right_authority_and_in_force_are_taken(self):
        self.kafka("stop")
        state = self.kafka("start", "ssl", "--certificate", "expired")
        type(self).state = dict(line.split("=", 1) for line in state.splitlines())
        type(self).brokers = self.state["KAFKA"]
        self.refused(["not trusted", "has expired"], "t", *self.settings())


def murmur2(data):
    """As org.apache.kafka.common.utils.Utils.murmur2, made positive."""
    mask, factor = 0xFFFFFFFF, 0x5BD1E995
    state = (0x9747B28C ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * factor & mask
        k = (k ^ (k >> 24)) * factor & mask
        state = (state * factor & mask) ^ k
    if len(data) > whole:
        state = (state ^ int.from_bytes(data[whole:], "little")) * factor & mask
    state = (state ^ (state >> 13)) * factor & mask
    return (state ^ (state >> 15)) & 0x7FFFFFFF


if __name__ == "__main__":
    sys.exit(real_broker.main("the Kafka sink"))
