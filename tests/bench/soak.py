#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon at half its limit over loopback for a long time: memory flat, queue empty, nothing lost.

The limit is found first: a short run at a modest rate tells the processor time of a record, and
with it what one ingest thread can do. Then NetFlow v9 is sent at half of that, by the repository's
generator, while resident memory and the socket's queue are sampled. Exit status 1 when records are
missing, the queue is not empty at the end, or memory grew by more than 2 % and 4 MiB after the
first quarter. Use: soak.py [--seconds 600] [--build build/bench]
"""
import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
TRIAL_RATE, TRIAL_S = 300000, 5
RATE_MAX = 3000000      # more one sender does not do without UDP_SEGMENT
MIB = 1 << 20


def free_port():
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Daemon:
    """A daemon with one ingest thread, in a folder of its own."""

    def __init__(self, weir, folder):
        self.weir, self.folder, self.port = weir, pathlib.Path(folder), free_port()
        self.socket = self.folder / "weir.sock"
        (self.folder / "weir.yaml").write_text(json.dumps({
            "networks": [{"prefix": "10.64.0.0/16"}],
            "listen": {"netflow": [f"127.0.0.1:{self.port}"]},
            "ingest": {"threads": 1, "receive_buffer": "64MiB"}, "limits": {"hosts": 131072},
            "report": [{"kind": "jsonl", "path": str(self.folder / "events")}],
            "state": {"path": str(self.folder / "state")}, "control": {"socket": str(self.socket)}}))
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([weir, "run", "-c", self.folder / "weir.yaml"],
                                            stdout=log, stderr=log)
        end = time.monotonic() + 20
        while not self.status():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                sys.exit(f"soak: the daemon did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.1)

    def status(self):
        done = subprocess.run([self.weir, "status", "--json", "--socket", self.socket],
                              capture_output=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def resident(self):
        return int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE

    def reader_cpu(self):
        """Seconds of the ingest thread."""
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if (task / "comm").read_text().startswith("ingest-"):
                fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
                return (int(fields[11]) + int(fields[12])) / TICKS
        return 0.0

    def settled(self):
        """The status once the counters have stopped growing."""
        last = None
        while True:
            now = self.status()
            if last and now["totals"]["records"] == last["totals"]["records"]:
                return now
            last = now
            time.sleep(2.5)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def send(sender, port, rate, seconds):
    return subprocess.Popen([sender, "--protocol", "netflow9", "--to", f"127.0.0.1:{port}",
                             "--records", str(int(rate * seconds)), "--seconds", str(seconds + 30),
                             "--rate", str(int(rate))], stdout=subprocess.PIPE)


def sent_by(process):
    told = json.loads(process.communicate()[0])
    if process.returncode:
        sys.exit(f"soak: the generator ended with {process.returncode}")
    return sum(exporter["records"] for exporter in told["exporters"])


def cost(daemon, sender):
    """Seconds of the ingest thread for a record, and the records that were sent for it."""
    before = daemon.reader_cpu()
    sent = sent_by(send(sender, daemon.port, TRIAL_RATE, TRIAL_S))
    daemon.settled()
    return (daemon.reader_cpu() - before) / sent, sent


def watch(daemon, sender, rate, seconds):
    """Resident memory each second, and the records that were sent."""
    sending = send(sender, daemon.port, rate, seconds)
    samples = []
    while sending.poll() is None:
        samples.append(daemon.resident())
        if len(samples) % 60 == 0:
            print(f"{len(samples):6} s  {samples[-1] / MIB:8.1f} MiB", flush=True)
        time.sleep(1)
    return samples, sent_by(sending)


def judge(samples, sent, status):
    """What is wrong, in words."""
    wrong = []
    tenth = max(len(samples) // 10, 1)
    early = statistics.median(samples[len(samples) // 4:len(samples) // 4 + tenth])
    late = statistics.median(samples[-tenth:])
    if late - early > max(4 * MIB, early * 0.02):
        wrong.append(f"memory grew from {early / MIB:.1f} to {late / MIB:.1f} MiB")
    if status["totals"]["records"] != sent:
        wrong.append(f"{sent} records sent, {status['totals']['records']} counted")
    queued = sum(thread["queued_bytes"] for thread in status["threads"])
    if queued:
        wrong.append(f"{queued} bytes still wait in sockets")
    print(f"memory {early / MIB:.1f} MiB after a quarter, {late / MIB:.1f} MiB at the end; "
          f"{sent} records sent, {status['totals']['records']} counted, {queued} bytes waiting")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--build", default=str(TOP / "build/bench"))
    args = parser.parse_args()
    weir, sender = f"{args.build}/weir", f"{args.build}/tests/bench/flowsend"
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(weir, folder)
        try:
            each, before = cost(daemon, sender)
            rate = min(0.5 / each, RATE_MAX)
            print(f"{each * 1e9:.0f} ns a record; sending {rate / 1e6:.2f} M records/s for "
                  f"{args.seconds} s", flush=True)
            samples, sent = watch(daemon, sender, rate, args.seconds)
            wrong = judge(samples, before + sent, daemon.settled())
        finally:
            daemon.stop()
    for line in wrong:
        print(f"soak: {line}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
