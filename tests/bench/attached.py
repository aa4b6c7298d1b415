#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What it costs that the XDP program is attached and has nothing to do, as JSON.

    tests/bench/attached.py BUILD [--seconds N] [--rounds N] [--ahead]

One TCP connection over a cable between two network namespaces, as fast as it goes, into the
interface that is filtered: with nothing attached, and with a program whose one rule is about
another address. In turns, in the driver and behind it. The answer to whether the program should
be attached before there is a plan. Needs root; nothing leaves the namespaces.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import host  # noqa: E402
import tap  # noqa: E402
import wire  # noqa: E402

NEAR, FAR = "198.51.100.1", "198.51.100.2"
BLOCK = 1 << 20
ELSEWHERE = [{"id": "p1", "level": "drop", "direction": "inbound", "own": host.TARGET + "/32",
              "expires_ms": 3600000, "rules": [{"dst": host.TARGET + "/32", "proto": 17, "sport": 123}]}]


def connect(here, there):
    """(the end that receives, the end that sends)"""
    with here.entered():
        listening = socket.create_server((NEAR, 0))
    with there.entered():
        sending = socket.create_connection(listening.getsockname())
    receiving, _ = listening.accept()
    listening.close()
    return receiving, sending


def gbit_s(here, there, seconds):
    receiving, sending = connect(here, there)
    sender = os.fork()
    if not sender:
        receiving.close()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sending.sendall(bytes(BLOCK))
        os._exit(0)
    sending.close()
    got, room, began = 0, bytearray(BLOCK), time.monotonic()
    while count := receiving.recv_into(room):
        got += count
    took = time.monotonic() - began
    os.waitpid(sender, 0)
    receiving.close()
    return got * 8 / took / 1e9


def measure_mode(build, folder, mode, rounds, seconds):
    here, there = wire.Namespace(), wire.Namespace("near2", "far2")
    here.inside(["ip", "link", "set", here.far, "netns", there.name])
    for ns, name, address in ((here, here.near, NEAR), (there, here.far, FAR)):
        ns.inside(["ip", "link", "set", name, "up"])
        ns.inside(["ip", "address", "add", f"{address}/24", "dev", name])
    driver = host.Driver(here, build, "xdp", folder, mode=mode)
    nothing, attached = [], []
    for _ in range(rounds):
        nothing.append(gbit_s(here, there, seconds))
        driver.hold(ELSEWHERE)
        attached.append(gbit_s(here, there, seconds))
        driver.hold([])
    driver.end()
    return {"nothing_gbit_s": round(statistics.median(nothing), 1),
            "attached_gbit_s": round(statistics.median(attached), 1),
            "ratio": host.ratios([a / b for a, b in zip(nothing, attached)])}


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("build", type=pathlib.Path)
    words.add_argument("--seconds", type=float, default=1)
    words.add_argument("--rounds", type=int, default=7)
    words.add_argument("--ahead", action="store_true", help="of all other processes here")
    args = words.parse_args()
    if args.ahead:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))
    try:
        folder = tap.scratch()
        (folder / "bpf").mkdir()
        tap.run(["mount", "-t", "bpf", "bpf", folder / "bpf"])
        tap.cleanups.append(lambda: tap.run(["umount", folder / "bpf"], status=None))
        print(json.dumps({mode: measure_mode(args.build.resolve(), folder, mode, args.rounds,
                                             args.seconds) for mode in ("native", "generic")}, indent=1))
    except (tap.Skipped, tap.Failed) as reason:
        raise SystemExit(f"cannot be measured here: {reason}") from None
    finally:
        tap.clean_up()


if __name__ == "__main__":
    main()
