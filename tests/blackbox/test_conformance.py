# SPDX-License-Identifier: Apache-2.0
"""Recorded datagrams of real exporters, against what independent decoders make of them.

Every case of the recordings' INDEX.tsv with the role `exporter`: as many flows as data records,
and the same (source, destination, ports, protocol, bytes, packets) as the reference beside it,
which is nfdump's table, or netgauze's JSON where nfdump is known to be wrong. Where we differ on
purpose, conformance-exceptions.tsv says so, and how the case is compared instead.

Every case with the role `malformed`: `weir decode` ends by itself, without a sanitizer's report,
and says what it could not use.
"""

import collections
import csv
import fnmatch
import gzip
import ipaddress
import json
import pathlib
import sys
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PROTOCOLS = {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMP6": 58, "IGMP": 2, "IPIP": 4, "IPv4": 4,
             "IPv6": 41, "GRE": 47, "ESP": 50, "AH": 51, "OSPF": 89, "PIM": 103, "VRRP": 112,
             "SCTP": 132, "IPv6ICMP": 58, "IPv6-ICMP": 58, "ICMPv6": 58, "RSVP": 46}
ICMP = (1, 58)
DECODE_SECONDS = 20

Row = collections.namedtuple("Row", "src dst sport dport proto bytes packets")


@dataclass
class Case:
    path: str
    kind: str
    records: int
    role: str


@dataclass
class Rule:
    """One line of the table: for which cases, the rule by which they are compared instead."""
    pattern: str
    rule: str


