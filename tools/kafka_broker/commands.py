"""The commands of tools/kafka."""

import argparse
import base64
import json
import sys
import time

from . import broker, certificates, newer_client, settings
from .client import EARLIEST, LATEST, Client
from .problem import Problem
from .records import Record
from .state import Place, default_folder, is_running

CHUNK = 5000  # Lines that are sent together.


def describe(place, state):
    """One NAME=value a line; a shell can `eval` it."""
    lines = {
        "KAFKA": f"{settings.HOST}:{state['ports'][0]}",
        "KAFKA_MODE": state["mode"],
        "KAFKA_PID": state["pid"],
        "KAFKA_DIR": place.folder,
        "KAFKA_LOG": place.log,
    }
    if state["mode"].startswith("sasl"):
        lines |= {"KAFKA_USER": settings.USER, "KAFKA_PASSWORD": settings.PASSWORD}
    if state["mode"].endswith("ssl"):
        lines["KAFKA_CA"] = place.path("certificates", "ca.pem")
    if state["mode"] == "ssl":
        lines["KAFKA_CERTIFICATE"] = place.path("certificates", "client-good.pem")
        lines["KAFKA_KEY"] = place.path("certificates", "client-good.key")
    return "\n".join(f"{name}={value}" for name, value in lines.items())


def start(place, options):
    broker.prepare()
    before = time.monotonic()
    running = place.exists() and is_running(place.load())
    state = broker.start(place, options.mode, options.port, options.timeout, options.optimise, options.certificate)
    print(describe(place, state), flush=True)
    word = "was running" if running else f"is ready after {time.monotonic() - before:.1f} s"
    print(f"tools/kafka: the broker {word}; `tools/kafka stop` ends it and removes its data", file=sys.stderr)


def status(place, _):
    state = place.load()
    if "pid" in state:
        print(describe(place, state))
    if not is_running(state):
        raise Problem(
            f"the broker in {place.folder} is not running; its data is there: tools/kafka start goes on with it"
        )


def connect(place, options):
    state = place.load()
    if not is_running(state):
        raise Problem(f"the broker in {place.folder} is not running; start it: tools/kafka start --dir {place.folder}")
    secrets = {}
    if state["mode"].startswith("sasl"):
        secrets = {"user": options.user, "password": options.password, "mechanism": options.mechanism}
    if state["mode"].endswith("ssl"):
        secrets["ca"] = place.path("certificates", options.ca + ".pem")
    if state["mode"] == "ssl" and options.client_certificate != "none":
        stem = place.path("certificates", "client-" + options.client_certificate)
        secrets |= {"certificate": stem + ".pem", "key": stem + ".key"}
    return Client(settings.HOST, state["ports"][0], secrets)


# --- topics ----------------------------------------------------------------------------------------------------------


def topics(place, options):
    with connect(place, options) as client:
        TOPIC_ACTIONS[options.action](client, options)


def _pairs(texts, option):
    for text in texts:
        if "=" not in text:
            raise Problem(f"{option} {text}: write NAME=VALUE")
    return [tuple(text.split("=", 1)) for text in texts]


def _list(client, _):
    for name, leaders in sorted(client.topics().items()):
        print(f"topic={name} partitions={len(leaders)}")


def _create(client, options):
    client.create_topic(options.topic, options.partitions, _pairs(options.config, "--config"))
    print(f"topic={options.topic} partitions={options.partitions}")


def _delete(client, options):
    client.delete_topic(options.topic)


def _grow(client, options):
    client.add_partitions(options.topic, options.partitions)
    print(f"topic={options.topic} partitions={options.partitions}")


def _offsets(client, options):
    for partition in range(client.partitions(options.topic)):
        first, end = (client.offset(options.topic, partition, when) for when in (EARLIEST, LATEST))
        stable = client.offset(options.topic, partition, LATEST, committed=True)
        print(f"topic={options.topic} partition={partition} first={first} end={end} committed={stable}")


def _trim(client, options):
    first = client.delete_records(options.topic, options.partition, options.before)
    print(f"topic={options.topic} partition={options.partition} first={first}")


TOPIC_ACTIONS = {
    "list": _list,
    "create": _create,
    "delete": _delete,
    "partitions": _grow,
    "offsets": _offsets,
    "trim": _trim,
}


