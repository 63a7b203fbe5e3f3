"""The broker as a process: started and waited for, stopped or killed by its number and no other way."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

from . import artefacts, certificates, settings
from .client import Client
from .problem import Problem, tail
from .records import Record
from .state import Place, birth, is_running

HEAP = ("-Xms128m", "-Xmx256m")
# The quick compiler alone: half the start-up. What is measured wants --optimise.
QUICK = "-XX:TieredStopAtLevel=1"
STOP_SECONDS = 20
TRIES = 3
PORT_TAKEN = ("Address already in use", "Socket server failed to bind")
OLD_JAVA = "UnsupportedClassVersionError"


def start(place, mode=None, port=None, timeout=60, optimise=False, certificate="good"):
    """A new broker, or one that was killed once more on its data and its port. Its state."""
    if place.exists():
        return _start_again(place, mode, port, timeout)
    mode = mode or "plain"
    settings.check_mode(mode)
    artefacts.java()
    artefacts.class_path()
    place.create()
    try:
        state = {"mode": mode, "optimise": optimise}
        if mode.endswith("ssl"):
            certificates.make(place.path("certificates"))
            certificates.keystore(place.path("certificates"), certificate)
            state["keystore"] = place.path("certificates", f"broker-{certificate}-keystore.pem")
        for remaining in reversed(range(TRIES)):
            state["ports"] = free_ports(port)
            if _try_start(place, state, timeout, last=remaining == 0 or port is not None):
                return state
    except BaseException:
        place.remove()
        raise
    raise AssertionError("the last try either starts or raises")


def _start_again(place, mode, port, timeout):
    state = place.load()
    if "pid" not in state:
        raise Problem(
            f"a start in {place.folder} is under way or was interrupted; if it was, remove what it left: "
            f"tools/kafka stop --dir {place.folder}"
        )
    if mode and mode != state["mode"]:
        raise Problem(
            f"{place.folder} holds a broker of mode {state['mode']}, not {mode}; remove it: "
            f"tools/kafka stop --dir {place.folder}, or choose another --dir"
        )
    if port and port != state["ports"][0]:
        raise Problem(f"the broker in {place.folder} has port {state['ports'][0]}, not {port}")
    if is_running(state):
        return state
    for taken in (number for number in state["ports"] if not is_free(number)):
        raise Problem(
            f"port {taken}, which the broker in {place.folder} had, is taken by another process; end that, or "
            f"remove the broker: tools/kafka stop --dir {place.folder}"
        )
    _try_start(place, state, timeout, last=True)
    return state


def _try_start(place, state, timeout, last):
    """False when another process was quicker to take a port and there is another try."""
    with open(place.path("server.properties"), "w", encoding="utf-8") as file:
        trusted = place.path("certificates", "ca.pem")
        file.write(
            settings.server_properties(
                state["mode"], state["ports"], place.path("data"), state.get("keystore"), trusted
            )
        )
    if not os.path.exists(place.path("data", "meta.properties")):
        _format(place, state["mode"])
    try:
        _launch(place, state, timeout)
    except Problem as problem:
        with open(place.log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if OLD_JAVA in text:
            raise Problem(f"{artefacts.java()} is too old for the broker, which needs Java 17 or newer") from None
        if not any(sign in text for sign in PORT_TAKEN):
            raise
        if last:
            raise Problem(
                f"one of the ports {state['ports']} was taken while the broker came up; try again"
            ) from problem
        shutil.rmtree(place.path("data"))
        return False
    return True


def _format(place, mode, training=False):
    identity = "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", k=21)) + "A"
    arguments = ["format", "-t", identity, "-c", place.path("server.properties"), *settings.format_arguments(mode)]
    with open(place.log, "ab") as log:
        command = _java(place, "format", "kafka.tools.StorageTool", *arguments, training=training)
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode
    if code != 0:
        raise Problem(f"the broker's data folder could not be made (exit code {code}):\n{tail(place.log)}")


def _java(place, program, main, *arguments, optimise=False, training=False):
    """`program` names the archive of classes, which is used if it is there and written at exit when `training`."""
    os.makedirs(place.path("scratch"), exist_ok=True)
    archive = artefacts.archive_path(program)
    command = [artefacts.java(), *HEAP, "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto"]
    command += [] if optimise else [QUICK]
    if training:
        command.append(f"-XX:ArchiveClassesAtExit={archive}.new")
    elif os.path.exists(archive):
        command.append(f"-XX:SharedArchiveFile={archive}")
    # Compression codecs unpack libraries there, and a killed process leaves them.
    command += [f"-Djava.io.tmpdir={place.path('scratch')}", f"-XX:ErrorFile={place.path('crash.log')}"]
    command += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
    return [*command, "-cp", artefacts.class_path(), main, *arguments]


def _launch(place, state, timeout, training=False):
    command = _java(
        place, "broker", "kafka.Kafka", place.path("server.properties"), optimise=state["optimise"], training=training
    )
    began = time.monotonic()
    with open(place.log, "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=place.folder,
                                   start_new_session=True)  # fmt: skip
    state |= {"pid": process.pid, "birth": birth(process.pid)}
    place.save(state)
    try:
        _wait_until_ready(place, state, process, began + timeout, timeout)
    except BaseException:
        process.kill()
        process.wait()
        raise
    state["seconds"] = round(time.monotonic() - began, 2)
    place.save(state)


def _wait_until_ready(place, state, process, deadline, timeout):
    # Where clients must prove themselves the broker's own listener is asked: it opens together with theirs.
    port = state["ports"][0 if state["mode"] == "plain" else 2]
    reason = "no answer"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Problem(
                f"the broker ended with exit code {process.returncode}; the end of its log:\n{tail(place.log)}"
            )
        try:
            with Client(settings.HOST, port, timeout=max(0.1, deadline - time.monotonic())) as client:
                if all(leader >= 0 for leaders in client.topics().values() for leader in leaders):
                    socket.create_connection((settings.HOST, state["ports"][0]), timeout=5).close()
                    return
            reason = "it answers, but partitions have no leader"
        except (Problem, OSError) as problem:
            reason = str(problem)
        time.sleep(0.02)
    raise Problem(
        f"the broker was not ready within {timeout:g} s ({reason}); --timeout gives it longer. The end of its "
        f"log:\n{tail(place.log)}"
    )


# --- ending ----------------------------------------------------------------------------------------------------------


def stop(place, keep=False):
    state = place.load()
    _end(state, signal.SIGTERM, STOP_SECONDS)
    if not keep:
        place.remove()


def kill9(place):
    state = place.load()
    if not is_running(state):
        raise Problem(f"the broker in {place.folder} is not running")
    _end(state, signal.SIGKILL, STOP_SECONDS)


def _end(state, how, seconds):
    deadline = time.monotonic() + seconds
    if is_running(state):
        os.kill(state["pid"], how)
    while is_running(state):
        if time.monotonic() > deadline:
            if how == signal.SIGKILL:
                raise Problem(f"process {state['pid']} did not end within {seconds} s of SIGKILL")
            print(f"tools/kafka: process {state['pid']} did not end within {seconds} s; killing it", file=sys.stderr)
            return _end(state, signal.SIGKILL, seconds)
        time.sleep(0.01)


# --- ports -----------------------------------------------------------------------------------------------------------


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # As the broker does.
        try:
            probe.bind((settings.HOST, port))
        except OSError:
            return False
    return True


def free_ports(wanted=None):
    """Three: clients, controller, internal. Below those the kernel gives to outgoing connections, so that a broker that
    comes back finds its port free."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        below = int(file.read().split()[0])
    low, high = (10_000, below) if below > 11_000 else (20_000, 60_000)
    if wanted and not is_free(wanted):
        raise Problem(f"port {wanted} is taken by another process; choose another, or none and a free one is found")
    ports = [wanted] if wanted else []
    for _ in range(1000):
        port = random.randrange(low, high)
        if port not in ports and is_free(port):
            ports.append(port)
        if len(ports) == 3:
            return ports
    raise Problem(f"no free ports between {low} and {high} on {settings.HOST}")


