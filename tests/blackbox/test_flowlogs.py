#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cloud flow logs through the front door: decode, replay, and folders that the daemon follows."""

import gzip
import json
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import flowlog  # noqa: E402
import tap  # noqa: E402

HERE = tap.ROOT / "tests/data/flowlogs"


def decode(path, *more, status=0):
    done = tap.run([tap.weir(), "decode", "--stats", *more, path], status=status)
    stats = [json.loads(text) for text in done.err.splitlines() if text.startswith("{")]
    return [json.loads(text) for text in done.out.splitlines()], stats[-1], done.err


def as_record(flow):
    return flowlog.Record(flow["src"], flow["dst"], flow.get("sport"), flow.get("dport"),
                          flow.get("proto"), flow.get("packets"), flow.get("bytes"),
                          flow.get("rev_packets"), flow.get("rev_bytes"), flow.get("dropped", False))


def compare(path):
    flows, stats, _ = decode(path)
    wanted = flowlog.read(path)
    tap.equal(len(flows), len(wanted), f"{path.name}: records")
    for got, want in zip(flows, wanted):
        tap.equal(as_record(got), want, f"{path.name}: record")
    tap.equal(stats["flows"], len(wanted), f"{path.name}: flows in the counters")
    for key in ("bytes", "packets"):
        tap.equal(sum(f.get(key, 0) for f in flows),
                  sum(getattr(r, key) or 0 for r in wanted), f"{path.name}: sum of {key}")
    return flows, stats


@tap.case
def real_samples_decode_as_an_independent_reader_has_them():
    folder = tap.data()
    files = [folder / row.split("\t")[0] for row in (folder / "INDEX.tsv").read_text().splitlines()
             if row.split("\t")[1] in ("vpcflow", "nsgflow") and "too_few" not in row]
    tap.true(len(files) >= 7, f"samples: {files}")
    for path in files:
        compare(path)


@tap.case
def no_data_and_skipped_data_are_counted_as_such():
    flows, stats, _ = decode(tap.data() / "vpc-flowlogs-reader/lines.txt")
    tap.equal((stats["nodata"], stats["skipdata"]), (1, 2), "records without traffic")
    tap.equal([f.get("dropped", False) for f in flows], [False, False, True], "dropped")


@tap.case
def own_samples_of_each_cloud_decode_as_an_independent_reader_has_them():
    files = sorted(path for path in HERE.iterdir() if path.suffix in (".log", ".json", ".jsonl"))
    tap.true(len(files) >= 5, f"samples: {files}")
    for path in files:
        compare(path)
        packed = tap.scratch() / f"{path.name}.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        tap.equal(decode(packed)[0], decode(path)[0], f"{path.name}: packed and plain")


@tap.case
def a_broken_line_is_told_with_its_number_and_the_rest_used():
    path = tap.scratch() / "a.log"
    good = flowlog.line("192.0.2.1", "10.0.0.1", start=1700000000, end=1700000060)
    path.write_text(good * 3 + "2 nonsense\n" + good)
    flows, stats, err = decode(path)
    tap.equal(len(flows), 4, "flows")
    tap.equal(stats["undecodable"], {"short": 1}, "undecodable")
    tap.contains(err, "line 4 (short)", "standard error")


@tap.case
def what_is_no_flow_log_is_refused_in_one_line():
    path = tap.scratch() / "a.log"
    path.write_text("once upon a time there was\na text\n")
    done = tap.run([tap.weir(), "decode", "--as", "aws-vpc", path], status=1)
    tap.contains(done.err, "is no flow log that can be read")
    path.write_bytes(gzip.compress(b"2 1 eni " * 10000)[:-20])
    done = tap.run([tap.weir(), "decode", "--as", "aws-vpc", path], status=1)
    tap.contains(done.err, "ends early")


@tap.case
def a_packed_log_can_come_from_standard_input():
    good = flowlog.line("192.0.2.1", "10.0.0.1", start=1700000000, end=1700000060)
    path = tap.scratch() / "a.gz"
    path.write_bytes(gzip.compress((good * 5).encode()))
    done = tap.run(["sh", "-c", 'exec "$0" decode - < "$1"', tap.weir(), path])
    tap.equal(len(done.out.splitlines()), 5, "flows")


