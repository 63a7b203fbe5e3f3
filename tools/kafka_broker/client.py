"""A small client for one broker: topics, records in and out. It shares no code with librdkafka: a witness."""

import struct
import time
import zlib

from .problem import Problem
from .records import decode, encode
from .wire import Connection, Writer

PRODUCE, FETCH, LIST_OFFSETS, METADATA = 0, 1, 2, 3
CREATE_TOPICS, DELETE_TOPICS, DELETE_RECORDS, CREATE_PARTITIONS = 19, 20, 21, 37
CREATE_ACLS, DELETE_ACLS = 30, 31
RESOURCES = {"topic": 2, "transactional_id": 5}
OPERATIONS = {"write": 4, "describe": 8}
LITERAL, DENY, EVERYBODY = 3, 2, "User:*"
TIMEOUT_MS = 10_000
LATEST, EARLIEST = -1, -2
BATCH_BYTES = 500_000
NAMES = {
    1: "the offset is out of range", 2: "the record is corrupt", 3: "there is no such topic or partition",
    5: "the partition has no leader", 6: "the partition has no leader", 7: "the broker did not answer in time",
    10: "the record is too large for the topic", 17: "the name is not a valid topic name",
    29: "not authorized", 36: "the topic exists already", 37: "the number of partitions is not possible",
    40: "the configuration is not possible", 87: "the broker calls the record invalid",
}  # fmt: skip


def check(code, what, message=None):
    if code != 0:
        raise Problem(f"{what}: {message or NAMES.get(code) or 'the broker answers with an error'} (error {code})")


