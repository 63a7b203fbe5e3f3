#!/usr/bin/env python3
"""Checks the rules of the house that no compiler checks. Run by ctest and by tools/test.

    tools/lint.py [--build-dir DIR] [--rules layers,length,...]

A line that must break a hot-path rule says why, on itself or on the line above:
    // lint: allow(hot) the slots are taken once, in the constructor
"""

import argparse
import concurrent.futures
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from source_tree import CODE_FOLDERS, PUBLIC_FOLDERS, SourceTree, without_comments  # noqa: E402

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
LINE_COLUMNS_MAX = 120

# Folder -> folders it may include, besides itself. Folders that are not listed may include everything.
LAYERS = {
    "core": set(),
    "state": {"core"},
    "io": {"core"},
    "operators": {"core", "state"},
    "sql": {"core", "state", "io", "operators"},
    "api": {"core", "state", "io", "operators", "sql"},
}
# Sub-folders of core: each may include those of lower rank and itself.
CORE_RANKS = {"base": 0, "ring": 1, "row": 1, "stream": 2, "time": 3, "plan": 4, "checkpoint": 5, "runtime": 6}

# In public folders, but only for the .cc files beside them: they may include what a user need not have.
INTERNAL_HEADERS = ("io/kafka/client.h",)

# Files in which each line may run once per record.
HOT_FILES = (
    "core/ring/spsc_ring.h",
    "core/stream/*.h",
    "core/time/*.h",
    "core/runtime/input_gate.h",
    "core/runtime/output_gate.h",
    "core/runtime/task_step*",
    "state/*table*.h",
    "operators/*.h",
)
HOT_HEADERS_BANNED = {
    "mutex", "shared_mutex", "condition_variable", "future", "thread", "iostream", "ostream", "istream", "sstream",
    "fstream", "iomanip", "map", "set", "list", "unordered_map", "unordered_set", "deque", "regex", "format",
    "stdexcept", "random", "syncstream",
}  # fmt: skip
HOT_CALLS_BANNED = {
    r"::now\s*\(": "reads a clock",
    r"(?<!operator )\bnew\b(?!\s*\()": "allocates",  # new (place) T allocates nothing.
    r"(?<!operator )\bdelete\b(?!\s*[;,)])": "frees",  # Nor does `= delete`.
    r"\b(malloc|calloc|realloc|aligned_alloc|posix_memalign|free)\s*\(": "allocates or frees",
    r"\bmake_(unique|shared)\b": "allocates",
    r"\bshared_ptr\b": "counts references atomically",
    # By name: its header also holds std::invoke, which costs nothing.
    r"\bstd::(move_only_)?function\b": "hides an indirect call and may allocate",
    r"\bthrow\b": "throws",
    r"\b(lock_guard|unique_lock|scoped_lock)\b": "locks",
    r"\b(printf|fprintf|snprintf|puts|fputs|fwrite)\s*\(": "formats or prints",
    r"\b(syscall|sched_yield|usleep|nanosleep|clock_gettime|gettimeofday)\s*\(": "enters the kernel",
    r"\b(sleep_for|sleep_until|yield)\s*\(": "gives up the processor",
    r"\bdynamic_cast\b": "walks type information",
    r"\bto_string\s*\(": "allocates text",
}

STANDARD_HEADERS = set("""
algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts condition_variable
coroutine deque exception execution filesystem forward_list fstream functional future initializer_list iomanip ios
iosfwd iostream istream iterator latch limits list locale map memory memory_resource mutex new numbers numeric optional ostream
queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span sstream stack stdexcept
stop_token streambuf string string_view syncstream system_error thread tuple type_traits typeindex typeinfo
unordered_map unordered_set utility valarray variant vector version cassert cctype cerrno cfenv cfloat cinttypes climits clocale cmath
csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype
fcntl.h unistd.h errno.h signal.h poll.h sched.h pthread.h time.h dirent.h netdb.h immintrin.h x86intrin.h emmintrin.h
nmmintrin.h cpuid.h
""".split())  # fmt: skip
SYSTEM_PREFIXES = ("sys/", "linux/", "netinet/", "arpa/")

