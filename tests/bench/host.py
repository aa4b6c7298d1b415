#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Filters on this host, XDP beside nft: packets dropped a second, and how soon rules are in force.

    tests/bench/host.py BUILD [--seconds N] [--rounds N] [--ahead]

In a network namespace of its own. Sender and filter share one processor, as a cable of veth has it:
packets a second are of both together. "bare" is a program that only drops: the sender's own cost.
64 rules of 4 plans are about the target, and all packets meet the last one. In each round all take
their turn. Then how long it takes until rules are in force: the first plan, by what the actuator
says and by frames on their way; one more plan beside 256 rules, and 1,008 rules changed at once.
With --ahead all of it runs before whatever else the machine does: else the wall times are those of
the other work. Needs root; nothing leaves the namespace. JSON out.
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
import watch  # noqa: E402
import wire  # noqa: E402

TARGET = "198.51.100.7"
# (who drops, the way of the frames, rules); the last two show what nft is without cable or rules.
CASES = {"bare": (None, "bare", 0), "xdp": ("xdp", "cable", 64), "nft": ("nft", "cable", 64),
         "nft, straight into the stack": ("nft", "stack", 64), "nft, one rule": ("nft", "cable", 1)}
FIRST, ONE_MORE, AT_ONCE = 100, 200, 40


class Driver:
    """tests/netns/drive of one kind, in the namespace."""

    def __init__(self, ns, build, kind, folder, interfaces=("near",), mode="native"):
        settings = {"name": "edge", "kind": kind, "interfaces": interfaces}
        name = f"{kind}-{len(interfaces)}"
        if kind == "xdp":
            settings.update(pin=str(folder / "bpf" / name), mode=mode)
        config = folder / f"{name}.yaml"
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


def send(ns, build, cpu, seconds, way):
    frame = wire.frame(wire.ipv4("192.0.2.1", TARGET, 17, wire.udp(1063, 4444, b"x" * 72)))
    before = softirq_ns(cpu)
    argv = [build / "tests/bench/host_send", "far", "near", cpu, seconds, way]
    done = subprocess.run([str(a) for a in ns.command(argv)], input=frame.hex(),
                          capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(f"host_send: {done.stderr.strip()}")
    told = json.loads(done.stdout)
    told["cpu_ns"] += softirq_ns(cpu) - before
    return told


def blackhole():
    return [{"id": "b", "level": "blackhole", "direction": "inbound", "own": TARGET + "/32",
             "expires_ms": 3600000}]


def drop_rate(ns, build, drivers, case, cpu, seconds):
    """(wall ns a frame that is dropped, CPU ns of sender and filter for each, share that arrived)"""
    kind, way, rules = CASES[case]
    if not kind:
        told = send(ns, build, cpu, seconds, way)
        dropped = told["dropped"]
    else:
        wanted = plans(rules) if rules > 1 else blackhole()
        drivers[kind].hold(wanted)
        told = send(ns, build, cpu, seconds, way)
        dropped = sum(e["dropped_packets"] for e in drivers[kind].hold(wanted)["effects"])
        drivers[kind].hold([])
    if not dropped:
        raise SystemExit(f"{case}: {told['sent']} frames sent, and none was dropped")
    arrived = dropped / told["sent"]
    return told["timed_ns"] / told["timed"] / arrived, told["cpu_ns"] / dropped, arrived


def ratios(values):
    return {"median": round(statistics.median(values), 1), "least": round(min(values), 1)}


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


def first_plan(driver, watched):
    """({of ms until the actuator says so}, {of ms until a frame is dropped}), when nothing was in force."""
    told, seen = [], []
    for i in range(FIRST):
        # The rule's own source port.
        ms, answer = watched.ms_until_dropped(1000 + i, lambda at=i: driver.hold(plans(1, salt=at)))
        told.append(answer)
        seen.append({**answer, "active_ms": ms})
        driver.hold([])
    return spread(told), spread(seen)


def add_cable(ns):
    """Another cable, for an actuator with several interfaces. Return: its near end."""
    ns.inside(["ip", "link", "add", "near2", "type", "veth", "peer", "name", "far2"])
    for name in ("near2", "far2"):
        ns.inside(["ip", "link", "set", name, "up"])
    return "near2"


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
    drivers = {kind: Driver(ns, args.build, kind, folder) for kind in ("xdp", "nft")}
    found = {case: [] for case in CASES}
    for _ in range(args.rounds):
        for case, rows in found.items():
            rows.append(drop_rate(ns, args.build, drivers, case, cpu, args.seconds))
    pairs = list(zip(found["xdp"], found["nft"]))
    data = {"what": "64 rules, the last one drops; one processor for sender and filter",
            "load": os.getloadavg()[0], "rounds": args.rounds, "ahead": args.ahead,
            "xdp_to_nft": ratios([nft[0] / xdp[0] for xdp, nft in pairs]),
            "nft_to_xdp_cpu": ratios([nft[1] / xdp[1] for xdp, nft in pairs]), "drops": {}}
    for case, rows in found.items():
        wall, cpu_ns, arrived = (statistics.median(values) for values in zip(*rows))
        data["drops"][case] = {"mpps": round(1e3 / wall, 3), "wall_ns": round(wall),
                               "cpu_ns": round(cpu_ns), "arrived": round(arrived, 4)}
    watched = watch.Watch(ns, TARGET)
    for kind, driver in drivers.items():
        told, seen = first_plan(driver, watched)
        data[kind] = {"first plan": told, "first plan, by frames": seen,
                      "one plan beside 256 rules": one_more(driver),
                      "1,008 rules changed at once": at_once(driver)}
    second = add_cable(ns)
    both = Driver(ns, args.build, "xdp", folder, (second, ns.near))
    data["xdp"]["first plan, the second interface"] = first_plan(both, watched)[1]
    return data


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("build", type=pathlib.Path)
    words.add_argument("--seconds", type=float, default=2)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--ahead", action="store_true", help="of all other processes here")
    args = words.parse_args()
    args.build = args.build.resolve()
    if args.ahead:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))
    try:
        print(json.dumps(measure(args), indent=1))
    except (tap.Skipped, tap.Failed) as reason:
        raise SystemExit(f"cannot be measured here: {reason}") from None
    finally:
        tap.clean_up()


if __name__ == "__main__":
    main()
