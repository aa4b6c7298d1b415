#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packets of a virtual interface become flows, sampled as configured, whatever happens to it."""

import json
import os
import pathlib
import signal
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


class Daemon:
    """`weir run` in a namespace, with the interfaces given."""

    def __init__(self, ns, interfaces, threads=2, **more):
        self.ns, self.folder = ns, tap.scratch()
        self.socket = self.folder / "weir.sock"
        settings = {"networks": [{"prefix": "198.51.100.0/24"}], "ingest": {"threads": threads},
                    "listen": {"interface": interfaces}, "report": [],
                    "state": {"path": "none"}, "control": {"socket": str(self.socket)}, **more}
        self.config = self.folder / "weir.yaml"
        self.config.write_text(json.dumps(settings))
        self.log = open(self.folder / "log", "a", encoding="utf-8")
        self.process = tap.start(ns.command([tap.weir(), "run", "-c", self.config]),
                                 stderr=self.log)
        tap.wait_for(self.status, f"an answer of the daemon; log: {self.said()}", 20)

    def said(self):
        return (self.folder / "log").read_text()

    def status(self):
        if self.process.poll() is not None:
            tap.fail(f"the daemon ended with {self.process.returncode}: {self.said()}")
        done = tap.run([tap.weir(), "status", "--json", "--socket", self.socket], status=None)
        return json.loads(done.out) if done.status == 0 else None

    def link(self):
        return self.status()["links"][0]

    def sees(self, packets):
        """Wait for so many packets in its counters."""
        tap.wait_for(lambda: self.link()["packets"] >= packets, f"{packets} packets: "
                     f"{self.link()}; log: {self.said()}")
        tap.equal(self.link()["packets"], packets, "packets")


def many(count=100):
    """One packet of each of so many flows, so that all threads get some."""
    return [wire.frame(wire.ipv4(f"192.0.2.{i % 250 + 1}", "198.51.100.1", 17,
                                 wire.udp(1000 + i, 53))) for i in range(count)]


@tap.case
def the_daemon_shows_its_interface():
    for mode in ("packet", "xdp"):
        ns = wire.Namespace()
        daemon = Daemon(ns, [{"name": "near", "sampling": "1:1", "mode": mode}])
        ns.send(many(), 10)
        daemon.sees(1000)
        link = daemon.link()
        tap.equal((link["name"], link["mode"], link["sampling"], link["works"], link["dropped"]),
                  ("near", mode, 1, True, 0), mode)
        tap.equal(link.get("seen"), {"packet": None, "xdp": 1000}[mode], f"{mode}: seen")
        page = tap.run([tap.weir(), "status", "--socket", daemon.socket]).out
        tap.contains(page, f"sampling   near 1:1 ({mode}): 1.00 k packets")
        tap.equal({e["name"] for e in daemon.status()["exporters"]}, {"near"}, f"{mode}: exporters")
        tap.equal(sum(line.startswith("ok") for line in page.splitlines()), 1, f"{mode}: rows of {page}")
        records = [t["records"] for t in daemon.status()["threads"]]
        tap.equal(sum(records), 1000, f"{mode}: records")
        if mode == "packet":
            tap.true(all(records), f"the flows are spread over the threads: {records}")
        tap.equal(tap.stop(daemon.process), 0, f"{mode}: exit status")
        tap.lacks(daemon.said(), "error", f"{mode}: log")


@tap.case
def two_threads_are_one_vantage():
    ns = wire.Namespace()
    daemon = Daemon(ns, [{"name": "near", "sampling": "1:1"}], detect={
        "sensitivity": "0/day", "thresholds": [{"class": "syn", "pps": "10kpps"}]})
    # Above a limit of 10 kpps with both threads together only: SYN, 5 s window.
    syn = [wire.frame(wire.ipv4(f"192.0.2.{i % 250 + 1}", "198.51.100.1", 6,
                                wire.tcp(1000 + i, 80, 2))) for i in range(1000)]
    ns.send(syn, 65)
    tap.wait_for(lambda: daemon.status()["incidents"]["total"], "an incident", 15)


