#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Truth about the telemetry: what is lost, restarted or misdeclared on the way shows as just that."""

import json
import os
import pathlib
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import exports  # noqa: E402
import tap  # noqa: E402

BEGIN = 1790000000 // 60 * 60
SECONDS = 180
RATE = 50  # datagrams a second
PROTOCOLS = ("netflow5", "netflow9", "ipfix", "sflow5")


def pcap(packets, path):
    """Datagrams (time, port, payload[, source]) as a capture from 127.0.0.2 to loopback."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for at, port, payload, *source in packets:
            udp = struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                             *(source or [bytes([127, 0, 0, 2])]), bytes([127, 0, 0, 1])) + udp
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


def forged(payload):
    """400 senders within a second of the second minute, each with one datagram of 1970."""
    return [(BEGIN + 70 + i / 400, 2055, payload(i), bytes([10, 0, i // 200, i % 200])) for i in range(400)]


def told_beside(strangers):
    packets = stream(exports.make("netflow9"), lost=lambda i: i > 90 * RATE and i * 7919 % 100 < 60)
    events = replay(sorted(packets + strangers), exporters=[{"address": "127.0.0.2", "name": "edge1"}])
    loss = faults(events, "loss")
    tap.equal([f["state"] for f in loss], ["begun"], "loss of edge1")
    tap.equal(loss[0]["exporter"]["name"], "edge1", "whose")
    return events


@tap.case
def empty_datagrams_of_strangers_are_no_faults():
    head = struct.pack("!HHIIII", 9, 0, 0, 0, 0, 1)
    events = told_beside(forged(lambda i: head))
    tap.equal(events[-1]["exporters"], 401, "exporters")
    tap.equal([f["kind"] for f in faults(events)], ["loss"], "faults")
    tap.equal(events[-1]["faults_turned_away"], 0, "turned away")


@tap.case
def faults_of_strangers_do_not_silence_those_of_listed_exporters():
    events = told_beside(forged(lambda i: exports.make("netflow5", boot=0).datagram(3600)))
    tap.true(len(faults(events, "clock")) > 1, "strangers' clocks are told as well")
    tap.true(events[-1]["faults_turned_away"] >= 400 - 256, f"turned away: {events[-1]}")
    tap.true(events[-1]["faults_untold"] > 0, f"untold: {events[-1]}")


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


def misdeclared(protocol):
    """A rate times 100 from one datagram to the next; ten times the usual would be an incident."""
    usual = RATE * exports.FLOWS * (1 if protocol == "sflow5" else exports.PACKETS) * 100 // 199
    limits = {"detect": {"sensitivity": "0/day", "thresholds": [{"name": "total", "pps": f"{usual * 10}pps"}]}}
    exporter = exports.make(protocol, rate=100)
    packets = stream(exporter, 90)
    exporter.rate = 10000
    packets += stream(exporter, 60, BEGIN + 90)
    events, learned = replay(packets, **limits), replay(packets)
    tap.equal([e for e in events if e["event"].startswith("incident")], [], f"{protocol}: incidents")
    found = [f for f in faults(events, "sampling") if f["state"] == "begun"]
    tap.equal(len(found), 1, f"{protocol}: faults: {faults(events)}")
    tap.contains(found[0]["text"], "1:10000", "text")
    tap.equal([e for e in learned if e["event"].startswith("incident")], [],
              f"{protocol}: incidents by what is learned")
    # The limit is not out of reach: the same rate from the beginning passes it.
    exporter = exports.make(protocol, rate=10000)
    events = replay(stream(exporter, 60), **limits)
    tap.true([e for e in events if e["event"] == "incident.opened"],
             f"{protocol}: 100 times as much would not have been an incident either")


for name in PROTOCOLS:
    tap.case(f"a sampling rate of {name} times 100 is a fault and no incident")(
        lambda name=name: misdeclared(name))


@tap.case
def the_same_input_gives_the_same_bytes():
    packets = stream(exports.make("ipfix"), 90, lost=lambda i: i % 10 == 3)
    tap.equal(replay(packets), replay(packets), "second replay")


# The daemon's clocks run SPEED times as fast; its sleeps do not: a minute takes three seconds.
SPEED = 20
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static struct timespec first[2];
int clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int err = real(id, ts);
	if (err || id > CLOCK_MONOTONIC)
		return err;
	if (!first[id].tv_sec)
		first[id] = *ts;
	long long ns = (ts->tv_sec - first[id].tv_sec) * 1000000000LL + ts->tv_nsec - first[id].tv_nsec;
	ns = first[id].tv_sec * 1000000000LL + first[id].tv_nsec + ns * 20;
	ts->tv_sec = ns / 1000000000;
	ts->tv_nsec = ns % 1000000000;
	return 0;
}
"""


