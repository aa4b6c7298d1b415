# SPDX-License-Identifier: Apache-2.0
"""Results of live runs in, figures and tables out.

A run has, for each group of packets and each tenth of a second, how many were sent and how many of
those arrived behind the filter. All times are from the onset.
"""
import datetime

import tables

BEGIN, END = "<!-- live: begin -->", "<!-- live: end -->"
AT_S, LOOK_S = 10, 2
# Before the scattered senders of a campaign begin.
QUIET_TO_S = -6
LATE_MOST = 0.01
RECALL, COLLATERAL, LET_GO_S = 0.9, 0.01, 90


def bins(run, group, from_s, to_s):
    """(sent, arrived) in a stretch of time."""
    counts, before = run["counts"], run["what"]["before"]
    first, last = (round(max(t + before, 0) / counts["bin_s"]) for t in (from_s, to_s))
    return [sum(counts[key][group][first:last]) for key in ("sent", "arrived")]


def lost(run, group, from_s, to_s):
    """Share of what was sent then; None if nothing was."""
    sent, arrived = bins(run, group, from_s, to_s)
    return 1 - arrived / sent if sent else None


def recall_at(run):
    """In the first two seconds of attack from ten seconds after the onset on: a pulse may pause."""
    until = run["what"]["during"]
    step = run["counts"]["bin_s"]
    at = AT_S
    while at < until and not bins(run, "attack", at, at + step)[0]:
        at += step
    return lost(run, "attack", at, min(at + LOOK_S, until))


def stopped_after(run):
    """When nine tenths of the attack of a second were lost for the first time."""
    step = run["counts"]["bin_s"]
    for i in range(round(run["what"]["during"] / step)):
        share = lost(run, "attack", i * step, i * step + 1)
        if share is not None and share >= 0.9:
            return i * step
    return None


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def in_force(run):
    """Plans that really held something back, whatever for."""
    return {e["plan"]["id"] for e in run["events"]
            if e["event"] == "plan.applied" and e["plan"]["level"] != "observe"}


def disturbed(run):
    """Why the machine was too busy for the figures to count, or ""."""
    counts = run["counts"]
    if counts["late"] > LATE_MOST * counts["packets"]:
        return f"{100 * counts['late'] / counts['packets']:.0f} % of the packets were sent over 0.1 s late"
    if counts["missed"] or counts["unsent"] or counts["left_out"]:
        return f"{counts['missed']} packets not counted, {counts['unsent'] + counts['left_out']} not sent"
    return ""


def run_figures(run):
    what, score, during = run["what"], run["score"], run["what"]["during"]
    figure = {"scenario": what["id"], "title": run["truth"]["title"], "benign": run["truth"]["kind"] == "benign",
              "seed": what["seed"], "shrink": what["shrink"], "disturbed": disturbed(run),
              "late_most_s": run["counts"]["late_most_s"]}
    sent, _ = bins(run, "attack", 0, during)
    figure["attack_pps"] = sent / during
    own, _ = bins(run, "own", 0, during)
    others, _ = bins(run, "others", 0, during)
    figure["innocent_pps"] = (own + others) / during
    for group in ("own", "others"):
        figure[f"{group}_lost"] = lost(run, group, 0, during)
        figure[f"{group}_lost_before"] = lost(run, group, 5 - what["before"], QUIET_TO_S)
    figure.update(detected=score["detected"], delay_s=score.get("delay_s"), label_right=score["label_right"],
                  incidents=score["incidents"], false=score["false"], flaps=score["flaps"],
                  withdraw_s=score.get("withdraw_s"), plans=len(in_force(run)), cpu_s=run["cpu_s"])
    if not figure["benign"]:
        figure.update(recall=recall_at(run), recall_later=lost(run, "attack", AT_S, during),
                      stopped_s=stopped_after(run), probes_lost=lost(run, "probe", -what["before"], 1e6))
    return figure


def figures(data):
    return {**{k: v for k, v in data.items() if k != "runs"},
            "runs": [run_figures(run) if "error" not in run
                     else {"scenario": run["what"]["id"], "error": run["error"]} for run in data["runs"]]}


