# SPDX-License-Identifier: Apache-2.0
"""Cloud flow logs as a person reads the documentation: an independent reader, and a writer.

    flowlog.read(path)  ->  [Record(src=…, dst=…, bytes=…, …), …]

Knows nothing of the program under test. Azure: one record a tuple, with the answer's counters.
"""

import csv
import gzip
import io
import json
from dataclasses import dataclass

DEFAULT = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes"
           " start end action log-status").split()


@dataclass
class Record:
    src: str
    dst: str
    sport: int = None
    dport: int = None
    proto: int = None
    packets: int = None
    bytes: int = None
    rev_packets: int = None
    rev_bytes: int = None
    dropped: bool = False


def text_of(path):
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


def number(text):
    return int(text) if text not in (None, "", "-") else None


def aws(text):
    lines = text.splitlines()
    comma = "," in lines[0]
    rows = list(csv.reader(io.StringIO(text))) if comma else [line.split() for line in lines]
    names = DEFAULT
    if not rows[0][0].isdigit():
        names = [name.replace("_", "-") for name in rows.pop(0)]
    for row in rows:
        if len(row) != len(names):
            continue
        of = {name: value for name, value in zip(names, row) if value != "-"}
        src = of.get("pkt-srcaddr", of.get("srcaddr"))
        dst = of.get("pkt-dstaddr", of.get("dstaddr"))
        if of.get("log-status", "OK") == "OK" and src and dst:
            yield Record(src, dst, *(number(of.get(name)) for name in
                                     ("srcport", "dstport", "protocol", "packets", "bytes")),
                         dropped=of.get("action") == "REJECT")


def azure_tuple(text, network):
    part = text.split(",")
    proto = {"T": 6, "U": 17}.get(part[5]) or int(part[5])
    counts = [number(p) for p in part[9:13]] + [None] * 4
    denied = part[7] == "D"
    return Record(part[1], part[2], int(part[3]), int(part[4]), proto,
                  counts[0], counts[1], counts[2], counts[3], dropped=denied)


def azure(entries):
    for entry in entries:
        network = "flowRecords" in entry
        outer = entry["flowRecords"]["flows"] if network else entry["properties"]["flows"]
        for flow in outer:
            for group in flow["flowGroups" if network else "flows"]:
                for text in group["flowTuples"]:
                    yield azure_tuple(text, network)


def google(entries):
    for entry in entries:
        payload = entry.get("jsonPayload", entry)
        end = payload["connection"]
        yield Record(end["src_ip"], end["dest_ip"], end.get("src_port"), end.get("dest_port"),
                     end.get("protocol"), number(payload.get("packets_sent")),
                     number(payload.get("bytes_sent")))


def entries_of(text):
    try:
        whole = json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(whole, list):
        return whole
    return whole.get("records", [whole])


def read(path):
    text = text_of(path)
    if text.lstrip()[0] not in "{[":
        return list(aws(text))
    entries = entries_of(text)
    azures = "flowRecords" in entries[0] or "properties" in entries[0]
    return list(azure(entries) if azures else google(entries))


def line(src, dst, *, start, end, packets=10, size=1000, sport=40000, dport=80, proto=17,
         account="123456789010", interface="eni-0a1b2c3d4e5f60718"):
    """A line in AWS's default format."""
    return (f"2 {account} {interface} {src} {dst} {sport} {dport} {proto} {packets} {size}"
            f" {start} {end} ACCEPT OK\n")
