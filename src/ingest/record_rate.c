/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_rate: data and options records in, sampling rates out.
 *
 * Exporters name rates in records, or announce them in options data for a
 * sampler, an interface or themselves (RFC 3954, 6.1; RFC 5477, 8.2).
 */
#include "ingest/record.h"

/* Marks the rate of an interface among those of samplers. */
#define SAMPLER_INTERFACE (1ULL << 63)

static uint32_t rate_of_share(uint64_t part, uint64_t whole)
{
	uint64_t rate = part ? (whole + part / 2) / part : 0;

	return rate < UINT32_MAX ? (uint32_t)rate : UINT32_MAX;
}

/* samplingProbability: a floating-point number, shortened to 32 bits by some. */
static uint32_t rate_of_probability(const struct record *r)
{
	uint64_t bits = value(r, SLOT_PROBABILITY);
	double probability = 0;

	if (r->plan->slot[SLOT_PROBABILITY].mask == UINT64_MAX) {
		memcpy(&probability, &bits, sizeof(probability));
	} else if (r->plan->slot[SLOT_PROBABILITY].mask == UINT32_MAX) {
		uint32_t word = (uint32_t)bits;
		float single;
		memcpy(&single, &word, sizeof(single));
		probability = (double)single;
	}
	/* Also turns away what is no number. */
	if (!(probability > 1e-9 && probability <= 1))
		return 0;
	return (uint32_t)(1 / probability + 0.5);
}

/* The rate a record names itself, in whichever way; 0: none. */
static uint32_t record_rate(const struct record *r)
{
	if (!plan_names_rate(r->plan))
		return 0;
	uint64_t interval = value(r, SLOT_INTERVAL);
	uint64_t packets = value(r, SLOT_PACKET_INTERVAL);
	uint64_t space = value(r, SLOT_PACKET_SPACE);

	if (interval == 0)
		interval = value(r, SLOT_RANDOM_INTERVAL);
	if (interval)
		return rate_of_share(1, interval);
	if (value(r, SLOT_SIZE) && value(r, SLOT_POPULATION))
		return rate_of_share(value(r, SLOT_SIZE), value(r, SLOT_POPULATION));
	if (packets && plan_has(r->plan, SLOT_PACKET_SPACE))
		return rate_of_share(packets, packets + (space & UINT32_MAX));
	/* An interval without a space would mean "all packets"; those who send it mean 1:N. */
	return packets ? rate_of_share(1, packets) : rate_of_probability(r);
}

/* What the announced samplers say: the one it names, else its interface's, else the only one. */
static uint32_t sampler_rate(const struct record *r, struct exporter *exporter,
			     const struct flow *flow)
{
	uint32_t rate = 0;

	if (exporter->sampler_count == 0)
		return 0;
	if (plan_has(r->plan, SLOT_SAMPLER))
		return exporter_sampler_rate(exporter, value(r, SLOT_SAMPLER), flow->packets);
	if (flow->has & FLOW_HAS_IN_IF)
		rate = exporter_sampler_rate(exporter, SAMPLER_INTERFACE | flow->in_if,
					     flow->packets);
	if (rate == 0 && exporter->sampler_count == 1 &&
	    !(exporter->samplers[0].id & SAMPLER_INTERFACE))
		rate = exporter_sampler_rate(exporter, exporter->samplers[0].id, flow->packets);
	return rate;
}

uint32_t record_flow_rate(const struct record *r, struct exporter *exporter,
			  const struct flow *flow, enum sampling_source *ret_source)
{
	struct rate_guard *guard;
	uint32_t rate = record_rate(r);

	if (rate) {
		uint64_t id = plan_has(r->plan, SLOT_SAMPLER) ? value(r, SLOT_SAMPLER)
							      : SAMPLER_INTERFACE | flow->in_if;
		*ret_source = SAMPLING_RECORD;
		return exporter_own_rate(exporter, id, rate, flow->packets, flow->received_ns,
					 &guard);
	}
	rate = sampler_rate(r, exporter, flow);
	*ret_source = rate ? SAMPLING_OPTIONS : SAMPLING_UNKNOWN;
	return rate;
}

void record_options(struct message *message, const struct record *r)
{
	struct exporter *exporter = message->exporter;
	const uint64_t now_ns = message->datagram->received_ns;
	uint32_t rate = record_rate(r);

	exporter->stats.options++;
	if (plan_has(r->plan, SLOT_SYSTEM_INIT)) {
		exporter->system_init_ns =
			stamp_ns(&message->base, UNIT_MS, value(r, SLOT_SYSTEM_INIT));
		/* softflowd sends its first flows in the same message. */
		message->base.init_ns = exporter->system_init_ns;
	}
	if (rate == 0)
		return;
	if (plan_has(r->plan, SLOT_SAMPLER))
		exporter_sampler_set(exporter, value(r, SLOT_SAMPLER), false, rate, now_ns);
	else if (plan_has(r->plan, SLOT_IN_IF))
		exporter_sampler_set(exporter, SAMPLER_INTERFACE | (uint32_t)value(r, SLOT_IN_IF),
				     false, rate, now_ns);
	else
		exporter_sampler_set(exporter, 0, true, rate, now_ns);
}
