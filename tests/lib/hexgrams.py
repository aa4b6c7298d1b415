# SPDX-License-Identifier: Apache-2.0
"""Datagrams written as hex text, for golden cases and as seeds for the fuzz targets.

    # a comment
    @ 192.0.2.1:50000 1700000000      a datagram begins: sender, port, time of receipt
    0009 0001  0007a120               hex in any grouping   # and comments

write_pcap() wraps them into UDP, IPv4 and Ethernet, as a capture of exporter traffic has them.
"""

import ipaddress
import struct
from dataclasses import dataclass

COLLECTOR = "198.51.100.1"


@dataclass
class Datagram:
    sender: str
    port: int
    time: float
    data: bytes = b""


def read(path):
    """The datagrams of one .hex file."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.split("#")[0].strip()
        if text.startswith("@"):
            where, time = text[1:].split()
            sender, port = where.rsplit(":", 1)
            found.append(Datagram(sender, int(port), float(time)))
        elif text:
            try:
                found[-1].data += bytes.fromhex(text)
            except (ValueError, IndexError) as wrong:
                raise ValueError(f"{path}:{number}: not hex below an @ line: {wrong}") from wrong
    return found


def _frame(datagram, port):
    payload = datagram.data
    udp = struct.pack(">HHHH", datagram.port, port, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                     ipaddress.IPv4Address(datagram.sender).packed,
                     ipaddress.IPv4Address(COLLECTOR).packed)
    return bytes.fromhex("020000000002020000000001") + b"\x08\x00" + ip + udp


def write_pcap(path, datagrams, port):
    """A capture file of the datagrams, sent to `port` of the collector."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for datagram in datagrams:
        frame = _frame(datagram, port)
        micros = round(datagram.time * 1000000)
        out += struct.pack("<IIII", micros // 1000000, micros % 1000000, len(frame), len(frame))
        out += frame
    path.write_bytes(out)
