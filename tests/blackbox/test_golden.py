# SPDX-License-Identifier: Apache-2.0
"""Golden cases: the datagrams of tests/golden/DECODER/CASE.hex become the lines of CASE.jsonl.

    python3 tests/blackbox/test_golden.py --accept [word]     write what comes out, then read the diff
"""

import hexgrams
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

FOLDER = tap.ROOT / "tests" / "golden"
PORTS = {"sflow5": 6343, "ipfix": 4739}


def decode(case):
    capture = tap.scratch() / "case.pcap"
    decoder = case.parent.name
    hexgrams.write_pcap(capture, hexgrams.read(case), PORTS.get(decoder, 2055))
    return tap.run([tap.weir(), "decode", "--format", "jsonl", "--as", decoder, capture]).out


def check(case):
    wanted = case.with_suffix(".jsonl")
    tap.true(wanted.exists(), f"{wanted} is missing: write it with --accept and read it")
    tap.equal(decode(case).splitlines(), wanted.read_text().splitlines(), "the lines of flows")


def main():
    accept = "--accept" in sys.argv
    if accept:
        sys.argv.remove("--accept")
    for case in sorted(FOLDER.glob("*/*.hex")):
        def run(case=case):
            if accept:
                case.with_suffix(".jsonl").write_text(decode(case))
            else:
                check(case)
        tap.case(f"{case.parent.name} {case.stem}")(run)
    tap.main()


if __name__ == "__main__":
    main()
