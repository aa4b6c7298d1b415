/* SPDX-License-Identifier: Apache-2.0 */
/* scenario: the table. A row a scenario, a line a sort of packets. */
#include "lab/scenario.h"

#include <strings.h>

#include "lab/packet.h"
#include "lab/site.h"

#define TCP 6
#define UDP 17
#define S   0x02
#define R   0x04
#define A   0x10
#define SA  0x12
#define PA  0x18

#define ATTACK            .origin = LAB_ATTACK
#define REPLY             .origin = LAB_REPLY
#define FROM(end)         .src = END_##end
#define TO(end)           .dst = END_##end
#define SOME(begin, many) .first = (begin), .count = (many)
#define PORTS(from, to)   .sport = (from), .dport = (to)
#define LONG(low, high)   .least = (low), .most = (high)
/* Amplifiers' answers to a port, and what of them comes in later fragments. */
#define AMPLIFIED(rate, begin, many, port, low, high)                                  \
	{                                                                              \
		.pps = (rate), ATTACK, FROM(STRANGERS), TO(VICTIM), SOME(begin, many), \
		PORTS(port, 0), .proto = UDP, LONG(low, high)                          \
	}
#define FRAGMENTS(rate, begin, many)                                                   \
	{                                                                              \
		.pps = (rate), ATTACK, FROM(STRANGERS), TO(VICTIM), SOME(begin, many), \
		.proto = UDP, .fragment = 2, LONG(1400, 1500)                          \
	}

