# SPDX-License-Identifier: Apache-2.0
"""Exporters of made-up traffic in four protocols, to be played to Weir on loopback or in captures.

    exporter = exports.make("netflow9", rate=1000)
    payload = exporter.datagram(time)       # the next one; counts its own sequence numbers

Each datagram has ten flows of 10 packets from 203.0.113.0/24 to hosts of 198.51.100.0/24.
"""

import struct

FLOWS = 10
PACKETS, BYTES = 10, 1000


class Exporter:
    """What all protocols share: time since boot, sequence numbers, the flows."""
    port = 2055

    def __init__(self, rate=1000, boot=None, sequence=0):
        self.rate, self.boot, self.sequence, self.sent = rate, boot, sequence, 0

    def uptime_ms(self, at):
        if self.boot is None:
            self.boot = int(at) - 3600
        return int((at - self.boot) * 1000) & 0xffffffff

    def flows(self):
        first = self.sent * FLOWS
        self.sent += 1
        return [(bytes([203, 0, 113, (first + i) % 250 + 1]), bytes([198, 51, 100, (first + i) % 199 + 1]),
                 1024 + (first + i) % 60000) for i in range(FLOWS)]


class NetFlow5(Exporter):
    """Its sequence counts flows; the rate is in the header, 14 bits: larger ones cannot be said."""

    def datagram(self, at):
        up = self.uptime_ms(at)
        body = b"".join(struct.pack("!4s4s4sHHIIIIHHBBBBHHBBH", src, dst, bytes(4), 1, 2, PACKETS, BYTES,
                                    up - 500, up, port, 443, 0, 0x18, 6, 0, 0, 0, 24, 24, 0)
                        for src, dst, port in self.flows())
        head = struct.pack("!HHIIIIBBH", 5, FLOWS, up, int(at), int(at % 1 * 1e9),
                           self.sequence & 0xffffffff, 0, 0, 0x4000 | (self.rate & 0x3fff))
        self.sequence += FLOWS
        return head + body


def fields(first, last):
    return [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (2, 4), (1, 4), first, last]


class Templated(Exporter):
    """NetFlow v9 and IPFIX: a template and the sampling rate with every 20th datagram."""

    def data(self, times):
        return b"".join(struct.pack("!4s4sHHBBII", src, dst, port, 443, 6, 0x18, PACKETS, BYTES) + times
                        for src, dst, port in self.flows())

    @staticmethod
    def padded(number, body):
        body += bytes(-len(body) % 4)
        return struct.pack("!HH", number, 4 + len(body)) + body


class NetFlow9(Templated):
    """Its sequence counts datagrams."""

    def datagram(self, at):
        up = self.uptime_ms(at)
        sets, count = b"", FLOWS
        if self.sent % 20 == 0:
            layout = fields((22, 4), (21, 4))
            template = struct.pack("!HH", 256, len(layout)) + b"".join(struct.pack("!HH", *f) for f in layout)
            options = struct.pack("!HHHHHHHHH", 257, 4, 8, 1, 4, 34, 4, 35, 1)
            sets = self.padded(0, template) + self.padded(1, options)
            sets += self.padded(257, struct.pack("!IIB", 1, self.rate, 2))
            count += 3
        sets += self.padded(256, self.data(struct.pack("!II", up - 500, up)))
        head = struct.pack("!HHIIII", 9, count, up, int(at), self.sequence & 0xffffffff, 7)
        self.sequence += 1
        return head + sets


class Ipfix(Templated):
    """Its sequence counts data records, options among them."""
    port = 4739

    def datagram(self, at):
        sets, records = b"", FLOWS
        if self.sent % 20 == 0:
            layout = fields((152, 8), (153, 8))
            template = struct.pack("!HH", 256, len(layout)) + b"".join(struct.pack("!HH", *f) for f in layout)
            options = struct.pack("!HHH", 257, 2, 1) + struct.pack("!HHHH", 149, 4, 34, 4)
            sets = self.padded(2, template) + self.padded(3, options)
            sets += self.padded(257, struct.pack("!II", 7, self.rate))
            records += 1
        ms = int(at * 1000)
        sets += self.padded(256, self.data(struct.pack("!QQ", ms - 500, ms)))
        head = struct.pack("!HHIII", 10, 16 + len(sets), int(at), self.sequence & 0xffffffff, 7)
        self.sequence += records
        return head + sets


class SFlow5(Exporter):
    """Datagrams have a sequence, and so have the samples of each data source."""
    port = 6343

    def __init__(self, **more):
        super().__init__(**more)
        self.samples = self.pool = 0
        self.true_rate = self.rate

    def sample(self, src, dst, port):
        self.samples += 1
        self.pool += self.true_rate
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 100, 0, 0, 64, 6, 0, src, dst)
        tcp = struct.pack("!HHIIBBHHH", port, 443, 1, 1, 0x50, 0x18, 1000, 0, 0)
        frame = bytes(12) + b"\x08\x00" + ip + tcp
        header = struct.pack("!IIII", 1, 114 + 4, 4, len(frame)) + frame + bytes(-len(frame) % 4)
        record = struct.pack("!II", 1, len(header)) + header
        body = struct.pack("!IIIIIIII", self.samples, 3, self.rate, self.pool & 0xffffffff, 0, 3, 4,
                           1) + record
        return struct.pack("!II", 1, len(body)) + body

    def datagram(self, at):
        up = self.uptime_ms(at)
        body = b"".join(self.sample(*flow) for flow in self.flows())
        self.sequence += 1
        return struct.pack("!II4sIIII", 5, 1, bytes([192, 0, 2, 9]), 0, self.sequence, up, FLOWS) + body


KINDS = {"netflow5": NetFlow5, "netflow9": NetFlow9, "ipfix": Ipfix, "sflow5": SFlow5}


def make(protocol, **more):
    """An exporter by the name that Weir gives its protocol."""
    return KINDS[protocol](**more)
