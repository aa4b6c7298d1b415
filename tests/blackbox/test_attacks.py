#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recorded attacks are found and named; recorded ordinary traffic raises no warning.

The recordings are packets (INDEX.tsv, role `attack` and `benign`), played by `weir replay` into a
network of the victim, or of all private addresses. None lasts the five minutes after which it is
known what is usual: what is found here is found by what the packets give away.
"""

import csv
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

# path: the victim, and a vector that has to be named. What lasts less than half a second, has one sender
# of 200 packets, or goes to everybody's broadcast address is not judged.
ATTACKS = {
    "lucid-cicddos2019/CIC-DDoS-2019-SynFlood.pcap": ("192.168.50.4/32", "syn-flood"),
    "stopddos/amp.TCP.reflection.SYNACK.pcap": ("10.10.10.10/32", "syn-ack-reflection"),
    "stopddos/amp.UDP.isakmp.pcap": ("10.10.10.10/32", "isakmp-reflection"),
    "stopddos/amp.UDP.snmp.src161.pcapng": ("10.10.10.10/32", "snmp-amplification"),
    "stopddos/pkt.TCP.synflood.spoofed.pcap": ("10.10.10.10/32", "syn-flood"),
}
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")


def benign(folder):
    """Paths of the recordings of ordinary traffic."""
    with open(folder / "INDEX.tsv", newline="", encoding="utf-8") as file:
        lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [line["path"] for line in lines if line["role"] == "benign"]


def warnings(path, networks, work):
    """Incidents of a replay that are more than information: id -> the last that was said."""
    config = work / "weir.yaml"
    config.write_text("networks:\n" + "".join(f"  - {{prefix: \"{n}\"}}\n" for n in networks)
                      + "state: {path: none}\n", encoding="utf-8")
    done = tap.run([tap.weir(), "replay", "-c", config, path], status=None, timeout=60)
    found = {}
    for line in done.out.splitlines():
        event = json.loads(line)
        incident = event.get("incident")
        if event["event"].startswith("incident.") and incident["severity"] != "info":
            found[incident["id"]] = incident
    tap.contains(done.out, '"event":"summary"', f"the replay of {path}")
    return found


def judge(folder, name):
    """One recorded attack."""
    victim, vector = ATTACKS[name]
    found = warnings(folder / name, [victim], tap.scratch())
    tap.true(found, f"{name}: an incident")
    hit = [i for i in found.values() if victim in i["targets"] and i["direction"] == "inbound"]
    tap.true(hit, f"{name}: an incident about {victim}, not {list(found.values())}")
    named = {v for i in hit for v in i["vectors"]}
    tap.true(vector in named, f"{name}: {vector} among {sorted(named)}")


def add(name):
    """A case for each recorded attack."""
    @tap.case(f"{name.rsplit('/', 1)[-1]} is found as {ATTACKS[name][1]}")
    def _():
        judge(tap.data(), name)


@tap.case
def ordinary_traffic_raises_no_warning():
    folder = tap.data()
    work = tap.scratch()
    names = benign(folder)
    tap.true(len(names) > 100, "more than a hundred recordings")
    bad = {}
    for name in names:
        found = warnings(folder / name, PRIVATE, work)
        if found:
            bad[name] = [(i["targets"], i["vectors"], i["why"]) for i in found.values()]
    tap.equal(bad, {}, "recordings with a warning")


for attack in ATTACKS:
    add(attack)

if __name__ == "__main__":
    tap.main()
