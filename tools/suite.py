#!/usr/bin/env python3
"""The stages of the suite. Start it as tools/test, which installs what it needs first."""

import argparse
import glob
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
FUZZ_SECONDS = 10
FUZZ_TARGETS = [os.path.basename(p).removesuffix(".cc") for p in sorted(glob.glob(f"{ROOT}/tests/fuzz/*_fuzz.cc"))]
LOG_LINES_SHOWN = 60
TEST_LINES_SHOWN = 40
# Ours are threads, futexes and shared memory; the other folders run one thread and gain nothing here.
THREADED = "^(core|state|io|api)$"


class Result(NamedTuple):
    passed: int
    failed: list  # Names.


# One process may run many tests.
def passed_in(output):
    told = re.findall(r"^\[  PASSED  \] (\d+) tests?\.", output, re.MULTILINE)
    return int(told[-1]) if told else 1


def failed_in(output):
    return sorted(set(re.findall(r"^\[  FAILED  \] ([\w/.]+\.[\w/]+)", output, re.MULTILINE)))


class Suite:
    def __init__(self, options):
        self.options = options
        self.jobs = options.jobs
        self.builds = {}  # By stage: whether it has succeeded, once it is over.
        self.configured = {}  # By preset: whether it has succeeded.

    def build_dir(self, preset):
        return os.path.join(self.options.build_root, preset)

    def run(self, log_name, command, lines_shown=LOG_LINES_SHOWN, **more):
        """Runs with the output in a log of its own; shows the end of it when the command fails."""
        log_path = os.path.join(self.options.build_root, "logs", log_name + ".log")
        os.makedirs(os.path.dirname(log_path), exist_ok=True)
        with open(log_path, "wb") as log:
            more |= {"stdout": log, "stderr": subprocess.STDOUT}
            code = subprocess.run(command, cwd=ROOT, check=False, **more).returncode
        if code != 0:
            with open(log_path, encoding="utf-8", errors="replace") as log:
                print("".join(log.readlines()[-lines_shown:] if lines_shown else []), end="")
            print(f"^ {' '.join(command)} exited with {code}; whole log: {log_path}", flush=True)
        return code == 0

    def configure(self, preset):
        # Once: the tests of a preset may be running when another stage wants it.
        if preset not in self.configured:
            # Fresh: over a build by another compiler CMake forgets the settings of the preset, and only says so.
            command = ["cmake", "--fresh", "--preset", preset, "-B", self.build_dir(preset)]
            self.configured[preset] = self.run(f"{preset}-configure", command)
        return self.configured[preset]

    def begin_builds(self):
        """All that the stages need, one after the other, from what the tests leave of the processors.

        Tests wait for servers for much of their time; whatever they want they get first.
        """
        builder = ThreadPoolExecutor(1)
        for stage in self.options.stages:
            if targets := self.targets_of(stage):
                self.builds[stage] = builder.submit(self.build, stage, *targets)
        builder.shutdown(wait=False)

    @staticmethod
    def targets_of(stage):
        """Preset and targets; none of a stage that builds nothing."""
        return {
            "release": ("ci",),
            "shipped": ("release", "penstock"),
            "asan": ("asan", "penstock_unit_tests"),
            "tsan": ("tsan", "penstock_thread_tests"),
            "fuzz": ("asan", *FUZZ_TARGETS) if FUZZ_TARGETS else None,
        }.get(stage)

    def build(self, stage, preset, *targets):
        # Everything that can be built is, so that one broken file does not hide the others.
        command = ["nice", "-n", "19", "cmake", "--build", self.build_dir(preset), "-j", str(self.jobs)]
        command += ["--target", *targets] if targets else []
        # What a source includes is taken from the compiler, which spares a run of the preprocessor.
        environment = dict(os.environ, CCACHE_DEPEND="1")
        return self.configure(preset) and self.run(f"{stage}-build", command + ["--", "-k", "0"], env=environment)

    def is_built(self, stage):
        return self.builds[stage].result()

    def ctest(self, preset, *arguments, prefix=()):
        report = os.path.join(self.build_dir(preset), "results.xml")
        if os.path.exists(report):
            os.remove(report)
        command = [*prefix, "ctest", "--test-dir", self.build_dir(preset), "--output-on-failure"]
        command += ["--no-tests=error", "--output-junit", report, "-j", str(self.jobs), *arguments]
        command += ["--test-output-truncation", "head"]  # At the end it says how many have passed.
        succeeded = self.run(f"{preset}-test", command, lines_shown=0)
        if not os.path.exists(report):
            return Result(0, ["ctest did not report"])
        cases = ElementTree.parse(report).getroot().findall("testcase")
        failed = []
        for case in (case for case in cases if case.get("status") == "fail"):
            output = case.findtext("system-out") or ""
            print(f"--- {case.get('name')}", *output.splitlines()[-TEST_LINES_SHOWN:], sep="\n")
            failed += failed_in(output) or [case.get("name")]
        passed = sum(passed_in(case.findtext("system-out") or "") for case in cases if case.get("status") == "run")
        return Result(passed, failed or ([] if succeeded else ["ctest failed without naming a test"]))

    # --- stages -----------------------------------------------------------------------------------------------------

    def release(self):
        """optimised, assertions on, hardened, warnings are errors: every test"""
        if not self.is_built("release"):
            return Result(0, ["build"])
        # Lint has a stage of its own; without it, it is one of the tests. Scripts wait for their servers for most of
        # their time, so more of them are run than there are processors.
        without_lint = ["-E", "^lint$"] if "lint" in self.options.stages else []
        return self.ctest("ci", "-j", str(2 * self.jobs), *without_lint)

    def shipped(self):
        """the build of tools/quickstart, its hardening, and a short demo"""
        if not self.is_built("shipped"):
            return Result(0, ["build"])
        binary = os.path.join(self.build_dir("release"), "tools", "penstock")
        environment = dict(os.environ, PENSTOCK_BINARY=binary, PENSTOCK_HARDENED="ON")
        checks = {
            "hardening": [sys.executable, "tests/install/hardening_test.py"],
            "demo": ["timeout", "60", binary, "demo", "fraud", "--seconds", "2"],
        }
        failed = [name for name, command in checks.items() if not self.run(f"shipped-{name}", command, env=environment)]
        return Result(len(checks) - len(failed), failed)

    def asan(self):
        """AddressSanitizer and UndefinedBehaviorSanitizer: all unit tests"""
        if not self.is_built("asan"):
            return Result(0, ["build"])
        return self.ctest("asan", "-LE", "script")

    def tsan(self):
        """ThreadSanitizer: core, state, io, api"""
        if not self.is_built("tsan"):
            return Result(0, ["build"])
        # Where the kernel spreads addresses widely this sanitizer cannot map its shadow.
        fixed_addresses = ["setarch", "-R"]
        works = subprocess.run([*fixed_addresses, "true"], capture_output=True, check=False).returncode == 0
        return self.ctest("tsan", "-L", THREADED, "-LE", "script", prefix=fixed_addresses if works else ())

    def fuzz(self):
        """each target in tests/fuzz for a short while"""
        if not FUZZ_TARGETS:
            return Result(0, [])
        if not self.is_built("fuzz"):
            return Result(0, ["build"])
        with ThreadPoolExecutor(self.jobs) as pool:
            succeeded = list(pool.map(self.fuzz_one, FUZZ_TARGETS))
        failed = [name for name, found_nothing in zip(FUZZ_TARGETS, succeeded) if not found_nothing]
        return Result(len(FUZZ_TARGETS) - len(failed), failed)

    def fuzz_one(self, name):
        corpus = os.path.join(self.build_dir("asan"), "corpus", name)  # Kept: the next run starts where this one ended.
        os.makedirs(corpus, exist_ok=True)
        seeds = os.path.join(ROOT, "tests", "fuzz", "corpus", name)
        command = [os.path.join(self.build_dir("asan"), "tests", name), corpus]
        command += [seeds] if os.path.isdir(seeds) else []
        command += [f"-max_total_time={self.options.fuzz_seconds}", f"-artifact_prefix={corpus}-crash-", "-timeout=10"]
        return self.run(f"fuzz-{name}", command)

    def lint(self):
        """tools/lint.py"""
        remembered = os.path.join(self.build_dir("ci"), "lint")
        passed = self.run("lint", [sys.executable, "tools/lint.py", "--build-dir", remembered])
        return Result(1, []) if passed else Result(0, ["lint"])

    def tidy(self):
        """clang-tidy on what changed against the parent commit, or on everything with --full"""
        # Most others compile several sources as one and know of none of them.
        if not self.configure("dev"):
            return Result(0, ["configure"])
        command = [sys.executable, "tools/tidy.py", "--build-dir", self.build_dir("dev")]
        passed = self.run("tidy", command + (["--all"] if self.options.full else []))
        return Result(1, []) if passed else Result(0, ["tidy"])


