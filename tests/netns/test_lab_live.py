#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make lab-live` in short: one scenario of the laboratory as real packets, its attack held back."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

DRIVER = tap.ROOT / "tests" / "lab" / "live.py"
# A SYN flood for 25 s, after as much quiet as it needs to have samples of it.
SHORT = {"before": 15, "during": 25, "warm": 300, "shrink": 25, "wait": False}


def play(*args, status=None):
    folder = tap.scratch()
    build = pathlib.Path(tap.weir()).parent
    done = tap.run([sys.executable, DRIVER, "--build", build, "--out", folder / "out.json", *args],
                   status=status, timeout=300)
    return done, json.loads((folder / "out.json").read_text()) if (folder / "out.json").exists() else None


@tap.case
def what_the_laboratory_simulates_is_sent_found_and_dropped():
    tap.need("unshare", "ip", "mount")
    if os.geteuid():
        tap.skip("network namespaces need root")
    done, data = play("--scenarios", "I3", "--json", "--change", json.dumps(SHORT))
    trouble = data["runs"][0].get("error", "") if data else done.err
    if trouble.startswith(("unshare:", "I3: mount", "I3: ip ")):
        tap.skip(f"namespaces, or what they need, cannot be had here: {trouble}")
    tap.equal(done.status, 0, f"exit status; {done}")
    found, run = json.loads(done.out)["runs"][0], data["runs"][0]
    tap.equal([found["detected"], found["label_right"], found["incidents"], found["flaps"]], [True, True, 1, 0],
              f"detected, label, incidents, flaps; events: {run['events']}")
    # Of everything that was sent each packet is accounted for: it arrived, or it was the attack's.
    sent, arrived = run["counts"]["sent"], run["counts"]["arrived"]
    tap.true(sum(sent["attack"]) > 20000, f"{sum(sent['attack'])} packets of the attack")
    for group in ("own", "others", "reply"):
        tap.true(sum(sent[group]) > 1000, f"{sum(sent[group])} packets of {group}")
        tap.equal(sum(arrived[group]), sum(sent[group]), f"packets of {group} that arrived")
    quiet, held = sent["attack"][:150], slice(350, 390)
    tap.equal(sum(quiet), 0, "packets of the attack before its onset")
    lost = 1 - sum(arrived["attack"][held]) / sum(sent["attack"][held])
    tap.true(lost > 0.9, f"{lost:.1%} of the attack is dropped 20 s after its onset; events: {run['events']}")


@tap.case
def unknown_scenarios_are_refused():
    done, _ = play("--scenarios", "I99", status=2)
    tap.contains(done.err, "I99 is not played live")


if __name__ == "__main__":
    tap.main()
