# SPDX-License-Identifier: Apache-2.0
"""What acting costs and how soon it acts: programs run, tables with the targets out.

Each figure stands beside the command that measures it alone. What takes wall time runs before
whatever else the machine does, or the figures were those of the other work.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = ("bench_xdp", "bench_synth", "bench_plans")
COMMANDS = {
    "host.py": "python3 tests/bench/host.py build/bench --ahead",
    "attached.py": "python3 tests/bench/attached.py build/bench --ahead",
    "announce.py": "python3 tests/bench/announce.py build/bench --kind bird --ahead, and --kind gobgp",
    **{name: f"build/bench/tests/bench/{name}" for name in PROGRAMS},
}
# What was set out for: a decision in force within 10 ms, 1,000 rules changed within 30 ms, eight
# times as many packets dropped by XDP as by nft. Nothing was for routes, nor for the control thread.
SOON_MS, AT_ONCE_MS, DROPS = 10, 30, 8
HEAD = ["what", "median", "99 % or worst", "target", "reached", "measured by"]
TIMES = {"first plan, by frames": ("first plan, until a frame is dropped", SOON_MS),
         "first plan": ("first plan, until the actuator says so", None),
         "first plan, the second interface": ("first plan, a frame at the second interface", SOON_MS),
         "one plan beside 256 rules": ("one more plan beside 256 rules", SOON_MS),
         "1,008 rules changed at once": ("1,008 rules changed at once", AT_ONCE_MS)}
SETS = {"decision to active, 256 rules": ("a set of 256 rules, until a packet is judged by it", SOON_MS),
        "the same, one set right after the other": ("the same, right after another set", SOON_MS),
        "1,000 rules changed at once": ("1,000 rules changed at once", AT_ONCE_MS),
        "1,000 rules changed at once, half by source": ("the same, half of them by source", AT_ONCE_MS)}


def ahead():
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))


def run(command, timeout, **more):
    """(output, None), or (None, why there is none)."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=timeout, check=False, **more)
    except subprocess.TimeoutExpired:
        return None, f"not done within {timeout} s"
    if done.returncode:
        return None, f"not measured: {(done.stderr or done.stdout).strip()}"
    return done.stdout, None


