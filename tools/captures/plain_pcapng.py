#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Take out of a pcapng file what it tells of its machine: processor, system, program.

    tools/captures/plain_pcapng.py FILE

Blocks (type, length, body, length again) are copied as they are, but in the section header and in
interface descriptions only the options of KEEP stay: name, filter, address and time units."""

import pathlib
import struct
import sys

SECTION, INTERFACE = 0x0A0D0D0A, 1
FIXED_BYTES = {SECTION: 16, INTERFACE: 8}
KEEP = {SECTION: (), INTERFACE: (2, 4, 5, 6, 8, 9, 11, 13, 14)}
LITTLE = bytes.fromhex("4d3c2b1a")


def plain(data):
    """The same capture without those options."""
    out, at, order = b"", 0, "<"
    while at < len(data):
        if data[at:at + 4] == struct.pack(">I", SECTION):  # reads the same in both orders
            order = "<" if data[at + 8:at + 12] == LITTLE else ">"
        kind, length = struct.unpack_from(order + "II", data, at)
        body = data[at + 8:at + length - 4]
        if kind in KEEP:
            fixed = FIXED_BYTES[kind]
            body = body[:fixed] + options(body[fixed:], order, KEEP[kind])
        size = struct.pack(order + "I", len(body) + 12)
        out += data[at:at + 4] + size + body + size
        at += length
    return out


def options(data, order, keep):
    """Those of a block's options that stay, with the end mark if any do."""
    out, at = b"", 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            break
        end = at + 4 + (length + 3) // 4 * 4
        out += data[at:end] if code in keep else b""
        at = end
    return out + bytes(4) if out else b""


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    path = pathlib.Path(sys.argv[1])
    path.write_bytes(plain(path.read_bytes()))