def read_index(folder):
    with open(folder / "INDEX.tsv", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            records = int(line["records"]) if line["records"].isdigit() else 0
            yield Case(line["path"], line["kind"], records, line["role"])


def read_exceptions():
    with open(HERE / "conformance-exceptions.tsv", newline="") as file:
        lines = csv.DictReader((row for row in file if not row.startswith("#")), delimiter="\t",
                               quoting=csv.QUOTE_NONE)
        return [Rule(line["case"], line["rule"]) for line in lines]


EXCEPTIONS = read_exceptions()


def rules_of(case):
    return {e.rule for e in EXCEPTIONS if fnmatch.fnmatchcase(case.path, e.pattern)}


# What the references say.

def protocol(name):
    if isinstance(name, dict):  # netgauze's way of a number it has no name for
        name = str(next(iter(name.values())))
    if str(name).isdigit():
        return int(name)
    tap.true(name in PROTOCOLS, f"a reference names the protocol {name!r}: add it to PROTOCOLS")
    return PROTOCOLS[name]


def address(text):
    return str(ipaddress.ip_address(text or "0.0.0.0"))


def nfdump_rows(path):
    """Rows of `nfdump -o csv`; see the columns there. Counts are scaled where it knew a rate."""
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else open(path, newline="")
    with opened as file:
        for cells in csv.reader(file):
            if len(cells) < 40 or cells[0] == "ts":
                continue
            yield Row(address(cells[3]), address(cells[4]), int(cells[5]), int(cells[6]),
                      protocol(cells[7]), int(cells[12]), int(cells[11]))


def netgauze_row(fields):
    """A record is a list of one-element objects in the order of the template; the first counts."""
    first = {}
    for field in fields:
        for name, value in field.items():
            first.setdefault(name, value)
    pair = [first.get("sourceIPv6Address", "::"), first.get("destinationIPv6Address", "::")]
    if pair == ["::", "::"]:
        pair = [first.get("sourceIPv4Address", "0.0.0.0"),
                first.get("destinationIPv4Address", "0.0.0.0")]
        if pair == ["0.0.0.0", "0.0.0.0"] and "sourceIPv4Address" not in first:
            pair = ["::", "::"]
    return Row(address(pair[0]), address(pair[1]), first.get("sourceTransportPort", 0),
               first.get("destinationTransportPort", 0),
               protocol(first.get("protocolIdentifier", 0)), first.get("octetDeltaCount", 0),
               first.get("packetDeltaCount", 0))


def netgauze_rows(path):
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else open(path)
    with opened as file:
        for line in file:
            (message,) = json.loads(line).values()
            for part in message["sets"]:
                for record in part.get("Data", {}).get("records", []):
                    if not record["scope_fields"]:
                        yield netgauze_row(record["fields"])


def netgauze_file(folder, case):
    path = folder / case.path
    beside = path.with_name(path.stem + "-flow.json")
    other = folder / "netgauze" / "pmacct-tests" / path.parent.name / f"{path.stem}-flow.json"
    for found in (beside, other, other.with_name(other.name + ".gz")):
        if found.exists():
            return found
    tap.fail(f"the rule `netgauze` is for {case.path}, but there is no such reference")
    return None


def reference(folder, case, rules):
    if "netgauze" in rules:
        return list(netgauze_rows(netgauze_file(folder, case)))
    for suffix in (".nfdump.csv", ".nfdump.csv.gz"):
        path = folder / (case.path + suffix)
        if path.exists():
            return list(nfdump_rows(path))
    return []


# What we say.

def decode(path, *options):
    return tap.run([tap.weir(), "decode", "--format", "jsonl", *options, path], status=None,
                   timeout=DECODE_SECONDS)


def our_row(flow, case):
    """A flow as one row, and the rate to scale it by."""
    sport, dport = flow.get("sport", 0), flow.get("dport", 0)
    if case.kind == "sflow" and flow.get("proto") == 1 and "icmp_type" in flow:
        sport, dport = flow["icmp_type"], flow["icmp_code"]
    row = Row(address(flow.get("src")), address(flow.get("dst")), sport, dport,
              flow.get("proto", 0), flow.get("bytes", 0), flow.get("packets", 0))
    return row, flow.get("sampling", 0)


def our_rows(done, case):
    return [our_row(json.loads(line), case) for line in done.out.splitlines()]


# How they are compared.

def without_icmp_ports(row):
    return row._replace(sport=0, dport=0) if row.proto in ICMP else row


def counts_only(row):
    return Row("", "", 0, 0, 0, row.bytes, row.packets)


def no_addresses(row):
    return row._replace(src="", dst="")


def nothing(_row):
    return None


# Rules of the table that make both sides comparable. Beside them `netgauze` chooses another
# reference, `more` allows flows that the reference has not, `fewer` rows that we have not.
COMPARE = {"icmp-ports": without_icmp_ports, "addresses": no_addresses, "counts": counts_only,
           "number": nothing}


def compare(ours, theirs, case, rules):
    """What is only in ours and only in theirs; each of our rows may be scaled by its rate."""
    for rule in rules & COMPARE.keys():
        ours = [(COMPARE[rule](row), rate) for row, rate in ours]
        theirs = [COMPARE[rule](row) for row in theirs]
    left = collections.Counter(theirs)
    only_ours = []
    for row, rate in ours:
        scaled = row and row._replace(bytes=row.bytes * rate, packets=row.packets * rate)
        for candidate in ([scaled] if case.kind == "sflow" else [row, scaled]):
            if left[candidate] > 0:
                left[candidate] -= 1
                break
        else:
            only_ours.append(row)
    return only_ours, list(left.elements())


def show(rows):
    return "\n".join(f"  {tuple(row) if row else row}" for row in rows[:8])


def check_exporter(folder, case):
    rules = rules_of(case)
    done = decode(folder / case.path)
    tap.equal(done.status, 0, f"exit status of {' '.join(done.argv)}\n{done.err}\nwhich")
    ours = our_rows(done, case)
    theirs = reference(folder, case, rules)
    if "more" not in rules and "fewer" not in rules:
        tap.equal(len(ours), case.records, "number of flows")
    only_ours, only_theirs = compare(ours, theirs, case, rules)
    if "more" in rules:
        only_ours = []
    if "fewer" in rules:
        only_theirs = []
    if only_ours or only_theirs:
        tap.fail(f"{len(only_ours)} rows only ours:\n{show(only_ours)}\n"
                 f"{len(only_theirs)} rows only in the reference:\n{show(only_theirs)}")


def is_capture(path):
    with open(path, "rb") as file:
        magic = file.read(4).hex()
    return magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a")


def check_malformed(folder, case):
    path = folder / case.path
    done = decode(path, "--stats")
    tap.true(done.status in (0, 1), f"ended with {done.status}\n{done.err}")
    for sign in ("Sanitizer", "runtime error"):
        tap.true(sign not in done.err, f"a sanitizer speaks:\n{done.err}")
    for line in done.out.splitlines():
        json.loads(line)
    if not is_capture(path):
        tap.equal((done.status, done.out), (1, ""), "what becomes of a file that is no capture")
        tap.contains(done.err, path.name, "the message")
    elif case.kind.startswith(("nf", "ipfix", "sflow")):
        stats = json.loads(done.err.splitlines()[-1])
        told = sum(stats["undecodable"].values()) + stats["options"] + stats["flows"]
        tap.true(told > 0, f"neither used nor counted:\n{done.err}")


CHECKS = {"exporter": check_exporter, "malformed": check_malformed}


def register(folder, case):
    @tap.case(f"{case.role} {case.path}")
    def run():
        CHECKS[case.role](folder, case)


def main():
    try:
        folder = tap.data()
    except tap.Skipped:
        tap.case("recorded exporters")(tap.data)
        tap.main()
    for case in read_index(folder):
        if case.role in CHECKS:
            register(folder, case)

    @tap.case("every line of the table of exceptions is still needed")
    def no_stale_exceptions():
        cases = [c for c in read_index(folder) if c.role == "exporter"]
        for entry in EXCEPTIONS:
            named = [c for c in cases if fnmatch.fnmatchcase(c.path, entry.pattern)]
            tap.true(named, f"no case is called {entry.pattern}")
            for case in named:
                ours = our_rows(decode(folder / case.path), case)
                theirs = reference(folder, case, set())
                plain = compare(ours, theirs, case, set())
                tap.true(any(plain), f"{case.path} agrees without the rule {entry.rule}")

    tap.main()


if __name__ == "__main__":
    main()
