#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The generator: it sends what it says, as an exporter would, and only where it may."""

import json
import os
import pathlib
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

FLOWSEND = os.environ.get("FLOWSEND", "build/bench/tests/bench/flowsend")
NEXT = {"netflow5": 30, "netflow9": 1, "ipfix": 26, "sflow5": 1}


class Receiver(threading.Thread):
    """A bound socket; keeps (sender, datagram) of all that comes until it is told to end."""

    def __init__(self):
        super().__init__()
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.ending = threading.Event()
        self.port = self.socket.getsockname()[1]
        self.got = []

    def run(self):
        while True:
            try:
                data, sender = self.socket.recvfrom(65536)
                self.got.append((sender[0], data))
            except TimeoutError:
                if self.ending.is_set():
                    break
        self.socket.close()

    def end(self):
        """What is in the socket by now is still taken."""
        self.ending.set()
        self.join()


def send(*args, status=0):
    """(What it says it sent, what came.)"""
    receiver = Receiver()
    receiver.start()
    done = tap.run([FLOWSEND, "--to", f"127.0.0.1:{receiver.port}", "--seconds", "5",
                    *map(str, args)], status=status)
    receiver.end()
    return json.loads(done.out), receiver.got


def sequence(protocol, data):
    at = {"netflow5": 16, "netflow9": 12, "ipfix": 8, "sflow5": 16}[protocol]
    return struct.unpack_from("!I", data, at)[0]


def is_full(told, data):
    return len(data) == told["datagram_bytes"]


def missing(protocol, told, got):
    """Sequence numbers that nobody sent, in all exporters, in units of a datagram."""
    lost = 0
    for exporter in told["exporters"]:
        expected = None
        for sender, data in got:
            if sender != exporter["address"]:
                continue
            number = sequence(protocol, data)
            if expected is not None:
                lost += number - expected
            # Templates count as one datagram in v9, as the one record of options in IPFIX.
            expected = number + (NEXT[protocol] if is_full(told, data) else 1)
    return lost / NEXT[protocol]


def each_protocol(*args):
    for protocol in NEXT:
        told, got = send("--protocol", protocol, "--records", 20000, "--rate", 40000, *args)
        yield protocol, told, got


@tap.case
def what_it_says_is_what_comes():
    for protocol, told, got in each_protocol("--exporters", 3):
        tap.equal(len(got), told["datagrams"], protocol)
        tap.equal(sum(len(d) for _, d in got), told["bytes"], protocol)
        full = sum(is_full(told, d) for _, d in got)
        tap.equal(full * told["records_a_datagram"], told["records"], protocol)
        tap.equal({s for s, _ in got}, {"127.0.0.2", "127.0.0.3", "127.0.0.4"}, protocol)


@tap.case
def segmented_sends_look_the_same():
    for protocol, told, got in each_protocol("--gso", 40):
        tap.equal(len(got), told["datagrams"], protocol)
        tap.equal(missing(protocol, told, got), 0, protocol)


@tap.case
def sequences_have_no_gaps():
    for protocol, told, got in each_protocol("--exporters", 2):
        tap.equal(missing(protocol, told, got), 0, protocol)


@tap.case
def what_is_withheld_is_missing_from_the_sequence():
    for protocol, told, got in each_protocol("--exporters", 1, "--withhold", 10):
        share = told["withheld_records"] / (told["records"] + told["withheld_records"])
        tap.true(0.06 < share < 0.14, f"{protocol}: {share} withheld")
        # What is withheld behind the last one that was sent cannot be missed.
        tap.true(0 <= told["withheld_datagrams"] - missing(protocol, told, got) <= 3, protocol)


@tap.case
def export_times_are_of_now_and_the_uptime_runs():
    for protocol, told, got in each_protocol("--exporters", 1):
        full = [d for _, d in got if is_full(told, d)]
        at = {"netflow5": 8, "netflow9": 8, "ipfix": 4}.get(protocol)
        if at:
            first = struct.unpack_from("!I", full[0], at)[0]
            tap.true(abs(first - time.time()) < 10, f"{protocol}: {first}")
        at = {"netflow5": 4, "netflow9": 4, "sflow5": 20}.get(protocol)
        if at:
            uptimes = [struct.unpack_from("!I", d, at)[0] for d in full]
            ran_ms = uptimes[-1] - uptimes[0]
            tap.true(400 < ran_ms < 3000, f"{protocol}: {ran_ms}")


