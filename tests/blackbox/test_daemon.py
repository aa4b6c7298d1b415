#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon on loopback, fed with the demo's recording: what an operator counts on."""

import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

RECORDING = tap.ROOT / "tests/data/demo/two-attacks.pcap"
FEED = tap.ROOT / "tools/demo/feed.py"


class Daemon:
    """A daemon with a configuration, ports and state folder of its own."""

    def __init__(self, **more):
        self.folder = tap.scratch()
        self.netflow, self.sflow = tap.free_port(), tap.free_port()
        self.socket = self.folder / "weir.sock"
        self.events = self.folder / "events.jsonl"
        self.settings = {
            "networks": [{"prefix": "198.51.100.0/24", "tenant": "acme"},
                         {"prefix": "203.0.113.0/24", "tenant": "globex"}],
            "listen": {"netflow": [f"127.0.0.1:{self.netflow}"], "ipfix": [],
                       "sflow": [f"127.0.0.1:{self.sflow}"]},
            "incidents": {"close_after": "3s"},
            "report": [{"kind": "jsonl", "path": str(self.events)}],
            "state": {"path": str(self.folder / "state")},
            "control": {"socket": str(self.socket)}, **more}
        self.process = None
        self.write()

    def write(self, text=None):
        path = self.folder / "weir.yaml"
        path.write_text(text if text is not None else json.dumps(self.settings))
        return path

    def start(self, env=None):
        self.log = open(self.folder / "log", "a", encoding="utf-8")
        self.process = tap.start([tap.weir(), "run", "-c", self.folder / "weir.yaml"],
                                 stderr=self.log, env=env)
        tap.wait_for(self.status, f"an answer on the control socket; log: {self.said()}", 20)
        return self

    def said(self):
        log = self.folder / "log"
        return log.read_text() if log.exists() else ""

    def status(self):
        if self.process and self.process.poll() is not None:
            tap.fail(f"the daemon ended with {self.process.returncode}: {self.said()}")
        done = tap.run([tap.weir(), "status", "--json", "--socket", self.socket], status=None)
        return json.loads(done.out) if done.status == 0 else None

    def incidents(self):
        done = tap.run([tap.weir(), "incidents", "--json", "--socket", self.socket])
        return json.loads(done.out)["incidents"]

    def feed(self, speed=3.0):
        return tap.start([sys.executable, FEED, RECORDING, "--quiet", "--speed", speed,
                          "--port", f"2055={self.netflow}", "--port", f"6343={self.sflow}"])

    def seen(self, kind=None):
        if not self.events.exists():
            return []
        lines = [json.loads(line) for line in self.events.read_text().splitlines()]
        return [e for e in lines if kind is None or e["event"] == kind]


@tap.case
def finds_an_inbound_and_an_outbound_attack_and_ends_cleanly():
    # Longer than a feeder may be kept waiting by whatever else runs: a pause must not end an attack.
    daemon = Daemon(incidents={"close_after": "8s"}).start()
    tap.equal(daemon.feed().wait(60), 0, "exit status of the feeder")
    tap.wait_for(lambda: len(daemon.seen("incident.closed")) == 2, "two closed incidents", 40)
    by_direction = {e["incident"]["direction"]: e["incident"] for e in daemon.seen("incident.closed")}
    inbound, outbound = by_direction["inbound"], by_direction["outbound"]
    tap.equal(inbound["targets"], ["198.51.100.80/32"], "inbound targets")
    tap.true("ntp-amplification" in str(inbound["vectors"]), f"vectors: {inbound['vectors']}")
    tap.equal(outbound["sources"], ["203.0.113.66/32"], "outbound sources")
    tap.true("192.0.2.200/32" in outbound["targets"], f"outbound targets: {outbound['targets']}")
    tap.equal(len(daemon.seen("incident.opened")), 2, "incidents opened")
    tap.equal({e["plan"]["level"] for e in daemon.seen("plan.applied")}, {"observe"}, "levels")
    tap.equal(tap.stop(daemon.process), 0, "exit status after TERM")
    tap.true(not daemon.socket.exists(), "the control socket is still there after the end")