# --- records ---------------------------------------------------------------------------------------------------------


def to_json(data):
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def from_json(value):
    if value is None:
        return None
    return value.encode() if isinstance(value, str) else base64.b64decode(value["base64"], validate=True)


def parse_line(line, number, options, headers):
    if not options.json:
        key = options.key.encode() if options.key is not None else None
        if options.key_separator:
            key, found, line = line.partition(options.key_separator.encode())
            if not found:
                raise Problem(f"line {number} has no '{options.key_separator}' between key and value")
        return Record(key, line, headers, options.timestamp, options.partition)
    try:
        row = json.loads(line)
        own = [(name, from_json(value)) for name, value in row.get("headers", [])]
        return Record(
            from_json(row.get("key")),
            from_json(row.get("value")),
            headers + own,
            row.get("timestamp", options.timestamp),
            row.get("partition", options.partition),
        )
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Problem(
            f"line {number} is not a record: {error}; write "
            '{"key": "k", "value": "v", "headers": [["name", "value"]]}'
        ) from None


def produce(place, options):
    headers = [(name, value.encode()) for name, value in _pairs(options.header, "--header")]
    counts, number, waiting = {}, 0, []
    with connect(place, options) as client:

        def send():
            for partition, offset in client.produce(options.topic, waiting, options.compression):
                first, _ = counts.get(partition, (offset, None))
                counts[partition] = (first, offset)
            waiting.clear()

        for number, line in enumerate(sys.stdin.buffer, 1):
            waiting.append(parse_line(line.removesuffix(b"\n"), number, options, headers))
            if len(waiting) >= CHUNK:
                send()
        send()
    for partition, (first, last) in sorted(counts.items()):
        print(f"topic={options.topic} partition={partition} first={first} last={last}")
    print(f"produced={number}")


def show(record, as_json):
    if not as_json:
        return (record.value or b"") + b"\n"
    row = {"partition": record.partition, "offset": record.offset, "timestamp": record.timestamp}
    row |= {"key": to_json(record.key), "value": to_json(record.value)}
    row["headers"] = [[name, to_json(value)] for name, value in record.headers]
    return json.dumps(row).encode() + b"\n"


def consume(place, options):
    seen, deadline = 0, time.monotonic() + options.timeout
    with connect(place, options) as client:
        present = range(client.partitions(options.topic))
        if options.partition is not None and options.partition not in present:
            raise Problem(f"topic '{options.topic}' has no partition {options.partition}; it has {len(present)}")
        chosen = [options.partition] if options.partition is not None else present
        positions = {p: _first_position(client, options, p) for p in chosen}
        ends = {p: client.offset(options.topic, p, LATEST, options.committed) for p in chosen}
        endless = options.follow or options.count is not None
        while endless or any(positions[p] < ends[p] for p in chosen):
            records, positions = client.fetch(options.topic, positions, options.committed)
            if not endless:
                records = [record for record in records if record.offset < ends[record.partition]]
            if options.count is not None:
                records = records[: options.count - seen]
            sys.stdout.buffer.write(b"".join(show(record, options.json) for record in records))
            sys.stdout.buffer.flush()
            seen += len(records)
            if options.count is not None and seen >= options.count:
                break
            if not options.follow and time.monotonic() > deadline:
                raise Problem(
                    f"{seen} of {options.count or 'all'} records came within {options.timeout:g} s; "
                    "--timeout waits longer"
                )


def _first_position(client, options, partition):
    if options.start in ("earliest", "latest"):
        return client.offset(options.topic, partition, EARLIEST if options.start == "earliest" else LATEST)
    if not options.start.isdigit():
        raise Problem(f"--from {options.start}: write earliest, latest or an offset")
    return int(options.start)


# --- options ---------------------------------------------------------------------------------------------------------


def _common(parser, client=True):
    parser.add_argument("--dir", help=f"folder of the broker, one for each; now {default_folder()}")
    if client:
        parser.add_argument("--user", default=settings.USER)
        parser.add_argument("--password", default=settings.PASSWORD)
        parser.add_argument("--mechanism", choices=settings.MECHANISMS, default="PLAIN")
        parser.add_argument("--ca", choices=("ca", "other-ca"), default="ca", help="whom to trust")
        parser.add_argument("--client-certificate", choices=(*certificates.KINDS, "none"), default="good")


