#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A known stream over loopback: what the status says of networks and of the heaviest addresses."""

import json
import pathlib
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

ROUND_S = 0.1
RATE = 10
# Source, destination, packets and bytes as exported, each round.
FLOWS = [("203.0.113.9", f"198.51.100.{host}", host, host * 100) for host in range(1, 8)]
FLOWS += [("198.51.100.40", "203.0.113.77", 6, 3000), ("198.51.100.41", "203.0.113.78", 5, 500),
          ("198.51.100.40", "192.0.2.130", 3, 900)]


def datagram(sequence, uptime_ms):
    """NetFlow v5 with all flows; each took no time and ended just now."""
    now = time.time()
    head = struct.pack("!HHIIIIBBH", 5, len(FLOWS), uptime_ms, int(now), int(now % 1 * 1e9), sequence, 0, 0,
                       0x4000 | RATE)
    records = (struct.pack("!4s4s4sHHIIIIHHBBBBHHBBH", socket.inet_aton(src), socket.inet_aton(dst),
                           bytes(4), 1, 2, packets, octets, uptime_ms, uptime_ms, 4000, 9, 0, 0, 17, 0,
                           0, 0, 24, 24, 0) for src, dst, packets, octets in FLOWS)
    return head + b"".join(records)


class Scene:
    """A daemon and one exporter that sends all flows every 100 ms."""

    def __init__(self):
        self.folder, self.port = tap.scratch(), tap.free_port()
        self.settings = {
            "networks": [{"prefix": "198.51.100.0/24", "tenant": "acme"},
                         {"prefix": "192.0.2.0/24", "tenant": "globex"},
                         {"prefix": "192.0.2.128/25", "within": "192.0.2.0/24"}],
            "listen": {"netflow": [f"127.0.0.1:{self.port}"], "ipfix": [], "sflow": []},
            "control": {"socket": str(self.folder / "weir.sock")}}
        self.write()
        self.log = open(self.folder / "log", "w", encoding="utf-8")
        self.process = tap.start([tap.weir(), "run", "-c", self.folder / "weir.yaml"], stderr=self.log)
        tap.wait_for(self.status, "an answer of the daemon", 20)
        self.sent = 0

    def write(self):
        (self.folder / "weir.yaml").write_text(json.dumps(self.settings))

    def ask(self, *more):
        return tap.run([tap.weir(), "status", "--socket", self.folder / "weir.sock", *more], status=None)

    def status(self):
        done = self.ask("--json")
        return json.loads(done.out) if done.status == 0 else None

    def send(self, seconds):
        """Send in even steps; where the machine was slow, the missed rounds at once."""
        begin = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for i in range(round(seconds / ROUND_S)):
                time.sleep(max(0, begin + i * ROUND_S - time.monotonic()))
                s.sendto(datagram(self.sent * len(FLOWS), 1000000 + self.sent * 100),
                         ("127.0.0.1", self.port))
                self.sent += 1
        return self.status()


def near(got, want, what):
    """Seconds and rounds do not begin together, and the machine has other things to do."""
    tap.true(abs(got - want) <= 0.15 * want, f"{what}: {got} instead of about {want}")


def network(status, prefix):
    return next(n for n in status["networks"] if n["prefix"] == prefix)


def per_second(count):
    return count * RATE / ROUND_S


@tap.case
def networks_and_the_heaviest_addresses_have_their_rates():
    scene = Scene()
    status = scene.send(8)
    tap.equal(status["top"]["window_s"], 5, "seconds of the window")
    tap.equal([n["prefix"] for n in status["networks"]],
              ["198.51.100.0/24", "192.0.2.0/24", "192.0.2.128/25"], "networks, the heaviest first")
    acme = network(status, "198.51.100.0/24")
    tap.equal(acme["tenant"], "acme", "tenant")
    near(acme["in_pps"], per_second(28), "packets to acme")
    near(acme["in_bps"], per_second(2800) * 8, "bits to acme")
    near(acme["out_pps"], per_second(11), "packets from acme to the outside")
    near(acme["out_bps"], per_second(3500) * 8, "bits from acme to the outside")
    for prefix in ("192.0.2.0/24", "192.0.2.128/25"):
        near(network(status, prefix)["in_pps"], per_second(3), f"packets from acme to {prefix}")
        tap.equal(network(status, prefix)["out_pps"], 0, f"packets from {prefix}")
    top = status["top"]
    tap.equal([t["address"] for t in top["hosts_in"]],
              ["192.0.2.130"] + [f"198.51.100.{h}" for h in (7, 6, 5, 4)], "hosts that receive most")
    near(top["hosts_in"][1]["pps"], per_second(7), "packets to the second one")
    near(top["hosts_in"][1]["bps"], per_second(700) * 8, "bits to the second one")
    tap.equal([t["address"] for t in top["hosts_out"]], ["198.51.100.40", "198.51.100.41"], "senders")
    tap.equal([t["address"] for t in top["outside"]], ["203.0.113.77", "203.0.113.78"], "outside")
    near(top["outside"][0]["bps"], per_second(3000) * 8, "bits to the first outside")
    page = scene.ask().out
    for part in ("acme", "IN BPS", "from own host  198.51.100.40", "to outside     203.0.113.77"):
        tap.contains(page, part, "weir status")
    tap.wait_for(lambda: not scene.status()["top"]["hosts_in"], "an end of what is no longer sent", 12)
    tap.equal(network(scene.status(), "198.51.100.0/24")["in_pps"], 0, "packets after the end")


@tap.case
def a_reload_changes_the_networks():
    scene = Scene()
    scene.settings["networks"] = [{"prefix": "198.51.100.0/29", "tenant": "small"}]
    scene.write()
    scene.process.send_signal(signal.SIGHUP)
    tap.wait_for(lambda: scene.status()["config"]["generation"] == 2, "the new configuration")
    status = scene.send(8)
    tap.equal([n["tenant"] for n in status["networks"]], ["small"], "tenants")
    near(status["networks"][0]["in_pps"], per_second(28), "packets to the new network")


if __name__ == "__main__":
    tap.main()
