"""Java, and the broker's jars: fetched once by Maven, checked against jars.sha256, kept in a cache folder."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

from .problem import Problem, tail

HERE = os.path.dirname(os.path.realpath(__file__))
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
FETCH_SECONDS = 600


def java():
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=os.path.join(home, "bin")) if home else shutil.which("java")
    if not found:
        where = f"JAVA_HOME, which is {home}" if home else "PATH"
        raise Problem(
            f"no Java in {where}; the broker needs Java 17 or newer: run tools/setup, which installs it, "
            "or set JAVA_HOME to one"
        )
    return os.path.realpath(found)


def cache_base():
    base = os.environ.get("PENSTOCK_CACHE_DIR")
    if not base:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "penstock")
    return os.path.abspath(base)


def cache_folder():
    """Of this set of jars: another version lives beside it."""
    with open(os.path.join(HERE, "jars.sha256"), "rb") as file:
        return os.path.join(cache_base(), "kafka-" + hashlib.sha256(file.read()).hexdigest()[:12])


@contextlib.contextmanager
def locked(folder):
    """One process at a time fills the cache; the others wait and find it filled."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def class_path():
    """The jars, in an order that never changes: the archive of classes is good for that order only."""
    library = os.path.join(cache_folder(), "lib")
    if not os.path.isdir(library):
        with locked(cache_folder()):
            if not os.path.isdir(library):
                _fetch(library)
    return ":".join(os.path.join(library, name) for name in sorted(_expected()))


def _expected():
    with open(os.path.join(HERE, "jars.sha256"), encoding="utf-8") as file:
        return {name: digest for digest, name in (line.split() for line in file)}


def _fetch(library):
    if not shutil.which("mvn"):
        raise Problem("no mvn in PATH; Maven fetches the broker's jars: run tools/setup, which installs it")
    print("tools/kafka: fetching the broker's jars (43 MB, once) ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(library), prefix="fetch-") as folder:
        log_path, target = os.path.join(folder, "log"), os.path.join(folder, "lib")
        command = ["mvn", "-B", "-q", "-C", "-f", os.path.join(HERE, "pom.xml"), COPY_JARS]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={target}"]
        with open(log_path, "wb") as log:
            try:
                code = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=folder,
                    timeout=FETCH_SECONDS,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                code = f"no answer within {FETCH_SECONDS} s"
        if code != 0:
            raise Problem(
                f"Maven could not fetch the broker's jars ({code}); try again when its repository can be "
                f"reached. The end of its output:\n{tail(log_path)}"
            )
        verify(target)
        os.rename(target, library)


def verify(library):
    found = {}
    for name in os.listdir(library):
        with open(os.path.join(library, name), "rb") as file:
            found[name] = hashlib.sha256(file.read()).hexdigest()
    expected = _expected()
    if wrong := sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)):
        raise Problem(
            f"these jars are not what tools/kafka_broker/jars.sha256 says: {', '.join(wrong)}; nothing was "
            "kept. Empty Maven's local repository of them and try again; if they differ still, do not use them"
        )


def archive_path(program):
    """Where the classes of `program` are, ready to map: start-up takes about half as long with it."""
    identity = f"{java()}\0{os.stat(java()).st_mtime_ns}"
    return os.path.join(cache_folder(), f"{program}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}.jsa")