def _start_options(commands):
    parser = commands.add_parser(
        "start", help="starts a broker, or goes on with one that was killed; waits until it answers"
    )
    parser.add_argument("mode", nargs="?", choices=tuple(settings.PROTOCOLS))
    parser.add_argument("--port", type=int, help="of the clients; a free one when not given")
    parser.add_argument("--timeout", type=float, default=60, help="seconds until it must answer")
    parser.add_argument(
        "--optimise", action="store_true", help="the compiler for long runs: starts slower, then is faster"
    )
    parser.add_argument("--certificate", choices=certificates.KINDS, default="good", help="that the broker shows")
    _common(parser, client=False)


def _topic_options(commands):
    actions = commands.add_parser(
        "topics", help="lists, creates, deletes topics; adds partitions; shows and moves offsets"
    )
    actions = actions.add_subparsers(dest="action", required=True)
    words = {"list": "all", "create": "one", "delete": "one", "partitions": "adds some", "offsets": "first and end",
             "trim": "deletes old records"}  # fmt: skip
    parsers = {name: actions.add_parser(name, help=word) for name, word in words.items()}
    for name, parser in parsers.items():
        if name != "list":
            parser.add_argument("topic")
        _common(parser)
    parsers["create"].add_argument("--partitions", type=int, default=1)
    parsers["create"].add_argument("--config", action="append", default=[], metavar="NAME=VALUE")
    parsers["partitions"].add_argument("partitions", type=int, help="how many there are to be in all")
    parsers["trim"].add_argument("--partition", type=int, default=0)
    parsers["trim"].add_argument("--before", type=int, required=True, help="the first offset that stays")


def _record_options(commands):
    parser = commands.add_parser("produce", help="sends each line of standard input as a record")
    parser.add_argument("topic")
    parser.add_argument("--json", action="store_true", help="a line is an object as `consume --json` prints it")
    parser.add_argument("--key")
    parser.add_argument("--key-separator", metavar="TEXT", help="stands between key and value")
    parser.add_argument("--header", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--partition", type=int)
    parser.add_argument("--timestamp", type=int, metavar="MILLISECONDS")
    parser.add_argument("--compression", choices=("none", "gzip"), default="none")
    _common(parser)
    parser = commands.add_parser("consume", help="prints records, one a line, up to the end of the topic as it was")
    parser.add_argument("topic")
    parser.add_argument("--json", action="store_true", help="with partition, offset, timestamp, key and headers")
    parser.add_argument("--from", dest="start", default="earliest", metavar="earliest|latest|OFFSET")
    parser.add_argument("--partition", type=int)
    parser.add_argument("--committed", action="store_true", help="not what belongs to open or aborted transactions")
    parser.add_argument("--count", type=int, help="waits for so many, up to --timeout")
    parser.add_argument("--timeout", type=float, default=10, help="seconds")
    parser.add_argument("--follow", action="store_true", help="goes on until it is interrupted")
    _common(parser)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/kafka", description="A real Kafka broker on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="fetches what the broker needs; `start` does it too")
    client = commands.add_parser("client", help="fetches a newer client library, and prints the folder that it is in")
    client.add_argument("version", choices=tuple(newer_client.WHEELS))
    _start_options(commands)
    for name, word in (("status", "prints what `start` printed"), ("kill9", "kills the broker, keeps its data")):
        _common(commands.add_parser(name, help=word), client=False)
    stop = commands.add_parser("stop", help="stops the broker and removes its data")
    stop.add_argument("--keep", action="store_true", help="keeps the data; `start` goes on with it")
    _common(stop, client=False)
    _topic_options(commands)
    _record_options(commands)
    return parser.parse_args(arguments)


ACTIONS = {
    "start": start,
    "status": status,
    "stop": lambda place, options: broker.stop(place, options.keep),
    "kill9": lambda place, _: broker.kill9(place),
    "topics": topics,
    "produce": produce,
    "consume": consume,
}


def main(arguments=None):
    options = parse(arguments)
    try:
        if options.command == "prepare":
            broker.prepare()
        elif options.command == "client":
            print(newer_client.folder(options.version))
        else:
            ACTIONS[options.command](Place(options.dir), options)
    except Problem as problem:
        print(f"tools/kafka: {problem}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    return 0
