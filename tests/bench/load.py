# SPDX-License-Identifier: Apache-2.0
"""Telemetry in bulk for measuring: the same records in four protocols.

Makes export datagrams in memory, about 1,400 bytes each, towards 65,536 own
hosts. It only makes bytes; who sends them decides where to (loopback).
"""
import random
import socket
import struct

HOSTS = 65536
OWN = struct.unpack("!I", socket.inet_aton("10.8.0.0"))[0]
START = 1790000000
TEMPLATE = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (1, 4), (2, 4), (22, 4), (21, 4),
            (10, 2), (14, 2), (5, 1)]
RECORDS = {"netflow5": 29, "netflow9": 37, "ipfix": 37, "sflow5": 7}


def endpoints(rng, count):
    """(source, destination, sport, dport, length) of so many records; every host has its turn."""
    order = list(range(HOSTS))
    rng.shuffle(order)
    for i in range(count):
        yield (rng.getrandbits(30) | 0xC0000000, OWN + order[i % HOSTS], rng.randint(1024, 65535),
               rng.choice((53, 80, 443, 443)), rng.choice((40, 52, 576, 1500)))


def netflow5(records, sequence):
    head = struct.pack("!HHIIIIBBH", 5, len(records), 60000, START, 0, sequence, 0, 1, 0x4000 | 1000)
    return head + b"".join(struct.pack("!IIIHHIIIIHHBBBBHHBBH", s, d, 0, 1, 2, 1, n, 59000, 59500,
                                       sp, dp, 0, 16, 6, 0, 1, 2, 24, 24, 0)
                           for s, d, sp, dp, n in records)


def flowset_records(records):
    data = b"".join(struct.pack("!IIHHBBIIIIHHB", s, d, sp, dp, 6, 16, n, 1, 59000, 59500, 1, 2, 0)
                    for s, d, sp, dp, n in records)
    return struct.pack("!HH", 256, 4 + len(data)) + data


def template_set(set_id):
    body = struct.pack("!HH", 256, len(TEMPLATE)) + b"".join(struct.pack("!HH", *f) for f in TEMPLATE)
    return struct.pack("!HH", set_id, 4 + len(body)) + body


def netflow9(records, sequence):
    body = template_set(0) if sequence % 100 == 0 else b""
    count = len(records) + (1 if body else 0)
    body += flowset_records(records)
    return struct.pack("!HHIIII", 9, count, 60000, START, sequence, 1) + body


def ipfix(records, sequence):
    body = template_set(2) if sequence % (100 * len(records)) == 0 else b""
    body += flowset_records(records)
    return struct.pack("!HHIII", 10, 16 + len(body), START, sequence, 1) + body


def sflow5(records, sequence):
    samples = b""
    for i, (s, d, sp, dp, n) in enumerate(records):
        raw = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + struct.pack("!BBHHHBBHII", 0x45, 0, n, 1, 0, 60, 6,
                                                               0, s, d)
        raw += struct.pack("!HHIIBBHHH", sp, dp, 1, 1, 0x50, 16, 65535, 0, 0)
        raw += b"\0" * (128 - len(raw))
        number = sequence * len(records) + i + 1
        body = struct.pack("!IIIIIIII", number, 1, 1000, number * 1000, 0, 1, 2, 1)
        body += struct.pack("!IIIIII", 1, 16 + len(raw), 1, n + 18, 4, len(raw)) + raw
        samples += struct.pack("!II", 1, len(body)) + body
    head = struct.pack("!II4sIIII", 5, 1, socket.inet_aton("192.0.2.1"), 0, sequence + 1, 60000,
                       len(records))
    return head + samples


MAKERS = {"netflow5": netflow5, "netflow9": netflow9, "ipfix": ipfix, "sflow5": sflow5}
PORTS = {"netflow5": 2055, "netflow9": 2055, "ipfix": 4739, "sflow5": 6343}


def datagrams(protocol, records, seed=1):
    """At least so many records in datagrams: a list of payloads."""
    rng = random.Random(seed)
    each = RECORDS[protocol]
    step = each if protocol in ("netflow5", "ipfix") else 1
    points = endpoints(rng, records + each)
    out = []
    while len(out) * each < records:
        batch = [next(points) for _ in range(each)]
        out.append(MAKERS[protocol](batch, len(out) * step))
    return out


def write_capture(path, protocol, payloads):
    """The datagrams as a capture of raw IP packets, 100 microseconds apart."""
    src, dst = socket.inet_aton("127.0.0.2"), socket.inet_aton("127.0.0.1")
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for i, payload in enumerate(payloads):
            total = 28 + len(payload)
            head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 1, 0, 64, 17, 0, src, dst)
            head += struct.pack("!HHHH", 40000, PORTS[protocol], 8 + len(payload), 0)
            file.write(struct.pack("<IIII", START + i // 10000, i % 10000 * 100, total, total))
            file.write(head + payload)
