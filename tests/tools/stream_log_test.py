"""Goal: with --write-ahead-log a job on standard input or TCP, killed again and again, gives the alerts of one that ran
through, once each.

Method: the real binary, SIGKILL. What a writer has put into a pipe and the job has not logged dies with the pipe, so
each kill waits until the log holds all that was sent; the next run gets the rest.
"""

import glob
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

BINARY = os.environ["PENSTOCK_BINARY"]
DEADLINE = 120
HEADER = struct.Struct("<4sHHIQqI")
PAYMENTS = 6000
# So strict that there are many alerts.
RULES = {"version": 7, "velocity_limit": 2, "velocity_seconds": 600, "unusual_payments_min": 2, "unusual_deviations": 1,
         "unusual_amount_min": 20, "travel_minutes": 90, "window_payments_max": 2, "window_spend_max": 100.5,
         "blocked_merchants": "m13,m77"}


def frames(path):
    """(offset, payload) of each whole frame of a segment that has bytes of the stream."""
    with open(path, "rb") as file:
        content = file.read()
    at = 0
    while len(content) - at >= HEADER.size:
        magic, kind, _, length, offset, _, _ = HEADER.unpack_from(content, at)
        payload = content[at + HEADER.size:at + HEADER.size + length]
        if magic != b"PWL1" or len(payload) < length:
            return
        if kind == 0:
            yield offset, payload
        at += HEADER.size + length


def logged(checkpoint):
    """How many bytes of the stream the log has taken so far."""
    end = 0
    for segment in glob.glob(os.path.join(glob.escape(checkpoint), "wal-*", "*.log")):
        for offset, payload in frames(segment):
            end = max(end, offset + len(payload))
    return end


class StreamLogTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        subprocess.run([BINARY, "generate", "payments", self.path("payments"), "--count", str(PAYMENTS), "--seed", "3"],
                       capture_output=True, timeout=DEADLINE, check=True)
        with open(self.path("rules"), "w", encoding="utf-8") as file:
            json.dump(RULES, file)
        with open(self.path("payments"), "rb") as file:
            self.payments = file.read()
        with open(self.path("payments"), "rb") as file:
            subprocess.run([BINARY, "demo", "fraud", "--from", "-", "--to", self.path("wanted"), "--rules",
                            self.path("rules")], stdin=file, capture_output=True, timeout=DEADLINE, check=True)
        self.assertGreater(len(self.alerts("wanted")), 100)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, source, **streams):
        job = subprocess.Popen([BINARY, "demo", "fraud", "--from", source, "--to", self.path("alerts"), "--checkpoint",
                                self.path("checkpoint"), "--checkpoint-seconds", "0.02", "--write-ahead-log", "--rules",
                                self.path("rules")],
                               stderr=subprocess.PIPE, **streams)
        self.addCleanup(job.stderr.close)
        self.addCleanup(job.kill)
        return job

    def await_logged(self, job, wanted):
        until = time.monotonic() + DEADLINE
        while logged(self.path("checkpoint")) < wanted:
            self.assertIsNone(job.poll(), job.stderr.read() if job.poll() is not None else "")
            self.assertLess(time.monotonic(), until, "the log does not get what was sent")
            time.sleep(0.005)

    def kill(self, job):
        job.send_signal(signal.SIGKILL)
        job.wait(DEADLINE)

    def alerts(self, name):
        """As sorted lines, ids among them, without what differs from run to run."""
        with open(self.path(name), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return sorted(json.dumps({key: value for key, value in row.items() if key != "latency_us"}) for row in rows)

    # Amid lines, too: the rest of one comes to the next run.
    def pieces(self, count):
        length = len(self.payments) // count + 1
        return [self.payments[i:i + length] for i in range(0, len(self.payments), length)]

    def test_standard_input_killed_again_and_again_loses_and_doubles_nothing(self):
        sent = 0
        for piece in self.pieces(8):
            job = self.start("-", stdin=subprocess.PIPE)
            job.stdin.write(piece)
            job.stdin.flush()
            sent += len(piece)
            self.await_logged(job, sent)
            self.kill(job)
            job.stdin.close()
        last = self.start("-", stdin=subprocess.DEVNULL)
        _, said = last.communicate(timeout=DEADLINE)
        self.assertEqual(last.returncode, 0, said)
        self.assertNotIn(b"is lost", said)
        self.assertEqual(self.alerts("alerts"), self.alerts("wanted"))

    def test_lines_over_tcp_survive_too(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        server.settimeout(DEADLINE)
        address = "tcp://127.0.0.1:%d" % server.getsockname()[1]
        lines = self.payments.splitlines(keepends=True)
        sent = 0
        for begin in range(0, len(lines), 1000):
            piece = b"".join(lines[begin:begin + 1000])
            job = self.start(address)
            with server.accept()[0] as peer:
                peer.sendall(piece)
                sent += len(piece)
                self.await_logged(job, sent)
                self.kill(job)
        last = self.start(address + "?end_on_close=true")
        server.accept()[0].close()
        _, said = last.communicate(timeout=DEADLINE)
        self.assertEqual(last.returncode, 0, said)
        self.assertEqual(self.alerts("alerts"), self.alerts("wanted"))

    def test_without_a_folder_for_checkpoints_the_job_says_what_is_missing(self):
        ran = subprocess.run([BINARY, "demo", "fraud", "--from", "-", "--write-ahead-log"], stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=DEADLINE, check=False)
        self.assertEqual(ran.returncode, 78)
        self.assertIn(b"without a folder for checkpoints", ran.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
