# SPDX-License-Identifier: Apache-2.0
"""Results of a run in, tables for people out: as text, or as Markdown for docs/performance.md."""
import statistics

import acting

MIB = 1 << 20
# A page has a part for each of these, between two comments.
FIGURES, ACTING = "figures", "acting"
PROTOCOLS = {"netflow9": "NetFlow v9", "netflow5": "NetFlow v5", "ipfix": "IPFIX", "sflow5": "sFlow v5"}
# What a measured run must show; from the project's goals.
GOALS = {"netflow9": 80, "netflow5": 80, "ipfix": 80, "sflow5": 150}


def spread(values, digits=0, unit=""):
    """`median [least–most]`, or the value alone."""
    values = [v for v in values if v is not None]
    if not values:
        return "–"
    middle = f"{statistics.median(values):,.{digits}f}{unit}"
    if len(values) == 1:
        return middle
    return f"{middle} [{min(values):,.{digits}f}–{max(values):,.{digits}f}]"


def middle(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def as_text(title, head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    lines = [title, ""]
    for row in [head, ["-" * w for w in widths], *rows]:
        lines.append("  ".join(str(cell).ljust(w) for cell, w in zip(row, widths)).rstrip())
    return "\n".join(lines) + "\n"


def as_markdown(title, head, rows):
    lines = [f"**{title}**", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def good(result):
    return [s for s in result["steps"] if s["shows"] == "lossless"]


def best_step(result):
    """The cheapest lossless step of a run of one collector; None if it lost in all."""
    return min(good(result), key=lambda s: s["reading_ns"], default=None)


def at_rate(result, rate):
    return next((s for s in good(result) if s["wanted_rate"] == rate), None)


def pick(results, choose, key):
    """One value of each repetition, those without left out."""
    chosen = [choose(r) for r in results]
    return [s[key] for s in chosen if s]


def ratio(value, base):
    return "–" if value is None or not base else f"{value / base:.1f}×"


def lost_in(results):
    """What the collector itself says it could not keep, or that it lost; for the last column."""
    words = []
    for result in results:
        for what, count in result.get("turned_away", {}).items():
            if not what.startswith("details") and "detector details" not in what:
                words.append(f"{what.replace('_', ' ')}: {count:,}" if isinstance(count, int) else what)
        if result.get("behind"):
            words.append(f"lost behind the socket: {result['behind']:,}")
        if result.get("failed"):
            words.append(f"failed: {result['failed'][:60]}")
    return "; ".join(sorted(set(words))[:3]) or ""


def groups(results, *keys):
    """{(values of keys): [results]}, in the order of their first."""
    found = {}
    for result in results:
        found.setdefault(tuple(result.get(k) for k in keys), []).append(result)
    return found


def speed_table(data, protocol):
    rate = data["options"]["equal_rate"][protocol]
    byname = {name: r for (p, name), r in groups(data["speeds"], "protocol", "collector").items()
              if p == protocol}
    weir = byname.get("weir", [])
    base = middle(pick(weir, best_step, "reading_ns"))
    base_whole = middle(pick(weir, best_step, "whole_ns"))
    rows = []
    for name, results in byname.items():
        best = pick(results, best_step, "reading_ns")
        whole = pick(results, best_step, "whole_ns")
        lossless = max((s["rate"] for r in results for s in good(r)), default=None)
        rows.append([name, spread(pick(results, lambda r: at_rate(r, rate), "reading_ns")),
                     spread(best), ratio(middle(best), base), spread(whole),
                     ratio(middle(whole), base_whole),
                     f"{lossless / 1e6:.2f}" if lossless else "none", lost_in(results)])
    title = (f"{PROTOCOLS[protocol]}, 65,536 hosts: CPU ns a {'sample' if protocol == 'sflow5' else 'record'},"
             f" lossless steps only")
    head = ["collector", f"reading thread at {rate / 1e6:g} M/s", "reading thread, best step", "to Weir",
            "whole process, best step", "to Weir", "most M/s lossless", "remarks"]
    return title, head, rows


def hosts_table(data):
    rows = []
    found = groups(data["many_hosts"], "collector", "hosts")
    small = middle([r["steps"][1]["reading_ns"] for r in found.get(("weir", 65536), []) if r["steps"]])
    for (name, hosts), results in found.items():
        measured = [r for r in results if len(r["steps"]) == 2]
        ns = [r["steps"][1]["reading_ns"] for r in measured]
        shows = sorted({s["shows"] for r in measured for s in r["steps"]} - {"lossless"})
        rows.append([name, f"{hosts:,}", spread(ns), ratio(middle(ns), small) if name == "weir" else "",
                     spread([r["steps"][1]["whole_ns"] for r in measured]),
                     spread([r["memory"]["rss"] / MIB for r in measured]),
                     spread([r["memory"]["pss"] / MIB for r in measured]),
                     "; ".join(filter(None, [", ".join(shows), lost_in(results)]))])
    head = ["collector", "active hosts", "reading thread, ns", "to 65,536", "whole process, ns",
            "RSS MiB", "PSS MiB", "remarks"]
    return "NetFlow v9, all hosts active, 2 M records/s (nfacctd: 0.2)", head, rows


def coalesced_table(data):
    rows = []
    for (name,), results in groups(data["coalesced"], "collector").items():
        loads = sorted({(s["wanted_rate"], s["gso"]) for r in results for s in r["steps"]})
        for rate, gso in loads:
            steps = [s for r in results for s in r["steps"]
                     if (s["wanted_rate"], s["gso"]) == (rate, gso)]
            rows.append([name, f"{rate / 1e6:g}", "40 a send" if gso else "one by one",
                         spread([s["reading_ns"] for s in steps], 1),
                         ", ".join(sorted({s["shows"] for s in steps}))])
    head = ["collector", "M records/s", "datagrams sent", "reading thread, ns", "shows"]
    return "NetFlow v9, datagrams one by one and by UDP_SEGMENT (what UDP_GRO can gather)", head, rows


def scaling(data):
    """{rate: two threads against one, from CPU time a record}."""
    found = {}
    for rate in sorted({s["wanted_rate"] for r in data["two_threads"] for s in r["steps"]}):
        ns = {threads: middle([s["reading_ns"] for r in data["two_threads"] if r["threads"] == threads
                               for s in r["steps"] if s["wanted_rate"] == rate])
              for threads in (1, 2)}
        if ns[1] and ns[2]:
            found[rate] = (ns[1], ns[2], 2 * ns[1] / ns[2])
    return found


def threads_table(data):
    rows = [[f"{rate / 1e6:g}", f"{one:.0f}", f"{two:.0f}", f"{times:.2f}×"]
            for rate, (one, two, times) in scaling(data).items()]
    head = ["M records/s", "one thread, ns", "two, ns (both together)", "two against one"]
    return "Ingest threads, from CPU time a record: 2 × one / two", head, rows


def long_table(data):
    rows = []
    for result in data["long_run"]:
        for s in result["steps"]:
            rows.append([f"{s['seconds']} s", "40 a send" if s["gso"] else "one by one",
                         f"{s['wanted_rate'] / 1e6:.2f} M/s" if s["wanted_rate"] else "as fast as it goes",
                         f"{s['rate'] / 1e6:.2f}", f"{s['sent']:,}",
                         f"{s['dropped']:,} ({s['dropped'] / max(s['datagrams'], 1):.1%})",
                         f"{s['queue_bytes']['end'] / MIB:.1f}", f"{s['lag_s'] * 1e3:.0f}",
                         "; ".join(filter(None, [s["shows"], lost_in([result])]))])
    head = ["time", "datagrams sent", "wanted", "M records/s sent", "records", "datagrams dropped",
            "queue at the end, MiB", "empty after, ms", "shows"]
    return "Weir for long, NetFlow v9, 65,536 hosts, generator on the other processor", head, rows


def verdict(found, limit, unit, more=False):
    if found is None:
        return ["not measured", ""]
    ok = found >= limit if more else found <= limit
    return [f"{found:,.1f} {unit}", "yes" if ok else "no"]


def goals_table(data):
    def weir_best(protocol):
        return middle(pick([r for r in data["speeds"] if r["collector"] == "weir"
                            and r["protocol"] == protocol], best_step, "reading_ns"))

    def hosts(count, value):
        return middle([value(r) for r in data["many_hosts"] if r["collector"] == "weir"
                       and r["hosts"] == count and len(r["steps"]) == 2])

    gathered = groups([s for r in data["coalesced"] if r["collector"] == "weir" for s in r["steps"]
                       if s["gso"] and s["shows"] == "lossless"], "wanted_rate").values()
    gathered = [middle([s["reading_ns"] for s in steps]) for steps in gathered]
    small, most = (hosts(n, lambda r: r["steps"][1]["reading_ns"]) for n in (65536, 4000000))
    rows = [[f"{PROTOCOLS[p]}, reading thread", f"≤ {goal} ns", *verdict(weir_best(p), goal, "ns")]
            for p, goal in GOALS.items()]
    rows.append(["NetFlow v9 with UDP_GRO", "≤ 45 ns", *verdict(min(gathered, default=None), 45, "ns")])
    rows.append(["4,000,000 hosts against 65,536", "≤ 2×",
                 *verdict(most / small if most and small else None, 2, "×")])
    rows.append(["memory, 1,000,000 hosts", "≤ 350 MiB",
                 *verdict(hosts(1000000, lambda r: r["memory"]["rss"] / MIB), 350, "MiB")])
    rows.append(["two threads against one", "≥ 1.8×", *verdict(
        max((times for _, _, times in scaling(data).values()), default=None), 1.8, "×", True)])
    runs = [s for r in data["long_run"] for s in r["steps"] if not s["gso"] and not s["wanted_rate"]]
    if runs:
        rows.append([f"lossless for {runs[0]['seconds']} s at what the generator can send", "yes",
                     f"{runs[0]['rate'] / 1e6:.1f} M/s: {runs[0]['shows']}",
                     "yes" if runs[0]["shows"] == "lossless" else "no"])
    runs = [s for r in data["long_run"] for s in r["steps"] if s["wanted_rate"]]
    if runs:
        rows.append([f"lossless for {runs[0]['seconds']} s at 0.9 of its best second", "yes",
                     f"{runs[0]['rate'] / 1e6:.1f} M/s: {runs[0]['shows']}",
                     "yes" if runs[0]["shows"] == "lossless" else "no"])
    return "Goals (set on another machine; the bare drain shows how this one compares)", [
        "what", "goal", "found", "reached"], rows


def preface(data):
    m, o = data["machine"], data["options"]
    lines = [f"{m['processor']}, {m['processors']} processors{' (virtual)' if m['virtual'] else ''}, "
             f"{m['memory_bytes'] / (1 << 30):.0f} GiB, {m['system']}, kernel {m['kernel']}.",
             f"Commit {m['commit']}{' with changes' if m['changed_files'] else ''}, {m['compiler']}.",
             f"{data['finished']}, {data['seconds']:.0f} s, {o['repetitions']} repetition(s), load before "
             f"{m['load'][0]:.1f}, after {data['load_after'][0]:.1f}"
             f"{', quick' if o['quick'] else ''}.",
             "Versions: " + ", ".join(f"{k} {v}" for k, v in data["versions"].items()) + "."]
    lines += [f"Not measured: {name}: {why}." for name, why in data["missing"].items()]
    if not m["buffers_raised"]:
        lines.append("Without root: peers that take the system's default have small socket buffers.")
    return lines


def tables(data):
    """Of collectors; none if nothing of them was measured."""
    if not any(data[part] for part in ("speeds", "many_hosts", "coalesced", "two_threads", "long_run")):
        return []
    found = [goals_table(data)]
    found += [speed_table(data, p) for p in PROTOCOLS if any(r["protocol"] == p for r in data["speeds"])]
    found += [hosts_table(data), coalesced_table(data), threads_table(data), long_table(data)]
    return [t for t in found if t[2]]


def acting_programs(data):
    return data["acting"]["programs"].items() if data.get("acting") else ()


def acting_tables(data):
    return acting.tables(data["acting"]) if data.get("acting") else []


def text(data):
    parts = ["\n".join(preface(data)) + "\n"]
    parts += [as_text(*table) for table in tables(data) + acting_tables(data)]
    parts += [f"From memory, {name}:\n\n{out}\n"
              for name, out in [*data["from_memory"].items(), *acting_programs(data)]]
    return "\n".join(parts)


def blocks(programs):
    return [f"**From memory, `{name}`**\n\n```\n{out.rstrip()}\n```\n" for name, out in programs]


def markdown(data):
    """{part of the page: text}, of what was measured."""
    head = "\n".join(f"- {line}" for line in preface(data)) + "\n"
    found = {}
    if tables(data) or data["from_memory"]:
        found[FIGURES] = [head, *(as_markdown(*table) for table in tables(data)),
                          *blocks(data["from_memory"].items())]
    if data.get("acting"):
        # Which collectors there are does not matter here.
        head = "\n".join(f"- {line}" for line in preface(data)[:3]) + "\n"
        found[ACTING] = [head, *(as_markdown(*table) for table in acting_tables(data)),
                         "\n".join(f"- {name}: `{command}`" for name, command in
                                   acting.COMMANDS.items()) + "\n", *blocks(acting_programs(data))]
    return {part: "\n".join(words) for part, words in found.items()}


def put_into(page, data):
    """Replace what stands between the two marks of each part of the page."""
    for part, words in markdown(data).items():
        begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
        head, _, rest = page.read_text().partition(begin)
        _, found, tail = rest.partition(end)
        if not found:
            raise ValueError(f"{page} has no line {begin} with a line {end} behind it")
        page.write_text(f"{head}{begin}\n\n{words}\n{end}{tail}")