@tap.case
def carries_on_with_the_same_incident_after_kill_9():
    daemon = Daemon(incidents={"close_after": "20s"}).start()
    feeder = daemon.feed(speed=1.5)
    tap.wait_for(lambda: len(daemon.seen("incident.opened")) == 2, "two incidents", 40)
    before = sorted(e["incident"]["id"] for e in daemon.seen("incident.opened"))
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    feeder.kill()
    feeder.wait()
    daemon.start()
    tap.equal(sorted(i["incident"]["id"] for i in daemon.incidents()), before, "open incidents")
    tap.equal(daemon.feed(speed=3).wait(60), 0, "exit status of the feeder")
    tap.wait_for(lambda: len(daemon.seen("incident.closed")) == 2, "two closed incidents", 60)
    tap.equal(len(daemon.seen("incident.opened")), 2, "incidents opened over both lives")
    tap.equal(sorted(e["incident"]["id"] for e in daemon.seen("incident.closed")), before, "closed")


SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int err = real(id, ts);
	FILE *file = id == CLOCK_REALTIME ? fopen(getenv("CLOCK_OFFSET"), "r") : NULL;
	long offset = 0;
	if (file) {
		if (fscanf(file, "%ld", &offset) == 1)
			ts->tv_sec += offset;
		fclose(file);
	}
	return err;
}
"""


def false_clock(seconds):
    """A file with the seconds that the wall clock is ahead, and the environment that makes it so."""
    tap.need("gcc")
    folder = tap.scratch()
    (folder / "shim.c").write_text(SHIM)
    tap.run(["gcc", "-shared", "-fPIC", "-o", folder / "shim.so", folder / "shim.c", "-ldl"])
    offset = folder / "offset"
    offset.write_text(str(seconds))
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return offset, {"LD_PRELOAD": str(folder / "shim.so"), "CLOCK_OFFSET": str(offset),
                    "ASAN_OPTIONS": sanitizer}


@tap.case
def a_clock_that_is_set_back_does_not_blind_detection():
    offset, environment = false_clock(86400)
    daemon = Daemon().start(environment)
    offset.write_text("0")
    tap.wait_for(lambda: "clock was set back by 86400" in daemon.said(), "the log to tell of the step")
    tap.equal(daemon.feed(speed=4).wait(60), 0, "exit status of the feeder")
    tap.wait_for(lambda: len(daemon.seen("incident.closed")) == 2, "two closed incidents", 30)


@tap.case
def a_bad_configuration_at_reload_changes_nothing():
    daemon = Daemon().start()
    generation = daemon.status()["config"]["generation"]
    daemon.write("networks: [{prefix: 198.51.100.0/33}]\nlissten: {}\n")
    daemon.process.send_signal(signal.SIGHUP)
    tap.wait_for(lambda: daemon.status()["config"]["reloads_refused"] == 1, "the refusal to be counted")
    tap.equal(daemon.status()["config"]["generation"], generation, "generation")
    tap.contains(daemon.said(), "weir.yaml:1:", "log")
    tap.contains(daemon.said(), "weir.yaml:2:1:", "log")
    daemon.settings["networks"].append({"prefix": "192.0.2.0/24", "tenant": "initech"})
    daemon.write()
    daemon.process.send_signal(signal.SIGHUP)
    tap.wait_for(lambda: daemon.status()["config"]["generation"] == generation + 1, "the new configuration")


@tap.case
def says_which_settings_need_a_restart():
    daemon = Daemon().start()
    daemon.settings["ingest"] = {"threads": 3}
    daemon.write()
    daemon.process.send_signal(signal.SIGHUP)
    tap.wait_for(lambda: "ingest.threads" in daemon.said(), "the log to name the setting")
    # Also after another reload it waits, until the file says what it said at the start.
    daemon.settings["networks"].append({"prefix": "192.0.2.0/24"})
    daemon.write()
    daemon.process.send_signal(signal.SIGHUP)
    tap.wait_for(lambda: daemon.status()["config"]["generation"] == 3, "the second reload")
    tap.equal(daemon.status()["config"]["needs_restart"], "ingest.threads", "in the status")
    shown = tap.run([tap.weir(), "status", "--socket", daemon.socket]).out
    tap.contains(shown, "waiting for a restart: ingest.threads", "weir status")
    del daemon.settings["ingest"]
    daemon.write()
    daemon.process.send_signal(signal.SIGHUP)
    tap.wait_for(lambda: daemon.status()["config"]["generation"] == 4, "the third reload")
    tap.true("needs_restart" not in daemon.status()["config"], "nothing waits any more")


def ends_at_once(daemon, *words):
    """Starting must fail: exit status 1, a message with these words, nothing left behind."""
    done = tap.run([tap.weir(), "run", "-c", daemon.folder / "weir.yaml"], status=1, timeout=20)
    for word in words:
        tap.contains(done.err, word, "standard error")
    tap.true(not daemon.socket.exists(), "a control socket was left behind")


@tap.case
def a_port_in_use_is_a_clear_error():
    first = Daemon().start()
    second = Daemon()
    second.settings["listen"] = first.settings["listen"]
    second.write()
    ends_at_once(second, "cannot listen on 127.0.0.1", str(first.netflow), "ss -ulpn")


@tap.case
def a_second_daemon_on_the_same_state_is_a_clear_error():
    first = Daemon().start()
    second = Daemon()
    second.settings["state"] = first.settings["state"]
    second.write()
    ends_at_once(second, str(first.folder / "state"))


@tap.case
def a_state_folder_that_cannot_be_made_is_a_clear_error():
    daemon = Daemon()
    (daemon.folder / "file").write_text("not a folder")
    daemon.settings["state"] = {"path": str(daemon.folder / "file" / "state")}
    daemon.write()
    ends_at_once(daemon, str(daemon.folder / "file"))


@tap.case
def a_missing_configuration_file_is_a_clear_error():
    done = tap.run([tap.weir(), "run", "-c", "/nonexistent/weir.yaml"], status=1)
    tap.contains(done.err, "/nonexistent/weir.yaml", "standard error")
    tap.contains(done.err, "no such file", "standard error")
    tap.equal(
        done.err,
        "/nonexistent/weir.yaml: no such file; look at the path\n"
        "weir run: nothing started: mend what is named above\n",
        "the reason comes first, and no line is empty",
    )


@contextlib.contextmanager
def small_disk():
    """A folder on a disk of its own that is soon full."""
    if os.geteuid() != 0:
        tap.skip("mounting a small tmpfs needs root")
    folder = tap.scratch()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", folder],
                      capture_output=True, check=False).returncode:
        tap.skip("mounting a tmpfs is not allowed here")
    daemon = Daemon(state={"path": str(folder / "state")})
    try:
        yield daemon, folder
    finally:
        if daemon.process and daemon.process.poll() is None:
            tap.stop(daemon.process)
        subprocess.run(["umount", folder], check=False)


def fill(folder):
    """Take all that is free. Return: the file to remove to have it back."""
    path = folder / "filler"
    with open(path, "wb", buffering=0) as filler:
        try:
            while filler.write(b"x" * 4096) == 4096:
                pass
        except OSError:
            pass
    return path


@tap.case
def a_full_disk_stops_the_journal_not_the_detection():
    with small_disk() as (daemon, folder):
        daemon.start()
        fill(folder)
        tap.equal(daemon.feed(speed=4).wait(60), 0, "exit status of the feeder")
        tap.wait_for(lambda: len(daemon.seen("incident.closed")) == 2, "two closed incidents", 30)
        tap.true(daemon.status()["journal"]["degraded"], "the status does not say that the disk is full")
        tap.contains(daemon.said(), "No space left on device; free some space", "log")
        tap.equal(tap.stop(daemon.process), 0, "exit status after TERM")


@tap.case
def on_a_full_disk_the_minutes_of_the_coverage_ledger_wait():
    offset, environment = false_clock(0)
    with small_disk() as (daemon, folder):
        daemon.start(environment)
        tap.wait_for((folder / "state/coverage.db").exists, "the ledger's file")
        filler = fill(folder)
        tap.equal(daemon.feed(speed=4).wait(60), 0, "exit status of the feeder")
        tap.equal(len(daemon.seen("incident.opened")), 2, "incidents opened")
        offset.write_text("61")  # the minute is over
        coverage = tap.wait_for(lambda: daemon.status()["coverage"]["degraded"]
                                and daemon.status()["coverage"], "the status to say it", 15)
        tap.true(coverage["waiting"] > 0 and coverage["failed"] > 0 and coverage["reason"],
                 f"what waits, failed writes and a reason: {coverage}")
        tap.equal((coverage["written"], coverage["lost"]), (0, 0), "rows written and lost")
        tap.contains(daemon.said(), "coverage.db: No space left on device; free some space", "log")
        page = tap.run([tap.weir(), "status", "--socket", daemon.socket]).out
        tap.contains(page, "the coverage ledger cannot be written: ", "weir status")
        filler.unlink()
        coverage = tap.wait_for(lambda: not daemon.status()["coverage"]["degraded"]
                                and daemon.status()["coverage"], "an end of it", 15)
        tap.true(coverage["written"] > 0 and coverage["lost"] == 0 and coverage["waiting"] == 0,
                 f"all that waited is written: {coverage}")
        tap.contains(daemon.said(), "can be written again; rows lost so far: 0", "log")
        tap.equal(tap.stop(daemon.process), 0, "exit status after TERM")


@tap.case
def garbage_is_counted_and_does_no_harm():
    daemon = Daemon().start()
    rng = random.Random(7)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for i in range(2000):
            head = rng.choice([b"", b"\0\5", b"\0\x09", b"\0\x0a", b"\0\0\0\5"])
            s.sendto(head + rng.randbytes(rng.randint(0, 1400)),
                     ("127.0.0.1", rng.choice([daemon.netflow, daemon.sflow])))
    tap.wait_for(lambda: daemon.status()["totals"]["datagrams"] >= 2000, "all datagrams", 15)
    tap.true(sum(daemon.status()["totals"]["undecodable"].values()) > 0, "nothing counted as undecodable")
    tap.true(len(daemon.said().splitlines()) < 50, f"too many log lines:\n{daemon.said()}")
    tap.equal(daemon.seen("incident.opened"), [], "incidents")


def counter_datagram(sequence, octets):
    """An sFlow v5 datagram with one counter sample of interface 7 (generic counters)."""
    counters = struct.pack("!IIQIIQIIIIIIQIIIIII", 7, 6, 10**10, 1, 3, octets, octets // 100, 0, 0,
                           0, 0, 0, octets * 2, octets // 50, 0, 0, 0, 0, 0)
    sample = struct.pack("!IIIII", sequence, 7, 1, 1, len(counters)) + counters
    head = struct.pack("!II4sIIII", 5, 1, bytes([192, 0, 2, 9]), 0, sequence, 1000 * sequence, 1)
    return head + struct.pack("!II", 2, len(sample)) + sample


@tap.case
def counter_samples_become_interface_rates():
    daemon = Daemon().start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(counter_datagram(1, 1000000), ("127.0.0.1", daemon.sflow))
        time.sleep(1)
        s.sendto(counter_datagram(2, 6000000), ("127.0.0.1", daemon.sflow))
    rates = tap.wait_for(lambda: [i for i in daemon.status()["interfaces"] if "in_bps" in i],
                         "the rate of an interface")
    tap.equal([(r["agent"], r["if_index"], r["speed_bps"]) for r in rates],
              [("192.0.2.9", 7, 10**10)], "interfaces")
    per_second = 5000000 * 8 / rates[0]["over_s"]
    tap.true(abs(rates[0]["in_bps"] - per_second) < per_second / 1000, f"in_bps: {rates[0]}")
    tap.true(abs(rates[0]["out_bps"] - 2 * per_second) < per_second / 500, f"out_bps: {rates[0]}")


def replay(*more):
    config = tap.scratch() / "weir.yaml"
    config.write_text(json.dumps({"networks": [{"prefix": "198.51.100.0/24"},
                                               {"prefix": "203.0.113.0/24"}],
                                  "incidents": {"close_after": "3s"}}))
    return tap.run([tap.weir(), "replay", "-c", config, RECORDING, *more]).out


@tap.case
def replay_of_the_same_input_gives_the_same_bytes():
    first = replay()
    tap.equal(replay(), first, "second replay")
    events = [json.loads(line) for line in first.splitlines()]
    tap.equal(sum(e["event"] == "incident.opened" for e in events), 2, "incidents opened")
    tap.equal(events[-1]["event"], "summary", "last event")
    tap.equal(events[-1]["incidents"], 2, "incidents in the summary")
    tap.equal(events[-1]["lost"], 0, "lost")
    times = [e["time"] for e in events if "time" in e]
    tap.equal(times, sorted(times), "order of events")


@tap.case
def replay_says_when_files_overlap_in_time():
    summary = json.loads(replay().splitlines()[-1])
    tap.equal((summary["late_packets"], summary["exporters"]), (0, 2), "one file alone")
    summary = json.loads(replay(RECORDING).splitlines()[-1])
    tap.true(summary["late_packets"] > 400, f"late packets of the same file twice: {summary}")


@tap.case
def the_recording_is_what_its_script_makes():
    made = tap.scratch() / "again.pcap"
    tap.run([sys.executable, tap.ROOT / "tools/demo/make_stream.py", made])
    tap.true(made.read_bytes() == RECORDING.read_bytes(), "make_stream.py gives other bytes")


@tap.case
def the_feeder_refuses_to_leave_loopback():
    recording = bytearray(RECORDING.read_bytes())
    recording[24 + 16 + 16:24 + 16 + 20] = bytes([192, 0, 2, 1])  # first packet's destination
    path = tap.scratch() / "outside.pcap"
    path.write_bytes(recording)
    done = tap.run([sys.executable, FEED, path, "--speed", "0"], status=1)
    tap.contains(done.err, "not a loopback address", "standard error")


if __name__ == "__main__":
    tap.main()