def measured(data):
    return [f for f in figures(data)["runs"] if "error" not in f]


def percent(share, digits=1):
    return tables.show(None if share is None else share * 100, digits, " %")


def row(f):
    both = [f"{percent(f[g + '_lost'], 2)} ({percent(f[g + '_lost_before'], 2)})" for g in ("own", "others")]
    return [f["scenario"], f["title"], tables.show(f["attack_pps"] / 1e3 or None, 1),
            f"{f['innocent_pps'] / 1e3:.1f}", tables.show(f["delay_s"]), tables.show(f.get("stopped_s"), 1),
            percent(f.get("recall")), percent(f.get("recall_later")), *both, tables.show(f["withdraw_s"], 0),
            f["flaps"], percent(f.get("probes_lost")), f["disturbed"] or "no"]


def run_table(data):
    head = ["id", "what happens", "attack kpps", "innocent kpps", "found s", "stopped s", "recall at 10 s",
            "from then on", "its own innocent lost (before)", "others lost (before)", "let go s", "flaps",
            "lost after", "disturbed"]
    return "Live", head, [row(f) for f in measured(data)]


def worst(found, key, digits=2):
    """(value, "value in ID") of the largest."""
    value, name = max((f[key] if f[key] is not None else 1, f["scenario"]) for f in found)
    return value, f"at most {percent(value, digits)} ({name})"


def goals(data):
    found = measured(data)
    attacks, benign = [f for f in found if not f["benign"]], [f for f in found if f["benign"]]
    rows = []
    if attacks:
        least, name = min((f["recall"] or 0, f["scenario"]) for f in attacks)
        rows.append(tables.goal("attack dropped at 10 s after the onset", f"≥ {RECALL:.0%}",
                                f"at least {percent(least)} ({name})", least >= RECALL))
        slow = [f["withdraw_s"] if f["withdraw_s"] is not None else 1e9 for f in attacks]
        text = f"at most {max(slow):.0f} s" if max(slow) < 1e9 else "not all were"
        rows.append(tables.goal("let go after the end of the attack", f"≤ {LET_GO_S} s", text,
                                0 <= min(slow) and max(slow) <= LET_GO_S))
        value, text = worst(attacks, "probes_lost")
        rows.append(tables.goal("the same packets after that: lost", "0", text, value == 0))
    for f in found:
        f["more"] = max((f[g + "_lost"] or 0) - (f[g + "_lost_before"] or 0) for g in ("own", "others"))
    if found:
        value, text = worst(found, "more")
        rows.append(tables.goal("innocent packets lost, more than before", f"≤ {COLLATERAL:.0%}", text,
                                value <= COLLATERAL))
        flaps = sum(f["flaps"] for f in found)
        rows.append(tables.goal("flaps", "0", f"{flaps} in {len(found)} runs", flaps == 0))
    if benign:
        plans = sum(f["plans"] for f in benign)
        rows.append(tables.goal("look-alikes: plans in force", "0", f"{plans} in {len(benign)} runs", plans == 0))
    return "Live goals", ["what", "target", "found", ""], rows


def preface(data):
    what = data["runs"][0]["what"]
    return (f"{data['finished']}, commit {data['commit']}, {len(data['runs'])} runs at once where they fit, "
            f"{data['seconds']} s; {data['processors']} processors, load {data['load']:.1f}, kernel "
            f"{data['kernel']}; packets sampled 1:{what['sampling']}, {what['warm']} s learned before, XDP "
            f"{what['xdp']}.\n")


def text(data):
    return "\n".join([preface(data), *(tables.as_text(*t) for t in (goals(data), run_table(data)))])


def put_into(page, data):
    words = "\n".join([preface(data), *(tables.as_markdown(*t) for t in (goals(data), run_table(data)))])
    tables.put_between(page, BEGIN, END, words)


def gate(data):
    """Nothing was done to the innocent."""
    return not any(f["benign"] and f["plans"] for f in measured(data))