class FastDaemon:
    """A daemon on loopback whose minutes are short, with state, events and a socket of its own."""

    def __init__(self, **settings):
        self.folder = tap.scratch()
        self.port = {"netflow": tap.free_port(), "sflow": tap.free_port()}
        self.socket = self.folder / "weir.sock"
        (self.folder / "shim.c").write_text(SHIM)
        tap.run(["gcc", "-shared", "-fPIC", "-o", self.folder / "shim.so", self.folder / "shim.c", "-ldl"])
        (self.folder / "weir.yaml").write_text(json.dumps({
            "networks": [{"prefix": "198.51.100.0/24"}],
            "listen": {"netflow": [f"127.0.0.1:{self.port['netflow']}"],
                       "sflow": [f"127.0.0.1:{self.port['sflow']}"]},
            "report": [{"kind": "jsonl", "path": str(self.folder / "events")}],
            "state": {"path": str(self.folder / "state")},
            "control": {"socket": str(self.socket)}, **settings}))
        self.process = None

    def start(self):
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            self.process = tap.start([tap.weir(), "run", "-c", self.folder / "weir.yaml"], stderr=log,
                                     env={"LD_PRELOAD": str(self.folder / "shim.so"),
                                          "ASAN_OPTIONS": sanitizer})
        tap.wait_for(lambda: tap.run([tap.weir(), "status", "--socket", self.socket],
                                     status=None).status == 0, "an answer of the daemon", 20)
        return self

    def ask(self, *words):
        return tap.run([tap.weir(), *words, "--socket", self.socket]).out

    def rows(self):
        """All minutes that are kept; the daemon's clock is ahead of ours."""
        return json.loads(self.ask("coverage", "--json", "--from", "1h", "--to", "2099-01-01T00:00:00Z",
                                   "--step", "1m"))["rows"]

    def faults(self):
        path = self.folder / "events"
        lines = path.read_text().splitlines() if path.exists() else []
        return [e["fault"] for e in map(json.loads, lines) if e["event"] == "telemetry.fault"]

    def send(self, protocols, seconds, lost=lambda i: False):
        """The exporters on one thread each of time, as a proxy that drops what `lost` names."""
        senders = []
        for number, protocol in enumerate(protocols):
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sender.bind((f"127.0.0.{number + 2}", 0))
            port = self.port["sflow" if protocol == "sflow5" else "netflow"]
            senders.append((exports.make(protocol), sender, port))
        begin = time.monotonic()
        i = 0
        while (now := time.monotonic()) < begin + seconds:
            for exporter, sender, port in senders:
                payload = exporter.datagram(time.time())
                if not lost(i):
                    sender.sendto(payload, ("127.0.0.1", port))
            i += 1
            time.sleep(max(0, begin + i / 100 - now))
        for _, sender, _ in senders:
            sender.close()


def whole(rows):
    """By protocol, the minutes in the middle: the first and last are not full of traffic."""
    by = {}
    for row in rows:
        by.setdefault(row["protocol"], []).append(row)
    return {protocol: minutes[1:-1] for protocol, minutes in by.items()}


@tap.case
def the_daemon_writes_down_a_tenth_lost_on_the_way():
    tap.need("gcc")
    daemon = FastDaemon().start()
    daemon.send(PROTOCOLS, 13, lost=lambda i: i > 50 and i * 7919 % 100 < 10)
    tap.wait_for(lambda: all(len(m) >= 2 for m in whole(daemon.rows()).values()) and daemon.rows(),
                 "two whole minutes of all", 20)
    kept = whole(daemon.rows())
    tap.equal(set(kept), set(PROTOCOLS), "protocols in the ledger")
    for protocol, minutes in kept.items():
        minutes = [m for m in minutes if m["datagrams"] > 100]
        tap.true(minutes, f"{protocol}: no whole minute")
        for minute in minutes:
            tap.true(0.09 <= minute["lost_share"] <= 0.11, f"{protocol}: {minute}")
    told = [f["exporter"]["protocol"] for f in daemon.faults() if f["kind"] == "loss"]
    tap.equal(sorted(told), sorted(PROTOCOLS), "faults")
    picture = daemon.ask("coverage", "--to", "2099-01-01T00:00:00Z", "--from", "1h")
    tap.contains(picture, "not watched", "the picture")
    page = daemon.ask("status")
    tap.contains(page, "did not arrive", "weir status")
    tap.contains(page, "LOSING", "weir status")
    tap.contains(daemon.ask("status", "127.0.0.3"), "FAULTS", "weir status of one exporter")
    tap.equal(tap.stop(daemon.process), 0, "exit status after TERM")


@tap.case
def what_was_kept_outlives_kill_9():
    tap.need("gcc")
    daemon = FastDaemon().start()
    daemon.send(["netflow9"], 8)
    before = tap.wait_for(daemon.rows, "a row", 20)
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    daemon.start()
    after = {(r["begin"], r["address"]): r["datagrams"] for r in daemon.rows()}
    for row in before:
        tap.equal(after.get((row["begin"], row["address"])), row["datagrams"], f"row of {row['begin']}")
    daemon.send(["netflow9"], 5)
    tap.wait_for(lambda: len(daemon.rows()) > len(before), "rows of the second life", 20)


@tap.case
def without_state_there_is_no_ledger_and_that_is_said():
    daemon = FastDaemon(state={"path": "none"}).start()
    done = tap.run([tap.weir(), "coverage", "--socket", daemon.socket], status=1)
    tap.contains(done.err, "no coverage ledger is kept", "standard error")


@tap.case
def questions_that_make_no_sense_are_refused():
    for words, part in ((["--from", "yesterday"], "2h for two hours ago"),
                        (["--from", "1h", "--to", "2h"], "no time lies between"),
                        (["--step", "90s"], "whole minutes")):
        done = tap.run([tap.weir(), "coverage", "--socket", "/nonexistent", *words], status=2)
        tap.contains(done.err, part, "standard error")


if __name__ == "__main__":
    tap.main()
