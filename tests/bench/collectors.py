# SPDX-License-Identifier: Apache-2.0
"""What is measured: how each collector is configured, started, asked and stopped.

One process at a time, pinned to the collectors' processor, with a receive buffer of 64 MiB and a
configuration made for it in a temporary folder. Only processes started here are ever stopped.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import machine

START_S = 15
COUNT_S = 10
OWN = "10.64.0.0"


class Failed(Exception):
    """A collector that did not start or answer; the message says what it said."""


def free_port():
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def own_network(hosts):
    """The smallest network from OWN on that holds so many hosts."""
    return f"{OWN}/{32 - max(hosts - 1, 1).bit_length()}"


def package_version(package):
    return machine.run_text("dpkg-query", "-W", "-f", "${Version}", package)


class Collector:
    """One collector under test. The classes below say what differs."""
    name = ""           # in tables
    note = ""           # what it does with a record
    program = ""
    package = ""
    protocols = ("netflow5", "netflow9", "ipfix", "sflow5")
    reader = None       # how the names of reading threads begin; None: the busiest thread
    stop_signal = signal.SIGTERM
    stop_s = 5          # then it is killed

    def __init__(self, folder, cpu, protocol, hosts):
        self.folder, self.cpu, self.protocol, self.hosts = pathlib.Path(folder), cpu, protocol, hosts
        self.port = free_port()
        self.process = None
        self.expected = 0

    @classmethod
    def missing(cls):
        """Why it cannot be measured here; None if it can."""
        if shutil.which(cls.program):
            return None
        return f"{cls.program} is not installed (Debian package {cls.package})"

    @classmethod
    def version(cls):
        return package_version(cls.package) or "unknown"

    def configure(self):
        """Write its configuration; give back the command."""
        raise NotImplementedError

    def configuration(self):
        """Text of its configuration, for the results."""
        return ""

    gathers = False     # its socket has UDP_GRO
    slow = False        # loses at rates that others are compared at
    tail = 0            # records that may wait in a buffer of its own when nothing more comes
    tells = False       # counted() answers while it runs

    def counted(self):
        """Records it has counted so far; None if it does not answer."""
        return None

    def counted_up_to(self, wanted):
        """Its count once it is @wanted or stands still; -1 if it never answers."""
        end, last = time.monotonic() + COUNT_S, -1
        while time.monotonic() < end:
            now = self.counted()
            if now is not None:
                if now >= wanted or now == last:
                    return now
                last = now
            time.sleep(0.3)
        return last

    def counted_at_end(self):
        """Records it had counted when it ended."""
        return None

    def turned_away(self):
        """What it says it could not keep: {what: count}, zeros left out."""
        return {}

    def log(self):
        with contextlib.suppress(OSError):
            return (self.folder / "log").read_text(errors="replace")
        return ""

    def start(self):
        command = [str(word) for word in self.configure()]
        if machine.socket_state(self.port)[2]:
            raise Failed(f"port {self.port} is taken")
        with machine.large_buffers(), open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL,
                                            preexec_fn=lambda: os.sched_setaffinity(0, {self.cpu}))
            end = time.monotonic() + START_S
            while not machine.socket_state(self.port)[2]:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise Failed(f"{self.name} did not start: {self.log()[-400:]}")
                time.sleep(0.05)
        self.command = command
        return self

    def stop(self):
        if not self.process:
            return
        if self.process.poll() is None:
            children = machine.tree(self.process.pid)[1:]
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(self.stop_s)
            except subprocess.TimeoutExpired:
                # Some peers do not end by themselves; their children are ours as well.
                for pid in [*children, self.process.pid]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self.process.wait()


class Weir(Collector):
    name = "weir"
    note = "decode, classify, tally hosts and prefixes, detect"
    reader = "ingest-"
    gathers = True
    threads = 1

    @classmethod
    def missing(cls):
        return None if os.access(cls.program, os.X_OK) else f"{cls.program} is not built"

    @classmethod
    def version(cls):
        return machine.run_text(cls.program, "--version")

    def configure(self):
        key = "sflow" if self.protocol == "sflow5" else "netflow"
        (self.folder / "weir.yaml").write_text(json.dumps({
            "networks": [{"prefix": own_network(self.hosts)}],
            "listen": {key: f"127.0.0.1:{self.port}"},
            "ingest": {"threads": self.threads, "receive_buffer": "64MiB"},
            "limits": {"hosts": max(self.hosts, 65536)},
            "report": [{"kind": "jsonl", "path": str(self.folder / "events")}],
            "state": {"path": str(self.folder / "state")},
            "control": {"socket": str(self.folder / "sock")}}, indent=1))
        return [self.program, "run", "-c", self.folder / "weir.yaml"]

    def configuration(self):
        return (self.folder / "weir.yaml").read_text()

    def status(self):
        done = subprocess.run([self.program, "status", "--json", "--socket", self.folder / "sock"],
                              capture_output=True, check=False)
        return json.loads(done.stdout) if done.stdout[:1] == b"{" else None

    def settled(self):
        """The status once it tells of all that was expected; it is made anew once a second."""
        end = time.monotonic() + 2.5
        while True:
            status = self.status()
            if time.monotonic() > end or (status and self.expected
                                          and status["totals"]["records"] >= self.expected):
                return status
            time.sleep(0.2)

    def counted_at_end(self):
        return self.ended["totals"]["records"] if self.ended else None

    def stop(self):
        self.ended = self.settled() if self.process and self.process.poll() is None else None
        super().stop()

    def turned_away(self):
        if not self.ended:
            return {"status": "not answered"}
        found = dict(self.ended["totals"].get("undecodable", {}))
        for thread in self.ended["threads"]:
            for key, value in thread.items():
                if key.endswith(("turned_away", "_dropped", "late")) and key != "kernel_dropped":
                    found[key] = found.get(key, 0) + value
        for detector in self.ended["detectors"]:
            for key, value in detector.items():
                if key.endswith(("turned_away", "late")):
                    found[f"detector {key}"] = found.get(f"detector {key}", 0) + value
        return {key: value for key, value in found.items() if isinstance(value, int) and value}


class Drain(Collector):
    name = "bare drain"
    note = "recvmmsg() of 64, nothing else: the floor"
    options = ()

    @classmethod
    def missing(cls):
        return None if os.access(cls.program, os.X_OK) else f"{cls.program} is not built"

    @classmethod
    def version(cls):
        return "of this repository"

    def configure(self):
        return [self.program, self.port, 600, machine.BUFFER_BYTES, *self.options]


class DrainGro(Drain):
    name = "bare drain, UDP_GRO"
    note = "recvmmsg() of 64 from a socket with UDP_GRO"
    options = ("gro",)
    gathers = True
