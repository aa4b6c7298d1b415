#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two ingest threads on loopback: nothing is lost between them, and they stay where they are put.

Under the thread sanitizer (`make tsan`) this is where a data race of the daemon would show.
"""

import json
import os
import pathlib
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

SENDERS = [f"127.0.0.{n}" for n in range(2, 18)]
ROUNDS = 60
RECORDS = 10


class Daemon:
    """A daemon with two threads; @ingest: more settings of them."""

    def __init__(self, **ingest):
        self.folder = tap.scratch()
        self.port = tap.free_port()
        self.socket = self.folder / "weir.sock"
        self.log = self.folder / "log"
        (self.folder / "weir.yaml").write_text(json.dumps({
            "networks": [{"prefix": "198.51.100.0/24"}],
            "listen": {"netflow": [f"127.0.0.1:{self.port}"]},
            "ingest": {"threads": 2, **ingest},
            "report": [{"kind": "jsonl", "path": str(self.folder / "events.jsonl")}],
            "state": {"path": str(self.folder / "state")},
            "control": {"socket": str(self.socket)}}))
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = tap.start([tap.weir(), "run", "-c", self.folder / "weir.yaml"], stderr=log)
        tap.wait_for(self.status, "an answer on the control socket", 30)

    def status(self):
        if self.process.poll() is not None:
            tap.fail(f"the daemon ended with {self.process.returncode}: {self.log.read_text()}")
        done = tap.run([tap.weir(), "status", "--json", "--socket", self.socket], status=None)
        return json.loads(done.out) if done.status == 0 else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        said = self.log.read_text()
        tap.equal(status, 0, f"exit status of the daemon; it said: {said[-3000:]}")
        tap.true("Sanitizer" not in said, f"no report of a sanitizer: {said[-3000:]}")


def netflow5(sequence):
    """A datagram of records towards own hosts; one host gets most of them."""
    head = struct.pack("!HHIIIIBBH", 5, RECORDS, 60000, int(time.time()), 0, sequence, 0, 1, 0)
    record = struct.Struct("!IIIHHIIIIHHBBBBHHBBH")
    return head + b"".join(
        record.pack(0xCB007100 + n, 0xC6336400 + (n if n % 3 == 0 else 7), 0, 1, 2, 50, 25000, 59000,
                    59500, 53, 4000 + n, 0, 0, 17, 0, 0, 0, 24, 24, 0) for n in range(RECORDS))


def senders(port):
    """One connected socket for each exporter."""
    out = []
    for address in SENDERS:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", port))
        out.append(sock)
    return out


@tap.case
def two_threads_count_everything_through_reloads_and_questions():
    daemon = Daemon()
    sockets = senders(daemon.port)
    for turn in range(ROUNDS):
        for sock in sockets:
            sock.send(netflow5(turn * RECORDS))
        if turn % 20 == 10:
            daemon.process.send_signal(signal.SIGHUP)
        if turn % 15 == 5:
            tap.true(daemon.status() is not None, "an answer while telemetry comes in")
        time.sleep(0.05)
    sent = ROUNDS * len(SENDERS)

    def settled():
        status = daemon.status()
        return status if status["totals"]["datagrams"] >= sent else None

    status = tap.wait_for(settled, f"{sent} datagrams counted", 20)
    tap.equal(status["totals"]["datagrams"], sent, "datagrams")
    tap.equal(status["totals"]["records"], sent * RECORDS, "records")
    shares = [thread["datagrams"] for thread in status["threads"]]
    tap.equal(sum(shares), sent, "datagrams of both threads together")
    tap.true(min(shares) > 0, f"both threads have exporters: {shares}")
    tap.true(all(thread["receive_buffer"] > 0 for thread in status["threads"]), "buffers are told")
    for exporter in status["exporters"]:
        tap.equal(exporter["datagrams"], ROUNDS, f"datagrams of {exporter['address']}")
    for sock in sockets:
        sock.close()
    daemon.stop()


@tap.case
def threads_stay_on_their_processors():
    cpus = sorted(os.sched_getaffinity(0))[:2]
    cpus = cpus if len(cpus) == 2 else cpus * 2
    daemon = Daemon(cpus=cpus)
    found = {}
    for task in pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if name.startswith("ingest-"):
            found[int(name[7:])] = os.sched_getaffinity(int(task.name))
    tap.equal(found, {0: {cpus[0]}, 1: {cpus[1]}}, "processors of the ingest threads")

    def told():
        shown = [thread["cpu"] for thread in daemon.status()["threads"]]
        return shown if shown == cpus else None

    tap.wait_for(told, f"processors {cpus} in the status", 10)
    daemon.stop()


if __name__ == "__main__":
    tap.main()
