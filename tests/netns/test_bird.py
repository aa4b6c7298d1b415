#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bird`: BIRD's neighbours hold exactly what is wanted, whoever is killed or restarted."""

import json
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import bgp  # noqa: E402
import bgp_wanted as wanted  # noqa: E402
import tap  # noqa: E402


class Scene:
    """A speaker, its neighbours, and the actuator."""

    def __init__(self, *neighbours):
        self.net = bgp.Network()
        self.neighbours = [each(self.net) for each in neighbours]
        addresses = {bgp.Bird: bgp.BIRD, bgp.Gobgp: bgp.GOBGP, bgp.Frr: bgp.FRR}
        self.speaker = bgp.BirdSpeaker(self.net, [addresses[each] for each in neighbours])
        self.actuator = self.new_actuator()

    def new_actuator(self, die_at=0):
        return bgp.Actuator(self.net, self.speaker.actuator(), die_at)

    def all_hold(self, which, what):
        for each in self.neighbours:
            each.wait_for(wanted.held(each, which), f"{type(each).__name__}: {what}")

    def reconfigured(self):
        return self.net.said("speaker.log").count("Reconfigured")


def life(kind):
    """Apply, withdraw a part, and all; restarts of everybody in between."""
    scene = Scene(kind)
    done = scene.actuator.wants(wanted.plans())
    tap.equal((done["added"], len(done["applied"])), (6, 6), "added and applied")
    scene.all_hold(wanted.ALL, "all that is wanted")
    tap.equal(scene.actuator.wants(wanted.plans())["kept"], 6, "kept, the second time")

    done = scene.actuator.wants(wanted.plans([0, 2, 5]))
    tap.equal((done["kept"], done["removed"]), (3, 3), "kept and removed")
    scene.all_hold([0, 2, 5], "the rest")

    times = scene.reconfigured()
    scene.actuator.end()
    scene.actuator = scene.new_actuator()
    tap.equal(scene.actuator.wants(wanted.plans([0, 2, 5]))["kept"], 3, "kept by the next process")
    tap.equal(scene.reconfigured(), times, "times that BIRD was reconfigured")

    scene.speaker.restart()
    scene.all_hold([0, 2, 5], "the same after BIRD's restart, without a call")
    tap.equal(scene.actuator.wants(wanted.plans([0, 2, 5]))["kept"], 3, "kept after BIRD's restart")

    scene.neighbours[0].restart()
    scene.all_hold([0, 2, 5], "the same after the neighbour's restart")

    plan, _ = wanted.outbound()
    done = scene.actuator.wants([*wanted.plans([1, 2]), plan])
    tap.equal((done["added"], done["removed"], done["kept"]), (2, 2, 1), "a mixed change")
    scene.actuator.wants([])
    scene.all_hold([], "nothing")


@tap.case
def bird_as_neighbour_holds_exactly_what_is_wanted():
    life(bgp.Bird)


@tap.case
def gobgp_as_neighbour_holds_exactly_what_is_wanted():
    life(bgp.Gobgp)


@tap.case
def frr_as_neighbour_holds_exactly_what_is_wanted():
    life(bgp.Frr)


@tap.case
def all_three_at_once_hold_the_same():
    scene = Scene(bgp.Bird, bgp.Gobgp, bgp.Frr)
    plan, words = wanted.outbound()
    scene.actuator.wants([*wanted.plans(), plan])
    for each, more in zip(scene.neighbours, words):
        each.wait_for(wanted.held(each) | {more}, f"{type(each).__name__}: a source as well")


@tap.case
def how_its_sessions_are_is_known():
    scene = Scene(bgp.Bird)
    tap.wait_for(lambda: scene.actuator.wants(wanted.plans())["up"] == 1, "a session that is up", 30, 1)
    falls = scene.actuator.wants(wanted.plans())["falls"]
    scene.neighbours[0].kill()
    tap.wait_for(lambda: scene.actuator.wants(wanted.plans())["up"] == 0, "no session", 30)
    tap.equal(scene.actuator.wants(wanted.plans())["falls"], falls + 1, "sessions that fell out")
    scene.neighbours[0].start()
    tap.wait_for(lambda: scene.actuator.wants(wanted.plans())["up"] == 1, "the session again", 40, 1)
    # Down and up between two looks is a fall as well.
    scene.neighbours[0].restart()
    scene.all_hold(wanted.ALL, "all that is wanted")
    tap.equal(scene.actuator.wants(wanted.plans())["falls"], falls + 2, "sessions that fell out")


