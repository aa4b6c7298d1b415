#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU cost of Weir for each flow record: decoding a file, and a daemon fed over loopback.

Each figure is the median of several runs, with least and most; CPU is user plus
system time of the whole program as the kernel accounts it, divided by records.
Sends only to 127.0.0.1. A table for people; build/bench/results.json for machines.

Use: run.py [--records N] [--runs N] [--weir PROGRAM]
"""
import argparse
import json
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import load

TOP = pathlib.Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of_children():
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def decode_run(weir, path, form):
    before = cpu_of_children()
    subprocess.run([weir, "decode", "--format", form, path], stdout=subprocess.DEVNULL, check=True)
    return cpu_of_children() - before


def free_port():
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def status(weir, sock):
    done = subprocess.run([weir, "status", "--json", "--socket", sock], capture_output=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def wait_for(check, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.1)
    sys.exit("bench: the daemon did not answer in time")


def send_all(payloads, port, rate):
    """Send to loopback, at about @rate datagrams a second, in small bursts."""
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.2", 0))
        s.connect(("127.0.0.1", port))
        began = time.monotonic()
        for i, payload in enumerate(payloads):
            if i % 16 == 0:
                ahead = i / rate - (time.monotonic() - began)
                if ahead > 0:
                    time.sleep(ahead)
            s.send(payload)
    return time.monotonic() - began


def settled(weir, sock):
    """The daemon's totals once they have stopped growing."""
    last = None
    while True:
        time.sleep(1.5)
        now = status(weir, sock)["totals"]
        if now == last:
            return now
        last = now


def start_daemon(weir, folder, port, key):
    sock = f"{folder}/weir.sock"
    listen = {"netflow": [], "ipfix": [], "sflow": []}
    listen[key] = [f"127.0.0.1:{port}"]
    pathlib.Path(f"{folder}/weir.yaml").write_text(json.dumps({
        "networks": [{"prefix": "10.8.0.0/16"}], "listen": listen,
        "ingest": {"threads": 1, "receive_buffer": "64MiB"},
        "limits": {"hosts": 131072},
        "report": [{"kind": "jsonl", "path": f"{folder}/events"}],
        "state": {"path": f"{folder}/state"}, "control": {"socket": sock}}))
    log = open(f"{folder}/log", "wb")
    daemon = subprocess.Popen([weir, "run", "-c", f"{folder}/weir.yaml"], stderr=log, stdout=log)
    wait_for(lambda: status(weir, sock))
    return daemon, sock


def loopback_run(weir, protocol, payloads, rate):
    """(CPU ns a record, records lost on the way, records/s) of one fresh daemon."""
    key = {"ipfix": "ipfix", "sflow5": "sflow"}.get(protocol, "netflow")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        daemon, sock = start_daemon(weir, folder, port, key)
        try:
            idle = cpu_of(daemon.pid)
            began = time.monotonic()
            seconds = send_all(payloads, port, rate)
            totals = settled(weir, sock)
            used = cpu_of(daemon.pid) - idle
            spent = time.monotonic() - began
            time.sleep(2)
            quiet = (cpu_of(daemon.pid) - idle - used) / 2
        finally:
            daemon.terminate()
            daemon.wait()
    records = totals["records"]
    sent = len(payloads) * load.RECORDS[protocol]
    return (used - quiet * spent) / records * 1e9, sent - records, records / seconds


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def measure(weir, protocol, args, folder):
    payloads = load.datagrams(protocol, args.records)
    records = len(payloads) * load.RECORDS[protocol]
    path = f"{folder}/{protocol}.pcap"
    load.write_capture(path, protocol, payloads)
    row = {"protocol": protocol, "records": records}
    for form in ("none", "jsonl"):
        decode_run(weir, path, form)
        row[f"decode_{form}_ns"] = spread([decode_run(weir, path, form) / records * 1e9
                                           for _ in range(args.runs)])
    runs = [loopback_run(weir, protocol, payloads, args.rate) for _ in range(args.runs)]
    row["run_ns"] = spread([r[0] for r in runs])
    row["run_lost"] = max(r[1] for r in runs)
    row["run_records_per_s"] = spread([r[2] for r in runs])
    os.unlink(path)
    return row


def show(rows):
    def cell(s):
        return f"{s['median']:7.0f} [{s['min']:.0f}-{s['max']:.0f}]"
    print("CPU ns a record, median [least-most]")
    print(f"{'protocol':10} {'decode, no output':>22} {'decode to jsonl':>22} {'run, loopback':>22} "
          f"{'krecords/s sent':>16} {'lost':>6}")
    for r in rows:
        print(f"{r['protocol']:10} {cell(r['decode_none_ns']):>22} {cell(r['decode_jsonl_ns']):>22} "
              f"{cell(r['run_ns']):>22} {r['run_records_per_s']['median'] / 1e3:16.0f} "
              f"{r['run_lost']:6}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=1000000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=20000, help="datagrams a second over loopback")
    parser.add_argument("--weir", default=str(TOP / "build/release/weir"))
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for protocol in load.MAKERS:
            print(f"measuring {protocol} …", file=sys.stderr)
            rows.append(measure(args.weir, protocol, args, folder))
    show(rows)
    out = TOP / "build/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps({"rows": rows}, indent=1))


if __name__ == "__main__":
    main()
