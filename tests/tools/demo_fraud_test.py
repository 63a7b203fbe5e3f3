"""Goal: `penstock demo fraud` gives the alerts that an independent script gives, and survives every kind of bad input.

Method: the real binary over real files, pipes and signals; the script in tests/examples/fraud as the other opinion.
"""

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.environ["PENSTOCK_BINARY"]
REFERENCE = os.path.join(os.environ["PENSTOCK_SOURCE_DIR"], "tests", "examples", "fraud", "fraud_reference.py")
DEADLINE = 120
GOOD = '{"tx":%d,"card":"4000","amount":10.00,"country":"DE","merchant":"m1","ts":"2024-01-01T00:00:00Z"}'


def run(*arguments, **options):
    return subprocess.run([BINARY, *arguments], capture_output=True, timeout=DEADLINE, **options)


def comparable(lines):
    rows = [json.loads(line) for line in lines]
    return sorted((row["tx"], row["rule"], row["card"], row["reason"]) for row in rows)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def lines(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().splitlines()

    def demo(self, *arguments, **options):
        dead = () if "--dead-letters" in arguments else ("--dead-letters", self.path("dead"))
        return run("demo", "fraud", *arguments, *dead, **options)


class SameAlertsAsThePlainScript(Folder):
    def reference(self, path):
        with open(path, "rb") as payments:
            script = subprocess.run([sys.executable, REFERENCE], stdin=payments, capture_output=True, timeout=DEADLINE)
        self.assertEqual(script.returncode, 0, script.stderr)
        return comparable(script.stdout.splitlines())

    def generate(self, count, seed):
        path = self.path("payments")
        made = run("generate", "payments", path, "--count", str(count), "--seed", str(seed))
        self.assertEqual(made.returncode, 0, made.stderr)
        return path

    def test_over_a_file_with_one_and_with_two_workers(self):
        payments = self.generate(60000, 3)
        expected = self.reference(payments)
        self.assertGreater(len(expected), 10)
        self.assertEqual({row[1] for row in expected}, {"velocity", "unusual_amount", "impossible_travel"})
        ids = []
        for workers in "1", "2":
            demo = self.demo("--from", payments, "--to", self.path("alerts"), "--workers", workers)
            self.assertEqual(demo.returncode, 0, demo.stderr)
            self.assertEqual(comparable(self.lines("alerts")), expected)
            ids.append(sorted(json.loads(line)["id"] for line in self.lines("alerts")))
        self.assertEqual(ids[0], ids[1])
        self.assertEqual(len(set(ids[0])), len(ids[0]))

    def test_over_standard_input(self):
        payments = self.generate(20000, 4)
        with open(payments, "rb") as file:
            demo = self.demo("--from", "-", "--to", "-", stdin=file)
        self.assertEqual(demo.returncode, 0, demo.stderr)
        self.assertEqual(comparable(demo.stdout.splitlines()), self.reference(payments))

    def test_over_generated_payments(self):
        payments = self.generate(40000, 5)
        demo = self.demo("--rate", "20000", "--seconds", "2", "--seed", "5", "--to", self.path("alerts"))
        self.assertEqual(demo.returncode, 0, demo.stderr)
        self.assertEqual(comparable(self.lines("alerts")), self.reference(payments))
        for word in b"offered", b"p50=", b"p99.99=", b"max=":
            self.assertIn(word, demo.stderr)


class BadInput(Folder):
    BAD = {
        "empty": b"",
        "one byte": b"x",
        "nul": b"\0",
        "invalid utf-8": b'{"tx":1,"card":"\xff\xfe","amount":1,"country":"DE","merchant":"m","ts":"2024-01-01T00:00:00Z"}',
        "truncated": (GOOD % 1).encode()[:40],
        "wrong type": b'{"tx":"one","card":"4","amount":1,"country":"DE","merchant":"m","ts":"2024-01-01T00:00:00Z"}',
        "overflow": b'{"tx":99999999999999999999999,"card":"4","amount":1,"country":"DE","merchant":"m","ts":"2024-01-01T00:00:00Z"}',
        "null": b'{"tx":1,"card":null,"amount":1,"country":"DE","merchant":"m","ts":"2024-01-01T00:00:00Z"}',
        "missing": b'{"tx":1,"card":"4"}',
        "mebibyte": b'{"tx":1,"card":"' + b"4" * (1 << 20) + b'","amount":1,"country":"DE","merchant":"m","ts":"2024-01-01T00:00:00Z"}',
        "deep": b"[" * 10000,
        "bad time": b'{"tx":1,"card":"4","amount":1,"country":"DE","merchant":"m","ts":"2024-13-01T00:00:00Z"}',
    }

    def test_each_kind_goes_to_the_dead_letters_whole_and_is_counted(self):
        lines = [(GOOD % 0).encode(), *self.BAD.values(), (GOOD % 2).encode()]
        payments = self.write("payments", b"\n".join(lines) + b"\n")
        demo = self.demo("--from", payments, "--to", "-")
        self.assertEqual(demo.returncode, 0, demo.stderr)
        letters = [json.loads(line) for line in self.lines("dead")]
        self.assertEqual([base64.b64decode(letter["raw_base64"]) for letter in letters], list(self.BAD.values()))
        offset = len(lines[0]) + 1
        self.assertEqual(letters[0]["offset"], offset)
        self.assertIn(f"{len(self.BAD)} unreadable ({len(self.BAD)} to dead letters)".encode(), demo.stderr)
        self.assertIn(b"2 judged", demo.stderr)
        self.assertEqual(os.stat(self.path("dead")).st_mode & 0o777, 0o600)

    def test_byte_order_mark_duplicate_keys_and_far_times_are_read(self):
        lines = [
            b"\xef\xbb\xbf" + (GOOD % 0).encode(),
            b'{"tx":9,"tx":1,"card":"4","amount":1,"country":"DE","merchant":"m","ts":"1955-11-05T06:00:00Z"}',
            b'{"tx":2,"card":"4","amount":1,"country":"DE","merchant":"m","ts":"9999-12-31T23:59:59Z","more":{"a":[1]}}',
        ]
        demo = self.demo("--from", self.write("payments", b"\r\n".join(lines)), "--to", "-")
        self.assertEqual(demo.returncode, 0, demo.stderr)
        self.assertIn(b"3 judged, 0 unreadable", demo.stderr)

    def test_policy_fail_names_source_place_field_and_value(self):
        bad = '{"tx":1,"card":"4","amount":"12,50","country":"DE","merchant":"m","ts":"2024-01-01T00:00:00Z"}'
        payments = self.write("payments", bad + "\n")
        demo = self.demo("--from", payments, "--to", "-", "--on-error", "fail")
        self.assertEqual(demo.returncode, 1)
        for word in payments, "/0 @ 0", "amount", "12,50":
            self.assertIn(word.encode(), demo.stderr)

    def test_policy_skip_counts(self):
        demo = self.demo("--from", self.write("payments", "junk\n" + GOOD % 1), "--to", "-", "--on-error", "skip")
        self.assertEqual(demo.returncode, 0)
        self.assertIn(b"1 judged, 1 unreadable (0 to dead letters)", demo.stderr)
        self.assertFalse(os.path.exists(self.path("dead")))


class OutsideTrouble(Folder):
    def test_missing_file_and_directory_are_named(self):
        for path in self.path("nowhere"), self.folder:
            demo = self.demo("--from", path, "--to", "-")
            self.assertIn(demo.returncode, (1, 78))
            self.assertIn(path.encode(), demo.stderr)

    def alerting(self):
        path = self.path("payments")
        self.assertEqual(run("generate", "payments", path, "--count", "60000").returncode, 0)
        return path

    def test_full_disk_at_the_sink(self):
        demo = self.demo("--from", self.alerting(), "--to", "/dev/full")
        self.assertEqual(demo.returncode, 1)
        self.assertIn(b"/dev/full", demo.stderr)

    def test_full_disk_at_the_dead_letters(self):
        demo = self.demo("--from", self.write("payments", "junk\n"), "--to", "-", "--dead-letters", "/dev/full")
        self.assertEqual(demo.returncode, 1)
        self.assertIn(b"dead letters", demo.stderr)

    def test_closed_pipe_at_the_sink(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        demo = subprocess.run([BINARY, "demo", "fraud", "--from", self.alerting(), "--to", "-"], stdout=write_end,
                              stderr=subprocess.PIPE, timeout=DEADLINE)
        os.close(write_end)
        self.assertEqual(demo.returncode, 1)
        self.assertIn(b"console", demo.stderr)

    def test_sigterm_drains(self):
        demo = subprocess.Popen([BINARY, "demo", "fraud", "--seconds", "0", "--to", "-"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        self.assertTrue(demo.stdout.readline())  # It runs, and alerts come.
        demo.send_signal(signal.SIGTERM)
        _, errors = demo.communicate(timeout=DEADLINE)
        self.assertEqual(demo.returncode, 0, errors)
        self.assertIn(b"alerts", errors)

    def test_a_growing_file_is_followed_until_sigterm(self):
        payments = self.write("payments", "")
        demo = subprocess.Popen([BINARY, "demo", "fraud", "--from", payments, "--follow", "--to", "-", "--dead-letters",
                                 self.path("dead")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        travel = GOOD % 1 + "\n" + (GOOD % 2).replace("DE", "JP") + "\n"
        with open(payments, "a", encoding="utf-8") as file:
            for byte in travel:
                file.write(byte)
                file.flush()
        self.assertEqual(json.loads(demo.stdout.readline())["reason"], "DE and JP within 0 s")
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=DEADLINE)
        self.assertEqual(demo.returncode, 0)

    def test_a_slow_pipe_is_read_as_it_comes(self):
        demo = subprocess.Popen([BINARY, "demo", "fraud", "--from", "-", "--to", "-"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder)
        for tx, country in (1, "DE"), (2, "FR"), (3, "IT"):
            demo.stdin.write((GOOD % tx).replace("DE", country).encode() + b"\n")
            demo.stdin.flush()
            if tx > 1:
                self.assertEqual(json.loads(demo.stdout.readline())["tx"], tx)
        _, errors = demo.communicate(timeout=DEADLINE)
        self.assertEqual(demo.returncode, 0, errors)


class Usage(unittest.TestCase):
    def test_exit_codes(self):
        self.assertEqual(run("demo", "fraud", "--no-such-option").returncode, 2)
        self.assertEqual(run("demo", "fraud", "--on-error", "shrug").returncode, 78)
        self.assertEqual(run("bench", "run", "q99").returncode, 78)
        self.assertEqual(run("--version").returncode, 0)
        environment = dict(os.environ, PENSTOCK__RING_SLOTS="many")
        self.assertEqual(run("demo", "fraud", "--seconds", "1", env=environment).returncode, 78)


if __name__ == "__main__":
    unittest.main()
