#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The laboratory as a whole: every scenario is made and judged, the figures are held against the goals.

Each run is a temporary folder whose telemetry.pcap is a FIFO: `weir lab make` writes into it what
`weir lab score` reads at the same time, so no telemetry is stored. Tables go to standard output,
all results to build/lab/results.json; `--from` shows an earlier one again.

Use: run.py [--quick] [--seeds 1-5] [--held-out 401-405] [--modes sflow,packet] [--scenarios I1,O1]
            [--markdown docs/detection.md]
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass

import tables

TOP = pathlib.Path(__file__).resolve().parents[2]
SCENARIOS = [f"I{n}" for n in range(1, 13)] + [f"O{n}" for n in range(1, 6)] + [f"B{n}" for n in range(1, 8)]
MODES = ("sflow", "netflow9", "ipfix", "packet")
FAULTS = ("loss", "rate10", "clock", "templates", "twice", "longflow")
DAY = "D1"  # nothing but everyday traffic


@dataclass(frozen=True)
class Job:
    scenario: str
    mode: str
    sampling: int
    seed: int
    part: str = "main"  # or "held-out", "ipv6", "fault", "again", "day"
    family: str = "ipv4"
    fault: str = "none"
    hours: int = 0

    def __str__(self):
        more = [word for word in (self.family, self.fault) if word not in ("ipv4", "none")]
        return f"{self.scenario} {self.mode} 1:{self.sampling} seed {self.seed} {' '.join(more)}".strip()

    def make(self, weir, folder):
        more = ["--hours", str(self.hours)] if self.hours else []
        if self.mode != "packet":
            more += ["--sampling", str(self.sampling)]
        return [weir, "lab", "make", self.scenario, "--mode", self.mode, "--seed", str(self.seed),
                "--family", self.family, "--fault", self.fault, *more, "-o", folder]


def numbers(text):
    """1-5,8 as a list."""
    found = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def words(text):
    return [word for word in text.split(",") if word]


