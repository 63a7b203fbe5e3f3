#!/usr/bin/env python3
"""Runs clang-tidy on what changed against a commit (default: the parent of HEAD), or on everything.

    tools/tidy.py --build-dir build/dev [--base REVISION | --all]

A changed header is read through its own .cc, its mirrored test, or else the first file that includes it. What passed is
remembered by content in the build folder, whose build has to compile each source alone.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from source_tree import SourceTree  # noqa: E402

TOOL = "clang-tidy-16"


def changed_files(root, base):
    """Files that differ from `base`, committed or not; None when there is no such commit."""

    def git(*arguments):
        return subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)

    difference = git("diff", "--name-only", base)
    if difference.returncode != 0:
        return None
    return set(difference.stdout.split()) | set(git("ls-files", "--others", "--exclude-standard").stdout.split())


def units_to_check(tree, units, changed):
    """The translation units that show clang-tidy every changed file."""
    if changed is None or ".clang-tidy" in changed:
        return sorted(units)
    chosen = {path for path in changed if path in units}
    for header in sorted(path for path in changed if path.endswith(".h") and path in tree.files):
        stem = header.removesuffix(".h")
        near = [stem + ".cc", f"tests/{stem}_test.cc", f"bench/{stem}_bench.cc"]
        including = (unit for unit in sorted(units) if header in tree.closure(unit))
        unit = next((path for path in near if path in units), None) or next(including, None)
        if unit:
            chosen.add(unit)
    return sorted(chosen)


def compiled_units(tree, build_dir):
    with open(os.path.join(build_dir, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    paths = {os.path.relpath(os.path.realpath(entry["file"]), tree.root): entry["command"] for entry in entries}
    return {path: command for path, command in paths.items() if path in tree.files}


def load_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def check(tree, build_dir, chosen, units):
    """Number of files with findings; prints them."""
    cache_path = os.path.join(build_dir, "tidy.json")
    passed = load_json(cache_path)
    digests = {path: tree.digest(path, tree.text(".clang-tidy"), units[path]) for path in chosen}
    stale = [path for path in chosen if passed.get(path) != digests[path]]

    def run(path):
        command = [TOOL, "--quiet", "-p", build_dir, "--extra-arg=-Wno-unknown-warning-option", path]
        return subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, result in zip(stale, pool.map(run, stale)):
            if result.returncode == 0:
                passed[path] = digests[path]
            else:
                failed += 1
                print(result.stdout.replace(tree.root + "/", ""), end="")
                if "error:" not in result.stdout:
                    print(f"{path}: {TOOL} failed: {result.stderr[-500:]}")
    with open(cache_path, "w", encoding="utf-8") as file:
        json.dump(passed, file)
    return failed


def main():
    root = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    parser = argparse.ArgumentParser(description="clang-tidy on what changed.")
    parser.add_argument("--build-dir", default=os.path.join(root, "build", "dev"))
    parser.add_argument("--base", default="HEAD~1")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    tree = SourceTree(root)
    units = compiled_units(tree, options.build_dir)
    chosen = units_to_check(tree, units, None if options.all else changed_files(root, options.base))
    failed = check(tree, options.build_dir, chosen, units)
    print(f"tidy: {len(chosen)} of {len(units)} files, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
