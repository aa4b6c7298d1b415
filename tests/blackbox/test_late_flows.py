#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flow records that tell of the past, and routers that tell of the same, through `weir replay`."""

import datetime
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import hexgrams  # noqa: E402
import netflow  # noqa: E402
import tap  # noqa: E402

BEGIN = 1700000000
EDGE1, EDGE2 = "192.0.2.1", "192.0.2.2"
CONFIG = """
networks: [{prefix: 198.51.100.0/24}]
exporters: [%s]
detect: {%s}
incidents: {close_after: 10s}
state: {path: none}
"""

# One limit and nothing learned, or the other way round.
LIMIT = "sensitivity: 0/day, thresholds: [{class: total, pps: 10kpps, bps: 1Gbps}]"
LEARNED = "sensitivity: 1/day"


def background(router, begin, end):
    """A few packets to another host every second: time goes on, and clocks are known."""
    datagrams = []
    for time in range(begin, end):
        flow = netflow.Flow(time - 0.3, time - 0.1, 3, 300, dst="198.51.100.200")
        datagrams += router.export(time, [flow])
    return datagrams


def replay(datagrams, exporters="", detect=LIMIT):
    """(opened, closed) incident events of a replay, which gives the same bytes twice."""
    folder = tap.scratch()
    (folder / "weir.yaml").write_text(CONFIG % (exporters, detect))
    hexgrams.write_pcap(folder / "flows.pcap", sorted(datagrams, key=lambda d: d.time), 2055)
    command = [tap.weir(), "replay", "-c", folder / "weir.yaml", folder / "flows.pcap"]
    done = tap.run(command, status=None)
    tap.true(done.status in (0, 1), str(done))
    tap.equal(tap.run(command, status=None).out, done.out, "the second replay")
    events = [json.loads(line) for line in done.out.splitlines()]
    tap.equal(events[-1]["undecodable"], {}, "what could not be decoded")
    return ([e for e in events if e["event"] == "incident.opened"],
            [e for e in events if e["event"] == "incident.closed"])


