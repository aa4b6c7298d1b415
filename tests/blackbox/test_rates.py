#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sampling rates that jump: a fault makes no incident, a true change counts within seconds; and
what `weir decode --stats` says of losses in bursts, of order and of repeats."""

import json
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import exports  # noqa: E402
import tap  # noqa: E402

BEGIN = 1790000000 // 60 * 60
PROTOCOLS = ("netflow5", "netflow9", "ipfix", "sflow5")
RATE, FALSE_RATE = 100, 10000
CALM, AFTER = 60, 90  # seconds
DATAGRAMS = 50        # a second


def pcap(packets):
    """Datagrams (time, port, payload) as a capture from 127.0.0.2 to loopback."""
    path = tap.scratch() / "in.pcap"
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for at, port, payload in packets:
            udp = struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                             bytes([127, 0, 0, 2]), bytes([127, 0, 0, 1])) + udp
            out.write(struct.pack("<IIII", int(at), round(at % 1 * 1e6), len(ip), len(ip)) + ip)
    return path


def stream(exporter, begin, seconds, rate=DATAGRAMS):
    times = [begin + i / rate for i in range(int(seconds * rate))]
    return [(at, exporter.port, exporter.datagram(at)) for at in times]


def config(**settings):
    path = tap.scratch() / "weir.yaml"
    path.write_text(json.dumps({
        "networks": [{"prefix": "198.51.100.0/24"}],
        "detect": {"sensitivity": "0/day",
                   "thresholds": [{"name": "total", "direction": "inbound", "pps": "10kpps"}]},
        **settings}))
    return path


def incidents(packets, **settings):
    done = tap.run([tap.weir(), "replay", "-c", config(**settings), pcap(packets)])
    return sum('"incident.opened"' in line for line in done.out.splitlines())


def learnt(packets):
    """What is said of the only exporter."""
    done = tap.run([tap.weir(), "decode", "-f", "none", "--stats", pcap(packets)])
    found = json.loads(done.err.splitlines()[-1])["by_exporter"]
    tap.equal(len(found), 1, "exporters")
    return found[0]


def faulty(protocol):
    exporter = exports.make(protocol, rate=RATE)
    packets = stream(exporter, BEGIN, CALM)
    exporter.rate = FALSE_RATE
    return packets + stream(exporter, BEGIN + CALM, AFTER)


def a_fault(protocol):
    packets = faulty(protocol)
    tap.equal(incidents(packets), 0, f"{protocol}: incidents")
    tap.equal(incidents(packets, detect={}), 0, f"{protocol}: incidents by what is learned")
    said = learnt(packets)
    tap.equal(said["sampling"], RATE, f"{protocol}: rate in use")
    tap.equal(said["sampling_announced"], FALSE_RATE, f"{protocol}: rate announced")
    tap.equal(said["rate_refused"], 1, f"{protocol}: rates refused")
    # The same packets at that rate are an attack, if only the operator says so.
    override = [{"address": "127.0.0.2", "sampling": f"1:{FALSE_RATE}"}]
    tap.true(incidents(packets, exporters=override) > 0, f"{protocol}: incidents at the false rate")


def changed(protocol, rate):
    exporter = exports.make(protocol, rate=RATE)
    packets = stream(exporter, BEGIN, CALM)
    exporter.rate = exporter.true_rate = rate
    exporter.sent = 0  # templated: the options data come at once, as routers do
    # The same traffic, in less datagrams.
    return packets + stream(exporter, BEGIN + CALM, 10, DATAGRAMS * RATE / rate)


def a_change(protocol):
    for rate in (10 * RATE, FALSE_RATE):
        said = learnt(changed(protocol, rate))
        tap.equal(said["sampling"], rate, f"{protocol}: rate in use")
        tap.equal(said["rate_doubts"], 0, f"{protocol}: rates in doubt")
    # Ten packets a record at 1:10000 would be an attack by themselves.
    tap.equal(incidents(changed(protocol, 10 * RATE)), 0, f"{protocol}: incidents")


def share(said, what=""):
    expected, received = said[what + "expected"], said[what + "received"]
    return 1 - received / expected


def bursts(protocol):
    chance = random.Random(protocol)
    packets = stream(exports.make(protocol), BEGIN, 120)
    kept, at = packets[:100], 100
    while at < len(packets):
        length = chance.randrange(20, 300)
        kept += packets[at:at + length * 9]
        at += length * 10
    said = learnt(kept)
    true = 1 - len(kept) / len(packets)
    tap.true(0.05 < true < 0.15, f"{protocol}: {true} lost")
    tap.true(abs(share(said) - true) < 0.01, f"{protocol}: {true} lost, and said {said}")
    tap.equal(said["restarts"], 0, f"{protocol}: restarts")
    if protocol == "sflow5":
        tap.true(abs(share(said, "samples_") - true) < 0.01, f"samples: {said}")


def disorder(protocol):
    chance = random.Random(protocol)
    packets = stream(exports.make(protocol), BEGIN, 60)
    times = [at for at, _, _ in packets]
    # Each is up to 100 ms late, and one of ten comes twice.
    late = sorted((at + chance.random() / 10, i) for i, at in enumerate(times))
    late += [(at + 0.2, i) for at, i in late if chance.random() < 0.1]
    # A template must not come after its data: that waits, and would be read later.
    mixed = packets[:1] + [(at, packets[i][1], packets[i][2]) for at, i in sorted(late) if i]
    said = learnt(mixed)
    tap.true(said["reordered"] > 100, f"{protocol}: reordered {said}")
    tap.true(said["repeated"] > 100, f"{protocol}: repeated {said}")
    tap.true(abs(share(said)) < 0.001, f"{protocol}: {said}")
    tap.equal(said["restarts"], 0, f"{protocol}: restarts")


def twice(protocol):
    packets = stream(exports.make(protocol), BEGIN, 30)
    once = learnt(packets)
    # All but the first: one number alone does not show yet that they mean anything.
    copies = [(at + 0.002, port, load) for at, port, load in packets[1:]]
    said = learnt(sorted(packets + copies))
    tap.equal(said["repeated"], len(copies), f"{protocol}: repeated")
    for counter in ("records", "expected", "received", "restarts"):
        tap.equal(said[counter], once[counter], f"{protocol}: {counter}")


for name in PROTOCOLS:
    tap.case(f"{name} delivered twice counts once")(lambda name=name: twice(name))
    tap.case(f"a rate times 100 in {name} is a fault and no incident")(lambda name=name: a_fault(name))
    tap.case(f"a true change of the rate in {name} counts")(lambda name=name: a_change(name))
    tap.case(f"bursts of {name} lost are counted")(lambda name=name: bursts(name))
    tap.case(f"{name} out of order and twice is no loss")(lambda name=name: disorder(name))


if __name__ == "__main__":
    tap.main()