@tap.case
def many_rules_come_ten_in_a_second_and_go_at_once():
    scene = Scene(bgp.Bird)
    settings = {key: value for key, value in scene.speaker.actuator().items() if key != "changes"}
    scene.actuator.end()
    scene.actuator = bgp.Actuator(scene.net, settings)
    tap.wait_for(lambda: scene.actuator.wants([])["up"] == 1, "a session", 40, 0.5)
    bgp.comes_at_pace(scene.actuator, scene.neighbours[0], 34, 10)
    # What another process announced is no change to the next one.
    scene.actuator.end()
    scene.actuator = bgp.Actuator(scene.net, settings)
    tap.equal(scene.actuator.wants(bgp.many(34))["kept"], 34, "kept by the next process")
    scene.actuator.wants([])
    scene.neighbours[0].wait_for(set(), "nothing, at once", 5)


@tap.case
def killed_at_any_step_nothing_is_lost_and_the_next_goes_on():
    scene = Scene(bgp.Bird)
    before, after = [0, 2, 4], [1, 2, 3, 5]
    neighbour = scene.neighbours[0]
    sides = [wanted.held(neighbour, before), wanted.held(neighbour, after)]
    for step in range(1, 100):
        scene.actuator.wants(wanted.plans(before))
        neighbour.wait_for(sides[0], f"step {step}: the set of before")
        doomed = scene.new_actuator(die_at=step)
        done = doomed.want(wanted.plans(after))
        if done:
            doomed.end()
            break
        tap.wait_for(lambda: neighbour.routes() in sides, f"step {step}: one set or the other")
        # BIRD could be started with what stands there.
        scene.net.inside(["bird", "-p", "-c", scene.net.folder / "speaker.conf"])
        if step % 5 == 0:
            scene.speaker.restart()
        scene.new_actuator().wants(wanted.plans(after))
        neighbour.wait_for(sides[1], f"step {step}: the set of after")
    tap.true(15 < step < 99, f"the sequence had {step} steps")


@tap.case
def a_configuration_that_bird_refuses_changes_nothing():
    scene = Scene(bgp.Bird)
    scene.actuator.wants(wanted.plans([0, 2]))
    scene.all_hold([0, 2], "the first set")
    file = scene.speaker.include.read_text()
    path = scene.net.folder / "speaker.conf"
    good = path.read_text()
    path.write_text(good.replace("flow4 table flowtab4;", ""))
    done = scene.actuator.want(wanted.plans([0, 1, 2]))
    tap.true(done["err"] < 0 and not done["applied"], f"refused: {done}")
    tap.contains(done["why"], "BIRD refuses its configuration", "the sentence")
    tap.equal(scene.speaker.include.read_text(), file, "the file of before")
    scene.all_hold([0, 2], "still the first set")
    path.write_text(good)
    scene.actuator.wants(wanted.plans([0, 1, 2]))
    scene.all_hold([0, 1, 2], "the second set")


@tap.case
def a_file_that_is_not_included_is_told():
    scene = Scene(bgp.Bird)
    path = scene.net.folder / "speaker.conf"
    path.write_text("\n".join(line for line in path.read_text().splitlines()
                              if not line.startswith("include")))
    done = scene.actuator.want(wanted.plans())
    tap.contains(done["why"], "needs a line that includes it", "the sentence")
    tap.equal(done["applied"], [], "applied")


@tap.case
def what_is_not_ours_is_not_announced():
    scene = Scene(bgp.Bird)
    bad = [{"id": "other", "level": "blackhole", "rules": [{"dst": "203.0.113.1/32"}]},
           {"id": "short", "level": "drop", "rules": [{"dst": "2001:db8::/32"}]},
           {"id": "ttl", "level": "drop", "rules": [{"dst": "198.51.100.1/32", "ttl": [0, 9]}]}]
    done = scene.actuator.want([*bad, *wanted.plans()])
    tap.equal((done["err"], len(done["applied"])), (0, 6), "error and applied")
    tap.contains(done["why"], "203.0.113.1/32: its prefix is not in `networks`", "the sentence")
    scene.all_hold(wanted.ALL, "only ours")


