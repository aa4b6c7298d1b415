#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packets of a virtual interface become flows, sampled as configured, whatever happens to it."""

import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402
import wire  # noqa: E402

SAMPLE = pathlib.Path(os.environ.get("SAMPLE", tap.ROOT / "build/test/tests/netns/sample"))


class Sampler:
    """tests/netns/sample on an interface of a namespace, from when it is ready."""

    def __init__(self, ns, mode, rate, interface=None):
        argv = ns.command([SAMPLE, mode, interface or ns.near, rate, 30])
        self.process = tap.start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        first = self.process.stderr.readline()
        if first != "ready\n":
            tap.fail(f"{' '.join(map(str, argv))}: {first}{self.process.stderr.read()}")

    def end(self):
        """(flows, counters)"""
        out, err = self.process.communicate(timeout=30)
        if self.process.returncode:
            tap.fail(f"the sampler ended with {self.process.returncode}: {err}")
        rows = [json.loads(line) for line in out.splitlines()]
        return rows[:-1], rows[-1]["end"]


UDP = wire.frame(wire.ipv4("192.0.2.1", "198.51.100.1", 17, wire.udp(1111, 53, b"x" * 100)))
TCP = wire.frame(wire.ipv4("192.0.2.2", "198.51.100.2", 6, wire.tcp(2222, 443, 0x02)))
PING = wire.frame(wire.ipv4("192.0.2.3", "198.51.100.3", 1, wire.icmp(8, 0)))
SIX = wire.frame(wire.ipv6("2001:db8::1", "2001:db8::2", 17, wire.udp(4444, 123, b"y" * 300)))
TAGGED = wire.frame(wire.ipv4("192.0.2.5", "198.51.100.5", 17, wire.udp(5555, 80)), vlan=42)
EACH = [UDP, TCP, PING, SIX, TAGGED, wire.arp()]
TIMES = 50


def expect_each(flows, mode, interface):
    """All five kinds, so many times, with what the headers say."""
    wanted = {
        "192.0.2.1": {"dst": "198.51.100.1", "sport": 1111, "dport": 53, "proto": 17,
                      "bytes": 128},
        "192.0.2.2": {"dst": "198.51.100.2", "sport": 2222, "dport": 443, "proto": 6,
                      "tcp_flags": 2, "bytes": 40},
        "192.0.2.3": {"dst": "198.51.100.3", "proto": 1, "bytes": 28},
        "2001:db8::1": {"dst": "2001:db8::2", "sport": 4444, "dport": 123, "proto": 17,
                        "bytes": 348},
        "192.0.2.5": {"dst": "198.51.100.5", "sport": 5555, "dport": 80, "proto": 17,
                      "vlan": 42, "bytes": 28},
    }
    counts = {}
    for flow in flows:
        tap.contains(wanted, flow["src"], f"{mode}: sources")
        for key, value in {**wanted[flow["src"]], "packets": 1, "sampling": 1,
                           "in_if": interface}.items():
            tap.equal(flow.get(key), value, f"{mode}: {flow['src']} {key}")
        counts[flow["src"]] = counts.get(flow["src"], 0) + 1
    tap.equal(counts, {src: TIMES for src in wanted}, f"{mode}: flows")


def known_packets(mode):
    ns = wire.Namespace()
    sampler = Sampler(ns, mode, 1)
    ns.send(EACH, TIMES)
    flows, end = sampler.end()
    expect_each(flows, mode, end["if_index"])
    tap.equal((end["received"], end["others"], end["kernel_drops"]), (6 * TIMES, TIMES, 0), mode)
    return end


@tap.case
def a_packet_socket_gives_each_packet_as_a_flow():
    known_packets("packet")


@tap.case
def a_packet_socket_sees_what_goes_out_as_egress():
    ns = wire.Namespace()
    sampler = Sampler(ns, "packet", 1)
    ns.send([UDP], 20, out=ns.near)
    flows, end = sampler.end()
    tap.equal([f["out_if"] for f in flows], [end["if_index"]] * 20, "out_if")
    tap.true(all("in_if" not in f for f in flows), "what goes out has come in nowhere")


@tap.case
def loopback_counts_a_packet_once():
    ns = wire.Namespace()
    sampler = Sampler(ns, "packet", 1, "lo")
    ns.send([wire.frame(wire.ipv4("127.0.0.1", "127.0.0.1", 17, wire.udp(9, 9)), dst=b"\0" * 6,
                        src=b"\0" * 6)], 30, out="lo")
    flows, _ = sampler.end()
    # The kernel itself answers that nobody listens.
    tap.equal(sum(f["proto"] == 17 for f in flows), 30, "flows")


def sampled(mode, wanted_rate=10, packets=20000):
    ns = wire.Namespace()
    sampler = Sampler(ns, mode, wanted_rate)
    ns.send([UDP, SIX], packets // 2)
    flows, end = sampler.end()
    # Binomial: five deviations either way are one failure in two million.
    mean = packets / wanted_rate
    bound = 5 * (mean * (1 - 1 / wanted_rate)) ** 0.5
    tap.true(abs(len(flows) - mean) <= bound,
             f"{mode}: {len(flows)} of {packets} at 1:{wanted_rate}, not {mean:.0f} ± {bound:.0f}")
    tap.true(all(f["sampling"] == wanted_rate for f in flows), "each flow says the rate")
    tap.equal(end["kernel_drops"], 0, "drops")
    return end


@tap.case
def the_kernel_samples_for_a_packet_socket():
    sampled("packet")


@tap.case
def xdp_gives_each_packet_as_a_flow():
    for mode in ("native", "xdp"):
        end = known_packets(mode)
        tap.equal((end["kind"], end["seen"]), ("xdp", 6 * TIMES), mode)


@tap.case
def xdp_samples_and_counts_what_it_saw():
    end = sampled("xdp")
    tap.equal((end["seen"], end["seen_bytes"]), (20000, 10000 * (len(UDP) + len(SIX))), "seen")


if __name__ == "__main__":
    tap.main()
