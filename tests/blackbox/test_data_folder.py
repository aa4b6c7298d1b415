#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everything in the folder of recorded data, through the whole pipeline, in one process.

The program under test is built with the address, undefined-behaviour and leak
sanitizers in `make test`, so a report of theirs fails the case.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

REPORTS = ("AddressSanitizer", "LeakSanitizer", "runtime error:")


def captures():
    folder = tap.data()
    rows = (line.split("\t") for line in (folder / "INDEX.tsv").read_text().splitlines()[1:])
    return [folder / row[0] for row in rows if row[0].endswith((".pcap", ".pcapng"))]


def replay(files):
    done = tap.run([tap.weir(), "replay", *files], status=None, timeout=240)
    tap.true(done.status in (0, 1), f"exit status {done.status}\n{tap.tail(done.err)}")
    for report in REPORTS:
        tap.lacks(done.err, report, "standard error")
    return done


@tap.case
def a_replay_of_all_captures_is_clean_and_the_same_twice():
    files = captures()
    first = replay(files)
    tap.true(replay(files).out == first.out, "the second replay gave other bytes")
    events = [json.loads(line) for line in first.out.splitlines()]
    tap.equal(events[-1]["event"], "summary", "last event")
    tap.true(events[-1]["records"] > 150000, f"records: {events[-1]['records']}")
    times = [e["time"] for e in events]
    tap.equal(times, sorted(times), "order of events in time")


@tap.case
def each_file_alone_decodes_without_a_report():
    for file in captures():
        done = tap.run([tap.weir(), "decode", "-f", "none", "--stats", file], status=None, timeout=60)
        tap.true(done.status in (0, 1), f"{file}: exit status {done.status}\n{done.err}")
        for report in REPORTS:
            tap.lacks(done.err, report, f"{file.name}: standard error")


if __name__ == "__main__":
    tap.main()
