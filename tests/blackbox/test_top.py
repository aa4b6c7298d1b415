#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weir top`: an attacked host is on its list above its envelope, and the terminal is left in order."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

ROUND_S = 0.1
SAMPLING = 10
VICTIM, QUIET = "198.51.100.7", "198.51.100.20"


def record(src, dst, sport, packets, octets, uptime_ms):
    return struct.pack("!4s4s4sHHIIIIHHBBBBHHBBH", socket.inet_aton(src), socket.inet_aton(dst), bytes(4),
                       1, 2, packets, octets, uptime_ms, uptime_ms, sport, 4444, 0, 0, 17, 0, 0, 0, 24, 24, 0)


def datagram(sequence, uptime_ms):
    """NTP answers to one host, 24 reflectors a round, and a little to another."""
    now = time.time()
    records = [record(f"203.0.113.{1 + (sequence + i) % 200}", VICTIM, 123, 100, 46800, uptime_ms)
               for i in range(24)]
    records.append(record("203.0.113.250", QUIET, 5000, 20, 2000, uptime_ms))
    head = struct.pack("!HHIIIIBBH", 5, len(records), uptime_ms, int(now), int(now % 1 * 1e9), sequence, 0, 0,
                       0x4000 | SAMPLING)
    return head + b"".join(records)


class Scene:
    """A daemon, and an exporter that sends in a thread of its own until the end."""

    def __init__(self):
        self.folder, port = tap.scratch(), tap.free_port()
        self.socket = self.folder / "weir.sock"
        (self.folder / "weir.yaml").write_text(json.dumps({
            "networks": [{"prefix": "198.51.100.0/24", "tenant": "acme"}],
            "listen": {"netflow": [f"127.0.0.1:{port}"], "ipfix": [], "sflow": []},
            "state": {"path": str(self.folder)}, "report": [],
            "control": {"socket": str(self.socket)}}))
        self.log = open(self.folder / "log", "w", encoding="utf-8")
        self.process = tap.start([tap.weir(), "run", "-c", self.folder / "weir.yaml"], stderr=self.log)
        tap.wait_for(lambda: self.top(status=None).status == 0, "an answer of the daemon", 20)
        self.ended = threading.Event()
        self.sender = threading.Thread(target=self.send, args=(port,), daemon=True)
        self.sender.start()

    def send(self, port):
        sent = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            while not self.ended.wait(ROUND_S):
                s.sendto(datagram(sent * 25, 1000000 + sent * 100), ("127.0.0.1", port))
                sent += 1

    def end(self):
        self.ended.set()
        self.sender.join()
        tap.stop(self.process)

    def top(self, *more, status=0):
        return tap.run([tap.weir(), "top", "--once", "--socket", self.socket, *more], status=status)

    def row(self, target):
        rows = json.loads(self.top("--json").out)["rows"]
        return next((r for r in rows if r["target"] == target), None)

    def busy(self):
        answer = json.loads(self.top("--json").out)
        return answer if answer["in"]["pps"] > 10000 else None

    def attacked(self):
        row = self.row(VICTIM)
        return row if row and row["state"] == "attack" else None


class Terminal:
    """`weir top` on a terminal of 80 columns and 24 lines."""

    def __init__(self, where):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [tap.weir(), "top", "--socket", where], stdin=slave, stdout=slave, stderr=slave,
            env=dict(os.environ, TERM="xterm"), start_new_session=True)
        os.close(slave)
        self.seen = ""

    def read(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode()
                except OSError:
                    break
        return self.seen

    def frames(self):
        return [re.sub("\033\\[[?0-9]*[A-Za-z]", "", f).replace("\r", "") for f in self.seen.split("\033[H")[2:]]


@tap.case
def an_attacked_host_is_above_its_envelope():
    scene = Scene()
    row = tap.wait_for(scene.attacked, "the victim on the list as attacked", 30)
    tap.equal((row["kind"], row["direction"]), ("host", "inbound"), "what it is")
    tap.true(row["pps"] > row["envelope_pps"] and row["times"] > 1, f"not above its envelope: {row}")
    tap.true(row["nats"] >= 6 and row["alarm"] == 1, f"no evidence: {row}")
    quiet = tap.wait_for(lambda: scene.row(QUIET), "what is quiet on the list as well")
    tap.true(quiet["times"] < 1 and quiet["state"] == "", f"not quiet: {quiet}")
    answer = tap.wait_for(scene.busy, "totals in the headline")
    times = [r["times"] for r in answer["rows"]]
    tap.equal(times, sorted(times, reverse=True), "the order")
    tap.equal(answer["incidents_open"], 1, "open incidents")
    page = scene.top("-n", "1").out
    tap.contains(page, "1 incident open", "weir top --once")
    tap.equal(len(page.splitlines()), 5, "lines of a page with one row")
    tap.lacks(page, "\033", "weir top --once")
    scene.end()


@tap.case
def a_terminal_is_drawn_in_place_and_left_in_order():
    scene = Scene()
    tap.wait_for(lambda: scene.row(VICTIM), "the victim on the list", 30)
    terminal = Terminal(scene.socket)
    terminal.read(3.5)
    terminal.process.send_signal(signal.SIGINT)
    tap.equal(terminal.process.wait(10), 0, "exit status after an interrupt")
    seen = terminal.read(0.3)
    tap.true(seen.startswith("\033[?25l"), "the cursor is not hidden")
    tap.true(seen.endswith("\033[?25h"), f"the cursor is not shown again: {seen[-40:]!r}")
    tap.lacks(seen, "\033[2J", "what was drawn")
    frames = terminal.frames()
    tap.true(len(frames) >= 3, f"{len(frames)} frames in 3.5 s")
    for frame in frames:
        lines = frame.splitlines()
        tap.true(len(lines) <= 24 and max(map(len, lines)) <= 80, f"larger than the terminal:\n{frame}")
        tap.contains(frame, VICTIM, "a frame")
    terminal = Terminal(scene.socket)
    terminal.read(1.5)
    scene.end()
    tap.equal(terminal.process.wait(20), 1, "exit status after the daemon has gone")
    seen = terminal.read(0.3)
    tap.contains(seen, "weir top: ", "what is said")
    tap.true(seen.endswith("\033[?25h"), "the cursor is not shown again")


@tap.case
def without_a_daemon_it_says_so():
    folder = tap.scratch()
    done = tap.run([tap.weir(), "top", "-s", folder / "none.sock"], status=1)
    tap.contains(done.err, "weir top: ", "the error")
    tap.contains(done.err, "none.sock", "the error")
    tap.contains(tap.run([tap.weir(), "top", "-n", "0"], status=2).err, "from 1 to 64")
    tap.contains(tap.run([tap.weir(), "top", "-i", "1ms"], status=2).err, "from 1s to 1h")


if __name__ == "__main__":
    tap.main()
