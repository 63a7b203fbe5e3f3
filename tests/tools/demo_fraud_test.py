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
from datetime import datetime

BINARY = os.environ["PENSTOCK_BINARY"]
REFERENCE = os.path.join(os.environ["PENSTOCK_SOURCE_DIR"], "tests", "examples", "fraud", "fraud_reference.py")
DEADLINE = 120
GOOD = '{"tx":%d,"card":"4000","amount":10.00,"country":"DE","merchant":"m1","ts":"2024-01-01T00:00:00Z"}'


RULES = {"version": 7, "velocity_limit": 5, "velocity_seconds": 600, "unusual_payments_min": 4, "unusual_deviations": 4,
         "unusual_amount_min": 20, "travel_minutes": 90, "window_payments_max": 2, "window_spend_max": 300.5,
         "blocked_merchants": "m13,m77"}


def run(*arguments, **options):
    return subprocess.run([BINARY, *arguments], capture_output=True, timeout=DEADLINE, **options)


def comparable(lines):
    rows = [json.loads(line) for line in lines]
    return sorted((row["tx"], row["rule"], row["card"], row["reason"], row["version"], moment(row["ts"])) for row in rows)


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


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

    def opened(self, path):
        file = open(path, "rb")
        self.addCleanup(file.close)
        return file

    def lines(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().splitlines()

    def demo(self, *arguments, **options):
        dead = () if "--dead-letters" in arguments else ("--dead-letters", self.path("dead"))
        return run("demo", "fraud", *arguments, *dead, **options)


class SameAlertsAsThePlainScript(Folder):
    def reference(self, path, *rules):
        with open(path, "rb") as payments:
            script = subprocess.run([sys.executable, REFERENCE, *rules], stdin=payments, capture_output=True, timeout=DEADLINE)
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
        self.assertEqual({row[1] for row in expected},
                         {"velocity", "unusual_amount", "impossible_travel", "velocity_window", "spend_window"})
        ids = []
        for workers in "1", "2":
            demo = self.demo("--from", payments, "--to", self.path("alerts"), "--workers", workers)
            self.assertEqual(demo.returncode, 0, demo.stderr)
            self.assertEqual(comparable(self.lines("alerts")), expected)
            ids.append(sorted(json.loads(line)["id"] for line in self.lines("alerts")))
        self.assertEqual(ids[0], ids[1])
        self.assertEqual(len(set(ids[0])), len(ids[0]))

    def test_with_rules_from_a_file(self):
        payments = self.generate(60000, 6)
        rules = self.write("rules", json.dumps(RULES))
        expected = self.reference(payments, rules)
        self.assertEqual({row[1] for row in expected}, {"velocity", "unusual_amount", "impossible_travel", "velocity_window",
                                                        "spend_window", "blocked_merchant"})
        self.assertEqual({row[4] for row in expected}, {7})
        for workers in "1", "2":
            demo = self.demo("--from", payments, "--to", self.path("alerts"), "--workers", workers, "--rules", rules)
            self.assertEqual(demo.returncode, 0, demo.stderr)
            self.assertEqual(comparable(self.lines("alerts")), expected)
            ids = [json.loads(line)["id"] for line in self.lines("alerts")]
            self.assertEqual(len(set(ids)), len(ids))
            self.assertIn(b"60000 read", demo.stderr)

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
        for word in b"offered", b"p50=", b"p99.99=", b"max=", b"of one key group":
            self.assertIn(word, demo.stderr)


class RulesThatChange(Folder):
    """Payments are appended to a followed file, one at a time; rules are replaced between them."""

    def start(self, *arguments):
        self.write("payments", "")
        demo = subprocess.Popen([BINARY, "demo", "fraud", "--from", self.path("payments"), "--follow", "--to", "-", "--rules",
                                 self.path("rules"), "--dead-letters", self.path("dead"), *arguments],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(demo.communicate)
        self.addCleanup(demo.kill)
        self.sent = 0
        return demo

    def replace_rules(self, content):
        os.rename(self.write("rules.new", content), self.path("rules"))

    def blocking(self, version, merchants):
        return json.dumps(RULES | {"version": version, "blocked_merchants": merchants})

    def pay(self):
        self.sent += 1
        line = (GOOD % self.sent).replace('"4000"', f'"{self.sent}"')
        with open(self.path("payments"), "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def end(self, demo):
        demo.send_signal(signal.SIGTERM)
        _, errors = demo.communicate(timeout=DEADLINE)
        self.assertEqual(demo.returncode, 0, errors)
        return errors

    def test_every_alert_names_the_version_in_force_and_every_change_leaves_a_line(self):
        for workers in "1", "2":
            self.replace_rules(self.blocking(1, "m1"))
            demo = self.start("--workers", workers)
            for version in 1, 2, 3:
                if version > 1:
                    self.replace_rules(self.blocking(version, "m2,m1,m3"))
                self.assertIn(f"rules version {version} in force", demo.stderr.readline())
                for _ in range(4):  # Both workers get some of the cards.
                    self.pay()
                    alert = json.loads(demo.stdout.readline())
                    self.assertEqual((alert["rule"], alert["version"], alert["tx"]), ("blocked_merchant", version, self.sent))
            self.replace_rules(self.blocking(4, ""))
            self.assertIn("rules version 4 in force", demo.stderr.readline())
            self.pay()
            self.replace_rules(self.blocking(5, "m1"))
            self.assertIn("rules version 5 in force", demo.stderr.readline())
            self.pay()
            last = json.loads(demo.stdout.readline())
            self.assertIn((last["version"], last["tx"]), ((5, self.sent), (5, self.sent - 1)))
            self.assertIn("14 judged", self.end(demo))

    def test_broken_content_is_told_of_kept_and_leaves_the_old_rules_in_force(self):
        self.replace_rules(self.blocking(1, "m1"))
        demo = self.start()
        self.assertIn("rules version 1 in force", demo.stderr.readline())
        for broken, word in (('{"version":2', "the rules in force stay"), (json.dumps(RULES | {"velocity_limit": 17}), "velocity_limit"),
                             ('{"version":2}', "velocity_limit")):
            self.replace_rules(broken)
            told = demo.stderr.readline()
            self.assertIn(self.path("rules"), told)
            self.assertIn(word, told)
            self.pay()
            self.assertEqual(json.loads(demo.stdout.readline())["version"], 1)
        self.replace_rules(self.blocking(2, "m1"))
        self.assertIn("rules version 2 in force", demo.stderr.readline())
        self.assertIn("3 unreadable (3 to dead letters)", self.end(demo))
        letters = [json.loads(line) for line in self.lines("dead")]
        self.assertEqual([letter["source"] for letter in letters], [self.path("rules")] * 3)

    def test_rules_that_cannot_be_read_at_the_start_refuse_it(self):
        for content, word in (("", "rules"), (json.dumps(RULES | {"velocity_limit": 0}), "velocity_limit is 0"),
                              (None, "nowhere")):
            rules = self.path("nowhere") if content is None else self.write("rules", content)
            demo = self.demo("--from", self.write("payments", GOOD % 1), "--to", "-", "--rules", rules)
            self.assertIn(demo.returncode, (1, 78))
            self.assertIn(word.encode(), demo.stderr)
            self.assertEqual(demo.stdout, b"")


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

    def test_a_line_that_is_too_long_leaves_its_beginning_and_the_next_line_is_read(self):
        long = b'{"tx":1,"card":"' + b"4" * (20 << 20)
        payments = self.write("payments", b"\n".join([(GOOD % 0).encode(), long, (GOOD % 2).encode()]))
        for source, options in (payments, {}), ("-", {"stdin": self.opened(payments)}):
            demo = self.demo("--from", source, "--to", "-", "--dead-letters", self.path("dead"), **options)
            self.assertEqual(demo.returncode, 0, demo.stderr)
            self.assertIn(b"2 judged, 1 unreadable (1 to dead letters)", demo.stderr)
            letter = json.loads(self.lines("dead")[-1])
            self.assertEqual(base64.b64decode(letter["raw_base64"]), long[:64 << 10])
            self.assertEqual(letter["offset"], len(GOOD % 0) + 1)
            self.assertIn(f"line of {len(long)} bytes is longer than {16 << 20} bytes", letter["error"])
        failed = self.demo("--from", payments, "--to", "-", "--on-error", "fail")
        self.assertEqual(failed.returncode, 1)
        self.assertIn(b"is longer than", failed.stderr)

    def test_byte_order_mark_and_duplicate_keys_are_read_and_a_far_time_is_left_out(self):
        lines = [
            b"\xef\xbb\xbf" + (GOOD % 0).encode(),
            b'{"tx":9,"tx":1,"card":"4","amount":1,"country":"DE","merchant":"m","ts":"1955-11-05T06:00:00Z"}',
            b'{"tx":2,"card":"4","amount":1,"country":"DE","merchant":"m","ts":"9999-12-31T23:59:59Z","more":{"a":[1]}}',
        ]
        demo = self.demo("--from", self.write("payments", b"\r\n".join(lines)), "--to", "-")
        self.assertEqual(demo.returncode, 0, demo.stderr)
        self.assertIn(b"3 read, 2 judged, 0 unreadable", demo.stderr)
        self.assertIn(b"misdated  1 not judged", demo.stderr)

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

    def test_a_job_that_cannot_start_prints_its_reason_and_no_figures(self):
        broken = (
            ("--from", self.path("nowhere"), "--to", "-"),
            ("--from", self.write("payments", GOOD % 1), "--to", os.path.join(self.path("nowhere"), "alerts")),
            ("--from", "generator", "--seconds", "1", "--dead-letters", ""),
        )
        for arguments in broken:
            demo = self.demo(*arguments)
            self.assertIn(demo.returncode, (1, 78))
            self.assertRegex(demo.stderr, rb"\Apenstock: [^\n]+\n\Z")
            self.assertEqual(demo.stdout, b"")

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
