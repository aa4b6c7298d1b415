#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weir decode` on our own captures of real exporters (tests/data/captures): record by record what
two other decoders read in them, and the sampling rate that the exporter told."""

import collections
import datetime
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

CAPTURES = tap.ROOT / "tests" / "data" / "captures"
SHOWN = 10
LONGEST_CASE = datetime.timedelta(seconds=15)
CLOCK_STEP = datetime.timedelta(milliseconds=10)  # exporters' clocks tick in ms, or slower
COLUMNS = ["src", "dst", "sport", "dport", "proto", "bytes", "packets", "frame"]


def cases():
    """The rows of cases.tsv, each a dict by the heading's names."""
    heading, *rows = (CAPTURES / "cases.tsv").read_text().splitlines()
    names = heading.removeprefix("# ").split("\t")
    return [dict(zip(names, row.split("\t"), strict=True)) for row in rows]


def capture_of(name):
    """The file of a case."""
    found = [p for p in CAPTURES.glob(name + ".pcap*")]
    tap.equal(len(found), 1, f"number of captures called {name}")
    return found[0]


def expected(name, kind):
    """Multiset of (src, dst, sport, dport, proto, bytes, packets); sFlow counts whole frames."""
    heading, *lines = (CAPTURES / f"{name}.expected.tsv").read_text().splitlines()
    tap.equal(heading.split("\t"), COLUMNS, "heading of the expected records")
    rows = [line.split("\t") for line in lines]
    size = COLUMNS.index("frame" if kind == "sflow" else "bytes")
    return collections.Counter(
        (row[0], row[1], *map(int, row[2:5]), int(row[size]), int(row[6])) for row in rows)


def ports(flow):
    """Ports as the expected records have them: ICMP type and code in the second."""
    if "icmp_type" in flow:
        return 0, 256 * flow["icmp_type"] + flow["icmp_code"]
    return flow.get("sport", 0), flow.get("dport", 0)


def record(flow):
    """A line of `weir decode` as the expected records have it."""
    return (flow.get("src", "-"), flow.get("dst", "-"), *ports(flow), flow.get("proto", 0),
            flow.get("bytes", 0), flow.get("packets", 0))


def decode(name):
    """The flows of a capture."""
    done = tap.run([tap.weir(), "decode", "--format", "jsonl", capture_of(name)])
    return [json.loads(line) for line in done.out.splitlines()]


def show(what, records):
    """The first of some records, for a failure's message."""
    lines = [" ".join(map(str, r)) for r in sorted(records.elements())]
    more = [f"... {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "".join(f"\n{what}: {line}" for line in lines[:SHOWN] + more)


def check_records(flows, name, kind):
    """Fail unless the flows are the expected records, as multisets."""
    got, want = collections.Counter(map(record, flows)), expected(name, kind)
    tap.true(got == want, f"{len(flows)} flows, {want.total()} expected"
             + show("missing", want - got) + show("unexpected", got - want))


def check_sampling(flows, announced):
    """Fail unless every flow has the rate the exporter told, and none where it told none."""
    rates = collections.Counter(flow.get("sampling") for flow in flows)
    want = None if announced == "-" else int(announced)
    tap.equal(set(rates), {want}, "set of sampling rates")


def check_times(flows):
    """Fail unless every flow began and ended in the seconds before its datagram came."""
    for flow in flows:
        start, end, received = (datetime.datetime.fromisoformat(flow[key].replace("Z", "+00:00"))
                                for key in ("start", "end", "received"))
        tap.true(received - LONGEST_CASE <= start <= end <= received + CLOCK_STEP,
                 f"times of {flow}")


def register(name, kind, announced):
    """One case for a capture."""
    @tap.case(f"{name} is decoded record by record")
    def decodes_it():
        flows = decode(name)
        check_records(flows, name, kind)
        if kind != "packets":
            check_sampling(flows, announced)
            check_times(flows)
            exporters = {flow["exporter"] for flow in flows}
            tap.true(exporters <= {"203.0.113.1", "2001:db8:3::1"}, f"exporters {exporters}")


@tap.case
def each_capture_is_told_of_in_the_readme():
    told = (CAPTURES / "README.md").read_text()
    for case in cases():
        tap.contains(told, f"| {case['name']} |", "README.md")
        tap.true(expected(case["name"], case["kind"]), f"{case['name']} has expected records")


@tap.case
def biflows_keep_their_other_direction():
    flows = decode("softflowd-ipfix-biflow")
    tap.true(any(flow.get("rev_packets") and flow.get("packets") for flow in flows),
             "no flow has packets in both directions")


for row in cases():
    register(row["name"], row["kind"], row["announces"])

if __name__ == "__main__":
    tap.main()
