# SPDX-License-Identifier: Apache-2.0
"""Plans for tests of what is announced over BGP, with what each daemon must hold of them."""

DROP = "ext_community (generic, 0x80060000, 0x0)"

# Level, rule, and the route in the words of tests/lib/bgp.py's Bird, Gobgp and Frr.
RULES = [
    ("blackhole", {"dst": "198.51.100.7/32"},
     "198.51.100.7/32 | community (65535,666) | next_hop 192.0.2.66",
     "198.51.100.7/32 | community (65535,666) | next_hop 192.0.2.66",
     "198.51.100.7/32 | community blackhole | next_hop 192.0.2.66"),
    ("blackhole", {"dst": "2001:db8::7/128"},
     "2001:db8::7/128 | community (65535,666) | next_hop 2001:db8::66",
     "2001:db8::7/128 | community (65535,666) | next_hop 2001:db8::66",
     "2001:db8::7/128 | community blackhole | next_hop 2001:db8::66"),
    ("drop", {"dst": "198.51.100.8/32", "proto": 17, "sport": [123, 123],
              "length": [468, 65535], "fragment": 0},
     "flow4 { dst 198.51.100.8/32; proto 17; sport 123; length >= 468;"
     f" fragment !is_fragment && !first_fragment; }} | {DROP}",
     "1=198.51.100.8/32 3=0x81:17 6=0x81:123 10=0x93:468 12=0x2:2,0xc2:4 | 128.6 0",
     "Destination Address 198.51.100.8/32 | IP Protocol = 17 | Source Port = 123 |"
     " Packet Length >= 468 | Packet Fragment ∋ ! 2,&∋ ! 4 | FS:rate 0.000000"),
    ("drop", {"dst": "198.51.100.8/32", "src": "192.0.2.0/24", "proto": 6, "dport": [1000, 2000],
              "tcp_flags": 2, "tcp_mask": 18},
     "flow4 { dst 198.51.100.8/32; src 192.0.2.0/24; proto 6; dport 1000..2000;"
     f" tcp flags 0x2/0x2 && 0x0/0x10; }} | {DROP}",
     "1=198.51.100.8/32 2=192.0.2.0/24 3=0x81:6 5=0x13:1000,0xd5:2000 9=0x1:2,0xc2:16 | 128.6 0",
     "Destination Address 198.51.100.8/32 | Source Address 192.0.2.0/24 | IP Protocol = 6 |"
     " Destination Port >= 1000 , <= 2000 | TCP Flags = 2,&∋ ! 16 | FS:rate 0.000000"),
    ("rate-limit", {"dst": "2001:db8::8/128", "proto": 17, "length": [100, 200],
                    "rate_pps": 1000},
     "flow6 { dst 2001:db8::8/128; next header 17; length 100..200; } | ext_community"
     " (generic, 0x80060000, 0x48435000) (generic, 0x800c0000, 0x447a0000)",
     "1=2001:db8::8/128 3=0x81:17 10=0x3:100,0xc5:200 | 128.12 DAAARHoAAA== | 128.6 200000",
     "Destination Address 2001:db8::8/128/off 0 | IP Protocol = 17 |"
     " Packet Length >= 100 , <= 200 | FS:rate 200000.000000 UNK:128, 12"),
    ("drop", {"dst": "2001:db8:1::/48", "src": "2001:db9::/32", "proto": 58, "icmp_type": 128,
              "icmp_code": 0, "fragment": 2},
     "flow6 { dst 2001:db8:1::/48; src 2001:db9::/32; next header 58; icmp type 128;"
     f" icmp code 0; fragment is_fragment; }} | {DROP}",
     "1=2001:db8:1::/48 2=2001:db9::/32 3=0x81:58 7=0x81:128 8=0x81:0 12=0x81:2 | 128.6 0",
     "Destination Address 2001:db8:1::/48/off 0 | Source Address 2001:db9::/32/off 0 |"
     " IP Protocol = 58 | ICMP Type = 128 | ICMP Code = 0 | Packet Fragment = 2 |"
     " FS:rate 0.000000"),
]
ALL = range(len(RULES))


def plans(which=ALL):
    """The plans of these numbers, as tests/netns/bgp takes them."""
    return [{"id": f"p{i}", "level": RULES[i][0], "rules": [RULES[i][1]]} for i in which]


def outbound(machine="198.51.100.9/32"):
    """What a machine of ours sends, and the route of it in the three languages."""
    plan = {"id": "out", "level": "quarantine", "direction": "outbound",
            "rules": [{"src": machine}]}
    return plan, (f"flow4 {{ src {machine}; }} | {DROP}", f"2={machine} | 128.6 0",
                  f"Source Address {machine} | FS:rate 0.000000")


def held(daemon, which=ALL):
    """What a neighbour of that class of tests/lib/bgp.py must hold: exactly these."""
    column = {"Bird": 2, "Gobgp": 3, "Frr": 4}[type(daemon).__name__]
    return {RULES[i][column] for i in which}