WORDS_BANNED = {
    r"/(home|root|srv|work)/\w": "an absolute path of one machine",
    r"/tmp/\w": "an absolute path of one machine",
    r"\bshared/\w": "a page that is not part of the project",
    r"\b(FIXME|XXX|HACK)\b": "a note to self; say what is wrong, or fix it",
    r"\bTODO\b(?!\([^)]{15,}\))": "a TODO without its reason: TODO(what must happen first, and why not now)",
}
TEXT_SUFFIXES = (".h", ".cc", ".py", ".md", ".txt", ".cmake", ".in", ".json", ".sh", ".supp")
WORDS_EXEMPT = ("tools/lint.py", "tests/lint/*")

_ALLOW = re.compile(r"//\s*lint:\s*allow\((\w+)\)\s*(.*)")


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def line_of(text, position):
    return text.count("\n", 0, position) + 1


# --- layers, public headers, header form ----------------------------------------------------------------------------


def check_layers(tree):
    for path in tree.code():
        folder = path.split("/")[0]
        for line, kind, name in tree.includes(path):
            if kind == '"' and not name.startswith("penstock/"):
                yield Finding(path, line, "layers", f'write "penstock/..." instead of "{name}"')
            if name.startswith("penstock/"):
                yield from _judge_include(path, folder, line, name.removeprefix("penstock/"))


def _judge_include(path, folder, line, target):
    target_folder = target.split("/")[0]
    if folder in LAYERS and target_folder != folder and target_folder not in LAYERS[folder]:
        yield Finding(path, line, "layers", f"{folder} may not include {target_folder} ({target})")
    if folder == "core" and target_folder == "core":
        own, other = path.split("/")[1], target.split("/")[1]
        for name in (own, other):
            if name not in CORE_RANKS:
                yield Finding(path, line, "layers", f"core/{name} has no rank; give it one in tools/lint.py")
                return
        if own != other and CORE_RANKS[other] >= CORE_RANKS[own]:
            yield Finding(path, line, "layers", f"core/{own} may not include core/{other} ({target})")


def check_public(tree):
    """A user's build stays fast and clean: public headers include the standard library, the OS and us."""
    for path in tree.code(".h"):
        if path.split("/")[0] not in PUBLIC_FOLDERS or path in INTERNAL_HEADERS:
            continue
        for line, _, name in tree.includes(path):
            known = name in STANDARD_HEADERS or name.startswith(("penstock/", *SYSTEM_PREFIXES))
            if not known:
                yield Finding(path, line, "public", f"<{name}> is third-party; include it in a .cc file")


def check_form(tree):
    for path in tree.code(".h"):
        text = tree.text(path)
        first = text.split("\n", 1)[0]
        if not re.fullmatch(rf"// {re.escape(path)} -- \S.*", first):
            yield Finding(path, 1, "form", f"the first line is '// {path} -- one sentence of purpose'")
        code = without_comments(text)
        if not re.search(r"^#pragma once$", code, re.MULTILINE):
            yield Finding(path, 1, "form", "#pragma once is missing")
        for match in re.finditer(r"^using\s+namespace\b", code, re.MULTILINE):
            yield Finding(path, line_of(code, match.start()), "form", "'using namespace' in a header")


# --- lengths --------------------------------------------------------------------------------------------------------


def check_length(tree):
    for path in tree.code(".h", ".cc", ".py"):
        lines = tree.text(path).splitlines()
        if len(lines) > FILE_LINES_MAX:
            yield Finding(path, len(lines), "length", f"{len(lines)} lines; the limit is {FILE_LINES_MAX}")
        if path.endswith(".py"):
            continue
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_COLUMNS_MAX:
                yield Finding(path, number, "length", f"{len(line)} columns; the limit is {LINE_COLUMNS_MAX}")
        for first, last, name in functions(tree.text(path)):
            if last - first + 1 > FUNCTION_LINES_MAX:
                message = f"{name} has {last - first + 1} lines; the limit is {FUNCTION_LINES_MAX}"
                yield Finding(path, first, "length", message)


_SCOPE = re.compile(
    r"\b(?:class|struct|union|enum)\s+(?:alignas\s*\([^)]*\)\s*|\[\[[^]]*\]\]\s*)*[\w:<>,\s*&]*$"
    r"|\bnamespace\b[\w:\s]*$|\bextern\s*$"
)


