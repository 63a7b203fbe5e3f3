"""What is known of a broker: a folder of its own with state.json, the log, the data and the certificates."""

import json
import os
import shutil
import tempfile

from .problem import Problem

MARK = "state.json"


def default_folder():
    return os.environ.get("PENSTOCK_KAFKA_DIR") or os.path.join(tempfile.gettempdir(), f"penstock-kafka-{os.getuid()}")


class Place:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder or default_folder())

    def path(self, *names):
        return os.path.join(self.folder, *names)

    @property
    def log(self):
        return self.path("broker.log")

    def exists(self):
        return os.path.exists(self.path(MARK))

    def create(self):
        """Only in a folder that is new or empty: `stop` removes all of it."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        if os.stat(self.folder).st_uid != os.getuid():
            raise Problem(f"{self.folder} belongs to another user; choose another with --dir")
        if os.listdir(self.folder):
            raise Problem(f"{self.folder} is not empty and holds no broker; choose another with --dir")
        self.save({})

    def save(self, state):
        with open(self.path(MARK + ".new"), "w", encoding="utf-8") as file:
            json.dump(state, file, indent=1)
        os.replace(self.path(MARK + ".new"), self.path(MARK))

    def load(self):
        try:
            with open(self.path(MARK), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            raise Problem(f"no broker in {self.folder}; start one: tools/kafka start --dir {self.folder}") from None

    def remove(self):
        if self.exists():
            shutil.rmtree(self.folder)


def birth(process):
    """When the process began, in the kernel's ticks: a number that was given to another process later differs here."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    state, threads, began = fields[0], int(fields[17]), int(fields[19])
    # A first thread that is dead says little: while others are still ending, ports and files are still held.
    return None if state in "ZX" and threads <= 1 else began


def is_running(state):
    return bool(state.get("pid")) and birth(state["pid"]) == state.get("birth")
