"""Goal: a broker that is away for 3 s costs no record and doubles none, and reading goes on soon after its return.

Method: a sink writes numbers all the time, a source reads them, the broker is killed and started again on its data and
its port. What was read, and what the topic holds, is counted. How long after the broker's return the first record came
is printed, and held against no clock. Skipped without Java, unless PENSTOCK_BROKER_REQUIRED is set.
"""

import os
import socket
import subprocess
import sys
import threading
import time

import kafka_source_test as kit

DRIVER = os.path.join(kit.BUILD, "tests", "penstock_kafka_sink_driver")
RECORDS = 6000
RATE = 500
AWAY_SECONDS = 3
ROUNDS = int(os.environ.get("PENSTOCK_AWAY_ROUNDS", "1"))


class PortWatch:
    """When somebody listens at a port again."""

    def __init__(self, address):
        host, port = address.split(":")
        self.address = (host, int(port))
        self.opened = None
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while self.opened is None:
            try:
                socket.create_connection(self.address, timeout=5).close()
                self.opened = time.monotonic()
            except OSError:
                time.sleep(0.005)


class Away(kit.WithBroker):
    def read_over_a_kill(self, topic):
        self.create(topic, 2)
        source = self.cat("--topic", topic, "--start", "earliest").opened()
        sink = subprocess.Popen(
            [DRIVER, self.state["KAFKA"], topic, f"generate={RECORDS}", f"rate={RATE}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(sink.kill)
        source.records(1000)
        self.kafka("kill9")
        time.sleep(AWAY_SECONDS)
        before = len(source.of("record"))
        port = PortWatch(self.state["KAFKA"])
        self.start()
        ready = time.monotonic()
        first = source.records(before + 1)[before]["at"]
        output, errors = sink.communicate(timeout=kit.DEADLINE)
        self.assertTrue(output.endswith("delivered\n"), errors)
        print(
            f"{topic}: away {AWAY_SECONDS} s and the start; the first record {first - port.opened:.2f} s after the "
            f"port opened, {first - ready:.2f} s after the broker was ready",
            file=sys.stderr,
        )
        return source

    def test_no_record_is_lost_or_doubled(self):
        for i in range(ROUNDS):
            source = self.read_over_a_kill(f"away{i}")
            expected = list(range(RECORDS))
            self.assertEqual(sorted(int(row["value"]) for row in source.records(RECORDS)), expected)
            stored = [int(line) for line in self.kafka("consume", f"away{i}").split()]
            self.assertEqual(sorted(stored), expected)
            rows = source.of("record")
            for split in 0, 1:
                self.assertEqual(kit.offsets(rows, split), list(range(len(kit.offsets(rows, split)))))
                read = [int(value) for value in kit.values(row for row in rows if row["split"] == split)]
                self.assertEqual(read, sorted(read))
            source.notice("no answer", self.state["KAFKA"])
            source.notice("answer again")
            self.assertEqual(source.of("failed"), [])
            source.end()


if __name__ == "__main__":
    sys.exit(kit.real_broker.main("a broker that is away"))
