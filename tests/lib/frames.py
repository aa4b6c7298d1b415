# SPDX-License-Identifier: Apache-2.0
"""Reads pcap and pcapng files and finds the IP packets in them, by nothing but the standard library.

A second opinion for tests: it shares no code with the program, and it is meant to be read at one
sitting. Frames cut before the end of the IP header are no IP packets for it.
"""

import struct

ETHERNET, NULL, FDDI, PPP, RAW, LOOP, SLL, SLL2 = 1, 0, 10, 9, 101, 108, 113, 276
FRAME_RELAY, CISCO_HDLC, RAW4, RAW6, PPP_SERIAL = 107, 104, 228, 229, 50
RAW_OLD = (12, 14)

IPV4, IPV6 = 0x0800, 0x86dd
TAGS = (0x8100, 0x88a8, 0x9100, 0x9200)
MPLS = (0x8847, 0x8848)
PPPOE = 0x8864
SNAP = b"\xaa\xaa\x03\0\0\0"


class NoCapture(Exception):
    """The file is neither pcap nor pcapng, or it is cut within a header."""


def _pcap(raw, order):
    link = struct.unpack_from(order + "I", raw, 20)[0] & 0xffff
    at = 24
    while at + 16 <= len(raw):
        captured, _ = struct.unpack_from(order + "II", raw, at + 8)
        at += 16
        if at + captured > len(raw):
            return
        yield link, raw[at:at + captured]
        at += captured


def _pcapng(raw):
    order, links, at = "<", [], 0
    while at + 12 <= len(raw):
        kind = struct.unpack_from(order + "I", raw, at)[0]
        if kind == 0x0a0d0d0a:
            order = "<" if raw[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        length = struct.unpack_from(order + "I", raw, at + 4)[0]
        if length < 12 or at + length > len(raw):
            return
        if kind == 1:
            links.append(struct.unpack_from(order + "H", raw, at + 8)[0])
        elif kind == 6:
            interface = struct.unpack_from(order + "I", raw, at + 8)[0]
            captured = struct.unpack_from(order + "I", raw, at + 20)[0]
            yield links[interface], raw[at + 28:at + 28 + captured]
        elif kind == 3:
            yield links[0], raw[at + 12:at + length - 4]
        at += length


def frames(path):
    """(link type, captured bytes) of every frame; a cut file ends at its last whole frame."""
    raw = path.read_bytes()
    magic = raw[:4]
    for order in "<>":
        if magic in (struct.pack(order + "I", 0xa1b2c3d4), struct.pack(order + "I", 0xa1b23c4d)):
            return _pcap(raw, order)
    if magic == b"\x0a\x0d\x0d\x0a":
        return _pcapng(raw)
    raise NoCapture(path.name)


def _be16(data, at):
    return int.from_bytes(data[at:at + 2], "big") if at + 2 <= len(data) else -1


def _is_header(data, at):
    """Is there a whole IP header?"""
    if at >= len(data):
        return False
    if data[at] >> 4 == 4:
        return data[at] & 15 >= 5 and at + 20 <= len(data)
    return data[at] >> 4 == 6 and at + 40 <= len(data)


def _behind_type(data, kind, at):
    """Follow ethertypes to an IP header."""
    while kind in TAGS:
        kind, at = _be16(data, at + 2), at + 4
    if kind in (IPV4, IPV6):
        return _is_header(data, at)
    if kind in MPLS:
        while at + 4 <= len(data) and not data[at + 2] & 1:
            at += 4
        return _is_header(data, at + 4) or _behind_type(data, _be16(data, at + 16), at + 18) or \
            _behind_type(data, _be16(data, at + 20), at + 22)
    if kind == PPPOE:
        return _be16(data, at + 6) in (0x21, 0x57) and _is_header(data, at + 8)
    if 0 <= kind <= 1500 and data[at:at + 6] == SNAP:
        return _behind_type(data, _be16(data, at + 6), at + 8)
    return False


def _behind_ppp(data):
    at = 2 if data[:1] == b"\xff" else 0
    return _be16(data, at) in (0x21, 0x57) and _is_header(data, at + 2)


def _behind_relay(data):
    at = 1
    while at < len(data) and not data[at - 1] & 1:
        at += 1
    if data[at:at + 1] != b"\x03":
        return _behind_type(data, _be16(data, at), at + 2)
    at += 2 if data[at + 1:at + 2] == b"\0" else 1
    if data[at:at + 1] == b"\x80":
        return _behind_type(data, _be16(data, at + 4), at + 6)
    return data[at:at + 1] in (b"\xcc", b"\x8e") and _is_header(data, at + 1)


def is_ip(link, data):
    """Does the frame lead to an IP header?"""
    if link == ETHERNET:
        return _behind_type(data, _be16(data, 12), 14)
    if link in (RAW, RAW4, RAW6, *RAW_OLD):
        return _is_header(data, 0)
    if link in (NULL, LOOP):
        return _is_header(data, 4)
    if link == SLL:
        return _behind_type(data, _be16(data, 14), 16)
    if link == SLL2:
        return _behind_type(data, _be16(data, 0), 20)
    if link == FDDI:
        return _behind_type(data, 0, 13)
    if link == CISCO_HDLC:
        return _behind_type(data, _be16(data, 2), 4)
    if link == FRAME_RELAY:
        return _behind_relay(data)
    if link in (PPP, PPP_SERIAL):
        return _behind_ppp(data)
    return False


def ip_packets(path):
    """How many IP packets a capture file holds."""
    return sum(is_ip(link, data) for link, data in frames(path))
