#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""weir decode on packet captures: recorded ones where they are, and broken ones made here."""

import frames
import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

SANITIZER = ("AddressSanitizer", "LeakSanitizer", "runtime error:")
UDP = bytes.fromhex("450000241234000040110000c0000201c6336402"
                    "0035d431001000000001020304050607")


def recorded(*roles):
    """Captures of these roles in the folder of recorded data."""
    folder = tap.data()
    for line in (folder / "INDEX.tsv").read_text().splitlines()[1:]:
        columns = line.split("\t")
        path = folder / columns[0]
        if columns[8] in roles and path.suffix in (".pcap", ".pcapng", ".nsecpcap", ".cap"):
            yield path


def decode(path, *options, status=0):
    done = tap.run([tap.weir(), "decode", *options, path], status=status)
    for word in SANITIZER:
        tap.lacks(done.err, word, f"standard error for {path}")
    return done


def capture(packets, link=101):
    """A pcap file of these packets, one a second."""
    head = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, link)
    return head + b"".join(struct.pack("<IIII", 1700000000 + i, 0, len(p), len(p)) + p
                           for i, p in enumerate(packets))


@tap.case
def recorded_traffic_gives_a_flow_for_each_ip_packet():
    files, differences = 0, []
    for path in recorded("attack", "benign"):
        files += 1
        flows = decode(path, "--format", "jsonl").out.count("\n")
        packets = frames.ip_packets(path)
        if flows != packets:
            differences.append(f"{path}: {packets} IP packets, {flows} flows")
    tap.true(files > 0, "INDEX.tsv names no packet capture")
    tap.equal(differences, [], "captures that differ")


@tap.case
def malformed_captures_are_survived():
    files = 0
    for path in recorded("malformed"):
        files += 1
        for options in ((), ("--as", "packets"), ("--as", "sflow5")):
            done = decode(path, *options, status=None)
            if done.status not in (0, 1):
                tap.fail(f"{path}: {done}")
            if done.status == 1:
                tap.contains(done.err, path.name, "message")
    tap.true(files > 0, "INDEX.tsv names no malformed capture")


@tap.case
def a_packet_becomes_one_line():
    path = tap.scratch() / "one.pcap"
    path.write_bytes(capture([UDP]))
    flow = json.loads(decode(path).out)
    wanted = {"proto_version": "packet", "src": "192.0.2.1", "dst": "198.51.100.2", "sport": 53,
              "dport": 54321, "proto": 17, "bytes": 36, "packets": 1, "sampling": 1,
              "start": "2023-11-14T22:13:20.000000Z", "ttl": 64}
    tap.equal({name: flow.get(name) for name in wanted}, wanted, "flow")


@tap.case
def a_capture_cut_short_gives_its_flows_and_fails():
    path = tap.scratch() / "cut.pcap"
    path.write_bytes(capture([UDP] * 5)[:-7])
    done = decode(path, status=1)
    tap.equal(done.out.count("\n"), 4, "flows before the cut")
    tap.contains(done.err, "cut.pcap")
    tap.contains(done.err, "packet 5")


@tap.case
def what_is_no_capture_is_refused_in_one_line():
    folder = tap.scratch()
    for name, content in (("empty.pcap", b""), ("text.pcap", b"networks: []\n"),
                          ("wireless.pcap", capture([UDP], link=105))):
        (folder / name).write_bytes(content)
        done = decode(folder / name, status=1)
        tap.equal(done.out, "", "standard output")
        tap.contains(done.err, name)
        tap.equal(done.err.count("\n"), 1, "lines of the message")
    done = decode(folder / "absent.pcap", status=1)
    tap.contains(done.err, "No such file")


@tap.case
def the_reader_of_this_test_counts_what_it_should():
    """The second opinion is worth something only if it can say no."""
    folder = tap.scratch()
    path = folder / "mixed.pcap"
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    path.write_bytes(capture([bytes(12) + b"\x08\x00" + UDP, arp,
                              bytes(12) + b"\x81\x00\x00\x05\x08\x00" + UDP,
                              bytes(12) + b"\x08\x00" + UDP[:12]], link=1))
    tap.equal(frames.ip_packets(path), 2, "IP packets")
    done = decode(path, "--stats")
    tap.equal(done.out.count("\n"), 2, "flows")
    tap.equal(json.loads(done.err)["undecodable"], {"not-ip": 1, "short": 1}, "counters")


if __name__ == "__main__":
    tap.main()