@tap.case
def other_networks_count_from_the_reload_on():
    scene = Scene(bgp.Bird)
    scene.actuator.wants(wanted.plans())
    scene.actuator.reload(["198.51.100.0/24", "2001:db8::/32", "203.0.113.0/24"])
    tap.equal(scene.actuator.wants(wanted.plans())["kept"], 6, "kept beside another network")
    scene.actuator.reload(["2001:db8::/32", "203.0.113.0/24"])
    done = scene.actuator.want(wanted.plans())
    tap.equal((done["err"], done["kept"], done["removed"]), (0, 3, 3), "kept and removed")
    tap.contains(done["why"], "is not in `networks`", "the sentence")
    scene.all_hold([1, 4, 5], "only IPv6")
    scene.actuator.reload(["198.51.100.0/24", "2001:db8::/32"])
    scene.actuator.wants(wanted.plans())
    scene.all_hold(wanted.ALL, "all again")


class Daemon:
    """`weir run` with these actuators, fed with a recorded attack on 198.51.100.80."""

    def __init__(self, *actuators):
        self.folder = tap.scratch()
        self.ports = tap.free_port(), tap.free_port()
        self.socket, self.events = self.folder / "weir.sock", self.folder / "events.jsonl"
        self.settings = {
            "networks": [{"prefix": "198.51.100.0/24"}, {"prefix": "203.0.113.0/24"}],
            "listen": {"netflow": [f"127.0.0.1:{self.ports[0]}"], "ipfix": [],
                       "sflow": [f"127.0.0.1:{self.ports[1]}"]},
            "incidents": {"close_after": "10min"},
            "report": [{"kind": "jsonl", "path": str(self.events)}],
            "state": {"path": str(self.folder / "state")},
            "control": {"socket": str(self.socket)},
            # The recording has an attack of our own machines, too; it is not what is looked at.
            "actuators": [{**each, "source_rules": False} for each in actuators]}
        self.write()
        self.start()

    def write(self):
        (self.folder / "weir.yaml").write_text(json.dumps(self.settings))

    def status(self):
        return json.loads(self.weir("status", "--json").out)

    def reload(self, **settings):
        generation = self.status()["config"]["generation"]
        self.settings.update(settings)
        self.write()
        self.process.send_signal(signal.SIGHUP)
        tap.wait_for(lambda: self.status()["config"]["generation"] == generation + 1, "the reload")

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = tap.start([tap.weir(), "run", "-c", self.folder / "weir.yaml"],
                                     stderr=log)
        tap.wait_for(lambda: self.weir("status").status == 0, "an answer of the daemon", 30)

    def weir(self, command, *words):
        return tap.run([tap.weir(), command, "--socket", self.socket, *words], status=None)

    def incident(self):
        """The id of the inbound one, once it is there."""
        tap.start([sys.executable, tap.ROOT / "tools/demo/feed.py",
                   tap.ROOT / "tests/data/demo/two-attacks.pcap", "--quiet", "--speed", "3",
                   "--port", f"2055={self.ports[0]}", "--port", f"6343={self.ports[1]}"])

        def look():
            lines = self.events.read_text().splitlines() if self.events.exists() else []
            return [e["incident"]["id"] for e in map(json.loads, lines)
                    if e["event"] == "incident.opened" and e["incident"]["direction"] == "inbound"]
        return tap.wait_for(look, "an inbound incident", 60)[0]


@tap.case
def the_daemon_blackholes_on_a_persons_word_and_lets_go_on_panic():
    scene = Scene(bgp.Bird)
    neighbour = scene.neighbours[0]
    route = {"198.51.100.80/32 | community (65535,666) | next_hop 192.0.2.66"}
    daemon = Daemon(scene.speaker.actuator())
    done = daemon.weir("mitigate", "--level", "blackhole", "-m", "a test", daemon.incident())
    tap.equal(done.status, 0, f"exit status of mitigate; {done}")
    neighbour.wait_for(route, "the blackhole")
    daemon.process.kill()
    daemon.process.wait()
    neighbour.wait_for(route, "the same after the daemon was killed")
    daemon.start()
    tap.equal(neighbour.routes(), route, "the same after the daemon's start")
    tap.equal(daemon.weir("panic", "-m", "a test").status, 0, "exit status of panic")
    neighbour.wait_for(set(), "nothing after panic")