@tap.case
def a_flood_in_a_flow_log_is_an_incident_and_a_long_download_is_none():
    folder = tap.scratch()
    config = folder / "weir.yaml"
    config.write_text('networks: [{prefix: 10.0.0.0/8}]\n')
    begin = 1700000000
    calm = [flowlog.line(f"192.0.2.{i}", "10.0.0.9", start=begin + 60 * m, end=begin + 60 * m + 59,
                         proto=6, packets=5000, size=5000000)
            for m in range(10) for i in range(20)]
    # 600 s at 2 Mbps, told in one record: no burst.
    calm.append(flowlog.line("192.0.2.77", "10.0.0.8", start=begin, end=begin + 600, proto=6,
                             packets=120000, size=150000000))
    flood = [flowlog.line(f"198.51.100.{i}", "10.0.0.7", start=begin + 60 * m,
                          end=begin + 60 * m + 59, sport=123, packets=60000, size=28000000)
             for m in range(3, 7) for i in range(50)]
    (folder / "calm.log").write_text("".join(calm))
    both = sorted(calm + flood, key=lambda text: text.split()[11])
    (folder / "both.log").write_text("".join(both))
    done = tap.run([tap.weir(), "replay", "-c", config, folder / "calm.log"])
    tap.equal(json.loads(done.out.splitlines()[-1])["incidents"], 0, f"incidents: {done.out}")
    done = tap.run([tap.weir(), "replay", "-c", config, folder / "both.log"])
    events = [json.loads(text) for text in done.out.splitlines()]
    opened = [e["incident"] for e in events if e["event"] == "incident.opened"]
    tap.equal({t for i in opened for t in i["targets"]}, {"10.0.0.7/32"}, f"targets: {opened}")
    tap.equal(tap.run([tap.weir(), "replay", "-c", config, folder / "both.log"]).out, done.out,
              "the second replay")


class Daemon:
    """A daemon that follows a folder."""

    def __init__(self):
        self.folder = tap.scratch()
        self.logs = self.folder / "logs"
        self.logs.mkdir()
        self.socket = self.folder / "weir.sock"
        (self.folder / "weir.yaml").write_text(json.dumps({
            "networks": [{"prefix": "10.0.0.0/8"}],
            "listen": {"flowlog": [str(self.logs)]},
            "ingest": {"threads": 1},
            "limits": {"hosts": 1024},
            "report": [],
            "state": {"path": str(self.folder / "state")},
            "control": {"socket": str(self.socket)}}))
        self.before = 0
        self.process = None

    def start(self):
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            self.process = tap.start([tap.weir(), "run", "-c", self.folder / "weir.yaml"], stderr=log)
        tap.wait_for(self.status, "an answer on the control socket", 20)
        return self

    def said(self):
        return (self.folder / "log").read_text()

    def status(self):
        if self.process.poll() is not None:
            tap.fail(f"the daemon ended with {self.process.returncode}: {self.said()}")
        done = tap.run([tap.weir(), "status", "--json", "--socket", self.socket], status=None)
        return json.loads(done.out) if done.status == 0 else None

    def records(self):
        """Of this run and all before."""
        status = self.status()
        return self.before + (status["totals"]["records"] if status else 0)

    def settles_at(self, wanted):
        tap.wait_for(lambda: self.records() >= wanted, f"{wanted} records, has {self.records()};"
                     f" log: {self.said()}", 30)
        # Longer than marks take to be saved, and counters to be shown.
        time.sleep(2.5)
        tap.equal(self.records(), wanted, "records")

    def kill(self):
        self.before = self.records()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def lines(count, seed=0):
    now = int(time.time()) - 120
    return "".join(flowlog.line(f"192.0.2.{i % 250}", "10.0.0.5", start=now - 60, end=now,
                                sport=1024 + i, packets=seed + 1) for i in range(count))


