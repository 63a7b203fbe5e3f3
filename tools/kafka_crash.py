"""Kills a job from Kafka to Kafka, and its broker, again and again, and judges what readers of committed records see.

The job is tests/tools/kafka_count: it counts the payments of each card into two topics and a file. What must come out
follows from its input: every number of each card once and in order, every second one in the other topic.
"""

import collections
import contextlib
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

from kafka_broker.client import Client
from kafka_broker.records import Record

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PATIENCE_SECONDS = 120
QUIET_SECONDS = 20
QUIET_EPOCHS = 20
CARDS = 500


class Broker:
    """A broker in a folder of its own, that may be killed and comes back on its data."""

    def __init__(self, folder):
        self.folder = folder
        self.at = re.search("KAFKA=(.*)", self.tool("start")).group(1)

    def tool(self, *arguments):
        command = [sys.executable, os.path.join(ROOT, "tools", "kafka"), *arguments, "--dir", self.folder]
        run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"tools/kafka {arguments}\n{run.stdout}{run.stderr}")
        return run.stdout

    def client(self):
        host, port = self.at.rsplit(":", 1)
        return Client(host, int(port))

    def kill(self):
        self.tool("kill9")
        self.tool("start")

    def stop(self):
        self.tool("stop")

    def records(self, topic):
        """Partition by partition, what a reader of committed records sees."""
        found = []
        with self.client() as client:
            for partition in range(client.partitions(topic)):
                end = client.offset(topic, partition, committed=True)
                at = {partition: 0}
                while at[partition] < end:
                    rows, at = client.fetch(topic, at, committed=True)
                    found.extend(rows)
        return found

    def ends(self, topic):
        with self.client() as client:
            return sum(client.offset(topic, p, committed=True) for p in range(client.partitions(topic)))


