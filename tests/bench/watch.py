# SPDX-License-Identifier: Apache-2.0
"""Frames to a target all the time in, when the first of them was dropped out.

What a call says of when its rules were in force is never early, but it can be late: the kernel
lets a program decide about packets before it answers who attached it. Packets know better. Each
frame carries when it was sent; a socket of the target takes those that pass.
"""
import contextlib
import socket
import struct
import threading
import time

import tap
import wire

EVERY_S = 50e-6
AFTER_S = 0.01
PORT = 4444


class Watch:
    """Sends out of `far` to an address that `near` gets."""

    def __init__(self, ns, target):
        self.target = target
        for command in (f"ip address add {target}/32 dev {ns.near}",
                        f"echo 0 >/proc/sys/net/ipv4/conf/{ns.near}/rp_filter",
                        "echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter"):
            ns.inside(["sh", "-c", command])
        with ns.entered():
            self.out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.out.bind((ns.far, 0))
            self.taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.taken.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
            self.taken.bind((target, PORT))
            self.taken.setblocking(False)
        tap.cleanups.extend((self.out.close, self.taken.close))

    def _frame(self, sport, now_ns):
        """Of 100 bytes of IP, as the rules here want them."""
        payload = struct.pack("!Q", now_ns) + b"x" * 64
        return wire.frame(wire.ipv4("192.0.2.1", self.target, 17, wire.udp(sport, PORT, payload)))

    def _last_taken(self, last):
        with contextlib.suppress(BlockingIOError):
            while True:
                last = max(last, struct.unpack("!Q", self.taken.recv(2048)[:8])[0])
        return last

    def ms_until_dropped(self, sport, act):
        """(ms from before act() to when the first frame was sent that did not arrive, act's answer)"""
        sent, end = [], threading.Event()

        def send():
            while not end.is_set():
                now_ns = time.monotonic_ns()
                self.out.send(self._frame(sport, now_ns))
                sent.append(now_ns)
                time.sleep(EVERY_S)
        sender = threading.Thread(target=send)
        sender.start()
        try:
            time.sleep(AFTER_S)
            start_ns = time.monotonic_ns()
            answer = act()
            time.sleep(AFTER_S)
        finally:
            end.set()
            sender.join()
        time.sleep(AFTER_S)
        last_ns = self._last_taken(0)
        dropped = [at for at in sent if at > last_ns]
        if not last_ns or not dropped:
            raise SystemExit(f"{len(sent)} frames sent, "
                             f"{'none arrived before' if not last_ns else 'none dropped after'}")
        return (dropped[0] - start_ns) / 1e6, answer
