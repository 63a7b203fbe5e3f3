"""Goal: a savepoint of a running fraud job is made from the shell, and gone back to.

Method: the real binary over a file that grows; what comes out after going back equals what one run gives.
"""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

BINARY = os.environ["PENSTOCK_BINARY"]
DEADLINE = 120
PAYMENTS = 30000


def run(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, timeout=DEADLINE, text=True)


def figure(text, pattern):
    return int(re.search(pattern, text).group(1))


class Savepoint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        made = run("generate", "payments", self.path("all"), "--count", str(PAYMENTS), "--seed", "3")
        self.assertEqual(made.returncode, 0, made.stderr)
        with open(self.path("all"), "rb") as file:
            self.lines = file.read().splitlines(keepends=True)
        self.append(self.lines[:PAYMENTS // 2])

    def path(self, name):
        return os.path.join(self.folder, name)

    def append(self, lines):
        with open(self.path("growing"), "ab") as file:
            file.write(b"".join(lines))

    def start(self, *arguments, follow=True, seconds=0.05):
        job = subprocess.Popen([BINARY, "demo", "fraud", "--from", self.path("growing"), "--to", self.path("alerts"),
                                "--checkpoint", self.path("cp"), "--checkpoint-seconds", str(seconds),
                                *(["--follow"] if follow else []), *arguments], stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: job.poll() is None and job.kill())
        return job

    def end(self, job, with_signal=signal.SIGTERM):
        if with_signal is not None:
            job.send_signal(with_signal)
        text = job.communicate(timeout=DEADLINE)[1]
        return job.returncode, text

    def wait_for(self, condition):
        give_up = time.monotonic() + DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), give_up)
            time.sleep(0.02)

    def alerts(self):
        with open(self.path("alerts"), encoding="utf-8") as file:
            return [json.loads(line)["id"] for line in file]

    def save(self):
        saved = run("checkpoint", "save", self.path("cp"))
        self.assertEqual(saved.returncode, 0, saved.stderr)
        self.assertRegex(saved.stdout, r"^e-[1-9][0-9]*\n$")
        return saved.stdout.strip()

    def has_published(self):
        return os.path.exists(self.path("alerts")) and os.path.getsize(self.path("alerts")) > 0

    def test_going_back_gives_each_alert_once_and_counts_each_payment_once(self):
        whole = run("demo", "fraud", "--from", self.path("all"), "--to", self.path("plain"))
        self.assertEqual(whole.returncode, 0, whole.stderr)
        job = self.start()
        self.wait_for(self.has_published)
        epoch = self.save()
        at_savepoint = len(self.alerts())
        self.assertIn("savepoint", [line for line in run("checkpoint", "ls", self.path("cp")).stdout.splitlines()
                                    if line.startswith(epoch + " ")][0])
        self.append(self.lines[PAYMENTS // 2:])
        self.wait_for(lambda: len(self.alerts()) > at_savepoint)
        code, text = self.end(job)
        self.assertEqual(code, 0, text)
        code, text = self.end(self.start("--restore", epoch, follow=False), with_signal=None)
        self.assertEqual(code, 0, text)
        self.assertIn("going on from epoch " + epoch[2:], text)
        self.assertRegex(text, "alerts.*bytes")  # What was published since is cut off, and that is said.
        with open(self.path("plain"), encoding="utf-8") as plain:
            self.assertEqual(sorted(self.alerts()), sorted(json.loads(line)["id"] for line in plain))
        for pattern in (r"payments +(\d+) read", r"read, (\d+) judged", r"alerts +(\d+)\n"):
            self.assertEqual(figure(text, pattern), figure(whole.stderr, pattern), pattern)

    def test_a_choice_holds_though_the_job_is_killed_before_its_next_checkpoint(self):
        job = self.start()
        self.wait_for(self.has_published)
        epoch = self.save()
        self.append(self.lines[PAYMENTS // 2:])
        self.wait_for(lambda: len(self.alerts()) > 0)
        self.end(job)
        going_back = self.start("--restore", epoch, seconds=1000)
        self.wait_for(lambda: os.path.exists(self.path("cp/RESUME")))
        self.end(going_back, signal.SIGKILL)
        code, text = self.end(self.start(follow=False), with_signal=None)
        self.assertEqual(code, 0, text)
        self.assertIn("going on from epoch " + epoch[2:], text)
        self.assertEqual(len(self.alerts()), len(set(self.alerts())))

    def test_none_begins_anew_and_keeps_what_there_is(self):
        code, text = self.end(self.start(follow=False), with_signal=None)
        self.assertEqual(code, 0, text)
        newest = run("checkpoint", "ls", self.path("cp")).stdout.splitlines()[1].split()[0]
        code, again = self.end(self.start("--restore", "none", follow=False, seconds=1000), with_signal=None)
        self.assertEqual(code, 0, again)
        self.assertEqual(figure(again, r"payments +(\d+) read"), PAYMENTS // 2)
        self.assertTrue(os.path.exists(self.path("cp/" + newest)))

    def test_what_cannot_be_is_said_at_once(self):
        self.end(self.start(follow=False), with_signal=None)
        saved = run("checkpoint", "save", self.path("cp"))
        self.assertEqual(saved.returncode, 1)
        self.assertIn("no job runs", saved.stderr)
        code, text = self.end(self.start("--restore", "e-99999"), with_signal=None)
        self.assertEqual(code, 1)
        self.assertIn("e-99999", text)
        code, text = self.end(self.start("--restore", "oldest"), with_signal=None)
        self.assertEqual(code, 78)
        self.assertIn("--restore", text)


if __name__ == "__main__":
    unittest.main()
