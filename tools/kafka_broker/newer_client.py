"""A newer librdkafka than the system has: the wheel of the Python client carries a whole one, which needs libc only.

Programs that were built with the system's take it instead when its folder is in LD_LIBRARY_PATH.
"""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile

from . import artefacts
from .problem import Problem

# Version: that of the wheel, and by machine what it is named after and its checksum.
WHEELS = {
    "2.16": (
        "2.16.1",
        {
            "x86_64": (
                "manylinux_2_28_x86_64",
                "24f613cc81a856b6fbb2d7d11044a9aa770044eecc1f83ff84618688b056be06",
            )
        },
    )
}
PYTHON = "311"  # Any would do: what is taken out of the wheel has nothing to do with Python.
LIBRARY = "librdkafka.so.1"
FETCH_SECONDS = 300


def folder(version):
    """Where the library of that version is; fetched first if need be."""
    release, machines = WHEELS[version]
    if platform.machine() not in machines:
        raise Problem(f"no librdkafka {version} is known for {platform.machine()}, only for {', '.join(machines)}")
    tag, digest = machines[platform.machine()]
    place = os.path.join(artefacts.cache_base(), f"librdkafka-{release}-{digest[:12]}")
    if not os.path.exists(os.path.join(place, LIBRARY)):
        with artefacts.locked(place):
            if not os.path.exists(os.path.join(place, LIBRARY)):
                _fetch(place, f"confluent-kafka=={release}", tag, digest)
    return place


def _fetch(place, package, tag, digest):
    print(f"tools/kafka: fetching {package} (5 MB, once) ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=place, prefix="fetch-") as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += [f"--python-version={PYTHON}", f"--platform={tag}", "--dest", scratch, package]
        try:
            run = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise Problem(f"pip did not fetch {package} within {FETCH_SECONDS} s; try again later") from None
        if run.returncode != 0:
            raise Problem(
                f"pip could not fetch {package}; try again when its index can be reached. It said:\n{run.stderr}"
            )
        (name,) = os.listdir(scratch)
        wheel = os.path.join(scratch, name)
        with open(wheel, "rb") as file:
            if (found := hashlib.sha256(file.read()).hexdigest()) != digest:
                raise Problem(f"{name} has the checksum {found}, not {digest}; it was not kept: do not use it")
        unpacked = os.path.join(scratch, LIBRARY)
        with zipfile.ZipFile(wheel) as archive, open(unpacked, "wb") as file:
            (member,) = [each for each in archive.namelist() if "/librdkafka-" in each and ".so" in each]
            file.write(archive.read(member))
        os.rename(unpacked, os.path.join(place, LIBRARY))
