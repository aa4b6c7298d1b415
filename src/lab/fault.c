/* SPDX-License-Identifier: Apache-2.0 */
/* fault: see fault.h. */
#include "lab/fault.h"

#include "base/clock.h"
#include "base/hash.h"

enum {
	PROTO_TCP = 6,
	TCP_ACK_PUSH = 0x18,
	HTTPS = 443,
	CLIENT_PORT = 51515,
};

static bool loses(struct lab_loss *loss, uint64_t time_ns)
{
	if (time_ns < loss->from_ns || time_ns >= loss->until_ns)
		return false;
	loss->random++;
	return hash_words(loss->random, 0, 0) % 1000 < loss->permille;
}

static void take(void *self, const struct lab_datagram *datagram)
{
	struct lab_loss *loss = self;

	if (loses(loss, datagram->time_ns)) {
		loss->dropped++;
		return;
	}
	loss->passed++;
	loss->next.datagram(loss->next.self, datagram);
}

struct lab_sink lab_fault_loss(const struct lab_sink *next, uint64_t from_ns, uint64_t until_ns,
			       uint32_t permille, uint64_t seed, struct lab_loss *ret_loss)
{
	*ret_loss = (struct lab_loss){
		.next = *next,
		.from_ns = from_ns,
		.until_ns = until_ns,
		.permille = permille,
		.random = hash_words(seed, 1, 0),
	};
	return (struct lab_sink){ .datagram = take, .self = ret_loss };
}

void lab_fault_clock(struct lab_exporter *exporter, int64_t ahead_ns)
{
	exporter->clock_offset_ns = ahead_ns;
}

void lab_fault_rate(struct lab_exporter *exporter, uint64_t from_ns, uint32_t factor)
{
	exporter->sampling_announced = exporter->sampling * factor;
	exporter->announced_from_ns = from_ns;
}

void lab_fault_templates(struct lab_exporter *exporter, uint64_t from_ns, uint64_t until_ns)
{
	exporter->templates_off_ns = from_ns;
	exporter->templates_on_ns = until_ns;
	exporter->restart_ns = from_ns;
}

struct lab_flow lab_fault_long_flow(const struct lab_long_flow *flow, uint32_t sampling)
{
	/* Milliseconds first: 30 min in ns times 100 Mbps would overflow. */
	uint64_t octets = flow->duration_ns / NS_PER_MS * flow->bits_per_s / 8 / 1000;
	uint64_t packets = octets / flow->length / sampling;

	return (struct lab_flow){
		.src = flow->src,
		.dst = flow->dst,
		.in_if = flow->in_if,
		.out_if = flow->out_if,
		.sport = HTTPS,
		.dport = CLIENT_PORT,
		.proto = PROTO_TCP,
		.tcp_flags = TCP_ACK_PUSH,
		.packets = packets,
		.octets = packets * flow->length,
		.first_ns = flow->end_ns - flow->duration_ns,
		.last_ns = flow->end_ns,
	};
}
