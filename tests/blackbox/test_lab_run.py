#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The driver of `make lab`, with a maker that copies the demo's recording and the true judge."""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

DRIVER = tap.ROOT / "tests" / "lab" / "run.py"
MAKER = '''#!/usr/bin/env python3
import json, os, pathlib, sys
if sys.argv[2] != "make":
    os.execv(os.environ["TRUE_WEIR"], [os.environ["TRUE_WEIR"], *sys.argv[1:]])
name, options = sys.argv[3], dict(zip(sys.argv[4::2], sys.argv[5::2]))
folder = pathlib.Path(options["-o"])
if name == "I3":
    sys.exit("no room")
attack = {"direction": "inbound", "label": "flood", "targets": ["198.51.100.80"],
          "vectors": ["ntp-amplification"],
          "limits": [{"class": "udp-amp", "before_pps": 0, "envelope_pps": 10, "attack_pps": 120000}]}
truth = {"scenario": name, "kind": "benign" if name[0] == "B" else "attack", "mode": options["--mode"],
         "seed": int(options["--seed"]), "sampling": int(options["--sampling"]), "family": options["--family"],
         "fault": options["--fault"], "begin": "2026-09-21T14:13:20Z", "onset": "2026-09-21T14:13:28Z",
         "end": "2026-09-21T14:13:44Z", "finish": "2026-09-21T14:13:50Z", "export_delay_ms": 100,
         "attacks": [] if name[0] == "B" else [attack]}
(folder / "weir.yaml").write_text(json.dumps({"networks": [{"prefix": "198.51.100.0/24"}]}))
(folder / "truth.json").write_text(json.dumps(truth))
(folder / "telemetry.pcap").write_bytes(pathlib.Path(os.environ["RECORDING"]).read_bytes())
(folder / "next").write_text(json.dumps({**truth, "counts": {"samples": 9}}))
os.replace(folder / "next", folder / "truth.json")
'''


def drive(*args, status=0):
    folder = tap.scratch()
    maker = folder / "weir"
    maker.write_text(MAKER)
    maker.chmod(0o755)
    done = tap.run([sys.executable, DRIVER, "--weir", maker, "--out", folder / "out.json", *args],
                   status=status, env={"TRUE_WEIR": tap.weir(), "RECORDING":
                                       str(tap.ROOT / "tests/data/demo/two-attacks.pcap")})
    return done, json.loads((folder / "out.json").read_text()) if (folder / "out.json").exists() else None


def row(done, words):
    return next(line for line in done.out.splitlines() if line.startswith(words))


@tap.case
def judges_each_scenario_and_holds_it_against_the_goals():
    done, data = drive("--quick", "--scenarios", "I1,I2")
    tap.equal([run["result"]["detected"] for run in data["runs"]], [True, True], "detected")
    tap.contains(row(done, "attacks detected"), "100.0 % of 2")
    tap.contains(row(done, "attacks detected"), "reached")
    tap.contains(row(done, "plans that were withdrawn and came back"), "0 in 2 runs")
    tap.contains(row(done, "suite score"), "missed")  # the demo ends before the incident is closed
    tap.contains(row(done, "everyday traffic"), "not measured")


@tap.case
def several_seeds_are_one_row_and_held_out_ones_another():
    done, data = drive("--scenarios", "I1", "--modes", "sflow", "--seeds", "1-3", "--held-out", "101",
                       "--day", "0")
    parts = [run["job"]["part"] for run in data["runs"]]
    tap.equal([parts.count(p) for p in ("main", "held-out", "ipv6", "again", "fault")], [3, 1, 1, 1, 4], "runs")
    tap.contains(row(done, "same input twice"), "reached")
    tap.contains(done.out, "Goals, on seeds that nothing was tuned on")
    tap.equal(row(done, "I1").split()[:4], ["I1", "sflow", "1000", "3"], "row of the seeds")


@tap.case
def an_action_against_what_is_benign_fails_the_gate():
    done, _ = drive("--quick", "--scenarios", "B1", status=1)
    tap.contains(done.err, "innocent")
    tap.contains(row(done, "benign look-alikes"), "missed")


@tap.case
def a_maker_that_fails_hangs_nothing():
    done, data = drive("--quick", "--scenarios", "I3,I1", status=1)
    tap.contains(data["runs"][0]["error"], "no room")
    tap.equal("result" in data["runs"][1], True, "the other one has a result")
    tap.contains(done.err, "1 of 2 runs gave no result")


@tap.case
def figures_go_between_the_marks_of_a_page():
    page = tap.scratch() / "page.md"
    page.write_text("# Head\n\n<!-- figures: begin -->\nfigures of before\n<!-- figures: end -->\n\nTail\n")
    drive("--quick", "--scenarios", "I1", "--markdown", page)
    text = page.read_text()
    tap.lacks(text, "figures of before")
    tap.contains(text, "| attacks detected, where T_limit ≤ 60 s |")
    tap.equal([text.startswith("# Head\n"), text.endswith("-->\n\nTail\n")], [True, True], "the rest stays")


@tap.case
def unknown_words_are_refused():
    for args in (["--scenarios", "I99"], ["--modes", "smoke"]):
        done = subprocess.run([sys.executable, DRIVER, *args], capture_output=True, text=True, check=False)
        tap.equal(done.returncode, 2, "exit status")
        tap.contains(done.stderr, args[1])


if __name__ == "__main__":
    tap.main()