class Feeder(threading.Thread):
    """Writes payments until it is stopped. What it repeats when a broker dies is a payment more."""

    def __init__(self, broker, topic, rate):
        super().__init__(daemon=True)
        self.broker, self.topic, self.rate = broker, topic, rate
        self.stopping, self.number = threading.Event(), 0
        self.start()

    def run(self):
        while not self.stopping.is_set():
            with contextlib.suppress(Exception):  # Whatever a dying broker does.
                with self.broker.client() as client:
                    while not self.stopping.wait(0.02):
                        client.produce(self.topic, self.next_records(max(1, self.rate // 50)))
            self.stopping.wait(0.02)

    def next_records(self, count):
        cards = [f"card-{(self.number + i) * 7919 % CARDS}" for i in range(count)]
        self.number += count
        stamp = int(time.time() * 1000)
        return [
            Record(card.encode(), json.dumps({"card": card}).encode(), timestamp=stamp) for card in cards
        ]

    def stop(self):
        self.stopping.set()
        self.join()


def waits_for(process, number):
    """Whether it has come so far that the signal asks it to end. Before, it would be killed.

    The thread that waits for the signal does not block it then; those that were started later do.
    """
    for status in glob.glob(f"/proc/{process.pid}/task/*/status"):
        with contextlib.suppress(OSError), open(status, encoding="ascii") as file:
            blocked = re.search(r"^SigBlk:\s*(\w+)", file.read(), re.MULTILINE)
            if int(blocked.group(1), 16) >> (number - 1) & 1:
                return True
    return False


class KafkaCount:
    name = "kafka count"

    def __init__(self, binary, folder, broker, prefix="", interval_ms=50, workers=2):
        self.binary, self.folder, self.broker = binary, folder, broker
        self.interval_ms, self.workers = interval_ms, workers
        self.source, self.counts, self.evens = prefix + "payments", prefix + "counts", prefix + "evens"
        with broker.client() as client:
            for topic, partitions in ((self.source, 2), (self.counts, 3), (self.evens, 2)):
                client.create_topic(topic, partitions)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, crash_at=None, checkpoints="checkpoints", file="counts.ndjson", **more):
        environment = dict(os.environ, PENSTOCK__WORKERS=str(self.workers), **more)
        if checkpoints:
            environment["PENSTOCK__CHECKPOINT"] = self.path(checkpoints)
            environment.setdefault("PENSTOCK__CHECKPOINT_INTERVAL_MS", str(self.interval_ms))
        if crash_at:
            environment["PENSTOCK_CRASH_AT"] = crash_at
        out = self.path(file) if file else "-"
        command = [self.binary, self.broker.at, self.source, self.counts, self.evens, out]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)

    def run_until_killed(self, seconds, after_epochs=0, **how):
        """Kills it after so long, counted from its first epochs. None if it was killed, else what it said."""
        first = self.newest_epoch() + after_epochs
        process = self.start(**how)
        end = time.monotonic() + PATIENCE_SECONDS
        while self.newest_epoch() < first and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        try:
            _, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None
        return None if process.returncode == -signal.SIGKILL else errors

    def newest_epoch(self):
        folder = self.path("checkpoints")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return max((int(name[2:]) for name in names if re.fullmatch(r"e-\d+", name)), default=0)

    def finish(self, **how):
        """Lets the job come to the end of its input and drain: why it did not, or what is wrong with its output."""
        process = self.start(**how)
        wanted = sum(self.wanted().values())
        seen, quiet_from = -1, (time.monotonic(), self.newest_epoch())
        while process.poll() is None and not self.is_quiet(*quiet_from):
            rows = self.broker.ends(self.counts)
            if rows != seen:
                seen, quiet_from = rows, (time.monotonic(), self.newest_epoch())
            if rows >= wanted and waits_for(process, signal.SIGTERM) and len(self.broker.records(self.counts)) >= wanted:
                break
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        if process.returncode != 0:
            return f"ended with {process.returncode}\n{errors}"
        return self.defect(file=how.get("file", "counts.ndjson"))

    def is_quiet(self, since, epoch):
        """Whether nothing comes any more. A job that is starting, or held up, makes no epochs."""
        for_so_long = time.monotonic() - since
        epochs = self.newest_epoch() - epoch
        return for_so_long > PATIENCE_SECONDS or (for_so_long > QUIET_SECONDS and epochs > QUIET_EPOCHS)

    def wanted(self):
        return collections.Counter(row.key.decode() for row in self.broker.records(self.source))

    def defect(self, file="counts.ndjson"):
        wanted = self.wanted()
        found = [self.judge(self.counts, self.rows(self.counts), wanted, 1)]
        found.append(self.judge(self.evens, self.rows(self.evens), wanted, 2))
        if file:
            with open(self.path(file), encoding="utf-8") as lines:
                found.append(self.judge(file, map(json.loads, lines), wanted, 1))
        return "; ".join(each for each in found if each) or None

    def rows(self, topic):
        return (json.loads(row.value) for row in self.broker.records(topic))

    @staticmethod
    def judge(name, rows, wanted, step):
        newest = collections.Counter()
        lost = doubled = 0
        for row in rows:
            ahead = row["payments"] - newest[row["card"]]
            lost += max(ahead // step - 1, 0)
            doubled += ahead < step
            newest[row["card"]] += max(ahead, 0)
        for card, count in wanted.items():
            lost += max(count // step - newest[card] // step, 0)
        strange = sum(newest[card] > wanted[card] for card in newest)
        if lost or doubled or strange:
            return f"{name}: {lost} lost, {doubled} doubled or out of order, {strange} that should not be"
        return None

    def aborted(self):
        """How many records of transactions that never were committed are in the topics."""
        with self.broker.client() as client:
            count = 0
            for topic in (self.counts, self.evens):
                at = {p: 0 for p in range(client.partitions(topic))}
                end = {p: client.offset(topic, p) for p in at}
                while any(at[p] < end[p] for p in at):
                    rows, at = client.fetch(topic, at)
                    count += len(rows)
        return count - len(self.broker.records(self.counts)) - len(self.broker.records(self.evens))


POINTS = ("transaction.due", "output.committed", "epoch.renamed", "manifest.written", "restore.state_read")


def crash(job, kills, broker_kills, chance, rate=3000, points=POINTS, more=None):
    """Why it is wrong, or None; and a sentence about what was done. `more`: environment of the job."""
    feeder = Feeder(job.broker, job.source, rate)
    done = broken = 0
    epochs = job.newest_epoch()
    environment = more or {}
    while done < kills or broken < broker_kills:
        at_point = chance.random() < 0.4
        crash_at = f"{chance.choice(points)}:{chance.randint(1, 6)}" if at_point else None
        if crash_at and crash_at.startswith("restore"):
            crash_at = crash_at.split(":")[0] + ":1"
        if broken * max(kills, 1) <= done * broker_kills and broken < broker_kills:
            process = job.start(**environment)
            time.sleep(chance.uniform(0.5, 1.5))
            job.broker.kill()
            broken += 1
            time.sleep(chance.uniform(0, 1.0))
            process.kill()
            process.communicate()
            done += 1
            continue
        # At its point, or some epochs into its life, or while it starts.
        if crash_at:
            said = job.run_until_killed(PATIENCE_SECONDS, crash_at=crash_at, **environment)
        elif chance.random() < 0.7:
            said = job.run_until_killed(chance.uniform(0, 1.0), after_epochs=2, **environment)
        else:
            said = job.run_until_killed(chance.uniform(0, 2.0), **environment)
        if said is not None:
            feeder.stop()
            return f"a job that was killed before ended by itself\n{said}", ""
        done += 1
    feeder.stop()
    wrong = job.finish(**environment)
    rows = sum(job.wanted().values())
    made = job.newest_epoch() - epochs
    return wrong, (
        f"{done} kills of the job, {broken} of the broker, {made} epochs, {rows} payments, "
        f"{job.aborted()} records aborted"
    )
