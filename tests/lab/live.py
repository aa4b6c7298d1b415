#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Six scenarios of the laboratory live: real packets, the running daemon, a real filter in XDP.

Each is played in namespaces of its own by tests/lab/scene.py, all at once where the processors allow:
five minutes. Tables go to standard output, all results to build/lab/live.json; `--from` shows an
earlier one again. Needs root. Sends nothing outside the namespaces, and leaves nothing behind.

Use: live.py [--scenarios I3,O1] [--seed 1] [--json] [--markdown docs/detection.md] [--from FILE]
"""
import argparse
import concurrent.futures
import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import live_tables

TOP = pathlib.Path(__file__).resolve().parents[2]
SCENE = TOP / "tests" / "lab" / "scene.py"
NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
LIMIT_S = 480
PR_SET_PDEATHSIG = 1
# Rates are so many times smaller than in the laboratory; the site's everyday rates 300 times.
SCENARIOS = {
    "I2": {"shrink": 10, "during": 60},
    "I3": {"shrink": 10, "during": 60},
    "I7": {"shrink": 10, "during": 60},
    "I9": {"shrink": 10, "during": 190},
    "O1": {"shrink": 4, "during": 60},
    "B1": {"shrink": 1, "during": 240},
}
COMMON = {"median_pps": 1, "sampling": 100, "warm": 600, "before": 40, "wait": True, "xdp": "generic"}


def die_with_parent():
    """Also when this program is killed, nothing it started goes on."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def play(args, name, started):
    """One run. Returns its result, or {"error": …}."""
    what = {"id": name, "seed": args.seed, **COMMON, **SCENARIOS[name], **args.change}
    found = {"what": what}
    with tempfile.TemporaryDirectory(prefix="weir-live-") as folder:
        child = subprocess.Popen([*NAMESPACES, sys.executable, SCENE, args.build, folder, json.dumps(what)],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, start_new_session=True, preexec_fn=die_with_parent)
        started.append(child)
        try:
            out, err = child.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            end(child)
            return {**found, "error": f"not done within {LIMIT_S} s"}
    if child.returncode:
        return {**found, "error": err.strip()[-1000:] or f"exit status {child.returncode}"}
    return {**found, **json.loads(out)}


def end(child):
    """Only what was started here; its namespaces end with it."""
    child.kill()
    child.wait()


def play_all(args):
    started = []

    def one(name):
        print(f"lab: live {name} begins", file=sys.stderr, flush=True)
        found = play(args, name, started)
        word = found.get("error", f"done after {found.get('seconds', 0):.0f} s")
        print(f"lab: live {name}: {word}", file=sys.stderr, flush=True)
        return found

    pool = concurrent.futures.ThreadPoolExecutor(args.jobs)
    try:
        # The longest first, so that none is left alone at the end.
        order = sorted(args.scenarios, key=lambda name: -SCENARIOS[name]["during"])
        runs = dict(zip(order, pool.map(one, order)))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in started:
            end(child)
    return [runs[name] for name in args.scenarios]


def measure(args):
    if os.geteuid():
        sys.exit("lab: live scenarios need root, for network namespaces")
    for program in ("unshare", "ip", "mount"):
        if not shutil.which(program):
            sys.exit(f"lab: live scenarios need the program {program}")
    began = time.monotonic()
    runs = play_all(args)
    data = {"runs": runs, "seconds": round(time.monotonic() - began), "load": os.getloadavg()[1],
            "processors": len(os.sched_getaffinity(0)), "kernel": os.uname().release,
            "finished": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "commit": subprocess.run(["git", "-C", TOP, "rev-parse", "--short", "HEAD"], check=False,
                                     capture_output=True, text=True).stdout.strip()}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(data))
    return data


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="of %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(len(SCENARIOS), 3 * len(os.sched_getaffinity(0))),
                        help="runs at a time; default %(default)s")
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build/bench")
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "build/lab/live.json")
    parser.add_argument("--from", dest="earlier", type=pathlib.Path, help="show this instead of running")
    parser.add_argument("--json", action="store_true", help="what was measured as JSON, not tables")
    parser.add_argument("--markdown", type=pathlib.Path, help="put the tables into this page as well")
    parser.add_argument("--change", type=json.loads, default={}, metavar="JSON",
                        help="other rates and times than COMMON and SCENARIOS in this file have")
    args = parser.parse_args()
    args.scenarios = [name for name in args.scenarios.split(",") if name]
    for name in args.scenarios:
        if name not in SCENARIOS:
            parser.error(f"{name} is not played live; there are {', '.join(SCENARIOS)}")
    if not args.scenarios:
        parser.error(f"nothing to run; there are {', '.join(SCENARIOS)}")
    return args


def main():
    args = options()
    # So that `finally` ends what was started.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("lab: stopped"))
    data = json.loads(args.earlier.read_text()) if args.earlier else measure(args)
    print(json.dumps(live_tables.figures(data), indent=1) if args.json else live_tables.text(data))
    if args.markdown:
        live_tables.put_into(args.markdown, data)
    failed = [run for run in data["runs"] if "error" in run]
    if failed:
        sys.exit(f"lab: {len(failed)} of {len(data['runs'])} live runs gave no result")
    if not live_tables.gate(data):
        sys.exit("lab: failed: something was done to the innocent")


if __name__ == "__main__":
    main()
