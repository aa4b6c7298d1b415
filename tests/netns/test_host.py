#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the actuators on this host hold back, and what they spare, shown with real packets.

Everything stays in a network namespace with one cable: frames leave `far`, and `near` has the
addresses of the target, with sockets that count what arrives.
"""

import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402
import wire  # noqa: E402

DRIVE = pathlib.Path(os.environ.get("DRIVE", tap.ROOT / "build/test/tests/netns/drive"))
NATIVE, GENERIC, NFT = "xdp native", "xdp generic", "nft"
KINDS = (NATIVE, GENERIC, NFT)
FOUR, SIX = "198.51.100.7", "2001:db8::7"
ATTACKED, QUIET = 4444, 5555
TIMES = 400


class Sockets:
    """Sockets of the namespace, opened by this process."""

    def __init__(self, ns):
        self.ns, self.open = ns, {}

    def make(self, name, *args, bind, size=1 << 25):
        with self.ns.entered():
            made = socket.socket(*args)
            made.setsockopt(socket.SOL_SOCKET, 33, size)  # SO_RCVBUFFORCE
            made.bind(bind)
            made.setblocking(False)
        tap.cleanups.append(made.close)
        self.open[name] = made

    def drain(self, name):
        got = 0
        while True:
            try:
                self.open[name].recv(65536)
                got += 1
            except BlockingIOError:
                return got


def udp_six(src, dst, sport, dport, payload):
    """A datagram in IPv6, which has no datagrams without a checksum."""
    size = 8 + len(payload)
    pseudo = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst) + \
        struct.pack("!II", size, 17)
    head = struct.pack("!HHHH", sport, dport, size, 0)
    total = wire._sum16(pseudo + head + payload) or 0xffff
    return wire.ipv6(src, dst, 17, struct.pack("!HHHH", sport, dport, size, total) + payload)


def packet(sport, dport, src=None, v6=False, size=100, ttl=64):
    if v6:
        return udp_six(src or "2001:db8:1::1", SIX, sport, dport, b"x" * size)
    return wire.ipv4(src or "192.0.2.1", FOUR, 17, wire.udp(sport, dport, b"x" * size), ttl)


class Scene:
    """A target behind `near`, an actuator there, and who sends out of `far`."""

    def __init__(self, kind, **more):
        tap.need("mount", "umount")
        self.kind, self.ns, self.process = kind, wire.Namespace(), None
        folder = tap.scratch()
        for command in ("echo 0 >/proc/sys/net/ipv6/conf/near/disable_ipv6",
                        "echo 0 >/proc/sys/net/ipv6/conf/near/accept_dad",
                        "echo 0 >/proc/sys/net/ipv4/conf/near/rp_filter",
                        "echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter",
                        f"ip address add {FOUR}/24 dev near",
                        f"ip address add {SIX}/64 dev near nodad"):
            self.ns.inside(["sh", "-c", command])
        settings = {"name": "edge", "kind": kind.split()[0], "interfaces": ["near"], **more}
        if kind != NFT:
            self.pins = folder / "bpf" / "weir"
            settings.update(mode=kind.split()[1], **({} if "pin" in more else
                                                     {"pin": str(self.pins)}))
            (folder / "bpf").mkdir()
            made = tap.run(["mount", "-t", "bpf", "bpf", folder / "bpf"], status=None)
            if made.status:
                tap.skip(f"a file system of BPF cannot be mounted here: {made.err.strip()}")
            tap.cleanups.append(lambda: tap.run(["umount", folder / "bpf"], status=None))
        self.config = folder / "weir.yaml"
        self.config.write_text(json.dumps({
            "networks": [{"prefix": "198.51.100.0/24"}, {"prefix": "2001:db8::/64"}],
            "state": {"path": "none"}, "control": {"socket": "none"}, "actuators": [settings]}))
        self.sockets = Sockets(self.ns)
        for name, port in (("attacked", ATTACKED), ("quiet", QUIET)):
            self.sockets.make(name, socket.AF_INET, socket.SOCK_DGRAM, bind=(FOUR, port))
            self.sockets.make(name + "6", socket.AF_INET6, socket.SOCK_DGRAM, bind=(SIX, port))
        self.start()

    def start(self):
        argv = self.ns.command([DRIVE, self.config])
        self.process = tap.start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        first = self.process.stdout.readline()
        if not first or json.loads(first)["rc"]:
            said = first + self.process.stderr.read()
            if "was built without" in said:
                tap.skip(said.strip())
            tap.fail(f"the actuator was not opened: {said}")

    def end(self, how=signal.SIGTERM):
        """TERM ends its work as it is told there is no more; KILL in the middle of it."""
        if how == signal.SIGKILL:
            self.process.kill()
        else:
            self.process.stdin.close()
        status = self.process.wait(timeout=20)
        said = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        tap.true(status == 0 or how == signal.SIGKILL, f"{self.kind}: ended with {status}: {said}")

    def ask(self, *plans, check=False):
        line = {"plans": list(plans), **({"check": True} if check else {})}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            tap.fail(f"no answer: {self.process.stderr.read()}")
        return json.loads(answer)

    def hold(self, *plans):
        """Make exactly these true; skips where the machine does not allow it at all."""
        done = self.ask(*plans)
        if done["rc"] and ("the kernel forbids it" in done["why"] or "needs Linux" in done["why"]):
            tap.skip(done["why"])
        tap.equal(done["rc"], 0, f"{self.kind}: {done['why']}: result")
        return done

    def effects(self, *plans):
        return {e["plan"]: e for e in self.hold(*plans)["effects"]}

    def send(self, *packets, times=TIMES, vlan=None):
        self.ns.send([wire.frame(p, vlan=vlan) for p in packets], times)

    def arrive(self, **wanted):
        """So many datagrams at each socket, and no more."""
        got = dict.fromkeys(wanted, 0)
        end = time.monotonic() + 5
        while time.monotonic() < end and any(got[n] < wanted[n] for n in wanted):
            for name in got:
                got[name] += self.sockets.drain(name)
            time.sleep(0.02)
        # And what comes late.
        time.sleep(0.1)
        return {name: got[name] + self.sockets.drain(name) for name in got}

    def holds(self, v6=False, times=TIMES):
        """The attack does not arrive; what else goes between the same two hosts does."""
        self.send(packet(123, ATTACKED, v6=v6), packet(5000, QUIET, v6=v6), times=times)
        end = "6" if v6 else ""
        got = self.arrive(**{"attacked" + end: 0, "quiet" + end: times})
        tap.equal(got["attacked" + end], 0, f"{self.kind}: attack that arrived")
        tap.true(got["quiet" + end] >= 0.99 * times, f"{self.kind}: {got} of {times} arrived")

    def open(self, v6=False, times=50):
        self.send(packet(123, ATTACKED, v6=v6), times=times)
        name = "attacked6" if v6 else "attacked"
        tap.equal(self.arrive(**{name: times})[name], times, f"{self.kind}: all that arrived")

    def is_clean(self):
        """Nothing of Weir is left."""
        shown = self.ns.inside(["ip", "-d", "link", "show", "near"]).out
        tap.lacks(shown, "xdp", f"{self.kind}: interface")
        if self.kind == NFT:
            tap.lacks(self.ns.inside(["nft", "list", "tables"]).out, "weir", "tables")
        else:
            tap.true(not self.pins.exists(), f"{self.kind}: pins are left")


def rule(v6=False, **more):
    return {"dst": SIX + "/128" if v6 else FOUR + "/32", "proto": 17, **more}


def plan(*rules, name="p1", level="drop", v6=False, **more):
    return {"id": name, "level": level, "direction": "inbound",
            "own": SIX + "/128" if v6 else FOUR + "/32", "rules": list(rules), **more}


NTP = plan(rule(sport=123))
NTP6 = plan(rule(True, sport=123), name="p6", v6=True)


def each(function):
    """The case for each actuator."""
    for kind in KINDS:
        name = f"{kind}: {function.__name__}".replace("_", " ")
        tap.case(name)(lambda kind=kind: function(kind))
    return function


@each
def an_attack_is_dropped_and_the_innocent_pass(kind):
    scene = Scene(kind)
    scene.open()
    scene.open(v6=True)
    done = scene.hold(NTP, NTP6)
    tap.equal((done["added"], done["removed"], done["kept"]), (2, 0, 0), f"{kind}: changes")
    scene.holds(times=3000)
    scene.holds(v6=True, times=3000)
    effects = scene.effects(NTP, NTP6)
    for name in ("p1", "p6"):
        told = effects[name]
        tap.equal((told["applied"], told["counted"], told["rules"], told["matched_packets"],
                   told["dropped_packets"]), (True, True, 1, 3000, 3000), f"{kind}: {name}")
        tap.equal(told["dropped_bytes"] // 3000, 148 if name == "p6" else 128, f"{kind}: bytes")
    done = scene.hold(NTP, NTP6)
    tap.equal((done["added"], done["removed"], done["kept"]), (0, 0, 2), f"{kind}: the same again")
    scene.hold()
    scene.open()
    scene.open(v6=True)
    scene.is_clean()
    # It comes back, and counts anew.
    scene.hold(NTP)
    scene.holds(times=50)
    tap.equal(scene.effects(NTP)["p1"]["dropped_packets"], 50, f"{kind}: once more")


@each
def one_of_two_is_withdrawn(kind):
    scene = Scene(kind)
    other = plan(rule(dport=QUIET), name="p2")
    scene.hold(NTP, other)
    scene.send(packet(123, ATTACKED), packet(5000, QUIET), times=100)
    done = scene.hold(NTP)
    tap.equal((done["added"], done["removed"], done["kept"]), (0, 1, 1), f"{kind}: changes")
    tap.equal(done["effects"][0]["dropped_packets"], 100, f"{kind}: it counts on")
    scene.holds()


@each
def what_is_held_outlives_the_process(kind):
    scene = Scene(kind)
    for round_, how in enumerate((signal.SIGTERM, signal.SIGKILL), 1):
        scene.hold(NTP)
        scene.send(packet(123, ATTACKED), times=100)
        scene.end(how)
        scene.holds(times=100)
        scene.start()
        scene.holds(times=100)
        done = scene.hold(NTP)
        tap.equal((done["added"], done["removed"], done["kept"]), (0, 0, 1), f"{kind}: taken over")
        tap.equal(done["effects"][0]["dropped_packets"], 300 * round_, f"{kind}: counters go on")
    scene.end(signal.SIGKILL)
    scene.start()
    scene.hold()
    scene.open()
    scene.is_clean()


@each
def a_plan_ends_when_nobody_is_left_to_end_it(kind):
    scene = Scene(kind)
    lasting = plan(rule(sport=123), name="lasting")
    scene.hold({**lasting, "expires_ms": 60000},
               plan(rule(dport=QUIET), name="brief", expires_ms=2500))
    scene.send(packet(5000, QUIET), times=20)
    tap.equal(scene.arrive(quiet=0)["quiet"], 0, f"{kind}: before its end")
    scene.end(signal.SIGKILL)

    def passes():
        scene.send(packet(5000, QUIET), times=5)
        return scene.arrive(quiet=5)["quiet"] == 5
    tap.wait_for(passes, f"{kind}: the end of the brief plan", 20)
    scene.holds(times=50)
    scene.start()
    done = scene.ask({**lasting, "expires_ms": 60000},
                     plan(rule(dport=QUIET), name="brief", expires_ms=-1))
    tap.equal((done["rc"], done["kept"], [e["applied"] for e in done["effects"]]),
              (0, 1, [True, False]), f"{kind}: after it")
    # It can be made longer, and shorter again.
    scene.hold({**lasting, "expires_ms": 90000})
    scene.holds(times=50)
    scene.hold({**lasting, "expires_ms": 1000})
    tap.wait_for(lambda: scene.arrive(attacked=0) and not scene.send(packet(123, ATTACKED), times=5)
                 and scene.arrive(attacked=5)["attacked"] == 5, f"{kind}: the earlier end", 20)
    scene.hold()
    scene.is_clean()


@each
def a_rate_limit_lets_some_through(kind):
    scene = Scene(kind)
    limited = plan(rule(sport=123, rate_pps=200), level="rate-limit")
    scene.hold(limited)
    begin = time.monotonic()
    scene.send(packet(123, ATTACKED), packet(5000, QUIET), times=20000)
    took = time.monotonic() - begin
    got = scene.arrive(attacked=1, quiet=20000)
    told = scene.effects(limited)["p1"]
    tap.equal(got["quiet"], 20000, f"{kind}: the innocent")
    tap.equal(told["matched_packets"], 20000, f"{kind}: matched")
    tap.equal(told["dropped_packets"], 20000 - got["attacked"], f"{kind}: dropped")
    # Two CPUs may each hold a share, and a bucket is full at first.
    tap.true(1 <= got["attacked"] <= 200 * took * 2 + 400,
             f"{kind}: {got['attacked']} of 200 a second arrived in {took:.1f} s")


@each
def only_sources_of_the_set_are_dropped(kind):
    scene = Scene(kind)
    sources = plan(rule(from_set=True), sources=["192.0.2.1", "192.0.2.3"])
    sources6 = plan(rule(True, from_set=True), name="p6", v6=True, sources=["2001:db8:1::1"])
    scene.hold(sources, sources6)
    packets = [packet(1, ATTACKED, f"192.0.2.{i}") for i in (1, 2, 3)]
    scene.send(*packets, packet(1, ATTACKED, v6=True), packet(1, QUIET, "2001:db8:1::2", v6=True))
    got = scene.arrive(attacked=TIMES, attacked6=0, quiet6=TIMES)
    tap.equal(got, {"attacked": TIMES, "attacked6": 0, "quiet6": TIMES}, f"{kind}: arrived")
    # Overlapping with another plan; one source goes, one comes.
    two = plan(rule(from_set=True, dport=QUIET), name="p2", sources=["192.0.2.2", "192.0.2.3"])
    scene.hold({**sources, "sources": ["192.0.2.3", "192.0.2.4"]}, two)
    packets = [packet(1, port, f"192.0.2.{i}") for i in (1, 2, 3, 4) for port in (ATTACKED, QUIET)]
    scene.send(*packets, times=10)
    tap.equal(scene.arrive(attacked=20, quiet=10), {"attacked": 20, "quiet": 10}, f"{kind}: two plans")
    scene.end(signal.SIGKILL)
    scene.start()
    scene.hold(two)
    scene.send(*packets, times=10)
    tap.equal(scene.arrive(attacked=40, quiet=20), {"attacked": 40, "quiet": 20}, f"{kind}: one left")
    scene.hold()
    scene.is_clean()


@each
def each_condition_is_asked(kind):
    scene = Scene(kind)
    for wanted, hit, miss in (
            (rule(sport=[100, 200]), packet(200, ATTACKED), packet(201, ATTACKED)),
            (rule(dport=ATTACKED), packet(7, ATTACKED), packet(7, QUIET)),
            (rule(length=[200, 65535]), packet(7, ATTACKED, size=200), packet(7, ATTACKED)),
            (rule(True, length=[200, 65535]), packet(7, ATTACKED, size=152, v6=True),
             packet(7, ATTACKED, size=151, v6=True)),
            (rule(ttl=[0, 63]), packet(7, ATTACKED, ttl=63), packet(7, ATTACKED)),
            (rule(True, ttl=[64, 64], dport=ATTACKED), packet(7, ATTACKED, v6=True),
             packet(7, QUIET, v6=True)),
            (rule(src="192.0.2.0/31"), packet(7, ATTACKED), packet(7, ATTACKED, "192.0.2.2")),
            (rule(proto=6, flags=[2, 18]), wire.ipv4("192.0.2.1", FOUR, 6, wire.tcp(7, 80, 2)),
             wire.ipv4("192.0.2.1", FOUR, 6, wire.tcp(7, 80, 18))),
            (rule(proto=1, icmp_type=13), wire.ipv4("192.0.2.1", FOUR, 1, wire.icmp(13, 0)),
             wire.ipv4("192.0.2.1", FOUR, 1, wire.icmp(14, 0))),
            (rule(fragment=2), fragment(0x2005), packet(7, ATTACKED)),
            (rule(fragment=0), packet(7, ATTACKED), fragment(0x2005))):
        v6 = "." not in wanted["dst"]
        scene.hold(plan(wanted, v6=v6))
        scene.send(hit, times=7)
        scene.send(miss, times=20)
        scene.arrive(attacked=0)
        told = scene.effects(plan(wanted, v6=v6))["p1"]
        tap.equal(told["dropped_packets"], 7, f"{kind}: {wanted}: dropped")
        scene.hold()


def fragment(offset):
    whole = wire.ipv4("192.0.2.1", FOUR, 17, b"y" * 64)
    return whole[:6] + struct.pack("!H", offset) + b"\x40\x11\0\0" + whole[12:]


@each
def one_tag_does_not_hide_an_attack(kind):
    scene = Scene(kind)
    scene.hold(NTP)
    scene.send(packet(123, ATTACKED), times=30, vlan=42)
    scene.arrive(attacked=0)
    tap.equal(scene.effects(NTP)["p1"]["dropped_packets"], 30, f"{kind}: dropped")


@each
def a_watching_plan_counts_and_touches_nothing(kind):
    scene = Scene(kind)
    watching = {**NTP, "level": "observe"}
    scene.hold(watching)
    scene.open(times=60)
    told = scene.effects(watching)["p1"]
    tap.equal((told["matched_packets"], told["dropped_packets"]), (60, 0), f"{kind}: counted")
    # Sharper: the same packets are now dropped, and what was counted stays.
    scene.hold(NTP)
    scene.holds(times=40)
    told = scene.effects(NTP)["p1"]
    tap.equal((told["matched_packets"], told["dropped_packets"]), (100, 40), f"{kind}: sharper")


@each
def a_blackhole_takes_everything_to_the_target(kind):
    scene = Scene(kind)
    scene.hold(plan(level="blackhole"))
    scene.send(packet(123, ATTACKED), packet(5000, QUIET), times=30)
    scene.open(v6=True)
    tap.equal(scene.arrive(attacked=0, quiet=0), {"attacked": 0, "quiet": 0}, f"{kind}: arrived")


@each
def a_machine_of_ours_is_held_back(kind):
    scene = Scene(kind)
    # XDP sees what the machine sends where it comes in, nft where it goes out.
    out = "near" if kind == NFT else "far"
    one, other = "198.51.100.9", "198.51.100.10"
    quarantine = {"id": "q1", "level": "quarantine", "direction": "outbound", "own": one + "/32"}
    limited = {"id": "l1", "level": "drop", "direction": "outbound", "own": other + "/32",
               "rules": [{"dst": "192.0.2.9/32", "proto": 17, "dport": 53}]}
    scene.hold(quarantine, limited)
    for src, dst in ((one, "192.0.2.9"), (one, "203.0.113.1"), (other, "192.0.2.9"),
                     (other, "192.0.2.10"), ("198.51.100.11", "192.0.2.9")):
        scene.ns.send([wire.frame(wire.ipv4(src, dst, 17, wire.udp(5, 53, b"x" * 100)))], 20, out)
    scene.arrive(attacked=0)
    told = scene.effects(quarantine, limited)
    tap.equal((told["q1"]["dropped_packets"], told["l1"]["dropped_packets"]), (40, 20), kind)
    tap.equal(told["q1"]["dropped_bytes"], 40 * 128, f"{kind}: bytes of IP")
    scene.hold()
    scene.is_clean()


@each
def an_interface_that_comes_back_is_filtered_again(kind):
    scene = Scene(kind)
    scene.hold(NTP)
    scene.ns.inside(["ip", "link", "delete", "near"])
    gone = scene.ask(NTP)
    tap.true(gone["rc"] < 0, f"{kind}: {gone}")
    tap.contains(gone["why"], "no interface near", f"{kind}: why")
    scene.ns.add_pair()
    for command in (f"ip address add {FOUR}/24 dev near",
                    "echo 0 >/proc/sys/net/ipv4/conf/near/rp_filter"):
        scene.ns.inside(["sh", "-c", command])
    scene.hold(NTP)
    scene.holds(times=50)


@each
def what_cannot_be_done_is_refused_with_a_reason(kind):
    scene = Scene(kind)
    bad = [plan(rule(sport=[5, 4])), plan(rule(sport=7, fragment=2)),
           plan(rule(from_set=True)), plan(rule(sport=123), level="rate-limit"),
           plan(rule(src="2001:db8::/32")), plan()]
    told = scene.ask(NTP, *bad, check=True)["checks"]
    tap.equal(told[0], {"rc": 0, "why": ""}, f"{kind}: a sound plan")
    for each_, wanted in zip(told[1:], bad):
        tap.true(each_["rc"] < 0 and "; " in each_["why"], f"{kind}: {wanted}: {each_}")
    # One that is refused does not hold up the others.
    done = scene.ask({**bad[0], "id": "bad"}, NTP)
    tap.equal((done["rc"], [e["applied"] for e in done["effects"]]), (0, [False, True]), kind)
    tap.contains(done["why"], "plan bad", f"{kind}: why")
    scene.holds(times=50)


@tap.case
def nft_leaves_other_tables_alone_and_mends_its_own():
    scene = Scene(NFT)
    scene.ns.inside(["nft", "add table netdev theirs; add chain netdev theirs c; add rule netdev "
                     "theirs c counter"])
    before = scene.ns.inside(["nft", "list", "table", "netdev", "theirs"]).out
    scene.hold(NTP, plan(rule(from_set=True), name="p2", sources=["192.0.2.99"]))
    for damage in ("flush table netdev weir", "delete table netdev weir",
                   "add rule netdev weir inbound drop"):
        scene.ns.inside(["nft", damage])
        scene.hold(NTP)
        scene.holds(times=50)
    scene.hold()
    tap.equal(scene.ns.inside(["nft", "list", "ruleset"]).out.strip(), before.strip(), "ruleset")


@tap.case
def nft_says_what_right_it_needs():
    scene = Scene(NFT)
    tap.need("setpriv")
    scene.end()
    argv = scene.ns.command(["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", DRIVE,
                             scene.config])
    done = tap.run(argv, stdin=json.dumps({"plans": [NTP]}) + "\n")
    told = json.loads(done.out.splitlines()[-1])
    tap.equal(told["rc"], -13, "result")
    tap.contains(told["why"], "CAP_NET_ADMIN")


@tap.case
def xdp_leaves_another_program_alone():
    # The same interface, but other pins: what is there is not ours.
    first = Scene(GENERIC)
    first.hold(NTP)
    holder = first.process
    settings = json.loads(first.config.read_text())
    settings["actuators"][0]["pin"] = str(first.pins) + "-2"
    first.config.write_text(json.dumps(settings))
    first.start()
    # As the first set, and when the program is loaded already.
    for _ in range(2):
        told = first.ask(NTP)
        tap.true(told["rc"] < 0, f"refused: {told}")
        tap.true(not pathlib.Path(f"{first.pins}-2").exists(), "pins are left")
        tap.equal(first.ask()["rc"], 0, "nothing")
    for word in ("another XDP program", "bpftool net show dev near", "nft"):
        tap.contains(told["why"], word)
    first.holds(times=50)
    # When it has gone, what could not be attached is, and with the sources it has now.
    listed = plan(rule(from_set=True), name="p2", sources=["192.0.2.1"])
    tap.true(first.ask(listed)["rc"] < 0, "still refused")
    tap.run(["rm", "-r", first.pins])
    holder.kill()
    tap.wait_for(lambda: first.ask({**listed, "sources": ["192.0.2.2"]})["rc"] == 0, "room", 20)
    first.send(packet(1, ATTACKED, "192.0.2.1"), packet(1, ATTACKED, "192.0.2.2"), times=50)
    tap.equal(first.arrive(attacked=50)["attacked"], 50, "arrived: one of the two sources")
    first.pins = pathlib.Path(f"{first.pins}-2")
    first.hold()
    first.open()
    first.is_clean()


@tap.case
def xdp_that_was_refused_keeps_nothing_of_it():
    scene = Scene(GENERIC)
    listed = plan(rule(from_set=True), sources=["192.0.2.1"])
    scene.hold()
    scene.ns.inside(["ip", "link", "delete", "near"])
    tap.true(scene.ask(listed)["rc"] < 0, "no interface")
    scene.hold()
    tap.true(not scene.pins.exists(), "pins are left")
    scene.ns.add_pair()
    for command in (f"ip address add {FOUR}/24 dev near",
                    "echo 0 >/proc/sys/net/ipv4/conf/near/rp_filter"):
        scene.ns.inside(["sh", "-c", command])
    # The source of then is in no set any more.
    scene.hold({**listed, "sources": ["192.0.2.2"]})
    scene.send(packet(1, ATTACKED, "192.0.2.1"), packet(1, ATTACKED, "192.0.2.2"), times=50)
    tap.equal(scene.arrive(attacked=50)["attacked"], 50, "arrived")


@tap.case
def xdp_says_what_rights_it_needs():
    scene = Scene(NATIVE)
    tap.need("setpriv")
    scene.end()
    none = "-bpf,-net_admin,-sys_admin"
    argv = scene.ns.command(["setpriv", f"--bounding-set={none}", f"--inh-caps={none}", DRIVE,
                             scene.config])
    lines = [json.dumps({"plans": plans}) + "\n" for plans in ([], [NTP], [NTP], [])]
    done = tap.run(argv, stdin="".join(lines))
    opened, *told = [json.loads(line) for line in done.out.splitlines()]
    tap.equal([t["rc"] for t in (opened, *told)], [0, 0, -13, -13, 0], "results")
    tap.contains(told[1]["why"], "CAP_BPF and CAP_NET_ADMIN")
    tap.equal(done.err.count("no plan can be put in force"), 1, f"said before, once: {done.err}")
    scene.is_clean()


@tap.case
def xdp_without_pins_ends_with_the_process():
    scene = Scene(NATIVE, pin="none")
    scene.hold(NTP)
    scene.holds(times=50)
    scene.end(signal.SIGKILL)
    tap.wait_for(lambda: "xdp" not in scene.ns.inside(["ip", "-d", "link", "show", "near"]).out,
                 "the end of the program")
    scene.open()


@tap.case
def xdp_takes_away_pins_that_it_cannot_take_over():
    scene = Scene(NATIVE)
    scene.hold(NTP)
    scene.end(signal.SIGKILL)
    # A map of another size under a name of ours is what another version leaves.
    (scene.pins / "control").unlink()
    tap.need("bpftool")
    tap.run(["bpftool", "map", "create", scene.pins / "control", "type", "array", "key", "4",
             "value", "8", "entries", "3", "name", "control"])
    scene.start()
    scene.hold(NTP)
    scene.holds(times=50)
    scene.hold()
    scene.is_clean()


if __name__ == "__main__":
    tap.main()