def measure(build, cpus, quick, say):
    """{"host": …, "attached": …, "bird": …, "gobgp": …, "programs": {name: text}}, on these processors."""
    def on_one_processor():
        os.sched_setaffinity(0, {max(cpus)})
        ahead()

    def script(name, *words):
        """What it says in JSON, or {"missing": why}. Daemons and who asks them need room."""
        if os.geteuid():
            return {"missing": "not measured: needs root, for a network namespace"}
        out, why = run([sys.executable, os.path.join(HERE, name), build, *words], 600,
                       preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        return {"missing": why} if why else json.loads(out)
    found = {"programs": {}}
    say("host")
    if (build / "tests/bench/host_send").exists():
        found["host"] = script("host.py", "--ahead", *(["--rounds", "2"] if quick else []))
        say("attached")
        found["attached"] = script("attached.py", "--ahead", *(["--rounds", "3"] if quick else []))
    else:
        found["attached"] = {"missing": "not measured: built without BPF"}
        found["host"] = {"missing": "not measured: built without BPF"}
    for kind in ("bird", "gobgp"):
        say(f"announce {kind}")
        # BIRD has one thread, and is measured before all others; GoBGP's threads then stand in
        # each other's way.
        found[kind] = script("announce.py", "--kind", kind, "--changes", 100 if quick else 400,
                             "--rounds", 5 if quick else 20, *(["--ahead"] if kind == "bird" else []))
    for name in PROGRAMS:
        program = build / "tests/bench" / name
        if not program.exists():
            continue
        say(name)
        few = ["5"] if quick and name == "bench_xdp" else []
        out, why = run([program, *few], 300, preexec_fn=None if os.geteuid() else on_one_processor)
        found["programs"][name] = out or why
    return found


def row(what, median, worst, unit, target, by, more=False):
    """@more: the target is a least value of the median, else the most of the worst."""
    words = [f"{value:,.{1 if value >= 100 else 2}f} {unit}".strip() if value is not None else "–"
             for value in (median, worst)]
    if target is None:
        return [what, *words, "–", "", by]
    reached = median >= target if more else worst <= target
    return [what, *words, f"{'≥' if more else '≤'} {target} {unit}".strip(),
            "yes" if reached else "no", by]


def in_force(found):
    """Rows of how soon plans are in force."""
    for kind in ("xdp", "nft"):
        for name, (what, target) in TIMES.items():
            told = found["host"].get(kind, {}).get(name)
            if told:
                yield row(f"{kind}: {what}", told["median"], told["p99"], "ms", target, "host.py")
    for line in found["programs"].get("bench_xdp", "").splitlines():
        name, *numbers = re.split(r"\s{2,}", re.sub(r"(?<=\d)\s+(?=\d)", "  ", line.strip()))
        if name in SETS:
            what, target = SETS[name]
            yield row(f"xdp engine: {what}", float(numbers[0]), float(numbers[2]), "ms", target, "bench_xdp")
    for kind in ("bird", "gobgp"):
        told = found[kind]
        for name, what in (("one", f"one rule beside {told.get('standing')}"),
                           ("at_once", f"{told.get('many', 0):,} rules for {told.get('many', 0):,}")):
            if name in told:
                yield row(f"{kind}: {what}, until the neighbour has it", told[name]["p50_ms"],
                          told[name]["p99_ms"], "ms", None, "announce.py")


def in_thread(found):
    """Rows of CPU time in the control thread."""
    synth = re.findall(r"^(\w+) .*?([\d.]+) ms median +([\d.]+) ms worst",
                       found["programs"].get("bench_synth", ""), re.MULTILINE)
    for profile in dict.fromkeys(name for name, _, _ in synth):
        medians = sorted(float(median) for name, median, _ in synth if name == profile)
        worst = max(float(most) for name, _, most in synth if name == profile)
        yield row(f"rules found for {profile}, {len(medians) - 1} recorded attacks and a look-alike",
                  medians[len(medians) // 2], worst, "ms of CPU", None, "bench_synth")
    # The first line warms up; the last of a number of attacks counts.
    plans = dict((int(attacks), (median, most)) for attacks, median, most in
                 re.findall(r"^a tick, +(\d+) attacks watched +([\d.]+) ms median +([\d.]+) ms worst",
                            found["programs"].get("bench_plans", ""), re.MULTILINE))
    for attacks, (median, most) in plans.items():
        yield row(f"plans in a tick of 100 ms, {attacks} attacks watched", float(median), float(most),
                  "ms of CPU", None, "bench_plans")


def drops(found):
    """(title, head, rows) of frames dropped a second, or None."""
    told = found["host"]
    if "missing" in told:
        return None
    bare = told["drops"]["bare"]["wall_ns"]
    rows = [[case, f"{d['mpps']:.2f}", f"{d['wall_ns']:,}", f"{d['wall_ns'] - bare:,}",
             f"{d['cpu_ns']:,}", f"{d['arrived']:.2%}"] for case, d in told["drops"].items()]
    title = f"Frames dropped by one processor that also sends them: {told['what'].split(';')[0]}"
    return title, ["by", "M frames/s", "ns each", "over bare", "CPU ns", "of those sent"], rows


def tables(found):
    """[(title, head, rows)]"""
    ratio = found["host"].get("xdp_to_nft")
    rows = [row("frames dropped, xdp to nft, 64 rules", ratio["median"], ratio["least"], "×", DROPS,
                "host.py", True)] if ratio else []
    for mode in ("native", "generic"):
        told = found["attached"].get(mode)
        if told:
            rows.append(row(f"TCP with nothing attached, to TCP beside an idle program ({mode})",
                            told["ratio"]["median"], None, "×", None, "attached.py"))
    rows += [*in_force(found), *in_thread(found)]
    for name in ("host", "attached", "bird", "gobgp"):
        if "missing" in found[name]:
            rows.append([name, found[name]["missing"], "", "", "", ""])
    return [("Acting, beside its targets", HEAD, rows), *filter(None, [drops(found)])]