def seconds(text):
    """A time of an event, in seconds after the beginning."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() - BEGIN


# Of rates: times are told in tenths of a second, so that reports one after the other overlap a little.
def near(got, low, high, what):
    tap.true(low <= got <= high, f"{what}: {got}, not within {low} to {high}")


def flood(begin, end, pps, router, every=10):
    """A flood of 20 flows that never end, reported every so many seconds."""
    datagrams = []
    for time in range(begin + every, end + 1, every):
        flows = [netflow.Flow(time - every, time, pps * every // 20, pps * every * 5, sport=5000 + i)
                 for i in range(20)]
        datagrams += router.export(time + 0.05, flows)
    return datagrams


@tap.case
def half_an_hour_reported_at_once_is_no_spike():
    for length, found in ((1800, 0), (10, 1)):
        router = netflow.Router(EDGE1, BEGIN - 5000)
        flow = netflow.Flow(BEGIN + 60 - length, BEGIN + 60, 80_000_000, 100_000_000_000, proto=6)
        if length == 1800:
            flow.packets = 8_000_000
        datagrams = (background(router, BEGIN, BEGIN + 60) + router.export(BEGIN + 60, [flow]) +
                     background(router, BEGIN + 61, BEGIN + 400))
        tap.equal(len(replay(datagrams)[0]), found, f"incidents of 100 GB in {length} s")
        if not found:
            tap.equal(replay(datagrams, detect=LEARNED)[0], [], "incidents by what is learned")


@tap.case
def a_flood_behind_an_active_timeout_is_one_incident_with_its_true_times():
    router = netflow.Router(EDGE1, BEGIN - 5000)
    opened, closed = replay(background(router, BEGIN, BEGIN + 400) +
                            flood(BEGIN + 30, BEGIN + 150, 40000, router, every=60))
    tap.equal(len(opened), 1, "incidents opened")
    incident = opened[0]["incident"]
    near(seconds(incident["onset"]), 29, 32, "onset")
    near(seconds(incident["detected"]), 90, 91, "detected")
    near(incident["pps"], 37500, 40100, "pps")
    tap.equal(len(closed), 1, "incidents closed")
    # What ended at 150 is certain when no report can come any more: 60 s, and 5 s.
    near(seconds(closed[0]["incident"]["ended"]), 212, 222, "end")
    near(closed[0]["incident"]["peak_pps"], 39000, 41000, "peak_pps")


@tap.case
def short_flows_after_an_inactive_timeout_land_where_they_were():
    router = netflow.Router(EDGE1, BEGIN - 5000)
    datagrams = background(router, BEGIN, BEGIN + 200)
    for i in range(200):
        time = BEGIN + 30 + i / 10
        flow = netflow.Flow(time - 0.05, time, 3000, 300000, sport=1000 + i)
        datagrams += router.export(time + 15, [flow])
    opened, closed = replay(datagrams)
    tap.equal((len(opened), len(closed)), (1, 1), "incidents opened and closed")
    near(seconds(opened[0]["incident"]["onset"]), 29, 32, "onset")
    near(seconds(opened[0]["incident"]["detected"]), 46, 49, "detected")
    near(closed[0]["incident"]["peak_pps"], 29000, 30500, "peak_pps")
    near(seconds(closed[0]["incident"]["ended"]), 65, 80, "end")


@tap.case
def bursts_of_datagrams_are_no_silence():
    router = netflow.Router(EDGE1, BEGIN - 5000)
    datagrams = []
    for time in range(BEGIN, BEGIN + 300, 2):  # a cache that is looked through every two seconds
        for part in range(3):
            flow = netflow.Flow(time - 1, time, 3, 300, dst="198.51.100.200", sport=1000 + part)
            datagrams += router.export(time + 0.15 + part / 1000, [flow])
    folder = tap.scratch()
    (folder / "weir.yaml").write_text(CONFIG % ("", LEARNED))
    hexgrams.write_pcap(folder / "flows.pcap", datagrams, 2055)
    done = tap.run([tap.weir(), "replay", "--coverage", "-c", folder / "weir.yaml", folder / "flows.pcap"])
    events = [json.loads(line) for line in done.out.splitlines()]
    tap.equal([e for e in events if e["event"] == "telemetry.fault"], [], "faults")
    minutes = [e["coverage"]["datagrams"] for e in events if e["event"] == "coverage"]
    tap.equal(sum(minutes), 450, "datagrams of all minutes")
    for count in minutes[1:-1]:
        near(count, 87, 93, "datagrams of a minute")


def two_routers(pps, exporters=""):
    routers = [netflow.Router(EDGE1, BEGIN - 5000), netflow.Router(EDGE2, BEGIN - 7000)]
    datagrams = []
    for router in routers:
        datagrams += background(router, BEGIN, BEGIN + 200)
        datagrams += flood(BEGIN + 30, BEGIN + 90, pps, router)
    return replay(datagrams, exporters)


@tap.case
def two_routers_with_the_same_packets_do_not_double_a_rate():
    opened, _ = two_routers(6000)
    tap.equal(opened, [], "incidents at 0.6 of the limit each")
    opened, closed = two_routers(16000)
    tap.equal((len(opened), len(closed)), (1, 1), "incidents opened and closed")
    near(closed[0]["incident"]["peak_pps"], 15000, 16400, "peak_pps")
    tap.contains(closed[0]["incident"]["why"], "2 vantages saw it, the largest counts")


@tap.case
def disjoint_routers_add_up():
    both = ", ".join(f"{{address: {a}, disjoint: true}}" for a in (EDGE1, EDGE2))
    opened, closed = two_routers(6000, both)
    tap.equal((len(opened), len(closed)), (1, 1), "incidents opened and closed")
    near(closed[0]["incident"]["peak_pps"], 11500, 12300, "peak_pps")
    opened, closed = two_routers(8000, f"{{address: {EDGE2}, disjoint: true}}")
    tap.equal(len(opened), 1, "incidents with one disjoint")
    near(closed[0]["incident"]["peak_pps"], 15000, 16400, "peak_pps")


if __name__ == "__main__":
    tap.main()
