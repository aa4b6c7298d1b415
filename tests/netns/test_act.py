#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Weir as a whole holds real packets back: it sees an attack, makes rules, drops it, and lets go.

Everything stays in a network namespace with one cable. Weir samples what leaves `far`, as a router
before the filter would, and filters at `near`, where sockets count what arrives.
"""

import json
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402
import wire  # noqa: E402

HOST = "198.51.100.7"
SERVICE, ATTACKED = 5555, 4444

# Runs in the namespace: for each line of standard input so many packets a second of each kind.
SENDER = r"""
import random, select, socket, sys, time
sys.path.insert(0, sys.argv[1])
import wire
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("far", 0))
random.seed(7)
def good():
    src = "192.0.2.%d" % random.randint(1, 60)
    return wire.udp(random.randint(30000, 60000), 5555, b"g" * random.randint(20, 900)), src
def bad():
    src = "203.0.113.%d" % random.randint(1, 250)
    return wire.udp(123, 4444, b"b" * 440), src
def frames(make, count):
    return [wire.frame(wire.ipv4(src, "198.51.100.7", 17, packet)) for packet, src in
            (make() for _ in range(count))]
kinds = {"good": frames(good, 3000), "bad": frames(bad, 3000)}
rates, sent, owed = {"good": 0, "bad": 0}, {"good": 0, "bad": 0}, {"good": 0.0, "bad": 0.0}
last = time.monotonic()
while True:
    if select.select([sys.stdin], [], [], 0.005)[0]:
        line = sys.stdin.readline().split()
        if not line:
            break
        rates = {"good": int(line[0]), "bad": int(line[1])}
        print(sent["good"], sent["bad"], flush=True)
    now = time.monotonic()
    for kind, rate in rates.items():
        owed[kind] = min(owed[kind] + rate * (now - last), 500)
        while owed[kind] >= 1:
            out.send(kinds[kind][sent[kind] % 3000])
            sent[kind] += 1
            owed[kind] -= 1
    last = now