def functions(text):
    """(first line, last line, name) of each outermost function, by matching braces."""
    code = without_directives(text)
    stack = []  # Of open braces: where a function began, None for a scope, -1 for anything else.
    header_start = 0
    for match in re.finditer(r"[{};]", code):
        token, position = match[0], match.start()
        if token == "{":
            inside = any(kind is not None for kind in stack)
            header = code[header_start:position]
            stack.append(-1 if inside else _kind(header, header_start))
        elif token == "}" and stack:
            start = stack.pop()
            if start is not None and start >= 0:
                name = re.search(r"([\w:~]+(?:\s*[^\w\s(]+)?)\s*\(", code[start:position])
                first = start + len(code[start:position]) - len(code[start:position].lstrip())
                yield line_of(code, first), line_of(code, position), name[1] if name else "a function"
        header_start = match.end()


def _kind(header, start):
    bare = re.sub(r"template\s*<[^{}]*?>(?=\s*(?:\w|\[))", _blank, header)
    if _SCOPE.search(bare):
        return None
    return start if "(" in bare else -1


def without_directives(text):
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", _blank, without_comments(text), flags=re.MULTILINE)


def _blank(match):
    return re.sub(r"[^\n]", " ", match[0])


# --- hot files, words -----------------------------------------------------------------------------------------------


def check_hot(tree):
    for path in tree.code():
        if not any(fnmatch.fnmatchcase(path, pattern) for pattern in HOT_FILES):
            continue
        text = tree.text(path)
        allowed, findings = _allowances(path, text)
        yield from findings
        for line, _, name in tree.includes(path):
            if name in HOT_HEADERS_BANNED and line not in allowed:
                yield Finding(path, line, "hot", f"<{name}> has no place in a file of the hot path")
        code = without_directives(text)
        for pattern, why in HOT_CALLS_BANNED.items():
            for match in re.finditer(pattern, code):
                line = line_of(code, match.start())
                if line not in allowed:
                    yield Finding(path, line, "hot", f"'{match[0].strip()}' {why}; not on the hot path")


def _allowances(path, text):
    allowed, findings = set(), []
    for number, line in enumerate(text.splitlines(), 1):
        match = _ALLOW.search(line)
        if match and match[1] == "hot":
            allowed |= {number, number + 1}
            if len(match[2].strip()) < 10:
                findings.append(Finding(path, number, "hot", "an allowance needs its reason"))
    return allowed, findings


def check_words(tree):
    for path in tree.files:
        known = path.endswith(TEXT_SUFFIXES) or "." not in os.path.basename(path)
        if not known or any(fnmatch.fnmatchcase(path, pattern) for pattern in WORDS_EXEMPT):
            continue
        text = tree.text(path)
        for pattern, why in WORDS_BANNED.items():
            for match in re.finditer(pattern, text):
                yield Finding(path, line_of(text, match.start()), "words", f"'{match[0]}' is {why}")


# --- the map of folders ---------------------------------------------------------------------------------------------

MAP_FILE = "docs/architecture.md"


