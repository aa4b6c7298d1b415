#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends the UDP datagrams of a recording again, over loopback only, at their own pace.

Reads a pcap of raw IP or Ethernet frames (IPv4). Each datagram leaves from the
source address it had, so that the collector sees several exporters; an address
outside 127.0.0.0/8 is refused, because this tool must never send anything into
a network.

Use: feed.py FILE [--port OLD=NEW]... [--speed X] [--rebase] [--quiet]
"""
import argparse
import ipaddress
import socket
import struct
import sys
import time

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
RAW_IP, ETHERNET = 101, 1


def packets(path):
    """(seconds, bytes) of each packet, and the link type with the first."""
    with open(path, "rb") as file:
        head = file.read(24)
        if len(head) < 24 or struct.unpack("<I", head[:4])[0] != 0xA1B2C3D4:
            sys.exit(f"{path}: not a little-endian microsecond pcap file")
        link = struct.unpack("<I", head[20:])[0]
        if link not in (RAW_IP, ETHERNET):
            sys.exit(f"{path}: link type {link} is not raw IP or Ethernet")
        while len(record := file.read(16)) == 16:
            seconds, micros, kept, _ = struct.unpack("<IIII", record)
            data = file.read(kept)
            yield seconds + micros / 1e6, data[14:] if link == ETHERNET else data


def datagrams(path):
    """(seconds, source, destination, port, payload) of each whole UDP datagram."""
    for when, data in packets(path):
        header = (data[0] & 15) * 4 if data and data[0] >> 4 == 4 else 0
        if not header or data[9] != 17 or len(data) < header + 8:
            continue
        port, length = struct.unpack("!HH", data[header + 2:header + 6])
        source, target = (socket.inet_ntoa(data[i:i + 4]) for i in (12, 16))
        yield when, source, target, port, data[header + 8:header + length]


def rebased(payload):
    """The datagram with the export time in a NetFlow v5, v9 or IPFIX header set to now."""
    offset = {b"\0\5": 8, b"\0\x09": 8, b"\0\x0a": 4}.get(payload[:2])
    if offset is None or len(payload) < 20:
        return payload
    return payload[:offset] + struct.pack("!I", int(time.time())) + payload[offset + 4:]


class Senders:
    """One bound socket for each source address."""

    def __init__(self):
        self.sockets = {}

    def send(self, source, target, port, payload):
        for address in (source, target):
            if ipaddress.ip_address(address) not in LOOPBACK:
                sys.exit(f"{address} is not a loopback address: nothing is sent")
        if source not in self.sockets:
            self.sockets[source] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sockets[source].bind((source, 0))
        self.sockets[source].sendto(payload, (target, port))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--port", action="append", default=[], metavar="OLD=NEW",
                        help="send what was sent to port OLD to port NEW")
    parser.add_argument("--speed", type=float, default=1.0, help="2 is twice as fast; 0 is no pause")
    parser.add_argument("--rebase", action="store_true",
                        help="set the export times in NetFlow and IPFIX headers to now")
    parser.add_argument("--quiet", action="store_true")
    return parser.parse_args()


def main():
    args = arguments()
    ports = dict(tuple(map(int, pair.split("="))) for pair in args.port)
    senders, began, first, count = Senders(), time.monotonic(), None, 0
    for when, source, target, port, payload in datagrams(args.file):
        first = when if first is None else first
        if args.speed > 0:
            time.sleep(max(0.0, began + (when - first) / args.speed - time.monotonic()))
        try:
            senders.send(source, target, ports.get(port, port),
                         rebased(payload) if args.rebase else payload)
        except ConnectionRefusedError:
            sys.exit(f"nobody receives on {target} port {ports.get(port, port)}")
        count += 1
    if not args.quiet:
        print(f"{count} datagrams in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
