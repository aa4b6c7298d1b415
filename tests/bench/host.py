#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Filters on this host, XDP beside nft: packets dropped a second, and how soon rules are in force.

    tests/bench/host.py BUILD [--seconds N] [--rounds N]

In a network namespace of its own. Sender and filter share one processor, as a cable of veth has it:
packets a second are of both together. "bare" is a program that only drops: the sender's own cost.
64 rules of 4 plans are about the target, and all packets meet the last one. In each round all take
their turn. Then, from the call to when every packet is judged by it: one more plan beside 256
rules, and 1,008 rules changed at once. Needs root; nothing leaves the namespace. JSON out.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import tap  # noqa: E402
import wire  # noqa: E402

TARGET = "198.51.100.7"
KINDS = ("bare", "xdp", "nft")
ONE_MORE, AT_ONCE = 200, 40


class Driver:
    """tests/netns/drive of one kind, in the namespace."""

    def __init__(self, ns, build, kind, folder):
        settings = {"name": "edge", "kind": kind, "interfaces": ["near"]}
        if kind == "xdp":
            settings.update(pin=str(folder / "bpf" / "weir"), mode="native")
        config = folder / f"{kind}.yaml"
        config.write_text(json.dumps({"networks": [{"prefix": "198.51.100.0/24"}],
                                      "actuators": [settings]}))
        self.process = subprocess.Popen(
            ns.command([build / "tests/bench/host_drive", config]), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        tap.cleanups.append(self.end)
        self.answer(kind)
        # Loaded, and nothing wanted.
        self.hold([])

    def answer(self, what):
        line = self.process.stdout.readline()
        told = json.loads(line) if line else {"rc": -1}
        if told["rc"]:
            raise SystemExit(f"{what}: {told} {self.process.stderr.read() if not line else ''}")
        return told

    def hold(self, plans):
        self.process.stdin.write(json.dumps({"plans": plans}) + "\n")
        self.process.stdin.flush()
        return self.answer("a set")

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=30)


def plans(rules, first=0, salt=0):
    """So many rules for the target in plans of 16, each of another source port."""
    made = [{"dst": TARGET + "/32", "proto": 17, "sport": 1000 + (salt + first + i) % 60000,
             "length": [100, 1500]} for i in range(rules)]
    return [{"id": f"p{salt}-{first + at}", "level": "drop", "direction": "inbound",
             "own": TARGET + "/32", "expires_ms": 3600000, "rules": made[at:at + 16]}
            for at in range(0, rules, 16)]


def softirq_ns(cpu):
    """CPU time of the kernel's thread that does what the sender's own time was too short for."""
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().strip() == f"ksoftirqd/{cpu}":
                return int((comm.parent / "schedstat").read_text().split()[0])
        except OSError:
            pass
    return 0


