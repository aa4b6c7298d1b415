/* SPDX-License-Identifier: Apache-2.0 */
/* limits: a list of fixed limits that sees all classes, for what measures or tests thresholds. */
#pragma once

/** A `detect` section in YAML; nothing is learned, so that only these limits find anything. */
#define LIMITS_YAML                                                                                \
	"detect:\n"                                                                                \
	"  sensitivity: 0/day\n"                                                                   \
	"  thresholds:\n"                                                                          \
	"  - {name: total, direction: [inbound, outbound], pps: 100kpps, bps: 1Gbps}\n"            \
	"  - {name: udp, direction: [inbound, outbound], class: udp, pps: 50kpps, bps: 500Mbps}\n" \
	"  - {name: udp-amp, class: [udp-amp, udp-answer], pps: 10kpps, bps: 100Mbps}\n"           \
	"  - {name: udp-amp, direction: outbound, class: udp-amp, pps: 5kpps, bps: 50Mbps}\n"      \
	"  - {name: fragment, class: fragment, pps: 10kpps, bps: 100Mbps}\n"                       \
	"  - {name: fragment, direction: outbound, class: fragment, pps: 5kpps, bps: 50Mbps}\n"    \
	"  - {name: syn, class: syn, pps: 10kpps}\n"                                               \
	"  - {name: syn, direction: outbound, class: syn, pps: 5kpps}\n"                           \
	"  - {name: syn-ack, class: syn-ack, pps: 10kpps}\n"                                       \
	"  - {name: icmp, class: icmp, pps: 10kpps}\n"                                             \
	"  - {name: icmp, direction: outbound, class: icmp, pps: 5kpps}\n"                         \
	"  - {name: flags, direction: [inbound, outbound], class: tcp-bad-flags, pps: 5kpps}\n"
