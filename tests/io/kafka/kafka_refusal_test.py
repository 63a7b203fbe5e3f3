"""Goal: whatever keeps a Kafka source or sink from its brokers is told within 5 s, with place, cause and remedy.

Method: both start against brokers of tools/kafka that refuse them, against none, and against one that says nothing. No
start is ended by its own clock. Skipped without Java, unless PENSTOCK_BROKER_REQUIRED is set.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import kafka_source_test as kit

DRIVER = os.path.join(kit.BUILD, "tests", "penstock_kafka_sink_driver")


class Sink:
    """A sink that runs; what it says on standard error, and when."""

    def __init__(self, test, brokers, topic, *settings):
        self.test = test
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [DRIVER, brokers, topic, "start_timeout_ms=600000", *settings],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines = []
        self.changed = threading.Condition()
        threading.Thread(target=self.collect, daemon=True).start()
        test.addCleanup(self.kill)

    def collect(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()

    def says(self, *words):
        """Seconds until it said all of these in one line."""
        def said():
            return any(all(word in line for word in words) for line in self.lines)

        with self.changed:
            if not self.changed.wait_for(said, kit.DEADLINE):
                self.test.fail(f"never: {words}\n" + "".join(self.lines))
        return time.monotonic() - self.began

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


class Refusals:
    """What both say when they are refused: the source as properties, the sink as settings."""

    def check(self, topic, properties, *words):
        given = [f"{name}={value}" for name, value in properties.items()]
        source = self.cat("--topic", topic, *(word for each in given for word in ("--property", each)))
        seconds = {"source": source.refused(f"kafka {topic}", *words)["millis"] / 1000}
        seconds["sink"] = Sink(self, self.state["KAFKA"], topic, *given).says(f"kafka {topic}", *words)
        self.told(words[0], seconds)

    def told(self, what, seconds):
        print(what + ": " + ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items()), file=sys.stderr)
        for value in seconds.values():
            self.assertLess(value, kit.SOON)

    def certificates(self, client="good", authority="ca"):
        folder = os.path.dirname(self.state["KAFKA_CA"])
        return {
            "security.protocol": "ssl",
            "ssl.ca.location": f"{folder}/{authority}.pem",
            "ssl.certificate.location": f"{folder}/client-{client}.pem",
            "ssl.key.location": f"{folder}/client-{client}.key",
        }


class Password(kit.WithBroker, Refusals):
    mode = ["sasl"]

    def test_a_wrong_password(self):
        self.create("p")
        path = os.path.join(self.scratch, "wrong")
        with open(path, "w", encoding="ascii") as file:
            file.write("not-the-secret")
        os.chmod(path, 0o600)
        given = {"security.protocol": "sasl_plaintext", "sasl.username": "penstock", "sasl.password": "file:" + path}
        for mechanism in "PLAIN", "SCRAM-SHA-256":
            properties = given | {"sasl.mechanism": mechanism}
            self.check("p", properties, "refuse user 'penstock'", mechanism, "sasl.password", self.state["KAFKA"])


class ClientCertificate(kit.WithBroker, Refusals):
    mode = ["ssl"]

    def test_a_certificate_of_ours_that_has_expired_or_is_of_another_authority_or_is_none(self):
        self.create("c")
        words = ["refuse our certificate", "ssl.certificate.location", self.state["KAFKA"]]
        self.check("c", self.certificates(client="expired"), *words)
        self.check("c", self.certificates(client="wrong-ca"), *words)
        none = ("ssl.certificate.location", "ssl.key.location")
        self.check("c", {name: value for name, value in self.certificates().items() if name not in none}, *words)

    def test_an_authority_of_ours_that_the_brokers_are_not_of(self):
        self.create("a")
        words = ["not trusted", "an authority that ssl.ca.location does not name", self.state["KAFKA"]]
        self.check("a", self.certificates(authority="other-ca"), *words)

    def test_a_topic_that_is_not_there(self):
        self.check("nowhere", self.certificates(), "there is no topic 'nowhere'", "create it", self.state["KAFKA"])


class ExpiredBroker(kit.WithBroker, Refusals):
    mode = ["ssl", "--certificate", "expired"]

    def test_a_certificate_of_the_brokers_that_has_expired(self):
        words = ["not trusted", "it has expired; the brokers need a new one", self.state["KAFKA"]]
        self.check("e", self.certificates(), *words)


class OtherAuthority(kit.WithBroker, Refusals):
    mode = ["ssl", "--certificate", "wrong-ca"]

    def test_a_certificate_of_the_brokers_of_another_authority(self):
        words = ["not trusted", "an authority that ssl.ca.location does not name", self.state["KAFKA"]]
        self.check("o", self.certificates(), *words)


class NotThere(kit.unittest.TestCase, Refusals):
    def check_both(self, brokers, *words):
        began = time.monotonic()
        source = kit.Cat(self, brokers, "--topic", "t")
        self.addCleanup(source.process.kill)  # Before it is waited for: it is starting.
        sink = Sink(self, brokers, "t")
        source.notice("kafka t", *words)
        seconds = {"source": time.monotonic() - began, "sink": sink.says("kafka t", *words)}
        self.told(words[0] + " " + brokers, seconds)
        self.assertEqual((source.of("opened"), source.of("refused")), ([], []))

    def test_a_port_where_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.check_both(f"127.0.0.1:{port}", "no answer", "refused", "check that they run")

    def test_brokers_that_take_the_connection_and_say_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            brokers = "127.0.0.1:%d" % server.getsockname()[1]
            self.check_both(brokers, "no answer", "nothing is heard", "check that they run")

    def test_a_host_that_has_no_address(self):
        self.check_both("no-such-host.invalid:9092", "no answer", "resolve", "check that they run")


class FallsSilent(kit.WithBroker, Refusals):
    def test_a_broker_that_is_stopped_is_told_of_by_both_and_read_on_from_when_it_goes_on(self):
        self.create("mute")
        source = self.cat("--topic", "mute", "--start", "earliest").opened()
        sink = Sink(self, self.state["KAFKA"], "mute", "generate=1000000", "rate=200")
        source.records(100)
        pid = int(dict(line.split("=", 1) for line in self.kafka("status").splitlines())["KAFKA_PID"])
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            before = began - sink.began
            source.notice("kafka mute", "have not answered for", self.state["KAFKA"])
            seconds = {"source": time.monotonic() - began}
            seconds["sink"] = sink.says("kafka mute", "no answer", "nothing is heard") - before
            self.told("a broker that is stopped", seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        source.notice("answer again")
        sink.says("answer again")
        read = len(source.of("record"))
        rows = source.records(read + 100)
        self.assertEqual([row["offset"] for row in rows], list(range(len(rows))))


if __name__ == "__main__":
    sys.exit(kit.real_broker.main("a broker that refuses"))
