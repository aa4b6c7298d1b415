#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weir lab score` on the demo's recording, with a truth written for it: what it finds, what it
says of runs that are none, and that a FIFO gives the same."""

import json
import os
import pathlib
import shutil
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

RECORDING = tap.ROOT / "tests" / "data" / "demo" / "two-attacks.pcap"
CONFIG = {
    "networks": [{"prefix": "198.51.100.0/24"}, {"prefix": "203.0.113.0/24"}],
    "incidents": {"close_after": "4s"},
}
INBOUND = {
    "direction": "inbound", "label": "flood", "targets": ["198.51.100.80/32"],
    "vectors": ["ntp-amplification"],
    "limits": [{"class": "udp-amp", "before_pps": 0, "envelope_pps": 10, "attack_pps": 120000}],
}
OUTBOUND = {
    "direction": "outbound", "label": "outbound-flood", "targets": ["192.0.2.200/32"],
    "vectors": ["syn-flood"], "machines": ["203.0.113.66"], "machines_sampled_60s": ["203.0.113.66"],
    "limits": [{"class": "syn", "before_pps": 0, "envelope_pps": 1000, "attack_pps": 60000}],
}
POPULATION = """origin,time_ns,src,dst,sport,dport,proto,tcp_flags,ttl,length,fragment
attack,1,100.64.0.1,198.51.100.80,123,4000,17,0,60,468,0
benign,2,192.0.2.1,198.51.100.80,4000,443,6,16,60,40,0
benign,3,192.0.2.1,198.51.100.80,123,123,17,0,60,468,0
"""


def truth(attack, **changes):
    return {"scenario": "T1", "kind": "attack", "mode": "sflow", "seed": 1, "family": "ipv4",
            "sampling": 1000, "fault": "none", "begin": "2026-09-21T14:13:20Z",
            "onset": "2026-09-21T14:13:28Z", "end": "2026-09-21T14:13:44Z",
            "finish": "2026-09-21T14:13:50Z", "export_delay_ms": 100, "counts": {"samples": 1},
            "attacks": [attack], **changes}


def run_of(facts, name="run"):
    folder = tap.scratch() / name
    folder.mkdir()
    (folder / "weir.yaml").write_text(json.dumps(CONFIG))
    (folder / "truth.json").write_text(json.dumps(facts))
    (folder / "population.csv").write_text(POPULATION)
    shutil.copy(RECORDING, folder / "telemetry.pcap")
    return folder


def score(*folders, status=0):
    done = tap.run([tap.weir(), "lab", "score", "--json", *folders], status=status)
    return done, json.loads(done.out)


@tap.case
def finds_the_victim_and_calls_the_other_attack_false():
    _, found = score(run_of(truth(INBOUND)))
    run = found["runs"][0]
    tap.equal([run["detected"], run["label_right"], run["incidents"], run["false"]],
              [True, True, 1, 1], "detected, label right, incidents, false ones")
    tap.equal(0 < run["delay_s"] < 2, True, f"delay {run['delay_s']}")
    tap.equal([run["recall"], run["collateral"]], [1, 0.5], "recall, collateral")
    # The recording ends before anything is let go.
    tap.equal([run["acting"], run["flaps"], "withdraw_s" in run], [1, 0, False], "acting, flaps, let go")
    tap.equal(run["references"]["static-ewma"]["detected"], True, "static thresholds")
    tap.equal(found["groups"][0]["pd"], 1, "Pd")


@tap.case
def finds_the_offender():
    _, found = score(run_of(truth(OUTBOUND)))
    run = found["runs"][0]
    tap.equal([run["detected"], run["vectors_right"], run["targets_named"]], [True, True, 1], "found")


@tap.case
def acting_against_what_is_benign_fails():
    done, found = score(run_of(truth(INBOUND, kind="benign", attacks=[])), status=1)
    tap.equal([found["passes"], found["runs"][0]["benign_acted"]], [False, True], "gate")
    tap.contains(done.err, "innocent")


@tap.case
def prints_a_line_a_run_and_a_table():
    folders = [run_of(truth(INBOUND, seed=n), f"run{n}") for n in (1, 2)]
    done = tap.run([tap.weir(), "lab", "score", *folders])
    lines = done.out.splitlines()
    tap.contains(lines[1], "seed 2: found after")
    tap.equal(lines[-1].split()[:4], ["T1", "sflow", "1000", "2"], "row of both")


@tap.case
def same_run_gives_the_same_bytes():
    folder = run_of(truth(INBOUND))
    tap.equal(score(folder)[0].out, score(folder)[0].out, "second output")


def feed(folder, facts):
    """As `weir lab make` does: files, then telemetry, and the whole truth a while after it."""
    time.sleep(0.2)
    early = {key: value for key, value in facts.items() if key != "counts"}
    (folder / "weir.yaml").write_text(json.dumps(CONFIG))
    (folder / "truth.json").write_text(json.dumps(early))
    (folder / "telemetry.pcap").write_bytes(RECORDING.read_bytes())
    time.sleep(0.3)
    (folder / "population.csv").write_text(POPULATION)
    (folder / "next.json").write_text(json.dumps(facts))
    os.replace(folder / "next.json", folder / "truth.json")


@tap.case
def reads_a_fifo_while_it_is_written():
    facts = truth(INBOUND, mode="sflow")
    folders = []
    for name in ("one", "two"):
        folder = tap.scratch() / name
        folder.mkdir()
        os.mkfifo(folder / "telemetry.pcap")
        folders.append(folder)
    makers = [threading.Thread(target=feed, args=(folder, facts)) for folder in folders]
    for maker in makers:
        maker.start()
    _, found = score(*folders)
    for maker in makers:
        maker.join()
    tap.equal([run["detected"] for run in found["runs"]], [True, True], "detected")
    tap.equal([run["population"] for run in found["runs"]], [3, 3], "population was waited for")


@tap.case
def says_what_is_missing():
    done, found = score(tap.scratch() / "nowhere", status=1)
    tap.equal(found["runs"], [], "runs")
    tap.contains(done.err, "nowhere/telemetry.pcap")
    done, _ = score(run_of({"scenario": "T1"}), status=1)
    tap.contains(done.err, "truth.json")
    tap.run([tap.weir(), "lab", "score"], status=2)


if __name__ == "__main__":
    tap.main()
