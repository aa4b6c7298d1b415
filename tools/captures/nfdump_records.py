# SPDX-License-Identifier: Apache-2.0
"""Records out of a capture as nfdump decodes them: its payloads are sent over loopback to nfcapd or
sfcapd, and what that stored is read back as CSV.

nfcapd multiplies by the sampling rate an exporter announces; `-s -1` forbids it, only that 1.7.1
takes it for 2^32 - 1 in IPFIX. sfcapd cannot be told, and says rate for packets and frame length *
rate for bytes. Both are divided again here. comparable() takes out what nfdump is known to lose."""

import pathlib
import socket
import subprocess
import tempfile
import time

from record_type import ICMP, ICMP6, Record

PROTOCOLS = {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMP6": 58, "GRE": 47, "IPIP": 4, "IPv6": 41,
             "Frag6": 44, "ESP": 50, "AH": 51, "IGMP": 2,
             "OSPF": 89, "SCTP": 132, "PIM": 103, "VRRP": 112}
COLUMNS = 48
MINUS_ONE = 2**32 - 1
GAP_S = 0.002
START_S, DRAIN_S = 0.5, 0.5


def records(pcap, kind, port):
    """The data records of a capture; `kind` is nf5, nf9, ipfix or sflow."""
    collector = ["sfcapd"] if kind == "sflow" else ["nfcapd", "-s", "-1"]
    return [record_of(row, kind) for row in replay(payloads(pcap, port), collector)]


def comparable(record):
    """What nfdump can be trusted to tell of a record: it loses the ports of ICMP in NetFlow v9
    (unless type and code are elements), in IPFIX (if they are), and of ICMPv6 in sFlow; of a
    sampled packet it has the length of the frame only; and what is no IP is 0.0.0.0 to it."""
    if record.proto in (ICMP, ICMP6):
        record = record._replace(sport=0, dport=0)
    if record.frame:
        record = record._replace(bytes=0)
    if record.src == record.dst == "0.0.0.0":
        record = record._replace(src="-", dst="-")
    if record.src == "-":
        record = record._replace(bytes=0)
    return record


def version():
    """The decoder's name and version, for the page that tells how the records were made."""
    text = subprocess.run(["nfdump", "-V"], capture_output=True, text=True, check=True).stdout
    return "nfdump " + text.split()[-1].removeprefix("NSEL-NEL")


def payloads(pcap, port):
    """The UDP payloads sent to `port`, in order."""
    argv = ["tshark", "-n", "-r", str(pcap), "-Y", f"udp.dstport=={port}", "-d",
            f"udp.port=={port},data", "-T", "fields", "-e", "udp.payload"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return [bytes.fromhex(line.replace(":", "")) for line in text.splitlines() if line]


def replay(datagrams, collector):
    """Feed a collector over loopback; the rows of nfdump's CSV, each a list of columns."""
    with tempfile.TemporaryDirectory(prefix="weir-nfdump-") as folder:
        port = _free_port()
        child = subprocess.Popen([*collector, "-b", "127.0.0.1", "-p", str(port), "-w", folder,
                                  "-t", "3600"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            time.sleep(START_S)
            _send(datagrams, port)
        finally:
            child.terminate()
            child.wait(10)
        return _rows(folder)


def _free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _send(datagrams, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for datagram in datagrams:
            s.sendto(datagram, ("127.0.0.1", port))
            time.sleep(GAP_S)
    time.sleep(DRAIN_S)


def _rows(folder):
    if not any(p.stat().st_size for p in pathlib.Path(folder).iterdir()):
        return []
    done = subprocess.run(["nfdump", "-q", "-N", "-o", "csv", "-R", folder], check=True,
                          capture_output=True, text=True, env={"TZ": "UTC", "PATH": "/usr/bin"})
    rows = (line.split(",") for line in done.stdout.splitlines())
    return [row for row in rows if len(row) >= COLUMNS and row[0] != "ts"]


def record_of(row, kind):
    """One row of the CSV."""
    sport, dport, packets, octets = (int(row[n]) for n in (5, 6, 11, 12))
    proto = int(row[7]) if row[7].isdigit() else PROTOCOLS[row[7]]
    if kind == "sflow" and proto == ICMP:
        sport, dport = 0, 256 * sport + dport
    if kind == "sflow":
        return Record(row[3], row[4], sport, dport, proto, 0, 1, octets // max(packets, 1))
    if kind == "ipfix" and packets % MINUS_ONE == 0 and octets % MINUS_ONE == 0:
        octets, packets = octets // MINUS_ONE, packets // MINUS_ONE
    return Record(row[3], row[4], sport, dport, proto, octets, packets)
