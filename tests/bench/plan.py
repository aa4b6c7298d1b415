# SPDX-License-Identifier: Apache-2.0
"""Which collectors are measured with what, in which order."""
import machine
import peers
import steps
from collectors import Drain, DrainGro, Weir

EQUAL_RATE = {"netflow5": 1e6, "netflow9": 1e6, "ipfix": 1e6, "sflow5": 5e5}
LADDER = {"full": {"flow": [2.5e5, 1e6, 2e6, 4e6, 8e6, None], "sflow5": [1e5, 5e5, 1e6, 2e6, None]},
          "quick": {"flow": [1e6, 4e6], "sflow5": [5e5, 2e6]}}
SLOW_RATE = 1e5     # first rung of those that would lose on every other
STEP_S = 1
SMALL = 65536
LARGE = 1000000
LARGEST = 4000000
GSO = 40


class WeirTwo(Weir):
    name = "weir, 2 threads"
    threads = 2


class Plan:
    """State of one run: who sends, where, how often, and what was found."""

    def __init__(self, sender, cpu, quick, say, wanted=None):
        self.sender, self.cpu, self.quick, self.say = sender, cpu, quick, say
        self.repetitions = 1 if quick else 3
        self.missing, self.configurations, self.versions = {}, {}, {}
        kinds = [Weir, *peers.ALL, Drain]
        if wanted:
            kinds = [kind for kind in kinds if kind.name.split(",")[0] in wanted]
        self.kinds = [kind for kind in kinds if self.is_here(kind)]
        self.best = {}

    def is_here(self, kind):
        why = kind.missing()
        if why:
            self.missing[kind.name] = why
            self.say(f"left out: {kind.name}: {why}")
        else:
            self.versions[kind.name] = kind.version()
        return not why

    def has(self, kind):
        return kind in self.kinds

    def run(self, kind, protocol, hosts, work):
        """Start one, let @work measure it, stop it, and account for every record."""
        try:
            with steps.running(kind, self.cpu, protocol, hosts) as collector:
                self.configurations.setdefault(
                    f"{kind.name} {protocol}",
                    {"command": collector.command, "configuration": collector.configuration()})
                warmed = steps.warm(collector, self.sender)
                measured = work(collector)
                memory = machine.memory(collector.process.pid)
                result = steps.finish(collector, measured, warmed)
                result["memory"] = memory
                return result
        except Exception as error:  # noqa: BLE001 - one that fails must not end the run of the others
            self.say(f"failed: {kind.name} {protocol}: {error}")
            return {"collector": kind.name, "protocol": protocol, "hosts": hosts, "steps": [],
                    "failed": str(error)}

    def ladder(self, protocol):
        rungs = LADDER["quick" if self.quick else "full"]
        return rungs["sflow5" if protocol == "sflow5" else "flow"]

    def climb(self, collector):
        """Up the ladder until it loses; then once between the last two rungs."""
        found, good = [], None
        ladder = self.ladder(collector.protocol)
        if collector.slow and ladder[0] > SLOW_RATE:
            ladder = [SLOW_RATE, *ladder]
        for rate in ladder:
            step = steps.measure(collector, self.sender, STEP_S, rate)
            found.append(step)
            if step["shows"] not in ("lossless", "sender starved"):
                if good and rate:
                    found.append(steps.measure(collector, self.sender, STEP_S, (good * rate) ** 0.5))
                break
            good = rate if step["shows"] == "lossless" else good
        return found

    def again(self, collector):
        """Later repetitions: the rate at which all are compared, and the best of the first."""
        rates = [EQUAL_RATE[collector.protocol]]
        best = self.best.get((collector.name, collector.protocol))
        if best and best > 1.05 * rates[0]:
            rates.append(best)
        elif best and best < 0.95 * rates[0]:
            rates = [best]
        return [steps.measure(collector, self.sender, STEP_S, rate) for rate in rates]

    def speeds(self):
        """Every collector, every protocol it takes, in turns."""
        for repetition in range(self.repetitions):
            for protocol in ("netflow9", "netflow5", "ipfix", "sflow5"):
                for kind in self.kinds:
                    if protocol not in kind.protocols or (
                            kind is peers.FastnetmonTracking and protocol != "netflow9"):
                        continue
                    self.say(f"{repetition + 1}/{self.repetitions} {protocol} {kind.name}")
                    work = self.again if repetition else self.climb
                    result = self.run(kind, protocol, SMALL, work)
                    if not repetition:
                        good = [s["rate"] for s in result["steps"] if s["shows"] == "lossless"]
                        self.best[kind.name, protocol] = max(good, default=None)
                    yield {"repetition": repetition, **result}

    def many_hosts(self):
        """Cost and memory as hosts grow; each host is seen at least twice."""
        sizes = [SMALL, LARGE] if self.quick else [SMALL, LARGE, LARGEST]
        for repetition in range(self.repetitions):
            for hosts in sizes:
                for kind in self.kinds:
                    grows = kind is Weir or (hosts <= LARGE and kind in (
                        peers.Nfcapd, peers.Fastnetmon, peers.Nfacctd))
                    if not grows or (kind is not Weir and repetition):
                        continue
                    self.say(f"{repetition + 1}/{self.repetitions} {hosts} hosts {kind.name}")
                    rate = 2e5 if kind.slow else 2e6
                    yield {"repetition": repetition, **self.run(
                        kind, "netflow9", hosts, lambda c, r=rate, n=hosts: self.fill(c, r, n))}

    def fill(self, collector, rate, hosts):
        fill = steps.measure(collector, self.sender, 60, rate, records=hosts)
        return [fill, steps.measure(collector, self.sender, 2, rate)]

    def coalesced(self):
        """The same datagrams sent one by one, and by UDP_SEGMENT: what UDP_GRO can gather."""
        kinds = [kind for kind in (Weir, Drain) if self.has(kind)]
        rates = (2e6, 8e6) if self.quick else (2e6, 4e6, 8e6)
        loads = [(rate, gso) for rate in rates for gso in (0, GSO)]
        for repetition in range(self.repetitions):
            for kind in kinds + ([DrainGro] if Drain in kinds else []):
                self.say(f"{repetition + 1}/{self.repetitions} coalesced {kind.name}")
                yield {"repetition": repetition, **self.run(
                    kind, "netflow9", SMALL, lambda c: [
                        steps.measure(c, self.sender, STEP_S, rate, gso=gso)
                        for rate, gso in loads])}

    def two_threads(self):
        """The same load on one ingest thread and on two that share the processor."""
        if not self.has(Weir):
            return
        for repetition in range(self.repetitions):
            for kind in (Weir, WeirTwo):
                self.say(f"{repetition + 1}/{self.repetitions} {kind.threads} ingest threads")
                yield {"repetition": repetition, "threads": kind.threads, **self.run(
                    kind, "netflow9", SMALL, lambda c: [
                        steps.measure(c, self.sender, STEP_S, rate) for rate in (2e6, 4e6)])}

    def long_run(self):
        """As fast as the generator goes on the other processor; the queue looked at all the time."""
        if not self.has(Weir):
            return
        seconds = 10 if self.quick else 60
        rate = self.best.get((Weir.name, "netflow9"))
        loads = [(seconds, None, 0), (10 if self.quick else 20, None, GSO)]
        # If that is too fast for it: what it took for a second must also go for long.
        loads += [(seconds, 0.9 * rate, 0)] if rate else []
        for seconds, rate, gso in loads:
            self.say(f"{seconds} s {f'at {rate / 1e6:.1f} M/s' if rate else 'as fast as it goes'}"
                     f"{', by UDP_SEGMENT' if gso else ''}")
            result = self.run(Weir, "netflow9", SMALL, lambda c, s=seconds, r=rate, g=gso: [
                self.watch(c, s, r, g)])
            yield {"gso": gso, **result}
            if not (rate or gso) and all(s["shows"] == "lossless" for s in result["steps"]):
                loads.pop()

    def watch(self, collector, seconds, rate, gso):
        step = steps.measure(collector, self.sender, seconds, rate, gso=gso)
        step["seconds"] = seconds
        return step

