#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`gobgp`: GoBGP's neighbours hold exactly what is wanted, whoever is killed or restarted."""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import bgp  # noqa: E402
import bgp_wanted as wanted  # noqa: E402
import tap  # noqa: E402

ADDRESSES = {bgp.Bird: bgp.BIRD, bgp.Gobgp: bgp.GOBGP, bgp.Frr: bgp.FRR}
OTHERS = ["198.51.100.77/32", "198.51.100.7/32"]  # somebody else's; the second is a target too


class Scene:
    """A speaker, its neighbours, and the actuator."""

    def __init__(self, *neighbours):
        self.net = bgp.Network()
        bgp.need("gobgpd", "gobgp")
        self.neighbours = [each(self.net) for each in neighbours]
        self.speaker = bgp.Gobgp(self.net, bgp.SPEAKER, [ADDRESSES[each] for each in neighbours],
                                 passive=False)
        self.actuator = self.new_actuator()
        if not self.actuator.known:
            tap.skip("built without GoBGP: it needs libprotobuf-c-dev and protobuf-c-compiler")

    def new_actuator(self, die_at=0, **settings):
        return bgp.Actuator(self.net, {**self.speaker.actuator(), **settings}, die_at)

    def all_hold(self, which, what):
        for each in self.neighbours:
            each.wait_for(wanted.held(each, which), f"{type(each).__name__}: {what}")


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

    scene.actuator.end()
    scene.actuator = scene.new_actuator()
    tap.equal(scene.actuator.wants(wanted.plans([0, 2, 5]))["kept"], 3, "kept by the next process")

    scene.speaker.kill()
    done = scene.actuator.want(wanted.plans([0, 2, 5]))
    tap.contains(done["why"], "GoBGP cannot be reached", "the sentence")
    tap.equal(done["applied"], [], "applied while nobody is there")
    scene.speaker.start()
    tap.equal(scene.actuator.wants(wanted.plans([0, 2, 5]))["added"], 3, "added after its restart")
    scene.all_hold([0, 2, 5], "the same after GoBGP's restart")

    scene.neighbours[0].restart()
    scene.all_hold([0, 2, 5], "the same after the neighbour's restart")
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
def an_action_that_changed_is_announced_anew():
    scene = Scene(bgp.Bird)
    plans = wanted.plans([4])
    scene.actuator.wants(plans)
    scene.all_hold([4], "a limit")
    plans[0]["rules"] = [{**plans[0]["rules"][0], "rate_pps": 0}]
    tap.equal(scene.actuator.wants(plans)["added"], 1, "announced anew")
    words = wanted.RULES[4][2].split(" | ")[0]
    scene.neighbours[0].wait_for({f"{words} | {wanted.DROP}"}, "a drop instead")


@tap.case
def paths_of_others_are_left_alone():
    scene = Scene(bgp.Bird)
    for prefix in OTHERS:
        tap.equal(scene.speaker.ask("global", "rib", "add", prefix).status, 0, f"add {prefix}")
    scene.actuator.wants(wanted.plans())
    tap.equal(scene.actuator.wants(wanted.plans())["kept"], 6, "kept")
    scene.actuator.wants([])
    left = {line.split(" | ")[0] for line in scene.speaker.routes()}
    tap.equal(left, set(OTHERS), "what is left in GoBGP")


@tap.case
def what_is_left_of_networks_that_are_no_longer_ours_is_taken_back():
    scene = Scene(bgp.Bird)
    scene.actuator.wants(wanted.plans())
    scene.actuator.end()
    later = bgp.Actuator(scene.net, scene.speaker.actuator(), networks=["2001:db8::/32"])
    done = later.want(wanted.plans())
    tap.equal((done["err"], done["kept"], done["removed"]), (0, 3, 3), "kept and removed")
    tap.contains(done["why"], "is not in `networks`", "the sentence")
    scene.all_hold([1, 4, 5], "only IPv6")


@tap.case
def what_a_reload_takes_from_the_networks_is_looked_for_and_taken_back():
    scene = Scene(bgp.Bird)
    scene.actuator.end()
    scene.actuator = scene.new_actuator(timeout="3s")
    scene.actuator.wants(wanted.plans())
    tap.equal(scene.actuator.wants(wanted.plans())["kept"], 6, "kept; only ours are looked at")
    scene.actuator.reload(["2001:db8::/32"])
    # GoBGP is not there when it is to be taken back: it is still looked for later.
    rest = [plan for plan in wanted.plans() if plan["id"] in ("p1", "p4", "p5")]
    scene.speaker.process.send_signal(signal.SIGSTOP)
    short = scene.actuator.want(rest)
    tap.true(short["err"] < 0, f"while GoBGP hangs: {short}")
    scene.speaker.process.send_signal(signal.SIGCONT)
    done = scene.actuator.wants(rest)
    tap.equal((done["kept"], done["removed"]), (3, 3), "kept and removed")
    scene.all_hold([1, 4, 5], "only IPv6")


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
    for step in range(1, 400):
        scene.actuator.wants(wanted.plans(before))
        neighbour.wait_for(sides[0], f"step {step}: the set of before")
        doomed = scene.new_actuator(die_at=step)
        done = doomed.want(wanted.plans(after))
        if done:
            doomed.end()
            break
        tap.wait_for(lambda: neighbour.routes() in sides, f"step {step}: one set or the other")
        scene.new_actuator().wants(wanted.plans(after))
        neighbour.wait_for(sides[1], f"step {step}: the set of after")
    tap.true(30 < step < 399, f"the sequence had {step} steps")


if __name__ == "__main__":
    tap.main()