"""


class Scene:
    """A running Weir, a target and who sends to it."""

    def __init__(self, kind):
        tap.need("mount", "umount")
        self.ns, self.kind, self.folder = wire.Namespace(), kind, tap.scratch()
        for command in (f"ip address add {HOST}/24 dev near",
                        "echo 0 >/proc/sys/net/ipv4/conf/near/rp_filter",
                        "echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter"):
            self.ns.inside(["sh", "-c", command])
        settings = {"name": "edge", "kind": kind, "interfaces": ["near"]}
        if kind == "xdp":
            self.mount()
            settings.update(mode="generic", pin=str(self.folder / "bpf" / "weir"))
        self.events, self.config = self.folder / "events", self.folder / "weir.yaml"
        self.settings = {
            "networks": [{"prefix": "198.51.100.0/24"}],
            "listen": {"interface": [{"name": "far", "sampling": "1:1"}]},
            "detect": {"sensitivity": "0/day", "window": "1s",
                       "thresholds": [{"pps": "1500pps"}]},
            "incidents": {"close_after": "20s"},
            "policy": [{"ladder": ["observe", "rate-limit", "drop"]}],
            "protect": {"kill_file": str(self.folder / "panic")},
            "report": [{"kind": "jsonl", "path": str(self.events)}],
            "state": {"path": str(self.folder / "state")},
            "control": {"socket": str(self.folder / "sock")},
            "actuators": [settings]}
        self.config.write_text(json.dumps(self.settings))
        self.counters = {SERVICE: self.listen(SERVICE), ATTACKED: self.listen(ATTACKED)}
        self.sender = tap.start(self.ns.command([sys.executable, "-c", SENDER,
                                                 pathlib.Path(wire.__file__).parent]),
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.start()

    def mount(self):
        (self.folder / "bpf").mkdir()
        made = tap.run(["mount", "-t", "bpf", "bpf", self.folder / "bpf"], status=None)
        if made.status:
            tap.skip(f"a file system of BPF cannot be mounted here: {made.err.strip()}")
        tap.cleanups.append(lambda: tap.run(["umount", self.folder / "bpf"], status=None))

    def listen(self, port):
        code = ("import select,socket,sys\n"
                "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
                "s.setsockopt(socket.SOL_SOCKET,33,1<<25)\n"
                f"s.bind(('{HOST}',{port}))\nn=0\n"
                "while True:\n"
                "    ready=select.select([s,sys.stdin],[],[])[0]\n"
                "    if s in ready:\n        s.recv(2048);n+=1\n"
                "    elif not sys.stdin.readline(): break\n"
                "    else: print(n,flush=True)\n")
        return tap.start(self.ns.command([sys.executable, "-c", code]), stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)

    def start(self):
        self.log = open(self.folder / "log", "a", encoding="utf-8")
        self.weir = tap.start(self.ns.command([tap.weir(), "run", "-c", self.config]),
                              stderr=self.log)
        tap.wait_for(lambda: self.ask("status", status=None).status == 0, "weir answers", 20)

    def reload(self, **settings):
        """Other settings count, and the configuration of before is gone."""
        before = self.generation()
        self.settings.update(settings)
        self.config.write_text(json.dumps(self.settings))
        self.weir.send_signal(signal.SIGHUP)
        tap.wait_for(lambda: self.generation() > before, "the reload")

    def generation(self):
        return json.loads(self.ask("status", "--json").out)["config"]["generation"]

    def ask(self, *words, status=0):
        return tap.run([tap.weir(), *words, "--socket", self.folder / "sock"], status=status)

    def rates(self, good, bad):
        """From now on; returns what was sent until now."""
        self.sender.stdin.write(f"{good} {bad}\n")
        self.sender.stdin.flush()
        return [int(n) for n in self.sender.stdout.readline().split()]

    def arrived(self, port):
        counter = self.counters[port]
        counter.stdin.write("\n")
        counter.stdin.flush()
        return int(counter.stdout.readline())

    def told(self, kind, **plan):
        """The last event of that kind whose plan has these members."""
        if not self.events.exists():
            return None
        found = None
        for line in self.events.read_text().splitlines():
            event = json.loads(line) if line.endswith("}") else {}
            if event.get("event") == kind and all(
                    event.get("plan", {}).get(k) == v for k, v in plan.items()):
                found = event
        return found

    def wait_told(self, kind, seconds=30, **plan):
        tap.wait_for(lambda: self.told(kind, **plan), f"{self.kind}: {kind} {plan}", seconds)
        return self.told(kind, **plan)

    def share(self, good, bad, seconds=4):
        """Of what is sent now this arrives: (good, bad)."""
        time.sleep(0.5)
        before = self.rates(good, bad), self.arrived(SERVICE), self.arrived(ATTACKED)
        time.sleep(seconds)
        after = self.rates(good, bad)
        time.sleep(0.3)
        got = self.arrived(SERVICE) - before[1], self.arrived(ATTACKED) - before[2]
        sent = after[0] - before[0][0], after[1] - before[0][1]
        return got[0] / max(sent[0], 1), got[1] / max(sent[1], 1)

    def incident(self):
        return json.loads(self.ask("incidents", "--json").out)["incidents"][0]["incident"]["id"]


def spared(scene, what):
    good, bad = scene.share(300, 4000)
    tap.true(bad < 0.05, f"{scene.kind}, {what}: {bad:.2%} of the attack arrives")
    tap.true(good > 0.98, f"{scene.kind}, {what}: {good:.2%} of the innocent packets arrive")


def let_through(scene, what):
    _, bad = scene.share(300, 4000, seconds=2)
    tap.true(bad > 0.5, f"{scene.kind}, {what}: {bad:.2%} of the attack arrives")


def attacked(kind):
    """A scene in which an attack goes on and is held back."""
    scene = Scene(kind)
    scene.rates(300, 0)
    time.sleep(20)
    scene.rates(300, 4000)
    try:
        applied = scene.wait_told("plan.applied", 60, level="drop")["plan"]
    except tap.Failed as failed:
        tap.fail(f"{failed}\n{scene.ask('plan', scene.incident(), status=None).out}"
                 f"{scene.ask('status', status=None).out}{(scene.folder / 'log').read_text()}")
    tap.true(applied["forecast"]["attack_share"] > 0.5, f"forecast of {applied}")
    spared(scene, "held back")
    return scene, scene.incident()


@tap.case
def an_attack_is_dropped_by_nftables_and_innocent_packets_are_not():
    scene, incident = attacked("nft")
    tap.contains(scene.ask("plan", incident).out, "drop by edge", "plan")
    scene.ask("panic", "-m", "test")
    time.sleep(1)
    let_through(scene, "panic")
    tap.lacks(scene.ns.inside(["nft", "list", "tables"]).out, "weir", "tables")
    tap.stop(scene.weir)


@tap.case
def what_xdp_drops_outlives_a_crash_obeys_people_and_ends():
    scene, incident = attacked("xdp")

    # A crash changes nothing outside, and the next start goes on with it.
    scene.weir.send_signal(signal.SIGKILL)
    scene.weir.wait()
    spared(scene, "after kill -9")
    scene.start()
    spared(scene, "after the restart")

    # Other networks are other places where the program looks for rules; twice, so that one
    # configuration is freed while the actuator works.
    mine = {"prefix": "198.51.100.0/24"}
    scene.reload(networks=[mine, {"prefix": "203.0.113.0/24"}])
    scene.reload(networks=[mine, {"prefix": "2001:db8::/32"}])
    spared(scene, "after two reloads")

    # People have the last word.
    scene.ask("withdraw", incident, "-m", "test")
    scene.wait_told("plan.withdrawn", level="drop")
    let_through(scene, "withdrawn")
    scene.ask("mitigate", incident, "--level", "drop")
    tap.wait_for(lambda: "drop by edge" in scene.ask("plan", incident).out, "drop again", 20)
    spared(scene, "by hand")
    (scene.folder / "panic").touch()
    time.sleep(3)
    let_through(scene, "panic file")
    (scene.folder / "panic").unlink()
    time.sleep(3)
    spared(scene, "panic over")
    audit = json.loads(scene.ask("audit", "--json").out)["acts"]
    tap.equal([act["act"] for act in audit], ["mitigate", "withdraw"], "acts")

    # It ends by itself, not before a minute has passed since it began.
    scene.rates(300, 0)
    ended = time.monotonic()
    tap.wait_for(lambda: plan_state(scene, incident) == "no rules", "the end", 120, 1)
    tap.true(time.monotonic() - ended < 90, "withdrawn within 90 s of the end")
    tap.stop(scene.weir)


def plan_state(scene, incident):
    shown = json.loads(scene.ask("incidents", incident, "--json").out)
    closed = shown["incident"]["state"] == "closed"
    event = scene.told("plan.withdrawn")
    last = max((e for e in (scene.told("plan.applied", level="drop"), event) if e),
               key=lambda e: e["time"])
    return "no rules" if closed and last is event else "rules"


if __name__ == "__main__":
    tap.main()
