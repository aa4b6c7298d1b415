#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Weir and its peers cost: CPU time a record, lossless rate, memory; side by side, in turns.

Telemetry goes to loopback only. Tables on standard output, everything in build/bench/results.json.
docs/performance.md tells how to read it. `--from` shows an earlier run again.

Use: run.py [--quick] [--only weir,nfcapd] [--markdown docs/performance.md] [--from results.json]
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import acting
import figures
import machine
import plan
import steps
from collectors import Drain, Weir

TOP = pathlib.Path(__file__).resolve().parents[2]
OTHERS = ("weir", "nfcapd", "sfcapd", "fastnetmon", "nfacctd", "sfacctd")
PARTS = ("speeds", "many_hosts", "coalesced", "two_threads", "long_run")
ALL_PARTS = (*PARTS, "from_memory", "acting")


def say(words):
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def processors():
    """(The sender's and runner's, the collectors'.)"""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        sys.exit("bench: needs two processors, one for the sender and one for what is measured")
    return usable[0], usable[-1]


def from_memory(build, cpu):
    """Output of the programs that measure one room without any socket."""
    found = {}
    for program in sorted((build / "tests/bench").glob("bench_*")):
        # Of bench_NAME, and not bench_NAME.p, which holds its objects; some need a namespace, or
        # are measured with what else is about acting.
        if not program.is_file() or program.name in ("bench_live", "bench_announce",
                                                     *acting.PROGRAMS):
            continue
        say(program.name)
        try:
            done = subprocess.run([program], capture_output=True, text=True, timeout=180, check=False,
                                  preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
            found[program.name] = done.stdout + (done.stderr if done.returncode else "")
        except subprocess.TimeoutExpired:
            found[program.name] = "not done within 180 s"
    return found


def live(build, quick):
    """Output of live.py, which measures interfaces in a namespace of its own; or why there is none."""
    if os.geteuid():
        return "not measured: needs root, for a network namespace"
    say("bench_live")
    command = [sys.executable, TOP / "tests/bench/live.py", build, "--rounds", "2" if quick else "5"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return "not done within 300 s"
    if done.returncode:
        return f"not measured: {done.stderr.strip()}"
    told = json.loads(done.stdout)
    rows = [f"{mode:<8} {found['ns_per_packet']:6.1f} ns a packet [{found['least']} - {found['most']}]"
            f"  lost {found['lost']}" for mode, found in told["modes"].items()]
    return "\n".join([f"{told['what']}, {told['packets']} packets a round", *rows])


def measure(args):
    usable = os.sched_getaffinity(0)
    sender_cpu, cpu = processors()
    Weir.program = str(args.build / "weir")
    Drain.program = str(args.build / "tests/bench/drain")
    sender = steps.Sender(str(args.build / "tests/bench/flowsend"), sender_cpu)
    about = machine.describe(TOP)
    about["already_running"] = machine.already_running(OTHERS)
    for name, pids in about["already_running"].items():
        say(f"note: {name} runs here already (process {pids[0]}) and is left alone; it may disturb")
    os.sched_setaffinity(0, {sender_cpu})
    wanted = args.only.split(",") if args.only else None
    work = plan.Plan(sender, cpu, args.quick, say, wanted)
    began = time.monotonic()
    data = {"machine": about, "missing": work.missing, "versions": work.versions}
    data["options"] = {"quick": args.quick, "only": args.only, "repetitions": work.repetitions,
                       "equal_rate": plan.EQUAL_RATE, "step_s": plan.STEP_S,
                       "ladder": plan.LADDER["quick" if args.quick else "full"],
                       "buffer_bytes": machine.BUFFER_BYTES, "sender_cpu": sender_cpu,
                       "collector_cpu": cpu}
    for part in PARTS:
        data[part] = list(getattr(work, part)()) if part in args.parts else []
    data["from_memory"] = from_memory(args.build, cpu) if "from_memory" in args.parts else {}
    if "from_memory" in args.parts:
        data["from_memory"]["bench_live"] = live(args.build, args.quick)
    if "acting" in args.parts:
        data["acting"] = acting.measure(args.build, usable, args.quick, say)
    data.update(configurations=work.configurations, seconds=time.monotonic() - began,
                finished=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
                load_after=os.getloadavg())
    return data


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one repetition, fewer steps: 6 minutes")
    parser.add_argument("--only", help="collectors by name, with commas between")
    parser.add_argument("--parts", default=",".join(ALL_PARTS), help="of %(default)s")
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build/bench")
    parser.add_argument("--out", type=pathlib.Path, default=TOP / "build/bench/results.json")
    parser.add_argument("--from", dest="earlier", type=pathlib.Path, help="show this instead of measuring")
    parser.add_argument("--markdown", type=pathlib.Path, help="put the tables into this page as well")
    args = parser.parse_args()
    args.parts = args.parts.split(",")
    if set(args.parts) - set(ALL_PARTS):
        parser.error(f"parts are {', '.join(ALL_PARTS)}")
    return args


def main():
    args = options()
    # So that `finally` stops what was started and puts limits back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))
    if args.earlier:
        data = json.loads(args.earlier.read_text())
    else:
        data = measure(args)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(data, indent=1))
        say(f"everything is in {os.path.relpath(args.out)}")
    print(figures.text(data))
    if args.markdown:
        figures.put_into(args.markdown, data)


if __name__ == "__main__":
    main()
