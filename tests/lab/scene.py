#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One scenario of the laboratory live: real packets, the running daemon, a real filter.

    scene.py BUILD FOLDER '{"id": "I3", "shrink": 10, "before": 40, "during": 60, ...}'

To be run by tests/lab/live.py in namespaces of its own (network, mounts, processes): all that it
makes goes with them, however it ends. `far` and `near` are the two ends of one cable. Packets leave
`far`, where Weir samples them as a router's port would, before any filter; `near` is where its actuator
drops them, and where is counted what arrives. Prints one JSON object.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

FAR, NEAR = "far", "near"
# All plans shall be gone within 90 s; later ones are waited for, to tell how late they are.
LET_GO_S, PATIENCE_S = 90, 60
BENIGN_AFTER_S = 10
PROBES = 200


class Trouble(Exception):
    """Nothing was measured, and this is why."""


def must(argv, **more):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise Trouble(f"{' '.join(map(str, argv))}: {done.stderr.strip()[-500:]}")
    return done.stdout


def wait_for(condition, what, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Trouble(f"not within {seconds} s: {what}")
        time.sleep(0.1)


def go_ahead():
    """This process goes before what else the machine does, which is not measured here."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        os.nice(-10)


class Scene:
    """Everything of one run."""

    def __init__(self, build, folder, what):
        self.folder, self.what = folder, what
        self.weir = build / "weir"
        self.play = self.program(build, "play")
        self.judge = self.program(build, "judge")
        self.events = folder / "events.jsonl"
        self.read_to, self.rest = 0, ""
        self.told = []

    @staticmethod
    def program(build, name):
        found = [p for p in (build / "tests" / "bench" / name, build / "tests" / "netns" / name) if p.is_file()]
        if not found:
            raise Trouble(f"{name} is not built in {build}: make lab-live does")
        return found[0]

    def prepare(self):
        """A cable, and a place for files and pins that goes with the namespace."""
        must(["mount", "-t", "tmpfs", "tmpfs", self.folder])
        must(["ip", "link", "set", "lo", "up"])
        must(["ip", "link", "add", NEAR, "type", "veth", "peer", "name", FAR])
        for name in (NEAR, FAR):
            pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1", encoding="ascii")
            must(["ip", "link", "set", name, "up"])
        (self.folder / "bpf").mkdir()
        must(["mount", "-t", "bpf", "bpf", self.folder / "bpf"])

    def start_player(self):
        """Warms up: everyday traffic of the time before now becomes a recording."""
        w = self.what
        argv = [self.play, self.folder, FAR, NEAR, w["id"], w["seed"], w["median_pps"], w["shrink"],
                w["sampling"], w["warm"]]
        self.player = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, text=True,
                                       stdout=subprocess.PIPE, preexec_fn=go_ahead)
        if self.player.stdout.readline() != "ready\n":
            raise Trouble("the player did not warm up")

    def configure(self):
        """The site as the laboratory wrote it, with the ways in and out of here."""
        site = (self.folder / "weir.yaml").read_text()
        networks = site[:site.index("state:")]
        more = {
            "listen": {"interface": [{"name": FAR, "sampling": f"1:{self.what['sampling']}"}],
                       "netflow": [], "ipfix": [], "sflow": []},
            "actuators": [{"name": "edge", "kind": "xdp", "interfaces": [NEAR], "mode": self.what["xdp"],
                           "pin": str(self.folder / "bpf" / "weir")}],
            "protect": {"kill_file": str(self.folder / "panic")},
            "report": [{"kind": "jsonl", "path": str(self.events)}],
            "state": {"path": str(self.folder / "state")},
            "control": {"socket": str(self.folder / "sock")}}
        rest = "".join(f"{key}: {json.dumps(value)}\n" for key, value in more.items())
        (self.folder / "weir.yaml").write_text(networks + rest)

    def learn(self):
        """Envelopes of the quiet time, as a daemon would have them by now."""
        out = must([self.weir, "replay", "-c", self.folder / "weir.yaml", "--learn", self.folder / "state",
                    self.folder / "telemetry.pcap"], timeout=300)
        return json.loads(out.splitlines()[-1])

    def start_weir(self):
        with open(self.folder / "log", "w", encoding="utf-8") as log:
            self.daemon = subprocess.Popen([str(self.weir), "run", "-c", str(self.folder / "weir.yaml")],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           preexec_fn=go_ahead)
        wait_for(self.answers, f"weir answers; {self.log()}", 60)
        if "goes on with the envelopes" not in self.log():
            raise Trouble(f"weir did not take up what was learned; {self.log()}")

    def answers(self):
        if self.daemon.poll() is not None:
            raise Trouble(f"weir ended: {self.log()}")
        return subprocess.run([str(self.weir), "status", "--socket", str(self.folder / "sock")], check=False,
                              capture_output=True).returncode == 0

    def log(self):
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace")[-1500:] if path.exists() else ""

    def say(self, words):
        self.player.stdin.write(words + "\n")
        self.player.stdin.flush()

    def look(self):
        """Events that were written since the last look."""
        if not self.events.exists():
            return
        with open(self.events, encoding="utf-8") as file:
            file.seek(self.read_to)
            self.rest += file.read()
            self.read_to = file.tell()
        *lines, self.rest = self.rest.split("\n")
        self.told += [json.loads(line) for line in lines]

    def in_force(self):
        """Ids of plans that hold something back just now."""
        held = set()
        for event in self.told:
            plan = event.get("plan", {})
            if event["event"] == "plan.withdrawn":
                held.discard(plan["id"])
            elif event["event"] == "plan.applied" and plan["level"] != "observe":
                held.add(plan["id"])
        return held

    def is_over(self, end):
        self.look()
        if self.player.poll() is not None or self.daemon.poll() is not None:
            raise Trouble(f"the player or weir ended too early; {self.log()}")
        now = time.time()
        if not self.what["wait"]:
            return now > end
        if self.what["id"].startswith("B"):
            return now > end + BENIGN_AFTER_S and not self.in_force()
        opened = [e for e in self.told if e["event"] == "incident.opened"]
        closed = [e for e in self.told if e["event"] == "incident.closed"]
        return now > end + 5 and not self.in_force() and len(closed) >= len(opened)

    def perform(self):
        """From the first live packet to the last."""
        w = self.what
        after = LET_GO_S + PATIENCE_S
        self.say(f"go {w['before']} {w['during']} {after}")
        end = time.time() + w["before"] + w["during"]
        until = end + after - 5
        while time.time() < until and not self.is_over(end):
            time.sleep(0.25)
        if w["wait"] and not w["id"].startswith("B"):
            self.say(f"probe {PROBES}")
            time.sleep(1)
        self.say("end")
        out = self.player.communicate(timeout=60)[0]
        self.look()
        return json.loads(out)

    def stop(self):
        """Status and times of the daemon, then its end."""
        used = pathlib.Path(f"/proc/{self.daemon.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        status = json.loads(must([self.weir, "status", "--json", "--socket", self.folder / "sock"]))
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(30)
        return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK"), status

    def verdict(self):
        """The laboratory's scorer on what was told."""
        return json.loads(must([self.judge, self.folder / "truth.json"], input=self.events.read_text()
                               if self.events.exists() else ""))

    def run(self):
        began = time.monotonic()
        self.prepare()
        self.start_player()
        self.configure()
        learned = self.learn()
        self.start_weir()
        ready = time.monotonic()
        counts = self.perform()
        cpu_s, _ = self.stop()
        return {"what": self.what, "learned": learned, "counts": counts, "score": self.verdict(),
                "truth": json.loads((self.folder / "truth.json").read_text()), "events": self.told,
                "cpu_s": cpu_s, "prepared_s": ready - began, "seconds": time.monotonic() - began,
                "log": self.log()}


def main():
    build, folder, what = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), json.loads(sys.argv[3])
    try:
        print(json.dumps(Scene(build, folder, what).run()))
    except (Trouble, subprocess.TimeoutExpired, OSError) as trouble:
        sys.exit(f"{what['id']}: {trouble}")


if __name__ == "__main__":
    main()
