#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Truth about the telemetry: what is lost, restarted or misdeclared on the way shows as just that."""

import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import exports  # noqa: E402
import tap  # noqa: E402

BEGIN = 1790000000 // 60 * 60
SECONDS = 180
RATE = 50  # datagrams a second
PROTOCOLS = ("netflow5", "netflow9", "ipfix", "sflow5")


def pcap(packets, path):
    """Datagrams (time, port, payload) as a capture from 127.0.0.2 to loopback."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for at, port, payload in packets:
            udp = struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                             bytes([127, 0, 0, 2]), bytes([127, 0, 0, 1])) + udp
            out.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(ip), len(ip)) + ip)
    return path


def stream(exporter, seconds=SECONDS, begin=BEGIN, lost=lambda i: False):
    """What an exporter sends, evenly; without those that `lost` names."""
    packets = []
    for i in range(seconds * RATE):
        at = begin + i / RATE
        payload = exporter.datagram(at)
        if not lost(i):
            packets.append((at, exporter.port, payload))
    return packets


def replay(packets, **settings):
    folder = tap.scratch()
    config = folder / "weir.yaml"
    config.write_text(json.dumps({"networks": [{"prefix": "198.51.100.0/24"}], **settings}))
    done = tap.run([tap.weir(), "replay", "--coverage", "-c", config, pcap(packets, folder / "in.pcap")])
    return [json.loads(line) for line in done.out.splitlines()]


def rows(events):
    return [e["coverage"] for e in events if e["event"] == "coverage"]


def faults(events, kind=None):
    found = [e["fault"] for e in events if e["event"] == "telemetry.fault"]
    return [f for f in found if kind in (None, f["kind"])]


def lossy(protocol):
    exporter = exports.make(protocol)
    # One in ten, without a rhythm that the templates could fall into.
    events = replay(stream(exporter, lost=lambda i: i > RATE and i * 7919 % 100 < 10))
    minutes = rows(events)
    tap.equal(len(minutes), SECONDS // 60, "rows")
    for minute in minutes[1:]:
        tap.true(0.09 <= minute["lost_share"] <= 0.11, f"{protocol}: {minute}")
        tap.equal(minute["watched_s"], 60, "seconds watched")
        tap.equal(minute["expected"], minute["received"] + minute["lost"], "expected")
    tap.equal([f["state"] for f in faults(events, "loss")], ["begun"], f"{protocol}: loss")
    tap.equal([f["kind"] for f in faults(events)], ["loss"], f"{protocol}: faults")


for name in PROTOCOLS:
    tap.case(f"a tenth of {name} lost is a tenth in the ledger")(lambda name=name: lossy(name))


@tap.case
def nothing_lost_is_nothing_told():
    for protocol in PROTOCOLS:
        events = replay(stream(exports.make(protocol)))
        tap.equal([r["lost"] for r in rows(events)], [0, 0, 0], f"{protocol}: lost")
        tap.equal(faults(events), [], f"{protocol}: faults")


@tap.case
def a_restarted_exporter_is_no_loss():
    for protocol in PROTOCOLS:
        before = stream(exports.make(protocol, boot=BEGIN - 86400, sequence=5000000), 90)
        after = stream(exports.make(protocol, boot=BEGIN + 90), 90, BEGIN + 95)
        events = replay(before + after)
        tap.equal(sum(r["lost"] for r in rows(events)), 0, f"{protocol}: lost")
        tap.equal(sum(r["restarts"] for r in rows(events)), 1, f"{protocol}: restarts")
        tap.equal([f["kind"] for f in faults(events)], ["restart"], f"{protocol}: faults")
        tap.equal(faults(events)[0]["state"], "noted", "state")


@tap.case
def an_exporter_that_falls_silent_is_a_gap():
    for protocol in PROTOCOLS:
        exporter = exports.make(protocol)
        before = stream(exporter, 120)
        after = stream(exporter, 60, BEGIN + 600)
        events = replay(before + after)
        minutes = {(r["begin"][11:16]): r for r in rows(events)}
        tap.equal(sum(r["silent_minutes"] for r in minutes.values()), 8, f"{protocol}: silent")
        tap.equal(sum(r["lost"] for r in minutes.values()), 0, f"{protocol}: lost")
        tap.equal([f["state"] for f in faults(events, "silent")], ["begun", "ended"], f"{protocol}: fault")


@tap.case
def the_same_input_gives_the_same_bytes():
    packets = stream(exports.make("ipfix"), 90, lost=lambda i: i % 10 == 3)
    tap.equal(replay(packets), replay(packets), "second replay")


if __name__ == "__main__":
    tap.main()