@tap.case
def every_host_has_its_turn():
    _, got = send("--protocol", "netflow5", "--hosts", 3000, "--records", 3000, "--rate", 30000,
                  "--exporters", 2)
    hosts = {struct.unpack_from("!I", d, 24 + 48 * i + 4)[0] for _, d in got for i in range(30)}
    tap.equal((min(hosts), max(hosts), len(hosts)), (0x0A400000, 0x0A400000 + 2999, 3000))


@tap.case
def a_host_is_seen_by_as_many_exporters_as_asked():
    _, got = send("--protocol", "netflow5", "--hosts", 600, "--exporters", 8, "--seen-by", 2,
                  "--records", 24000, "--rate", 60000)
    seen = {}
    for sender, data in got:
        for i in range(30):
            host = struct.unpack_from("!I", data, 24 + 48 * i + 4)[0]
            seen.setdefault(host, set()).add(sender)
    tap.equal(len(seen), 600)
    tap.equal({len(by) for by in seen.values()}, {2})


@tap.case
def long_records_last_the_active_timeout():
    _, got = send("--protocol", "netflow5", "--records", 3000, "--long", 100,
                  "--active-timeout", 30)
    first, last = struct.unpack_from("!II", got[0][1], 24 + 24)
    tap.equal(last - first, 30000)


@tap.case
def it_ends_at_the_time_limit():
    receiver = Receiver()
    receiver.start()
    began = time.monotonic()
    tap.run([FLOWSEND, "--protocol", "netflow9", "--to", f"127.0.0.1:{receiver.port}",
             "--records", "100M", "--rate", "1000", "--seconds", "1"], status=0)
    tap.true(time.monotonic() - began < 3, "it went on")
    receiver.end()


@tap.case
def it_refuses_what_is_not_loopback():
    for to in ("192.0.2.1:2055", "8.8.8.8:53", "10.0.0.1:2055", "0.0.0.0:2055", "128.0.0.1:2055"):
        done = tap.run([FLOWSEND, "--protocol", "netflow9", "--to", to, "--records", "1",
                        "--seconds", "1"], status=2)
        tap.contains(done.err, "not loopback")


@tap.case
def in_a_namespace_of_its_own_it_uses_no_gateway():
    if os.geteuid():
        tap.skip("making a network namespace needs root")
    tap.need("unshare", "ip")
    script = f"""
        ip link set lo up && ip link add d0 type veth peer name d1 &&
        ip address add 192.0.2.1/24 dev d0 && ip link set d0 up && ip link set d1 up && ip route add default via 192.0.2.254 || exit 9
        options="--protocol netflow5 --records 60 --seconds 1 --exporters 1 --from 192.0.2.1"
        {FLOWSEND} $options --to 192.0.2.7:2055 || exit 8
        {FLOWSEND} $options --to 198.51.100.1:2055
    """
    done = tap.run(["unshare", "-n", "sh", "-c", script], status=1)
    tap.contains(done.err, "unreachable")
    tap.equal(json.loads(done.out.splitlines()[0])["datagrams"], 2)


@tap.case
def both_limits_must_be_given():
    for limits in ((), ("--records", "5"), ("--seconds", "5")):
        done = tap.run([FLOWSEND, "--protocol", "netflow9", "--to", "127.0.0.1:9", *limits],
                       status=2)
        tap.contains(done.err, "must be given")


@tap.case
def it_stops_where_nobody_listens():
    with socket.socket(type=socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    done = tap.run([FLOWSEND, "--protocol", "netflow9", "--to", f"127.0.0.1:{port}",
                    "--records", "100M", "--seconds", "5"], status=1)
    tap.contains(done.err, "nobody listens")


if __name__ == "__main__":
    tap.main()
