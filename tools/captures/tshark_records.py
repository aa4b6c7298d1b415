# SPDX-License-Identifier: Apache-2.0
"""Records out of a capture as tshark decodes them: NetFlow v5/v9, IPFIX, sFlow v5, plain packets.

tshark's JSON is a tree of "field": "text" under headings made for people ("FlowSet 2 [id=256] (3
flows)"), so the headings are told apart by how they begin. It says `Flow` for options records too;
those are recognised by the template they name."""

import ipaddress
import json
import re
import subprocess

from record_type import ICMP, ICMP6, Record

BYTES = ("cflow.octets", "cflow.permanent_octets", "cflow.initiator_octets",
         "cflow.layer2_octet_delta_count")
PACKETS = ("cflow.packets", "cflow.permanent_packets", "cflow.initiator_packets")
TOTAL_BYTES = ("cflow.permanent_octets",) + BYTES
TOTAL_PACKETS = ("cflow.permanent_packets",) + PACKETS
TYPE_CODE = ("cflow.icmp_type_code_ipv4", "cflow.icmp_type_code_ipv6", "cflow.icmp_type")
TYPE = ("cflow.icmp_ipv4_type", "cflow.icmp_ipv6_type")
CODE = ("cflow.icmp_ipv4_code", "cflow.icmp_ipv6_code")


def records(pcap, kind, port, totals=False):
    """The data records of a capture; `kind` is nf5, nf9, ipfix, sflow or packets.

    Where a flow record has delta and total counts (1, 2 and 85, 86), the deltas are taken, or with
    `totals` the totals."""
    if kind == "packets":
        return [_frame(layers) for layers in _dissect(pcap, []) if _is_ip(layers)]
    if kind == "sflow":
        dissected = _dissect(pcap, ["-d", f"udp.port=={port},sflow"])
        return [record for layers in dissected for record in _sflow(layers)]
    options = {}
    dissected = _dissect(pcap, ["-d", f"udp.port=={port},cflow"])
    return [_flow(tree, totals) for layers in dissected for tree in _cflow(layers, options)]


def version():
    """The decoder's name and version, for the page that tells how the records were made."""
    first = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True)
    return re.search(r"TShark[^0-9]*([0-9.]+)", first.stdout).expand(r"tshark \1")


def _dissect(pcap, options):
    argv = ["tshark", "-n", "-r", str(pcap), "-T", "json", "--no-duplicate-keys",
            "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
            "-o", "tcp.desegment_tcp_streams:FALSE", *options]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return [frame["_source"]["layers"] for frame in json.loads(done.stdout or "[]")]


def _as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(tree, names):
    for name in names:
        if name in tree:
            return _as_list(tree[name])[0]
    return None


def _number(tree, names):
    return int(_first(tree, names) or "0", 0)


# --- NetFlow and IPFIX

def _cflow(layers, options):
    """The fields of each data record; `options` holds the ids of options templates by domain."""
    for message in _as_list(layers.get("cflow")):
        domain = (message.get("cflow.version"), message.get("cflow.source_id"),
                  message.get("cflow.od_id"), str(layers["udp"]["udp.srcport"]),
                  json.dumps([layers.get(n, {}).get(f"{n}.src") for n in ("ip", "ipv6")]))
        for heading, tree in message.items():
            if heading.startswith("pdu "):
                yield tree
            elif re.match(r"(Flow)?Set \d+ ", heading):
                yield from _flowset(tree, options.setdefault(domain, set()))


def _flowset(tree, option_ids):
    for heading, part in tree.items():
        template = re.match(r"(Options )?Template \(Id = (\d+)", heading)
        if template:
            (option_ids.add if template[1] else option_ids.discard)(template[2])
        elif re.match(r"Flow \d+", heading) and tree["cflow.flowset_id"] not in option_ids:
            yield part


def _flow(tree, totals):
    proto = _number(tree, ["cflow.protocol"])
    sport, dport = _number(tree, ["cflow.srcport"]), _number(tree, ["cflow.dstport"])
    if proto in (ICMP, ICMP6) and _first(tree, TYPE_CODE + TYPE) is not None:
        sport = 0
        dport = _number(tree, TYPE_CODE) or 256 * _number(tree, TYPE) + _number(tree, CODE)
    return Record(_flow_address(tree, "src"), _flow_address(tree, "dst"), sport, dport, proto,
                  _number(tree, TOTAL_BYTES if totals else BYTES),
                  _number(tree, TOTAL_PACKETS if totals else PACKETS))


def _flow_address(tree, side):
    """The first address that is not all zero: some templates hold IPv4 and IPv6, one unset."""
    given = [_as_list(v)[0] for k, v in tree.items()
             if k in (f"cflow.{side}addr", f"cflow.{side}addrv6")]
    return next((a for a in given if a not in ("0.0.0.0", "::")), given[0] if given else "-")


# --- sFlow: one record a flow sample with a raw header

def _sflow(layers):
    for message in _as_list(layers.get("sflow")):
        for heading, tree in message.items():
            if "flow sample" in heading.lower() and isinstance(tree, dict):
                yield from _sample(tree)


def _sample(tree):
    raw = next((part for name, part in tree.items() if name.startswith("Raw packet header")), None)
    if raw:
        inner = _as_list(raw.get("sflow_245.header_tree"))
        layers = {name: part for some in inner for name, part in some.items()}
        yield _packet(layers, _number(raw, ["sflow_245.header.frame_length"]))


# --- packets

def _is_ip(layers):
    return "ip" in layers or "ipv6" in layers


def _frame(layers):
    return _packet(layers, int(layers["frame"]["frame.len"]))


def _packet(layers, frame):
    """The outermost IP header and the ports right behind it; without one, a record of nothing."""
    name = next((n for n in layers if n in ("ip", "ipv6")), None)
    if name is None:
        return Record("-", "-", 0, 0, 0, 0, 1, frame)
    ip = _as_list(layers[name])[0]
    length = int(ip["ip.len"]) if name == "ip" else 40 + int(ip["ipv6.plen"])
    proto = _protocol(ip, name)
    sport, dport = _ports(layers, proto)
    return Record(_address(ip[f"{name}.src"]), _address(ip[f"{name}.dst"]), sport, dport, proto,
                  length, 1, frame)


def _address(text):
    return str(ipaddress.ip_address(_as_list(text)[0]))


def _protocol(ip, name):
    """The protocol behind all IPv6 extension headers, which tshark shows inside the ipv6 tree."""
    if name == "ip":
        return int(ip["ip.proto"])
    proto = int(ip["ipv6.nxt"])
    for part in ip.values():
        for tree in _as_list(part):
            if isinstance(tree, dict):
                proto = next((int(_as_list(v)[-1]) for k, v in tree.items()
                              if re.fullmatch(r"ipv6\.\w+\.nxt", k)), proto)
    return proto


def _ports(layers, proto):
    named = {6: "tcp", 17: "udp", 132: "sctp"}.get(proto)
    if named and named in layers:
        tree = _as_list(layers[named])[0]
        return _number(tree, [f"{named}.srcport"]), _number(tree, [f"{named}.dstport"])
    icmp = {ICMP: "icmp", ICMP6: "icmpv6"}.get(proto)
    if icmp and icmp in layers:
        tree = _as_list(layers[icmp])[0]
        return 0, 256 * _number(tree, [f"{icmp}.type"]) + _number(tree, [f"{icmp}.code"])
    return 0, 0
