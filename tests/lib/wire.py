# SPDX-License-Identifier: Apache-2.0
"""Ethernet frames of made-up packets, byte by byte, and a network namespace to send them in.

Nothing here can reach a real network: Namespace makes a pair of virtual interfaces that lead to
each other and nowhere else, and send() refuses to run anywhere but in such a namespace.

    ns = wire.Namespace()            # skips the case where namespaces cannot be made
    ns.run([...], inside=True)       # a command inside
    ns.send([frame, ...], times=10)  # out of `far`, into `near`
"""

import contextlib
import ctypes
import errno
import os
import pathlib
import socket
import struct
import sys

import tap

CLONE_NEWNET = 0x40000000
MAC_NEAR = bytes.fromhex("020000000001")
MAC_FAR = bytes.fromhex("020000000002")


def _sum16(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(src, dst, proto, payload, ttl=64):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, ttl, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", _sum16(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), proto, 64) + \
        socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst) + payload


def udp(sport, dport, payload=b""):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def tcp(sport, dport, flags):
    return struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 5 << 4, flags, 1024, 0, 0)


def icmp(kind, code):
    return struct.pack("!BBHHH", kind, code, 0, 1, 1)


def frame(packet, vlan=None, dst=MAC_NEAR, src=MAC_FAR):
    kind = 0x86dd if packet[0] >> 4 == 6 else 0x0800
    tag = struct.pack("!HH", 0x8100, vlan) if vlan is not None else b""
    return dst + src + tag + struct.pack("!H", kind) + packet


def arp():
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + MAC_FAR + b"\0" * 14
    return b"\xff" * 6 + MAC_FAR + struct.pack("!H", 0x0806) + body


def _network_namespace(process):
    return os.stat(f"/proc/{process}/ns/net").st_ino


class Namespace:
    """Interfaces `near` and `far`, two ends of one cable, up, in a namespace of their own."""

    def __init__(self, near="near", far="far"):
        tap.need("ip", "nsenter")
        if os.geteuid() != 0:
            tap.skip("network namespaces need root")
        self.near, self.far = near, far
        self.name = f"weir-test-{os.getpid()}-{id(self):x}"
        made = tap.run(["ip", "netns", "add", self.name], status=None)
        if made.status:
            tap.skip(f"no network namespace can be made here: {made.err.strip()}")
        tap.cleanups.append(self.remove)
        self.add_pair()
        self.inside(["ip", "link", "set", "lo", "up"])

    def remove(self):
        tap.run(["ip", "netns", "delete", self.name], status=None)

    def add_pair(self):
        made = self.inside(["ip", "link", "add", self.near, "address", MAC_NEAR.hex(":"), "type",
                            "veth", "peer", "name", self.far, "address", MAC_FAR.hex(":")],
                           status=None)
        if made.status:
            tap.skip(f"no veth interfaces can be made here: {made.err.strip()}")
        for name in (self.near, self.far):
            # The kernel itself would say hello on IPv6.
            self.inside(["sh", "-c", f"echo 1 >/proc/sys/net/ipv6/conf/{name}/disable_ipv6"],
                        status=None)
            self.inside(["ip", "link", "set", name, "up"])

    def command(self, argv):
        return ["nsenter", f"--net=/run/netns/{self.name}", "--", *argv]

    def inside(self, argv, **more):
        return tap.run(self.command(argv), **more)

    @contextlib.contextmanager
    def entered(self):
        """This thread is inside meanwhile: sockets that it opens stay there."""
        libc = ctypes.CDLL(None, use_errno=True)
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.setns(there, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            yield
        finally:
            libc.setns(before, CLONE_NEWNET)
            os.close(before)
            os.close(there)

    def send(self, frames, times=1, out=None):
        """Each frame `times` times, in turns, out of an interface of the namespace."""
        words = "\n".join(f.hex() for f in frames)
        self.inside([sys.executable, pathlib.Path(__file__), out or self.far, times], stdin=words)


def send(interface, times):
    """In a process of its own, inside the namespace: frames in hex on standard input."""
    if _network_namespace("self") == _network_namespace(os.getppid()):
        sys.exit("refused: test packets stay in a namespace of their own")
    if times > 1000000:
        sys.exit("refused: too many packets for a test")
    frames = [bytes.fromhex(line) for line in sys.stdin.read().split()]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        for _ in range(times):
            for each in frames:
                try:
                    out.send(each)
                except OSError as error:
                    # A filter on the way out tells the sender so.
                    if error.errno != errno.ENOBUFS:
                        raise


if __name__ == "__main__":
    send(sys.argv[1], int(sys.argv[2]))