# --- archives of classes ---------------------------------------------------------------------------------------------


def prepare():
    """Fetches the jars and writes the archives of classes; does nothing, quickly, when they are there."""
    artefacts.java()
    artefacts.class_path()
    if all(os.path.exists(artefacts.archive_path(program)) for program in ("format", "broker")):
        return
    with artefacts.locked(artefacts.cache_folder()):
        if os.path.exists(artefacts.archive_path("broker")):
            return
        print("tools/kafka: preparing the broker's classes (once) ...", file=sys.stderr, flush=True)
        place = Place(os.path.join(artefacts.cache_folder(), f"training-{os.getpid()}"))
        try:
            _train(place)
        except Problem as problem:  # Slower, and no worse.
            print(f"tools/kafka: no archive of classes, so each start takes longer: {problem}", file=sys.stderr)
        finally:
            place.remove()


def _train(place):
    place.create()
    state = {"mode": "plain", "optimise": False, "ports": free_ports()}
    with open(place.path("server.properties"), "w", encoding="utf-8") as file:
        file.write(settings.server_properties("plain", state["ports"], place.path("data")))
    _format(place, "plain", training=True)
    _launch(place, state, timeout=120, training=True)
    with Client(settings.HOST, state["ports"][0]) as client:
        client.create_topic("training", 1)
        client.produce("training", [Record(b"key", b"value")])
        client.fetch("training", {0: 0})
    _end(state, signal.SIGTERM, 120)
    for program in ("format", "broker"):
        archive = artefacts.archive_path(program)
        if os.path.exists(archive + ".new"):
            os.replace(archive + ".new", archive)