def check_map(tree):
    """Every folder down to the second level that has code is in the ```folders block of the docs, and vice versa."""
    if MAP_FILE not in tree.files:
        yield Finding(MAP_FILE, 1, "map", "the file is missing")
        return
    text = tree.text(MAP_FILE)
    block = re.search(r"^```folders\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    if not block:
        yield Finding(MAP_FILE, 1, "map", "no ```folders block: one line per folder, 'core/base/   what it holds'")
        return
    named = {}
    for offset, line in enumerate(block[1].splitlines(), line_of(text, block.start(1))):
        match = re.match(r"([\w.]+(?:/[\w.]+)?)/(?:\s|$)", line)
        if match:
            named[match[1]] = offset
    covered = named.keys() | {folder.split("/")[0] for folder in named}  # A line for core/base/ speaks of core/ too.
    for folder in sorted(_folders_with_code(tree) - covered):
        yield Finding(MAP_FILE, line_of(text, block.start(1)), "map", f"{folder}/ has code and is not in the map")
    folders = [path.split("/")[:-1] for path in tree.files]
    existing = {"/".join(parts[:depth]) for parts in folders for depth in (1, 2) if len(parts) >= depth}
    for folder in sorted(named.keys() - existing):
        yield Finding(MAP_FILE, named[folder], "map", f"{folder}/ is in the map and not in the tree")


def _folders_with_code(tree):
    present = set()
    for path in tree.code(".h", ".cc", ".py", ".cmake"):
        parts = path.split("/")[:-1]
        present.add(parts[0])
        # tests/core and bench/core mirror core; the map may name the mirror, but need not.
        mirrored = parts[0] in ("tests", "bench") and len(parts) > 1 and parts[1] in CODE_FOLDERS
        if len(parts) > 1 and not mirrored:
            present.add("/".join(parts[:2]))
    return present


# --- checks that need tools -----------------------------------------------------------------------------------------

# By the thread sanitizer's build; most others compile several sources as one.
COMPILED_ALONE = ("core/", "state/", "operators/", "io/", "sql/", "api/", "tests/core/", "tests/state/", "tests/api/")
HEADER_FLAGS = ("-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")


def check_headers(tree, build_dir, compiler="g++"):
    """Each header compiles as the only line of a file. What passed is remembered by content in the build folder."""
    proven = _included_first(tree)
    cache_path = os.path.join(build_dir, "lint_headers.json")
    passed = _load_json(cache_path)
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    digests = {h: tree.digest(h, compiler, version, *HEADER_FLAGS) for h in tree.code(".h") if h not in proven}
    stale = [h for h, digest in digests.items() if passed.get(h) != digest]
    with tempfile.TemporaryDirectory() as include_dir:
        os.symlink(tree.root, os.path.join(include_dir, "penstock"))

        def compile_alone(header):
            command = [compiler, *HEADER_FLAGS, "-I", include_dir, "-x", "c++", "-"]
            source = f'#include "penstock/{header}"\n'
            return subprocess.run(command, input=source, capture_output=True, text=True, check=False)

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for header, result in zip(stale, pool.map(compile_alone, stale)):
                if result.returncode == 0:
                    passed[header] = digests[header]
                else:
                    errors = [line for line in result.stderr.splitlines() if "error:" in line]
                    cause = errors[0].replace(include_dir + "/penstock/", "") if errors else result.stderr
                    yield Finding(header, 1, "headers", f"does not compile alone: {cause}")
    os.makedirs(build_dir, exist_ok=True)
    with open(cache_path, "w", encoding="utf-8") as file:
        json.dump({h: d for h, d in passed.items() if h in digests}, file)


def _included_first(tree):
    """What a source includes before anything else: the build compiles nothing in front of it, with more warnings."""
    sources = [path for path in tree.code(".cc") if path.startswith(COMPILED_ALONE)]
    first = (re.search(r"^#include (.*)", tree.text(path), re.MULTILINE) for path in sources)
    return {match[1].removeprefix('"penstock/').removesuffix('"') for match in first if match}


def _load_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def check_format(tree):
    tool = shutil.which("clang-format-16")
    if not tool:
        yield Finding(".clang-format", 1, "format", "clang-format-16 is missing; run tools/setup")
        return
    files = tree.code()
    command = [tool, "--dry-run", *files]
    result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
    worst = {}
    for path, line in re.findall(r"^([^\s:]+):(\d+):\d+: warning: code should be clang-formatted", result.stderr, re.M):
        worst.setdefault(path, int(line))
    for path, line in sorted(worst.items()):
        yield Finding(path, line, "format", "run tools/format")


# --- command line ---------------------------------------------------------------------------------------------------


def rules(build_dir):
    return {
        "layers": check_layers,
        "public": check_public,
        "form": check_form,
        "length": check_length,
        "hot": check_hot,
        "words": check_words,
        "map": check_map,
        "format": check_format,
        "headers": lambda tree: check_headers(tree, build_dir),
    }


def main():
    here = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    parser = argparse.ArgumentParser(description="Checks the rules of the house.")
    parser.add_argument("--root", default=here)
    parser.add_argument("--build-dir", help="where to remember what passed (default: build/lint)")
    parser.add_argument("--rules", help="comma-separated; default: all of " + ", ".join(rules("")))
    options = parser.parse_args()
    known = rules(options.build_dir or os.path.join(options.root, "build", "lint"))
    chosen = options.rules.split(",") if options.rules else list(known)
    if unknown := set(chosen) - known.keys():
        parser.error(f"unknown rule {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    tree = SourceTree(options.root)
    findings = [finding for rule in chosen for finding in known[rule](tree)]
    for finding in findings:
        print(finding)
    print(f"lint: {len(tree.files)} files, {len(chosen)} rules, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