class Client:
    def __init__(self, host, port, secrets=None, timeout=10):
        self.connection = Connection(host, port, secrets, timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    # --- topics ------------------------------------------------------------------------------------------------------

    def topics(self):
        """Name -> leader of each partition, -1 for none."""
        answer = self.connection.call(METADATA, 1, Writer().put("i", -1).data())
        answer.array(lambda: (answer.get("i"), answer.string(), answer.get("i"), answer.string()))
        answer.get("i")

        def partition():
            _, index, leader = answer.get("hii")
            answer.array(lambda: answer.get("i"))
            answer.array(lambda: answer.get("i"))
            return index, leader

        def topic():
            answer.get("h")
            name = answer.string()
            answer.get("b")
            return name, [leader for _, leader in sorted(answer.array(partition))]

        return dict(answer.array(topic))

    def partitions(self, topic):
        known = self.topics()
        if topic not in known:
            raise Problem(
                f"there is no topic '{topic}'; there are: {', '.join(sorted(known)) or 'none'}. "
                f"Create it: tools/kafka topics create {topic}"
            )
        return len(known[topic])

    def create_topic(self, topic, partitions, settings=()):
        request = Writer().put("i", 1).string(topic).put("ihi", partitions, 1, 0)
        request.array(list(settings), lambda pair: request.string(pair[0]).string(pair[1]))
        answer = self.connection.call(CREATE_TOPICS, 2, request.put("ib", TIMEOUT_MS, 0).data())
        answer.get("ii")
        answer.string()
        check(answer.get("h"), f"topic '{topic}' was not created", answer.string())
        self._wait(f"topic '{topic}' to have leaders", lambda: self._led(topic) >= partitions)

    def add_partitions(self, topic, partitions):
        request = Writer().put("i", 1).string(topic).put("iiib", partitions, -1, TIMEOUT_MS, 0)
        answer = self.connection.call(CREATE_PARTITIONS, 0, request.data())
        answer.get("ii")
        answer.string()
        check(answer.get("h"), f"topic '{topic}' got no partitions", answer.string())
        self._wait(f"topic '{topic}' to have leaders", lambda: self._led(topic) >= partitions)

    def delete_topic(self, topic):
        request = Writer().put("i", 1).string(topic).put("i", TIMEOUT_MS)
        answer = self.connection.call(DELETE_TOPICS, 1, request.data())
        answer.get("ii")
        answer.string()
        check(answer.get("h"), f"topic '{topic}' was not deleted")
        self._wait(f"topic '{topic}' to be gone", lambda: topic not in self.topics())

    def delete_records(self, topic, partition, before):
        """What is older than offset `before` goes; the new first offset is the answer."""
        request = Writer().put("i", 1).string(topic).put("iiqi", 1, partition, before, TIMEOUT_MS)
        answer = self.connection.call(DELETE_RECORDS, 0, request.data())
        answer.get("ii")
        answer.string()
        _, _, first, code = answer.get("iiqh")
        check(code, f"no records were deleted from '{topic}' partition {partition}")
        return first

    # --- rights ------------------------------------------------------------------------------------------------------

    def deny(self, resource, name, operation):
        """To everybody; what nobody has denied is allowed."""
        request = Writer().put("ib", 1, RESOURCES[resource]).string(name).put("b", LITERAL)
        request.string(EVERYBODY).string("*").put("bb", OPERATIONS[operation], DENY)
        answer = self.connection.call(CREATE_ACLS, 1, request.data())
        answer.get("ii")
        check(answer.get("h"), f"{operation} of {resource} '{name}' is not denied", answer.string())

    def deny_no_more(self, resource, name, operation):
        request = Writer().put("ib", 1, RESOURCES[resource]).string(name).put("b", LITERAL)
        request.string(EVERYBODY).string("*").put("bb", OPERATIONS[operation], DENY)
        answer = self.connection.call(DELETE_ACLS, 1, request.data())
        answer.get("ii")
        check(answer.get("h"), f"{operation} of {resource} '{name}' stays denied", answer.string())

    def _led(self, topic):
        return sum(leader >= 0 for leader in self.topics().get(topic, ()))

    @staticmethod
    def _wait(what, condition):
        deadline = time.monotonic() + TIMEOUT_MS / 1000
        while not condition():
            if time.monotonic() > deadline:
                raise Problem(f"waited {TIMEOUT_MS // 1000} s for {what}")
            time.sleep(0.01)

    def offset(self, topic, partition, when=LATEST, committed=False):
        """`when`: LATEST, EARLIEST or a time in milliseconds; -1 when nothing is that late."""
        request = Writer().put("ibi", -1, int(committed), 1).string(topic).put("iiq", 1, partition, when)
        answer = self.connection.call(LIST_OFFSETS, 2, request.data())
        answer.get("ii")
        answer.string()
        _, _, code, _, offset = answer.get("iihqq")
        check(code, f"no offset of '{topic}' partition {partition}")
        return offset

    # --- records in --------------------------------------------------------------------------------------------------

    def produce(self, topic, records, compression="none"):
        """(partition, offset) of each record in its order; all are acknowledged on return."""
        count, places = self.partitions(topic), [None] * len(records)
        by_partition = {}
        for position, record in enumerate(records):
            by_partition.setdefault(choose_partition(record, position, count), []).append(position)
        for partition, positions in by_partition.items():
            for chunk in _chunks(positions, records):
                first = self._produce_batch(topic, partition, encode([records[i] for i in chunk], compression))
                for step, position in enumerate(chunk):
                    places[position] = (partition, first + step)
        return places

    def _produce_batch(self, topic, partition, batch):
        request = Writer().string(None).put("hii", -1, TIMEOUT_MS, 1).string(topic).put("ii", 1, partition).bytes(batch)
        answer = self.connection.call(PRODUCE, 3, request.data())
        answer.get("i")
        answer.string()
        _, _, code, first, _ = answer.get("iihqq")
        check(code, f"'{topic}' partition {partition} took no record")
        return first

    # --- records out -------------------------------------------------------------------------------------------------

    def fetch(self, topic, positions, committed=False, wait_ms=250):
        """One look: (records, next positions), from partition -> offset. Waits a moment when there is nothing."""
        request = Writer().put("iiiibi", -1, wait_ms, 1, 8 << 20, int(committed), 1).string(topic)
        request.array(sorted(positions.items()), lambda item: request.put("iqi", *item, 2 << 20))
        answer = self.connection.call(FETCH, 4, request.data())
        answer.get("ii")
        answer.string()
        found, after = [], dict(positions)

        def partition():
            index, code, _, _ = answer.get("ihqq")
            aborted = answer.array(lambda: answer.get("qq"))
            data = answer.bytes()
            check(code, f"'{topic}' partition {index} cannot be read at offset {positions[index]}")
            for batch in decode(data, index):
                after[index] = batch.last + 1
                found.extend(r for r in visible(batch, aborted, committed) if r.offset >= positions[index])

        answer.array(partition)
        return found, after


def visible(batch, aborted, committed):
    """Without control records and, for a reader of committed ones, without what an aborted transaction wrote."""
    if batch.control:
        version_and_kind = struct.unpack(">hh", batch.records[0].key[:4]) if batch.records else (0, 1)
        ended = [pair for pair in aborted if pair[0] == batch.producer and pair[1] <= batch.base]
        if committed and version_and_kind[1] == 0 and ended:
            aborted.remove(min(ended, key=lambda pair: pair[1]))
        return []
    if committed and batch.transactional and any(p == batch.producer and first <= batch.base for p, first in aborted):
        return []
    return batch.records


def choose_partition(record, position, count):
    """As librdkafka does for keys; records without a key take turns."""
    if record.partition is not None:
        if not 0 <= record.partition < count:
            raise Problem(f"partition {record.partition} of record {position} is not there; the topic has {count}")
        return record.partition
    return zlib.crc32(record.key) % count if record.key else position % count


def _chunks(positions, records):
    chunk, size = [], 0
    for position in positions:
        record = records[position]
        one = len(record.key or b"") + len(record.value or b"")
        if chunk and size + one > BATCH_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(position)
        size += one
    if chunk:
        yield chunk