@tap.case
def a_reload_takes_back_what_is_no_longer_ours_and_nothing_else():
    scene = Scene(bgp.Bird)
    neighbour = scene.neighbours[0]
    route = {"198.51.100.80/32 | community (65535,666) | next_hop 192.0.2.66"}
    daemon = Daemon(scene.speaker.actuator())
    daemon.weir("mitigate", "--level", "blackhole", "-m", "a test", daemon.incident())
    neighbour.wait_for(route, "the blackhole")
    times = scene.reconfigured()
    mine = daemon.settings["networks"]
    daemon.reload(networks=[*mine, {"prefix": "192.0.2.0/24"}], protect={"max_rules": 10},
                  policy=[{"ladder": "observe", "approve": "blackhole"}])
    tries = daemon.status()["actuators"][0]["tries"]
    tap.wait_for(lambda: daemon.status()["actuators"][0]["tries"] > tries + 1, "two looks more", 30)
    tap.equal((neighbour.routes(), scene.reconfigured()), (route, times), "it stays as it was")
    tap.equal([act["act"] for act in json.loads(daemon.weir("audit", "--json").out)["acts"]],
              ["mitigate"], "acts until now")

    # An actuator that is set differently waits for a restart, and says so.
    changed = {**daemon.settings["actuators"][0], "routes": 7}
    daemon.reload(actuators=[changed])
    tap.equal(daemon.status()["config"]["needs_restart"], "actuators (edge is set differently)",
              "what waits")
    tap.equal(neighbour.routes(), route, "held beside a changed actuator")

    daemon.reload(networks=[{"prefix": "198.51.100.128/25"}, mine[1]])
    neighbour.wait_for(set(), "nothing that is not ours")
    last = json.loads(daemon.weir("audit", "--json").out)["acts"][0]
    tap.equal((last["who"], last["act"], last["result"]),
              ("the configuration", "withdraw", "withdrawn: a rule is not about a network of ours"),
              "the newest act")


class Canary(Scene):
    """Another speaker before the first one, with a router of its own."""

    def __init__(self):
        super().__init__(bgp.Bird)
        self.router = bgp.Bird(self.net, "router", bgp.ROUTER, bgp.CANARY)
        self.canary = bgp.BirdSpeaker(self.net, [bgp.ROUTER], "canary", bgp.CANARY)
        self.rest = self.neighbours[0]
        self.daemon = Daemon({**self.canary.actuator(), "name": "rim"},
                             {**self.speaker.actuator(), "name": "rest", "canary": "rim"})
        tap.wait_for(lambda: [each["sessions_up"] for each in self.actuators()] == [1, 1],
                     f"both sessions; {self.actuators()}", 60, 1)
        self.incident = self.daemon.incident()

    def actuators(self):
        return [each for each in self.daemon.status()["actuators"] if "sessions_up" in each]

    def mitigate(self):
        self.daemon.weir("mitigate", "--level", "blackhole", "-m", "a test", self.incident)


BLACKHOLE = {"198.51.100.80/32 | community (65535,666) | next_hop 192.0.2.66"}


@tap.case
def the_canarys_router_has_a_route_for_five_seconds_before_the_rest():
    scene = Canary()
    scene.mitigate()
    scene.router.wait_for(BLACKHOLE, "the blackhole at the canary's router")
    since = time.monotonic()
    tap.equal(scene.rest.routes(), set(), "routes of the rest, at first")
    scene.rest.wait_for(BLACKHOLE, "the blackhole at the rest")
    # It was there some moments before it was seen there.
    tap.true(time.monotonic() - since > 4, "it took its time")
    tap.equal(scene.router.routes(), BLACKHOLE, "what the canary's router has then")
    tap.equal(scene.daemon.weir("panic", "-m", "a test").status, 0, "exit status of panic")
    scene.router.wait_for(set(), "nothing at the canary's router")
    scene.rest.wait_for(set(), "nothing at the rest")


@tap.case
def a_router_that_dies_of_it_keeps_it_from_the_rest():
    scene = Canary()
    scene.mitigate()
    scene.router.wait_for(BLACKHOLE, "the blackhole at the canary's router")
    scene.router.kill()
    status = tap.wait_for(lambda: scene.daemon.status()["plans"]["stopped"]
                          and scene.daemon.status(), "the plan to be stopped", 30)
    words = "stopped at rim, and not given to rest: a BGP session fell out"
    tap.contains(scene.daemon.weir("plan", scene.incident).out, words, "weir plan")
    tap.contains(scene.daemon.weir("audit").out, words, "weir audit")
    tap.contains(scene.daemon.weir("status").out, "plans that a canary stopped: 1", "weir status")
    tap.equal(status["plans"]["in_force"], 0, "plans in force")
    # The router comes back, and is not given again what it died of.
    scene.router.start()
    tap.wait_for(lambda: scene.actuators()[0]["sessions_up"] == 1, "the session again", 60, 1)
    tap.equal((scene.router.routes(), scene.rest.routes()), (set(), set()), "routes anywhere")


if __name__ == "__main__":
    tap.main()
