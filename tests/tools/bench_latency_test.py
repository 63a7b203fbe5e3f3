"""Goal: `penstock bench latency` says what it measured, checks its rows, and refuses what cannot be measured.

Method: the real binary with loads of a fifth of a second. No figure decides; counts, order and exit codes do.
"""

import os
import re
import subprocess
import unittest

BINARY = os.environ["PENSTOCK_BINARY"]
DEADLINE = 60
SIDES = "engine", "bare"
KINDS = "change_rows", "window_rows"
LOAD = "--rate", "1000000", "--seconds", "0.2", "--warm", "0.1"  # Windows end each 50 ms.


def latency(*arguments):
    return subprocess.run([BINARY, "bench", "latency", *arguments], capture_output=True, timeout=DEADLINE, text=True)


def fields(line):
    return dict(re.findall(r"(\S+?)=(\S+)", line))


class Report(unittest.TestCase):
    def lines(self, output, kind):
        return {fields(line)["name"]: fields(line) for line in output.splitlines() if line.startswith(kind + " name=")}

    def check_percentiles(self, figures):
        values = [float(figures[name]) for name in ("p50", "p90", "p99", "p99.9", "p99.99", "max")]
        self.assertEqual(values, sorted(values))
        self.assertEqual(figures["unit"], "us")
        self.assertGreater(int(figures["count"]), 0)

    def test_engine_and_bare_loop_stand_side_by_side_with_equal_rows(self):
        for workers in "1", "2":
            run = latency("fraud", *LOAD, "--workers", workers)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn(f"load workload=fraud rate=1000000 seconds=0.2 warm=0.1 workers={workers} profile=balanced n=200000",
                          run.stdout)
            seen = self.lines(run.stdout, "latency")
            self.assertEqual(sorted(seen), sorted(f"{side}_{kind}" for side in SIDES for kind in KINDS))
            for figures in seen.values():
                self.check_percentiles(figures)
            for kind in KINDS:
                self.assertEqual(seen[f"engine_{kind}"]["count"], seen[f"bare_{kind}"]["count"])
            rows = self.lines(run.stdout, "rows")
            engine, bare = (dict(rows[side], name="") for side in SIDES)
            self.assertEqual(engine, bare)
            measured = sum(int(seen[f"engine_{kind}"]["count"]) for kind in KINDS)
            self.assertEqual(int(engine["change"]) + int(engine["window"]), measured + int(engine["unmeasured"]))
            self.assertIn("rows checked=equal", run.stdout)
            self.assertEqual(sorted(self.lines(run.stdout, "difference")), sorted(KINDS))
            self.assertEqual(len(self.lines(run.stdout, "goal")), 3)

    def test_one_side_alone_is_checked_too(self):
        for side, other in SIDES, SIDES[::-1]:
            run = latency("fraud", *LOAD, f"--{side}")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(sorted(self.lines(run.stdout, "latency")), sorted(f"{side}_{kind}" for kind in KINDS))
            self.assertIn("rows checked=right", run.stdout)
            self.assertNotIn(f"{other}_", run.stdout)
            self.assertNotIn("difference", run.stdout)

    def test_a_load_without_a_measured_row_is_told_with_zeros(self):
        run = latency("fraud", "--rate", "10", "--seconds", "0.2", "--warm", "0")
        self.assertEqual(run.returncode, 0, run.stderr)
        for figures in self.lines(run.stdout, "latency").values():
            self.assertEqual((figures["count"], figures["max"]), ("0", "0.0"))
        self.assertNotIn("goal", run.stdout)


class Usage(unittest.TestCase):
    def refused(self, code, words, *arguments):
        run = latency(*arguments)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertEqual(run.stdout, "")

    def test_what_is_no_option_or_value_is_a_matter_of_usage(self):
        self.refused(2, ["--rate", "required"], "fraud")
        self.refused(2, ["workload", "required"], "--rate", "1")
        self.refused(2, ["--rate", "abc"], "fraud", "--rate", "abc")
        self.refused(2, ["--rate", "0"], "fraud", "--rate", "0")
        self.refused(2, ["--rate", "-5"], "fraud", "--rate", "-5")
        self.refused(2, ["--seconds", "soon"], "fraud", "--rate", "1", "--seconds", "soon")
        self.refused(2, ["--profile", "eager"], "fraud", "--rate", "1", "--profile", "eager")
        self.refused(2, ["--engine", "--bare"], "fraud", "--rate", "1", "--bare", "--engine")

    def test_values_that_cannot_work_are_named_with_what_to_choose(self):
        self.refused(78, ["q5", "choose fraud"], "q5", "--rate", "1000")
        self.refused(78, ["--warm is 10", "less than --seconds, which is 5"], "fraud", "--rate", "1000", "--seconds", "5")
        self.refused(78, ["--warm is 3", "less than --seconds"], "fraud", "--rate", "1000", "--seconds", "3", "--warm", "3")
        self.refused(78, ["--seconds is 0"], "fraud", "--rate", "1000", "--seconds", "0")
        self.refused(78, ["--workers is 3", "choose 1, 2, 4 or 8"], "fraud", "--rate", "1000", "--workers", "3")
        self.refused(78, ["events"], "fraud", "--rate", "1000000000")

    def test_help_says_what_it_does(self):
        run = latency("--help")
        self.assertEqual(run.returncode, 0)
        for word in "due time", "--rate", "--seconds", "--warm", "--workers", "--bare", "--engine", "--profile":
            self.assertIn(word, run.stdout)


if __name__ == "__main__":
    unittest.main()
