#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU time of the thread that reads packets of an interface, as JSON.

    tests/bench/live.py BUILD [--packets N] [--rounds N]

In a network namespace of its own, packets of 1,000 flows go over a pair of virtual interfaces, and
all of them are taken (1:1). Side by side in each round: a bare packet ring whose packets are only
walked over, Weir by packet socket, Weir by XDP in the driver; Weir with all it does: read, parse,
classify, tally. The sender pays for what the kernel does on the way; only the reading thread is
measured. Needs root; sends nothing outside the namespace.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import tap  # noqa: E402
import wire  # noqa: E402

MODES = ["bare", "packet", "native"]
FLOWS = 1000


def measure(ns, program, mode, packets, rate=1):
    """(ns of CPU time a packet taken, counters)"""
    child = subprocess.Popen(ns.command([program, mode, "near", str(rate), "120", "tally"]),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    said = child.stderr.readline()
    if said != "ready\n":
        child.wait()
        raise SystemExit(f"{mode}: {said}{child.stderr.read()}")
    frames = [wire.frame(wire.ipv4(f"192.0.2.{i % 250 + 1}", f"198.51.100.{i % 200 + 1}", 17,
                                   wire.udp(1000 + i, 53, b"x" * 22))) for i in range(FLOWS)]
    ns.send(frames, packets // FLOWS)
    out, _ = child.communicate(timeout=60)
    end = json.loads(out.splitlines()[-1])["end"]
    return end["cpu_ns"] / max(end["received"], 1), end


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("build", type=pathlib.Path)
    words.add_argument("--packets", type=int, default=300000)
    words.add_argument("--rounds", type=int, default=5)
    args = words.parse_args()
    program = args.build / "tests" / "bench" / "bench_live"
    costs = {mode: [] for mode in MODES}
    lost = {mode: 0 for mode in MODES}
    try:
        ns = wire.Namespace()
        for _ in range(args.rounds):
            for mode in MODES:
                cost, end = measure(ns, program, mode, args.packets)
                costs[mode].append(cost)
                lost[mode] += end["kernel_drops"]
    except tap.Skipped as reason:
        raise SystemExit(f"cannot be measured here: {reason}") from None
    finally:
        tap.clean_up()
    print(json.dumps({
        "what": "CPU time of the reading thread, ns a packet, every packet taken",
        "packets": args.packets // FLOWS * FLOWS, "rounds": args.rounds,
        "modes": {{"native": "xdp"}.get(mode, mode): {
            "ns_per_packet": round(statistics.median(costs[mode]), 1),
            "least": round(min(costs[mode]), 1), "most": round(max(costs[mode]), 1),
            "lost": lost[mode]} for mode in MODES}}, indent=2))


if __name__ == "__main__":
    main()