@tap.case
def a_folder_is_followed_and_each_record_counts_once_over_kill_9():
    daemon = Daemon()
    old = daemon.logs / "2026" / "11"
    old.mkdir(parents=True)
    (old / "a.log").write_text(lines(3000))
    daemon.start()
    daemon.settles_at(3000)
    with open(old / "a.log", "a", encoding="utf-8") as file:
        file.write(lines(100, 1) + "2 123456789010 eni-1 half a li")
    daemon.settles_at(3100)
    daemon.kill()
    # While nobody looks: moved, a new one at its place, one more that is packed.
    os.rename(old / "a.log", old / "a.log.1")
    (old / "a.log").write_text(lines(50, 2))
    new = daemon.logs / "2026" / "12"
    new.mkdir()
    packed = new / "b.log.gz"
    packed.write_bytes(gzip.compress(lines(700, 3).encode()))
    daemon.start()
    daemon.settles_at(3850)
    # Packed after it was read: the same records.
    text = (old / "a.log").read_bytes()
    (old / "a.log.gz.part").write_bytes(b"")
    (old / ".a.log.gz").write_bytes(gzip.compress(text))
    (old / "a.log").unlink()
    os.rename(old / ".a.log.gz", old / "a.log.gz")
    (old / "c.log").write_text(lines(10, 4))
    daemon.settles_at(3860)
    daemon.kill()
    daemon.start()
    daemon.settles_at(3860)
    tap.equal(tap.stop(daemon.process), 0, "exit status after TERM")


@tap.case
def a_truncated_log_begins_anew_and_broken_ones_are_told_once():
    daemon = Daemon().start()
    path = daemon.logs / "a.log"
    path.write_text(lines(100))
    daemon.settles_at(100)
    path.write_text(lines(40, 5))
    daemon.settles_at(140)
    cut = gzip.compress(lines(500, 6).encode())
    (daemon.logs / "cut.log.gz").write_bytes(cut[:len(cut) // 2])
    tap.wait_for(lambda: "could not be read to the end" in daemon.said(), "a warning", 40)
    (daemon.logs / "cut.log.gz").write_bytes(cut)
    daemon.settles_at(640)
    tap.equal(daemon.said().count("could not be read to the end"), 1, "warnings")
    log, = daemon.status()["flowlogs"]
    tap.equal((log["path"], log["flows"], log["waiting"], log["works"]),
              (str(daemon.logs)[:63], 640, 0, True), f"counters of the log: {log}")
    tap.true(log["files"] >= 2, f"files: {log}")
    tap.true(log["unreadable"] >= 1 and log["replaced"] >= 1, f"troubles of the log: {log}")
    tap.true(100 < log["lag_s"] < 300, f"lines are 120 s old: {log}")
    page = tap.run([tap.weir(), "status", "--socket", daemon.socket]).out
    tap.contains(page, f"following  {log['path']}: 640 flows, {log['files']} files remembered, ")


@tap.case
def a_json_list_that_is_rewritten_at_its_end_goes_on():
    """Azure's blobs: one list an hour, closed again after each minute."""
    daemon = Daemon().start()
    path = daemon.logs / "PT1H.json"

    def entry(minute):
        stamp = (int(time.time()) - 300) * 1000 + minute
        return {"time": "2026-11-22T10:00:00Z", "flowLogVersion": 4, "macAddress": "00224871C205",
                "targetResourceID": "/subscriptions/s/virtualNetworks/net1",
                "operationName": "FlowLogFlowEvent",
                "flowRecords": {"flows": [{"aclID": "x", "flowGroups": [{"rule": "r", "flowTuples": [
                    f"{stamp},10.0.0.6,192.0.2.1,{20000 + n},443,6,O,E,NX,3,767,2,1580"
                    for n in range(10)]}]}]}}

    entries = []
    for minute in range(3):
        entries.append(entry(minute))
        path.write_text(json.dumps({"records": entries}))
        daemon.settles_at(10 * len(entries))
    tap.equal(daemon.status()["exporters"][0]["protocol"], "azure-nsg", "protocol")
    tap.equal(daemon.status()["exporters"][0]["name"], "/subscriptions/s/virtualnetworks/net1", "name")


if __name__ == "__main__":
    tap.main()
