# SPDX-License-Identifier: Apache-2.0
"""What two decoders are compared on, and how a list of it is written to NAME.expected.tsv."""

import collections
import typing

ICMP, ICMP6 = 1, 58
HEADING = "src\tdst\tsport\tdport\tproto\tbytes\tpackets\tframe"


class Record(typing.NamedTuple):
    """One data record as exported: nothing is multiplied by the sampling rate.

    What the exporter did not send is 0, for addresses `-`. ICMP has sport 0 and in dport
    type * 256 + code, where the exporter says type and code in any way. Of one packet, sampled by
    sFlow or captured, `bytes` is the length of its IP packet, `frame` that of the whole frame."""
    src: str
    dst: str
    sport: int
    dport: int
    proto: int
    bytes: int
    packets: int
    frame: int = 0

    def line(self):
        """The record as one line of a table, without its end."""
        return "\t".join(str(v) for v in self)


def to_text(records):
    """The file's text: a heading, then the records as sorted lines."""
    lines = sorted(r.line() for r in records)
    return "".join(line + "\n" for line in [HEADING] + lines)


def difference(left, right):
    """(what only left has, what only right has), as lists: multisets, the order is of no matter."""
    a, b = collections.Counter(left), collections.Counter(right)
    return sorted((a - b).elements()), sorted((b - a).elements())