STAGES = ("lint", "release", "shipped", "asan", "tsan", "fuzz", "tidy")


def parse_options():
    described = "\n".join(f"  {name:8} {getattr(Suite, name).__doc__}" for name in STAGES)
    parser = argparse.ArgumentParser(
        prog="tools/test",
        description="Builds and tests Penstock. Stages:\n" + described,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", help="comma-separated stages")
    parser.add_argument("--full", action="store_true", help="clang-tidy on every file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--fuzz-seconds", type=int, default=FUZZ_SECONDS, help="per target")
    parser.add_argument("--build-root", default=os.path.join(ROOT, "build"))
    options = parser.parse_args()
    options.stages = options.only.split(",") if options.only else list(STAGES)
    if unknown := [stage for stage in options.stages if stage not in STAGES]:
        parser.error(f"unknown stage {', '.join(unknown)}; known: {', '.join(STAGES)}")
    return options


def main():
    options = parse_options()
    suite = Suite(options)
    results, started = {}, time.monotonic()
    suite.begin_builds()
    for stage in options.stages:
        stage_started = time.monotonic()
        print(f"== {stage}: {getattr(Suite, stage).__doc__}", flush=True)
        result = getattr(suite, stage)()
        results[stage] = (result, time.monotonic() - stage_started)
        verdict = f"FAILED {len(result.failed)}" if result.failed else "ok"
        print(f"   {verdict}, {result.passed} passed, {results[stage][1]:.0f} s", flush=True)
    return summarise(results, time.monotonic() - started)


def summarise(results, seconds):
    print("\n== Summary")
    for stage, (result, stage_seconds) in results.items():
        print(f"   {stage:8} {result.passed:5} passed {len(result.failed):4} failed {stage_seconds:6.0f} s")
        for name in result.failed:
            print(f"            FAILED {name}")
    passed = sum(result.passed for result, _ in results.values())
    failed = sum(len(result.failed) for result, _ in results.values())
    print(f"{passed} passed, {failed} failed, {seconds:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
