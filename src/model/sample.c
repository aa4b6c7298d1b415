/* SPDX-License-Identifier: Apache-2.0 */
/* sample: a flow in, the same as evidence out. Pure; any thread. */
#include "model/sample.h"

/* Ethernet's header and checksum, in every frame that an sFlow agent counts. */
#define FRAME_BYTES 18

static uint16_t length_of(const struct flow *flow)
{
	uint64_t mean = flow->packets ? flow->bytes / flow->packets : flow->bytes;

	if (flow->source == FLOW_SFLOW5 && mean > FRAME_BYTES)
		mean -= FRAME_BYTES;
	return mean < UINT16_MAX ? (uint16_t)mean : UINT16_MAX;
}

static uint8_t has_of(const struct flow *flow)
{
	unsigned has = flow->has & FLOW_HAS_TTL ? SAMPLE_HAS_TTL : 0;

	if (flow->has & FLOW_HAS_ICMP)
		has |= SAMPLE_HAS_ICMP;
	else if (flow->has & FLOW_HAS_TCP_FLAGS)
		has |= SAMPLE_HAS_FLAGS;
	return (uint8_t)has;
}

struct sample sample_of(const struct flow *flow)
{
	uint32_t age = flow->end_age_ms / 100;

	return (struct sample){
		.src = flow->src,
		.dst = flow->dst,
		.vantage = flow->vantage,
		.sampling = flow->sampling,
		.in_if = flow->in_if,
		.packets = flow->packets < UINT32_MAX ? (uint32_t)flow->packets : UINT32_MAX,
		.length = length_of(flow),
		.sport = flow->sport,
		.dport = flow->dport,
		.age = age < UINT16_MAX ? (uint16_t)age : UINT16_MAX,
		.proto = flow->proto,
		.tcp_flags = flow->has & FLOW_HAS_ICMP ? flow->icmp_type : flow->tcp_flags,
		.ttl = flow->ttl,
		.fragment = flow->fragment,
		.direction = flow->direction,
		.class = flow->class,
		.source = flow->source,
		.has = has_of(flow),
	};
}