def send(ns, build, cpu, seconds, bare):
    frame = wire.frame(wire.ipv4("192.0.2.1", TARGET, 17, wire.udp(1063, 4444, b"x" * 72)))
    before = softirq_ns(cpu)
    argv = [build / "tests/bench/host_send", "far", "near", cpu, seconds, *(["bare"] if bare else [])]
    done = subprocess.run([str(a) for a in ns.command(argv)], input=frame.hex(),
                          capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise SystemExit(f"host_send: {done.stderr.strip()}")
    told = json.loads(done.stdout)
    told["cpu_ns"] += softirq_ns(cpu) - before
    return told


def drop_rate(ns, build, drivers, kind, cpu, seconds):
    """(packets dropped a second, CPU ns of sender and filter for each, share that arrived)"""
    if kind == "bare":
        told = send(ns, build, cpu, seconds, True)
        return told["sent"] / told["wall_ns"] * 1e9, told["cpu_ns"] / told["sent"], 1.0
    driver, wanted = drivers[kind], plans(64)
    driver.hold(wanted)
    told = send(ns, build, cpu, seconds, False)
    dropped = sum(e["dropped_packets"] for e in driver.hold(wanted)["effects"])
    driver.hold([])
    return (dropped / told["wall_ns"] * 1e9, told["cpu_ns"] / max(dropped, 1),
            dropped / told["sent"])


def quantile(values, share):
    return round(sorted(values)[min(int(len(values) * share), len(values) - 1)], 2)


def spread(answers):
    """Of wall time until all is in force, and the median of CPU time: that says something on a busy machine too."""
    values = [a["active_ms"] for a in answers]
    return {"cpu": quantile([a["cpu_ms"] for a in answers], 0.5), "least": min(values), "median": quantile(values, 0.5), "p90": quantile(values, 0.9),
            "p99": quantile(values, 0.99), "most": quantile(values, 1.0)}


def one_more(driver):
    """ms until one more plan is in force, beside 256 rules."""
    base = plans(256)
    driver.hold(base)
    took = []
    for i in range(ONE_MORE):
        more = plans(1, salt=20000 + i)
        took.append(driver.hold(base + more))
        driver.hold(base)
    driver.hold([])
    return spread(took)


def first_plan(driver):
    """ms until the first plan is in force, when nothing was."""
    took = []
    for i in range(20):
        took.append(driver.hold(plans(1, salt=i)))
        driver.hold([])
    return spread(took)


def at_once(driver):
    """ms until 1,008 rules are in force in place of as many others."""
    took = []
    for i in range(AT_ONCE + 2):
        took.append(driver.hold(plans(1008, salt=2000 * (1 + i % 2))))
    driver.hold([])
    return spread(took[2:])


def measure(args):
    ns, folder = wire.Namespace(), tap.scratch()
    (folder / "bpf").mkdir()
    tap.run(["mount", "-t", "bpf", "bpf", folder / "bpf"])
    tap.cleanups.append(lambda: tap.run(["umount", folder / "bpf"], status=None))
    # Without it veth takes no redirected frames when no XDP program is at this end.
    tap.need("ethtool")
    ns.inside(["ethtool", "-K", "near", "gro", "on"])
    cpu = max(os.sched_getaffinity(0))
    drivers = {kind: Driver(ns, args.build, kind, folder) for kind in KINDS if kind != "bare"}
    found = {kind: [] for kind in KINDS}
    for _ in range(args.rounds):
        for kind in KINDS:
            found[kind].append(drop_rate(ns, args.build, drivers, kind, cpu, args.seconds))
    ratios = [n[1] / x[1] for x, n in zip(found["xdp"], found["nft"])]
    data = {"what": "64 rules, the last one drops; one processor for sender and filter",
            "load": os.getloadavg()[0], "nft_to_xdp_cpu": round(statistics.median(ratios), 1),
            "nft_to_xdp_cpu_least": round(min(ratios), 1), "drops": {}}
    for kind, rows in found.items():
        data["drops"][kind] = {
            "mpps": round(statistics.median(r[0] for r in rows) / 1e6, 3),
            "wall_ns": round(statistics.median(1e9 / r[0] for r in rows)),
            "cpu_ns": round(statistics.median(r[1] for r in rows)),
            "arrived": round(statistics.median(r[2] for r in rows), 4)}
    for kind, driver in drivers.items():
        data[kind] = {"first plan": first_plan(driver), "one plan beside 256 rules": one_more(driver),
                      "1,008 rules changed at once": at_once(driver)}
    return data


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("build", type=pathlib.Path)
    words.add_argument("--seconds", type=float, default=2)
    words.add_argument("--rounds", type=int, default=5)
    args = words.parse_args()
    args.build = args.build.resolve()
    try:
        print(json.dumps(measure(args), indent=1))
    except (tap.Skipped, tap.Failed) as reason:
        raise SystemExit(f"cannot be measured here: {reason}") from None
    finally:
        tap.clean_up()


if __name__ == "__main__":
    main()