/* A table is read by its columns. */
/* clang-format off */
const struct scenario scenarios[] = {
	{ .id = "I1", .title = "DNS amplification from 3,000 reflectors, 2 Gbps, most of it fragments",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 120, .long_s = 300, .victim_pps = 2000,
	  .vectors = { "dns-amplification", "udp-fragment-flood" },
	  .parts = { AMPLIFIED(68e3, 0, 3000, 53, 1400, 1480), FRAGMENTS(102e3, 0, 3000) } },
	{ .id = "I2", .title = "NTP, memcached and CLDAP amplification at once",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 120, .victim_pps = 2000,
	  .vectors = { "ntp-amplification", "memcached-amplification", "cldap-amplification" },
	  .parts = { AMPLIFIED(200e3, 0, 4000, 123, 468, 468), AMPLIFIED(80e3, 4000, 500, 11211, 1428, 1428),
		     AMPLIFIED(60e3, 5000, 3000, 389, 1400, 1480) } },
	{ .id = "I3", .title = "SYN flood from forged sources",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 60, .victim_pps = 2000, .vectors = { "syn-flood" },
	  .parts = { { .pps = 500e3, ATTACK, FROM(ANYWHERE), TO(VICTIM), PORTS(0, 25565), .proto = TCP,
		       .flags = S, .ttl = 244, LONG(40, 40) },
		     { .pps = 20e3, REPLY, FROM(VICTIM), TO(ANYWHERE), PORTS(25565, 0), .proto = TCP,
		       .flags = SA, .ttl = 64, LONG(44, 44) } } },
	{ .id = "I4", .title = "SYN-ACK reflection from 7,000 servers",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 60, .victim_pps = 2000,
	  .vectors = { "syn-ack-reflection" },
	  .parts = { { .pps = 60e3, ATTACK, FROM(STRANGERS), TO(VICTIM), SOME(0, 7000), PORTS(80, 0),
		       .proto = TCP, .flags = SA, LONG(44, 44) },
		     { .pps = 40e3, ATTACK, FROM(STRANGERS), TO(VICTIM), SOME(0, 7000), PORTS(443, 0),
		       .proto = TCP, .flags = SA, LONG(44, 44) },
		     { .pps = 20e3, REPLY, FROM(VICTIM), TO(STRANGERS), SOME(0, 7000), PORTS(0, 80),
		       .proto = TCP, .flags = R, .ttl = 64, LONG(40, 40) } } },
	{ .id = "I5", .title = "ACK flood of 300 real hosts to :443",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 60, .victim_pps = 2000, .vectors = { "ack-flood" },
	  .parts = { { .pps = 120e3, ATTACK, FROM(STRANGERS), TO(VICTIM), SOME(0, 300), PORTS(0, 443),
		       .proto = TCP, .flags = A, LONG(40, 60) },
		     { .pps = 20e3, REPLY, FROM(VICTIM), TO(STRANGERS), SOME(0, 300), PORTS(443, 0),
		       .proto = TCP, .flags = R, .ttl = 64, LONG(40, 40) } } },
	{ .id = "I6", .title = "UDP flood that looks like the game it hits",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 60, .victim = SITE_GAME, .victim_pps = 2000,
	  .vectors = { "udp-flood" },
	  .parts = { { .pps = 150e3, ATTACK, FROM(ANYWHERE), TO(VICTIM), PORTS(0, 27500), .proto = UDP,
		       LONG(50, 170) } } },
	{ .id = "I7", .title = "carpet bombing of a /20 by CLDAP, 25 pps a host",
	  .kind = KIND_CARPET, .entity = ENTITY_PREFIX, .len = 20, .duration_s = 60,
	  .vectors = { "cldap-amplification" },
	  .parts = { { .pps = 4096 * 25, ATTACK, FROM(STRANGERS), TO(CARPET), SOME(0, 5000),
		       PORTS(389, 0), .proto = UDP, LONG(1400, 1500) } } },
	{ .id = "I8", .title = "carpet over 64 hosts of a /22 at a time, others every 3 s",
	  .kind = KIND_CARPET, .entity = ENTITY_PREFIX, .len = 22, .duration_s = 120, .long_s = 600,
	  .vectors = { "cldap-amplification" },
	  .parts = { { .pps = 64 * 2000, ATTACK, FROM(STRANGERS), TO(ROTATING), SOME(0, 5000),
		       PORTS(389, 0), .proto = UDP, LONG(1400, 1480) } } },
	{ .id = "I9", .title = "pulses of 10 s each minute, another vector each third",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 550, .victim_pps = 2000,
	  .vectors = { "ntp-amplification" },
	  .parts = { { .pps = 300e3, ATTACK, .shape = SHAPE_PULSE, .third = 1, FROM(STRANGERS), TO(VICTIM),
		       SOME(0, 4000), PORTS(123, 0), .proto = UDP, LONG(468, 468) },
		     { .pps = 300e3, ATTACK, .shape = SHAPE_PULSE, .third = 2, FROM(ANYWHERE), TO(VICTIM),
		       .proto = UDP, LONG(400, 600) },
		     { .pps = 300e3, ATTACK, .shape = SHAPE_PULSE, .third = 3, FROM(ANYWHERE), TO(VICTIM),
		       PORTS(0, 443), .proto = TCP, .flags = S, .ttl = 244, LONG(40, 40) } } },
	{ .id = "I10", .title = "riding at 0.95 of the envelope, then 1.5 times",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 120, .ride_s = 600, .victim_pps = 300,
	  .vectors = { "udp-flood" },
	  .parts = { { .pps = 0.95 * 5000, ATTACK, .shape = SHAPE_BEFORE, FROM(ANYWHERE), TO(VICTIM),
		       .proto = UDP, LONG(200, 1000) },
		     { .pps = 1.5 * 5000, ATTACK, FROM(ANYWHERE), TO(VICTIM), .proto = UDP,
		       LONG(200, 1000) } } },
	{ .id = "I11", .title = "HTTPS flood, 800 sources with 20 new connections a second each",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 60, .victim_pps = 2000, .vectors = { "syn-flood" },
	  .parts = { { .pps = 16e3, ATTACK, FROM(STRANGERS), TO(VICTIM), SOME(0, 800), PORTS(0, 443),
		       .proto = TCP, .flags = S, LONG(52, 60) },
		     { .pps = 16e3, REPLY, FROM(VICTIM), TO(STRANGERS), SOME(0, 800), PORTS(443, 0),
		       .proto = TCP, .flags = SA, .ttl = 64, LONG(52, 60) },
		     { .pps = 48e3, ATTACK, FROM(STRANGERS), TO(VICTIM), SOME(0, 800), PORTS(0, 443),
		       .proto = TCP, .flags = PA, LONG(52, 400) },
		     { .pps = 48e3, REPLY, FROM(VICTIM), TO(STRANGERS), SOME(0, 800), PORTS(443, 0),
		       .proto = TCP, .flags = PA, .ttl = 64, LONG(52, 1500) } } },
	{ .id = "I12", .title = "forged SYNs, some in the names of 200 partners, and UDP fragments",
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 60, .victim_pps = 2000,
	  .vectors = { "syn-flood", "udp-fragment-flood" },
	  .parts = { { .pps = 90e3, ATTACK, FROM(ANYWHERE), TO(VICTIM), PORTS(0, 443), .proto = TCP,
		       .flags = S, .ttl = 244, LONG(40, 40) },
		     { .pps = 10e3, ATTACK, FROM(PARTNERS), TO(VICTIM), PORTS(0, 443), .proto = TCP,
		       .flags = S, .ttl = 244, LONG(40, 40) },
		     { .pps = 100e3, ATTACK, FROM(ANYWHERE), TO(VICTIM), .proto = UDP, .fragment = 2,
		       LONG(1400, 1500) } } },
	{ .id = "O1", .title = "the news story: 400 rented machines, two regions, at eight sites",
	  .direction = DIRECTION_OUTBOUND, .kind = KIND_CAMPAIGN, .entity = ENTITY_PLACE, .len = 32,
	  .duration_s = 180, .long_s = 1800, .vectors = { "syn-flood" },
	  .parts = { { .pps = 30e3, ATTACK, .shape = SHAPE_SCATTERED, FROM(MACHINES), TO(SITES),
		       PORTS(0, 443), .proto = TCP, .flags = S, .ttl = 64, LONG(52, 60) },
		     { .pps = 30e3, ATTACK, .shape = SHAPE_SCATTERED, FROM(MACHINES), TO(SITES),
		       PORTS(0, 443), .proto = TCP, .flags = PA, .ttl = 64, LONG(200, 400) } } },
	{ .id = "O2", .title = "the same machines, 20 pps each",
	  .direction = DIRECTION_OUTBOUND, .kind = KIND_CAMPAIGN, .entity = ENTITY_PLACE, .len = 32,
	  .duration_s = 300, .long_s = 1800, .vectors = { "syn-flood" },
	  .parts = { { .pps = 4e3, ATTACK, .shape = SHAPE_SCATTERED, FROM(MACHINES), TO(SITES),
		       PORTS(0, 443), .proto = TCP, .flags = S, .ttl = 64, LONG(52, 60) },
		     { .pps = 4e3, ATTACK, .shape = SHAPE_SCATTERED, FROM(MACHINES), TO(SITES),
		       PORTS(0, 443), .proto = TCP, .flags = PA, .ttl = 64, LONG(200, 400) } } },
	{ .id = "O3", .title = "forged sources out of a customer's port",
	  .direction = DIRECTION_TRANSIT, .kind = KIND_SPOOFED_EGRESS, .entity = ENTITY_PORT, .len = 32,
	  .duration_s = 60, .vectors = { "udp-flood" },
	  .parts = { { .pps = 100e3, ATTACK, FROM(PUBLIC), TO(PLACE), .proto = UDP, .ttl = 64,
		       LONG(400, 600) } } },
	{ .id = "O4", .title = "an open resolver of ours answers forged questions, 100 Mbps",
	  .direction = DIRECTION_OUTBOUND, .kind = KIND_REFLECTOR, .len = 32, .duration_s = 60,
	  .victim_pps = 300, .vectors = { "dns-amplification", "udp-fragment-flood" },
	  .parts = { { .pps = 4167, ATTACK, FROM(VICTIM), TO(PLACE), PORTS(53, 4444), .proto = UDP,
		       .fragment = 1, .ttl = 64, LONG(1500, 1500) },
		     { .pps = 8334, ATTACK, FROM(VICTIM), TO(PLACE), .proto = UDP, .fragment = 2,
		       .ttl = 64, LONG(60, 1500) },
		     { .pps = 4167, REPLY, FROM(PLACE), TO(VICTIM), PORTS(4444, 53), .proto = UDP,
		       LONG(64, 64) } } },
	{ .id = "O5", .title = "a rented machine floods a game server, 900 Mbps",
	  .direction = DIRECTION_OUTBOUND, .kind = KIND_OUTBOUND_FLOOD, .len = 32, .duration_s = 120,
	  .victim_pps = 300, .vectors = { "udp-flood" },
	  .parts = { { .pps = 900e6 / 8 / 1400, ATTACK, FROM(VICTIM), TO(PLACE), PORTS(4444, 27015),
		       .proto = UDP, .ttl = 64, LONG(1400, 1400) } } },
	{ .id = "B1", .title = "flash crowd: eight times the visitors within five minutes", .benign = true,
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 600, .victim_pps = 5000,
	  .parts = { { .pps = 100, .shape = SHAPE_RAMP, FROM(STRANGERS), TO(VICTIM), SOME(0, 20000),
		       PORTS(0, 443), .proto = TCP, .flags = S, LONG(52, 60) },
		     { .pps = 100, .shape = SHAPE_RAMP, FROM(VICTIM), TO(STRANGERS), SOME(0, 20000),
		       PORTS(443, 0), .proto = TCP, .flags = SA, .ttl = 64, LONG(52, 60) },
		     { .pps = 14e3, .shape = SHAPE_RAMP, FROM(STRANGERS), TO(VICTIM), SOME(0, 20000),
		       PORTS(0, 443), .proto = TCP, .flags = A, LONG(40, 400) },
		     { .pps = 20e3, .shape = SHAPE_RAMP, FROM(VICTIM), TO(STRANGERS), SOME(0, 20000),
		       PORTS(443, 0), .proto = TCP, .flags = PA, .ttl = 64, LONG(1400, 1500) } } },
	{ .id = "B2", .title = "backup job, 6 Gbps to one place", .benign = true,
	  .direction = DIRECTION_OUTBOUND, .kind = KIND_BULK, .len = 32, .duration_s = 900, .long_s = 7200,
	  .victim_pps = 300,
	  .parts = { { .pps = 500e3, FROM(VICTIM), TO(PLACE), PORTS(4444, 873), .proto = TCP, .flags = PA,
		       .ttl = 64, LONG(1500, 1500) },
		     { .pps = 170e3, FROM(PLACE), TO(VICTIM), PORTS(873, 4444), .proto = TCP, .flags = A,
		       LONG(52, 52) } } },
	{ .id = "B3", .title = "400 machines of one owner pull from a registry they know", .benign = true,
	  .direction = DIRECTION_OUTBOUND, .kind = KIND_BULK, .entity = ENTITY_PLACE, .len = 32,
	  .duration_s = 60, .one_owner = true,
	  .parts = { { .pps = 1.6e6, .shape = SHAPE_MINUTE, FROM(REGISTRY), TO(MACHINES), PORTS(443, 0),
		       .proto = TCP, .flags = PA, LONG(1500, 1500) },
		     { .pps = 550e3, .shape = SHAPE_MINUTE, FROM(MACHINES), TO(REGISTRY), PORTS(0, 443),
		       .proto = TCP, .flags = A, .ttl = 64, LONG(40, 52) },
		     { .pps = 400, .shape = SHAPE_MINUTE, FROM(MACHINES), TO(REGISTRY), PORTS(0, 443),
		       .proto = TCP, .flags = S, .ttl = 64, LONG(52, 60) } } },
	{ .id = "B4", .title = "a stream goes live: 50,000 viewers over QUIC; and a game patch comes in",
	  .benign = true, .kind = KIND_FLOOD, .len = 32, .duration_s = 300, .victim = SITE_QUIC,
	  .victim_pps = 2000,
	  .parts = { { .pps = 50e3, .shape = SHAPE_RISE, FROM(PUBLIC), TO(VICTIM), PORTS(0, 443),
		       .proto = UDP, LONG(60, 130) },
		     { .pps = 150e3, .shape = SHAPE_RISE, FROM(VICTIM), TO(PUBLIC), PORTS(443, 0),
		       .proto = UDP, .ttl = 64, LONG(1200, 1360) },
		     { .pps = 200e3, .shape = SHAPE_RISE, FROM(REGISTRY), TO(MACHINES), PORTS(443, 0),
		       .proto = UDP, LONG(1200, 1360) },
		     { .pps = 70e3, .shape = SHAPE_RISE, FROM(MACHINES), TO(REGISTRY), PORTS(0, 443),
		       .proto = UDP, .ttl = 64, LONG(60, 130) } } },
	{ .id = "B5", .title = "speed test, 9 Gbps both ways for 15 s", .benign = true,
	  .kind = KIND_BULK, .len = 32, .duration_s = 15, .victim_pps = 300,
	  .parts = { { .pps = 750e3, FROM(PLACE), TO(VICTIM), PORTS(5201, 4444), .proto = TCP, .flags = PA,
		       LONG(1500, 1500) },
		     { .pps = 750e3, FROM(VICTIM), TO(PLACE), PORTS(4444, 5201), .proto = TCP, .flags = PA,
		       .ttl = 64, LONG(1500, 1500) } } },
	{ .id = "B6", .title = "busy resolver and time server", .benign = true,
	  .kind = KIND_FLOOD, .len = 32, .duration_s = 60, .victim_pps = 300,
	  .parts = { { .pps = 40e3, .shape = SHAPE_ALWAYS, FROM(VICTIM), TO(RESOLVER), PORTS(0, 53),
		       .proto = UDP, .ttl = 64, LONG(60, 80) },
		     { .pps = 39.8e3, .shape = SHAPE_ALWAYS, FROM(RESOLVER), TO(VICTIM), PORTS(53, 0),
		       .proto = UDP, LONG(120, 280) },
		     { .pps = 200, .shape = SHAPE_ALWAYS, FROM(RESOLVER), TO(VICTIM), PORTS(53, 0),
		       .proto = UDP, LONG(1100, 1480) },
		     { .pps = 4000, .shape = SHAPE_ALWAYS, FROM(STRANGERS), TO(VICTIM), SOME(0, 20000),
		       PORTS(123, 123), .proto = UDP, LONG(76, 76) },
		     { .pps = 4000, .shape = SHAPE_ALWAYS, FROM(VICTIM), TO(STRANGERS), SOME(0, 20000),
		       PORTS(123, 123), .proto = UDP, .ttl = 64, LONG(76, 76) } } },
	{ .id = "B7", .title = "somebody scans us, and one of ours scans others", .benign = true,
	  .kind = KIND_SCAN, .len = 16, .duration_s = 60, .victim_pps = 300,
	  .parts = { { .pps = 20e3, FROM(STRANGERS), TO(DARK), SOME(0, 1), PORTS(40000, 22), .proto = TCP,
		       .flags = S, LONG(40, 44) },
		     { .pps = 3e3, FROM(VICTIM), TO(PUBLIC), PORTS(40000, 22), .proto = TCP, .flags = S,
		       .ttl = 64, LONG(40, 44) } } },
	{ .id = "D1", .title = "a day on which nothing happens", .benign = true, .kind = KIND_FLOOD, .len = 32 },
};
/* clang-format on */

const unsigned scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);

const struct scenario *scenario_find(const char *id)
{
	for (unsigned i = 0; i < scenario_count; i++) {
		if (strcasecmp(scenarios[i].id, id) == 0)
			return &scenarios[i];
	}
	return NULL;
}