@tap.case
def an_interface_that_goes_is_taken_up_again():
    for mode in ("packet", "xdp"):
        ns = wire.Namespace()
        daemon = Daemon(ns, [{"name": "near", "sampling": "1:1", "mode": mode}])
        ns.send(many(), 1)
        daemon.sees(100)
        ns.inside(["ip", "link", "set", "near", "down"])
        tap.wait_for(lambda: not daemon.link()["works"], f"{mode}: told that it is down")
        page = tap.run([tap.weir(), "status", "--socket", daemon.socket]).out
        tap.contains(page, "interface near gives nothing: Network is down")
        ns.inside(["ip", "link", "set", "near", "up"])
        tap.wait_for(lambda: daemon.link()["works"], f"{mode}: told that it is up")
        ns.send(many(), 1)
        daemon.sees(200)
        ns.inside(["ip", "link", "delete", "near"])
        tap.wait_for(lambda: daemon.link()["if_index"] == 0, f"{mode}: told that it is gone")
        ns.add_pair()
        tap.wait_for(lambda: daemon.link()["works"], f"{mode}: taken up again")
        # All threads must have it before packets are counted.
        time.sleep(1.5)
        ns.send(many(), 1)
        daemon.sees(300)
        log = daemon.said()
        # It may be looked at when it is made again and not up yet: then it is down once more.
        down = log.split("near is gone")[0].count("near is down")
        tap.equal(down, 1, f"{mode}: told once that it is down:\n{log}")
        for words, times in (("near is gone", 1), ("sampled again, 1:1", 2)):
            tap.equal(log.count(words), times, f"{mode}: {words!r} in the log:\n{log}")


def programs(ns):
    """What hangs on the interface `near`, as ip sees it."""
    shown = json.loads(ns.inside(["ip", "-j", "link", "show", "near"]).out)
    return shown[0].get("xdp")


@tap.case
def a_killed_daemon_leaves_nothing_attached():
    for end in (signal.SIGKILL, signal.SIGTERM):
        ns = wire.Namespace()
        daemon = Daemon(ns, [{"name": "near", "mode": "xdp"}])
        tap.true(programs(ns), "a program is attached while it runs")
        daemon.process.send_signal(end)
        daemon.process.wait(10)
        tap.wait_for(lambda ns=ns: not programs(ns), f"nothing attached after {end.name}", 5)


@tap.case
def auto_takes_xdp_where_the_driver_can():
    ns = wire.Namespace()
    daemon = Daemon(ns, [{"name": "near", "mode": "auto"}])
    tap.equal(daemon.link()["mode"] in ("xdp", "auto"), True, "mode")
    tap.wait_for(lambda: daemon.link()["mode"] == "xdp", "mode xdp in the status")
    # Loopback has no driver that could.
    daemon = Daemon(ns, [{"name": "lo", "mode": "auto"}])
    tap.wait_for(lambda: daemon.link()["mode"] == "packet", "mode packet in the status")
    tap.contains(daemon.said(), "the driver of lo cannot run XDP programs")


def refused(ns, interface, *words, drop=()):
    """The daemon does not start, and says why and what to do in one line."""
    folder = tap.scratch()
    config = folder / "weir.yaml"
    config.write_text(json.dumps({"listen": {"interface": [interface]}, "state": {"path": "none"},
                                  "control": {"socket": "none"}}))
    argv = [tap.weir(), "run", "-c", config]
    if drop:
        tap.need("setpriv")
        names = ",".join(f"-{name}" for name in drop)
        argv = ["setpriv", f"--bounding-set={names}", f"--inh-caps={names}", *argv]
    done = ns.inside(argv, status=1, timeout=20)
    lines = [line for line in done.err.splitlines() if "cannot start" in line]
    tap.equal(len(lines), 1, f"lines that say so in:\n{done.err}")
    for word in words:
        tap.contains(lines[0], word)


@tap.case
def what_cannot_be_sampled_is_told_with_what_to_do():
    ns = wire.Namespace()
    refused(ns, "eth77", "there is no interface eth77", "`ip -br link`")
    refused(ns, {"name": "eth77", "mode": "xdp"}, "there is no interface eth77")
    refused(ns, "near", "CAP_NET_RAW", "run as root", drop=["net_raw"])
    refused(ns, {"name": "near", "mode": "xdp"}, "CAP_BPF CAP_NET_ADMIN", "AmbientCapabilities",
            drop=["bpf", "net_admin", "sys_admin"])


@tap.case
def another_xdp_program_is_left_alone():
    ns = wire.Namespace()
    first = Daemon(ns, [{"name": "near", "mode": "xdp"}])
    before = programs(ns)
    refused(ns, {"name": "near", "mode": "xdp"}, "another XDP program", "bpftool net show dev near")
    tap.equal(programs(ns), before, "the program of the first")
    tap.true(first.link()["works"], "the first still works")


if __name__ == "__main__":
    tap.main()
