# SPDX-License-Identifier: Apache-2.0
"""One step of a measurement: a known load on a collector, and what it cost.

A step is lossless only if the socket dropped nothing, its queue was empty soon after the last
datagram, and the sender kept its rate; whether anything was lost behind the socket is told by the
collector's own count.
"""
import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time

import machine

LAG_AT_MOST_S = 0.1     # a queue that takes longer to empty was growing
GROWN_BYTES = machine.BUFFER_BYTES // 4     # usual length of a queue that cannot be worked off
LOOK_EVERY_S = 0.05
STARVED_BELOW = 0.95    # of the wanted rate: such a step says nothing about the collector
QUEUE_WAIT_S = 20
SETTLE_S = 0.25
WARM_RECORDS = 20000


class Sender:
    """Runs the generator on its own processor."""

    def __init__(self, program, cpu):
        self.program, self.cpu = program, cpu
        self.used = set()

    def command(self, collector, seconds, rate=None, records=None, gso=0, hosts=None):
        return [str(word) for word in [
            self.program, "--protocol", collector.protocol, "--to", f"127.0.0.1:{collector.port}",
            "--records", records or 100000000000, "--seconds", seconds, "--cpu", self.cpu,
            "--hosts", hosts or collector.hosts,
            *(["--rate", int(rate)] if rate else []), *(["--gso", gso] if gso else [])]]

    def send(self, collector, *args, **options):
        """Send, and look at the socket's queue meanwhile: (what was sent, bytes queued each time)."""
        command, queue = self.command(collector, *args, **options), []
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            while True:
                try:
                    out, err = process.communicate(timeout=LOOK_EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    queue.append(machine.socket_state(collector.port)[0])
        if process.returncode:
            raise RuntimeError(f"flowsend: {err.strip()}")
        told = json.loads(out)
        told.pop("exporters")
        return told, queue


def wait_for_empty_queue(port):
    """(bytes queued at first, seconds until none were)."""
    began = time.monotonic()
    first = queued = machine.socket_state(port)[0]
    while queued and time.monotonic() - began < QUEUE_WAIT_S:
        time.sleep(0.005)
        queued = machine.socket_state(port)[0]
    return first, time.monotonic() - began


def reading_ns(collector, by_name):
    """CPU ns of the thread or threads that read the socket."""
    if collector.reader:
        found = [ns for name, all_ns in by_name.items() if name.startswith(collector.reader)
                 for ns in all_ns]
        if found:
            return sum(found)
    return max(ns for all_ns in by_name.values() for ns in all_ns)


def judge(step, tail):
    """What a step shows: "lossless", or why not."""
    if step["wanted_rate"] and step["rate"] < STARVED_BELOW * step["wanted_rate"]:
        return "sender starved"
    if step["dropped"]:
        return "dropped by the socket"
    if step["lag_s"] > LAG_AT_MOST_S or step["queue_bytes"]["late"] > GROWN_BYTES:
        return "queue grew"
    if (step["behind"] or 0) > tail:
        return "lost behind the socket"
    return "lossless"


def measure(collector, sender, seconds, rate=None, **load):
    """One step on a running collector; a dictionary."""
    pid, port = collector.process.pid, collector.port
    counted = collector.counted_up_to(float("inf")) if collector.tells else None
    dropped = machine.socket_state(port)[1]
    stolen = machine.stolen_ticks()
    before = machine.thread_times(pid)
    told, queue = sender.send(collector, seconds, rate, **load)
    queued, lag_s = wait_for_empty_queue(port)
    time.sleep(SETTLE_S)
    whole, by_name = machine.spent(before, machine.thread_times(pid))
    step = {
        "wanted_rate": rate, "rate": told["records_per_s"], "sent": told["records"],
        "datagrams": told["datagrams"], "gso": told["gso"],
        "dropped": machine.socket_state(port)[1] - dropped,
        "lag_s": round(lag_s, 4), "behind": None,
        "queue_bytes": {"most": max([*queue, queued]), "end": queued,
                        "late": statistics.median(queue[-5:] or [queued])},
        "sender_ns_a_datagram": told["cpu_seconds"] / max(told["datagrams"], 1) * 1e9,
        "stolen_ticks": machine.stolen_ticks() - stolen,
    }
    lost = min(step["dropped"] * told["records_a_datagram"], told["records"])
    step["received"] = told["records"] - lost
    if collector.tells:
        # Dropped datagrams may have been templates: a few records either way.
        now = collector.counted_up_to(counted + step["received"])
        step["behind"] = max(0, step["received"] - (now - counted)) if now >= 0 else None
    if collector.gathers and step["gso"] and step["dropped"]:
        # A drop is then up to as many datagrams as were joined: nobody knows how many.
        return {**step, "received": None, "reading_ns": None, "whole_ns": None,
                "shows": "dropped by the socket"}
    step["reading_ns"] = reading_ns(collector, by_name) / max(step["received"], 1)
    step["whole_ns"] = whole / max(step["received"], 1)
    step["shows"] = judge(step, collector.tail)
    if collector.tells and step["behind"] is None:
        step["shows"] = "it did not tell what it counted"
    return step


def warm(collector, sender):
    """Templates, page faults and the hosts' tables, before anything counts."""
    told, _ = sender.send(collector, 5, 200000, records=WARM_RECORDS)
    wait_for_empty_queue(collector.port)
    return told["records"]


@contextlib.contextmanager
def running(kind, cpu, protocol, hosts):
    """A collector of that kind with a folder of its own, stopped and removed behind."""
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="weir-bench-", dir=where) as folder:
        collector = kind(folder, cpu, protocol, hosts)
        try:
            yield collector.start()
        finally:
            collector.stop()


def finish(collector, steps, warmed):
    """Stop it and compare its count with what it was sent; marks steps if something is missing."""
    unknown = any(s["received"] is None for s in steps)
    received = warmed + sum(s["received"] or 0 for s in steps)
    collector.expected = received
    collector.stop()
    total = collector.counted_at_end()
    result = {"collector": collector.name, "protocol": collector.protocol,
              "hosts": collector.hosts, "steps": steps, "turned_away": collector.turned_away()}
    hosts_lost = sum(n for what, n in result["turned_away"].items()
                     if isinstance(n, int) and "hosts" in what)
    for step in steps:
        # A flow that found no room costs less than one that is counted.
        if step["shows"] == "lossless" and hosts_lost > received // 1000:
            step["shows"] = "turned hosts away"
    if total is not None and not unknown:
        result["behind"] = max(0, received - total)
        for step in steps:
            if step["shows"] == "lossless" and result["behind"] > received // 100000:
                step["shows"] = "lost behind the socket"
    return result
