# SPDX-License-Identifier: Apache-2.0
"""Makes NetFlow v9 datagrams (RFC 3954) of one template, for captures that tests replay.

    router = netflow.Router("192.0.2.1", boot=1700000000)
    datagrams = router.export(1700000100, [netflow.Flow(dst="198.51.100.7", packets=5, ...)])
    hexgrams.write_pcap(path, sorted(datagrams, key=lambda d: d.time), 2055)
"""

import ipaddress
import struct
from dataclasses import dataclass

import hexgrams

TEMPLATE = 256
# Element and length: addresses, ports, protocol, flags, octets, packets, first, last, sampling.
FIELDS = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (1, 8), (2, 8), (22, 4), (21, 4), (34, 4))
RECORD = ">4s4sHHBBQQIII"
RECORDS = 25


@dataclass
class Flow:
    """One flow; times are of its first and last packet, in seconds."""
    start: float
    end: float
    packets: int
    bytes: int
    src: str = "203.0.113.9"
    dst: str = "198.51.100.7"
    sport: int = 4000
    dport: int = 9
    proto: int = 17


class Router:
    """An exporter with its own uptime and sequence."""

    def __init__(self, address, boot):
        self.address, self.boot, self.sequence = address, boot, 0

    def _uptime(self, time):
        return round((time - self.boot) * 1000)

    def _record(self, flow):
        return struct.pack(RECORD, ipaddress.IPv4Address(flow.src).packed,
                           ipaddress.IPv4Address(flow.dst).packed, flow.sport, flow.dport, flow.proto,
                           0, flow.bytes, flow.packets, self._uptime(flow.start),
                           self._uptime(flow.end), 1)

    def _datagram(self, time, count, sets):
        header = struct.pack(">HHIIII", 9, count, self._uptime(time), int(time), self.sequence, 0)
        self.sequence += 1
        return hexgrams.Datagram(self.address, 40000, time, header + sets)

    def export(self, time, flows):
        """The datagrams that report these flows at that time, each with the template."""
        fields = b"".join(struct.pack(">HH", *field) for field in FIELDS)
        template = struct.pack(">HHHH", 0, 8 + len(fields), TEMPLATE, len(FIELDS)) + fields
        found = []
        for at in range(0, len(flows), RECORDS):
            records = b"".join(self._record(flow) for flow in flows[at:at + RECORDS])
            records += bytes(-len(records) % 4)
            data = struct.pack(">HH", TEMPLATE, 4 + len(records)) + records
            found.append(self._datagram(time, 1 + len(flows[at:at + RECORDS]), template + data))
        return found