def end(child):
    """Only ever a process that was started here."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def watch(maker, judge, limit_s):
    """Until both are done. Returns what went wrong, or nothing."""
    until = time.monotonic() + limit_s
    while maker.poll() is None or judge.poll() is None:
        if time.monotonic() > until:
            return f"not done within {limit_s} s"
        if maker.poll():  # the judge would wait for a writer for ever
            return f"weir lab make: exit status {maker.returncode}"
        time.sleep(0.05)
    return ""


def play(weir, job, limit_s):
    """One run. Returns its result, with `error` if there is none."""
    began = time.monotonic()
    found = {"job": asdict(job)}
    with tempfile.TemporaryDirectory(prefix="weir-lab-") as folder, \
            open(os.path.join(folder, "maker"), "w+b") as told, \
            open(os.path.join(folder, "judge"), "w+b") as complaints, \
            open(os.path.join(folder, "result"), "w+b") as out:
        os.mkfifo(os.path.join(folder, "telemetry.pcap"))
        judge = subprocess.Popen([weir, "lab", "score", folder, "--json"], stdout=out, stderr=complaints,
                                 stdin=subprocess.DEVNULL)
        maker = subprocess.Popen(job.make(weir, folder), stdout=subprocess.DEVNULL, stderr=told,
                                 stdin=subprocess.DEVNULL)
        try:
            wrong = watch(maker, judge, limit_s)
        finally:
            end(maker)
            end(judge)
        texts = []
        for file in (told, complaints, out):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    found["seconds"] = round(time.monotonic() - began, 2)
    try:
        found["result"] = json.loads(texts[2])["runs"][0]
        found["maker_failed"] = maker.returncode != 0
    except (ValueError, LookupError):
        said = (texts[0] + texts[1]).strip().splitlines()
        found["error"] = "; ".join(filter(None, [wrong, *said[-2:]])) or "no result"
    return found


class Progress:
    """A line on a terminal, that is drawn again; where there is none, a line each half a minute."""

    def __init__(self, total):
        self.total, self.done, self.failed = total, 0, 0
        self.began = self.said = time.monotonic()
        self.lock = threading.Lock()

    def step(self, job, found):
        with self.lock:
            self.done += 1
            self.failed += "error" in found
            now = time.monotonic()
            left = (now - self.began) / self.done * (self.total - self.done)
            line = f"lab: {self.done} of {self.total} runs, {self.failed} failed, {left:.0f} s to go; {job}"
            if sys.stderr.isatty():
                sys.stderr.write(f"\r\033[K{line}" + ("\n" if self.done == self.total else ""))
            elif now - self.said > 30 or self.done == self.total:
                self.said = now
                sys.stderr.write(line + "\n")
            if "error" in found:
                sys.stderr.write(f"\nlab: {job}: {found['error']}\n")
            sys.stderr.flush()


def run_all(args, jobs):
    progress = Progress(len(jobs))

    def one(job):
        found = play(args.weir, job, args.limit)
        progress.step(job, found)
        return found

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        return list(pool.map(one, jobs))


def rates_of(mode, samplings):
    return [1] if mode == "packet" else samplings


def plan(args):
    """All runs that are wanted."""
    kinds = [(s, m, n) for s in args.scenarios for m in args.modes for n in rates_of(m, args.sampling)]
    jobs = [Job(*kind, seed) for kind in kinds for seed in args.seeds]
    jobs += [Job(*kind, seed, part="held-out") for kind in kinds for seed in args.held_out]
    seed, mode = (args.seeds or [1])[0], args.modes[0]
    rate = rates_of(mode, args.sampling)[0]
    if args.ipv6:
        jobs += [Job(s, mode, rate, seed, part="ipv6", family="ipv6") for s in args.scenarios]
    if args.faults:
        faulty = [s for s in ("I2", "O1", "B1") if s in args.scenarios] or args.scenarios[:1]
        jobs += [Job(s, m, rates_of(m, args.sampling)[0], seed, part="fault", fault=f)
                 for s in faulty for f in FAULTS for m in fault_modes(f, args.modes)]
    if args.twice:
        jobs += [Job(s, mode, rate, seed, part="again") for s in args.scenarios[:1]]
    if args.day:
        jobs.append(Job(DAY, "sflow", 1000, seed, part="day", hours=args.day))
    return jobs


def fault_modes(fault, modes):
    """The modes that can have it, one of a kind."""
    flows = [m for m in ("netflow9", "ipfix") if m in modes][:1]
    if fault in ("templates", "longflow"):
        return flows
    return [m for m in ("sflow",) if m in modes] + (flows if fault == "clock" else [])


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="seed 1, sFlow 1:1000, nothing else")
    parser.add_argument("--seeds", type=numbers, default="1-5", help="default %(default)s")
    parser.add_argument("--held-out", type=numbers, default="", help="seeds that nothing was tuned on: 401-405")
    parser.add_argument("--modes", type=words, default=",".join(MODES), help="of %(default)s")
    parser.add_argument("--scenarios", type=words, default=",".join(SCENARIOS), help="of %(default)s")
    parser.add_argument("--sampling", type=numbers, default="1000", help="1:N, several with commas")
    parser.add_argument("--day", type=int, default=24, help="hours of everyday traffic; 0: none")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time; default %(default)s")
    parser.add_argument("--limit", type=int, default=900, help="seconds for a run; default %(default)s")
    parser.add_argument("--weir", default=os.environ.get("WEIR", str(TOP / "build/release/weir")))
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "build/lab/results.json")
    parser.add_argument("--from", dest="earlier", type=pathlib.Path, help="show this instead of running")
    parser.add_argument("--markdown", type=pathlib.Path, help="put the tables into this page as well")
    args = parser.parse_args()
    args.ipv6 = args.faults = args.twice = not args.quick
    if args.quick:
        args.seeds, args.modes, args.sampling, args.day = [1], ["sflow"], [1000], 0
    for given, known, what in ((args.modes, MODES, "mode"), (args.scenarios, SCENARIOS, "scenario")):
        for word in given:
            if word not in known:
                parser.error(f"there is no {what} {word}; there are {', '.join(known)}")
    if not args.modes or not args.scenarios or not args.sampling:
        parser.error("nothing to run: give at least one scenario, mode and sampling rate")
    return args


def measure(args):
    began = time.monotonic()
    runs = run_all(args, plan(args))
    data = {"runs": runs, "quick": args.quick, "seconds": round(time.monotonic() - began),
            "finished": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "commit": subprocess.run(["git", "-C", TOP, "rev-parse", "--short", "HEAD"], check=False,
                                     capture_output=True, text=True).stdout.strip()}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(data, indent=1))
    return data


def main():
    args = options()
    data = json.loads(args.earlier.read_text()) if args.earlier else measure(args)
    print(tables.text(data))
    if args.markdown:
        tables.put_into(args.markdown, data)
    failed = [run for run in data["runs"] if "error" in run]
    if failed:
        sys.exit(f"lab: {len(failed)} of {len(data['runs'])} runs gave no result")
    if not tables.gate(data):
        sys.exit("lab: failed: something was done to the innocent")


if __name__ == "__main__":
    main()
