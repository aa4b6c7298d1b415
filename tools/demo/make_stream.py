#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the demo's recording: a capture of what two routers would export while
one own host is attacked and another attacks.

Telemetry about traffic, never traffic: NetFlow v9 from edge1 and sFlow v5 from
edge2, both sampling 1 in 1000, for half a minute. The same seed gives the same
bytes (a test compares them with the committed file).

Use: make_stream.py FILE
"""
import random
import socket
import struct
import sys

START = 1790000000.0  # 2026-09-21, a Monday
SECONDS = 30
SAMPLING = 1000
EDGE1, EDGE2, COLLECTOR = "127.0.0.2", "127.0.0.3", "127.0.0.1"
VICTIM, OFFENDER, OUTSIDE_TARGET = "198.51.100.80", "203.0.113.66", "192.0.2.200"
INBOUND = (8.0, 24.0, 120)   # from, to, samples a second: 120 kpps of NTP answers
OUTBOUND = (10.0, 26.0, 60)  # 60 kpps of connection requests


def ip(text):
    return socket.inet_aton(text)


def ip_header(src, dst, proto, length, ttl):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 1, 0, ttl, proto, 0, ip(src), ip(dst))


def udp_packet(src, dst, sport, dport, length, ttl=60):
    return ip_header(src, dst, 17, length, ttl) + struct.pack("!HHHH", sport, dport, length - 20, 0)


def tcp_packet(src, dst, sport, dport, flags, length, ttl=60):
    tcp = struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 65535, 0, 0)
    return ip_header(src, dst, 6, length, ttl) + tcp


class Sampled:
    """One sampled packet: who, what, how long on the wire."""

    def __init__(self, src, dst, proto, sport, dport, flags, length):
        self.src, self.dst, self.proto = src, dst, proto
        self.sport, self.dport, self.flags, self.length = sport, dport, flags, length

    def header(self):
        if self.proto == 17:
            return udp_packet(self.src, self.dst, self.sport, self.dport, self.length)
        return tcp_packet(self.src, self.dst, self.sport, self.dport, self.flags, self.length)


def everyday(rng):
    """People using the web and asking names."""
    own = rng.choice(["198.51.100.%d", "203.0.113.%d"]) % rng.randint(1, 60)
    peer = "192.0.2.%d" % rng.randint(1, 120)
    client = rng.randint(1024, 65535)
    if rng.random() < 0.1:
        return Sampled(peer, own, 17, client, 53, 0, rng.randint(60, 90))
    if rng.random() < 0.5:
        return Sampled(peer, own, 6, client, 443, 0x10, rng.choice([40, 52, 52, 600]))
    return Sampled(own, peer, 6, 443, client, 0x18, rng.choice([1500, 1500, 1500, 400]))


def ntp_answer(rng):
    reflector = "100.64.%d.%d" % (rng.randint(0, 3), rng.randint(1, 250))
    return Sampled(reflector, VICTIM, 17, 123, rng.randint(1024, 65535), 0, 468)


def connection_request(rng):
    return Sampled(OFFENDER, OUTSIDE_TARGET, 6, rng.randint(1024, 65535), 443, 0x02, 40)


def sflow_sample(sequence, pool, packet):
    raw = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + packet.header()
    padded = raw + b"\0" * (-len(raw) % 4)
    record = struct.pack("!IIII", 1, packet.length + 14 + 4, 4, len(raw)) + padded
    body = struct.pack("!IIIIIIII", sequence, 1, SAMPLING, pool, 0, 1, 2, 1)
    body += struct.pack("!II", 1, len(record)) + record
    return struct.pack("!II", 1, len(body)) + body


class Edge2:
    """An sFlow agent: sends when 7 samples are together, or after a second."""

    def __init__(self):
        self.sequence = self.samples = 0
        self.waiting = []
        self.since = None

    def add(self, when, packet):
        self.samples += 1
        self.since = self.since if self.waiting else when
        self.waiting.append(sflow_sample(self.samples, self.samples * SAMPLING, packet))

    def datagram(self, when):
        if not self.waiting or (len(self.waiting) < 7 and when - self.since < 1.0):
            return None
        self.sequence += 1
        head = struct.pack("!II4sIIII", 5, 1, ip(EDGE2), 0, self.sequence,
                           int((when - START) * 1000) + 60000, len(self.waiting))
        out, self.waiting = head + b"".join(self.waiting), []
        return out


TEMPLATE = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (1, 4), (2, 4), (22, 4), (21, 4),
            (10, 2), (14, 2)]


class Edge1:
    """A NetFlow v9 exporter: sampled one-packet flows, template and options each 10 s."""

    def __init__(self):
        self.sequence = 0
        self.records = []
        self.since = None
        self.templates_at = -100.0

    def add(self, when, packet):
        up = int((when - START) * 1000) + 60000
        self.since = self.since if self.records else when
        self.records.append(ip(packet.src) + ip(packet.dst) + struct.pack(
            "!HHBBIIIIHH", packet.sport, packet.dport, packet.proto, packet.flags, packet.length, 1,
            up - 40, up - 40, 1, 2))

    def templates(self):
        fields = b"".join(struct.pack("!HH", *f) for f in TEMPLATE)
        body = struct.pack("!HH", 256, len(TEMPLATE)) + fields
        flowset = struct.pack("!HH", 0, 4 + len(body)) + body
        options = struct.pack("!HHHHHHHHH", 257, 4, 8, 1, 4, 34, 4, 35, 1)
        options += b"\0" * (-(len(options) + 4) % 4)
        flowset += struct.pack("!HH", 1, 4 + len(options)) + options
        data = struct.pack("!IIB", 0, SAMPLING, 2)
        data += b"\0" * (-(len(data) + 4) % 4)
        return flowset + struct.pack("!HH", 257, 4 + len(data)) + data, 3

    def datagram(self, when):
        if not self.records or (len(self.records) < 24 and when - self.since < 1.0):
            return None
        body, count = b"", 0
        if when - self.templates_at >= 10:
            body, count = self.templates()
            self.templates_at = when
        data = b"".join(self.records)
        data += b"\0" * (-(len(data) + 4) % 4)
        body += struct.pack("!HH", 256, 4 + len(data)) + data
        count += len(self.records)
        self.records = []
        up = int((when - START) * 1000) + 60000
        head = struct.pack("!HHIIII", 9, count, up, int(when), self.sequence, 1)
        self.sequence += 1
        return head + body


def moments(rng):
    """All samples of the half minute in order of time: (when, router, packet)."""
    out = []
    for second in range(SECONDS):
        for _ in range(90):
            out.append((second + rng.random(), rng.choice([1, 2]), everyday(rng)))
    for (first, last, rate), router, make in ((INBOUND, 2, ntp_answer),
                                              (OUTBOUND, 1, connection_request)):
        for _ in range(int((last - first) * rate)):
            out.append((rng.uniform(first, last), router, make(rng)))
    return sorted(out, key=lambda m: m[0])


def frame(src, dport, payload):
    udp = struct.pack("!HHHH", 40000, dport, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, ip(src),
                       ip(COLLECTOR))
    return head + udp


def write_packet(file, when, packet):
    micros = round(when * 1e6)
    file.write(struct.pack("<IIII", micros // 1000000, micros % 1000000, len(packet), len(packet)))
    file.write(packet)


def main(path):
    rng = random.Random(2014)
    routers = {1: (Edge1(), EDGE1, 2055), 2: (Edge2(), EDGE2, 6343)}
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))  # raw IP
        for offset, number, packet in moments(rng):
            router, address, port = routers[number]
            router.add(START + offset, packet)
            payload = router.datagram(START + offset)
            if payload:
                write_packet(file, START + offset, frame(address, port, payload))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
