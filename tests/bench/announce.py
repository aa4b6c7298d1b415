#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long it takes from a decision until BIRD's neighbour has the route, as JSON.

    tests/bench/announce.py BUILD [--changes N] [--rounds N] [--kind bird|gobgp] [--ahead]

In a network namespace of its own a speaker and a BIRD that receives over iBGP. The clock starts
before the wanted set is handed to the actuator's process, and stops when the receiver answers that it
has the route, or has it no more; it is asked again and again, so what is said is an upper bound. With
100 rules in force one is put in or taken out; then 1,000 others take the place of 1,000. With --ahead all of it, daemons as well, runs before whatever else
the machine does: else the figures are those of the other work. Needs root.
"""

import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import bgp  # noqa: E402
import tap  # noqa: E402

STANDING = 100
MANY = 1000
RULES_A_PLAN = 8
LATE_S = 30


class Asker:
    """One connection to a BIRD that is kept."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LATE_S)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rw")
        self.file.readline()

    def ask(self, command):
        self.file.write(command + "\n")
        self.file.flush()
        lines = []
        while True:
            line = self.file.readline()
            lines.append(line)
            if line[:4].isdigit() and line[4:5] == " ":
                return "".join(lines)

    def count(self, dst):
        """Rules to @dst that it holds."""
        words = self.ask(f"show route table flowtab4 where net.dst = {dst} count")
        return int(re.search(r"(\d+) of \d+ routes", words).group(1))


def rules(dst, count):
    """Plans with so many rules to one address, a port each."""
    all_rules = [{"dst": dst, "proto": 17, "sport": [port, port]} for port in
                 range(1, count + 1)]
    return [{"id": f"{dst}-{at}", "level": "drop", "rules": all_rules[at:at + RULES_A_PLAN]}
            for at in range(0, count, RULES_A_PLAN)]


def timed(actuator, asker, plans, done):
    """Milliseconds until the receiver shows what is wanted."""
    words = json.dumps({"plans": plans}) + "\n"
    began = time.monotonic()
    actuator.process.stdin.write(words)
    actuator.process.stdin.flush()
    while not done(asker):
        if time.monotonic() - began > LATE_S:
            raise SystemExit("a change did not arrive")
    took = time.monotonic() - began
    told = json.loads(actuator.process.stdout.readline())
    if told["err"]:
        raise SystemExit(f"the actuator: {told['why']}")
    return took * 1000, told["ns"] / 1e6


def shown(values):
    values = sorted(values)
    return {"count": len(values), "p50_ms": round(statistics.median(values), 2),
            "p99_ms": round(values[min(len(values) - 1, int(len(values) * 0.99))], 2),
            "most_ms": round(values[-1], 2)}


def single_changes(actuator, asker, changes):
    """(until seen, of that the call itself), in ms, of one rule in or out."""
    standing = rules("198.51.100.8/32", STANDING)
    one = "198.51.100.7/32"
    timed(actuator, asker, standing, lambda a: a.count("198.51.100.8/32") == STANDING)
    seen, calls = [], []
    for number in range(changes):
        wanted = number % 2 == 0
        plans = [*standing, *(rules(one, 1) if wanted else [])]
        took, call = timed(actuator, asker, plans, lambda a, w=wanted: a.count(one) == w)
        seen.append(took)
        calls.append(call)
    return seen, calls


def many_at_once(actuator, asker, rounds):
    """As single_changes(), of 1,000 rules that take the place of 1,000 others."""
    dsts = ["198.51.100.10/32", "198.51.100.11/32"]
    timed(actuator, asker, rules(dsts[1], MANY), lambda a: a.count(dsts[1]) == MANY)
    seen, calls = [], []
    for number in range(rounds):
        now, gone = dsts[number % 2], dsts[1 - number % 2]
        took, call = timed(actuator, asker, rules(now, MANY), lambda a, n=now, g=gone:
                           a.count(n) == MANY and a.count(g) == 0)
        seen.append(took)
        calls.append(call)
    return seen, calls


def speaker_of(net, kind):
    if kind == "bird":
        return bgp.BirdSpeaker(net)
    return bgp.Gobgp(net, bgp.SPEAKER, (bgp.BIRD,), passive=False)


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("build", type=pathlib.Path)
    words.add_argument("--changes", type=int, default=200)
    words.add_argument("--rounds", type=int, default=20)
    words.add_argument("--kind", choices=["bird", "gobgp"], default="bird")
    words.add_argument("--ahead", action="store_true", help="of all other processes here")
    args = words.parse_args()
    if args.ahead:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))
    bgp.PROGRAM = args.build / "tests" / "bench" / "bench_announce"
    try:
        net = bgp.Network()
        receiver = bgp.Bird(net)
        speaker = speaker_of(net, args.kind)
        # Ten times as many as are wanted, and all at once, so that only time is measured.
        actuator = bgp.Actuator(net, {**speaker.actuator(), "routes": 10000, "changes": 100000})
        asker = Asker(receiver.ctl)
        tap.wait_for(lambda: "Established" in asker.ask("show protocols from1"), "a session", 30)
        seen, calls = single_changes(actuator, asker, args.changes)
        many, many_calls = many_at_once(actuator, asker, args.rounds)
    except tap.Skipped as reason:
        raise SystemExit(f"cannot be measured here: {reason}") from None
    finally:
        tap.clean_up()
    print(json.dumps({"kind": args.kind, "standing": STANDING, "one": shown(seen),
                      "one_call": shown(calls), "many": MANY, "at_once": shown(many),
                      "at_once_call": shown(many_calls)}, indent=2))


if __name__ == "__main__":
    main()
