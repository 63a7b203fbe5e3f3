"""Batches of records, format 2, as they lie in the log. Reads uncompressed and gzip; writes the same."""

import struct
import time
import zlib
from typing import NamedTuple, Optional

from .problem import Problem

HEADER = struct.Struct(">qiibIhiqqqhii")
HEADER_AFTER_CRC = struct.Struct(">hiqqqhii")
COMPRESSIONS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
TRANSACTIONAL, CONTROL, LOG_APPEND_TIME = 0x10, 0x20, 0x08


class Record(NamedTuple):
    key: Optional[bytes]
    value: Optional[bytes]
    headers: list = []  # Of (name, bytes or None).
    timestamp: Optional[int] = None
    partition: Optional[int] = None
    offset: Optional[int] = None


class Batch(NamedTuple):
    base: int
    last: int
    producer: int
    transactional: bool
    control: bool
    records: list


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def crc32c(data):
    crc, table = 0xFFFFFFFF, _CRC_TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def varint(value):
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _counted(data):
    return varint(-1) if data is None else varint(len(data)) + data


def encode(records, compression="none"):
    now = time.time_ns() // 1_000_000
    times = [now if record.timestamp is None else record.timestamp for record in records]
    body = bytearray()
    for delta, (record, moment) in enumerate(zip(records, times)):
        one = b"\0" + varint(moment - times[0]) + varint(delta) + _counted(record.key) + _counted(record.value)
        one += varint(len(record.headers))
        one += b"".join(_counted(name.encode()) + _counted(value) for name, value in record.headers)
        body += _counted(one)
    attributes = COMPRESSIONS[compression]
    if attributes == 1:
        packer = zlib.compressobj(wbits=31)
        body = packer.compress(bytes(body)) + packer.flush()
    elif attributes:
        raise Problem(
            f"this tool does not write {compression}; create the topic with --config compression.type="
            f"{compression} and the broker does"
        )
    count = len(records)
    tail = HEADER_AFTER_CRC.pack(attributes, count - 1, times[0], max(times), -1, -1, -1, count) + bytes(body)
    return struct.pack(">qiibI", 0, len(tail) + 9, -1, 2, crc32c(tail)) + tail


class _Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def varint(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)

    def counted(self):
        length = self.varint()
        if length < 0:
            return None
        self.at += length
        return bytes(self.data[self.at - length : self.at])


def decode(data, partition):
    """The whole batches in `data`; the last may be cut off and is left out."""
    at = 0
    while at + HEADER.size <= len(data):
        fields = HEADER.unpack_from(data, at)
        base, length, _, magic, _, attributes, last, first_time, last_time, producer, _, _, count = fields
        end = at + 12 + length
        if end > len(data):
            return
        if magic != 2:
            raise Problem(
                f"partition {partition} has a batch of format {magic} at offset {base}; this tool reads 2 only"
            )
        body = _unpacked(data[at + HEADER.size : end], attributes & 7, partition, base)
        appended = last_time if attributes & LOG_APPEND_TIME else None
        records = list(_records(_Cursor(body), count, base, first_time, appended, partition))
        yield Batch(base, base + last, producer, bool(attributes & TRANSACTIONAL), bool(attributes & CONTROL), records)
        at = end


def _unpacked(body, compression, partition, base):
    if compression == 0:
        return body
    if compression == 1:
        return zlib.decompress(body, wbits=31)
    names = {number: name for name, number in COMPRESSIONS.items()}
    raise Problem(
        f"partition {partition} has a batch in {names.get(compression, compression)} at offset {base}; this tool "
        "reads gzip only. A topic created with --config compression.type=uncompressed has none"
    )


def _records(cursor, count, base, first_time, appended, partition):
    for _ in range(count):
        cursor.varint()
        cursor.at += 1
        moment, offset = first_time + cursor.varint(), base + cursor.varint()
        key, value = cursor.counted(), cursor.counted()
        headers = [(cursor.counted().decode(), cursor.counted()) for _ in range(cursor.varint())]
        yield Record(key, value, headers, moment if appended is None else appended, partition, offset)
