"""The protocols hold in every order of steps, and each of their rules is needed: models checked by Spin.

By itself the short form, with few epochs and crashes. By hand: python3 tests/models/models_test.py --full
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.realpath(__file__))
FULL = "--full" in sys.argv[1:]
SKIPPED = 77
PATIENCE_SECONDS = 3600 if FULL else 240
MUTANTS = {
    "snapshots": "NOALIGN TIMERS_LOST WATERMARK_AHEAD NEWEST_MANIFEST EARLY_COMMIT GC_EARLY TWO_TRANSACTIONS "
    "OLD_MARKER EMPTY_TAKES_MARKER",
    "ring_wakeup": "NOFENCE NORECHECK TAIL_FIRST OFFBYONE",
}
SHORT = ["-DROWS=1", "-DEPOCHS=2", "-DCRASHES=1"]
PASSING = [("snapshots", SHORT), ("snapshots", ["-DOUTBOX", *SHORT]), ("ring_wakeup", [])]
LONGER = [["-DROWS=1", "-DEPOCHS=2", "-DCRASHES=2"], ["-DROWS=1", "-DEPOCHS=3", "-DCRASHES=1"]]
if FULL:
    PASSING += [("snapshots", [*variant, *size]) for size in LONGER for variant in ([], ["-DOUTBOX"])]
    PASSING += [("ring_wakeup", ["-DELEMENTS=7"])]


def check(model, defines, must_fail):
    """How many states there are, and whether one breaks a claim."""
    with tempfile.TemporaryDirectory(prefix="penstock-model-") as folder:
        shutil.copy(os.path.join(FOLDER, model + ".pml"), folder)

        def run(*command):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
            if done.returncode != 0:
                sys.exit(f"{model} {defines}: {' '.join(command)}\n{done.stdout}{done.stderr}")
            return done.stdout

        run("spin", *defines, "-a", model + ".pml")
        # What holds has many states; what fails, few: there the compiler takes longer.
        run("cc", "-O0" if must_fail else "-O2", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=6000", "-o", "pan", "pan.c")
        # A job with all its epochs used up stands still; a ring must not.
        output = run("./pan", "-m1000000", *(["-E"] if model == "snapshots" else []))
    errors = re.search(r"errors: (\d+)", output)
    states = re.search(r"([0-9.e+]+) states, stored", output)
    if not errors or not states or "max search depth" in output or "out of memory" in output:
        sys.exit(f"{model} {defines}: was not checked to the end\n{output}")
    return int(errors[1]) > 0, int(float(states[1]))


def judge(model, defines, must_fail):
    begin = time.monotonic()
    fails, states = check(model, defines, must_fail)
    verdict = "as it should" if fails == must_fail else "WRONG"
    print(
        f"{model:11} {' '.join(defines):58} {'fails' if fails else 'holds':5} {states:10} states "
        f"{time.monotonic() - begin:6.1f} s, {verdict}",
        flush=True,
    )
    return fails == must_fail


def main():
    if shutil.which("spin") is None:
        print("spin is not installed: run tools/setup")
        sys.exit(SKIPPED)
    runs = [(model, defines, False) for model, defines in PASSING]
    for model, names in MUTANTS.items():
        size = SHORT if model == "snapshots" else []
        runs += [(model, ["-D" + mutant, *size], True) for mutant in names.split()]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        good = list(pool.map(lambda run: judge(*run), runs))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
